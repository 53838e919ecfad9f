package answer

import (
	"testing"

	"candor/internal/verdict"
)

// TestNarrowPast: what was lost is in the way of questions about the time that it touches, and of no others.
func TestNarrowPast(t *testing.T) {
	lose := func(code verdict.Code) func(*verdict.Answer, *View) {
		return func(a *verdict.Answer, v *View) {
			v.Findings, v.Segments = nil, []verdict.Segment{{ID: "branch-users", Seen: 4}}
			v.Defects = []verdict.Defect{{Code: code, Verdict: verdict.Yes, Periods: []verdict.Period{
				{From: "2026-11-16T06:00:00Z", To: "2026-11-16T12:00:00Z", Verdict: verdict.Yes}, {From: "2026-11-16T12:00:00Z", To: "2026-11-18T18:00:00Z", Verdict: verdict.No},
			}}}
			a.Findings, a.NoFor, a.BlindSpots = nil, nil, []string{string(code)}
			a.CannotSayFor = []verdict.HostBlind{{Host: "branch-users: the 4 seen", BlindSpots: []string{string(code)}}}
			a.Verdict = verdict.CannotSay
		}
	}
	for _, code := range []verdict.Code{verdict.RecordGap, verdict.SensorSilent, verdict.StoreMissing, verdict.SensorShed, verdict.FeedSampled} {
		for asked, want := range map[string]verdict.Verdict{
			"is anything beaconing?": verdict.CannotSay,
			"is anything beaconing between 2026-11-16T13:00:00Z and 2026-11-17T14:00:00Z?":                 verdict.No,
			"is 10.10.2.30 beaconing between 2026-11-16T12:00:00Z and 2026-11-17T14:00:00Z?":               verdict.No,
			"is anything in branch-users beaconing between 2026-11-17T12:00:00Z and 2026-11-17T14:00:00Z?": verdict.No,
			"is anything beaconing between 2026-11-16T11:59:00Z and 2026-11-17T14:00:00Z?":                 verdict.CannotSay,
		} {
			if a, _ := narrowed(t, asked, lose(code)); a.Verdict != want {
				t.Errorf("%s, %q: %s because %q, blind spots %v", code, asked, a.Verdict, a.Because, a.BlindSpots)
			}
		}
	}
	asked := "is anything beaconing between 2026-11-17T12:00:00Z and 2026-11-17T14:00:00Z?"
	if a, _ := narrowed(t, asked, lose(verdict.StateEvicted)); a.Verdict != verdict.CannotSay {
		t.Errorf("what was evicted is forgotten for ever: %s", a.Verdict)
	}
	unseen := func(a *verdict.Answer, v *View) {
		lose(verdict.RecordGap)(a, v)
		ten := 10
		v.Segments[0].Promised = &ten
		a.CannotSayFor = append(a.CannotSayFor, verdict.HostBlind{Host: "branch-users: 6 of 10 never seen", BlindSpots: []string{"record.gap"}})
	}
	if a, _ := narrowed(t, asked, unseen); a.Verdict != verdict.CannotSay {
		t.Errorf("hosts that were never seen: %s", a.Verdict)
	}
	absent := func(a *verdict.Answer, v *View) {
		unseen(a, v)
		v.Segments[0].Verdict = verdict.IsKept
		v.Defects = append(v.Defects, verdict.Defect{Code: verdict.SegmentMissing, Subject: "branch-users", Verdict: verdict.No})
	}
	if a, _ := narrowed(t, asked, absent); a.Verdict != verdict.No {
		t.Errorf("absent hosts: %s because %s", a.Verdict, a.Because)
	}
}
