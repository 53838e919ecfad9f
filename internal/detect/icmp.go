package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
	"candor/internal/verdict"
)

// ICMPTunnels finds data carried in pings. A host answers a ping with what it was sent, byte for byte, and a program that pings
// sends the same size again and again: so answers of another size than the questions, answers that nobody asked for, and sizes
// that change are signs of a tunnel, while volume alone is not (a monitor's ping makes 5 MB a day). Messages that report
// errors carry what they report and are not looked at.
type ICMPTunnels struct {
	pairs    recent[icmpKey, icmpPair]
	finished []*icmpPair
	now      record.Time
	lost     uint64
}

type icmpKey struct {
	who hostKey
	to  netip.Addr
}

// icmpPair is what passed between two hosts in pings.
type icmpPair struct {
	key             icmpKey
	from            netip.Addr
	first, last     record.Time
	sent, got       uint64 // payload bytes
	asked, answered uint64 // packets
	surplus         uint64 // answers beyond the questions, summed over connections
	unequalAsked    uint64 // questions of connections whose answers had another size
	mixed           uint64 // questions of connections that held several sizes
	alone           uint64 // bytes of answers without any question
	unanswered      uint64 // bytes of questions that got no answer
	sizes           distinct
	uids            []string
	outside         bool // one of the two is
	group           bool // the questions went to a group
}

// Bounds and thresholds. A search for the largest packet that passes sends some dozens of pings of falling size, of at most
// 50 kB together, and gets no more answers than it asked.
const (
	maxICMPPairs    = 1 << 16
	maxICMPFinished = 1 << 12
	icmpLeast       = 20      // packets
	icmpLeastBytes  = 4 << 10 // where sizes or numbers do not fit
	icmpManyBytes   = 64 << 10
	icmpVolume      = 4 << 20
	icmpLasts       = 10 * record.Time(1e9)
	icmpPing        = 64 // payload of ordinary pings at most: 32 (Windows), 48 and 56 with time stamps (Unix)
)

// NewICMPTunnels makes the detector.
func NewICMPTunnels() *ICMPTunnels {
	t := &ICMPTunnels{}
	t.pairs = newRecent(maxICMPPairs, t.drop)
	return t
}

// Kinds lists its finding kinds.
func (t *ICMPTunnels) Kinds() []string { return []string{"icmp_tunnel"} }

// Needs lists the records it reads.
func (t *ICMPTunnels) Needs() []record.Kind { return []record.Kind{record.KindConn} }

// Lost counts the pairs that were let go of within a day and carried enough to be a tunnel's beginning.
func (t *ICMPTunnels) Lost() uint64 { return t.lost }

func (t *ICMPTunnels) drop(old map[icmpKey]*icmpPair) {
	var found []*icmpPair
	for _, p := range old {
		switch {
		case p.signs() != (icmpSigns{}):
			found = append(found, p)
		case t.now-p.last < record.Day && p.sent+p.got >= icmpLeastBytes/2:
			t.lost++
		}
	}
	slices.SortFunc(found, compareICMP)
	room := max(maxICMPFinished-len(t.finished), 0)
	if len(found) > room {
		t.lost += uint64(len(found) - room)
		found = found[:room]
	}
	t.finished = append(t.finished, found...)
}

func compareICMP(a, b *icmpPair) int {
	return cmp.Or(a.key.who.addr.Compare(b.key.who.addr), cmp.Compare(a.key.who.host, b.key.who.host), a.key.to.Compare(b.key.to), cmp.Compare(a.first, b.first))
}

// Observe folds a slice.
func (t *ICMPTunnels) Observe(s *Slice) {
	for i := range s.Events {
		if e := &s.Events[i]; e.Proto == 1 || e.Proto == 58 {
			t.see(e)
		}
	}
	for i := range s.Updates {
		if e := &s.Updates[i]; e.Proto == 1 || e.Proto == 58 {
			t.see(e)
		}
	}
}

// see counts a report of pings. Answers alone are the tunnel of one who does not even ask.
func (t *ICMPTunnels) see(e *Event) {
	reply := e.Proto == 1 && e.OrigPort == 0 || e.Proto == 58 && e.OrigPort == 129
	echo := e.Proto == 1 && e.OrigPort == 8 || e.Proto == 58 && e.OrigPort == 128
	if !reply && !echo || e.OrigBytes+e.RespBytes == 0 || e.Reported {
		return
	}
	t.now = max(t.now, e.TS)
	key := icmpKey{hostKeyOf(e), e.Resp}
	p := t.pairs.get(key)
	if p == nil {
		key.who = key.who.kept()
		p = &icmpPair{key: key, from: e.Orig, first: e.TS, outside: e.RespPlace == Outside || e.OrigPlace == Outside, group: e.RespPlace == Link}
		t.pairs.put(key, p)
	}
	p.take(e, reply)
}

