package source_test

import gt "candor/internal/source/goldentest"

// pipe is the ends of a tunnel; datagrams carry it from this port to that.
func pipe(from, to int) gt.Pair {
	return gt.Pair{Client: "10.9.0.1", Server: "10.9.0.2", ClientPort: from, ServerPort: to}
}

func file(packets []gt.Packet) []byte { return gt.Pcap(gt.LinkEthernet, gt.Frames(packets...)...) }

// ethernetIn wraps a packet into a frame and that into something.
func ethernetIn(wrap func([]byte) []byte) func(gt.Packet) []byte {
	return func(p gt.Packet) []byte { return wrap(gt.Ethernet(p)) }
}

func vxlan(network int) func(gt.Packet) []byte {
	return ethernetIn(func(frame []byte) []byte { return gt.VXLAN(network, frame) })
}

func gre(flags, kind int, fields []byte) func(gt.Packet) []byte {
	return func(p gt.Packet) []byte { return gt.GRE(flags, kind, fields, p.IP) }
}

func greEthernet(flags, kind int, fields []byte) func(gt.Packet) []byte {
	return ethernetIn(func(frame []byte) []byte { return gt.GRE(flags, kind, fields, frame) })
}

// inPipe is what must be said of the lookup in a tunnel whose own connections are these.
func inPipe(kind string, conns ...string) []string {
	inner := lookupConn
	var out []string
	for _, c := range conns {
		inner += " in " + kind
		out = append(out, "conn "+c+" "+kind)
	}
	return append(out, inner, lookupDNS, "tunnel "+kind)
}

const grePipe = "47 10.9.0.1:0 > 10.9.0.2:0"

func tunnelGoldens() []golden {
	out := []golden{
		{name: "gre.pcap", file: file(gt.InsideProto(pipe(0, 0), 47, lookup(), gre(0, 0x0800, nil))), want: inPipe("gre", grePipe)},
		{
			name: "gre-checksum-key-sequence.pcap", want: inPipe("gre", grePipe),
			file: file(gt.InsideProto(pipe(0, 0), 47, lookup(), gre(0xb000, 0x0800, gt.Hex("1a2b0000 00000042 00000001")))),
		},
		{name: "gre-ethernet.pcap", file: file(gt.InsideProto(pipe(0, 0), 47, lookup(), greEthernet(0x2000, 0x6558, gt.U32(42)))), want: inPipe("gre", grePipe)},
		{
			name: "gre-over-ipv6.pcap", want: inPipe("gre", "47 [2001:db8:9::1]:0 > [2001:db8:9::2]:0"),
			file: file(gt.InsideProto(gt.Pair{Client: "2001:db8:9::1", Server: "2001:db8:9::2"}, 47, lookup(), gre(0, 0x0800, nil))),
		},
		{
			// Version 1 carries PPP, mostly compressed and encrypted (PPTP): it stays closed.
			name: "gre-version-1-closed.pcap", want: words("conn "+grePipe+" gre", "tunnel gre"),
			file: file(gt.InsideProto(pipe(0, 0), 47, lookup(), gre(0x3001, 0x880b, gt.Hex("00500001 00000001 ff030021")))),
		},
		{name: "erspan-1.pcap", file: file(gt.InsideProto(pipe(0, 0), 47, lookup(), greEthernet(0, 0x88be, nil))), want: inPipe("erspan", grePipe)},
		{
			name: "erspan-2.pcap", want: inPipe("erspan", grePipe),
			file: file(gt.InsideProto(pipe(0, 0), 47, lookup(), greEthernet(0x1000, 0x88be, gt.Hex("00000001 100a0001 00000005")))),
		},
		{
			name: "erspan-3.pcap", want: inPipe("erspan", grePipe),
			file: file(gt.InsideProto(pipe(0, 0), 47, lookup(), greEthernet(0x1000, 0x22eb, gt.Hex("00000001 200a0001 12345678 00000000")))),
		},
		{
			name: "erspan-3-platform-header.pcap", want: inPipe("erspan", grePipe),
			file: file(gt.InsideProto(pipe(0, 0), 47, lookup(), greEthernet(0x1000, 0x22eb, gt.Hex("00000001 200a0001 12345678 00000001 0c000000 00000000")))),
		},
		{name: "ipip.pcap", file: file(gt.InsideProto(pipe(0, 0), 4, lookup(), gt.Raw)), want: inPipe("ipip", "4 10.9.0.1:0 > 10.9.0.2:0")},
		{
			name: "4in6.pcap", want: inPipe("ipip", "4 [2001:db8:9::1]:0 > [2001:db8:9::2]:0"),
			file: file(gt.InsideProto(gt.Pair{Client: "2001:db8:9::1", Server: "2001:db8:9::2"}, 4, lookup(), gt.Raw)),
		},
		{
			name: "6in4.pcap", want: words("conn 41 10.9.0.1:0 > 10.9.0.2:0 6in4", lookup6Conn+" in 6in4", lookupDNS, "tunnel 6in4"),
			file: file(gt.InsideProto(pipe(0, 0), 41, lookup6(), gt.Raw)),
		},
		{
			name: "6in6.pcap", want: words("conn 41 [2001:db8:9::1]:0 > [2001:db8:9::2]:0 ipip", lookup6Conn+" in ipip", lookupDNS, "tunnel ipip"),
			file: file(gt.InsideProto(gt.Pair{Client: "2001:db8:9::1", Server: "2001:db8:9::2"}, 41, lookup6(), gt.Raw)),
		},
	}
	out = append(out, golden{
		// A router that asks whether the tunnel still lives sends itself an empty packet in it.
		name: "gre-keepalive.pcap", want: words("conn "+grePipe+" gre", "tunnel gre"),
		file: file([]gt.Packet{pipe(0, 0).Proto(false, 47, gt.GRE(0, 0, nil, nil))}),
	})
	out = append(out, golden{
		// What is neither IP nor Ethernet stays closed.
		name: "gre-mpls-closed.pcap", want: words("conn "+grePipe+" gre", "tunnel gre"),
		file: file(gt.InsideProto(pipe(0, 0), 47, lookup(), func(p gt.Packet) []byte { return gt.GRE(0, 0x8847, nil, gt.Join(gt.Labels(16), p.IP)) })),
	})
	return append(append(append(out, udpTunnelGoldens()...), sealedGoldens()...), nestedGoldens()...)
}

