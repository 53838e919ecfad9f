package decode

import "encoding/binary"

const (
	etherIPv4   = 0x0800
	etherARP    = 0x0806
	etherIPv6   = 0x86dd
	etherVLAN   = 0x8100
	etherQinQ   = 0x88a8
	etherQinQ1  = 0x9100
	etherQinQ2  = 0x9200
	etherQinQ3  = 0x9300
	etherMPLS   = 0x8847
	etherMPLSMC = 0x8848
	etherPPPoE  = 0x8864
	etherSlow   = 0x8809
	etherFabric = 0x8903
	maxLength   = 1500 // an EtherType up to here is an 802.3 length
	minType     = 0x0600
)

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// ethernet reads an Ethernet II or 802.3 frame. Padding behind the payload is cut off by the layers above, which know their lengths.
func (p *Packet) ethernet(data []byte) {
	if len(data) < 14 {
		p.truncated(TruncatedLink)
		return
	}
	p.HasMAC = true
	p.DstMAC = MAC(data[0:6])
	p.SrcMAC = MAC(data[6:12])
	if p.DstMAC[0]&1 != 0 {
		p.Cast = Multicast
		if p.DstMAC.IsBroadcast() {
			p.Cast = Broadcast
		}
	}
	p.linkPayload(data, 14, be16(data[12:14]))
}

// cooked1 reads a Linux cooked capture header, version 1: 16 bytes.
func (p *Packet) cooked1(data []byte) {
	if len(data) < 16 {
		p.truncated(TruncatedLink)
		return
	}
	p.cooked(be16(data[0:2]), be16(data[2:4]), int(be16(data[4:6])), data[6:12])
	p.linkPayload(data, 16, be16(data[14:16]))
}

// cooked2 reads a Linux cooked capture header, version 2: 20 bytes.
func (p *Packet) cooked2(data []byte) {
	if len(data) < 20 {
		p.truncated(TruncatedLink)
		return
	}
	p.cooked(uint16(data[10]), be16(data[8:10]), int(data[11]), data[12:18])
	p.linkPayload(data, 20, be16(data[0:2]))
}

// cooked takes over the packet type, device type and sender address of a cooked header.
func (p *Packet) cooked(packetType, device uint16, addrLen int, addr []byte) {
	p.cookedLink = true
	if addrLen == 6 && device == 1 { // Ethernet; loopback devices have a zero address of no meaning
		p.HasMAC = true
		p.SrcMAC = MAC(addr)
	}
	switch packetType {
	case 0, 4:
		p.Own = true
	case 1:
		p.Cast = Broadcast
	case 2:
		p.Cast = Multicast
	}
}

// loopback reads the four bytes of a BSD loopback header. With hostOrder the byte order is that of the capturing machine.
func (p *Packet) loopback(data []byte, hostOrder bool) {
	if len(data) < 4 {
		p.truncated(TruncatedLink)
		return
	}
	family := be32(data)
	if hostOrder && family > 0xffff {
		family = binary.LittleEndian.Uint32(data)
	}
	switch family {
	case 2:
		p.EtherType = etherIPv4
		p.ipv4(data, 4)
	case 10, 24, 28, 30: // Linux, NetBSD and OpenBSD, FreeBSD, Darwin
		p.EtherType = etherIPv6
		p.ipv6(data, 4)
	default:
		p.Cut = p.wireCut
		p.Reason = UnknownEtherType
	}
	p.castByAddress()
}

// rawIP reads IP without a link header, the version taken from its first byte.
func (p *Packet) rawIP(data []byte, off int) {
	if len(data) <= off {
		p.truncated(TruncatedNetwork)
		return
	}
	p.ipByVersion(data, off)
	p.castByAddress()
}

// ipByVersion reads the IP packet at off by its version field.
func (p *Packet) ipByVersion(data []byte, off int) {
	if off >= len(data) {
		p.truncated(TruncatedNetwork)
		return
	}
	switch data[off] >> 4 {
	case 4:
		p.ipv4(data, off)
	case 6:
		p.ipv6(data, off)
	default:
		p.Cut = p.wireCut
		p.Reason = BadIPVersion
	}
}

// castByAddress sets Cast where no link header says it.
func (p *Packet) castByAddress() {
	switch {
	case p.Net != IPv4 && p.Net != IPv6:
	case p.Dst.IsMulticast():
		p.Cast = Multicast
	case p.Dst.IsBroadcast4():
		p.Cast = Broadcast
	}
}

