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

// wheel holds each connection in the slot of the first whole second at or after its due time. Being due is checked lazily: a packet does not
// move its connection, the slot does when its second comes. Slots cover more time than the longest timeout.
type wheel struct {
	heads [wheelSlots]uint32 // entry + 1
	tick  int64              // the last second that was worked off, or the one that is
	last  int64              // busy: the last second to work off
	busy  bool               // due connections are being worked off
	due   []dueEntry         // those of the second tick
	at    int                // the next of them
	next  record.Time        // start of the second after tick
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

func (w *wheel) link(x *index, e uint32, c *conn) {
	head := &w.heads[slotOf(c.due)]
	c.prev, c.next = 0, *head
	if c.next != 0 {
		x.at(c.next - 1).prev = e + 1
	}
	*head = e + 1
}

func (w *wheel) unlink(x *index, c *conn) {
	if c.prev != 0 {
		x.at(c.prev - 1).next = c.next
	} else {
		w.heads[slotOf(c.due)] = c.next
	}
	if c.next != 0 {
		x.at(c.next - 1).prev = c.prev
	}
	c.prev, c.next = 0, 0
}

// rearm recomputes when a connection is due after packet time now, and moves it there.
func (t *Table) rearm(e uint32, c *conn, now record.Time) {
	due := t.deadline(c, now)
	if due == c.due {
		return
	}
	t.wheel.unlink(&t.index, c)
	c.due = due
	t.wheel.link(&t.index, e, c)
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
	for e := w.heads[uint64(w.tick)%wheelSlots]; e != 0; {
		c := x.at(e - 1)
		if c.due <= now || c.due > now+wheelSlots*second {
			w.due = append(w.due, dueEntry{c.due, c.born, e - 1})
		}
		e = c.next
	}
	slices.SortFunc(w.due, func(a, b dueEntry) int {
		if a.due != b.due {
			return cmp.Compare(a.due, b.due)
		}
		return cmp.Compare(a.born, b.born)
	})
}