// udpTunnelGoldens: a tunnel with a port of its own on one side is a connection in each direction.
func udpTunnelGoldens() []golden {
	both := func(to string) []string {
		return []string{"udp 10.9.0.1:50001 > 10.9.0.2:" + to, "udp 10.9.0.2:50001 > 10.9.0.1:" + to}
	}
	option := gt.Hex("0102 80 01 deadbeef") // class, type (critical), length in words
	session := gt.Hex("85 01 1009 00")      // PDU session container: type, length in words, content, no more
	return []golden{
		{name: "vxlan.pcap", file: file(gt.Inside(pipe(50001, 4789), lookup(), vxlan(5000))), want: inPipe("vxlan", both("4789")...)},
		{name: "vxlan-linux-port.pcap", file: file(gt.Inside(pipe(50001, 8472), lookup(), vxlan(5000))), want: inPipe("vxlan", both("8472")...)},
		{
			// Two tenants with the same addresses are two connections.
			name: "vxlan-same-addresses-in-two-networks.pcap",
			file: file(append(gt.Inside(pipe(50001, 4789), lookup()[:1], vxlan(1)), gt.Inside(pipe(50001, 4789), lookup()[:1], vxlan(2))...)),
			want: words(
				"conn udp 10.9.0.1:50001 > 10.9.0.2:4789 vxlan", lookupConn+" in vxlan", lookupConn+" in vxlan",
				"dns www.example.org 1 unanswered", "dns www.example.org 1 unanswered", "tunnel vxlan",
			),
		},
		{
			name: "geneve-options.pcap", want: inPipe("geneve", both("6081")...),
			file: file(gt.Inside(pipe(50001, 6081), lookup(), ethernetIn(func(f []byte) []byte { return gt.Geneve(5000, 0x6558, gt.Join(option, option), f) }))),
		},
		{
			name: "geneve-ip.pcap", want: inPipe("geneve", both("6081")...),
			file: file(gt.Inside(pipe(50001, 6081), lookup(), func(p gt.Packet) []byte { return gt.Geneve(5000, 0x0800, nil, p.IP) })),
		},
		{
			name: "gtpu.pcap", want: inPipe("gtpu", "udp 10.9.0.1:2152 > 10.9.0.2:2152"),
			file: file(gt.Inside(pipe(2152, 2152), lookup(), func(p gt.Packet) []byte { return gt.GTPU(0x1001, nil, p.IP) })),
		},
		{
			name: "gtpu-extension-headers.pcap", want: inPipe("gtpu", "udp 10.9.0.1:2152 > 10.9.0.2:2152"),
			file: file(gt.Inside(pipe(2152, 2152), lookup(), func(p gt.Packet) []byte {
				return gt.GTPU(0x1001, gt.Join(gt.Hex("85 01 1009 c0 01 0001"), []byte{0}), p.IP) // and a PDCP number behind it
			})),
		},
		{
			name: "gtpu-session-container.pcap", want: inPipe("gtpu", "udp 10.9.0.1:2152 > 10.9.0.2:2152"),
			file: file(gt.Inside(pipe(2152, 2152), lookup(), func(p gt.Packet) []byte { return gt.GTPU(0x1001, session, p.IP) })),
		},
		{
			name: "teredo.pcap",
			want: words("conn udp 10.9.0.1:50001 > 10.9.0.2:3544 teredo", lookup6Conn+" in teredo", "dns www.example.org 1 unanswered", "tunnel teredo"),
			file: file(gt.Inside(pipe(50001, 3544), lookup6()[:1], gt.Raw)),
		},
		{
			// From the server to the client: port 3544 is the server's.
			name: "teredo-authentication-and-origin.pcap",
			want: words("conn udp 10.9.0.2:50001 > 10.9.0.1:3544 teredo", lookup6Conn+" in teredo", "dns www.example.org 1 unanswered", "tunnel teredo"),
			file: file(gt.Inside(pipe(3544, 50001), lookup6()[:1], func(p gt.Packet) []byte {
				return gt.Join(gt.Hex("0001 00 00 0102030405060708 00"), gt.Hex("0000 3cae f5fffffe"), p.IP)
			})),
		},
		{
			// A bubble holds the way open: an IPv6 header and nothing in it.
			name: "teredo-bubble.pcap",
			want: words("conn udp 10.9.0.1:50001 > 10.9.0.2:3544 teredo", "conn 59 [2001:0:a09:2::7]:0 > [2001:0:a09:2::8]:0 - in teredo", "tunnel teredo"),
			file: file([]gt.Packet{pipe(50001, 3544).UDP(false, gt.IP6("2001:0:a09:2::7", "2001:0:a09:2::8", 59, nil))}),
		},
		{
			// An echo request carries nobody's packet.
			name: "gtpu-echo.pcap", want: words("conn udp 10.9.0.1:2152 > 10.9.0.2:2152 gtpu", "tunnel gtpu"),
			file: file([]gt.Packet{pipe(2152, 2152).UDP(false, gt.Hex("32 01 0004 00000000 0001 00 00")), pipe(2152, 2152).UDP(true, gt.Hex("32 02 0006 00000000 0001 00 00 0e 00"))}),
		},
		{
			name: "vxlan-tag-inside.pcap", // the tag is part of the tenant's network, not of the one that was captured
			file: file(gt.Inside(pipe(50001, 4789), lookup(), func(p gt.Packet) []byte { return gt.VXLAN(5000, gt.Tagged(p, [2]int{0x8100, 30})) })),
			want: inPipe("vxlan", both("4789")...),
		},
		{
			// L2TP is named; the PPP in it stays closed.
			name: "l2tp.pcap", want: words("conn udp 10.9.0.1:1701 > 10.9.0.2:1701 l2tp", "tunnel l2tp"),
			file: file(gt.Inside(pipe(1701, 1701), lookup(), func(p gt.Packet) []byte { return gt.Join(gt.Hex("0002 0001 0001 ff03 0021"), p.IP) })),
		},
	}
}

