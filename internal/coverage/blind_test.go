package coverage

import (
	"strings"
	"testing"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// TestBlindWords: who reads of a loss learns what was lost, when to the second, how much, and what to do.
func TestBlindWords(t *testing.T) {
	span := record.Span{From: at(23, 9, 0), To: at(23, 9, 20)}
	for cause, want := range map[record.BlindCause]string{
		record.BlindHole: "12 blocks", record.BlindCrash: "started again", record.BlindSpool: "12 records", record.BlindSilent: "no heartbeat",
		record.BlindMissing: "12 blocks", record.BlindShed: "12 connections, 1 in 4 kept", record.BlindSampled: "1 in 4 kept", record.BlindBehind: "came late",
		"something new": "something new",
	} {
		e := NewEvidence(terms(t, office), span)
		e.Blind = []record.Blind{{Span: span, Cause: cause, Count: 12, Kept: 0.25}}
		found := false
		for _, r := range Rules() {
			if r.Code != BlindCode(cause) {
				continue
			}
			for _, subject := range r.Subjects(e.Terms, e) {
				found = true
				got := r.Judge(e, subject)
				words := got.Words + " " + got.Signs[0].Sign + " " + got.Signs[0].Value
				if got.Verdict != verdict.Yes || !strings.Contains(strings.ToLower(words), want) || !strings.Contains(words, span.From.Text()) || !strings.Contains(words, span.To.Text()) || got.Do == "" {
					t.Errorf("%s: %s %q, do %q, wants %q", cause, got.Verdict, words, got.Do, want)
				}
			}
		}
		if !found {
			t.Errorf("%s: no rule", cause)
		}
	}
}

// TestDark: of a time of which nothing was kept no rule says that something was absent; one second of sight makes it a time like others.
func TestDark(t *testing.T) {
	s := monday(time.Hour)
	whole := record.Blind{Span: s, Cause: record.BlindHole}
	half := record.Blind{Span: record.Span{From: s.From, To: s.From + 30*record.Minute}, Cause: record.BlindSilent}
	rest := record.Blind{Span: record.Span{From: half.Span.To, To: s.To}, Cause: record.BlindMissing}
	ofFeed, shed := whole, whole
	ofFeed.Feed, shed.Cause = "auth", record.BlindShed
	for name, c := range map[string]struct {
		blind   []record.Blind
		minutes int
		want    bool
	}{
		"nothing lost": {nil, 0, false}, "all lost": {[]record.Blind{whole}, 0, true}, "lost in parts": {[]record.Blind{half, rest}, 0, true},
		"half of it": {[]record.Blind{half}, 0, false}, "of one feed": {[]record.Blind{ofFeed}, 0, false}, "shed": {[]record.Blind{shed}, 0, false},
		"something came": {[]record.Blind{whole}, 1, false},
	} {
		e := NewEvidence(terms(t, office), s)
		e.Seen, e.Blind, e.Whole.Minutes = s, c.blind, c.minutes
		if got := e.IsDark(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, r := range Rules() {
		if !ofAbsence(r.Code) {
			continue
		}
		yes := r
		yes.Needs, yes.Least = 0, nil
		yes.Weigh = func(*Evidence, string) Ruling { return Ruling{Verdict: verdict.Yes} }
		e := NewEvidence(terms(t, office), s)
		if yes.Judge(e, "").Verdict != verdict.Yes {
			t.Errorf("%s: not yes in light", r.Code)
		}
		joined := NewEvidence(terms(t, office), s)
		e.Dark = true
		joined.Join(e)
		if got := yes.Judge(joined, ""); got.Verdict != verdict.CannotSay || got.Needs == "" {
			t.Errorf("%s: %s in the dark", r.Code, got.Verdict)
		}
	}
}
