package judge

import (
	"math"
	"time"

	"candor/internal/coverage"
	"candor/internal/record"
	"candor/internal/verdict"
)

// bench is the evidence that all rules are asked about.
type bench struct {
	terms   *coverage.Terms
	windows []*coverage.Evidence
	whole   *coverage.Evidence
	recent  *coverage.Evidence
}

func (s *sitting) bench() *bench {
	w, recent := s.windows(), s.recent()
	s.stampClocks(w, recent)
	return &bench{terms: s.terms, windows: w, whole: s.whole(w), recent: recent}
}

// trial is one rule asked about one subject.
type trial struct {
	rule      *coverage.Rule
	subject   string
	whole     coverage.Ruling // of the whole observation
	strongest coverage.Ruling // yes if any window is yes, else whole
	now       verdict.Verdict
	windows   []verdict.Verdict // of each window
	periods   []verdict.Period
}

// defects asks every rule about every subject: window by window, so that only one window's reach is held at a time.
func (b *bench) defects(rules []coverage.Rule) []verdict.Defect {
	trials := b.trials(rules)
	sliders := map[time.Duration]*slider{}
	for i := range trials {
		if r := trials[i].rule; !r.Whole && sliders[r.Reach] == nil {
			sliders[r.Reach] = newSlider(b.terms, b.windows, r.Reach)
		}
	}
	reached := map[time.Duration]*coverage.Evidence{}
	for range b.windows {
		for reach, s := range sliders {
			reached[reach] = s.reach()
		}
		for i := range trials {
			if t := &trials[i]; !t.rule.Whole {
				t.window(t.rule.Judge(reached[t.rule.Reach], t.subject))
			}
		}
	}
	b.judgeRuns(trials)
	for reach := range sliders {
		reached[reach] = b.nowWithReach(reach)
	}
	out := make([]verdict.Defect, 0, len(trials))
	for i := range trials {
		t := &trials[i]
		if !t.rule.Whole {
			for k, w := range b.windows {
				t.periods = appendPeriod(t.periods, w.Seen, t.windows[k])
			}
			t.now = t.rule.Judge(reached[t.rule.Reach], t.subject).Verdict
		}
		out = append(out, t.defect(b.terms))
	}
	return out
}

// trials lists what is asked, with the ruling on the whole.
func (b *bench) trials(rules []coverage.Rule) []trial {
	var out []trial
	for i := range rules {
		r := &rules[i]
		subjects := []string{""}
		if r.Subjects != nil {
			subjects = r.Subjects(b.terms, b.whole)
		}
		for _, s := range subjects {
			whole := r.Judge(b.whole, s)
			t := trial{rule: r, subject: s, whole: whole, strongest: whole}
			if r.Whole {
				t.periods = onePeriod(b.whole.Window, whole.Verdict)
				t.now = whole.Verdict
			}
			out = append(out, t)
		}
	}
	return out
}

// window takes the ruling on one window, or on a run of them.
func (t *trial) window(r coverage.Ruling) {
	t.windows = append(t.windows, r.Verdict)
	t.consider(r)
}

// consider keeps the strongest yes.
func (t *trial) consider(r coverage.Ruling) {
	if r.Verdict == verdict.Yes && (t.strongest.Verdict != verdict.Yes || r.Bits > t.strongest.Bits) && t.whole.Verdict != verdict.Yes {
		t.strongest = r
	}
}

// defect is what all rulings amount to: yes if any window is yes, else what the whole says.
func (t *trial) defect(terms *coverage.Terms) verdict.Defect {
	r := &t.strongest
	d := verdict.Defect{
		Code: t.rule.Code, Subject: t.subject, Sensor: string(terms.Sensor), Hard: t.rule.Hard,
		Verdict: r.Verdict, Now: t.now, Strength: r.Strength, Bits: r.Bits,
		Periods: t.periods, Evidence: min(math.Round(10*r.Evidence)/10, 1000),
		Signs: r.Signs, Needs: r.Needs, Words: r.Words, Do: r.Do,
	}
	if d.Periods == nil {
		d.Periods = []verdict.Period{}
	}
	if d.Signs == nil {
		d.Signs = []verdict.Sign{}
	}
	if d.Strength == "" {
		d.Strength = verdict.NotDecided
	}
	if d.Verdict == verdict.Yes && terms.Accepts(t.rule.Accepts) {
		d.Accepted = t.rule.Accepts
	}
	return d
}

// onePeriod is a verdict on all of a span; no period when nothing was observed.
func onePeriod(s record.Span, v verdict.Verdict) []verdict.Period {
	if s.Zero() {
		return []verdict.Period{}
	}
	return appendPeriod(nil, s, v)
}

// appendPeriod adds a stretch, joined with the one before when they say the same.
func appendPeriod(p []verdict.Period, s record.Span, v verdict.Verdict) []verdict.Period {
	if n := len(p); n > 0 && p[n-1].Verdict == v {
		p[n-1].To = s.To.Text()
		return p
	}
	return append(p, verdict.Period{From: s.From.Text(), To: s.To.Text(), Verdict: v})
}

// nowWithReach is the last quarter hour, with the full windows before it that a rule's reach takes.
func (b *bench) nowWithReach(work time.Duration) *coverage.Evidence {
	if work == 0 || b.terms.Agreement == nil {
		return b.recent
	}
	e := coverage.NewEvidence(b.terms, b.recent.Window)
	e.Join(b.recent)
	e.Ended = b.recent.Ended
	before := len(b.windows) - 1
	for before >= 0 && b.windows[before].Window.To > b.recent.Window.From {
		before--
	}
	for ; before >= 0 && b.terms.Work(e.Seen) < work; before-- {
		e.Join(b.windows[before])
		e.Window.From = b.windows[before].Window.From
	}
	return e
}
