package flow

import (
	"candor/internal/decode"
	"candor/internal/record"
)

const (
	bigJump  = 1 << 20 // Zeek's TOO_LARGE_SEQ_DELTA: a SYN or RST this far off says nothing about the stream
	wildJump = 1 << 30 // no loss is this large between two packets: a forged or broken number
)

// tcp takes one TCP segment of a connection.
func (t *Table) tcp(e uint32, c *conn, from int, ts record.Time, p *decode.Packet) {
	me, peer := &c.side[from], &c.side[1-from]
	fl := p.Flags
	span := segmentSpan(p)
	c.base(from, p, span)
	rel := me.relative(p.Seq)
	c.noteFlags(from, p, rel)
	if p.Window == 0 && fl&decode.RST == 0 && peer.state != tcpClosed && me.state != tcpReset {
		c.scaled(from, &me.zeroWins, 'W')
	}
	if (me.bits&peer.bits)&bitClosed == 0 {
		c.last = max(c.last, ts)
	}
	if fl&decode.FIN != 0 {
		me.bits |= bitFIN
	}
	if fl&decode.SYN == 0 {
		me.bits |= bitControl
	}
	if p.PayloadLen > 0 && fl&decode.RST == 0 {
		me.bits |= bitData
	}
	if fl&decode.ACK != 0 {
		t.acknowledge(c, from, ts, p)
	}
	t.occupy(c, from, p, rel, span)
	was := [2]tcpState{me.state, peer.state}
	closes := c.step(from, p)
	if p.PayloadLen > 0 && fl&decode.RST == 0 && rel >= 0 && c.flags&flagQuiet == 0 {
		at := uint64(rel)
		if fl&decode.SYN != 0 {
			at++
		}
		t.hear(e, c, from, ts, at, p)
	}
	if c.talk != 0 {
		t.settleHoles(c, ts, false)
	}
	if closes && c.closed(from) {
		c.flags |= flagClosed
	}
	if was != [2]tcpState{me.state, peer.state} {
		t.rearm(e, c, ts)
	}
}

// segmentSpan is the sequence space a segment takes: payload, SYN and FIN; the payload of a RST is not part of the stream.
func segmentSpan(p *decode.Packet) uint64 {
	n := uint64(max(p.PayloadLen, 0))
	if p.Flags&decode.RST != 0 {
		n = 0
	}
	if p.Flags&decode.SYN != 0 {
		n++
	}
	if p.Flags&decode.FIN != 0 {
		n++
	}
	return n
}

// relative places a sequence number near the highest seen; negative before the start.
func (e *side) relative(seq uint32) int64 {
	return int64(e.top) + int64(int32(seq-(e.start+uint32(e.top))))
}

// base sets where an end's sequence numbers start: at its SYN, else one before its first packet. A SYN with another number starts anew.
func (c *conn) base(from int, p *decode.Packet, span uint64) {
	me := &c.side[from]
	syn := p.Flags&decode.SYN != 0
	switch me.state {
	case tcpInactive:
		me.bits |= bitBased
		me.acked = 0
		if syn {
			me.start, me.top = p.Seq, span
		} else {
			me.start, me.top = p.Seq-1, 1
		}
	case tcpSYNSent, tcpSYNACKSent, tcpOpen, tcpPartial:
		if syn && p.Seq != me.start {
			me.start, me.top, me.acked = p.Seq, span, 0
		}
	case tcpReset:
		if syn && me.was == tcpInactive {
			me.start, me.top, me.acked = p.Seq, span, 0
		}
	}
}

// noteFlags adds the history letters that follow from flags and payload.
func (c *conn) noteFlags(from int, p *decode.Packet, rel int64) {
	me := &c.side[from]
	switch p.Flags & (decode.SYN | decode.FIN | decode.RST) {
	case 0:
		switch {
		case p.PayloadLen > 0:
			if me.letters&hasData == 0 {
				c.once(from, hasData, 'D')
			}
		case p.Flags&decode.ACK != 0 && me.letters&hasACK == 0:
			c.once(from, hasACK, 'A')
		}
	case decode.SYN:
		l := byte('S')
		if p.Flags&decode.ACK != 0 {
			l = 'H'
		}
		c.repeated(from, hasSYN, l, &me.lastSYN, uint32(rel))
	case decode.FIN:
		c.repeated(from, hasFIN, 'F', &me.lastFIN, uint32(rel)+uint32(p.PayloadLen))
	case decode.RST:
		c.repeated(from, hasRST, 'R', &me.lastRST, uint32(rel))
	default:
		if p.Flags&(decode.FIN|decode.RST) == decode.FIN|decode.RST {
			c.once(from, hasFINRST, 'I')
		} else {
			c.once(from, hasMulti, 'Q')
		}
	}
}

