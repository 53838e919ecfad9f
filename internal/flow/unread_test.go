package flow

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"candor/internal/record"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// unread gives what could not be read, over all minutes.
func unread(b *record.Batch) map[string]uint64 {
	out := map[string]uint64{}
	for i := range b.Sight {
		for name, n := range b.Sight[i].Undecodable {
			out[name] += n
		}
	}
	return out
}

// serverSays is a TLS server's hello and a certificate message of size bytes with a leaf of leaf bytes, then the change to encryption.
func serverSays(size, leaf int) string {
	hello := "\x02\x00\x00\x26\x03\x03" + strings.Repeat("r", 32) + "\x00\xc0\x2f\x00"
	three := func(n int) string { return string([]byte{byte(n >> 16), byte(n >> 8), byte(n)}) }
	all := hello + "\x0b" + three(size) + three(size-3) + three(leaf) + strings.Repeat("c", size-6)
	var b strings.Builder
	for len(all) > 0 {
		n := min(len(all), 1<<14)
		b.WriteString(string([]byte{tlsHandshake, 3, 3, byte(n >> 8), byte(n)}) + all[:n])
		all = all[n:]
	}
	return b.String() + "\x14\x03\x03\x00\x01\x01"
}

// TestUnread: what a bound leaves out of a message has a name, is counted once, and is state that was let go only where it is.
func TestUnread(t *testing.T) {
	id := []byte("12345678")
	hello := quicHelloOf(t, "quic.example", "h3")
	half := len(hello) / 2
	first, second := quicInitial(t, id, id, nil, 0, quicPiece(0, hello[:half])), quicInitial(t, id, id, nil, 1, quicPiece(half, hello[half:]))
	idle := quicInitial(t, id, id, nil, 2, []byte{1}) // a ping, no part of the hello
	fromServer := func(n int) (out []frame) {
		for i := range n {
			out = append(out, datagram(t, 1+float64(i)/100, serverIP, 443, clientIP, clientPort, append([]byte{0xc0, 0, 0, 0, 1, 0}, make([]byte, 60+i)...)))
		}
		return out
	}
	foreign := append([]byte{0xc0}, "Q046\x08abcdefgh not opened here"...)
	quic := func(payloads ...[]byte) []frame { return quicFrames(t, serverIP, 443, payloads...) }
	wide := DefaultConfig()
	wide.BytesPerConn, wide.BytesTotal = 1<<20, 8<<20
	names := func(n int) []frame { return []frame{datagram(t, 0, serverIP, 53, clientIP, 4000, dnsAnswers(n))} }
	via := func(n int) []frame {
		return conversation(t, 80, 1000, client("GET /a HTTP/1.1\r\nHost: h\r\n"+strings.Repeat("Via: x\r\n", n)+"\r\n"))
	}
	fragments := inFragments(datagram(t, 0, clientIP, clientPort, serverIP, 9999, make([]byte, 400)), 80, 9, 0.01)
	tunnels := func(n int) (out []frame) {
		f := datagram(t, 0, clientIP, clientPort, serverIP, 9999, []byte("x"))
		for range 2 {
			for i := range n {
				in := tunnelled(t, f, "gre", 0)
				in.data[29], in.data[18] = byte(i), byte(len(out)) // another end of the tunnel
				in.ts += record.Time(len(out)) * 1e6
				out = append(out, in)
			}
		}
		return out
	}
	for _, c := range []struct {
		name   string
		cfg    Config
		frames []frame
		want   map[string]uint64
		over   uint64
	}{
		{"a hello of QUIC", DefaultConfig(), quic(first, second), nil, 0},
		{"a hello of QUIC, half of it", DefaultConfig(), quic(first), map[string]uint64{"quic_hello_unread": 1}, 0},
		{"a hello of QUIC that comes too late", DefaultConfig(), quic(append(repeated(first, quicPatience), second)...), map[string]uint64{"quic_hello_unread": 1}, 1},
		{"half a hello, then the server's packets: loss, not memory", DefaultConfig(), append(quic(first), fromServer(20)...), map[string]uint64{"quic_hello_unread": 1}, 0},
		{"half a hello, then packets without a part of it", DefaultConfig(), quic(append([][]byte{first}, repeated(idle, 20)...)...), map[string]uint64{"quic_hello_unread": 1}, 0},
		{"a version of QUIC that is not opened", DefaultConfig(), quic(foreign), map[string]uint64{"quic_hello_unread": 1}, 0},
		{"a certificate that is read", wide, conversation(t, 443, 1400, server(serverSays(300, 294))), nil, 0},
		{"a certificate message that just fits", wide, conversation(t, 443, 1400, server(serverSays(1<<17, 1000))), nil, 0},
		{"a leaf that is too large", wide, conversation(t, 443, 1400, server(serverSays(1<<17, 1<<16+1))), map[string]uint64{"certificate_unread": 1}, 1},
		{"a certificate message that is too large", DefaultConfig(), conversation(t, 443, 1400, server(serverSays(1<<17+1, 1000))), map[string]uint64{"certificate_unread": 1}, 1},
		{"answers that fit", DefaultConfig(), names(511), nil, 0},
		{"answers", DefaultConfig(), names(600), map[string]uint64{"dns_shortened": 1}, 0},
		{"headers of proxies that fit", DefaultConfig(), via(8), nil, 0},
		{"headers of proxies", DefaultConfig(), via(9), map[string]uint64{"http_shortened": 1}, 0},
		{"fragments", DefaultConfig(), fragments, nil, 0},
		{"a fragment is missing", DefaultConfig(), fragments[1:], map[string]uint64{"fragments_missing": 1}, 0},
		{"a fragment is missing, and time goes on", DefaultConfig(), append(fragments[1:], icmp(t, 40, clientIP, serverIP, 8, 0)), map[string]uint64{"fragments_missing": 1}, 0},
		{"tunnels that are named", DefaultConfig(), tunnels(maxParents), nil, 0},
		{"tunnels", DefaultConfig(), tunnels(maxParents + 3), map[string]uint64{"tunnels_shortened": 1}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := run(c.cfg, c.frames)
			if d := cmp.Diff(c.want, unread(b), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if n := counts(b)[record.OverBudget]; n != c.over {
				t.Errorf("%d over budget, want %d", n, c.over)
			}
			for _, r := range b.TLS {
				if r.Resumed {
					t.Errorf("a handshake whose certificate is there is said to be resumed: %+v", r)
				}
			}
		})
	}
}

