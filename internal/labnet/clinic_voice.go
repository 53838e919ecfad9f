package labnet

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// telephony is the telephones of one run: who speaks until when.
type telephony struct {
	house *clinic
	until map[*node]int64
	calls int
}

// startVoice plans registrations, leases and calls.
func (h *clinic) startVoice(r *run) {
	v := &telephony{house: h, until: map[*node]int64{}}
	for _, n := range h.telephones {
		d := &r.live[n.id]
		first := func(mean int64) int64 { return r.from + d.span(0, mean) }
		r.every(n, first(minute), 2*minute, false, v.register)
		r.every(n, first(3*minute), 4*minute, false, (*run).tendGateway)
		r.every(n, first(30*minute), 30*minute, false, (*run).tellTime)
		r.every(n, first(r.site.lease/2), r.site.lease/2, false, (*run).renew)
		r.every(n, first(hour), 110*minute, false, func(r *run, n *node, at int64) {
			if d.chance(r.level(at)) {
				v.call(r, n, at)
			}
		})
	}
}

// sipText is one SIP message (RFC 3261); to carries the answering side's tag once there is one.
type sipText struct {
	first, via, from, to, dialog, method string
	count                                int
	body                                 string
}

func (t *sipText) bytes() []byte {
	head := t.first + "\r\nVia: SIP/2.0/UDP " + t.via + ";branch=z9hG4bK" + t.dialog + t.method + "\r\nMax-Forwards: 70\r\nFrom: <sip:" + t.from + ">;tag=f" + t.dialog +
		"\r\nTo: <sip:" + t.to + "\r\nCall-ID: " + t.dialog + "@alder\r\nCSeq: " + fmt.Sprint(t.count) + " " + t.method + "\r\nContact: <sip:" + t.via + ">\r\n"
	if t.body != "" {
		head += "Content-Type: application/sdp\r\n"
	}
	return fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", head, len(t.body), t.body)
}

// offerOf is a session description: one audio stream, G.711 (RFC 4566, 3551).
func offerOf(a netip.Addr, port uint16) string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n", a, a, port)
}

// line joins a phone and the switchboard.
func (v *telephony) line(r *run, n *node) talk {
	t := r.newTalk(n, v.house.switchboard, false, 5060, false)
	t.sport = 5060
	return t
}

// register is a phone telling the switchboard where it is.
func (v *telephony) register(r *run, n *node, at int64) {
	t := v.line(r, n)
	v.calls++
	me := n.name + "@" + r.site.domain
	text := sipText{
		first: "REGISTER sip:" + r.site.domain + " SIP/2.0", via: t.src.String() + ":5060", from: me, to: me + ">",
		dialog: fmt.Sprintf("r%d", v.calls), method: "REGISTER", count: 1,
	}
	r.do(r.ready(at, &t), func(r *run, at int64) {
		r.udp(at, &t, false, text.bytes())
		r.do(at+t.turnaround(false)+2e6, func(r *run, at int64) {
			text.first, text.to = "SIP/2.0 200 OK", text.to+";tag=s1"
			r.udp(at, &t, true, text.bytes())
		})
	})
}

