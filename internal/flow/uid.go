package flow

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"candor/internal/decode"
	"candor/internal/record"
)

// uid names a connection by feed, first packet's time and 5-tuple in canonical order, so that it depends neither on seeds nor on
// which end is found to be the originator.
func uid(feed record.Feed, c *conn) record.UID {
	var buf [256]byte
	b := append(buf[:0], feed...)
	b = append(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(c.first))
	for s := range c.ends {
		b = append(b, c.ends[s][:]...)
		b = binary.BigEndian.AppendUint16(b, c.port[s])
	}
	b = append(b, c.proto)
	if n := c.within(); n != 0 { // else the same packet outside of a tunnel would have the same name
		b = binary.BigEndian.AppendUint32(b, n)
	}
	sum := sha256.Sum256(b)
	return record.UID(base62(binary.BigEndian.Uint32(sum[:4]), binary.BigEndian.Uint64(sum[4:12])))
}

// base62 writes 96 bits as "C" and 17 digits.
func base62(hi uint32, lo uint64) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var b [18]byte
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
	return string(b[:])
}

// communityID is version 1 with seed 0 (https://github.com/corelight/community-id-spec).
func communityID(c *conn) string {
	var buf [64]byte
	b := append(buf[:0], 0, 0)
	four := c.ends[0].Is4() && c.ends[1].Is4()
	for s := range c.ends {
		if four {
			b = append(b, c.ends[s][12:]...)
		} else {
			b = append(b, c.ends[s][:]...)
		}
	}
	b = append(b, c.proto, 0)
	switch c.proto {
	case decode.ProtoTCP, decode.ProtoUDP, decode.ProtoICMP, decode.ProtoICMPv6, decode.ProtoSCTP:
		b = binary.BigEndian.AppendUint16(b, c.port[0])
		b = binary.BigEndian.AppendUint16(b, c.port[1])
	}
	sum := sha1.Sum(b)
	out := append(buf[:0], "1:"...)
	return string(base64.StdEncoding.AppendEncode(out, sum[:]))
}
