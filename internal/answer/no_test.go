package answer

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/coverage"
	"candor/internal/detect"
	"candor/internal/record"
	"candor/internal/verdict"
)

func found(kind, source string) verdict.Finding {
	return verdict.Finding{ID: kind[:1] + "-" + source, Kind: kind, Source: source, Confidence: 0.9, Words: source + " does it."}
}

func TestNo(t *testing.T) {
	for _, a := range All(healthy(t)) {
		if a.Verdict != verdict.No || len(a.BlindSpots) > 0 || len(a.CannotSayFor) > 0 {
			t.Errorf("%s: %s when all is well: %v %v", a.Question, a.Verdict, a.BlindSpots, a.CannotSayFor)
		}
		if !slices.Equal(a.NoFor, []string{"users: the 90 seen", "servers: the 20 seen"}) || a.Absent.Count != 10 {
			t.Errorf("%s: no for %v, %d absent", a.Question, a.NoFor, a.Absent.Count)
		}
	}
}

// TestNoCoversOnlyItsPower: a no says what it covers.
func TestNoCoversOnlyItsPower(t *testing.T) {
	c := healthy(t)
	c.Power = map[verdict.Question]string{verdict.Beaconing: "sleeps of up to 5 min"}
	a := answerTo(t, c, verdict.Beaconing)
	if a.Power != "sleeps of up to 5 min" || !strings.Contains(a.Because, a.Power) {
		t.Errorf("%q, power %q", a.Because, a.Power)
	}
}

// TestUnaskedIsUnknown: taking any judged rule away that a question needs turns its no into cannot say.
func TestUnaskedIsUnknown(t *testing.T) {
	for _, q := range verdict.Questions() {
		n := needsOf(q)
		for _, code := range n.known {
			if code == verdict.HistoryShort || code == verdict.IntelStale { // listed only where it is so
				continue
			}
			c := healthy(t)
			c.Defects = slices.DeleteFunc(c.Defects, func(d verdict.Defect) bool { return d.Code == code })
			if a := answerTo(t, c, q); a.Verdict != verdict.CannotSay || len(a.BlindSpots) == 0 {
				t.Errorf("%s without a word on %s: %s %v", q, code, a.Verdict, a.BlindSpots)
			}
		}
		for _, d := range n.directions {
			c := healthy(t)
			c.Defects = slices.DeleteFunc(c.Defects, func(x verdict.Defect) bool { return x.Code == verdict.DirectionMissing && x.Subject == d })
			if a := answerTo(t, c, q); a.Verdict != verdict.CannotSay {
				t.Errorf("%s without a word on %s: %s", q, d, a.Verdict)
			}
		}
	}
}

// TestPause: a time about which nothing can be said is in the way, though the whole reads no.
func TestPause(t *testing.T) {
	pause := defect(verdict.VantageOutside, "", verdict.No)
	pause.Periods = []verdict.Period{
		{From: "2026-11-23T09:00:00Z", To: "2026-11-23T09:30:00Z", Verdict: verdict.No},
		{From: "2026-11-23T09:30:00Z", To: "2026-11-23T09:45:00Z", Verdict: verdict.CannotSay},
	}
	if a := answerTo(t, healthy(t, pause), verdict.Beaconing); a.Verdict != verdict.CannotSay {
		t.Errorf("%s over a pause of a quarter hour", a.Verdict)
	}
	pause.Periods[1].To = "2026-11-23T09:31:00Z"
	if a := answerTo(t, healthy(t, pause), verdict.Beaconing); a.Verdict != verdict.No {
		t.Errorf("%s when the last minute is too short to judge", a.Verdict)
	}
}

