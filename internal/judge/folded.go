package judge

import (
	"slices"

	"candor/internal/record"
)

// folded remembers which batches were folded: runs of sequences, so that a month of batches without a hole takes as little
// room as one. The zero folded is empty.
type folded map[stream][]run

// stream is what numbers its batches without holes.
type stream struct {
	sensor record.Sensor
	epoch  uint64
}

// run is the sequences from first to last; runs of a stream are sorted and never touch.
type run struct{ first, last uint64 }

// add notes a batch and reports whether it is new.
func (f folded) add(id record.BatchID) bool {
	key := stream{id.Sensor, id.Epoch}
	runs := f[key]
	n := id.Sequence
	i, known := slices.BinarySearchFunc(runs, n, func(r run, n uint64) int {
		switch {
		case r.last < n:
			return -1
		case r.first > n:
			return 1
		}
		return 0
	})
	if known {
		return false
	}
	before := i > 0 && runs[i-1].last+1 == n
	after := i < len(runs) && runs[i].first-1 == n
	switch {
	case before && after:
		runs[i-1].last = runs[i].last
		runs = slices.Delete(runs, i, i+1)
	case before:
		runs[i-1].last = n
	case after:
		runs[i].first = n
	default:
		runs = slices.Insert(runs, i, run{n, n})
	}
	f[key] = runs
	return true
}