// sealedGoldens: tunnels that nobody between their ends can read. Sealed bytes are lengths of IP packets.
func sealedGoldens() []golden {
	esp := gt.Join(gt.U32(0xc0ffee, 1), gt.Zeros(72))
	ends := pipe(4500, 4500)
	ike := gt.Join(gt.Hex("1122334455667788 0000000000000000 21 20 22 08"), gt.U32(0, 28))
	wireguard := func(kind byte, n int) []byte { return gt.Join([]byte{kind, 0, 0, 0}, gt.Zeros(n-4)) }
	guard, vpn := pipe(50001, 51820), pipe(50001, 1194)
	ah := func(p gt.Packet) []byte { // 24 bytes: next header, length in words - 2, index, sequence, check value of 96 bits
		return gt.Join([]byte{17, 4, 0, 0}, gt.U32(0x1001, 1), gt.Zeros(12), p.IP[20:])
	}
	dns := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.53"}
	return []golden{
		{
			name: "esp.pcap", file: file([]gt.Packet{pipe(0, 0).Proto(false, 50, esp), pipe(0, 0).Proto(true, 50, esp)}),
			want: words("conn 50 10.9.0.1:0 > 10.9.0.2:0 esp", "tunnel esp", "sight sealed_bytes 200"),
		},
		{
			name: "esp-ipv6.pcap", file: file([]gt.Packet{{IP: gt.IP6("2001:db8:9::1", "2001:db8:9::2", 50, esp)}}),
			want: words("conn 50 [2001:db8:9::1]:0 > [2001:db8:9::2]:0 esp", "tunnel esp", "sight sealed_bytes 120"),
		},
		{
			name: "l2tp-without-udp.pcap", file: file([]gt.Packet{pipe(0, 0).Proto(false, 115, gt.Join(gt.U32(0x1001), gt.Zeros(60)))}),
			want: words("conn 115 10.9.0.1:0 > 10.9.0.2:0 l2tp", "tunnel l2tp"),
		},
		{
			name: "esp-in-udp-with-key-exchange.pcap",
			file: file([]gt.Packet{ends.UDP(false, gt.Join(gt.Zeros(4), ike)), ends.UDP(false, esp), ends.UDP(true, esp), ends.UDP(false, []byte{0xff})}),
			want: words("conn udp 10.9.0.1:4500 > 10.9.0.2:4500 esp_in_udp,ipsec", "tunnel esp_in_udp", "sight sealed_bytes 245"), // 2*(28+80) + 29
		},
		{
			// The authentication header seals nothing: what is behind it is read.
			name: "ah-dns.pcap", file: file(gt.InsideProto(dns, 51, lookup(), ah)),
			want: words("conn udp 10.1.0.7:40001 > 10.1.0.53:53 dns,ah", lookupDNS, "tunnel ah"),
		},
		{
			name: "wireguard.pcap",
			file: file([]gt.Packet{guard.UDP(false, wireguard(1, 148)), guard.UDP(true, wireguard(2, 92)), guard.UDP(false, wireguard(4, 96)), guard.UDP(true, wireguard(4, 96))}),
			want: words("conn udp 10.9.0.1:50001 > 10.9.0.2:51820 wireguard", "tunnel wireguard", "sight sealed_bytes 544"), // 4*28 + 148+92+96+96
		},
		{
			name: "openvpn.pcap",
			file: file([]gt.Packet{
				vpn.UDP(false, gt.Join([]byte{7 << 3}, gt.Hex("0102030405060708 00 00000000"))),                                               // hard reset of the client
				vpn.UDP(true, gt.Join([]byte{8 << 3}, gt.Hex("1112131415161718 01 00000000 0102030405060708 00000000"))),                      // and of the server
				vpn.UDP(false, gt.Join([]byte{9 << 3, 0, 0, 1}, gt.Zeros(80))), vpn.UDP(true, gt.Join([]byte{9 << 3, 0, 0, 1}, gt.Zeros(80))), // data
			}),
			want: words("conn udp 10.9.0.1:50001 > 10.9.0.2:1194 openvpn", "tunnel openvpn", "sight sealed_bytes 320"), // 4*28 + 14+26+84+84
		},
	}
}

