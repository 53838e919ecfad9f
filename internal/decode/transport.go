package decode

// transport reads the header of p.Proto at at. data ends with the packet, or before it when that was cut; end is where the packet ends
// by its header. Later fragments have no transport header.
func (p *Packet) transport(data []byte, at, end int) {
	p.payload(data, at, end)
	if p.Fragment && !p.FirstFragment {
		return
	}
	switch p.Proto {
	case ProtoTCP:
		p.tcp(data, at, end)
	case ProtoUDP:
		p.udp(data, at, end)
	case ProtoICMP:
		p.icmp(data, at, end)
	case ProtoICMPv6:
		if p.icmp(data, at, end); p.HasTransport && p.TTL == 255 && p.Net == IPv6 {
			p.neighbour(data[at:])
		}
	case ProtoSCTP:
		p.ports(data, at, end, 12)
	case ProtoDCCP:
		p.ports(data, at, end, 12)
	case ProtoUDPLite:
		p.ports(data, at, end, 8)
	case ProtoGRE:
		p.gre(data, at, end)
	case ProtoIPIP:
		p.inner(TunnelIPIP, LinkRaw, data, at)
	case ProtoIPv6:
		kind := Tunnel6in4
		if p.Net == IPv6 {
			kind = TunnelIPIP
		}
		p.inner(kind, LinkRaw, data, at)
	case ProtoESP:
		p.Tunnel = TunnelESP
		if len(data)-at >= 4 {
			p.TunnelID = be32(data[at:])
		}
	case ProtoL2TP:
		p.Tunnel = TunnelL2TP
	case ProtoIGMP, ProtoNoNext, ProtoEIGRP, ProtoOSPF, ProtoPIM, ProtoVRRP:
	default:
		p.Reason = UnknownTransport
	}
}

// payload sets Payload and PayloadLen to what lies between from and end.
func (p *Packet) payload(data []byte, from, end int) {
	p.PayloadLen = end - from
	if from < len(data) {
		p.Payload = data[from:]
	} else {
		p.Payload = nil
	}
}

// fits checks that a fixed transport header of n bytes lies within the packet and within the captured bytes. Two ports at its start are
// taken over as soon as they were captured.
func (p *Packet) fits(data []byte, at, end, n int) bool {
	captured := len(data) - at
	if captured >= n {
		p.HasTransport = true
		p.TransportAt = at
		return true
	}
	if end-at < n {
		p.Reason = BadTransport
	} else {
		p.truncated(TruncatedTransport)
	}
	if captured >= 4 && p.Proto != ProtoICMP && p.Proto != ProtoICMPv6 {
		p.SrcPort = be16(data[at:])
		p.DstPort = be16(data[at+2:])
	}
	return false
}

// tcp reads a TCP header (RFC 9293).
func (p *Packet) tcp(data []byte, at, end int) {
	if !p.fits(data, at, end, 20) {
		return
	}
	h := data[at : at+20 : at+20]
	p.SrcPort = be16(h[0:2])
	p.DstPort = be16(h[2:4])
	p.Seq = be32(h[4:8])
	p.Ack = be32(h[8:12])
	p.Flags = h[13]
	p.Window = be16(h[14:16])
	header := int(h[12]>>4) * 4
	if header < 20 || header > end-at {
		p.Reason = BadTransport
		p.payload(data, at+20, end)
		return
	}
	if header > 20 {
		p.TCPOptions = data[at+20 : min(len(data), at+header)]
	}
	p.payload(data, at+header, end)
}

// udp reads a UDP header (RFC 768) and looks for tunnels behind it.
func (p *Packet) udp(data []byte, at, end int) {
	if !p.fits(data, at, end, 8) {
		return
	}
	h := data[at : at+8 : at+8]
	p.SrcPort = be16(h[0:2])
	p.DstPort = be16(h[2:4])
	length := int(be16(h[4:6]))
	switch {
	case length == 0: // a jumbogram or segmentation offload: to the end of the packet
	case length < 8:
		p.Reason = BadTransport
	case length > end-at:
		if !p.Fragment {
			p.Reason = BadTransport
		}
	case length < end-at:
		end = at + length
		data = data[:min(len(data), end)]
	}
	p.payload(data, at+8, end)
	p.udpTunnel(at + 8)
}

// ports reads a transport header of which only the ports are wanted; size is that of the fixed header.
func (p *Packet) ports(data []byte, at, end, size int) {
	if !p.fits(data, at, end, size) {
		return
	}
	p.SrcPort = be16(data[at:])
	p.DstPort = be16(data[at+2:])
	p.payload(data, at+size, end)
}

// icmp reads the first eight bytes of an ICMP or ICMPv6 message (RFC 792, RFC 4443).
func (p *Packet) icmp(data []byte, at, end int) {
	if len(data)-at >= 2 {
		p.ICMPType = data[at]
		p.ICMPCode = data[at+1]
	}
	if p.fits(data, at, end, 8) {
		p.payload(data, at+8, end)
	}
}

// TCPOptions is what the options of a TCP header say (RFC 9293, RFC 7323, RFC 2018).
type TCPOptions struct {
	HasMSS, HasWindowScale, SACKPermitted, HasTimestamps bool
	WindowScale                                          uint8  // shift of the window
	MSS                                                  uint16 // bytes
	TSVal, TSEcr                                         uint32
}

// ReadTCPOptions reads p.TCPOptions. It stops at the first option that does not fit; what was read before stands.
func (p *Packet) ReadTCPOptions() (o TCPOptions) {
	b := p.TCPOptions
	for len(b) > 0 {
		if b[0] == 0 {
			break
		}
		if b[0] == 1 {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			break
		}
		v := b[2:b[1]]
		switch {
		case b[0] == 2 && len(v) == 2:
			o.HasMSS, o.MSS = true, be16(v)
		case b[0] == 3 && len(v) == 1:
			o.HasWindowScale, o.WindowScale = true, v[0]
		case b[0] == 4 && len(v) == 0:
			o.SACKPermitted = true
		case b[0] == 8 && len(v) == 8:
			o.HasTimestamps, o.TSVal, o.TSEcr = true, be32(v), be32(v[4:])
		}
		b = b[b[1]:]
	}
	return o
}
