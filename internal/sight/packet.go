package sight

import (
	"candor/internal/decode"
	"candor/internal/record"
)

// packet accounts for an IP packet: volume, places, cards, hosts.
func (b *Builder) packet(ts record.Time, p *decode.Packet, duplicate bool) {
	w := &b.whole
	if !duplicate {
		w[record.Packets]++
		w[record.Bytes] += uint64(p.IPLen)
	}
	if p.Fragment {
		w[record.Fragments]++
	}
	if p.Tunnel != decode.TunnelNone && !duplicate {
		b.tunnel(p)
	}
	if p.ND.Kind != decode.NDNone {
		b.neighbour(ts, p, b.sender(p))
		return
	}
	e := b.path(ts, p)
	b.families(p, e.from, e.to)
	b.traffic(p, e.from, e.to)
	if p.Proto != decode.ProtoTCP {
		return
	}
	if e.to >= 0 && p.Flags&decode.ACK != 0 && p.Flags&decode.RST == 0 {
		b.peer(e, ts, p)
	}
	if p.Flags&(decode.SYN|decode.ACK) == decode.SYN && b.isClient(e.from) {
		b.stack(p)
	}
}

// InnerFrame accounts for a packet inside a tunnel: for the hosts that it shows, in passing. Its volume is that of the packet around it; cards
// and hop distances inside are of another network than the sensor's.
func (b *Builder) InnerFrame(ts record.Time, p *decode.Packet) {
	b.advance(ts)
	if p.Reason != decode.OK {
		b.reasons[p.Reason]++
	}
	if p.Net != decode.IPv4 && p.Net != decode.IPv6 || p.ND.Kind != decode.NDNone {
		return
	}
	src, dst := b.places.of(p.Src), b.places.of(p.Dst)
	if src >= 0 {
		if h := b.host(ts, p.Src, src); h != nil {
			h.flags |= record.SeenInPassing
			if p.Cast == decode.Unicast {
				h.flags |= record.SeenSpoke
			}
		}
	}
	if dst >= 0 && p.Proto == decode.ProtoTCP && p.Flags&decode.ACK != 0 && p.Flags&decode.RST == 0 {
		if h := b.host(ts, p.Dst, dst); h != nil {
			h.flags |= record.SeenInPassing
		}
	}
	if p.Proto == decode.ProtoTCP && p.Flags&(decode.SYN|decode.ACK) == decode.SYN && b.isClient(src) {
		b.stack(p)
	}
}

// isClient reports whether the stacks and connections of a place's addresses are kept one by one: those of ours. Without an
// agreement nobody knows which public addresses are ours, so all are kept.
func (b *Builder) isClient(at place) bool {
	return at != atLink && (at != atInternet || b.places.scope.Assumed)
}

// families counts by address family and place; v6 data leaves out link-local and multicast talk.
func (b *Builder) families(p *decode.Packet, src, dst place) {
	all, inside, public := record.Packets4, record.Inside4, record.Public4
	if p.Net == decode.IPv6 {
		all, inside, public = record.Packets6, record.Inside6, record.Public6
		if src == atLink {
			return
		}
	}
	w := &b.whole
	w[all]++
	switch {
	case src >= 0 || dst >= 0:
		w[inside]++
	case src == atOwnPublic || dst == atOwnPublic:
		w[public]++
	case p.Net == decode.IPv4 && (src == atPrivate || dst == atPrivate):
		w[record.Foreign4]++
	case p.Net == decode.IPv4 && src == atInternet && dst == atInternet:
		w[record.Transit4]++
	}
	if src >= 0 {
		b.segments[src][all]++
	}
	if dst >= 0 && dst != src {
		b.segments[dst][all]++
	}
}

// traffic tells management, announcements and people's traffic apart by port.
func (b *Builder) traffic(p *decode.Packet, src, dst place) {
	w := &b.whole
	switch {
	case announcement(p):
		w[record.Announced]++
	case p.Cast != decode.Unicast || dst == atLink:
	case !crossing(src, dst) && (managementPort(p.Proto, p.SrcPort) || managementPort(p.Proto, p.DstPort)):
		if !strangers(src, dst) {
			w[record.MgmtPackets]++
		}
	default:
		w[record.UserPackets]++
	}
	if p.Cast == decode.Unicast && (src == atInternet || dst == atInternet) {
		w[record.InternetPackets]++
	}
}

