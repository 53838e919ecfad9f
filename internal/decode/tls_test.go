package decode

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"math/big"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// tap is a connection that keeps what was written to it.
type tap struct {
	net.Conn
	mu  *sync.Mutex
	out *bytes.Buffer
}

func (c tap) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.out.Write(b)
	c.mu.Unlock()
	return c.Conn.Write(b)
}

// handshake runs a real handshake over a pipe and gives what each side sent.
func handshake(t testing.TB, version uint16, client *tls.Config) (fromClient, fromServer []byte, leaf *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0xabcde), DNSNames: []string{"www.example.com", "example.com"},
		Subject:   pkix.Name{CommonName: "www.example.com", Organization: []string{"Example, Inc"}, Country: []string{"DE"}},
		NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(1800000000, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err = x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	server := &tls.Config{MinVersion: version, MaxVersion: version, NextProtos: []string{"h2"}, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	client.MinVersion, client.MaxVersion, client.InsecureSkipVerify = version, version, true
	a, b := net.Pipe()
	var mu sync.Mutex
	var ca, sa bytes.Buffer
	done := make(chan error, 1)
	s := tls.Server(tap{b, &mu, &sa}, server)
	go func() {
		err := s.Handshake()
		if err == nil {
			_, err = s.Write([]byte("x"))
		}
		done <- err
	}()
	c := tls.Client(tap{a, &mu, &ca}, client)
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return ca.Bytes(), sa.Bytes(), leaf
}

// split cuts the first record of a stream into records of at most n bytes.
func split(stream []byte, n int) []byte {
	size := int(be16(stream[3:]))
	payload, rest := stream[5:5+size], stream[5+size:]
	var out []byte
	for len(payload) > 0 {
		k := min(n, len(payload))
		out = join(out, stream[:3], u16(k), payload[:k])
		payload = payload[k:]
	}
	return append(out, rest...)
}

func TestTLSHandshakes(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(TLSVersionName(version), func(t *testing.T) {
			client, server, leaf := handshake(t, version, &tls.Config{ServerName: "www.example.com", NextProtos: []string{"h2", "http/1.1"}})
			var ch ClientHello
			var sh ServerHello
			var cert Certificate
			for _, pieces := range []int{1 << 14, 100, 1} {
				client, server := split(client, pieces), split(server, pieces)
				if got := TLSClientHello(client, &ch); got != Done {
					t.Fatalf("client hello in records of %d: %s", pieces, got)
				}
				checkClientHello(t, &ch, version)
				if got := TLSServerHello(server, &sh); got != Done {
					t.Fatalf("server hello: %s", got)
				}
				if sh.Version != version || CipherName(sh.Cipher) == "" || sh.Retry || sh.Refused {
					t.Errorf("server hello %+v", sh)
				}
				if got := TLSCertificate(server, &cert); got != Done {
					t.Fatalf("certificate: %s", got)
				}
				checkCertificate(t, &cert, version, leaf)
			}
			if version == tls.VersionTLS13 && GroupName(sh.Group) != "X25519MLKEM768" && GroupName(sh.Group) != "x25519" {
				t.Errorf("group %d", sh.Group)
			}
			if version == tls.VersionTLS12 && sh.ALPN != "h2" {
				t.Errorf("ALPN %q", sh.ALPN)
			}
			for n := range client {
				if got := TLSClientHello(client[:n], &ch); got != NeedMore && n < 5+int(be16(client[3:])) {
					t.Fatalf("the first %d bytes of a client hello: %s", n, got)
				}
			}
			for n := range 5 + int(be16(server[3:])) {
				if got := TLSServerHello(server[:n], &sh); got == NotTLS {
					t.Fatalf("the first %d bytes of a server hello: %s", n, got)
				}
			}
			if got := TLSClientHello(server, &ch); got != NotTLS {
				t.Errorf("a server hello is taken for a client's: %s", got)
			}
			if got := TLSServerHello(client, &sh); got != NotTLS {
				t.Errorf("a client hello is taken for a server's: %s", got)
			}
		})
	}
}

func checkClientHello(t *testing.T, h *ClientHello, version uint16) {
	t.Helper()
	if h.SNI != "www.example.com" || !h.HasSNI || !slices.Equal(h.ALPN, []string{"h2", "http/1.1"}) || h.Version != tls.VersionTLS12 {
		t.Errorf("SNI %q, ALPN %q, version %x", h.SNI, h.ALPN, h.Version)
	}
	if !slices.Contains(h.SupportedVersions, version) || len(h.CipherSuites) == 0 || len(h.Groups) == 0 || len(h.SignatureAlgs) == 0 ||
		len(h.Extensions) < 6 || h.Dropped != 0 || h.RecordVersion != tls.VersionTLS10 {
		t.Errorf("lists: %+v", h)
	}
}

