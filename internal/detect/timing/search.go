package timing

import "math"

// kept is how many periods per width are weighed in full, of those a quick look puts first.
const kept = 6

// A point on the grid of beats, and its evidence.
type beat struct {
	w, hi, m, c float64
	score       float64 // L1 - L0 + ln prior, before the slack
	lnPrior     float64
	i           int // hi = exp(i step)
	miss        int
}

type search struct {
	grid   [15]width
	weight [3][mostBeats]float64
	prior  [3][4]float64
	lnIn   [4]float64 // ln(1-c)
	lnOut  [4]float64 // ln c
	top    [kept]candidate
	own    [15]beat     // best of each width
	p      [3][]float64 // density (or mass) of the beats per miss, over points
	normal normal
	ln     lnTable

	from, to, last int     // the window of the candidates, moving up
	end            float64 // the longest interval there is
}

type candidate struct {
	i     int
	quick float64
}

func newSearch() search {
	s := search{grid: grid(), normal: newNormal(), ln: newLnTable()}
	for i, m := range misses() {
		s.weight[i] = beatWeights(m)
		for j := range s.prior[i] {
			s.prior[i][j] = lnPriorShare(i, j)
		}
	}
	for j, c := range backgrounds() {
		s.lnIn[j], s.lnOut[j] = math.Log(1-c), math.Log(c)
	}
	return s
}

// best is the point of the grid with the most evidence; below floor it may miss it. Whatever is tried, the prior of the
// whole grid pays for.
func (s *search) best(x *sample, resolution, floor float64) beat {
	best := beat{score: math.Inf(-1)}
	s.prefix(x)
	for i := range s.p {
		s.p[i] = sized(s.p[i], len(x.d))
	}
	for g := range s.grid {
		w := &s.grid[g]
		s.own[g] = beat{score: math.Inf(-1)}
		least := 2 * resolution / w.w
		if x.binned() && w.w < .03 || least > longest {
			continue
		}
		if least > 0 {
			least = math.Log(least)
		}
		s.candidates(x, w, least)
		for j, c := range s.top {
			if c.i == 0 || j > 0 && w.w >= smooth && s.own[g].score < floor-hopeless(x.n) {
				break
			}
			s.weigh(x, g, c.i, max(floor, best.score-farBehind))
		}
		if s.own[g].score > best.score {
			best = s.own[g]
		}
	}
	s.refine(x, floor, &best)
	return best
}

// From the width smooth on, neighbouring periods score alike: when the first of them stays further below the floor than
// hopeless, the others are left out. Narrow widths have no such neighbours; there the bound is sharp.
const smooth = .5

func hopeless(n float64) float64 { return 15 + n/10 }

// refine moves the period of rows of beats up while the window still holds the interval just below: where an interval
// spans several beats, the middle of the window counts and not only its upper end. It matters where the window is wider
// than the jitter: at the narrowest width, and at the best.
func (s *search) refine(x *sample, floor float64, best *beat) {
	narrowest, highest := -1, -1
	for g, own := range s.own {
		if own.miss == 0 || own.score < best.score-farBehind {
			continue
		}
		if narrowest < 0 {
			narrowest = g
		}
		if highest < 0 || own.score > s.own[highest].score {
			highest = g
		}
	}
	for _, g := range [2]int{narrowest, highest} {
		if g < 0 {
			continue
		}
		own := s.own[g]
		for i := own.i + 1; i < own.i+6 && i <= s.grid[g].count; i++ {
			s.weigh(x, g, i, max(floor, best.score))
		}
		if s.own[g].score > best.score {
			*best = s.own[g]
		}
		if narrowest == highest {
			return
		}
	}
}

// farBehind is the lead, in nats, that moving a period within its window is not expected to make up.
const farBehind = 30

// prefix sums let the looks at a window add up its intervals: counts, f0, and -ln f0; for bins f0 is the density
// inside. All are over count.
func (s *search) prefix(x *sample) {
	n := len(x.d)
	x.lnD, x.spread, x.gain, x.mass = sized(x.lnD, n), sized(x.spread, n+1), sized(x.gain, n+1), sized(x.mass, n+1)
	x.spread[0], x.gain[0], x.mass[0] = 0, 0, 0
	s.end = x.d[n-1]
	if x.binned() {
		s.end = x.top[n-1]
	}
	for i, f := range x.f0 {
		x.lnD[i] = math.Log(x.d[i])
		if x.binned() {
			f /= x.top[i] - x.d[i]
		}
		x.spread[i+1] = x.spread[i] + x.count[i]
		x.gain[i+1] = x.gain[i] - x.count[i]*math.Log(f)
		x.mass[i+1] = x.mass[i] + x.count[i]*f
	}
}

