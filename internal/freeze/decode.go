package freeze

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"io"
	"net/netip"
	"reflect"
	"unsafe"
)

// decoder reads a graph. Every byte may be hostile: what is made is bounded by what was read and by room.
type decoder struct {
	r       *bufio.Reader
	set     *plans
	objects []object
	texts   []string
	named   map[string]reflect.Type
	claimed map[unsafe.Pointer]bool // values of the target that became objects
	room    int64
	depth   int
	err     error
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *decoder) damaged(why string) { d.fail(fmt.Errorf("%w: %s", ErrDamaged, why)) }

// full fills b; with zeros after an error.
func (d *decoder) full(b []byte) {
	if d.err != nil {
		clear(b)
		return
	}
	if _, err := io.ReadFull(d.r, b); err != nil {
		clear(b)
		d.damaged(err.Error())
	}
}

func (d *decoder) byte() byte {
	if d.err != nil {
		return 0
	}
	b, err := d.r.ReadByte()
	if err != nil {
		d.damaged(err.Error())
	}
	return b
}

func (d *decoder) number() uint64 {
	if d.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(d.r)
	if err != nil {
		d.damaged(err.Error())
		return 0
	}
	return n
}

// take asks for memory before it is made.
func (d *decoder) take(n uint64, size uintptr) bool {
	if d.err != nil {
		return false
	}
	if size == 0 {
		size = 1
	}
	if d.room < 0 || n > uint64(d.room)/uint64(size) {
		d.damaged(fmt.Sprintf("it asks for more than the %d bytes that are left to it", d.room))
		return false
	}
	d.room -= int64(n * uint64(size))
	return true
}

// How many bytes are made before they are known to be there.
const (
	step   = 1 << 16 // of a text
	atOnce = 1 << 24 // of a slice
)

func (d *decoder) text() string {
	id := d.number()
	if id < uint64(len(d.texts)) {
		return d.texts[id]
	}
	if id != uint64(len(d.texts)) {
		d.damaged("a text that was not told")
		return ""
	}
	n := d.number()
	if !d.take(n, 1) {
		return ""
	}
	b := make([]byte, min(n, step))
	d.full(b)
	for uint64(len(b)) < n && d.err == nil {
		more := make([]byte, min(n-uint64(len(b)), uint64(len(b))))
		d.full(more)
		b = append(b, more...)
	}
	s := unsafe.String(unsafe.SliceData(b), len(b))
	d.texts = append(d.texts, s)
	return s
}

// pointer gives the value that a number stands for. A new one takes the target's place where it has one.
func (d *decoder) pointer(target unsafe.Pointer, elem *plan) unsafe.Pointer {
	n := d.number()
	if n == 0 || d.err != nil {
		return nil
	}
	n--
	if n < uint64(len(d.set.externs)) {
		x := d.set.externs[n]
		if x.Type().Elem() != elem.t || x.IsNil() {
			d.damaged("a pointer to something of another type")
			return nil
		}
		return x.UnsafePointer()
	}
	n -= uint64(len(d.set.externs))
	switch {
	case n < uint64(len(d.objects)):
		if d.objects[n].plan != elem {
			d.damaged("a pointer to a value of another type")
			return nil
		}
		return d.objects[n].at
	case n > uint64(len(d.objects)):
		d.damaged("a pointer to a value that does not come")
		return nil
	}
	_, given := d.set.extern[place{target, elem.t}]
	if target == nil || given || d.claimed[target] || !elem.held {
		if !d.take(1, elem.t.Size()+unsafe.Sizeof(object{})) {
			return nil
		}
		target = reflect.New(elem.t).UnsafePointer()
	} else {
		d.claimed[target] = true
	}
	d.objects = append(d.objects, object{target, elem})
	return target
}

// maxDepth bounds values within values that no pointer parts.
const maxDepth = 1000

func (d *decoder) deeper() bool {
	if d.depth++; d.depth > maxDepth {
		d.damaged("values within values without end")
	}
	return d.err == nil
}

func (p *plan) decodeSlice(d *decoder, elem *plan, at unsafe.Pointer) {
	n := d.number()
	h := (*header)(at)
	if n == 0 || d.err != nil {
		*h = header{}
		return
	}
	n--
	defer func() { d.depth-- }()
	if !d.deeper() {
		return
	}
	size := elem.t.Size()
	if elem.held && h.at != nil && uint64(h.len) == n { // the target's own values matter
		for i := 0; i < h.len && d.err == nil; i++ {
			elem.decode(d, unsafe.Add(h.at, uintptr(i)*size))
		}
		return
	}
	if !d.take(n, size) {
		return
	}
	s := reflect.New(p.t).Elem()
	for made := uint64(0); made < n && d.err == nil; made = uint64(s.Len()) {
		more := n
		if n*uint64(size) > atOnce {
			more = min(n-made, max(made, atOnce/uint64(size)))
		}
		s.Grow(int(more))
		s.SetLen(int(made + more))
		base := unsafe.Add(s.UnsafePointer(), uintptr(made)*size)
		if elem.plain {
			elem.decodePlain(d, base, more)
			continue
		}
		for i := uintptr(0); i < uintptr(more) && d.err == nil; i++ {
			elem.decode(d, unsafe.Add(base, i*size))
		}
	}
	if n == 0 {
		s.Set(reflect.MakeSlice(p.t, 0, 0))
	}
	*h = header{s.UnsafePointer(), s.Len(), s.Cap()}
}

