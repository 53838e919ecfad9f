package intel

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"candor/internal/record"
)

// Hit is one indicator that a record carries.
type Hit struct {
	List      string // name of the list
	Title     string // what the list says about itself
	Kind      Kind
	Indicator string // as the list means it, in its normal form
	Place     string // where in the list: "line 12"
	Words     string // the list's own words about it
	Date      record.Time
	ListDate  bool        // the indicator has no date: Date is the list's
	AgeDays   int         // at the time asked for; -1 unknown
	Until     record.Time // 0: no end
	Expired   bool        // its validity is over, or it is older than Limits.IndicatorAge
	Partial   bool        // the list asks for more than this one part
	OtherPort bool        // the indicator names a port, and it is not this one
	Field     string      // which field carries it, by Zeek's name: id.resp_h, query, answers, server_name, host, ...
	Value     string      // the field's value
}

// probe is one value of a record that is looked up.
type probe struct {
	field string
	value string
	port  uint16 // of the far end; 0 not known
	at    record.Time
}

// Conn appends the hits on the two addresses of a connection. at is the time ages are reckoned at.
func (s *Set) Conn(c *record.Conn, at record.Time, into []Hit) []Hit {
	if s.Size() == 0 {
		return into
	}
	into = s.addr(c.RespH, probe{field: "id.resp_h", port: c.RespP, at: at}, into)
	return s.addr(c.OrigH, probe{field: "id.orig_h", at: at}, into)
}

// DNS appends the hits on the name asked for and on the addresses and names of the answer. Names of the local link (mDNS,
// LLMNR, NetBIOS) are not looked up.
func (s *Set) DNS(d *record.DNS, at record.Time, into []Hit) []Hit {
	if s.Size() == 0 || d.Variant != "" && d.Variant != "dns" {
		return into
	}
	into = s.host(d.Query, probe{field: "query", at: at}, into)
	for _, a := range d.Answers {
		if a != d.Query {
			into = s.host(a, probe{field: "answers", at: at}, into)
		}
	}
	return into
}

// TLS appends the hits on the server's name (without one: on the name in the certificate's subject), the client's JA4 and the
// certificate.
func (s *Set) TLS(t *record.TLS, at record.Time, into []Hit) []Hit {
	if s.Size() == 0 {
		return into
	}
	if t.ServerName != "" {
		into = s.host(t.ServerName, probe{field: "server_name", port: t.RespP, at: at}, into)
	} else if _, name, ok := strings.Cut(t.Subject, "CN="); ok {
		name, _, _ = strings.Cut(name, ",")
		into = s.host(strings.TrimPrefix(name, "*."), probe{field: "subject", port: t.RespP, at: at}, into)
	}
	into = s.text(JA4, t.JA4, probe{field: "ja4", at: at}, into)
	return s.text(Certificate, t.CertSHA256, probe{field: "cert_sha256", at: at}, into)
}

// HTTP appends the hits on the host and on host and path; without a Host header the server's address stands for it. A URL in a
// list that has no query matches with any query.
func (s *Set) HTTP(h *record.HTTP, at record.Time, into []Hit) []Hit {
	if s.Size() == 0 {
		return into
	}
	host, path := h.Host, h.URI
	if i := strings.Index(path, "://"); i > 0 && i < 8 { // to a proxy
		rest := path[i+3:]
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		host, path = rest[:end], rest[end:]
	} else if h.Method == "CONNECT" {
		host, path = path, ""
	}
	into = s.host(host, probe{field: "host", port: h.RespP, at: at}, into)
	if path == "" || path == "/" || len(path) > maxURL {
		return into
	}
	return s.url(host, path, h, at, into)
}

func (s *Set) url(host, path string, h *record.HTTP, at record.Time, into []Hit) []Hit {
	if s.urls == 0 {
		return into
	}
	var b [maxName + maxURL]byte
	host = strings.Trim(trimPort(host), "[]")
	n := lowerInto(b[:maxName], strings.TrimSuffix(host, "."))
	if host == "" && h.RespH.IsValid() {
		n = len(h.RespH.Unmap().WithZone("").AppendTo(b[:0]))
	}
	if n <= 0 {
		return into
	}
	path, _, _ = strings.Cut(path, "#")
	n += copy(b[n:], path)
	p := probe{field: "uri", value: h.URI, port: h.RespP, at: at}
	into = s.look(URL, b[:n], &p, into, false)
	if i := strings.IndexByte(path, '?'); i >= 0 {
		into = s.look(URL, b[:n-len(path)+i], &p, into, false)
	}
	return into
}

