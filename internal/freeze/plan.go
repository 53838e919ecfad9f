package freeze

import (
	"fmt"
	"hash/maphash"
	"net/netip"
	"reflect"
	"slices"
	"unsafe"
)

// plan is how values of one type are written and read.
type plan struct {
	set    *plans
	t      reflect.Type
	encode func(e *encoder, p unsafe.Pointer)
	decode func(d *decoder, p unsafe.Pointer)
	plain  bool      // no more than its bytes
	bools  []uintptr // of a plain type: where its truth values are
	held   bool      // holds interfaces, functions or what is left alone: the target's own values matter
}

// plans are the plans of all types of a graph.
type plans struct {
	by      map[reflect.Type]*plan
	leave   []string
	left    map[string]bool // of leave, those that were met
	extern  map[place]uint64
	externs []reflect.Value
	types   map[string]reflect.Type
}

func newPlans(o *Options) *plans {
	return &plans{
		by: map[reflect.Type]*plan{}, leave: o.Leave, left: map[string]bool{}, extern: map[place]uint64{}, types: map[string]reflect.Type{},
	}
}

// of is the plan of a type. It may still be in the making when a type holds itself: only its functions may be used later.
func (s *plans) of(t reflect.Type) *plan {
	if p := s.by[t]; p != nil {
		return p
	}
	p := &plan{set: s, t: t}
	s.by[t] = p
	switch {
	case slices.Contains(s.leave, t.String()):
		s.left[t.String()] = true
		p.leaveAlone()
	case t.PkgPath() == "sync" || t.PkgPath() == "sync/atomic":
		p.leaveAlone()
	case t == reflect.TypeFor[netip.Addr]():
		p.encode, p.decode = encodeAddr, decodeAddr
	case t == reflect.TypeFor[maphash.Seed]():
		p.encode, p.decode = encodeSeed, decodeSeed
	case t.PkgPath() == "unique" || t.PkgPath() == "time" && t.Name() == "Location" || t.PkgPath() == "reflect":
		p.refuse()
	default:
		p.byKind()
	}
	return p
}

func (p *plan) byKind() {
	t := p.t
	switch t.Kind() {
	case reflect.Bool:
		p.raw([]uintptr{0})
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		p.raw(nil)
	case reflect.String:
		p.encode = func(e *encoder, at unsafe.Pointer) { e.text(*(*string)(at)) }
		p.decode = func(d *decoder, at unsafe.Pointer) { *(*string)(at) = d.text() }
	case reflect.Struct:
		p.structure()
	case reflect.Array:
		p.array()
	case reflect.Slice:
		p.slice()
	case reflect.Map:
		p.mapping()
	case reflect.Pointer:
		p.pointer()
	case reflect.Interface:
		p.held = true
		p.encode, p.decode = p.encodeInterface, p.decodeInterface
	case reflect.Func, reflect.Chan:
		p.function()
	default:
		p.refuse()
	}
}

// raw is a type that is no more than its bytes.
func (p *plan) raw(bools []uintptr) {
	size := p.t.Size()
	p.plain, p.bools = true, bools
	p.encode = func(e *encoder, at unsafe.Pointer) { e.bytes(unsafe.Slice((*byte)(at), size)) }
	p.decode = func(d *decoder, at unsafe.Pointer) {
		b := unsafe.Slice((*byte)(at), size)
		d.full(b)
		for _, i := range bools {
			b[i] &= 1 // another value than true or false is none
		}
	}
}

func (p *plan) leaveAlone() {
	p.held = true
	p.encode = func(*encoder, unsafe.Pointer) {}
	p.decode = func(*decoder, unsafe.Pointer) {}
}

func (p *plan) refuse() {
	p.encode = func(e *encoder, _ unsafe.Pointer) { e.cannot("a value of type %v", p.t) }
	p.decode = func(d *decoder, _ unsafe.Pointer) { d.damaged("a value of type " + p.t.String()) }
}

// function is left as the target has it, and the target must have one where there was one.
func (p *plan) function() {
	p.held = true
	p.encode = func(e *encoder, at unsafe.Pointer) {
		e.buf = append(e.buf, truth(*(*unsafe.Pointer)(at) != nil))
	}
	p.decode = func(d *decoder, at unsafe.Pointer) {
		if d.byte() != 0 && *(*unsafe.Pointer)(at) == nil {
			d.fail(fmt.Errorf("%w: the target has no %v where there was one", ErrCannot, p.t))
		}
	}
}