// call is one phone calling another through the switchboard, or a number outside, which the switchboard's own lines carry.
func (v *telephony) call(r *run, a *node, at int64) {
	d := &r.live[a.id]
	b := pick(&d.dice, v.house.telephones)
	if d.chance(0.4) {
		b = v.house.switchboard
	}
	length := min(5*second+d.exp(80*second), 10*minute)
	if a == b || v.until[a] > at || v.until[b] > at {
		return
	}
	v.until[a] = at + length + 20*second
	media := r.newTalk(a, b, false, uint16(16384+2*d.n(4000)), false)
	media.sport = uint16(16384 + 2*d.n(4000))
	near, far := offerOf(media.src, media.sport), offerOf(media.dst, media.dport)
	v.calls++
	dialog := fmt.Sprintf("c%d", v.calls)
	ring := at + d.span(2e9, 9e9)
	v.signal(r, at, a, b, false, dialog, near, far, ring)
	if b != v.house.switchboard {
		v.until[b] = at + length + 20*second
		v.signal(r, at+4e6, b, a, true, dialog+"b", near, far, ring-2e6)
	}
	talks := ring + 60e6
	r.do(r.ready(talks, &media), func(r *run, at int64) {
		for i, reply := range []bool{false, true} {
			s := &stream{talk: media, reply: reply, stamp: uint32(d.next()), seq: uint16(d.next()), name: uint32(d.next()), next: at + int64(i)*7e6, until: ring + length}
			r.at(s.next, s)
		}
	})
	r.do(ring+length+30e6, func(r *run, at int64) { v.hangUp(r, at, a, b, false, dialog) })
	if b != v.house.switchboard {
		r.do(ring+length+34e6, func(r *run, at int64) { v.hangUp(r, at, b, a, true, dialog+"b") })
	}
}

// signal sets up one half of a call, between a phone and the switchboard; called tells that the switchboard invites.
func (v *telephony) signal(r *run, at int64, n, other *node, called bool, dialog, near, far string, answered int64) {
	t := v.line(r, n)
	text := v.dialogOf(r, &t, n, other, called, dialog)
	invite := text
	invite.first, invite.method, invite.body = "INVITE sip:"+text.to[:len(text.to)-1]+" SIP/2.0", "INVITE", near
	tagged := invite
	tagged.to, tagged.body = text.to+";tag=t"+dialog, ""
	send := func(at int64, back bool, first, body string) {
		m := tagged
		m.first, m.body = first, body
		r.do(at, func(r *run, at int64) { r.udp(at, &t, back != called, m.bytes()) })
	}
	start := r.ready(at, &t)
	r.do(start, func(r *run, at int64) { r.udp(at, &t, called, invite.bytes()) })
	if !called {
		send(start+3e6, true, "SIP/2.0 100 Trying", "")
	}
	send(start+40e6, true, "SIP/2.0 180 Ringing", "")
	send(answered, true, "SIP/2.0 200 OK", far)
	ack := tagged
	ack.first, ack.method = "ACK sip:"+text.to[:len(text.to)-1]+" SIP/2.0", "ACK"
	r.do(answered+9e6, func(r *run, at int64) { r.udp(at, &t, called, ack.bytes()) })
}

// dialogOf fills in who speaks with whom on one half of a call.
func (v *telephony) dialogOf(r *run, t *talk, n, other *node, called bool, dialog string) sipText {
	me, you, via := n.name+"@"+r.site.domain, other.name+"@"+r.site.domain, t.src.String()+":5060"
	if called {
		me, you, via = you, me, t.dst.String()+":5060"
	}
	return sipText{via: via, from: me, to: you + ">", dialog: dialog, count: 1}
}

// hangUp ends one half of a call.
func (v *telephony) hangUp(r *run, at int64, n, other *node, called bool, dialog string) {
	t := v.line(r, n)
	text := v.dialogOf(r, &t, n, other, called, dialog)
	text.first, text.method, text.count = "BYE sip:"+text.to[:len(text.to)-1]+" SIP/2.0", "BYE", 2
	text.to += ";tag=t" + dialog
	r.do(r.ready(at, &t), func(r *run, at int64) {
		r.udp(at, &t, called, text.bytes())
		r.do(at+t.turnaround(called)+2e6, func(r *run, at int64) {
			text.first = "SIP/2.0 200 OK"
			r.udp(at, &t, !called, text.bytes())
		})
	})
}

// stream is one direction of a call: 20 ms of G.711 in each packet (RFC 3550).
type stream struct {
	talk
	reply       bool
	seq         uint16
	stamp, name uint32
	next, until int64
}

