package capture_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/capture"
)

// many is a capture of n frames of 80 bytes.
func many(ng bool, n int) []byte {
	data := strings.Repeat("x", 80)
	if !ng {
		b := little().pcap(micro, 65535, 1)
		for i := range n {
			b.record(uint32(i), 0, data)
		}
		return b.Bytes()
	}
	b := little()
	b.section().iface(1, 65535)
	for i := range n {
		b.enhanced(0, uint64(i), data, option{2, "\x00\x00\x00\x01"}, option{4, b.number(1)})
	}
	return b.Bytes()
}

func TestNoAllocationPerFrame(t *testing.T) {
	for name, content := range map[string][]byte{"pcap": many(false, 60000), "pcapng": many(true, 60000)} {
		t.Run(name, func(t *testing.T) {
			f, err := openBytes(content)
			if err != nil {
				t.Fatal(err)
			}
			other, err := openBytes(content)
			if err != nil {
				t.Fatal(err)
			}
			m := capture.NewMerge(f, other)
			var frame capture.Frame
			next := func() {
				if err := m.Next(&frame); err != nil {
					t.Fatal(err)
				}
			}
			for range 20000 { // until the buffers have their full size
				next()
			}
			if got := testing.AllocsPerRun(90000, next); got != 0 {
				t.Errorf("%v allocations a frame", got)
			}
		})
	}
}

func BenchmarkNext(b *testing.B) {
	const n = 200000
	for name, content := range map[string][]byte{
		"pcap": many(false, n), "pcapng": many(true, n),
		"pcap.gz": gzipped(b, many(false, n)), "pcap.zst": zstded(b, many(false, n)),
	} {
		path := filepath.Join(b.TempDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var frame capture.Frame
			for range b.N {
				f, err := capture.Open(context.Background(), path, nil)
				if err != nil {
					b.Fatal(err)
				}
				for err = f.Next(&frame); err == nil; err = f.Next(&frame) {
				}
				if err != io.EOF || f.Status().Packets != n {
					b.Fatal(err, f.Status())
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpackets/s")
		})
	}
}

func BenchmarkMerge(b *testing.B) {
	const n, k = 50000, 8
	content := many(false, n)
	var frame capture.Frame
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		var files []*capture.File
		for range k {
			f, err := capture.NewReader("x", bytes.NewReader(content), -1)
			if err != nil {
				b.Fatal(err)
			}
			files = append(files, f)
		}
		m := capture.NewMerge(files...)
		for m.Next(&frame) == nil {
		}
	}
	b.ReportMetric(float64(n*k)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpackets/s")
}
