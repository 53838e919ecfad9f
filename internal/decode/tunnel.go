package decode

// Ports by which tunnels over UDP are recognised.
const (
	portOpenVPN = 1194
	portL2TP    = 1701
	portGTPU    = 2152
	portTeredo  = 3544
	portESP     = 4500
	portVXLAN   = 4789
	portGeneve  = 6081
	portVXLANl  = 8472 // what Linux used before the number was given
)

// inner notes a tunnel whose inner part of the given link type starts at at; captured bytes that end before leave it closed.
func (p *Packet) inner(kind Tunnel, link uint16, data []byte, at int) {
	p.Tunnel = kind
	if at < len(data) {
		p.InnerLink = link
		p.InnerOffset = at
	}
}

// gre reads a GRE header (RFC 2784, RFC 2890); version 1 carries compressed PPP and stays closed.
func (p *Packet) gre(data []byte, at, end int) {
	p.Tunnel = TunnelGRE
	if end-at < 4 {
		p.Reason = BadTransport
		return
	}
	if len(data)-at < 4 {
		p.truncated(TruncatedTransport)
		return
	}
	flags, kind := be16(data[at:]), be16(data[at+2:])
	p.HasTransport = true
	p.TransportAt = at
	if flags&7 != 0 || flags&0x4000 != 0 { // version 1, or the routing that RFC 2784 took away
		return
	}
	start := at + 4
	if flags&0x8000 != 0 {
		start += 4
	}
	if flags&0x2000 != 0 {
		if start+4 <= len(data) {
			p.TunnelID = be32(data[start:])
		}
		start += 4
	}
	sequenced := flags&0x1000 != 0
	if sequenced {
		start += 4
	}
	if start > end {
		p.Reason = BadTransport
		return
	}
	p.payload(data, start, end)
	p.greInner(kind, sequenced, data, start)
}

// greInner opens what the protocol type of a GRE header announces.
func (p *Packet) greInner(kind uint16, sequenced bool, data []byte, start int) {
	switch kind {
	case etherIPv4:
		p.inner(TunnelGRE, LinkIPv4, data, start)
	case etherIPv6:
		p.inner(TunnelGRE, LinkIPv6, data, start)
	case 0x6558:
		p.inner(TunnelGRE, LinkEthernet, data, start)
	case 0x88be:
		if sequenced { // type II has a header of its own, type I none
			start += 8
		}
		p.inner(TunnelERSPAN, LinkEthernet, data, start)
	case 0x22eb:
		p.Tunnel = TunnelERSPAN
		if start+12 > len(data) {
			return
		}
		if data[start+11]&1 != 0 { // a platform header follows
			start += 8
		}
		p.inner(TunnelERSPAN, LinkEthernet, data, start+12)
	}
}

// udpTunnel looks for a tunnel in p.Payload, which starts at at. The form of the header is checked beside the port.
func (p *Packet) udpTunnel(at int) {
	b := p.Payload
	if len(b) == 0 {
		return
	}
	switch {
	case p.DstPort == portVXLAN || p.DstPort == portVXLANl:
		if len(b) >= 8 && b[0]&0x08 != 0 && b[7] == 0 {
			p.TunnelID = be32(b[4:]) >> 8
			p.innerUDP(TunnelVXLAN, LinkEthernet, at, 8)
			return
		}
	case p.DstPort == portGeneve:
		if len(b) >= 8 && b[0]>>6 == 0 {
			p.geneve(at)
			return
		}
	case p.SrcPort == portESP || p.DstPort == portESP:
		if len(b) == 1 && b[0] == 0xff && p.PayloadLen == 1 {
			p.Tunnel = TunnelESPinUDP // keepalive
		} else if len(b) >= 4 && be32(b) != 0 { // four zero bytes mark key exchange, which is no tunnel
			p.Tunnel = TunnelESPinUDP
			p.TunnelID = be32(b)
		}
		return
	case p.SrcPort == portGTPU || p.DstPort == portGTPU:
		if len(b) >= 8 && b[0]&0xf0 == 0x30 {
			p.gtpu(at)
			return
		}
	case p.SrcPort == portTeredo || p.DstPort == portTeredo:
		if p.teredo(at) {
			return
		}
	case p.SrcPort == portL2TP || p.DstPort == portL2TP:
		if version := len(b) >= 6 && (b[1]&15 == 2 || b[1]&15 == 3 || be32(b) != 0); version {
			p.Tunnel = TunnelL2TP
			return
		}
	case p.SrcPort == portOpenVPN || p.DstPort == portOpenVPN:
		if op := b[0] >> 3; op >= 1 && op <= 11 && p.PayloadLen >= 14 {
			p.Tunnel = TunnelOpenVPN
			return
		}
	}
	p.wireGuard(b)
}