// candidates fills top with the periods of a width that have data just below them, ranked by what the intervals inside
// would give without misses: Σ ln(1/(hi w f0)) and the best background for their share.
func (s *search) candidates(x *sample, w *width, lnLeast float64) {
	for i := range s.top {
		s.top[i] = candidate{quick: math.Inf(-1)}
	}
	s.from, s.to, s.last = 0, 0, 0
	lnW := math.Log(w.w)
	for j, ln := range x.lnD {
		i := int(math.Ceil(ln/w.step - 1e-9))
		end, by := i, 1
		if x.binned() {
			if x.count[j] < x.n/rareBin {
				continue
			}
			end = int(math.Ceil(math.Log(x.top[j])/w.step - 1e-9))
			by = max(1, (end-i)/4)
		}
		for i = max(1, i); i <= max(1, end); i += by {
			if i > s.last && i <= w.count && float64(i)*w.step >= lnLeast {
				s.last = i
				s.look(x, w, i, lnW)
			}
		}
	}
}

// rareBin: a bin that holds less than this part of the intervals does not end a window.
const rareBin = 200

// look ranks one candidate. The evidence it sees is a lower bound for intervals.
func (s *search) look(x *sample, w *width, i int, lnW float64) {
	top := float64(i)*w.step + 1e-9
	bottom := top - w.logTail - 2e-9
	for s.to < len(x.d) && x.lnD[s.to] <= top {
		s.to++
	}
	if x.binned() {
		for s.from < s.to && x.lnD[s.from]+binStep <= bottom {
			s.from++
		}
	} else {
		for s.from < s.to && x.lnD[s.from] < bottom {
			s.from++
		}
	}
	inside := x.spread[s.to] - x.spread[s.from]
	gain := x.gain[s.to] - x.gain[s.from]
	if x.binned() && s.to > s.from {
		gain += s.edge(x, s.from, bottom, top)
		if s.to-1 > s.from {
			gain += s.edge(x, s.to-1, bottom, top)
		}
	}
	gain -= inside * (top + lnW)
	out := x.n - inside
	best := math.Inf(-1)
	for c := range s.lnIn {
		best = max(best, gain+inside*s.lnIn[c]+out*s.lnOut[c])
	}
	cand := candidate{i, best}
	for i := range s.top {
		if cand.quick > s.top[i].quick {
			cand, s.top[i] = s.top[i], cand
		}
	}
}

// edge corrects the gain of a bin of which the window covers a part.
func (s *search) edge(x *sample, i int, bottom, top float64) float64 {
	share := (min(top, x.lnD[i]+binStep) - max(bottom, x.lnD[i])) / binStep
	if share >= 1 {
		return 0
	}
	return x.count[i] * s.ln.at(max(share, 1e-9))
}

// weigh computes the evidence of one (w, hi) at all misses and backgrounds and keeps it when it is the width's best.
// It leaves early when a bound shows that nothing above atLeast can come out.
func (s *search) weigh(x *sample, g, i int, atLeast float64) {
	w, own := &s.grid[g], &s.own[g]
	atLeast = max(atLeast, own.score)
	hi := math.Exp(float64(i) * w.step)
	if s.bound(x, hi, w) < atLeast {
		return
	}
	s.densities(x, hi, w.w)
	backs := backgrounds()
	for m, miss := range misses() {
		sums := s.ratioSums(s.p[m], x.f0, x.count)
		for c := range sums {
			prior := w.lnPrior + s.prior[m][c]
			if score := sums[c] + prior; score > own.score {
				*own = beat{w.w, hi, miss, backs[c], score, prior, i, m}
			}
		}
	}
}

// bound is at least the score of (w, hi) at any misses and background. For a window with n intervals and ratios
// u = p/f0, Σ ln((1-c)u + c) = Σ ln u + Σ ln((1-c) + c/u) <= Σ ln u + n ln((1-c) + c mean(1/u)) by Jensen, and both
// sums are differences of prefix sums. Rows of beats are taken at their peak, and overlapping windows one by one:
// 1 + Σ y <= Π (1 + y).
func (s *search) bound(x *sample, hi float64, w *width) float64 {
	lo := hi * (1 - w.w)
	best := math.Inf(-1)
	var sum [3][4]float64
	for m := range sum {
		for c := range sum[m] {
			sum[m][c] = x.n*s.lnOut[c] + s.prior[m][c]
		}
	}
	backs := backgrounds()
	for k := 1; k <= mostBeats; k++ {
		bottom, top := rowRange(k, lo, hi)
		if bottom > s.end {
			break
		}
		from, to := x.window(bottom, top)
		n := x.spread[to] - x.spread[from]
		if n <= 0 {
			continue
		}
		peak := 1 / (hi - lo)
		if k > 2 {
			peak /= math.Sqrt(math.Pi / 6 * float64(k))
		}
		gain, mass := x.gain[to]-x.gain[from], (x.mass[to]-x.mass[from])/n
		for m := range sum {
			v := peak * s.weight[m][k-1]
			if v == 0 {
				continue
			}
			ratios, share := gain+n*s.ln.up(v), mass/v
			for c := range sum[m] {
				b := backs[c]
				sum[m][c] += max(0, ratios+n*(s.ln.up((1-b)+b*share)-s.lnOut[c]))
			}
		}
	}
	for m := range sum {
		for c := range sum[m] {
			best = max(best, sum[m][c])
		}
	}
	return best + w.lnPrior
}

