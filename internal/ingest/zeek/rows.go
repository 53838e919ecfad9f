package zeek

import (
	"strings"

	"candor/internal/ingest"
	"candor/internal/record"
)

// into prepares for a row of a kind: it takes a slot in the kind's slab, and gives back one that was not kept.
func (r *reader) into(k kind) {
	r.put(r.taken, r.slot)
	r.taken = unknown
	p := &r.p
	p.extra, p.chains = extra{}, p.chains[:0]
	switch k {
	case conn, openConn:
		r.slot, p.conn = r.conns.Take()
	case dns:
		r.slot, p.dns = r.dns.Take()
		p.ends = &p.dns.Ends
	case ssl, openSSL:
		var h *handshake
		r.slot, h = r.tls.Take()
		p.tls, p.ends = &h.TLS, &h.Ends
	case http, openHTTP:
		r.slot, p.http = r.http.Take()
		p.ends = &p.http.Ends
	case dhcp:
		r.slot, p.dhcp = r.dhcp.Take()
		p.ends = &p.dhcp.Ends
	case notice:
		r.slot, p.alert = r.alerts.Take()
		p.ends = &p.alert.Ends
	case captureLoss, stats:
		r.slot, p.meter = r.meters.Take()
	case x509:
		p.cert = &cert{}
		return
	case unknown, known:
		return
	}
	r.taken = k
}

// put gives a slot back.
func (r *reader) put(k kind, slot uint32) {
	switch k {
	case conn, openConn:
		r.conns.Put(slot)
	case dns:
		r.dns.Put(slot)
	case ssl, openSSL:
		r.tls.Put(slot)
	case http, openHTTP:
		r.http.Put(slot)
	case dhcp:
		r.dhcp.Put(slot)
	case notice:
		r.alerts.Put(slot)
	case captureLoss, stats:
		r.meters.Put(slot)
	case unknown, known, x509:
	}
}

// finish completes a row that was read and gives its order time.
func (r *reader) finish(k kind) (record.Time, error) {
	x := &r.p.extra
	if !x.hasTS {
		return 0, errNoTime
	}
	at := ingest.Clamp(x.ts)
	switch k {
	case conn, openConn:
		return r.finishConn()
	case dns:
		return at, r.finishDNS()
	case ssl, openSSL:
		return at, r.finishTLS()
	case http, openHTTP:
		h := r.p.http
		h.HasRequest, h.HasResponse = h.Method != "", h.StatusCode != 0
		return at, r.finishEnds(6)
	case dhcp:
		return at, r.finishDHCP()
	case notice:
		return at, r.finishNotice()
	case unknown, known, x509, captureLoss, stats:
	}
	return at, nil
}

func (r *reader) finishEnds(proto uint8) error {
	e, x := r.p.ends, &r.p.extra
	if !e.OrigH.IsValid() || !e.RespH.IsValid() {
		return errNoEnds
	}
	e.TS, e.Feed, e.Proto = x.ts, r.opts.Feed, proto
	if n, ok := protocol(x.proto, e.OrigH); ok && n != 0 {
		e.Proto = n
	}
	return nil
}

func (r *reader) finishConn() (record.Time, error) {
	c, x := r.p.conn, &r.p.extra
	if !c.OrigH.IsValid() || !c.RespH.IsValid() {
		return 0, errNoEnds
	}
	n, ok := protocol(x.proto, c.OrigH)
	if !ok {
		return 0, errProto
	}
	if x.ipProto != 0 {
		n = x.ipProto
	}
	if c.Duration < 0 {
		return 0, errDuration
	}
	c.TS, c.Feed, c.Proto = x.ts, r.opts.Feed, n
	if x.local&1 == 0 {
		c.LocalOrig = r.inner.Is(c.OrigH)
	}
	if x.local&2 == 0 {
		c.LocalResp = r.inner.Is(c.RespH)
	}
	return ingest.End(x.ts, c.Duration), nil
}

// variants are the dialects of DNS by port.
func variant(a, b uint16) string {
	for _, p := range [...]uint16{a, b} {
		switch p {
		case 5353:
			return "mdns"
		case 5355:
			return "llmnr"
		case 137:
			return "nbns"
		}
	}
	return "dns"
}

// finishDNS: Zeek gives a round trip when it saw both halves of a lookup with answers, an rcode when it saw a reply.
func (r *reader) finishDNS() error {
	d, x := r.p.dns, &r.p.extra
	d.Variant = variant(d.OrigP, d.RespP)
	d.HasReply = x.rcode || x.rtt || len(d.Answers) > 0
	d.HasQuery = d.Query != "" || !d.HasReply
	return r.finishEnds(17)
}

func (r *reader) finishTLS() error {
	t, x := r.p.tls, &r.p.extra
	t.HasClient, t.HasServer = true, t.Cipher != ""
	if x.history != "" {
		t.HasClient, t.HasServer = strings.ContainsRune(x.history, 'C'), strings.ContainsRune(x.history, 's')
	}
	t.ChainLength = len(r.p.chains)
	if t.ChainLength > 0 {
		leaf := r.p.chains[0]
		r.tls.At(r.slot).leaf = leaf
		if len(leaf) == 64 {
			t.CertSHA256 = leaf
		}
	}
	return r.finishEnds(6)
}

// finishDHCP: newer logs have no ends of their own.
func (r *reader) finishDHCP() error {
	d := r.p.dhcp
	if !d.OrigH.IsValid() {
		d.OrigH, d.OrigP = d.ClientAddr, 68
	}
	if !d.RespH.IsValid() {
		d.RespH, d.RespP = d.ServerAddr, 67
	}
	if !d.OrigH.IsValid() {
		d.OrigH = unspecified
	}
	if !d.RespH.IsValid() {
		d.RespH = broadcast
	}
	return r.finishEnds(17)
}

// finishNotice: many notices belong to no connection.
func (r *reader) finishNotice() error {
	a, x := r.p.alert, &r.p.extra
	if !a.OrigH.IsValid() {
		a.OrigH = x.src
	}
	if !a.RespH.IsValid() {
		a.RespH = x.dst
	}
	a.TS, a.Feed = x.ts, r.opts.Feed
	a.Proto, _ = protocol(x.proto, a.OrigH)
	a.By, a.Category, a.Signature = "zeek", x.note, x.note
	if x.msg != "" {
		a.Signature += ": " + x.msg
	}
	if x.sub != "" {
		a.Signature += " (" + x.sub + ")"
	}
	return nil
}
