package source_test

import gt "candor/internal/source/goldentest"

const anyMAC = "000000000000"

// arp is an ARP message (RFC 826) in a frame to one card or to all.
func arp(to string, op int, sender, senderIP, target, targetIP string) []byte {
	return gt.Join(gt.Hex(to+sender), gt.U16(0x0806, 1, 0x0800, 0x0604, op), gt.Hex(sender), gt.IP(senderIP), gt.Hex(target), gt.IP(targetIP))
}

// shout puts an IP packet into a frame to a group or to all.
func shout(to string, ip []byte) []byte {
	return gt.Join(gt.Hex(to+gt.ClientMAC), gt.U16(gt.EtherType(ip)), ip)
}

func lanGoldens() []golden {
	p := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.9"}
	const all = "ffffffffffff"
	solicit := gt.ICMP6("fe80::7", "ff02::1:ff00:9", 135, 0, 0, gt.Join(gt.IP("2001:db8:1::9"), gt.Hex("0101"+gt.ClientMAC)))
	advertise := gt.ICMP6("2001:db8:1::9", "fe80::7", 136, 0, 0x60000000, gt.Join(gt.IP("2001:db8:1::9"), gt.Hex("0201"+gt.ServerMAC)))
	router := gt.ICMP6("fe80::1", "ff02::1", 134, 0, 0x40000708, gt.Join(gt.U32(0, 0), gt.Hex("0101"+gt.ServerMAC), gt.Hex("0304 40 c0 00278d00 00093a80 00000000"), gt.IP("2001:db8:1::")))
	forged := gt.IP6Hops("fe80::1", "ff02::1", 58, 64, router[40:])
	unreachable := p.ICMP(true, 3, 3, 0, gt.Join(lookup()[0].IP)[:28])
	lldp := gt.Join(gt.Hex("0180c200000e"+gt.ServerMAC+"88cc"), gt.Hex("0207 04"+gt.ServerMAC), gt.Hex("0403 05 3031"), gt.Hex("0602 0078"), gt.Hex("0000"))
	cdp := gt.Join(gt.Hex("01000ccccccc"+gt.ServerMAC), gt.U16(8+4), gt.Hex("aaaa03 00000c 2000"), gt.Hex("02b4 fd4b"))
	goose := gt.Join(gt.Hex("010ccd010001"+gt.ServerMAC+"88b8"), gt.Hex("0001 000a 0000 0000 6100"))
	profinet := gt.Join(gt.Hex("010ecf000000"+gt.ClientMAC+"8892"), gt.Hex("fefe 05 00 01000001 0001 0004 ffff 0000"), gt.Zeros(26))
	return append([]golden{
		{
			name: "arp.pcap", want: words("sight arp 2"),
			file: gt.Pcap(1, arp(all, 1, gt.ClientMAC, "10.1.0.7", anyMAC, "10.1.0.9"), arp(gt.ClientMAC, 2, gt.ServerMAC, "10.1.0.9", gt.ClientMAC, "10.1.0.7")),
		},
		{
			name: "arp-of-another-size.pcap", file: gt.Pcap(1, gt.Frame(false, 0x0806, gt.U16(1, 0x0800, 0x0610, 1), gt.Zeros(44))),
			want: words("sight arp 1", "undecodable bad_arp 1"),
		},
		{
			name: "icmp-echo.pcap",
			file: file([]gt.Packet{p.ICMP(false, 8, 0, 0x00010001, text("abcdefgh")), p.ICMP(true, 0, 0, 0x00010001, text("abcdefgh"))}),
			want: words("conn icmp 10.1.0.7:8 > 10.1.0.9:0 -"),
		},
		{name: "icmp-port-unreachable.pcap", file: file([]gt.Packet{unreachable}), want: words("conn icmp 10.1.0.9:3 > 10.1.0.7:3 -")},
		{
			name: "ipv6-neighbour-discovery.pcap",
			want: words("conn icmp [fe80::7]:135 > [ff02::1:ff00:9]:136 -", "conn icmp [2001:db8:1::9]:136 > [fe80::7]:135 -", "sight neighbour 2"),
			file: gt.Pcap(1, shout("3333ff000009", solicit), gt.Frame(true, 0x86dd, advertise)),
		},
		{
			name: "ipv6-router-advertisement.pcap", file: gt.Pcap(1, shout("333300000001", router)),
			want: words("conn icmp [fe80::1]:134 > [ff02::1]:133 -", "sight router_adverts 1"),
		},
		// Who forwards it lowers the hop limit: this one comes from elsewhere and is no neighbour's (RFC 4861, 6.1.2).
		{
			name: "ipv6-router-advertisement-from-afar.pcap", file: gt.Pcap(1, shout("333300000001", forged)),
			want: words("conn icmp [fe80::1]:134 > [ff02::1]:133 -"),
		},
		{name: "lldp.pcap", file: gt.Pcap(1, lldp), want: words("sight switch_talk 1")},
		{name: "cdp.pcap", file: gt.Pcap(1, cdp), want: words("sight switch_talk 1")},
		{
			name: "icmpv6-echo.pcap",
			file: gt.Pcap(
				1, gt.Frame(false, 0x86dd, gt.ICMP6("2001:db8:1::7", "2001:db8:1::9", 128, 0, 1, text("ping"))),
				gt.Frame(true, 0x86dd, gt.ICMP6("2001:db8:1::9", "2001:db8:1::7", 129, 0, 1, text("ping"))),
			),
			want: words("conn icmp [2001:db8:1::7]:128 > [2001:db8:1::9]:129 -"),
		},
		{
			name: "igmp.pcap",
			file: gt.Pcap(1, shout("01005e000016", gt.IP4("10.1.0.7", "224.0.0.22", 2, gt.Hex("2200 f9fe 0000 0001 04000000 e00000fb")))),
			want: words("conn 2 10.1.0.7:0 > 224.0.0.22:0 -"),
		},
		{name: "goose.pcap", file: gt.Pcap(1, goose)},
		{name: "profinet.pcap", file: gt.Pcap(1, profinet)},
	}, append(dhcpGoldens(), dhcp6Goldens()...)...)
}

