package decode

import (
	"strings"
	"testing"
)

func TestSerialLinks(t *testing.T) {
	dns := ip4(ProtoUDP, 0, udp(50000, 53, []byte("query")))
	v6 := ip6(ProtoUDP, udp(1, 2, nil))
	wide := brief(decoded(LinkIPv4, dns, len(dns)))
	wide6 := brief(decoded(LinkIPv6, v6, len(v6)))
	group := append(dns[:16:16], join([]byte{224, 0, 0, 1}, dns[20:])...)
	for _, c := range []struct {
		name string
		link uint16
		data []byte
		want string
	}{
		{"ppp", LinkPPP, join([]byte{0x00, 0x21}, dns), wide},
		{"ppp with address and control", LinkPPP, join([]byte{0xff, 3, 0, 0x21}, dns), wide},
		{"ppp compressed", LinkPPP, join([]byte{0x21}, dns), wide},
		{"ppp, version 6", LinkPPPHDLC, join([]byte{0xff, 3, 0, 0x57}, v6), wide6},
		{"ppp control", LinkPPPHDLC, join([]byte{0xff, 3, 0xc0, 0x21, 1, 1, 0, 4}), "other unknown_ether_type"},
		{"ppp with labels", LinkPPP, join([]byte{0x02, 0x81, 0, 1, 1, 64}, dns), "mpls " + wide},
		{"ppp to a group", LinkPPP, join([]byte{0x21}, group), "multicast " + strings.Replace(wide, "198.51.100.7", "224.0.0.1", 1)},
		{"ppp cut", LinkPPP, []byte{0xff, 3, 0}, "cut truncated_link"},
		{"ppp empty", LinkPPP, nil, "cut truncated_link"},
		{"ppp, nothing behind the protocol", LinkPPP, []byte{0, 0x21}, "cut truncated_network"},
		{"ppp with direction", LinkPPPDirection, join([]byte{0, 3, 0, 0x21}, dns), wide},
		{"ppp with direction, out", LinkPPPDirection, join([]byte{1, 3, 0, 0x21}, dns), wide},
		{"ppp behind a byte", LinkPPPPrefix, join([]byte{1, 0xff, 3, 0, 0x21}, dns), wide},
		{"ppp behind a byte, bare", LinkPPPPrefix, join([]byte{0, 0x21}, dns), wide},
		{"pppoe", LinkPPPoE, join([]byte{0x11, 0}, u16(7), u16(len(dns)+2), u16(0x21), dns), "pppoe " + wide},
		{"pppoe cut", LinkPPPoE, []byte{0x11, 0, 0, 7}, "pppoe cut truncated_link"},
		{"hdlc", LinkCiscoHDLC, join([]byte{0x0f, 0, 8, 0}, dns), wide},
		{"hdlc, version 6", LinkCiscoHDLC, join([]byte{0x0f, 0, 0x86, 0xdd}, v6), wide6},
		{"hdlc to all", LinkCiscoHDLC, join([]byte{0x8f, 0, 8, 0}, group), "multicast " + strings.Replace(wide, "198.51.100.7", "224.0.0.1", 1)},
		{"hdlc keepalive", LinkCiscoHDLC, join([]byte{0x8f, 0, 0x80, 0x35}, make([]byte, 18)), "other unknown_ether_type"},
		{"hdlc discovery", LinkCiscoHDLC, join([]byte{0x8f, 0, 0x20, 0}, make([]byte, 18)), "cdp"},
		{"hdlc of a length", LinkCiscoHDLC, join([]byte{0x0f, 0, 0, 9}, make([]byte, 18)), "other unknown_ether_type"},
		{"hdlc of another address", LinkCiscoHDLC, join([]byte{0x42, 0, 8, 0}, dns), "other unknown_ether_type"},
		{"hdlc cut", LinkCiscoHDLC, []byte{0x0f, 0, 8}, "cut truncated_link"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := brief(decoded(c.link, c.data, len(c.data))); got != c.want {
				t.Errorf("\n%s, want\n%s", got, c.want)
			}
		})
	}
}

// TestLinkNames: types that nobody reads here have a name that says so to people, and none has two.
func TestLinkNames(t *testing.T) {
	seen := map[uint16]bool{}
	for _, l := range linkNames {
		if seen[l.link] || l.name == "" {
			t.Errorf("link %d %q", l.link, l.name)
		}
		seen[l.link] = true
	}
	for link, part := range map[uint16]string{105: "802.11", 119: "802.11", 163: "802.11", 127: "radiotap", 189: "USB", 220: "USB", 249: "USB", 187: "Bluetooth", 201: "Bluetooth", 251: "Bluetooth", 227: "CAN"} {
		if name := LinkName(link); !strings.Contains(name, part) || LinkKnown(link) {
			t.Errorf("link %d is %q", link, name)
		}
	}
}
