package decode

// neighbour reads a neighbour discovery message (RFC 4861) from its ICMPv6 type on. Captured bytes that end early give what was read.
func (p *Packet) neighbour(b []byte) {
	if p.ICMPCode != 0 || p.Fragment { // fragments of it must be ignored (RFC 6980)
		return
	}
	var options int
	switch p.ICMPType {
	case 133:
		p.ND.Kind, options = NDRouterSolicitation, 8
	case 134:
		p.ND.Kind, options = NDRouterAdvertisement, 16
		p.ND.RouterLifetime = be16(b[6:])
		p.ND.FromRouter = p.ND.RouterLifetime > 0
	case 135:
		p.ND.Kind, options = NDNeighbourSolicitation, 24
	case 136:
		p.ND.Kind, options = NDNeighbourAdvertisement, 24
		p.ND.FromRouter = b[4]&0x80 != 0
	case 137:
		p.ND.Kind, options = NDRedirect, 40
	default:
		return
	}
	if p.ICMPType >= 135 {
		if len(b) < 24 {
			p.ND = Neighbour{}
			return
		}
		p.ND.Target = Addr(b[8:24])
	}
	if len(b) > options {
		p.neighbourOptions(b[options:])
	}
}

// neighbourOptions reads link addresses and the first prefix. Each option takes at least eight bytes, so the packet bounds their number.
func (p *Packet) neighbourOptions(b []byte) {
	for len(b) >= 8 {
		size := int(b[1]) * 8
		if size == 0 || size > len(b) {
			return
		}
		switch {
		case (b[0] == 1 || b[0] == 2) && size == 8:
			advert := p.ND.Kind == NDNeighbourAdvertisement || p.ND.Kind == NDRedirect
			if (b[0] == 2) == advert {
				p.ND.HasLinkAddr = true
				p.ND.LinkAddr = MAC(b[2:8])
			}
		case b[0] == 3 && size == 32 && p.ND.Kind == NDRouterAdvertisement && !p.ND.HasPrefix:
			p.ND.HasPrefix = true
			p.ND.PrefixLen = min(b[2], 128)
			p.ND.OnLink = b[3]&0x80 != 0
			p.ND.Autonomous = b[3]&0x40 != 0
			p.ND.Prefix = Addr(b[16:32])
		}
		b = b[size:]
	}
}
