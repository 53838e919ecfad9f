package record_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"candor/internal/record"
)

// sights makes a Sight of a few minutes whose sets are sorted, as builders give them. Keys come from small ranges so that
// sets overlap.
func sights(t *rapid.T) record.Sight {
	from := record.Time(rapid.Int64Range(0, 9).Draw(t, "minute")) * record.Minute
	s := record.Sight{
		Span: record.Span{From: from, To: from + record.Minute}, Minutes: rapid.IntRange(1, 3).Draw(t, "minutes"),
		Hosts:   set(t, "host", hosts, func(h record.HostSeen) netip.Addr { return h.Addr }, netip.Addr.Compare),
		Cards:   set(t, "card", cards, func(c record.CardSeen) record.MAC { return c.MAC }, compareMAC),
		Clients: set(t, "client", clients, func(c record.ClientSeen) netip.Addr { return c.Addr }, netip.Addr.Compare),
		Groups:  set(t, "group", groups, func(g record.GroupSeen) string { return g.Group }, cmp.Compare),
		Pairs:   set(t, "pair", pairs, func(p record.PairSeen) [2]record.SegmentID { return [2]record.SegmentID{p.From, p.To} }, comparePair),
		VLANs:   set(t, "vlan", rapid.Uint16Range(1, 9).Draw, func(v uint16) uint16 { return v }, cmp.Compare),
		Acked:   runs(t), LostHosts: small(t, "lost"), Carries: record.Carries(rapid.Uint32Range(0, uint32(record.CarriesAll)).Draw(t, "carries")),
		Undecodable: named(t, "reason", "malformed", "too_deep", "unknown_link"),
		Tunnels:     named(t, "tunnel", "gre", "vxlan"),
	}
	for range rapid.IntRange(0, 6).Draw(t, "counts") {
		s.Counts[rapid.IntRange(0, record.NumCounts-1).Draw(t, "count")] = rapid.Uint64().Draw(t, "n")
	}
	if rapid.Bool().Draw(t, "drops known") {
		s.Drops = &record.Drops{Received: rapid.Uint64().Draw(t, "received"), Dropped: rapid.Uint64().Draw(t, "dropped"), Partly: rapid.Bool().Draw(t, "partly")}
	}
	return s
}

func small(t *rapid.T, label string) uint64 { return rapid.Uint64Range(0, 100).Draw(t, label) }

// set draws up to six elements with different keys, sorted by key.
func set[T any, K comparable](t *rapid.T, label string, draw func(*rapid.T, string) T, key func(T) K, compare func(a, b K) int) []T {
	var out []T
	for range rapid.IntRange(0, 6).Draw(t, label+"s") {
		v := draw(t, label)
		if !slices.ContainsFunc(out, func(o T) bool { return key(o) == key(v) }) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b T) int { return compare(key(a), key(b)) })
	return out
}

func compareMAC(a, b record.MAC) int { return bytes.Compare(a[:], b[:]) }

func comparePair(a, b [2]record.SegmentID) int {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
}

func address(t *rapid.T, label string) netip.Addr {
	last := rapid.Uint8Range(1, 7).Draw(t, label)
	if rapid.Bool().Draw(t, label+" is IPv6") {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: last})
	}
	return netip.AddrFrom4([4]byte{10, 0, 0, last})
}

func mac(t *rapid.T, label string) record.MAC {
	return record.MAC{5: rapid.Uint8Range(0, 4).Draw(t, label)} // 0: unknown
}

func hosts(t *rapid.T, label string) record.HostSeen {
	first := record.Time(small(t, label+" first"))
	return record.HostSeen{
		Addr: address(t, label), MAC: mac(t, label+" card"), Flags: record.HostFlags(rapid.Uint8Range(0, 63).Draw(t, label+" flags")),
		Hops: rapid.SampledFrom([]uint8{0, 1, 2, record.NoHops}).Draw(t, label+" hops"), Minutes: rapid.Uint32Range(0, 2).Draw(t, label+" minutes"),
		First: first, Last: first + record.Time(small(t, label+" last")),
	}
}

func cards(t *rapid.T, label string) record.CardSeen {
	return record.CardSeen{
		MAC: mac(t, label), Sent: small(t, label), Shouted: small(t, label), Touched: small(t, label),
		Addresses: rapid.Uint32Range(0, 24).Draw(t, label), Forwards: rapid.Bool().Draw(t, label), Public: rapid.Bool().Draw(t, label),
	}
}

