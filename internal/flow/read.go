package flow

import (
	"bytes"

	"candor/internal/decode"
	"candor/internal/record"
)

// parsed holds the structs that messages are parsed into, used again for each.
type parsed struct {
	dns    decode.DNS
	client decode.ClientHello
	server decode.ServerHello
	cert   decode.Certificate
	req    decode.HTTPRequest
	isReq  bool // req is of the bytes being read: found when they were recognised
	resp   decode.HTTPResponse
	dhcp   decode.DHCP
	dhcp6  decode.DHCP6
	quic   decode.QUIC
	crypto []byte // the handshake messages of a QUIC connection
}

// read gives the reader of a connection the next bytes of a direction: all that are there, from the first not yet read. It says how many were
// used; 0 means that a message has begun and more is needed, or that the direction was given up.
func (t *Table) read(c *conn, tk *talk, from int, ts record.Time, data []byte) int {
	s := &tk.dir[from]
	t.parsed.isReq = false
	if !s.begun {
		if n := proxyHeader(data); n > 0 {
			return n
		}
		switch t.guess(c, tk, from, ts, data) {
		case guessMore:
			return 0
		case guessNone:
			return t.miss(s, data)
		}
		s.begun = true
	}
	switch tk.kind {
	case kindTLS:
		return t.readTLS(c, tk, from, ts, data)
	case kindHTTP:
		return t.readHTTP(c, tk, from, ts, data)
	case kindDNS:
		return t.readDNS(c, tk, from, ts, data)
	}
	t.giveUp(s)
	return 0
}

// maxMisses is how many segments of a direction may pass without a protocol that is read. It is more than one because TLS often follows upon
// something else (STARTTLS, proxies, remote desktops), and captures begin in the middle.
const maxMisses = 24

// miss passes bytes that nobody reads and looks again at the next segment, a few times.
func (t *Table) miss(s *stream, data []byte) int {
	s.begun = false
	if s.misses++; s.misses > maxMisses {
		t.giveUp(s)
		return 0
	}
	return len(data)
}

// again lets both directions find out anew what they carry.
func (t *Table) again(tk *talk) {
	tk.kind, tk.http = kindUnknown, nil
	for s := range tk.dir {
		d := &tk.dir[s]
		d.begun, d.skip, d.passed = false, 0, 0
		if d.misses++; d.misses > maxMisses {
			t.giveUp(d)
		}
	}
}

// proxyHeader is the length of the header that a load balancer writes before a stream to name the client behind it, 0 if data begins otherwise.
// Balancers send it in one piece.
func proxyHeader(data []byte) int {
	var h decode.ProxyHeader
	if decode.ParseProxy(data, &h) != decode.Done {
		return 0
	}
	return h.Len
}

// skipped tells the reader that what it wanted to pass has gone by.
func (t *Table) skipped(tk *talk, from int) {
	if tk.kind == kindHTTP {
		t.bodyPassed(tk, from)
	}
}

// mayBegin says whether these bytes may be the beginning of a protocol that is read, but are too few to say.
func (t *Table) mayBegin(c *conn, from int, b []byte) bool {
	switch {
	case len(b) < 2 && c.hasPort(portDNS):
		return true
	case b[0] == tlsHandshake || b[0] == tlsAlert:
		return len(b) < 7
	case 'A' <= b[0] && b[0] <= 'Z':
		if answers := from != int(c.orig); answers { // one letter is how some servers agree to TLS; a request it is not
			return len(b) < len(httpBegin) && string(b) == httpBegin[:len(b)]
		}
		return len(b) < len(httpBegin) && string(b) == httpBegin[:len(b)] || decode.ParseHTTPRequest(b, t.cfg.HeadLimit, &t.parsed.req) == decode.NeedMore
	}
	return false
}

// endless says whether these bytes begin like a request whose first line has not ended within the limit of a head.
func (t *Table) endless(b []byte) bool {
	req := &t.parsed.req
	return len(b) >= t.cfg.HeadLimit && decode.ParseHTTPRequest(b, t.cfg.HeadLimit, req) == decode.NotHTTP && req.Overlong
}

const httpBegin = "HTTP/1."

type guessed uint8

const (
	guessNone guessed = iota
	guessMore         // more bytes are needed
	guessKind         // tk.kind is set
)

// guess finds out what a direction carries from the bytes it begins with.
func (t *Table) guess(c *conn, tk *talk, from int, ts record.Time, data []byte) guessed {
	s := &tk.dir[from]
	if c.respPort() == portDoT {
		t.encryptedLookup(c, ts)
	}
	kind, svc := t.recognise(c, data)
	if heard := flagHeard0 << from; kind == kindUnknown && svc == 0 && (c.flags&heard == 0 || c.handshakes()) {
		c.flags |= heard
		c.nameAs(decode.Recognise(decode.ProtoTCP, c.port[from], c.port[1-from], data))
	}
	c.services |= svc
	switch {
	case svc&(svcSSH|svcSMB|svcRFB) != 0: // nothing to read behind the name
		t.giveUp(s)
		t.giveUp(&tk.dir[1-from])
		return guessMore
	case kind == kindUnknown && svc == 0 && t.mayBegin(c, from, data):
		return guessMore
	case kind == kindUnknown && svc == 0 && t.endless(data):
		t.overBudget(ts, s)
		return guessMore
	case kind == kindUnknown, tk.kind != kindUnknown && kind != tk.kind:
		return guessNone
	}
	tk.kind = kind
	return guessKind
}

