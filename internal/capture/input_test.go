package capture_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"candor/internal/capture"
)

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t testing.TB, content []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(content, nil)
}

func TestCompressed(t *testing.T) {
	plain := little().pcap(micro, 65535, 1)
	for i := range uint32(1500) {
		plain.record(1+i, 0, strings.Repeat("data", int(i%300)))
	}
	content := plain.Bytes()
	half := len(content) / 2
	skippable := "\x53\x2a\x4d\x18\x04\x00\x00\x00skip"
	tests := map[string]struct {
		content     []byte
		compression string
	}{
		"plain":                            {content, ""},
		"gzip":                             {gzipped(t, content), capture.Gzip},
		"gzip of two members":              {append(gzipped(t, content[:half]), gzipped(t, content[half:])...), capture.Gzip},
		"zstd":                             {zstded(t, content), capture.Zstd},
		"zstd of two frames":               {append(zstded(t, content[:half]), zstded(t, content[half:])...), capture.Zstd},
		"zstd that starts with skippables": {append([]byte(skippable), zstded(t, content)...), capture.Zstd},
	}
	want, _ := read(t, content)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := capture.NewReader("x", bytes.NewReader(test.content), int64(len(test.content)))
			if err != nil {
				t.Fatal(err)
			}
			if got := drain(t, f); !slices.EqualFunc(want, got, sameFrame) {
				t.Errorf("%d frames, other than the %d of the plain file", len(got), len(want))
			}
			if status := f.Status(); status.Damage != nil || status.Compression != test.compression {
				t.Errorf("damage %v, compression %q", status.Damage, status.Compression)
			}
			if f.Offset() != int64(len(test.content)) || f.Size() != int64(len(test.content)) {
				t.Errorf("offset %d of %d, want %d", f.Offset(), f.Size(), len(test.content))
			}
		})
	}
}

func sameFrame(a, b capture.Frame) bool {
	return a.Time == b.Time && a.Link == b.Link && a.Interface == b.Interface && a.Wire == b.Wire && bytes.Equal(a.Data, b.Data)
}

// TestCompressedCut cuts compressed captures at every byte: never more than
// was there, never silently less.
func TestCompressedCut(t *testing.T) {
	plain := little().pcap(micro, 65535, 1)
	for i := range uint32(20) {
		plain.record(i, 0, "some data that is the same again and again")
	}
	content := plain.Bytes()
	want, _ := read(t, content)
	half := plain.starts[10]
	tests := map[string]struct {
		content []byte
		clean   int // a cut here leaves a whole stream
	}{
		"gzip":                {gzipped(t, content), -1},
		"gzip of two members": {append(gzipped(t, content[:half]), gzipped(t, content[half:])...), len(gzipped(t, content[:half]))},
		"zstd":                {zstded(t, content), -1},
		"zstd of two frames":  {append(zstded(t, content[:half]), zstded(t, content[half:])...), len(zstded(t, content[:half]))},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for n := range test.content {
				f, err := openBytes(test.content[:n])
				if n < 4 && errors.Is(err, capture.ErrNotCapture) {
					continue
				}
				if err != nil {
					t.Fatalf("cut at %d: %v", n, err)
				}
				frames := drain(t, f)
				if len(frames) > len(want) || len(frames) > 0 && !cmp.Equal(want[:len(frames)], frames) {
					t.Fatalf("cut at %d: %d frames that are not those before the cut", n, len(frames))
				}
				if n > test.clean && test.clean > 0 && len(frames) < 10 {
					t.Fatalf("cut at %d: %d frames, the first 10 lie before it", n, len(frames))
				}
				d := f.Status().Damage
				if (d == nil) != (n == test.clean) {
					t.Fatalf("cut at %d: damage %v", n, d)
				}
				if d != nil && (d.Unread != -1 || !strings.Contains(d.Because, "stream is cut")) {
					t.Fatalf("cut at %d: damage %+v", n, *d)
				}
			}
		})
	}
}

func TestCompressedDamage(t *testing.T) {
	content := little().pcap(micro, 65535, 1).record(1, 0, "good").Bytes()
	window := "\x28\xb5\x2f\xfd\x00\x98" + "\x01\x00\x00" // 2^29 bytes, an empty last block
	flipped := gzipped(t, content)
	flipped[len(flipped)-6] ^= 1 // its checksum
	tests := map[string]struct {
		content []byte
		kind    string
		packets uint64
		damage  capture.Damage
	}{
		"zstd window of 512 MiB": {
			[]byte(window), "", 0,
			capture.Damage{At: 0, Unread: -1, Because: "its zstd window is larger than 128 MiB; compress it again with --long=27 or less"},
		},
		"zstd window of 512 MiB later on": {
			append(zstded(t, content), window...), capture.Pcap, 1,
			capture.Damage{At: 44, Unread: -1, Because: "its zstd window is larger than 128 MiB; compress it again with --long=27 or less"},
		},
		"gzip checksum": {
			flipped, capture.Pcap, 1,
			capture.Damage{At: 44, Unread: -1, Because: "reading failed: gzip: invalid checksum"},
		},
		"a record cut inside a whole stream": {
			gzipped(t, content[:42]), capture.Pcap, 0,
			capture.Damage{At: 24, Unread: 18, Because: "the file ends in the middle of a record: 18 bytes of 20 are there"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, status := read(t, test.content)
			if status.Kind != test.kind || status.Packets != test.packets || !cmp.Equal(status.Damage, &test.damage) {
				t.Errorf("kind %q, %d packets, damage %+v", status.Kind, status.Packets, status.Damage)
			}
		})
	}
	t.Run("text in gzip", func(t *testing.T) { mustRefuse(t, gzipped(t, []byte("#separator"))) })
	t.Run("nothing in zstd", func(t *testing.T) { mustRefuse(t, zstded(t, nil)) })
	t.Run("a capture in gzip in gzip", func(t *testing.T) { mustRefuse(t, gzipped(t, gzipped(t, content))) })
}

