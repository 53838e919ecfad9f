package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"candor/internal/judge"
	"candor/internal/record"
)

// Cursor is a place in the order in which the blocks of one sensor are folded: everything up to and including this one. The zero
// Cursor is before the first.
type Cursor struct {
	Epoch    uint64 `json:"epoch"`
	Sequence uint64 `json:"sequence"`
}

// Compare orders places.
func (c Cursor) Compare(o Cursor) int {
	return cmp.Or(cmp.Compare(c.Epoch, o.Epoch), cmp.Compare(c.Sequence, o.Sequence))
}

// Meta says of one block, or of several in a row that lie together, what it is.
type Meta struct {
	Epoch       uint64
	First, Last uint64 // sequences, both included
	Feed        record.Feed
	Span        record.Span // of its packets or lines; zero where there are none
	Arrived     record.Time // by the hub's clock
	Gone        string      // why it cannot be loaded; empty: it can
}

// Cursor is the place of the last block of m.
func (m *Meta) Cursor() Cursor { return Cursor{m.Epoch, m.Last} }

// first is the place of the first block of m.
func (m *Meta) first() Cursor { return Cursor{m.Epoch, m.First} }

// Blocks gives the stored blocks of one sensor.
type Blocks interface {
	// After lists the blocks behind a place in the order of places, at most limit of them.
	After(ctx context.Context, c Cursor, limit int) ([]Meta, error)
	// Load reads the batches of m in their order. An error that is ErrGone says that they cannot be read and will not be; any other that
	// it may be tried again.
	Load(ctx context.Context, m Meta) iter.Seq2[*record.Batch, error]
}

// ErrGone says of a block that it cannot be read any more.
var ErrGone = errors.New("block cannot be read any more")

// Snapshots keeps states of the fold of one sensor.
type Snapshots interface {
	// Put keeps what write writes as the state after a place. It is whole or not there.
	Put(ctx context.Context, at Cursor, write func(io.Writer) error) error
	// Newest opens the state furthest along of those before a place; found is false when there is none.
	Newest(ctx context.Context, before Cursor) (at Cursor, r io.ReadCloser, found bool, err error)
	// Drop forgets the states at a place and behind it: a late block made them wrong.
	Drop(ctx context.Context, from Cursor) error
}

// Config is what a Fold is made with. Judge and Blocks must be there.
type Config struct {
	Judge     func() (*judge.Judge, error) // makes one that observed nothing, each time with the same configuration
	Blocks    Blocks
	Snapshots Snapshots     // nil: every start folds everything again
	Wait      time.Duration // how long a missing block is waited for; 0: 30 s
	Settle    time.Duration // how long late blocks must stop coming before the fold goes back for them, ten times that at most; 0: Wait
	Silent    time.Duration // without a heartbeat, before the sensor is called silent; 0: 120 s
	Every     time.Duration // how old a Result may be; 0: 3 s, less: always new
	Snapshot  int           // a state is kept after so many blocks; 0: 720, an hour of a sensor with one feed
	Since     record.Time   // since when the hub listens, by its clock
	Heard     record.Time   // when the sensor was last heard before that, by the hub's clock; 0: never
}

func (c *Config) defaults() {
	c.Wait = cmp.Or(c.Wait, 30*time.Second)
	c.Settle = cmp.Or(c.Settle, c.Wait)
	c.Silent = cmp.Or(c.Silent, 120*time.Second)
	c.Every = cmp.Or(c.Every, 3*time.Second)
	c.Snapshot = cmp.Or(c.Snapshot, 720)
}

// Fold folds the blocks of one sensor of one tenant, in their order, into a judge. Times are by the hub's clock and come with each
// call. It is not safe for concurrent use: one goroutine offers, steps and asks.
type Fold struct {
	cfg     Config
	main    *line
	redo    *line  // goes back for late blocks, until it has come as far as main
	waiting []Meta // behind main, in their order
	late    []Meta // before main, stored and not in it, in their order
	lateAt  struct{ first, last record.Time }
	listed  Cursor // blocks up to here were listed at the start
	all     bool   // all were
	heard   struct {
		at     record.Time
		sealed Cursor      // what the sensor says that it sealed
		since  record.Time // when it was first heard of
	}
	cached *judge.Result
	asked  record.Time
}

// NewFold takes up where the newest snapshot that is of any use ends, or begins anew. It then folds what is stored by itself, step by step.
func NewFold(ctx context.Context, cfg Config) (*Fold, error) {
	cfg.defaults()
	f := &Fold{cfg: cfg}
	f.heard.at = cfg.Heard
	main, err := f.resume(ctx, Cursor{^uint64(0), ^uint64(0)})
	if err != nil {
		return nil, fmt.Errorf("begin to fold: %w", err)
	}
	f.main, f.listed = main, main.At
	return f, nil
}

