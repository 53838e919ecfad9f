package days

import (
	"net/netip"

	"candor/internal/record"
)

// visit is one use of a server on the Internet.
type visit struct {
	stack *stack
	sent  uint64
	got   uint64
	dur   int64
	uri   string // of clear requests
	quic  bool

	ping, pingSent, pingGot int64 // of one that stays open
	minuteSent, minGot      uint64
	chance                  float64
}

// fetch uses the server of name k. It gives the time when it has answered.
func (r *run) fetch(p *proc, h *host, k uint32, at int64, v *visit) int64 {
	w := &r.site.web.names[k]
	if w.gone {
		return r.ask(p, h, h.resolver, netip.Addr{}, at, &query{name: w.host, kind: typeA, rcode: noName})
	}
	ready, dst := r.resolve(p, h, k, v.stack, at)
	ready += p.dice.span(50_000, 2*millisecond)
	t := talk{
		from: h, dst: dst, port: 443, proto: tcp, sent: v.sent, got: v.got, dur: v.dur,
		ping: v.ping, pingSent: uint64(v.pingSent), pingGot: uint64(v.pingGot), minuteSent: v.minuteSent, minGot: v.minGot, minuteChance: v.chance,
	}
	switch {
	case w.dead:
		t.end, t.sent, t.got, t.dur = unanswered, 0, 0, 0
		r.open(p, ready, &t)
		return ready + 3*second
	case w.clear:
		t.port, t.service = 80, "http"
		e := r.open(p, ready, &t)
		r.tellRequest(p, &e, w, v)
		return ready + 3*w.delay
	case w.quic && v.quic && v.stack.quic != "":
		t.proto, t.end, t.service = udp, answered, "ssl,quic"
		t.sent, t.got = t.sent+2400, t.got+3600
		e := r.open(p, ready, &t)
		r.tellHandshake(&e, w.host, w, v.stack)
		return ready + 2*w.delay
	}
	t.service = "ssl"
	t.sent, t.got = t.sent+760, t.got+hello(w)
	if p.dice.chance(0.15) {
		t.end = reset
	}
	e := r.open(p, ready, &t)
	r.tellHandshake(&e, w.host, w, v.stack)
	return ready + 3*w.delay
}

// hello is about how many bytes a server's part of the handshake has.
func hello(w *webName) uint64 {
	if w.modern {
		return 2900
	}
	return 4300
}

// tellHandshake writes the TLS of a connection; name empty: the client names nobody.
func (r *run) tellHandshake(e *record.Ends, name string, w *webName, st *stack) {
	t := r.putTLS(int64(e.TS) + floor(3*w.delay+millisecond))
	t.Ends, t.ServerName, t.Established, t.HasClient, t.HasServer = *e, name, true, true, true
	t.JA4 = st.ja4
	if name == "" {
		t.JA4 = st.bare
	}
	switch st.alpn {
	case "h2":
		t.ClientALPN, t.NextProto = alpnBoth, "h2"
	case "http/1.1":
		t.ClientALPN, t.NextProto = alpnOld, "http/1.1"
	}
	switch {
	case e.Proto == udp:
		t.JA4, t.Version, t.Cipher, t.Curve, t.ClientALPN, t.NextProto = st.quic, "TLSv13", "TLS_AES_128_GCM_SHA256", "x25519", alpnThree, "h3"
	case w.modern && !st.old:
		t.Version, t.Cipher, t.Curve = "TLSv13", "TLS_AES_128_GCM_SHA256", "x25519"
	default:
		t.Version, t.Cipher, t.Curve = "TLSv12", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "secp256r1"
		c := w.cert
		if c == nil {
			return
		}
		t.Subject, t.Issuer, t.Serial, t.CertSHA256, t.SANDNS = c.subject, c.issuer, c.serial, c.sha256, c.names
		t.NotBefore, t.NotAfter, t.ChainLength = c.from, c.to, 2
		if c.issuer == c.subject {
			t.ChainLength = 1
		}
	}
}

var (
	alpnBoth  = []string{"h2", "http/1.1"}
	alpnOld   = []string{"http/1.1"}
	alpnThree = []string{"h3"}
)

// tellRequest writes the clear request of a connection.
func (r *run) tellRequest(p *proc, e *record.Ends, w *webName, v *visit) {
	q := r.putHTTP(int64(e.TS) + floor(3*w.delay+millisecond))
	q.Ends, q.TransDepth, q.Method, q.Host, q.URI, q.Version, q.UserAgent = *e, 1, "GET", w.host, v.uri, "1.1", v.stack.agent
	q.Ends.TS += record.Time(floor(w.delay))
	q.StatusCode, q.StatusMsg, q.RespMIME, q.HasRequest, q.HasResponse = 200, "OK", "text/html", true, true
	q.ResponseBodyLen = v.got - min(v.got, 260)
	if v.uri == "" {
		q.URI = pick(&p.dice, paths)
	}
}

var paths = []string{"/", "/index.html", "/img/logo.png", "/pkg/update.xml", "/crl/issuing1.crl", "/news/today", "/api/v1/status"}
