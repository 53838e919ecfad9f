package record

import (
	"bytes"
	"fmt"
)

// Bytes are the sketch's 4,096 registers of a byte each, for keeping; nil when it is empty. SketchOf reads them again.
func (s Sketch) Bytes() []byte { return bytes.Clone(s.registers) }

// maxRank is the highest value a register can have: no more than 53 bits are left beside its number.
const maxRank = 64 - sketchBits + 1

// SketchOf is the sketch that Bytes kept; no bytes make an empty one.
func SketchOf(b []byte) (Sketch, error) {
	if len(b) == 0 {
		return Sketch{}, nil
	}
	if len(b) != sketchRegisters {
		return Sketch{}, fmt.Errorf("sketch of %d bytes, not %d", len(b), sketchRegisters)
	}
	for i, r := range b {
		if r > maxRank {
			return Sketch{}, fmt.Errorf("sketch: register %d is %d, at most %d", i, r, maxRank)
		}
	}
	return Sketch{bytes.Clone(b)}, nil
}
