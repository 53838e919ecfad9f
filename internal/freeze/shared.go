package freeze

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"unsafe"
)

// sharing looks for values that lie within each other: after a copy they would be two. Slices of one array are let pass, because
// most are only read; a program that writes through one and reads through the other is not for freezing. A nil sharing looks for
// nothing.
type sharing struct{ all []stretch }

// stretch is the memory of one value, or of a slice's array.
type stretch struct {
	from, to uintptr
	t        reflect.Type
}

func (s *sharing) note(at unsafe.Pointer, size uintptr, t reflect.Type) {
	if s != nil && size > 0 {
		s.all = append(s.all, stretch{uintptr(at), uintptr(at) + size, t})
	}
}

// check fails on the first two that overlap.
func (s *sharing) check() error {
	if s == nil {
		return nil
	}
	slices.SortFunc(s.all, func(a, b stretch) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var a *stretch
	for i := range s.all {
		b := &s.all[i]
		if a != nil && b.from < a.to && (a.t.Kind() != reflect.Slice || b.t.Kind() != reflect.Slice) {
			return fmt.Errorf("%w: a %v and a %v share memory, and a copy would tear them apart", ErrCannot, a.t, b.t)
		}
		if a == nil || b.to > a.to {
			a = b
		}
	}
	return nil
}