// dhcp is a DHCPv4 message (RFC 2131): from a client (op 1) or a server (op 2), the address given or 0.0.0.0, and options.
func dhcp(op byte, yours string, relay string, options ...[]byte) []byte {
	head := gt.Join([]byte{op, 1, 6, 0}, gt.U32(0x12345678, 0), gt.IP("0.0.0.0"), gt.IP(yours), gt.IP("0.0.0.0"), gt.IP(relay), gt.Hex(gt.ClientMAC), gt.Zeros(10+64+128))
	return gt.Join(head, gt.Hex("63825363"), gt.Join(options...), []byte{255})
}

// option is a DHCPv4 option.
func option(code byte, value []byte) []byte { return gt.Join([]byte{code}, gt.Len8(value)) }

func dhcpGoldens() []golden {
	kind := func(k byte) []byte { return option(53, []byte{k}) }
	name, fqdn := option(12, text("laptop")), option(81, gt.Join([]byte{0, 0, 0}, text("laptop.example.org")))
	wants := gt.Join(option(50, gt.IP("10.1.0.7")), option(54, gt.IP("10.1.0.1")))
	gives := gt.Join(option(54, gt.IP("10.1.0.1")), option(51, gt.U32(3600)), option(1, gt.IP("255.255.0.0")), option(3, gt.IP("10.1.0.1")))
	client := gt.Pair{Client: "0.0.0.0", Server: "255.255.255.255", ClientPort: 68, ServerPort: 67}
	server := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.1", ClientPort: 68, ServerPort: 67}
	relay := gt.Pair{Client: "10.2.0.1", Server: "10.1.0.1", ClientPort: 67, ServerPort: 67}
	const broadcast = "ffffffffffff"
	return []golden{
		{
			name: "dhcp-lease.pcap",
			file: gt.Pcap(
				1, shout(broadcast, client.UDP(false, dhcp(1, "0.0.0.0", "0.0.0.0", kind(1), name)).IP), gt.Ethernet(server.UDP(true, dhcp(2, "10.1.0.7", "0.0.0.0", kind(2), gives))),
				shout(broadcast, client.UDP(false, dhcp(1, "0.0.0.0", "0.0.0.0", kind(3), name, wants)).IP), gt.Ethernet(server.UDP(true, dhcp(2, "10.1.0.7", "0.0.0.0", kind(5), gives))),
			),
			want: words(
				"conn udp 0.0.0.0:68 > 255.255.255.255:67 dhcp", "conn udp 10.1.0.7:68 > 10.1.0.1:67 dhcp",
				"dhcp 3c:52:82:00:00:07 laptop 10.1.0.7 3600 DISCOVER,OFFER,REQUEST,ACK", "sight dhcp_leases 1",
			),
		},
		{
			name: "dhcp-through-relay.pcap",
			file: file([]gt.Packet{relay.UDP(false, dhcp(1, "0.0.0.0", "10.2.0.1", kind(3), fqdn, wants)), relay.UDP(true, dhcp(2, "10.2.0.7", "10.2.0.1", kind(5), gives))}),
			want: words("conn udp 10.2.0.1:67 > 10.1.0.1:67 dhcp", "dhcp 3c:52:82:00:00:07 laptop.example.org 10.2.0.7 3600 REQUEST,ACK", "sight dhcp_leases 1"),
		},
		{
			name: "dhcp-refused.pcap",
			file: gt.Pcap(1, shout(broadcast, client.UDP(false, dhcp(1, "0.0.0.0", "0.0.0.0", kind(3), name, wants)).IP),
				gt.Ethernet(server.UDP(true, dhcp(2, "0.0.0.0", "0.0.0.0", kind(6), option(54, gt.IP("10.1.0.1")))))),
			want: words("conn udp 0.0.0.0:68 > 255.255.255.255:67 dhcp", "conn udp 10.1.0.7:68 > 10.1.0.1:67 dhcp", "dhcp 3c:52:82:00:00:07 laptop - 0 REQUEST,NAK"),
		},
	}
}

