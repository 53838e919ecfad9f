package decode

// Protocol numbers of PPP (RFC 1661) that carry packets.
const (
	pppIPv4   = 0x0021
	pppIPv6   = 0x0057
	pppMPLS   = 0x0281
	pppMPLSMC = 0x0283
)

// rareLink reads the link types of serial lines; any other is not known.
func (p *Packet) rareLink(link uint16, data []byte) {
	switch link {
	case LinkPPP, LinkPPPHDLC:
		p.ppp(data, 0)
	case LinkPPPDirection: // in place of the address
		off := 0
		if len(data) >= 2 && data[0] <= 1 && data[1] == 3 {
			off = 2
		}
		p.ppp(data, off)
	case LinkPPPPrefix:
		p.ppp(data, min(1, len(data)))
	case LinkPPPoE:
		p.L2 = L2PPPoE
		p.Cut = p.wireCut
		p.pppoe(data, 0)
	case LinkCiscoHDLC:
		p.ciscoHDLC(data)
	default:
		p.Cut = p.wireCut
		p.Reason = UnknownLink
		return
	}
	p.castByAddress()
}

// ppp reads a PPP frame at off (RFC 1661, RFC 1662): address and control may be left out, and the first byte of the protocol.
func (p *Packet) ppp(data []byte, off int) {
	p.Cut = p.wireCut
	if len(data)-off >= 2 && data[off] == 0xff && data[off+1] == 3 {
		off += 2
	}
	if off >= len(data) || data[off]&1 == 0 && len(data)-off < 2 {
		p.truncated(TruncatedLink)
		return
	}
	protocol := uint16(data[off])
	if off++; protocol&1 == 0 {
		protocol = protocol<<8 | uint16(data[off])
		off++
	}
	switch protocol {
	case pppIPv4:
		p.EtherType = etherIPv4
		p.ipv4(data, off)
	case pppIPv6:
		p.EtherType = etherIPv6
		p.ipv6(data, off)
	case pppMPLS, pppMPLSMC:
		p.EtherType = etherMPLS
		p.L2 = L2MPLS
		p.mpls(data, off)
	default: // the control of the line itself, and others that carry no IP
		p.L2 = L2Other
		p.Reason = UnknownEtherType
	}
}

// ciscoHDLC reads the four bytes of Cisco's framing of serial lines: address, control, EtherType. Its keepalives (0x8035) and discovery (0x2000)
// have no EtherType of their own.
func (p *Packet) ciscoHDLC(data []byte) {
	p.Cut = p.wireCut
	if len(data) < 4 {
		p.truncated(TruncatedLink)
		return
	}
	switch kind := be16(data[2:]); {
	case data[0] != 0x0f && data[0] != 0x8f && data[0] != 0xff:
		p.L2 = L2Other
		p.Reason = UnknownEtherType
	case kind == 0x2000:
		p.L2 = L2CDP
	case kind <= maxLength:
		p.L2 = L2Other
		p.Reason = UnknownEtherType
	default:
		p.linkPayload(data, 4, kind)
	}
}
