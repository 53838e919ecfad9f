package goldentest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
)

// Join puts bytes behind one another into new memory.
func Join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// U16 writes numbers in network order.
func U16(values ...int) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// U24 writes a number in three bytes in network order.
func U24(v int) []byte { return []byte{byte(v >> 16), byte(v >> 8), byte(v)} }

// U32 writes numbers in network order.
func U32(values ...int64) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	}
	return b
}

// LE16 writes numbers with the low byte first.
func LE16(values ...int) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// LE32 writes numbers with the low byte first.
func LE32(values ...int64) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b
}

// Hex reads hex digits; white space is left out. It panics on anything else: the text stands in a test.
func Hex(text string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// Zeros is n zero bytes.
func Zeros(n int) []byte { return make([]byte, n) }

// Len8 puts a length of one byte before the parts.
func Len8(parts ...[]byte) []byte { b := Join(parts...); return Join([]byte{byte(len(b))}, b) }

// Len16 puts a length of two bytes before the parts.
func Len16(parts ...[]byte) []byte { b := Join(parts...); return Join(U16(len(b)), b) }

// IP gives the 4 or 16 bytes of an address. It panics when the text is none.
func IP(text string) []byte { return netip.MustParseAddr(text).AsSlice() }

// TLV is an element of BER with a tag of one byte (ITU-T X.690), its length in the short form up to 127.
func TLV(tag byte, parts ...[]byte) []byte {
	b := Join(parts...)
	switch {
	case len(b) < 0x80:
		return Join([]byte{tag, byte(len(b))}, b)
	case len(b) < 0x100:
		return Join([]byte{tag, 0x81, byte(len(b))}, b)
	}
	return Join([]byte{tag, 0x82}, U16(len(b)), b)
}

// sum is the Internet checksum (RFC 1071).
func sum(parts ...[]byte) uint16 {
	b := Join(parts...)
	if len(b)%2 != 0 {
		b = append(b, 0)
	}
	var s uint32
	for i := 0; i < len(b); i += 2 {
		s += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}
