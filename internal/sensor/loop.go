package sensor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"candor/internal/block"
	"candor/internal/record"
)

// Source yields the batches of one or several witnesses in the order of time, io.EOF after the last. A live source yields one at least every second.
type Source interface {
	Next(ctx context.Context) (*record.Batch, error)
	Recycle(b *record.Batch) // takes back a batch that nobody looks at any more
}

// Spool keeps blocks until the hub has them. transport.Spool is one.
type Spool interface {
	Seal(b *record.Batch, scope block.Scope) (*block.Manifest, error)
	Last() (block.Manifest, bool)
}

// When a block is sealed (DESIGN.md 6).
const (
	DefaultAfter = 5 * time.Second
	DefaultRows  = 65536
)

// Config is what a loop needs.
type Config struct {
	Spool Spool
	Scope block.Scope      // under which the sources measure
	Now   func() time.Time // the sensor's clock
	Live  bool             // the sources go on for ever: their blocks are sealed by time too, and what they give last is no end
	After time.Duration    // a live block is sealed when its first batch is so old; 0: DefaultAfter
	Rows  int              // or when it has so many rows; 0: DefaultRows
	Log   *slog.Logger
}

// Loop seals what its sources see. It is used once.
type Loop struct {
	cfg     Config
	pending map[record.Feed]*pending
	gap     *record.Blind // what was not watched before this start; told with the first block
}

// pending is a block in the making. Its records are the loop's own.
type pending struct {
	batch *record.Batch
	since time.Time
}

// New makes a loop. What was sealed last before this start says since when nothing was watched.
func New(cfg Config) *Loop {
	if cfg.After == 0 {
		cfg.After = DefaultAfter
	}
	if cfg.Rows <= 0 {
		cfg.Rows = DefaultRows
	}
	return &Loop{cfg: cfg, pending: map[record.Feed]*pending{}, gap: gapSince(cfg.Spool)}
}

// gapSince is the blind stretch that began when the last start ended; nil when there was none, or it had read its files to their end.
func gapSince(s Spool) *record.Blind {
	last, ok := s.Last()
	if !ok || last.Ended {
		return nil
	}
	from := last.To
	if last.Span().Zero() {
		from = last.Sealed
	}
	return &record.Blind{
		Span: record.Span{From: from}, Cause: record.BlindCrash,
		Words: "The sensor did not run, or what it had read was not yet sealed when it stopped.",
	}
}

// read is a batch on its way from a source. The source waits until it is done with.
type read struct {
	batch *record.Batch
	done  chan struct{}
}

// Run reads all sources until they end or ctx does; then what is pending is sealed. A source that fails ends the run, after sealing. With
// each failed sealing the loss is counted by the spool, and the loop goes on.
func (l *Loop) Run(ctx context.Context, sources ...Source) error {
	reads := make(chan read)
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(sources))
	var running sync.WaitGroup
	for i, s := range sources {
		running.Go(func() {
			if errs[i] = feed(stop, s, reads); errs[i] != nil {
				cancel()
			}
		})
	}
	go func() {
		running.Wait()
		close(reads)
	}()
	for r := range reads {
		l.add(r.batch)
		close(r.done)
		l.sealDue()
	}
	err := errors.Join(errs...)
	l.sealAll(err == nil && !l.cfg.Live)
	return err
}

// feed hands over the batches of one source, one at a time.
func feed(ctx context.Context, s Source, reads chan<- read) error {
	for {
		b, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		r := read{b, make(chan struct{})}
		reads <- r // the loop reads until all sources have ended
		<-r.done
		s.Recycle(b)
	}
}

// add joins a batch to the block in the making of its witness.
func (l *Loop) add(b *record.Batch) {
	if l.gap != nil && !b.Span.Zero() {
		l.gap.Span.To = max(b.Span.From, l.gap.Span.From)
		b.Blind = append(b.Blind, *l.gap)
		l.gap = nil
	}
	if block.Empty(b) {
		return
	}
	p := l.pending[b.Feed]
	if p == nil {
		p = &pending{batch: &record.Batch{Feed: b.Feed}, since: l.cfg.Now()}
		l.pending[b.Feed] = p
	}
	block.Join(p.batch, b)
}

// sealDue seals what is old or large enough, by feed in a fixed order.
func (l *Loop) sealDue() {
	now := l.cfg.Now()
	for _, f := range slices.Sorted(maps.Keys(l.pending)) {
		p := l.pending[f]
		old := l.cfg.Live && (now.Sub(p.since) >= l.cfg.After || now.Before(p.since)) // a clock that jumped back must not stop the sealing
		if old || p.batch.Rows() >= l.cfg.Rows {
			l.seal(f)
		}
	}
}

// sealAll seals what is left. When all sources were read to their end, the last block says so.
func (l *Loop) sealAll(ended bool) {
	feeds := slices.Sorted(maps.Keys(l.pending))
	if ended && len(feeds) == 0 {
		feeds = []record.Feed{""}
		l.pending[""] = &pending{batch: &record.Batch{}}
	}
	for i, f := range feeds {
		l.pending[f].batch.Ended = ended && i == len(feeds)-1
		l.seal(f)
	}
}

func (l *Loop) seal(f record.Feed) {
	p := l.pending[f]
	delete(l.pending, f)
	if _, err := l.cfg.Spool.Seal(p.batch, l.cfg.Scope); err != nil {
		l.cfg.Log.Error("block lost, counted", "feed", string(f), "rows", p.batch.Rows(), "err", err)
	}
}
