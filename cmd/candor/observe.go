package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"candor/internal/agreement"
	"candor/internal/coverage"
	"candor/internal/flow"
	"candor/internal/intel"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/term"
	"candor/internal/verdict"
)

// terms are the flags that several commands share.
type terms struct {
	Agreement string `help:"Agreement to hold the inputs against." placeholder:"FILE"`
	Sensor    string `help:"Which of the agreement's sensors the inputs are from." placeholder:"ID"`
}

// load reads the agreement; nil without one.
func (t *terms) load() (*agreement.Agreement, record.Sensor, error) {
	if t.Agreement == "" {
		return nil, record.Sensor(t.Sensor), nil
	}
	text, err := os.ReadFile(t.Agreement)
	if err != nil {
		return nil, "", usage(fmt.Errorf("read agreement: %w", err))
	}
	a, err := agreement.Parse(t.Agreement, text)
	if err != nil {
		return nil, "", usage(err)
	}
	sensor, err := a.Sensor(record.Sensor(t.Sensor))
	if err != nil {
		return nil, "", usage(err)
	}
	return a, sensor.ID, nil
}

// span are the flags --from and --to.
type span struct {
	From string `help:"Leave out what came before (RFC 3339)." placeholder:"TIME"`
	To   string `help:"Leave out what came at or after (RFC 3339)." placeholder:"TIME"`
}

func (s *span) times() (from, to record.Time, err error) {
	if from, err = parseTime("--from", s.From); err != nil {
		return 0, 0, err
	}
	if to, err = parseTime("--to", s.To); err != nil {
		return 0, 0, err
	}
	if from != 0 && to != 0 && from >= to {
		return 0, 0, usage(errors.New("--from must be before --to"))
	}
	return from, to, nil
}

func parseTime(flag, text string) (record.Time, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, usage(fmt.Errorf("%s %q: not a time such as 2026-11-24T12:00:00Z", flag, text))
	}
	return record.TimeOf(t), nil
}

// observation are the flags of commands that judge inputs.
type observation struct {
	terms
	span
	lists
	Feed map[string]string `help:"A log promised under this data id: syslog text, Windows events as JSON lines, CEF, LEEF." placeholder:"ID=PATH"`
}

// others names the flags given that a hub has its own of.
func (o *observation) others(required bool) []string {
	out := []string{given("--agreement", o.Agreement), given("--from", o.From), given("--to", o.To)}
	for _, list := range []struct {
		flag  string
		given bool
	}{{"--feed", len(o.Feed) > 0}, {"--intel", len(o.Intel) > 0}, {"--safelist", o.Safelist != ""}, {"--require", required}} {
		if list.given {
			out = append(out, list.flag)
		}
	}
	return out
}

// given is the name of a flag that was given, else nothing.
func given(name, value string) string {
	if value == "" {
		return ""
	}
	return name
}

// watched is what an observation is judged by.
type watched struct {
	agreement *agreement.Agreement // nil without one
	terms     *coverage.Terms
	safelist  *intel.Safelist
	judge     *judge.Judge
}

// watch reads agreement and lists, and makes a judge.
func (o *observation) watch(required []verdict.Question) (*watched, error) {
	a, sensor, err := o.load()
	if err == nil {
		err = o.knownFeeds(a)
	}
	if err != nil {
		return nil, err
	}
	t, err := coverage.NewTerms(a, sensor)
	if err != nil {
		return nil, usage(err)
	}
	safelist, err := o.safelist()
	if err != nil {
		return nil, err
	}
	set, err := o.intelSet(&t.Scope)
	if err != nil {
		return nil, err
	}
	j, err := judge.New(judge.Config{Agreement: a, Sensor: sensor, Required: required, Intel: set, Safelist: safelist})
	if err != nil {
		return nil, usage(err)
	}
	return &watched{a, t, safelist, j}, nil
}

// result judges everything observed.
func (x *watched) result(w *world) *judge.Result {
	r := x.judge.At(judge.Moment{Ended: true})
	if r.Window != nil {
		if last, err := parseTime("", r.Window.Last); err == nil {
			w.over(x.safelist, last)
		}
	}
	return r
}

// knownFeeds refuses logs that nobody promised: their silence would mean nothing.
func (o *observation) knownFeeds(a *agreement.Agreement) error {
	for id := range o.Feed {
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

// open opens inputs under a scope.
func open(ctx context.Context, w *world, paths []string, scope record.Scope, s span, feeds map[string]string, progress *term.Progress, name string) (*source.Source, error) {
	from, to, err := s.times()
	if err != nil {
		return nil, err
	}
	opts := source.Options{
		Scope: scope, Sensor: scope.Sensor, Feed: scope.Packets, From: from, To: to, Flow: flow.DefaultConfig(), Stdin: w.stdin, Cores: runtime.GOMAXPROCS(0),
	}
	for id, path := range feeds {
		if opts.Logs == nil {
			opts.Logs = map[record.Feed]string{}
		}
		opts.Logs[record.Feed(id)] = path
	}
	if progress != nil {
		opts.Progress = func(done, total int64, _ record.Time) { progress.Update(name, done, total) }
	}
	src, err := source.Open(ctx, paths, opts)
	switch {
	case errors.Is(err, source.ErrNothingReadable):
		return nil, &exitError{exitNoInput, err}
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return nil, &exitError{exitNoInput, err}
	case err != nil:
		return nil, err
	}
	return src, nil
}

// each hands every batch of a source to f.
func each(ctx context.Context, src *source.Source, f func(*record.Batch) error) (err error) {
	defer func() { err = errors.Join(err, src.Close()) }()
	for {
		b, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
	}
}
