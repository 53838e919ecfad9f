package detect

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"candor/internal/record"
	"candor/internal/verdict"
)

// tunnelling gives n lookups of a tool by a client from a time on.
func tunnelling(client, n int, every float64) []record.DNS {
	r := rand.New(rand.NewPCG(uint64(client), 8))
	out := make([]record.DNS, n)
	for i := range out {
		out[i] = lookupAt(float64(i)*every, client, hexOf(r, 40)+".t.evil.com", 16, 0, "TXT 30 "+b64(r, 22))
		out[i].RD = true
	}
	return out
}

func tunnelsIn(all []record.DNS, events ...Event) []verdict.Finding {
	d := NewDNSTunnels()
	d.Observe(&Slice{Net: newNet(assumed()), DNS: all, Events: events})
	return d.Findings(0)
}

// TestTunnelFinding holds everything that a finding says.
func TestTunnelFinding(t *testing.T) {
	all := tunnelling(7, 100, 1)
	got := tunnelsIn(all)
	if len(got) != 1 {
		t.Fatalf("%d findings", len(got))
	}
	f := got[0]
	if f.Kind != "dns_tunnel" || f.Source != "10.0.0.7" || f.Domain != "evil.com" || f.ExplainedBy != "" || f.Severity != "high" || f.Confidence < 0.95 {
		t.Errorf("%+v", f)
	}
	if !slices.Equal(f.Destinations, []string{"10.0.0.53"}) || !slices.Equal(f.Ports, []int{53}) || !slices.Equal(f.Attack, []string{"T1071.004", "T1572"}) {
		t.Errorf("%v %v %v", f.Destinations, f.Ports, f.Attack)
	}
	if f.First != all[0].TS.Text() || f.Last != all[99].TS.Text() || len(f.UIDs) != 5 {
		t.Errorf("%s to %s, uids %v", f.First, f.Last, f.UIDs)
	}
	if n := f.Evidence["unique_names"].(uint64); n != 100 {
		t.Errorf("%d unique names", n)
	}
	if bits := f.Evidence["bits_out"].(float64); bits < 96*320*0.9 || // the first four are not looked at
		bits > 96*84*5.2 {
		t.Errorf("%g bits, where 320 a name were put in", bits)
	}
	if types := f.Evidence["types"].([]string); !slices.Equal(types, []string{"TXT"}) {
		t.Error(types)
	}
	again := tunnelsIn(all[:60])
	if again[0].ID != f.ID {
		t.Error("the id changes while evidence grows")
	}
	if sample := f.Evidence["sample"].([]string); len(sample) != 5 || len(f.Evidence["why"].([]string)) < 5 || !strings.Contains(f.Words, "evil.com") {
		t.Errorf("%v %v %s", sample, f.Evidence["why"], f.Words)
	}
}

// TestTunnelResolver: seen on both sides of a resolver, the machine has the finding and the resolver an explained one; seen
// behind it, the words say what cannot be seen.
func TestTunnelResolver(t *testing.T) {
	resolver := netip.MustParseAddr("10.0.0.53")
	inner := tunnelling(7, 60, 1)
	outer := slices.Clone(inner)
	for i := range outer {
		outer[i].OrigH, outer[i].RespH, outer[i].RD = resolver, netip.MustParseAddr("203.0.113.9"), false
	}
	both := tunnelsIn(append(slices.Clone(inner), outer...))
	if len(both) != 2 {
		t.Fatalf("%d findings", len(both))
	}
	for _, f := range both {
		if explained := f.ExplainedBy != ""; explained != (f.Source == "10.0.0.53") {
			t.Errorf("%s: %q", f.Source, f.ExplainedBy)
		}
	}
	alone := tunnelsIn(outer)
	if len(alone) != 1 || alone[0].ExplainedBy != "" || !strings.Contains(alone[0].Words, "cannot be seen from here") {
		t.Errorf("%+v", alone)
	}
	if !slices.Equal(alone[0].Destinations, []string{"203.0.113.9"}) {
		t.Error(alone[0].Destinations)
	}
	scope := record.AssumedScope()
	scope.Resolvers = []netip.Addr{resolver}
	d := NewDNSTunnels()
	d.Observe(&Slice{Net: newNet(&scope), DNS: outer})
	if f := d.Findings(0)[0]; !strings.Contains(f.Words, "It is a resolver") || f.Evidence["resolver"] != true {
		t.Error(f.Words)
	}
}

