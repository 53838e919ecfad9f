package source_test

import gt "candor/internal/source/goldentest"

// web is the connection of the captures about TCP.
func web() gt.Pair {
	return gt.Pair{Client: "10.1.0.7", Server: "203.0.113.80", ClientPort: 40001, ServerPort: 443}
}

const (
	webConn  = "conn tcp 10.1.0.7:40001 > 203.0.113.80:443"
	fragConn = "conn udp 10.1.0.7:40001 > 10.1.0.53:53 dns"
)

// parts4 cuts an IPv4 packet with a header of 20 bytes into fragments at these offsets of what it carries, which divide by 8.
func parts4(p gt.Packet, src, dst string, cuts ...int) (out []gt.Packet) {
	body := p.IP[20:]
	for i, from := range cuts {
		to, more := len(body), 0
		if i+1 < len(cuts) {
			to, more = cuts[i+1], 0x2000
		}
		out = append(out, gt.Packet{IP: gt.IP4Part(src, dst, p.IP[9], 77, more|from/8, body[from:to]), Back: p.Back})
	}
	return out
}

// part6 is a fragment of an IPv6 packet.
func part6(p gt.Packet, src, dst string, from, to, more int) gt.Packet {
	body := p.IP[40:]
	return gt.Packet{IP: gt.IP6(src, dst, 44, gt.Join([]byte{17, 0}, gt.U16(from|more), gt.U32(77), body[from:min(to, len(body))])), Back: p.Back}
}

// longAnswer is a lookup whose answer has many addresses, and the words for it.
func longAnswer(p gt.Pair) (packets []gt.Packet, said string) {
	data := make([][]byte, 0, 8)
	said = "dns www.example.org 1 = "
	for i := range 8 {
		data = append(data, []byte{203, 0, 113, byte(80 + i)})
		if i > 0 {
			said += ", "
		}
		said += "203.0.113.8" + string(rune('0'+i))
	}
	return p.Ask(gt.Lookup(0x1234, "www.example.org", gt.TypeA), gt.Reply(0x1234, "www.example.org", gt.TypeA, data...)), said
}

