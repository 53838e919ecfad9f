package intel

import (
	"net/netip"
	"strconv"
	"strings"
)

// maxURL bounds a URL, in bytes.
const maxURL = 2048

// understood is a candidate in the form that sets use.
type understood struct {
	kind   Kind
	key    string // see entry
	addr   netip.Addr
	net    netip.Prefix
	port   uint16
	sub    bool   // a domain with its sub-domains
	reason string // why it cannot be matched; empty when it can
}

// reasons that are not a type's name
const (
	reasonUnknown = "not an indicator that Candor knows"
	reasonSHA1    = "SHA-1 (records carry SHA-256 of certificates)"
	reasonMD5     = "MD5 (records carry SHA-256 of certificates)"
	reasonLong    = "too long"
	reasonKind    = "not of the kind its type says"
)

// refang turns the harmless spellings of indicators back: hxxp://, [.], (dot).
func refang(s string) string {
	if len(s) >= 4 && (s[0] == 'h' || s[0] == 'H') && strings.EqualFold(s[:4], "hxxp") {
		s = "http" + s[4:]
	}
	if !strings.ContainsAny(s, "[({\\") {
		return s
	}
	return strings.NewReplacer(
		"[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "{dot}", ".", "[DOT]", ".", "\\.", ".",
		"[:]", ":", "[://]", "://", "[/]", "/",
	).Replace(s)
}

// classify understands one value by its form.
func classify(value string, allowed mask) understood {
	s := refang(strings.TrimSpace(value))
	switch {
	case s == "":
		return understood{reason: reasonUnknown}
	case len(s) > maxURL:
		return understood{reason: reasonLong}
	}
	u := byForm(s)
	if u.reason == "" && !allowed.allows(u.kind) {
		// a type "ip" also means networks, "url" also a bare host: those are in the mask already
		return understood{reason: reasonKind}
	}
	return u
}

func byForm(s string) understood {
	if i := strings.Index(s, "://"); i > 0 {
		return classifyURL(s[i+3:])
	}
	if u, ok := classifyAddress(s); ok {
		return u
	}
	if h := hexForm(s); h != "" {
		switch len(h) {
		case 64:
			return understood{kind: Certificate, key: h}
		case 40:
			return understood{reason: reasonSHA1}
		case 32:
			return understood{reason: reasonMD5}
		}
	}
	if j := lowerASCII(s); isJA4(j) {
		return understood{kind: JA4, key: j}
	}
	if strings.IndexByte(s, '/') > 0 {
		return classifyURL(s)
	}
	return classifyDomain(s)
}

// classifyAddress understands addresses, networks, and addresses with port.
func classifyAddress(s string) (understood, bool) {
	if c := s[0]; c != '[' && c != ':' && (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
		return understood{}, false
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return ofAddr(a, 0), true
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return ofPrefix(p), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ofAddr(ap.Addr(), ap.Port()), true
	}
	return understood{}, false
}

func ofAddr(a netip.Addr, port uint16) understood {
	a = a.Unmap().WithZone("")
	return understood{kind: Address, key: string(a.AsSlice()), addr: a, port: port}
}

func ofPrefix(p netip.Prefix) understood {
	a, bits := p.Addr(), p.Bits()
	if a.Is4In6() && bits >= 96 {
		a, bits = a.Unmap(), bits-96
	}
	p = netip.PrefixFrom(a.WithZone(""), bits).Masked()
	if bits == a.BitLen() {
		return ofAddr(a, 0)
	}
	return understood{kind: Network, key: string(p.Addr().AsSlice()) + string(byte(bits)), net: p}
}

// hexForm is a hash in lower case without colons; empty when the text is none.
func hexForm(s string) string {
	if len(s) > 32 && len(s) > 2 && s[2] == ':' {
		s = strings.ReplaceAll(s, ":", "")
	}
	if len(s) != 64 && len(s) != 40 && len(s) != 32 {
		return ""
	}
	s = lowerASCII(s)
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return ""
		}
	}
	return s
}

