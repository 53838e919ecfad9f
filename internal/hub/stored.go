package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"candor/internal/record"
	"candor/internal/store"
)

// stored gives one sensor's blocks of a window out of the store.
type stored struct {
	store  *store.Store
	tenant record.Tenant
	sensor record.Sensor
	epoch  uint64 // the first of the window
}

// metaOf is a stored block as a fold knows it.
func metaOf(m *store.Meta) Meta {
	return Meta{Epoch: m.Epoch, First: m.First, Last: m.Last, Feed: m.Feed, Span: m.Span, Arrived: m.Arrived, Gone: m.Gone}
}

// After implements Blocks.
func (s *stored) After(ctx context.Context, c Cursor, limit int) ([]Meta, error) {
	if c.Epoch < s.epoch {
		c = Cursor{Epoch: s.epoch}
	}
	list, err := s.store.After(ctx, s.tenant, s.sensor, store.Cursor(c), limit)
	if err != nil {
		return nil, err
	}
	out := make([]Meta, 0, len(list))
	for i := range list {
		out = append(out, metaOf(&list[i]))
	}
	return out, nil
}

// Load implements Blocks. Many blocks in a row are read one by one, so that an hour of them need not fit into memory.
func (s *stored) Load(ctx context.Context, m Meta) iter.Seq2[*record.Batch, error] {
	if m.First == m.Last {
		return s.one(ctx, m)
	}
	last := store.Cursor{Epoch: m.Epoch, Sequence: m.Last}
	return func(yield func(*record.Batch, error) bool) {
		for x, err := range s.store.Batches(ctx, s.tenant, s.sensor, store.Cursor{Epoch: m.Epoch, Sequence: m.First - 1}) {
			if last.Less(x.Meta.Cursor()) || !yield(x.Batch, goneFor(err)) || err != nil || x.Meta.Cursor() == last {
				return
			}
		}
	}
}

func (s *stored) one(ctx context.Context, m Meta) iter.Seq2[*record.Batch, error] {
	return func(yield func(*record.Batch, error) bool) {
		list, err := s.store.Load(ctx, store.Meta{Tenant: s.tenant, Sensor: s.sensor, Epoch: m.Epoch, First: m.First, Last: m.Last})
		if err != nil {
			yield(nil, goneFor(err))
			return
		}
		for _, b := range list {
			if !yield(b, nil) {
				return
			}
		}
	}
}

// goneFor says of an error of the store that trying again is of no use.
func goneFor(err error) error {
	if errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	return err
}

// Put implements Snapshots.
func (s *stored) Put(ctx context.Context, at Cursor, write func(io.Writer) error) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(w)) }()
	err := s.store.PutSnapshot(ctx, s.tenant, s.sensor, store.Cursor(at), "", r)
	_ = r.CloseWithError(errors.New("nobody reads on")) // lets the writer end
	return err
}

// Newest implements Snapshots. One that is damaged, or of an earlier window, is passed over.
func (s *stored) Newest(ctx context.Context, before Cursor) (Cursor, io.ReadCloser, bool, error) {
	list, err := s.store.Snapshots(ctx, s.tenant, s.sensor, store.Cursor(before))
	if err != nil {
		return Cursor{}, nil, false, err
	}
	for _, n := range list {
		at := Cursor(n.At)
		if at.Compare(before) >= 0 || at.Epoch < s.epoch {
			continue
		}
		r, err := s.store.OpenSnapshot(n)
		if errors.Is(err, store.ErrDamaged) {
			continue
		}
		if err != nil {
			return Cursor{}, nil, false, err
		}
		return at, io.NopCloser(r), true, nil
	}
	return Cursor{}, nil, false, nil
}

// Drop implements Snapshots.
func (s *stored) Drop(ctx context.Context, from Cursor) error {
	list, err := s.store.Snapshots(ctx, s.tenant, s.sensor, store.Cursor{Epoch: 1<<63 - 1, Sequence: 1<<63 - 1})
	if err != nil {
		return err
	}
	var drop []store.Snapshot
	for _, n := range list {
		if Cursor(n.At).Compare(from) >= 0 {
			drop = append(drop, n)
		}
	}
	return s.store.DropSnapshots(ctx, drop...)
}
