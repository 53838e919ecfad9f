package judge

import (
	"candor/internal/coverage"
	"candor/internal/record"
	"candor/internal/verdict"
)

// judgeRuns looks again at neighbouring windows of which each alone says nothing: together they may have enough evidence.
// Only a yes is taken from them. Without this a sensor that hears next to nothing for half a day would be judged by the
// busy hours before (docs/adr/0006-runs.md).
func (b *bench) judgeRuns(trials []trial) {
	joined := map[[2]int]*coverage.Evidence{}
	for i := range trials {
		t := &trials[i]
		if t.rule.Whole || t.rule.Reach != 0 {
			continue
		}
		for from := 0; from < len(t.windows); {
			to := from
			for to < len(t.windows) && t.windows[to] == verdict.CannotSay {
				to++
			}
			if to-from > 1 {
				b.judgeRun(t, from, to, joined)
			}
			from = max(to, from+1)
		}
	}
}

// judgeRun judges the windows [from, to) together.
func (b *bench) judgeRun(t *trial, from, to int, joined map[[2]int]*coverage.Evidence) {
	key := [2]int{from, to}
	e := joined[key]
	if e == nil {
		e = coverage.NewEvidence(b.terms, record.Span{From: b.windows[from].Window.From, To: b.windows[to-1].Window.To})
		for _, w := range b.windows[from:to] {
			e.Join(w)
		}
		e.Ended = b.windows[to-1].Ended
		joined[key] = e
	}
	r := t.rule.Judge(e, t.subject)
	if r.Verdict != verdict.Yes {
		return
	}
	for k := from; k < to; k++ {
		t.windows[k] = verdict.Yes
	}
	t.consider(r)
}