func TestYes(t *testing.T) {
	explained := found("beacon", "10.1.0.9")
	explained.ExplainedBy = "clock synchronisation"
	either, far := found("beacon", "10.1.0.9"), found("beacon", "192.0.2.77")
	either.ExplainedBy, far.ExplainedBy = detect.Undecided, detect.Undecided
	safe := found("beacon", "10.1.0.9")
	safe.Safelisted = &verdict.Safelisted{Who: "a", Why: "b"}
	tests := []struct {
		name     string
		findings []verdict.Finding
		of       verdict.Question
		want     verdict.Verdict
	}{
		{"a beacon", []verdict.Finding{found("beacon", "10.1.0.9")}, verdict.Beaconing, verdict.Yes},
		{"a beacon makes a botnet", []verdict.Finding{found("beacon", "10.1.0.9")}, verdict.Botnet, verdict.Yes},
		{"a scan alone makes no botnet", []verdict.Finding{found("scan", "10.1.0.9")}, verdict.Botnet, verdict.No},
		{"a scan makes scanning", []verdict.Finding{found("scan", "10.1.0.9")}, verdict.Scanning, verdict.Yes},
		{"a scanner on the Internet makes nothing", []verdict.Finding{found("scan", "192.0.2.77")}, verdict.Scanning, verdict.No},
		{"explained", []verdict.Finding{explained}, verdict.Beaconing, verdict.No},
		{"nobody can tell whose", []verdict.Finding{either}, verdict.Beaconing, verdict.CannotSay},
		{"nobody can tell whose, on the Internet", []verdict.Finding{far}, verdict.Beaconing, verdict.No},
		{"safelisted", []verdict.Finding{safe}, verdict.Beaconing, verdict.No},
		{"another's alert", []verdict.Finding{found("alert", "10.1.0.9")}, verdict.Botnet, verdict.No},
		{"a source that is no address", []verdict.Finding{found("beacon", "somebody")}, verdict.Beaconing, verdict.No},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := healthy(t)
			c.Findings = tt.findings
			a := answerTo(t, c, tt.of)
			if a.Verdict != tt.want || (tt.want == verdict.Yes) != (len(a.Findings) > 0) {
				t.Errorf("%s with %v", a.Verdict, a.Findings)
			}
		})
	}
	t.Run("beside a beacon of the same host a scan is part of it", func(t *testing.T) {
		c := healthy(t)
		c.Findings = []verdict.Finding{found("beacon", "10.1.0.9"), found("scan", "10.1.0.9"), found("scan", "10.1.0.8")}
		if a := answerTo(t, c, verdict.Botnet); !slices.Equal(a.Findings, []string{"b-10.1.0.9", "s-10.1.0.9"}) {
			t.Errorf("%v", a.Findings)
		}
	})
	t.Run("in spite of blindness, which stays named", func(t *testing.T) {
		c := healthy(t, defect(verdict.VantageOutside, "", verdict.Yes))
		c.Findings = []verdict.Finding{found("beacon", "10.1.0.9")}
		a := answerTo(t, c, verdict.Beaconing)
		if a.Verdict != verdict.Yes || !slices.Contains(a.BlindSpots, "vantage.outside") || len(a.NoFor) > 0 {
			t.Errorf("%+v", a)
		}
	})
}

// TestBehindTranslation: seen outside the firewall, the source is the firewall's address; which machine it is stays unknown.
func TestBehindTranslation(t *testing.T) {
	c := healthy(t, defect(verdict.VantageOutside, "", verdict.Yes))
	c.Terms.Scope.OwnPublic = append(c.Terms.Scope.OwnPublic, record.AssumedScope().Segments[0].Networks[3]) // 100.64.0.0/10
	c.Findings = []verdict.Finding{found("beacon", "100.64.0.16")}
	a := answerTo(t, c, verdict.Beaconing)
	if a.Verdict != verdict.Yes || !strings.Contains(a.Because, "by a machine behind 100.64.0.16; which one: cannot say") {
		t.Errorf("%s: %s", a.Verdict, a.Because)
	}
}

