package record_test

import (
	"net/netip"
	"testing"

	"candor/internal/record"
)

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range texts {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func bank() record.Scope {
	return record.Scope{
		Segments: []record.ScopeSegment{
			{ID: "users", Networks: prefixes("10.1.0.0/16", "2001:db8:1::/48")},
			{ID: "campus", Networks: prefixes("10.0.0.0/8", "2001:db8::/32")}, // wide, between two narrow ones
			{ID: "vault", Networks: prefixes("10.1.9.0/24")},
			{ID: "dmz", Networks: prefixes("203.0.113.128/25", "224.0.0.0/8")},
			{ID: "guests", Networks: prefixes("192.168.7.0/24"), Excluded: true},
		},
		OwnPublic:   prefixes("203.0.113.0/24"),
		PublicHosts: []netip.Addr{netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("192.168.9.9")},
		Resolvers:   []netip.Addr{netip.MustParseAddr("10.1.9.53"), netip.MustParseAddr("2001:db8::53")},
	}
}

func TestLocate(t *testing.T) {
	cases := []struct {
		name, addr string
		want       record.SegmentID
	}{
		{"only the wide network", "10.200.0.1", "campus"},
		{"longest network, middle", "10.1.8.1", "users"},
		{"longest network", "10.1.9.1", "vault"},
		{"longest network, IPv6", "2001:db8:1::9", "users"},
		{"wide network, IPv6", "2001:db8:2::9", "campus"},
		{"IPv4 mapped into IPv6", "::ffff:10.1.9.1", "vault"},
		{"with a zone", "2001:db8:1::9%eth0", "users"},
		{"link-local with a zone", "fe80::1%eth0", record.LinkLocal},
		{"an excluded segment is a segment", "192.168.7.1", "guests"},
		{"a promised public network before own public", "203.0.113.200", "dmz"},
		{"own public network", "203.0.113.4", record.OwnPublic},
		{"own public network, mapped", "::ffff:203.0.113.4", record.OwnPublic},
		{"a public host", "198.51.100.7", record.OwnPublic},
		{"a public host with a private address", "192.168.9.9", record.OwnPublic},
		{"neighbour of a public host", "198.51.100.8", record.Internet},
		{"private and unnamed", "192.168.8.1", record.Private},
		{"unique local", "fd00::1", record.Private},
		{"shared space begins", "100.64.0.0", record.Private},
		{"shared space ends", "100.127.255.255", record.Private},
		{"before shared space", "100.63.255.255", record.Internet},
		{"after shared space", "100.128.0.0", record.Internet},
		{"link-local", "169.254.3.4", record.LinkLocal},
		{"multicast, although a network contains it", "224.0.0.251", record.LinkLocal},
		{"multicast IPv6", "ff02::fb", record.LinkLocal},
		{"broadcast", "255.255.255.255", record.LinkLocal},
		{"unspecified", "0.0.0.0", record.LinkLocal},
		{"unspecified IPv6", "::", record.LinkLocal},
		{"loopback", "127.0.0.1", record.LinkLocal},
		{"loopback IPv6", "::1", record.LinkLocal},
		{"Internet", "192.0.2.1", record.Internet},
		{"Internet IPv6", "2a00:1450::1", record.Internet},
	}
	scope := bank()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := scope.Locate(netip.MustParseAddr(c.addr)); got != c.want {
				t.Errorf("%s is at %q, want %q", c.addr, got, c.want)
			}
		})
	}
}

func TestAssumedScope(t *testing.T) {
	scope := record.AssumedScope()
	if !scope.Assumed || scope.Agreement != "" || len(scope.Segments) != 1 {
		t.Fatalf("scope %+v", scope)
	}
	cases := map[string]record.SegmentID{
		"10.255.0.1": record.InsideAssumed, "172.16.0.1": record.InsideAssumed, "172.31.255.255": record.InsideAssumed, "192.168.0.1": record.InsideAssumed,
		"100.64.0.1": record.InsideAssumed, "fd12::1": record.InsideAssumed, "fc00::1": record.InsideAssumed,
		"172.32.0.1": record.Internet, "192.169.0.1": record.Internet, "2001:db8::1": record.Internet, "8.8.8.8": record.Internet,
		"169.254.1.1": record.LinkLocal, "fe80::1": record.LinkLocal,
	}
	for addr, want := range cases {
		if got := scope.Locate(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is at %q, want %q", addr, got, want)
		}
	}
}

func TestScopeFinds(t *testing.T) {
	scope := bank()
	if s := scope.Segment("vault"); s != &scope.Segments[2] || s.ID != "vault" {
		t.Errorf("Segment(vault) = %+v", s)
	}
	if s := scope.Segment(record.Internet); s != nil {
		t.Errorf("Segment(Internet) = %+v, want nil", s)
	}
	for addr, want := range map[string]bool{"10.1.9.53": true, "2001:db8::53": true, "10.1.9.54": false} {
		if got := scope.IsResolver(netip.MustParseAddr(addr)); got != want {
			t.Errorf("IsResolver(%s) = %v", addr, got)
		}
	}
}