func checkCertificate(t *testing.T, c *Certificate, version uint16, leaf *x509.Certificate) {
	t.Helper()
	if version == tls.VersionTLS13 {
		if c.State != CertMissing || c.SHA256 != "" {
			t.Errorf("TLS 1.3 hides it: %+v", c)
		}
		return
	}
	hash := sha256.Sum256(leaf.Raw)
	const name = `CN=www.example.com,O=Example\, Inc,C=DE`
	if c.State != CertRead || c.Subject != name || c.Issuer != name || c.Serial != "0ABCDE" || c.ChainLength != 1 || c.SHA256 != hex.EncodeToString(hash[:]) ||
		!c.NotBefore.Equal(leaf.NotBefore) || !c.NotAfter.Equal(leaf.NotAfter) || !slices.Equal(c.SANDNS, leaf.DNSNames) ||
		GroupName(c.Group) != "x25519" {
		t.Errorf("%+v", c)
	}
}

func TestTLSResumption(t *testing.T) {
	var h ClientHello
	client, _, _ := handshake(t, tls.VersionTLS12, &tls.Config{ServerName: "a.test"})
	if TLSClientHello(client, &h) != Done || h.HasTicket {
		t.Errorf("a first hello offers no ticket: %+v", h)
	}
	hello := clientHello(join(u16(35), u16(4), fill(4, 1)))
	if TLSClientHello(hello, &h) != Done || !h.HasTicket {
		t.Errorf("the ticket is not seen: %+v", h)
	}
	if TLSClientHello(clientHello(join(u16(35), u16(0))), &h) != Done || h.HasTicket {
		t.Error("an empty ticket only says that tickets are understood")
	}
}

// clientHello gives a record with a minimal hello that has these extensions.
func clientHello(extensions []byte) []byte {
	body := join(u16(0x0303), fill(32, 7), []byte{0}, u16(2), u16(0x1301), []byte{1, 0}, u16(len(extensions)), extensions)
	message := join([]byte{1, 0}, u16(len(body)), body)
	return join([]byte{22, 3, 1}, u16(len(message)), message)
}

func serverRecord(messages ...[]byte) []byte {
	all := join(messages...)
	return join([]byte{22, 3, 3}, u16(len(all)), all)
}

func message(kind byte, body []byte) []byte { return join([]byte{kind, 0}, u16(len(body)), body) }

func TestTLSOddities(t *testing.T) {
	var ch ClientHello
	var sh ServerHello
	var cert Certificate
	plain := message(2, join(u16(0x0303), fill(32, 7), []byte{0}, u16(0xc02f), []byte{0}))
	retry := message(2, join(u16(0x0303), []byte(helloRetry), []byte{0}, u16(0x1301), []byte{0}, u16(12), u16(43), u16(2), u16(0x0304), u16(51), u16(2), u16(24)))
	for _, c := range []struct {
		name string
		got  Status
		want Status
	}{
		{"empty", TLSClientHello(nil, &ch), NeedMore},
		{"http", TLSClientHello([]byte("GET / HTTP/1.1"), &ch), NotTLS},
		{"ssh", TLSClientHello([]byte("SSH-2.0-x"), &ch), NotTLS},
		{"record of length 0", TLSClientHello([]byte{22, 3, 1, 0, 0}, &ch), NotTLS},
		{"record too long", TLSClientHello([]byte{22, 3, 1, 0xff, 0xff}, &ch), NotTLS},
		{"message too long", TLSClientHello(join([]byte{22, 3, 1, 0, 8, 1, 0xff, 0, 0}, u32(0)), &ch), NotTLS},
		{"hello cut inside its body", TLSClientHello(join([]byte{22, 3, 1, 0, 6, 1, 0, 0, 2}, u16(0x0303)), &ch), NotTLS},
		{"extension over the end", TLSClientHello(clientHello(join(u16(0), u16(99), fill(4, 1))), &ch), NotTLS},
		{"broken SNI only empties it", TLSClientHello(clientHello(join(u16(0), u16(4), u16(99), fill(2, 0))), &ch), Done},
		{"server hello without extensions", TLSServerHello(serverRecord(plain), &sh), Done},
		{"half an alert", TLSServerHello([]byte{21, 3, 3, 0, 2}, &sh), NeedMore},
		{"no alert", TLSServerHello([]byte{21, 3, 3, 0, 2, 9, 40}, &sh), NotTLS},
		{"resumed", TLSCertificate(join(serverRecord(plain), []byte{20, 3, 3, 0, 1, 1}), &cert), Done},
		{"certificate to come", TLSCertificate(serverRecord(plain), &cert), NeedMore},
		{"empty certificate", TLSCertificate(serverRecord(plain, message(11, []byte{0, 0, 0})), &cert), Done},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.name, c.got, c.want)
		}
	}
	if cert.State != CertEmpty {
		t.Errorf("empty certificate: %s", cert.State)
	}
	garbage := join([]byte{0, 0, 8, 0, 0, 5}, fill(5, 9))
	if TLSCertificate(serverRecord(plain, message(11, garbage)), &cert) != Done || cert.State != CertUnreadable || cert.ChainLength != 1 || len(cert.SHA256) != 64 {
		t.Errorf("garbage: %+v", cert)
	}
	if TLSServerHello([]byte{21, 3, 3, 0, 2, 2, 40}, &sh) != Done || !sh.Refused || sh.Alert != 40 || sh.Cipher != 0 {
		t.Errorf("alert: %+v", sh)
	}
	if TLSServerHello(serverRecord(retry), &sh) != Done || !sh.Retry || sh.Version != 0x0304 || GroupName(sh.Group) != "secp384r1" {
		t.Errorf("retry: %+v", sh)
	}
}

