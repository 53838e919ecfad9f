package source

import (
	"context"
	"sync"

	"candor/internal/record"
)

// ahead runs a stream in a goroutine of its own, a few batches ahead of whoever takes them. What it yields is the same.
type ahead struct {
	inner  *packets
	made   chan made
	rooms  chan record.Batch // empty records that were given back
	cancel context.CancelFunc
	done   sync.WaitGroup
	begun  bool
	last   made
}

// made is a batch with how far the stream was when it was made.
type made struct {
	batch       record.Batch
	now         record.Time
	inputs      []record.Input
	done, total int64
	err         error
}

// batchesAhead is how many batches may wait: each holds some megabytes.
const batchesAhead = 3

func newAhead(inner *packets) *ahead {
	a := &ahead{inner: inner, made: make(chan made, batchesAhead), rooms: make(chan record.Batch, batchesAhead+2)}
	a.last.inputs = inner.inputs()
	return a
}

func (a *ahead) start() {
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel, a.begun = cancel, true
	a.done.Go(func() {
		defer close(a.made)
		for {
			var m made
			select {
			case m.batch = <-a.rooms:
			default:
			}
			m.err = a.inner.next(ctx, &m.batch)
			m.now, m.inputs = a.inner.now(), a.inner.inputs()
			m.done, m.total = a.inner.offset()
			select {
			case a.made <- m:
			case <-ctx.Done():
				return
			}
			if m.err != nil {
				return
			}
		}
	})
}

func (a *ahead) next(ctx context.Context, b *record.Batch) error {
	if !a.begun {
		a.start()
	}
	select {
	case a.rooms <- *b:
	default:
	}
	select {
	case m, ok := <-a.made:
		if !ok { // it ended with the call before
			return a.last.err
		}
		id := b.ID
		*b, a.last = m.batch, m
		b.ID, a.last.batch = id, record.Batch{}
		return m.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *ahead) now() record.Time       { return a.last.now }
func (a *ahead) inputs() []record.Input { return a.last.inputs }
func (a *ahead) offset() (int64, int64) { return a.last.done, a.last.total }

func (a *ahead) close() error {
	if a.begun {
		a.cancel()
		a.done.Wait()
	}
	return a.inner.close()
}
