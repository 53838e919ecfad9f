package decode

import "testing"

func TestTunnels(t *testing.T) {
	inner := ip4(ProtoUDP, 0, udp(7, 8, nil))
	wire := func(kind byte, n int) []byte { return join([]byte{kind, 0, 0, 0}, fill(n-4, 9)) }
	for _, c := range []struct {
		name     string
		packet   []byte
		tunnel   Tunnel
		link     uint16
		offset   int // into the packet, 0: closed
		tunnelID uint32
	}{
		{"gre", ip4(47, 0, join(u16(0), u16(0x0800), inner)), TunnelGRE, LinkIPv4, 24, 0},
		{"gre with checksum, key and sequence", ip4(47, 0, join(u16(0xb000), u16(0x86dd), u32(0), u32(5), u32(6), inner)), TunnelGRE, LinkIPv6, 36, 5},
		{"gre ethernet", ip4(47, 0, join(u16(0), u16(0x6558), inner)), TunnelGRE, LinkEthernet, 24, 0},
		{"pptp", ip4(47, 0, join(u16(0x3001), u16(0x880b), u32(5), u32(6), inner)), TunnelGRE, 0, 0, 0},
		{"erspan 1", ip4(47, 0, join(u16(0), u16(0x88be), inner)), TunnelERSPAN, LinkEthernet, 24, 0},
		{"erspan 2", ip4(47, 0, join(u16(0x1000), u16(0x88be), u32(6), u32(0), u32(0), inner)), TunnelERSPAN, LinkEthernet, 36, 0},
		{"erspan 3 with platform header", ip4(47, 0, join(u16(0x1000), u16(0x22eb), u32(6), fill(11, 0), []byte{1}, u32(0), u32(0), inner)), TunnelERSPAN, LinkEthernet, 48, 0},
		{"ipip", ip4(4, 0, inner), TunnelIPIP, LinkRaw, 20, 0},
		{"6in4", ip4(41, 0, ip6(59, nil)), Tunnel6in4, LinkRaw, 20, 0},
		{"esp", ip4(50, 0, join(u32(0x99), fill(40, 1))), TunnelESP, 0, 0, 0x99},
		{"l2tp v3", ip4(115, 0, fill(40, 1)), TunnelL2TP, 0, 0, 0},
		{"vxlan", ip4(17, 0, udp(50000, 4789, join(u32(0x08000000), u32(42<<8), ether(0x0800, inner)))), TunnelVXLAN, LinkEthernet, 36, 42},
		{"vxlan without its flag", ip4(17, 0, udp(50000, 4789, join(u32(0), u32(42<<8)))), TunnelNone, 0, 0, 0},
		{"geneve with options", ip4(17, 0, udp(50000, 6081, join([]byte{2, 0}, u16(0x6558), u32(42<<8), fill(8, 0), ether(0x0800, inner)))), TunnelGeneve, LinkEthernet, 44, 42},
		{"gtp-u", ip4(17, 0, udp(2152, 2152, join([]byte{0x30, 0xff}, u16(28), u32(7), inner))), TunnelGTPU, LinkRaw, 36, 7},
		{"gtp-u with extension", ip4(17, 0, udp(2152, 2152, join([]byte{0x34, 0xff}, u16(36), u32(7), u16(0), []byte{0, 0x85, 1, 0, 0, 0}, inner))), TunnelGTPU, LinkRaw, 44, 7},
		{"gtp-u extension of length 0", ip4(17, 0, udp(2152, 2152, join([]byte{0x34, 0xff}, u16(36), u32(7), u16(0), []byte{0, 0x85, 0, 0, 0, 0}, inner))), TunnelGTPU, 0, 0, 7},
		{"gtp-u echo", ip4(17, 0, udp(2152, 2152, join([]byte{0x32, 1}, u16(4), u32(0), u32(0)))), TunnelGTPU, 0, 0, 0},
		{"teredo", ip4(17, 0, udp(50000, 3544, ip6(59, nil))), TunnelTeredo, LinkIPv6, 28, 0},
		{"teredo with indications", ip4(17, 0, udp(3544, 50000, join([]byte{0, 1, 0, 0}, fill(9, 0), u16(0), fill(6, 0), ip6(59, nil)))), TunnelTeredo, LinkIPv6, 49, 0},
		{"esp in udp", ip4(17, 0, udp(4500, 4500, join(u32(0x99), fill(40, 1)))), TunnelESPinUDP, 0, 0, 0x99},
		{"esp in udp keepalive", ip4(17, 0, udp(4500, 4500, []byte{0xff})), TunnelESPinUDP, 0, 0, 0},
		{"key exchange on 4500", ip4(17, 0, udp(4500, 4500, join(u32(0), fill(40, 1)))), TunnelNone, 0, 0, 0},
		{"l2tp", ip4(17, 0, udp(1701, 1701, join(u16(0xc802), u16(12), fill(8, 0)))), TunnelL2TP, 0, 0, 0},
		{"openvpn", ip4(17, 0, udp(50000, 1194, join([]byte{0x38}, fill(20, 0)))), TunnelOpenVPN, 0, 0, 0},
		{"wireguard initiation", ip4(17, 0, udp(50000, 53, wire(1, 148))), TunnelWireGuard, 0, 0, 0},
		{"wireguard response", ip4(17, 0, udp(51820, 50000, wire(2, 92))), TunnelWireGuard, 0, 0, 0},
		{"wireguard cookie", ip4(17, 0, udp(51820, 50000, wire(3, 64))), TunnelWireGuard, 0, 0, 0},
		{"wireguard data", ip4(17, 0, udp(51820, 50000, wire(4, 96))), TunnelWireGuard, 0, 0, 0},
		{"wireguard keepalive", ip4(17, 0, udp(51820, 50000, wire(4, 32))), TunnelWireGuard, 0, 0, 0},
		{"wireguard data of a wrong length", ip4(17, 0, udp(51820, 50000, wire(4, 90))), TunnelNone, 0, 0, 0},
		{"dns like wireguard data", ip4(17, 0, udp(50000, 53, wire(4, 32))), TunnelNone, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			offset := c.offset
			if offset > 0 {
				offset += 14
			}
			frame := ether(0x0800, c.packet)
			p := decoded(LinkEthernet, frame, len(frame))
			if p.Tunnel != c.tunnel || p.InnerLink != c.link || p.InnerOffset != offset || p.TunnelID != c.tunnelID || p.Reason != OK {
				t.Errorf("got %s link %d at %d id %d (%s), want %s link %d at %d id %d", p.Tunnel, p.InnerLink, p.InnerOffset, p.TunnelID, p.Reason,
					c.tunnel, c.link, offset, c.tunnelID)
			}
			for n := range len(frame) { // cut anywhere: never an offset beyond the bytes
				if p := decoded(LinkEthernet, frame[:n], len(frame)); p.InnerOffset > n {
					t.Errorf("cut at %d: inner part at %d", n, p.InnerOffset)
				}
			}
		})
	}
	if got := decoded(LinkIPv6, ip6(41, ip6(59, nil)), 80); got.Tunnel != TunnelIPIP || got.InnerOffset != 40 {
		t.Errorf("ipv6 in ipv6: %s at %d", got.Tunnel, got.InnerOffset)
	}
}

func TestInnerPartDecodes(t *testing.T) {
	inner := ether(0x0800, ip4(6, 0, tcp(2, nil, nil)))
	frame := ether(0x0800, ip4(17, 0, udp(50000, 4789, join(u32(0x08000000), u32(42<<8), inner))))
	p := decoded(LinkEthernet, frame, len(frame))
	in := decoded(p.InnerLink, frame[p.InnerOffset:], len(frame)-p.InnerOffset)
	if in.Proto != ProtoTCP || in.DstPort != 443 || in.Flags != SYN || in.Reason != OK {
		t.Errorf("inner: %s", brief(in))
	}
}

func TestSealed(t *testing.T) {
	for kind, want := range map[Tunnel]bool{TunnelNone: false, TunnelGRE: false, TunnelVXLAN: false, TunnelESP: true, TunnelWireGuard: true, TunnelAH: false} {
		if got := kind.Sealed(); got != want {
			t.Errorf("%s sealed: %v", kind, got)
		}
	}
}
