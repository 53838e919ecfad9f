package flow

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"candor/internal/record"
	"candor/internal/sight"

	"github.com/gopacket/gopacket/layers"
	"pgregory.net/rapid"
)

// TestOverBudget: whatever a bound drops is counted once, and nothing is where the bound is just met.
func TestOverBudget(t *testing.T) {
	waiting, fragments, head := DefaultConfig(), DefaultConfig(), DefaultConfig()
	waiting.MaxWaiting, fragments.MaxFragments, head.HeadLimit = 3, 2, 300
	lookups := func(n int) (out []frame) {
		for i := range n {
			out = append(out, datagram(t, float64(i)/100, clientIP, 5000, serverIP, 53, dnsMessage(byte(i), false, "a.example", 0)))
		}
		return out
	}
	toGroup := func(n int) (out []frame) {
		for i := range n {
			out = append(out, datagram(t, float64(i)/100, clientIP, 5353, net.IPv4(224, 0, 0, 251), 5353, dnsMessage(byte(i), false, "a.example", 0)))
		}
		return out
	}
	fragmentedAt := func(at ...float64) (out []frame) {
		for i, at := range at {
			f := datagram(t, at, clientIP, clientPort, serverIP, 9999, make([]byte, 100))
			out = append(out, inFragments(f, 56, byte(i), 0)...)
		}
		return out
	}
	holes := func(n int) []frame { return holesOf(t, n) }
	web := func(parts ...stretch) []frame { return conversation(t, 80, 100, parts...) }
	request := func(headers string) stretch { return client("GET /a HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n") }
	response := func(code, headers string) stretch { return server("HTTP/1.1 " + code + "\r\n" + headers + "\r\n") }
	long := "X: " + strings.Repeat("a", 500) + "\r\n"
	hello := func(kind byte, says int) string { // in records of 1000 bytes, half a megabyte or what it says
		body := string([]byte{kind, byte(says >> 16), byte(says >> 8), byte(says)}) + strings.Repeat("\x03", min(says, 1<<19))
		var b strings.Builder
		for len(body) > 0 {
			n := min(len(body), 1000)
			b.WriteString(string([]byte{tlsHandshake, 3, 1, byte(n >> 8), byte(n)}) + body[:n])
			body = body[n:]
		}
		return b.String()
	}
	secure := func(parts ...stretch) []frame { return conversation(t, 443, 1400, parts...) }
	plain := DefaultConfig()
	for _, c := range []struct {
		name   string
		cfg    Config
		frames []frame
		want   uint64
	}{
		{"queries that just fit", waiting, lookups(3), 0},
		{"queries that wait", waiting, lookups(5), 2},
		{"queries to a group", waiting, toGroup(5), 0},
		{"fragmented packets", fragments, fragmentedAt(0, 0.1, 0.2, 0.3, 0.4), 3},
		{"fragmented packets, long after one another", fragments, fragmentedAt(0, 31, 62, 93, 124), 0},
		{"fragmented packets that are late already", fragments, fragmentedAt(0.5, 30.2, 30.6), 0},
		{"a request's head", head, web(request("")), 0},
		{"a request's head too long", head, web(request(long)), 1},
		{"a request line without end", head, web(client("GET /" + strings.Repeat("a", 1000))), 1},
		{"a later request line without end", head, web(request(""), client("GET /"+strings.Repeat("a", 1000))), 1},
		{"a request's head without end", plain, conversation(t, 80, 1400, client("GET /a HTTP/1.1\r\n"+strings.Repeat("X: y\r\n", 1<<15))), 1},
		{"a response's head too long", head, web(request(""), response("200 OK", long)), 1},
		{"a response's first line without end", head, web(request(""), server("HTTP/1.1 200 "+strings.Repeat("a", 1000))), 1},
		{"an interim response's head too long", head, web(request(""), response("100 Continue", long)), 1},
		{"the head of another protocol's beginning too long", head, web(request(""), response("101 Go on", long)), 1},
		{"a chunk line too long", plain, web(request(""), response("200 OK", "Transfer-Encoding: chunked\r\n"), server("5;"+strings.Repeat("a", 300))), 1},
		{"exchanges that just fit", plain, web(client(strings.Repeat(request("").data, maxExchanges))), 0},
		{"exchanges", plain, web(client(strings.Repeat(request("").data, maxExchanges+2))), 2},
		{"a client hello without end", plain, secure(client(hello(1, 100_000))), 1},
		{"a client hello that says it is huge", plain, secure(client(hello(1, 1<<24-1))), 1},
		{"a server hello that says it is huge", plain, secure(server(hello(2, 1<<24-1))), 1},
		{"what is no hello", plain, secure(client(hello(1, 60))), 0},
		{"holes that just fit", plain, holes(maxHoles), 0},
		{"holes: counted by themselves, because loss makes them", plain, holes(maxHoles + 9), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if n := counts(run(c.cfg, c.frames))[record.OverBudget]; n != c.want {
				t.Errorf("%d over budget, want %d", n, c.want)
			}
		})
	}
}

