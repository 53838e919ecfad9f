package detect

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"unsafe"
)

// hashSeed is a secret with which names and addresses are hashed, so that nobody outside can aim at a place in a table. Unlike
// hash/maphash it hashes the same in every process: the state of a detector can be saved and put back after a restart.
type hashSeed struct{ a, b uint64 }

func newSeed() hashSeed { return hashSeed{rand.Uint64(), rand.Uint64() | 1} }

func (s hashSeed) text(t string) uint64 { return s.bytes(unsafe.Slice(unsafe.StringData(t), len(t))) }

// bytes mixes 16 bytes at a time by a long multiplication with the secret.
func (s hashSeed) bytes(p []byte) uint64 {
	h, n := s.a^uint64(len(p))*0x9e3779b97f4a7c15, len(p)
	for len(p) > 16 {
		h = foldHash(binary.LittleEndian.Uint64(p)^s.b, binary.LittleEndian.Uint64(p[8:])^h)
		p = p[16:]
	}
	var x, y uint64
	switch {
	case len(p) >= 8:
		x, y = binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[len(p)-8:])
	case len(p) >= 4:
		x, y = uint64(binary.LittleEndian.Uint32(p)), uint64(binary.LittleEndian.Uint32(p[len(p)-4:]))
	case len(p) > 0:
		x = uint64(p[0])<<16 | uint64(p[len(p)/2])<<8 | uint64(p[len(p)-1])
	}
	return foldHash(foldHash(x^s.b, y^h)^s.a, uint64(n)^0xd6e8feb86659fd93)
}

func foldHash(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
