package goldentest

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"
)

// Extension is an extension of a TLS hello.
type Extension struct {
	Kind int
	Data []byte
}

// Hello is a TLS client hello (RFC 8446, 4.1.2), or a server's when Suite is set.
type Hello struct {
	Suites     []int
	Suite      int // the server's choice
	Extensions []Extension
}

// Message is the handshake message.
func (h Hello) Message() []byte {
	var exts []byte
	for _, e := range h.Extensions {
		exts = Join(exts, U16(e.Kind), Len16(e.Data))
	}
	random := Hex("c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00")
	if h.Suite != 0 {
		return Handshake(2, U16(0x0303), random, []byte{0}, U16(h.Suite), []byte{0}, Len16(exts))
	}
	return Handshake(1, U16(0x0303), random, []byte{0}, Len16(U16(h.Suites...)), []byte{1, 0}, Len16(exts))
}

// Handshake is a handshake message of a type.
func Handshake(kind byte, parts ...[]byte) []byte {
	b := Join(parts...)
	return Join([]byte{kind}, U24(len(b)), b)
}

// TLSRecord is a record: type, version on the outside, content.
func TLSRecord(kind byte, version int, parts ...[]byte) []byte {
	return Join([]byte{kind}, U16(version), Len16(parts...))
}

// Hellos in a record of their own.
func (h Hello) Record() []byte { return TLSRecord(22, 0x0301, h.Message()) }

// The extensions that are used here.

// ServerName is the name that a client asks for (RFC 6066).
func ServerName(name string) Extension {
	return Extension{0, Len16([]byte{0}, Len16([]byte(name)))}
}

// Protocols are the protocols offered or chosen (RFC 7301).
func Protocols(names ...string) Extension {
	var list []byte
	for _, n := range names {
		list = Join(list, Len8([]byte(n)))
	}
	return Extension{16, Len16(list)}
}

// Versions offered by a client (RFC 8446, 4.2.1).
func Versions(v ...int) Extension { return Extension{43, Len8(U16(v...))} }

// Version chosen by a server.
func Version(v int) Extension { return Extension{43, U16(v)} }

// Algorithms of signatures.
func Algorithms(v ...int) Extension { return Extension{13, Len16(U16(v...))} }

// Groups of key exchange.
func Groups(v ...int) Extension { return Extension{10, Len16(U16(v...))} }

// KeyShare of a client for X25519.
func KeyShare() Extension { return Extension{51, Len16(U16(29), Len16(Zeros(32)))} }

// ServerShare is the KeyShare of a server.
func ServerShare() Extension { return Extension{51, Join(U16(29), Len16(Zeros(32)))} }

// Client13 is a hello of TLS 1.3 with two suites, to that name, which is left out when empty, with protocols.
func Client13(name string, protocols ...string) Hello {
	h := Hello{Suites: []int{0x1301, 0x1302}}
	if name != "" {
		h.Extensions = append(h.Extensions, ServerName(name))
	}
	if len(protocols) > 0 {
		h.Extensions = append(h.Extensions, Protocols(protocols...))
	}
	h.Extensions = append(h.Extensions, Groups(29), Algorithms(0x0403, 0x0804), Versions(0x0304), KeyShare())
	return h
}

// Answer13 is what a server of TLS 1.3 says: its hello, a change of cipher and sealed records.
func Answer13() []byte {
	hello := Hello{Suite: 0x1301, Extensions: []Extension{Version(0x0304), ServerShare()}}
	return Join(TLSRecord(22, 0x0303, hello.Message()), TLSRecord(20, 0x0303, []byte{1}), Sealed(120))
}

// Sealed is a record of encrypted data.
func Sealed(n int) []byte { return TLSRecord(23, 0x0303, Zeros(n)) }

// Finish13 is what a client of TLS 1.3 says behind the server's hello.
func Finish13() []byte { return Join(TLSRecord(20, 0x0303, []byte{1}), Sealed(53)) }

// CertificateMessage is the certificates of a server up to TLS 1.2 (RFC 5246, 7.4.2), the leaf first.
func CertificateMessage(chain ...[]byte) []byte {
	var list []byte
	for _, c := range chain {
		list = Join(list, U24(len(c)), c)
	}
	return Handshake(11, U24(len(list)), list)
}

// Chain is a leaf for two names and the authority that signed it. Ed25519 signs without chance: equal calls give equal bytes.
func Chain(common string, names ...string) (chain [][]byte, err error) {
	key := ed25519.NewKeyFromSeed(Zeros(ed25519.SeedSize))
	from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	to := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Golden CA"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true,
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(0x0badcafe), Subject: pkix.Name{CommonName: common}, NotBefore: from, NotAfter: to, DNSNames: names}
	for _, c := range []*x509.Certificate{leaf, root} {
		der, err := x509.CreateCertificate(nil, c, root, key.Public(), key)
		if err != nil {
			return nil, err
		}
		chain = append(chain, der)
	}
	return chain, nil
}
