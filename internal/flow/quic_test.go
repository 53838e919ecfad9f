package flow

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// quicHelloOf is the client hello that crypto/tls sends over QUIC.
func quicHelloOf(t testing.TB, name string, alpn ...string) []byte {
	t.Helper()
	conn := tls.QUICClient(&tls.QUICConfig{TLSConfig: &tls.Config{ServerName: name, NextProtos: alpn, MinVersion: tls.VersionTLS13}})
	defer conn.Close()
	conn.SetTransportParameters([]byte{1, 1, 0})
	if err := conn.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	for {
		switch e := conn.NextEvent(); e.Kind {
		case tls.QUICWriteData:
			return append([]byte(nil), e.Data...)
		case tls.QUICNoEvent:
			t.Fatal("no hello")
		}
	}
}

// quicPiece is a CRYPTO frame.
func quicPiece(offset int, data []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{6}, 0x80000000|uint32(offset))
	return append(binary.BigEndian.AppendUint16(b, 0x4000|uint16(len(data))), data...)
}

// quicInitial seals an initial packet of version 1 with the keys of a client with that first destination id (RFC 9001, 5), number in one byte.
func quicInitial(t testing.TB, id, dcid, token []byte, number byte, frames []byte) []byte {
	t.Helper()
	expand := func(secret []byte, label string, n int) []byte {
		info := append([]byte{0, byte(n), byte(6 + len(label))}, "tls13 "+label+"\x00"...)
		out, err := hkdf.Expand(sha256.New, secret, string(info), n)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	root, err := hkdf.Extract(sha256.New, id, []byte("\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"))
	if err != nil {
		t.Fatal(err)
	}
	secret := expand(root, "client in", 32)
	block := func(label string) cipher.Block {
		b, err := aes.NewCipher(expand(secret, label, 16))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	aead, err := cipher.NewGCM(block("quic key"))
	if err != nil {
		t.Fatal(err)
	}
	frames = append(frames, make([]byte, max(0, 1150-len(frames)))...)
	head := append([]byte{0xc0, 0, 0, 0, 1, byte(len(dcid))}, dcid...)
	head = append(append(head, 0, byte(len(token))), token...)
	head = append(binary.BigEndian.AppendUint16(head, 0x4000|uint16(1+len(frames)+16)), number)
	nonce := expand(secret, "quic iv", 12)
	nonce[11] ^= number
	out := aead.Seal(bytes.Clone(head), nonce, frames, head)
	at := len(head) - 1
	mask := make([]byte, 16)
	block("quic hp").Encrypt(mask, out[at+4:at+20])
	out[0] ^= mask[0] & 15
	out[at] ^= mask[1]
	return out
}

// quicFrames sends datagrams to a server's port, half a second apart.
func quicFrames(t testing.TB, to net.IP, port uint16, payloads ...[]byte) (out []frame) {
	for i, b := range payloads {
		out = append(out, datagram(t, float64(i)/2, clientIP, clientPort, to, port, b))
	}
	return out
}

func showTLS(b *record.Batch) string {
	var s strings.Builder
	for _, r := range b.TLS {
		fmt.Fprintf(&s, "%s %s %v %s\n", r.ServerName, r.Version, r.ClientALPN, strings.SplitN(r.JA4, "_", 2)[0])
	}
	return s.String()
}

func TestQUIC(t *testing.T) {
	id, other := []byte("12345678"), []byte("abcdefgh")
	hello := quicHelloOf(t, "quic.example", "h3")
	one := quicInitial(t, id, id, nil, 0, quicPiece(0, hello))
	half := len(hello) / 2
	first, second := quicInitial(t, id, id, nil, 0, quicPiece(0, hello[:half])), quicInitial(t, id, id, nil, 1, quicPiece(half, hello[half:]))
	bad := bytes.Clone(hello[:half+20])
	bad[half+10] ^= 1
	foreign := bytes.Clone(one)
	copy(foreign[1:], "Q046")
	const want = "quic.example TLSv13 [h3] q13d"
	for _, c := range []struct {
		name     string
		port     uint16
		payloads [][]byte
		want     string // beginning of what is shown
		service  string
		n        uint64 // inconsistent
	}{
		{"one packet", 443, [][]byte{one}, want, "ssl,quic", 0},
		{"any port", 7777, [][]byte{one}, want, "ssl,quic", 0},
		{"said twice", 443, [][]byte{one, one[:len(one):len(one)]}, want, "ssl,quic", 0},
		{"two packets", 443, [][]byte{first, second}, want, "ssl,quic", 0},
		{"in the wrong order", 443, [][]byte{second, first}, want, "ssl,quic", 0},
		{"the rest with the server's id", 443, [][]byte{first, quicInitial(t, id, other, nil, 1, quicPiece(half, hello[half:]))}, want, "ssl,quic", 0},
		{"behind a retry", 443, [][]byte{first, quicInitial(t, other, other, []byte("token"), 1, quicPiece(0, hello))}, want, "ssl,quic", 0},
		{"other versions first", 443, [][]byte{foreign, one}, want, "ssl,quic", 0},
		{"overlapping and disagreeing", 443, [][]byte{quicInitial(t, id, id, nil, 0, quicPiece(half, hello[half:])), quicInitial(t, id, id, nil, 1, quicPiece(0, bad))}, want, "ssl,quic", 1},
		{"half", 443, [][]byte{first}, "", "quic", 0},
		{"another version", 443, [][]byte{foreign}, "", "quic", 0},
		{"another version elsewhere", 7777, [][]byte{foreign}, "", "", 0},
		{"damaged elsewhere", 7777, [][]byte{append(bytes.Clone(one[:900]), make([]byte, len(one)-900)...)}, "", "", 0},
		{"too late", 443, append(repeated(first, quicPatience), second), "", "quic", 0},
		{"just in time", 443, append(repeated(first, quicPatience-1), second), want, "ssl,quic", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := DefaultConfig()
			tab := New(cfg, sight.New(cfg.Scope, cfg.Sensor, cfg.Feed))
			feed(tab, quicFrames(t, serverIP, c.port, c.payloads...), func(int) {})
			b := &record.Batch{}
			tab.Drain(b)
			if got := showTLS(b); !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") || strings.Count(got, "\n") > 1 {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := b.Conns[0].Service; got != c.service {
				t.Errorf("service %q, want %q", got, c.service)
			}
			n := counts(b)
			if n[record.MessagesTLS] != uint64(len(b.TLS)) || n[record.Inconsistent] != c.n {
				t.Errorf("%d messages counted, %d inconsistent", n[record.MessagesTLS], n[record.Inconsistent])
			}
			if tab.talks.left != cfg.BytesTotal {
				t.Errorf("%d bytes of the budget are gone", cfg.BytesTotal-tab.talks.left)
			}
		})
	}
}

