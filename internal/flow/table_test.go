package flow

import (
	"fmt"
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var equal = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateComparable(record.Conn{}.OrigH)}

// someTraffic draws frames of a few hosts that talk TCP, UDP, DNS and ICMP, in tunnels and fragments too, with loss, disorder and long pauses.
func someTraffic(r *rapid.T, t testing.TB) []frame {
	var out []frame
	at := 0.0
	for range rapid.IntRange(1, 60).Draw(r, "packets") {
		at += rapid.SampledFrom([]float64{0, 0.0001, 0.01, 0.5, 3, 11, 70, 400}).Draw(r, "pause")
		seq := 100 + 10*rapid.IntRange(0, 12).Draw(r, "seq")
		ack := 500 + 10*rapid.IntRange(0, 12).Draw(r, "ack")
		dir := rapid.SampledFrom([]string{">", "<"}).Draw(r, "dir")
		switch rapid.IntRange(0, 5).Draw(r, "kind") {
		case 0, 1:
			flags := rapid.SampledFrom([]string{"S", "SA", "A", "PA", "FA", "R", "RA", "AW"}).Draw(r, "flags")
			if dir == "<" {
				seq, ack = ack, seq
			}
			payload := rapid.SampledFrom([]string{"", "0123456789", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}).Draw(r, "payload")
			f := tcpSegment(t, at, dir == ">", flags, uint32(seq), uint32(ack), payload)
			if rapid.IntRange(0, 5).Draw(r, "in fragments") == 0 {
				out = append(out, inFragments(f, 24, byte(len(out)), 0)...)
				break
			}
			out = append(out, f)
		case 2:
			port := uint16(rapid.IntRange(1, 5).Draw(r, "port"))
			q := []byte{0, byte(rapid.IntRange(0, 3).Draw(r, "id")), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1}
			f := datagram(t, at, clientIP, port, serverIP, 53, q)
			if dir == "<" {
				q[2] = 0x81
				f = datagram(t, at, serverIP, 53, clientIP, port, q)
			}
			out = append(out, f)
		case 3:
			f := tcpSegment(t, at, dir == ">", "PA", uint32(seq), uint32(ack), "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			for _, kind := range rapid.SampledFrom([][]string{{"ipip"}, {"vxlan"}, {"gre", "vxlan"}}).Draw(r, "tunnels") {
				f = tunnelled(t, f, kind, 1)
			}
			out = append(out, f)
		case 4:
			parts := inFragments(datagram(t, at, serverIP, 53, clientIP, 7, dnsMessage(3, true, "a", 9)), 80, byte(rapid.IntRange(0, 2).Draw(r, "id")), 0)
			out = append(out, parts[rapid.IntRange(0, 1).Draw(r, "lost"):]...)
		default:
			out = append(out, icmp(t, at, clientIP, serverIP, 8, 0))
		}
	}
	return out
}

// TestCutting: draining at any moments gives the same records and the same sight.
func TestCutting(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		frames := someTraffic(r, t)
		want := run(DefaultConfig(), frames)
		cfg := DefaultConfig()
		tab := New(cfg, sight.New(cfg.Scope, cfg.Sensor, cfg.Feed))
		got := &record.Batch{}
		feed(tab, frames, func(int) {
			if rapid.Bool().Draw(r, "drain") {
				tab.Drain(got)
			}
		})
		tab.Drain(got)
		if d := cmp.Diff(want, got, equal); d != "" {
			r.Fatalf("draining changes the result (-want +got):\n%s", d)
		}
	})
}

// TestSeedAndSize: neither the hash's seed nor, short of evictions, the size of the table is visible.
func TestSeedAndSize(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		frames := someTraffic(r, t)
		want := run(DefaultConfig(), frames)
		cfg := DefaultConfig()
		cfg.Seed = rapid.Uint64().Draw(r, "seed")
		cfg.MaxConns = 100
		if d := cmp.Diff(want, run(cfg, frames), equal); d != "" {
			r.Fatalf("seed or size changes the result (-want +got):\n%s", d)
		}
	})
}

// TestEverythingAddsUp: the packets and bytes of all reports of all connections are those of all IP packets, also when the table is far too small.
func TestEverythingAddsUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		frames := someTraffic(r, t)
		cfg := DefaultConfig()
		cfg.MaxConns = rapid.IntRange(1, 4).Draw(r, "conns")
		cfg.BytesPerConn = rapid.IntRange(1, 100).Draw(r, "bytes")
		if err := addsUp(frames, run(cfg, frames)); err != nil {
			r.Fatal(err)
		}
	})
}

