package sight

import "candor/internal/record"

// copyWindow is how soon a byte-identical frame must come again to count as a copy made by the mirror (PLACEMENT.md 3.3).
const copyWindow = record.Time(2e6)

// copySlots bounds the memory of recent frames: 16,384 frames in 2 ms are 8 million packets a second. Two frames share a
// place, so that the older one is lost only when a third comes.
const copySlots = 1 << 14

// copies remembers the frames of the last two milliseconds by hash.
type copies struct {
	hash  secret
	slots [copySlots / 2][2]copySlot
}

type copySlot struct {
	hash uint64
	ts   record.Time
}

// seen reports whether the same bytes came within the window, and remembers them.
func (c *copies) seen(ts record.Time, frame []byte) bool {
	h := c.hash.frame(frame)
	place := &c.slots[h%(copySlots/2)]
	slot := &place[0]
	if slot.hash != h && (place[1].hash == h || place[1].ts < slot.ts) {
		slot = &place[1]
	}
	age := ts - slot.ts
	again := slot.hash == h && age >= 0 && age <= copyWindow
	*slot = copySlot{h, ts}
	return again
}