// At is how far the fold has come.
func (f *Fold) At() Cursor { return f.main.At }

// Behind says how many blocks are stored and not folded yet, as far as the fold knows of them.
func (f *Fold) Behind() int { return len(f.waiting) + len(f.late) }

// Offer tells of a block that was stored. Blocks may come in any order and more than once.
func (f *Fold) Offer(m Meta) {
	if m.Last < m.First || m.Cursor().Compare(Cursor{}) <= 0 {
		return
	}
	if m.Cursor().Compare(f.main.At) > 0 {
		f.waiting = insert(f.waiting, m)
		return
	}
	if f.main.has(m.Cursor()) {
		return
	}
	n := len(f.late)
	if f.late = insert(f.late, m); len(f.late) > n {
		if n == 0 {
			f.lateAt.first = m.Arrived
		}
		f.lateAt.last = max(f.lateAt.last, m.Arrived)
	}
}

// insert keeps a list of blocks in order, each once.
func insert(list []Meta, m Meta) []Meta {
	i, known := slices.BinarySearchFunc(list, m.Cursor(), func(x Meta, c Cursor) int { return x.first().Compare(c) })
	if known || i > 0 && list[i-1].Cursor().Compare(m.Cursor()) >= 0 {
		return list
	}
	return slices.Insert(list, i, m)
}

// Heard tells of a heartbeat: when it came, and the newest block that the sensor sealed.
func (f *Fold) Heard(at record.Time, sealed Cursor) {
	f.heard.at = max(f.heard.at, at)
	if sealed.Compare(f.heard.sealed) > 0 {
		f.heard.sealed, f.heard.since = sealed, at
	}
}

// Step does a piece of work, if there is any: it folds one block, or goes back some way for late ones. An error leaves everything
// as it was, and the step may be tried again.
func (f *Fold) Step(ctx context.Context, now record.Time) (worked bool, err error) {
	if !f.all {
		return true, f.list(ctx)
	}
	if len(f.waiting) > 0 && f.due(&f.waiting[0], now) {
		m := f.waiting[0]
		if err := f.take(ctx, f.main, m); err != nil {
			return false, err
		}
		f.waiting = slices.Delete(f.waiting, 0, 1)
		return true, nil
	}
	return f.goBack(ctx, now)
}

// list learns of what was stored before the fold began, so that nothing is taken for missing that is there.
func (f *Fold) list(ctx context.Context) error {
	const page = 1024
	metas, err := f.cfg.Blocks.After(ctx, f.listed, page)
	if err != nil {
		return fmt.Errorf("list blocks to fold: %w", err)
	}
	for i := range metas {
		f.Offer(metas[i])
		f.listed = metas[i].Cursor()
	}
	f.all = len(metas) == 0
	return nil
}

// due reports whether a block is to be folded now: it follows the one before it, or that was waited for long enough.
func (f *Fold) due(m *Meta, now record.Time) bool {
	return f.main.follows(m) || now >= m.Arrived+record.Time(f.cfg.Wait)
}

// take folds a block and keeps a snapshot when it is time.
func (f *Fold) take(ctx context.Context, l *line, m Meta) error {
	if err := l.fold(ctx, f.cfg.Blocks, m); err != nil {
		return fmt.Errorf("fold block %d of epoch %d: %w", m.First, m.Epoch, err)
	}
	if l.since < f.cfg.Snapshot || f.cfg.Snapshots == nil || l == f.main && len(f.late) > 0 { // main is to be replaced
		return nil
	}
	return f.keep(ctx, l)
}

func (f *Fold) keep(ctx context.Context, l *line) error {
	if err := f.cfg.Snapshots.Put(ctx, l.At, l.save); err != nil {
		return fmt.Errorf("keep a snapshot: %w", err)
	}
	l.since = 0
	return nil
}

// Keep keeps a snapshot of how far the fold has come, before the hub ends. With late blocks not yet in their place there is nothing worth it.
func (f *Fold) Keep(ctx context.Context) error {
	if f.cfg.Snapshots == nil || len(f.late) > 0 || f.main.since == 0 {
		return nil
	}
	return f.keep(ctx, f.main)
}

// Result is what can be said now, not older than Config.Every. more is what else is known to be lost: stored blocks that cannot be read.
func (f *Fold) Result(now record.Time, more ...record.Blind) *judge.Result {
	if f.cached != nil && now >= f.asked && now < f.asked+record.Time(f.cfg.Every) {
		return f.cached
	}
	m := judge.Moment{Ended: f.main.Ended, Blind: append(f.lost(now), more...)}
	if f.main.Live {
		m.Now = now
	}
	f.cached, f.asked = f.main.judge.At(m), now
	return f.cached
}
