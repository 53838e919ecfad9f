package labnet

import (
	"math"
	"math/bits"
)

// dice is a small seeded source of chance (splitmix64). Each node and each process has its own, so that what one does never
// changes the luck of another.
type dice struct{ state uint64 }

// newDice mixes a seed and any number of labels into a source.
func newDice(seed uint64, labels ...uint64) dice {
	d := dice{seed}
	for _, l := range labels {
		d.state = d.next() ^ (l * 0xd1342543de82ef95)
	}
	return d
}

func (d *dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// n gives a whole number in [0, k); k below 1 gives 0.
func (d *dice) n(k int) int {
	if k < 1 {
		return 0
	}
	hi, _ := bits.Mul64(d.next(), uint64(k))
	return int(hi)
}

// f gives a number in [0, 1).
func (d *dice) f() float64 { return float64(d.next()>>11) / (1 << 53) }

func (d *dice) chance(p float64) bool { return d.f() < p }

// between gives a whole number in [lo, hi].
func (d *dice) between(lo, hi int) int { return lo + d.n(hi-lo+1) }

// span gives a duration in nanoseconds in [lo, hi).
func (d *dice) span(lo, hi int64) int64 { return lo + int64(d.f()*float64(hi-lo)) }

// exp gives an exponentially spread duration with the mean given, at most eight times it.
func (d *dice) exp(mean int64) int64 {
	return int64(math.Min(-math.Log(1-d.f()), 8) * float64(mean))
}

// size gives a heavy-tailed number of bytes around the middle given, within [lo, hi].
func (d *dice) size(middle float64, lo, hi int) int {
	normal := d.f() + d.f() + d.f() + d.f() - 2 // about N(0, 0.58)
	return min(max(int(middle*math.Exp(2.2*normal)), lo), hi)
}

// bytes fills b.
func (d *dice) bytes(b []byte) {
	for len(b) >= 8 {
		v := d.next()
		for i := range 8 {
			b[i] = byte(v >> (8 * i))
		}
		b = b[8:]
	}
	v := d.next()
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
}

// pick gives one element of a list that is not empty.
func pick[T any](d *dice, list []T) T { return list[d.n(len(list))] }
