package flow

import (
	"bytes"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// stream puts the first bytes of one direction in order. Bytes are kept only while a message is incomplete or came out of order; whole
// messages are read where they lie in the frame. The first copy of a byte wins.
type stream struct {
	next   uint64    // relative sequence number of the next byte wanted; 0 before the first
	skip   uint64    // bytes from next on that nobody reads: bodies, encrypted records
	passed uint64    // of these, how many came by since the reader last looked
	buf    []byte    // an incomplete message: the bytes before next
	held   []segment // behind a hole, in order of arrival
	heldBy int       // bytes in held
	dead   bool      // nothing more is read here
	begun  bool      // what it carries was recognised
	misses uint8     // segments in which nothing was recognised
	latest uint8     // place in heads of the segment read last
	heads  [2]head   // of the segments read last
}

// head is the beginning of a segment that was read, kept to see whether it comes again with other bytes.
type head struct {
	at   uint64
	n    uint8
	data [23]byte
}

// padding says whether a payload may be what fills up a short Ethernet frame: where a capture was made before the card wrote the packet's length,
// nothing tells the two apart.
func padding(b []byte) bool {
	return len(b) <= 6 && string(b) == "\x00\x00\x00\x00\x00\x00"[:len(b)]
}

// remember keeps the beginning of a segment.
func (s *stream) remember(g *segment) {
	if padding(g.data) {
		return
	}
	s.latest ^= 1
	h := &s.heads[s.latest]
	h.at, h.n = g.at, uint8(copy(h.data[:], g.data))
}

type segment struct {
	at   uint64
	data []byte
	full uint64 // length on the wire
}

const (
	maxHeld      = 16
	maxHeldBytes = 64 << 10
)

// buffers keeps byte slices for use again, by size: 2 KiB, 8 KiB, 32 KiB, 128 KiB.
type buffers struct{ free [4][][]byte }

const (
	smallBuffer = 2 << 10
	maxFree     = 256 // slices kept per size
)

func bufferClass(n int) (class, size int) {
	size = smallBuffer
	for class = range 4 {
		if n <= size {
			return class, size
		}
		size *= 4
	}
	return -1, n
}

// get gives an empty slice with room for n bytes; false when the budget over all connections is used up.
func (a *talks) get(n int) ([]byte, bool) {
	class, size := bufferClass(n)
	if size > a.left {
		return nil, false
	}
	a.left -= size
	if class >= 0 {
		if f := a.pool.free[class]; len(f) > 0 {
			b := f[len(f)-1]
			a.pool.free[class] = f[:len(f)-1]
			return b[:0], true
		}
	}
	return make([]byte, 0, size), true
}

func (a *talks) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	a.left += cap(b)
	class, size := bufferClass(cap(b))
	if class >= 0 && size == cap(b) && len(a.pool.free[class]) < maxFree {
		a.pool.free[class] = append(a.pool.free[class], b[:0])
	}
}

// drop gives back what a stream holds.
func (a *talks) drop(s *stream) {
	a.put(s.buf)
	s.buf = nil
	for i := range s.held {
		a.put(s.held[i].data)
		s.held[i] = segment{}
	}
	s.held, s.heldBy = s.held[:0], 0
}

// hear takes a segment's payload, at being its relative sequence number.
func (t *Table) hear(e uint32, c *conn, from int, ts record.Time, at uint64, p *decode.Packet) {
	tk := t.talks.of(c)
	s := &tk.dir[from]
	if s.dead {
		return
	}
	if s.next == 0 {
		s.next = 1
		if at == 2 && c.side[from].letters&hasSYN == 0 {
			s.next = 2 // seen from a keep-alive on
		}
	}
	before := tk.due
	full := uint64(p.PayloadLen)
	data := p.Payload[:min(uint64(len(p.Payload)), full)]
	if (at < s.next || len(s.held) > 0) && s.disagrees(at, data) {
		t.inconsistent(c, ts)
	}
	switch end := at + full; {
	case end <= s.next:
		return
	case at > s.next && s.skip >= end-s.next: // within what nobody reads: the hole does not matter
		n := end - s.next
		s.next, s.skip, s.passed = end, s.skip-n, s.passed+n
		if s.skip == 0 {
			t.skipped(tk, from)
		}
	case at > s.next:
		if t.heldFull(s, len(data)) && t.resync(s) {
			t.takeHeld(c, tk, from, ts)
		}
		t.hold(ts, s, segment{at, data, full})
	default:
		t.take(c, tk, from, ts, segment{at, data, full})
	}
	t.takeHeld(c, tk, from, ts)
	if tk.dir[0].dead && tk.dir[1].dead {
		t.hush(c, tk)
	}
	if c.talk != 0 && tk.due != before {
		t.rearm(e, c, ts)
	}
}

// disagrees compares a segment with the bytes that are still kept: those of an incomplete message, those behind a hole, and the beginnings of the
// segments read last.
func (s *stream) disagrees(at uint64, data []byte) bool {
	if padding(data) || len(data) == 1 && at+1 == s.next {
		return false // a keep-alive repeats the last byte, or any in its place
	}
	if differs(at, data, s.next-uint64(len(s.buf)), s.buf) {
		return true
	}
	for i := range s.heads {
		if h := &s.heads[i]; differs(at, data, h.at, h.data[:h.n]) {
			return true
		}
	}
	for i := range s.held {
		if differs(at, data, s.held[i].at, s.held[i].data) {
			return true
		}
	}
	return false
}

// differs says whether two stretches of a stream have different bytes at the same place.
func differs(at uint64, a []byte, bt uint64, b []byte) bool {
	from, to := max(at, bt), min(at+uint64(len(a)), bt+uint64(len(b)))
	return from < to && !bytes.Equal(a[from-at:to-at], b[from-bt:to-bt])
}

