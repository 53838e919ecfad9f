package source

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"candor/internal/capture"
	"candor/internal/record"
)

// Rings are live interfaces (capture/ring). But for Stop they belong to one goroutine.
type Rings interface {
	// Next gives the next frame in the order of time. When none comes in wait it says capture.ErrQuiet, and after Stop,
	// when everything was given, io.EOF.
	Next(f *capture.Frame, wait time.Duration) error
	// Counted reads the counters of each interface.
	Counted() []capture.Counted
	// Fill is the part of the fullest ring that waits to be read.
	Fill() float64
	// Stop ends capturing; what came before is still given.
	Stop()
}

// LiveOptions say how live interfaces are read. Of Options what has to do with files is not looked at.
type LiveOptions struct {
	Options
	Now   func() time.Time // must be set
	Every time.Duration    // a batch comes at least so often; 0 becomes DefaultEvery
	Tee   *capture.Tee     // every frame read is also written there; nil: nowhere. It is finished at the end
}

// DefaultEvery is how often batches come when little does.
const DefaultEvery = time.Second

// Live yields the batches of live interfaces, which are one witness. It reads in goroutines of its own, so that nothing is
// lost while nobody takes batches for a moment; when nobody does for longer it follows fewer connections, and says so.
type Live struct {
	opts    LiveOptions
	rings   Rings
	eye     *eye
	packets *packets
	seq     uint64
	blind   []record.Blind // not yet told
	inputs  []record.Input

	made   chan *record.Batch
	rooms  chan record.Batch
	behind atomic.Bool // nobody takes batches
	sofar  atomic.Pointer[record.Sight]
	stop   context.CancelFunc
	done   sync.WaitGroup
	failed error // why made was closed, beside io.EOF
}

// Bounds of what may wait to be taken: batches, and how many times a batch's rows before packets are no longer read.
const (
	liveBatches = 4
	liveRows    = 4
)

// OpenLive begins to read. The rings are not closed by it; they must not be used by others until Close has returned.
func OpenLive(ctx context.Context, rings Rings, opts LiveOptions) (*Live, error) {
	if opts.Now == nil {
		return nil, errors.New("live source: no clock is given")
	}
	if opts.BatchFrames <= 0 {
		opts.BatchFrames = DefaultBatchFrames
	}
	if opts.Epoch == 0 {
		opts.Epoch = 1
	}
	if opts.Every <= 0 {
		opts.Every = DefaultEvery
	}
	l := &Live{opts: opts, rings: rings, made: make(chan *record.Batch, liveBatches), rooms: make(chan record.Batch, liveBatches)}
	l.packets = newPackets(&l.opts.Options)
	if err := l.packets.beginTable(); err != nil {
		return nil, err
	}
	var seed [8]byte // who sends packets must not know which connections would be left out
	_, _ = rand.Read(seed[:])
	l.eye = newEye(l, binary.LittleEndian.Uint64(seed[:]))
	ctx, l.stop = context.WithCancel(ctx)
	if opts.Cores > 1 {
		l.inTwo(ctx)
	} else {
		l.inOne(ctx)
	}
	return l, nil
}

// Next gives the next batch: after each Every of packet time or of waiting, or when one is full. io.EOF comes after Stop,
// when everything was given.
func (l *Live) Next(ctx context.Context) (*record.Batch, error) {
	select {
	case b, ok := <-l.made:
		if !ok {
			return nil, l.failed
		}
		return b, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("reading stopped: %w", ctx.Err())
	}
}

// Recycle takes back a batch whose records nobody looks at any more, as Source.Recycle.
func (l *Live) Recycle(b *record.Batch) {
	room, ok := roomOf(b, l.opts.BatchFrames)
	if !ok {
		return
	}
	select {
	case l.rooms <- room:
	default:
	}
}

// SoFar is the sight of the minute that is not over, not older than about a second and without sets of hosts: for showing,
// never for judging. nil before the first packet. It may be called from any goroutine; what it gives must not be changed.
func (l *Live) SoFar() *record.Sight { return l.sofar.Load() }

// Stop ends capturing: Next gives what is left, the connections still open among it, and then io.EOF. It may be called from
// any goroutine.
func (l *Live) Stop() { l.rings.Stop() }

// Close ends reading at once. What was read and not taken is lost: call Stop and read to io.EOF first.
func (l *Live) Close() error {
	l.stop()
	l.rings.Stop()
	l.done.Wait()
	return nil
}

