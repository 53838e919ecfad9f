package labnet

import "encoding/binary"

// fill tells what the bytes of a turn after its literal part look like.
type fillKind uint8

const (
	fillRaw  fillKind = iota // bytes that look random
	fillTLS                  // TLS application data records
	fillSMB                  // encrypted SMB 3 messages
	fillZero                 // an idle connection's keepalive probe: no new byte
)

// turn is what one side says before the other side speaks.
type turn struct {
	by   int      // 0 the originator, 1 the responder
	wait int64    // nanoseconds of thinking before
	lit  []byte   // exact first bytes
	n    int      // bytes in all
	kind fillKind // the bytes after lit
}

// Sizes of the messages that longer fillings are made of.
const (
	tlsRecord = 16384 + 17 + 5
	smbUnit   = 65536
	smbHead   = 4 + 52
)

func say(by int, wait int64, lit []byte) turn { return turn{by: by, wait: wait, lit: lit, n: len(lit)} }

// sealed is a turn of about n bytes of application data in TLS records.
func sealed(by int, wait int64, n int) turn {
	n = max(n, 40)
	if rest := n % tlsRecord; rest > 0 && rest < 40 {
		n += 40
	}
	return turn{by: by, wait: wait, n: n, kind: fillTLS}
}

// shared is a turn of n bytes of encrypted SMB.
func shared(by int, wait int64, n int) turn {
	n = max(n, smbHead+64)
	if rest := n % smbUnit; rest > 0 && rest < smbHead+64 {
		n += smbHead + 64
	}
	return turn{by: by, wait: wait, n: n, kind: fillSMB}
}

// fill writes the bytes of the turn from off on into b; the same off always gives the same bytes.
func (t *turn) fill(pool, b []byte, off int) {
	k := 0
	if off < len(t.lit) {
		k = copy(b, t.lit[off:])
	}
	if k == len(b) {
		return
	}
	rest, at := b[k:], off+k-len(t.lit)
	for n, from := 0, (at+t.n*31)%len(pool); n < len(rest); from = 0 {
		n += copy(rest[n:], pool[from:])
	}
	switch t.kind {
	case fillTLS:
		t.heads(rest, at, tlsRecord, 5)
	case fillSMB:
		t.heads(rest, at, smbUnit, smbHead)
	}
}

// heads lays the message headers over a piece of filling that starts at offset at.
func (t *turn) heads(b []byte, at, unit, size int) {
	total := t.n - len(t.lit)
	for start := at / unit * unit; start < at+len(b); start += unit {
		if start+size <= at {
			continue
		}
		var h [smbHead]byte
		length := min(unit, total-start)
		if t.kind == fillTLS {
			h[0], h[1], h[2] = 23, 3, 3
			binary.BigEndian.PutUint16(h[3:], uint16(length-5))
		} else {
			binary.BigEndian.PutUint32(h[:], uint32(length-4))
			copy(h[4:], "\xfdSMB")
			copy(h[8:36], "sgn0sgn1sgn2sgn3nonce0123456")
			binary.LittleEndian.PutUint32(h[40:], uint32(length-smbHead))
			h[46] = 1
			binary.LittleEndian.PutUint64(h[48:], 0x4000_0000_0041)
		}
		for i := range size {
			if p := start + i - at; p >= 0 && p < len(b) {
				b[p] = h[i]
			}
		}
	}
}

// ending is how a connection goes.
type ending uint8

const (
	endOrigFIN ending = iota
	endRespFIN
	endOrigRST
	endRespRST
	endOpen    // nobody closes it
	endRefused // answered by a reset
	endSilent  // not answered at all
)

type phase uint8

const (
	phaseSyn phase = iota
	phaseSynAck
	phaseAck
	phaseData
	phaseRepair
	phaseRepairAck
	phaseProbe
	phaseFIN
	phaseFIN2
	phaseFIN3
)