// window gives the points that a range touches.
func (x *sample) window(bottom, top float64) (from, to int) {
	ends := x.d
	if x.binned() {
		ends = x.top
	}
	from = firstFrom(ends, bottom, true)
	return from, max(from, firstFrom(x.d, top, false))
}

// firstFrom is the place of the first value that is at least (or, without orEqual, above) v in an ascending list.
func firstFrom(list []float64, v float64, orEqual bool) int {
	low, high := 0, len(list)
	for low < high {
		h := (low + high) / 2
		if list[h] < v || !orEqual && list[h] == v {
			low = h + 1
		} else {
			high = h
		}
	}
	return low
}

// mostRatio bounds p/f0 so that products of 16 stay finite; a fitted null never comes near it.
const mostRatio = 1e15

// ratioSums is Σ count ln((1-c) p/f0 + c) for the four backgrounds: products first, one logarithm per 16 points.
func (s *search) ratioSums(p, f0, count []float64) [4]float64 {
	const c0, c1, c2, c3 = .02, .2, .5, .8
	var sum [4]float64
	a0, a1, a2, a3 := 1.0, 1.0, 1.0, 1.0
	held := 0
	zero := 0
	for i, f := range f0 {
		n := count[i]
		if p[i] <= 0 && n == 1 {
			zero++
			continue
		}
		u := min(p[i]/f, mostRatio)
		if n != 1 {
			sum[0] += n * s.ln.at((1-c0)*u+c0)
			sum[1] += n * s.ln.at((1-c1)*u+c1)
			sum[2] += n * s.ln.at((1-c2)*u+c2)
			sum[3] += n * s.ln.at((1-c3)*u+c3)
			continue
		}
		a0 *= (1-c0)*u + c0
		a1 *= (1-c1)*u + c1
		a2 *= (1-c2)*u + c2
		a3 *= (1-c3)*u + c3
		if held++; held == 16 {
			sum[0] += s.ln.at(a0)
			sum[1] += s.ln.at(a1)
			sum[2] += s.ln.at(a2)
			sum[3] += s.ln.at(a3)
			a0, a1, a2, a3, held = 1, 1, 1, 1, 0
		}
	}
	if held > 0 {
		sum[0] += s.ln.at(a0)
		sum[1] += s.ln.at(a1)
		sum[2] += s.ln.at(a2)
		sum[3] += s.ln.at(a3)
	}
	z := float64(zero)
	return [4]float64{sum[0] + z*lnC0, sum[1] + z*lnC1, sum[2] + z*lnC2, sum[3] + z*lnC3}
}

// The logarithms of the backgrounds .02, .2, .5, .8.
const (
	lnC0 = -3.912023005428146
	lnC1 = -1.6094379124341003
	lnC2 = -0.6931471805599453
	lnC3 = -0.2231435513142097
)

// lnTable is the logarithm of a positive normal number by table: up is an upper bound at most a thousandth too high, at
// is right to 1e-9.
type lnTable struct{ low, high []float64 }

const lnBits = 10

func newLnTable() lnTable {
	t := lnTable{make([]float64, 1<<lnBits), make([]float64, 1<<lnBits)}
	for i := range t.low {
		t.low[i] = math.Log1p(float64(i)/(1<<lnBits)) - 1023*math.Ln2
		t.high[i] = math.Log1p(float64(i+1)/(1<<lnBits)) - 1023*math.Ln2
	}
	return t
}

func (l *lnTable) up(x float64) float64 {
	b := math.Float64bits(x)
	return float64(b>>52)*math.Ln2 + l.high[b>>(52-lnBits)&(1<<lnBits-1)]
}

func (l *lnTable) at(x float64) float64 {
	b := math.Float64bits(x)
	i := b >> (52 - lnBits) & (1<<lnBits - 1)
	m := math.Float64frombits(b&(1<<52-1) | 1023<<52)
	low := 1 + float64(i)/(1<<lnBits)
	r := (m - low) / low
	return float64(b>>52)*math.Ln2 + l.low[i] + r*(1-r*(.5-r/3))
}