// TestNeverNoWhereBlind: whatever defects there are, a no has none of those that its question must not have, no finding, and
// somebody it speaks of.
func TestNeverNoWhereBlind(t *testing.T) {
	base := healthy(t)
	rapid.Check(t, func(rt *rapid.T) {
		c := *base
		c.Defects = slices.Clone(base.Defects)
		for i := range c.Defects {
			c.Defects[i].Verdict = rapid.SampledFrom([]verdict.Verdict{verdict.No, verdict.No, verdict.No, verdict.No, verdict.No, verdict.CannotSay, verdict.Yes}).Draw(rt, c.Defects[i].Name())
		}
		if rapid.IntRange(0, 5).Draw(rt, "short") == 0 {
			c.Defects = c.Defects[:rapid.IntRange(0, len(c.Defects)).Draw(rt, "judged")]
		}
		c.Any = rapid.IntRange(0, 20).Draw(rt, "any") > 0
		for _, a := range All(&c) {
			if a.Verdict == verdict.Yes {
				rt.Fatalf("%s: yes without a finding", a.Question)
			}
			if a.Verdict == verdict.No && (!c.Any || len(a.BlindSpots) > 0 || len(a.CannotSayFor) > 0 || len(a.NoFor) == 0) {
				rt.Fatalf("%s: no with %+v", a.Question, a)
			}
			n := needsOf(a.Question)
			for i := range c.Defects {
				d := &c.Defects[i]
				if a.Verdict == verdict.No && d.Verdict != verdict.No && slices.Contains(n.known, d.Code) {
					rt.Fatalf("%s: no, though %s is %s", a.Question, d.Name(), d.Verdict)
				}
			}
		}
	})
}

// TestInPassing: promised machines that are seen only in passing are neither absent nor cleared.
func TestInPassing(t *testing.T) {
	c := healthy(t)
	c.Segments[0].InPassing = 3
	for _, a := range All(c) {
		blind := slices.ContainsFunc(a.CannotSayFor, func(h verdict.HostBlind) bool { return h.Host == "users: 3 seen only in passing" })
		if a.Verdict != verdict.CannotSay || !blind || a.Absent.Count != 7 {
			t.Errorf("%s: %s, cannot say for %v, %d absent", a.Question, a.Verdict, a.CannotSayFor, a.Absent.Count)
		}
	}
}

// TestNoNeedsSomebody: an observation of nobody is no clean bill.
func TestNoNeedsSomebody(t *testing.T) {
	c := healthy(t)
	c.Segments = nil
	for _, a := range All(c) {
		if a.Verdict != verdict.CannotSay {
			t.Errorf("%s: %s of nobody", a.Question, a.Verdict)
		}
	}
}

// TestWithoutAgreement: nobody knows which machines are servers, nor what was to be seen.
func TestWithoutAgreement(t *testing.T) {
	on := terms(t, "")
	var defects []verdict.Defect
	for _, d := range fine() {
		if d.Subject == "" {
			defects = append(defects, d)
		}
	}
	c := &Case{Terms: on, Evidence: coverage.NewEvidence(on, hour), Any: true, Defects: defects, Segments: []verdict.Segment{{ID: "inside", Seen: 5}}}
	for q, want := range map[verdict.Question]verdict.Verdict{
		verdict.Beaconing: verdict.No, verdict.LateralMovement: verdict.CannotSay, verdict.SignInAttacks: verdict.CannotSay, verdict.DGA: verdict.CannotSay,
	} {
		if a := answerTo(t, c, q); a.Verdict != want {
			t.Errorf("%s: %s, want %s: %v", q, a.Verdict, want, a.BlindSpots)
		}
	}
	c.Evidence.Whole.Counts[record.DNSQueries], c.Evidence.Whole.Counts[record.DNSReplies] = 5, 5
	if a := answerTo(t, c, verdict.DGA); a.Verdict != verdict.No {
		t.Errorf("dga with lookups in sight: %s %v", a.Verdict, a.BlindSpots)
	}
	c.Segments[0].InPassing = 2
	if a := answerTo(t, c, verdict.Beaconing); a.Verdict != verdict.CannotSay || a.CannotSayFor[0].Host != "inside: 2 seen only in passing" {
		t.Errorf("%s %v", a.Verdict, a.CannotSayFor)
	}
}
