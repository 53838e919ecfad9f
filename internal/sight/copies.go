package sight

import (
	"encoding/binary"

	"candor/internal/record"
)

// copyWindow is how soon a byte-identical frame must come again to count as a copy made by the mirror (PLACEMENT.md 3.3).
const copyWindow = record.Time(2e6)

// copySlots bounds the memory of recent frames: 16,384 frames in 2 ms are 8 million packets a second. Two frames share a
// place, so that the older one is lost only when a third comes.
const copySlots = 1 << 14

// copies remembers the frames of the last two milliseconds by hash.
type copies struct {
	slots [copySlots / 2][2]copySlot
}

type copySlot struct {
	hash uint64
	ts   record.Time
}

// seen reports whether the same bytes came within the window, and remembers them.
func (c *copies) seen(ts record.Time, frame []byte) bool {
	h := frameHash(frame)
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

// frameHash covers the length, the first 128 bytes (all headers) and the last 32 bytes. Payload between them is covered by
// the transport checksum inside the headers. It is computed for every frame.
func frameHash(b []byte) uint64 {
	h := mix(uint64(len(b)) + 0x9e3779b97f4a7c15)
	h = hashBytes(h, b[:min(len(b), 128)])
	if len(b) > 160 {
		h = hashBytes(h, b[len(b)-32:])
	} else if len(b) > 128 {
		h = hashBytes(h, b[128:])
	}
	if h == 0 { // zero marks a free slot
		h = 1
	}
	return h
}

func hashBytes(h uint64, b []byte) uint64 {
	if len(b) >= 16 { // two lanes, so that one multiplication need not wait for the other
		g := h ^ 0xc2b2ae3d27d4eb4f
		for ; len(b) >= 16; b = b[16:] {
			h = (h ^ binary.LittleEndian.Uint64(b)) * 0x9fb21c651e98df25
			g = (g ^ binary.LittleEndian.Uint64(b[8:])) * 0x9fb21c651e98df25
			h ^= h >> 29
			g ^= g >> 29
		}
		h ^= g<<32 | g>>32
	}
	for len(b) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(b)) * 0x9fb21c651e98df25
		h ^= h >> 29
		b = b[8:]
	}
	var tail uint64
	for i, x := range b {
		tail |= uint64(x) << (8 * i)
	}
	h = (h ^ tail ^ uint64(len(b))<<60) * 0x9fb21c651e98df25
	return h ^ h>>32
}
