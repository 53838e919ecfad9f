package term

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// questions prints each answer with why, yes first and no last, so that what is open is read before what is closed.
func (p *page) questions(r *judge.Result) {
	times := map[verdict.Verdict]int{}
	for _, a := range r.Answers {
		times[a.Verdict]++
	}
	open := len(r.Answers) - times[verdict.Yes] - times[verdict.No]
	p.title("QUESTIONS", fmt.Sprintf("%d yes, %d no, %d cannot say", times[verdict.Yes], times[verdict.No], open))
	common, said := judge.CommonSpots(r), judge.Said{}
	if p.width >= 110 && len(r.Answers) > 0 {
		p.marked(span{text: "  "}, p.questionCells("", "", "because", "looked at"))
	}
	for _, want := range []verdict.Verdict{verdict.Yes, verdict.CannotSay, verdict.No} {
		for i := range r.Answers {
			if r.Answers[i].Verdict == want {
				p.answered(&r.Answers[i], common, said)
			}
		}
	}
	if len(common) > 0 {
		p.indented(3, "Blind spots of all that cannot be said: "+strings.Join(common, ", "))
	}
	for _, power := range judge.Powers(r) {
		p.indented(3, power)
	}
}

// answered prints one answer. A reason that was said before is not said again: said holds for which question it was.
func (p *page) answered(a *verdict.Answer, common []string, said judge.Said) {
	mark := judge.MarkCannotSay
	switch a.Verdict {
	case verdict.Yes:
		mark = judge.MarkAttention
	case verdict.No:
		mark = judge.MarkAsAgreed
	}
	name := string(a.Question)
	if a.Subject != "" {
		name += " " + a.Subject
	}
	because := judge.OrElse(a.Because, "no reason was given")
	because = said.Because(name, because, wide(because))
	var own []string
	for _, b := range judge.Spots(a) {
		if !slices.Contains(common, b) {
			own = append(own, b)
		}
	}
	if len(own) > 0 {
		because += " [" + strings.Join(own, ", ") + "]"
	}
	if a.Absent.Count > 0 {
		because += fmt.Sprintf(" (%s promised hosts never appeared)", judge.Count(a.Absent.Count))
	}
	p.row(mark, p.questionCells(name, judge.Word(a.Verdict), because, judge.LookedAtWords(a.LookedAt))...)
}

// questionCells sets the columns; what was looked at has one of its own only on a wide page.
func (p *page) questionCells(name, answer, because, looked string) []cell {
	if p.width >= 110 {
		return []cell{{name, 18}, {answer, 11}, {because, p.width - 3 - 18 - 11 - 3 - 24}, {text: looked}}
	}
	return []cell{{name, 17}, {answer, 11}, {text: because}}
}
