package sensorcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"candor/internal/capture"
	"candor/internal/capture/ring"
	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/sensor"
	"candor/internal/source"
)

// eyes is what a sensor watches by: open interfaces, or the names of files.
type eyes struct {
	rings *ring.Rings // nil: files
	tee   *capture.Tee
	file  *os.File // of the tee
	read  []string
	logs  map[record.Feed]string
	stdin io.Reader
	now   func() time.Time
}

// eyes opens the interfaces, which takes privileges that are given up afterwards.
func (c *Sensor) eyes(w *World) (e eyes, err error) {
	e = eyes{read: c.Read, stdin: w.Stdin, now: w.Now}
	for id, path := range c.Feed {
		if e.logs == nil {
			e.logs = map[record.Feed]string{}
		}
		e.logs[record.Feed(id)] = path
	}
	if len(c.Interface) == 0 {
		return e, nil
	}
	if e.rings, err = ring.Open(ring.Options{Interfaces: c.Interface, Filter: c.Filter, Bytes: c.RingMB << 20}); err != nil {
		return e, fmt.Errorf("watch: %w", err)
	}
	if c.Tee != "" {
		if err := e.openTee(c.Tee); err != nil {
			return e, errors.Join(err, e.close())
		}
	}
	return e, nil
}

func (e *eyes) openTee(path string) (err error) {
	if e.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); err != nil {
		return fmt.Errorf("--tee: %w", err)
	}
	var interfaces []capture.Interface
	for _, c := range e.rings.Counted() {
		interfaces = append(interfaces, capture.Interface{Name: c.Name, Link: c.Link})
	}
	if e.tee, err = capture.NewTee(e.file, interfaces); err != nil {
		return fmt.Errorf("--tee %s: %w", path, err)
	}
	return nil
}

func (e *eyes) close() error {
	var errs []error
	if e.rings != nil {
		errs = append(errs, e.rings.Close())
	}
	if e.file != nil {
		errs = append(errs, e.file.Close())
	}
	return errors.Join(errs...)
}

// eye is the source of one session.
type eye struct {
	source  sensor.Source
	closing func() error
	ends    atomic.Bool // a live source gives what it has and ends
	lives   atomic.Pointer[source.Live]
	watches bool
}

func (e *eye) open(ctx context.Context, of eyes, scope record.Scope) error {
	opts := source.Options{
		Scope: scope, Sensor: scope.Sensor, Feed: scope.Packets, Flow: flow.DefaultConfig(), Stdin: of.stdin, Cores: runtime.GOMAXPROCS(0), Logs: of.logs,
	}
	if of.rings == nil {
		src, err := source.Open(ctx, of.read, opts)
		if err != nil {
			return err
		}
		e.source, e.closing = src, src.Close
		return nil
	}
	r := &turn{Rings: of.rings, ends: &e.ends, before: of.rings.Counted()}
	live, err := source.OpenLive(context.WithoutCancel(ctx), r, source.LiveOptions{Options: opts, Now: of.now, Tee: of.tee})
	if err != nil {
		return err
	}
	e.source, e.closing, e.watches = live, live.Close, true
	e.lives.Store(live)
	return nil
}

func (e *eye) live() bool { return e.watches }

// context is what ends reading: files at once; a live source ends by finish, so that what it read is sealed.
func (e *eye) context(ctx context.Context) context.Context {
	if e.watches {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// finish lets a live source give what it has and end.
func (e *eye) finish() { e.ends.Store(true) }

func (e *eye) close() error {
	if e.closing == nil {
		return nil
	}
	return e.closing()
}

// soFar is the sight of the minute that is not over, for heartbeats.
func (e *eye) soFar() ([]record.Sight, *record.Drops) {
	live := e.lives.Load()
	if live == nil {
		return nil, nil
	}
	s := live.SoFar()
	if s == nil {
		return nil, nil
	}
	return []record.Sight{*s}, s.Drops
}

// turn is one session's turn at the rings, which outlive it: it ends without stopping them, and counts from its beginning.
type turn struct {
	*ring.Rings
	ends   *atomic.Bool
	before []capture.Counted
}

// Next is that of the rings until the turn ends.
func (t *turn) Next(f *capture.Frame, wait time.Duration) error {
	if t.ends.Load() {
		return io.EOF
	}
	return t.Rings.Next(f, wait)
}

// Stop ends the turn.
func (t *turn) Stop() { t.ends.Store(true) }

// Counted is that of the rings since the turn began.
func (t *turn) Counted() []capture.Counted {
	out := slices.Clone(t.Rings.Counted())
	for i := range out {
		if i >= len(t.before) {
			break
		}
		b := &t.before[i]
		out[i].Seen -= b.Seen
		out[i].Read -= b.Read
		out[i].Bytes -= b.Bytes
		out[i].Dropped -= b.Dropped
		out[i].Missed -= b.Missed
		out[i].Damaged -= b.Damaged
		out[i].Arrived -= b.Arrived
		out[i].Unfinished -= b.Unfinished
		out[i].Tagged -= b.Tagged
		out[i].Flaps -= b.Flaps
	}
	return out
}
