package flow

import (
	"cmp"
	"math"
	"slices"

	"candor/internal/decode"
	"candor/internal/record"
)

// Timeouts on packet time, as Zeek's defaults (tcp_inactivity_timeout, tcp_attempt_delay, tcp_close_delay, udp_inactivity_timeout,
// icmp_inactivity_timeout).
const (
	second        = record.Time(1e9)
	attemptDelay  = 5 * second   // a SYN without answer
	closeDelay    = 5 * second   // a closed connection lingers, so that late packets are not a new one
	openIdle      = 60 * second  // TCP before it is established
	tcpIdle       = 300 * second //
	datagramIdle  = 60 * second  // UDP, ICMP and others
	reportEvery   = 60 * second  // interim reports, from the first packet on
	clockBackward = 60 * second  // a clock this far behind went back for good
)

// wheel looks after each connection in the slot of the first whole second at or after its due time, or before: a due time that moves away leaves
// the connection where it is, and the slot moves it when its second comes. One that comes nearer lists the connection a second time, in its new
// slot; conn.slot says which one counts, and the others are passed over. So nothing but the connection itself is touched between its seconds.
// Slots cover more time than the longest timeout.
type wheel struct {
	slots  slots
	tick   int64       // the last second that was worked off, or the one that is
	last   int64       // busy: the last second to work off
	busy   bool        // due connections are being worked off
	due    []dueEntry  // those of the second tick, in their order
	keys   []uint64    // scratch of sort, like sorted
	sorted []dueEntry  //
	at     int         // the next of them
	next   record.Time // start of the second after tick
	warm   uint32      // see touch
}

const wheelSlots = 512

type dueEntry struct {
	due   record.Time
	born  uint64
	entry uint32
}

func slotOf(due record.Time) int {
	return int(uint64(ceilSecond(due)) % wheelSlots)
}

func ceilSecond(ts record.Time) int64 {
	s := int64(ts.Floor(second) / second)
	if ts%second != 0 {
		s++
	}
	return s
}

// arm sees to it that a connection is looked after when it is due.
func (w *wheel) arm(e uint32, c *conn) {
	s := slotOf(c.due)
	if c.slot != 0 && w.ahead(int(c.slot)-1) <= w.ahead(s) {
		return
	}
	w.slots.add(s, e)
	c.slot = uint16(s + 1)
}

// ahead is how many seconds a slot has to wait for its turn.
func (w *wheel) ahead(s int) int {
	return int((uint64(s) - uint64(w.tick) - 1) % wheelSlots)
}

// rearm recomputes when a connection is due after packet time now.
func (t *Table) rearm(e uint32, c *conn, now record.Time) {
	c.due = t.deadline(c, now)
	t.wheel.arm(e, c)
}

// deadline is the earliest of the connection's end, its next interim report and the next timeout of its messages.
func (t *Table) deadline(c *conn, now record.Time) record.Time {
	k := max((now-c.first)/reportEvery, 0) + 1
	due := min(t.expiry(c), c.first+k*reportEvery)
	if c.talk != 0 {
		if m := t.talks.at(c.talk).due; m != 0 {
			due = min(due, m)
		}
	}
	return due
}

// expiry is when the connection ends if nothing more is seen of it.
func (t *Table) expiry(c *conn) record.Time {
	if c.proto != decode.ProtoTCP {
		return c.last + datagramIdle
	}
	o, r := c.origin(), c.responder()
	switch {
	case c.flags&flagClosed != 0:
		return c.last + closeDelay
	case o.bits&bitControl == 0 && r.bits&bitSeen == 0 && (o.state == tcpSYNSent || o.state == tcpSYNACKSent):
		return c.first + attemptDelay
	case o.state.handshake() && r.state.handshake():
		return c.last + openIdle
	}
	return c.last + tcpIdle
}

// settle does what is due for a connection at ts, and says whether the connection is over. The caller finishes it then.
func (t *Table) settle(e uint32, c *conn, ts record.Time) (over bool) {
	if t.expiry(c) <= ts || c.due > ts+wheelSlots*second {
		return true
	}
	if c.talk != 0 {
		t.messageTimeouts(c, ts)
	}
	// The next mark was at or after due, and less than one step after it: passing it shows in the number of whole steps.
	passed := (ts-c.first)/reportEvery > (c.due-1-c.first)/reportEvery
	if passed && c.side[0].pkts|c.side[1].pkts != 0 {
		t.report(c, false)
	}
	t.rearm(e, c, ts)
	return false
}

// Advance moves packet time to ts without a packet: timeouts and interim reports of the seconds passed, second by second, each
// in the order of due times, then of creation. Within a second nothing happens but to connections that get a packet.
func (t *Table) Advance(ts record.Time) {
	t.clock(ts)
	t.advance(ts)
}

