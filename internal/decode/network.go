package decode

import "encoding/binary"

// ipv4 reads an IPv4 packet (RFC 791) at off.
func (p *Packet) ipv4(data []byte, off int) {
	if len(data)-off < 20 {
		p.truncated(TruncatedNetwork)
		return
	}
	h := data[off : off+20 : off+20]
	if h[0]>>4 != 4 {
		p.Cut = p.wireCut
		p.Reason = BadIPVersion
		return
	}
	p.Net = IPv4
	p.IPHeader = off
	p.TOS = h[1]
	p.IPID = uint32(be16(h[4:6]))
	p.TTL = h[8]
	p.Proto = h[9]
	p.Src[10], p.Src[11] = 0xff, 0xff
	p.Dst[10], p.Dst[11] = 0xff, 0xff
	binary.NativeEndian.PutUint32(p.Src[12:16], binary.NativeEndian.Uint32(h[12:16]))
	binary.NativeEndian.PutUint32(p.Dst[12:16], binary.NativeEndian.Uint32(h[16:20]))

	header := int(h[0]&15) * 4
	total := int(be16(h[2:4]))
	switch {
	case header < 20:
		p.Cut = p.wireCut
		p.Reason = BadIPHeader
		return
	case total == 0: // left to the network card (segmentation offload): to the end of the frame
		total = len(data) - off
		p.Cut = p.wireCut
	case total < header:
		p.Cut = p.wireCut
		p.Reason = BadIPLength
		return
	default:
		p.Cut = total > len(data)-off
	}
	p.IPLen = total
	if len(data)-off < header {
		p.truncated(TruncatedNetwork)
		return
	}
	bits := be16(h[6:8])
	p.DontFragment = bits&0x4000 != 0
	if bits&0x3fff != 0 {
		p.Fragment = true
		p.MoreFragments = bits&0x2000 != 0
		p.FragOffset = bits & 0x1fff * 8
		p.FirstFragment, p.before = p.FragOffset == 0, p.layers
	}
	end := off + total
	captured := data[:min(len(data), end)]
	if p.Proto == ProtoAH && p.FragOffset == 0 {
		p.extensions(captured, off+header, end)
		return
	}
	p.transport(captured, off+header, end)
}

// ipv6 reads an IPv6 packet (RFC 8200) at off.
func (p *Packet) ipv6(data []byte, off int) {
	if len(data)-off < 40 {
		p.truncated(TruncatedNetwork)
		return
	}
	h := data[off : off+40 : off+40]
	if h[0]>>4 != 6 {
		p.Cut = p.wireCut
		p.Reason = BadIPVersion
		return
	}
	p.Net = IPv6
	p.IPHeader = off
	p.TOS = h[0]<<4 | h[1]>>4
	p.Proto = h[6]
	p.TTL = h[7]
	p.Src = Addr(h[8:24])
	p.Dst = Addr(h[24:40])
	total := 40 + int(be16(h[4:6]))
	if total == 40 && p.Proto != ProtoNoNext { // a jumbogram (RFC 2675) or segmentation offload: to the end of the frame
		total = len(data) - off
		p.Cut = p.wireCut
	} else {
		p.Cut = total > len(data)-off
	}
	p.IPLen = total
	end := off + total
	captured := data[:min(len(data), end)]
	if p.Proto == ProtoTCP || p.Proto == ProtoUDP {
		p.transport(captured, off+40, end)
		return
	}
	p.extensions(captured, off+40, end)
}

// extensions passes IPv6 extension headers, or authentication headers of either version, up to the transport header. data ends with the
// packet, or before it when that was cut; end is where the packet ends by its header.
func (p *Packet) extensions(data []byte, at, end int) {
	for {
		switch p.Proto {
		case ProtoHopByHop, ProtoRouting, ProtoDestOpts, ProtoFragment, ProtoAH, ProtoMobility, ProtoHIP, ProtoShim6:
		default:
			p.transport(data, at, end)
			return
		}
		if !p.deeper() {
			return
		}
		if end-at < 8 {
			p.Reason = BadIPHeader
			return
		}
		if len(data)-at < 8 {
			p.truncated(TruncatedNetwork)
			return
		}
		next := data[at]
		size := int(data[at+1])*8 + 8
		switch p.Proto {
		case ProtoFragment:
			size = 8
			p.fragment(data[at : at+8])
		case ProtoAH:
			size = int(data[at+1])*4 + 8
			p.Tunnel = TunnelAH
			p.TunnelID = be32(data[at+4:])
		case ProtoRouting:
			if data[at+3] != 0 {
				p.routed = true
			}
		}
		if size > end-at || size < 8 {
			p.Reason = BadIPHeader
			return
		}
		p.Proto = next
		at += size
		if at > len(data) {
			p.truncated(TruncatedNetwork)
			return
		}
		if p.Fragment && !p.FirstFragment {
			p.transport(data, at, end)
			return
		}
	}
}

// fragment takes over the eight bytes of an IPv6 fragment header. An atomic fragment (RFC 6946) is no fragment.
func (p *Packet) fragment(h []byte) {
	bits := be16(h[2:4])
	p.IPID = be32(h[4:8])
	p.FragOffset = bits &^ 7
	p.MoreFragments = bits&1 != 0
	p.Fragment = p.MoreFragments || p.FragOffset != 0
	p.FirstFragment = p.Fragment && p.FragOffset == 0
	p.before = p.layers
}

// arp reads an ARP message (RFC 826).
func (p *Packet) arp(data []byte, off int) {
	p.Net = ARP
	p.Cut = p.wireCut
	if len(data)-off < 8 {
		p.truncated(TruncatedNetwork)
		return
	}
	h := data[off:]
	if hardware := be16(h); (hardware != 1 && hardware != 6) || be16(h[2:]) != etherIPv4 || h[4] != 6 || h[5] != 4 {
		p.Reason = BadARP
		return
	}
	if len(h) < 28 {
		p.truncated(TruncatedNetwork)
		return
	}
	p.Cut = false // the message is whole; what may be missing is padding
	p.ARP = ARPMessage{
		Op:        be16(h[6:8]),
		SenderMAC: MAC(h[8:14]), SenderIP: AddrFrom4([4]byte(h[14:18])),
		TargetMAC: MAC(h[18:24]), TargetIP: AddrFrom4([4]byte(h[24:28])),
	}
}
