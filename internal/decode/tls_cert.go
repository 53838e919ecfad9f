package decode

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"
)

const (
	maxCertificate = 1 << 16 // bytes of one certificate that is read
	maxSANs        = 256     // names kept
	maxChain       = 64      // certificates counted
)

// CertState says what became of the certificate message.
type CertState uint8

// The states.
const (
	CertMissing    CertState = iota // not there yet, or not in the clear
	CertRead                        // the leaf was read
	CertEmpty                       // the message carries no certificate
	CertUnreadable                  // the leaf is no certificate that can be read; fingerprint and chain length stand
	CertTooLarge                    // the leaf is over 64 KiB, or the message over 128 KiB
)

// String gives the name in snake_case.
func (s CertState) String() string {
	switch s {
	case CertMissing:
		return "missing"
	case CertRead:
		return "read"
	case CertEmpty:
		return "empty"
	case CertUnreadable:
		return "unreadable"
	case CertTooLarge:
		return "too_large"
	}
	return "invalid"
}

// Certificate is the certificate message of a TLS server up to version 1.2; TLS 1.3 encrypts it.
type Certificate struct {
	State       CertState
	Subject     string // "CN=www.example.com,O=Example,C=DE", the order and escapes of RFC 4514
	Issuer      string
	Serial      string // upper-case hex
	NotBefore   time.Time
	NotAfter    time.Time
	SHA256      string // of the leaf, lower-case hex
	SANDNS      []string
	ChainLength int    // certificates in the message, the leaf included
	Group       uint16 // group of the server's key exchange, 0 if that was none or its message is not there yet
	Resumed     bool   // no certificate because the server resumes a session: it goes over to encryption, or gives a new ticket first
	Dropped     int    // names and certificates of the chain beyond the limits

	buf   []byte
	known map[[sha256.Size]byte]*leaf
}

// leaf is what a server's own certificate says. It depends on the certificate's bytes alone.
type leaf struct {
	state               CertState
	subject, issuer     string
	serial, sha256      string
	notBefore, notAfter time.Time
	names               []string
	dropped             int // names
}

// A few servers show most of the certificates, and reading one costs as much as hundreds of packets: a Certificate keeps
// the last few that it read. The bounds are for the worst case: about 8 MB, if every byte of a name must be escaped.
const (
	maxKnown     = 512
	maxKnownSize = 4096 // bytes of a certificate that is kept
)

// TLSCertificate reads the certificate message behind the server hello from the start of a server's stream. c is reset first. A server that
// resumes a session sends none: then the status is Done and the state CertMissing, as for TLS 1.3 and for ciphers without certificates.
func TLSCertificate(b []byte, c *Certificate) Status {
	*c = Certificate{SANDNS: c.SANDNS[:0], buf: c.buf[:0], known: c.known}
	r := handshakeReader{rest: b, buf: c.buf}
	for first := true; ; first = false {
		kind, body, status := r.next()
		c.buf = r.buf
		switch {
		case status == NotTLS && !first:
			if r.huge {
				c.State = CertTooLarge
			}
			c.Resumed = len(r.rest) > 0 && r.rest[0] == recordChange && len(r.pending) == 0 // the handshake goes on encrypted
			return Done
		case status != Done:
			return status
		case first && kind != helloServer:
			return NotTLS
		case kind == handshakeCert:
			c.read(body)
			c.keyExchange(&r)
			return Done
		case kind != helloServer && kind != handshakeSupplied:
			c.Resumed = kind == handshakeTicket
			return Done
		}
	}
}

// keyExchange looks for the group of a server key exchange (RFC 8422) behind the certificate.
func (c *Certificate) keyExchange(r *handshakeReader) {
	for {
		kind, body, status := r.next()
		c.buf = r.buf
		if status == Done && kind == handshakeStatus {
			continue
		}
		if status == Done && kind == handshakeKey && len(body) >= 3 && body[0] == 3 { // a named curve
			c.Group = be16(body[1:])
		}
		return
	}
}

// read reads the body of a certificate message.
func (c *Certificate) read(body []byte) {
	s := span{b: body}
	chain := span{b: s.vector24()}
	der := chain.vector24()
	if s.bad || chain.bad || len(der) == 0 {
		c.State = CertEmpty
		return
	}
	c.ChainLength = 1
	for len(chain.b) > 0 {
		if chain.vector24(); chain.bad {
			break
		}
		if c.ChainLength == maxChain {
			c.Dropped++
			continue
		}
		c.ChainLength++
	}
	if len(der) > maxCertificate {
		c.State = CertTooLarge
		return
	}
	l := c.leaf(der)
	c.State, c.SHA256, c.Subject, c.Issuer, c.Serial = l.state, l.sha256, l.subject, l.issuer, l.serial
	c.NotBefore, c.NotAfter = l.notBefore, l.notAfter
	c.SANDNS = append(c.SANDNS, l.names...)
	c.Dropped += l.dropped
}

