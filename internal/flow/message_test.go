package flow

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/record"

	"github.com/gopacket/gopacket/layers"
)

// stretch is one side's next bytes in a conversation.
type stretch struct {
	client bool
	data   string
}

// conversation makes the frames of a TCP connection that carries the stretches in segments of at most size bytes. The port of the server is port.
func conversation(t testing.TB, port uint16, size int, parts ...stretch) []frame {
	t.Helper()
	out := script(t, handshake)
	seq, at := [2]uint32{501, 101}, 1.0
	for _, p := range parts {
		me := 0
		if p.client {
			me = 1
		}
		for d := p.data; len(d) > 0; {
			n := min(size, len(d))
			out = append(out, tcpSegment(t, at, p.client, "PA", seq[me], seq[1-me], d[:n]))
			seq[me] += uint32(n)
			at += 0.01
			d = d[n:]
		}
	}
	if port != serverPort {
		for i := range out {
			d := out[i].data
			if d[34] == 0 && d[35] == serverPort {
				d[34], d[35] = byte(port>>8), byte(port)
			} else {
				d[36], d[37] = byte(port>>8), byte(port)
			}
		}
	}
	return out
}

func client(s string) stretch { return stretch{true, s} }
func server(s string) stretch { return stretch{false, s} }

func showHTTP(rs []record.HTTP) string {
	var b strings.Builder
	for _, r := range rs {
		fmt.Fprintf(&b, "%d %s %s%s %d req %d resp %d\n", r.TransDepth, r.Method, r.Host, r.URI, r.StatusCode, r.RequestBodyLen, r.ResponseBodyLen)
	}
	return b.String()
}

func TestHTTP(t *testing.T) {
	get := func(uri string) string { return "GET " + uri + " HTTP/1.1\r\nHost: h\r\n\r\n" }
	sized := func(n int) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n))
	}
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
	for _, c := range []struct {
		name  string
		parts []stretch
		want  string
	}{
		{"one", []stretch{client(get("/a")), server(sized(10))}, "1 GET h/a 200 req 0 resp 10\n"},
		{"kept alive", []stretch{client(get("/a")), server(sized(3000)), client(get("/b")), server(sized(0))}, "1 GET h/a 200 req 0 resp 3000\n2 GET h/b 200 req 0 resp 0\n"},
		{
			"pipelined",
			[]stretch{client(get("/a") + get("/b") + get("/c")), server(sized(5) + chunked + sized(7))},
			"1 GET h/a 200 req 0 resp 5\n2 GET h/b 200 req 0 resp 15\n3 GET h/c 200 req 0 resp 7\n",
		},
		{
			"posted",
			[]stretch{client("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n" + strings.Repeat("y", 2000) + get("/n")), server(sized(1) + sized(2))},
			"1 POST h/p 200 req 2000 resp 1\n2 GET h/n 200 req 0 resp 2\n",
		},
		{
			"head has no body",
			[]stretch{client("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"), server("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), client(get("/b")), server(sized(1))},
			"1 HEAD h/a 200 req 0 resp 0\n2 GET h/b 200 req 0 resp 1\n",
		},
		{"continue", []stretch{client(get("/a")), server("HTTP/1.1 100 Continue\r\n\r\n" + sized(4))}, "1 GET h/a 200 req 0 resp 4\n"},
		{"until the end", []stretch{client(get("/a")), server("HTTP/1.0 200 OK\r\n\r\n" + strings.Repeat("z", 77))}, "1 GET h/a 200 req 0 resp 77\n"},
		{"no response", []stretch{client(get("/a"))}, "1 GET h/a 0 req 0 resp 0\n"},
		{"response only", []stretch{server(sized(6))}, "1   200 req 0 resp 6\n"},
		{
			"through a proxy",
			[]stretch{client("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n"), server("HTTP/1.1 200 OK\r\n\r\n"), client(get("/in")), server(sized(3))},
			"1 CONNECT h:80h:80 200 req 0 resp 0\n1 GET h/in 200 req 0 resp 3\n",
		},
		{"not http", []stretch{client("HELLO there\r\n"), server("whatever\r\n")}, ""},
	} {
		for _, size := range []int{1, 7, 1400} {
			t.Run(fmt.Sprintf("%s in %d", c.name, size), func(t *testing.T) {
				b := run(DefaultConfig(), conversation(t, 80, size, c.parts...))
				if got := showHTTP(b.HTTP); got != c.want {
					t.Errorf("got\n%swant\n%s", got, c.want)
				}
				if n := counts(b)[record.MessagesHTTP]; int(n) != len(b.HTTP) {
					t.Errorf("sight counts %d messages, there are %d", n, len(b.HTTP))
				}
				if want := map[bool]string{true: "http"}[c.want != ""]; b.Conns[0].Service != want {
					t.Errorf("service %q, want %q", b.Conns[0].Service, want)
				}
			})
		}
	}
}

// TestHTTPDisorder: neighbouring segments that changed places, and copies, change no message.
func TestHTTPDisorder(t *testing.T) {
	parts := []stretch{client("GET /a HTTP/1.1\r\nHost: h\r\nUser-Agent: u\r\n\r\n"), server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + strings.Repeat("x", 100))}
	want := showHTTP(run(DefaultConfig(), conversation(t, 80, 20, parts...)).HTTP)
	for i := 3; i < 10; i++ {
		frames := conversation(t, 80, 20, parts...)
		frames[i].data, frames[i+1].data = frames[i+1].data, frames[i].data
		frames = append(frames[:i+1:i+1], append([]frame{frames[i]}, frames[i+1:]...)...)
		if got := showHTTP(run(DefaultConfig(), frames).HTTP); got != want {
			t.Errorf("frames %d and %d changed places: got\n%swant\n%s", i, i+1, got, want)
		}
	}
}

