package decode

import "testing"

func FuzzFrame(f *testing.F) {
	links := []uint16{LinkEthernet, LinkCooked1, LinkCooked2, LinkRaw, LinkIPv4, LinkIPv6, LinkNull, LinkLoop, LinkRawBSD, 105, LinkPPP, LinkPPPHDLC, LinkPPPoE, LinkCiscoHDLC, LinkPPPDirection}
	for _, seed := range [][]byte{
		nil, tcpFrame(20), udp6Frame(20), ether(0x8100, join(u16(10), u16(0x0800), ip4(47, 0, join(u16(0xb000), u16(0x6558), fill(20, 0))))),
		ether(0x0800, ip4(17, 0, udp(50000, 4789, join(u32(0x08000000), u32(42<<8), fill(30, 0))))), ether(0x86dd, ip6(0, fill(64, 0))),
		ether(0x86dd, ip6(58, join([]byte{134, 0, 0, 0}, fill(60, 1)))), ether(0x8847, fill(40, 1)), ether(40, fill(40, 0xaa)),
		ip4(17, 0, udp(2152, 2152, fill(40, 0x34))), ip4(17, 0, udp(3544, 3544, fill(40, 0))), ip4(51, 0, fill(40, 4)),
	} {
		for i := range links {
			f.Add(uint8(i), seed, uint32(len(seed)))
		}
	}
	var reused Packet
	f.Fuzz(func(t *testing.T, link uint8, data []byte, wire uint32) {
		l := links[int(link)%len(links)]
		p := decoded(l, data, int(wire))
		checkFrame(t, p, data)
		reused.Frame(l, data, wire)
		if a, b := brief(p), brief(&reused); a != b {
			t.Fatalf("a reused Packet differs:\n%s\n%s", a, b)
		}
		Checksum(p, data)
		p.ReadTCPOptions()
	})
}

// checkFrame checks what holds for any bytes.
func checkFrame(t *testing.T, p *Packet, data []byte) {
	t.Helper()
	ip := p.Net == IPv4 || p.Net == IPv6
	within := func(name string, b []byte) {
		if len(b) == 0 {
			return
		}
		for at := range data {
			if &data[at] == &b[0] && at+len(b) <= len(data) {
				return
			}
		}
		t.Fatalf("%s is not within the frame", name)
	}
	within("payload", p.Payload)
	within("options", p.TCPOptions)
	switch {
	case int(p.Reason) >= NumReasons, int(p.L2) >= NumL2Kinds, int(p.Tunnel) >= NumTunnels, int(p.Net) >= NumNets:
		t.Fatalf("outside a closed set: %+v", p)
	case p.PayloadLen < len(p.Payload):
		t.Fatalf("payload of %d on the wire, %d captured", p.PayloadLen, len(p.Payload))
	case ip && (p.IPHeader < 0 || p.IPHeader+20 > len(data)):
		t.Fatalf("IP header at %d of %d", p.IPHeader, len(data))
	case ip && p.IPLen > 0 && p.PayloadLen > p.IPLen:
		t.Fatalf("payload %d over packet %d", p.PayloadLen, p.IPLen)
	case ip && p.IPHeader+p.IPLen > len(data) && !p.Cut:
		t.Fatalf("not cut, but the packet ends behind the frame: %+v", p)
	case p.HasTransport && (p.TransportAt < p.IPHeader+20 || p.TransportAt+4 > len(data)):
		t.Fatalf("transport at %d of %d", p.TransportAt, len(data))
	case p.InnerOffset < 0, p.InnerOffset > 0 && (p.InnerOffset >= len(data) || p.Tunnel == TunnelNone || !LinkKnown(p.InnerLink)):
		t.Fatalf("inner part at %d of %d, %s", p.InnerOffset, len(data), p.Tunnel)
	case p.HasTransport && !ip, p.FirstFragment && p.FragOffset != 0, (p.FirstFragment || p.MoreFragments) && !p.Fragment:
		t.Fatalf("contradicts itself: %+v", p)
	}
}
