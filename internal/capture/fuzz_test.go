package capture_test

import (
	"bytes"
	"strings"
	"testing"

	"candor/internal/capture"
)

// check reads a hostile file to its end and holds what always must be true.
func check(t *testing.T, content []byte) {
	f, err := capture.NewReader("x", bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return
	}
	compressed := f.Status().Compression != ""
	if compressed {
		return // how long this takes is the decompressor's matter
	}
	var frame capture.Frame
	var packets, total uint64
	for f.Next(&frame) == nil {
		packets++
		total += uint64(len(frame.Data))
		if frame.Time < 0 || len(frame.Data) > capture.MaxFrame || frame.File != 0 {
			t.Fatalf("frame %+v", frame)
		}
		if i := f.Status().Interfaces; frame.Interface >= len(i) || i[frame.Interface].Link != frame.Link {
			t.Fatalf("frame of interface %d, link %d; interfaces %+v", frame.Interface, frame.Link, i)
		}
	}
	status := f.Status()
	if status.Packets != packets || status.Bytes != total || total > uint64(len(content)) || packets > uint64(len(content)/16) {
		t.Fatalf("%d packets of %d bytes in a file of %d; status %+v", packets, total, len(content), status)
	}
	if d := status.Damage; d != nil && (d.At < 0 || d.Unread < 0 || d.At+d.Unread != int64(len(content)) || d.Because == "") {
		t.Fatalf("damage %+v in a file of %d bytes", *d, len(content))
	}
	if f.Offset() != int64(len(content)) && status.Damage == nil {
		t.Fatalf("read %d of %d bytes without damage", f.Offset(), len(content))
	}
}

func FuzzPcap(f *testing.F) {
	for name, b := range samples() {
		if strings.HasPrefix(name, "pcap ") {
			f.Add(b.Bytes())
		}
	}
	f.Add(little().pcap(nano, 96, 276).record(1, 1<<31, "odd").u32(1, 1, 1<<31, 1).Bytes())
	f.Add(big().pcap(micro, 0, 1).u32(0, 0, 0, 0).Bytes())
	f.Fuzz(check)
}

func FuzzPcapng(f *testing.F) {
	for name, b := range samples() {
		if strings.HasPrefix(name, "pcapng") {
			f.Add(b.Bytes())
		}
	}
	f.Add(little().section().iface(1, 0, option{9, "\xff"}, option{14, "12345678"}).enhanced(0, 1<<63, "x").Bytes())
	f.Add(big().section().block(0xbad, func(b *build) { b.text("skipped") }).simple(1, "x").Bytes())
	f.Fuzz(check)
}
