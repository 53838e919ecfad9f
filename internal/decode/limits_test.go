package decode

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"testing"
)

func u24(v int) []byte { return []byte{byte(v >> 16), byte(v >> 8), byte(v)} }

// inRecords puts handshake bytes into records of at most 16 KiB.
func inRecords(b []byte) (out []byte) {
	for len(b) > 0 {
		n := min(len(b), 1<<14)
		out = join(out, []byte{22, 3, 3}, u16(n), b[:n])
		b = b[n:]
	}
	return out
}

// TestNoCertificate tells a server that resumes a session from one whose certificate is not there for another reason.
func TestNoCertificate(t *testing.T) {
	hello := message(2, join(u16(0x0303), fill(32, 7), []byte{0}, u16(0xc02f), []byte{0}))
	change, alert := []byte{20, 3, 3, 0, 1, 1}, []byte{21, 3, 3, 0, 2, 2, 40}
	certificate := func(leaf int) []byte {
		return join([]byte{11}, u24(leaf+6), u24(leaf+3), u24(leaf), fill(leaf, 9))
	}
	for _, c := range []struct {
		name    string
		b       []byte
		state   CertState
		resumed bool
	}{
		{"resumed", join(inRecords(hello), change), CertMissing, true},
		{"resumed with a new ticket", join(inRecords(join(hello, message(4, fill(8, 1)))), change), CertMissing, true},
		{"no certificate by cipher", inRecords(join(hello, message(12, fill(8, 1)), message(14, nil))), CertMissing, false},
		{"refused", join(inRecords(hello), alert), CertMissing, false},
		{"what is no handshake", join(inRecords(hello), []byte{22, 3, 3, 0, 4, 99, 0, 0, 0}), CertMissing, false},
		{"a leaf that is too large", inRecords(join(hello, certificate(maxCertificate+1))), CertTooLarge, false},
		{"a message that just fits", inRecords(join(hello, certificate(maxHandshake-6))), CertTooLarge, false},
		{"a message that is too large", inRecords(join(hello, certificate(maxHandshake))), CertTooLarge, false},
		{"a message that only says so", inRecords(join(hello, []byte{11, 0xff, 0xff, 0xff, 0, 0, 0, 0})), CertTooLarge, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var cert Certificate
			if got := TLSCertificate(c.b, &cert); got != Done || cert.State != c.state || cert.Resumed != c.resumed || cert.Dropped != 0 {
				t.Errorf("%s, %s, resumed %v, %d dropped; want %s, resumed %v", got, cert.State, cert.Resumed, cert.Dropped, c.state, c.resumed)
			}
		})
	}
}

// manyNames is a certificate for n names.
func manyNames(t *testing.T, n int) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	for i := range n {
		template.DNSNames = append(template.DNSNames, fmt.Sprintf("n%d.example", i))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestListsTellWhatTheyLeaveOut: every list that is shortened says so, and one that just fits says nothing.
func TestListsTellWhatTheyLeaveOut(t *testing.T) {
	hello := message(2, join(u16(0x0303), fill(32, 7), []byte{0}, u16(0xc02f), []byte{0}))
	certificates := func(names, others int) int {
		leaf := manyNames(t, names)
		list := join(u24(len(leaf)), leaf, bytes.Repeat(join(u24(1), []byte{9}), others))
		var c Certificate
		if TLSCertificate(inRecords(join(hello, []byte{11}, u24(len(list)+3), u24(len(list)), list)), &c); c.State != CertRead || len(c.SANDNS) > maxSANs || c.ChainLength > maxChain {
			t.Fatalf("%s, %d names, a chain of %d", c.State, len(c.SANDNS), c.ChainLength)
		}
		return c.Dropped
	}
	proxies := func(n int) int {
		var r HTTPRequest
		ParseHTTPRequest(join([]byte("GET / HTTP/1.1\r\n"), bytes.Repeat([]byte("Via: a\r\n"), n), []byte("\r\n")), 0, &r)
		return r.Dropped
	}
	dhcp := func(code byte, addresses int) int {
		b := make([]byte, 236)
		b[0] = 1
		var d DHCP
		if err := ParseDHCP(join(b, u32(0x63825363), []byte{code, byte(4 * addresses)}, make([]byte, 4*addresses), []byte{255}), &d); err != nil {
			t.Fatal(err)
		}
		return d.Dropped
	}
	dhcp6 := func(option []byte) int {
		var d DHCP6
		if err := ParseDHCP6(dhcp6(7, 1, option), &d); err != nil {
			t.Fatal(err)
		}
		return d.Dropped
	}
	smb := func(n int) int {
		b := join([]byte("\xfeSMB"), make([]byte, 60), []byte{36, 0, byte(n), 0}, make([]byte, 32+2*n))
		var m SMB
		if !ParseSMB(b, &m) || len(m.Offered) != min(n, maxDialects) {
			t.Fatalf("%+v", m)
		}
		return m.Dropped
	}
	for _, c := range []struct {
		name      string
		got, want int
	}{
		{"names that fit", certificates(maxSANs, 0), 0},
		{"names", certificates(maxSANs+3, 0), 3},
		{"a chain that fits", certificates(1, maxChain-1), 0},
		{"a chain", certificates(1, maxChain+1), 2},
		{"headers of proxies that fit", proxies(maxHTTPProxied), 0},
		{"headers of proxies", proxies(maxHTTPProxied + 2), 2},
		{"routers that fit", dhcp(3, 16), 0},
		{"routers", dhcp(3, 17), 1},
		{"resolvers", dhcp(6, 20), 4},
		{"resolvers of IPv6 that fit", dhcp6(opt6(23, make([]byte, 16*16))), 0},
		{"resolvers of IPv6", dhcp6(opt6(23, make([]byte, 16*18))), 2},
		{"domains that fit", dhcp6(opt6(24, bytes.Repeat([]byte("\x01a\x00"), 16))), 0},
		{"domains", dhcp6(opt6(24, bytes.Repeat([]byte("\x01a\x00"), 19))), 1},
		{"dialects that fit", smb(maxDialects), 0},
		{"dialects", smb(maxDialects + 5), 5},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d left out, want %d", c.name, c.got, c.want)
		}
	}
}

