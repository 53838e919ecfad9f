package flow

import (
	"candor/internal/decode"
	"candor/internal/record"
)

// datagram takes a packet of anything but a whole TCP segment.
func (t *Table) datagram(e uint32, c *conn, from int, ts record.Time, p *decode.Packet) {
	c.side[from].top += payloadOf(p)
	if p.Tunnel != decode.TunnelNone {
		c.services |= tunnelService(p.Tunnel)
	}
	if c.proto != decode.ProtoUDP {
		return
	}
	if c.side[from].letters&hasData == 0 {
		c.once(from, hasData, 'D')
	}
	if p.HasTransport && len(p.Payload) > 0 && !p.Fragment { // see join
		t.udpMessage(e, c, from, ts, p)
	}
}

// payloadOf is the payload length that counts as orig_bytes or resp_bytes of datagrams; of later fragments all they carry. A TCP segment that
// comes here had no whole header.
func payloadOf(p *decode.Packet) uint64 {
	if p.Proto == decode.ProtoTCP {
		return 0
	}
	return uint64(max(p.PayloadLen, 0))
}
