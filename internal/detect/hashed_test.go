package detect

import (
	"testing"

	"pgregory.net/rapid"
)

// TestHashed: the table knows what a map knows, whatever is put, removed and let go of.
func TestHashed(t *testing.T) {
	type entry struct {
		mark  mark
		value int64
	}
	rapid.Check(t, func(rt *rapid.T) {
		c, want := newHashed[int64](), map[uint64]entry{}
		c.slots = c.slots[:8] // so that it wraps around and grows
		for range rapid.IntRange(1, 300).Draw(rt, "steps") {
			hash := uint64(rapid.IntRange(0, 60).Draw(rt, "hash"))<<59 | uint64(rapid.IntRange(1, 9).Draw(rt, "low"))<<2
			switch value := rapid.Int64().Draw(rt, "value"); rapid.IntRange(0, 9).Draw(rt, "do") {
			case 0, 1:
				c.remove(hash)
				delete(want, hash)
			case 2:
				dropped := 0
				for h, e := range want {
					if e.mark != markStays && e.mark != c.young {
						delete(want, h)
						dropped++
					}
				}
				if got := c.turn(); got != dropped {
					rt.Fatalf("%d let go of, %d wanted", got, dropped)
				}
			case 3, 4, 5:
				c.put(hash, markStays, value)
				want[hash] = entry{markStays, value}
			default:
				c.put(hash, c.young, value)
				want[hash] = entry{c.young, value}
			}
			for h, e := range want {
				if m, value := c.find(h); m != e.mark || value != e.value {
					rt.Fatalf("%x: mark %d value %d, want %v", h, m, value, e)
				}
			}
			if c.len() != len(want) {
				rt.Fatalf("%d entries, want %d", c.len(), len(want))
			}
		}
	})
}
