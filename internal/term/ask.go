package term

import (
	"fmt"
	"io"
	"strings"

	"candor/internal/visible"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// Ask is what `candor ask` shows of a question of the catalogue: how it was understood, and the answer.
type Ask struct {
	Understood
	Answer   verdict.Answer
	Findings []verdict.Finding // those that make the answer yes first
	Result   *judge.Result
}

// Understood is how a question was read, in words.
type Understood struct {
	Question string // as it is answered
	ID       string // of the catalogue, or the lookup
	When     string
	Matched  []string
	Ignored  []string
	Notes    []string
}

// Lookup is what `candor ask` shows of a lookup: rows, and what was not seen. It never says that they are all.
type Lookup struct {
	Understood
	Rows   []LookupRow
	Left   uint64 // rows that are not listed
	Others string // the other ends, in words
	Notes  []string
	Spots  []verdict.Defect
	Result *judge.Result
}

// LookupRow is one record in columns.
type LookupRow struct{ Time, From, To, What, UID string }

// WriteAsk prints an answer. Every text may come from the wire; it is made visible.
func WriteAsk(w io.Writer, a *Ask, o Options) error {
	p := newPage(o, a.Result)
	p.understood(&a.Understood)
	mark := judge.MarkCannotSay
	switch a.Answer.Verdict {
	case verdict.Yes:
		mark = judge.MarkAttention
	case verdict.No:
		mark = judge.MarkAsAgreed
	}
	p.line()
	head := markSpans[mark]
	head.text += " "
	word := judge.Word(a.Answer.Verdict) + "."
	for i, l := range wrap(visible.Text(judge.OrElse(sentence(a.Answer.Because), "No reason was given.")), p.width-3-wide(word)-1) {
		if i == 0 {
			p.line(head, span{word, strong}, span{text: " " + l})
			continue
		}
		p.line(span{text: strings.Repeat(" ", 3+wide(word)+1) + l})
	}
	p.hanging("   Looked at: ", plain, judge.LookedAtWords(a.Answer.LookedAt)+". "+judge.Looked(a.Result))
	if a.Answer.Power != "" && !strings.Contains(a.Answer.Because, a.Answer.Power) {
		p.hanging("   This covers: ", plain, a.Answer.Power)
	}
	if len(a.Answer.NoFor) > 0 && a.Answer.Verdict != verdict.Yes {
		p.hanging("   No, for: ", plain, bounded(a.Answer.NoFor, 8))
	}
	for i, b := range a.Answer.CannotSayFor {
		if i == 6 && len(a.Answer.CannotSayFor) > 7 {
			p.indented(3, fmt.Sprintf("and for %d groups more", len(a.Answer.CannotSayFor)-i))
			break
		}
		p.hanging("   Cannot say, for: ", plain, b.Host)
	}
	p.asked(a)
	p.spots(named(a.Result.Defects, a.Answer.BlindSpots))
	return p.write(w)
}

// asked prints the findings of what was asked.
func (p *page) asked(a *Ask) {
	if len(a.Findings) == 0 {
		return
	}
	g := judge.Groups(a.Findings)
	p.title("FINDINGS", g.Words())
	p.found(&g)
}

// WriteLookup prints the rows of a lookup.
func WriteLookup(w io.Writer, l *Lookup, o Options) error {
	p := newPage(o, l.Result)
	p.understood(&l.Understood)
	p.line()
	p.hanging("   Looked at: ", plain, judge.Looked(l.Result))
	if l.Others != "" {
		p.hanging("   Other ends: ", plain, l.Others)
	}
	count := judge.Many(len(l.Rows), "record", "records")
	if len(l.Rows) == 0 {
		count = "no record of it in what was seen"
	}
	if l.Left > 0 {
		count = "the first " + count + " and at least " + judge.Count(l.Left) + " more"
	}
	p.title("RECORDS", count)
	p.rows(l.Rows)
	for _, n := range l.Notes {
		p.indented(3, n)
	}
	if len(l.Spots) > 0 {
		p.indented(3, "There may be more: part of the traffic was not in sight.")
	}
	p.spots(l.Spots)
	return p.write(w)
}

func newPage(o Options, r *judge.Result) *page {
	if o.Width == 0 {
		o.Width = 80
	}
	return &page{width: max(o.Width, 40), color: o.Color, zone: judge.Zone(r)}
}

func (p *page) write(w io.Writer) error {
	if _, err := io.WriteString(w, p.out.String()); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// understood says how the question was read, so that nobody takes the answer for another question's.
func (p *page) understood(u *Understood) {
	p.hanging("Understood: ", strong, u.Question)
	p.indented(12, fmt.Sprintf("(%s, by: %s)", u.ID, strings.Join(u.Matched, " ")))
	if u.When != "" {
		p.hanging("      When: ", plain, u.When)
	}
	if len(u.Ignored) > 0 {
		p.hanging("   Ignored: ", plain, strings.Join(u.Ignored, " "))
	}
	for _, n := range u.Notes {
		p.hanging("      Note: ", plain, n)
	}
}

// mostShown bounds the rows on a page; how many more there are is said.
const mostShown = 200

func (p *page) rows(rows []LookupRow) {
	for i := range rows[:min(len(rows), mostShown)] {
		r := &rows[i]
		if p.narrow() || p.width < 100 {
			p.row2(r)
			continue
		}
		p.marked(span{text: "  "}, []cell{{r.Time, 19}, {r.From, 21}, {r.To, 21}, {text: r.What + "  " + r.UID}})
	}
	if more := len(rows) - mostShown; more > 0 {
		p.indented(3, fmt.Sprintf("and %s more rows: --json lists them", judge.Count(more)))
	}
}

// row2 is a row in two lines, for pages without room for its columns.
func (p *page) row2(r *LookupRow) {
	p.indented(3, r.Time+"  "+r.From+" to "+r.To)
	p.indented(5, strings.TrimSpace(r.What+"  "+r.UID))
}

// spots prints blind spots with what to do about each, those about which the same is said together.
func (p *page) spots(spots []verdict.Defect) {
	if len(spots) == 0 {
		return
	}
	p.title("BLIND SPOTS", fmt.Sprint(len(spots)))
	for _, g := range gather(spots, spotWords) {
		mark := judge.MarkCannotSay
		p.grouped(mark, g)
	}
}

func spotWords(d *verdict.Defect) string {
	switch d.Verdict {
	case verdict.Yes:
		words := judge.OrElse(d.Words, d.Short())
		if d.Do != "" {
			words += " Do: " + d.Do
		}
		return words
	case verdict.No:
		return "not for the whole time that was asked about"
	case verdict.CannotSay:
	}
	return "cannot say: " + judge.OrElse(d.Needs, "what is lacking was not named")
}

// named finds defects by the names that blind spots have. One that no rule judged is listed too.
func named(defects []verdict.Defect, names []string) []verdict.Defect {
	var out []verdict.Defect
	for _, n := range names {
		found := false
		for i := range defects {
			if defects[i].Name() == n {
				out, found = append(out, defects[i]), true
				break
			}
		}
		if !found {
			code, subject, _ := strings.Cut(n, ":")
			out = append(out, verdict.Defect{Code: verdict.Code(code), Subject: subject, Needs: "this was not judged"})
		}
	}
	return out
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
