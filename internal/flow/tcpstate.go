package flow

import "candor/internal/decode"

// tcpState is what one end of a TCP connection has done, with Zeek's meanings.
type tcpState uint8

const (
	tcpInactive   tcpState = iota // nothing seen of it
	tcpSYNSent                    // sent a SYN
	tcpSYNACKSent                 // the originator's first was a SYN-ACK
	tcpPartial                    // seen in the middle of the connection
	tcpOpen                       // Zeek: established
	tcpClosed                     // sent a FIN
	tcpReset                      // sent a RST
)

// handshake says that the end has not finished its part of the handshake.
func (s tcpState) handshake() bool { return s <= tcpSYNACKSent }

func (s tcpState) inactive() bool { return s == tcpInactive || s == tcpPartial }

func (e *side) enter(s tcpState) {
	if s != e.state {
		e.was, e.state = e.state, s
	}
}

// connState is Zeek's conn_state of a connection as of now.
func (c *conn) connState() string {
	o, r := c.origin(), c.responder()
	switch c.proto {
	case decode.ProtoTCP:
		return tcpConnState(o, r)
	case decode.ProtoUDP:
		switch {
		case o.bits&bitSeen != 0 && r.bits&bitSeen != 0:
			return "SF"
		case o.bits&bitSeen != 0:
			return "S0"
		}
		return "SHR"
	}
	return "OTH"
}

func tcpConnState(o, r *side) string {
	switch {
	case r.state == tcpReset:
		switch {
		case o.state == tcpSYNSent, o.state == tcpSYNACKSent, o.state == tcpReset && o.size(r) == 0 && r.size(o) == 0:
			return "REJ"
		case o.state.inactive():
			return "RSTRH"
		}
		return "RSTR"
	case o.state == tcpReset:
		if r.state.inactive() {
			return "RSTOS0"
		}
		return "RSTO"
	case r.state == tcpClosed && o.state == tcpClosed:
		return "SF"
	case o.state == tcpClosed:
		if r.state.inactive() {
			return "SH"
		}
		return "S2"
	case r.state == tcpClosed:
		if o.state.inactive() {
			return "SHR"
		}
		return "S3"
	case o.state == tcpSYNSent && r.state == tcpInactive:
		return "S0"
	case o.state == tcpOpen && r.state == tcpOpen:
		return "S1"
	}
	return "OTH"
}

// size is the payload an end sent, by sequence numbers; peer is the other end.
func (e *side) size(peer *side) uint64 {
	if e.state == tcpInactive || e.bits&bitBased == 0 {
		return 0
	}
	if e.was == tcpSYNSent && e.state == tcpReset && peer.state == tcpInactive && e.acked > 1 {
		return 0 // a half-open connection was noticed and given up: its numbers mislead
	}
	n := max(e.top, e.acked)
	if n > 0 {
		n-- // the SYN
	}
	if n > 0 && e.bits&bitFIN != 0 {
		n--
	}
	return n
}

// step moves the state of the end that sent a packet, and says whether that closes the end. It may flip the roles.
func (c *conn) step(from int, p *decode.Packet) (closes bool) {
	me, peer := &c.side[from], &c.side[1-from]
	switch me.state {
	case tcpInactive:
		return c.stepInactive(from, p)
	case tcpSYNSent, tcpSYNACKSent:
		if p.Flags&decode.FIN != 0 {
			me.enter(tcpClosed)
			closes = true
		}
		if p.Flags&decode.RST != 0 {
			me.enter(tcpReset)
			closes = true
		}
	case tcpOpen, tcpPartial:
		if p.Flags&(decode.SYN|decode.ACK) == decode.SYN && me.state == tcpPartial && peer.state == tcpInactive {
			me.enter(tcpSYNSent)
		}
		if p.Flags&decode.RST != 0 {
			me.enter(tcpReset)
			return true
		}
		if p.Flags&decode.FIN != 0 {
			me.enter(tcpClosed)
			if peer.state == tcpReset && peer.was == tcpClosed {
				peer.enter(tcpClosed) // a FIN, then a RST: a normal end after all
			}
			return true
		}
	case tcpClosed:
		if p.Flags&decode.RST != 0 && peer.state != tcpClosed {
			me.enter(tcpReset)
			return me.bits&bitClosed == 0
		}
	}
	return closes
}

// stepInactive takes the first packet of an end.
func (c *conn) stepInactive(from int, p *decode.Packet) (closes bool) {
	me, peer := &c.side[from], &c.side[1-from]
	orig := from == int(c.orig)
	if p.Flags&decode.SYN != 0 {
		switch {
		case orig && p.Flags&decode.ACK != 0:
			me.enter(tcpSYNACKSent)
		case orig:
			me.enter(tcpSYNSent)
		default:
			if p.Flags&decode.ACK == 0 && peer.state == tcpSYNACKSent {
				// SYN and SYN-ACK arrived in the wrong order.
				c.orig = uint8(from)
				c.mark('^')
				peer.enter(tcpOpen)
			}
			if peer.state == tcpSYNSent {
				peer.enter(tcpOpen)
			}
			me.enter(tcpOpen)
		}
	}
	if p.Flags&decode.FIN != 0 {
		me.enter(tcpClosed)
		closes = true
	}
	if p.Flags&decode.RST != 0 {
		me.enter(tcpReset)
		closes = true
	}
	if me.state != tcpInactive {
		return closes
	}
	switch {
	case !orig && p.PayloadLen == 0 && peer.state == tcpSYNSent: // some acknowledge a SYN before they answer it
	case p.Flags&decode.ACK != 0 && peer.state == tcpOpen: // the SYN was missed, not the SYN-ACK
		me.enter(tcpOpen)
	default:
		me.enter(tcpPartial)
	}
	return closes
}

// closed notes that an end closed, and says whether the whole connection did: both ends, a reset, or the only end there is.
func (c *conn) closed(from int) bool {
	me, peer := &c.side[from], &c.side[1-from]
	if me.bits&bitClosed != 0 {
		return false
	}
	me.bits |= bitClosed
	return me.state == tcpReset || peer.bits&bitClosed != 0 || peer.state == tcpInactive
}