// TestRelayedCard: a relay may say from which card it has a message, before or behind that; the one nearest to the client is believed.
func TestRelayedCard(t *testing.T) {
	card := func(mac []byte) []byte { return opt6(79, u16(1), mac) }
	relay := func(options ...[]byte) []byte { return join([]byte{12, 0}, hostIP6, farIP6, join(options...)) }
	msg := dhcp6(1, 5, opt6(14))
	for _, c := range []struct {
		name string
		b    []byte
		want []byte
	}{
		{"none", relay(opt6(9, msg)), nil},
		{"before", relay(card(hostMAC), opt6(9, msg)), hostMAC},
		{"behind", relay(opt6(9, msg), card(hostMAC)), hostMAC},
		{"cut behind the message", relay(opt6(9, msg), card(hostMAC)[:7]), nil},
		{"of another kind", relay(opt6(9, msg), opt6(79, u16(32), make([]byte, 20))), nil},
		{"two relays", relay(card(routerMAC), opt6(9, relay(opt6(9, msg), card(hostMAC)))), hostMAC},
		{"the farther one only", relay(card(routerMAC), opt6(9, relay(opt6(9, msg)))), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d DHCP6
			err := ParseDHCP6(c.b, &d)
			if err != nil || d.MsgType != 1 || !d.RapidCommit || d.HasPeerLink != (c.want != nil) || c.want != nil && d.PeerLink != MAC(c.want) {
				t.Errorf("%v, %+v", err, d)
			}
		})
	}
}

// TestLayersOfTunnels: one bound holds for all headers of a frame, those in tunnels included.
func TestLayersOfTunnels(t *testing.T) {
	tagged := func(n int, kind int, payload []byte) []byte {
		b := join(routerMAC, hostMAC)
		for range n {
			b = join(b, u16(0x8100), u16(7))
		}
		return join(b, u16(kind), payload)
	}
	vxlan := func(inner []byte) []byte {
		return ip4(ProtoUDP, 0, udp(50000, 4789, join([]byte{8, 0, 0, 0}, u32(5<<8), inner)))
	}
	plain := ip4(ProtoUDP, 0, udp(1, 2, []byte("x")))
	for _, c := range []struct {
		outer, inner int
		want         Reason
	}{
		{0, 0, OK},
		{7, 8, OK}, // and the tunnel
		{8, 8, TooDeep},
		{MaxLayers, 0, TooDeep},
		{0, MaxLayers - 1, OK},
		{0, MaxLayers, TooDeep},
	} {
		frame := tagged(c.outer, 0x0800, vxlan(tagged(c.inner, 0x0800, plain)))
		p := decoded(LinkEthernet, frame, len(frame))
		if p.Reason != OK || p.InnerOffset == 0 {
			t.Fatalf("%+v", p)
		}
		var q Packet
		data := frame[p.InnerOffset:]
		if q.Inner(p, p.InnerLink, data, uint32(len(data))); q.Reason != c.want {
			t.Errorf("%d tags outside, %d inside: %s, want %s", c.outer, c.inner, q.Reason, c.want)
		}
	}
}

// TestLayersOfFragments: the headers before a fragment's payload count for what is put together, whichever fragment comes last.
func TestLayersOfFragments(t *testing.T) {
	const each = 7 // destination options before the fragment header, and behind it
	options := bytes.Repeat([]byte{ProtoDestOpts, 0, 1, 4, 0, 0, 0, 0}, each)
	build := func(behind int, last byte) []byte {
		b := bytes.Repeat([]byte{ProtoDestOpts, 0, 1, 4, 0, 0, 0, 0}, behind)
		if behind > 0 {
			b[8*(behind-1)] = last
		}
		return b
	}
	before := bytes.Clone(options)
	before[8*(each-1)] = ProtoFragment
	for _, c := range []struct {
		behind int
		want   Reason
	}{{MaxLayers - each - 1, OK}, {MaxLayers - each, TooDeep}} {
		whole := join(build(c.behind, ProtoUDP), udp(1, 2, fill(24, 1)))
		part := func(from, to int) *Packet {
			bits := from
			if to < len(whole) {
				bits |= 1
			}
			frame := ether(0x86dd, ip6(ProtoDestOpts, join(before, []byte{ProtoDestOpts, 0}, u16(bits), u32(9), whole[from:to])))
			return decoded(LinkEthernet, frame, len(frame))
		}
		joined := ip6(ProtoDestOpts, whole)
		for _, p := range []*Packet{part(0, 8), part(8, len(whole))} {
			var q Packet
			if q.Joined(p, LinkIPv6, joined, uint32(len(joined))); q.Reason != c.want || !p.Fragment {
				t.Errorf("%d headers behind, completed by the fragment at %d: %s, want %s", c.behind, p.FragOffset, q.Reason, c.want)
			}
		}
	}
}