func TestTLSTables(t *testing.T) {
	for got, want := range map[string]string{
		TLSVersionName(0x0300): "SSLv3", TLSVersionName(0x0303): "TLSv12", TLSVersionName(0x7f12): "TLSv13-draft18", TLSVersionName(0x0999): "unknown-2457",
		CipherName(0x1301): "TLS_AES_128_GCM_SHA256", CipherName(0x009f): "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", CipherName(0xfefe): "unknown-65278",
		GroupName(29): "x25519", GroupName(9999): "unknown-9999",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if !IsGREASE(0x0a0a) || !IsGREASE(0xfafa) || IsGREASE(0x0a1a) || IsGREASE(0x1301) {
		t.Error("GREASE")
	}
}

func FuzzTLS(f *testing.F) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server, _ := handshake(f, version, &tls.Config{ServerName: "www.example.com", NextProtos: []string{"h2"}})
		f.Add(client)
		f.Add(server)
		f.Add(split(server, 40))
	}
	f.Add([]byte{21, 3, 3, 0, 2, 2, 40})
	f.Fuzz(func(t *testing.T, b []byte) {
		var ch ClientHello
		var sh ServerHello
		var c Certificate
		if TLSClientHello(b, &ch) == Done {
			printable(t, ch.SNI)
			for _, p := range ch.ALPN {
				printable(t, p)
			}
			if len(ch.Extensions) > maxTLSList || len(ch.CipherSuites) > maxTLSList || len(b) < 43 {
				t.Fatalf("%+v", ch)
			}
		}
		if TLSServerHello(b, &sh) == Done {
			printable(t, sh.ALPN)
		}
		if status := TLSCertificate(b, &c); status == Done && c.State == CertRead {
			printable(t, c.Subject+c.Issuer+c.Serial)
		}
	})
}

func BenchmarkClientHello(b *testing.B) {
	client, _, _ := handshake(b, tls.VersionTLS13, &tls.Config{ServerName: "www.example.com", NextProtos: []string{"h2"}})
	b.ReportAllocs()
	var h ClientHello
	for b.Loop() {
		if TLSClientHello(client, &h) != Done {
			b.Fatal(errors.New("not read"))
		}
	}
}

// TestCertificatesAreRemembered: what was read before comes out the same, and memory is bounded.
func TestCertificatesAreRemembered(t *testing.T) {
	plain := message(2, join(u16(0x0303), fill(32, 7), []byte{0}, u16(0xc02f), []byte{0}))
	chain := func(leaf []byte) []byte {
		leaf = join([]byte{0}, u16(len(leaf)), leaf)
		return serverRecord(plain, message(11, join([]byte{0}, u16(len(leaf)), leaf)))
	}
	_, server, _ := handshake(t, tls.VersionTLS12, &tls.Config{ServerName: "www.example.com"})
	var fresh, c Certificate
	if TLSCertificate(server, &fresh) != Done || fresh.State != CertRead {
		t.Fatalf("certificate: %+v", fresh)
	}
	for i := range 3 * maxKnown {
		if TLSCertificate(chain(u16(i)), &c) != Done || c.State != CertUnreadable || len(c.SANDNS) != 0 || c.Subject != "" {
			t.Fatalf("garbage %d: %+v", i, c)
		}
		if len(c.known) > maxKnown {
			t.Fatalf("%d certificates are kept, at most %d may be", len(c.known), maxKnown)
		}
		if i%100 != 0 {
			continue
		}
		TLSCertificate(server, &c)
		if c.Subject != fresh.Subject || c.SHA256 != fresh.SHA256 || c.Serial != fresh.Serial || !c.NotAfter.Equal(fresh.NotAfter) || !slices.Equal(c.SANDNS, fresh.SANDNS) {
			t.Fatalf("after %d others: %+v, want %+v", i, c, fresh)
		}
	}
	kept := len(c.known)
	if TLSCertificate(chain(fill(maxKnownSize+1, 7)), &c); len(c.known) != kept {
		t.Error("a certificate over the bound is kept")
	}
}