// TestBomb reads 1 GiB of zeros out of a small file without keeping them.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	head := little().section().iface(1, 0).u32(0xbad, 1<<30)
	_, err = w.Write(head.Bytes())
	zeros := make([]byte, 1<<20)
	for range 1 << 10 {
		_, more := w.Write(zeros)
		err = errors.Join(err, more)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	allocated := testing.AllocsPerRun(1, func() {
		_, status := read(t, b.Bytes())
		if status.Damage == nil || status.Damage.At != 48 {
			t.Errorf("damage %+v", status.Damage)
		}
	})
	if allocated > 500 {
		t.Errorf("%v allocations", allocated)
	}
}

func TestOpen(t *testing.T) {
	ctx := context.Background()
	content := little().pcap(micro, 65535, 1).record(1, 0, "good").record(2, 0, "good").Bytes()
	folder := t.TempDir()
	path := filepath.Join(folder, "misnamed.zst")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}

	f, err := capture.Open(ctx, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(drain(t, f)); got != 2 || f.Size() != int64(len(content)) || f.Status().Path != path {
		t.Errorf("%d frames, size %d, status %+v", got, f.Size(), f.Status())
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Errorf("Close: %v", err)
	}

	if _, err := capture.Open(ctx, filepath.Join(folder, "missing"), nil); !errors.Is(err, os.ErrNotExist) || errors.Is(err, capture.ErrNotCapture) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := capture.Open(ctx, folder, nil); !errors.Is(err, capture.ErrNotCapture) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := capture.Open(ctx, "-", nil); err == nil {
		t.Error("no standard input: no error")
	}
	failure := errors.New("the disk is on fire")
	if _, err := capture.NewReader("x", iotest.ErrReader(failure), -1); !errors.Is(err, failure) {
		t.Errorf("a reader that fails: %v", err)
	}
}

func TestReadFailureIsDamage(t *testing.T) {
	content := little().pcap(micro, 65535, 1).record(1, 0, "good").Bytes()
	failure := errors.New("the disk is on fire")
	for name, size := range map[string]int64{"size known": 100, "size unknown": -1} {
		t.Run(name, func(t *testing.T) {
			f, err := capture.NewReader("x", io.MultiReader(bytes.NewReader(content), iotest.ErrReader(failure)), size)
			if err != nil {
				t.Fatal(err)
			}
			want := &capture.Damage{At: 44, Unread: -1, Because: "reading failed: the disk is on fire"}
			if size > 0 {
				want.Unread = 56
			}
			if frames := drain(t, f); len(frames) != 1 || !cmp.Equal(f.Status().Damage, want) {
				t.Errorf("%d frames, damage %+v", len(frames), f.Status().Damage)
			}
		})
	}
}

// TestSlowReaders hands the bytes over in pieces of odd sizes.
func TestSlowReaders(t *testing.T) {
	for name, sample := range samples() {
		want, _ := read(t, sample.Bytes())
		for kind, slow := range map[string]func(io.Reader) io.Reader{
			"one byte": iotest.OneByteReader, "half": iotest.HalfReader, "data with the end": iotest.DataErrReader,
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				f, err := capture.NewReader("x", slow(bytes.NewReader(sample.Bytes())), -1)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, drain(t, f)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
	if _, err := capture.NewReader("x", idle{}, -1); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

// idle is a reader that never gives anything.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestContextEnds(t *testing.T) {
	content := little().pcap(micro, 65535, 1).record(1, 0, "good").Bytes()
	reason := errors.New("the user has left")

	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(reason)
		if _, err := capture.Open(ctx, "-", bytes.NewReader(content)); !errors.Is(err, reason) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("while a pipe is empty", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		r, w := io.Pipe()
		go func() {
			_, _ = w.Write(content)
			cancel(reason)
			_, _ = w.Write(content[24:])
		}()
		f, err := capture.Open(ctx, "-", r)
		if err != nil {
			t.Fatal(err)
		}
		var frame capture.Frame
		for err == nil {
			err = f.Next(&frame)
		}
		if !errors.Is(err, reason) || f.Status().Damage != nil {
			t.Errorf("error is %v, damage %v", err, f.Status().Damage)
		}
		if again := f.Next(&frame); again != err {
			t.Errorf("then it is %v", again)
		}
		_ = r.Close()
	})
	t.Run("while a named pipe is empty", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skip("no named pipes here: ", err)
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		opened := make(chan *os.File, 1)
		go func() {
			w, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				_, _ = w.Write(content)
			}
			cancel(reason)
			opened <- w
		}()
		f, err := capture.Open(ctx, path, nil)
		var frame capture.Frame
		for err == nil {
			err = f.Next(&frame) // blocks in the pipe, which stays open
		}
		if !errors.Is(err, reason) {
			t.Errorf("error is %v", err)
		}
		_ = (<-opened).Close()
	})
	t.Run("closed", func(t *testing.T) {
		f, err := openBytes(content)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		if err := f.Next(&capture.Frame{}); !errors.Is(err, os.ErrClosed) {
			t.Errorf("error is %v", err)
		}
	})
}