func (s *stream) fire(r *run, at int64) {
	b := append(r.msg[:0], 0x80, 0)
	b = binary.BigEndian.AppendUint16(b, s.seq)
	b = binary.BigEndian.AppendUint32(b, s.stamp)
	b = binary.BigEndian.AppendUint32(b, s.name)
	r.msg = append(b, r.pool[int(s.seq)*7%60000:][:160]...)
	r.udp(at, &s.talk, s.reply, r.msg)
	s.seq++
	s.stamp += 160
	if s.next += 20e6; s.next < s.until {
		d := &r.live[s.a.id]
		r.at(s.next+d.span(0, 400_000), s)
	}
}

// startTelevision plans two channels from the headend, which the core switch passes on to the wards, and the sets that watch.
func (h *clinic) startTelevision(r *run) {
	gate := h.wards.gate[0]
	for k := range 2 {
		group, count := netip.AddrFrom4([4]byte{239, 192, 7, byte(1 + k)}), uint32(0)
		r.steadily(h.headend, r.from+int64(k)*83e6, 200e6, 400_000, func(r *run, n *node, at int64) {
			size := r.udpAt(n, n.v4, group, 5004, 5004, r.program(group, count))
			count++
			r.shout(at, n.port, group, 16, size)
			r.shout(at+9_000, gate, group, 15, size) // the same datagram, one hop further
		})
	}
	r.steadily(h.core, r.from+second, 125*second, second, func(r *run, _ *node, at int64) {
		r.member(at, gate, groupAll, []byte{0x11, 100, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0})
	})
	for i, n := range h.sets {
		d := &r.live[n.id]
		first := func(mean int64) int64 { return r.from + d.span(0, mean) }
		r.steadily(n, first(125*second), 125*second, 5*second, func(r *run, n *node, at int64) {
			r.member(at, n.port, groupIGMP3, []byte{0x22, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 239, 192, 7, byte(1 + i%2)})
		})
		r.every(n, first(4*minute), 5*minute, false, (*run).tendGateway)
		r.every(n, first(r.site.lease/2), r.site.lease/2, false, (*run).renew)
		r.every(n, first(15*minute), 20*minute, false, func(r *run, n *node, at int64) { // what is on today
			c := r.open(at, n, h.headend, false, 443)
			c.turns = append(r.tlsHello(&d.dice, &helloShapes[n.tls], "tv1."+r.site.domain, h.headend.id, false), sealed(0, 2e6, 300), sealed(1, 9e6, r.bytes(&d.dice, 6000)))
		})
	}
}

var groupAll = netip.MustParseAddr("224.0.0.1")

// program is seven scrambled packets of a transport stream in RTP (RFC 2250), the count-th of its channel.
func (r *run) program(group netip.Addr, count uint32) []byte {
	b := append(r.msg[:0], 0x80, 33)
	b = binary.BigEndian.AppendUint16(b, uint16(count))
	b = binary.BigEndian.AppendUint32(b, count*18000)
	b = binary.BigEndian.AppendUint32(b, uint32(group.As4()[3])+0x7e1e)
	for i := range uint32(7) {
		k := count*7 + i
		b = append(b, 0x47, 1, group.As4()[3], 0xd0|byte(k&15))
		b = append(b, r.pool[int(k*184%65000):][:184]...)
	}
	r.msg = b
	return b
}

// member is an IGMP version 3 message with the router alert option (RFC 3376).
func (r *run) member(at int64, p *port, group netip.Addr, body []byte) {
	ip := r.eth[14:]
	ip4(ip, r.on(p), group, protoIGMP, 0, true, len(body)+4)
	ip[0], ip[8], ip[10], ip[11] = 0x46, 1, 0, 0
	copy(ip[20:], []byte{0x94, 4, 0, 0})
	copy(ip[24:], body)
	n := 24 + len(body)
	seal(ip[:n], 24, 2, protoIGMP)
	binary.BigEndian.PutUint16(ip[10:], fold(sum(0, ip[:24])))
	r.spoke(p.node)
	r.link(at, p.lan, p, nil, groupMAC(group), typeIPv4, n)
}
