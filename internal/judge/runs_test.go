package judge_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"candor/internal/agreement"
	"candor/internal/labnet"
	"candor/internal/verdict"
)

// TestQuietBlindnessIsDeclared: inside in the afternoon, then outside, where each quarter hour is cut down to too few
// packets to say anything. The night must not be judged by the afternoon.
func TestQuietBlindnessIsDeclared(t *testing.T) {
	bank := labnet.Bank(41).Scale(0.1)
	a, err := agreement.Parse("bank", bank.Agreement())
	if err != nil {
		t.Fatal(err)
	}
	at := func(h int) time.Time { return time.Date(2026, 11, 18, h, 0, 0, 0, bank.Zone()) }
	s := &story{site: bank, span: labnet.Span{From: at(17), To: at(22)}}
	s.tap = labnet.Tap{At: labnet.Core, Moved: &labnet.Move{At: at(18), To: labnet.Outside}}
	busy, night := splitAt(t, s, at(18).UnixNano())
	kept := thin(night, 150)
	r := observe(t, a, append(busy, kept...)).Result
	d := findDefect(r, string(verdict.VantageOutside), "")
	if d == nil || d.Verdict != verdict.Yes {
		t.Fatalf("vantage.outside: %+v, want yes of the night", d)
	}
	if r.Exit.Code != 1 {
		t.Errorf("exit %d, want 1", r.Exit.Code)
	}
	if len(d.Periods) != 2 || d.Periods[0].Verdict != verdict.No || d.Periods[1].Verdict != verdict.Yes {
		t.Errorf("periods %v, want no, then yes", d.Periods)
	}
}

// splitAt runs a story and gives its packets before and after a moment.
func splitAt(t *testing.T, s *story, moment int64) (before, after []pkt) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "story.pcap")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	tap := s.tap
	tap.Out = f
	if _, err := s.site.Run(t.Context(), s.span, tap); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range load(t, file) {
		if p.ts < moment {
			before = append(before, p)
		} else {
			after = append(after, p)
		}
	}
	return before, after
}

// thin keeps the first n packets of each quarter hour.
func thin(frames []pkt, n int) []pkt {
	var out []pkt
	seen := map[int64]int{}
	for _, p := range frames {
		q := p.ts / int64(15*time.Minute)
		if seen[q]++; seen[q] <= n {
			out = append(out, p)
		}
	}
	return out
}
