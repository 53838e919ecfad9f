package detect

import (
	"math"
	"strings"

	"candor/internal/detect/timing"
	"candor/internal/record"
)

// beaconCall is the connection that is being counted, with what its keys share.
type beaconCall struct {
	src   uint32
	n     int       // keys so far
	base  beaconKey // what all have in common
	pools bool      // it counts under keys of several destinations, too
	fan   int       // users of its destination
	to    uint64    // destination: registered domain, else address
	addr  uint64
	uid   string // a copy that may be kept, once one was needed
	keys  [6]beaconKey
	ids   [6]uint64 // their hashes
	near  uint64    // means nothing: a sum over what was fetched
}

// event counts a connection under each of its keys.
func (b *Beacons) event(e *Event) {
	c := &b.call
	c.uid, c.src, c.addr = "", b.sources.of(e, b.addrID(e.Orig)), b.addrID(e.Resp)
	if c.src == 0 && e.OrigPlace == Outside { // a stranger beyond the bound, which is counted: keys of all such together say nothing
		return
	}
	c.to = c.addr
	if e.Domain != "" {
		c.to = b.nameID(e.Domain)
	}
	n := b.keysOf(e)
	b.fetch(n)
	c.fan = 1
	if e.OrigPlace != Outside {
		c.fan = b.fans.add(c.to, c.src)
	}
	if !e.Answered {
		b.sources.at(c.src).failed++
	}
	b.sources.heard(c.src, e.TS, c.to, &b.slab)
	if c.pools && c.fan <= max(1, b.sources.inside/50) && b.sources.seldom(c.src, c.to, e.TS) {
		c.add(keyRare, uint64(e.Proto), b.salt)
		n++
	}
	for i := range n {
		b.count(&c.keys[i], c.ids[i], e)
	}
}

// fetch reads what the keys of a connection need, all at once: each is far away in memory, and one wait does for all.
func (b *Beacons) fetch(n int) {
	c := &b.call
	for _, id := range c.ids[:n] {
		c.near += b.keys.fetch(id)
	}
	c.near += b.fans.of.fetch(c.to)
	if c.pools {
		c.near += b.sources.seldoms.fetch(seldomID(c.src, c.to))
	}
	for _, id := range c.ids[:n] {
		if m, at := b.keys.find(id); m == markStays {
			st := b.slab.at(int32(at))
			c.near += uint64(st.calls) + uint64(st.flags)
		}
	}
}

// count counts the connection under one key.
func (b *Beacons) count(k *beaconKey, id uint64, e *Event) {
	at, ok := b.stateOf(k, id, e)
	if !ok {
		return
	}
	st := b.slab.at(at)
	before := st.timing.Newest()
	woke := st.timing.Add(int64(e.TS)) == timing.Woke
	st.take(e)
	if !woke {
		return
	}
	st.waited(int64(e.TS) - before)
	if st.calls >= provenAfter {
		if st.detail == nil {
			b.detailed(at)
		}
		st.keep(e, b.net, b.call.kept(e))
	}
	if k.kind.single() {
		b.sources.woke(b.call.src, at, k.common, e.TS, &b.slab)
	}
	if n := st.timing.WakeUps(); scoreAt(n) && st.timing.Due() && b.worthTime(st) {
		b.score(st, e.TS)
	}
}

// kept is a copy of the connection's uid that may be kept: one for all its keys.
func (c *beaconCall) kept(e *Event) string {
	if c.uid == "" {
		c.uid = strings.Clone(e.UID)
	}
	return c.uid
}

// waited notes a wait between wake-ups: is it like the one before?
func (st *beaconState) waited(ns int64) {
	ms := uint32(min(max(ns/1e6, 0), math.MaxUint32/2))
	if ms <= 2*st.wait && st.wait <= 2*ms {
		st.steady++
	}
	st.wait = ms
}

// scoreAt lets the fold itself score a key at 64, 512, 4096, ... wake-ups, so that a beacon on a key that goes on with something else
// is not forgotten; all else is scored when somebody asks.
func scoreAt(n int) bool { return n == 64 || n == 512 || n >= 4096 && n&(n-1) == 0 }