// conn is one TCP connection: its script and how far it has come.
type conn struct {
	talk
	phase  phase
	turns  []turn
	more   func(r *run, c *conn, at int64) []turn // asked when the script has run out; nil ends it
	done   func(r *run, at int64)                 // told when the last packet has been sent
	end    ending
	middle bool  // it was open before the run began
	gap    int64 // between segments of a burst
	loss   float64
	tries  int

	turn   turn
	base   uint32 // sequence number of the turn's first byte
	data   cursor
	acks   cursor
	hole   int  // segment lost on its way to us, -1 none
	tail   bool // the last segment is lost beyond us
	parts  int  // segments of the turn
	size   int  // bytes of a full segment
	burst  int  // segments in flight at most
	last   bool // the last acknowledgement is sent alone
	next   [2]uint32
	rcv    [2]uint32
	free   [2]int64 // when each side can speak next
	react  [2]int64 // how long after a packet of a side the other's answer can come
	mss    [2]int
	heard  [2]uint32
	ident  [2]uint16
	label  [2]uint32
	offer  string
	stamps bool
	scaled bool
}

// cursor walks over the segments of a turn with the time of each: bursts that double each round trip.
type cursor struct {
	i       int
	t       int64
	round   int64
	in      int
	width   int
	lastAck int64
}

// open starts a connection at a time: it resolves neighbours first. The caller sets script and ending before events fire.
func (r *run) open(at int64, a, b *node, six bool, dport uint16) *conn {
	c := &conn{talk: r.newTalk(a, b, six, dport, true), hole: -1}
	d := &r.live[a.id]
	c.next = [2]uint32{uint32(d.next()), uint32(d.next())}
	c.ident = [2]uint16{uint16(d.next()), uint16(d.next())}
	c.label = [2]uint32{uint32(d.next()), uint32(d.next())}
	c.react = [2]int64{c.turnaround(false) + d.span(20_000, 250_000), c.turnaround(true) + d.span(20_000, 250_000)}
	c.mss = [2]int{a.stack.mss, b.stack.mss}
	if six {
		c.mss[0], c.mss[1] = c.mss[0]-20, c.mss[1]-20
	}
	c.offer = "m"
	if a.stack.stamps && b.stack.stamps {
		c.stamps, c.offer = true, c.offer+"t"
	}
	if a.stack.scale >= 0 && b.stack.scale >= 0 {
		c.scaled, c.offer = true, c.offer+"w"
	}
	if a.stack.scale >= 0 {
		c.offer += "s"
	}
	c.size = min(c.mss[0], c.mss[1])
	if c.stamps {
		c.size -= 12
	}
	c.burst = max(min(int(min(a.stack.window, b.stack.window))/c.size, 40), 2)
	c.gap = d.span(11_700, 14_000)
	if a.role == roleRemote || b.role == roleRemote {
		c.gap, c.loss = d.span(60_000, 900_000), 0.006
	}
	r.at(r.ready(at, &c.talk), c)
	return c
}

// resume makes a connection that was open before the run began.
func (c *conn) resume(at int64) {
	c.middle, c.phase = true, phaseData
	c.rcv = [2]uint32{c.next[1], c.next[0]}
	c.free = [2]int64{at, at}
	c.parts = 0
}

