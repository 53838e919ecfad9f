package sight

// entry is the number of an entry in its table, counted from 1; 0 is none. It holds until the table is reset, unlike pointers.
type entry uint32

// table is an open-addressing set of bounded size whose entries live in one slice, so that a minute can be forgotten
// without giving memory back. K must be small and comparable.
type table[K comparable, V any] struct {
	slots   []entry // 0 is free
	entries []cell[K, V]
	hash    func(K) uint64
	limit   int
	lost    uint64 // sightings that no longer fitted
	beyond  func(K)
}

// cell keeps a key beside its value, so that who found the one has the other in the processor's cache.
type cell[K comparable, V any] struct {
	key   K
	value V
}

func newTable[K comparable, V any](limit int, hash func(K) uint64) *table[K, V] {
	return &table[K, V]{slots: make([]entry, 256), hash: hash, limit: limit}
}

// at gives the entry of a key, making it when there is room; nil when there is none. fresh says that it was made now.
// The pointer is valid until the next call.
func (t *table[K, V]) at(k K) (v *V, fresh bool) { return t.hashed(k, t.hash(k)) }

// hashed is at for a caller who knows the key's hash.
func (t *table[K, V]) hashed(k K, hash uint64) (v *V, fresh bool) {
	e, fresh := t.number(k, hash)
	if e == 0 {
		return nil, false
	}
	return &t.entries[e-1].value, fresh
}

// of gives an entry by its number, which must not be 0.
func (t *table[K, V]) of(e entry) *V { return &t.entries[e-1].value }

// number is hashed for a caller who keeps the entry.
func (t *table[K, V]) number(k K, hash uint64) (e entry, fresh bool) {
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for ; t.slots[i] != 0; i = (i + 1) & mask {
		if e := t.slots[i]; t.entries[e-1].key == k {
			return e, false
		}
	}
	if len(t.entries) >= t.limit {
		t.lost++
		if t.beyond != nil {
			t.beyond(k)
		}
		return 0, false
	}
	t.entries = append(t.entries, cell[K, V]{key: k})
	e = entry(len(t.entries))
	t.slots[i] = e
	if 2*len(t.entries) > len(t.slots) {
		t.grow()
	}
	return e, true
}

// find gives the entry of a key or nil.
func (t *table[K, V]) find(k K) *V {
	mask := uint64(len(t.slots) - 1)
	for i := t.hash(k) & mask; t.slots[i] != 0; i = (i + 1) & mask {
		if e := &t.entries[t.slots[i]-1]; e.key == k {
			return &e.value
		}
	}
	return nil
}

func (t *table[K, V]) grow() {
	t.slots = make([]entry, 2*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for e := range t.entries {
		i := t.hash(t.entries[e].key) & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = entry(e + 1)
	}
}

func (t *table[K, V]) reset() {
	if len(t.entries) == 0 {
		t.lost = 0
		return
	}
	clear(t.slots)
	clear(t.entries) // entries may hold slices
	t.entries, t.lost = t.entries[:0], 0
}