// TestBudget: a head larger than what may be kept is given up and counted, and everything kept is given back.
func TestBudget(t *testing.T) {
	cfg := DefaultConfig()
	cfg.BytesPerConn = 1000
	b := run(cfg, conversation(t, 80, 100, client("GET /"+strings.Repeat("a", 5000)+" HTTP/1.1\r\nHost: h\r\n\r\n")))
	if n := counts(b)[record.OverBudget]; n != 1 || len(b.HTTP) != 0 {
		t.Errorf("over budget %d, want 1; %d messages", n, len(b.HTTP))
	}
	cfg = DefaultConfig()
	cfg.BytesTotal = 100
	b = run(cfg, conversation(t, 80, 10, client("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")))
	if n := counts(b)[record.OverBudget]; n != 1 {
		t.Errorf("over budget %d, want 1", n)
	}
}

func dnsMessage(id byte, response bool, name string, answers int) []byte {
	b := []byte{0, id, 1, 0, 0, 1, 0, byte(answers), 0, 0, 0, 0}
	if response {
		b[2], b[3] = 0x81, 0x80
	}
	for _, l := range strings.Split(name, ".") {
		b = append(append(b, byte(len(l))), l...)
	}
	b = append(b, 0, 0, 1, 0, 1)
	for i := range answers {
		b = append(b, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, byte(i))
	}
	return b
}