func transportGoldens() []golden {
	assoc := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.9", ClientPort: 36412, ServerPort: 36412}
	sctp := func(back bool, chunk []byte) gt.Packet {
		return assoc.Proto(back, 132, gt.Join(gt.U16(36412, 36412), gt.U32(0x01020304, 0), chunk))
	}
	return append(append([]golden{
		{
			// INIT, INIT ACK, and DATA of no particular protocol.
			name: "sctp.pcap",
			file: file([]gt.Packet{
				sctp(false, gt.Join([]byte{1, 0}, gt.U16(20), gt.U32(1, 65535, 0x000a000a, 1))), sctp(true, gt.Join([]byte{2, 0}, gt.U16(20), gt.U32(2, 65535, 0x000a000a, 1))),
				sctp(false, gt.Join([]byte{0, 3}, gt.U16(20), gt.U32(1, 0, 0), []byte("data"))),
			}),
			want: words("conn 132 10.1.0.7:36412 > 10.1.0.9:36412 -"),
		},
		{
			name: "ipv6-extension-headers-before-tcp.pcap", file: file(behindHeaders()),
			want: words(
				"conn tcp [2001:db8:1::7]:40001 > [2001:db8:2::80]:443 ssl SF", "tls www.example.org TLSv13 - established",
				"ja4 "+ja4Client13,
			),
		},
		{
			// Everything behind 80 bytes was left out of the capture: the query is whole, the answer and the hello are not.
			name: "cut-by-snap-length.pcap",
			file: gt.PcapForm{Link: gt.LinkEthernet, Snap: 80}.Write(append(gt.Frames(lookup()...), gt.Frames(web().Stream(gt.C(gt.Client13("www.example.org").Record()))...)...)...),
			want: words(lookupConn, "dns www.example.org 1 rcode 0 cut", webConn+" - SF", "sight truncated 2"),
		},
		{
			// The card was to cut this packet into pieces and to fill in their lengths: 0 means to the end of the frame.
			name: "ipv4-length-zero.pcap", file: gt.Pcap(gt.LinkEthernet, gt.Patched(gt.Ethernet(lookup()[0]), 16, 0, 0), gt.Ethernet(lookup()[1])),
			want: words(lookupConn, lookupDNS),
		},
		{
			name: "ipv4-header-of-16-bytes.pcap", file: gt.Pcap(gt.LinkEthernet, gt.Patched(gt.Ethernet(lookup()[0]), 14, 0x44)),
			want: words("conn udp 10.1.0.7:0 > 10.1.0.53:0 -", "undecodable bad_ip_header 1"),
		},
		{name: "ipv4-version-7.pcap", file: gt.Pcap(gt.LinkEthernet, gt.Patched(gt.Ethernet(lookup()[0]), 14, 0x75)), want: words("undecodable bad_ip_version 1")},
		{
			name: "ipv4-shorter-than-its-header.pcap", file: gt.Pcap(gt.LinkEthernet, gt.Patched(gt.Ethernet(lookup()[0]), 16, 0, 19)),
			want: words("conn udp 10.1.0.7:0 > 10.1.0.53:0 -", "undecodable bad_ip_length 1"),
		},
		{
			name: "ipv4-options.pcap", want: words(lookupConn, "dns www.example.org 1 unanswered"), // router alert
			file: gt.Pcap(gt.LinkEthernet, gt.Patched(gt.Frame(false, 0x0800, lookup()[0].IP[:20], gt.Hex("94040000"), lookup()[0].IP[20:]), 14, 0x46, 0, 0, byte(len(lookup()[0].IP)+4))),
		},
		{
			// The router's address stands in the header until the last segment: the way of a routed packet ends elsewhere.
			name: "ipv6-routing-header.pcap",
			file: file([]gt.Packet{{IP: gt.IP6("2001:db8:1::7", "2001:db8:1::53", 43, gt.Join(gt.Hex("11 02 04 00 00 00 0000"), gt.IP("2001:db8:1::53"), lookup6()[0].IP[40:]))}}),
			want: words(lookup6Conn, "dns www.example.org 1 unanswered"),
		},
	}, fragmentGoldens()...), segmentGoldens()...)
}

// behindHeaders is a TLS connection over IPv6 with hop-by-hop and destination options before each segment.
func behindHeaders() (out []gt.Packet) {
	p := gt.Pair{Client: "2001:db8:1::7", Server: "2001:db8:2::80", ClientPort: 40001, ServerPort: 443}
	for _, s := range p.Stream(gt.C(gt.Client13("www.example.org").Record()), gt.S(gt.Answer13()), gt.C(gt.Finish13())) {
		src, dst := p.Client, p.Server
		if s.Back {
			src, dst = dst, src
		}
		options := gt.Hex("3c 00 05020000 0100 06 00 010400000000") // router alert and padding; then destination options
		out = append(out, gt.Packet{IP: gt.IP6(src, dst, 0, gt.Join(options, s.IP[40:])), Back: s.Back})
	}
	return out
}