func (p *icmpPair) take(e *Event, reply bool) {
	p.first, p.last = min(p.first, e.TS), max(p.last, e.TS+max(e.Duration, 0))
	p.sent, p.got = p.sent+e.OrigBytes, p.got+e.RespBytes
	p.asked, p.answered = p.asked+e.OrigPkts, p.answered+e.RespPkts
	if len(p.uids) < 5 && !slices.Contains(p.uids, e.UID) {
		p.uids = append(p.uids, strings.Clone(e.UID))
	}
	switch {
	case e.OrigPkts == 0:
		return
	case reply:
		p.alone += e.OrigBytes
		return
	case e.RespPkts == 0:
		p.unanswered += e.OrigBytes
	case e.RespPkts > e.OrigPkts:
		p.surplus += e.RespPkts - e.OrigPkts
	}
	mean := e.OrigBytes / e.OrigPkts
	p.sizes.add(mean)
	if e.OrigBytes%e.OrigPkts != 0 {
		p.mixed += e.OrigPkts
	}
	if e.RespPkts*10 >= e.OrigPkts*8 {
		back := e.RespBytes / e.RespPkts
		less := back+8 < mean && e.RespPkts*50 >= e.OrigPkts*49 && back != icmpPing // with losses, the large ones may be those lost; some hosts answer 64 bytes at most
		if back > mean+8 || less {
			p.unequalAsked += e.OrigPkts
		}
	}
}

// icmpSigns is what speaks against pings.
type icmpSigns struct{ unequal, surplus, changing, alone, unanswered, volume bool }

func (p *icmpPair) signs() (s icmpSigns) {
	total := p.sent + p.got
	if p.group || p.last-p.first < icmpLasts || p.asked+p.answered < icmpLeast || total < icmpLeastBytes {
		return s
	}
	many := total >= icmpManyBytes
	s.unequal = p.unequalAsked*2 >= p.asked && p.unequalAsked >= icmpLeast/2
	s.surplus = p.surplus >= icmpLeast && p.surplus*5 >= p.asked && !p.ordinary()
	s.changing = many && (p.mixed*4 >= p.asked && p.asked >= 100 || p.sizes.count() >= 24 && p.asked >= 100)
	s.alone = p.alone >= icmpManyBytes && p.alone*2 >= p.sent
	s.unanswered = p.unanswered >= 2*icmpManyBytes && p.unanswered*10 >= p.sent*9 && p.sent/p.asked > 4*icmpPing
	s.volume = total >= icmpVolume && p.last-p.first >= 10*record.Minute && p.sent/max(p.asked, 1) >= 4*icmpPing
	return s
}

// ordinary reports whether everything had the size of a usual ping: then more answers than questions are copies.
func (p *icmpPair) ordinary() bool {
	return p.mixed == 0 && p.unequalAsked == 0 && p.asked > 0 && p.answered > 0 && p.sent/p.asked == p.got/p.answered
}

// Findings lists the pairs whose pings are none.
func (t *ICMPTunnels) Findings(record.Time) []verdict.Finding {
	best := map[string]*icmpPair{}
	take := func(p *icmpPair) {
		if p.signs() == (icmpSigns{}) {
			return
		}
		if id := ID("icmp_tunnel", p.key.who.String(), p.key.to.String()); best[id] == nil || best[id].sent+best[id].got < p.sent+p.got {
			best[id] = p
		}
	}
	for _, p := range t.finished {
		take(p)
	}
	t.pairs.each(func(_ icmpKey, p *icmpPair) { take(p) })
	out := make([]verdict.Finding, 0, len(best))
	for _, p := range best {
		out = append(out, p.finding())
	}
	slices.SortFunc(out, func(a, b verdict.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (p *icmpPair) finding() verdict.Finding {
	who, to := p.from.String(), p.key.to.String()
	f := blank("icmp_tunnel", p.key.who.String(), to, p.first, p.last)
	f.Source, f.Host.ID = who, p.key.who.host
	f.Destinations = []string{to}
	f.UIDs = append(f.UIDs, p.uids...)
	f.Attack = []string{"T1095"}
	s := p.signs()
	f.Evidence = map[string]any{
		"bytes": p.sent + p.got, "bytes_out": p.sent, "bytes_in": p.got, "asked": p.asked, "answered": p.answered,
		"seconds": (p.last - p.first).Seconds(), "signs": s.words(),
	}
	f.Severity, f.Confidence = "medium", 0.6
	if s == (icmpSigns{volume: true}) {
		f.Confidence = 0.4
		if !p.outside {
			f.ExplainedBy = "large pings of one size between machines here, echoed whole, as monitors send them"
		}
	}
	strong := b2i(s.unequal) + b2i(s.surplus) + b2i(s.changing) + b2i(s.alone)
	switch {
	case strong >= 2:
		f.Severity, f.Confidence = "high", 0.95
	case strong == 1 && !s.changing:
		f.Severity, f.Confidence = "high", 0.8
	}
	f.Words = fmt.Sprintf("%s and %s exchanged %d bytes in pings: %s.", who, to, p.sent+p.got, strings.Join(s.words(), ", "))
	return f
}

func (s icmpSigns) words() []string {
	out := []string{}
	for _, w := range []struct {
		is   bool
		text string
	}{
		{s.unequal, "the answers have another size than what they answer"},
		{s.surplus, "more answers than questions"},
		{s.changing, "the size keeps changing"},
		{s.alone, "answers that nobody asked for"},
		{s.unanswered, "large questions that nobody answers"},
		{s.volume, "large pings, far more bytes than pings need"},
	} {
		if w.is {
			out = append(out, w.text)
		}
	}
	return out
}
