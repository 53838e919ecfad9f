package labnet

import (
	"encoding/asn1"
	"math/big"
	"time"
)

// tlsHello gives the turns of a handshake. server tells who answers: its certificate and whether it speaks TLS 1.3.
func (r *run) tlsHello(d *dice, shape *helloShape, sni string, server int, modern bool) []turn {
	hello := say(0, 0, clientHello(d, shape, sni))
	if modern && !shape.old {
		return append([]turn{hello}, r.modern(d, shape)...)
	}
	return append([]turn{hello}, r.classic(d, shape, server)...)
}

// modern is the rest of a TLS 1.3 handshake: everything after the server hello looks like application data (RFC 8446).
func (r *run) modern(d *dice, shape *helloShape) []turn {
	b := make([]byte, 0, 5200)
	b = serverHello(b, d, shape.ciphers[0], shape.shares[0], "")
	b = append(b, 20, 3, 3, 0, 1, 1)
	b = record(b, d, 23, d.between(24, 60))
	b = record(b, d, 23, d.between(1900, 3900))
	b = record(b, d, 23, d.between(280, 290))
	b = record(b, d, 23, 69)
	c := append(make([]byte, 0, 80), 20, 3, 3, 0, 1, 1)
	c = record(c, d, 23, 69)
	return []turn{say(1, d.span(200_000, 3e6), b), say(0, d.span(300_000, 4e6), c)}
}

// classic is the rest of a TLS 1.2 handshake with ECDHE and a certificate in clear (RFC 5246, 8422).
func (r *run) classic(d *dice, shape *helloShape, server int) []turn {
	cipher := uint16(0xc02f)
	alpn := ""
	if len(shape.alpn) > 0 {
		alpn = "http/1.1"
	}
	b := serverHello(make([]byte, 0, 5200), d, cipher, 0, alpn)
	b = handshake(b, 11, r.certs[server%len(r.certs)])
	key := []byte{3, 0, groupX25519, 32}
	key = appendRandom(key, d, 32)
	key = append(key, 8, 4, 1, 0)
	key = appendRandom(key, d, 256)
	b = handshake(b, 12, key)
	b = handshake(b, 14, nil)
	mine := appendRandom([]byte{32}, d, 32)
	c := handshake(make([]byte, 0, 160), 16, mine)
	c = append(c, 20, 3, 3, 0, 1, 1)
	c = record(c, d, 22, 40)
	e := append(make([]byte, 0, 300), 20, 3, 3, 0, 1, 1)
	e = record(e, d, 22, 40)
	return []turn{say(1, d.span(300_000, 4e6), b), say(0, d.span(300_000, 3e6), c), say(1, d.span(200_000, 2e6), e)}
}

// The parts of an X.509 certificate that are written (RFC 5280).
type (
	certAlgorithm struct {
		OID  asn1.ObjectIdentifier
		Null asn1.RawValue
	}
	certAttribute struct {
		OID   asn1.ObjectIdentifier
		Value string `asn1:"printable"`
	}
	certAttrSET []certAttribute
	certRSA     struct{ N, E *big.Int }
	certKey     struct {
		Algorithm certAlgorithm
		Bits      asn1.BitString
	}
	certExtension struct {
		OID   asn1.ObjectIdentifier
		Value []byte
	}
	certBody struct {
		Version    int `asn1:"explicit,tag:0"`
		Serial     *big.Int
		Algorithm  certAlgorithm
		Issuer     []certAttrSET
		Validity   struct{ From, To time.Time }
		Subject    []certAttrSET
		Key        certKey
		Extensions []certExtension `asn1:"explicit,tag:3"`
	}
	certificate struct {
		Body      asn1.RawValue
		Algorithm certAlgorithm
		Signature asn1.BitString
	}
)

var (
	oidCommonName = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidOrg        = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidCountry    = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidRSA        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidSHA256RSA  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidAltName    = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidKeyUsage   = asn1.ObjectIdentifier{2, 5, 29, 15}
)

// makeCertificates makes the bodies of Certificate messages: a leaf and its issuer. Their keys and signatures are noise of the
// right form: nobody here verifies them.
func makeCertificates(d dice, n int) [][]byte {
	ca := makeCertificate(&d, "Labnet Root Authority", "Labnet Issuing Authority 1", "")
	out := make([][]byte, 0, n)
	for i := range n {
		name := siteName(i)
		leaf := makeCertificate(&d, "Labnet Issuing Authority 1", name, name)
		list := append([]byte{byte(len(leaf) >> 16), byte(len(leaf) >> 8), byte(len(leaf))}, leaf...)
		list = append(list, byte(len(ca)>>16), byte(len(ca)>>8), byte(len(ca)))
		list = append(list, ca...)
		out = append(out, append([]byte{byte(len(list) >> 16), byte(len(list) >> 8), byte(len(list))}, list...))
	}
	return out
}

func makeCertificate(d *dice, issuer, subject, alt string) []byte {
	rsa := certAlgorithm{oidRSA, asn1.NullRawValue}
	signed := certAlgorithm{oidSHA256RSA, asn1.NullRawValue}
	modulus := make([]byte, 256)
	d.bytes(modulus)
	modulus[0] |= 0x80
	modulus[255] |= 1
	key, err := asn1.Marshal(certRSA{new(big.Int).SetBytes(modulus), big.NewInt(65537)})
	if err != nil {
		return nil
	}
	b := certBody{
		Version: 2, Serial: new(big.Int).SetUint64(d.next() >> 1), Algorithm: signed,
		Issuer: distinguished(issuer), Subject: distinguished(subject),
		Key:        certKey{rsa, asn1.BitString{Bytes: key, BitLength: len(key) * 8}},
		Extensions: []certExtension{{oidKeyUsage, []byte{3, 2, 5, 0xa0}}},
	}
	b.Validity.From = time.Date(2026, 10, 1+d.n(28), 0, 0, 0, 0, time.UTC)
	b.Validity.To = b.Validity.From.AddDate(0, 3, 0)
	if alt != "" {
		name := append([]byte{0x82, byte(len(alt))}, alt...)
		b.Extensions = append(b.Extensions, certExtension{oidAltName, append([]byte{0x30, byte(len(name))}, name...)})
	}
	body, err := asn1.Marshal(b)
	if err != nil {
		return nil
	}
	signature := make([]byte, 256)
	d.bytes(signature)
	der, err := asn1.Marshal(certificate{asn1.RawValue{FullBytes: body}, signed, asn1.BitString{Bytes: signature, BitLength: 2048}})
	if err != nil {
		return nil
	}
	return der
}

func distinguished(name string) []certAttrSET {
	return []certAttrSET{{{oidCountry, "ZZ"}}, {{oidOrg, "Labnet"}}, {{oidCommonName, name}}}
}