// TestTunnelContext: that everybody does it, or that pages are then fetched from there, speaks against a tunnel; two witnesses
// of the same lookups change nothing; lookups from outside are nobody's here.
func TestTunnelContext(t *testing.T) {
	frames := func(client int) (out []record.DNS, events []Event) {
		r := rand.New(rand.NewPCG(uint64(client), 3))
		for i := range 60 {
			name := hexOf(r, 16) + ".frames.pages.com"
			out = append(out, lookupAt(float64(i*20), client, name, 1, 0, aMachine(r)))
			events = append(events, Event{Orig: netip.AddrFrom4([4]byte{10, 0, 0, byte(client)}), Name: name, Domain: "pages.com"})
		}
		return out, events
	}
	open := func(all []verdict.Finding) (n int) {
		for _, f := range all {
			if f.ExplainedBy == "" {
				n++
			}
		}
		return n
	}
	all, events := frames(1)
	if n := open(tunnelsIn(all, events...)); n != 0 {
		t.Errorf("%d findings about pages that were then fetched", n)
	}
	var many []record.DNS
	for client := range 12 {
		some, _ := frames(client + 1)
		many = append(many, some...)
	}
	if n := open(tunnelsIn(many)); n != 0 {
		t.Errorf("%d findings about what everybody does", n)
	}
	twice := append(tunnelling(7, 60, 1), tunnelling(7, 60, 1)...)
	slices.SortStableFunc(twice, func(a, b record.DNS) int { return int(a.TS - b.TS) })
	if f := tunnelsIn(twice); len(f) != 1 || f[0].Evidence["asked_again"] != uint32(0) {
		t.Errorf("two witnesses: %+v", f)
	}
	from := tunnelling(7, 60, 1)
	for i := range from {
		from[i].OrigH = netip.MustParseAddr("198.51.100.77")
	}
	if f := tunnelsIn(from); len(f) != 0 {
		t.Errorf("from outside: %+v", f)
	}
}

// TestTunnelWorm: a tunnel that many machines have is still one.
func TestTunnelWorm(t *testing.T) {
	var all []record.DNS
	for client := range 15 {
		all = append(all, tunnelling(client+1, 80, 1)...)
	}
	got := tunnelsIn(all)
	if len(got) != 15 || got[0].ExplainedBy != "" {
		t.Errorf("%d findings, %q", len(got), got[0].ExplainedBy)
	}
}

// TestTunnelDays: a content network that is used for a month stays below, a slow tunnel found once stays found.
func TestTunnelDays(t *testing.T) {
	d, net := NewDNSTunnels(), newNet(assumed())
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 30 * 24 * 6 {
		q := lookupAt(float64(i)*600, 1, fmt.Sprintf("edge-%s.cdn.com", hexOf(r, 3)), 1, 0, aMachine(r))
		d.Observe(&Slice{Net: net, DNS: []record.DNS{q}})
	}
	if f := d.Findings(0); len(f) != 0 {
		t.Errorf("after a month of a content network: %v", f[0].Evidence["why"])
	}
	d = NewDNSTunnels()
	d.Observe(&Slice{Net: net, DNS: tunnelling(7, 400, 900)})
	if f := d.Findings(0); len(f) != 1 || f[0].Evidence["unique_names"].(uint64) != 400 {
		t.Errorf("a slow tunnel over four days: %+v", f)
	}
}

// TestOddAddress: addresses that machines have, or that blocking uses, are not odd.
func TestOddAddress(t *testing.T) {
	for _, a := range []string{"192.0.2.1", "10.0.0.1", "127.0.0.2", "0.0.0.0", "255.255.255.255", "2001:db8::1", "fd00::1", "fe80::1", "::", "::1", "64:ff9b::1", "x"} {
		if oddAddress(a) {
			t.Errorf("%s is odd", a)
		}
	}
	for _, a := range []string{"0.1.2.3", "224.0.0.9", "250.1.2.3", "8001:1::1", "5a04:170::9"} {
		if !oddAddress(a) {
			t.Errorf("%s is not odd", a)
		}
	}
}

// FuzzNames: no name, and no answer, breaks the detectors of DNS, and what they say stays finite.
func FuzzNames(f *testing.F) {
	f.Add("a.b.c.example.com", "127.0.0.1", uint16(1), uint16(0))
	f.Add(strings.Repeat("a.", 127), "", uint16(10), uint16(3))
	f.Add(`\xff\x00.\xe4`, "::1", uint16(65399), uint16(0))
	f.Add("..", ".", uint16(0), uint16(9))
	f.Add("1.2.3.4.zen.spamhaus.org", "TXT 1 a", uint16(16), uint16(2))
	f.Fuzz(func(t *testing.T, name, answer string, qtype, rcode uint16) {
		d, g, net := NewDNSTunnels(), NewDGA(), newNet(assumed())
		for i := range 40 {
			q := lookupAt(float64(i), i%3, fmt.Sprint(i)+name, qtype, rcode, answer)
			if i%2 == 0 {
				q.Query = name[:min(len(name), i)] + "." + name
			}
			s := Slice{Net: net, DNS: []record.DNS{q}}
			d.Observe(&s)
			g.Observe(&s)
		}
		for _, x := range append(d.Findings(0), g.Findings(0)...) {
			if !(x.Confidence >= 0.5 && x.Confidence < 1) && x.ExplainedBy == "" || len(x.UIDs) > 5 {
				t.Errorf("%+v", x)
			}
		}
	})
}
