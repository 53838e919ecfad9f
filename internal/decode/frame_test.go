package decode

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// brief writes what a test row looks at: link, network, transport, tunnel and reason, the absent parts left out.
func brief(p *Packet) string {
	var s []string
	add := func(ok bool, format string, args ...any) {
		if ok {
			s = append(s, fmt.Sprintf(format, args...))
		}
	}
	add(p.Cast != Unicast, "%s", p.Cast)
	add(p.VLANs > 0, "vlans=%d:%d,%d", p.VLANs, p.VLAN[0], p.VLAN[1])
	add(p.L2 != L2None, "%s", p.L2)
	add(p.Net != NetNone, "%s", p.Net)
	ip := p.Net == IPv4 || p.Net == IPv6
	add(ip, "%s>%s proto=%d len=%d", p.Src, p.Dst, p.Proto, p.IPLen)
	add(p.Fragment, "frag=%d,%v", p.FragOffset, p.MoreFragments)
	add(p.SrcPort != 0 || p.DstPort != 0, "%d>%d", p.SrcPort, p.DstPort)
	add(p.HasTransport && (p.Proto == ProtoICMP || p.Proto == ProtoICMPv6), "type=%d,%d", p.ICMPType, p.ICMPCode)
	add(ip, "payload=%d/%d", len(p.Payload), p.PayloadLen)
	add(p.Tunnel != TunnelNone, "%s inner=%d,%d id=%d", p.Tunnel, p.InnerLink, p.InnerOffset, p.TunnelID)
	add(p.Cut, "cut")
	add(p.Reason != OK, "%s", p.Reason)
	return strings.Join(s, " ")
}

const addrs4, addrs6 = "10.0.0.1>198.51.100.7", "2001:db8::1>2001:db8:1::7"

type frameCase struct {
	name string
	link uint16
	data []byte
	wire int // 0: as captured
	want string
}