// innerUDP notes a tunnel whose inner part starts header bytes into the payload at at.
func (p *Packet) innerUDP(kind Tunnel, link uint16, at, header int) {
	p.Tunnel = kind
	if header < len(p.Payload) {
		p.InnerLink = link
		p.InnerOffset = at + header
	}
}

// geneve reads a Geneve header (RFC 8926) of at least eight captured bytes.
func (p *Packet) geneve(at int) {
	b := p.Payload
	p.Tunnel = TunnelGeneve
	p.TunnelID = be32(b[4:]) >> 8
	header := 8 + int(b[0]&0x3f)*4
	switch be16(b[2:]) {
	case 0x6558:
		p.innerUDP(TunnelGeneve, LinkEthernet, at, header)
	case etherIPv4:
		p.innerUDP(TunnelGeneve, LinkIPv4, at, header)
	case etherIPv6:
		p.innerUDP(TunnelGeneve, LinkIPv6, at, header)
	}
}

// gtpu reads a GTP-U header (3GPP TS 29.281) of at least eight captured bytes; messages other than user data stay closed.
func (p *Packet) gtpu(at int) {
	b := p.Payload
	p.Tunnel = TunnelGTPU
	p.TunnelID = be32(b[4:])
	if b[1] != 0xff {
		return
	}
	header := 8
	if b[0]&7 != 0 {
		header = 12
		for depth := 0; b[0]&4 != 0 && depth < MaxLayers; depth++ {
			if header > len(b) || b[header-1] == 0 {
				break
			}
			if header >= len(b) || b[header] == 0 {
				return
			}
			header += int(b[header]) * 4
		}
	}
	if header < len(b) && (b[header]>>4 == 4 || b[header]>>4 == 6) {
		p.innerUDP(TunnelGTPU, LinkRaw, at, header)
	}
}

// teredo reads the indications of Teredo (RFC 4380) and the IPv6 packet behind them; it says whether the payload has that form.
func (p *Packet) teredo(at int) bool {
	b := p.Payload
	header := 0
	if len(b) >= 13 && be16(b) == 1 { // authentication
		header = 13 + int(b[2]) + int(b[3])
	}
	if len(b) >= header+8 && be16(b[header:]) == 0 { // origin
		header += 8
	}
	if header >= len(b) || b[header]>>4 != 6 {
		return false
	}
	p.innerUDP(TunnelTeredo, LinkIPv6, at, header)
	return true
}

// wireGuard recognises the four message types of WireGuard by type, zero bytes and length, on any port. Data messages have the weakest
// form, so those are not looked for on ports under 1024, where other protocols fit it by chance; the handshake is.
func (p *Packet) wireGuard(b []byte) {
	if len(b) < 4 || b[0] == 0 || b[0] > 4 || b[1]|b[2]|b[3] != 0 {
		return
	}
	n := p.PayloadLen
	switch {
	case b[0] == 1 && n == 148, b[0] == 2 && n == 92, b[0] == 3 && n == 64:
	case b[0] == 4 && n >= 32 && n%16 == 0 && p.SrcPort >= 1024 && p.DstPort >= 1024:
	default:
		return
	}
	p.Tunnel = TunnelWireGuard
}
