package detect

import (
	"math"
	"strings"

	"candor/internal/detect/timing"
	"candor/internal/record"
)

// beaconCall is the connection that is being counted, with what its keys share.
type beaconCall struct {
	src  uint32
	fan  int    // users of its destination
	to   uint64 // destination: registered domain, else address
	addr uint64
	uid  string // a copy that may be kept, once one was needed
	keys [6]beaconKey
}

// event counts a connection under each of its keys.
func (b *Beacons) event(e *Event) {
	c := &b.call
	c.uid, c.src, c.addr = "", b.sources.of(e), b.addrID(e.Resp)
	c.to = c.addr
	if e.Domain != "" {
		c.to = b.nameID(e.Domain)
	}
	c.fan = 1
	if e.OrigPlace != Outside {
		c.fan = b.fans.add(c.to, c.src)
	}
	if !e.Answered {
		b.sources.list[c.src].failed++
	}
	b.sources.heard(c.src, e.TS, c.to, &b.slab)
	for i := range b.keysOf(e) {
		b.count(&c.keys[i], e)
	}
}

// count counts the connection under one key.
func (b *Beacons) count(k *beaconKey, e *Event) {
	id := k.hash(b.salt)
	at, ok := b.keys[id]
	if !ok {
		first, waited := b.firstCall(id, e.TS)
		if !waited {
			return
		}
		at = b.admit(id, k)
		st := b.slab.at(at)
		st.first = first
		st.dest = destination{e.Resp, e.RespPort, e.Proto, e.RespPlace}
		st.timing.Add(int64(first))
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
	at, ok := b.keys[k.hash(b.salt)]
	return ok && 4*b.slab.at(at).calls <= 5*st.calls
}

// firstCall remembers the first call of a key; the second makes it a key.
func (b *Beacons) firstCall(id uint64, ts record.Time) (first record.Time, waited bool) {
	if first, ok := b.young[id]; ok {
		if delete(b.young, id); len(b.young) == 0 && b.crowded {
			b.young, b.crowded = map[uint64]record.Time{}, false
		}
		return first, true
	}
	if first, ok := b.aged[id]; ok {
		if delete(b.aged, id); len(b.aged) == 0 {
			b.aged = nil
		}
		return first, true
	}
	if len(b.young) >= b.cfg.MaxYoung/2 {
		b.lost += uint64(len(b.aged))
		b.young, b.aged, b.crowded = make(map[uint64]record.Time, 1024), b.young, false
	}
	b.young[id] = ts
	b.crowded = b.crowded || len(b.young) > 1<<16
	return 0, false
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
		b.keys[id] = at
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
	delete(b.keys, st.key.hash(b.salt))
	*st = beaconState{key: *k}
	b.keys[id] = worst
	return worst
}
