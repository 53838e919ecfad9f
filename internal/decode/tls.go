package decode

// Limits of TLS handshakes.
const (
	maxRecord    = 1<<14 + 2048 // bytes of one record (RFC 8446, 5.2, and what older versions allowed)
	maxHandshake = 1 << 17      // bytes of one handshake message
	maxTLSList   = 512          // entries kept of one list
)

const (
	recordChange      = 20
	recordAlert       = 21
	recordHandshake   = 22
	helloClient       = 1
	helloServer       = 2
	handshakeCert     = 11
	handshakeKey      = 12
	handshakeRequest  = 13
	handshakeDone     = 14
	handshakeStatus   = 22
	handshakeTicket   = 4
	handshakeSupplied = 23 // supplemental data
)

// ClientHello is a TLS client hello (RFC 8446, RFC 5246). Lists stand as on the wire, GREASE values included, so that fingerprints can be
// computed from them. They are reused by the next TLSClientHello on the same struct.
type ClientHello struct {
	RecordVersion     uint16 // of the record
	Version           uint16 // legacy version of the hello
	SupportedVersions []uint16
	CipherSuites      []uint16
	Extensions        []uint16 // types in order
	Groups            []uint16
	SignatureAlgs     []uint16
	PointFormats      []uint8
	SNI               string // first host name, printable
	HasSNI            bool   // the extension was there
	ALPN              []string
	HasTicket         bool // a session ticket or pre-shared key was offered: the client wants to resume
	SessionIDLen      int
	HasECH            bool // an encrypted client hello: SNI is only the outer name
	Dropped           int  // list entries beyond the limit

	buf       []byte
	alpnFirst [2]byte // first and last byte of the first protocol, as on the wire
	alpnLen   int     // its length
	alpnSeen  bool
}

// ServerHello is a TLS server hello, or the alert that came in its place.
type ServerHello struct {
	RecordVersion uint16
	Version       uint16 // the version chosen, supported_versions considered
	Cipher        uint16
	SessionIDLen  int
	Group         uint16 // group of the key share (TLS 1.3), 0 if none
	ALPN          string
	HasTicket     bool // TLS 1.2: a ticket will follow. TLS 1.3: the offered key was accepted, the session is resumed
	Retry         bool // a hello retry request (RFC 8446, 4.1.4)
	Refused       bool // an alert came in place of a hello; nothing above is set
	Alert         uint8

	buf []byte
}

// TLSClientHello reads a client hello from the start of a client's stream. h is reset first.
func TLSClientHello(b []byte, h *ClientHello) Status {
	h.reset()
	r := handshakeReader{rest: b, buf: h.buf}
	kind, body, status := r.next()
	h.buf = r.buf
	if len(b) >= 3 {
		h.RecordVersion = be16(b[1:])
	}
	if status != Done {
		return status
	}
	if kind != helloClient || !h.read(body) {
		return NotTLS
	}
	return Done
}

// HandshakeClientHello reads a client hello from the start of a client's handshake messages without records around them, as QUIC carries
// them. h is reset first; RecordVersion stays 0.
func HandshakeClientHello(b []byte, h *ClientHello) Status {
	h.reset()
	body, status := rawHandshake(b, helloClient)
	if status == Done && !h.read(body) {
		return NotTLS
	}
	return status
}

// HandshakeServerHello reads a server hello as HandshakeClientHello reads a client's.
func HandshakeServerHello(b []byte, h *ServerHello) Status {
	*h = ServerHello{buf: h.buf[:0]}
	body, status := rawHandshake(b, helloServer)
	if status == Done && !h.read(body) {
		return NotTLS
	}
	return status
}

// rawHandshake gives the body of the handshake message at the start of b, if it is of that kind.
func rawHandshake(b []byte, kind uint8) (body []byte, status Status) {
	switch {
	case len(b) > 0 && b[0] != kind:
		return nil, NotTLS
	case len(b) < 4:
		return nil, NeedMore
	}
	size := int(be32(b) & 0xffffff)
	switch {
	case size > maxHandshake:
		return nil, NotTLS
	case len(b) < 4+size:
		return nil, NeedMore
	}
	return b[4 : 4+size], Done
}

// reset empties h and keeps its room.
func (h *ClientHello) reset() {
	*h = ClientHello{
		SupportedVersions: h.SupportedVersions[:0], CipherSuites: h.CipherSuites[:0], Extensions: h.Extensions[:0], Groups: h.Groups[:0],
		SignatureAlgs: h.SignatureAlgs[:0], PointFormats: h.PointFormats[:0], ALPN: h.ALPN[:0], buf: h.buf[:0],
	}
}

