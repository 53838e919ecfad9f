package verdict

import (
	"fmt"
	"strings"
)

// Verdict is the answer to a question that Candor asked itself. The zero value is CannotSay.
type Verdict uint8

// The three verdicts. There is no fourth.
const (
	CannotSay Verdict = iota
	Yes
	No
)

var verdictNames = [...]string{"cannot_say", "yes", "no"}

// String is the word used in JSON: cannot_say, yes, no.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return verdictNames[CannotSay]
}

// Words is the verdict as people read it.
func (v Verdict) Words() string {
	return strings.ReplaceAll(v.String(), "_", " ")
}

// MarshalText writes the JSON word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the JSON word.
func (v *Verdict) UnmarshalText(b []byte) error {
	for i, n := range verdictNames {
		if n == string(b) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("verdict %q: not one of cannot_say, yes, no", b)
}

// Kept says how a promise stands. The zero value is CannotTell.
type Kept uint8

// The three states of a promise.
const (
	CannotTell Kept = iota
	IsKept
	IsBroken
)

var keptNames = [...]string{"cannot_say", "kept", "broken"}

// String is the word used in JSON: cannot_say, kept, broken.
func (k Kept) String() string {
	if int(k) < len(keptNames) {
		return keptNames[k]
	}
	return keptNames[CannotTell]
}

// MarshalText writes the JSON word.
func (k Kept) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the JSON word.
func (k *Kept) UnmarshalText(b []byte) error {
	for i, n := range keptNames {
		if n == string(b) {
			*k = Kept(i)
			return nil
		}
	}
	return fmt.Errorf("promise state %q: not one of cannot_say, kept, broken", b)
}

// Strength is how sure a verdict is, in words instead of per cent (PLACEMENT.md 3.4).
type Strength string

// The strengths.
const (
	AlmostCertain Strength = "almost certain" // 8 bits or a hard fact
	VeryLikely    Strength = "very likely"    // 6 bits
	NotDecided    Strength = "not decided"
)

// Bits that decide.
const (
	DecisiveBits = 6.0
	CertainBits  = 8.0
)

// Decide turns bits of evidence into a verdict and its strength.
func Decide(bits float64) (Verdict, Strength) {
	strength := VeryLikely
	if bits >= CertainBits || bits <= -CertainBits {
		strength = AlmostCertain
	}
	switch {
	case bits >= DecisiveBits:
		return Yes, strength
	case bits <= -DecisiveBits:
		return No, strength
	}
	return CannotSay, NotDecided
}
