package timing

import "math"

// densities fills p with the density of the beats U[hi(1-w), hi] and their rows, for every share of misses: one beat
// is uniform, two a triangle, three to six normal. For bins it is the mass in the bin.
func (s *search) densities(x *sample, hi, w float64) {
	lo := hi * (1 - w)
	for m := range s.p {
		clear(s.p[m])
	}
	for k := 1; k <= mostBeats; k++ {
		from, to := rowRange(k, lo, hi)
		if from > s.end {
			break
		}
		a := firstFrom(x.d, from, true)
		if x.binned() && a > 0 {
			a-- // the bin that holds the lower end
		}
		for i := a; i < len(x.d) && x.d[i] <= to; i++ {
			var v float64
			if x.binned() {
				v = s.cumulative(k, lo, hi, x.top[i]) - s.cumulative(k, lo, hi, x.d[i])
			} else {
				v = s.density(k, lo, hi, x.d[i])
			}
			if v <= 0 {
				continue
			}
			for m := range s.p {
				s.p[m][i] += s.weight[m][k-1] * v
			}
		}
	}
}

// tails is how many standard deviations of a row of beats count.
const tails = 7

func rowRange(k int, lo, hi float64) (from, to float64) {
	if k <= 2 {
		return float64(k) * lo, float64(k) * hi
	}
	mid, dev := rowShape(k, lo, hi)
	return mid - tails*dev, mid + tails*dev
}

func rowShape(k int, lo, hi float64) (mid, dev float64) {
	return float64(k) * (lo + hi) / 2, (hi - lo) * math.Sqrt(float64(k)/12)
}

func (s *search) density(k int, lo, hi, d float64) float64 {
	width := hi - lo
	switch k {
	case 1:
		if d < lo || d > hi {
			return 0
		}
		return 1 / width
	case 2:
		if d < 2*lo || d > 2*hi {
			return 0
		}
		return (width - math.Abs(d-lo-hi)) / (width * width)
	}
	mid, dev := rowShape(k, lo, hi)
	return s.normal.density((d-mid)/dev) / dev
}

func (s *search) cumulative(k int, lo, hi, d float64) float64 {
	width := hi - lo
	switch k {
	case 1:
		return min(1, max(0, (d-lo)/width))
	case 2:
		y := min(2, max(0, (d-2*lo)/width))
		if y <= 1 {
			return y * y / 2
		}
		return 1 - (2-y)*(2-y)/2
	}
	mid, dev := rowShape(k, lo, hi)
	return s.normal.cumulative((d - mid) / dev)
}

// normal is the standard normal by table: linear between steps of 1/64, wrong by at most 1e-5.
type normal struct{ d, c []float64 }

func newNormal() normal {
	n := 2*tails*decaySteps + 2
	t := normal{make([]float64, n), make([]float64, n)}
	for i := range n {
		z := float64(i)/decaySteps - tails
		t.d[i] = math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
		t.c[i] = math.Erfc(-z/math.Sqrt2) / 2
	}
	return t
}

func (t *normal) density(z float64) float64 {
	if !(z >= -tails && z < tails) {
		return 0
	}
	return between(t.d, z)
}

func (t *normal) cumulative(z float64) float64 {
	switch {
	case !(z >= -tails):
		return 0
	case z >= tails:
		return 1
	}
	return between(t.c, z)
}

func between(table []float64, z float64) float64 {
	y := (z + tails) * decaySteps
	i := int(y)
	r := y - float64(i)
	return table[i] + r*(table[i+1]-table[i])
}
