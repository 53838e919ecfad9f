package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"candor/internal/agreement"
	"candor/internal/judge"
	"candor/internal/labnet"
	"candor/internal/record"
	"candor/internal/report"
	"candor/internal/term"
)

type demoCmd struct {
	Out  string        `help:"Folder for the captures, the agreement and the pages." default:"demo"`
	Seed uint64        `help:"Another seed makes another bank with the same story." default:"1"`
	For  time.Duration `help:"How much of a workday to make." default:"20m"`
}

// demoStart is the workday of the story, 10:00 at the bank.
func demoStart(zone *time.Location) time.Time { return time.Date(2026, 11, 18, 10, 0, 0, 0, zone) }

// Run makes the bank's story: one morning, seen from outside the firewall and from inside, and both held against the
// agreement.
func (c *demoCmd) Run(ctx context.Context, w *world) error {
	if c.For < time.Minute || c.For > 24*time.Hour {
		return usage(fmt.Errorf("--for %s: from 1m to 24h", c.For))
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	bank := labnet.Bank(c.Seed)
	agreementFile := filepath.Join(c.Out, "bank.yaml")
	if err := os.WriteFile(agreementFile, bank.Agreement(), 0o644); err != nil {
		return fmt.Errorf("write agreement: %w", err)
	}
	a, err := agreement.Parse(agreementFile, bank.Agreement())
	if err != nil {
		return fmt.Errorf("the bank's own agreement: %w", err)
	}
	fmt.Fprintf(w.stdout, "Making %s of a workday at a bank with 250 endpoints, 125 servers and a bot ...\n", c.For)
	if err := c.captures(ctx, bank); err != nil {
		return err
	}
	var pages []string
	for _, place := range []string{"outside", "inside"} {
		page, err := c.check(ctx, w, a, place)
		if err != nil {
			return err
		}
		pages = append(pages, page)
	}
	fmt.Fprintf(w.stdout, "The two pages:\n  %s\n  %s\nAgain: candor check --agreement %s %s\n",
		pages[0], pages[1], agreementFile, filepath.Join(c.Out, "outside.pcap"))
	return nil
}

// captures writes the same traffic as seen from both places.
func (c *demoCmd) captures(ctx context.Context, bank *labnet.Site) (err error) {
	var taps []labnet.Tap
	var files []*os.File
	var buffers []*bufio.Writer
	defer func() {
		for i := range files {
			err = errors.Join(err, buffers[i].Flush(), files[i].Close())
		}
	}()
	for name, at := range map[string]labnet.TapName{"outside": labnet.Outside, "inside": labnet.Core} {
		f, err := os.Create(filepath.Join(c.Out, name+".pcap"))
		if err != nil {
			return fmt.Errorf("make capture: %w", err)
		}
		files, buffers = append(files, f), append(buffers, bufio.NewWriterSize(f, 1<<20))
		taps = append(taps, labnet.Tap{At: at, Out: buffers[len(buffers)-1]})
	}
	start := demoStart(bank.Zone())
	if _, err := bank.Run(ctx, labnet.Span{From: start, To: start.Add(c.For)}, taps...); err != nil {
		return fmt.Errorf("make traffic: %w", err)
	}
	return nil
}

// check judges one capture, shows it, and writes its page.
func (c *demoCmd) check(ctx context.Context, w *world, a *agreement.Agreement, place string) (page string, err error) {
	path := filepath.Join(c.Out, place+".pcap")
	fmt.Fprintf(w.stdout, "\n$ candor check --agreement %s %s\n", filepath.Join(c.Out, "bank.yaml"), path)
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		return "", fmt.Errorf("judge: %w", err)
	}
	src, err := open(ctx, w, []string{path}, j.Scope(), span{}, nil, nil, "")
	if err != nil {
		return "", err
	}
	if err := each(ctx, src, func(b *record.Batch) error { j.Observe(b); return nil }); err != nil {
		return "", err
	}
	r := j.At(judge.Moment{Ended: true})
	width, color := w.screen()
	if err := term.Write(w.stdout, r, term.Options{Width: width, Color: color}); err != nil {
		return "", fmt.Errorf("show result: %w", err)
	}
	page = filepath.Join(c.Out, place+".html")
	f, err := os.Create(page)
	if err != nil {
		return "", fmt.Errorf("make page: %w", err)
	}
	err = report.Write(f, r, report.Options{Command: "candor check --agreement bank.yaml " + place + ".pcap"})
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("write page: %w", err)
	}
	return page, nil
}
