package sight

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"candor/internal/decode"
	"candor/internal/record"
)

// TestPathsChangeNothing: what is gathered on paths adds up to what looking into the tables at each packet gives, also where
// the clock goes back, where tables are full, and over minutes.
func TestPathsChangeNothing(t *testing.T) {
	scope := record.Scope{
		Segments:  []record.ScopeSegment{{ID: "a", Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}}},
		OwnPublic: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")},
	}
	rapid.Check(t, func(t *rapid.T) {
		quick, slow := New(scope, "s", "f"), New(scope, "s", "f")
		if rapid.Bool().Draw(t, "small tables") {
			for _, b := range []*Builder{quick, slow} {
				b.hosts.limit, b.cards.limit = 3, 2
			}
		}
		packets := rapid.SliceOfN(rapid.Custom(somePacket), 1, 6).Draw(t, "kinds") // few, so that they meet again
		at := record.Time(3 * record.Minute)
		for range rapid.IntRange(1, 200).Draw(t, "packets") {
			at += record.Time(rapid.IntRange(-2e9, 5e9).Draw(t, "later"))
			p := rapid.SampledFrom(packets).Draw(t, "packet")
			frame := []byte{rapid.Byte().Draw(t, "frame")}
			quick.Frame(at, &p, frame, 1)
			slow.Frame(at, &p, frame, 1)
			slow.settleAll()
		}
		quick.Finish()
		slow.Finish()
		if d := cmp.Diff(slow.Drain(nil), quick.Drain(nil), cmpopts.EquateComparable(netip.Addr{})); d != "" {
			t.Fatalf("(-each looked up +paths):\n%s", d)
		}
	})
}

func somePacket(t *rapid.T) decode.Packet {
	addrs := []decode.Addr{
		{10: 0xff, 11: 0xff, 12: 10, 15: 1},
		{10: 0xff, 11: 0xff, 12: 10, 15: 2},
		{10: 0xff, 11: 0xff, 12: 10, 15: 3},
		{10: 0xff, 11: 0xff, 12: 10, 15: 4},
		{10: 0xff, 11: 0xff, 12: 203, 14: 113, 15: 9},
		{10: 0xff, 11: 0xff, 12: 8, 15: 8},
		{0: 0xfe, 1: 0x80, 15: 1},
		{0: 0x20, 1: 1, 2: 0x0d, 3: 0xb8, 15: 1},
		{0: 0x20, 1: 1, 2: 0x0d, 3: 0xb8, 15: 2},
	}
	cards := []decode.MAC{{}, {5: 1}, {5: 2}, {5: 3}}
	return decode.Packet{
		HasMAC: rapid.Bool().Draw(t, "has cards"),
		SrcMAC: rapid.SampledFrom(cards).Draw(t, "sender"),
		DstMAC: rapid.SampledFrom(cards).Draw(t, "receiver"),
		Cast:   rapid.SampledFrom([]decode.Cast{decode.Unicast, decode.Broadcast}).Draw(t, "cast"),
		Net:    rapid.SampledFrom([]decode.Net{decode.IPv4, decode.IPv6}).Draw(t, "net"),
		Src:    rapid.SampledFrom(addrs).Draw(t, "src"),
		Dst:    rapid.SampledFrom(addrs).Draw(t, "dst"),
		TTL:    rapid.SampledFrom([]uint8{1, 64, 63, 128}).Draw(t, "ttl"),
		Proto:  rapid.SampledFrom([]uint8{decode.ProtoTCP, decode.ProtoUDP}).Draw(t, "protocol"),
		Flags:  rapid.SampledFrom([]uint8{decode.SYN, decode.ACK, decode.RST | decode.ACK}).Draw(t, "flags"),
		IPLen:  100,
	}
}

// TestPathsAreToldApart: a difference in anything that packets of a path share makes another path.
func TestPathsAreToldApart(t *testing.T) {
	s := newSecret()
	base := decode.Packet{HasMAC: true, SrcMAC: decode.MAC{1, 2, 3, 4, 5, 6}, DstMAC: decode.MAC{6, 5, 4, 3, 2, 1}, Net: decode.IPv4, TTL: 64}
	seen := map[uint64]string{s.path(&base): "base"}
	apart := func(name string, p decode.Packet) {
		if other, ok := seen[s.path(&p)]; ok {
			t.Errorf("%s is on the path of %s", name, other)
		}
		seen[s.path(&p)] = name
	}
	for i := range 6 {
		p := base
		p.SrcMAC[i] ^= 0x80
		apart("another sender", p)
		p = base
		p.DstMAC[i] ^= 0x80
		apart("another receiver", p)
	}
	for i := range 16 {
		p := base
		p.Src[i] ^= 0x80
		apart("another source", p)
		p = base
		p.Dst[i] ^= 0x80
		apart("another destination", p)
	}
	for name, change := range map[string]func(*decode.Packet){
		"no cards":            func(p *decode.Packet) { p.HasMAC = false },
		"another cast":        func(p *decode.Packet) { p.Cast++ },
		"another family":      func(p *decode.Packet) { p.Net = decode.IPv6 },
		"other hops":          func(p *decode.Packet) { p.TTL-- },
		"cards the other way": func(p *decode.Packet) { p.SrcMAC, p.DstMAC = p.DstMAC, p.SrcMAC },
	} {
		p := base
		change(&p)
		apart(name, p)
	}
}
