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

func (t *Table) findOldest() {
	all := make([]candidate, 0, t.index.used)
	for e := range t.index.fresh {
		if c := t.index.at(e); c.born != 0 {
			all = append(all, candidate{c.last, c.born, e})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		if a.last != b.last {
			return cmp.Compare(a.last, b.last)
		}
		return cmp.Compare(a.born, b.born)
	})
	t.oldest = slices.Clone(all[:(len(all)+15)/16])
}

func (t *Table) sortByBirth(entries []uint32) {
	slices.SortFunc(entries, func(a, b uint32) int { return cmp.Compare(t.index.at(a).born, t.index.at(b).born) })
}