func TestDNS(t *testing.T) {
	q := func(at float64, id byte, name string) frame {
		return datagram(t, at, clientIP, 5000, serverIP, 53, dnsMessage(id, false, name, 0))
	}
	a := func(at float64, id byte, name string, n int) frame {
		return datagram(t, at, serverIP, 53, clientIP, 5000, dnsMessage(id, true, name, n))
	}
	for _, c := range []struct {
		name   string
		frames []frame
		want   string
	}{
		{"answered", []frame{q(0, 1, "a.example"), a(0.25, 1, "a.example", 2)}, "a.example true true 250ms [192.0.2.0 192.0.2.1] false\n"},
		{"unanswered", []frame{q(0, 1, "a.example")}, "a.example true false 0ms [] false\n"},
		{"answer alone", []frame{a(0, 1, "a.example", 1)}, "a.example false true 0ms [192.0.2.0] false\n"},
		{"answered too late", []frame{q(0, 1, "a.example"), a(10.5, 1, "a.example", 1)}, "a.example true false 0ms [] false\na.example false true 0ms [192.0.2.0] false\n"},
		{"another name, same id", []frame{q(0, 1, "a.example"), a(1, 1, "b.example", 1)}, "b.example false true 0ms [192.0.2.0] false\na.example true false 0ms [] false\n"},
		{
			"two at once",
			[]frame{q(0, 1, "a.example"), q(0.1, 2, "b.example"), a(0.2, 2, "b.example", 1), a(0.3, 1, "a.example", 0)},
			"b.example true true 100ms [192.0.2.0] false\na.example true true 300ms [] true\n",
		},
		{"letter case", []frame{q(0, 1, "A.eXample"), a(1, 1, "a.example", 1)}, "A.eXample true true 1000ms [192.0.2.0] false\n"},
		{"not dns", []frame{datagram(t, 0, clientIP, 5000, serverIP, 53, []byte("hello, this is no dns at all"))}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			batch := run(DefaultConfig(), c.frames)
			var got strings.Builder
			for _, r := range batch.DNS {
				fmt.Fprintf(&got, "%s %v %v %dms %v %v\n", r.Query, r.HasQuery, r.HasReply, r.RTT/1e6, r.Answers, r.Rejected)
				if r.UID != batch.Conns[0].UID || r.OrigP != 5000 || r.RespP != 53 {
					t.Errorf("ends %v %d %d, want those of the connection", r.UID, r.OrigP, r.RespP)
				}
			}
			if got.String() != c.want {
				t.Errorf("got\n%swant\n%s", got.String(), c.want)
			}
		})
	}
}

