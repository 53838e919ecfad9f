package zeek

import (
	"candor/internal/record"
)

// cert is what x509.log says of a certificate.
type cert struct {
	subject, issuer, serial string
	notBefore, notAfter     record.Time
	san                     []string
}

// certs remembers certificates by file id or fingerprint, the newest ones.
type certs struct {
	young, old map[string]*cert
}

const maxCerts = 32768 // in each of the two generations

func (c *certs) put(id string, x *cert) {
	if id == "" {
		return
	}
	if c.young == nil || len(c.young) >= maxCerts {
		c.young, c.old = map[string]*cert{}, c.young
	}
	c.young[id] = x
}

func (c *certs) get(id string) *cert {
	if x := c.young[id]; x != nil {
		return x
	}
	return c.old[id]
}

// join completes a handshake by its leaf certificate.
func (c *certs) join(t *record.TLS, leaf string) {
	x := c.get(leaf)
	if x == nil {
		return
	}
	if t.Subject == "" {
		t.Subject = x.subject
	}
	if t.Issuer == "" {
		t.Issuer = x.issuer
	}
	t.Serial, t.NotBefore, t.NotAfter, t.SANDNS = x.serial, x.notBefore, x.notAfter, x.san
}

// seen remembers what was told already, so that what is reported again while open is told once. The newest are remembered.
type seen struct {
	young, old map[uint64]struct{}
}

const maxSeen = 65536

// again reports whether the same was told before, and remembers it.
func (s *seen) again(uid record.UID, ts record.Time, n int) bool {
	h := uint64(14695981039346656037)
	for i := range len(uid) {
		h = (h ^ uint64(uid[i])) * 1099511628211
	}
	h = (h ^ uint64(ts)) * 0x9e3779b97f4a7c15
	h = (h ^ h>>29 ^ uint64(n)) * 0x9e3779b97f4a7c15
	_, young := s.young[h]
	_, old := s.old[h]
	if young || old {
		return true
	}
	if s.young == nil || len(s.young) >= maxSeen {
		s.young, s.old = map[uint64]struct{}{}, s.young
	}
	s.young[h] = struct{}{}
	return false
}

// told is what was already told of a connection that was still open.
type told struct {
	reports                 int
	origBytes, respBytes    uint64
	origPkts, respPkts      uint64
	origIP, respIP, missing uint64
}

// openConns remembers connections that were reported as open.
type openConns struct{ conns map[record.UID]*told }

const maxOpen = 65536

// report turns the totals of a connection into differences since its last report. It reports whether the connection can be
// told: one more than are remembered cannot, because its next report would count everything again.
func (o *openConns) report(c *record.Conn, final bool) bool {
	t := o.conns[c.UID]
	switch {
	case final && t == nil:
		c.Final = true
		return true
	case t == nil && len(o.conns) >= maxOpen:
		return false
	case t == nil:
		if o.conns == nil {
			o.conns = map[record.UID]*told{}
		}
		t = &told{}
		o.conns[c.UID] = t
	}
	c.Report, c.Final = t.reports, final
	t.reports++
	for _, x := range [...]struct{ now, before *uint64 }{
		{&c.OrigBytes, &t.origBytes},
		{&c.RespBytes, &t.respBytes},
		{&c.OrigPkts, &t.origPkts},
		{&c.RespPkts, &t.respPkts},
		{&c.OrigIPBytes, &t.origIP},
		{&c.RespIPBytes, &t.respIP},
		{&c.MissedBytes, &t.missing},
	} {
		total := *x.now
		*x.now = total - min(total, *x.before)
		*x.before = max(total, *x.before)
	}
	if final {
		delete(o.conns, c.UID)
	}
	return true
}
