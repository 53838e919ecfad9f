package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"candor/internal/answer"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/term"
	"candor/internal/verdict"
)

type askCmd struct {
	observation
	JSON     bool     `name:"json" help:"Print what was understood, the answer and its findings as JSON; the records of a lookup as JSON lines."`
	Question string   `arg:"" name:"question" help:"The question, in quotes: \"is 10.1.2.3 beaconing?\", \"are we infected?\", \"who talked to 198.51.100.7?\", \"what did 10.1.2.3 do on Tuesday 14:00-15:00?\"."`
	Inputs   []string `arg:"" name:"input" help:"As for check."`
}

// Exit codes of ask beside those of wrong usage (DESIGN.md 5).
const (
	exitNo        = 0
	exitYes       = 1
	exitCannotSay = 2
)

// Run answers one question. A lookup has no verdict: it ends with 0, or with 2 when there is no row and sight was blind.
func (c *askCmd) Run(ctx context.Context, w *world) error {
	x, err := c.watch(nil)
	if err != nil {
		return err
	}
	u, err := answer.Understand(c.Question, namesOf(x))
	if err != nil {
		return usage(c.notUnderstood(err))
	}
	asked := &asking{watched: x, understood: u, zone: time.UTC, seen: answer.NewSeen(x.terms, &u.Subject)}
	if x.agreement != nil {
		asked.zone = x.agreement.Location()
	}
	if u.Lookup != "" {
		asked.lookup = answer.NewLookup(u, &x.terms.Scope, asked.zone)
		asked.peers = answer.NewSeen(x.terms, &u.Peer)
	}
	progress := w.progress()
	src, err := open(ctx, w, c.Inputs, x.judge.Scope(), c.span, c.Feed, progress, inputsName(c.Inputs))
	if err != nil {
		return err
	}
	err = each(ctx, src, func(b *record.Batch) error {
		asked.observe(b)
		return nil
	})
	if progress != nil {
		progress.Done()
	}
	if err != nil {
		return err
	}
	code, err := asked.show(w, c.JSON)
	if err != nil {
		return err
	}
	if code != 0 {
		return &exitError{code: code}
	}
	return nil
}

// namesOf are the names that a question may use: segments, and the machines that the agreement names.
func namesOf(x *watched) *answer.Names {
	n := &answer.Names{Scope: &x.terms.Scope, Hosts: map[string][]netip.Addr{}}
	if x.agreement != nil {
		for i := range x.agreement.Watched.Critical {
			h := &x.agreement.Watched.Critical[i]
			id := strings.ToLower(h.ID)
			n.Hosts[id] = append(n.Hosts[id], h.Address.Unmap())
		}
	}
	return n
}

// notUnderstood adds the catalogue to why a question was not understood.
func (c *askCmd) notUnderstood(err error) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n", err)
	if !strings.Contains(c.Question, " ") && len(c.Inputs) > 1 {
		b.WriteString("Write the question in quotes, as one word of the command line.\n")
	}
	b.WriteString("\nQuestions that can be asked, each with an example:\n")
	for _, e := range answer.Catalogue() {
		fmt.Fprintf(&b, "  %-17s %s\n", e.Question, e.Example)
	}
	b.WriteString("Lookups:\n")
	for _, e := range answer.Examples() {
		fmt.Fprintf(&b, "  %s\n", e)
	}
	b.WriteString("A question may name an address, a network, a machine or a segment, and a time. The id of a question alone will do.\ncandor check answers all of them.")
	return errors.New(b.String())
}

// asking is a question on its way.
type asking struct {
	*watched
	understood *answer.Understood
	zone       *time.Location
	seen       *answer.Seen
	peers      *answer.Seen   // of a lookup: ties a name at the other end to addresses
	lookup     *answer.Lookup // nil for a question of the catalogue
}

func (a *asking) observe(b *record.Batch) {
	a.judge.Observe(b)
	a.seen.Observe(b)
	if a.lookup != nil {
		a.peers.Observe(b)
		a.lookup.Observe(b)
	}
}

func (a *asking) show(w *world, asJSON bool) (int, error) {
	r := a.result(w)
	if a.lookup != nil {
		return a.rows(w, r, asJSON)
	}
	v := &answer.View{Terms: a.terms, Findings: r.Findings, Defects: r.Defects, Segments: r.Segments, Seen: a.seen, Window: windowOf(r), Named: !a.understood.When.All()}
	when := ""
	if !v.Window.Zero() {
		v.Span, when = a.understood.When.Resolve(v.Window, a.zone)
	}
	v.Power = r.Power[a.understood.Question]
	var whole verdict.Answer
	for i := range r.Answers {
		if r.Answers[i].Question == a.understood.Question {
			whole = r.Answers[i]
		}
	}
	got, findings := answer.Narrow(whole, a.understood, v)
	code := exitCannotSay
	switch got.Verdict {
	case verdict.Yes:
		code = exitYes
	case verdict.No:
		code = exitNo
	}
	if asJSON {
		return code, writeJSON(w.stdout, askJSON{a.said(v.Span), got, findings})
	}
	width, color := w.screen()
	page := &term.Ask{Understood: a.words(when), Answer: got, Findings: findings, Result: r}
	return code, term.WriteAsk(w.stdout, page, term.Options{Width: width, Color: color})
}

