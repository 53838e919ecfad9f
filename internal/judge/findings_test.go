package judge_test

import (
	"math"
	"testing"
	"time"

	"candor/internal/judge"
	"candor/internal/term/termtest"
	"candor/internal/verdict"
)

// TestGroups: every finding is in exactly one group, whatever it is, and the gravest open one comes first.
func TestGroups(t *testing.T) {
	all := termtest.Found().Findings
	g := judge.Groups(all)
	if n := len(g.Open) + len(g.Others) + len(g.Aside) + g.Count(g.Callers) + g.Count(g.Explained); n != len(all) {
		t.Errorf("%d findings in groups, want %d", n, len(all))
	}
	if len(g.Open) != 32 || g.Open[0].Severity != "high" || g.Open[31].Severity != "low" {
		t.Errorf("%d open, from %s to %s", len(g.Open), g.Open[0].Severity, g.Open[len(g.Open)-1].Severity)
	}
	if len(g.Callers) != 1 || g.Count(g.Callers) != 10 || g.Explained[0].By != "clock synchronisation (NTP)" {
		t.Errorf("callers %v, first explanation %s", g.Callers, g.Explained[0].By)
	}
	aside := all[0]
	aside.ExplainedBy, aside.Safelisted = "also explained", &verdict.Safelisted{Who: "Ann Other"}
	if g := judge.Groups([]verdict.Finding{aside}); len(g.Aside) != 1 || len(g.Explained) != 0 {
		t.Error("a finding that was set aside is hidden among the explained ones")
	}
}

func TestFindingWords(t *testing.T) {
	f := verdict.Finding{
		Kind: "beacon", Source: "10.1.2.3", Destinations: []string{"198.51.100.7"}, Ports: []int{443}, First: "2026-11-18T06:02:11.5Z", Last: "2026-11-19T05:57:12Z",
		Evidence: map[string]any{"count": 96, "period_seconds": 300.0, "bytes_median": 1.2e7, "why": []string{"+1 regular"}, "ja4": "", "jitter": math.NaN(), "other": true},
	}
	for _, tt := range []struct{ name, got, want string }{
		{"evidence", judge.EvidenceWords(&f, false), "period_seconds 300, jitter NaN, count 96, bytes_median 12000000"},
		{"all of it", judge.EvidenceWords(&f, true), "period_seconds 300, jitter NaN, count 96, bytes_median 12000000, other true"},
		{"place", judge.Place(&f), "10.1.2.3 to 198.51.100.7 port 443"},
		{"stretch", judge.Stretch(&f, time.UTC), "Wed 18 Nov 2026, 06:02:11 to Thu 19 Nov 2026, 05:57:12"},
		{"sure", judge.Sure(0.97), "almost certain (0.97)"},
		{"likely", judge.Sure(0.5), "likely (0.50)"},
		{"unlikely", judge.Sure(0), "unlikely (0.00)"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}
