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

	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/report"
	"candor/internal/term"
	"candor/internal/verdict"
)

type checkCmd struct {
	observation
	remote
	Require   []string `help:"Questions that must be answerable: exit 2 while one is cannot say." placeholder:"QUESTION" sep:","`
	JSON      bool     `name:"json" help:"Print the result as JSON (schema candor/check/v1)."`
	HTML      string   `name:"html" help:"Write a self-contained page." placeholder:"OUT"`
	Explained bool     `help:"List each finding that something ordinary explains, not only how many there are."`
	OCSF      string   `name:"ocsf" help:"Write the findings as OCSF Detection Findings, one JSON object a line." placeholder:"OUT"`
	CSV       string   `name:"csv" help:"Write the findings as CSV that is safe to open in a spreadsheet." placeholder:"OUT"`
	Inputs    []string `arg:"" optional:"" name:"input" help:"Captures (pcap, pcapng, also .gz, .zst; - for standard input), folders or files of Zeek logs, Suricata eve.json. All are one observation by one sensor."`
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
	hub, err := c.asked(c.Inputs, c.others(len(required) > 0)...)
	if err != nil {
		return err
	}
	if hub {
		return c.checkHub(ctx, w)
	}
	x, err := c.watch(required)
	if err != nil {
		return err
	}
	progress := w.progress()
	src, err := open(ctx, w, c.Inputs, x.judge.Scope(), c.span, c.Feed, progress, inputsName(c.Inputs))
	if err != nil {
		return err
	}
	err = each(ctx, src, func(b *record.Batch) error {
		x.judge.Observe(b)
		src.Recycle(b)
		return nil
	})
	if progress != nil {
		progress.Done()
	}
	if err != nil {
		return err
	}
	result := x.result(w)
	if err := c.show(w, result); err != nil {
		return err
	}
	if result.Exit.Code != 0 {
		return &exitError{code: result.Exit.Code}
	}
	return nil
}

// files are the files that a check writes beside what it prints, by flag.
func (c *checkCmd) files(command string) []outFile {
	page := func(b *bytes.Buffer, r *judge.Result) error {
		return report.Write(b, r, report.Options{Command: command})
	}
	ocsf := func(b *bytes.Buffer, r *judge.Result) error { return report.OCSF(b, r) }
	table := func(b *bytes.Buffer, r *judge.Result) error { return report.CSV(b, r) }
	return []outFile{{"--html", c.HTML, page}, {"--ocsf", c.OCSF, ocsf}, {"--csv", c.CSV, table}}
}

type outFile struct {
	flag, path string
	make       func(*bytes.Buffer, *judge.Result) error
}

// writable finds out before anything is read whether the files can be written at all.
func (c *checkCmd) writable() error {
	for _, f := range c.files("") {
		if f.path == "" {
			continue
		}
		dir := filepath.Dir(f.path)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return usage(fmt.Errorf("%s %s: %s is no folder", f.flag, f.path, dir))
		}
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
	if err := c.writeFiles(w, r); err != nil {
		return err
	}
	command := "candor " + strings.Join(w.args, " ")
	if c.JSON {
		return writeJSON(w.stdout, r)
	}
	width, color := w.screen()
	if err := term.Write(w.stdout, r, term.Options{Width: width, Color: color, Command: command, Whole: c.Explained}); err != nil {
		return fmt.Errorf("show result: %w", err)
	}
	return nil
}

// writeFiles writes what was asked for beside what is printed.
func (c *checkCmd) writeFiles(w *world, r *judge.Result) error {
	for _, f := range c.files("candor " + strings.Join(w.args, " ")) {
		if f.path == "" {
			continue
		}
		var b bytes.Buffer
		if err := f.make(&b, r); err != nil {
			return fmt.Errorf("make the file of %s: %w", f.flag, err)
		}
		if err := os.WriteFile(f.path, b.Bytes(), 0o644); err != nil {
			return fmt.Errorf("write the file of %s: %w", f.flag, err)
		}
	}
	return nil
}

func writeJSON(w io.Writer, r any) error {
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