// inOne reads and follows in one goroutine, each frame where it lies in its ring.
func (l *Live) inOne(ctx context.Context) {
	l.done.Go(func() {
		defer close(l.made)
		var p livePiece
		for {
			l.eye.read(&p, 1)
			if !l.follow(ctx, &p) {
				return
			}
		}
	})
}

// inTwo reads in one goroutine and follows in another.
func (l *Live) inTwo(ctx context.Context) {
	full, empty := make(chan *livePiece, piecesAhead), make(chan *livePiece, piecesAhead+2)
	for range piecesAhead + 2 {
		empty <- &livePiece{}
	}
	l.done.Go(func() {
		defer close(full)
		for {
			select {
			case p := <-empty:
				l.eye.read(p, pieceFrames)
				last := p.err != nil
				select {
				case full <- p:
				case <-ctx.Done():
					return
				}
				if last {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	l.done.Go(func() {
		defer close(l.made)
		for p := range full {
			if !l.follow(ctx, p) {
				return
			}
			empty <- p // never full: there is room for every piece
		}
		l.failed = fmt.Errorf("reading stopped: %w", ctx.Err()) // the reader ended between two pieces
	})
}

// follow follows the frames of a piece and hands on batches. It says false at the end.
func (l *Live) follow(ctx context.Context, p *livePiece) (more bool) {
	s := l.packets
	s.closed = append(s.closed, p.closed...)
	l.blind = append(l.blind, p.blind...)
	if p.inputs != nil {
		l.inputs = p.inputs
	}
	for s.at = 0; s.at < len(p.frames); {
		if taken := s.take(&p.frames[s.at]); !taken || s.table.Rows() >= l.opts.BatchFrames {
			l.hand(ctx, false)
		}
	}
	for p.tick != 0 && !s.tick(p.tick) {
		l.hand(ctx, false)
	}
	if p.sofar != nil {
		if events := s.sight.SoFar(); events != nil && events.Span == p.sofar.Span {
			p.sofar.Merge(events)
			p.sofar.Minutes = 1
		}
		l.sofar.Store(p.sofar)
	}
	switch {
	case ctx.Err() != nil:
		l.failed = fmt.Errorf("reading stopped: %w", ctx.Err())
		return false
	case p.err != nil:
		l.finish(ctx, p.err)
		return false
	case p.flush:
		l.hand(ctx, false)
	}
	return true
}

// finish ends all connections and hands on the last batches.
func (l *Live) finish(ctx context.Context, why error) {
	for s := l.packets; !s.ended && ctx.Err() == nil; {
		s.finish()
		l.hand(ctx, true)
	}
	l.failed = why
	if err := ctx.Err(); err != nil {
		l.failed = fmt.Errorf("reading stopped: %w", err)
	}
}

// hand hands on a batch, if somebody has room for it; else it waits in the table, up to a bound or because it must.
func (l *Live) hand(ctx context.Context, must bool) {
	full, rows := len(l.made) == cap(l.made), l.packets.table.Rows()
	l.behind.Store(full && rows > l.opts.BatchFrames)
	if full && !must && rows < liveRows*l.opts.BatchFrames {
		return
	}
	b := &record.Batch{}
	select {
	case *b = <-l.rooms:
	default:
	}
	l.seq++
	b.ID = record.BatchID{Sensor: l.opts.Sensor, Epoch: l.opts.Epoch, Sequence: l.seq}
	l.packets.drain(b)
	for i := range b.Sight {
		if s := &b.Sight[i]; s.Segment == record.Nowhere && s.Counts == (record.Counts{}) {
			s.Minutes = 0 // nothing came, which a file has no way to say
		}
	}
	b.Blind, l.blind = l.blind, nil
	b.Inputs = l.inputs
	select {
	case l.made <- b:
	case <-ctx.Done():
	}
}

// tick moves time on without a frame, as take does with one.
func (s *packets) tick(ts record.Time) (done bool) {
	if s.taken && ts <= s.last {
		return true
	}
	if ts >= s.minute {
		m := ts.Floor(record.Minute)
		s.minute = m + record.Minute
		s.marks = append(s.marks, s.table.Mark(m))
	}
	if !s.table.AdvanceSome(ts, s.opts.BatchFrames) {
		return false
	}
	s.sight.Tick(ts)
	s.taken, s.last = true, ts
	return true
}

// endOf is io.EOF for the end that was asked for, else what went wrong.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return fmt.Errorf("read live: %w", err)
}