// decodePlain reads several plain values that lie side by side.
func (p *plan) decodePlain(d *decoder, at unsafe.Pointer, n uint64) {
	size := p.t.Size()
	d.full(unsafe.Slice((*byte)(at), uintptr(n)*size))
	for i := range uintptr(n) {
		for _, b := range p.bools {
			*(*byte)(unsafe.Add(at, i*size+b)) &= 1
		}
	}
}

func (p *plan) decodeMap(d *decoder, key, value *plan, at unsafe.Pointer) {
	n := d.number()
	m := reflect.NewAt(p.t, at).Elem()
	if n == 0 || d.err != nil {
		m.SetZero()
		return
	}
	n--
	defer func() { d.depth-- }()
	if !d.deeper() || !d.take(n, p.t.Key().Size()+p.t.Elem().Size()+8) {
		return
	}
	made := reflect.MakeMapWithSize(p.t, int(min(n, 1<<20)))
	k, v := reflect.New(p.t.Key()), reflect.New(p.t.Elem())
	for i := uint64(0); i < n && d.err == nil; i++ {
		k.Elem().SetZero()
		v.Elem().SetZero()
		key.decode(d, k.UnsafePointer())
		value.decode(d, v.UnsafePointer())
		made.SetMapIndex(k.Elem(), v.Elem())
	}
	m.Set(made)
}

func (p *plan) decodeInterface(d *decoder, at unsafe.Pointer) {
	name := d.text()
	box := reflect.NewAt(p.t, at).Elem()
	if name == "" || d.err != nil {
		box.SetZero()
		return
	}
	defer func() { d.depth-- }()
	if !d.deeper() {
		return
	}
	t := d.typeOf(name, box)
	if t == nil || !t.AssignableTo(p.t) {
		d.fail(fmt.Errorf("%w: an interface holds a %s, which neither the target nor the caller names", ErrOther, name))
		return
	}
	holds := p.set.of(t)
	if known := d.named[name]; known == nil {
		sum := p.set.layout(holds)
		got := make([]byte, len(sum))
		if d.full(got); d.err == nil && !bytes.Equal(got, sum[:]) {
			d.fail(fmt.Errorf("%w: %s looks different", ErrOther, name))
			return
		}
		d.named[name] = t
	} else if known != t {
		d.damaged("two types of one name")
		return
	}
	if !d.take(1, t.Size()) {
		return
	}
	value := reflect.New(t)
	if held := box.Elem(); held.IsValid() && held.Type() == t {
		value.Elem().Set(held)
	}
	holds.decode(d, value.UnsafePointer())
	box.Set(value.Elem())
}

// typeOf finds the type of a name: the one that the target holds, or one that the caller named.
func (d *decoder) typeOf(name string, box reflect.Value) reflect.Type {
	if held := box.Elem(); held.IsValid() && held.Type().String() == name {
		return held.Type()
	}
	return d.set.types[name]
}

func decodeAddr(d *decoder, at unsafe.Pointer) {
	var a netip.Addr
	switch kind := d.byte(); kind {
	case addrNone:
	case addr4:
		var b [4]byte
		d.full(b[:])
		a = netip.AddrFrom4(b)
	case addr6, addrZone:
		var b [16]byte
		d.full(b[:])
		if a = netip.AddrFrom16(b); kind == addrZone {
			a = a.WithZone(d.text())
		}
	default:
		d.damaged("no address")
	}
	if d.err == nil {
		*(*netip.Addr)(at) = a
	}
}

func decodeSeed(d *decoder, at unsafe.Pointer) {
	var seed maphash.Seed
	if d.byte() != 0 {
		d.full(unsafe.Slice((*byte)(unsafe.Pointer(&seed)), unsafe.Sizeof(seed)))
		var probe [8]byte
		d.full(probe[:])
		if d.err == nil && seed == (maphash.Seed{}) {
			d.damaged("a seed of nothing")
		}
		if d.err == nil && maphash.String(seed, seedProbe) != binary.LittleEndian.Uint64(probe[:]) {
			d.fail(fmt.Errorf("%w: what was hashed in another process cannot be found here", ErrOther))
		}
	}
	if d.err == nil {
		*(*maphash.Seed)(at) = seed
	}
}