func clients(t *rapid.T, label string) record.ClientSeen {
	addr := address(t, label)
	stacks := rapid.SliceOfNDistinct(rapid.Uint32Range(0, 40), 0, record.MaxStacks, rapid.ID[uint32]).Draw(t, label+" stacks")
	slices.Sort(stacks)
	// The place follows from the address, as it does under one scope.
	return record.ClientSeen{
		Addr: addr, Place: record.SegmentID(addr.String()), Conns: small(t, label), Failed: small(t, label), Stacks: stacks,
		Toward: small(t, label), Proxied: small(t, label),
	}
}

func groups(t *rapid.T, label string) record.GroupSeen {
	return record.GroupSeen{
		Group: rapid.SampledFrom([]string{"10.0.0.0/24", "198.51.100.0/24", "users"}).Draw(t, label),
		Conns: small(t, label), OneWayO: small(t, label), OneWayR: small(t, label),
	}
}

func pairs(t *rapid.T, label string) record.PairSeen {
	place := rapid.SampledFrom([]record.SegmentID{"users", "servers", record.Internet})
	return record.PairSeen{From: place.Draw(t, label+" from"), To: place.Draw(t, label+" to"), Conns: small(t, label), Answered: small(t, label)}
}

func runs(t *rapid.T) []record.AckedSeen {
	var out []record.AckedSeen
	for range rapid.IntRange(0, 6).Draw(t, "runs") {
		out = append(out, record.AckedSeen{Last: record.Time(rapid.Int64Range(0, 5).Draw(t, "run")), Acks: small(t, "acks"), Gaps: small(t, "gaps")})
	}
	slices.SortFunc(out, record.AckedSeen.Compare)
	return out
}

func named(t *rapid.T, label string, names ...string) map[string]uint64 {
	var out map[string]uint64
	for _, name := range names {
		if rapid.Bool().Draw(t, label+" "+name) {
			if out == nil {
				out = map[string]uint64{}
			}
			out[name] = small(t, label)
		}
	}
	return out
}

// same compares all of two sights; a set without elements is no set.
func same(t rapid.TB, law string, want, got record.Sight) {
	t.Helper()
	diff := gocmp.Diff(want, got, cmpopts.EquateEmpty(), gocmp.AllowUnexported(record.Sketch{}), gocmp.Comparer(func(a, b netip.Addr) bool { return a == b }))
	if diff != "" {
		t.Fatalf("%s (-want +got):\n%s", law, diff)
	}
}

func merged(parts ...record.Sight) record.Sight {
	var s record.Sight
	for i := range parts {
		s.Merge(&parts[i])
	}
	return s
}

func TestMergeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := sights(t), sights(t), sights(t)
		same(t, "zero + a = a", a, merged(a))
		same(t, "a + zero = a", a, merged(a, record.Sight{}))
		same(t, "a + b = b + a", merged(a, b), merged(b, a))
		same(t, "(a + b) + c = a + (b + c)", merged(a, b, c), merged(a, merged(b, c)))
	})
}

func TestMergeOrderNeverMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []record.Sight
		for range rapid.IntRange(2, 7).Draw(t, "parts") {
			parts = append(parts, sights(t))
		}
		want := merged(parts...)
		shuffled := rapid.Permutation(parts).Draw(t, "shuffled")
		same(t, "shuffled", want, merged(shuffled...))
		cut := rapid.IntRange(0, len(parts)).Draw(t, "cut")
		same(t, "in two parts", want, merged(merged(shuffled[:cut]...), merged(shuffled[cut:]...)))
	})
}

// TestMergeLeavesOtherAlone: minutes are merged into quarters, hours and days; none may change another.
func TestMergeLeavesOtherAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := sights(t), sights(t)
		before := fmt.Sprintf("%+v", b)
		drops := b.Drops
		var into, second record.Sight
		into.Merge(&a)
		second.Merge(&b)
		second.Merge(&a)
		kept := merged(second)
		into.Merge(&b)
		into.Merge(&b)
		if after := fmt.Sprintf("%+v", b); after != before || b.Drops != drops {
			t.Fatalf("other changed:\n%s\n%s", before, after)
		}
		same(t, "a third sight is left alone", kept, second)
	})
}

func TestMergeKeepsWhatBelongsToTheCaller(t *testing.T) {
	s := record.Sight{Sensor: "s1", Feed: "packets", Segment: "users"}
	s.Merge(&record.Sight{Sensor: "s2", Feed: "zeek", Segment: "servers"})
	if s.Sensor != "s1" || s.Feed != "packets" || s.Segment != "users" {
		t.Errorf("names changed: %q %q %q", s.Sensor, s.Feed, s.Segment)
	}
}