// nestedGoldens: tunnels inside of one another.
func nestedGoldens() []golden {
	inGRE := gt.InsideProto(gt.Pair{Client: "10.8.0.1", Server: "10.8.0.2"}, 47, lookup(), gre(0, 0x0800, nil))
	deep := lookup()[:1]
	for _, net := range []string{"10.5", "10.4", "10.3", "10.2", "10.1"} {
		deep = gt.InsideProto(gt.Pair{Client: net + ".9.1", Server: net + ".9.2"}, 4, deep, gt.Raw)
	}
	return []golden{
		{
			name: "gre-in-vxlan.pcap", file: file(gt.Inside(pipe(50001, 4789), inGRE, vxlan(7))),
			want: words(
				"conn udp 10.9.0.1:50001 > 10.9.0.2:4789 vxlan", "conn udp 10.9.0.2:50001 > 10.9.0.1:4789 vxlan",
				"conn 47 10.8.0.1:0 > 10.8.0.2:0 gre in vxlan in vxlan", lookupConn+" in gre", lookupDNS, "tunnel vxlan",
			),
		},
		{
			// Four tunnels around a packet are opened; the fifth is counted.
			name: "five-tunnels-deep.pcap", file: file(deep),
			want: words(
				"conn 4 10.1.9.1:0 > 10.1.9.2:0 ipip", "conn 4 10.2.9.1:0 > 10.2.9.2:0 ipip in ipip", "conn 4 10.3.9.1:0 > 10.3.9.2:0 ipip in ipip",
				"conn 4 10.4.9.1:0 > 10.4.9.2:0 ipip in ipip", "conn 4 10.5.9.1:0 > 10.5.9.2:0 ipip in ipip", "sight over_budget 1", "tunnel ipip",
			),
		},
	}
}
