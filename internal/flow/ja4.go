package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"candor/internal/decode"
)

// ja4 is the JA4 fingerprint of a TLS client hello over TCP (https://github.com/FoxIO-LLC/ja4, BSD licence): version, whether a name was given,
// numbers of ciphers and extensions, first protocol, then hashes of the sorted ciphers and of the sorted extensions with the signature algorithms.
func ja4(h *decode.ClientHello) string {
	ciphers := withoutGREASE(h.CipherSuites)
	extensions := withoutGREASE(h.Extensions)
	sni := byte('i')
	if h.HasSNI {
		sni = 'd'
	}
	head := fmt.Sprintf("t%s%c%02d%02d%s", ja4Version(h), sni, min(len(ciphers), 99), min(len(extensions), 99), ja4ALPN(h.ALPN))
	slices.Sort(ciphers)
	var listed []uint16
	for _, e := range extensions {
		if e != 0 && e != 16 {
			listed = append(listed, e)
		}
	}
	slices.Sort(listed)
	tail := hexList(listed)
	if algs := withoutGREASE(h.SignatureAlgs); len(algs) > 0 {
		tail += "_" + hexList(algs)
	}
	if len(extensions) == 0 {
		tail = ""
	}
	return head + "_" + hash12(hexList(ciphers)) + "_" + hash12(tail)
}

func withoutGREASE(list []uint16) []uint16 {
	var out []uint16
	for _, v := range list {
		if !decode.IsGREASE(v) {
			out = append(out, v)
		}
	}
	return out
}

func ja4Version(h *decode.ClientHello) string {
	v := h.Version
	if list := withoutGREASE(h.SupportedVersions); len(list) > 0 {
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

func hexList(list []uint16) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = fmt.Sprintf("%04x", v)
	}
	return strings.Join(parts, ",")
}

func hash12(s string) string {
	if s == "" {
		return "000000000000"
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}
