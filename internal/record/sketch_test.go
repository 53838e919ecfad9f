package record_test

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"testing"

	"candor/internal/record"
)

func hashOf(i int) uint64 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(i)*0x9e3779b97f4a7c15)
	h := fnv.New64a()
	_, _ = h.Write(b[:])
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}

func TestSketchEstimates(t *testing.T) {
	for _, n := range []int{1, 10, 500, 5000, 70_000, 1_000_000} {
		var s record.Sketch
		for i := range n {
			s.Add(hashOf(i))
			s.Add(hashOf(i)) // again: nothing new
		}
		got := float64(s.Estimate())
		if math.Abs(got-float64(n)) > 4*record.SketchError*float64(n)+1 {
			t.Errorf("%d different things: estimate %.0f", n, got)
		}
	}
}

func TestSketchMergesLikeAdding(t *testing.T) {
	var all, odd, even, none record.Sketch
	for i := range 20_000 {
		all.Add(hashOf(i))
		if i%2 == 0 {
			even.Add(hashOf(i))
		} else {
			odd.Add(hashOf(i))
		}
	}
	if !none.Empty() || none.Estimate() != 0 {
		t.Error("a new sketch is not empty")
	}
	none.Merge(&even)
	none.Merge(&odd)
	if none.Estimate() != all.Estimate() {
		t.Errorf("merged %d, added %d", none.Estimate(), all.Estimate())
	}
}
