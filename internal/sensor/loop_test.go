package sensor_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"candor/internal/block"
	"candor/internal/record"
	"candor/internal/sensor"
)

// shelf is a spool in memory.
type shelf struct {
	sealed []record.Batch
	last   *block.Manifest
	fail   int // how many sealings fail
}

func (s *shelf) Seal(b *record.Batch, _ block.Scope) (*block.Manifest, error) {
	if s.fail > 0 {
		s.fail--
		return nil, errors.New("disk full")
	}
	s.sealed = append(s.sealed, *b)
	return &block.Manifest{}, nil
}

func (s *shelf) Last() (block.Manifest, bool) {
	if s.last == nil {
		return block.Manifest{}, false
	}
	return *s.last, true
}

// tape is a source of given batches, each after a pause.
type tape struct {
	batches []*record.Batch
	pause   time.Duration
	err     error // after the last; nil: io.EOF
	back    int   // batches that were given back
}

func (s *tape) Next(ctx context.Context) (*record.Batch, error) {
	select {
	case <-time.After(s.pause):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if len(s.batches) == 0 {
		if s.err != nil {
			return nil, s.err
		}
		return nil, io.EOF
	}
	b := s.batches[0]
	s.batches = s.batches[1:]
	return b, nil
}

func (s *tape) Recycle(*record.Batch) { s.back++ }

func conns(feed record.Feed, at record.Time, n int) *record.Batch {
	b := &record.Batch{Feed: feed, Span: record.Span{From: at, To: at + 1}}
	for i := range n {
		b.Conns = append(b.Conns, record.Conn{TS: at + record.Time(i), Feed: feed})
	}
	return b
}

func config(s *shelf) sensor.Config {
	return sensor.Config{Spool: s, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

// TestSealsInTime seals five seconds after the first batch, and what is left at the end.
func TestSealsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, src := &shelf{}, &tape{pause: time.Second}
		for i := range 13 {
			src.batches = append(src.batches, conns("", record.Time(i+1), 2))
		}
		cfg := config(s)
		cfg.Live = true
		if err := sensor.New(cfg).Run(t.Context(), src); err != nil {
			t.Fatal(err)
		}
		var rows []int
		for _, b := range s.sealed {
			rows = append(rows, len(b.Conns))
		}
		if !slices.Equal(rows, []int{12, 12, 2}) {
			t.Errorf("rows of the blocks: %v", rows)
		}
		if s.sealed[0].Ended || s.sealed[1].Ended || s.sealed[2].Ended {
			t.Error("a live source was stopped, it did not end")
		}
		if src.back != 13 {
			t.Errorf("%d batches given back", src.back)
		}
	})
}

// TestSealsByRows seals a large block at once, however old it is.
func TestSealsByRows(t *testing.T) {
	s := &shelf{}
	cfg := config(s)
	cfg.Rows = 10
	src := &tape{batches: []*record.Batch{conns("", 1, 4), conns("", 2, 7), conns("", 3, 10), conns("", 4, 1)}}
	if err := sensor.New(cfg).Run(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	if len(s.sealed) != 3 || len(s.sealed[0].Conns) != 11 || len(s.sealed[2].Conns) != 1 {
		t.Fatalf("%d blocks", len(s.sealed))
	}
	if s.sealed[0].Ended || s.sealed[1].Ended || !s.sealed[2].Ended {
		t.Error("the last block, and no other, says that the files were read to their end")
	}
}

// TestTellsTheGap tells once what was not watched between two starts, and nothing where files had been read to their end.
func TestTellsTheGap(t *testing.T) {
	for name, c := range map[string]struct {
		last *block.Manifest
		want []record.Span
	}{
		"first start":     {nil, nil},
		"after a crash":   {&block.Manifest{From: 100, To: 200}, []record.Span{{From: 200, To: 1000}}},
		"empty last":      {&block.Manifest{Sealed: 300}, []record.Span{{From: 300, To: 1000}}},
		"clock went back": {&block.Manifest{From: 1500, To: 2000}, []record.Span{{From: 2000, To: 2000}}},
		"files were done": {&block.Manifest{From: 100, To: 200, Ended: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{last: c.last}
			src := &tape{batches: []*record.Batch{{Sight: []record.Sight{{}}}, conns("", 1000, 1), conns("", 2000, 1)}}
			if err := sensor.New(config(s)).Run(t.Context(), src); err != nil {
				t.Fatal(err)
			}
			var got []record.Span
			for _, b := range s.sealed {
				for _, x := range b.Blind {
					if x.Cause != record.BlindCrash {
						t.Errorf("cause %s", x.Cause)
					}
					got = append(got, x.Span)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("told %v, want %v", got, c.want)
			}
		})
	}
}

// TestFailures seals what there is when a source fails or the sensor is stopped, and goes on when a sealing fails.
func TestFailures(t *testing.T) {
	broken := errors.New("interface gone")
	s := &shelf{}
	if err := sensor.New(config(s)).Run(t.Context(), &tape{batches: []*record.Batch{conns("", 1, 3)}, err: broken}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if len(s.sealed) != 1 || s.sealed[0].Ended {
		t.Errorf("sealed %+v", s.sealed)
	}

	s = &shelf{fail: 1}
	cfg := config(s)
	cfg.Rows = 1
	if err := sensor.New(cfg).Run(t.Context(), &tape{batches: []*record.Batch{conns("", 1, 3), conns("", 2, 3)}}); err != nil {
		t.Fatal(err)
	}
	if len(s.sealed) == 0 || len(s.sealed[0].Conns) != 3 {
		t.Errorf("sealed %+v", s.sealed)
	}

	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		ctx, stop := context.WithTimeout(t.Context(), 90*time.Second)
		defer stop()
		src := &tape{pause: time.Minute, batches: []*record.Batch{conns("", 1, 3), conns("", 2, 3)}}
		if err := sensor.New(config(s)).Run(ctx, src); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if len(s.sealed) != 1 || s.sealed[0].Ended {
			t.Errorf("sealed %+v", s.sealed)
		}
	})
}

// TestNothingLost holds what went in against what was sealed, by witness and in order, whatever the sizes.
func TestNothingLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &shelf{}
		cfg := config(s)
		cfg.Rows = rapid.IntRange(1, 40).Draw(t, "rows of a block")
		want := map[record.Feed][]record.Time{}
		var sources []sensor.Source
		at := record.Time(1)
		for _, feed := range []record.Feed{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "sources")] {
			src := &tape{}
			for range rapid.IntRange(0, 12).Draw(t, "batches") {
				b := conns(feed, at, rapid.IntRange(0, 20).Draw(t, "conns"))
				at += 100
				for i := range b.Conns {
					want[feed] = append(want[feed], b.Conns[i].TS)
				}
				src.batches = append(src.batches, b)
			}
			sources = append(sources, src)
		}
		if err := sensor.New(cfg).Run(context.Background(), sources...); err != nil {
			t.Fatal(err)
		}
		got := map[record.Feed][]record.Time{}
		for _, b := range s.sealed {
			for i := range b.Conns {
				got[b.Feed] = append(got[b.Feed], b.Conns[i].TS)
			}
		}
		for _, feed := range []record.Feed{"a", "b", "c"} {
			if !slices.Equal(got[feed], want[feed]) {
				t.Fatalf("%s: sealed %v, want %v", feed, got[feed], want[feed])
			}
		}
	})
}
