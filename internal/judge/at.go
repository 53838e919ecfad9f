package judge

import (
	"maps"
	"slices"

	"candor/internal/answer"
	"candor/internal/coverage"
	"candor/internal/verdict"
)

// Moment says when a Result speaks: how far input has come.
type Moment struct {
	Ended bool // every input was read to its end
}

// At judges everything observed so far.
func (j *Judge) At(m Moment) *Result {
	b := j.bench(m.Ended)
	r := &Result{
		Schema: Schema, Sensor: string(j.terms.Sensor), Inputs: inputResults(b.whole.Inputs),
		Agreement: agreementRef(j.cfg.Agreement), Findings: j.findings(m.Ended), Witnesses: j.witnesses(),
	}
	if j.any {
		r.Window = &Window{First: j.span.From.Text(), Last: j.span.To.Text(), Seconds: j.span.Duration().Seconds()}
	}
	r.Defects = append(b.defects(j.rules), j.limits(b.whole)...)
	j.evicted(r.Defects)
	days := coverage.Days{Windows: b.windows, Whole: b.whole, Presence: j.presence(), Defects: r.Defects}
	r.Promises = coverage.Promises(j.terms, &days)
	r.Segments = coverage.Segments(j.terms, b.whole, r.Promises, r.Defects)
	r.Sight = sightResult(b.whole, j.any)
	r.Timeline = j.timeline(b.windows)
	r.Power = j.power(b.whole)
	r.Answers = answer.All(&answer.Case{
		Terms: j.terms, Evidence: b.whole, Defects: r.Defects, Promises: r.Promises, Segments: r.Segments, Any: j.any,
		Findings: r.Findings, Power: r.Power,
	})
	r.Exit = exit(r, j.required())
	return r
}

func (j *Judge) required() []verdict.Question {
	out := append([]verdict.Question{}, j.cfg.Required...)
	if j.cfg.Agreement != nil {
		out = append(out, j.cfg.Agreement.Detections.Required...)
	}
	return out
}

// presence is of critical hosts, by quarter hour in order.
func (j *Judge) presence() []*coverage.Presence {
	out := make([]*coverage.Presence, 0, len(j.quarters))
	for _, q := range slices.Sorted(maps.Keys(j.quarters)) {
		out = append(out, j.quarters[q].presence)
	}
	return out
}
