package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"candor/internal/decode"
)

// ja4 is the JA4 fingerprint of a TLS client hello over TCP (https://github.com/FoxIO-LLC/ja4, BSD licence): version, whether a name was given,
// numbers of ciphers and extensions, first protocol, then hashes of the sorted ciphers and of the sorted extensions with the signature algorithms.
func ja4(h *decode.ClientHello) string {
	var room [3][128]uint16
	ciphers := withoutGREASE(room[0][:0], h.CipherSuites)
	extensions := withoutGREASE(room[1][:0], h.Extensions)
	sni := byte('i')
	if h.HasSNI {
		sni = 'd'
	}
	out := make([]byte, 0, 36)
	out = append(append(out, 't'), ja4Version(h)...)
	out = append(out, sni)
	out = appendTwo(out, len(ciphers))
	out = appendTwo(out, len(extensions))
	out = append(append(out, ja4ALPN(h.ALPN)...), '_')

	var text [2048]byte
	slices.Sort(ciphers)
	out = append(appendHash(out, appendHex(text[:0], ciphers)), '_')
	any := len(extensions) > 0
	extensions = slices.DeleteFunc(extensions, func(e uint16) bool { return e == 0 || e == 16 })
	slices.Sort(extensions)
	tail := appendHex(text[:0], extensions)
	if algs := withoutGREASE(room[2][:0], h.SignatureAlgs); len(algs) > 0 {
		tail = appendHex(append(tail, '_'), algs)
	}
	if !any {
		tail = tail[:0]
	}
	return string(appendHash(out, tail))
}

func withoutGREASE(into, list []uint16) []uint16 {
	for _, v := range list {
		if !decode.IsGREASE(v) {
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

// appendHex writes four hex digits each, with commas between.
func appendHex(b []byte, list []uint16) []byte {
	const digits = "0123456789abcdef"
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, digits[v>>12], digits[v>>8&15], digits[v>>4&15], digits[v&15])
	}
	return b
}

// appendHash writes the first twelve hex digits of the SHA-256 of s, zeroes for nothing.
func appendHash(b, s []byte) []byte {
	if len(s) == 0 {
		return append(b, "000000000000"...)
	}
	sum := sha256.Sum256(s)
	return hex.AppendEncode(b, sum[:6])
}

func ja4Version(h *decode.ClientHello) string {
	v := h.Version
	if list := withoutGREASE(nil, h.SupportedVersions); len(list) > 0 {
		v = slices.Max(list)
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
	}
	return "00"
}

// ja4ALPN is the first and last letter of the first protocol offered; in hex where they are not letters or digits.
func ja4ALPN(list []string) string {
	if len(list) == 0 || list[0] == "" {
		return "00"
	}
	p := list[0]
	a, b := p[0], p[len(p)-1]
	if alphanumeric(a) && alphanumeric(b) {
		return string([]byte{a, b})
	}
	x := hex.EncodeToString([]byte(p))
	return string([]byte{x[0], x[len(x)-1]})
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
