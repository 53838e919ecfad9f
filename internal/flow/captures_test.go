package flow

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/klauspost/compress/zstd"
)

// frame is one captured frame of a test.
type frame struct {
	ts   record.Time
	link uint16
	data []byte
	wire uint32
}

// shared gives a path in the shared data folder, and skips the test when it is not there.
func shared(t testing.TB, path string) string {
	t.Helper()
	root := os.Getenv("CANDOR_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	full := filepath.Join(root, path)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("shared data is not here (set CANDOR_SHARED to the folder that holds data/ and bench/): %v", err)
	}
	return full
}

// readCapture reads a whole pcap or pcapng file.
func readCapture(t testing.TB, path string) []frame {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".zst") {
		z, err := zstd.NewReader(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		if raw, err = z.DecodeAll(raw, nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(raw) < 4 {
		t.Fatalf("%s: %d bytes", path, len(raw))
	}
	magic, f := raw[:4], bytes.NewReader(raw)
	var next func() ([]byte, gopacket.CaptureInfo, error)
	var link uint16
	if binary.LittleEndian.Uint32(magic) == 0x0a0d0d0a {
		r, err := pcapgo.NewNgReader(f, pcapgo.DefaultNgReaderOptions)
		if err != nil {
			t.Fatal(err)
		}
		next, link = r.ReadPacketData, uint16(r.LinkType())
	} else {
		r, err := pcapgo.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		next, link = r.ReadPacketData, uint16(r.LinkType())
	}
	var frames []frame
	for {
		data, ci, err := next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return frames
		}
		if err != nil {
			t.Logf("%s: reading ended after %d frames: %v", path, len(frames), err)
			return frames
		}
		frames = append(frames, frame{record.TimeOf(ci.Timestamp), link, data, uint32(ci.Length)})
	}
}

// run sends frames through a table and gives all records.
func run(cfg Config, frames []frame) *record.Batch {
	b := &record.Batch{}
	t := New(cfg, sight.New(cfg.Scope, cfg.Sensor, cfg.Feed))
	feed(t, frames, func(int) {})
	t.Drain(b)
	return b
}

// feed sends frames through t and ends it; after is called behind each frame.
func feed(t *Table, frames []frame, after func(i int)) {
	var p decode.Packet
	var last record.Time
	for i, f := range frames {
		p.Frame(f.link, f.data, f.wire)
		t.Packet(f.ts, &p, f.data, f.wire)
		last = max(last, f.ts)
		after(i)
	}
	t.Finish(last)
}
