package intel

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/verdict"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const safeSample = `# what was looked at
safelist:
  - kind: beacon
    source: 10.1.2.0/24
    destination: [updates.example, 198.51.100.0/28]
    port: [443, 8443]
    who: Ann Other
    why: backup to the second site
    until: 2026-03-31
  - kind: [scan, intel]
    source: [10.9.9.9, "2001:db8::9"]
    who: "Ben"
    why: "the scanner of the department: ticket 4711"
    until: 2026-03-31T18:00:00+02:00
  - ja4: T13D1516H2_8daaf6152771_b186095e22b6
    who: Ann
    why: the monitoring agent
    until: 2020-01-01
`

func sampleSafelist(t *testing.T) *Safelist {
	t.Helper()
	s, err := ParseSafelist("safe.yaml", []byte(safeSample))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSafelistMatch(t *testing.T) {
	s, at := sampleSafelist(t), parseDate("2026-03-01")
	beacon := func(change func(*verdict.Finding)) *verdict.Finding {
		f := &verdict.Finding{Kind: "beacon", Source: "10.1.2.3", Destinations: []string{"198.51.100.7"}, Ports: []int{443}}
		change(f)
		return f
	}
	cases := []struct {
		name string
		f    *verdict.Finding
		at   string
		line int // of the entry, 0 none
	}{
		{"network", beacon(func(*verdict.Finding) {}), "", 3},
		{"its last moment", beacon(func(*verdict.Finding) {}), "2026-03-31T23:59:59Z", 3},
		{"expired", beacon(func(*verdict.Finding) {}), "2026-04-01", 0},
		{"other kind", beacon(func(f *verdict.Finding) { f.Kind = "dga" }), "", 0},
		{"other source", beacon(func(f *verdict.Finding) { f.Source = "10.1.3.3" }), "", 0},
		{"no source", beacon(func(f *verdict.Finding) { f.Source = "" }), "", 0},
		{"other destination", beacon(func(f *verdict.Finding) { f.Destinations = []string{"198.51.100.77"} }), "", 0},
		{"one known destination hides no other", beacon(func(f *verdict.Finding) { f.Destinations = []string{"198.51.100.7", "198.51.100.77"} }), "", 0},
		{"several known", beacon(func(f *verdict.Finding) {
			f.Destinations = []string{"198.51.100.7", "198.51.100.8", "a.updates.example"}
		}), "", 3},
		{"no destination", beacon(func(f *verdict.Finding) { f.Destinations = nil }), "", 0},
		{"domain", beacon(func(f *verdict.Finding) { f.Domain, f.Destinations = "Updates.Example.", []string{"203.0.113.99"} }), "", 3},
		{"below the domain", beacon(func(f *verdict.Finding) { f.Domain, f.Destinations = "a.b.updates.example", nil }), "", 3},
		{"no label boundary", beacon(func(f *verdict.Finding) { f.Domain, f.Destinations = "evilupdates.example", nil }), "", 0},
		{"domain known, another name not", beacon(func(f *verdict.Finding) { f.Domain, f.Destinations = "updates.example", []string{"evil.example"} }), "", 0},
		{"other port", beacon(func(f *verdict.Finding) { f.Ports = []int{443, 80} }), "", 0},
		{"no port", beacon(func(f *verdict.Finding) { f.Ports = nil }), "", 0},
		{"scanner", &verdict.Finding{Kind: "scan", Source: "2001:db8::9"}, "", 10},
		{"scanner, an hour after", &verdict.Finding{Kind: "scan", Source: "10.9.9.9"}, "2026-03-31T16:00:00Z", 0},
		{"fingerprint", &verdict.Finding{Kind: "beacon", Evidence: map[string]any{"ja4": sampleJA4}}, "2019-01-01", 15},
		{"fingerprint expired", &verdict.Finding{Kind: "beacon", Evidence: map[string]any{"ja4": sampleJA4}}, "", 0},
		{"other fingerprint", &verdict.Finding{Kind: "beacon", Evidence: map[string]any{"ja4": "x"}}, "2019-01-01", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			when := at
			if c.at != "" {
				when = parseDate(c.at)
			}
			line := 0
			if e := s.Match(c.f, when); e != nil {
				line = e.Line
			}
			if line != c.line {
				t.Errorf("entry of line %d, want %d", line, c.line)
			}
		})
	}
	if got := s.Expired(at); len(got) != 1 || got[0].Why != "the monitoring agent" {
		t.Errorf("expired: %+v", got)
	}
	want := &verdict.Safelisted{Who: "Ann Other", Why: "backup to the second site", Until: "2026-04-01T00:00:00Z"}
	if diff := cmp.Diff(want, s.Entries[0].Safelisted()); diff != "" {
		t.Error(diff)
	}
	var none *Safelist
	if none.Match(&verdict.Finding{}, 1) != nil || none.Expired(1) != nil {
		t.Error("no safelist sets something aside")
	}
}

func TestSafelistEmpty(t *testing.T) {
	for _, text := range []string{"", "# nothing yet\n", "safelist:\n", "safelist: []\n"} {
		if s, err := ParseSafelist("safe.yaml", []byte(text)); err != nil || len(s.Entries) != 0 {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
}

// TestSafelistErrors holds every message against its golden file.
func TestSafelistErrors(t *testing.T) {
	entry := "safelist:\n  - source: 10.1.2.3\n    who: a\n    why: b\n    until: 2026-01-01\n"
	cases := map[string]string{
		"unknown-key":  strings.Replace(entry, "who: a", "whom: a", 1),
		"missing":      "safelist:\n  - kind: beacon\n    port: 443\n",
		"twice":        entry + "    who: c\n",
		"values":       "safelist:\n  - kind: [bacon]\n    source: 10.1.2.3:80\n    destination: [co.uk, 0.0.0.0/0, 999.1.2.3, nodots]\n    port: 70000\n    ja4: x\n    who:\n    why: [a, b]\n    until: soon\n",
		"empty-list":   strings.Replace(entry, "10.1.2.3", "[]", 1),
		"deep-value":   strings.Replace(entry, "10.1.2.3", "{a: b}", 1),
		"other-top":    "entries: []\n",
		"no-list":      "safelist: all\n",
		"no-entry":     "safelist:\n  - all\n  -\n",
		"anchor":       "safelist: &a\n  - x\n",
		"alias":        "safelist: *a\n",
		"tag":          "safelist: !!str x\n",
		"syntax":       "safelist:\n  - source: [10.1.2.3\n    who: a\n",
		"tab":          "safelist:\n\t- source: 10.1.2.3\n",
		"deep":         "safelist: " + strings.Repeat("[", 50) + strings.Repeat("]", 50) + "\n",
		"control":      "safelist: \x1b[31m\n",
		"long-line":    "safelist: " + strings.Repeat("x", 5000) + "\n",
		"two":          "safelist: []\n---\nsafelist: []\n",
		"large":        strings.Repeat("# comment\n", 110_000),
		"many-faults":  "safelist:\n" + strings.Repeat("  - x\n", 30),
		"many-entries": "safelist:\n" + strings.Repeat("  - x\n", 2001),
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ParseSafelist("safe.yaml", []byte(text))
			var whole *SafelistError
			if !errors.As(err, &whole) || len(whole.Problems) == 0 {
				t.Fatalf("error %v, want problems", err)
			}
			path := filepath.Join("testdata", "safelist", name+".err")
			got := err.Error() + "\n"
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}
