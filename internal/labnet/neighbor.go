package labnet

import (
	"encoding/binary"
	"net/netip"
)

const (
	second = int64(1e9)
	minute = 60 * second
	hour   = 60 * minute
)

// on gives the IPv4 address of a port's owner on that port's LAN.
func (r *run) on(p *port) netip.Addr {
	if p.v4.IsValid() && (p.node.role == roleRouter || !r.live[p.node.id].v4.IsValid()) {
		return p.v4
	}
	return r.live[p.node.id].v4
}

// remembers is how long a machine keeps a neighbour.
func remembers(n *node) int64 {
	switch {
	case n.role == roleRouter:
		return 20 * minute
	case n.stack.id == idGlobal:
		return 4 * minute
	default:
		return 90 * second
	}
}

// resolve makes sure that from knows to's card, asking if it must, and gives the time from which it does.
func (r *run) resolve(at int64, l *lan, from, to *port, six bool) int64 {
	if from.node.role == roleRemote || to.node.role == roleRemote {
		return at
	}
	known := r.live[from.node.id].known
	until, met := known[to]
	if until > at {
		return at
	}
	d := &r.live[from.node.id]
	life := remembers(from.node)
	life = d.span(life/2, life)
	if !met && at < r.from+30*minute && (to.node.role == roleRouter || from.node.role == roleRouter) && d.chance(0.8) {
		known[to] = at + d.span(0, life)
		return at
	}
	known[to] = at + life
	if back := r.live[to.node.id].known; back[from] < at+life/2 {
		back[from] = at + life/2
	}
	if six {
		return r.solicit(at, from, to)
	}
	if met && from.node.stack.id != idGlobal {
		r.askARP(at, from, to, to.mac)
		r.do(at+d.span(90_000, 400_000), func(r *run, at int64) { r.answerARP(at, to, from) })
		return at
	}
	r.askARP(at, from, to, broadcast)
	wait := d.span(90_000, 400_000)
	r.do(at+wait, func(r *run, at int64) { r.answerARP(at, to, from) })
	return at + wait + 70_000
}

// arp writes an ARP message for IPv4 over Ethernet (RFC 826).
func (r *run) arp(op uint16, sender, target card, src, dst netip.Addr) []byte {
	b := append(r.msg[:0], 0, 1, 8, 0, 6, 4)
	b = binary.BigEndian.AppendUint16(b, op)
	b = append(append(b, sender[:]...), src.AsSlice()...)
	b = append(append(b, target[:]...), dst.AsSlice()...)
	r.msg = b
	return b
}

func (r *run) askARP(at int64, from, to *port, dst card) {
	src, want := r.on(from), r.on(to)
	if !src.Is4() || !want.Is4() {
		return
	}
	to2 := to
	if dst == broadcast {
		to2 = nil
	}
	r.raw(at, from, to2, dst, typeARP, r.arp(1, from.mac, card{}, src, want))
}

func (r *run) answerARP(at int64, from, to *port) {
	src, dst := r.on(from), r.on(to)
	if !src.Is4() || !dst.Is4() {
		return
	}
	r.raw(at, from, to, to.mac, typeARP, r.arp(2, from.mac, to.mac, src, dst))
}

// announceARP is a machine telling everybody its address.
func (r *run) announceARP(at int64, p *port) {
	if src := r.on(p); src.Is4() {
		r.raw(at, p, nil, broadcast, typeARP, r.arp(1, p.mac, card{}, src, src))
	}
}

// probeARP asks for an address that nobody has, or tests one before taking it (src 0.0.0.0, RFC 5227).
func (r *run) probeARP(at int64, p *port, src, want netip.Addr) {
	if src.Is4() && want.Is4() {
		r.raw(at, p, nil, broadcast, typeARP, r.arp(1, p.mac, card{}, src, want))
	}
}

// sixOn gives the IPv6 address by which a neighbour is asked for.
func sixOn(p *port) netip.Addr {
	if p.node.role == roleRouter || len(p.node.v6) == 0 {
		return p.ll
	}
	return p.node.v6[len(p.node.v6)-1]
}

// solicitedNode gives the group that an address listens to (RFC 4291).
func solicitedNode(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom16([16]byte{0xff, 2, 11: 1, 12: 0xff, 13: b[13], 14: b[14], 15: b[15]})
}

// solicit is neighbour discovery (RFC 4861): a question to the group, an answer to the asker.
func (r *run) solicit(at int64, from, to *port) int64 {
	src, want := sixOn(from), sixOn(to)
	if !src.IsValid() || !want.IsValid() {
		return at
	}
	msg := neighborMessage(r.msg[:0], 135, 0, want, from.mac)
	r.msg = msg
	group := solicitedNode(want)
	r.shout(at, from, group, 255, r.icmpAt(from.node, src, group, msg))
	wait := r.live[from.node.id].span(90_000, 400_000)
	r.do(at+wait, func(r *run, at int64) {
		flags := byte(0x60)
		if to.node.role == roleRouter {
			flags |= 0x80
		}
		r.msg = neighborMessage(r.msg[:0], 136, flags, want, to.mac)
		r.local(at, to, from, want, src, r.msg)
	})
	return at + wait + 70_000
}

// local sends an ICMPv6 message to a neighbour with hop limit 255.
func (r *run) local(at int64, from, to *port, src, dst netip.Addr, msg []byte) {
	n := r.icmpAt(from.node, src, dst, msg)
	r.spoke(from.node)
	setHops(r.eth[14:14+n], 255)
	r.link(at, from.lan, from, to, to.mac, typeIPv6, n)
}

// neighborMessage writes a neighbour solicitation or advertisement with the link-layer address option.
func neighborMessage(b []byte, kind, flags byte, target netip.Addr, mac card) []byte {
	b = append(b, kind, 0, 0, 0, flags, 0, 0, 0)
	t := target.As16()
	b = append(b, t[:]...)
	option := byte(1)
	if kind == 136 {
		option = 2
	}
	return append(append(b, option, 1), mac[:]...)
}
