package sight

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/decode"
	"candor/internal/record"
)

// TestPlacesAreThoseOfTheScope: the ranges and the cache answer as record.Scope.Locate does, above all where a network begins or ends.
func TestPlacesAreThoseOfTheScope(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var edges []netip.Addr
		network := func(label string) netip.Prefix {
			n := netip.PrefixFrom(someAddr(t, label), rapid.IntRange(0, 32).Draw(t, "bits"))
			edges = append(edges, n.Masked().Addr(), lastOf(n))
			return n
		}
		scope := record.AssumedScope()
		if rapid.Bool().Draw(t, "agreed") {
			scope = record.Scope{PublicHosts: []netip.Addr{someAddr(t, "host")}, OwnPublic: []netip.Prefix{network("public")}}
			edges = append(edges, scope.PublicHosts[0])
			for _, id := range []record.SegmentID{"a", "b", "c"} {
				scope.Segments = append(scope.Segments, record.ScopeSegment{ID: id, Networks: []netip.Prefix{network("of a segment"), network("of a segment")}})
			}
		}
		for _, s := range special4 {
			n := netip.MustParsePrefix(s)
			edges = append(edges, n.Addr(), lastOf(n))
		}
		p := newPlaces(scope, newSecret())
		for _, e := range append(edges, someAddr(t, "any"), netip.MustParseAddr("fd00::1"), netip.MustParseAddr("ff02::1")) {
			for _, a := range []netip.Addr{e.Prev(), e, e.Next()} {
				if !a.IsValid() {
					continue
				}
				if got, want := p.name(p.of(decode.AddrFrom(a))), scope.Locate(a); got != want {
					t.Fatalf("%s is at %q, want %q", a, got, want)
				}
			}
		}
	})
}

func someAddr(t *rapid.T, label string) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, rapid.Uint32().Draw(t, label))))
}

func lastOf(n netip.Prefix) netip.Addr {
	a := n.Masked().Addr().As4()
	end := binary.BigEndian.Uint32(a[:]) | uint32(1<<(32-n.Bits())-1)
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, end)))
}

// TestGroupNames: outside the segments the group of an address is its /24 or /48.
func TestGroupNames(t *testing.T) {
	p := newPlaces(record.Scope{Segments: []record.ScopeSegment{{ID: "a"}, {ID: "b"}}}, newSecret())
	if got := p.group(groupOf(decode.Addr{}, 1)); got != "b" {
		t.Errorf("the group of an address in a segment is %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		a := decode.Addr(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"))
		bits := 48
		if rapid.Bool().Draw(t, "four") {
			a, bits = decode.AddrFrom4([4]byte(a[:4])), 24
		}
		if a.Is4() {
			bits = 24
		}
		want := netip.PrefixFrom(a.Netip(), bits).Masked().String()
		if got := p.group(groupOf(a, atInternet)); got != want {
			t.Fatalf("the group of %s is %q, want %q", a, got, want)
		}
	})
}
