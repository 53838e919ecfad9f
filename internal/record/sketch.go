package record

import (
	"bytes"
	"math"
	"math/bits"
)

// Sketch estimates how many different things no longer fitted into an exact set: HyperLogLog with 4,096 registers
// (Flajolet et al., 2007), standard error 1.6 %. Merging does not depend on order. The zero Sketch is empty.
type Sketch struct{ registers []uint8 }

const (
	sketchBits      = 12
	sketchRegisters = 1 << sketchBits
)

// SketchError is the standard error of an estimate.
const SketchError = 0.016

// Add notes one thing by a well-mixed 64-bit hash.
func (s *Sketch) Add(hash uint64) {
	if s.registers == nil {
		s.registers = make([]uint8, sketchRegisters)
	}
	i := hash >> (64 - sketchBits)
	rank := uint8(bits.LeadingZeros64(hash<<sketchBits|1<<(sketchBits-1))) + 1
	s.registers[i] = max(s.registers[i], rank)
}

// Merge adds all of another sketch.
func (s *Sketch) Merge(o *Sketch) {
	if o.registers == nil {
		return
	}
	if s.registers == nil {
		s.registers = make([]uint8, sketchRegisters)
	}
	for i, r := range o.registers {
		s.registers[i] = max(s.registers[i], r)
	}
}

// Empty reports whether nothing was ever added.
func (s *Sketch) Empty() bool { return s.registers == nil }

// Equal reports whether two sketches hold the same.
func (s Sketch) Equal(o Sketch) bool { return bytes.Equal(s.registers, o.registers) }

// Estimate is how many different things were added.
func (s *Sketch) Estimate() uint64 {
	if s.registers == nil {
		return 0
	}
	sum, zeros := 0.0, 0
	for _, r := range s.registers {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			zeros++
		}
	}
	const m = float64(sketchRegisters)
	estimate := 0.7213 / (1 + 1.079/m) * m * m / sum
	if estimate <= 2.5*m && zeros > 0 { // few: count the empty registers instead
		estimate = m * math.Log(m/float64(zeros))
	}
	return uint64(estimate + 0.5)
}

// mixHash spreads bytes over 64 bits (FNV-1a with a finaliser).
func mixHash(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, x := range b {
		h = (h ^ uint64(x)) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
