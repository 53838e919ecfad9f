package ingest_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/ingest"
	"candor/internal/record"
)

// TestQueueSorts: things come out in the order of time, those of one time in the order in which they came.
func TestQueueSorts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type thing struct {
			at record.Time
			n  uint32
		}
		var q ingest.Queue
		var want, got []thing
		pop := func() {
			at, slot := q.Pop()
			got = append(got, thing{at, slot.Index})
		}
		for i := range rapid.IntRange(0, 200).Draw(t, "things") {
			at := record.Time(rapid.IntRange(0, 20).Draw(t, "time"))
			q.Push(at, ingest.Slot{Index: uint32(i), Size: 1})
			want = append(want, thing{at, uint32(i)})
		}
		for q.Len() > 0 {
			if first := q.First(); len(got) > 0 && first < got[len(got)-1].at {
				t.Fatal("time goes back")
			}
			pop()
		}
		slices.SortStableFunc(want, func(a, b thing) int { return int(a.at - b.at) })
		if !slices.Equal(want, got) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestQueueBounds(t *testing.T) {
	var q ingest.Queue
	for i := range ingest.MaxQueued {
		if q.Full() {
			t.Fatalf("full at %d", i)
		}
		q.Push(0, ingest.Slot{})
	}
	if !q.Full() || q.Few() {
		t.Error("not full by number")
	}
	var big ingest.Queue
	for range 100 {
		big.Push(0, ingest.Slot{Size: 1 << 20})
	}
	if !big.Full() || big.Few() {
		t.Error("not full by bytes")
	}
	for big.Len() > 0 {
		big.Pop()
	}
	if big.Full() {
		t.Error("full when empty")
	}
}

func TestNewest(t *testing.T) {
	const day = record.Day
	for name, c := range map[string]struct {
		times []record.Time
		want  record.Time
	}{
		"rising":              {[]record.Time{1, 2, 3}, 3},
		"a little back":       {[]record.Time{5, 3}, 5},
		"one broken stamp":    {[]record.Time{1, 1000 * day, 2, 3}, 3},
		"a real leap":         {[]record.Time{1, 9 * day, 9 * day, 9 * day, 9 * day, 9 * day, 9 * day, 9 * day, 9*day + 1}, 9*day + 1},
		"broken at the start": {[]record.Time{1000 * day, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 9},
	} {
		var n ingest.Newest
		for _, at := range c.times {
			n.Note(at)
		}
		if n.At != c.want {
			t.Errorf("%s: %d, want %d", name, n.At, c.want)
		}
	}
}

func TestEnd(t *testing.T) {
	for _, c := range []struct{ ts, duration, want record.Time }{
		{5, 7, 12}, {5, -7, 5}, {0, 0, record.FirstTime}, {record.LastTime, math.MaxInt64, record.LastTime}, {math.MaxInt64, 1, record.LastTime}, {math.MinInt64, 1, record.FirstTime + 1},
	} {
		if got := ingest.End(c.ts, c.duration); got != c.want {
			t.Errorf("%d + %d: %d, want %d", c.ts, c.duration, got, c.want)
		}
	}
}

func TestSlab(t *testing.T) {
	var s ingest.Slab[int]
	a, p := s.Take()
	*p = 7
	b, _ := s.Take()
	if a == b || *s.At(a) != 7 {
		t.Fatalf("%d %d %d", a, b, *s.At(a))
	}
	s.Put(a)
	if c, p := s.Take(); c != a || *p != 0 {
		t.Errorf("slot %d with %d: not the emptied one", c, *p)
	}
}
