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
	reached map[reach]*coverage.Evidence
}

type reach struct {
	window int
	work   time.Duration
}

func (j *Judge) bench(ended bool) *bench {
	w := j.windows(ended)
	return &bench{terms: j.terms, windows: w, whole: j.whole(w, ended), recent: j.recent(ended), reached: map[reach]*coverage.Evidence{}}
}

// defects asks every rule about every subject.
func (b *bench) defects(rules []coverage.Rule) []verdict.Defect {
	out := []verdict.Defect{}
	for i := range rules {
		r := &rules[i]
		subjects := []string{""}
		if r.Subjects != nil {
			subjects = r.Subjects(b.terms, b.whole)
		}
		for _, s := range subjects {
			out = append(out, b.defect(r, s))
		}
	}
	return out
}

// defect decides a rule for each window, for now, and for the whole: yes if any window is yes, else what the whole says.
func (b *bench) defect(r *coverage.Rule, subject string) verdict.Defect {
	whole := r.Judge(b.whole, subject)
	d := verdict.Defect{Code: r.Code, Subject: subject, Sensor: string(b.terms.Sensor), Hard: r.Hard}
	strongest := whole
	if r.Whole {
		d.Periods = []verdict.Period{{From: stamp(b.whole.Window.From), To: stamp(b.whole.Window.To), Verdict: whole.Verdict}}
		d.Now = whole.Verdict
	} else {
		for i := range b.windows {
			ruling := r.Judge(b.reach(i, r.Reach), subject)
			d.Periods = appendPeriod(d.Periods, b.windows[i].Seen, ruling.Verdict)
			if ruling.Verdict == verdict.Yes && (strongest.Verdict != verdict.Yes || ruling.Bits > strongest.Bits) && whole.Verdict != verdict.Yes {
				strongest = ruling
			}
		}
		d.Now = r.Judge(b.nowWithReach(r.Reach), subject).Verdict
	}
	d.Verdict, d.Strength, d.Bits = strongest.Verdict, strongest.Strength, strongest.Bits
	d.Evidence = min(math.Round(10*strongest.Evidence)/10, 1000)
	d.Signs, d.Needs, d.Words, d.Do = strongest.Signs, strongest.Needs, strongest.Words, strongest.Do
	if d.Signs == nil {
		d.Signs = []verdict.Sign{}
	}
	if d.Strength == "" {
		d.Strength = verdict.NotDecided
	}
	if d.Verdict == verdict.Yes && b.terms.Accepts(r.Accepts) {
		d.Accepted = r.Accepts
	}
	return d
}

// appendPeriod adds a stretch, joined with the one before when they say the same.
func appendPeriod(p []verdict.Period, s record.Span, v verdict.Verdict) []verdict.Period {
	if n := len(p); n > 0 && p[n-1].Verdict == v {
		p[n-1].To = stamp(s.To)
		return p
	}
	return append(p, verdict.Period{From: stamp(s.From), To: stamp(s.To), Verdict: v})
}

// reach is the evidence of a window together with as many before it as a working time takes.
func (b *bench) reach(window int, work time.Duration) *coverage.Evidence {
	if work == 0 {
		return b.windows[window]
	}
	key := reach{window, work}
	if e := b.reached[key]; e != nil {
		return e
	}
	e := b.joinBack(coverage.NewEvidence(b.terms, b.windows[window].Window), window, work)
	b.reached[key] = e
	return e
}

func (b *bench) joinBack(e *coverage.Evidence, window int, work time.Duration) *coverage.Evidence {
	for i := window; i >= 0; i-- {
		e.Join(b.windows[i])
		e.Window.From = b.windows[i].Window.From
		if b.terms.Work(e.Seen) >= work {
			break
		}
	}
	e.Ended = b.windows[window].Ended
	return e
}

// nowWithReach is the last quarter hour, with the full windows before it that a rule's reach takes.
func (b *bench) nowWithReach(work time.Duration) *coverage.Evidence {
	if work == 0 {
		return b.recent
	}
	key := reach{-1, work}
	if e := b.reached[key]; e != nil {
		return e
	}
	e := coverage.NewEvidence(b.terms, b.recent.Window)
	e.Join(b.recent)
	before := len(b.windows) - 1
	for before >= 0 && b.windows[before].Window.To > b.recent.Window.From {
		before--
	}
	if before >= 0 && b.terms.Work(e.Seen) < work {
		e = b.joinBack(e, before, work)
	}
	e.Ended = b.recent.Ended
	b.reached[key] = e
	return e
}

func stamp(t record.Time) string { return t.Std().Format(time.RFC3339Nano) }
