package term

import (
	"fmt"
	"strings"

	"candor/internal/visible"

	"candor/internal/judge"
	"candor/internal/verdict"
)

const (
	codeColumn    = 23
	subjectColumn = 15
)

// defects prints every defect: those present with their signs and what to do, those that nobody can decide with what is
// lacking, and all that are not there in one paragraph.
func (p *page) defects(r *judge.Result) {
	d := judge.Declare(r)
	present := len(d.Yes) + len(d.Accepted) + len(d.Limits)
	p.title("DEFECTS", fmt.Sprintf("%d yes%s, %d no, %d cannot say", present, milder(d), len(d.No), len(d.CannotSay)))
	for i := range d.Yes {
		p.present(r, &d.Yes[i])
	}
	for _, g := range gather(d.Limits, func(f *verdict.Defect) string { return "limits answers: " + judge.OrElse(f.Words, f.Do) }) {
		p.grouped(judge.MarkCannotSay, g)
	}
	for _, g := range gather(d.CannotSay, lacking) {
		p.grouped(judge.MarkCannotSay, g)
	}
	for _, g := range gather(d.Accepted, func(f *verdict.Defect) string {
		return "yes, accepted in the agreement (" + f.Accepted + "). Still a blind spot. " + f.Words
	}) {
		p.grouped(judge.MarkAsAgreed, g)
	}
	p.absent(d.No)
}

// milder counts, in brackets, the present defects that need nobody.
func milder(d judge.Declared) string {
	var of []string
	if n := len(d.Limits); n > 0 {
		of = append(of, fmt.Sprintf("%d only limit answers", n))
	}
	if n := len(d.Accepted); n > 0 {
		of = append(of, fmt.Sprintf("%d accepted", n))
	}
	if len(of) == 0 {
		return ""
	}
	return " (" + strings.Join(of, ", ") + ")"
}

func lacking(f *verdict.Defect) string {
	s := judge.OrElse(f.Needs, "cannot say: what is lacking was not named")
	if f.Accepted != "" {
		s += " (accepted: " + f.Accepted + ")"
	}
	return s
}

// present prints one defect that is yes and not accepted.
func (p *page) present(r *judge.Result, f *verdict.Defect) {
	how := string(f.Strength)
	if when := judge.When(r, f); when != "" {
		how = strings.TrimPrefix(how+", "+when, ", ")
	}
	if f.Now != f.Verdict {
		how += "; now: " + f.Now.Words()
	}
	how = strings.TrimPrefix(how, "; ")
	if f.Bits != 0 {
		how += fmt.Sprintf(" (%+.1f bits)", f.Bits)
	}
	p.grouped(judge.MarkAttention, group{code: f.Code, subjects: []string{f.Subject}, text: how})
	p.lines(5, f.Words)
	for _, s := range f.Signs {
		p.sign(s)
	}
	if f.Do != "" {
		p.hanging("     Do: ", plain, f.Do)
	}
}

// sign prints what was found with its bits at the right edge.
func (p *page) sign(s verdict.Sign) {
	bits := "0"
	if s.Bits != 0 {
		bits = fmt.Sprintf("%+.1f", s.Bits)
	}
	text := s.Sign
	switch {
	case text == "":
		text = s.Value
	case s.Value != "":
		text += ": " + s.Value
	}
	for i, l := range wrap(visible.Text(text), p.width-7-8) {
		if i > 0 {
			p.line(span{text: "         " + l})
			continue
		}
		l = "     - " + l
		p.line(span{text: pad(l, p.width-wide(bits)) + bits})
	}
}

// group is defects of one code about which the same is said.
type group struct {
	code     verdict.Code
	subjects []string
	text     string
}

// gather joins defects of one code and one text.
func gather(defects []verdict.Defect, text func(*verdict.Defect) string) []group {
	var out []group
	for i := range defects {
		f := &defects[i]
		say, joined := text(f), false
		for j := range out {
			if out[j].code == f.Code && out[j].text == say {
				out[j].subjects, joined = append(out[j].subjects, f.Subject), true
				break
			}
		}
		if !joined {
			out = append(out, group{f.Code, []string{f.Subject}, say})
		}
	}
	return out
}

// grouped prints code, subjects and text in columns; subjects that do not fit go before the text.
func (p *page) grouped(mark judge.Mark, g group) {
	subject, text := visible.Text(strings.Trim(strings.Join(g.subjects, ", "), ", ")), g.text
	if wide(subject) > subjectColumn && !p.narrow() {
		text = subject + ": " + text
		subject = ""
		if len(g.subjects) > 1 {
			subject = fmt.Sprintf("(%d)", len(g.subjects))
		}
	}
	p.row(mark, cell{string(g.code), codeColumn}, cell{subject, subjectColumn}, cell{text: text})
}

// absent prints the defects that are not there: where the sensor stands with its strength, the others in one paragraph.
func (p *page) absent(no []verdict.Defect) {
	var codes []string
	times := map[string]int{}
	for i := range no {
		f := &no[i]
		if f.Code == verdict.VantageOutside {
			p.grouped(judge.MarkAsAgreed, group{f.Code, []string{f.Subject}, fmt.Sprintf("no, %s (%+.1f bits)", f.Strength, f.Bits)})
			continue
		}
		if times[string(f.Code)]++; times[string(f.Code)] == 1 {
			codes = append(codes, string(f.Code))
		}
	}
	if len(codes) == 0 {
		return
	}
	for i, c := range codes {
		if times[c] > 1 {
			codes[i] = fmt.Sprintf("%s (%d)", c, times[c])
		}
	}
	p.marked(markSpans[judge.MarkAsAgreed], []cell{{"no:", 3}, {text: strings.Join(codes, ", ")}})
}
