package flow

import (
	"cmp"
	"slices"

	"candor/internal/record"
)

// candidate is a connection that was among those idle longest when the table was looked through.
type candidate struct {
	last  record.Time
	born  uint64
	entry uint32
}

// evict lets go of the connection idle longest and reports it with what it has. The table is looked through once for many evictions: the
// sixteenth that was idle longest then goes first, as long as it stayed idle, so the cost per eviction stays small and the choice exact.
func (t *Table) evict(ts record.Time) {
	for range 2 {
		for len(t.oldest) > 0 {
			o := t.oldest[0]
			t.oldest = t.oldest[1:]
			if c := t.index.at(o.entry); c.born == o.born && c.last == o.last {
				t.sight.Count(ts, record.EvictedConns, 1)
				t.finish(o.entry, c)
				return
			}
		}
		t.findOldest()
	}
}

// before orders candidates: idle longest first, of equals the one that began first.
func (a candidate) before(b candidate) int {
	if a.last != b.last {
		return cmp.Compare(a.last, b.last)
	}
	return cmp.Compare(a.born, b.born)
}

// findOldest keeps the sixteenth of the table that was idle longest, in the order in which it goes.
func (t *Table) findOldest() {
	h := make(newest, 0, (t.index.used+15)/16)
	for e := range t.index.fresh {
		c := t.index.at(e)
		if c.born == 0 {
			continue
		}
		switch o := (candidate{c.last, c.born, e}); {
		case len(h) < cap(h):
			h = append(h, o)
			if len(h) == cap(h) {
				h.order()
			}
		case o.before(h[0]) < 0:
			h[0] = o
			h.sink(0)
		}
	}
	slices.SortFunc(h, candidate.before)
	t.oldest = h
}

// newest is a heap of candidates: none goes after the one at its top.
type newest []candidate

// order makes a heap of candidates in any order.
func (h newest) order() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
}

// sink moves the candidate at i down to where it belongs.
func (h newest) sink(i int) {
	o := h[i]
	for {
		next := 2*i + 1
		if next+1 < len(h) && h[next].before(h[next+1]) < 0 {
			next++
		}
		if next >= len(h) || h[next].before(o) <= 0 {
			break
		}
		h[i] = h[next]
		i = next
	}
	h[i] = o
}

func (t *Table) sortByBirth(entries []uint32) {
	slices.SortFunc(entries, func(a, b uint32) int { return cmp.Compare(t.index.at(a).born, t.index.at(b).born) })
}
