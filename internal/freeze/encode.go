package freeze

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"io"
	"net/netip"
	"reflect"
	"unsafe"
)

// encoder writes a graph: the root, then what pointers point to, in the order in which they were met.
type encoder struct {
	w      io.Writer
	buf    []byte
	set    *plans
	ids    map[place]uint64
	queue  []object
	texts  map[string]uint64
	named  map[reflect.Type]bool // types of interfaces whose layout was told
	shared *sharing              // nil: nobody asked
	err    error
}

func (e *encoder) cannot(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("%w: %s", ErrCannot, fmt.Sprintf(format, args...))
	}
}

func (e *encoder) flush() {
	if e.err == nil {
		if _, err := e.w.Write(e.buf); err != nil {
			e.err = fmt.Errorf("write snapshot: %w", err)
		}
	}
	e.buf = e.buf[:0]
}

func (e *encoder) bytes(b []byte) {
	e.buf = append(e.buf, b...)
	if len(e.buf) > 1<<16 {
		e.flush()
	}
}

func (e *encoder) number(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }

// text writes a text once, and its number when it comes again.
func (e *encoder) text(s string) {
	if s == "" {
		e.number(0)
		return
	}
	if id, known := e.texts[s]; known {
		e.number(id)
		return
	}
	id := uint64(len(e.texts)) + 1
	e.texts[s] = id
	e.number(id)
	e.number(uint64(len(s)))
	e.bytes(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// pointer writes 0 for nil, the numbers after it for what both sides have, and those after them for what is written.
func (e *encoder) pointer(p unsafe.Pointer, elem *plan) {
	if p == nil {
		e.number(0)
		return
	}
	at := place{p, elem.t}
	if i, ok := e.set.extern[at]; ok {
		e.number(1 + i)
		return
	}
	id, known := e.ids[at]
	if !known {
		id = uint64(len(e.ids))
		e.ids[at] = id
		e.queue = append(e.queue, object{p, elem})
	}
	e.number(1 + uint64(len(e.set.externs)) + id)
	if len(e.buf) > 1<<16 {
		e.flush()
	}
}

// encodeInterface writes the name of the type held, the layout of it where it comes first, and the value.
func (p *plan) encodeInterface(e *encoder, at unsafe.Pointer) {
	held := reflect.NewAt(p.t, at).Elem().Elem()
	if !held.IsValid() {
		e.number(0)
		return
	}
	t := held.Type()
	e.text(t.String())
	holds := p.set.of(t)
	if !e.named[t] {
		e.named[t] = true
		sum := p.set.layout(holds)
		e.bytes(sum[:])
	}
	value := reflect.New(t)
	value.Elem().Set(held)
	holds.encode(e, value.UnsafePointer())
}

// The first byte of an address.
const (
	addrNone = iota
	addr4
	addr6
	addrZone
)

func encodeAddr(e *encoder, at unsafe.Pointer) {
	a := *(*netip.Addr)(at)
	switch {
	case !a.IsValid():
		e.buf = append(e.buf, addrNone)
	case a.Is4():
		b := a.As4()
		e.buf = append(append(e.buf, addr4), b[:]...)
	case a.Zone() == "":
		b := a.As16()
		e.buf = append(append(e.buf, addr6), b[:]...)
	default:
		b := a.As16()
		e.buf = append(append(e.buf, addrZone), b[:]...)
		e.text(a.Zone())
	}
}

// seedProbe tells whether a seed hashes here as it did where it was saved: it does so in one process only.
const seedProbe = "a seed is good in one process"

// encodeSeed writes a seed. Another process refuses it.
func encodeSeed(e *encoder, at unsafe.Pointer) {
	seed := *(*maphash.Seed)(at)
	if seed == (maphash.Seed{}) {
		e.buf = append(e.buf, 0)
		return
	}
	e.buf = append(e.buf, 1)
	e.bytes(unsafe.Slice((*byte)(at), unsafe.Sizeof(seed)))
	e.buf = binary.LittleEndian.AppendUint64(e.buf, maphash.String(seed, seedProbe))
}
