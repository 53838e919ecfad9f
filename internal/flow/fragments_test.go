package flow

import (
	"math"
	"slices"
	"strings"
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestFragmentedSegments: a TCP segment in fragments is one segment to its connection: state, sizes, messages, gaps and copies are those of the
// same segment in one packet; only packets are more.
func TestFragmentedSegments(t *testing.T) {
	long := strings.Repeat("h", 600)
	whole := conversation(t, 80, 2000, client("GET /a HTTP/1.1\r\nHost: "+long+"\r\n\r\n"), server("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"+strings.Repeat("b", 400)), client("GET /b HTTP/1.1\r\nHost: h\r\n\r\n"))
	for i, f := range script(t, "3 > FA 756 941 0; 3.1 < FA 941 757 0; 3.2 > A 757 942 0") {
		f.ts += record.Time(i)
		whole = append(whole, f)
	}
	cut := func(n int, change func(i int, parts []frame) []frame) (out []frame) {
		for i, f := range whole {
			parts := inFragments(f, n, byte(i), 0.0001)
			if change != nil {
				parts = change(i, parts)
			}
			out = append(out, parts...)
		}
		return out
	}
	request := func(i int) bool { return i == 3 } // the first segment with data
	backward := func(_ int, parts []frame) []frame {
		slices.Reverse(parts)
		for k := range parts {
			parts[k].ts = parts[len(parts)-1].ts + record.Time(k)*1e5
		}
		return parts
	}
	twice := func(_ int, parts []frame) (out []frame) {
		for _, f := range parts {
			out = append(out, f, later(f, 1000))
		}
		return out
	}
	shortened := func(i int, parts []frame) []frame {
		if request(i) {
			parts[0].data = parts[0].data[:120]
		}
		return parts
	}
	lossy := func(i int, parts []frame) []frame {
		if request(i) {
			return parts[:len(parts)-1]
		}
		return parts
	}
	want := run(DefaultConfig(), whole)
	for _, c := range []struct {
		name   string
		frames []frame
		http   int
		same   bool // sizes and state
	}{
		{"in two or more", cut(400, nil), 2, true},
		{"in many", cut(24, nil), 2, true},
		{"in such that the header does not fit into the first", cut(8, nil), 2, true},
		{"the last one first", cut(80, backward), 2, true},
		{"each frame twice", cut(80, twice), 2, true},
		{"cut by the capture", cut(400, shortened), 0, false},
		{"one is missing", cut(400, lossy), 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := run(DefaultConfig(), c.frames)
			if len(got.HTTP) < c.http || c.same && showHTTP(got.HTTP) != showHTTP(want.HTTP) {
				t.Errorf("requests:\n%swant\n%s", showHTTP(got.HTTP), showHTTP(want.HTTP))
			}
			g, w := got.Conns[0], want.Conns[0]
			if rest := got.Conns[1:]; len(rest) > 0 && (c.name != "the last one first" || len(rest) > 1 || rest[0].OrigP != 0) {
				t.Errorf("connections:\n%s", show(got.Conns)) // before the first fragment nobody knows the ports
			}
			if g.State != w.State || g.MissedBytes != 0 {
				t.Errorf("state %s, %d missed; want %s", g.State, g.MissedBytes, w.State)
			}
			if c.same && (g.History != w.History || g.OrigBytes != w.OrigBytes || g.RespBytes != w.RespBytes) {
				t.Errorf("history %s, %d and %d bytes; want %s, %d and %d", g.History, g.OrigBytes, g.RespBytes, w.History, w.OrigBytes, w.RespBytes)
			}
			n, v := counts(got), counts(want)
			if n[record.Gaps] != 0 || n[record.GapBytes] != 0 || n[record.Inconsistent] != 0 || n[record.OneWay] != v[record.OneWay] || n[record.ConnsTCP] != uint64(len(got.Conns)) {
				t.Errorf("%d gaps of %d bytes, %d inconsistent, %d one-way", n[record.Gaps], n[record.GapBytes], n[record.Inconsistent], n[record.OneWay])
			}
			copied := uint64(0)
			if c.name == "each frame twice" {
				copied = uint64(len(c.frames) / 2)
			}
			if n[record.Copies] != copied {
				t.Errorf("%d copies, want %d", n[record.Copies], copied)
			}
			if err := addsUp(c.frames, got); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAdvanceSome: telling of what ends in pieces, drained or not, changes nothing but where the pieces end.
func TestAdvanceSome(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		frames := someTraffic(r, t)
		want := run(DefaultConfig(), frames)
		cfg := DefaultConfig()
		tab := New(cfg, sight.New(cfg.Scope, cfg.Sensor, cfg.Feed))
		got := &record.Batch{}
		piece := func() int { return rapid.SampledFrom([]int{-1, 1, 2, 3, math.MaxInt}).Draw(r, "piece") }
		drain := func() {
			if rapid.Bool().Draw(r, "drain") {
				tab.Drain(got)
			}
		}
		var p decode.Packet
		var last record.Time
		for _, f := range frames {
			for whole := rapid.Bool().Draw(r, "to the end"); !tab.AdvanceSome(f.ts, piece()) && whole; {
				drain()
			}
			p.Frame(f.link, f.data, f.wire)
			tab.Packet(f.ts, &p, f.data, f.wire)
			last = max(last, f.ts)
		}
		for !tab.FinishSome(last, piece()) {
			drain()
		}
		tab.Drain(got)
		if d := cmp.Diff(want, got, equal); d != "" {
			r.Fatalf("pieces change the result (-want +got):\n%s", d)
		}
	})
}

// TestAdvanceSomeIsBounded: a piece is not much larger than asked for.
func TestAdvanceSomeIsBounded(t *testing.T) {
	cfg := DefaultConfig()
	tab := New(cfg, sight.New(cfg.Scope, cfg.Sensor, cfg.Feed))
	var p decode.Packet
	for i := range uint16(1000) {
		f := datagram(t, float64(i)/1e6, clientIP, 1000+i, serverIP, 53, dnsMessage(1, false, "a", 0))
		p.Frame(f.link, f.data, f.wire)
		tab.Packet(f.ts, &p, f.data, f.wire)
	}
	pieces, rows := 0, 0
	for done := false; !done; pieces++ {
		done = tab.AdvanceSome(start+200*second, 50)
		n := tab.Rows()
		if rows += n; n > 50+cfg.MaxWaiting {
			t.Fatalf("a piece of %d records", n)
		}
		tab.Drain(&record.Batch{})
	}
	if rows != 2000 || pieces < 20 || tab.Len() != 0 {
		t.Errorf("%d records in %d pieces, %d connections left", rows, pieces, tab.Len())
	}
}