// linkPayload reads what an EtherType announces, tags first.
func (p *Packet) linkPayload(data []byte, off int, etherType uint16) {
	for {
		p.EtherType = etherType
		switch etherType {
		case etherIPv4:
			p.ipv4(data, off)
			return
		case etherIPv6:
			p.ipv6(data, off)
			return
		case etherVLAN, etherQinQ, etherQinQ1, etherQinQ2, etherQinQ3:
			if !p.deeper() {
				p.Cut = p.wireCut
				return
			}
			if len(data)-off < 4 {
				p.truncated(TruncatedLink)
				return
			}
			if p.VLANs < len(p.VLAN) {
				p.VLAN[p.VLANs] = be16(data[off:]) & 0x0fff
			}
			p.VLANs++
			etherType = be16(data[off+2:])
			off += 4
		case etherARP:
			p.arp(data, off)
			return
		default:
			p.rareLinkPayload(data, off, etherType)
			return
		}
	}
}

// rareLinkPayload reads what is neither IP nor ARP nor a tag.
func (p *Packet) rareLinkPayload(data []byte, off int, etherType uint16) {
	p.Cut = p.wireCut
	switch {
	case etherType <= maxLength:
		p.llc(data, off, int(etherType))
	case etherType < minType:
		p.L2 = L2Other
		p.Reason = UnknownEtherType
	case etherType == etherMPLS || etherType == etherMPLSMC:
		p.L2 = L2MPLS
		p.mpls(data, off)
	case etherType == etherPPPoE:
		p.L2 = L2PPPoE
		p.pppoe(data, off)
	case etherType == etherFabric:
		p.fabricPath(data, off)
	case etherType == etherSlow:
		p.L2 = L2Slow
		if off < len(data) && data[off] == 1 {
			p.L2 = L2LACP
		}
	default:
		p.L2 = l2ByEtherType(etherType)
		if p.L2 == L2Other {
			p.Reason = UnknownEtherType
		}
	}
}

// llc reads an 802.2 header (ISO 8802-2) and, behind SNAP, what its EtherType announces; length is the 802.3 length. In cooked captures length is a small protocol number, of which 1 is
// raw 802.3 and 4 is 802.2: for those the captured bytes bound it.
func (p *Packet) llc(data []byte, off, length int) {
	p.EtherType = 0
	if p.cookedLink {
		if length != 1 && length != 4 {
			p.L2 = L2Other
			p.Reason = UnknownEtherType
			return
		}
		length = len(data) - off
	}
	p.L2 = L2OtherLLC
	end := min(len(data), off+length)
	if end-off < 3 {
		p.Reason = TruncatedLink
		return
	}
	h := data[off:end]
	if h[0] == 0xff && h[1] == 0xff {
		p.L2 = L2IPX
		return
	}
	if h[0] != 0xaa || h[1] != 0xaa {
		p.L2 = l2ByLLC(h[0])
		return
	}
	if len(h) < 8 {
		p.Reason = TruncatedLink
		return
	}
	oui, pid := be32(h[2:6])&0xffffff, be16(h[6:8])
	if oui != 0 && oui != 0x0000f8 {
		p.L2 = l2BySNAP(oui, pid)
		return
	}
	if !p.deeper() {
		return
	}
	p.L2 = L2None
	if pid < minType {
		p.L2 = L2OtherLLC
		return
	}
	p.linkPayload(data[:end], off+8, pid)
}

// mpls passes the label stack (RFC 3032) and reads the IP packet below it, if its first nibble says it is one.
func (p *Packet) mpls(data []byte, off int) {
	for {
		if !p.deeper() {
			return
		}
		if len(data)-off < 4 {
			p.truncated(TruncatedLink)
			return
		}
		bottom := data[off+2]&1 != 0
		off += 4
		if bottom {
			break
		}
	}
	if off < len(data) && (data[off]>>4 == 4 || data[off]>>4 == 6) {
		p.ipByVersion(data, off)
		return
	}
	p.Reason = UnknownEtherType
}

// fabricPath passes the tree and hop count of a Cisco FabricPath header and reads the Ethernet frame behind it. The addresses before it are
// numbers of switches and their ports; the machines' are those of the frame inside.
func (p *Packet) fabricPath(data []byte, off int) {
	if !p.deeper() {
		return
	}
	if len(data)-off < 2+14 {
		p.truncated(TruncatedLink)
		return
	}
	inner := off + 2
	p.HasMAC, p.Cast = true, Unicast
	p.DstMAC, p.SrcMAC = MAC(data[inner:inner+6]), MAC(data[inner+6:inner+12])
	switch {
	case p.DstMAC.IsBroadcast():
		p.Cast = Broadcast
	case p.DstMAC[0]&1 != 0:
		p.Cast = Multicast
	}
	p.linkPayload(data, inner+14, be16(data[inner+12:]))
}

// pppoe passes a PPPoE session header (RFC 2516) and reads the IP packet in it; other PPP protocols are left alone.
func (p *Packet) pppoe(data []byte, off int) {
	if len(data)-off < 8 {
		p.truncated(TruncatedLink)
		return
	}
	switch be16(data[off+6:]) {
	case 0x0021:
		p.ipv4(data, off+8)
	case 0x0057:
		p.ipv6(data, off+8)
	}
}
