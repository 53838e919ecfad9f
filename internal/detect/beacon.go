package detect

import (
	"cmp"
	"hash/maphash"
	"net/netip"
	"slices"

	"candor/internal/detect/timing"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Beacons finds programs that call home in time: a source whose connections to one destination, or to what stays the same
// while the destination changes, come periodically (detect/timing) and whose context speaks for command and control rather
// than for one of the many honest programs that are periodic, too (beacon_context.go, beacon_explain.go).
//
// Each connection counts under several keys of its source at once (beacon_keys.go), so that a bot that changes servers is one
// finding; the finest key that holds the calls wins (beacon_merge.go).
type Beacons struct {
	cfg     BeaconConfig
	net     *Net
	seed    maphash.Seed
	keys    map[beaconKey]int32 // into slab
	young   map[beaconKey]record.Time
	aged    map[beaconKey]record.Time
	slab    []beaconState
	hand    int // where eviction looks next
	sources sources
	fans    fans
	scorer  *timing.Scorer
	sharing map[pool]int // sources of each pool, counted when findings are asked for
	lost    uint64
	coarse  bool // every stamp so far is a whole second
	newest  record.Time
}

// BeaconConfig are the bounds.
type BeaconConfig struct {
	MaxKeys  int // keys with at least two calls
	MaxYoung int // keys with one call
}

// DefaultBeaconConfig stays under 400 MB with a million live keys.
func DefaultBeaconConfig() BeaconConfig { return BeaconConfig{MaxKeys: 1 << 20, MaxYoung: 1 << 20} }

// NewBeacons makes the detector.
func NewBeacons(cfg BeaconConfig) *Beacons {
	return &Beacons{
		cfg: cfg, seed: maphash.MakeSeed(), keys: map[beaconKey]int32{}, young: map[beaconKey]record.Time{},
		sources: newSources(), fans: fans{}, scorer: timing.NewScorer(), coarse: true,
	}
}

// Kinds lists its finding kinds.
func (b *Beacons) Kinds() []string { return []string{"beacon"} }

// Needs lists the records it reads.
func (b *Beacons) Needs() []record.Kind { return []record.Kind{record.KindConn} }

// Lost counts the keys that were let go of.
func (b *Beacons) Lost() uint64 { return b.lost }

// beaconState is what is kept of a key that called at least twice.
type beaconState struct {
	key      beaconKey
	timing   timing.Key
	dest     destination
	first    record.Time
	calls    uint32 // connections
	sizes    sizes
	named    uint32 // connections that said a name
	resolved [3]uint32
	company  company
	flags    keyFlags
	detail   *beaconDetail // once the key called provenAfter times
	result   *scored       // once it was scored
}

// beaconDetail is what people want to know of a key that may become a finding.
type beaconDetail struct {
	domain  string   // the newest registered domain; empty: none was said
	names   []string // the first few different names said
	ja4     string
	agent   string
	service string
	uids    []string // of the newest connections
	dests   []netip.Addr
	more    uint32 // calls to destinations beyond
}

// keyFlags are what was true of any connection of a key.
type keyFlags uint8

const (
	keySelfSigned keyFlags = 1 << iota
	keyYoungCert
	keyTLS
	keyInbound // called by somebody outside
)

// pool is what keys of different sources share.
type pool struct {
	common uint64
	port   uint16
	kind   keyKind
}

func poolOf(k beaconKey) pool { return pool{k.common, k.port, k.kind} }

// scored is the best score of a key within a day.
type scored struct {
	at                       record.Time
	s, period, hi, w, missed float32
	cover, run               float32
	n                        uint32
	basis                    timing.Basis
	growth                   timing.Growth
}

// destination is what a key's connections have in common.
type destination struct {
	addr  netip.Addr // of dom keys the newest
	port  uint16
	proto uint8
	place Place
}

// Observe folds a slice.
func (b *Beacons) Observe(s *Slice) {
	b.net = s.Net
	for i := range s.Events {
		e := &s.Events[i]
		if e.OrigPlace == Link || e.Proto == 0 {
			continue
		}
		b.newest = max(b.newest, e.TS)
		b.coarse = b.coarse && e.TS%record.Time(1e9) == 0
		b.event(e)
	}
}

// event counts a connection under each of its keys.
func (b *Beacons) event(e *Event) {
	src := b.sources.of(e)
	fan := b.fan(e, src)
	id := b.destinationID(e)
	if !e.Answered {
		b.sources.list[src].failed++
	}
	b.sources.heard(src, e.TS, id, b.slab)
	for k := range b.keysOf(e, src, fan, id) {
		b.count(k, e, src)
	}
}

func (b *Beacons) count(k beaconKey, e *Event, src uint32) {
	at, ok := b.keys[k]
	if !ok {
		first, waited := b.firstCall(k, e.TS)
		if !waited {
			return
		}
		at = b.admit(k)
		st := &b.slab[at]
		st.first = first
		st.dest = destination{e.Resp, e.RespPort, e.Proto, e.RespPlace}
		st.timing.Add(int64(first))
	}
	st := &b.slab[at]
	woke := st.timing.Add(int64(e.TS)) == timing.Woke
	st.take(e, b.net)
	if woke && k.kind.single() {
		b.sources.woke(src, at, e.TS, b.slab)
	}
	if woke && st.timing.Due() && scoreAt(st.timing.WakeUps()) {
		b.score(st, e.TS)
	}
}

// scoreAt lets the fold score a key at 8, 16, 32, ... wake-ups, so that a beacon that ends is not forgotten; between, findings
// are scored when somebody asks.
func scoreAt(n int) bool { return n >= 8 && n&(n-1) == 0 }

// firstCall remembers the first call of a key; the second makes it a key.
func (b *Beacons) firstCall(k beaconKey, ts record.Time) (first record.Time, waited bool) {
	if first, ok := b.young[k]; ok {
		delete(b.young, k)
		return first, true
	}
	if first, ok := b.aged[k]; ok {
		delete(b.aged, k)
		return first, true
	}
	if len(b.young) >= b.cfg.MaxYoung/2 {
		b.lost += uint64(len(b.aged))
		b.young, b.aged = make(map[beaconKey]record.Time, 1024), b.young
	}
	b.young[k] = ts
	return 0, false
}

// admit gives a key its state, evicting the least of a few others when all room is taken.
func (b *Beacons) admit(k beaconKey) int32 {
	if len(b.slab) < b.cfg.MaxKeys {
		b.slab = append(b.slab, beaconState{key: k})
		at := int32(len(b.slab) - 1)
		b.keys[k] = at
		return at
	}
	worst := -1
	for range 32 {
		b.hand = (b.hand + 1) % len(b.slab)
		if worst < 0 || b.slab[b.hand].worth() < b.slab[worst].worth() {
			worst = b.hand
		}
	}
	b.lost++
	delete(b.keys, b.slab[worst].key)
	b.slab[worst] = beaconState{key: k}
	b.keys[k] = int32(worst)
	return int32(worst)
}

// worth orders keys for eviction: few calls, then long ago.
func (st *beaconState) worth() int64 {
	return int64(min(st.calls, 64))<<40 + st.timing.Newest()/1e9
}

// score weighs the timing of a key as of now, and keeps the best score of the last day.
func (b *Beacons) score(st *beaconState, now record.Time) {
	set := timing.Setting{}
	if b.coarse {
		set.Resolution = 1
	}
	if record.Time(st.timing.Newest())-st.first >= 3*record.Day {
		set.Activity = b.sources.activity(st.key.source)
	}
	r := b.scorer.Key(&st.timing, int64(now), set)
	if old := st.result; old != nil && float64(old.s) > r.S && now-old.at <= record.Day {
		return
	}
	st.result = &scored{
		at: now, s: float32(r.S), period: float32(r.Period), hi: float32(r.Hi), w: float32(r.W), missed: float32(r.M),
		cover: float32(r.Cover), run: float32(r.Run), n: uint32(r.N), basis: r.Basis, growth: r.Growth,
	}
}

// periodic is the score from which a key is periodic (BEACON.md 1).
const periodic = 5

// Findings lists every periodic key that no finer one stands for: open ones, explained ones and callers.
func (b *Beacons) Findings(at record.Time) []verdict.Finding {
	var calls []*beaconState
	b.sharing = map[pool]int{}
	for i := range b.slab {
		st := &b.slab[i]
		if k := st.key.kind; k == keyPrint || k == keyNet {
			b.sharing[poolOf(st.key)]++
		}
		if st.timing.Due() && st.timing.WakeUps() > timing.LeastIntervals {
			b.score(st, min(at, max(b.newest, 1)))
		}
		if st.result != nil && st.result.s >= periodic {
			calls = append(calls, st)
		}
	}
	calls = b.merge(calls)
	out := make([]verdict.Finding, 0, len(calls))
	for _, st := range calls {
		out = append(out, b.finding(st))
	}
	slices.SortFunc(out, func(x, y verdict.Finding) int { return cmp.Compare(x.ID, y.ID) })
	return out
}
