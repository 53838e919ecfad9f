package intel

import "hash/maphash"

// index is a hash table from keys to references: open addressing, no pointers, no deletion, equal keys in the order in which
// they came. A slot is 16 bits of the hash and a reference of 48 bits that is never 0. Its seed is random, so that no list can
// choose keys that collide; results do not depend on it.
type index struct {
	seed  maphash.Seed
	slots []uint64
	mask  uint64
}

const (
	refBits = 48
	refMask = 1<<refBits - 1
	// spread keeps equal texts of different kinds apart
	spread = 0x9e3779b97f4a7c15
)

// newIndex has room for n references at half load.
func newIndex(n int) index {
	size := 16
	for size < 2*n {
		size *= 2
	}
	return index{seed: maphash.MakeSeed(), slots: make([]uint64, size), mask: uint64(size - 1)}
}

func (x *index) hash(kind Kind, key string) uint64 {
	return maphash.String(x.seed, key) + uint64(kind)*spread
}

func (x *index) hashBytes(kind Kind, key []byte) uint64 {
	return maphash.Bytes(x.seed, key) + uint64(kind)*spread
}

func (x *index) put(h, ref uint64) {
	i := h & x.mask
	for x.slots[i] != 0 {
		i = (i + 1) & x.mask
	}
	x.slots[i] = h>>refBits<<refBits | ref
}

// first is the first reference with this hash and where it lies; 0 when there is none. The caller compares the keys.
func (x *index) first(h uint64) (at, ref uint64) { return x.from(h, h&x.mask) }

// next is the reference after the one that lies at.
func (x *index) next(h, at uint64) (uint64, uint64) { return x.from(h, (at+1)&x.mask) }

func (x *index) from(h, i uint64) (at, ref uint64) {
	for {
		s := x.slots[i]
		if s == 0 {
			return i, 0
		}
		if s>>refBits == h>>refBits {
			return i, s & refMask
		}
		i = (i + 1) & x.mask
	}
}