// addsUp compares the sums over connections with those over IP packets.
func addsUp(frames []frame, b *record.Batch) error {
	var packets, bytes, wantPackets, wantBytes uint64
	var p decode.Packet
	for _, f := range frames {
		if p.Frame(f.link, f.data, f.wire); p.Net == decode.IPv4 || p.Net == decode.IPv6 {
			wantPackets++
			wantBytes += uint64(p.IPLen)
		}
	}
	final, uids := map[record.UID]bool{}, map[record.UID]int{}
	for _, c := range b.Conns {
		if len(c.TunnelParents) > 0 {
			continue // part of a tunnel's
		}
		packets += c.OrigPkts + c.RespPkts
		bytes += c.OrigIPBytes + c.RespIPBytes
		if c.Final {
			final[c.UID] = true
		}
		uids[c.UID]++
		if c.Duration < 0 {
			return fmt.Errorf("connection %s has duration %d", c.UID, c.Duration)
		}
	}
	if packets != wantPackets || bytes != wantBytes {
		return fmt.Errorf("%d packets and %d bytes in connections, %d and %d were sent", packets, bytes, wantPackets, wantBytes)
	}
	if len(final) != len(uids) {
		return fmt.Errorf("%d of %d connections were reported final", len(final), len(uids))
	}
	return nil
}

// TestManyConns grows and empties the table.
func TestManyConns(t *testing.T) {
	cfg := DefaultConfig()
	tab := New(cfg, sight.New(cfg.Scope, "", ""))
	var p decode.Packet
	f := datagram(t, 0, clientIP, 1, serverIP, 9999, []byte("x"))
	const n = 50000
	for i := range n {
		f.data[26], f.data[27], f.data[28] = 10, byte(i>>16), byte(i>>8)
		f.data[29] = byte(i)
		p.Frame(f.link, f.data, f.wire)
		tab.Packet(start+record.Time(i)*1000, &p, f.data, f.wire)
	}
	if tab.Len() != n {
		t.Errorf("%d connections held, want %d", tab.Len(), n)
	}
	tab.Advance(start + 100*second)
	if tab.Len() != 0 || tab.Rows() != n {
		t.Errorf("%d connections held and %d reported, want 0 and %d", tab.Len(), tab.Rows(), n)
	}
	for i, s := range tab.index.slots {
		if s != 0 {
			t.Fatalf("slot %d is not free", i)
		}
	}
}

// TestNoAllocation: a packet that completes no record allocates nothing.
func TestNoAllocation(t *testing.T) {
	frames := script(t, handshake+"0.3 > PA 101 501 100; 0.4 < PA 501 201 100")
	cfg := DefaultConfig()
	tab := New(cfg, sight.New(cfg.Scope, "", ""))
	var p decode.Packet
	for _, f := range frames {
		p.Frame(f.link, f.data, f.wire)
		tab.Packet(f.ts, &p, f.data, f.wire)
	}
	data := frames[len(frames)-2]
	seq, at := uint32(201), data.ts
	if n := testing.AllocsPerRun(2000, func() {
		data.data[38], data.data[39], data.data[40], data.data[41] = byte(seq>>24), byte(seq>>16), byte(seq>>8), byte(seq)
		seq += 100
		at += 1e6
		p.Frame(data.link, data.data, data.wire)
		tab.Packet(at, &p, data.data, data.wire)
	}); n != 0 {
		t.Errorf("%v allocations for a packet of a long connection, want none", n)
	}
	udp := datagram(t, 1e4, clientIP, clientPort, serverIP, 9999, []byte("x"))
	p.Frame(udp.link, udp.data, udp.wire)
	tab.Packet(udp.ts, &p, udp.data, udp.wire)
	if n := testing.AllocsPerRun(2000, func() {
		udp.ts += 1e6
		tab.Packet(udp.ts, &p, udp.data, udp.wire)
	}); n != 0 {
		t.Errorf("%v allocations for a datagram, want none", n)
	}
	in := tunnelled(t, tunnelled(t, datagram(t, 2e4, clientIP, clientPort, serverIP, 9998, []byte("y")), "gre", 0), "vxlan", 1)
	if n := testing.AllocsPerRun(2000, func() {
		in.ts += 1e6
		p.Frame(in.link, in.data, in.wire)
		tab.Packet(in.ts, &p, in.data, in.wire)
	}); n >= 1 {
		t.Errorf("%v allocations for a datagram in two tunnels, want none", n)
	}
	id := []byte("12345678")
	quic := datagram(t, 3e4, clientIP, clientPort, serverIP, 443, quicInitial(t, id, id, nil, 0, quicPiece(0, quicHelloOf(t, "x.example", "h3"))))
	if n := testing.AllocsPerRun(2000, func() {
		quic.ts += 1e6
		p.Frame(quic.link, quic.data, quic.wire)
		tab.Packet(quic.ts, &p, quic.data, quic.wire)
	}); n >= 1 {
		t.Errorf("%v allocations for a datagram of a QUIC connection whose hello was read, want none", n)
	}
}

