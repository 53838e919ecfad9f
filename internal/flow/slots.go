package flow

// slots lists the connections of each slot of the wheel: entry numbers in blocks that are used again.
type slots struct {
	heads  [wheelSlots]uint32 // block + 1, 0 for none
	blocks []*block
	free   uint32 // block + 1: a list
}

// block is a part of a slot's list.
type block struct {
	next    uint32 // block + 1, 0 ends the list
	n       uint32
	entries [126]uint32
}

func (s *slots) block(number uint32) *block { return s.blocks[number-1] }

// add puts an entry on a slot's list.
func (s *slots) add(slot int, e uint32) {
	head := &s.heads[slot]
	if *head == 0 || int(s.block(*head).n) == len(block{}.entries) {
		number := s.free
		if number == 0 {
			s.blocks = append(s.blocks, new(block))
			number = uint32(len(s.blocks))
		}
		b := s.block(number)
		s.free = b.next
		b.next, b.n = *head, 0
		*head = number
	}
	b := s.block(*head)
	b.entries[b.n] = e
	b.n++
}

// take empties a slot and gives its first block; the others follow by release.
func (s *slots) take(slot int) (first uint32) {
	first, s.heads[slot] = s.heads[slot], 0
	return first
}

// release gives a block back and says which one follows.
func (s *slots) release(number uint32) (next uint32) {
	b := s.block(number)
	next, b.next = b.next, s.free
	s.free = number
	return next
}
