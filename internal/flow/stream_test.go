package flow

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/record"
	"candor/internal/sight"

	"pgregory.net/rapid"
)

// TestInconsistent: data that comes again with other bytes counts, once for a connection, as long as the first is still kept or was read a moment ago.
func TestInconsistent(t *testing.T) {
	send := func(at float64, seq uint32, s string) frame { return tcpSegment(t, at, true, "PA", seq, 501, s) }
	for _, c := range []struct {
		name   string
		frames []frame
		want   uint64
	}{
		{"within a message", []frame{send(1, 101, "GET /a HTTP"), send(2, 101, "GET /b HTTP")}, 1},
		{"twice", []frame{send(1, 101, "GET /a HTTP"), send(2, 101, "GET /b HTTP"), send(3, 101, "GET /c HTTP")}, 1},
		{"in part, going on behind it", []frame{send(1, 101, "GET /a HTTP"), send(2, 106, "b HTTP/1.1\r\nHost: h\r\n\r\n")}, 1},
		{"behind a hole", []frame{send(1, 111, "abcdef"), send(2, 109, "xyzbcd")}, 1},
		{"filling a hole", []frame{send(1, 111, "abcdef"), send(2, 101, "GET /a HTTaXc")}, 1},
		{"the same again", []frame{send(1, 101, "GET /a HTTP"), send(2, 101, "GET /a HTTP"), send(3, 104, " /a HTTP/1.1\r\n")}, 0},
		{"a keep-alive", []frame{send(1, 101, "GET /a HTTP"), send(2, 111, "\x00")}, 0},
		{"behind what was read", []frame{send(1, 101, "GET /a HTTP/1.1\r\n\r\n"), send(2, 120, "GET /b HTTP/1.1\r\n\r\n")}, 0},
		{"in what was read", []frame{send(1, 101, "GET /a HTTP/1.1\r\n\r\n"), send(2, 101, "GET /b HTTP/1.1\r\n\r\n")}, 1},
		{"in the one before", []frame{send(1, 101, "GET /a HTTP/1.1\r\n\r\n"), send(2, 120, "GET /b HTTP/1.1\r\n\r\n"), send(3, 104, "xyz")}, 1},
		{"too long ago", []frame{send(1, 101, "GET /"), send(2, 106, "a HTTP/1.1\r\n"), send(3, 118, "Host: x\r\n"), send(4, 127, "\r\n"), send(5, 104, "xyz")}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := counts(run(DefaultConfig(), append(script(t, handshake), c.frames...)))[record.Inconsistent]; got != c.want {
				t.Errorf("%d connections, want %d", got, c.want)
			}
		})
	}
}

// TestStream: however a conversation is cut into segments, whatever neighbours of one direction change places, and whatever comes twice or overlaps,
// the messages are the same.
func TestStream(t *testing.T) {
	requests := "GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 300\r\n\r\n" + strings.Repeat("y", 300) + "GET /c HTTP/1.1\r\nHost: h\r\n\r\n"
	responses := "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + strings.Repeat("x", 200) +
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" + strings.Repeat("z", 100) + "\r\n0\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
	const want = "1 GET h/a 200 req 0 resp 200\n2 POST h/b 200 req 300 resp 100\n3 GET h/c 404 req 0 resp 0\n"
	rapid.Check(t, func(r *rapid.T) {
		frames := script(t, handshake)
		at := 1.0
		for _, side := range []struct {
			client   bool
			seq, ack uint32
			data     string
		}{{true, 101, 501, requests}, {false, 501, 101 + uint32(len(requests)), responses}} {
			var segments []frame
			for off := 0; off < len(side.data); {
				n := min(rapid.IntRange(1, 200).Draw(r, "size"), len(side.data)-off)
				back := rapid.IntRange(0, min(off, 20)).Draw(r, "overlap")
				segments = append(segments, tcpSegment(t, at, side.client, "PA", side.seq+uint32(off-back), side.ack, side.data[off-back:off+n]))
				off += n
			}
			for range rapid.IntRange(0, 10).Draw(r, "swaps") {
				i := rapid.IntRange(0, len(segments)-1).Draw(r, "place")
				j := min(i+rapid.IntRange(0, 3).Draw(r, "distance"), len(segments)-1)
				segments[i], segments[j] = segments[j], segments[i]
			}
			for i, s := range segments {
				s.ts += record.Time(i) * 1e6
				frames = append(frames, s)
				if rapid.IntRange(0, 9).Draw(r, "again") == 0 {
					s.ts += 5e6
					frames = append(frames, s)
				}
			}
			at += 100
		}
		cfg := DefaultConfig()
		tab := New(cfg, sight.New(cfg.Scope, cfg.Sensor, cfg.Feed))
		feed(tab, frames, func(int) {})
		if tab.talks.left != cfg.BytesTotal {
			r.Fatalf("%d bytes of the budget were not given back", cfg.BytesTotal-tab.talks.left)
		}
		b := &record.Batch{}
		tab.Drain(b)
		if got := showHTTP(b.HTTP); got != want {
			r.Fatalf("got\n%swant\n%s", got, want)
		}
	})
}

// TestHoleInBody: what is lost inside a body, or cut off by the capture, does not end the reading of the connection.
func TestHoleInBody(t *testing.T) {
	frames := conversation(t, 80, 50, client("GET /a HTTP/1.1\r\n\r\n"), server("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"+strings.Repeat("x", 500)),
		client("GET /b HTTP/1.1\r\n\r\n"), server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	const want = "1 GET /a 200 req 0 resp 500\n2 GET /b 200 req 0 resp 0\n"
	lost := append(append([]frame(nil), frames[:7]...), frames[8:]...)
	if got := showHTTP(run(DefaultConfig(), lost).HTTP); got != want {
		t.Errorf("lost: got\n%swant\n%s", got, want)
	}
	short := append([]frame(nil), frames...)
	short[8].data = short[8].data[:70]
	if got := showHTTP(run(DefaultConfig(), short).HTTP); got != want {
		t.Errorf("cut: got\n%swant\n%s", got, want)
	}
}

// TestAllCaptures: in every given capture, also with bytes flipped, all packets are in connections.
func TestAllCaptures(t *testing.T) {
	root := shared(t, "data")
	n := 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := d.Name()
		if !strings.Contains(name, ".pcap") && !strings.HasSuffix(name, ".cap") {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > 6<<20 {
			return err
		}
		frames := readCapture(t, path)
		n++
		if err := addsUp(frames, run(DefaultConfig(), frames)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		small := DefaultConfig()
		small.MaxConns, small.BytesPerConn, small.BytesTotal = 10, 3000, 20000
		for i := range frames {
			if at := 12 + i*31%60; at < len(frames[i].data) && i%3 == 0 {
				frames[i].data[at] ^= byte(1 << (i % 8))
			}
		}
		if err := addsUp(frames, run(small, frames)); err != nil {
			t.Errorf("%s with flipped bits: %v", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(fmt.Errorf("walk the shared data: %w", err))
	}
	t.Logf("%d captures", n)
}
