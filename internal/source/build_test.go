package source_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/source"
)

const (
	seconds  = 1750000020 // begins a minute
	start    = record.Time(seconds * 1e9)
	ethernet = 1
	wifi     = 105
)

var (
	clientMAC = []byte{0x3c, 0x52, 0x82, 0, 0, 7}
	serverMAC = []byte{0x3c, 0x52, 0x82, 0, 0, 8}
)

// tcp is one frame between 10.1.0.7 and 10.1.0.8, which of both by fromClient.
func tcp(fromClient bool, port uint16, flags byte, seq, ack uint32, payload int) []byte {
	a, b, am, bm, ap, bp := []byte{10, 1, 0, 7}, []byte{10, 1, 0, 8}, clientMAC, serverMAC, port, uint16(8443)
	if !fromClient {
		a, b, am, bm, ap, bp = b, a, bm, am, bp, ap
	}
	f := append(append(append([]byte{}, bm...), am...), 8, 0, 0x45, 0)
	f = binary.BigEndian.AppendUint16(f, uint16(40+payload))
	f = append(append(append(f, 0, 1, 0x40, 0, 64, 6, 0, 0), a...), b...)
	f = binary.BigEndian.AppendUint16(f, ap)
	f = binary.BigEndian.AppendUint16(f, bp)
	f = binary.BigEndian.AppendUint32(f, seq)
	f = binary.BigEndian.AppendUint32(f, ack)
	return append(f, append([]byte{0x50, flags, 0x10, 0, 0, 0, 0, 0}, make([]byte, payload)...)...)
}

type timed struct {
	at   record.Time // after start
	data []byte
}

// talk is a connection of a number of exchanges, each a request and its acknowledgement, a tenth of a second apart.
func talk(port uint16, begin record.Time, exchanges int) []timed {
	const syn, ack = 2, 16
	out := []timed{
		{begin, tcp(true, port, syn, 100, 0, 0)},
		{begin + 1e6, tcp(false, port, syn|ack, 500, 101, 0)},
		{begin + 2e6, tcp(true, port, ack, 101, 501, 0)},
	}
	for i := range exchanges {
		at, seq := begin+record.Time(i+1)*1e8, uint32(101+10*i)
		out = append(out, timed{at, tcp(true, port, ack, seq, 501, 10)}, timed{at + 1e6, tcp(false, port, ack, 501, seq+10, 0)})
	}
	return out
}

// pcap writes a file with microseconds.
func pcap(link uint32, frames ...timed) []byte {
	var b []byte
	for _, v := range []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 262144, link} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for _, f := range frames {
		at := start + f.at
		for _, v := range []uint32{uint32(at / 1e9), uint32(at % 1e9 / 1e3), uint32(len(f.data)), uint32(len(f.data))} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		b = append(b, f.data...)
	}
	return b
}

// statistics is what one interface of a pcapng file says; nil is no statistics at all.
type statistics map[uint16]uint64 // by option: 4 received, 5 dropped, 7 dropped by the system

// pcapng writes a file of one interface for each statistics, each with one frame.
func pcapng(interfaces ...statistics) []byte {
	block := func(kind uint32, body []byte) []byte {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		b := binary.LittleEndian.AppendUint32(nil, kind)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(body)+12))
		return binary.LittleEndian.AppendUint32(append(b, body...), uint32(len(body)+12))
	}
	le32 := func(values ...uint32) (b []byte) {
		for _, v := range values {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		return b
	}
	out := block(0x0a0d0d0a, le32(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff))
	for range interfaces {
		out = append(out, block(1, le32(ethernet, 0))...)
	}
	for i, s := range interfaces {
		micros := uint64(start/1e3) + uint64(i)
		data := tcp(true, uint16(40000+i), 2, 100, 0, 0)
		head := le32(uint32(i), uint32(micros>>32), uint32(micros), uint32(len(data)), uint32(len(data)))
		out = append(out, block(6, append(head, data...))...)
		if s == nil {
			continue
		}
		body := le32(uint32(i), 0, 0)
		for option, n := range s {
			body = binary.LittleEndian.AppendUint16(body, option)
			body = binary.LittleEndian.AppendUint16(body, 8)
			body = binary.LittleEndian.AppendUint64(body, n)
		}
		out = append(out, block(5, append(body, 0, 0, 0, 0))...)
	}
	return out
}

// pcapngAt writes a file of one interface with a frame at each time in microseconds.
func pcapngAt(micros ...uint64) []byte {
	out := pcapng(nil)
	head := out[:len(out)-32-56] // without its one frame
	frame := out[len(out)-32-56:]
	out = bytes.Clone(head)
	for _, at := range micros {
		f := bytes.Clone(frame)
		binary.LittleEndian.PutUint32(f[12:], uint32(at>>32))
		binary.LittleEndian.PutUint32(f[16:], uint32(at))
		out = append(out, f...)
	}
	return out
}

// files writes inputs into a folder and gives their paths.
func files(t *testing.T, contents ...[]byte) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i, c := range contents {
		path := filepath.Join(dir, string(rune('a'+i))+".pcap")
		if err := os.WriteFile(path, c, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func options() source.Options {
	scope := record.Scope{Segments: []record.ScopeSegment{{ID: "users", Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}}}
	return source.Options{Scope: scope, Sensor: "s1", Feed: "packets", Epoch: 9, Flow: flow.DefaultConfig()}
}

// read gives all batches, and checks what holds for all of them.
func read(t *testing.T, opts source.Options, paths ...string) []*record.Batch {
	t.Helper()
	s, err := source.Open(t.Context(), paths, opts)
	if err != nil {
		t.Fatal(err)
	}
	var out []*record.Batch
	for {
		b, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
		if want := (record.BatchID{Sensor: opts.Sensor, Epoch: opts.Epoch, Sequence: uint64(len(out))}); b.ID != want {
			t.Errorf("batch %+v, want %+v", b.ID, want)
		}
	}
	if b, err := s.Next(t.Context()); !errors.Is(err, io.EOF) || b != nil {
		t.Errorf("after the end: %v, %v", b, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return out
}

// total joins batches: all records, and sight as it came.
func total(batches []*record.Batch) record.Batch {
	var all record.Batch
	for _, b := range batches {
		all.Conns = append(all.Conns, b.Conns...)
		all.Sight = append(all.Sight, b.Sight...)
		all.Inputs = b.Inputs
	}
	return all
}

// whole merges the sight of the feed.
func whole(b record.Batch) record.Sight {
	var s record.Sight
	for i := range b.Sight {
		if b.Sight[i].Segment == record.Nowhere {
			s.Merge(&b.Sight[i])
		}
	}
	return s
}

func opened(t *testing.T, content []byte) *source.Source {
	t.Helper()
	opts := options()
	opts.Stdin = bytes.NewReader(content)
	s, err := source.Open(context.Background(), []string{"-"}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