// TestQuestions: each question of a message is a record, up to a bound, and an announcement completes no question of its own sender.
func TestQuestions(t *testing.T) {
	group := net.IPv4(224, 0, 0, 251)
	ask := func(n int) []byte {
		b := []byte{0, 0, 0, 0, byte(n >> 8), byte(n), 0, 0, 0, 0, 0, 0}
		for i := range n {
			b = append(b, 1, byte('a'+i%26), 0, 0, 12, 0, 1)
		}
		return b
	}
	announce := append([]byte{0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0}, 1, 'a', 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1)
	for _, c := range []struct {
		name       string
		frames     []frame
		want       string
		overBudget uint64
	}{
		{"three", []frame{datagram(t, 0, clientIP, 5353, group, 5353, ask(3))}, "a? b? c?", 0},
		{"own announcement", []frame{datagram(t, 0, clientIP, 5353, group, 5353, ask(1)), datagram(t, 1, clientIP, 5353, group, 5353, announce)}, "a! a?", 0},
		{"direct answer", []frame{datagram(t, 0, clientIP, 5353, serverIP, 5353, ask(2)), datagram(t, 1, serverIP, 5353, clientIP, 5353, announce)}, "a?! b?", 0},
		{"too many", []frame{datagram(t, 0, clientIP, 5353, group, 5353, ask(maxQuestions+6))}, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := run(DefaultConfig(), c.frames)
			var got []string
			for _, r := range b.DNS {
				got = append(got, r.Query+map[bool]string{true: "?"}[r.HasQuery]+map[bool]string{true: "!"}[r.HasReply])
			}
			if n := counts(b)[record.OverBudget]; n != c.overBudget || c.overBudget > 0 && len(got) != maxQuestions {
				t.Errorf("%d records, %d over budget, want %d and %d", len(got), n, maxQuestions, c.overBudget)
			}
			if c.want != "" && strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestUnansweredInTime: an unanswered query is reported after ten seconds, not when its connection ends.
func TestUnansweredInTime(t *testing.T) {
	var frames []frame
	for i := range 4 {
		frames = append(frames, datagram(t, float64(4*i), clientIP, 5000, serverIP, 53, dnsMessage(byte(i), false, "a.example", 0)))
	}
	b := run(DefaultConfig(), frames)
	if len(b.DNS) != 4 || b.DNS[0].TransID != 0 || b.DNS[3].TransID != 3 {
		t.Errorf("%d records, want 4 in order", len(b.DNS))
	}
}

func TestDNSOverTCP(t *testing.T) {
	framed := func(m []byte) string { return string([]byte{byte(len(m) >> 8), byte(len(m))}) + string(m) }
	for _, size := range []int{1, 10, 1400} {
		b := run(DefaultConfig(), conversation(t, 53, size,
			client(framed(dnsMessage(1, false, "a.example", 0))+framed(dnsMessage(2, false, "b.example", 0))),
			server(framed(dnsMessage(1, true, "a.example", 9))+framed(dnsMessage(2, true, "b.example", 1)))))
		if len(b.DNS) != 2 || len(b.DNS[0].Answers) != 9 || b.DNS[1].Query != "b.example" || !b.DNS[1].HasQuery || b.Conns[0].Service != "dns" {
			t.Errorf("segments of %d: %+v", size, b.DNS)
		}
	}
}

// recorder keeps the order in which two ends of a pipe write.
type recorder struct {
	net.Conn
	mu     *sync.Mutex
	parts  *[]stretch
	client bool
}

func (r recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	*r.parts = append(*r.parts, stretch{r.client, string(b)})
	r.mu.Unlock()
	return r.Conn.Write(b)
}

// handshakeOf makes a real TLS conversation.
func handshakeOf(t *testing.T, version uint16) []stretch {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(0xabc), Subject: pkix.Name{CommonName: "www.example.com", Organization: []string{"Example"}},
		DNSNames: []string{"www.example.com"}, NotBefore: time.Unix(1_600_000_000, 0), NotAfter: time.Unix(1_900_000_000, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	var mu sync.Mutex
	var parts []stretch
	c := tls.Client(recorder{a, &mu, &parts, true}, &tls.Config{ServerName: "www.example.com", InsecureSkipVerify: true, MaxVersion: version, NextProtos: []string{"h2", "http/1.1"}})
	s := tls.Server(recorder{b, &mu, &parts, false}, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MaxVersion: version, NextProtos: []string{"h2"}})
	done := make(chan error, 1)
	go func() {
		_, err := s.Write([]byte("hello"))
		done <- err
	}()
	buf := make([]byte, 5)
	if _, err := io.ReadFull(c, buf); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestTLS(t *testing.T) {
	for _, c := range []struct {
		name    string
		version uint16
		want    string
	}{
		{"1.2", tls.VersionTLS12, "TLSv12"},
		{"1.3", tls.VersionTLS13, "TLSv13"},
	} {
		parts := handshakeOf(t, c.version)
		for _, size := range []int{50, 1400} {
			t.Run(fmt.Sprintf("%s in %d", c.name, size), func(t *testing.T) {
				b := run(DefaultConfig(), conversation(t, 443, size, parts...))
				if len(b.TLS) != 1 {
					t.Fatalf("%d handshakes, want 1", len(b.TLS))
				}
				r := b.TLS[0]
				if r.Version != c.want || r.ServerName != "www.example.com" || !r.Established || r.Resumed || len(r.ClientALPN) != 2 || len(r.JA4) != 36 || b.Conns[0].Service != "ssl" {
					t.Errorf("%+v", r)
				}
				if c.version == tls.VersionTLS12 && (r.NextProto != "h2" || !strings.Contains(r.Subject, "CN=www.example.com") || r.ChainLength != 1 || r.NotAfter != 1_900_000_000*second) {
					t.Errorf("certificate %+v", r)
				}
			})
		}
		t.Run(c.name+" after CONNECT", func(t *testing.T) {
			all := append([]stretch{client("CONNECT x:443 HTTP/1.1\r\n\r\n"), server("HTTP/1.1 200 OK\r\n\r\n")}, parts...)
			if b := run(DefaultConfig(), conversation(t, 8080, 1400, all...)); len(b.TLS) != 1 || !b.TLS[0].Established || b.Conns[0].Service != "http,ssl" {
				t.Errorf("%d handshakes, service %q", len(b.TLS), b.Conns[0].Service)
			}
		})
		t.Run(c.name+" behind a load balancer", func(t *testing.T) {
			for _, header := range []string{
				"PROXY TCP4 192.0.2.1 198.51.100.1 52176 443\r\n",
				"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\xcb\xd0\x01\xbb",
			} {
				all := append([]stretch{{true, header + parts[0].data}}, parts[1:]...)
				if b := run(DefaultConfig(), conversation(t, 443, 1400, all...)); len(b.TLS) != 1 || b.TLS[0].ServerName != "www.example.com" || !b.TLS[0].Established {
					t.Errorf("after %q: %+v", header, b.TLS)
				}
			}
		})
		t.Run(c.name+" one side only", func(t *testing.T) {
			var half []stretch
			for _, p := range parts {
				if p.client {
					half = append(half, p)
				}
			}
			if b := run(DefaultConfig(), conversation(t, 443, 1400, half...)); len(b.TLS) != 1 || b.TLS[0].Established || b.TLS[0].HasServer {
				t.Errorf("%+v", b.TLS)
			}
		})
	}
}

// TestServices: protocols that are named and not read.
func TestServices(t *testing.T) {
	for _, c := range []struct {
		name  string
		port  uint16
		parts []stretch
		want  string
	}{
		{"ssh", 22, []stretch{server("SSH-2.0-OpenSSH_9.2\r\n"), client("SSH-2.0-x\r\n")}, "ssh"},
		{"smtp", 25, []stretch{server("220 mail.example ESMTP\r\n"), client("EHLO x\r\n")}, "smtp"},
		{"ftp", 21, []stretch{server("220 FTP ready\r\n"), client("USER x\r\n")}, "ftp"},
		{"pop3", 110, []stretch{server("+OK ready\r\n")}, "pop3"},
		{"imap", 143, []stretch{server("* OK ready\r\n")}, "imap"},
		{"smb", 445, []stretch{client("\x00\x00\x00\x10\xfeSMB12345678")}, "smb"},
		{"modbus", 502, []stretch{client("\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x01")}, "modbus"},
		{"mysql, which greets", 3306, []stretch{server("\x4a\x00\x00\x00\x0a8.0.1\x00xxxxxxxx")}, "mysql"},
		{"rtsp, told by the answer", 8554, []stretch{client("DESCRIBE x\r\n"), server("RTSP/1.0 200 OK\r\n")}, "rtsp"},
		{"only at the beginning", 8554, []stretch{client("DESCRIBE x\r\n"), client("RTSP/1.0 200 OK\r\n")}, ""},
		{"two protocols", 5432, []stretch{client("\x00\x00\x00\x08\x04\xd2\x16\x2f"), server("S"), client("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")}, "postgresql"},
		{"nothing known", 4444, []stretch{client("\x01\x02\x03\x04\x05\x06\x07\x08\x09")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run(DefaultConfig(), conversation(t, c.port, 1400, c.parts...)).Conns[0].Service; got != c.want {
				t.Errorf("service %q, want %q", got, c.want)
			}
		})
	}
	for _, c := range []struct {
		name    string
		port    uint16
		payload string
		want    string
	}{
		{"ntp", 123, "\x23" + strings.Repeat("\x00", 47), "ntp"},
		{"quic", 443, "\xc3\x00\x00\x00\x01\x08abcdefgh", "quic"},
		{"snmp", 161, "\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x04\x00\x00\x00\x01\x02\x01\x00\x02\x01\x00\x30\x0b\x30\x09\x06\x05\x2b\x06\x01\x02\x01\x05\x00", "snmp"},
		{"syslog", 514, "<34>hello", "syslog"},
		{"unknown", 7777, "hello", ""},
		{"stun", 7777, "\x00\x01\x00\x00\x21\x12\xa4\x42123456789012", "stun"},
		{"dtls", 7777, "\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x30\x01", "dtls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := run(DefaultConfig(), []frame{datagram(t, 0, clientIP, clientPort, serverIP, c.port, []byte(c.payload))})
			if got := b.Conns[0].Service; got != c.want {
				t.Errorf("service %q, want %q", got, c.want)
			}
		})
	}
}

func TestEncryptedDNS(t *testing.T) {
	b := run(DefaultConfig(), conversation(t, 853, 1400, client("\x16\x03\x01\x00\x05hello"), server("\x16\x03\x03\x00\x05hello")))
	if n := counts(b)[record.DNSEncrypted]; n != 1 {
		t.Errorf("%d connections counted, want 1", n)
	}
}

func dhcpFrame(t *testing.T, at float64, reply bool, kind layers.DHCPMsgType, xid uint32) frame {
	t.Helper()
	d := &layers.DHCPv4{Operation: layers.DHCPOpRequest, HardwareType: layers.LinkTypeEthernet, HardwareLen: 6, Xid: xid, ClientHWAddr: net.HardwareAddr{2, 0, 0, 0, 0, 9}}
	src, dst, sp, dp := net.IPv4zero, net.IPv4bcast, uint16(68), uint16(67)
	if reply {
		d.Operation, d.YourClientIP = layers.DHCPOpReply, net.IPv4(10, 0, 0, 77)
		src, dst, sp, dp = net.IPv4(10, 0, 0, 2), net.IPv4(10, 0, 0, 77), 67, 68
		d.Options = append(d.Options, layers.NewDHCPOption(layers.DHCPOptLeaseTime, []byte{0, 0, 14, 16}), layers.NewDHCPOption(layers.DHCPOptServerID, []byte{10, 0, 0, 2}))
	} else {
		d.Options = append(d.Options, layers.NewDHCPOption(layers.DHCPOptHostname, []byte("pc9")))
	}
	d.Options = append(d.Options, layers.NewDHCPOption(layers.DHCPOptMessageType, []byte{byte(kind)}))
	return datagram(t, at, src, sp, dst, dp, serialize(t, d))
}

func TestDHCP(t *testing.T) {
	four := []frame{
		dhcpFrame(t, 0, false, layers.DHCPMsgTypeDiscover, 7), dhcpFrame(t, 0.1, true, layers.DHCPMsgTypeOffer, 7),
		dhcpFrame(t, 0.2, false, layers.DHCPMsgTypeRequest, 7), dhcpFrame(t, 0.3, true, layers.DHCPMsgTypeAck, 7),
	}
	for _, c := range []struct {
		name   string
		frames []frame
		want   string
		leases uint64
	}{
		{"all four", four, "[DISCOVER OFFER REQUEST ACK] pc9 10.0.0.77 3600s", 1},
		{"unanswered", four[:1], "[DISCOVER] pc9 invalid IP 0s", 0},
		{"two exchanges", []frame{four[0], dhcpFrame(t, 1, false, layers.DHCPMsgTypeDiscover, 8)}, "[DISCOVER] pc9 invalid IP 0s [DISCOVER] pc9 invalid IP 0s", 0},
		{"again after a pause", []frame{four[0], dhcpFrame(t, 5, false, layers.DHCPMsgTypeDiscover, 7)}, "[DISCOVER] pc9 invalid IP 0s [DISCOVER] pc9 invalid IP 0s", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := run(DefaultConfig(), c.frames)
			var got []string
			for _, r := range b.DHCP {
				got = append(got, fmt.Sprintf("%v %s %v %ds", r.MsgTypes, r.HostName, r.AssignedAddr, r.LeaseTime/second))
			}
			if s := strings.Join(got, " "); s != c.want || counts(b)[record.DHCPLeases] != c.leases {
				t.Errorf("got %s, %d leases; want %s, %d", s, counts(b)[record.DHCPLeases], c.want, c.leases)
			}
		})
	}
}
