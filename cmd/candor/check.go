package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	xterm "golang.org/x/term"

	"candor/internal/agreement"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/report"
	"candor/internal/term"
	"candor/internal/verdict"
)

type checkCmd struct {
	terms
	span
	Feed    map[string]string `help:"A log promised under this data id: syslog text, Windows events as JSON lines, CEF, LEEF." placeholder:"ID=PATH"`
	Require []string          `help:"Questions that must be answerable: exit 2 while one is cannot say." placeholder:"QUESTION" sep:","`
	JSON    bool              `name:"json" help:"Print the result as JSON (schema candor/check/v1)."`
	HTML    string            `name:"html" help:"Write a self-contained page." placeholder:"OUT"`
	Inputs  []string          `arg:"" name:"input" help:"Captures (pcap, pcapng, also .gz, .zst; - for standard input), folders or files of Zeek logs, Suricata eve.json. All are one observation by one sensor."`
}

// Run checks inputs and exits with what they amount to.
func (c *checkCmd) Run(ctx context.Context, w *world) error {
	required, err := questions(c.Require)
	if err != nil {
		return usage(err)
	}
	if err := c.writable(); err != nil {
		return err
	}
	a, sensor, err := c.load()
	if err == nil {
		err = c.knownFeeds(a)
	}
	if err != nil {
		return err
	}
	j, err := judge.New(judge.Config{Agreement: a, Sensor: sensor, Required: required})
	if err != nil {
		return usage(err)
	}
	progress := w.progress()
	src, err := open(ctx, w, c.Inputs, j.Scope(), c.span, c.Feed, progress, inputsName(c.Inputs))
	if err != nil {
		return err
	}
	err = each(ctx, src, func(b *record.Batch) error {
		j.Observe(b)
		src.Recycle(b)
		return nil
	})
	if progress != nil {
		progress.Done()
	}
	if err != nil {
		return err
	}
	result := j.At(judge.Moment{Ended: true})
	if err := c.show(w, result); err != nil {
		return err
	}
	if result.Exit.Code != 0 {
		return &exitError{code: result.Exit.Code}
	}
	return nil
}

// knownFeeds refuses logs that nobody promised: their silence would mean nothing.
func (c *checkCmd) knownFeeds(a *agreement.Agreement) error {
	for id := range c.Feed {
		if a == nil {
			return usage(fmt.Errorf("--feed %s: only an agreement promises logs; give it with --agreement", id))
		}
		var known []string
		for i := range a.Data {
			if k := a.Data[i].Kind; k == agreement.DataLog || k == agreement.DataAlert {
				known = append(known, string(a.Data[i].ID))
			}
		}
		if !slices.Contains(known, id) {
			return usage(fmt.Errorf("--feed %s: the agreement promises no such log; it promises: %s", id, strings.Join(known, ", ")))
		}
	}
	return nil
}

// writable finds out before anything is read whether the page can be written at all.
func (c *checkCmd) writable() error {
	if c.HTML == "" {
		return nil
	}
	dir := filepath.Dir(c.HTML)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usage(fmt.Errorf("--html %s: %s is no folder", c.HTML, dir))
	}
	return nil
}

func questions(words []string) ([]verdict.Question, error) {
	var out []verdict.Question
	for _, word := range words {
		q := verdict.Question(word)
		if !slices.Contains(verdict.Questions(), q) {
			return nil, fmt.Errorf("--require %q: use one of %s", word, strings.Join(questionNames(), ", "))
		}
		out = append(out, q)
	}
	return out, nil
}

func questionNames() []string {
	var names []string
	for _, q := range verdict.Questions() {
		names = append(names, string(q))
	}
	return names
}

// show writes the result in the forms asked for.
func (c *checkCmd) show(w *world, r *judge.Result) error {
	command := "candor " + strings.Join(w.args, " ")
	if c.HTML != "" {
		var page bytes.Buffer
		if err := report.Write(&page, r, report.Options{Command: command}); err != nil {
			return fmt.Errorf("make page: %w", err)
		}
		if err := os.WriteFile(c.HTML, page.Bytes(), 0o644); err != nil {
			return fmt.Errorf("write page: %w", err)
		}
	}
	if c.JSON {
		return writeJSON(w.stdout, r)
	}
	width, color := w.screen()
	if err := term.Write(w.stdout, r, term.Options{Width: width, Color: color, Command: command}); err != nil {
		return fmt.Errorf("show result: %w", err)
	}
	return nil
}

func writeJSON(w io.Writer, r *judge.Result) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// screen is the width to write for, and whether colour helps: only on a terminal, and not when NO_COLOR is set.
func (w *world) screen() (width int, color bool) {
	f, ok := w.stdout.(*os.File)
	if !ok || !xterm.IsTerminal(int(f.Fd())) {
		return 80, false
	}
	width, _, err := xterm.GetSize(int(f.Fd()))
	if err != nil {
		width = 80
	}
	return max(40, min(width, 140)), !w.noColor
}

// progress shows how far reading is, on a terminal only.
func (w *world) progress() *term.Progress {
	f, ok := w.stderr.(*os.File)
	if !ok || !xterm.IsTerminal(int(f.Fd())) {
		return nil
	}
	width, _, err := xterm.GetSize(int(f.Fd()))
	if err != nil {
		width = 80
	}
	return term.NewProgress(f, width, w.now)
}

// inputsName names the inputs in one word for the progress line.
func inputsName(inputs []string) string {
	if len(inputs) > 1 {
		return fmt.Sprintf("%d inputs", len(inputs))
	}
	return inputs[0]
}
