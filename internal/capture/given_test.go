package capture_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/klauspost/compress/zstd"

	"candor/internal/capture"
)

// shared is the folder of given data, which is no part of the repository.
func shared(t testing.TB) string {
	folder := os.Getenv("CANDOR_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(folder, "data")); err != nil {
		t.Skipf("no given captures: set CANDOR_SHARED to the folder that holds data/ and bench/ (%v)", err)
	}
	return folder
}

// given are the paths of all given captures.
func given(t testing.TB) []string {
	var paths []string
	err := filepath.WalkDir(shared(t), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name := strings.TrimSuffix(path, ".zst")
		if ext := filepath.Ext(name); ext == ".pcap" || ext == ".pcapng" || ext == ".cap" {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skip("no given captures in the folder of given data")
	}
	return paths
}

// TestGivenAgainstPcapgo reads every given capture with gopacket's reader too:
// each frame it gives is the same here, and nothing follows unless it failed.
func TestGivenAgainstPcapgo(t *testing.T) {
	for _, path := range given(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := capture.Open(context.Background(), path, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			other := openOracle(t, path)
			var frame capture.Frame
			for n := 0; ; n++ {
				data, info, theirs := other.ZeroCopyReadPacketData()
				ours := f.Next(&frame)
				if theirs != nil {
					compareEnds(t, n, ours, theirs, f.Status())
					return
				}
				if ours != nil {
					t.Fatalf("frame %d is not given: %v, %+v", n, ours, f.Status())
				}
				if string(data) != string(frame.Data) || info.Length != int(frame.Wire) || info.CaptureLength != len(frame.Data) {
					t.Fatalf("frame %d has %d bytes of %d, pcapgo's %d of %d", n, len(frame.Data), frame.Wire, info.CaptureLength, info.Length)
				}
				if got := time.Unix(0, frame.Time); !got.Equal(info.Timestamp) {
					t.Fatalf("frame %d is of %v, pcapgo's of %v", n, got.UTC(), info.Timestamp.UTC())
				}
				if layers.LinkType(frame.Link) != other.LinkType() || info.InterfaceIndex != frame.Interface {
					t.Fatalf("frame %d has link %d, interface %d; pcapgo's %d, %d", n, frame.Link, frame.Interface, other.LinkType(), info.InterfaceIndex)
				}
			}
		})
	}
}

func compareEnds(t *testing.T, n int, ours, theirs error, status capture.Status) {
	t.Helper()
	switch {
	case theirs == io.EOF && (ours != io.EOF || status.Damage != nil):
		t.Errorf("after %d frames pcapgo ends, but here it is %v, damage %+v", n, ours, status.Damage)
	case theirs != io.EOF && errors.Is(theirs, io.ErrUnexpectedEOF) && status.Damage == nil:
		t.Errorf("after %d frames pcapgo says %v, but here is no damage", n, theirs)
	case theirs != io.EOF:
		t.Logf("after %d frames pcapgo says %v; here it is %v, damage %+v", n, theirs, ours, status.Damage)
	}
}

type oracle interface {
	ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	LinkType() layers.LinkType
}

func openOracle(t *testing.T, path string) oracle {
	t.Helper()
	opened, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	var plain io.Reader = opened
	if strings.HasSuffix(path, ".zst") {
		unpacked, err := zstd.NewReader(opened)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(unpacked.Close)
		plain = unpacked
	}
	buffered := bufio.NewReader(plain)
	if head, err := buffered.Peek(1); err == nil && head[0] == 0x0a {
		ng, err := pcapgo.NewNgReader(buffered, pcapgo.DefaultNgReaderOptions)
		if err != nil {
			t.Fatal(err)
		}
		return ng
	}
	old, err := pcapgo.NewReader(buffered)
	if err != nil {
		t.Fatal(err)
	}
	return old
}

// TestGivenCut cuts given captures at 50 places each: frames before the cut
// are given, and damage is told.
func TestGivenCut(t *testing.T) {
	for _, path := range given(t) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(content) > 1<<20 || len(content) < 100 {
			continue // the small ones will do
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			_, whole := read(t, content)
			var before uint64
			for i := 1; i <= 50; i++ {
				n := 12 + (len(content)-12)*i/50
				_, status := read(t, content[:n])
				if status.Packets < before {
					t.Fatalf("cut at %d: %d packets, an earlier cut has %d", n, status.Packets, before)
				}
				before = status.Packets
				if d := status.Damage; n < len(content) && status.Compression != "" && d == nil {
					t.Fatalf("cut at %d: no damage", n)
				} else if d != nil && whole.Damage == nil && status.Compression == "" && d.At+d.Unread != int64(n) {
					t.Fatalf("cut at %d: damage %+v", n, *d)
				}
			}
			if before != whole.Packets {
				t.Fatalf("%d packets, the whole file has %d", before, whole.Packets)
			}
		})
	}
}
