package agreement

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"unicode/utf8"

	"candor/internal/record"
)

// Explain writes the agreement in plain words, at most 80 columns wide unless one word is longer. Texts from the file
// are made safe to print.
func Explain(w io.Writer, a *Agreement) error {
	e := &explainer{Agreement: a}
	e.who()
	e.calendar()
	e.watched()
	e.sensors()
	e.promises()
	e.notCovered()
	e.levels()
	e.people()
	e.service()
	e.questions()
	e.review()
	_, err := io.WriteString(w, e.out.String())
	if err != nil {
		return fmt.Errorf("explain agreement %s: %w", a.Metadata.ID, err)
	}
	return nil
}

// pageWidth is how wide words for people are set.
const pageWidth = 80

type explainer struct {
	*Agreement
	out strings.Builder
}

func (e *explainer) heading(text string) { e.out.WriteString("\n" + text + "\n") }

// line writes a text, wrapped and indented; the first line begins with the mark.
func (e *explainer) line(mark, text string) { wrap(&e.out, mark, text) }

// wrap writes a text in lines of at most 80 columns, made safe to print; the first begins with the mark, the others
// with as many spaces.
func wrap(out *strings.Builder, mark, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(mark))
	out.WriteString(mark)
	column, first := len(indent), true
	for word := range strings.FieldsSeq(Plain(text)) {
		length := utf8.RuneCountInString(word)
		switch {
		case first:
		case column+1+length > pageWidth:
			out.WriteString("\n" + indent)
			column = len(indent)
		default:
			out.WriteString(" ")
			column++
		}
		out.WriteString(word)
		column, first = column+length, false
	}
	out.WriteString("\n")
}

func (e *explainer) item(format string, args ...any) { e.line("  - ", fmt.Sprintf(format, args...)) }

func (e *explainer) who() {
	customer, provider := e.Parties.Customer.Name, e.Parties.Provider.Name
	if provider == "" {
		e.line("", customer+" watches its own network.")
	} else {
		e.line("", provider+" watches the network of "+customer+".")
	}
	e.line("", fmt.Sprintf("Agreement %s, revision %d: %s.", e.Metadata.ID, e.Metadata.Revision, e.Metadata.Title))
	if !e.Term.Start.Zero() || !e.Term.End.Zero() {
		e.line("", fmt.Sprintf("It runs from %s to %s.", firstOf(e.Term.Start.String(), "its signing"), firstOf(e.Term.End.String(), "its cancellation")))
	}
	if !e.Term.Anniversary.Zero() {
		e.line("", fmt.Sprintf("Promises that were not kept are told again each year on %s %d.", e.Term.Anniversary.Month, e.Term.Anniversary.Day))
	}
	for i := range e.Documents {
		d := &e.Documents[i]
		e.item("taken from: %s %s", firstOf(d.Title, d.ID), d.Date)
	}
}

func (e *explainer) calendar() {
	e.heading("WORKDAYS AND WORKING HOURS")
	days := joinWords(e.Calendar.Workdays)
	e.line("  ", fmt.Sprintf("%s, %s in %s.", days, e.Calendar.Hours, e.Location()))
	if n := len(e.Calendar.Holidays); n > 0 {
		var dates []string
		for _, d := range e.Calendar.Holidays {
			dates = append(dates, d.String())
		}
		e.line("  ", "Nobody works on "+joinWords(dates)+".")
	}
}

func (e *explainer) watched() {
	e.heading("WHAT IS WATCHED")
	for i := range e.Watched.Segments {
		s := &e.Watched.Segments[i]
		if s.Excluded {
			continue
		}
		e.item("%s", e.segmentWords(s))
	}
	if len(e.Watched.OwnPublic) > 0 {
		e.line("  ", "From outside, the customer looks like "+joinWords(networkWords(e.Watched.OwnPublic))+".")
	}
	if len(e.Watched.Resolvers) > 0 {
		e.line("  ", "Names are looked up at "+joinWords(stringsOf(e.Watched.Resolvers))+".")
	}
}

