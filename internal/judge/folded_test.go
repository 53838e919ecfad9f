package judge

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/record"
)

// TestFoldedIsASet: in any order, with repetitions, over several sensors and epochs, a batch is new once.
func TestFoldedIsASet(t *testing.T) {
	sequence := rapid.OneOf(rapid.Uint64Range(0, 20), rapid.Uint64Range(math.MaxUint64-3, math.MaxUint64))
	id := rapid.Custom(func(t *rapid.T) record.BatchID {
		return record.BatchID{
			Sensor: rapid.SampledFrom([]record.Sensor{"a", "b"}).Draw(t, "sensor"), Epoch: rapid.Uint64Range(1, 2).Draw(t, "epoch"),
			Sequence: sequence.Draw(t, "sequence"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		f, known := folded{}, map[record.BatchID]bool{}
		for _, one := range rapid.SliceOf(id).Draw(t, "batches") {
			if got := f.add(one); got == known[one] {
				t.Fatalf("%+v new is %v after %v: %v", one, got, known, f)
			}
			known[one] = true
		}
		for key, runs := range f {
			for i := range runs {
				if runs[i].first > runs[i].last || i > 0 && runs[i-1].last+1 >= runs[i].first {
					t.Fatalf("runs of %v are not sorted and apart: %v", key, runs)
				}
			}
		}
	})
}

func TestFoldedStaysSmall(t *testing.T) {
	f := folded{}
	for n := uint64(1); n <= 100_000; n++ { // in pairs, the later one first
		f.add(record.BatchID{Sequence: n - 1 + n%2*2})
	}
	if runs := f[stream{}]; len(runs) != 1 || runs[0].last != 100_000 {
		t.Errorf("%d runs", len(runs))
	}
}
