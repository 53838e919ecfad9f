package term

import (
	"fmt"
	"strings"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// Bounds of a list on the terminal; how many more there are is said.
const (
	mostOpen         = 20
	mostOthers       = 10
	mostAside        = 20
	mostExplanations = 12
	mostListed       = 200 // of one explanation, where each is asked for
	mostUIDs         = 5
	mostFactors      = 8
)

// findings prints what detectors saw: open ones whole, the others by what explains them. None is ever said to be good news.
func (p *page) findings(r *judge.Result) {
	if len(r.Findings) == 0 {
		p.title("FINDINGS", "none")
		p.indented(3, judge.NoFinding(r))
		return
	}
	f := judge.Groups(r.Findings)
	p.title("FINDINGS", f.Words())
	p.found(&f)
}

func (p *page) found(f *judge.Found) {
	for i := range f.Open[:min(len(f.Open), mostOpen)] {
		p.finding(&f.Open[i], judge.MarkAttention)
	}
	p.leftOut(len(f.Open)-mostOpen, "open")
	for i := range f.Others[:min(len(f.Others), mostOthers)] {
		p.finding(&f.Others[i], judge.MarkCannotSay)
	}
	p.leftOut(len(f.Others)-mostOthers, "said by others")
	for i := range f.Aside[:min(len(f.Aside), mostAside)] {
		p.aside(&f.Aside[i])
	}
	p.leftOut(len(f.Aside)-mostAside, "set aside")
	p.explained(f.Callers)
	p.explained(f.Explained)
}

// leftOut says how many findings a list does not show.
func (p *page) leftOut(n int, what string) {
	if n > 0 {
		p.indented(3, fmt.Sprintf("and %s more %s: --json lists all", judge.Count(n), what))
	}
}

// finding prints one finding whole.
func (p *page) finding(f *verdict.Finding, mark judge.Mark) {
	sure := ""
	if f.By == "" || f.By == "candor" {
		sure = judge.Sure(f.Confidence)
	}
	p.row(mark, cell{f.ID, 20}, cell{text: strings.Join(nonEmpty(f.Kind, f.Severity, sure, by(f.By)), ", ")})
	p.indented(5, judge.Place(f))
	if who := nonEmpty(f.Host.Name, f.Host.ID, f.Host.MAC); len(who) > 0 {
		p.indented(5, "machine: "+strings.Join(who, ", "))
	}
	p.lines(5, judge.Stretch(f, p.zone))
	p.lines(5, f.Words)
	p.lines(5, judge.EvidenceWords(f, false))
	p.factors(f)
	if len(f.Attack) > 0 {
		p.indented(5, "ATT&CK: "+strings.Join(f.Attack, ", "))
	}
	if len(f.UIDs) > 0 {
		p.indented(5, "uids: "+bounded(f.UIDs, mostUIDs))
	}
}

// factors prints what spoke for and against.
func (p *page) factors(f *verdict.Finding) {
	why := judge.Why(f)
	for i, w := range why {
		if i == mostFactors && len(why) > mostFactors+1 {
			p.indented(7, fmt.Sprintf("and %d more factors", len(why)-mostFactors))
			return
		}
		p.hanging("     - ", plain, w)
	}
}

// aside prints a finding that somebody set aside: who, why, until when.
func (p *page) aside(f *verdict.Finding) {
	p.row(judge.MarkAsAgreed, cell{f.ID, 20}, cell{text: strings.Join(nonEmpty(f.Kind, judge.Place(f)), ": ")})
	s := f.Safelisted
	p.indented(5, fmt.Sprintf("set aside by %s until %s: %s", s.Who, s.Until, s.Why))
	if f.ExplainedBy != "" {
		p.indented(5, "and explained: "+f.ExplainedBy)
	}
}

// explained prints each explanation with how many findings it sets apart, and whose.
func (p *page) explained(list []judge.Explained) {
	for i := range list {
		if i == mostExplanations && len(list) > mostExplanations+1 && !p.whole {
			n := 0
			for _, e := range list[i:] {
				n += len(e.Findings)
			}
			p.leftOut(n, "explained otherwise")
			return
		}
		e := &list[i]
		p.row(judge.MarkAsAgreed, cell{judge.Count(len(e.Findings)), 6}, cell{text: fmt.Sprintf("%s (%s): %s", e.By, e.KindWords(), e.Who(4))})
		if !p.whole {
			continue
		}
		for j := range e.Findings[:min(len(e.Findings), mostListed)] {
			f := &e.Findings[j]
			p.indented(5, f.ID+"  "+judge.Place(f)+": "+f.Words)
		}
		p.leftOut(len(e.Findings)-mostListed, "explained so")
	}
}

func by(who string) string {
	if who == "" || who == "candor" {
		return ""
	}
	return "said by " + who
}

// bounded joins the first few and says how many more there are.
func bounded(list []string, most int) string {
	if len(list) > most+1 {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
	}
	return strings.Join(list, ", ")
}

func nonEmpty(s ...string) []string {
	out := make([]string, 0, len(s))
	for _, v := range s {
		if strings.TrimSpace(v) != "" {
			out = append(out, v)
		}
	}
	return out
}
