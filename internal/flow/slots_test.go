package flow

import (
	"testing"

	"candor/internal/record"
)

// TestWheelListsAgain: a connection whose due time came nearer and then moved away is due once, in its last second; what is not due moves on.
func TestWheelListsAgain(t *testing.T) {
	w := &wheel{}
	x := newIndex()
	w.start(0)
	e := x.add(1)
	c := x.at(e)
	c.born = 1
	for _, due := range []record.Time{60, 10, 30, 30, 200} { // listed at 60 and 10; the others are later than 10
		c.due = due * second
		w.arm(e, c)
	}
	for range 2 * wheelSlots {
		w.tick++
		w.gather(&x)
		switch due := len(w.due); {
		case w.tick == 200 && due != 1:
			t.Fatalf("second %d: %d connections due, want 1", w.tick, due)
		case w.tick != 200 && due != 0:
			t.Fatalf("second %d: %d connections due, want none", w.tick, due)
		}
	}
}

// TestWheelOrder: what is due in one second comes in the order of due times, then of creation, also where due times lie outside of the second.
func TestWheelOrder(t *testing.T) {
	w := &wheel{tick: 1000}
	for i, due := range []record.Time{1000 * second, 999*second + 5, 999*second + 5, 3, 5000 * second, 2, 4000 * second, 999*second + 1, 3} {
		w.due = append(w.due, dueEntry{due, uint64(100 - i), uint32(i)})
	}
	w.sort()
	for i := 1; i < len(w.due); i++ {
		if w.due[i-1].compare(w.due[i]) >= 0 {
			t.Errorf("%v stands before %v", w.due[i-1], w.due[i])
		}
	}
	if len(w.due) != 9 {
		t.Errorf("%d connections due, want 9", len(w.due))
	}
}

// TestSlotsUseBlocksAgain: lists of many blocks give back everything, and their blocks serve the next lists.
func TestSlotsUseBlocksAgain(t *testing.T) {
	const entries = 1000
	var s slots
	blocks := 0
	for round := range 5 {
		for e := range uint32(entries) {
			s.add(7, e)
		}
		seen := map[uint32]bool{}
		for list := s.take(7); list != 0; list = s.release(list) {
			b := s.block(list)
			for _, e := range b.entries[:b.n] {
				seen[e] = true
			}
		}
		if len(seen) != entries {
			t.Errorf("round %d: %d of %d entries", round, len(seen), entries)
		}
		if round == 0 {
			blocks = len(s.blocks)
		} else if len(s.blocks) != blocks {
			t.Errorf("round %d: %d blocks, before %d", round, len(s.blocks), blocks)
		}
	}
}
