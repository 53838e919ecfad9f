package sight

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"

	"candor/internal/decode"
)

// secret makes hashes that nobody outside the process can foresee: who chooses addresses, cards or whole frames cannot choose
// such as fall together, to make tables slow or to pass one frame off as the copy of another. Hashes never show in results,
// which are sorted. They multiply 64 by 64 bits and fold the halves, with secrets on both sides, so that no difference
// between two inputs cancels out whatever the secrets are.
type secret [8]uint64

func newSecret() secret {
	var raw [64]byte
	_, _ = rand.Read(raw[:]) // never fails: the program ends if the system gives no randomness
	var s secret
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(raw[8*i:])
	}
	return s
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func (s *secret) addr(a decode.Addr) uint64 {
	hi, lo := binary.LittleEndian.Uint64(a[:8]), binary.LittleEndian.Uint64(a[8:])
	return fold(fold(lo^s[0], hi^s[1])^s[2], s[3])
}

func (s *secret) mac(m decode.MAC) uint64 {
	return fold(uint64(binary.LittleEndian.Uint32(m[:4]))<<16^uint64(binary.LittleEndian.Uint16(m[4:]))^s[0], s[1])
}

// path covers what packets of one path share: cards, addresses, hops, and how the frame travelled.
func (s *secret) path(p *decode.Packet) uint64 {
	kind := uint64(p.TTL) | uint64(p.Cast)<<8 | uint64(p.Net)<<16
	if p.HasMAC {
		kind |= 1 << 24
	}
	from, to := &p.SrcMAC, &p.DstMAC
	cards := fold(
		uint64(binary.LittleEndian.Uint32(from[:]))^uint64(binary.LittleEndian.Uint32(to[:]))<<32^s[0],
		uint64(binary.LittleEndian.Uint16(from[4:]))^uint64(binary.LittleEndian.Uint16(to[4:]))<<16^kind<<32^s[1],
	)
	src := fold(binary.LittleEndian.Uint64(p.Src[8:])^s[2], binary.LittleEndian.Uint64(p.Src[:])^s[3])
	dst := fold(binary.LittleEndian.Uint64(p.Dst[8:])^s[4], binary.LittleEndian.Uint64(p.Dst[:])^s[5])
	return max(fold(cards^src^s[6], dst^s[7]), 1)
}

func (s *secret) pair(p pair) uint64 {
	return fold(uint64(uint16(p.from))<<16^uint64(uint16(p.to))^s[0], s[1])
}

func (s *secret) number(v uint16) uint64 { return fold(uint64(v)^s[0], s[1]) }

func (s *secret) group(g group) uint64 { return fold(uint64(g)^s[0], s[1]) }

// frame covers the length, the first 128 bytes (all headers) and the last 32 bytes. Payload between them is covered by the
// transport checksum inside the headers. It is computed for every frame.
func (s *secret) frame(b []byte) uint64 {
	h := s.bytes(uint64(len(b))^s[2], b[:min(len(b), 128)])
	if len(b) > 128 {
		h = s.bytes(h, b[max(128, len(b)-32):])
	}
	return h
}

// bytes goes on with a hash over b. What is left behind the last whole 32 bytes is read together with what is before it, so
// that nothing is copied.
func (s *secret) bytes(h uint64, b []byte) uint64 {
	n := uint64(len(b))
	var few [32]byte
	if len(b) < len(few) {
		copy(few[:], b)
		b = few[:]
	}
	g := h ^ s[3] // two lanes, so that one multiplication need not wait for the other
	last := b[len(b)-32:]
	for ; len(b) > 32; b = b[32:] {
		h = fold(binary.LittleEndian.Uint64(b)^s[0]^h, binary.LittleEndian.Uint64(b[8:])^s[1])
		g = fold(binary.LittleEndian.Uint64(b[16:])^s[2]^g, binary.LittleEndian.Uint64(b[24:])^s[3])
	}
	h = fold(binary.LittleEndian.Uint64(last)^s[0]^h, binary.LittleEndian.Uint64(last[8:])^s[1])
	g = fold(binary.LittleEndian.Uint64(last[16:])^s[2]^g, binary.LittleEndian.Uint64(last[24:])^s[3])
	return fold(h^n^s[4], g^s[5])
}

// mix is a 64-bit finaliser without secret (multiply and shift), for what shows in results.
func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}

// mixBytes goes on with a hash without secret over a few bytes.
func mixBytes(h uint64, b []byte) uint64 {
	for len(b) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(b)) * 0x9fb21c651e98df25
		h ^= h >> 29
		b = b[8:]
	}
	var tail uint64
	for i, x := range b {
		tail |= uint64(x) << (8 * i)
	}
	h = (h ^ tail ^ uint64(len(b))<<60) * 0x9fb21c651e98df25
	return h ^ h>>32
}