func windowOf(r *judge.Result) record.Span {
	if r.Window == nil {
		return record.Span{}
	}
	from, err1 := time.Parse(time.RFC3339Nano, r.Window.First)
	to, err2 := time.Parse(time.RFC3339Nano, r.Window.Last)
	if err1 != nil || err2 != nil {
		return record.Span{}
	}
	return record.Span{From: record.TimeOf(from), To: record.TimeOf(to)}
}

func (a *asking) words(when string) term.Understood {
	u := a.understood
	id := string(u.Question)
	if u.Lookup != "" {
		id = "lookup " + u.Lookup
	}
	if u.When.All() {
		when = ""
	}
	return term.Understood{Question: u.Words(), ID: id, When: when, Matched: u.Matched, Ignored: u.Ignored, Notes: u.Notes}
}

// askJSON is what --json prints of a question of the catalogue; answer and findings are as in candor/check/v1.
type askJSON struct {
	Understood understoodJSON    `json:"understood"`
	Answer     verdict.Answer    `json:"answer"`
	Findings   []verdict.Finding `json:"findings"`
}

// understoodJSON is how a question was understood, for programs. Times are empty where none was named.
type understoodJSON struct {
	Asked       string           `json:"asked"`
	Words       string           `json:"words"`
	Question    verdict.Question `json:"question"`
	Lookup      string           `json:"lookup"`
	Subject     string           `json:"subject"`
	SubjectKind string           `json:"subject_kind"`
	Peer        string           `json:"peer"`
	PeerKind    string           `json:"peer_kind"`
	From        string           `json:"from"`
	To          string           `json:"to"`
	Matched     []string         `json:"matched"`
	Ignored     []string         `json:"ignored"`
	Notes       []string         `json:"notes"`
}

func (a *asking) said(span record.Span) understoodJSON {
	u := a.understood
	out := understoodJSON{
		Asked: u.Asked, Words: u.Words(), Question: u.Question, Lookup: u.Lookup, Subject: u.Subject.Text, SubjectKind: string(u.Subject.Kind),
		Peer: u.Peer.Text, PeerKind: string(u.Peer.Kind), Matched: notNil(u.Matched), Ignored: notNil(u.Ignored), Notes: notNil(u.Notes),
	}
	if !u.When.All() && !span.Zero() {
		out.From, out.To = span.From.Text(), span.To.Text()
	}
	return out
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// rows prints a lookup.
func (a *asking) rows(w *world, r *judge.Result, asJSON bool) (int, error) {
	f := a.lookup.Found()
	spots := withoutLookups(f.Blind(a.understood, &a.terms.Scope, r.Defects), a.understood, r)
	code := exitNo
	if len(f.Rows) == 0 && (len(spots) > 0 || r.Window == nil) {
		code = exitCannotSay
	}
	if asJSON {
		return code, a.rowsJSON(w.stdout, f, spots)
	}
	width, color := w.screen()
	page := &term.Lookup{Understood: a.words(f.When), Left: f.Left, Others: othersWords(f.Others), Notes: lookupNotes(f), Spots: spots, Result: r}
	for i := range f.Rows {
		page.Rows = append(page.Rows, lookupRow(&f.Rows[i], a.zone))
	}
	return code, term.WriteLookup(w.stdout, page, term.Options{Width: width, Color: color})
}

// withoutLookups adds that no rule was asked whether lookups are in sight, where a name is looked for and there are none.
func withoutLookups(spots []verdict.Defect, u *answer.Understood, r *judge.Result) []verdict.Defect {
	name := verdict.Name(verdict.KindMissing, string(record.KindDNS))
	if u.Peer.Kind != answer.SubjectName || slices.ContainsFunc(spots, func(d verdict.Defect) bool { return d.Name() == name }) {
		return spots
	}
	for i := range r.Answers {
		if a := &r.Answers[i]; a.Question == verdict.DNSTunnel && slices.Contains(a.BlindSpots, name) {
			return append(spots, verdict.Defect{Code: verdict.KindMissing, Subject: string(record.KindDNS), Needs: "no lookup was seen, and nobody promised any"})
		}
	}
	return spots
}

// rowsJSON prints the records as `candor records` does, and a last line with what was understood and what was not seen.
func (a *asking) rowsJSON(out io.Writer, f *answer.Found, spots []verdict.Defect) error {
	to := record.NewWriter(out)
	for i := range f.Rows {
		if err := writeRow(to, &f.Rows[i]); err != nil {
			return err
		}
	}
	names := []string{}
	for i := range spots {
		names = append(names, spots[i].Name())
	}
	last := map[string]any{
		"_path": "lookup", "understood": a.said(f.Span), "rows": len(f.Rows), "left_out": f.Left, "blind_spots": names, "notes": notNil(lookupNotes(f)),
	}
	return writeLine(out, last)
}

func writeRow(to *record.Writer, r *answer.Row) error {
	switch {
	case r.Conn != nil:
		return to.Conn(r.Conn)
	case r.DNS != nil:
		return to.DNS(r.DNS)
	case r.TLS != nil:
		return to.TLS(r.TLS)
	case r.HTTP != nil:
		return to.HTTP(r.HTTP)
	case r.DHCP != nil:
		return to.DHCP(r.DHCP)
	}
	return nil
}