// repeated gives datagrams that say the same in one more byte each time, so that none is a copy.
func repeated(b []byte, n int) (out [][]byte) {
	for i := range n {
		out = append(out, append(bytes.Clone(b), make([]byte, i)...))
	}
	return out
}

// TestQUICBudget: hellos that never end are let go, counted, and cost no more than their budget.
func TestQUICBudget(t *testing.T) {
	cfg := DefaultConfig()
	cfg.BytesTotal = 16 << 10
	tab := New(cfg, sight.New(cfg.Scope, cfg.Sensor, cfg.Feed))
	id := []byte("12345678")
	packet := quicInitial(t, id, id, nil, 0, quicPiece(0, append([]byte{1, 0, 0xff, 0}, make([]byte, 1000)...)))
	var p decode.Packet
	for i := range uint16(100) {
		f := datagram(t, float64(i)/100, clientIP, 10000+i, serverIP, 443, packet)
		p.Frame(f.link, f.data, f.wire)
		tab.Packet(f.ts, &p, f.data, f.wire)
	}
	if tab.talks.left < 0 || tab.talks.left > cfg.BytesTotal-15*1004 {
		t.Errorf("%d bytes left", tab.talks.left)
	}
	tab.Finish(start + 100*second)
	b := &record.Batch{}
	tab.Drain(b)
	if n := counts(b); n[record.OverBudget] != 100-16 || tab.talks.left != cfg.BytesTotal {
		t.Errorf("%d over budget, %d bytes left", n[record.OverBudget], tab.talks.left)
	}
}

// TestEncryptedLookups: lookups over HTTPS, TLS and QUIC are told by name, address, port or protocol, once for a connection.
func TestEncryptedLookups(t *testing.T) {
	id := []byte("12345678")
	quic := func(to net.IP, port uint16, name string, alpn ...string) []frame {
		return quicFrames(t, to, port, quicInitial(t, id, id, nil, 0, quicPiece(0, quicHelloOf(t, name, alpn...))))
	}
	tcp := func(port uint16, name string, alpn ...string) []frame {
		h := quicHelloOf(t, name, alpn...) // the same but for an extension
		return conversation(t, port, 500, client("\x16\x03\x01"+string([]byte{byte(len(h) >> 8)})+string([]byte{byte(len(h))})+string(h)))
	}
	for _, c := range []struct {
		name   string
		frames []frame
		want   uint64
	}{
		{"QUIC to a resolver's name", quic(serverIP, 443, "dns.google", "h3"), 1},
		{"QUIC to a resolver's address", quic(net.IPv4(8, 8, 8, 8), 443, "x.example", "h3"), 1},
		{"QUIC by protocol", quic(serverIP, 8853, "x.example", "doq"), 1},
		{"QUIC by port", quic(serverIP, 853, "x.example", "doq"), 1},
		{"QUIC elsewhere", quic(serverIP, 443, "x.example", "h3"), 0},
		{"TLS to a resolver's name", tcp(443, "cloudflare-dns.com", "h2"), 1},
		{"TLS by protocol", tcp(4443, "x.example", "dot"), 1},
		{"TLS by port", tcp(853, "dns.google", "dot"), 1},
		{"TLS elsewhere", tcp(443, "x.example", "h2"), 0},
		{"another datagram by port", []frame{datagram(t, 0, clientIP, clientPort, serverIP, 853, []byte("xyz"))}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := counts(run(DefaultConfig(), c.frames))[record.DNSEncrypted]; got != c.want {
				t.Errorf("%d connections, want %d", got, c.want)
			}
		})
	}
}
