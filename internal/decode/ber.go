package decode

// tlv takes the next element of BER (X.690) off: its tag, one byte, and its content. What ends before its length says gives what is there and
// leaves nothing behind. Tags of several bytes and indefinite lengths set bad: none of the protocols here uses them.
func (s *span) tlv() (tag uint8, v []byte) {
	tag = s.u8()
	size := int(s.u8())
	if s.bad || tag&0x1f == 0x1f || size == 0x80 || size > 0x84 {
		s.bad = true
		return 0, nil
	}
	if size > 0x80 {
		n := size & 0x7f
		size = 0
		for _, c := range s.take(n) {
			size = size<<8 | int(c)
		}
	}
	if s.bad {
		return 0, nil
	}
	return tag, s.take(min(size, len(s.b)))
}

// within takes the next element off if it has that tag and gives a reader of its content; else the reader is bad.
func (s *span) within(tag uint8) span {
	got, v := s.tlv()
	return span{b: v, bad: s.bad || got != tag}
}

// small takes the next element off if it is an integer of at most four bytes that is not negative.
func (s *span) small() (v uint32) {
	tag, b := s.tlv()
	if s.bad || tag != 2 || len(b) == 0 || len(b) > 5 || len(b) == 5 && b[0] != 0 || b[0]&0x80 != 0 {
		s.bad = true
		return 0
	}
	for _, c := range b {
		v = v<<8 | uint32(c)
	}
	return v
}

// SNMP is the outside of one SNMP message (RFC 1157, RFC 3416, RFC 3412).
type SNMP struct {
	Version      uint8 // 0 for SNMPv1, 1 for SNMPv2c, 3 for SNMPv3
	HasCommunity bool  // a community, which is a password in the clear, and is not kept here
	Authentic    bool  // SNMPv3: the message is authenticated
	Sealed       bool  // SNMPv3: the content is encrypted, PDU is not known
	PDU          uint8 // 0 get, 1 get-next, 2 response, 3 set, 4 trap of v1, 5 get-bulk, 6 inform, 7 trap, 8 report
}

// ParseSNMP reads one message, a UDP payload; ok is false for anything else.
func ParseSNMP(b []byte) (m SNMP, ok bool) {
	s := span{b: b}
	body := s.within(0x30)
	version := body.small()
	if body.bad || version == 2 || version > 3 {
		return SNMP{}, false
	}
	m.Version = uint8(version)
	if version == 3 {
		return m.v3(body)
	}
	tag, community := body.tlv()
	if body.bad || tag != 4 {
		return SNMP{}, false
	}
	m.HasCommunity = len(community) > 0
	return m.pdu(&body)
}

// v3 reads behind the version of an SNMPv3 message.
func (m SNMP) v3(body span) (SNMP, bool) {
	header := body.within(0x30)
	header.small() // message id
	header.small() // largest message
	tag, flags := header.tlv()
	if header.bad || tag != 4 || len(flags) != 1 {
		return SNMP{}, false
	}
	m.Authentic, m.Sealed = flags[0]&1 != 0, flags[0]&2 != 0
	if tag, _ = body.tlv(); body.bad || tag != 4 { // parameters of the security model
		return SNMP{}, false
	}
	if m.Sealed {
		return m, true
	}
	scoped := body.within(0x30)
	scoped.tlv() // engine
	scoped.tlv() // context
	return m.pdu(&scoped)
}

func (m SNMP) pdu(s *span) (SNMP, bool) {
	tag, _ := s.tlv()
	if s.bad || tag < 0xa0 || tag > 0xa8 {
		return SNMP{}, false
	}
	m.PDU = tag & 0x1f
	return m, true
}

// LDAP is the outside of one LDAP message (RFC 4511).
type LDAP struct {
	ID       uint32
	Op       uint8 // 0 bind, 1 its response, 2 unbind, 3 search, 4 entry, 5 done, 6 modify, 8 add, 10 delete, 16 abandon, 23 extended, 24 its response
	StartTLS bool  // an extended request for TLS
}

// ldapStartTLS is the name of the request for TLS (RFC 4511, 4.14).
const ldapStartTLS = "1.3.6.1.4.1.1466.20037"

// ParseLDAP reads the message at the start of b; ok is false for anything else.
func ParseLDAP(b []byte) (m LDAP, ok bool) {
	s := span{b: b}
	body := s.within(0x30)
	m.ID = body.small()
	tag, v := body.tlv()
	if body.bad || tag&0xc0 != 0x40 || m.ID > 1<<31-1 || !ldapOp(tag&0x1f) {
		return LDAP{}, false
	}
	m.Op = tag & 0x1f
	if request := (span{b: v}); m.Op == 23 {
		tag, name := request.tlv()
		m.StartTLS = !request.bad && tag == 0x80 && string(name) == ldapStartTLS
	}
	return m, true
}

func ldapOp(op uint8) bool { return op <= 16 || op == 19 || op >= 23 && op <= 25 }

// Kerberos is the outside of one Kerberos message (RFC 4120).
type Kerberos struct {
	MsgType uint8  // 10 AS-REQ, 11 AS-REP, 12 TGS-REQ, 13 TGS-REP, 14 AP-REQ, 15 AP-REP, 30 error
	Realm   string // asked for, or the client's in an answer; printable; empty when it was not reached
	Error   uint32 // of an error
}

// ParseKerberos reads one message: a UDP payload, or the start of a TCP stream, where a length comes before it; ok is false for anything else.
func ParseKerberos(b []byte) (m Kerberos, ok bool) {
	if len(b) >= 6 && b[0] == 0 && b[1] < 4 && b[4]&0xe0 == 0x60 {
		b = b[4:]
	}
	s := span{b: b}
	tag, v := s.tlv()
	kind := tag & 0x1f
	if s.bad || tag&0xe0 != 0x60 || kind < 10 || kind > 15 && kind != 30 {
		return Kerberos{}, false
	}
	m.MsgType = kind
	s = span{b: v}
	fields := s.within(0x30)
	requests, version := kind == 10 || kind == 12, uint8(0xa0)
	if requests {
		version = 0xa1
	}
	for len(fields.b) > 0 {
		tag, v := fields.tlv()
		if fields.bad {
			break
		}
		f := span{b: v}
		if !ok && (tag != version || f.small() != 5) {
			return Kerberos{}, false
		}
		ok = true
		switch {
		case tag == 0xa4 && requests:
			m.Realm = requestRealm(f.within(0x30))
		case tag == 0xa3 && (kind == 11 || kind == 13), tag == 0xa9 && kind == 30:
			m.Realm = generalString(f)
		case tag == 0xa6 && kind == 30:
			m.Error = f.small()
		}
	}
	return m, ok
}

// requestRealm finds the realm in the body of a request.
func requestRealm(s span) string {
	for len(s.b) > 0 && !s.bad {
		if tag, v := s.tlv(); tag == 0xa2 {
			return generalString(span{b: v})
		}
	}
	return ""
}

func generalString(s span) string {
	tag, v := s.tlv()
	if s.bad || tag != 0x1b || len(v) > 255 {
		return ""
	}
	return text(v)
}
