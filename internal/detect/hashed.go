package detect

import "math/bits"

// hashed finds values by 62 bits of a hash, with one look into memory where a map of the language takes several: a table with open
// addressing, in the order of hashes, in which what does not fit goes to the next free place. Each value has a mark: those of two halves
// that take turns, and those that stay. Hashes are seeded: nobody outside this process can aim at a place, nor make two meet.
type hashed[V any] struct {
	slots []slot[V]
	n     [4]int // values by mark
	young mark   // which half is the younger one
}

// slot is a hash, with a mark in its lowest two bits, and its value.
type slot[V any] struct {
	hash  uint64
	value V
}

// mark says what a slot holds.
type mark uint64

const (
	markNone mark = iota
	markHalf
	markOther // the other half
	markStays
)

const leastSlots = 64

func newHashed[V any]() hashed[V] {
	return hashed[V]{slots: make([]slot[V], leastSlots), young: markHalf}
}

func (s *slot[V]) mark() mark { return mark(s.hash & 3) }

// at is the place of a hash, or the free one where it would go.
func (t *hashed[V]) at(hash uint64) int {
	for i := t.home(hash); ; i = t.after(i) {
		if s := &t.slots[i]; s.hash == 0 || (s.hash^hash)>>2 == 0 {
			return i
		}
	}
}

// home is where a hash belongs: as far into the table as into all hashes.
func (t *hashed[V]) home(hash uint64) int {
	at, _ := bits.Mul64(hash, uint64(len(t.slots)))
	return int(at)
}

func (t *hashed[V]) after(i int) int {
	if i++; i < len(t.slots) {
		return i
	}
	return 0
}

// steps is how far it is from one place to another, around the end.
func (t *hashed[V]) steps(from, to int) int {
	if to -= from; to >= 0 {
		return to
	}
	return to + len(t.slots)
}

// fetch reads the place of a hash before it is needed, and gives a number that means nothing.
func (t *hashed[V]) fetch(hash uint64) uint64 { return t.slots[t.home(hash)].hash }

// find gives the value of a hash and its mark.
func (t *hashed[V]) find(hash uint64) (mark, V) {
	s := &t.slots[t.at(hash)]
	return s.mark(), s.value
}

// put keeps a value of a hash, in the place of what was known.
func (t *hashed[V]) put(hash uint64, m mark, value V) {
	s := &t.slots[t.at(hash)]
	if s.hash == 0 && 4*(t.len()+1) > 3*len(t.slots) {
		t.resize(len(t.slots)+len(t.slots)/2, markNone)
		s = &t.slots[t.at(hash)]
	}
	if s.hash != 0 {
		t.n[s.mark()]--
	}
	t.n[m]++
	*s = slot[V]{hash&^3 | uint64(m), value}
}

// len counts the values.
func (t *hashed[V]) len() int { return t.halves() + t.n[markStays] }

// halves counts the values of both halves.
func (t *hashed[V]) halves() int { return t.n[markHalf] + t.n[markOther] }

// remove forgets a hash, and moves up what follows it.
func (t *hashed[V]) remove(hash uint64) {
	free := t.at(hash)
	if t.slots[free].hash == 0 {
		return
	}
	t.n[t.slots[free].mark()]--
	for i := t.after(free); t.slots[i].hash != 0; i = t.after(i) {
		if t.steps(t.home(t.slots[i].hash), i) >= t.steps(free, i) {
			t.slots[free] = t.slots[i]
			free = i
		}
	}
	t.slots[free] = slot[V]{}
}

// turn makes the younger half the older one, and gives how many of the older half were let go of.
func (t *hashed[V]) turn() (dropped int) {
	old := markHalf + markOther - t.young
	dropped = t.n[old]
	if dropped > 0 {
		t.resize(max(leastSlots, 2*(t.len()-dropped)), old)
	}
	t.young = old
	return dropped
}

// resize moves all but one mark to a table of another size.
func (t *hashed[V]) resize(size int, without mark) {
	old := t.slots
	t.slots = make([]slot[V], size)
	for i := range old {
		if s := &old[i]; s.hash != 0 && s.mark() != without {
			t.slots[t.at(s.hash)] = *s
		}
	}
	t.n[without] = 0
}
