package decode

import (
	"bytes"
	"encoding/binary"
)

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

const maxDialects = 16 // dialects kept of a negotiation

// SMB is the outside of one SMB message.
type SMB struct {
	Version   uint8  // 1: SMB 1; 2: SMB 2 and 3
	Sealed    bool   // an encrypted or compressed message of SMB 3: nothing below is known
	Response  bool   //
	Command   uint16 // SMB 2: 0 negotiate, 1 session setup, 3 tree connect, 5 create ...; SMB 1: 0x72 negotiate, 0x73 session setup ...
	Status    uint32 // of a response
	Signed    bool
	Dialect   uint16   // SMB 2: the one that a negotiate response chose: 0x0202, 0x0311; 0x02ff to go on in SMB 2
	Offered   []uint16 // SMB 2: what a negotiate request offers, at most 16
	Dropped   int      // of these, how many more it says there are
	OffersSMB bool     // SMB 1: the negotiate request offers SMB 2 too
}

// ParseSMB reads the first message in b, which starts at a NetBIOS session header or behind it; ok is false for anything else. m is reset first.
func ParseSMB(b []byte, m *SMB) (ok bool) {
	*m = SMB{Offered: m.Offered[:0]}
	if len(b) >= 8 && b[0] == 0 && b[5] == 'S' {
		b = b[4:]
	}
	if len(b) < 4 {
		return false
	}
	switch string(b[:4]) {
	case "\xffSMB":
		if len(b) < 32 {
			return false
		}
		m.Version, m.Response, m.Command, m.Status = 1, b[9]&0x80 != 0, uint16(b[4]), le32(b[5:])
		m.Signed = le16(b[10:])&4 != 0
		m.OffersSMB = m.Command == 0x72 && !m.Response && bytes.Contains(b[32:min(len(b), 1024)], []byte("\x02SMB 2."))
		return true
	case "\xfeSMB":
		if len(b) < 64 {
			return false
		}
		flags := le32(b[16:])
		m.Version, m.Response, m.Command, m.Signed = 2, flags&1 != 0, le16(b[12:]), flags&8 != 0
		if m.Command > 0x13 {
			return false
		}
		if m.Response {
			m.Status = le32(b[8:])
		}
		if m.Command == 0 {
			m.negotiate(b[64:])
		}
		return true
	case "\xfdSMB", "\xfcSMB":
		m.Version, m.Sealed = 2, true
		return true
	}
	return false
}

// negotiate reads the body of a negotiate message of SMB 2.
func (m *SMB) negotiate(b []byte) {
	switch {
	case m.Response && len(b) >= 6 && le16(b) == 65:
		m.Dialect = le16(b[4:])
	case !m.Response && len(b) >= 36 && le16(b) == 36:
		n := min(int(le16(b[2:])), maxDialects)
		m.Dropped = int(le16(b[2:])) - n
		for b = b[36:]; n > 0 && len(b) >= 2; b, n = b[2:], n-1 {
			m.Offered = append(m.Offered, le16(b))
		}
	}
}

// RDP is the message with which each side of a remote desktop connection begins (X.224 over TPKT; MS-RDPBCGR, 2.2.1.1).
type RDP struct {
	Response  bool
	Cookie    string // the user's name that the client gives, as far as it sends it, or a token for a load balancer; printable
	Asked     bool   // Protocols was there: an old client does not send it
	Protocols uint32 // bits: 1 TLS, 2 CredSSP, 8 CredSSP with early result; of a response the one chosen, 0 for none of them
	Refused   bool   // a response that says no; Protocols is its reason
}

// ParseRDP reads the connection request or its confirmation at the start of a stream; ok is false for anything else.
func ParseRDP(b []byte) (m RDP, ok bool) {
	if !tpkt(b) || len(b) < 11 || b[5]&0xf0 != 0xe0 && b[5]&0xf0 != 0xd0 {
		return RDP{}, false
	}
	m.Response = b[5]&0xf0 == 0xd0
	end := min(len(b), int(be16(b[2:])), 5+int(b[4]))
	rest := b[11:max(11, end)]
	if !m.Response {
		for _, begin := range []string{"Cookie: mstshash=", "Cookie: msts="} {
			if line, behind, found := bytes.Cut(rest, []byte("\r\n")); found && bytes.HasPrefix(line, []byte(begin)) {
				m.Cookie, rest = text(line[len(begin):]), behind
			}
		}
	}
	if len(rest) >= 8 && le16(rest[2:]) == 8 {
		switch {
		case !m.Response && rest[0] == 1, m.Response && rest[0] == 2:
			m.Asked, m.Protocols = true, le32(rest[4:])
		case m.Response && rest[0] == 3:
			m.Asked, m.Refused, m.Protocols = true, true, le32(rest[4:])
		}
	}
	return m, true
}

// tpkt says whether b begins like a TPKT packet (RFC 1006) with an X.224 header in it.
func tpkt(b []byte) bool {
	return len(b) >= 7 && b[0] == 3 && b[1] == 0 && be16(b[2:]) >= 7 && b[4] >= 2 && int(b[4]) <= int(be16(b[2:]))-5
}
