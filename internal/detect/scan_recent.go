package detect

import (
	"encoding/binary"
	"math"
	"math/bits"
	"net/netip"
)

// recent keeps what was used last, in two halves that take turns: bounded, and the last half at least is known.
type recent[K comparable, V any] struct {
	young, old map[K]*V
	half       int
	drop       func(old map[K]*V) // told of what is let go of
}

// newRecent makes one for at most most values.
func newRecent[K comparable, V any](most int, drop func(map[K]*V)) recent[K, V] {
	return recent[K, V]{young: map[K]*V{}, half: max(most/2, 1), drop: drop}
}

// get finds a value, nil when there is none.
func (r *recent[K, V]) get(k K) *V {
	if v := r.young[k]; v != nil {
		return v
	}
	v := r.old[k]
	if v != nil {
		delete(r.old, k)
		r.put(k, v)
	}
	return v
}

func (r *recent[K, V]) put(k K, v *V) {
	if len(r.young) >= r.half {
		old := r.old
		r.old, r.young = r.young, make(map[K]*V, 1024)
		if len(old) > 0 {
			r.drop(old)
		}
	}
	r.young[k] = v
}

// each calls f for all values, in no order.
func (r *recent[K, V]) each(f func(K, *V)) {
	for k, v := range r.young {
		f(k, v)
	}
	for k, v := range r.old {
		f(k, v)
	}
}

// hostKey is who opened a connection, as a key of maps: the id where one is known, else the address.
type hostKey struct {
	host string
	addr netip.Addr
}

func hostKeyOf(e *Event) hostKey {
	if e.Host != "" {
		return hostKey{host: string(e.Host)}
	}
	return hostKey{addr: e.Orig}
}

// kept is the same, with a copy of the id.
func (m hostKey) kept() hostKey {
	return hostKey{host: string(append([]byte(nil), m.host...)), addr: m.addr}
}

func (m hostKey) String() string {
	if m.host != "" {
		return m.host
	}
	return m.addr.String()
}

// addrHash spreads an address over 64 bits, the same in every run: what is counted with it must not depend on chance. Who
// makes addresses collide makes himself look smaller only where estimates begin.
func addrHash(a netip.Addr) uint64 {
	raw := a.As16()
	return mix(binary.LittleEndian.Uint64(raw[:8])*0x9e3779b97f4a7c15 ^ binary.LittleEndian.Uint64(raw[8:]))
}

func textHash(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return mix(h)
}

func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}

// distinct counts different things: exactly to 48, then by linear counting in 4,096 bits, near enough to about 15,000 and "at
// least" beyond.
type distinct struct {
	few  []uint32
	many *[64]uint64
	set  int
}

const distinctFew = 48

func (d *distinct) add(hash uint64) {
	h := uint32(hash) ^ uint32(hash>>32)
	if d.many == nil {
		for _, x := range d.few {
			if x == h {
				return
			}
		}
		if len(d.few) < distinctFew {
			d.few = append(d.few, h)
			return
		}
		d.many = &[64]uint64{}
		for _, x := range d.few {
			d.mark(x)
		}
		d.few = nil
	}
	d.mark(h)
}

func (d *distinct) mark(h uint32) {
	bit := h * 0x9e3779b1 >> 20
	if mask := uint64(1) << (bit & 63); d.many[bit>>6]&mask == 0 {
		d.many[bit>>6] |= mask
		d.set++
	}
}

func (d *distinct) count() int {
	if d.many == nil {
		return len(d.few)
	}
	return counted(d.set, 4096)
}

// counted is how many different things most likely set so many of all bits.
func counted(set, all int) int {
	free := float64(max(all-set, 1))
	return max(int(math.Round(-float64(all)*math.Log(free/float64(all)))), set)
}

// onesOf counts the bits set.
func onesOf(words []uint64) (n int) {
	for _, w := range words {
		n += bits.OnesCount64(w)
	}
	return n
}

// services remembers what answered anybody, in a table of fixed size that forgets by chance of the hash.
type services struct{ slots []uint32 }

const serviceSlots = 1 << 17

func newServices() services { return services{make([]uint32, serviceSlots)} }

// serviceHash names a service; h is the hash of its address.
func serviceHash(e *Event, h uint64) uint64 {
	port := e.RespPort
	if isICMP(e.Proto) {
		port = 0
	}
	return mix(h + uint64(port)<<8 + uint64(e.Proto))
}

func (s *services) add(h uint64) {
	bucket, print := s.place(h)
	free := bucket[h>>60&3:]
	for i := range bucket {
		if bucket[i] == print {
			return
		}
		if bucket[i] == 0 {
			free = bucket[i:]
			break
		}
	}
	free[0] = print
}

func (s *services) has(h uint64) bool {
	bucket, print := s.place(h)
	return bucket[0] == print || bucket[1] == print || bucket[2] == print || bucket[3] == print
}

func (s *services) place(h uint64) (bucket []uint32, print uint32) {
	at := int(h>>32) & (serviceSlots - 1) &^ 3
	return s.slots[at : at+4 : at+4], uint32(h) | 1
}

func isICMP(proto uint8) bool { return proto == 1 || proto == 58 }