// repeated adds a letter at its first occurrence, and again when it comes with another sequence number.
func (c *conn) repeated(from int, bit letterSet, l byte, last *uint32, at uint32) {
	if c.once(from, bit, l) && *last != at {
		c.letter(from, l)
	}
	*last = at
}

// occupy moves the top of what an end has sent, notes bytes jumped over and retransmissions.
func (t *Table) occupy(c *conn, from int, p *decode.Packet, rel int64, span uint64) {
	me := &c.side[from]
	end := rel + int64(span)
	delta := end - int64(me.top)
	fl := p.Flags
	if rel > int64(me.top) && fl&(decode.RST|decode.SYN) == 0 && me.state != tcpReset && c.flags&flagFragmented == 0 {
		// A connection seen from a keep-alive on begins one byte early.
		if keepAlive := me.top == 1 && rel == 2 && me.letters&hasSYN == 0; !keepAlive {
			t.openHole(c, from, me.top, uint64(rel))
		}
	}
	switch {
	case fl&(decode.SYN|decode.RST) != 0 && (delta > bigJump || delta < -bigJump):
	case fl&decode.FIN != 0 && me.top == 1 && end > 0:
		me.top = uint64(end) // only SYN and FIN were seen, perhaps of a very long stream
	case me.state == tcpReset:
	case delta > 0:
		me.top = uint64(end)
	case p.PayloadLen > 0 && delta <= 0 && fl&decode.RST == 0:
		c.scaled(from, &me.rexmits, 'T')
	}
	if c.talk != 0 && span > 0 && rel >= 0 {
		t.fillHole(c, from, uint64(rel), uint64(end))
	}
}

// acknowledge takes the acknowledgement number of a segment that end from sent, about what the peer sent.
func (t *Table) acknowledge(c *conn, from int, ts record.Time, p *decode.Packet) {
	peer := &c.side[1-from]
	if peer.state == tcpInactive {
		if peer.bits&bitBased == 0 {
			peer.bits |= bitBased
			peer.start, peer.top, peer.acked = p.Ack-1, 1, 1
			return
		}
		ack := int64(peer.acked) + int64(int32(p.Ack-(peer.start+uint32(peer.acked))))
		if ack > int64(peer.acked) && ack < int64(peer.acked)+wildJump && p.Flags&decode.RST == 0 {
			peer.acked = uint64(ack)
			if peer.acked >= 3 { // two bytes: one alone may be a FIN
				peer.bits |= bitAcked
			}
		}
		return
	}
	ack := int64(peer.acked) + int64(int32(p.Ack-(peer.start+uint32(peer.acked))))
	if p.Flags&decode.RST != 0 || ack <= int64(peer.acked) || p.Ack == 0 && ack > int64(peer.acked)+bigJump {
		return
	}
	to, lowest := uint64(ack), max(peer.acked, 1)
	peer.acked = to
	if to >= 3 || to >= 2 && peer.bits&bitData != 0 {
		peer.bits |= bitAcked
	}
	payload := to
	if peer.bits&bitFIN != 0 && to >= peer.top || to == peer.top+1 { // the last number is that of a FIN, seen or missed
		payload--
	}
	if payload <= lowest || peer.state == tcpReset || c.flags&flagFragmented != 0 || to > peer.top+wildJump {
		return
	}
	if t.acks.checked++; t.acks.checked >= acksAtOnce {
		t.tellAcks()
	}
	if payload > peer.top || c.talk != 0 {
		t.ackHoles(c, 1-from, ts, payload)
	}
}

// reused says whether a SYN begins a new connection between the ends of an old one.
func (t *Table) reused(c *conn, from int, p *decode.Packet, again bool) bool {
	if p.Proto != decode.ProtoTCP || p.Flags&decode.SYN == 0 || again || !p.HasTransport || p.Reason != decode.OK {
		return false
	}
	o, r := c.origin(), c.responder()
	first := o
	if p.Flags&decode.ACK != 0 {
		if o.state != tcpInactive {
			return false
		}
		first = r
	}
	if o.bits&r.bits&bitClosed != 0 {
		return true
	}
	if p.Seq == first.start {
		return false
	}
	reversed := p.Flags&decode.ACK == 0 && o.state == tcpSYNACKSent && r.state == tcpInactive && p.Seq == r.start
	return !reversed
}
