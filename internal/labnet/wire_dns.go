package labnet

import (
	"encoding/binary"
	"net/netip"
)

// DNS record types and response codes (RFC 1035, 3596, 2782).
const (
	dnsA     = 1
	dnsCNAME = 5
	dnsPTR   = 12
	dnsTXT   = 16
	dnsAAAA  = 28
	dnsSRV   = 33
	dnsOPT   = 41

	rcodeNX = 3
)

// dnsQuestion is one question and how it is asked.
type dnsQuestion struct {
	id    uint16
	name  string
	kind  uint16
	edns  bool
	flags uint16 // beside the recursion-desired bit
}

// dnsAnswer is one answer record; name empty means the question's own.
type dnsAnswer struct {
	name string
	kind uint16
	ttl  uint32
	addr netip.Addr // A, AAAA
	text string     // CNAME, PTR, SRV target
	port uint16     // SRV
}

// appendName writes a name as labels (no compression); labels over 63 bytes are cut.
func appendName(b []byte, name string) []byte {
	for start, i := 0, 0; i <= len(name); i++ {
		if i == len(name) || name[i] == '.' {
			if i > start {
				label := name[start:min(i, start+63)]
				b = append(append(b, byte(len(label))), label...)
			}
			start = i + 1
		}
	}
	return append(b, 0)
}

// dnsHead writes a message header and the question.
func dnsHead(b []byte, q *dnsQuestion, flags uint16, answers, authority, extra int) []byte {
	b = binary.BigEndian.AppendUint16(b, q.id)
	b = binary.BigEndian.AppendUint16(b, flags)
	b = binary.BigEndian.AppendUint16(b, 1)
	b = binary.BigEndian.AppendUint16(b, uint16(answers))
	b = binary.BigEndian.AppendUint16(b, uint16(authority))
	b = binary.BigEndian.AppendUint16(b, uint16(extra))
	b = appendName(b, q.name)
	b = binary.BigEndian.AppendUint16(b, q.kind)
	return binary.BigEndian.AppendUint16(b, 1)
}

// appendOPT writes an EDNS record (RFC 6891).
func appendOPT(b []byte, size uint16) []byte {
	b = append(b, 0, 0, dnsOPT)
	b = binary.BigEndian.AppendUint16(b, size)
	return append(b, 0, 0, 0, 0, 0, 0)
}

// appendQuery writes a query.
func appendQuery(b []byte, q *dnsQuestion) []byte {
	extra := 0
	if q.edns {
		extra = 1
	}
	b = dnsHead(b, q, 0x0100|q.flags, 0, 0, extra)
	if q.edns {
		b = appendOPT(b, 1232)
	}
	return b
}

// appendReply writes a response with its answers; flags are added to "response, recursion desired".
func appendReply(b []byte, q *dnsQuestion, flags uint16, answers []dnsAnswer) []byte {
	extra, authority := 0, 0
	if q.edns {
		extra = 1
	}
	if len(answers) == 0 {
		authority = 1
	}
	b = dnsHead(b, q, 0x8100|flags, len(answers), authority, extra)
	for i := range answers {
		b = appendRecord(b, &answers[i])
	}
	if authority > 0 {
		b = appendSOA(b)
	}
	if q.edns {
		b = appendOPT(b, 1232)
	}
	return b
}

func appendRecord(b []byte, a *dnsAnswer) []byte {
	if a.name == "" {
		b = append(b, 0xc0, 12)
	} else {
		b = appendName(b, a.name)
	}
	b = binary.BigEndian.AppendUint16(b, a.kind)
	b = binary.BigEndian.AppendUint16(b, 1)
	b = binary.BigEndian.AppendUint32(b, a.ttl)
	at := len(b)
	b = append(b, 0, 0)
	switch a.kind {
	case dnsA, dnsAAAA:
		b = append(b, a.addr.AsSlice()...)
	case dnsSRV:
		b = append(b, 0, 0, 0, 100)
		b = binary.BigEndian.AppendUint16(b, a.port)
		b = appendName(b, a.text)
	case dnsTXT:
		b = append(append(b, byte(len(a.text))), a.text...)
	default:
		b = appendName(b, a.text)
	}
	binary.BigEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	return b
}

// appendSOA writes the authority record of an answer that has none (RFC 2308).
func appendSOA(b []byte) []byte {
	b = appendName(b, "test")
	b = append(b, 0, 6, 0, 1, 0, 0, 3, 132)
	at := len(b)
	b = append(b, 0, 0)
	b = appendName(b, "a.nic.test")
	b = appendName(b, "registry.nic.test")
	for _, v := range []uint32{2026112401, 1800, 900, 604800, 900} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	binary.BigEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	return b
}
