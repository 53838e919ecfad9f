package flow

import (
	"encoding/binary"

	"github.com/dchest/siphash"

	"candor/internal/decode"
	"candor/internal/record"
)

// uid names a connection by feed, first packet's time and 5-tuple in canonical order, so that it depends neither on seeds nor on
// which end is found to be the originator. It is 96 bits of SipHash-2-4-128 under a fixed key: it need not be secret, only the same everywhere,
// and it costs a quarter of a SHA-1. Who wants two connections of one name has to try as many as for any hash of 96 bits.
func uid(feed record.Feed, c *conn) [18]byte {
	var buf [256]byte
	b := append(buf[:0], feed...)
	b = append(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(c.first))
	b = appendEnd(b, &c.ends[0], c.port[0])
	b = appendEnd(b, &c.ends[1], c.port[1])
	b = append(b, c.proto)
	if n := c.within(); n != 0 { // else the same packet outside of a tunnel would have the same name
		b = binary.BigEndian.AppendUint32(b, n)
	}
	lo, hi := siphash.Hash128(0, 0, b)
	return base62(uint32(hi), lo)
}

// appendEnd appends an address, with its length before it, and the port.
func appendEnd(b []byte, a *decode.Addr, port uint16) []byte {
	if a.Is4() {
		b = append(append(b, 4), a[12:]...)
	} else {
		b = append(append(b, 16), a[:]...)
	}
	return binary.BigEndian.AppendUint16(b, port)
}

// base62 writes 96 bits as "C" and 17 digits.
func base62(hi uint32, lo uint64) (b [18]byte) {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b[0] = 'C'
	for i := len(b) - 1; i > 7; i -= 2 { // ten digits leave less than five bits of the 64
		two := lo % (62 * 62)
		lo /= 62 * 62
		b[i], b[i-1] = digits[two%62], digits[two/62]
	}
	rest := uint64(hi)<<5 | lo
	for i := 7; i > 1; i -= 2 {
		two := rest % (62 * 62)
		rest /= 62 * 62
		b[i], b[i-1] = digits[two%62], digits[two/62]
	}
	b[1] = digits[rest%62]
	return b
}
