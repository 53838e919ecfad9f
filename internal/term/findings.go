package term

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// findings prints what detectors saw. None is never said to be good news.
func (p *page) findings(r *judge.Result) {
	open := 0
	for i := range r.Findings {
		if r.Findings[i].ExplainedBy == "" && r.Findings[i].Safelisted == nil {
			open++
		}
	}
	if len(r.Findings) == 0 {
		p.title("FINDINGS", "none")
		p.indented(3, judge.NoFinding(r))
		return
	}
	p.title("FINDINGS", fmt.Sprintf("%d, of which nothing explains %d", len(r.Findings), open))
	for i := range r.Findings {
		p.finding(&r.Findings[i])
	}
}

func (p *page) finding(f *verdict.Finding) {
	mark := judge.MarkAttention
	if f.ExplainedBy != "" || f.Safelisted != nil {
		mark = judge.MarkAsAgreed
	}
	p.row(mark, cell{f.ID, 20}, cell{text: strings.Join(nonEmpty(f.Kind, f.Severity, sure(f.Confidence), by(f.By)), ", ")})
	to := nonEmpty(strings.Join(f.Destinations, ", "), f.Domain)
	where := f.Source
	if len(to) > 0 {
		where += " to " + strings.Join(to, ", ")
	}
	if len(f.Ports) > 0 {
		where += " port " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(f.Ports)), ", "), "[]")
	}
	p.indented(5, where)
	if who := nonEmpty(f.Host.Name, f.Host.ID, f.Host.MAC); len(who) > 0 {
		p.indented(5, "machine: "+strings.Join(who, ", "))
	} else {
		p.indented(5, "Which machine: cannot say.")
	}
	p.lines(5, f.Words)
	var evidence []string
	for _, k := range slices.Sorted(maps.Keys(f.Evidence)) {
		evidence = append(evidence, fmt.Sprintf("%s %v", k, f.Evidence[k]))
	}
	if len(evidence) > 0 {
		p.indented(5, strings.Join(evidence, ", "))
	}
	if f.ExplainedBy != "" {
		p.indented(5, "explained by "+f.ExplainedBy)
	}
	if s := f.Safelisted; s != nil {
		p.indented(5, fmt.Sprintf("set aside by %s until %s: %s", s.Who, s.Until, s.Why))
	}
}

func by(who string) string {
	if who == "" || who == "candor" {
		return ""
	}
	return "said by " + who
}

// sure says a confidence in words.
func sure(c float64) string {
	switch {
	case c >= 0.95:
		return string(verdict.AlmostCertain)
	case c >= 0.8:
		return string(verdict.VeryLikely)
	}
	return string(verdict.NotDecided)
}

func nonEmpty(s ...string) []string {
	return slices.DeleteFunc(s, func(v string) bool { return strings.TrimSpace(v) == "" })
}
