package detect

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"candor/internal/record"
)

// looking gives n lookups of made-up names by a client, of which each 20th exists.
func looking(client, n int, every float64) []record.DNS {
	r := rand.New(rand.NewPCG(uint64(client), 11))
	out := make([]record.DNS, n)
	for i := range out {
		name := b32(r, 8)[:12] + []string{".com", ".net", ".biz"}[r.IntN(3)]
		out[i] = lookupAt(float64(i)*every, client, name, 1, 3)
		if i%20 == 19 {
			out[i].RCode, out[i].Answers = 0, []string{"203.0.113.80"}
		}
	}
	return out
}

// TestDGAFinding holds everything that a finding says.
func TestDGAFinding(t *testing.T) {
	all := looking(7, 100, 3)
	_, g := runDGA(append(slices.Clone(all), browse(rand.New(rand.NewPCG(1, 1)), 7, 300, 10)...))
	got := g.Findings(0)
	if len(got) != 1 {
		t.Fatalf("%d findings", len(got))
	}
	f := got[0]
	if f.Kind != "dga" || f.Source != "10.0.0.7" || f.ExplainedBy != "" || f.Severity != "high" || !slices.Equal(f.Attack, []string{"T1568.002"}) {
		t.Errorf("%+v", f)
	}
	if !slices.Equal(f.Destinations, []string{"10.0.0.53"}) || len(f.UIDs) != 5 || !strings.Contains(f.Words, "10.0.0.7 asked for") {
		t.Errorf("%v %v %s", f.Destinations, f.UIDs, f.Words)
	}
	if n := f.Evidence["domains"].(uint64); n < 95 || n > 100 {
		t.Errorf("%d domains", n)
	}
	resolved := f.Evidence["resolved"].([]string)
	want := 0
	for i := range all {
		if all[i].RCode == 0 && slices.Contains(resolved, all[i].Query) {
			want++
		}
	}
	if want < 4 || len(resolved) > want+2 {
		t.Errorf("of 5 made-up names that exist, %d are listed: %v", want, resolved)
	}
	_, early := runDGA(all[:50])
	if early.Findings(0)[0].ID != f.ID {
		t.Error("the id changes while evidence grows")
	}
}

// TestDGAResolver: seen on both sides of a resolver, the machine has the finding and the resolver an explained one.
func TestDGAResolver(t *testing.T) {
	inner := looking(7, 60, 3)
	outer := slices.Clone(inner)
	for i := range outer {
		outer[i].OrigH, outer[i].RespH = netip.MustParseAddr("10.0.0.53"), netip.MustParseAddr("203.0.113.9")
	}
	_, g := runDGA(append(slices.Clone(inner), outer...))
	got := g.Findings(0)
	if len(got) != 2 {
		t.Fatalf("%d findings", len(got))
	}
	for _, f := range got {
		if explained := f.ExplainedBy != ""; explained != (f.Source == "10.0.0.53") {
			t.Errorf("%s: %q", f.Source, f.ExplainedBy)
		}
	}
}

// TestDGANamesAlone: strange names that exist, or were never answered, are no finding.
func TestDGANamesAlone(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(d *record.DNS)
	}{
		{"they exist", func(d *record.DNS) { d.RCode, d.Answers = 0, []string{"198.51.100.1"} }},
		{"no answer", func(d *record.DNS) { d.HasReply = false }},
		{"refused", func(d *record.DNS) { d.RCode = 5 }},
		{"empty answer", func(d *record.DNS) { d.RCode, d.Answers = 0, nil }},
		{"below one domain", func(d *record.DNS) { d.Query += ".firm.com" }},
		{"a private top level", func(d *record.DNS) { d.Query += ".lan" }},
		{"mail exchangers", func(d *record.DNS) { d.QType = 15 }},
		{"multicast", func(d *record.DNS) { d.Variant = "mdns" }},
		{"from outside", func(d *record.DNS) { d.OrigH = netip.MustParseAddr("198.51.100.77") }},
	} {
		all := looking(7, 200, 1)
		for i := range all {
			c.change(&all[i])
		}
		if _, g := runDGA(all); len(g.Findings(0)) != 0 {
			t.Errorf("%s: %s", c.name, g.Findings(0)[0].Words)
		}
	}
}

// TestNameModel: names that people made are no stranger than chance, random ones are.
func TestNameModel(t *testing.T) {
	m := newNameModel()
	per := func(s string) float64 {
		x, n := m.of(s)
		return float64(x) / 100 / float64(n)
	}
	for _, name := range []string{"nickelfreesolutions", "scheepvaarttelefoongids", "plannersanonymous", "brandenburg", "wetterstation", "photobucket", "gardenersworld"} {
		if x := per(name); x > -0.2 {
			t.Errorf("%s is strange: %+.2f", name, x)
		}
	}
	for _, name := range []string{"uhbqolxfkq", "gzhwfdwnjrg", "oyxiufvcqz", "x7k2m9q4w1z8", "a3f9c2e81b7d"} {
		if x := per(name); x < 0.15 {
			t.Errorf("%s is not strange: %+.2f", name, x)
		}
	}
}