func (e *explainer) segmentWords(s *Segment) string {
	text := fmt.Sprintf("%s (%s): %s", s.ID, s.Kind, joinWords(networkWords(s.Networks)))
	if len(s.VLANs) > 0 {
		text += ", VLAN " + joinWords(stringsOfVLANs(s.VLANs))
	}
	if s.Expected.Hosts == 0 {
		return text + "; nobody says how many hosts"
	}
	text += fmt.Sprintf("; %d hosts", s.Expected.Hosts)
	return text + fmt.Sprintf(", %s of them active at once in working hours", s.Expected.Active().Words())
}

func stringsOf[T fmt.Stringer](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return out
}

// networkWords writes networks; one that is a single address as that address.
func networkWords(list []netip.Prefix) []string {
	out := stringsOf(list)
	for i, n := range list {
		if n.IsSingleIP() {
			out[i] = n.Addr().String()
		}
	}
	return out
}

func stringsOfVLANs(list []uint16) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = fmt.Sprint(v)
	}
	return out
}

func (e *explainer) sensors() {
	e.heading("WHERE IT IS WATCHED FROM")
	for i := range e.Sensors {
		s := &e.Sensors[i]
		text := fmt.Sprintf("%s: %s, by %s%s; sees %s", s.ID, s.Vantage.Side, s.Vantage.Method, atDevice(s.Vantage.Device), joinWords(s.Covers))
		if s.Owner.Verify != "" {
			text += fmt.Sprintf("; the %s makes sure that it sees", s.Owner.Verify)
		}
		e.item("%s", text)
		if len(s.Vantage.Accepts) > 0 {
			e.line("      ", "on purpose, and so no broken promise: "+joinWords(s.Vantage.Accepts))
		}
	}
	for _, id := range e.promisedSegments("") {
		if !e.coveredByAny(id) {
			e.item("%s is watched by no sensor", id)
		}
	}
}

func (e *explainer) coveredByAny(id record.SegmentID) bool {
	for i := range e.Sensors {
		if contains(e.Sensors[i].Covers, id) {
			return true
		}
	}
	return false
}

func (e *explainer) promises() {
	var here, logs, never []Promise
	for _, p := range e.Promises("") {
		switch {
		case !p.MeasurableHere:
			never = append(never, p)
		case p.NeedsFeed != "":
			logs = append(logs, p)
		default:
			here = append(here, p)
		}
	}
	e.heading(fmt.Sprintf("WHAT IS PROMISED, AND A CAPTURE SHOWS (%d)", len(here)))
	for i := range here {
		e.promise(&here[i])
	}
	if len(logs) > 0 {
		e.heading(fmt.Sprintf("WHAT IS PROMISED, AND A LOG SHOWS WHEN IT IS HANDED OVER (%d)", len(logs)))
		for i := range logs {
			e.promise(&logs[i])
		}
	}
	if len(never) > 0 {
		e.heading(fmt.Sprintf("WHAT IS PROMISED, AND NO CAPTURE CAN SHOW (%d)", len(never)))
		for i := range never {
			e.promise(&never[i])
			e.line("      ", "Why: "+never[i].Why+".")
		}
	}
}

func (e *explainer) promise(p *Promise) {
	text := p.Text + " (" + p.ID
	if p.Clause != "" {
		text += ", clause " + p.Clause
	}
	text += ")"
	if p.Default {
		text += " Taken by default."
	}
	e.item("%s", text)
}

func (e *explainer) notCovered() {
	var lines []string
	for i := range e.Watched.Segments {
		if s := &e.Watched.Segments[i]; s.Excluded {
			lines = append(lines, fmt.Sprintf("%s, %s: %s", s.ID, joinWords(networkWords(s.Networks)), s.Reason))
		}
	}
	for i := range e.Exclusions {
		x := &e.Exclusions[i]
		text := x.What
		if len(x.Networks) > 0 {
			text += ", " + joinWords(networkWords(x.Networks))
		}
		lines = append(lines, text)
	}
	if len(lines) == 0 {
		return
	}
	e.heading("WHAT IS NOT COVERED, AS AGREED")
	for _, l := range lines {
		e.item("%s", l)
	}
}
