package sight

// table is an open-addressing set of bounded size whose entries live in one slice, so that a minute can be forgotten
// without giving memory back. K must be small and comparable.
type table[K comparable, V any] struct {
	slots   []uint32 // entry index + 1; 0 is free
	keys    []K
	entries []V
	hash    func(K) uint64
	limit   int
	lost    uint64 // sightings that no longer fitted
	beyond  func(K)
}

func newTable[K comparable, V any](limit int, hash func(K) uint64) *table[K, V] {
	return &table[K, V]{slots: make([]uint32, 256), hash: hash, limit: limit}
}

// at gives the entry of a key, making it when there is room; nil when there is none. fresh says that it was made now.
// The pointer is valid until the next call.
func (t *table[K, V]) at(k K) (v *V, fresh bool) { return t.hashed(k, t.hash(k)) }

// hashed is at for a caller who knows the key's hash.
func (t *table[K, V]) hashed(k K, hash uint64) (v *V, fresh bool) {
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for ; t.slots[i] != 0; i = (i + 1) & mask {
		if e := t.slots[i] - 1; t.keys[e] == k {
			return &t.entries[e], false
		}
	}
	if len(t.keys) >= t.limit {
		t.lost++
		if t.beyond != nil {
			t.beyond(k)
		}
		return nil, false
	}
	t.keys = append(t.keys, k)
	var zero V
	t.entries = append(t.entries, zero)
	t.slots[i] = uint32(len(t.keys))
	if 2*len(t.keys) > len(t.slots) {
		t.grow()
	}
	return &t.entries[len(t.entries)-1], true
}

// find gives the entry of a key or nil.
func (t *table[K, V]) find(k K) *V {
	mask := uint64(len(t.slots) - 1)
	for i := t.hash(k) & mask; t.slots[i] != 0; i = (i + 1) & mask {
		if e := t.slots[i] - 1; t.keys[e] == k {
			return &t.entries[e]
		}
	}
	return nil
}

func (t *table[K, V]) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for e, k := range t.keys {
		i := t.hash(k) & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(e + 1)
	}
}

func (t *table[K, V]) reset() {
	if len(t.keys) == 0 {
		t.lost = 0
		return
	}
	clear(t.slots)
	clear(t.entries) // entries may hold slices
	t.keys, t.entries, t.lost = t.keys[:0], t.entries[:0], 0
}
