package capture

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTee(t *testing.T) {
	var file bytes.Buffer
	faces := []Interface{{Name: "eth0", Link: 1}, {Name: strings.Repeat("x", 300), Link: 101}}
	tee, err := NewTee(&file, faces)
	if err != nil {
		t.Fatal(err)
	}
	frames := []Frame{
		{Time: 1, Link: 1, Data: []byte("abcd"), Wire: 4},
		{Time: 1763000000123456789, Link: 101, Interface: 1, Data: []byte("abcde"), Wire: 1500},
		{Time: 1763000000123456788, Link: 1, Data: bytes.Repeat([]byte{7}, MaxFrame), Wire: MaxFrame},
		{Time: 1763000000123456790, Link: 1, Data: nil, Wire: 9},
	}
	for i := range frames {
		if err := tee.Frame(&frames[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := tee.Frame(&Frame{Link: 1, Interface: 2}); err == nil {
		t.Error("a frame of an unknown interface was taken")
	}
	if err := tee.Finish([]Drops{{Received: 10, Dropped: 2, OSDropped: 3}, {Received: 1}}); err != nil {
		t.Fatal(err)
	}
	f, err := NewReader("tee", &file, int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range frames {
		var got Frame
		if err := f.Next(&got); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if string(got.Data) != string(want.Data) || got.Time != want.Time || got.Wire != want.Wire || got.Link != want.Link || got.Interface != want.Interface {
			t.Errorf("frame %d: %d bytes at %d of interface %d, wire %d", i, len(got.Data), got.Time, got.Interface, got.Wire)
		}
	}
	if err := f.Next(&Frame{}); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	st := f.Status()
	want := []Interface{
		{Link: 1, Name: "eth0", Snaplen: MaxFrame, Packets: 3, Drops: Drops{Known: true, Received: 10, Dropped: 2, OSDropped: 3}},
		{Link: 101, Name: strings.Repeat("x", 255), Snaplen: MaxFrame, Packets: 1, Drops: Drops{Known: true, Received: 1}},
	}
	if diff := cmp.Diff(want, st.Interfaces); diff != "" || st.Damage != nil || !st.DropsKnown {
		t.Errorf("%+v\n%s", st, diff)
	}
}

// full takes some bytes and then no more.
type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(b []byte) (int, error) {
	n := min(len(b), f.left)
	f.left -= n
	if n < len(b) {
		return n, errFull
	}
	return n, nil
}

func TestTeeFull(t *testing.T) {
	tee, err := NewTee(&full{left: 1000}, []Interface{{Link: 1}})
	if err != nil {
		t.Fatal(err)
	}
	frame := Frame{Link: 1, Data: make([]byte, 2000)}
	for range 200 {
		err = tee.Frame(&frame)
	}
	if !errors.Is(err, errFull) || !errors.Is(tee.Flush(), errFull) || !errors.Is(tee.Finish(nil), errFull) {
		t.Errorf("%v", err)
	}
}
