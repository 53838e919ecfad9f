package timing

import "math"

// A histogram of intervals has 128 bins of equal width on the logarithmic scale over 1 s to 14 d (ratio 1.115).
const (
	binCount = 128
	binStep  = lnLong / binCount
)

// binOf is the bin of an interval in seconds.
func binOf(d float64) int {
	if !(d > 1) {
		return 0
	}
	return min(binCount-1, int(math.Log(d)/binStep))
}

// binTables are the masses of the null's kernels in bins. Bins and kernels lie on one grid, so that a mass depends on
// a difference only and a score of a histogram needs no exponential.
type binTables struct {
	edge [binCount + 1]float64
	wait [tauBack + tauAhead]float64 // exponential: by bin - 2k, τ = e^(2k step)
	// shifted, per ρ: by 2 bin - k, s = e^(k step/2); the first is the bin in whose middle s lies
	shift [2][shiftAhead + 1]float64
}

const (
	tauBack    = binCount + 32
	tauAhead   = 36
	shiftAhead = 104
)

func newBinTables() binTables {
	var t binTables
	for b := range t.edge {
		t.edge[b] = math.Exp(float64(b) * binStep)
	}
	for i := range t.wait {
		a := math.Exp(float64(i-tauBack) * binStep)
		t.wait[i] = massBetween(a, a*math.Exp(binStep))
	}
	for r, ρ := range rhos() {
		for i := range t.shift[r] {
			a := math.Exp(float64(i-1) * binStep / 2)
			t.shift[r][i] = massBetween(max(0, a-1)/ρ, (a*math.Exp(binStep)-1)/ρ)
		}
	}
	return t
}

// massBetween is the mass of Exp(1) in [a, b].
func massBetween(a, b float64) float64 { return math.Exp(-a) * -math.Expm1(a-b) }

// fillBins builds the null's kernels for occupied bins (ascending).
func (k *kernels) fillBins(bins []int, gap float64, t *binTables) {
	k.reset(len(bins))
	least, most := bins[0], bins[len(bins)-1]
	k.family = append(k.family, 0)
	first := int(math.Floor(max(math.Log(gap/4), float64(least)*binStep-math.Log(4)) / (2 * binStep)))
	last := int(math.Ceil((float64(most+1)*binStep + math.Log(4)) / (2 * binStep)))
	for j := first; j <= last; j++ {
		at := len(k.value)
		for _, b := range bins {
			v := 0.0
			if i := b - 2*j + tauBack; i >= 0 && i < len(t.wait) {
				v = t.wait[i]
			}
			k.value = append(k.value, v)
		}
		k.row = append(k.row, rowSpan{at: at, to: len(bins), scale: math.Exp(float64(2*j) * binStep)})
	}
	first = max(2*least-13, int(math.Ceil(2*math.Log(.99*gap)/binStep)))
	for r, ρ := range rhos() {
		k.family = append(k.family, len(k.row))
		k.shiftedBins(bins, gap, ρ*gap, t)
		k.family = append(k.family, len(k.row))
		for j := first; j <= 2*most+1; j++ {
			k.tabledBins(bins, j, t.shift[r][:])
		}
	}
}

func (k *kernels) tabledBins(bins []int, j int, table []float64) {
	from := 0
	for from < len(bins) && 2*bins[from]-j < -1 {
		from++
	}
	at, i := len(k.value), from
	for ; i < len(bins) && 2*bins[i]-j+1 < len(table); i++ {
		k.value = append(k.value, table[2*bins[i]-j+1])
	}
	k.row = append(k.row, rowSpan{at: at, from: from, to: i})
}

// shiftedBins adds the kernel s + Exp(τ) for an s that is not on the grid.
func (k *kernels) shiftedBins(bins []int, s, τ float64, t *binTables) {
	at := len(k.value)
	for _, b := range bins {
		v := 0.0
		if t.edge[b+1] > s {
			v = massBetween(max(0, t.edge[b]-s)/τ, (t.edge[b+1]-s)/τ)
		}
		k.value = append(k.value, v)
	}
	k.row = append(k.row, rowSpan{at: at, to: len(bins), shift: s, scale: τ})
}

// histogram scores intervals of which only the bins are known: S_g.
func (s *Scorer) histogram(counts *[binCount]float64, gap float64, set Setting) Result {
	x := &s.sample
	x.d, x.top, x.count, x.n = x.d[:0], x.top[:0], x.count[:0], 0
	s.order = s.order[:0]
	for b, n := range counts {
		if n > 0 {
			x.d, x.top = append(x.d, s.bins.edge[b]), append(x.top, s.bins.edge[b+1])
			x.count, x.n = append(x.count, n), x.n+n
			s.order = append(s.order, b)
		}
	}
	if x.n < LeastIntervals {
		return nothing()
	}
	s.kernels.fillBins(s.order, gap, &s.bins)
	b, slack := s.seek(x, x, set)
	r := Result{Gap: gap, N: int(x.n), Basis: Histogram, Slack: slack, L0: logSum(x.f0, x.count)}
	s.describe(&r, b)
	if !math.IsInf(r.S, -1) {
		s.binPosterior(&r, x, b)
	}
	return r
}

// binPosterior fills Period, Cover and Run from bins.
func (s *Scorer) binPosterior(r *Result, x *sample, b beat) {
	s.search.densities(x, b.hi, b.w)
	sum, filled := 0.0, 0.0
	s.sorted = s.sorted[:0]
	for i, n := range x.count {
		p := (1 - b.c) * s.search.p[b.miss][i]
		p /= p + b.c*x.f0[i]
		mid := math.Sqrt(x.d[i] * x.top[i])
		sum += n * mid
		filled += p * n * mid
		if p > .5 {
			one := mid / s.search.likeliest(mid, b)
			one = min(b.hi, max(b.hi*(1-b.w), one))
			for range int(min(100, math.Ceil(n*100/x.n))) {
				s.sorted = append(s.sorted, one)
			}
		}
	}
	r.Period = median(s.sorted, b.hi*(1-b.w/2))
	r.Cover = filled / sum
	r.Run = r.Cover
}
