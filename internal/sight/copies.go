package sight

import "candor/internal/record"

// copyWindow is how soon a byte-identical frame must come again to count as a copy made by the mirror (PLACEMENT.md 3.3).
const copyWindow = record.Time(2e6)

// Bounds of the memory of recent frames: 16,384 frames in 2 ms are 8 million packets a second.
const (
	copyFrames = 1 << 14
	copyChains = 1 << 12
)

// copies remembers the frames of the last two milliseconds by hash. The frames lie in a ring in the order in which they came;
// those whose hashes share a chain are linked, newest first. Most of the ring is older than two milliseconds and never looked
// at again, so that what is looked at, the chains and the end of the ring, stays in the processor's cache.
type copies struct {
	hash   secret
	chains [copyChains]uint32 // number of the newest frame; it may be gone
	ring   [copyFrames]copied // by number
	oldest uint32             // number of the oldest frame that is not gone
	next   uint32             // number of the next frame; numbers wrap
}

type copied struct {
	hash uint64
	ts   record.Time
	back uint32 // by how many frames the next of the chain is older; 0 when there was none
}

// seen reports whether the same bytes came within the window, and remembers them.
func (c *copies) seen(ts record.Time, frame []byte) bool {
	h := c.hash.frame(frame)
	c.forget(ts)
	kept := c.next - c.oldest
	chain := &c.chains[h%copyChains]
	back := c.next - *chain
	if back > kept {
		back = 0
	}
	c.ring[c.next%copyFrames] = copied{h, ts, back}
	*chain = c.next
	c.next++
	for ago := back; back != 0 && ago <= kept; ago += back {
		f := &c.ring[(c.next-1-ago)%copyFrames]
		if f.hash == h {
			age := ts - f.ts
			return age >= 0 && age <= copyWindow
		}
		back = f.back
	}
	return false
}

// forget drops frames that are too old to have copies at ts, and makes room for one more.
func (c *copies) forget(ts record.Time) {
	for c.oldest != c.next && ts-c.ring[c.oldest%copyFrames].ts > copyWindow {
		c.oldest++
	}
	if c.next-c.oldest == copyFrames {
		c.oldest++
	}
}
