package days

import (
	"math"
	"math/bits"
)

// dice is a small seeded source of chance (splitmix64). Each process has its own, so that what one does never changes the luck
// of another.
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

// exp gives an exponentially spread duration with the mean given, at most twelve times it.
func (d *dice) exp(mean int64) int64 { return int64(math.Min(-math.Log(1-d.f()), 12) * float64(mean)) }

// normal is about standard normal, within 3.5.
func (d *dice) normal() float64 {
	// Four 16-bit pieces of one draw: their sum is near enough to normal, and cheap.
	v := d.next()
	s := float64(v&0xffff) + float64(v>>16&0xffff) + float64(v>>32&0xffff) + float64(v>>48)
	return (s/65536 - 2) * 1.7320508
}

// lognormal gives a number around the middle given, with sigma the spread of its logarithm.
func (d *dice) lognormal(middle, sigma float64) float64 { return middle * math.Exp(sigma*d.normal()) }

// size gives a number of bytes around the middle given, spread as bytes of pages are.
func (d *dice) size(middle float64) uint64 { return uint64(d.lognormal(middle, 0.9)) }

// zipf gives a rank in [0, k): rank i is drawn with a weight of about 1/(i+1).
func (d *dice) zipf(logK float64, k int) int { return min(int(math.Exp(d.f()*logK))-1, k-1) }

// letters gives n characters of an alphabet.
func (d *dice) letters(n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[d.n(len(alphabet))]
	}
	return string(b)
}

// pick gives one element of a list that is not empty.
func pick[T any](d *dice, list []T) T { return list[d.n(len(list))] }
