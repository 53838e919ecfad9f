package ring

import (
	"bytes"
	"encoding/binary"
	"testing"

	"candor/internal/capture"
)

// fake is a frame as the kernel lays it into a block.
type fake struct {
	time   int64
	data   []byte
	wire   uint32
	status uint32
	tci    uint32
	tpid   uint16
}

// fakeBlock lays frames into a block of that size.
func fakeBlock(size int, frames ...fake) []byte {
	order := binary.NativeEndian
	mem := make([]byte, size)
	order.PutUint32(mem[blockStatus:], 1)
	order.PutUint32(mem[blockPackets:], uint32(len(frames)))
	order.PutUint32(mem[blockFirst:], blockHeader)
	at := blockHeader
	for i, f := range frames {
		const mac = 98
		h := mem[at:]
		order.PutUint32(h[frameSec:], uint32(f.time/1e9))
		order.PutUint32(h[frameNsec:], uint32(f.time%1e9))
		order.PutUint32(h[frameSnaplen:], uint32(len(f.data)))
		order.PutUint32(h[frameLen:], f.wire)
		order.PutUint32(h[frameStatus:], 1|f.status)
		order.PutUint16(h[frameMAC:], mac)
		order.PutUint32(h[frameTCI:], f.tci)
		order.PutUint16(h[frameTPID:], f.tpid)
		copy(h[mac:], f.data)
		next := (mac + len(f.data) + 15) &^ 15
		if i < len(frames)-1 {
			order.PutUint32(h[frameNext:], uint32(next))
		}
		at += next
	}
	return mem
}

var addresses = []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}

func TestWalk(t *testing.T) {
	plain := append(bytes.Clone(addresses), 8, 0, 'x')
	inner := append(bytes.Clone(addresses), 0x81, 0, 0, 20, 8, 0, 'y')
	mem := fakeBlock(4096,
		fake{time: 5e9 + 7, data: plain, wire: 15},
		fake{time: 6e9, data: plain, wire: 1500, status: statusUnfinished},
		fake{time: 6e9, data: inner, wire: 19, status: statusVLAN | statusTPID, tci: 0x600a, tpid: 0x88a8},
		fake{time: 7e9, data: plain, wire: 15, status: statusVLAN},      // priority only, no TPID: an old kernel
		fake{time: 8e9, data: plain[:11], wire: 11, status: statusVLAN}, // too short for a tag
		fake{time: 8e9, data: nil, wire: 0},
	)
	type got struct {
		time int64
		data string
		wire uint32
		seen seen
	}
	tag := func(b []byte, tag ...byte) string { return string(b[:12]) + string(tag) + string(b[12:]) }
	want := []got{
		{5e9 + 7, string(plain), 15, seen{}},
		{6e9, string(plain), 1500, seen{unfinished: true}},
		{6e9, tag(inner, 0x88, 0xa8, 0x60, 0x0a), 23, seen{tagged: true}},
		{7e9, tag(plain, 0x81, 0, 0, 0), 19, seen{tagged: true}},
		{8e9, string(plain[:11]), 11, seen{}},
		{8e9, "", 0, seen{}},
	}
	var w walker
	w.begin(mem)
	for i, x := range want {
		var f capture.Frame
		s, err := w.next(&f, true)
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if g := (got{f.Time, string(f.Data), f.Wire, s}); g != x {
			t.Errorf("frame %d: %+v, want %+v", i, g, x)
		}
	}
	if w.left != 0 {
		t.Errorf("%d frames are left", w.left)
	}
}

// TestWalkRaw has an interface without Ethernet headers: there is no place for a tag.
func TestWalkRaw(t *testing.T) {
	var w walker
	w.begin(fakeBlock(4096, fake{time: 1, data: bytes.Repeat([]byte{0x45}, 40), wire: 40, status: statusVLAN, tci: 5}))
	var f capture.Frame
	if s, err := w.next(&f, false); err != nil || s.tagged || len(f.Data) != 40 {
		t.Errorf("%+v %v, %d bytes", s, err, len(f.Data))
	}
}

func TestWalkDamaged(t *testing.T) {
	order := binary.NativeEndian
	frame := fake{time: 1, data: make([]byte, 60), wire: 60}
	for name, spoil := range map[string]func([]byte){
		"the first frame lies in the header": func(b []byte) { order.PutUint32(b[blockFirst:], 4) },
		"the first frame lies outside":       func(b []byte) { order.PutUint32(b[blockFirst:], 1<<31) },
		"a frame is longer than the block":   func(b []byte) { order.PutUint32(b[blockHeader+frameSnaplen:], 5000) },
		"its length wraps":                   func(b []byte) { order.PutUint32(b[blockHeader+frameSnaplen:], 1<<32-1) },
		"its data begin in its header":       func(b []byte) { order.PutUint16(b[blockHeader+frameMAC:], 3) },
	} {
		mem := fakeBlock(4096, frame, frame)
		spoil(mem)
		var w walker
		w.begin(mem)
		var f capture.Frame
		if _, err := w.next(&f, true); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	mem := fakeBlock(4096, frame, frame)
	order.PutUint32(mem[blockHeader+frameNext:], 0)
	var w walker
	w.begin(mem)
	var f capture.Frame
	if _, err := w.next(&f, true); err == nil || w.left != 1 || len(f.Data) != 60 {
		t.Errorf("a frame without a successor: %v, %d left, %d bytes", err, w.left, len(f.Data))
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(fakeBlock(512, fake{time: 1, data: make([]byte, 60), wire: 60, status: statusVLAN}, fake{data: make([]byte, 9)}))
	f.Fuzz(func(t *testing.T, mem []byte) {
		if len(mem) < blockHeader {
			return
		}
		var w walker
		w.begin(mem)
		for range 1000 {
			if w.left == 0 {
				return
			}
			var frame capture.Frame
			if _, err := w.next(&frame, true); err != nil {
				return
			}
			if len(frame.Data) > len(mem) {
				t.Fatalf("%d bytes of a block of %d", len(frame.Data), len(mem))
			}
		}
	})
}
