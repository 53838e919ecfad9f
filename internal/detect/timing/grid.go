package timing

import "math"

// Times are seconds everywhere in this package; an interval is cut to [1 s, 14 d].
const (
	shortest = 1.0
	longest  = 14 * 86400.0
	lnLong   = 14.005858 // ln of 14 d in seconds
)

// LeastIntervals is the least number of intervals that is scored.
const LeastIntervals = 5

// Gaps are the idle gaps in seconds: a connection starts a wake-up when it begins at least a gap after the connection
// before it. 15 and 120 find beacons that make several connections each time.
func Gaps() [3]float64 { return [3]float64{1, 15, 120} }

// widths is the grid of w: the share by which a sleep may be shortened.
func widths() [15]float64 {
	return [15]float64{.003, .01, .03, .05, .08, .12, .17, .24, .33, .44, .56, .68, .80, .90, .96}
}

// mostBeats is the longest row of beats an interval can span: all but the last of them were missed.
const mostBeats = 6

// misses and backgrounds are the grids of m (share of missed beats) and c (share of foreign intervals).
func misses() [3]float64      { return [3]float64{0, .3, .6} }
func backgrounds() [4]float64 { return [4]float64{.02, .2, .5, .8} }

// A width is one row of the periodic grid: periods hi = exp(i step), i = 1..count.
type width struct {
	w       float64
	step    float64
	count   int
	logTail float64 // -ln(1-w): the window's length on the logarithmic scale
	lnPrior float64 // of one (w, hi): -ln 15 - ln count
}

func grid() [15]width {
	var g [15]width
	for i, w := range widths() {
		tail := -math.Log1p(-w)
		step := min(.06, tail/6)
		count := int(math.Ceil(lnLong / step))
		g[i] = width{w, step, count, tail, -math.Log(float64(len(g))) - math.Log(float64(count))}
	}
	return g
}

// lnPriorShare is the prior of (m, c): half lies on the plain beat (no misses, c = .02), half on the eleven others.
func lnPriorShare(m, c int) float64 {
	if m == 0 && c == 0 {
		return -math.Ln2
	}
	return math.Log(.5 / 11)
}

// beatWeights are (1-m) m^(k-1) for k = 1..6, normalised.
func beatWeights(m float64) [mostBeats]float64 {
	var w [mostBeats]float64
	sum, v := 0.0, 1-m
	for k := range w {
		w[k] = v
		sum += v
		v *= m
	}
	for k := range w {
		w[k] /= sum
	}
	return w
}

// WakeUps appends to dst those starts (ascending, seconds) that begin at least gap after the start before them.
// Not after the wake-up before them: a dead time would manufacture the period gap.
func WakeUps(dst, starts []float64, gap float64) []float64 {
	for i, t := range starts {
		if i == 0 || t-starts[i-1] >= gap {
			dst = append(dst, t)
		}
	}
	return dst
}