func fragmentGoldens() []golden {
	pair := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.53", ClientPort: 40001, ServerPort: 53}
	talk, said := longAnswer(pair)
	parts := parts4(talk[1], pair.Server, pair.Client, 0, 56, 112)
	pair6 := gt.Pair{Client: "2001:db8:1::7", Server: "2001:db8:1::53", ClientPort: 40001, ServerPort: 53}
	talk6, said6 := longAnswer(pair6)
	half := func(from, to, more int) gt.Packet { return part6(talk6[1], pair6.Server, pair6.Client, from, to, more) }
	// the middle fragment again, with another address in it
	other := gt.Packet{IP: gt.Join(parts[1].IP[:20], gt.Zeros(len(parts[1].IP)-20)), Back: true}
	other6 := half(32, 96, 1)
	copy(other6.IP[60:], "disagree")
	return []golden{
		{name: "fragments-ipv4-dns-answer.pcap", file: file(gt.Join2(talk[:1], parts)), want: words(fragConn, said, "sight fragments 3")},
		{
			name: "fragments-ipv4-last-first.pcap", file: file([]gt.Packet{talk[0], parts[2], parts[0], parts[1]}),
			want: words(fragConn, said, "sight fragments 3", "conn udp 10.1.0.53:0 > 10.1.0.7:0 -"), // the ports come with the first fragment
		},
		{
			// Which of the two is right, nobody can say: neither is read (as RFC 8200, 4.5, asks of IPv6), and that they disagree is said.
			name: "fragments-ipv4-overlap-disagrees.pcap", file: file([]gt.Packet{talk[0], parts[0], parts[1], other, parts[2]}),
			want: words(fragConn, "dns www.example.org 1 unanswered", "sight fragments 4", "sight inconsistent 1"),
		},
		{
			name: "fragments-ipv4-middle-missing.pcap", file: file([]gt.Packet{talk[0], parts[0], parts[2]}),
			want: words(fragConn, "dns www.example.org 1 unanswered", "sight fragments 2", "undecodable fragments_missing 1"),
		},
		{
			name: "fragments-ipv6-dns-answer.pcap", file: file([]gt.Packet{talk6[0], half(0, 64, 1), half(64, 1<<16, 0)}),
			want: words(lookup6Conn, said6, "sight fragments 2"),
		},
		{
			// RFC 5722: pieces that overlap are an attack or a mistake, and nothing of them is read.
			name: "fragments-ipv6-overlap-disagrees.pcap", file: file([]gt.Packet{talk6[0], half(0, 64, 1), other6, half(64, 1<<16, 0)}),
			want: words(lookup6Conn, "dns www.example.org 1 unanswered", "sight fragments 3", "sight inconsistent 1"),
		},
		{
			// A fragment header with neither offset nor more to come is no fragment (RFC 6946).
			name: "fragments-ipv6-atomic.pcap", file: file([]gt.Packet{talk6[0], half(0, 1<<16, 0)}), want: words(lookup6Conn, said6),
		},
		{
			// Sight counts fragments of what was captured, not of what is in it.
			name: "fragments-in-a-tunnel.pcap", want: words("conn 47 10.9.0.1:0 > 10.9.0.2:0 gre", fragConn+" in gre", said, "tunnel gre"),
			file: file(gt.InsideProto(pipe(0, 0), 47, gt.Join2(talk[:1], parts), gre(0, 0x0800, nil))),
		},
		{
			// The first fragment ends within a VXLAN header.
			name: "fragments-of-a-tunnel.pcap",
			file: file(parts4(gt.Inside(pipe(50001, 4789), lookup()[:1], vxlan(7))[0], "10.9.0.1", "10.9.0.2", 0, 16, 64)),
			want: words("conn udp 10.9.0.1:50001 > 10.9.0.2:4789 vxlan", lookupConn+" in vxlan", "dns www.example.org 1 unanswered", "tunnel vxlan", "sight fragments 3"),
		},
	}
}

// bytewise is a segment for each byte.
func bytewise(p gt.Pair, data []byte) (out []gt.Packet) {
	for i := range data {
		out = append(out, p.At(int64(i), data[i:i+1]))
	}
	return out
}

