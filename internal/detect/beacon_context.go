package detect

import (
	"cmp"
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

// openFrom is the context from which a periodic key that nothing explains is an open finding. The more machines there are, the more
// honest programs are used on one of them only: being the only one to call somewhere is evidence for a list, and never enough to
// open a finding by itself (docs/eval-detection.md has the curve of both errors).
func (b *Beacons) openFrom() float64 {
	b.countPeers()
	return openAlone + openShare*b.alone
}

const (
	openAlone = 0.25
	openShare = 1.15 // more than one: an honest program adds steady sizes and calls alone
)

// countPeers keeps the evidence of loneliness for as many machines as there are.
func (b *Beacons) countPeers() {
	if b.aloneOf != b.sources.inside {
		b.alone, b.aloneOf = loneliness(b.sources.inside), b.sources.inside
	}
}

// loneliness is the evidence of being the only one of n machines that calls somewhere: honest services are used by many (1 in f),
// command and control by few (1 in f cubed).
func loneliness(n int) float64 {
	harmonic, cubes := 0.0, 0.0
	for i := 1; i <= n; i++ {
		x := float64(i)
		harmonic += 1 / x
		cubes += 1 / (x * x * x)
	}
	return math.Log(max(harmonic, 1) / max(cubes, 1))
}

// context lists the factors of a key that was scored.
func (b *Beacons) context(st *beaconState) []Factor {
	var out []Factor
	add := func(nats float64, format string, args ...any) {
		out = append(out, Factor{nats, fmt.Sprintf(format, args...)})
	}
	b.circumstances(st, add)
	st.coverage(add)
	return out
}

// mayOpen reports whether a key could be an open finding if its timing were perfect.
func (b *Beacons) mayOpen(st *beaconState) bool {
	if st.detail == nil || b.explain(st) != "" {
		return false
	}
	x := mostCover
	b.circumstances(st, func(nats float64, _ string, _ ...any) { x += nats })
	return x >= b.openFrom()
}

// circumstances are the factors that do not depend on timing.
func (b *Beacons) circumstances(st *beaconState, add adder) {
	b.countPeers()
	b.rarity(st, add)
	b.program(st, add)
	b.novelty(st, add)
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
		switch {
		case outside && st.resolved[Resolved] > st.resolved[Unresolved]:
			add(-1, "it was never answered where a lookup sent it: the service may have been given up")
		case outside:
			add(-0.5, "it was never answered: it tries to reach somebody")
		default:
			add(-2, "it was never answered: it tries a machine inside that is not there")
		}
	}
	st.habits(add)
	if b.sources.at(st.key.source).place != OwnPublic { // behind a translated address many machines call at once
		st.togetherness(add)
	}
	if st.flags&keySelfSigned != 0 && outside {
		add(0.7, "the certificate vouches for itself")
	}
	if st.flags&keyYoungCert != 0 && outside {
		add(0.2, "the certificate is younger than a month")
	}
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
		f = b.fans.users(st.key.common)
	case keyAddr:
		if id, ok := b.fanOf(st); ok {
			f = b.fans.users(id)
		}
	default:
		f = b.usersOfPool(st)
	}
	f = max(1, min(f, n))
	nats := max(-3, b.alone-2*math.Log(float64(f)))
	if f == 1 && !st.key.kind.single() {
		add(nats, "nobody else of %d machines here calls where it calls", n)
		if st.flags&keyManyDomains != 0 || st.named == 0 && len(st.detail.dests) > 1 {
			add(1, "one rhythm goes round several destinations")
		}
		return
	}
	if f == 1 {
		add(nats, "of %d machines here nobody else calls there", n)
		return
	}
	add(nats, "%d of %d machines here call there", f, n)
}

// program: a TLS or HTTP client that several machines here use for other things is likelier an honest program's, or hides behind it;
// one that nobody else here uses is likelier brought along.
func (b *Beacons) program(st *beaconState, add adder) {
	text := cmp.Or(st.detail.ja4, st.detail.agent)
	if n := b.sources.inside; n < leastPeers || text == "" || st.flags&keyInbound != 0 || b.sharing == nil {
		return
	}
	k := st.key
	k.kind, k.port, k.common, k.failed = keyPrint, st.dest.port, b.printID(text)^uint64(st.dest.proto), false
	switch f := b.sharing[poolOf(k)]; {
	case f <= 1 && st.detail.ja4 != "":
		add(1, "no other machine here has its TLS fingerprint")
	case f <= 1: // honest programs have user agents of their own
		add(0.3, "no other machine here has its user agent")
	case f >= 3:
		add(-0.5, "%d machines here use its program (by fingerprint or user agent)", f)
	}
}

// leastPeers is how many machines must be in sight for a program's rarity to mean anything.
const leastPeers = 10

// novelty: when a machine was watched for long, what it called from the first day on is likelier its ordinary work than what it
// began to call meanwhile.
func (b *Beacons) novelty(st *beaconState, add adder) {
	src := b.sources.at(st.key.source)
	watched := b.newest - src.first
	if watched < 3*record.Day || st.flags&keyInbound != 0 {
		return
	}
	if after := st.first - src.first; after < record.Day {
		add(-0.4, "the machine has called there since it was first seen, %.0f days ago", watched.Seconds()/86400)
	} else {
		add(1, "it began %.0f days after the machine was first seen", math.Floor(after.Seconds()/86400))
	}
}

// usersOfPool is how many machines use a destination of a pool, in the middle: of its names, else of its addresses.
func (b *Beacons) usersOfPool(st *beaconState) int {
	var users []int
	for _, name := range st.detail.names {
		if domain := b.net.Domain(name); domain != "" {
			users = append(users, b.fans.users(b.nameID(domain)))
		}
	}
	if len(users) == 0 {
		for _, a := range st.detail.dests {
			users = append(users, b.fans.users(b.addrID(a)))
		}
	}
	if len(users) == 0 {
		return 1
	}
	slices.Sort(users)
	return users[len(users)/2]
}

// fanOf is the destination whose users are those of an address key: its domain when it says one.
func (b *Beacons) fanOf(st *beaconState) (uint64, bool) {
	if !st.dest.addr().IsValid() {
		return 0, false
	}
	if st.detail != nil && st.detail.domain != "" {
		return b.nameID(st.detail.domain), true
	}
	return b.addrID(st.dest.addr()), true
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
		add(-0.3, "its calls send different amounts")
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

// mostCover is the most that coverage can add.
const mostCover = 0.5

// coverage: a rhythm that holds for most of a key's life, or only within bursts.
func (st *beaconState) coverage(add adder) {
	share, what := float64(st.result().cover), "of the time it was seen"
	if !st.key.kind.single() {
		share, what = float64(st.result().run), "of the time it ran"
	}
	nats := mostCover
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