// worthTime reports whether the timing of a key should be looked at, which costs a hundred times more than a call: not where a
// finer key holds the same calls, and where the context or a named explanation has spoken already, only when it seems steady: it
// is then listed.
func (b *Beacons) worthTime(st *beaconState) bool {
	if b.redundant(st) {
		return false
	}
	if 20*st.steady >= 9*uint32(st.timing.WakeUps()) { // nearly half; of random waits it is a third
		return true
	}
	return b.mayOpen(st)
}

// redundant reports whether a finer key of the same source holds the same calls.
func (b *Beacons) redundant(st *beaconState) bool {
	d := st.detail
	if d == nil {
		return false
	}
	if !st.key.kind.single() {
		return len(d.dests) <= 1 && d.more == 0
	}
	if st.key.kind != keyAddr || st.named < st.calls || d.domain == "" || st.flags&keyManyDomains != 0 {
		return false
	}
	k := beaconKey{common: b.nameID(d.domain), source: st.key.source, kind: keyDomain, failed: st.key.failed}
	m, at := b.keys.find(k.hash(b.salt))
	return m == markStays && 4*b.slab.at(int32(at)).calls <= 5*st.calls
}

// stateOf finds the state of a key. Of a first call the time is kept; the second gives it a state.
func (b *Beacons) stateOf(k *beaconKey, id uint64, e *Event) (at int32, ok bool) {
	switch m, value := b.keys.find(id); m {
	case markStays:
		return int32(value), true
	case markHalf, markOther:
		at = b.admit(id, k)
		st := b.slab.at(at)
		st.first = record.Time(value)
		st.dest = destination{packAddr(e.Resp), e.RespPort, e.Proto, e.RespPlace}
		st.timing.Add(value)
		return at, true
	}
	if b.keys.n[b.keys.young] >= b.cfg.MaxYoung/2 {
		b.lost += uint64(b.keys.turn())
	}
	b.keys.put(id, b.keys.young, int64(e.TS))
	return 0, false
}

// detailed makes room for a key's details. Beyond maxDetails the least of a few other keys with details starts anew.
func (b *Beacons) detailed(at int32) {
	if b.details < maxDetails {
		b.details++
		return
	}
	var worst *beaconState
	for n, tried := 0, 0; n < 32 && tried < b.slab.n; tried++ {
		b.hand = (b.hand + 1) % b.slab.n
		st := b.slab.at(int32(b.hand))
		if st.detail == nil || int32(b.hand) == at {
			continue
		}
		if n++; worst == nil || st.worth() < worst.worth() {
			worst = st
		}
	}
	if worst != nil { // the key stays known
		b.lost++
		*worst = beaconState{key: worst.key, dest: worst.dest, first: b.newest}
	}
}

// beaconSlab holds states in pieces, so that growing copies nothing.
type beaconSlab struct {
	pieces [][]beaconState
	n      int
}

const slabPiece = 1 << 10

func (s *beaconSlab) at(i int32) *beaconState { return &s.pieces[i/slabPiece][i%slabPiece] }

func (s *beaconSlab) add(st beaconState) int32 {
	if s.n%slabPiece == 0 {
		s.pieces = append(s.pieces, make([]beaconState, slabPiece))
	}
	at := int32(s.n)
	*s.at(at) = st
	s.n++
	return at
}

// admit gives a key its state, evicting the least of a few others when all room is taken.
func (b *Beacons) admit(id uint64, k *beaconKey) int32 {
	if b.slab.n < b.cfg.MaxKeys {
		at := b.slab.add(beaconState{key: *k})
		b.keys.put(id, markStays, int64(at))
		return at
	}
	worst := int32(-1)
	for range 32 {
		b.hand = (b.hand + 1) % b.slab.n
		if at := int32(b.hand); worst < 0 || b.slab.at(at).worth() < b.slab.at(worst).worth() {
			worst = at
		}
	}
	b.lost++
	st := b.slab.at(worst)
	if st.detail != nil {
		b.details--
	}
	b.keys.remove(st.key.hash(b.salt))
	*st = beaconState{key: *k}
	b.keys.put(id, markStays, int64(worst))
	return worst
}