// dnsAnswers is a reply with n addresses under the root.
func dnsAnswers(n int) []byte {
	b := []byte{0, 1, 0x81, 0x80, 0, 1, byte(n >> 8), byte(n), 0, 0, 0, 0, 0, 0, 1, 0, 1}
	for range n {
		b = append(b, 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 1)
	}
	return b
}

// TestStreamGivenUp: a direction with more missing than is waited for is told.
func TestStreamGivenUp(t *testing.T) {
	frames := conversation(t, 80, 100, client("GET /a HTTP/1.1\r\n\r\n"), client("GET /b HTTP/1.1\r\nHost: "+strings.Repeat("h", 3000)+"\r\n\r\n"))
	for lost, want := range []uint64{0, 1} {
		b := run(DefaultConfig(), slices.Delete(slices.Clone(frames), 5, 5+lost))
		if n := unread(b)["stream_given_up"]; n != want || len(b.HTTP) != 2-lost {
			t.Errorf("%d segments lost: %d given up, %d requests", lost, n, len(b.HTTP))
		}
	}
}

// TestAllTunnelsTogether: the bound on headers holds for a frame as a whole, and what is beyond is counted.
func TestAllTunnelsTogether(t *testing.T) {
	tag := func(f frame, n int) frame {
		f.data = slices.Concat(f.data[:12], slices.Concat(slices.Repeat([][]byte{{0x81, 0, 0, 7}}, n)...), f.data[12:])
		f.wire = uint32(len(f.data))
		return f
	}
	query := datagram(t, 0, clientIP, clientPort, serverIP, 53, dnsMessage(1, false, "in.example", 0))
	for _, c := range []struct{ inner, middle, outer, lookups int }{
		{4, 4, 4, 1},
		{4, 5, 5, 1}, // and the two tunnels: sixteen
		{5, 5, 5, 0},
		{15, 0, 0, 0},
		{13, 0, 1, 1},
		{0, 15, 0, 0},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			f := tag(tunnelled(t, tag(tunnelled(t, tag(query, c.inner), "vxlan", 1), c.middle), "vxlan", 2), c.outer)
			b := run(DefaultConfig(), []frame{f})
			if n := unread(b)["too_deep"]; len(b.DNS) != c.lookups || n != uint64(1-c.lookups) {
				t.Errorf("%d lookups, %d too deep", len(b.DNS), n)
			}
		})
	}
}