// read reads the body of a client hello.
func (h *ClientHello) read(body []byte) bool {
	s := span{b: body}
	h.Version = s.u16()
	s.take(32)
	h.SessionIDLen = len(s.vector8())
	ciphers := s.vector16()
	compressions := s.vector8()
	if s.bad || len(ciphers)%2 != 0 || len(compressions) == 0 || h.Version>>8 != 3 {
		return false
	}
	h.CipherSuites = h.list(h.CipherSuites, ciphers)
	if len(s.b) == 0 {
		return true // no extensions, as old clients do
	}
	extensions := span{b: s.vector16()}
	for len(extensions.b) > 0 && !extensions.bad {
		kind, data := extensions.u16(), extensions.vector16()
		if extensions.bad {
			break
		}
		if len(h.Extensions) >= maxTLSList {
			h.Dropped++
			continue
		}
		h.Extensions = append(h.Extensions, kind)
		h.extension(kind, data)
	}
	return !s.bad && !extensions.bad
}

// extension takes over one extension; a malformed one leaves its field empty.
func (h *ClientHello) extension(kind uint16, data []byte) {
	s := span{b: data}
	switch kind {
	case 0:
		h.HasSNI = true
		for names := (span{b: s.vector16()}); len(names.b) > 0 && !names.bad && h.SNI == ""; {
			if nameType, name := names.u8(), names.vector16(); nameType == 0 && !names.bad {
				h.SNI = text(name)
			}
		}
	case 10:
		h.Groups = h.list(h.Groups, s.vector16())
	case 11:
		h.PointFormats = append(h.PointFormats[:0], s.vector8()...)
	case 13:
		h.SignatureAlgs = h.list(h.SignatureAlgs, s.vector16())
	case 16:
		for protocols := (span{b: s.vector16()}); len(protocols.b) > 0 && !protocols.bad; {
			p := protocols.vector8()
			if !protocols.bad && !h.alpnSeen {
				h.alpnSeen, h.alpnLen = true, len(p)
				if len(p) > 0 {
					h.alpnFirst = [2]byte{p[0], p[len(p)-1]}
				}
			}
			if !protocols.bad && len(p) > 0 {
				if len(h.ALPN) >= maxTLSList {
					h.Dropped++
					continue
				}
				h.ALPN = append(h.ALPN, text(p))
			}
		}
	case 35:
		h.HasTicket = h.HasTicket || len(data) > 0
	case 41:
		h.HasTicket = true
	case 43:
		h.SupportedVersions = h.list(h.SupportedVersions, s.vector8())
	case 0xfe0d:
		h.HasECH = true
	}
}

// list appends two-byte values to into[:0].
func (h *ClientHello) list(into []uint16, b []byte) []uint16 {
	into = into[:0]
	for ; len(b) >= 2; b = b[2:] {
		if len(into) >= maxTLSList {
			h.Dropped += len(b) / 2
			break
		}
		into = append(into, be16(b))
	}
	return into
}

// helloRetry is the random value that marks a hello retry request.
const helloRetry = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// TLSServerHello reads a server hello, or an alert in its place, from the start of a server's stream. h is reset first.
func TLSServerHello(b []byte, h *ServerHello) Status {
	*h = ServerHello{buf: h.buf[:0]}
	if len(b) >= 3 {
		h.RecordVersion = be16(b[1:])
	}
	if len(b) > 0 && b[0] == recordAlert {
		return h.alert(b)
	}
	r := handshakeReader{rest: b, buf: h.buf}
	kind, body, status := r.next()
	h.buf = r.buf
	if status != Done {
		return status
	}
	if kind != helloServer || !h.read(body) {
		return NotTLS
	}
	return Done
}

func (h *ServerHello) alert(b []byte) Status {
	for i, want := range []byte{recordAlert, 3} {
		if i < len(b) && b[i] != want {
			return NotTLS
		}
	}
	if len(b) < 7 {
		return NeedMore
	}
	if b[2] > 4 || be16(b[3:]) != 2 || b[5] < 1 || b[5] > 2 {
		return NotTLS
	}
	h.Refused, h.Alert = true, b[6]
	return Done
}

