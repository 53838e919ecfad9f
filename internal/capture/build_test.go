package capture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"candor/internal/capture"
)

// A build makes the bytes of a capture file, valid or not. It remembers where
// each record starts.
type build struct {
	bytes.Buffer
	order  binary.AppendByteOrder
	starts []int
	frames []int // those of starts that hold a frame
}

func little() *build { return &build{order: binary.LittleEndian} }
func big() *build    { return &build{order: binary.BigEndian} }

func (b *build) u16(values ...uint16) *build {
	for _, v := range values {
		b.Write(b.order.AppendUint16(nil, v))
	}
	return b
}

func (b *build) u32(values ...uint32) *build {
	for _, v := range values {
		b.Write(b.order.AppendUint32(nil, v))
	}
	return b
}

func (b *build) u64(v uint64) *build {
	b.Write(b.order.AppendUint64(nil, v))
	return b
}

func (b *build) mark(frame bool) *build {
	b.starts = append(b.starts, b.Len())
	if frame {
		b.frames = append(b.frames, b.Len())
	}
	return b
}

// append adds another file's bytes, as cat does.
func (b *build) append(other *build) *build {
	for _, start := range other.starts {
		b.starts = append(b.starts, b.Len()+start)
	}
	for _, start := range other.frames {
		b.frames = append(b.frames, b.Len()+start)
	}
	return b.text(other.String())
}

const (
	micro = 0xa1b2c3d4
	nano  = 0xa1b23c4d
)

// pcap writes the file's header.
func (b *build) pcap(magic, snaplen, link uint32) *build {
	return b.u32(magic).u16(2, 4).u32(0, 0, snaplen, link)
}

// record writes one pcap record with a true original length.
func (b *build) record(seconds, fraction uint32, data string) *build {
	return b.mark(true).u32(seconds, fraction, uint32(len(data)), uint32(len(data))).text(data)
}

func (b *build) text(s string) *build {
	b.WriteString(s)
	return b
}

// block writes a pcapng block around a body that is padded.
func (b *build) block(kind uint32, body func(*build)) *build {
	inside := &build{order: b.order}
	body(inside)
	for inside.Len()%4 != 0 {
		inside.WriteByte(0)
	}
	length := uint32(inside.Len() + 12)
	b.mark(kind == 6 || kind == 2 || kind == 3).u32(kind, length)
	b.Write(inside.Bytes())
	return b.u32(length)
}

func (b *build) section() *build {
	return b.block(0x0a0d0d0a, func(b *build) { b.u32(0x1a2b3c4d).u16(1, 0).u64(^uint64(0)) })
}

type option struct {
	code  uint16
	value string
}

func (b *build) options(options []option) {
	if len(options) == 0 {
		return
	}
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
	for _, o := range options {
		b.u16(o.code, uint16(len(o.value))).text(o.value)
		for b.Len()%4 != 0 {
			b.WriteByte(0)
		}
	}
	b.u16(0, 0)
}

// number is an option's value of 64 bits.
func (b *build) number(v uint64) string { return string(b.order.AppendUint64(nil, v)) }

func (b *build) iface(link uint16, snaplen uint32, options ...option) *build {
	return b.block(1, func(b *build) { b.u16(link, 0).u32(snaplen).options(options) })
}

func (b *build) enhanced(id uint32, stamp uint64, data string, options ...option) *build {
	return b.block(6, func(b *build) {
		b.u32(id, uint32(stamp>>32), uint32(stamp), uint32(len(data)), uint32(len(data))).text(data).options(options)
	})
}

func (b *build) obsolete(id, drops uint16, stamp uint64, data string) *build {
	return b.block(2, func(b *build) {
		b.u16(id, drops).u32(uint32(stamp>>32), uint32(stamp), uint32(len(data)), uint32(len(data))).text(data)
	})
}

func (b *build) simple(wire uint32, data string) *build {
	return b.block(3, func(b *build) { b.u32(wire).text(data) })
}

func (b *build) statistics(id uint32, options ...option) *build {
	return b.block(5, func(b *build) { b.u32(id, 0, 0).options(options) })
}

// read gives all frames of a capture, with data of their own.
func read(t testing.TB, content []byte) ([]capture.Frame, capture.Status) {
	t.Helper()
	f, err := capture.NewReader("test", bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatalf("NewReader: %v", err)
	}
	return drain(t, f), f.Status()
}

func drain(t testing.TB, from interface {
	Next(*capture.Frame) error
},
) []capture.Frame {
	t.Helper()
	var frames []capture.Frame
	var frame capture.Frame
	for {
		err := from.Next(&frame)
		if err == io.EOF {
			if again := from.Next(&frame); again != io.EOF {
				t.Fatalf("after io.EOF Next gives %v", again)
			}
			return frames
		}
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		kept := frame
		kept.Data = bytes.Clone(frame.Data)
		frames = append(frames, kept)
	}
}

func openBytes(content []byte) (*capture.File, error) {
	return capture.Open(context.Background(), "-", bytes.NewReader(content))
}

func mustRefuse(t *testing.T, content []byte) {
	t.Helper()
	if _, err := openBytes(content); !errors.Is(err, capture.ErrNotCapture) {
		t.Errorf("error is %v, want ErrNotCapture", err)
	}
}
