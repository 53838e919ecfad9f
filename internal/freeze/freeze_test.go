package freeze

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// node is a graph with what graphs have: circles, shared values, interfaces, maps of pointers.
type node struct {
	name  string
	n     int
	ok    bool
	small struct {
		a byte
		b bool
		c int64
	}
	next  *node
	many  []*node
	by    map[string]*node
	pairs map[[2]*node]float64
	addr  netip.Addr
	net   netip.Prefix
	empty []int
	words []string
	raw   []uint16
	any   thing
	deep  [3]map[int8][]string
	seed  maphash.Seed
}

type thing interface{ what() string }

type stone struct{ weight float64 }

func (s *stone) what() string { return fmt.Sprint("stone ", s.weight) }

type label string

func (l label) what() string { return "label " + string(l) }

func someOptions() Options {
	return Options{Types: []any{&stone{}, label("")}, Strict: true, Memory: 64 << 20}
}

// drawNodes draws a graph.
func drawNodes(t *rapid.T) *node {
	all := make([]*node, rapid.IntRange(1, 12).Draw(t, "nodes"))
	for i := range all {
		all[i] = &node{}
	}
	pick := func() *node {
		if rapid.IntRange(0, 4).Draw(t, "none") == 0 {
			return nil
		}
		return rapid.SampledFrom(all).Draw(t, "node")
	}
	text := rapid.SampledFrom([]string{"", "a", "b", strings.Repeat("long", 40)})
	seed := maphash.MakeSeed()
	for _, x := range all {
		x.name, x.n, x.ok = text.Draw(t, "name"), rapid.Int().Draw(t, "n"), rapid.Bool().Draw(t, "ok")
		x.small.a, x.small.b, x.small.c = 7, x.ok, int64(-x.n)
		x.next = pick()
		for range rapid.IntRange(0, 3).Draw(t, "many") {
			x.many = append(x.many, pick())
		}
		if rapid.Bool().Draw(t, "maps") {
			x.by, x.pairs = map[string]*node{text.Draw(t, "key"): pick()}, map[[2]*node]float64{{pick(), pick()}: 0.5}
			x.deep[1] = map[int8][]string{-3: {text.Draw(t, "deep")}, 4: nil}
			x.empty = []int{}
			x.seed = seed
		}
		x.addr = rapid.SampledFrom([]netip.Addr{
			{}, netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("::ffff:192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("fe80::1%eth0"),
		}).Draw(t, "addr")
		if x.addr.IsValid() {
			x.net, _ = x.addr.WithZone("").Prefix(24)
		}
		x.words = rapid.SliceOf(text).Draw(t, "words")
		x.raw = rapid.SliceOf(rapid.Uint16()).Draw(t, "raw")
		switch rapid.IntRange(0, 2).Draw(t, "any") {
		case 1:
			x.any = &stone{float64(x.n)}
		case 2:
			x.any = label(x.name)
		}
	}
	return all[0]
}

// TestGraphs: any graph comes back as it was, circles and shared values included.
func TestGraphs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := drawNodes(r)
		var b bytes.Buffer
		if err := Save(&b, want, someOptions()); err != nil {
			r.Fatal(err)
		}
		got := &node{}
		if err := Restore(&b, got, someOptions()); err != nil {
			r.Fatal(err)
		}
		if w, g := shape(want), shape(got); w != g { // it takes away the maps by pointers, which are never equal
			r.Fatalf("shared values: want %s, got %s", w, g)
		}
		if !reflect.DeepEqual(want, got) {
			r.Fatalf("want %+v\ngot  %+v", want, got)
		}
	})
}

// shape numbers the nodes of a graph in the order in which they are met, so that two that are the same and two that look the same differ.
func shape(root *node) string {
	ids := map[*node]int{}
	var out strings.Builder
	var walk func(n *node)
	walk = func(n *node) {
		id, known := ids[n]
		if !known {
			id = len(ids)
			ids[n] = id
		}
		fmt.Fprint(&out, id, " ")
		if n == nil || known {
			return
		}
		walk(n.next)
		for _, m := range n.many {
			walk(m)
		}
		for _, m := range n.by {
			walk(m)
		}
		for k, v := range n.pairs {
			fmt.Fprint(&out, v, " ")
			walk(k[0])
			walk(k[1])
		}
		n.pairs = nil
	}
	walk(root)
	return out.String()
}

// machine is a value with what cannot be written.
type machine struct {
	lock    sync.Mutex
	report  func() string
	skipped int `freeze:"-"`
	rest    *terms
	part    *int
	parts   []thing
	scratch *scratch
	inner   *machine
	count   int
}

type terms struct{ number int }

type scratch struct{ c chan int }

