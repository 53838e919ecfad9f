package judge

import (
	"maps"
	"slices"

	"candor/internal/answer"
	"candor/internal/coverage"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Moment says when a Result speaks: how far input has come.
type Moment struct {
	Ended bool           // every input was read to its end
	Now   record.Time    // the clock of who asks, where input may be silent; 0, or before the newest packet: the newest packet
	Blind []record.Blind // what is lost or late at this moment and may be there at the next: told by who asks, not folded
}

// sitting is a judge asked at one moment.
type sitting struct {
	*Judge
	ended bool
	span  record.Span // what is judged: from the first to the last packet, blind spans and the moment included
	blind []record.Blind
}

// sit says what is judged at a moment.
func (j *Judge) sit(m Moment) *sitting {
	s := &sitting{Judge: j, ended: m.Ended, span: j.span, blind: j.blind.with(m.Blind)}
	if !j.any {
		return s
	}
	for i := range s.blind {
		b := &s.blind[i].Span
		s.span = record.Span{From: min(s.span.From, b.From), To: max(s.span.To, b.To)}
	}
	s.span.To = max(s.span.To, min(m.Now, record.LastTime))
	return s
}

// At judges everything observed so far.
func (j *Judge) At(m Moment) *Result {
	s := j.sit(m)
	b := s.bench()
	r := &Result{
		Schema: Schema, Sensor: string(j.terms.Sensor), Inputs: inputResults(b.whole.Inputs),
		Agreement: agreementRef(j.cfg.Agreement), Findings: s.findings(), Witnesses: j.witnesses(),
	}
	if j.any {
		r.Window = &Window{First: s.span.From.Text(), Last: s.span.To.Text(), Seconds: s.span.Duration().Seconds()}
	}
	r.Defects = append(b.defects(j.rules), s.limits(b.whole)...)
	s.evicted(r.Defects)
	days := coverage.Days{Windows: b.windows, Whole: b.whole, Presence: j.presence(), Defects: r.Defects}
	r.Promises = coverage.Promises(j.terms, &days)
	r.Segments = coverage.Segments(j.terms, b.whole, r.Promises, r.Defects)
	r.Sight = sightResult(b.whole, j.any)
	r.Timeline = s.timeline(b.windows)
	r.Power = s.power(b.whole)
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
