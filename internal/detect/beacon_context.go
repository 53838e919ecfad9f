package detect

import (
	"fmt"
	"math"
	"slices"

	"candor/internal/record"
)

// Factor is one piece of context evidence: how much likelier it is for command and control than for an honest periodic
// program, in nats, with its words (BEACON.md 7).
type Factor struct {
	Nats  float64
	Words string
}

// openFrom is the context from which a periodic key that nothing explains is an open finding.
const openFrom = 0.25

// context lists the factors of a key.
func (b *Beacons) context(st *beaconState) []Factor {
	var out []Factor
	add := func(nats float64, format string, args ...any) {
		out = append(out, Factor{nats, fmt.Sprintf(format, args...)})
	}
	b.rarity(st, add)
	b.naming(st, add)
	outside := st.dest.place == Outside
	if !outside {
		add(-1.5, "the other end is inside, where machines poll each other")
	}
	if st.flags&keyInbound != 0 {
		add(-1.5, "it is called from outside: a regular caller")
		add(max(-0.5, min(1, 0.3*math.Log(float64(st.calls)/20))), "it called %d times", st.calls)
	}
	if st.key.failed {
		if outside {
			add(-0.5, "it was never answered: it tries to reach somebody")
		} else {
			add(-2, "it was never answered: it tries a machine inside that is not there")
		}
	}
	st.habits(add)
	st.togetherness(add)
	st.coverage(add)
	if st.flags&keySelfSigned != 0 && outside {
		add(0.7, "the certificate vouches for itself")
	}
	if st.flags&keyYoungCert != 0 && outside {
		add(0.2, "the certificate is younger than a month")
	}
	return out
}

type adder func(nats float64, format string, args ...any)

// rarity: honest services are used by many (1 in f), command and control by few (1 in f cubed). It shrinks by itself on small networks.
func (b *Beacons) rarity(st *beaconState, add adder) {
	n := b.sources.inside
	if n < 2 || st.flags&keyInbound != 0 {
		return
	}
	f := 1
	switch st.key.kind {
	case keyDomain:
		f = b.users(st.key.common)
	case keyAddr:
		if id, ok := b.fanOf(st); ok {
			f = b.users(id)
		}
	case keyPrint, keyNet:
		f = b.sharing[poolOf(st.key)]
	case keyShape, keyRare:
	}
	f = max(1, min(f, n))
	harmonic, cubes := 0.0, 0.0
	for i := 1; i <= n; i++ {
		x := float64(i)
		harmonic += 1 / x
		cubes += 1 / (x * x * x)
	}
	nats := max(-3, math.Log(harmonic/cubes)-2*math.Log(float64(f)))
	if f == 1 {
		add(nats, "of %d machines here nobody else calls there", n)
		return
	}
	add(nats, "%d of %d machines here call there", f, n)
}

func (b *Beacons) users(id uint64) int {
	if f := b.fans[id]; f != nil {
		return f.count()
	}
	return 1
}

// fanOf is the destination whose users are those of an address key: its domain when it says one.
func (b *Beacons) fanOf(st *beaconState) (uint64, bool) {
	if !st.dest.addr.IsValid() {
		return 0, false
	}
	return b.destinationID(&Event{Resp: st.dest.addr, Domain: st.detail.domain}), true
}

// naming: programs of intruders often have no name to call, and unusual ports.
func (b *Beacons) naming(st *beaconState, add adder) {
	if st.dest.place != Outside {
		return
	}
	if st.named == 0 {
		switch {
		case st.resolved[Unresolved] > st.resolved[Resolved] && st.resolved[Unresolved] > 0:
			add(1.2, "it has no name: no lookup ever gave this address")
		case st.resolved[Resolved] > 0:
			add(0.3, "it says no name, though a lookup gave this address")
		default:
			add(0.7, "it has no name, and no lookups are in sight")
		}
	}
	if usualPort(st.dest.port) {
		add(-0.3, "port %d is a usual one", st.dest.port)
	} else if st.key.port != 0 || st.dest.port != 0 {
		add(1, "port %d is an unusual one", st.dest.port)
	}
}

func usualPort(p uint16) bool {
	return slices.Contains([]uint16{80, 443, 8080, 8443, 53, 25, 587, 993, 22, 3128}, p)
}

// habits: sizes that never change, and answers that are small.
func (st *beaconState) habits(add adder) {
	bytes, share := st.sizes.top()
	switch {
	case share > 0.8:
		add(0.4, "%.0f %% of its calls send about the same (%.0f bytes)", 100*share, bytes)
	case share < 0.35:
		add(-0.5, "its calls send different amounts")
	}
	if answer := binBytes(st.sizes.answer); answer > 50e3 {
		add(-0.7, "its answers are long, %.0f kB", answer/1000)
	}
}

// togetherness: a page that reloads itself takes its advertisers along; a bot calls alone.
func (st *beaconState) togetherness(add adder) {
	c := &st.company
	if c.wakeUps < 3 || !st.key.kind.single() {
		return
	}
	raw := float64(c.together) / float64(c.wakeUps)
	switch excess := raw - float64(c.chance)/float64(c.wakeUps)/2; {
	case excess > 0.5:
		add(-2.5, "%.0f %% of its calls come together with calls to others, as pages do", 100*raw)
	case excess > 0.25:
		add(-1.2, "%.0f %% of its calls come together with calls to others", 100*raw)
	case raw < 0.15:
		add(0.3, "it calls alone")
	}
}

// coverage: a rhythm that holds for most of a key's life, or only within bursts.
func (st *beaconState) coverage(add adder) {
	share, what := float64(st.result.cover), "of the time it was seen"
	if !st.key.kind.single() {
		share, what = float64(st.result.run), "of the time it ran"
	}
	nats := 0.5
	switch {
	case share < 0.05:
		nats = -4
	case share < 0.2:
		nats = -2
	case share <= 0.5:
		nats = 0
	}
	add(nats, "its rhythm holds for %.0f %% %s", 100*share, what)
}

// sum adds up factors.
func sum(f []Factor) float64 {
	x := 0.0
	for i := range f {
		x += f[i].Nats
	}
	return x
}

// confidence is the probability that an open periodic key is command and control: a fit at equal odds, and odds of one in
// four until a site has judged findings of its own (BEACON.md 8).
func confidence(x float64) float64 {
	const shift, slope = -0.7, 1.3
	return 1 / (1 + math.Exp(-(shift + slope*x + math.Log(0.25))))
}

// since is how long a key was seen.
func (st *beaconState) since() record.Time { return record.Time(st.timing.Newest()) - st.first }