func segmentGoldens() []golden {
	hello := gt.Client13("www.example.org").Record()
	p := web()
	seg := func(from, to int) gt.Packet { return p.At(int64(from), hello[from:min(to, len(hello))]) }
	n := len(hello)
	heard := func(packets ...gt.Packet) []byte { return file(append(p.Hands(), packets...)) }
	tls := "tls www.example.org - -"
	ja4 := "ja4 " + ja4Client13
	twisted := append([]byte{}, hello[60:90]...)
	copy(twisted[3:], "bad.example.org") // where the other says www.example.org
	get := []byte("GET / HTTP/1.1\r\nHost: mid.example.org\r\n\r\n")
	return []golden{
		{
			name: "tcp-hello-out-of-order.pcap",
			file: heard(seg(100, n), seg(60, 100), seg(0, 60), p.TCP(true, gt.ACK, gt.ServerSeq+1, int64(gt.ClientSeq+1+n), nil)),
			want: words(webConn+" ssl S1", tls, ja4),
		},
		{name: "tcp-hello-retransmitted.pcap", file: heard(seg(0, 80), seg(0, 80), seg(40, 120), seg(120, n)), want: words(webConn+" ssl S1", tls, ja4)},
		{
			// Which of the two the server took, nobody can say: what came first is read, and that they disagree is said.
			name: "tcp-overlap-disagrees.pcap", file: heard(seg(0, 60), seg(90, n), p.At(60, twisted), seg(60, 90)),
			want: words(webConn+" ssl S1", "tls bad.example.org - -", ja4, "sight inconsistent 1"),
		},
		{
			// The capture begins in the middle: no handshake.
			name: "tcp-without-syn.pcap",
			file: file([]gt.Packet{
				p.TCP(false, gt.PSH|gt.ACK, 7000, 9000, get), p.TCP(true, gt.PSH|gt.ACK, 9000, 7000+int64(len(get)), []byte("HTTP/1.1 204 No Content\r\n\r\n")),
			}),
			want: words(webConn+" http OTH", "http GET mid.example.org / 204 0/0"),
		},
		{
			name: "tcp-segment-lost.pcap", // acknowledged, never seen
			file: file(append(p.Hands(), p.At(0, []byte("GET / HTTP/1.1\r\nHo")), p.At(500, []byte("later")), p.TCP(true, gt.ACK, gt.ServerSeq+1, gt.ClientSeq+1+505, nil))),
			want: words(webConn+" - S1 missed 482", "sight gaps 1"),
		},
		{
			name: "tcp-numbers-wrap.pcap", // sequence numbers run over 2^32
			file: file([]gt.Packet{
				p.TCP(false, gt.SYN, 0xffffffe0, 0, nil), p.TCP(true, gt.SYN|gt.ACK, 0xfffffff0, 0xffffffe1, nil), p.TCP(false, gt.PSH|gt.ACK, 0xffffffe1, 0xfffffff1, get),
				p.TCP(true, gt.PSH|gt.ACK, 0xfffffff1, 0xffffffe1+int64(len(get))-1<<32, []byte("HTTP/1.1 204 No Content\r\n\r\n")),
			}),
			want: words(webConn+" http S1", "http GET mid.example.org / 204 0/0"),
		},
		{
			// Data in the SYN itself (RFC 7413).
			name: "tcp-fast-open.pcap", want: words(webConn+" ssl S1", tls, ja4),
			file: file([]gt.Packet{p.TCP(false, gt.SYN, gt.ClientSeq, 0, hello), p.TCP(true, gt.SYN|gt.ACK, gt.ServerSeq, int64(gt.ClientSeq+1+n), nil), p.TCP(false, gt.ACK, int64(gt.ClientSeq+1+n), gt.ServerSeq+1, nil)}),
		},
		{
			// A keep-alive repeats the last byte, as a zero whatever it was: no disagreement about what was said.
			name: "tcp-keep-alive.pcap", want: words(webConn+" http S1", "http GET mid.example.org / 204 0/0"),
			file: heard(p.At(0, get), p.TCP(true, gt.PSH|gt.ACK, gt.ServerSeq+1, gt.ClientSeq+1+int64(len(get)), []byte("HTTP/1.1 204 No Content\r\n\r\n")), p.At(int64(len(get))-1, []byte{0})),
		},
		{
			name: "tcp-hello-byte-by-byte.pcap", file: heard(bytewise(p, hello)...), want: words(webConn+" ssl S1", tls, ja4),
		},
		{
			name: "tcp-refused.pcap", file: file([]gt.Packet{p.TCP(false, gt.SYN, 1000, 0, nil), p.TCP(true, gt.RST|gt.ACK, 0, 1001, nil)}),
			want: words(webConn + " - REJ"),
		},
		{
			// A SYN whose header says that it has 60 bytes, in a packet of 40: nothing in it can be believed.
			name: "tcp-header-longer-than-packet.pcap",
			file: file([]gt.Packet{{IP: gt.Over(p.Client, p.Server, 6, gt.Join(gt.U16(40001, 443), gt.U32(1000, 0), gt.Hex("f002 7210 0000 0000")))}}),
			want: words(webConn+" - OTH", "undecodable bad_transport 1"),
		},
	}
}
