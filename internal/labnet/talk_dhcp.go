package labnet

import (
	"encoding/binary"
	"net/netip"
)

// DHCP message types (RFC 2131).
const (
	dhcpDiscover = 1
	dhcpOffer    = 2
	dhcpRequest  = 3
	dhcpAck      = 5
)

// dhcpText is what one DHCP message says.
type dhcpText struct {
	kind   byte
	xid    uint32
	client netip.Addr // the address it already has
	yours  netip.Addr
	relay  netip.Addr
	server netip.Addr
	wanted netip.Addr
	lease  uint32
	mask   int
	router netip.Addr
	dns    netip.Addr
	name   string
	mac    card
}

func appendAddr(b []byte, a netip.Addr) []byte {
	if !a.Is4() {
		return append(b, 0, 0, 0, 0)
	}
	v := a.As4()
	return append(b, v[:]...)
}

// appendDHCP writes a message of at least 300 bytes.
func appendDHCP(b []byte, t *dhcpText) []byte {
	op := byte(1)
	if t.kind == dhcpOffer || t.kind == dhcpAck {
		op = 2
	}
	hops := byte(0)
	if t.relay.IsValid() && op == 1 {
		hops = 1
	}
	start := len(b)
	b = append(b, op, 1, 6, hops)
	b = binary.BigEndian.AppendUint32(b, t.xid)
	b = append(b, 0, 0, 0, 0)
	for _, a := range []netip.Addr{t.client, t.yours, noAddr, t.relay} {
		b = appendAddr(b, a)
	}
	b = append(b, t.mac[:]...)
	b = append(b, make([]byte, 10+64+128)...)
	b = append(b, 99, 130, 83, 99, 53, 1, t.kind)
	if op == 1 {
		b = append(append(b, 61, 7, 1), t.mac[:]...)
		b = append(append(b, 12, byte(len(t.name))), t.name...)
		if t.wanted.IsValid() {
			b = appendAddr(append(b, 50, 4), t.wanted)
		}
		b = append(b, 55, 6, 1, 3, 6, 15, 119, 252)
	}
	if t.server.IsValid() {
		b = appendAddr(append(b, 54, 4), t.server)
	}
	if op == 2 {
		b = append(b, 51, 4)
		b = binary.BigEndian.AppendUint32(b, t.lease)
		b = append(b, 1, 4)
		b = binary.BigEndian.AppendUint32(b, ^uint32(0)<<(32-t.mask))
		b = appendAddr(append(b, 3, 4), t.router)
		b = appendAddr(append(b, 6, 4), t.dns)
	}
	b = append(b, 255)
	for len(b)-start < 300 {
		b = append(b, 0)
	}
	return b
}

// leaseText fills in what an answer to n's request says.
func (r *run) leaseText(n *node, kind byte, xid uint32, server netip.Addr) dhcpText {
	t := dhcpText{
		kind: kind, xid: xid, yours: r.live[n.id].v4, server: server, lease: uint32(r.site.lease / second),
		mask: n.port.lan.prefix.Bits(), router: n.port.lan.gate[0].v4, mac: n.port.mac,
	}
	if res := r.resolverOf(n); res != nil {
		t.dns = res.v4
	}
	return t
}

// obtain is the whole conversation of a machine that has no lease: discover, offer, request, acknowledge, by broadcast, through
// the router as relay where the server is elsewhere. then is called when it has its address.
func (r *run) obtain(n *node, at int64, then func(r *run, at int64)) {
	srv := r.site.dhcp
	if srv == nil || !n.v4.IsValid() {
		then(r, at)
		return
	}
	d := &r.live[n.id]
	ask := dhcpText{kind: dhcpDiscover, xid: uint32(d.next()), name: n.name, mac: n.port.mac, wanted: r.live[n.id].v4}
	xid := ask.xid
	r.dhcpRound(n, at, ask, dhcpOffer, func(r *run, at int64) {
		ask := dhcpText{kind: dhcpRequest, xid: xid, name: n.name, mac: n.port.mac, wanted: r.live[n.id].v4, server: r.dhcpFace(n)}
		r.dhcpRound(n, at+d.span(1e6, 9e6), ask, dhcpAck, then)
	})
}

// dhcpFace gives the server's own address as clients of n's LAN know it.
func (r *run) dhcpFace(n *node) netip.Addr {
	srv := r.site.dhcp
	if srv.role == roleRouter {
		return n.port.lan.gate[0].v4
	}
	return srv.v4
}

// dhcpRound is one broadcast question and its answer.
func (r *run) dhcpRound(n *node, at int64, ask dhcpText, kind byte, then func(r *run, at int64)) {
	srv, gate := r.site.dhcp, n.port.lan.gate[0]
	r.do(at, func(r *run, at int64) {
		r.msg = appendDHCP(r.msg[:0], &ask)
		r.shoutUDP(at, n.port, anyAddr, limited, 68, 67, n.stack.ttl, r.msg)
		give := r.leaseText(n, kind, ask.xid, r.dhcpFace(n))
		wait := int64(400_000)
		local := srv.port.lan == n.port.lan || srv.role == roleRouter
		if !local {
			wait = r.relay(at+150_000, n, ask, give)
			give.relay = gate.v4
		}
		from := gate
		if local && srv.role != roleRouter {
			from = srv.port
		}
		r.do(at+wait, func(r *run, at int64) {
			r.msg = appendDHCP(r.msg[:0], &give)
			k := r.udpAt(from.node, r.on(from), give.yours, 67, 68, r.msg)
			r.spoke(from.node)
			setHops(r.eth[14:14+k], from.node.stack.ttl)
			r.link(at, n.port.lan, from, n.port, n.port.mac, typeIPv4, k)
			r.do(at+200_000, then)
		})
	})
}

// relay carries the question on to the server and its answer back to the router, and gives how long that takes.
func (r *run) relay(at int64, n *node, ask, give dhcpText) int64 {
	srv, gate := r.site.dhcp, n.port.lan.gate[0]
	ask.relay, give.relay = gate.v4, gate.v4
	t := talk{a: gate.node, b: srv, src: gate.v4, dst: srv.v4, sport: 67, dport: 67}
	t.there, t.back = route(gate.node, srv, 0), route(srv, gate.node, 0)
	r.do(r.ready(at, &t), func(r *run, at int64) {
		r.msg = appendDHCP(r.msg[:0], &ask)
		r.udp(at, &t, false, r.msg)
		r.do(at+300_000, func(r *run, at int64) {
			r.msg = appendDHCP(r.msg[:0], &give)
			r.udp(at, &t, true, r.msg)
		})
	})
	return 1_500_000
}

// renew is a machine asking its server, directly, to keep its address.
func (r *run) renew(n *node, at int64) {
	srv := r.site.dhcp
	if srv == nil || !r.live[n.id].v4.IsValid() {
		return
	}
	t := r.newTalk(n, srv, false, 67, false)
	t.sport, t.dst = 68, r.dhcpFace(n)
	ask := dhcpText{kind: dhcpRequest, xid: uint32(r.live[n.id].next()), client: t.src, name: n.name, mac: n.port.mac}
	r.do(r.ready(at, &t), func(r *run, at int64) {
		r.msg = appendDHCP(r.msg[:0], &ask)
		r.udp(at, &t, false, r.msg)
		r.do(at+t.turnaround(false)+300_000, func(r *run, at int64) {
			give := r.leaseText(n, dhcpAck, ask.xid, t.dst)
			give.client = t.src
			r.msg = appendDHCP(r.msg[:0], &give)
			r.udp(at, &t, true, r.msg)
		})
	})
}
