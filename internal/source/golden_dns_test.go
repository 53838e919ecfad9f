package source_test

import (
	"strings"

	gt "candor/internal/source/goldentest"
)

func resolver() gt.Pair {
	return gt.Pair{Client: "10.1.0.7", Server: "10.1.0.53", ClientPort: 40001, ServerPort: 53}
}

func dnsGoldens() []golden {
	p := resolver()
	ask := func(question, answer []byte) []byte { return file(p.Ask(question, answer)) }
	q := func(kind int) []byte { return gt.Lookup(7, "www.example.org", kind) }
	r := func(kind int, data ...[]byte) []byte { return gt.Reply(7, "www.example.org", kind, data...) }
	const name = "www.example.org"
	longest := strings.Join([]string{strings.Repeat("a", 63), strings.Repeat("b", 63), strings.Repeat("c", 63), strings.Repeat("d", 61)}, ".") // 255 bytes in wire form
	cname := gt.Message(
		7, 0x8180, [][]byte{gt.Question(name, 1)},
		[][]byte{gt.Record(gt.Hex("c00c"), 5, 1, 300, gt.Join([]byte{4}, []byte("edge"), gt.Hex("c010"))), gt.Record(gt.Hex("c02d"), 1, 1, 60, gt.IP("203.0.113.80"))}, nil,
	)
	opt := gt.Record([]byte{0}, gt.TypeOPT, 1232, 0x8000, gt.Join(gt.U16(10, 8), gt.Zeros(8))) // cookie, DNSSEC wanted
	loop := gt.Join(gt.U16(7, 0x0100, 1, 0, 0, 0), gt.Hex("03777777 c00c"), gt.U16(1, 1))      // "www", then again from its start
	nowhere := gt.Join(gt.U16(7, 0x0100, 1, 0, 0, 0), gt.Hex("03777777 ffff"), gt.U16(1, 1))
	return append([]golden{
		{name: "dns-aaaa.pcap", file: ask(q(gt.TypeAAAA), r(gt.TypeAAAA, gt.IP("2001:db8::80"))), want: words(lookupConn, "dns www.example.org 28 = 2001:db8::80")},
		{name: "dns-alias-compressed.pcap", file: ask(q(1), cname), want: words(lookupConn, "dns www.example.org 1 = edge.example.org, 203.0.113.80")},
		{
			name: "dns-no-such-name.pcap", file: ask(q(1), gt.Message(7, 0x8183, [][]byte{gt.Question(name, 1)}, nil, nil)),
			want: words(lookupConn, "dns www.example.org 1 rcode 3"),
		},
		{
			name: "dns-edns-cookie.pcap",
			file: ask(
				gt.Message(7, 0x0100, [][]byte{gt.Question(name, 1)}, nil, [][]byte{opt}),
				gt.Message(7, 0x8180, [][]byte{gt.Question(name, 1)}, [][]byte{gt.Record(gt.Hex("c00c"), 1, 1, 300, gt.IP("203.0.113.80"))}, [][]byte{opt}),
			),
			want: words(lookupConn, lookupDNS),
		},
		{
			name: "dns-txt-two-strings.pcap",
			file: ask(q(gt.TypeTXT), r(gt.TypeTXT, gt.Join(gt.Len8([]byte("v=spf1 -all")), gt.Len8([]byte("\x00\xff\""))))),
			want: words(lookupConn, `dns www.example.org 16 = TXT 11 v=spf1 -all TXT 3 \x00\xff"`),
		},
		{
			// How tunnels over DNS carry bytes (type 10).
			name: "dns-null-type.pcap", file: ask(q(gt.TypeNULL), r(gt.TypeNULL, gt.Hex("00 01 02 ff"), gt.Zeros(200))),
			want: words(lookupConn, "dns www.example.org 10 = NULL, NULL"),
		},
		{
			name: "dns-longest-name.pcap", file: ask(gt.Lookup(7, longest, 1), gt.Reply(7, longest, 1, gt.IP("203.0.113.80"))),
			want: words(lookupConn, "dns "+longest+" 1 = 203.0.113.80"),
		},
		{
			name: "dns-root-name-servers.pcap", file: ask(gt.Lookup(7, "", 2), gt.Reply(7, "", 2, gt.Name("a.root-servers.net"))),
			want: words(lookupConn, "dns . 2 = a.root-servers.net"),
		},
		{
			name: "dns-name-of-strange-bytes.pcap",
			file: ask(gt.Lookup(7, "a\x00b\n\xff.example", 1), gt.Reply(7, "a\x00b\n\xff.example", 1, gt.IP("203.0.113.80"))),
			want: words(lookupConn, `dns a\x00b\x0a\xff.example 1 = 203.0.113.80`),
		},
		// A name that points to itself, or behind the message, is no name: nobody is said to have asked anything.
		{name: "dns-compression-loop.pcap", file: file([]gt.Packet{p.UDP(false, loop)}), want: words("conn udp 10.1.0.7:40001 > 10.1.0.53:53 -")},
		{name: "dns-compression-behind-the-end.pcap", file: file([]gt.Packet{p.UDP(false, nowhere)}), want: words("conn udp 10.1.0.7:40001 > 10.1.0.53:53 -")},
		{
			// The answer counts 65535 records and has one.
			name: "dns-claims-more-answers.pcap",
			file: ask(q(1), gt.Join(gt.U16(7, 0x8180, 1, 65535, 0, 0), gt.Question(name, 1), gt.Record(gt.Hex("c00c"), 1, 1, 300, gt.IP("203.0.113.80")))),
			want: words(lookupConn, lookupDNS+" cut"),
		},
		{
			name: "dns-answer-of-another-number.pcap", file: ask(q(1), gt.Reply(8, name, 1, gt.IP("203.0.113.66"))),
			want: words(lookupConn, "dns www.example.org 1 unanswered", "dns www.example.org 1 = 203.0.113.66 unasked"),
		},
		{
			name: "dns-tcp-two-messages-in-a-segment.pcap",
			file: file(p.Stream(
				gt.C(gt.Len16(q(1)), gt.Len16(gt.Lookup(8, name, gt.TypeAAAA))),
				gt.S(gt.Len16(r(1, gt.IP("203.0.113.80"))), gt.Len16(gt.Reply(8, name, gt.TypeAAAA, gt.IP("2001:db8::80")))),
			)),
			want: words("conn tcp 10.1.0.7:40001 > 10.1.0.53:53 dns SF", lookupDNS, "dns www.example.org 28 = 2001:db8::80"),
		},
		{
			name: "dns-tcp-length-in-another-segment.pcap",
			file: file(p.Stream(gt.C(gt.Len16(q(1))[:1]), gt.C(gt.Len16(q(1))[1:20]), gt.C(gt.Len16(q(1))[20:]), gt.S(gt.Len16(r(1, gt.IP("203.0.113.80")))))),
			want: words("conn tcp 10.1.0.7:40001 > 10.1.0.53:53 dns SF", lookupDNS),
		},
	}, localNameGoldens()...)
}

