package labnet

import (
	"encoding/binary"
	"net/netip"
)

// frame lays the Ethernet header around what r.eth holds and gives it to every tap on this link; n counts bytes after the header.
func (r *run) link(at int64, l *lan, from, to *port, dst card, kind uint16, n int) {
	made := 0
	for _, t := range r.taps {
		if !t.wants(at, l, from, to, r.flooded) {
			continue
		}
		if made == 0 {
			copy(r.eth[0:], dst[:])
			copy(r.eth[6:], from.mac[:])
			binary.BigEndian.PutUint16(r.eth[12:], kind)
			made = 14 + n
			if made < 60 {
				clear(r.eth[made:60])
				made = 60
			}
		}
		t.take(at, r.eth[:made], l.vlan)
	}
}

// anyone tells whether some tap sees this link.
func (r *run) anyone(at int64, l *lan, from, to *port) bool {
	for _, t := range r.taps {
		if t.wants(at, l, from, to, r.flooded) {
			return true
		}
	}
	return false
}

// raw sends a frame that is not IP (kind below 0x600 is an 802.3 length) to everybody on the sender's LAN, or to one port.
func (r *run) raw(at int64, from, to *port, dst card, kind uint16, body []byte) {
	r.spoke(from.node)
	copy(r.eth[14:], body)
	r.link(at, from.lan, from, to, dst, kind, len(body))
}

func (r *run) spoke(n *node) {
	r.report.Packets++
	if n.id < len(r.site.nodes) {
		r.live[n.id].spoke = true
	}
}

// carry sends the IP datagram of n bytes at r.eth[14:] along its way. out tells that it goes from the translated side outwards.
func (r *run) carry(at int64, from *node, p *path, n int, x *translation, out bool) {
	r.spoke(from)
	r.flooded = r.report.Packets%4099 == 0
	ip := r.eth[14 : 14+n]
	kind := uint16(typeIPv4)
	if ip[0]>>4 == 6 {
		kind = typeIPv6
	}
	translated := false
	for i := range p.n {
		l := &p.legs[i]
		if !r.anyone(at+l.lag, l.lan, l.from, l.to) {
			continue
		}
		if want := x != nil && l.lan.public; want != translated {
			to := x.inside
			if want {
				to = x.outside
			}
			translate(ip, out, to)
			translated = want
		}
		setHops(ip, from.stack.ttl-l.spent)
		r.link(at+l.lag, l.lan, l.from, l.to, l.to.mac, kind, n)
	}
	r.flooded = false
}

// shout sends the IP datagram of n bytes at r.eth[14:] to a group or to everybody on one LAN.
func (r *run) shout(at int64, from *port, group netip.Addr, hops uint8, n int) {
	r.spoke(from.node)
	ip := r.eth[14 : 14+n]
	setHops(ip, hops)
	dst, kind := groupMAC(group), uint16(typeIPv4)
	if group.Is6() {
		kind = typeIPv6
	} else if !group.IsMulticast() {
		dst = broadcast
	}
	r.link(at, from.lan, from, nil, dst, kind, n)
}

// shoutUDP sends a UDP message to a group.
func (r *run) shoutUDP(at int64, from *port, src, group netip.Addr, sport, dport uint16, hops uint8, msg []byte) {
	n := r.udpAt(from.node, src, group, sport, dport, msg)
	r.shout(at, from, group, hops, n)
}

// udpAt writes a UDP datagram into the frame and gives its IP length.
func (r *run) udpAt(from *node, src, dst netip.Addr, sport, dport uint16, msg []byte) int {
	ip := r.eth[14:]
	head := r.ipHead(from, ip, src, dst, protoUDP, 8+len(msg))
	u := ip[head:]
	binary.BigEndian.PutUint16(u, sport)
	binary.BigEndian.PutUint16(u[2:], dport)
	binary.BigEndian.PutUint16(u[4:], uint16(8+len(msg)))
	copy(u[8:], msg)
	n := head + 8 + len(msg)
	seal(ip[:n], head, 6, protoUDP)
	return n
}

// ipHead writes the IP header and gives its length.
func (r *run) ipHead(from *node, ip []byte, src, dst netip.Addr, proto uint8, n int) int {
	if src.Is6() {
		ip6(ip, src, dst, proto, 0, n)
		return 40
	}
	l := &r.live[from.id]
	l.ident++
	ip4(ip, src, dst, proto, l.ident, false, n)
	return 20
}

// icmpAt writes an ICMP or ICMPv6 message into the frame and gives its IP length.
func (r *run) icmpAt(from *node, src, dst netip.Addr, msg []byte) int {
	proto := uint8(protoICMP)
	if src.Is6() {
		proto = protoICMPv6
	}
	ip := r.eth[14:]
	head := r.ipHead(from, ip, src, dst, proto, len(msg))
	copy(ip[head:], msg)
	n := head + len(msg)
	seal(ip[:n], head, 2, proto)
	return n
}
