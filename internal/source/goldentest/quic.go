package goldentest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
)

// Versions of QUIC: RFC 9000 and RFC 9369.
const (
	QUICv1 = 0x00000001
	QUICv2 = 0x6b3343cf
)

// Initial is a client's initial packet of QUIC.
type Initial struct {
	Version uint32
	DCID    []byte // the keys follow from it
	SCID    []byte
	Token   []byte // under 64 bytes
	Number  byte
	Frames  []byte // padded to 1162 bytes, so that a datagram has the 1200 that are asked for
}

// quicKeys derives the key, nonce and mask of the client's initial packets (RFC 9001, 5.2; RFC 9369, 3.3).
func quicKeys(version uint32, dcid []byte) (key, nonce, mask []byte, err error) {
	salt, word := Hex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), "quic "
	if version == QUICv2 {
		salt, word = Hex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), "quicv2 "
	}
	secret, err := hkdf.Extract(sha256.New, dcid, salt)
	if err != nil {
		return nil, nil, nil, err
	}
	expand := func(from []byte, label string, size int) (out []byte) {
		if err == nil {
			info := Join(U16(size), Len8([]byte("tls13 "+label)), []byte{0})
			out, err = hkdf.Expand(sha256.New, from, string(info), size)
		}
		return out
	}
	client := expand(secret, "client in", 32)
	return expand(client, word+"key", 16), expand(client, word+"iv", 12), expand(client, word+"hp", 16), err
}

// Packet protects the packet.
func (i Initial) Packet() ([]byte, error) {
	key, nonce, hp, err := quicKeys(i.Version, i.DCID)
	if err != nil {
		return nil, err
	}
	first := byte(0xc3) // long header, initial, four bytes of packet number
	if i.Version == QUICv2 {
		first = 0xd3
	}
	plain := Join(i.Frames, Zeros(max(0, 1162-len(i.Frames))))
	head := Join([]byte{first}, U32(int64(i.Version)), Len8(i.DCID), Len8(i.SCID), Len8(i.Token), U16(0x4000|(4+len(plain)+16)), U32(int64(i.Number)))
	nonce[11] ^= i.Number
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	out := aead.Seal(head, nonce, plain, head)
	masker, err := aes.NewCipher(hp)
	if err != nil {
		return nil, err
	}
	at, mask := len(head)-4, make([]byte, 16)
	masker.Encrypt(mask, out[at+4:at+20])
	out[0] ^= mask[0] & 0x0f
	for n := range 4 {
		out[at+n] ^= mask[1+n]
	}
	return out, nil
}

// Crypto is a frame with handshake bytes at an offset (RFC 9000, 19.6).
func Crypto(offset int, data []byte) []byte {
	return Join([]byte{6}, binary.BigEndian.AppendUint16(nil, 0x4000|uint16(offset)), binary.BigEndian.AppendUint16(nil, 0x4000|uint16(len(data))), data)
}
