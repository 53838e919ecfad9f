package decode

// Limits of one QUIC datagram. What they drop is counted in QUIC.Dropped.
const (
	maxQUICPackets = 16  // coalesced packets looked at
	maxQUICPieces  = 128 // CRYPTO frames kept of one packet
	maxQUICFrames  = 512 // frames looked at in one packet, runs of padding counting once
	maxQUICID      = 20  // bytes of a connection id (RFC 9000, 17.2)
	maxQUICKeys    = 16  // keys remembered: a hello of several packets shares the way with others
)

// QUICVersion1 and QUICVersion2 are the versions of RFC 9000 and RFC 9369. Older ones still met on networks are opened as well: the drafts
// from 22 on, and those of Google and Facebook that have a TLS handshake.
const (
	QUICVersion1 uint32 = 0x00000001
	QUICVersion2 uint32 = 0x6b3343cf
)

// QUIC is what the long headers of one datagram say, and the content of its initial packets. Its slices are parts of the datagram or are
// reused by the next QUICInitials on the same struct.
type QUIC struct {
	Version     uint32   // of the first packet; 0 for version negotiation
	DCID, SCID  []byte   // connection ids of the first packet
	Negotiation bool     // a version negotiation packet: the server does not speak the version asked for
	Versions    []uint32 // what it speaks instead
	Retry       bool     // a retry packet: the client starts anew, to SCID
	Initials    []QUICInitial
	Sealed      int // initial packets that did not open: an unknown version, another key, or damage
	Others      int // packets that are no initial ones: 0-RTT, handshake, and behind those with a short header
	Dropped     int // packets, frames and versions beyond the limits

	keys  [maxQUICKeys]quicKeys
	next  int    // of keys, to write
	plain []byte // decrypted
	head  []byte // a header without its protection
}

// QUICInitial is one initial packet that was opened.
type QUICInitial struct {
	Version     uint32
	DCID, SCID  []byte
	TokenLength int    // bytes
	Number      uint32 // packet number, as many of its low bits as were sent
	NewKey      bool   // opened with the keys of its own DCID: that is the original one from here on
	Crypto      []CryptoPiece
	Closed      bool   // a CONNECTION_CLOSE frame: the sender gives up
	CloseCode   uint64 // its error code
	Bad         bool   // a frame that does not belong here ended the reading
}

// CryptoPiece is the content of one CRYPTO frame: a part of the sender's handshake messages. See CryptoStream.
type CryptoPiece struct {
	Offset uint64
	Data   []byte
}

// QUICInitials reads the packets with long headers in one datagram (RFC 9000, 17.2) and opens the initial ones among them (RFC 9001, 5.2).
// Their keys follow from the destination id of the client's first packet: originalDCID, which a server's packets need. For the client's it
// may be nil; a packet that does not open with it is tried with its own id, which is right for the first and behind a retry (NewKey).
// Done: a QUIC datagram, whatever opened. NeedMore: the bytes end inside a packet; what came before it stands. NotQUIC: no long header.
// q is reset first.
func QUICInitials(b []byte, fromClient bool, originalDCID []byte, q *QUIC) Status {
	q.reset()
	if len(b) == 0 {
		return NeedMore
	}
	if cap(q.plain) < len(b) {
		q.plain = make([]byte, 0, len(b)) // once: pieces point into it
	}
	for n := 0; len(b) > 0; n++ {
		if n > 0 && b[0]&0x80 == 0 {
			q.Others++ // a short header: nobody but its receiver knows more
			return Done
		}
		if n == maxQUICPackets {
			q.Dropped++
			return Done
		}
		var h quicHeader
		size, status := h.read(b)
		if n == 0 {
			q.Version, q.DCID, q.SCID = h.version, h.dcid, h.scid
		}
		switch {
		case status == NotQUIC && n > 0: // padding behind the last packet, as some senders do
			return Done
		case status != Done:
			return status
		case n > 0 && string(h.dcid) != string(q.DCID): // not of this connection (RFC 9000, 12.2)
			q.Dropped++
			return Done
		}
		switch h.kind {
		case quicNegotiation:
			q.Negotiation = true
			q.versions(b[h.rest:])
			return Done
		case quicRetry:
			q.Retry = true
			return Done
		case quicInitial:
			q.initial(b[:size], &h, fromClient, originalDCID)
		default:
			q.Others++
		}
		b = b[size:]
	}
	return Done
}

// reset empties q and keeps its room and its keys.
func (q *QUIC) reset() {
	q.Version, q.DCID, q.SCID, q.Negotiation, q.Retry = 0, nil, nil, false, false
	q.Sealed, q.Others, q.Dropped = 0, 0, 0
	q.Versions, q.Initials, q.plain, q.head = q.Versions[:0], q.Initials[:0], q.plain[:0], q.head[:0]
}

// versions takes over the list of a version negotiation packet.
func (q *QUIC) versions(b []byte) {
	for ; len(b) >= 4; b = b[4:] {
		if len(q.Versions) >= maxQUICPackets {
			q.Dropped += len(b) / 4
			return
		}
		q.Versions = append(q.Versions, be32(b))
	}
}

type quicKind uint8

const (
	quicOther quicKind = iota
	quicInitial
	quicRetry
	quicNegotiation
)

// quicHeader is a long header up to the protected part.
type quicHeader struct {
	kind       quicKind
	version    uint32
	dcid, scid []byte
	token      int
	rest       int // where the packet number starts, or the list of versions
}

