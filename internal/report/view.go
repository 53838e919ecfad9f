package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"candor/internal/judge"
	"candor/internal/svg"
	"candor/internal/verdict"
)

// view is the page as the template reads it. Its texts are clean and not yet escaped; what is template.HTML comes from
// package svg alone, which escapes.
type view struct {
	Title     string
	Customer  string
	Agreement string
	Looked    string
	Zone      string
	Unseen    []string
	Alarm     bool // something present that nobody accepted
	Headlines []headline
	Tally     tally
	Where     where
	Stands    stands
	Questions []question
	Common    []string // blind spots of every answer that cannot say
	Powers    []string
	Found     found
	NoFinding string
	Defects   defects
	Promises  promises
	CannotSay []cannotSay
	Measured  []fact
	Inputs    []input
	Exit      judge.Exit
	Schema    string
	Command   string
	Style     template.CSS
	Defs      template.HTML
}

type headline struct {
	Question, Word, Text string
	Icon                 template.HTML
}

// tally counts answers. Widths are parts of the bar, never nothing for an answer that was given.
type tally struct{ Yes, No, CannotSay int }

// sign is a mark with its word.
type sign struct {
	Icon  template.HTML
	Word  string
	Class string // yes, no, open
}

func viewOf(r *judge.Result) view {
	v := view{
		Looked: judge.Looked(r), Zone: judge.Zone(r).String(), Unseen: unseen(r), Alarm: len(judge.Declare(r).Yes) > 0,
		Where: whereOf(r), Stands: standsOf(r), Questions: questionsOf(r), Common: judge.CommonSpots(r), Powers: judge.Powers(r), Found: foundOf(r), NoFinding: judge.NoFinding(r),
		Defects: defectsOf(r), Promises: promisesOf(r), CannotSay: cannotSayOf(r), Measured: measuredOf(r), Inputs: inputsOf(r),
		Exit: r.Exit, Schema: r.Schema,
		Style: template.CSS(Style()), Defs: template.HTML(svg.Defs()),
	}
	v.Customer, v.Agreement = "No agreement", "No agreement was given. Private addresses count as inside, and no promise is judged."
	if a := r.Agreement; a != nil {
		v.Customer = judge.OrElse(a.Customer, a.ID)
		v.Agreement = fmt.Sprintf("%s, agreement %s revision %d", judge.OrElse(a.Title, "Agreement"), a.ID, a.Revision)
		if a.Provider != "" {
			v.Agreement += ", with " + a.Provider
		}
		v.Agreement += "."
	}
	v.Title = v.Customer + ": what we could see, and what not"
	for _, h := range judge.Headlines(r) {
		v.Headlines = append(v.Headlines, headline{h.Question, judge.Word(h.Word), h.Text, icon(h.Mark)})
	}
	if first := v.Headlines[0]; len(v.Unseen) == 0 && first.Word != judge.Word(verdict.Yes) {
		v.Unseen = []string{first.Text} // never "all was seen" unless the first answer is yes
	}
	for _, a := range r.Answers {
		switch a.Verdict {
		case verdict.Yes:
			v.Tally.Yes++
		case verdict.No:
			v.Tally.No++
		default:
			v.Tally.CannotSay++
		}
	}
	return v
}

// icon is the mark of a line. The marks of judge and the signs of svg mean the same.
func icon(m judge.Mark) template.HTML {
	switch m {
	case judge.MarkAttention:
		return template.HTML(svg.Icon(svg.Diamond))
	case judge.MarkAsAgreed:
		return template.HTML(svg.Icon(svg.Ring))
	}
	return template.HTML(svg.Icon(svg.Hatch))
}

// answerSign marks an answer: a yes needs a person.
func answerSign(v verdict.Verdict) sign {
	switch v {
	case verdict.Yes:
		return sign{icon(judge.MarkAttention), "Yes", "yes"}
	case verdict.No:
		return sign{icon(judge.MarkAsAgreed), "No", "no"}
	}
	return sign{icon(judge.MarkCannotSay), "Cannot say", "open"}
}

func keptSign(k verdict.Kept) sign {
	switch k {
	case verdict.IsBroken:
		return sign{icon(judge.MarkAttention), "Broken", "yes"}
	case verdict.IsKept:
		return sign{icon(judge.MarkAsAgreed), "Kept", "no"}
	}
	return sign{icon(judge.MarkCannotSay), "Cannot say", "open"}
}

// unseen says what could not be seen, the first thing on the page.
func unseen(r *judge.Result) []string {
	if r.Window == nil {
		return []string{"anything: there was no packet and no record"}
	}
	var out []string
	if seen, of := judge.Promised(r); of > seen {
		out = append(out, fmt.Sprintf("%s of %s promised hosts", judge.Count(of-seen), judge.Count(of)))
	}
	d := judge.Declare(r)
	present := slices.Concat(d.Yes, d.Accepted)
	out = appendSubjects(out, present, verdict.KindMissing, "data: ")
	out = appendSubjects(out, present, verdict.DirectionMissing, "directions: ")
	out = appendSubjects(out, present, verdict.FeedIPv6Missing, "IPv6 in ")
	if logs := judge.NotHanded(r); len(logs) > 0 {
		out = append(out, "logs: "+strings.Join(logs, ", ")+" (not handed to this check)")
	}
	for _, f := range present {
		switch f.Code {
		case verdict.FeedOneWay, verdict.FeedAsymmetric:
			out = append(out, "one of two directions of many connections")
		case verdict.FeedLoss, verdict.CaptureDrops:
			out = append(out, "packets that were lost on the way")
		case verdict.FeedTruncated:
			out = append(out, "the ends of packets that were cut")
		case verdict.InputDamaged, verdict.InputUnread:
			out = append(out, "what stood in the damaged or unread part of an input")
		case verdict.StateEvicted:
			out = append(out, "what a full table let go of")
		}
	}
	if r.Agreement == nil {
		out = append(out, "what should be there: no agreement names it")
		for _, row := range r.Timeline.Rows {
			if !slices.ContainsFunc(row.Counts, func(n uint64) bool { return n > 0 }) {
				out = append(out, rowName(row.Kind)+" at any time")
			}
		}
	}
	if n := kinds(d.CannotSay); n > 0 {
		out = append(out, "whatever hides behind "+judge.Many(n, "kind", "kinds")+" of blindness that we cannot rule out")
	}
	for _, s := range r.Segments {
		if s.Excluded {
			out = append(out, s.ID+" (left out, as agreed)")
		}
	}
	return unique(out)
}

// kinds counts the codes among defects.
func kinds(defects []verdict.Defect) int {
	codes := map[verdict.Code]bool{}
	for _, f := range defects {
		codes[f.Code] = true
	}
	return len(codes)
}

func unique(s []string) []string {
	var out []string
	for _, v := range s {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func appendSubjects(out []string, defects []verdict.Defect, c verdict.Code, before string) []string {
	var names []string
	for _, f := range defects {
		if f.Code == c && f.Subject != "" {
			names = append(names, f.Subject)
		}
	}
	if len(names) == 0 {
		return out
	}
	return append(out, before+strings.Join(names, ", "))
}