// localNameGoldens: names without a server.
func localNameGoldens() []golden {
	mdns := gt.Pair{Client: "10.1.0.7", Server: "224.0.0.251", ClientPort: 5353, ServerPort: 5353}
	llmnr := gt.Pair{Client: "10.1.0.7", Server: "224.0.0.252", ClientPort: 50001, ServerPort: 5355}
	llmnrBack := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.9", ClientPort: 50001, ServerPort: 5355}
	nbns := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.255", ClientPort: 137, ServerPort: 137}
	nbnsBack := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.9", ClientPort: 137, ServerPort: 137}
	service := gt.Message(0, 0x8400, nil, [][]byte{gt.Record(gt.Name("_ipp._tcp.local"), gt.TypePTR, 1, 4500, gt.Name("Office._ipp._tcp.local"))}, nil)
	status := gt.Join([]byte{2}, text("FILESERVER     \x00"), gt.U16(0x0400), text("FILESERVER      "), gt.U16(0x0400), gt.Hex(gt.ServerMAC), gt.Zeros(40))
	plain := gt.NetBIOS("FILESERVER", 0x20)
	return []golden{
		{
			name: "mdns-question-and-announcement.pcap",
			file: file([]gt.Packet{mdns.UDP(false, gt.Message(0, 0, [][]byte{gt.Question("_ipp._tcp.local", gt.TypePTR)}, nil, nil)), mdns.UDP(false, service)}),
			want: words("conn udp 10.1.0.7:5353 > 224.0.0.251:5353 dns", "mdns _ipp._tcp.local 12 unanswered", "mdns _ipp._tcp.local 12 = Office._ipp._tcp.local unasked"),
		},
		{
			// The answer comes from the machine's own address: another connection than that to the group.
			name: "llmnr.pcap",
			file: file([]gt.Packet{
				llmnr.UDP(false, gt.Message(9, 0, [][]byte{gt.Question("printer", 1)}, nil, nil)),
				llmnrBack.UDP(true, gt.Message(9, 0x8000, [][]byte{gt.Question("printer", 1)}, [][]byte{gt.Record(gt.Name("printer"), 1, 1, 30, gt.IP("10.1.0.9"))}, nil)),
			}),
			want: words(
				"conn udp 10.1.0.7:50001 > 224.0.0.252:5355 dns", "conn udp 10.1.0.7:50001 > 10.1.0.9:5355 dns",
				"llmnr printer 1 unanswered", "llmnr printer 1 = 10.1.0.9 unasked",
			),
		},
		{
			name: "nbns-status.pcap", // every machine is asked for all its names ("*"), and has two
			file: file(nbnsBack.Ask(
				gt.Message(9, 0, [][]byte{gt.Question("CK"+strings.Repeat("A", 30), 33)}, nil, nil),
				gt.Message(9, 0x8400, nil, [][]byte{gt.Record(gt.Name("CK"+strings.Repeat("A", 30)), 33, 1, 0, status)}, nil),
			)),
			want: words("conn udp 10.1.0.7:137 > 10.1.0.9:137 dns", "nbns * 33 = NBSTAT"),
		},
		{
			name: "nbns.pcap",
			file: file([]gt.Packet{
				nbns.UDP(false, gt.Message(9, 0x0110, [][]byte{gt.Question(plain, gt.TypeNB)}, nil, nil)),
				nbnsBack.UDP(true, gt.Message(9, 0x8500, nil, [][]byte{gt.Record(gt.Name(plain), gt.TypeNB, 1, 300000, gt.Join(gt.U16(0), gt.IP("10.1.0.9")))}, nil)),
			}),
			want: words(
				"conn udp 10.1.0.7:137 > 10.1.0.255:137 dns", "conn udp 10.1.0.9:137 > 10.1.0.7:137 dns",
				"nbns FILESERVER 32 unanswered", "nbns FILESERVER 32 = 10.1.0.9 unasked",
			),
		},
	}
}