// read reads the body of a server hello.
func (h *ServerHello) read(body []byte) bool {
	s := span{b: body}
	h.Version = s.u16()
	h.Retry = string(s.take(32)) == helloRetry
	h.SessionIDLen = len(s.vector8())
	h.Cipher = s.u16()
	s.u8()
	if s.bad || (h.Version>>8 != 3 && h.Version>>8 != 0x7f) {
		return false
	}
	if len(s.b) == 0 {
		return true
	}
	extensions := span{b: s.vector16()}
	for len(extensions.b) > 0 && !extensions.bad {
		kind, data := extensions.u16(), extensions.vector16()
		if extensions.bad {
			break
		}
		d := span{b: data}
		switch kind {
		case 16:
			list := span{b: d.vector16()}
			if p := list.vector8(); !list.bad {
				h.ALPN = text(p)
			}
		case 35, 41:
			h.HasTicket = true
		case 43:
			if len(data) == 2 {
				h.Version = be16(data)
			}
		case 51:
			if len(data) >= 2 {
				h.Group = be16(data)
			}
		}
	}
	return !s.bad && !extensions.bad
}

// handshakeReader yields the handshake messages of a stream of records. A message within one record is a part of the stream; one that spans
// several is gathered in buf.
type handshakeReader struct {
	rest     []byte // behind the records read so far
	pending  []byte // handshake bytes of those that are not yet used
	buf      []byte
	gathered bool // pending lies at the end of buf, not in the stream
	huge     bool // a message is longer than is read
}

// next gives the type and body of the next handshake message. NotTLS also means: a record of another kind comes where one was expected.
func (r *handshakeReader) next() (kind uint8, body []byte, status Status) {
	for {
		if len(r.pending) >= 4 {
			size := int(be32(r.pending) & 0xffffff)
			if size > maxHandshake {
				r.huge = true
				return 0, nil, NotTLS
			}
			if len(r.pending) >= 4+size {
				kind, body = r.pending[0], r.pending[4:4+size]
				r.pending = r.pending[4+size:]
				return kind, body, Done
			}
		}
		if len(r.pending) > 0 && !knownHandshake(r.pending[0]) {
			return 0, nil, NotTLS
		}
		payload, status := r.record()
		if status != Done {
			return 0, nil, status
		}
		switch {
		case len(r.pending) == 0:
			r.pending, r.gathered = payload, false
		case r.gathered: // pending is the end of buf
			r.buf = append(r.buf, payload...)
			r.pending = r.buf[len(r.buf)-len(r.pending)-len(payload):]
		default:
			r.buf = append(append(r.buf[:0], r.pending...), payload...)
			r.pending, r.gathered = r.buf, true
		}
	}
}

// record takes the next record off rest. A record of which only a part is there gives NeedMore, or NotTLS as soon as that is plain.
func (r *handshakeReader) record() (payload []byte, status Status) {
	b := r.rest
	switch {
	case len(b) == 0:
		return nil, NeedMore
	case b[0] != recordHandshake, len(b) > 1 && b[1] != 3, len(b) > 2 && b[2] > 4:
		return nil, NotTLS
	case len(b) < 5:
		return nil, NeedMore
	}
	size := int(be16(b[3:]))
	if size == 0 || size > maxRecord {
		return nil, NotTLS
	}
	if len(r.pending) == 0 && len(b) > 5 && !knownHandshake(b[5]) {
		return nil, NotTLS
	}
	if len(b) < 5+size {
		return nil, NeedMore
	}
	r.rest = b[5+size:]
	return b[5 : 5+size], Done
}

// knownHandshake says whether a clear handshake message may have this type.
func knownHandshake(kind uint8) bool {
	switch kind {
	case 0, helloClient, helloServer, handshakeTicket, handshakeCert, handshakeKey, handshakeRequest, handshakeDone, 15, 16, 20, 21,
		handshakeStatus, handshakeSupplied:
		return true
	}
	return false
}

// span reads big-endian values and vectors off a slice; what does not fit sets bad and gives zero.
type span struct {
	b   []byte
	bad bool
}

func (s *span) take(n int) []byte {
	if s.bad || n > len(s.b) {
		s.bad = true
		return nil
	}
	b := s.b[:n]
	s.b = s.b[n:]
	return b
}

func (s *span) u8() uint8 {
	if b := s.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (s *span) u16() uint16 {
	if b := s.take(2); b != nil {
		return be16(b)
	}
	return 0
}

func (s *span) vector8() []byte  { return s.take(int(s.u8())) }
func (s *span) vector16() []byte { return s.take(int(s.u16())) }

func (s *span) vector24() []byte {
	b := s.take(3)
	if b == nil {
		return nil
	}
	return s.take(int(b[0])<<16 | int(b[1])<<8 | int(b[2]))
}