// leaf reads a certificate, or remembers it.
func (c *Certificate) leaf(der []byte) *leaf {
	hash := sha256.Sum256(der)
	if l := c.known[hash]; l != nil {
		return l
	}
	l := readLeaf(der, hash)
	if len(der) > maxKnownSize {
		return l
	}
	switch {
	case c.known == nil:
		c.known = make(map[[sha256.Size]byte]*leaf)
	case len(c.known) >= maxKnown:
		clear(c.known)
	}
	c.known[hash] = l
	return l
}

func readLeaf(der []byte, hash [sha256.Size]byte) *leaf {
	l := &leaf{state: CertUnreadable, sha256: hex.EncodeToString(hash[:])}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return l
	}
	l.state = CertRead
	l.subject, l.issuer = distinguishedName(cert.RawSubject), distinguishedName(cert.RawIssuer)
	l.serial = serial(cert.SerialNumber)
	l.notBefore, l.notAfter = cert.NotBefore.UTC(), cert.NotAfter.UTC()
	for _, name := range cert.DNSNames[:min(len(cert.DNSNames), maxSANs)] {
		l.names = append(l.names, text([]byte(name)))
	}
	l.dropped = len(cert.DNSNames) - len(l.names)
	return l
}

// serial writes a serial number as pairs of upper-case hex digits.
func serial(n *big.Int) string {
	if n == nil {
		return ""
	}
	s := strings.ToUpper(n.Text(16))
	if len(s)%2 != 0 {
		s = "0" + s
	}
	return s
}

// distinguishedName writes a name as Zeek does: last part first, short attribute names, bytes over 127 as \XX.
func distinguishedName(der []byte) string {
	var parts pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &parts); err != nil || len(rest) != 0 {
		return ""
	}
	var out strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		for j, attribute := range parts[i] {
			if j > 0 {
				out.WriteByte('+')
			}
			out.WriteString(attributeName(attribute.Type))
			out.WriteByte('=')
			if s, ok := attribute.Value.(string); ok {
				writeNameValue(&out, s)
			} else {
				fmt.Fprintf(&out, "%v", attribute.Value)
			}
		}
	}
	return out.String()
}

// attributeName gives the short name of an attribute, else its object identifier.
func attributeName(id asn1.ObjectIdentifier) string {
	dotted := id.String()
	for _, a := range attributeNames {
		if a.id == dotted {
			return a.name
		}
	}
	return dotted
}

var attributeNames = [...]struct{ id, name string }{
	{"2.5.4.3", "CN"},
	{"2.5.4.4", "SN"},
	{"2.5.4.5", "serialNumber"},
	{"2.5.4.6", "C"},
	{"2.5.4.7", "L"},
	{"2.5.4.8", "ST"},
	{"2.5.4.9", "street"},
	{"2.5.4.10", "O"},
	{"2.5.4.11", "OU"},
	{"2.5.4.12", "title"},
	{"2.5.4.13", "description"},
	{"2.5.4.15", "businessCategory"},
	{"2.5.4.17", "postalCode"},
	{"2.5.4.41", "name"},
	{"2.5.4.42", "GN"},
	{"2.5.4.46", "dnQualifier"},
	{"2.5.4.97", "organizationIdentifier"},
	{"0.9.2342.19200300.100.1.1", "UID"},
	{"0.9.2342.19200300.100.1.25", "DC"},
	{"1.2.840.113549.1.9.1", "emailAddress"},
	{"1.2.840.113549.1.9.2", "unstructuredName"},
	{"1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"},
	{"1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"},
	{"1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"},
}

// writeNameValue writes the value of an attribute with the escapes of RFC 4514; control and non-ASCII bytes become \XX.
func writeNameValue(out *strings.Builder, s string) {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case c < 0x20 || c >= 0x7f:
			out.Write([]byte{'\\', digits[c>>4], digits[c&15]})
		case strings.IndexByte(`,+"\<>;`, c) >= 0, c == ' ' && (i == 0 || i == len(s)-1), c == '#' && i == 0:
			out.Write([]byte{'\\', c})
		default:
			out.WriteByte(c)
		}
	}
}