func runFrames(t *testing.T, cases []frameCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			wire := c.wire
			if wire == 0 {
				wire = len(c.data)
			}
			if got := brief(decoded(c.link, c.data, wire)); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLinkLayers(t *testing.T) {
	dns := ip4(ProtoUDP, 0, udp(5353, 53, fill(4, 7)))
	want := "ipv4 " + addrs4 + " proto=17 len=32 5353>53 payload=4/4"
	to := func(dst ...byte) []byte { return join(dns[:16], dst, dns[20:]) }
	tags := func(n int) (b []byte) {
		for range n {
			b = join(b, u16(0x8100), u16(10))
		}
		return b
	}
	llc := func(payload []byte) []byte { return ether(len(payload), join(payload, fill(40, 0xee))) }
	runFrames(t, []frameCase{
		{name: "padding is no payload", link: 1, data: ether(0x0800, join(dns, fill(20, 0xee))), want: want},
		{name: "vlan", link: 1, data: ether(0x8100, join(u16(0xe00a), u16(0x0800), dns)), want: "vlans=1:10,0 " + want},
		{name: "qinq", link: 1, data: ether(0x88a8, join(u16(100), u16(0x8100), u16(10), u16(0x0800), dns)), want: "vlans=2:100,10 " + want},
		{name: "sixteen tags", link: 1, data: join(routerMAC, hostMAC, tags(16), u16(0x0800), dns), want: "vlans=16:10,10 " + want},
		{name: "seventeen tags", link: 1, data: join(routerMAC, hostMAC, tags(17), u16(0x0800), dns), want: "vlans=16:10,10 too_deep"},
		{name: "cooked v1", link: 113, data: join(u16(4), u16(1), u16(6), hostMAC, u16(0), u16(0x0800), dns), want: want},
		{name: "cooked v1 broadcast", link: 113, data: join(u16(1), u16(1), u16(6), hostMAC, u16(0), u16(0x0800), dns), want: "broadcast " + want},
		{name: "cooked v1 802.2", link: 113, data: join(u16(2), u16(1), u16(6), hostMAC, u16(0), u16(4), []byte{0x42, 0x42, 3, 0}), want: "multicast stp"},
		{name: "cooked v2 with tag", link: 276, data: join(u16(0x8100), u16(0), u32(2), u16(1), []byte{2, 6}, hostMAC, u16(0), u16(20), u16(0x0800), dns), want: "multicast vlans=1:20,0 " + want},
		{name: "fabricpath", link: 1, data: join(hostMAC, routerMAC, u16(0x8903), u16(0x0060), ether(0x8100, join(u16(10), u16(0x0800), dns))), want: "vlans=1:10,0 " + want},
		{name: "fabricpath broadcast inside", link: 1, data: join(hostMAC, routerMAC, u16(0x8903), u16(0x0060), allMAC, hostMAC, u16(0x0800), dns), want: "broadcast " + want},
		{name: "fabricpath cut", link: 1, data: join(hostMAC, routerMAC, u16(0x8903), u16(0x0060), allMAC, hostMAC), want: "cut truncated_link"},
		{name: "raw", link: 101, data: dns, want: want},
		{name: "raw to all", link: 101, data: to(255, 255, 255, 255), want: "broadcast " + strings.Replace(want, "198.51.100.7", "255.255.255.255", 1)},
		{name: "raw to a group", link: 228, data: to(224, 0, 0, 251), want: "multicast " + strings.Replace(want, "198.51.100.7", "224.0.0.251", 1)},
		{name: "raw 12", link: 12, data: dns, want: want},
		{name: "raw ipv4", link: 228, data: dns, want: want},
		{name: "raw ipv6", link: 229, data: ip6(ProtoUDP, udp(1, 2, nil)), want: "ipv6 " + addrs6 + " proto=17 len=48 1>2 payload=0/0"},
		{name: "null little endian", link: 0, data: join([]byte{2, 0, 0, 0}, dns), want: want},
		{name: "null big endian", link: 0, data: join([]byte{0, 0, 0, 2}, dns), want: want},
		{name: "loop ipv6", link: 108, data: join(u32(24), ip6(ProtoUDP, udp(1, 2, nil))), want: "ipv6 " + addrs6 + " proto=17 len=48 1>2 payload=0/0"},
		{name: "null of another family", link: 0, data: join(u32(7), dns), want: "unknown_ether_type"},
		{name: "pppoe", link: 1, data: ether(0x8864, join([]byte{0x11, 0}, u16(7), u16(len(dns)+2), u16(0x0021), dns)), want: "pppoe " + want},
		{name: "pppoe control", link: 1, data: ether(0x8864, join([]byte{0x11, 0}, u16(7), u16(6), u16(0xc021), u32(0))), want: "pppoe"},
		{name: "mpls two labels", link: 1, data: ether(0x8847, join([]byte{0, 1, 0x00, 64, 0, 2, 0x01, 64}, dns)), want: "mpls " + want},
		{name: "mpls without end", link: 1, data: ether(0x8847, fill(80, 0)), want: "mpls too_deep"},
		{name: "mpls of something else", link: 1, data: ether(0x8847, []byte{0, 1, 1, 64, 0, 0, 0, 0}), want: "mpls unknown_ether_type"},
		{name: "snap ipv4", link: 1, data: llc(join([]byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(0x0800), dns)), want: want},
		{name: "snap cdp", link: 1, data: llc([]byte{0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 1, 2}), want: "cdp"},
		{name: "stp", link: 1, data: llc([]byte{0x42, 0x42, 3, 0, 0}), want: "stp"},
		{name: "raw ipx", link: 1, data: llc([]byte{0xff, 0xff, 0, 0, 0}), want: "ipx"},
		{name: "llc of length 2", link: 1, data: llc([]byte{0x42, 0x42}), want: "other_llc truncated_link"},
		{name: "lldp", link: 1, data: ether(0x88cc, fill(46, 0)), want: "lldp"},
		{name: "lacp", link: 1, data: ether(0x8809, []byte{1, 1}), want: "lacp"},
		{name: "oam", link: 1, data: ether(0x8809, []byte{3, 1}), want: "slow"},
		{name: "unknown ether type", link: 1, data: ether(0x4242, fill(46, 0)), want: "other unknown_ether_type"},
		{name: "between length and type", link: 1, data: ether(1501, fill(46, 0)), want: "other unknown_ether_type"},
		{name: "unknown link", link: 105, data: dns, want: "unknown_link"},
		{name: "unknown link, cut", link: 105, data: dns, wire: 1000, want: "cut unknown_link"},
		{name: "lldp cut", link: 1, data: ether(0x88cc, fill(46, 0)), wire: 300, want: "lldp cut"},
		{name: "empty ethernet", link: 1, data: nil, want: "cut truncated_link"},
		{name: "empty raw", link: 101, data: nil, want: "cut truncated_network"},
		{name: "half a tag", link: 1, data: ether(0x8100, []byte{0, 1, 8}), want: "cut truncated_link"},
	})
}

func TestNetworkLayers(t *testing.T) {
	lying := func(at, value int) []byte { // an IPv4 UDP packet with one byte changed
		b := ip4(ProtoUDP, 0, udp(1, 2, fill(8, 0)))
		b[at] = byte(value)
		return b
	}
	v6 := func(next int, payload ...[]byte) []byte { return ip6(next, join(payload...)) }
	option := func(next int) []byte { return []byte{byte(next), 0, 1, 4, 0, 0, 0, 0} }
	var chain []byte
	for range 17 {
		chain = join(chain, option(ProtoDestOpts))
	}
	ah := func(next int) []byte { return join([]byte{byte(next), 4, 0, 0}, u32(0x77), u32(1), fill(12, 9)) }
	runFrames(t, []frameCase{
		{name: "version 5", link: 228, data: lying(0, 0x55), want: "bad_ip_version"},
		{name: "raw version 5", link: 101, data: lying(0, 0x55), want: "bad_ip_version"},
		{name: "header of 16", link: 228, data: lying(0, 0x44), want: "ipv4 " + addrs4 + " proto=17 len=0 payload=0/0 bad_ip_header"},
		{name: "length under header", link: 228, data: lying(3, 19), want: "ipv4 " + addrs4 + " proto=17 len=0 payload=0/0 bad_ip_length"},
		{name: "length 0 is offload", link: 228, data: lying(3, 0), want: "ipv4 " + addrs4 + " proto=17 len=36 1>2 payload=8/8"},
		{name: "cut in options", link: 228, data: append([]byte{0x46, 0, 0, 40}, lying(0, 0)[4:20]...), want: "ipv4 " + addrs4 + " proto=17 len=40 payload=0/0 cut truncated_network"},
		{name: "cut payload, wire length lies", link: 228, data: lying(0, 0x45)[:30], want: "ipv4 " + addrs4 + " proto=17 len=36 1>2 payload=2/8 cut"},
		{name: "first fragment", link: 228, data: ip4(ProtoUDP, 0x2000, join(u16(1), u16(2), u16(4000), u16(0), fill(8, 0))), want: "ipv4 " + addrs4 + " proto=17 len=36 frag=0,true 1>2 payload=8/8"},
		{name: "later fragment", link: 228, data: ip4(ProtoUDP, 3, fill(16, 1)), want: "ipv4 " + addrs4 + " proto=17 len=36 frag=24,false payload=16/16"},
		{name: "ah in ipv4", link: 228, data: ip4(ProtoAH, 0, join(ah(ProtoUDP), udp(1, 2, nil))), want: "ipv4 " + addrs4 + " proto=17 len=52 1>2 payload=0/0 ah inner=0,0 id=119"},
		{name: "ipv6 extensions", link: 229, data: v6(ProtoHopByHop, option(ProtoDestOpts), option(ProtoUDP), udp(1, 2, fill(3, 0))), want: "ipv6 " + addrs6 + " proto=17 len=67 1>2 payload=3/3"},
		{name: "ipv6 first fragment", link: 229, data: v6(ProtoFragment, []byte{17, 0, 0, 1, 0, 0, 0, 9}, udp(1, 2, nil)), want: "ipv6 " + addrs6 + " proto=17 len=56 frag=0,true 1>2 payload=0/0"},
		{name: "ipv6 later fragment", link: 229, data: v6(ProtoFragment, []byte{17, 0, 0, 16, 0, 0, 0, 9}, fill(8, 0)), want: "ipv6 " + addrs6 + " proto=17 len=56 frag=16,false payload=8/8"},
		{name: "ipv6 atomic fragment", link: 229, data: v6(ProtoFragment, []byte{17, 0, 0, 0, 0, 0, 0, 9}, udp(1, 2, nil)), want: "ipv6 " + addrs6 + " proto=17 len=56 1>2 payload=0/0"},
		{name: "ipv6 length 0", link: 229, data: append([]byte{0x60, 0, 0, 0, 0, 0}, v6(ProtoUDP, udp(1, 2, fill(9, 0)))[6:]...), want: "ipv6 " + addrs6 + " proto=17 len=57 1>2 payload=9/9"},
		{name: "ipv6 nothing follows", link: 1, data: ether(0x86dd, join(v6(ProtoNoNext), fill(6, 0))), want: "ipv6 " + addrs6 + " proto=59 len=40 payload=0/0"},
		{name: "ipv6 too deep", link: 229, data: v6(ProtoDestOpts, chain), want: "ipv6 " + addrs6 + " proto=60 len=176 payload=0/0 too_deep"},
		{name: "ipv6 extension over the end", link: 229, data: v6(ProtoDestOpts, []byte{17, 9, 0, 0, 0, 0, 0, 0}), want: "ipv6 " + addrs6 + " proto=60 len=48 payload=0/0 bad_ip_header"},
		{name: "ipv6 extension cut", link: 229, data: v6(ProtoDestOpts, option(17), udp(1, 2, nil))[:44], want: "ipv6 " + addrs6 + " proto=60 len=56 payload=0/0 cut truncated_network"},
		{name: "short arp", link: 1, data: ether(0x0806, join(u16(1), u16(0x0800), []byte{6, 4}, u16(1))), want: "arp cut truncated_network"},
		{name: "arp of tokens", link: 1, data: ether(0x0806, join(u16(1), u16(0x0800), []byte{5, 4}, u16(1), fill(20, 0))), want: "arp bad_arp"},
	})
}

func TestTransportLayers(t *testing.T) {
	base := "ipv4 " + addrs4 + " "
	p4 := func(proto int, payload []byte) []byte { return ip4(proto, 0, payload) }
	mss := []byte{2, 4, 5, 180}
	runFrames(t, []frameCase{
		{name: "tcp with options", link: 228, data: p4(6, tcp(0x18, mss, fill(10, 1))), want: base + "proto=6 len=54 49152>443 payload=10/10"},
		{name: "tcp cut in options", link: 228, data: p4(6, tcp(0x18, mss, fill(10, 1)))[:42], want: base + "proto=6 len=54 49152>443 payload=0/10 cut"},
		{name: "tcp cut in header", link: 228, data: p4(6, tcp(0x18, mss, fill(10, 1)))[:30], want: base + "proto=6 len=54 49152>443 payload=10/34 cut truncated_transport"},
		{name: "tcp offset over the end", link: 228, data: p4(6, tcp(0x18, nil, nil)[:20]), want: base + "proto=6 len=40 49152>443 payload=0/0"},
		{name: "tcp offset lies", link: 228, data: p4(6, append(tcp(2, nil, nil)[:12], 0xf0, 2, 0, 0, 0, 0, 0, 0)), want: base + "proto=6 len=40 49152>443 payload=0/0 bad_transport"},
		{name: "tcp too short for itself", link: 228, data: p4(6, tcp(2, nil, nil)[:12]), want: base + "proto=6 len=32 49152>443 payload=12/12 bad_transport"},
		{name: "udp shorter than its packet", link: 228, data: p4(17, join(udp(1, 2, fill(3, 0)), fill(5, 0))), want: base + "proto=17 len=36 1>2 payload=3/3"},
		{name: "udp longer than its packet", link: 228, data: p4(17, join(u16(1), u16(2), u16(99), u16(0), fill(4, 0))), want: base + "proto=17 len=32 1>2 payload=4/4 bad_transport"},
		{name: "udp length 7", link: 228, data: p4(17, join(u16(1), u16(2), u16(7), u16(0))), want: base + "proto=17 len=28 1>2 payload=0/0 bad_transport"},
		{name: "icmp", link: 228, data: p4(1, join([]byte{3, 1, 0, 0}, u32(0), fill(28, 0))), want: base + "proto=1 len=56 type=3,1 payload=28/28"},
		{name: "icmp of 4", link: 228, data: p4(1, []byte{3, 1, 0, 0}), want: base + "proto=1 len=24 payload=4/4 bad_transport"},
		{name: "sctp", link: 228, data: p4(132, join(u16(5), u16(6), u32(0), u32(0), fill(4, 0))), want: base + "proto=132 len=36 5>6 payload=4/4"},
		{name: "igmp", link: 228, data: p4(2, fill(8, 0)), want: base + "proto=2 len=28 payload=8/8"},
		{name: "unknown", link: 228, data: p4(200, fill(8, 0)), want: base + "proto=200 len=28 payload=8/8 unknown_transport"},
		{name: "nothing captured of tcp", link: 228, data: p4(6, tcp(2, nil, nil))[:20], want: base + "proto=6 len=40 payload=0/20 cut truncated_transport"},
	})
}

func TestTCPFields(t *testing.T) {
	options := join([]byte{2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 8, 10}, u32(77), u32(88), []byte{0, 9})
	p := decoded(1, ether(0x0800, ip4(6, 0x4000, tcp(0xc2, options, []byte("GET")))), 100)
	if p.Seq != 1000 || p.Ack != 2000 || p.Window != 8192 || p.Flags != SYN|ECE|CWR || !p.DontFragment || p.IPID != 0x1234 || p.TTL != 64 {
		t.Errorf("fields: %+v", p)
	}
	want := TCPOptions{HasMSS: true, MSS: 1460, HasWindowScale: true, WindowScale: 7, SACKPermitted: true, HasTimestamps: true, TSVal: 77, TSEcr: 88}
	if got := p.ReadTCPOptions(); got != want {
		t.Errorf("options %+v, want %+v", got, want)
	}
	p.TCPOptions = []byte{3, 3, 7, 2, 9, 0}
	if got := p.ReadTCPOptions(); got != (TCPOptions{HasWindowScale: true, WindowScale: 7}) {
		t.Errorf("broken options %+v", got)
	}
	if p.IPHeader != 14 || p.TransportAt != 34 || p.SrcMAC != MAC(hostMAC) || p.DstMAC != MAC(routerMAC) || !p.HasMAC {
		t.Errorf("offsets and addresses: %+v", p)
	}
}

func TestARPFields(t *testing.T) {
	p := decoded(1, join(allMAC, hostMAC, u16(0x0806), u16(1), u16(0x0800), []byte{6, 4}, u16(1), hostMAC, hostIP, fill(6, 0), farIP, fill(18, 0)), 60)
	want := ARPMessage{Op: 1, SenderMAC: MAC(hostMAC), SenderIP: AddrFrom4([4]byte(hostIP)), TargetIP: AddrFrom4([4]byte(farIP))}
	if p.Net != ARP || p.Cast != Broadcast || p.ARP != want || p.Cut || p.Reason != OK {
		t.Errorf("got %+v", p)
	}
}

func TestNeighbourDiscovery(t *testing.T) {
	link := func(kind byte) []byte { return join([]byte{kind, 1}, hostMAC) }
	prefix := join([]byte{3, 4, 64, 0xc0}, u32(3600), u32(1800), u32(0), hostIP6[:8], fill(8, 0))
	icmp := func(kind byte, body ...[]byte) []byte { return join([]byte{kind, 0, 0, 0}, join(body...)) }
	mac := MAC(hostMAC)
	for _, c := range []struct {
		name string
		data []byte
		want Neighbour
	}{
		{"router advertisement", icmp(134, []byte{64, 0}, u16(1800), u32(0), u32(0), link(1), prefix), Neighbour{
			Kind: NDRouterAdvertisement, FromRouter: true, RouterLifetime: 1800, HasLinkAddr: true, LinkAddr: mac,
			HasPrefix: true, PrefixLen: 64, OnLink: true, Autonomous: true, Prefix: Addr(join(hostIP6[:8], fill(8, 0))),
		}},
		{"router without lifetime", icmp(134, []byte{64, 0}, u16(0), u32(0), u32(0)), Neighbour{Kind: NDRouterAdvertisement}},
		{"router solicitation", icmp(133, u32(0), link(1)), Neighbour{Kind: NDRouterSolicitation, HasLinkAddr: true, LinkAddr: mac}},
		{"solicitation", icmp(135, u32(0), farIP6, link(1)), Neighbour{Kind: NDNeighbourSolicitation, Target: Addr(farIP6), HasLinkAddr: true, LinkAddr: mac}},
		{"solicitation with the wrong option", icmp(135, u32(0), farIP6, link(2)), Neighbour{Kind: NDNeighbourSolicitation, Target: Addr(farIP6)}},
		{"advertisement of a router", icmp(136, []byte{0xe0, 0, 0, 0}, farIP6, link(2)), Neighbour{Kind: NDNeighbourAdvertisement, FromRouter: true, Target: Addr(farIP6), HasLinkAddr: true, LinkAddr: mac}},
		{"redirect", icmp(137, u32(0), farIP6, hostIP6, link(2)), Neighbour{Kind: NDRedirect, Target: Addr(farIP6), HasLinkAddr: true, LinkAddr: mac}},
		{"solicitation too short", icmp(135, u32(0), farIP6[:8]), Neighbour{}},
		{"option of length 0", icmp(135, u32(0), farIP6, fill(8, 0)), Neighbour{Kind: NDNeighbourSolicitation, Target: Addr(farIP6)}},
		{"echo", icmp(128, u32(0)), Neighbour{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			frame := ip6(ProtoICMPv6, c.data)
			if got := decoded(LinkIPv6, frame, len(frame)).ND; got != c.want {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
			frame[7] = 254 // forwarded once: no neighbour any more
			if got := decoded(LinkIPv6, frame, len(frame)).ND; got != (Neighbour{}) {
				t.Errorf("hop limit 254: got %+v", got)
			}
		})
	}
}

func TestFrameResets(t *testing.T) {
	var p Packet
	frame := ether(0x8100, join(u16(7), u16(0x0800), ip4(6, 0, tcp(0x18, nil, fill(9, 1)))))
	p.Frame(1, frame, uint32(len(frame)))
	p.Frame(1, nil, 0)
	if got := brief(&p); got != "cut truncated_link" || p.Flags != 0 || p.TTL != 0 || p.HasMAC {
		t.Errorf("after reuse: %s %+v", got, p)
	}
}

func TestFrameAllocates(t *testing.T) {
	frames := [][]byte{
		tcpFrame(100), udp6Frame(100), ether(0x88cc, fill(46, 0)), ether(0x0800, ip4(47, 0, join(u16(0), u16(0x0800), ip4(17, 0, udp(1, 2, nil))))),
		ether(0x86dd, ip6(ProtoICMPv6, join([]byte{135, 0, 0, 0}, u32(0), farIP6))), fill(20, 0xff), nil,
	}
	var p Packet
	if n := testing.AllocsPerRun(100, func() {
		for _, f := range frames {
			p.Frame(LinkEthernet, f, 1500)
			Checksum(&p, f)
			p.ReadTCPOptions()
		}
	}); n != 0 {
		t.Errorf("Frame allocates %v times", n)
	}
}

func TestClosedSetsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	name := func(set string, s string) {
		if s == "" || s == "invalid" || strings.ToLower(s) != s || strings.ContainsAny(s, " -") || seen[set+s] {
			t.Errorf("%s: bad or double name %q", set, s)
		}
		seen[set+s] = true
	}
	for i := range NumReasons {
		name("reason ", Reason(i).String())
	}
	for i := range NumL2Kinds {
		name("l2 ", L2Kind(i).String())
	}
	for i := range NumTunnels {
		name("tunnel ", Tunnel(i).String())
	}
	for i := range NumNets {
		name("net ", Net(i).String())
	}
	for i := range NumCasts {
		name("cast ", Cast(i).String())
	}
	for s := NeedMore; s <= NotHTTP; s++ {
		name("status ", s.String())
	}
	for s := CertMissing; s <= CertTooLarge; s++ {
		name("certificate ", s.String())
	}
	for i := range NumChecksumStates {
		name("checksum ", ChecksumState(i).String())
	}
	if Reason(NumReasons).String() != "invalid" || L2Kind(200).String() != "invalid" || Tunnel(200).String() != "invalid" {
		t.Error("values outside a set must say so")
	}
}

func TestLinkKnownIsWhatFrameReads(t *testing.T) {
	for link := range 300 {
		unread := decoded(uint16(link), fill(64, 0), 64).Reason == UnknownLink
		if LinkKnown(uint16(link)) == unread {
			t.Errorf("link %d: LinkKnown %v, but Frame says unknown: %v", link, !unread, unread)
		}
	}
	for link, want := range map[uint16]string{1: "Ethernet", 127: "IEEE 802.11 with radiotap", 299: "link type 299"} {
		if got := LinkName(link); got != want {
			t.Errorf("LinkName(%d) = %q, want %q", link, got, want)
		}
	}
}

func TestPayloadPointsIntoTheFrame(t *testing.T) {
	frame := ether(0x0800, ip4(17, 0, udp(1, 2, []byte("hello"))))
	p := decoded(1, frame, len(frame))
	if !bytes.Equal(p.Payload, []byte("hello")) || &p.Payload[0] != &frame[42] {
		t.Errorf("payload %q", p.Payload)
	}
}

func TestLinkKindsByType(t *testing.T) {
	snap := func(oui, pid int) []byte { return join([]byte{0xaa, 0xaa, 3}, u32(oui)[1:], u16(pid)) }
	for kind, etherTypes := range map[L2Kind][]int{
		L2LLDP: {0x88cc}, L2EAPOL: {0x888e, 0x88c7}, L2MACsec: {0x88e5}, L2PPPoEDiscovery: {0x8863}, L2Loopback: {0x9000}, L2PTP: {0x88f7}, L2CFM: {0x8902},
		L2AVB: {0x22f0, 0x22ea}, L2Profinet: {0x8892}, L2EtherCAT: {0x88a4}, L2GOOSE: {0x88b8, 0x88ba}, L2HomePlug: {0x88e1, 0x8912}, L2IEEE1905: {0x893a},
		L2RRCP: {0x8899}, L2WakeOnLAN: {0x0842}, L2FCoE: {0x8906, 0x8914}, L2AoE: {0x88a2}, L2IPX: {0x8137}, L2AppleTalk: {0x809b, 0x80f3}, L2DECnet: {0x6002},
	} {
		for _, etherType := range etherTypes {
			if p := decoded(1, ether(etherType, fill(46, 0)), 60); p.L2 != kind || p.Reason != OK || int(p.EtherType) != etherType {
				t.Errorf("%#x is %s (%s), want %s", etherType, p.L2, p.Reason, kind)
			}
		}
	}
	for kind, header := range map[L2Kind][]byte{
		L2VTP: snap(0x0c, 0x2003), L2DTP: snap(0x0c, 0x2004), L2STP: snap(0x0c, 0x010b), L2UDLD: snap(0x0c, 0x0111), L2EDP: snap(0x00e02b, 0x00bb),
		L2AppleTalk: snap(0x080007, 0x809b), L2OtherLLC: snap(0x123456, 1), L2IPX: {0xe0, 0xe0, 3}, L2NetBEUI: {0xf0, 0xf0, 3}, L2ISIS: {0xfe, 0xfe, 3},
	} {
		if p := decoded(1, ether(len(header), header), 60); p.L2 != kind || p.Reason != OK || p.EtherType != 0 {
			t.Errorf("% x is %s (%s), want %s", header, p.L2, p.Reason, kind)
		}
	}
}