func TestMergeHosts(t *testing.T) {
	at := netip.MustParseAddr("10.0.0.7")
	near := record.HostSeen{Addr: at, MAC: record.MAC{1, 2, 3, 4, 5, 6}, Flags: record.SeenDirect | record.SeenSpoke, Hops: 0, Minutes: 1, First: 100, Last: 200}
	cases := []struct {
		name  string
		other record.HostSeen
		want  record.HostSeen
	}{
		{
			"also in passing",
			record.HostSeen{Addr: at, Flags: record.SeenInPassing, Hops: record.NoHops, First: 50, Last: 60},
			record.HostSeen{Addr: at, MAC: near.MAC, Flags: record.SeenDirect | record.SeenSpoke | record.SeenInPassing, Hops: 0, Minutes: 1, First: 50, Last: 200},
		},
		{
			"another card",
			record.HostSeen{Addr: at, MAC: record.MAC{1, 2, 3, 4, 5, 5}, Flags: record.SeenDirect, Hops: 0, Minutes: 1, First: 300, Last: 400},
			record.HostSeen{Addr: at, MAC: record.MAC{1, 2, 3, 4, 5, 5}, Flags: record.SeenDirect | record.SeenSpoke, Hops: 0, Minutes: 2, First: 100, Last: 400},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := merged(record.Sight{Hosts: []record.HostSeen{near}}, record.Sight{Hosts: []record.HostSeen{c.other}}).Hosts
			if len(got) != 1 || got[0] != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestMergeStacksKeepsSmallest: of more fingerprints than fit, the same ones stay in whatever order they came.
func TestMergeStacksKeepsSmallest(t *testing.T) {
	at := netip.MustParseAddr("10.0.0.7")
	var parts []record.Sight
	for i := range uint32(40) {
		parts = append(parts, record.Sight{Clients: []record.ClientSeen{{Addr: at, Stacks: []uint32{40 - i}}}})
	}
	got := merged(parts...).Clients[0].Stacks
	if len(got) != record.MaxStacks || got[0] != 1 || got[record.MaxStacks-1] != record.MaxStacks || !slices.IsSorted(got) {
		t.Errorf("stacks %v, want 1 to %d", got, record.MaxStacks)
	}
}

func TestDropsNeverWrap(t *testing.T) {
	d := record.Drops{Received: math.MaxUint64 - 1, Dropped: 5}
	d.Add(record.Drops{Received: 7, Dropped: math.MaxUint64, Partly: true})
	if want := (record.Drops{Received: math.MaxUint64, Dropped: math.MaxUint64, Partly: true}); d != want {
		t.Errorf("got %+v, want %+v", d, want)
	}
}

func TestCountsAdd(t *testing.T) {
	var a, b record.Counts
	a[record.Frames], b[record.Frames], b[record.Inconsistent] = 2, 3, 4
	a.Add(&b)
	if a[record.Frames] != 5 || a[record.Inconsistent] != 4 || b[record.Frames] != 3 {
		t.Errorf("a %v b %v", a, b)
	}
}

// TestMergedSetsAreBounded: of more hosts than fit the same ones stay in whatever order minutes are merged, and the number of
// the others is estimated.
func TestMergedSetsAreBounded(t *testing.T) {
	const minutes, each, step = 4, 40_000, 20_000 // 100,000 different hosts
	var parts []record.Sight
	for m := range minutes {
		s := record.Sight{Minutes: 1}
		for i := range each {
			n := m*step + i
			s.Hosts = append(s.Hosts, record.HostSeen{Addr: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), Minutes: 1})
		}
		parts = append(parts, s)
	}
	want := merged(parts...)
	if len(want.Hosts) != record.MaxSet || want.Hosts[step].Minutes != 2 {
		t.Errorf("%d hosts, host %d seen in %d minutes", len(want.Hosts), step, want.Hosts[step].Minutes)
	}
	beyond := float64((minutes-1)*step + each - record.MaxSet)
	if got := float64(want.Beyond.Estimate()); math.Abs(got-beyond) > 4*record.SketchError*beyond {
		t.Errorf("estimated %.0f more, want about %.0f", got, beyond)
	}
	for name, got := range map[string]record.Sight{
		"backwards": merged(parts[3], parts[2], parts[1], parts[0]),
		"in pairs":  merged(merged(parts[2], parts[0]), merged(parts[1], parts[3])),
	} {
		if !slices.Equal(got.Hosts, want.Hosts) {
			t.Errorf("%s: other hosts stay", name)
		}
		if diff := gocmp.Diff(want.Beyond, got.Beyond, gocmp.AllowUnexported(record.Sketch{})); diff != "" {
			t.Errorf("%s: another sketch (-want +got):\n%s", name, diff)
		}
	}
}
