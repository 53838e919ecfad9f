package labnet

import (
	"encoding/binary"
	"net/netip"
)

var (
	groupMDNS   = netip.MustParseAddr("224.0.0.251")
	groupMDNS6  = netip.MustParseAddr("ff02::fb")
	groupLLMNR  = netip.MustParseAddr("224.0.0.252")
	groupLLMNR6 = netip.MustParseAddr("ff02::1:3")
	groupSSDP   = netip.MustParseAddr("239.255.255.250")
	groupIGMP3  = netip.MustParseAddr("224.0.0.22")
	groupAll6   = netip.MustParseAddr("ff02::1")
	groupRouter = netip.MustParseAddr("ff02::2")
	limited     = netip.MustParseAddr("255.255.255.255")
	anyAddr     = netip.MustParseAddr("0.0.0.0")
	noAddr      = netip.Addr{}
)

// announce is what desktop systems say to everybody around them.
func (r *run) announce(n *node, at int64) {
	d := &r.live[n.id]
	v4 := r.live[n.id].v4
	six := n.port.ll.IsValid()
	choice := d.n(5)
	if !v4.IsValid() {
		choice = 0
	}
	switch choice {
	case 0, 1:
		r.mdns(n, at, six && (d.chance(0.5) || !v4.IsValid()))
	case 2:
		r.llmnr(n, at, six && d.chance(0.5))
	case 3:
		if n.stack.id == idGlobal {
			r.msg = nbnsQuery(r.msg[:0], uint16(d.next()), pick(&d.dice, []string{"PRINT1", "FS1", "WPAD", "SCANNER"}), d.chance(0.2), v4)
			r.shoutUDP(at, n.port, v4, directed(n.port.lan.prefix), 137, 137, n.stack.ttl, r.msg)
			return
		}
		r.mdns(n, at, false)
	default:
		if n.port.lan.gate[0] == nil || n.stack.name == "linux" {
			return
		}
		msg := "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: urn:dial-multiscreen-org:service:dial:1\r\n\r\n"
		r.shoutUDP(at, n.port, v4, groupSSDP, r.ephemeral(n), 1900, 1, []byte(msg))
	}
}

// mdns asks for services, or announces one (RFC 6762).
func (r *run) mdns(n *node, at int64, six bool) {
	src, group := r.live[n.id].v4, groupMDNS
	if six {
		src, group = n.port.ll, groupMDNS6
	}
	if !src.IsValid() {
		return
	}
	d := &r.live[n.id]
	q := dnsQuestion{name: pick(&d.dice, []string{"_ipp._tcp.local", "_airplay._tcp.local", "_googlecast._tcp.local", "_smb._tcp.local"}), kind: dnsPTR}
	r.msg = dnsHead(r.msg[:0], &q, 0, 0, 0, 0)
	r.shoutUDP(at, n.port, src, group, 5353, 5353, 255, r.msg)
}

func (r *run) llmnr(n *node, at int64, six bool) {
	src, group := r.live[n.id].v4, groupLLMNR
	if six {
		src, group = n.port.ll, groupLLMNR6
	}
	d := &r.live[n.id]
	q := dnsQuestion{id: uint16(d.next()), name: pick(&d.dice, []string{"wpad", "print1", "fs01", "isatap", n.name}), kind: dnsA}
	r.msg = dnsHead(r.msg[:0], &q, 0, 0, 0, 0)
	r.shoutUDP(at, n.port, src, group, r.ephemeral(n), 5355, 1, r.msg)
}

// directed gives the broadcast address of a network.
func directed(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr().As4()
	v := binary.BigEndian.Uint32(a[:]) | ^uint32(0)>>p.Bits()
	binary.BigEndian.PutUint32(a[:], v)
	return netip.AddrFrom4(a)
}