// read reads the long header at the start of b and gives the size of its packet. Versions in use that are not opened here take the rest of
// the datagram, and nothing is read behind the version.
func (h *quicHeader) read(b []byte) (size int, status Status) {
	switch {
	case len(b) == 0:
		return 0, NeedMore
	case b[0]&0x80 == 0:
		return 0, NotQUIC
	case len(b) < 7:
		return 0, NeedMore
	}
	h.version = be32(b[1:])
	known := quicSuiteOf(h.version)
	switch {
	case known != nil || h.version == 0:
	case quicForeign(h.version):
		return len(b), Done
	default:
		return 0, NotQUIC
	}
	s := span{b: b[5:]}
	h.dcid = s.vector8()
	h.scid = s.vector8()
	if s.bad {
		return 0, NeedMore
	}
	h.rest = len(b) - len(s.b)
	switch {
	case h.version == 0 && (len(s.b) < 4 || len(s.b)%4 != 0):
		return 0, NotQUIC
	case h.version == 0:
		h.kind = quicNegotiation
		return len(b), Done
	case b[0]&0x40 == 0 || len(h.dcid) > maxQUICID || len(h.scid) > maxQUICID:
		return 0, NotQUIC
	}
	kind := b[0] >> 4 & 3
	if known.second {
		kind = (kind - 1) & 3 // version 2 counts from 1 where version 1 counts from 0 (RFC 9369, 3.2)
	}
	return h.typed(b, s, kind)
}

// typed reads on behind the connection ids of a packet of that type, numbered as in version 1.
func (h *quicHeader) typed(b []byte, s span, kind uint8) (size int, status Status) {
	switch kind {
	case 3:
		h.kind = quicRetry
		if len(s.b) < 16 {
			return 0, NeedMore
		}
		return len(b), Done
	case 0:
		h.kind = quicInitial
		token := s.varint()
		if token > uint64(len(s.b)) {
			return 0, NeedMore
		}
		h.token = int(token)
		s.take(h.token)
	}
	length := s.varint()
	h.rest = len(b) - len(s.b)
	switch {
	case s.bad || length > uint64(len(s.b)):
		return 0, NeedMore
	case length < 20: // a packet number and a sample of 16 behind its four bytes (RFC 9001, 5.4.2)
		return 0, NotQUIC
	}
	return h.rest + int(length), Done
}

// quicForeign says whether a version has a form in use, though it is not opened here: drafts, Google's, Facebook's.
func quicForeign(version uint32) bool {
	switch {
	case version>>8 == 0xff0000, version>>8 == 0xfaceb0, version>>16 == 0x709a, version>>16 == 0xf123:
		return true
	case version>>24 == 'Q' || version>>24 == 'T': // Q046
		return version>>16&0xff == '0'
	}
	return false
}

// varint reads an integer of variable length (RFC 9000, 16).
func (s *span) varint() uint64 {
	first := s.u8()
	more := s.take(1<<(first>>6) - 1)
	if s.bad {
		return 0
	}
	v := uint64(first & 0x3f)
	for _, c := range more {
		v = v<<8 | uint64(c)
	}
	return v
}

// frames reads the frames of an initial packet (RFC 9000, 12.4): padding, ping, acknowledgement, CRYPTO and close. Of Google's, that have
// numbers of their own, only padding, ping and CRYPTO.
func (q *QUIC) frames(b []byte, i *QUICInitial, google bool) {
	s := span{b: b}
	for n := 0; len(s.b) > 0; n++ {
		if n == maxQUICFrames {
			q.Dropped++
			return
		}
		kind := s.varint()
		if google {
			kind = googleFrame(kind)
		}
		switch kind {
		case 0: // padding
			for len(s.b) > 0 && s.b[0] == 0 {
				s.b = s.b[1:]
			}
		case 1: // ping
		case 2, 3:
			s.acknowledgement(kind == 3)
		case 6:
			offset, length := s.varint(), s.varint()
			if length > uint64(len(s.b)) {
				s.bad = true
				break
			}
			piece := CryptoPiece{Offset: offset, Data: s.take(int(length))}
			switch {
			case length == 0:
			case len(i.Crypto) >= maxQUICPieces:
				q.Dropped++
			default:
				i.Crypto = append(i.Crypto, piece)
			}
		case 0x1c, 0x1d:
			i.Closed, i.CloseCode = true, s.varint()
			return
		default:
			s.bad = true
		}
		if s.bad {
			i.Bad = true
			return
		}
	}
}

// googleFrame gives the number in RFC 9000 of a frame with one of Google's.
func googleFrame(kind uint64) uint64 {
	switch kind {
	case 0:
		return 0
	case 7:
		return 1
	case 8:
		return 6
	}
	return 1 << 32
}

// acknowledgement passes an ACK frame (RFC 9000, 19.3). Each of its ranges takes two bytes or more, so that the bytes bound their number.
func (s *span) acknowledgement(counts bool) {
	s.varint() // largest
	s.varint() // delay
	ranges := s.varint()
	s.varint() // first range
	if ranges > uint64(len(s.b)/2) {
		s.bad = true
		return
	}
	for range ranges {
		s.varint()
		s.varint()
	}
	if counts {
		s.varint()
		s.varint()
		s.varint()
	}
}