// holesOf is a connection in which every second byte is missing.
func holesOf(t *testing.T, n int) []frame {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d > PA %d 501 1;", i+1, 103+2*i)
	}
	return script(t, handshake+b.String())
}

// TestHolesForgotten: more holes than are remembered are told once, apart from what memory let go.
func TestHolesForgotten(t *testing.T) {
	for n, want := range map[int]uint64{maxHoles: 0, maxHoles + 9: 1} {
		if got := counts(run(DefaultConfig(), holesOf(t, n)))[record.HolesForgotten]; got != want {
			t.Errorf("%d holes: %d connections told, want %d", n, got, want)
		}
	}
}

// TestOldest: the sixteenth that goes first is that of the whole table in order, whatever the order of entries.
func TestOldest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tab := New(DefaultConfig(), sight.New(record.AssumedScope(), "", ""))
		n := rapid.IntRange(1, 200).Draw(r, "connections")
		for i := range n {
			f := datagram(t, float64(rapid.IntRange(0, 30).Draw(r, "second")), clientIP, uint16(1000+i), serverIP, 9999, []byte("x"))
			feed(tab, []frame{f}, func(int) {})
		}
		var all []candidate
		for e := range tab.index.fresh {
			if c := tab.index.at(e); c.born != 0 {
				all = append(all, candidate{c.last, c.born, e})
			}
		}
		slices.SortFunc(all, candidate.before)
		tab.findOldest()
		if want := all[:(len(all)+15)/16]; !slices.Equal(tab.oldest, want) {
			r.Fatalf("of %d: got %v, want %v", len(all), tab.oldest, want)
		}
	})
}

// TestLeaseOrder: exchanges are reported as a plain list of them would be: at the acknowledgement, after two quiet seconds or for want of room, else in
// the order in which they began.
func TestLeaseOrder(t *testing.T) {
	type waiting struct {
		xid  uint32
		last int
	}
	rapid.Check(t, func(r *rapid.T) {
		cfg := DefaultConfig()
		cfg.MaxLeases = rapid.IntRange(1, 8).Draw(r, "room")
		var frames []frame
		var open []waiting
		var want []uint32
		over, at := uint64(0), 0
		emit := func(i int) {
			want = append(want, open[i].xid)
			open = slices.Delete(open, i, i+1)
		}
		for range rapid.IntRange(1, 150).Draw(r, "messages") {
			if step := rapid.IntRange(-6, 3).Draw(r, "seconds"); step > 0 {
				at += step
				for i := 0; i < len(open); {
					if at-open[i].last >= 2 {
						emit(i)
						continue
					}
					i++
				}
			}
			xid, ack := uint32(rapid.IntRange(1, 12).Draw(r, "xid")), rapid.IntRange(0, 3).Draw(r, "ack") == 0
			kind := layers.DHCPMsgTypeDiscover
			if ack {
				kind = layers.DHCPMsgTypeAck
			}
			frames = append(frames, dhcpFrame(t, float64(at), ack, kind, xid))
			i := slices.IndexFunc(open, func(w waiting) bool { return w.xid == xid })
			if i < 0 {
				if len(open) == cfg.MaxLeases {
					over++
					emit(0)
				}
				open = append(open, waiting{xid: xid})
				i = len(open) - 1
			}
			if open[i].last = at; ack {
				emit(i)
			}
		}
		for len(open) > 0 {
			emit(0)
		}
		b := run(cfg, frames)
		var got []uint32
		for _, d := range b.DHCP {
			got = append(got, d.TransID)
		}
		if n := counts(b)[record.OverBudget]; !slices.Equal(got, want) || n != over {
			r.Fatalf("got %v, %d over budget; want %v, %d", got, n, want, over)
		}
	})
}
