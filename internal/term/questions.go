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
	common, said := commonSpots(r.Answers), map[string]string{}
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
	for _, power := range powers(r.Answers) {
		p.indented(3, power)
	}
}

// answered prints one answer. A reason that was said before is not said again: said holds for which question it was.
func (p *page) answered(a *verdict.Answer, common []string, said map[string]string) {
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
	because := orElse(a.Because, "no reason was given")
	if before, ok := said[because]; ok && wide(because) > 60 {
		because = "as for " + before
	} else if !ok {
		said[because] = name
	}
	var own []string
	for _, b := range spotsOf(a) {
		if !slices.Contains(common, b) {
			own = append(own, b)
		}
	}
	if len(own) > 0 {
		because += " [" + strings.Join(own, ", ") + "]"
	}
	if a.Absent.Count > 0 {
		because += fmt.Sprintf(" (%s promised hosts never appeared)", count(a.Absent.Count))
	}
	p.row(mark, p.questionCells(name, word(a.Verdict), because, lookedAt(a.LookedAt))...)
}

// questionCells sets the columns; what was looked at has one of its own only on a wide page.
func (p *page) questionCells(name, answer, because, looked string) []cell {
	if p.width >= 110 {
		return []cell{{name, 18}, {answer, 11}, {because, p.width - 3 - 18 - 11 - 3 - 24}, {text: looked}}
	}
	return []cell{{name, 17}, {answer, 11}, {text: because}}
}

func lookedAt(l verdict.LookedAt) string {
	if l.Of > 0 {
		return fmt.Sprintf("%s of %s hosts, %s h", count(l.Hosts), count(l.Of), decimal(l.Hours))
	}
	return fmt.Sprintf("%s, %s h", many(l.Hosts, "host", "hosts"), decimal(l.Hours))
}

// spotsOf are the blind spots of an answer. That the question's own detector is not built is said without the question.
func spotsOf(a *verdict.Answer) []string {
	out := slices.Clone(a.BlindSpots)
	for i, s := range out {
		if s == verdict.Name(verdict.DetectorNotBuilt, string(a.Question)) {
			out[i] = string(verdict.DetectorNotBuilt)
		}
	}
	return out
}

// commonSpots are the blind spots that every answer which cannot say has, when there are at least two such answers.
func commonSpots(answers []verdict.Answer) []string {
	var common []string
	n := 0
	for _, a := range answers {
		if a.Verdict != verdict.CannotSay {
			continue
		}
		if n++; n == 1 {
			common = spotsOf(&a)
			continue
		}
		own := spotsOf(&a)
		common = slices.DeleteFunc(common, func(s string) bool { return !slices.Contains(own, s) })
	}
	if n < 2 {
		return nil
	}
	return common
}

// powers are what the answers no cover and do not cover, each once.
func powers(answers []verdict.Answer) []string {
	var out []string
	for _, a := range answers {
		if a.Verdict == verdict.No && a.Power != "" && !slices.Contains(out, a.Power) {
			out = append(out, a.Power)
		}
	}
	return out
}