// TestClock: time stamps that go back, or far ahead, neither hang nor lose anything.
func TestClock(t *testing.T) {
	var frames []frame
	for i, at := range []float64{0, 1, -5000, 2, 1e8, 3, 4, -1e9, 5, 700} {
		frames = append(frames, datagram(t, at, clientIP, uint16(i+1), serverIP, 9999, []byte("x")))
	}
	if err := addsUp(frames, run(DefaultConfig(), frames)); err != nil {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	good := DefaultConfig()
	if err := good.Validate(); err != nil {
		t.Errorf("the default is refused: %v", err)
	}
	for name, change := range map[string]func(*Config){
		"no connections":  func(c *Config) { c.MaxConns = 0 },
		"too many":        func(c *Config) { c.MaxConns = 1 << 30 },
		"no bytes":        func(c *Config) { c.BytesPerConn = 0 },
		"negative budget": func(c *Config) { c.BytesTotal = -1 },
	} {
		c := DefaultConfig()
		change(&c)
		if c.Validate() == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

// FuzzTable feeds frames cut from arbitrary bytes: each is a time step, a length and that many bytes behind a valid Ethernet and IPv4 beginning.
func FuzzTable(f *testing.F) {
	seeds := [][]frame{
		script(f, talkLines), script(f, talkLines+"0.6 > FA 111 521 0; 0.7 < FA 521 112 0"),
		conversation(f, 80, 40, client("GET / HTTP/1.1\r\n\r\n"), server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")),
		{datagram(f, 0, clientIP, 5000, serverIP, 53, dnsMessage(1, false, "a.example", 0)), datagram(f, 0, serverIP, 53, clientIP, 5000, dnsMessage(1, true, "a.example", 2))},
	}
	query := datagram(f, 0, clientIP, 5000, serverIP, 53, dnsMessage(1, false, "a.example", 0))
	seeds = append(
		seeds,
		inFragments(datagram(f, 0, serverIP, 53, clientIP, 5000, dnsMessage(1, true, "a.example", 9)), 80, 1, 0),
		[]frame{tunnelled(f, query, "vxlan", 1), tunnelled(f, tunnelled(f, query, "gre", 0), "geneve", 1), tunnelled(f, query, "erspan", 0)},
		inFragments(tunnelled(f, query, "gtpu", 1), 40, 1, 0),
		quicFrames(f, serverIP, 443, []byte("\xc3\x00\x00\x00\x01\x08abcdefgh\x00\x00\x14aaaaaaaaaaaaaaaaaaaa")),
	)
	for _, frames := range seeds {
		var seed []byte
		for _, fr := range frames {
			seed = append(seed, 3, byte(len(fr.data)))
			seed = append(seed, fr.data...)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var frames []frame
		at := start
		for len(b) > 2 && len(frames) < 500 {
			n := min(int(b[1]), len(b)-2)
			at += []record.Time{0, 1, 1e6, 1e9, 7e9, 61e9, 400e9, -30e9, -4000e9}[b[0]%9]
			frames = append(frames, frame{at, 1, b[2 : 2+n], uint32(n)})
			b = b[2+n:]
		}
		cfg := DefaultConfig()
		cfg.MaxConns, cfg.BytesPerConn, cfg.BytesTotal = 5, 4096, 16384
		s := sight.New(cfg.Scope, cfg.Sensor, cfg.Feed)
		tab := New(cfg, s)
		feed(tab, frames, func(int) {})
		if tab.talks.left != cfg.BytesTotal {
			t.Fatalf("%d of %d bytes of the budget left at the end", tab.talks.left, cfg.BytesTotal)
		}
		batch := &record.Batch{}
		tab.Drain(batch)
		if err := addsUp(frames, batch); err != nil {
			t.Fatal(err)
		}
	})
}
