package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"candor/internal/agreement"
	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/term"
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