// recognise names the protocol of a TCP stream's first bytes: one that is read, or one that is only named.
func (t *Table) recognise(c *conn, b []byte) (talkKind, serviceSet) {
	has := func(prefix string) bool { return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix }
	if c.hasPort(portDNS) && len(b) >= 2 {
		return kindDNS, 0
	}
	switch {
	case len(b) >= 6 && b[0] == tlsHandshake && b[1] == 3 && b[2] <= 4 && (b[5] == 1 || b[5] == 2), len(b) >= 7 && b[0] == tlsAlert && b[1] == 3 && b[2] <= 4:
		return kindTLS, 0
	case has("SSH-"):
		return kindUnknown, svcSSH
	case has("RFB 00"):
		return kindUnknown, svcRFB
	case has("PRI * HTTP/2"):
		return kindUnknown, svcHTTP
	case len(b) >= 8 && b[0] == 0 && (b[4] == 0xff || b[4] == 0xfe) && string(b[5:8]) == "SMB":
		return kindUnknown, svcSMB
	case len(b) >= 6 && b[0] == 3 && b[1] == 0 && (b[5] == 0xe0 || b[5] == 0xd0) && c.hasPort(portRDP):
		return kindUnknown, svcRDP
	}
	switch {
	case has(httpBegin):
		return kindHTTP, 0
	case has("220 "), has("220-"):
		return kindUnknown, greeting(c, b)
	case has("+OK") && c.hasPort(portPOP3):
		return kindUnknown, svcPOP3
	case has("* OK"):
		return kindUnknown, svcIMAP
	case 'A' <= b[0] && b[0] <= 'Z' && decode.ParseHTTPRequest(b, t.cfg.HeadLimit, &t.parsed.req) == decode.Done:
		t.parsed.isReq = true
		return kindHTTP, 0
	}
	return kindUnknown, 0
}

// greeting tells mail from file servers, which both say 220.
func greeting(c *conn, b []byte) serviceSet {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	upper := bytes.ToUpper(line[:min(len(line), 256)])
	switch {
	case c.respPort() == 25, c.respPort() == 587, bytes.Contains(upper, []byte("SMTP")):
		return svcSMTP
	case c.respPort() == 21, bytes.Contains(upper, []byte("FTP")):
		return svcFTP
	}
	return 0
}

// Ports that decide where content cannot, or say which dialect is spoken.
const (
	portDNS    = 53
	portDHCPS  = 67
	portDHCPC  = 68
	portPOP3   = 110
	portNTP    = 123
	portNBNS   = 137
	portSNMP   = 161
	portTrap   = 162
	portHTTPS  = 443
	portSyslog = 514
	portDHCP6C = 546
	portDHCP6S = 547
	portDoT    = 853
	portRDP    = 3389
	portMDNS   = 5353
	portLLMNR  = 5355
)

// udpMessage reads a datagram's payload, or names what it is.
func (t *Table) udpMessage(e uint32, c *conn, from int, ts record.Time, p *decode.Packet) {
	switch {
	case c.hasPort(portDNS), c.hasPort(portMDNS), c.hasPort(portLLMNR), c.hasPort(portNBNS):
		t.dnsDatagram(e, c, from, ts, p.Payload, p.Cut || p.Fragment)
	case (c.hasPort(portDHCP6S) || c.hasPort(portDHCP6C)) && p.Net == decode.IPv6:
		t.dhcp6Message(c, ts, p)
	case c.port[0] == portDHCPS || c.port[0] == portDHCPC || c.port[1] == portDHCPS || c.port[1] == portDHCPC:
		t.dhcpMessage(c, from, ts, p)
	case c.flags&flagQuiet == 0:
		if c.respPort() == portDoT {
			t.encryptedLookup(c, ts)
		}
		switch heard := c.flags&(flagHeard0<<from) != 0; {
		case c.talk != 0, !heard && quicLong(p.Payload):
			t.quicDatagram(c, from, ts, p.Payload)
		case !heard:
			t.nameDatagram(c, from, p.Payload)
		}
	}
}

// nameDatagram names the protocol of a UDP connection by the first payload of each end.
func (t *Table) nameDatagram(c *conn, from int, b []byte) {
	c.flags |= flagHeard0 << from
	c.nameAs(decode.Recognise(c.proto, c.port[from], c.port[1-from], b))
	if c.services != 0 || c.named != 0 || c.flags&(flagHeard0|flagHeard1) == flagHeard0|flagHeard1 {
		c.flags |= flagQuiet
	}
}

// emitted counts a message record.
func (t *Table) emitted(kind record.Kind) { t.sight.Message(t.now, kind) }

// messageTimeouts does what is due for the messages of a connection.
func (t *Table) messageTimeouts(c *conn, ts record.Time) {
	tk := t.talks.at(c.talk)
	if tk.due != 0 && tk.due <= ts {
		t.dnsTimeouts(c, tk, ts)
	}
}

// endMessages emits what is left of a connection's messages.
func (t *Table) endMessages(c *conn) {
	tk := t.talks.at(c.talk)
	t.endDNS(tk)
	t.endQUIC(tk, t.now)
	t.endTLS(tk)
	t.endHTTP(tk)
}