// isJA4 reports whether a lower case text has the form of a JA4 fingerprint: t13d1516h2_8daaf6152771_b186095e22b6.
func isJA4(s string) bool {
	if len(s) != 36 || s[10] != '_' || s[23] != '_' || !strings.ContainsRune("tqd", rune(s[0])) || (s[3] != 'd' && s[3] != 'i') {
		return false
	}
	for i := range len(s) {
		c := s[i]
		hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
		switch {
		case i == 10, i == 23:
		case i >= 4 && i < 8 && (c < '0' || c > '9'), i > 10 && !hex:
			return false
		case i < 10 && (c < '0' || c > '9') && (c < 'a' || c > 'z'):
			return false
		}
	}
	return true
}

// classifyURL understands host[:port][/path][?query]; without a path it is its host.
func classifyURL(s string) understood {
	s, _, _ = strings.Cut(s, "#")
	end := strings.IndexAny(s, "/?")
	if end < 0 {
		end = len(s)
	}
	host, path := s[:end], s[end:]
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	if host == "" {
		return understood{reason: reasonUnknown}
	}
	u, isAddr := classifyAddress(host)
	if !isAddr {
		u = classifyDomain(host)
	}
	if u.reason != "" || u.kind == Network {
		return understood{reason: reasonUnknown}
	}
	if path == "" || path == "/" {
		return u
	}
	text := u.key
	if isAddr {
		text = u.addr.String()
	}
	if path[0] == '?' {
		path = "/" + path
	}
	return understood{kind: URL, key: text + path, port: u.port}
}

// classifyDomain understands names: evil.example, *.evil.example, .evil.example, ||evil.example^, evil.example:443.
func classifyDomain(s string) understood {
	sub := false
	if rest, ok := strings.CutPrefix(s, "||"); ok {
		s, sub = strings.TrimSuffix(rest, "^"), true
	}
	if rest, ok := strings.CutPrefix(s, "*."); ok {
		s, sub = rest, true
	} else if rest, ok := strings.CutPrefix(s, "."); ok {
		s, sub = rest, true
	}
	var port uint16
	if bare := trimPort(s); bare != s {
		n, err := strconv.ParseUint(s[len(bare)+1:], 10, 16)
		if err != nil {
			return understood{reason: reasonUnknown}
		}
		s, port = bare, uint16(n)
	}
	name, ok := cleanName(s)
	if !ok {
		return understood{reason: reasonUnknown}
	}
	return understood{kind: Domain, key: name, port: port, sub: sub || RegisteredDomain(name) == name}
}

// kindsOf is what a type's name in a list means: ip-dst, Intel::DOMAIN, ipv4, ja4 and so on; false for types that records
// cannot be held against.
func kindsOf(word string) (mask, bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	word = strings.TrimPrefix(word, "intel::")
	word = strings.NewReplacer("_", "-", " ", "-", ":", "-", "|", "-").Replace(word)
	switch word {
	case "":
		return 0, true
	case "ip", "ipv4", "ipv6", "ip-dst", "ip-src", "ip-address", "ipv4-addr", "ipv6-addr", "addr", "address", "ip-port", "ip-dst-port",
		"ip-src-port", "cidr", "subnet", "network", "netblock", "ip-range", "ipv4-cidr", "ipv6-cidr":
		return maskOf(Address, Network), true
	case "domain", "hostname", "host", "domain-name", "fqdn", "dns", "hostname-port", "domain-port":
		return maskOf(Domain), true
	case "url", "uri", "link":
		return maskOf(URL, Domain, Address), true
	case "ja4", "ja4-fingerprint", "ja4-tls":
		return maskOf(JA4), true
	case "cert-hash", "x509-fingerprint-sha256", "x509-fingerprint-sha1", "x509-fingerprint-md5", "certificate", "certificate-hash", "cert-sha256",
		"x509-certificate", "ssl-cert-sha256":
		return maskOf(Certificate), true
	case "indicator", "ioc", "unknown", "other", "observable":
		return 0, true
	}
	return 0, false
}