func truth(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// part is a stretch of a structure: a field, or several plain ones together.
type part struct {
	at   uintptr
	size uintptr // of plain ones
	plan *plan   // nil: plain
}

func (p *plan) structure() {
	var parts []part
	var bools []uintptr
	plain := true
	for i := range p.t.NumField() {
		f := p.t.Field(i)
		if f.Tag.Get("freeze") == "-" {
			p.held, plain = true, false
			continue
		}
		fp := p.set.of(f.Type)
		p.held = p.held || fp.held
		if !fp.plain {
			plain = false
			parts = append(parts, part{at: f.Offset, plan: fp})
			continue
		}
		for _, b := range fp.bools {
			bools = append(bools, f.Offset+b)
		}
		if n := len(parts); n > 0 && parts[n-1].plan == nil && (i == 0 || p.t.Field(i-1).Tag.Get("freeze") != "-") {
			parts[n-1].size = f.Offset + f.Type.Size() - parts[n-1].at
			continue
		}
		parts = append(parts, part{at: f.Offset, size: f.Type.Size()})
	}
	if plain {
		p.raw(bools)
		return
	}
	p.encode = func(e *encoder, at unsafe.Pointer) {
		for i := range parts {
			if x := &parts[i]; x.plan != nil {
				x.plan.encode(e, unsafe.Add(at, x.at))
			} else {
				e.bytes(unsafe.Slice((*byte)(unsafe.Add(at, x.at)), x.size))
			}
		}
	}
	p.decode = func(d *decoder, at unsafe.Pointer) {
		for i := range parts {
			if x := &parts[i]; x.plan != nil {
				x.plan.decode(d, unsafe.Add(at, x.at))
			} else {
				d.full(unsafe.Slice((*byte)(unsafe.Add(at, x.at)), x.size))
			}
		}
		for _, b := range bools {
			*(*byte)(unsafe.Add(at, b)) &= 1
		}
	}
}

func (p *plan) array() {
	elem, n, size := p.set.of(p.t.Elem()), p.t.Len(), p.t.Elem().Size()
	p.held = elem.held
	if elem.plain {
		var bools []uintptr
		for i := range uintptr(n) {
			for _, b := range elem.bools {
				bools = append(bools, i*size+b)
			}
		}
		p.raw(bools)
		return
	}
	p.encode = func(e *encoder, at unsafe.Pointer) {
		for i := range n {
			elem.encode(e, unsafe.Add(at, uintptr(i)*size))
		}
	}
	p.decode = func(d *decoder, at unsafe.Pointer) {
		for i := 0; i < n && d.err == nil; i++ {
			elem.decode(d, unsafe.Add(at, uintptr(i)*size))
		}
	}
}

// header is a slice in memory.
type header struct {
	at       unsafe.Pointer
	len, cap int
}

func (p *plan) slice() {
	elem, size := p.set.of(p.t.Elem()), p.t.Elem().Size()
	p.held = elem.held
	p.encode = func(e *encoder, at unsafe.Pointer) {
		h := (*header)(at)
		if h.at == nil {
			e.number(0)
			return
		}
		e.number(uint64(h.len) + 1)
		e.shared.note(h.at, uintptr(h.cap)*size, p.t)
		if elem.plain {
			e.bytes(unsafe.Slice((*byte)(h.at), uintptr(h.len)*size))
			return
		}
		for i := range h.len {
			if e.err != nil {
				return
			}
			elem.encode(e, unsafe.Add(h.at, uintptr(i)*size))
		}
	}
	p.decode = func(d *decoder, at unsafe.Pointer) { p.decodeSlice(d, elem, at) }
}

func (p *plan) pointer() {
	elem := p.set.of(p.t.Elem()) // of a type that holds itself it is still in the making
	p.held = elem.held
	p.encode = func(e *encoder, at unsafe.Pointer) { e.pointer(*(*unsafe.Pointer)(at), elem) }
	p.decode = func(d *decoder, at unsafe.Pointer) {
		*(*unsafe.Pointer)(at) = d.pointer(*(*unsafe.Pointer)(at), elem)
	}
}

func (p *plan) mapping() {
	key, value := p.set.of(p.t.Key()), p.set.of(p.t.Elem())
	if holdsInterface(p.t.Key()) {
		p.refuse()
		return
	}
	p.encode = func(e *encoder, at unsafe.Pointer) {
		m := reflect.NewAt(p.t, at).Elem()
		if m.IsNil() {
			e.number(0)
			return
		}
		e.number(uint64(m.Len()) + 1)
		k, v := reflect.New(p.t.Key()), reflect.New(p.t.Elem())
		for it := m.MapRange(); it.Next() && e.err == nil; {
			k.Elem().SetIterKey(it)
			v.Elem().SetIterValue(it)
			key.encode(e, k.UnsafePointer())
			value.encode(e, v.UnsafePointer())
		}
	}
	p.decode = func(d *decoder, at unsafe.Pointer) { p.decodeMap(d, key, value, at) }
}

// holdsInterface reports whether hashing a key could fail.
func holdsInterface(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Array:
		return holdsInterface(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsInterface(t.Field(i).Type) && t != reflect.TypeFor[netip.Addr]() {
				return true
			}
		}
	default:
	}
	return false
}
