package source_test

import (
	"fmt"

	gt "candor/internal/source/goldentest"
)

// linkGoldens: what lies below IP.
func linkGoldens() []golden {
	out := []golden{
		{name: "link-ethernet.pcap", file: gt.Pcap(gt.LinkEthernet, gt.Frames(lookup()...)...), want: words(lookupConn, lookupDNS)},
		{name: "link-cooked.pcap", file: gt.Pcap(gt.LinkCooked1, gt.Each(lookup(), gt.Cooked1)...), want: words(lookupConn, lookupDNS)},
		{name: "link-cooked-2.pcap", file: gt.Pcap(gt.LinkCooked2, gt.Each(lookup(), gt.Cooked2)...), want: words(lookupConn, lookupDNS)},
		{name: "link-null-low-bytes-first.pcap", file: gt.Pcap(gt.LinkNull, gt.Each(lookup(), gt.Family(gt.LE32(2)))...), want: words(lookupConn, lookupDNS)},
		{name: "link-null-high-bytes-first.pcap", file: gt.Pcap(gt.LinkNull, gt.Each(lookup(), gt.Family(gt.U32(2)))...), want: words(lookupConn, lookupDNS)},
		{name: "link-loopback.pcap", file: gt.Pcap(gt.LinkLoop, gt.Each(lookup(), gt.Family(gt.U32(2)))...), want: words(lookupConn, lookupDNS)},
		{name: "link-loopback-ipv6.pcap", file: gt.Pcap(gt.LinkLoop, gt.Each(lookup6(), gt.Family(gt.U32(24)))...), want: words(lookup6Conn, lookupDNS)},
		{name: "link-raw-ipv6.pcap", file: gt.Pcap(229, gt.Each(lookup6(), gt.Raw)...), want: words(lookup6Conn, lookupDNS)},
		{
			name: "link-raw-both-families.pcap", file: gt.Pcap(gt.LinkRaw, append(gt.Each(lookup(), gt.Raw), gt.Each(lookup6(), gt.Raw)...)...),
			want: words(lookupConn, lookupDNS, lookup6Conn, lookupDNS),
		},
		{name: "link-ppp.pcap", file: gt.Pcap(gt.LinkPPP, gt.Each(lookup(), gt.Family(gt.U16(0x0021)))...), want: words(lookupConn, lookupDNS)},
		{
			name: "link-ppp-short-protocol.pcap", file: gt.Pcap(gt.LinkPPP, gt.Each(lookup(), gt.Family(gt.Hex("ff03 21")))...),
			want: words(lookupConn, lookupDNS),
		},
		{name: "link-ppp-hdlc.pcap", file: gt.Pcap(50, gt.Each(lookup(), gt.Family(gt.Hex("ff03 0021")))...), want: words(lookupConn, lookupDNS)},
		{name: "link-cisco-hdlc.pcap", file: gt.Pcap(104, gt.Each(lookup(), gt.Family(gt.Hex("0f00 0800")))...), want: words(lookupConn, lookupDNS)},
	}
	for _, l := range []int{12, 14, 101, 228} { // 12 and 14 are 101 as some systems number it, 228 is IPv4 only
		out = append(out, golden{name: fmt.Sprintf("link-raw-%d.pcap", l), file: gt.Pcap(l, gt.Each(lookup(), gt.Raw)...), want: words(lookupConn, lookupDNS)})
	}
	for _, l := range []struct {
		file, says string
		link       int
	}{
		{"link-unread-wifi.pcap", "IEEE 802.11", 105},
		{"link-unread-wifi-radiotap.pcap", "IEEE 802.11 with radiotap", 127},
		{"link-unread-usb.pcap", "Linux USB", 189},
		{"link-unread-usb-memory-mapped.pcap", "Linux USB", 220},
		{"link-unread-can-bus.pcap", "CAN bus", 190},
		{"link-unread-unknown.pcap", "link type 4711", 4711},
	} {
		frames := gt.Frames(lookup()...) // they look like lookups, and must not be read as such
		out = append(out, golden{
			name: l.file, file: gt.Pcap(l.link, frames...),
			want: words("unread "+l.says+" 2", "sight unread_frames 2", "undecodable unknown_link 2"),
		})
	}
	return append(out, tagGoldens()...)
}