// host looks up a text that is an address or a name, perhaps with a port.
func (s *Set) host(text string, p probe, into []Hit) []Hit {
	if len(text) < 2 || len(text) > 4*maxName {
		return into
	}
	p.value = text
	text = trimPort(text)
	if c := text[len(text)-1]; c >= '0' && c <= '9' || strings.IndexByte(text, ':') >= 0 {
		if a, ok := parseAddr(text); ok {
			return s.addr(a, p, into)
		}
	}
	return s.domain(text, p, into)
}

// parseAddr reads an address; names are told apart before netip would build an error for them.
func parseAddr(text string) (netip.Addr, bool) {
	if len(text) > 48 {
		return netip.Addr{}, false
	}
	text = strings.Trim(text, "[]")
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && c != '.' && c != ':' && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return netip.Addr{}, false
		}
	}
	a, err := netip.ParseAddr(text)
	return a, err == nil
}

// addr looks up an address, and the networks around it.
func (s *Set) addr(a netip.Addr, p probe, into []Hit) []Hit {
	if !a.IsValid() {
		return into
	}
	a = a.Unmap().WithZone("")
	around := &s.nets6
	if a.Is4() {
		b := a.As4()
		into = s.lookAddr(b[:], a, &p, into)
		around = &s.nets4
	} else {
		b := a.As16()
		into = s.lookAddr(b[:], a, &p, into)
	}
	for i := around.find(a); i >= 0; i = around.list[i].around {
		if p.value == "" {
			p.value = a.String()
		}
		into = s.hit(around.list[i].ref, &p, into)
	}
	return into
}

func (s *Set) lookAddr(key []byte, a netip.Addr, p *probe, into []Hit) []Hit {
	n := len(into)
	into = s.look(Address, key, p, into, false)
	if p.value == "" {
		for i := n; i < len(into); i++ {
			into[i].Value = a.String()
		}
	}
	return into
}

// domain looks up a name and the names above it.
func (s *Set) domain(name string, p probe, into []Hit) []Hit {
	var b [maxName + 1]byte
	name = strings.TrimSuffix(name, ".")
	n := lowerInto(b[:], name)
	if n < 0 && !ascii(name) {
		n = lowerInto(b[:], labelsToASCII(name))
	}
	if n <= 0 {
		return into
	}
	into = s.look(Domain, b[:n], &p, into, false)
	left := 1
	for _, c := range b[:n] {
		if c == '.' {
			left++
		}
	}
	for i := range n {
		if b[i] != '.' {
			continue
		}
		if left--; left <= s.subDepth {
			into = s.look(Domain, b[i+1:n], &p, into, true)
		}
	}
	return into
}

// lowerInto writes a name in lower case; -1 when it is too long or beyond ASCII.
func lowerInto(b []byte, name string) int {
	if len(name) > len(b) {
		return -1
	}
	for i := range len(name) {
		c := name[i]
		if c >= utf8.RuneSelf {
			return -1
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b[i] = c
	}
	return len(name)
}

// text looks up a JA4 or hash.
func (s *Set) text(kind Kind, text string, p probe, into []Hit) []Hit {
	var b [64]byte
	if len(text) != 36 && len(text) != 64 {
		return into
	}
	p.value = text
	n := lowerInto(b[:], text)
	if n <= 0 {
		return into
	}
	return s.look(kind, b[:n], &p, into, false)
}

// look finds every entry with a key; above asks only for domains that count with their sub-domains.
func (s *Set) look(kind Kind, key []byte, p *probe, into []Hit, above bool) []Hit {
	h := s.index.hashBytes(kind, key)
	for i, ref := s.index.first(h); ref != 0; i, ref = s.index.next(h, i) {
		l, e := s.entry(ref)
		if e.kind == kind && l.key(e) == string(key) && (!above || e.flags&withSub != 0) {
			into = s.hit(ref, p, into)
		}
	}
	return into
}

func (s *Set) hit(ref uint64, p *probe, into []Hit) []Hit {
	l, e := s.entry(ref)
	h := Hit{
		List: l.Name, Title: l.Title, Kind: e.kind, Indicator: l.text(e), Place: l.place(e), Words: l.words[e.words], Date: fromMinutes(e.seen),
		Until: fromMinutes(e.until), Partial: e.flags&isPart != 0, OtherPort: e.port != 0 && p.port != 0 && e.port != p.port, Field: p.field, Value: p.value,
	}
	if h.Date == 0 {
		h.Date, h.ListDate = l.Date, true
	}
	h.AgeDays = ageDays(h.Date, p.at)
	h.Expired = h.Until != 0 && h.Until <= p.at || h.Date != 0 && p.at-h.Date > s.limits.IndicatorAge
	return append(into, h)
}
