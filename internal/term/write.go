package term

import (
	"fmt"
	"io"
	"strings"

	"candor/internal/visible"

	"candor/internal/judge"
)

// Options say how a page is set.
type Options struct {
	Width   int    // columns; 80 when 0, never less than 40
	Color   bool   // whether to repeat marks in colour
	Command string // the command line that makes this page again; empty to leave it out
	Whole   bool   // list each explained finding, not only how many there are
}

// Write prints the whole page of r. Every text of r may come from the wire; it is shown by Visible. The error is that of w.
func Write(w io.Writer, r *judge.Result, o Options) error {
	if o.Width == 0 {
		o.Width = 80
	}
	p := &page{width: max(o.Width, 40), color: o.Color, zone: judge.Zone(r), whole: o.Whole}
	p.head(r)
	p.inputs(r)
	p.sight(r)
	p.defects(r)
	p.promises(r)
	p.questions(r)
	p.findings(r)
	p.line()
	if o.Command != "" {
		p.hanging("again: ", plain, o.Command)
	}
	p.hanging(fmt.Sprintf("exit %d: ", r.Exit.Code), strong, judge.OrElse(r.Exit.Because, "no reason was given"))
	if _, err := io.WriteString(w, p.out.String()); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// head prints the answers that stand before everything else, and the agreement they were held against.
func (p *page) head(r *judge.Result) {
	for _, h := range judge.Headlines(r) {
		p.answer(markSpans[h.Mark], h.Question, judge.Word(h.Word)+".", visible.Text(h.Text))
	}
	p.answer(span{text: "  "}, "What did we look at?", "", visible.Text(judge.Looked(r)))
	p.line()
	p.indented(0, agreementLine(r))
	p.line(markSpans[judge.MarkAttention], span{text: " needs attention   "}, markSpans[judge.MarkAsAgreed],
		span{text: " as it should be   "}, markSpans[judge.MarkCannotSay], span{text: " cannot say"})
}

const answerColumn = 33

func (p *page) answer(mark span, question, answer, text string) {
	column := answerColumn
	if p.narrow() {
		p.line(mark, span{text: " " + question})
		column, question = 3, ""
		mark = span{text: "  "}
	}
	room := p.width - column
	// The answer is the first word of the text, so that it wraps with it.
	whole := strings.TrimSpace(answer + " " + text)
	for i, l := range wrap(whole, room) {
		if i > 0 {
			p.line(span{text: strings.Repeat(" ", column) + l})
			continue
		}
		head := ""
		if answer != "" && strings.HasPrefix(l, answer) {
			head = answer
		}
		p.line(mark, span{text: pad(" "+question, column-2)}, span{head, strong}, span{text: l[len(head):]})
	}
}

func agreementLine(r *judge.Result) string {
	zone := judge.Zone(r).String()
	a := r.Agreement
	if a == nil {
		return "No agreement: private addresses count as inside, and no promise is judged. Times in " + zone + "."
	}
	who := a.Customer
	if a.Provider != "" {
		who += " and " + a.Provider
	}
	if who == "" {
		who = a.Title
	}
	return strings.TrimPrefix(fmt.Sprintf("%s, agreement %s revision %d. Times in %s.", who, a.ID, a.Revision, zone), ", ")
}

// inputs prints only inputs that were not read to their end, or of which something was left aside.
func (p *page) inputs(r *judge.Result) {
	broken, noted := 0, false
	for _, in := range r.Inputs {
		if in.Stopped != nil || len(in.Unread) > 0 {
			broken++
		}
		noted = noted || len(in.Notes) > 0
	}
	if broken == 0 && !noted {
		return
	}
	p.title("INPUTS", fmt.Sprintf("%d of %d not read whole", broken, len(r.Inputs)))
	for _, in := range r.Inputs {
		if s := in.Stopped; s != nil {
			left := "nobody knows how much was left unread"
			if s.Unread >= 0 {
				left = judge.Count(s.Unread) + " bytes were not read"
			}
			p.marked(markSpans[judge.MarkAttention], []cell{{text: fmt.Sprintf("%s: stopped at byte %s, %s: %s", in.Path, judge.Count(s.At), left, s.Because)}})
		}
		for _, u := range in.Unread {
			p.marked(markSpans[judge.MarkAttention], []cell{{text: fmt.Sprintf("%s: %s frames of link type %s cannot be read", in.Path, judge.Count(u.Frames), u.Link)}})
		}
		for _, note := range in.Notes {
			p.indented(2, in.Path+": "+note)
		}
	}
}