// crossing reports whether a packet goes between us and the Internet: who scans strangers for telnet cares for no gear.
func crossing(src, dst place) bool { return (src == atInternet) != (dst == atInternet) }

// strangers reports whether both ends are Internet addresses: whether that is gear of somebody's, or a server with visitors,
// cannot be told.
func strangers(src, dst place) bool { return src == atInternet && dst == atInternet }

// announcement reports whether a packet is a host speaking to its own link: mDNS, LLMNR, NetBIOS, SSDP, WS-Discovery,
// DHCP client.
func announcement(p *decode.Packet) bool {
	if p.Proto != decode.ProtoUDP || p.Cast == decode.Unicast {
		return false
	}
	switch p.DstPort {
	case 5353, 5355, 137, 138, 1900, 3702, 67, 547:
		return true
	}
	return false
}

// managementPort reports whether a port belongs to the care of network gear rather than to its users.
func managementPort(proto uint8, port uint16) bool {
	switch port {
	case 22, 23, 49, 123, 161, 162, 514, 623, 830, 1645, 1646, 1812, 1813, 2055, 3799, 4739, 6343, 6514, 9995, 9996:
		return proto == decode.ProtoTCP || proto == decode.ProtoUDP
	case 69:
		return proto == decode.ProtoUDP
	}
	return false
}

func (b *Builder) tunnel(p *decode.Packet) {
	b.tunnels[p.Tunnel] += uint64(p.IPLen)
	if p.Tunnel.Sealed() {
		b.whole[record.SealedBytes] += uint64(p.IPLen)
	} else {
		b.whole[record.TunnelBytes] += uint64(p.IPLen)
	}
}

// arp ties a sender to its card: an ARP sender is on this link.
func (b *Builder) arp(ts record.Time, p *decode.Packet, sender *card) {
	w := &b.whole
	w[record.ARPFrames]++
	if p.Reason != decode.OK || p.ARP.SenderIP.IsUnspecified() {
		return
	}
	if sender != nil && p.ARP.Op == 1 && p.Cast != decode.Unicast && p.ARP.SenderIP != p.ARP.TargetIP {
		sender.asked++
	}
	at := b.places.of(p.ARP.SenderIP)
	if at < 0 {
		w[record.ARPOther]++
		return
	}
	w[record.ARPInside]++
	b.segments[at][record.ARPInside]++
	b.direct(ts, p.ARP.SenderIP, p.ARP.SenderMAC, at)
}

// neighbour accounts for IPv6 neighbour discovery (RFC 4861): the same tie as ARP, and the sign that a segment speaks IPv6.
func (b *Builder) neighbour(ts record.Time, p *decode.Packet, sender *card) {
	nd := &p.ND
	if nd.Kind == decode.NDRouterAdvertisement {
		b.whole[record.RouterAdverts]++
		if nd.HasPrefix {
			if at := b.places.of(nd.Prefix); at >= 0 {
				b.segments[at][record.RouterAdverts]++
			} else if at != atLink {
				b.whole[record.StrangeAdverts]++
			}
		}
		return
	}
	if nd.Kind != decode.NDNeighbourSolicitation && nd.Kind != decode.NDNeighbourAdvertisement {
		return
	}
	if sender != nil && nd.Kind == decode.NDNeighbourSolicitation && p.Cast != decode.Unicast && !p.Src.IsUnspecified() {
		sender.asked++
	}
	if src := b.places.of(p.Src); src >= 0 {
		b.direct(ts, p.Src, p.SrcMAC, src)
	}
	at := b.places.of(nd.Target)
	if at == atLink {
		return
	}
	b.whole[record.Neighbour]++
	if at >= 0 {
		b.segments[at][record.Neighbour]++
		if nd.Kind == decode.NDNeighbourAdvertisement && nd.HasLinkAddr {
			b.direct(ts, nd.Target, nd.LinkAddr, at)
			if nd.FromRouter {
				b.router(nd.Target)
			}
		}
	}
}