// AdvanceSome is Advance in pieces, so that the records of connections that are due at once need not be held at once: it stops when about
// n records were made, at least one, and says whether it came to the end. Until it did, nothing else may be asked of the Table but to Drain.
func (t *Table) AdvanceSome(ts record.Time, n int) (done bool) {
	if w := &t.wheel; t.begun && !w.busy && ts < w.next {
		return true
	}
	t.clock(ts)
	return t.advanceSome(ts, max(n, 1))
}

// advance is Advance after sight was told what the minute before held.
func (t *Table) advance(ts record.Time) { t.advanceSome(ts, math.MaxInt) }

func (t *Table) advanceSome(ts record.Time, n int) (done bool) {
	w := &t.wheel
	if w.busy && !t.work(n) {
		return false
	}
	if ts < w.next && t.begun {
		t.now = max(t.now, ts)
		if ts < t.now-clockBackward {
			t.now = ts
			w.start(ts)
		}
		return true
	}
	t.now = ts
	if !t.begun {
		t.begun = true
		w.start(ts)
		return true
	}
	w.busy, w.last = true, min(int64(ts.Floor(second)/second), w.tick+wheelSlots)
	return t.work(n)
}

func (w *wheel) start(ts record.Time) {
	floor := ts.Floor(second)
	w.tick = int64(floor / second)
	w.next = floor + second
}

// work does what is due up to the second w.last, until n records were made.
func (t *Table) work(n int) (done bool) {
	w := &t.wheel
	before := t.Rows()
	for {
		now := record.Time(w.tick) * second
		for ; w.at < len(w.due); w.at++ {
			if t.Rows()-before >= n {
				return false
			}
			if w.at%warmGroup == 0 {
				w.touch(&t.index)
			}
			d := w.due[w.at]
			c := t.index.at(d.entry)
			if t.settle(d.entry, c, now) {
				t.finish(d.entry, c)
			}
		}
		if w.tick == w.last {
			break
		}
		w.tick++
		w.gather(&t.index)
	}
	w.busy, w.due, w.at = false, w.due[:0], 0
	w.start(t.now)
	t.ports.expire(t.now)
	for _, parts := range t.parts {
		t.expire(t.now, parts, t.now-fragmentsWait)
	}
	t.leaseTimeouts(t.now)
	return true
}

// gather lists the connections that are due in the second w.tick, in their order.
func (w *wheel) gather(x *index) {
	now := record.Time(w.tick) * second
	w.due, w.at = w.due[:0], 0
	s := int(uint64(w.tick) % wheelSlots)
	for list := w.slots.take(s); list != 0; {
		b := w.slots.block(list)
		for _, e := range b.entries[:b.n] {
			c := x.at(e)
			if int(c.slot) != s+1 {
				continue // ended, listed elsewhere, or met before in this slot
			}
			c.slot = 0
			if c.due > now+wheelSlots*second || c.due <= now && slotOf(c.due) == s {
				w.due = append(w.due, dueEntry{c.due, c.born, e})
			} else {
				w.arm(e, c)
			}
		}
		list = w.slots.release(list)
	}
	w.sort()
}

// sort puts the due connections in order: of due times, then of creation. They are mostly due in one second, so that a number holds when that is
// and the place in the list; numbers sort much faster than what they stand for.
func (w *wheel) sort() {
	start := record.Time(w.tick-1) * second
	w.keys = w.keys[:0]
	for i, d := range w.due {
		after := min(max(d.due-start, 0), 2*second) // those of other seconds are put in order below
		w.keys = append(w.keys, uint64(after)<<32|uint64(i))
	}
	slices.Sort(w.keys)
	w.sorted = slices.Grow(w.sorted[:0], len(w.due))
	for _, k := range w.keys {
		w.sorted = append(w.sorted, w.due[uint32(k)])
	}
	w.due, w.sorted = w.sorted, w.due
	for i := 1; i < len(w.due); i++ { // of equal keys there are few, or they are all from one packet's time and in order
		if k := i - 1; w.keys[i]>>32 == w.keys[k]>>32 {
			for i < len(w.due) && w.keys[i]>>32 == w.keys[k]>>32 {
				i++
			}
			slices.SortFunc(w.due[k:i], dueEntry.compare)
		}
	}
}

// compare orders by due time, then by creation.
func (d dueEntry) compare(o dueEntry) int {
	if d.due != o.due {
		return cmp.Compare(d.due, o.due)
	}
	return cmp.Compare(d.born, o.born)
}

// warmGroup is how many connections are fetched from memory at once.
const warmGroup = 16

// touch reads a little of the connections that are worked off next, so that the waits for memory overlap: nothing here depends on what is read.
func (w *wheel) touch(x *index) {
	for _, d := range w.due[w.at:min(w.at+warmGroup, len(w.due))] {
		c := x.at(d.entry)
		w.warm += c.side[0].pkts + c.side[1].pkts + uint32(x.slots[c.tag>>x.shift])
	}
}