// TestTarget: what cannot be written is left as the target has it, and what both sides have is the target's own.
func TestTarget(t *testing.T) {
	made := func(name string, n int) (*machine, Options) {
		rest := &terms{n}
		m := &machine{
			report: func() string { return name }, skipped: n, rest: rest, part: &rest.number, parts: []thing{&stone{1}}, scratch: &scratch{},
			inner: &machine{report: func() string { return name + " inside" }},
		}
		return m, Options{Extern: []any{rest, &rest.number}, Leave: []string{"*freeze.scratch"}, Strict: true}
	}
	from, o := made("from", 1)
	from.count, from.inner.count = 5, 6
	from.parts[0].(*stone).weight = 9
	from.lock.Lock()
	from.scratch.c = make(chan int)
	var b bytes.Buffer
	if err := Save(&b, from, o); err != nil {
		t.Fatal(err)
	}
	to, o := made("to", 2)
	stoneBefore, scratchBefore, innerBefore := to.parts[0], to.scratch, to.inner
	if err := Restore(bytes.NewReader(b.Bytes()), to, o); err != nil {
		t.Fatal(err)
	}
	switch {
	case to.count != 5 || to.inner.count != 6 || to.parts[0].what() != "stone 9":
		t.Errorf("not restored: %+v", to)
	case to.report() != "to" || to.inner.report() != "to inside" || to.skipped != 2 || to.scratch != scratchBefore || to.scratch.c != nil || !to.lock.TryLock() || to.inner != innerBefore:
		t.Errorf("not left alone: %+v", to)
	case to.rest.number != 2 || to.part != &to.rest.number || stoneBefore == nil:
		t.Errorf("not the target's own: %+v", to)
	}
	bare := &machine{rest: to.rest, scratch: &scratch{}}
	if err := Restore(bytes.NewReader(b.Bytes()), bare, o); !errors.Is(err, ErrCannot) {
		t.Errorf("a target without functions: %v", err)
	}
}

// TestRefused: what was written otherwise, for something else or broken is refused, and by ErrOther nothing was changed.
func TestRefused(t *testing.T) {
	type one struct {
		A int
		B string
	}
	type other struct {
		B string
		A int
	}
	var b bytes.Buffer
	if err := Save(&b, &one{1, "x"}, Options{Identity: "i"}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		root any
		o    Options
		want error
	}{
		"another identity": {&one{}, Options{Identity: "j"}, ErrOther},
		"another type":     {&other{}, Options{Identity: "i"}, ErrOther},
		"more extern":      {&one{}, Options{Identity: "i", Extern: []any{&terms{}}}, ErrOther},
		"more left":        {&one{}, Options{Identity: "i", Leave: []string{"x"}}, ErrOther},
		"no pointer":       {one{}, Options{Identity: "i"}, ErrCannot},
	} {
		if err := Restore(bytes.NewReader(b.Bytes()), c.root, c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if got, ok := c.root.(*one); ok && *got != (one{}) {
			t.Errorf("%s: refused, and filled", name)
		}
	}
	for i := range b.Len() {
		broken := bytes.Clone(b.Bytes())
		broken[i] ^= 0x10
		got := one{}
		err := Restore(bytes.NewReader(broken), &got, Options{Identity: "i"})
		if !errors.Is(err, ErrOther) && !errors.Is(err, ErrDamaged) && (err != nil || got != one{1, "x"}) {
			t.Errorf("byte %d broken: %v, %+v", i, err, got)
		}
		err = Restore(bytes.NewReader(b.Bytes()[:i]), &one{}, Options{Identity: "i"})
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("cut off after %d: %v", i, err)
		}
	}
	for name, root := range map[string]any{
		"a place in another value": func() any {
			x := &terms{}
			return &struct {
				A *terms
				B *int
			}{x, &x.number}
		}(),
		"an unnamed location": &struct{ V reflect.Value }{reflect.ValueOf(1)},
	} {
		if err := Save(io.Discard, root, Options{Strict: true}); !errors.Is(err, ErrCannot) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLong: circles and lists of any length need no more stack.
func TestLong(t *testing.T) {
	first := &node{}
	for x, i := first, 0; i < 300_000; i++ {
		x.next = &node{n: i}
		x = x.next
	}
	var b bytes.Buffer
	if err := Save(&b, first, Options{}); err != nil {
		t.Fatal(err)
	}
	got := &node{}
	if err := Restore(&b, got, Options{}); err != nil {
		t.Fatal(err)
	}
	n := 0
	for x := got; x.next != nil; x = x.next {
		if x.next.n != n {
			t.Fatal("out of order")
		}
		n++
	}
	if n != 300_000 {
		t.Errorf("%d came back", n)
	}
}

// FuzzRestore: whatever comes, it ends, within the memory that was allowed.
func FuzzRestore(f *testing.F) {
	o := someOptions()
	var plain bytes.Buffer
	root := &node{name: "a", by: map[string]*node{"x": {}}, any: &stone{2}, words: []string{"a", "b"}, many: []*node{nil}}
	root.next = root
	at, p, err := rootOf(root, &o)
	if err != nil {
		f.Fatal(err)
	}
	if err := save(&plain, at, p, &o); err != nil {
		f.Fatal(err)
	}
	f.Add(plain.Bytes())
	f.Add([]byte{1, 200, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := &node{}
		at, p, err := rootOf(got, &o)
		if err != nil {
			t.Fatal(err)
		}
		if err := restore(bytes.NewReader(raw), at, p, &o); err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrOther) && !errors.Is(err, ErrCannot) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		if err := Save(io.Discard, got, Options{Types: o.Types}); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