func (t *Table) heldFull(s *stream, more int) bool {
	return len(s.held) >= maxHeld || s.heldBy+more > maxHeldBytes
}

// resync jumps over the hole in front of what is held, where nothing was recognised yet.
func (t *Table) resync(s *stream) bool {
	if s.begun || len(s.held) == 0 || s.misses >= maxMisses {
		return false
	}
	s.next = s.held[0].at
	for i := range s.held {
		s.next = min(s.next, s.held[i].at)
	}
	s.misses++
	t.talks.put(s.buf)
	s.buf = nil
	return true
}

// hold keeps a segment that is not yet due. A direction with too much missing is given up.
func (t *Table) hold(ts record.Time, s *stream, g segment) {
	if s.dead {
		return
	}
	if t.heldFull(s, len(g.data)) {
		t.sight.Unread(ts, sight.UnreadStreams, 1)
		t.giveUp(s)
		return
	}
	b, ok := t.talks.get(len(g.data))
	if !ok {
		t.overBudget(ts, s)
		return
	}
	g.data = append(b, g.data...)
	s.held = append(s.held, g)
	s.heldBy += len(g.data)
}

// takeHeld reads held segments that are due now.
func (t *Table) takeHeld(c *conn, tk *talk, from int, ts record.Time) {
	s := &tk.dir[from]
	for i := 0; i < len(s.held) && !s.dead; {
		g := s.held[i]
		if g.at > s.next {
			i++
			continue
		}
		s.held[i] = s.held[len(s.held)-1]
		s.held[len(s.held)-1] = segment{}
		s.held = s.held[:len(s.held)-1]
		s.heldBy -= len(g.data)
		if g.at+g.full > s.next {
			t.take(c, tk, from, ts, g)
		}
		t.talks.put(g.data)
		i = 0
	}
}

// giveUp stops reading a direction.
func (t *Table) giveUp(s *stream) {
	t.talks.drop(s)
	s.dead = true
}

// overBudget gives up a direction whose message is larger than a bound, and counts it.
func (t *Table) overBudget(ts record.Time, s *stream) {
	t.sight.Count(ts, record.OverBudget, 1)
	t.giveUp(s)
}

// take reads a segment that begins at or before the next byte wanted and ends behind it.
func (t *Table) take(c *conn, tk *talk, from int, ts record.Time, g segment) {
	s := &tk.dir[from]
	s.remember(&g)
	old := s.next - g.at
	data := g.data[min(old, uint64(len(g.data))):]
	missing := g.full - old - uint64(len(data)) // cut off by the capture
	s.next = g.at + g.full
	for len(data) > 0 && !s.dead {
		if s.skip > 0 {
			n := min(s.skip, uint64(len(data)))
			s.skip, s.passed, data = s.skip-n, s.passed+n, data[n:]
			if s.skip == 0 {
				t.skipped(tk, from)
			}
			continue
		}
		if len(s.buf) > 0 {
			data = t.takeBuffered(c, tk, from, ts, data)
			continue
		}
		n := t.read(c, tk, from, ts, data)
		data = data[n:]
		if n == 0 && !s.dead {
			t.keep(ts, s, data)
			data = nil
		}
	}
	if missing > 0 && !s.dead {
		if s.skip < missing {
			t.giveUp(s)
			return
		}
		s.skip, s.passed = s.skip-missing, s.passed+missing
		if s.skip == 0 {
			t.skipped(tk, from)
		}
	}
}

// takeBuffered appends data to the incomplete message and reads that. It gives what of data lies behind the bytes read.
func (t *Table) takeBuffered(c *conn, tk *talk, from int, ts record.Time, data []byte) []byte {
	s := &tk.dir[from]
	kept := len(s.buf)
	if !t.keep(ts, s, data) {
		return nil
	}
	n := t.read(c, tk, from, ts, s.buf)
	if n == 0 || s.dead {
		return nil
	}
	if n >= kept {
		t.talks.put(s.buf)
		s.buf = nil
		return data[n-kept:]
	}
	s.buf = s.buf[:copy(s.buf, s.buf[n:])] // several messages lay in what was kept: go on with the rest
	for len(s.buf) > 0 && !s.dead && s.skip == 0 {
		n = t.read(c, tk, from, ts, s.buf)
		if n == 0 || s.dead {
			break
		}
		s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	}
	if s.skip > 0 && !s.dead {
		rest := append([]byte(nil), s.buf...) // rare: a body begins within the kept bytes
		t.talks.put(s.buf)
		s.buf = nil
		return rest
	}
	return nil
}

// keep adds data to the incomplete message, within the budgets.
func (t *Table) keep(ts record.Time, s *stream, data []byte) bool {
	need := len(s.buf) + len(data)
	if need > t.cfg.BytesPerConn {
		t.overBudget(ts, s)
		return false
	}
	if need > cap(s.buf) {
		b, ok := t.talks.get(need)
		if !ok {
			t.overBudget(ts, s)
			return false
		}
		b = append(b, s.buf...)
		t.talks.put(s.buf)
		s.buf = b
	}
	s.buf = append(s.buf, data...)
	return true
}

// hush ends the reading of a connection for good; its messages are emitted as far as they came.
func (t *Table) hush(c *conn, tk *talk) {
	t.endMessages(c)
	c.flags |= flagQuiet
	if tk.holes == nil {
		t.talks.release(c)
		return
	}
	t.talks.drop(&tk.dir[0])
	t.talks.drop(&tk.dir[1])
}
