package coverage

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/record"
	"candor/internal/verdict"
)

func TestCensus(t *testing.T) {
	two := terms(t, `
scope:
  segments:
    - {id: users, kind: clients, networks: ["10.1.0.0/24", "2001:db8:1::/64"], expected: {hosts: 50}}
    - {id: servers, kind: servers, networks: ["10.2.0.0/24", "2001:db8:2::/64"], expected: {hosts: 50}}
    - {id: wifi, kind: clients, networks: ["10.3.0.0/24"], expected: {hosts: 50}}
`)
	core := terms(t, office, "accepts: [] => accepts: [routed_core]")
	mac, other := record.MAC{2, 1}, record.MAC{2, 2}
	router := func(c record.CardSeen) part { c.MAC, c.Sent = mac, 10; return card(c) }
	flagged := func(h record.HostSeen, f record.HostFlags) record.HostSeen { h.Flags |= f; return h }
	tests := []struct {
		name  string
		terms *Terms
		parts []part
		in    record.SegmentID
		want  Count
	}{
		{"nobody", two, nil, "users", Count{}},
		{"a segment nobody named", two, []part{sighted("unheard of", ownFrames("192.0.2.1", mac))}, "unheard of", Count{}},
		{"a card each", two, []part{sighted("users", ownFrames("10.1.0.1", mac), ownFrames("10.1.0.2", other))}, "users", Count{2, 2, 0}},
		{"one card, two addresses", two, []part{sighted("users", ownFrames("10.1.0.1", mac), ownFrames("10.1.0.2", mac))}, "users", Count{1, 1, 0}},
		{"containers: eight addresses behind one card", two, []part{sighted("users", tiedList("10.1.0", 8, mac)...), router(record.CardSeen{Addresses: 8})}, "users", Count{1, 1, 0}},
		{"dual stack counts once", two, []part{sighted("users", ownFrames("10.1.0.1", mac), ownFrames("2001:db8:1::1", mac), ownFrames("2001:db8:1::abcd", mac))}, "users", Count{1, 1, 0}},
		{"no card ties: at least one machine for each IPv4 address", two, []part{sighted("users", ownFrames("10.1.0.1", record.MAC{}), ownFrames("10.1.0.2", record.MAC{}), ownFrames("2001:db8:1::1", record.MAC{}))}, "users", Count{2, 3, 0}},
		{"no card ties: only IPv6", two, []part{sighted("users", ownFrames("2001:db8:1::1", record.MAC{}), ownFrames("2001:db8:1::2", record.MAC{}))}, "users", Count{1, 2, 0}},
		{"in passing is not seen", two, []part{sighted("users", passing("10.1.0.1", 1), passing("10.1.0.2", record.NoHops))}, "users", Count{0, 0, 2}},
		{"in passing and directly are never mixed", two, []part{sighted("users", ownFrames("10.1.0.1", mac), passing("10.1.0.2", 1))}, "users", Count{1, 1, 1}},
		{"seen both ways is seen directly", two, []part{sighted("users", passing("10.1.0.1", 1)), sighted("users", ownFrames("10.1.0.1", mac))}, "users", Count{1, 1, 0}},
		{"roaming: the same card in two segments is one machine", two, []part{sighted("users", ownFrames("10.1.0.1", mac)), sighted("wifi", ownFrames("10.3.0.1", mac))}, "users", Count{1, 1, 0}},
		{"roaming: and none in the other", two, []part{sighted("users", ownFrames("10.1.0.1", mac)), sighted("wifi", ownFrames("10.3.0.1", mac))}, "wifi", Count{}},
		{"the IPv4 address says the segment", two, []part{sighted("users", ownFrames("2001:db8:1::1", mac)), sighted("servers", ownFrames("10.2.0.1", mac))}, "servers", Count{1, 1, 0}},
		{"a new lease: one card, two addresses over time", two, []part{sighted("users", ownFrames("10.1.0.1", mac)), sighted("users", ownFrames("10.1.0.9", mac))}, "users", Count{1, 1, 0}},
		{"a lease alone is no sight", two, []part{sighted("users", record.HostSeen{Addr: netip.MustParseAddr("10.1.0.1"), MAC: mac, Flags: record.SeenLeased, Hops: record.NoHops})}, "users", Count{0, 0, 1}},
		{"a router's card ties nothing and is no host", two, []part{sighted("users", ownFrames("10.1.0.1", mac)), router(record.CardSeen{Forwards: true})}, "users", Count{}},
		{"nine addresses make a router", two, []part{sighted("users", ownFrames("10.1.0.1", mac)), router(record.CardSeen{Addresses: 9})}, "users", Count{}},
		{"eight do not", two, []part{sighted("users", ownFrames("10.1.0.1", mac)), router(record.CardSeen{Addresses: 8})}, "users", Count{1, 1, 0}},
		{"it answers as a router", two, []part{sighted("users", flagged(ownFrames("10.1.0.1", mac), record.SeenRouter))}, "users", Count{}},
		{"reports carry no hops: what a router's card sends is in passing", two, []part{carrying(record.CarriesCards), sighted("users", ownFrames("10.1.0.1", mac)), router(record.CardSeen{Forwards: true})}, "users", Count{0, 0, 1}},
		{"reports: it answers as a router", two, []part{carrying(record.CarriesCards), sighted("users", flagged(ownFrames("10.1.0.1", mac), record.SeenRouter)), router(record.CardSeen{Forwards: true})}, "users", Count{}},
		{"reports: a card of its own", two, []part{carrying(record.CarriesCards), sighted("users", ownFrames("10.1.0.1", other)), router(record.CardSeen{Forwards: true})}, "users", Count{1, 1, 0}},
		{"another machine beside the router", two, []part{sighted("users", ownFrames("10.1.0.1", mac), ownFrames("10.1.0.2", other)), router(record.CardSeen{Forwards: true})}, "users", Count{1, 1, 0}},
		{"routed core: the constant distance is direct", core, []part{sighted("servers", routed("10.2.0", 1, 5, 1)...)}, "servers", Count{5, 5, 0}},
		{"routed core: another distance is in passing", core, []part{sighted("servers", append(routed("10.2.0", 1, 5, 1), routed("10.2.0", 10, 2, 2)...)...)}, "servers", Count{5, 5, 2}},
		{"routed core: equal shares, the nearer", core, []part{sighted("servers", append(routed("10.2.0", 1, 3, 2), routed("10.2.0", 10, 3, 1)...)...)}, "servers", Count{3, 3, 3}},
		{"routed core: far away is no tap", core, []part{sighted("servers", routed("10.2.0", 1, 5, 9)...)}, "servers", Count{0, 0, 5}},
		{"routed core: nothing was sent", core, []part{sighted("servers", passing("10.2.0.1", record.NoHops))}, "servers", Count{0, 0, 1}},
		{"routed core: each segment has its own distance", core, []part{sighted("servers", routed("10.2.0", 1, 3, 1)...), sighted("users", routed("10.1.0", 1, 4, 2)...)}, "users", Count{4, 4, 0}},
		{"not accepted: a distance is a distance", terms(t, office), []part{sighted("servers", routed("10.2.0", 1, 5, 1)...)}, "servers", Count{0, 0, 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := gather(tt.terms, monday(1), tt.parts...).CountOf(tt.in); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// tiedList is n addresses behind one card.
func tiedList(network string, n int, mac record.MAC) []record.HostSeen {
	out := directList(network, 1, n)
	for i := range out {
		out[i].MAC = mac
	}
	return out
}

func TestLeastMachines(t *testing.T) {
	tests := []struct{ v4, v6, want int }{{0, 0, 0}, {1, 0, 1}, {0, 1, 1}, {0, 8, 1}, {0, 9, 2}, {3, 8, 3}, {1, 17, 3}, {5, 40, 5}, {5, 41, 6}}
	for _, tt := range tests {
		if got := leastMachines(tt.v4, tt.v6); got != tt.want {
			t.Errorf("leastMachines(%d, %d) is %d, want %d", tt.v4, tt.v6, got, tt.want)
		}
	}
}

// TestCensusLaws: a count is a range, machines hold each address once, and totals are sums.
func TestCensusLaws(t *testing.T) {
	every := manyTerms(t)
	rapid.Check(t, func(t *rapid.T) {
		on := rapid.SampledFrom(every).Draw(t, "terms")
		e := randomEvidence(t, on)
		direct, inPassing := 0, 0
		for i := range on.Scope.Segments {
			n := e.CountOf(on.Scope.Segments[i].ID)
			if n.Least < 0 || n.Least > n.Most || n.InPassing < 0 {
				t.Errorf("%s: %+v", on.Scope.Segments[i].ID, n)
			}
			direct, inPassing = direct+n.Least, inPassing+n.InPassing
		}
		if d, p := e.HostTotals(); d != direct || p != inPassing {
			t.Errorf("totals %d and %d, sums %d and %d", d, p, direct, inPassing)
		}
		cards := map[record.MAC]bool{}
		for _, m := range e.Machines() {
			if len(m.Addrs) == 0 {
				t.Errorf("a machine without an address")
			}
			if m.Tied && cards[m.MAC] {
				t.Errorf("card %v ties two machines", m.MAC)
			}
			cards[m.MAC] = true
			if m.Tied && !m.Direct {
				t.Errorf("a card ties what was never seen directly: %v", m.Addrs)
			}
		}
	})
}

func TestAddAndJoinForgetTheCensus(t *testing.T) {
	e := gather(terms(t, office), monday(1), direct("users", "10.1.0", 2))
	if got := e.CountOf("users").Least; got != 2 {
		t.Fatalf("%d hosts", got)
	}
	direct("users", "10.1.0", 3)(e)
	if got := e.CountOf("users").Least; got != 3 {
		t.Errorf("after Add: %d hosts, want 3", got)
	}
	e.Join(gather(e.Terms, monday(1), direct("users", "10.1.0", 4)))
	if got := e.CountOf("users").Least; got != 4 {
		t.Errorf("after Join: %d hosts, want 4", got)
	}
}

// TestDirectNeedsHops: under an accepted tap in the routed core only hop distances tell who is seen directly. Reports with cards alone
// make no segment missing and no promise broken.
func TestDirectNeedsHops(t *testing.T) {
	reports := record.CarriesConns | record.CarriesVolume | record.CarriesCards
	for name, c := range map[string]struct {
		accepts string
		carries record.Carries
		want    verdict.Verdict
		direct  bool
	}{
		"cards":                        {"[]", reports, verdict.Yes, true},
		"routed core, cards":           {"[routed_core]", reports, verdict.CannotSay, false},
		"routed core, cards and hops":  {"[routed_core]", reports | record.CarriesHops, verdict.Yes, true},
		"neither":                      {"[]", record.CarriesConns, verdict.CannotSay, false},
		"routed core, packets as well": {"[routed_core]", record.CarriesAll, verdict.Yes, true},
	} {
		t.Run(name, func(t *testing.T) {
			on := terms(t, office, "accepts: [] => accepts: "+c.accepts)
			e := gather(on, monday(8*time.Hour), carrying(c.carries), feed(record.Conns, 500), sighted("users", passing("10.1.0.1", record.NoHops)))
			r := segmentRule()
			if got := r.Judge(e, "users"); got.Verdict != c.want || e.DirectTold() != c.direct {
				t.Errorf("segment.missing %s, direct told %v; want %s, %v: %q", got.Verdict, e.DirectTold(), c.want, c.direct, got.Needs)
			}
			p := promise(t, Promises(on, &Days{Windows: []*Evidence{e}, Whole: e}), "segments/users/min_seen_24h")
			if p.MeasuredHere != c.direct {
				t.Errorf("promise measured %v: %s", p.MeasuredHere, p.Because)
			}
		})
	}
}
