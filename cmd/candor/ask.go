package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"candor/internal/answer"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/service"
	"candor/internal/term"
	"candor/internal/verdict"
)

type askCmd struct {
	observation
	remote
	JSON     bool     `name:"json" help:"Print what was understood, the answer and its findings as JSON; the records of a lookup as JSON lines."`
	Question string   `arg:"" name:"question" help:"The question, in quotes: \"is 10.1.2.3 beaconing?\", \"are we infected?\", \"who talked to 198.51.100.7?\", \"what did 10.1.2.3 do on Tuesday 14:00-15:00?\"."`
	Inputs   []string `arg:"" optional:"" name:"input" help:"As for check."`
}

// Exit codes of ask beside those of wrong usage (DESIGN.md 5).
const (
	exitNo        = 0
	exitYes       = 1
	exitCannotSay = 2
)

// Run answers one question. A lookup has no verdict: it ends with 0, or with 2 when there is no row and sight was blind.
func (c *askCmd) Run(ctx context.Context, w *world) error {
	hub, err := c.asked(c.Inputs, c.others(false)...)
	if err != nil {
		return err
	}
	if hub {
		return c.askHub(ctx, w)
	}
	x, err := c.watch(nil)
	if err != nil {
		return err
	}
	asking, err := service.Ask(c.Question, x.agreement, x.terms)
	if err != nil {
		return usage(c.notUnderstood(err))
	}
	progress := w.progress()
	src, err := open(ctx, w, c.Inputs, x.judge.Scope(), c.span, c.Feed, progress, inputsName(c.Inputs))
	if err != nil {
		return err
	}
	err = each(ctx, src, func(b *record.Batch) error {
		x.judge.Observe(b)
		asking.Observe(b)
		return nil
	})
	if progress != nil {
		progress.Done()
	}
	if err != nil {
		return err
	}
	result := x.result(w)
	if asking.IsLookup() {
		return c.showFound(w, asking.Found(result), asking.Zone(), result)
	}
	return c.showAsked(w, asking.Answer(result), result)
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

// showAsked prints an answer and exits with its verdict.
func (c *askCmd) showAsked(w *world, a *service.Asked, r *judge.Result) error {
	code := exitCannotSay
	switch a.Answer.Verdict {
	case verdict.Yes:
		code = exitYes
	case verdict.No:
		code = exitNo
	}
	if c.JSON {
		return exitWith(code, writeJSON(w.stdout, a))
	}
	width, color := w.screen()
	page := &term.Ask{Understood: understoodWords(&a.Understood), Answer: a.Answer, Findings: a.Findings, Result: r}
	return exitWith(code, term.WriteAsk(w.stdout, page, term.Options{Width: width, Color: color}))
}

func understoodWords(u *service.Understood) term.Understood {
	id := string(u.Question)
	if u.Lookup != "" {
		id = "lookup " + u.Lookup
	}
	return term.Understood{Question: u.Words, ID: id, When: u.When, Matched: u.Matched, Ignored: u.Ignored, Notes: u.Notes}
}

// showFound prints a lookup.
func (c *askCmd) showFound(w *world, f *service.Found, zone *time.Location, r *judge.Result) error {
	code := exitNo
	if f.Blind {
		code = exitCannotSay
	}
	if c.JSON {
		return exitWith(code, f.WriteLines(w.stdout))
	}
	width, color := w.screen()
	page := &term.Lookup{Understood: understoodWords(&f.Understood), Left: f.Left, Others: service.OthersWords(f.Others), Notes: f.Notes, Spots: f.Spots, Result: r}
	for i := range f.Rows {
		page.Rows = append(page.Rows, term.LookupRow(service.LineOf(&f.Rows[i], zone)))
	}
	return exitWith(code, term.WriteLookup(w.stdout, page, term.Options{Width: width, Color: color}))
}

// exitWith ends with a code once everything was printed.
func exitWith(code int, err error) error {
	if err != nil || code == 0 {
		return err
	}
	return &exitError{code: code}
}
