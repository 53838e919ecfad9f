package capture

import (
	"math"
	"math/bits"
)

// A clock turns the time stamps of a pcapng interface into nanoseconds since
// the Unix epoch (draft-ietf-opsawg-pcapng, 4.2: if_tsresol, if_tsoffset).
type clock struct {
	exponent uint8 // a second has base^exponent units
	binary   bool  // base 2, else 10
	offset   int64 // seconds to add
	// The usual case, decimal up to nanoseconds and no offset: multiply by
	// factor what is not above limit. Both 0 otherwise.
	factor, limit uint64
}

// microseconds is the resolution without if_tsresol.
const microseconds = 6

func newClock(resolution uint8, offset int64) clock {
	c := clock{exponent: resolution &^ 0x80, binary: resolution&0x80 != 0, offset: offset}
	if !c.binary && c.exponent <= 9 && offset == 0 {
		c.factor = power10(9 - c.exponent)
		c.limit = math.MaxInt64 / c.factor
	}
	return c
}

// at gives the time of a stamp. ok is false when that is before 1970 or after
// 2262; the time is then the nearest that can be said.
func (c *clock) at(stamp uint64) (ns int64, ok bool) {
	if stamp <= c.limit && c.factor != 0 {
		return int64(stamp * c.factor), true
	}
	seconds, fraction := c.split(stamp)
	const last = math.MaxInt64 / int64(1e9) // the last second that fits, in part
	if seconds > math.MaxInt64 {
		if c.offset >= 0 {
			return math.MaxInt64, false
		}
		seconds -= uint64(-(c.offset + 1)) + 1
		if seconds > uint64(last) {
			return math.MaxInt64, false
		}
		return addTime(int64(seconds), fraction)
	}
	sum := int64(seconds) + c.offset
	switch {
	case c.offset > 0 && sum < 0: // wrapped
		return math.MaxInt64, false
	case sum < 0:
		return 0, false
	case sum > last:
		return math.MaxInt64, false
	}
	return addTime(sum, fraction)
}

// addTime needs 0 <= seconds <= MaxInt64/1e9.
func addTime(seconds int64, fraction uint64) (ns int64, ok bool) {
	whole := seconds * 1e9
	if int64(fraction) > math.MaxInt64-whole {
		return math.MaxInt64, false
	}
	return whole + int64(fraction), true
}

// split gives whole seconds and the nanoseconds above them, rounded down.
func (c *clock) split(stamp uint64) (seconds, nanoseconds uint64) {
	switch {
	case c.binary && c.exponent < 64:
		seconds = stamp >> c.exponent
		hi, lo := bits.Mul64(stamp-seconds<<c.exponent, 1e9)
		return seconds, hi<<(64-c.exponent) | lo>>c.exponent
	case c.binary:
		hi, _ := bits.Mul64(stamp, 1e9)
		return 0, hi >> (c.exponent - 64)
	case c.exponent <= 19:
		unit := power10(c.exponent)
		seconds = stamp / unit
		hi, lo := bits.Mul64(stamp-seconds*unit, 1e9)
		nanoseconds, _ = bits.Div64(hi, lo, unit)
		return seconds, nanoseconds
	case c.exponent-9 <= 19:
		return 0, stamp / power10(c.exponent-9)
	default:
		return 0, 0
	}
}

// power10 needs an exponent of at most 19.
func power10(exponent uint8) uint64 {
	n := uint64(1)
	for range exponent {
		n *= 10
	}
	return n
}
