package timing

import "math"

// A sample is what one fit and one search look at: intervals in ascending order, or the occupied bins of a histogram.
type sample struct {
	d      []float64 // the interval, or the bin's lower edge; ascending
	count  []float64 // how many; 1 for intervals
	top    []float64 // the bin's upper edge; empty for intervals
	n      float64   // sum of count
	f0     []float64 // fitted null: density, or mass in the bin
	lnD    []float64
	spread []float64 // prefix sums, see search.go
	gain   []float64
	mass   []float64
}

func (x *sample) binned() bool { return len(x.top) > 0 }

// kernels is the null as a matrix: one row per kernel, one column per point. A row is kept only where it is not zero.
type kernels struct {
	value  []float64
	row    []rowSpan
	family []int // first rows of families, in which neighbours are alike
	points int
}

type rowSpan struct {
	at    int // index of column `from` in value
	from  int // first column that is not zero
	to    int // after the last such column
	scale float64
	shift float64 // s; 0 for an exponential
}

func (k *kernels) reset(points int) {
	k.value, k.row, k.family, k.points = k.value[:0], k.row[:0], k.family[:0], points
}

// tooFar is the exponent beyond which a kernel counts as zero (e^-40).
const tooFar = 40.0

// shifted adds the kernel s + Exp(τ) on ascending points; s = 0 is the exponential.
func (k *kernels) shifted(d []float64, s, τ float64, fast *decay) {
	from := 0
	for from < len(d) && d[from] < s {
		from++
	}
	inv := 1 / τ
	at := len(k.value)
	i := from
	for ; i < len(d); i++ {
		x := (d[i] - s) * inv
		if x >= tooFar {
			break
		}
		k.value = append(k.value, inv*fast.at(x))
	}
	k.row = append(k.row, rowSpan{at: at, from: from, to: i, shift: s, scale: τ})
}

// densityAt is a row's density at any interval.
func (r rowSpan) densityAt(d float64) float64 {
	if d < r.shift {
		return 0
	}
	x := (d - r.shift) / r.scale
	if x >= tooFar {
		return 0
	}
	return math.Exp(-x) / r.scale
}

// rhos are the ratios of mean wait to least wait in the shifted kernels. Two is the definition of periodic used here:
// what waits at least s and then twice s on average is not.
func rhos() [2]float64 { return [2]float64{2, 6} }

const (
	stepTau   = .25 // of ln τ
	stepShift = .05 // of ln s
	stepSigma = .35 // of ln σ, the activity kernels
)

// fill builds the null's kernels for intervals, anchored at the data: the kernels are scale families.
func (k *kernels) fill(d []float64, gap float64, fast *decay) {
	k.reset(len(d))
	if len(d) == 0 {
		return
	}
	least, most := d[0], d[len(d)-1]
	k.family = append(k.family, 0)
	up := math.Exp(stepTau)
	for τ := max(gap, least) / 4; τ <= 4*most*(1+1e-9); τ *= up {
		k.shifted(d, 0, τ, fast)
	}
	up = math.Exp(stepShift)
	for _, ρ := range rhos() {
		k.family = append(k.family, len(k.row))
		k.shifted(d, gap, ρ*gap, fast)
		k.family = append(k.family, len(k.row))
		for s := least / 2; s <= most*(1+1e-9); s *= up {
			if s >= .99*gap {
				k.shifted(d, s, ρ*s, fast)
			}
		}
	}
}

// decay is e^-x for x in [0, 40), by table and series to 3e-9: the null's matrix is what a score costs.
type decay struct{ table []float64 }

const decaySteps = 64

func newDecay() decay {
	t := make([]float64, int(tooFar)*decaySteps+1)
	for i := range t {
		t[i] = math.Exp(-float64(i) / decaySteps)
	}
	return decay{t}
}

func (e *decay) at(x float64) float64 {
	i := int(x * decaySteps)
	r := x - float64(i)*(1.0/decaySteps)
	return e.table[i] * (1 - r*(1-r*(.5-r*(1.0/6))))
}
