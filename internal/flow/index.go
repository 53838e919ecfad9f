package flow

// The table itself: open addressing with linear probing. A slot is a 32-bit tag (the hash) and a 32-bit entry number + 1; a slot's home follows
// from its tag alone, so growing and deleting never touch the entries. Entries live in chunks that never move.

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
	minSlots  = 1 << 12
)

type slot uint64 // tag in the high half, entry + 1 in the low half; 0 is free

type index struct {
	slots  []slot
	shift  uint // home of a tag is tag >> shift
	used   int
	chunks []*[chunkSize]conn
	free   []uint32 // entries given back
	fresh  uint32   // entries handed out so far
}

func newIndex() index {
	return index{slots: make([]slot, minSlots), shift: 32 - 12}
}

// at gives an entry by number.
func (x *index) at(i uint32) *conn { return &x.chunks[i>>chunkBits][i&(chunkSize-1)] }

// find looks a key up.
func (x *index) find(k *key, tag uint32) (uint32, bool) {
	mask := uint32(len(x.slots) - 1)
	for i := tag >> x.shift; ; i = (i + 1) & mask {
		s := x.slots[i]
		if s == 0 {
			return 0, false
		}
		if uint32(s>>32) == tag {
			if e := uint32(s) - 1; x.at(e).is(k) {
				return e, true
			}
		}
	}
}

// add makes an entry for a key that is not there.
func (x *index) add(tag uint32) uint32 {
	if x.used*2 >= len(x.slots) && len(x.slots) < 1<<31 {
		x.grow()
	}
	e := x.entry()
	x.put(slot(tag)<<32 | slot(e+1))
	x.used++
	return e
}

func (x *index) put(s slot) {
	mask := uint32(len(x.slots) - 1)
	i := uint32(s>>32) >> x.shift
	for x.slots[i] != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = s
}

func (x *index) entry() uint32 {
	if n := len(x.free); n > 0 {
		e := x.free[n-1]
		x.free = x.free[:n-1]
		return e
	}
	e := x.fresh
	if e&(chunkSize-1) == 0 {
		x.chunks = append(x.chunks, new([chunkSize]conn))
	}
	x.fresh++
	return e
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]slot, 2*len(old))
	x.shift--
	for _, s := range old {
		if s != 0 {
			x.put(s)
		}
	}
}

// remove takes an entry out of the table and gives it back. Slots behind it move up, so that no probe ends early.
func (x *index) remove(e, tag uint32) {
	mask := uint32(len(x.slots) - 1)
	want := slot(tag)<<32 | slot(e+1)
	i := tag >> x.shift
	for x.slots[i] != want {
		if x.slots[i] == 0 {
			return // not there: cannot happen for an entry in use
		}
		i = (i + 1) & mask
	}
	for j := (i + 1) & mask; x.slots[j] != 0; j = (j + 1) & mask {
		home := uint32(x.slots[j]>>32) >> x.shift
		if (j-home)&mask >= (j-i)&mask {
			x.slots[i] = x.slots[j]
			i = j
		}
	}
	x.slots[i] = 0
	x.used--
	x.free = append(x.free, e)
}