// dhcp6Goldens: the card stands in the client's identifier (RFC 8415, 11.4).
func dhcp6Goldens() []golden {
	opt := func(code int, value ...[]byte) []byte { return gt.Join(gt.U16(code), gt.Len16(value...)) }
	id, server := opt(1, gt.Hex("0003 0001"+gt.ClientMAC)), opt(2, gt.Hex("0003 0001"+gt.ServerMAC))
	empty := opt(3, gt.U32(1, 0, 0))
	full := opt(3, gt.U32(1, 1800, 2880), opt(5, gt.IP("2001:db8:1::7"), gt.U32(3000, 3600)))
	fqdn := opt(39, []byte{0}, gt.Name("laptop.example.org"))
	message := func(kind byte, parts ...[]byte) []byte {
		return gt.Join([]byte{kind}, gt.Hex("abcdef"), gt.Join(parts...))
	}
	relayed := func(kind byte, inner []byte) []byte {
		return gt.Join([]byte{kind, 0}, gt.IP("2001:db8:1::1"), gt.IP("fe80::7"), opt(9, inner))
	}
	all := gt.Pair{Client: "fe80::7", Server: "ff02::1:2", ClientPort: 546, ServerPort: 547}
	back := gt.Pair{Client: "fe80::7", Server: "fe80::1", ClientPort: 546, ServerPort: 547}
	far := gt.Pair{Client: "2001:db8:1::1", Server: "2001:db8:2::1", ClientPort: 547, ServerPort: 547}
	asks := "conn udp [fe80::7]:546 > [ff02::1:2]:547 dhcp"
	conns := words(asks, "conn udp [fe80::7]:546 > [fe80::1]:547 dhcp")
	solicit := shout("333300010002", all.UDP(false, message(1, id, empty, fqdn, opt(14))).IP)
	return []golden{
		{name: "dhcp6-solicit-alone.pcap", file: gt.Pcap(1, solicit), want: words(asks, "dhcp 3c:52:82:00:00:07 laptop.example.org - 0 SOLICIT")},
		{
			name: "dhcp6-rapid-commit.pcap",
			file: gt.Pcap(1, solicit, gt.Ethernet(back.UDP(true, message(7, id, server, full, opt(14))))),
			want: append(conns, "dhcp 3c:52:82:00:00:07 laptop.example.org 2001:db8:1::7 3600 SOLICIT,REPLY", "sight dhcp_leases 1"),
		},
		{
			name: "dhcp6-four-messages.pcap",
			file: gt.Pcap(
				1, shout("333300010002", all.UDP(false, message(1, id, empty, fqdn)).IP), gt.Ethernet(back.UDP(true, message(2, id, server, full))),
				shout("333300010002", all.UDP(false, message(3, id, server, full, fqdn)).IP), gt.Ethernet(back.UDP(true, message(7, id, server, full))),
			),
			want: append(conns, "dhcp 3c:52:82:00:00:07 laptop.example.org 2001:db8:1::7 3600 SOLICIT,ADVERTISE,REQUEST,REPLY", "sight dhcp_leases 1"),
		},
		{
			// What the relay says of the client stands in the message; the cards of the frame are of others.
			name: "dhcp6-through-relay.pcap",
			file: file([]gt.Packet{far.UDP(false, relayed(12, message(3, id, server, full, fqdn))), far.UDP(true, relayed(13, message(7, id, server, full)))}),
			want: words("conn udp [2001:db8:1::1]:547 > [2001:db8:2::1]:547 dhcp", "dhcp 3c:52:82:00:00:07 laptop.example.org 2001:db8:1::7 3600 REQUEST,REPLY", "sight dhcp_leases 1"),
		},
	}
}
