package freeze

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
)

// fingerprint is of the program, of what the graph rests on and of the layout of every type that can be told from the root's.
func (s *plans) fingerprint(root *plan, identity string) [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %s %d %q %v\n", runtime.Version(), runtime.GOARCH, build(), len(s.externs), identity, s.leave)
	for _, x := range s.externs {
		fmt.Fprintf(h, "extern %v %v\n", x.Type(), x.IsNil())
	}
	sum := s.layout(root)
	h.Write(sum[:])
	return [sha256.Size]byte(h.Sum(nil))
}

// build names the program's source as far as it knows it.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	out := info.Main.Path + " " + info.Main.Version
	for _, x := range info.Settings {
		if slices.Contains([]string{"vcs.revision", "vcs.modified", "-tags"}, x.Key) {
			out += " " + x.Key + "=" + x.Value
		}
	}
	return out
}

// layout is a hash of how a type and all that it leads to lie in memory.
func (s *plans) layout(p *plan) [sha256.Size]byte {
	h := sha256.New()
	describe(h, p.t, map[reflect.Type]int{}, s)
	return [sha256.Size]byte(h.Sum(nil))
}

func describe(h hash.Hash, t reflect.Type, seen map[reflect.Type]int, s *plans) {
	if n, known := seen[t]; known {
		fmt.Fprintf(h, "#%d\n", n)
		return
	}
	seen[t] = len(seen)
	fmt.Fprintf(h, "%s %s %v %d %d\n", t.PkgPath(), t, t.Kind(), t.Size(), t.Align())
	if slices.Contains(s.leave, t.String()) || t.PkgPath() == "sync" || t.PkgPath() == "sync/atomic" {
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			fmt.Fprintf(h, "%s %d %q\n", f.Name, f.Offset, f.Tag.Get("freeze"))
			if f.Tag.Get("freeze") != "-" {
				describe(h, f.Type, seen, s)
			}
		}
	case reflect.Array:
		fmt.Fprintf(h, "%d\n", t.Len())
		describe(h, t.Elem(), seen, s)
	case reflect.Slice, reflect.Pointer:
		describe(h, t.Elem(), seen, s)
	case reflect.Map:
		describe(h, t.Key(), seen, s)
		describe(h, t.Elem(), seen, s)
	default:
	}
}
