package sight

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/record"
)

// TestCopies: a frame is a copy when the same bytes came at most 2 ms before, whatever came between.
func TestCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := copies{hash: newSecret()}
		first := rapid.SampledFrom([]uint32{0, copyFrames - 3, math.MaxUint32 - 5}).Draw(t, "first number")
		c.next, c.oldest = first, first
		last := map[byte]record.Time{}
		at := record.Time(1e9)
		for range rapid.IntRange(1, 300).Draw(t, "frames") {
			at += record.Time(rapid.SampledFrom([]int{0, 1, 1000, 100_000, 1_000_000, 2_000_000, 2_000_001}).Draw(t, "later"))
			b := rapid.Byte().Draw(t, "frame")
			before, ok := last[b]
			if want, got := ok && at-before <= copyWindow, c.seen(at, []byte{b}); got != want {
				t.Fatalf("frame %d at %d: copy is %v, want %v", b, at, got, want)
			}
			last[b] = at
		}
	})
}

// TestCopiesBound: of too many frames in 2 ms the oldest are forgotten, and no other.
func TestCopiesBound(t *testing.T) {
	c := copies{hash: newSecret()}
	frame := func(i int) []byte { return []byte{byte(i), byte(i >> 8), byte(i >> 16)} }
	for i := range copyFrames + 100 {
		if c.seen(1e9, frame(i)) {
			t.Fatalf("frame %d is no copy", i)
		}
	}
	if !c.seen(1e9, frame(copyFrames+99)) || !c.seen(1e9, frame(200)) {
		t.Error("a frame that has room is forgotten")
	}
	if c.seen(1e9, frame(0)) {
		t.Error("a frame beyond the bound is remembered")
	}
}