// fire does what is due and plans what comes next.
func (c *conn) fire(r *run, at int64) {
	if r.site.roaming && c.src != r.address(c.a, c.src.Is6()) && c.a.role == roleClient {
		c.over(r, at) // the machine has left, or has another address now
		return
	}
	switch c.phase {
	case phaseSyn:
		c.sayHello(r, at)
	case phaseSynAck:
		c.answerHello(r, at)
	case phaseAck:
		c.rcv[0] = c.next[1]
		r.segment(c, at, 0, flagACK, c.next[0], 0, 0)
		c.free = [2]int64{at + 15_000, at + c.react[0]}
		c.phase = phaseData
		c.begin(r, at)
	case phaseData:
		if c.middle {
			c.middle = false
			c.begin(r, at)
			return
		}
		c.exchange(r, at)
	case phaseRepair:
		c.repair(r, at)
	case phaseRepairAck:
		s := c.turn.by
		c.rcv[1-s] = c.next[s]
		r.segment(c, at, 1-s, flagACK, c.next[1-s], 0, 0)
		c.free = [2]int64{at + c.react[0], at + c.react[0]}
		c.phase = phaseData
		c.begin(r, at)
	case phaseProbe:
		s := c.turn.by
		r.segment(c, at, 1-s, flagACK, c.next[1-s], 0, 0)
		c.free = [2]int64{at + c.react[1], at + c.react[1]}
		c.phase = phaseData
		c.begin(r, at)
	default:
		c.close(r, at)
	}
}

func (c *conn) sayHello(r *run, at int64) {
	r.segment(c, at, 0, flagSYN, c.next[0], 0, 0)
	switch {
	case c.end == endSilent:
		c.tries++
		if c.tries == 4 {
			c.over(r, at)
			return
		}
		r.at(at+int64(1<<(c.tries-1))*1e9, c)
	default:
		c.next[0]++
		c.phase = phaseSynAck
		r.at(at+c.react[0], c)
	}
}

func (c *conn) answerHello(r *run, at int64) {
	c.rcv[1] = c.next[0]
	if c.end == endRefused {
		r.segment(c, at, 1, flagRST|flagACK, 0, 0, 0)
		c.over(r, at)
		return
	}
	r.segment(c, at, 1, flagSYN|flagACK, c.next[1], 0, 0)
	c.next[1]++
	c.phase = phaseAck
	r.at(at+c.react[1], c)
}

// begin takes the next turn of the script, or starts the end.
func (c *conn) begin(r *run, at int64) {
	if len(c.turns) == 0 && c.more != nil {
		c.turns = c.more(r, c, at)
		if c.turns == nil {
			c.more = nil
		}
	}
	if len(c.turns) == 0 {
		c.phase = phaseFIN
		by := 0
		if c.end == endRespFIN || c.end == endRespRST {
			by = 1
		}
		r.at(c.free[by]+200_000, c)
		return
	}
	c.turn, c.turns = c.turns[0], c.turns[1:]
	s := c.turn.by
	if c.turn.n > c.size && c.turn.n%c.size == 1 {
		c.size-- // a last segment of one byte looks like a keepalive probe
	}
	start := max(c.free[s], at) + c.turn.wait
	c.rcv[s] = c.next[1-s]
	c.base = c.next[s]
	c.parts = (c.turn.n + c.size - 1) / c.size
	c.data = cursor{t: start, round: start, width: min(10, c.burst)}
	c.acks = c.data
	c.hole, c.tail = -1, false
	c.next[s] += uint32(c.turn.n)
	c.luckOf(r)
	c.last = true
	if len(c.turns) > 0 && c.turns[0].by != s && c.turns[0].wait < 40e6 && c.turns[0].kind != fillZero && !c.tail && c.hole < 0 {
		c.last = false
	}
	r.at(start, c)
}

// luckOf decides whether the turn loses a segment on the long way.
func (c *conn) luckOf(r *run) {
	if c.loss == 0 || c.parts == 0 {
		return
	}
	d := &r.live[c.a.id]
	if !d.chance(c.loss * float64(min(c.parts, 10))) {
		return
	}
	sender := c.a
	if c.turn.by == 1 {
		sender = c.b
	}
	if sender.role != roleRemote {
		c.tail = true
	} else if c.parts > 5 {
		c.hole = c.parts - 1 - d.between(3, min(8, c.parts-2))
	}
}

// over ends the connection's events.
func (c *conn) over(r *run, at int64) {
	if c.x != nil && c.fromInside {
		r.nat.free(c.x.outside.Port())
	}
	if c.done != nil {
		c.done(r, at)
	}
}
