package freeze

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"reflect"
	"unsafe"

	"github.com/klauspost/compress/zstd"
)

// ErrOther says that a stream was written by another build, or for something else: it is of no use here, and nothing was changed.
var ErrOther = errors.New("snapshot of another build or of something else")

// ErrDamaged says that a stream is cut off or broken: the target is then half filled and must be thrown away.
var ErrDamaged = errors.New("snapshot is damaged")

// ErrCannot says that the graph holds something that cannot be written, or that the target lacks what it must have.
var ErrCannot = errors.New("cannot be frozen")

// Options say what a graph rests on. Both directions need the same.
type Options struct {
	// Identity names what the graph was made from and does not hold: a snapshot with another one is refused.
	Identity string
	// Extern are pointers to what both sides have, in the same order: a pointer to one of them is written as its number.
	Extern []any
	// Types are values of types that an interface may hold where the target's holds nothing of that type.
	Types []any
	// Leave names types (as reflect prints them) whose values are left as the target has them.
	Leave []string
	// Memory bounds what Restore may make, in bytes; 0: 8 GiB.
	Memory int64
	// Strict makes Save fail when two values share memory in a way that a copy would tear apart: a pointer into another value
	// or into a slice. It takes time; tests should ask for it.
	Strict bool
}

const (
	magic         = "candor-freeze/1\n"
	defaultMemory = 8 << 30
	endMark       = 0x5a
)

// Save writes what root points to.
func Save(w io.Writer, root any, o Options) error {
	at, plan, err := rootOf(root, &o)
	if err != nil {
		return err
	}
	sum := plan.set.fingerprint(plan, o.Identity)
	if _, err := w.Write(append([]byte(magic), sum[:]...)); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
	if err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	if err := save(z, at, plan, &o); err != nil {
		_ = z.Close()
		return err
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// Restore reads into what root points to, which was made the same way as what was saved and not used since. After any error but
// ErrOther the target is half filled: throw it away.
func Restore(r io.Reader, root any, o Options) error {
	at, plan, err := rootOf(root, &o)
	if err != nil {
		return err
	}
	sum := plan.set.fingerprint(plan, o.Identity)
	head := make([]byte, len(magic)+sha256.Size)
	if _, err := io.ReadFull(r, head); err != nil {
		return fmt.Errorf("%w: it ends within its head (%w)", ErrDamaged, err)
	}
	if !bytes.Equal(head, append([]byte(magic), sum[:]...)) {
		return fmt.Errorf("%w: make it anew by folding the blocks again", ErrOther)
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20), zstd.WithDecoderLowmem(true))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer z.Close()
	return restore(z, at, plan, &o)
}

// rootOf is where the graph begins and how its type is walked.
func rootOf(root any, o *Options) (unsafe.Pointer, *plan, error) {
	v := reflect.ValueOf(root)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, nil, fmt.Errorf("%w: %T is no pointer to a value", ErrCannot, root)
	}
	set := newPlans(o)
	for i, x := range o.Extern {
		p := reflect.ValueOf(x)
		if p.Kind() != reflect.Pointer {
			return nil, nil, fmt.Errorf("%w: extern %d is a %T and no pointer", ErrCannot, i, x)
		}
		if !p.IsNil() {
			set.extern[place{p.UnsafePointer(), p.Type().Elem()}] = uint64(i)
		}
		set.externs = append(set.externs, p)
	}
	for _, x := range o.Types {
		t := reflect.TypeOf(x)
		set.types[t.String()] = t
	}
	return v.UnsafePointer(), set.of(v.Type().Elem()), nil
}

func save(w io.Writer, at unsafe.Pointer, p *plan, o *Options) error {
	e := &encoder{w: w, set: p.set, ids: map[place]uint64{}, texts: map[string]uint64{}, named: map[reflect.Type]bool{}}
	if o.Strict {
		e.shared = &sharing{}
	}
	e.ids[place{at, p.t}] = 0
	e.queue = append(e.queue, object{at, p})
	for i := 0; i < len(e.queue) && e.err == nil; i++ {
		x := e.queue[i]
		e.queue[i] = object{}
		e.shared.note(x.at, x.plan.t.Size(), x.plan.t)
		x.plan.encode(e, x.at)
	}
	e.buf = append(e.buf, endMark)
	e.flush()
	if e.err != nil {
		return e.err
	}
	return e.shared.check()
}

func restore(r io.Reader, at unsafe.Pointer, p *plan, o *Options) error {
	d := &decoder{r: bufio.NewReaderSize(r, 1<<16), set: p.set, room: o.Memory, texts: []string{""}, claimed: map[unsafe.Pointer]bool{at: true}, named: map[string]reflect.Type{}}
	if d.room == 0 {
		d.room = defaultMemory
	}
	d.objects = append(d.objects, object{at, p})
	for i := 0; i < len(d.objects) && d.err == nil; i++ {
		d.objects[i].plan.decode(d, d.objects[i].at)
	}
	if d.err == nil && d.byte() != endMark {
		d.damaged("no end where it should be")
	}
	if d.err == nil {
		if _, err := d.r.ReadByte(); !errors.Is(err, io.EOF) { // the checksum is read with the end
			d.damaged("more than there should be")
		}
	}
	return d.err
}

// place is a value in memory. Two values of different types may begin at one place.
type place struct {
	at unsafe.Pointer
	t  reflect.Type
}

// object is a value that a pointer points to.
type object struct {
	at   unsafe.Pointer
	plan *plan
}
