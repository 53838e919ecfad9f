package decode

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
)

// quicSuite is what a version fixes for its initial packets.
type quicSuite struct {
	salt   string
	prefix string // of the labels of key, iv and hp
	second bool   // the packet types of version 2
	google bool   // Google's numbers of frames
}

const (
	quicSalt1      = "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"
	quicSalt2      = "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9"
	quicSaltFrom29 = "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99"
	quicSaltFrom23 = "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02"
	quicSalt22     = "\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a"
	quicSaltT50    = "\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10"
	quicSaltT51    = "\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d"
)

// quicSuites are the suites of the versions with a TLS handshake: RFC 9001, 5.2, RFC 9369, 3.3, and what the drafts and their users had.
var quicSuites = [...]struct {
	from, to uint32
	suite    quicSuite
}{
	{QUICVersion1, QUICVersion1, quicSuite{quicSalt1, "quic ", false, false}},
	{QUICVersion2, QUICVersion2, quicSuite{quicSalt2, "quicv2 ", true, false}},
	{0xff000021, 0xff000022, quicSuite{quicSalt1, "quic ", false, false}},
	{0xff00001d, 0xff000020, quicSuite{quicSaltFrom29, "quic ", false, false}},
	{0xff000017, 0xff00001c, quicSuite{quicSaltFrom23, "quic ", false, false}},
	{0xff000016, 0xff000016, quicSuite{quicSalt22, "quic ", false, false}},
	{0xfaceb001, 0xfaceb001, quicSuite{quicSalt22, "quic ", false, false}},
	{0xfaceb002, 0xfaceb002, quicSuite{quicSaltFrom23, "quic ", false, false}},
	{0xfaceb00e, 0xfaceb00e, quicSuite{quicSaltFrom23, "quic ", false, false}},
	{0x54303530, 0x54303530, quicSuite{quicSaltT50, "quic ", false, true}}, // T050
	{0x54303531, 0x54303531, quicSuite{quicSaltT51, "quic ", false, true}}, // T051
}

// quicReserved is the suite of the versions that ask for version negotiation (RFC 9000, 15): what clients that try them were seen to use.
var quicReserved = quicSuite{quicSaltFrom29, "quic ", false, false}

// quicSuiteOf gives the suite of a version, nil for one that is not known.
func quicSuiteOf(version uint32) *quicSuite {
	for i := range quicSuites {
		if s := &quicSuites[i]; s.from <= version && version <= s.to {
			return &s.suite
		}
	}
	if version&0x0f0f0f0f == 0x0a0a0a0a {
		return &quicReserved
	}
	return nil
}

// quicKeys opens the initial packets that one side sends. The keys depend on version, id and side alone.
type quicKeys struct {
	version    uint32
	fromClient bool
	id         [maxQUICID]byte
	idLen      int
	aead       cipher.AEAD
	mask       cipher.Block // header protection
	iv         [12]byte
}

// is says whether these are the keys of that version, side and id.
func (k *quicKeys) is(version uint32, fromClient bool, id []byte) bool {
	return k.aead != nil && k.version == version && k.fromClient == fromClient && string(k.id[:k.idLen]) == string(id)
}

// keysFor gives the keys of the initial packets of a connection (RFC 9001, 5.2), remembering the last few. nil: there are none for that version.
func (q *QUIC) keysFor(version uint32, fromClient bool, id []byte) *quicKeys {
	for i := range q.keys {
		if q.keys[i].is(version, fromClient, id) {
			return &q.keys[i]
		}
	}
	suite := quicSuiteOf(version)
	if suite == nil || len(id) > maxQUICID {
		return nil
	}
	k := quicKeys{version: version, fromClient: fromClient, idLen: len(id)}
	copy(k.id[:], id)
	if !k.derive(suite) {
		return nil
	}
	at := q.next
	q.next = (q.next + 1) % len(q.keys)
	q.keys[at] = k
	return &q.keys[at]
}

// derive fills in the ciphers.
func (k *quicKeys) derive(suite *quicSuite) bool {
	label := "server in"
	if k.fromClient {
		label = "client in"
	}
	root, err := hkdf.Extract(sha256.New, k.id[:k.idLen], []byte(suite.salt))
	if err != nil {
		return false
	}
	secret := quicExpand(root, label, 32)
	block, err := aes.NewCipher(quicExpand(secret, suite.prefix+"key", 16))
	if err != nil {
		return false
	}
	if k.mask, err = aes.NewCipher(quicExpand(secret, suite.prefix+"hp", 16)); err != nil {
		return false
	}
	copy(k.iv[:], quicExpand(secret, suite.prefix+"iv", len(k.iv)))
	k.aead, err = cipher.NewGCM(block)
	return err == nil
}

// quicExpand is HKDF-Expand-Label of RFC 8446, 7.1, with an empty context; no bytes if the library refuses, which it does for no length used here.
func quicExpand(secret []byte, label string, size int) []byte {
	info := append([]byte{0, byte(size), byte(6 + len(label))}, "tls13 "...)
	info = append(append(info, label...), 0)
	out, err := hkdf.Expand(sha256.New, secret, string(info), size)
	if err != nil {
		return nil
	}
	return out
}

// initial opens one initial packet and reads its frames.
func (q *QUIC) initial(b []byte, h *quicHeader, fromClient bool, originalDCID []byte) {
	i := QUICInitial{Version: h.version, DCID: h.dcid, SCID: h.scid, TokenLength: h.token}
	plain, number, ok := []byte(nil), uint32(0), false
	if originalDCID != nil {
		plain, number, ok = q.open(b, h.rest, q.keysFor(h.version, fromClient, originalDCID))
	}
	if !ok && fromClient && (originalDCID == nil || string(originalDCID) != string(h.dcid)) {
		plain, number, ok = q.open(b, h.rest, q.keysFor(h.version, fromClient, h.dcid))
		i.NewKey = ok
	}
	if !ok {
		q.Sealed++
		return
	}
	i.Number = number
	if n := len(q.Initials); n < cap(q.Initials) { // its room is used again
		i.Crypto = q.Initials[:n+1][n].Crypto[:0]
	}
	q.frames(plain, &i, quicSuiteOf(h.version).google)
	q.Initials = append(q.Initials, i)
}

// open takes off the header protection (RFC 9001, 5.4) and decrypts the packet b, whose number starts at at, with at least 20 bytes from there on.
func (q *QUIC) open(b []byte, at int, k *quicKeys) (plain []byte, number uint32, ok bool) {
	if k == nil || len(b) < at+20 {
		return nil, 0, false
	}
	q.head = append(q.head[:0], b[at+4:at+20]...)
	sample := q.head[:aes.BlockSize]
	k.mask.Encrypt(sample, sample)
	mask := [5]byte(sample)

	q.head = append(q.head[:0], b[:at+4]...)
	q.head[0] ^= mask[0] & 0x0f
	size := int(q.head[0]&3) + 1
	for n := range size {
		q.head[at+n] ^= mask[1+n]
		number = number<<8 | uint32(q.head[at+n])
	}
	q.head = append(q.head[:at+size], k.iv[:]...)
	header, nonce := q.head[:at+size], q.head[at+size:]
	binary.BigEndian.PutUint32(nonce[8:], be32(nonce[8:])^number)
	start := len(q.plain)
	opened, err := k.aead.Open(q.plain, nonce, b[at+size:], header)
	if err != nil {
		return nil, 0, false
	}
	q.plain = opened
	return opened[start:], number, true
}
