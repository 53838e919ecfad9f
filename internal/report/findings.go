package report

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// Bounds of the lists on the page; how many more there are is said.
const (
	mostFindings     = 200
	mostExplanations = 100
	mostUIDs         = 10
	mostMachines     = 12
)

// found is what detectors saw, in the groups in which people read it.
type found struct {
	Words     string
	Whole     []finding // open ones, what others said, and what was set aside
	Left      []string  // how many of which group are not shown
	Explained []explanation
}

type finding struct {
	ID, What, Where, When, Machine, Words, Evidence, Attack, UIDs, Aside string
	Why                                                                  []string
	Sign                                                                 template.HTML
}

type explanation struct {
	Sign                 template.HTML
	Count, By, Kinds, Of string
}

func foundOf(r *judge.Result) found {
	g := judge.Groups(r.Findings)
	out := found{Words: g.Words()}
	whole := func(list []verdict.Finding, mark judge.Mark, name string) {
		for i := range list[:min(len(list), mostFindings)] {
			out.Whole = append(out.Whole, findingOf(&list[i], mark, judge.Zone(r)))
		}
		out.left(len(list)-mostFindings, name)
	}
	whole(g.Open, judge.MarkAttention, "open")
	whole(g.Others, judge.MarkCannotSay, "said by others")
	whole(g.Aside, judge.MarkAsAgreed, "set aside")
	rest := 0
	for _, e := range append(g.Callers, g.Explained...) {
		if len(out.Explained) == mostExplanations {
			rest += len(e.Findings)
			continue
		}
		out.Explained = append(out.Explained, explanation{
			icon(judge.MarkAsAgreed), judge.Count(len(e.Findings)), e.By, e.KindWords(), e.Who(mostMachines),
		})
	}
	out.left(rest, "explained otherwise")
	return out
}

func (f *found) left(n int, name string) {
	if n > 0 {
		f.Left = append(f.Left, fmt.Sprintf("%s more %s", judge.Count(n), name))
	}
}

func findingOf(f *verdict.Finding, mark judge.Mark, zone *time.Location) finding {
	v := finding{
		ID: f.ID, What: join(f.Kind, f.Severity), Where: judge.Place(f), When: judge.Stretch(f, zone), Words: f.Words, Sign: icon(mark),
		Machine: join(f.Host.Name, f.Host.ID, f.Host.MAC), Evidence: judge.EvidenceWords(f, true), Why: judge.Why(f),
		Attack: strings.Join(f.Attack, ", "), UIDs: uidsOf(f.UIDs),
	}
	if f.By != "" && f.By != "candor" {
		v.What += ", said by " + f.By
	} else {
		v.What = join(v.What, judge.Sure(f.Confidence))
	}
	if s := f.Safelisted; s != nil {
		v.Aside = fmt.Sprintf("Set aside by %s until %s: %s", s.Who, s.Until, s.Why)
	}
	if f.ExplainedBy != "" {
		v.Aside = strings.TrimSpace(v.Aside + " Explained: " + f.ExplainedBy)
	}
	return v
}

func uidsOf(uids []string) string {
	if len(uids) > mostUIDs+1 {
		return strings.Join(uids[:mostUIDs], ", ") + fmt.Sprintf(" and %d more", len(uids)-mostUIDs)
	}
	return strings.Join(uids, ", ")
}
