package notice_test

import (
	"testing"
	"time"

	"candor/internal/judge"
	"candor/internal/notice"
	"candor/internal/verdict"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func result(code verdict.Code, now verdict.Verdict, accepted string) *judge.Result {
	return &judge.Result{Defects: []verdict.Defect{{Code: code, Now: now, Accepted: accepted, Words: "The sensor stands outside.", Do: "Move it."}}}
}

// TestChanges tells a story for each kind of change: what is seen at which minute, and what was told by then.
func TestChanges(t *testing.T) {
	const outside, gap = verdict.VantageOutside, verdict.RecordGap
	type look struct {
		minute   int
		now      verdict.Verdict
		want     string // of the notice given: yes, no, or none
		unlisted bool
	}
	for name, c := range map[string]struct {
		code     verdict.Code
		accepted string
		looks    []look
	}{
		"outside for two minutes": {outside, "", []look{{0, verdict.Yes, "", false}, {1, verdict.Yes, "", false}, {2, verdict.Yes, "yes", false}, {3, verdict.Yes, "", false}}},
		"a moment only":           {outside, "", []look{{0, verdict.Yes, "", false}, {1, verdict.No, "", false}, {2, verdict.Yes, "", false}, {3, verdict.Yes, "", false}, {4, verdict.Yes, "yes", false}}},
		"cannot say is no change": {outside, "", []look{{0, verdict.Yes, "", false}, {1, verdict.CannotSay, "", false}, {2, verdict.Yes, "yes", false}, {60, verdict.CannotSay, "", false}, {90, verdict.CannotSay, "", false}}},
		"healed for a quarter":    {outside, "", []look{{0, verdict.Yes, "", false}, {2, verdict.Yes, "yes", false}, {3, verdict.No, "", false}, {17, verdict.No, "", false}, {18, verdict.No, "no", false}, {19, verdict.No, "", false}}},
		"healed and back":         {outside, "", []look{{0, verdict.Yes, "", false}, {2, verdict.Yes, "yes", false}, {3, verdict.No, "", false}, {10, verdict.Yes, "", false}, {12, verdict.Yes, "", false}, {20, verdict.No, "", false}, {34, verdict.No, "", false}, {35, verdict.No, "no", false}}},
		"a hard fact at once":     {gap, "", []look{{0, verdict.Yes, "yes", false}, {1, verdict.Yes, "", false}}},
		"a fact not listed again": {gap, "", []look{{0, verdict.Yes, "yes", false}, {1, verdict.Yes, "", true}, {15, verdict.Yes, "", true}, {16, verdict.Yes, "no", true}}},
		"accepted":                {outside, "routed_core", []look{{0, verdict.Yes, "", false}, {5, verdict.Yes, "", false}}},
		"limits answers only":     {verdict.DNSEncrypted, "", []look{{0, verdict.Yes, "", false}, {5, verdict.Yes, "", false}}},
	} {
		t.Run(name, func(t *testing.T) {
			var w notice.Watch
			for _, l := range c.looks {
				r := result(c.code, l.now, c.accepted)
				if l.unlisted {
					r.Defects = nil
				}
				got := ""
				for _, n := range w.See("bank", "hq", r, noon.Add(time.Duration(l.minute)*time.Minute)) {
					got += n.Now.String()
				}
				if got != l.want {
					t.Errorf("minute %d: told %q, want %q", l.minute, got, l.want)
				}
			}
		})
	}
}

// TestRecall does not tell again after a restart what was told, and tells that it ended.
func TestRecall(t *testing.T) {
	var before, after notice.Watch
	if n := before.See("bank", "hq", result(verdict.RecordGap, verdict.Yes, ""), noon); len(n) != 1 {
		t.Fatalf("told %v", n)
	}
	after.Recall(before.Told())
	if n := after.See("bank", "hq", result(verdict.RecordGap, verdict.Yes, ""), noon.Add(time.Minute)); len(n) != 0 {
		t.Errorf("told again: %v", n)
	}
	for _, at := range []time.Duration{2 * time.Minute, 18 * time.Minute} {
		n := after.See("bank", "hq", result(verdict.RecordGap, verdict.No, ""), noon.Add(at))
		if want := at > 15*time.Minute; (len(n) == 1) != want {
			t.Errorf("after %s: %v", at, n)
		}
	}
}
