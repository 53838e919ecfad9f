package decode

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// The transports of JA4.
const (
	JA4TCP  byte = 't'
	JA4QUIC byte = 'q'
	JA4DTLS byte = 'd'
)

// JA4 is the JA4 fingerprint of a TLS client hello (https://github.com/FoxIO-LLC/ja4, BSD licence): transport, version, whether a name was
// given, numbers of ciphers and extensions, first protocol, then hashes of the sorted ciphers and of the sorted extensions with the signature
// algorithms as sent. It has 36 characters, all of them letters, digits and underscores, whatever the hello holds.
func JA4(h *ClientHello, transport byte) string {
	var room [3][128]uint16
	ciphers := withoutGREASE(room[0][:0], h.CipherSuites)
	extensions := withoutGREASE(room[1][:0], h.Extensions)
	sni := byte('i')
	if h.HasSNI {
		sni = 'd'
	}
	out := make([]byte, 0, 36)
	out = append(append(out, transport), ja4Version(h)...)
	out = append(out, sni)
	out = appendTwo(out, len(ciphers))
	out = appendTwo(out, len(extensions))
	first, last := ja4ALPN(h)
	out = append(out, first, last, '_')

	var text [2048]byte
	slices.Sort(ciphers)
	out = append(ja4Hash(out, ja4List(text[:0], ciphers)), '_')
	extensions = slices.DeleteFunc(extensions, func(e uint16) bool { return e == 0 || e == 16 })
	if len(extensions) == 0 {
		return string(ja4Hash(out, nil))
	}
	slices.Sort(extensions)
	tail := ja4List(text[:0], extensions)
	if algorithms := withoutGREASE(room[2][:0], h.SignatureAlgs); len(algorithms) > 0 {
		tail = ja4List(append(tail, '_'), algorithms)
	}
	return string(ja4Hash(out, tail))
}

func withoutGREASE(into, list []uint16) []uint16 {
	for _, v := range list {
		if !IsGREASE(v) {
			into = append(into, v)
		}
	}
	return into
}

// appendTwo writes two digits, at most 99.
func appendTwo(b []byte, n int) []byte {
	n = min(n, 99)
	return append(b, byte('0'+n/10), byte('0'+n%10))
}

// ja4List writes four hex digits each, with commas between.
func ja4List(b []byte, list []uint16) []byte {
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, hexDigits[v>>12], hexDigits[v>>8&15], hexDigits[v>>4&15], hexDigits[v&15])
	}
	return b
}

// ja4Hash writes the first twelve hex digits of the SHA-256 of s, zeroes for nothing.
func ja4Hash(b, s []byte) []byte {
	if len(s) == 0 {
		return append(b, "000000000000"...)
	}
	sum := sha256.Sum256(s)
	return hex.AppendEncode(b, sum[:6])
}

// ja4Version is the highest version offered.
func ja4Version(h *ClientHello) string {
	v, offered := h.Version, false
	for _, s := range h.SupportedVersions {
		if !IsGREASE(s) && (!offered || s > v) {
			v, offered = s, true
		}
	}
	switch v {
	case 0x0304:
		return "13"
	case 0x0303:
		return "12"
	case 0x0302:
		return "11"
	case 0x0301:
		return "10"
	case 0x0300:
		return "s3"
	case 0x0002:
		return "s2"
	case 0xfeff:
		return "d1"
	case 0xfefd:
		return "d2"
	case 0xfefc:
		return "d3"
	}
	return "00"
}

// ja4ALPN gives the first and last character of the first protocol offered; where one of them is no letter or digit of ASCII, those of its
// bytes in hex. Of one byte it is twice the same.
func ja4ALPN(h *ClientHello) (first, last byte) {
	a, b, size := h.alpnFirst[0], h.alpnFirst[1], h.alpnLen
	if !h.alpnSeen && len(h.ALPN) > 0 { // a hello that was put together by hand
		if size = len(h.ALPN[0]); size > 0 {
			a, b = h.ALPN[0][0], h.ALPN[0][size-1]
		}
	}
	if size == 0 {
		return '0', '0'
	}
	if alphanumeric(a) && alphanumeric(b) {
		return a, b
	}
	return hexDigits[a>>4], hexDigits[b&15]
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
