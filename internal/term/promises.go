package term

import (
	"fmt"
	"strings"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// promises prints promised beside seen: broken ones first, then those about which nothing can be said, then the kept ones.
func (p *page) promises(r *judge.Result) {
	if r.Agreement == nil && len(r.Promises) == 0 {
		return
	}
	s := judge.Stand(r)
	p.title("PROMISES", fmt.Sprintf("%d broken, %d kept, %d cannot say", s.Broken, s.Kept, s.CannotSay))
	cols := promiseColumns(p.width)
	if s.Broken+s.Kept+s.CannotSay > 0 && !p.narrow() {
		p.marked(span{text: "  "}, cols.cells("", "clause", "promised", "seen"))
	}
	for _, want := range []verdict.Kept{verdict.IsBroken, verdict.CannotTell, verdict.IsKept} {
		for i := range r.Promises {
			if pr := &r.Promises[i]; pr.MeasuredHere && pr.Verdict == want {
				p.row(promiseMark(want), cols.cells(pr.ID, pr.Clause, pr.Promised, judge.OrElse(pr.Seen, "cannot say"))...)
				if want == verdict.CannotTell {
					p.lines(5, pr.Because)
				}
			}
		}
	}
	p.unmeasured(r)
}

func promiseMark(k verdict.Kept) judge.Mark {
	switch k {
	case verdict.IsBroken:
		return judge.MarkAttention
	case verdict.IsKept:
		return judge.MarkAsAgreed
	}
	return judge.MarkCannotSay
}

// promiseCols are the widths of the columns; clause is 0 on pages without room for it.
type promiseCols struct{ id, clause, promised int }

func promiseColumns(width int) promiseCols {
	if width >= 110 {
		return promiseCols{id: 38, clause: 10, promised: 26}
	}
	return promiseCols{id: 36, promised: 17}
}

func (c promiseCols) cells(id, clause, promised, seen string) []cell {
	if c.clause > 0 {
		return []cell{{id, c.id}, {clause, c.clause}, {promised, c.promised}, {text: seen}}
	}
	return []cell{{id, c.id}, {promised, c.promised}, {text: seen}}
}

// unmeasured counts the promises that this input cannot measure, by their place in the agreement.
func (p *page) unmeasured(r *judge.Result) {
	var places []string
	times := map[string]int{}
	total := 0
	for _, pr := range r.Promises {
		if pr.MeasuredHere {
			continue
		}
		total++
		parts := strings.Split(pr.ID, "/")
		place := parts[0]
		if place == "data" && len(parts) > 1 {
			place += "/" + parts[1]
		}
		if times[place]++; times[place] == 1 {
			places = append(places, place)
		}
	}
	if total == 0 {
		return
	}
	for i, place := range places {
		if times[place] > 1 {
			places[i] = fmt.Sprintf("%s (%d)", place, times[place])
		}
	}
	p.marked(markSpans[judge.MarkCannotSay], []cell{{text: fmt.Sprintf("%d more cannot be measured in this input: %s", total, strings.Join(places, ", "))}})
}
