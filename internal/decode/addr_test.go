package decode

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAddrKinds(t *testing.T) {
	for _, c := range []struct{ addr, want string }{
		{"10.1.2.3", "4 private"},
		{"172.16.0.1", "4 private"},
		{"172.32.0.1", "4"},
		{"192.168.255.255", "4 private"},
		{"100.64.0.1", "4 private"},
		{"100.128.0.1", "4"},
		{"198.51.100.7", "4"},
		{"169.254.1.1", "4 linklocal"},
		{"127.0.0.1", "4 loopback"},
		{"224.0.0.251", "4 multicast"},
		{"240.0.0.1", "4"},
		{"255.255.255.255", "4 broadcast"},
		{"0.0.0.0", "4 unspecified"},
		{"::", "unspecified"},
		{"::1", "loopback"},
		{"fe80::1", "linklocal"},
		{"fec0::1", ""},
		{"fd00::1", "private"},
		{"ff02::1", "multicast"},
		{"2001:db8::1", ""},
		{"::10.1.2.3", ""},
	} {
		a := AddrFrom(netip.MustParseAddr(c.addr))
		var got []string
		for _, k := range []struct {
			is   bool
			name string
		}{
			{a.Is4(), "4"},
			{a.IsPrivate(), "private"},
			{a.IsLinkLocal(), "linklocal"},
			{a.IsLoopback(), "loopback"},
			{a.IsMulticast(), "multicast"},
			{a.IsBroadcast4(), "broadcast"},
			{a.IsUnspecified(), "unspecified"},
		} {
			if k.is {
				got = append(got, k.name)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q", c.addr, s, c.want)
		}
		if a.String() != c.addr && c.addr != "::10.1.2.3" {
			t.Errorf("%s is written %s", c.addr, a)
		}
	}
	if AddrFrom(netip.Addr{}) != (Addr{}) {
		t.Error("the invalid address is not zero")
	}
}

// Our kinds agree with netip where that has the same notion.
func TestAddrAgreesWithNetip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a Addr
		copy(a[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		if rapid.Bool().Draw(t, "four") {
			a = AddrFrom4([4]byte(a[:4]))
		}
		ip := a.Netip()
		if a.Is4() != ip.Is4() || a.IsMulticast() != ip.IsMulticast() || a.IsLinkLocal() != ip.IsLinkLocalUnicast() || a.IsLoopback() != ip.IsLoopback() {
			t.Fatalf("%s differs", ip)
		}
		if ip.IsPrivate() && !a.IsPrivate() {
			t.Fatalf("%s is private", ip)
		}
		if AddrFrom(ip) != a {
			t.Fatalf("%s does not come back", ip)
		}
	})
}

func TestMAC(t *testing.T) {
	m := MAC{0x00, 0x1b, 0x21, 0xaa, 0xbb, 0xcc}
	if m.String() != "00:1b:21:aa:bb:cc" || m.IsGroup() || m.IsBroadcast() || m.IsZero() {
		t.Errorf("%s", m)
	}
	if g := (MAC{0x01, 0, 0x5e}); !g.IsGroup() || g.IsBroadcast() {
		t.Errorf("%s", g)
	}
	if b := MAC(allMAC); !b.IsGroup() || !b.IsBroadcast() || !(MAC{}).IsZero() {
		t.Errorf("%s", b)
	}
}
