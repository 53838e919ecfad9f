package detect

import (
	"net/netip"

	"candor/internal/detect/timing"
	"candor/internal/record"
)

// Beacons finds programs that call home in time: a source whose connections to one destination, or to what stays the same
// while the destination changes, come periodically (detect/timing) and whose context speaks for command and control rather
// than for one of the many honest programs that are periodic, too (beacon_context.go, beacon_explain.go).
//
// Each connection counts under several keys of its source at once (beacon_keys.go), so that a bot that changes servers is one
// finding; the finest key that holds the calls wins (beacon_merge.go).
type Beacons struct {
	cfg      BeaconConfig
	net      *Net
	seed     hashSeed
	salt     uint64
	keys     hashed[int64] // by the hash of a key: of one call its time, in two halves; what stays is the number of a state in slab
	slab     beaconSlab
	hand     int // where eviction looks next
	call     beaconCall
	sources  sources
	fans     fans
	scorer   *timing.Scorer
	looked   map[lookedAt]timing.Result // while findings are asked for
	sharing  map[pool]int               // sources of each program, counted when findings are asked for
	alone    float64                    // evidence of being the only one, for aloneOf machines
	aloneOf  int
	lost     uint64
	details  int    // keys with details
	unlisted uint64 // periodic keys beyond those that are listed
	coarse   bool   // every stamp so far is a whole second
	newest   record.Time
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
	seed := newSeed()
	return &Beacons{
		cfg: cfg, seed: seed, salt: seed.text("keys"), keys: newHashed[int64](),
		sources: newSources(), fans: newFans(), scorer: timing.NewScorer(), coarse: true,
	}
}

// Kinds lists its finding kinds.
func (b *Beacons) Kinds() []string { return []string{"beacon"} }

// Needs lists the records it reads.
func (b *Beacons) Needs() []record.Kind { return []record.Kind{record.KindConn} }

// Lost counts the keys that were let go of.
func (b *Beacons) Lost() uint64 { return b.lost + b.sources.lost + b.unlisted }

// beaconState is what is kept of a key that called at least twice.
type beaconState struct {
	key      beaconKey
	timing   timing.Key
	first    record.Time
	detail   *beaconDetail // once the key called provenAfter times
	dest     destination
	resolved [3]uint16
	sizes    sizes
	calls    uint32 // connections
	named    uint32 // connections that said a name
	company  company
	wait     uint32 // milliseconds from the connection before the newest wake-up to it
	steady   uint32 // wake-ups whose wait was within a factor of two of the wait before
	flags    keyFlags
}

// result is the score of a key; nil where it has none.
func (st *beaconState) result() *scored {
	if st.detail == nil {
		return nil
	}
	return st.detail.result
}

// beaconDetail is what people want to know of a key that may become a finding.
type beaconDetail struct {
	domain  string   // the newest registered domain; empty: none was said
	names   []string // the first few different names said
	ja4     string
	agent   string
	service string
	uids    [maxUIDs]string // of the newest wake-ups, newest first
	dests   []netip.Addr    // the first few; of address keys none, they have one
	more    uint32          // wake-ups at destinations beyond
	result  *scored         // once it was scored
}

// keyFlags are what was true of any connection of a key.
type keyFlags uint8

const (
	keySelfSigned keyFlags = 1 << iota
	keyYoungCert
	keyTLS
	keyInbound     // called by somebody outside
	keyManyDomains // said names of several registered domains
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
	at    packedAddr // of all keys but addresses the newest
	port  uint16
	proto uint8
	place Place
}

func (d *destination) addr() netip.Addr { return d.at.addr() }

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

// worth orders keys for eviction: few calls, then long ago.
func (st *beaconState) worth() int64 {
	return int64(min(st.calls, 64))<<40 + st.timing.Newest()/1e9
}
