package judge

import (
	"cmp"
	"maps"
	"math/bits"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/coverage"
	"candor/internal/record"
)

// clocks remembers when each witness says that connections began, so that clocks can be held against each other. Of many
// connections those with the smallest hashes are kept, which are the same ones for every witness.
type clocks map[record.Feed]*begun

// begun is what one witness says: of single connections by their addresses and ports, and of pairs of addresses, because logs
// often name no ports.
type begun struct {
	conns, pairs sample
	log          bool // by the lines of a log
}

// maxSample bounds each sample.
const maxSample = 8192

// sample keeps the moments of the smallest hashes. The zero sample is empty. It does not depend on the order in which things
// are added: what left it once never comes back.
type sample struct {
	at      map[uint64]moment
	ceiling uint64 // hashes above it are left out; 0: none was yet
}

// moment is when something happened.
type moment struct {
	at   record.Time
	many bool // at several times: which one another witness means cannot be told
}

func (s *sample) add(key uint64, at record.Time) {
	if s.ceiling != 0 && key > s.ceiling {
		return
	}
	if s.at == nil {
		s.at = map[uint64]moment{}
	}
	if m, known := s.at[key]; known {
		s.at[key] = moment{min(m.at, at), m.many || m.at != at}
		return
	}
	s.at[key] = moment{at: at}
	if len(s.at) >= 2*maxSample {
		s.prune()
	}
}

// prune leaves the smallest hashes.
func (s *sample) prune() {
	if len(s.at) <= maxSample {
		return
	}
	s.ceiling = slices.Sorted(maps.Keys(s.at))[maxSample-1]
	maps.DeleteFunc(s.at, func(k uint64, _ moment) bool { return k > s.ceiling })
}

// add takes over the connections and log lines of a batch.
func (c clocks) add(b *record.Batch) {
	for i := range b.Conns {
		x := &b.Conns[i]
		if x.Report != 0 || !begins(x) {
			continue
		}
		w := c.of(x.Feed)
		orig, resp := spread(x.OrigH), spread(x.RespH)
		w.pairs.add(mix(orig+resp), x.TS)
		w.conns.add(mix(mix(orig+uint64(x.OrigP))+mix(resp+uint64(x.RespP))+uint64(x.Proto)), x.TS)
	}
	for i := range b.Logs {
		x := &b.Logs[i]
		if x.Src.IsValid() && x.Dst.IsValid() {
			w := c.of(x.Feed)
			w.log = true
			w.pairs.add(mix(spread(x.Src)+spread(x.Dst)), x.TS)
		}
	}
}

// begins reports whether the beginning of a connection was seen: what was under way before is told with whatever came first.
func begins(x *record.Conn) bool {
	const tcp, udp = 6, 17
	switch x.Proto {
	case tcp:
		return strings.ContainsAny(x.History, "Ss")
	case udp:
		return true
	}
	return false
}

func (c clocks) of(f record.Feed) *begun {
	if c[f] == nil {
		c[f] = &begun{}
	}
	return c[f]
}

func spread(a netip.Addr) uint64 {
	b := a.As16()
	h := uint64(0)
	for i := 0; i < len(b); i += 8 {
		var v uint64
		for _, x := range b[i : i+8] {
			v = v<<8 | uint64(x)
		}
		h = mix(h ^ v)
	}
	return h
}

// mix spreads a number over 64 bits.
func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return bits.RotateLeft64(h, 29) ^ h
}

// meeting is a connection that two witnesses report.
type meeting struct {
	at    record.Time // by the one that is held against
	apart record.Time // by the other, less that
}

// compared is one clock beside another.
type compared struct {
	coverage.Clock
	met []meeting // in the order of time
}

// compare holds the clock of every witness of traffic or logs but the first against the one before it with which it shares most
// connections. Packets come before reports of connections, those before logs, and equals by name.
func (c clocks) compare(ranks map[record.Feed]int) []compared {
	feeds := slices.SortedFunc(maps.Keys(ranks), func(a, b record.Feed) int {
		return cmp.Or(cmp.Compare(ranks[b], ranks[a]), cmp.Compare(a, b))
	})
	var out []compared
	for i, f := range feeds {
		var best *compared
		for _, before := range feeds[:i] {
			if ranks[before] == 0 {
				break // two logs: neither says when a connection began
			}
			x := compared{Clock: coverage.Clock{Feed: f, Beside: before, Log: ranks[f] == 0}}
			x.met = meetings(c[f], c[before], x.Log)
			if best == nil || len(x.met) > len(best.met) {
				best = &x
			}
		}
		if best != nil {
			out = append(out, *best)
		}
	}
	slices.SortFunc(out, func(a, b compared) int { return cmp.Compare(a.Feed, b.Feed) })
	return out
}

// meetings are the connections that both report, each at one time.
func meetings(of, beside *begun, log bool) []meeting {
	if of == nil || beside == nil {
		return nil
	}
	mine, theirs := &of.conns, &beside.conns
	if log {
		mine, theirs = &of.pairs, &beside.pairs
	}
	mine.prune()
	theirs.prune()
	var out []meeting
	for key, m := range mine.at {
		if t, both := theirs.at[key]; both && !m.many && !t.many {
			out = append(out, meeting{t.at, m.at - t.at})
		}
	}
	slices.SortFunc(out, func(a, b meeting) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.apart, b.apart)) })
	return out
}

// ranks is how much each witness says of traffic.
func (j *Judge) ranks() map[record.Feed]int {
	out := map[record.Feed]int{}
	for _, q := range j.quarters {
		for f, e := range q.feeds {
			out[f] = max(out[f], rankOf(e.Whole.Carries))
		}
	}
	return out
}

// stampClocks gives each window, and the last quarter hour, what the clocks of two witnesses say of its connections; the first
// window also names clocks that share none.
func (j *Judge) stampClocks(windows []*coverage.Evidence, recent *coverage.Evidence) {
	for _, w := range windows {
		w.Clocks = nil
	}
	recent.Clocks = nil
	if len(windows) == 0 {
		return
	}
	for _, x := range j.clocks.compare(j.ranks()) {
		for i, w := range append(slices.Clone(windows), recent) {
			from, _ := slices.BinarySearchFunc(x.met, w.Window.From, func(m meeting, t record.Time) int { return cmp.Compare(m.at, t) })
			to, _ := slices.BinarySearchFunc(x.met, w.Window.To, func(m meeting, t record.Time) int { return cmp.Compare(m.at, t) })
			switch { // connections may begin before the observation does: logs tell them when they end
			case i == 0:
				from = 0
			case i == len(windows):
				to = len(x.met)
			}
			if from >= to && i != 0 {
				continue
			}
			here := x.Clock
			for _, m := range x.met[from:max(from, to)] {
				here.Apart = append(here.Apart, m.apart)
			}
			w.Clocks = append(w.Clocks, here)
		}
	}
}