// tagGoldens: what lies between Ethernet and IP.
func tagGoldens() []golden {
	tagged := func(tags ...[2]int) []byte {
		return gt.Pcap(gt.LinkEthernet, gt.Each(lookup(), func(p gt.Packet) []byte { return gt.Tagged(p, tags...) })...)
	}
	mpls := func(labels ...int64) []byte {
		return gt.Pcap(gt.LinkEthernet, gt.Each(lookup(), func(p gt.Packet) []byte { return gt.Frame(p.Back, 0x8847, gt.Labels(labels...), p.IP) })...)
	}
	pseudowire := func(control []byte) []byte {
		return gt.Pcap(gt.LinkEthernet, gt.Each(lookup(), func(p gt.Packet) []byte { return gt.Frame(p.Back, 0x8847, gt.Labels(16, 17), control, gt.Ethernet(p)) })...)
	}
	stp := gt.Join(gt.Hex("0180c2000000"+gt.ServerMAC), gt.U16(38), gt.Hex("424203 0000000000 8000001122334455 00000000 8000001122334455 8001 0000 1400 0200 0f00"), gt.Zeros(8))
	return []golden{
		{name: "vlan.pcap", file: tagged([2]int{0x8100, 0xe00a}), want: words(lookupConn+" vlan 10", lookupDNS, "vlan 10")}, // priority 7
		{
			name: "vlan-priority-tag-only.pcap", file: tagged([2]int{0x8100, 0x6000}), want: words(lookupConn, lookupDNS),
		},
		{
			name: "vlan-in-service-tag.pcap", file: tagged([2]int{0x88a8, 20}, [2]int{0x8100, 10}),
			want: words(lookupConn+" vlan 20/10", lookupDNS, "vlan 10", "vlan 20"),
		},
		{
			name: "vlan-in-vlan-old.pcap", file: tagged([2]int{0x9100, 20}, [2]int{0x8100, 10}),
			want: words(lookupConn+" vlan 20/10", lookupDNS, "vlan 10", "vlan 20"),
		},
		{
			name: "vlan-in-vlan-same-tag.pcap", file: tagged([2]int{0x8100, 20}, [2]int{0x8100, 10}),
			want: words(lookupConn+" vlan 20/10", lookupDNS, "vlan 10", "vlan 20"),
		},
		{name: "mpls.pcap", file: mpls(16), want: words(lookupConn, lookupDNS)},
		{name: "mpls-three-labels.pcap", file: mpls(16, 1000, 0xfffff), want: words(lookupConn, lookupDNS)},
		// A pseudowire says nowhere that Ethernet follows: it is not opened, and that is counted; never is it read as IP.
		{name: "mpls-pseudowire-control-word.pcap", file: pseudowire(gt.Zeros(4)), want: words("undecodable unknown_ether_type 2")},
		{name: "pppoe.pcap", file: gt.Pcap(gt.LinkEthernet, gt.Each(lookup(), gt.PPPoE)...), want: words(lookupConn, lookupDNS)},
		{name: "pppoe-ipv6.pcap", file: gt.Pcap(gt.LinkEthernet, gt.Each(lookup6(), gt.PPPoE)...), want: words(lookup6Conn, lookupDNS)},
		{name: "snap.pcap", file: gt.Pcap(gt.LinkEthernet, gt.Each(lookup(), gt.SNAP)...), want: words(lookupConn, lookupDNS)},
		{name: "llc-spanning-tree.pcap", file: gt.Pcap(gt.LinkEthernet, stp), want: words("sight switch_talk 1")},
		{
			// An Ethernet frame is 60 bytes at least: what stands behind the IP packet is padding.
			name: "ethernet-padding.pcap",
			file: gt.Pcap(gt.LinkEthernet, gt.Join(gt.Ethernet(lookup()[0]), []byte("padding")), gt.Join(gt.Ethernet(lookup()[1]), []byte("padding"))),
			want: words(lookupConn, lookupDNS),
		},
	}
}