// join is a membership report for the mDNS group (RFC 3376, 3810).
func (r *run) join(n *node, at int64) {
	if src := r.live[n.id].v4; src.IsValid() {
		ip := r.eth[14:]
		ip4(ip, src, groupIGMP3, protoIGMP, 0, true, 20)
		ip[0] = 0x46
		binary.BigEndian.PutUint16(ip[2:], 24+16)
		copy(ip[20:], []byte{0x94, 4, 0, 0})
		copy(ip[24:], []byte{0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 224, 0, 0, 251})
		seal(ip[:40], 24, 2, protoIGMP)
		r.spoke(n)
		ip[8], ip[10], ip[11] = 1, 0, 0
		binary.BigEndian.PutUint16(ip[10:], fold(sum(0, ip[:24])))
		r.link(at, n.port.lan, n.port, nil, groupMAC(groupIGMP3), typeIPv4, 40)
	}
}

// ping is one echo and its answer.
func (r *run) ping(at int64, from, to *node, six bool) {
	t := r.newTalk(from, to, six, 0, false)
	d := &r.live[from.id]
	id, seq := uint16(d.next()), uint16(1)
	ask, answer := byte(8), byte(0)
	if six {
		ask, answer = 128, 129
	}
	r.do(r.ready(at, &t), func(r *run, at int64) {
		r.msg = echoMessage(r.msg[:0], ask, id, seq)
		r.carry(at, from, &t.there, r.icmpAt(from, t.src, t.dst, r.msg), t.x, t.fromInside)
		r.do(at+t.turnaround(false), func(r *run, at int64) {
			r.msg = echoMessage(r.msg[:0], answer, id, seq)
			r.carry(at, to, &t.back, r.icmpAt(to, t.dst, t.src, r.msg), t.x, !t.fromInside)
		})
	})
}

// ntp asks a clock server for the time.
func (r *run) ntp(at int64, from, to *node) {
	six := !r.address(from, false).IsValid() || !r.address(to, false).IsValid()
	t := r.newTalk(from, to, six, 123, false)
	r.do(r.ready(at, &t), func(r *run, at int64) {
		r.msg = ntpMessage(r.msg[:0], 3, at)
		r.udp(at, &t, false, r.msg)
		r.do(at+t.turnaround(false), func(r *run, at int64) {
			r.msg = ntpMessage(r.msg[:0], 4, at)
			r.udp(at, &t, true, r.msg)
		})
	})
}

// advertise is a router telling a LAN its IPv6 prefix (RFC 4861).
func (r *run) advertise(at int64, p *port) {
	b := append(r.msg[:0], 134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0)
	b = append(append(b, 1, 1), p.mac[:]...)
	b = append(b, 3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0, 0)
	prefix := p.lan.six.Masked().Addr().As16()
	b = append(b, prefix[:]...)
	if res := r.site.sixResolver; res.IsValid() {
		a := res.As16()
		b = append(append(b, 25, 3, 0, 0, 0, 0, 7, 8), a[:]...)
	}
	r.msg = b
	r.shout(at, p, groupAll6, 255, r.icmpAt(p.node, p.ll, groupAll6, b))
}

// arrive is what a machine with IPv6 says when it joins a LAN: is the address free, are there routers.
func (r *run) arrive(n *node, at int64) {
	if !n.port.ll.IsValid() {
		return
	}
	unspecified := netip.IPv6Unspecified()
	for i, a := range append([]netip.Addr{n.port.ll}, n.v6...) {
		a, at := a, at+int64(i)*400e6
		r.do(at, func(r *run, at int64) {
			group := solicitedNode(a)
			r.msg = append(r.msg[:0], 135, 0, 0, 0, 0, 0, 0, 0)
			t := a.As16()
			r.msg = append(r.msg, t[:]...)
			r.shout(at, n.port, group, 255, r.icmpAt(n, unspecified, group, r.msg))
		})
	}
	r.do(at+60e6, func(r *run, at int64) {
		r.msg = append(append(r.msg[:0], 133, 0, 0, 0, 0, 0, 0, 0, 1, 1), n.port.mac[:]...)
		r.shout(at, n.port, groupRouter, 255, r.icmpAt(n, n.port.ll, groupRouter, r.msg))
	})
}
