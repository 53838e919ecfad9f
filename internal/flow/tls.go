package flow

import (
	"encoding/binary"
	"slices"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// tlsTalk is a handshake as far as it was seen.
type tlsTalk struct {
	rec     record.TLS
	emitted bool
	tls13   bool
	step    [2]tlsStep
	sealed  [2]bool // TLS 1.3: encrypted records were seen; before: the change to encrypted ones
	changed [2]bool // the change to encrypted records was seen
}

// tlsStep is what is expected of a direction.
type tlsStep uint8

const (
	tlsHello tlsStep = iota
	tlsCertificate
	tlsRecords // only record headers matter
)

const (
	tlsRecordHeader = 5
	tlsChange       = 20
	tlsAlert        = 21
	tlsHandshake    = 22
	tlsData         = 23

	maxHello = 1 << 17 // bytes of a hello that decode reads; BytesPerConn is met first, mostly
)

// readTLS reads a direction's handshake messages, then passes records until both sides have gone over to encryption: then the record is emitted.
func (t *Table) readTLS(c *conn, tk *talk, from int, ts record.Time, data []byte) int {
	if tk.tls == nil {
		tk.tls = t.talks.newTLS()
		tk.tls.rec.Ends = t.ends(c)
		tk.tls.rec.TS = ts
	}
	h, s := tk.tls, &tk.dir[from]
	if h.step[from] == tlsHello {
		done, used := t.readHello(c, tk, from, ts, data)
		if !done {
			return used
		}
	}
	if h.step[from] == tlsCertificate {
		if decode.TLSCertificate(data, &t.parsed.cert) == decode.NeedMore {
			return 0
		}
		h.certificate(&t.parsed.cert)
		t.certificateLimits(ts, &t.parsed.cert)
		h.step[from] = tlsRecords
	}
	used := 0
	for len(data)-used >= tlsRecordHeader && !s.dead {
		b := data[used:]
		if b[0] < tlsChange || b[0] > 24 || b[1] != 3 {
			t.giveUp(s)
			return 0
		}
		h.record(from, b[0])
		size := tlsRecordHeader + int(b[3])<<8 + int(b[4])
		if size > len(b) {
			s.skip = uint64(size - len(b))
			used = len(data)
			break
		}
		used += size
	}
	if h.sealed[0] && h.sealed[1] && h.rec.HasServer {
		h.rec.Established = true
		t.emitTLS(h)
		t.giveUp(&tk.dir[0])
		t.giveUp(&tk.dir[1])
		return 0
	}
	return used
}

// record takes the type of one record.
func (h *tlsTalk) record(from int, kind byte) {
	switch kind {
	case tlsChange:
		h.changed[from] = true
	case tlsData:
		h.sealed[from] = true
	}
	if !h.tls13 && h.rec.HasServer {
		h.sealed[0] = h.sealed[0] || h.changed[0]
		h.sealed[1] = h.sealed[1] || h.changed[1]
	}
}

// readHello reads a client or server hello at the start of data. done: go on with the records from there; else that many bytes were used.
func (t *Table) readHello(c *conn, tk *talk, from int, ts record.Time, data []byte) (done bool, used int) {
	h, s := tk.tls, &tk.dir[from]
	if len(data) < tlsRecordHeader+1 {
		return false, 0
	}
	size := tlsRecordHeader + int(data[3])<<8 + int(data[4])
	if data[0] == tlsChange && data[1] == 3 { // between a hello retry request and the hello
		if len(data) < size {
			return false, 0
		}
		return false, size
	}
	if data[0] == tlsHandshake && data[5] == 1 {
		status := decode.TLSClientHello(data, &t.parsed.client)
		if status == decode.Done {
			c.services |= svcSSL
			if !h.rec.HasClient { // the second hello after a retry says nothing new
				t.clientHello(c, tk.tls.rec.TS, &h.rec, &t.parsed.client, decode.JA4TCP)
			}
			h.step[from] = tlsRecords
		}
		return t.helloStatus(ts, s, status, data), 0
	}
	sh := &t.parsed.server
	status := decode.TLSServerHello(data, sh)
	if status != decode.Done {
		return t.helloStatus(ts, s, status, data), 0
	}
	c.services |= svcSSL
	switch {
	case sh.Refused:
		h.step[from] = tlsRecords
		return true, 0
	case sh.Retry:
		h.rec.HasServer = true
		if len(data) < size { // cannot be: the hello was whole
			return false, 0
		}
		return false, size
	}
	h.server(sh)
	h.step[from] = tlsCertificate
	if h.tls13 {
		h.step[from] = tlsRecords
	}
	return true, 0
}

// helloStatus gives the direction up where data begins with no hello, or with one that says it is larger than what is read.
func (t *Table) helloStatus(ts record.Time, s *stream, status decode.Status, data []byte) (done bool) {
	switch {
	case status != decode.NotTLS:
	case helloSize(data) > maxHello:
		t.overBudget(ts, s)
	default:
		t.giveUp(s)
	}
	return status == decode.Done
}

// helloSize is the length that the hello in the record at the start of data gives itself, 0 where there is none.
func helloSize(data []byte) int {
	const header = 4 // of a handshake message
	if len(data) < tlsRecordHeader+header || data[0] != tlsHandshake {
		return 0
	}
	return int(binary.BigEndian.Uint32(data[tlsRecordHeader:]) & 0xffffff)
}

// clientHello takes over what a client says, and looks whether it is going to a resolver.
func (t *Table) clientHello(c *conn, ts record.Time, r *record.TLS, ch *decode.ClientHello, transport byte) {
	if ch.Dropped > 0 {
		t.sight.Unread(ts, sight.ShortHello, 1)
	}
	r.HasClient = true
	r.ServerName = ch.SNI
	r.ClientALPN = slices.Clone(ch.ALPN)
	r.JA4 = decode.JA4(ch, transport)
	if decode.EncryptedDNSAddr(c.ends[1-c.orig], c.respPort()) || decode.EncryptedDNSName(ch.SNI) || slices.ContainsFunc(ch.ALPN, decode.EncryptedDNSProtocol) {
		t.encryptedLookup(c, ts)
	}
}

// encryptedLookup tells sight, once for a connection, that it carries lookups that cannot be read.
func (t *Table) encryptedLookup(c *conn, ts record.Time) {
	if c.flags&flagEncrypted != 0 {
		return
	}
	c.flags |= flagEncrypted
	t.sight.EncryptedLookup(ts, c.ends[c.orig])
}

const tls13 = 0x0304

func (h *tlsTalk) server(sh *decode.ServerHello) {
	h.rec.HasServer = true
	h.rec.Version = decode.TLSVersionName(sh.Version)
	h.rec.Cipher = decode.CipherName(sh.Cipher)
	if sh.Group != 0 {
		h.rec.Curve = decode.GroupName(sh.Group)
	}
	h.rec.NextProto = sh.ALPN
	h.tls13 = sh.Version >= tls13 && sh.Version != 0xfeff && sh.Version != 0xfefd
	h.rec.Resumed = h.tls13 && sh.HasTicket
}

// certificateLimits counts what of a certificate message was not read.
func (t *Table) certificateLimits(ts record.Time, cert *decode.Certificate) {
	if cert.State == decode.CertTooLarge {
		t.sight.Unread(ts, sight.UnreadCert, 1)
		t.sight.Count(ts, record.OverBudget, 1)
	}
	if cert.Dropped > 0 {
		t.sight.Unread(ts, sight.ShortCert, 1)
	}
}

// certificate takes over the leaf.
func (h *tlsTalk) certificate(cert *decode.Certificate) {
	r := &h.rec
	if cert.State == decode.CertMissing {
		r.Resumed = cert.Resumed
		return
	}
	r.Subject, r.Issuer, r.Serial = cert.Subject, cert.Issuer, cert.Serial
	r.CertSHA256, r.ChainLength = cert.SHA256, cert.ChainLength
	r.SANDNS = slices.Clone(cert.SANDNS)
	if cert.State == decode.CertRead {
		r.NotBefore, r.NotAfter = record.TimeOf(cert.NotBefore), record.TimeOf(cert.NotAfter)
	}
}

func (t *Table) emitTLS(h *tlsTalk) {
	if h.emitted || !h.rec.HasClient && !h.rec.HasServer {
		return
	}
	h.emitted = true
	t.out.TLS = append(t.out.TLS, h.rec)
	t.emitted(record.KindTLS)
}

func (t *Table) endTLS(tk *talk) {
	if tk.tls != nil {
		t.emitTLS(tk.tls)
		t.talks.dropTLS(tk)
	}
}
