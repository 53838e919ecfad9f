package timing

import (
	"math"
	"slices"
)

// A Setting is what a score must know of the source of the times.
type Setting struct {
	Resolution float64   // of the stamps, seconds; 1 for whole seconds, 0 when finer than milliseconds
	Activity   *Activity // of the key's host; used when the key spans at least three days; may be nil
	Exact      bool      // search on where S >= 0 is impossible; without it, such an S comes out lower or -Inf, sooner

	least float64 // the S_g that matters to the caller, above idle
}

// idle is the score of one gap below which a search does not look further: far from any finding.
const idle = 0

// floor is the score below which a search need not look.
func (set Setting) floor() float64 {
	if set.Exact {
		return math.Inf(-1)
	}
	return max(idle, set.least)
}

// A Result is the timing evidence of one key.
type Result struct {
	S     float64 // evidence for a beat against every mixture of waits, nats, all searching paid; NaN never, -Inf below LeastIntervals
	Gap   float64 // the idle gap that gave S, seconds
	N     int     // intervals weighed there
	Basis Basis   // which intervals those were

	Hi, W, M, C float64 // the best beat: sleep U[Hi(1-W), Hi], share missed, share of foreign intervals
	Period      float64 // median time from beat to beat, seconds
	Cover       float64 // share of the time weighed that beats fill
	Run         float64 // the same between the first and the last tenth of the beats
	L0, Slack   float64 // the null: log likelihood, and how far the fit may be from the best
	LnPrior     float64

	Before Regime    // when the sleep changed and both parts count: the earlier part; else N is 0
	Growth Growth    // a growing schedule, when there is one
	Beats  []float64 // of each interval in order of time: probability that it is a beat. Valid until the next score; nil for a histogram
}

// Jitter is the share by which the sleep is shortened (Cobalt Strike's reading): U[hi(1-w), hi].
func (r Result) Jitter() float64 { return r.W }

// JitterAround is the other reading of the same window: sleep p(1-j) to p(1+j).
func (r Result) JitterAround() (period, jitter float64) {
	return r.Hi * (1 - r.W/2), r.W / (2 - r.W)
}

// L1 is the log likelihood of the best beat.
func (r Result) L1() float64 { return r.S - r.LnPrior + r.L0 + r.Slack }

// Basis says which intervals a score rests on.
type Basis uint8

// The bases of a score.
const (
	None      Basis = iota // too few intervals
	All                    // every interval there was
	Recent                 // the last wake-ups kept
	LastHour               // those of the last hour
	LastDay                // those of the last day
	Histogram              // all, by their lengths only
	Change                 // since (and before) a change of the sleep
)

func (b Basis) String() string {
	return [...]string{"none", "all", "recent", "last hour", "last day", "histogram", "change"}[min(b, Change)]
}

// A Regime is one part of a key's life.
type Regime struct {
	S, Hi, W, Period float64
	N                int
}

// A Scorer scores keys one after the other; it keeps scratch memory and belongs to one goroutine.
type Scorer struct {
	decay   decay
	kernels kernels
	fit     fit
	search  search
	sample  sample
	packed  sample // fewer points for the fit of many intervals
	order   []int  // of sorted intervals: place in time; of occupied bins: the bin
	all     []float64
	other   []float64
	rowD    []float64
	beats   []float64
	best    []float64 // beats of the best so far
	won     []float64
	sorted  []float64
	bins    binTables
	counts  [binCount]float64
}

// NewScorer makes a Scorer.
func NewScorer() *Scorer {
	return &Scorer{decay: newDecay(), search: newSearch(), bins: newBinTables()}
}

func nothing() Result { return Result{S: math.Inf(-1)} }

// lnGaps is what trying three gaps costs: ln 3.
const lnGaps = 1.0986122886681098

// Starts scores all starts of a key's connections (seconds, ascending) at the three gaps: S = max S_g - ln 3.
func (s *Scorer) Starts(starts []float64, set Setting) Result {
	best := nothing()
	done := -1
	gaps := Gaps()
	for g := len(gaps) - 1; g >= 0; g-- {
		s.all = WakeUps(s.all[:0], starts, gaps[g])
		if len(s.all) == done {
			continue // the same wake-ups as at the longer gap, whose null is a part of this one's
		}
		done = len(s.all)
		r := s.Gap(s.all, gaps[g], set)
		r.S -= lnGaps
		if r.S > best.S {
			s.keepBeats(&r)
			best = r
		}
	}
	return best
}

// keepBeats moves the probabilities of r to where the next score does not touch them.
func (s *Scorer) keepBeats(r *Result) {
	s.best = append(s.best[:0], r.Beats...)
	if r.Beats != nil {
		r.Beats = s.best
	}
}

// Gap scores wake-ups (seconds, ascending) at one gap: S_g.
func (s *Scorer) Gap(wakeUps []float64, gap float64, set Setting) Result {
	n := len(wakeUps) - 1
	if n < LeastIntervals {
		return nothing()
	}
	x := &s.sample
	if !s.intervals(wakeUps, gap) {
		return nothing()
	}
	y := s.null(x, wakeUps, gap, set)
	b, slack := s.seek(x, y, set)
	r := Result{Gap: gap, N: n, Basis: All, Slack: slack}
	r.L0 = logSum(x.f0, x.count)
	s.describe(&r, b)
	s.posterior(&r, x, b)
	return r
}

// seek fits the null of x on y (x itself, or packed) and searches the best beat. Unless all is asked for, a rough fit
// comes first, and only what may then still reach the floor is fitted to the end.
func (s *Scorer) seek(x, y *sample, set Setting) (b beat, slack float64) {
	floor := set.floor()
	if !set.Exact {
		s.fit.run(&s.kernels, y, rough)
		s.spreadNull(x, y)
		if b = s.search.best(x, set.Resolution, floor-2*rough); b.score < floor-2*rough {
			return b, s.fit.slack
		}
		if s.fit.slack < enough {
			return b, s.fit.slack
		}
		s.fit.improve(&s.kernels, y, enough)
	} else {
		s.fit.run(&s.kernels, y, enough)
	}
	s.spreadNull(x, y)
	return s.search.best(x, set.Resolution, floor), s.fit.slack
}

func (s *Scorer) describe(r *Result, b beat) {
	r.S = b.score - r.Slack
	if math.IsInf(b.score, -1) || math.IsNaN(r.S) {
		r.S = math.Inf(-1)
		return
	}
	r.Hi, r.W, r.M, r.C = b.hi, b.w, b.m, b.c
	r.LnPrior = b.lnPrior
}

// intervals fills the sample with the cut intervals in ascending order, and order with their places in time.
func (s *Scorer) intervals(wakeUps []float64, gap float64) bool {
	n := len(wakeUps) - 1
	x := &s.sample
	x.d, x.count, x.top = sized(x.d, n), sized(x.count, n), x.top[:0]
	s.rowD, s.order = sized(s.rowD, n), sized(s.order, n)
	for i := range n {
		d := wakeUps[i+1] - wakeUps[i]
		if math.IsNaN(d) {
			return false
		}
		s.rowD[i], s.order[i], x.count[i] = min(longest, max(shortest, gap, d)), i, 1
	}
	x.n = float64(n)
	slices.SortFunc(s.order, func(a, b int) int {
		switch {
		case s.rowD[a] < s.rowD[b]:
			return -1
		case s.rowD[a] > s.rowD[b]:
			return 1
		}
		return a - b
	})
	for i, o := range s.order {
		x.d[i] = s.rowD[o]
	}
	return true
}

// null builds the null's kernels and gives the points to fit them on.
func (s *Scorer) null(x *sample, wakeUps []float64, gap float64, set Setting) *sample {
	span := wakeUps[len(wakeUps)-1] - wakeUps[0]
	lively := set.Activity != nil && span >= leastSpan
	if len(x.d) <= mostPoints || lively {
		s.kernels.fill(x.d, gap, &s.decay)
		if lively {
			s.kernels.activity(s, set.Activity, wakeUps)
		}
		return x
	}
	s.pack(x)
	s.kernels.fill(s.packed.d, gap, &s.decay)
	return &s.packed
}

// spreadNull computes the density of the null fitted on y at the points of x.
func (s *Scorer) spreadNull(x, y *sample) {
	if x == y {
		return
	}
	x.f0 = sized(x.f0, len(x.d))
	for i, d := range x.d {
		f := 0.0
		for h, j := range s.fit.held {
			f += s.fit.weight[h] * s.kernels.row[j].densityAt(d)
		}
		x.f0[i] = f
	}
}

// mostPoints is how many intervals are fitted one by one; more are packed into two points per step of the shifts' grid.
const mostPoints = 64

// pack replaces the intervals between two neighbouring shifts by two points of the same mean and variance. Kernels are
// smooth there, so the fit differs by a thousandth of a nat.
func (s *Scorer) pack(x *sample) {
	p := &s.packed
	p.d, p.count, p.top, p.n = p.d[:0], p.count[:0], p.top[:0], x.n
	edge := x.d[0] / 2
	up := math.Exp(stepShift)
	for i := 0; i < len(x.d); {
		for edge*up <= x.d[i] {
			edge *= up
		}
		j, sum, squares := i, 0.0, 0.0
		for ; j < len(x.d) && x.d[j] < edge*up; j++ {
			y := x.d[j] - x.d[i]
			sum += y
			squares += y * y
		}
		n := float64(j - i)
		mean := sum / n
		dev := math.Sqrt(max(0, squares/n-mean*mean))
		if dev < 1e-9*x.d[i] {
			p.d, p.count = append(p.d, x.d[i]+mean), append(p.count, n)
		} else {
			p.d = append(p.d, max(edge, x.d[i]+mean-dev), min(edge*up*(1-1e-12), x.d[i]+mean+dev))
			p.count = append(p.count, n/2, n/2)
		}
		i = j
	}
}

// posterior fills Period, Cover, Run and Beats.
func (s *Scorer) posterior(r *Result, x *sample, b beat) {
	if math.IsInf(r.S, -1) {
		return
	}
	s.search.densities(x, b.hi, b.w)
	s.beats = sized(s.beats, len(x.d))
	for i, o := range s.order {
		p := (1 - b.c) * s.search.p[b.miss][i]
		s.beats[o] = p / (p + b.c*x.f0[i])
	}
	s.sorted = s.sorted[:0]
	beats, sum, filled := 0, 0.0, 0.0
	for i, d := range s.rowD {
		sum += d
		filled += s.beats[i] * d
		if s.beats[i] > .5 {
			beats++
			s.sorted = append(s.sorted, d/s.search.likeliest(d, b))
		}
	}
	r.Period = median(s.sorted, b.hi*(1-b.w/2))
	r.Cover = filled / sum
	r.Run = run(s.beats, s.rowD, beats)
	r.Beats = s.beats
}

// likeliest is the most probable number of beats in an interval.
func (s *search) likeliest(d float64, b beat) float64 {
	best, at := -1.0, 1.0
	for k := 1; k <= mostBeats; k++ {
		if v := s.weight[b.miss][k-1] * s.density(k, b.hi*(1-b.w), b.hi, d); v > best {
			best, at = v, float64(k)
		}
	}
	return at
}

// median sorts its argument; without values it gives the fallback.
func median(v []float64, fallback float64) float64 {
	if len(v) == 0 {
		return fallback
	}
	slices.Sort(v)
	h := len(v) / 2
	if len(v)%2 == 1 {
		return v[h]
	}
	return (v[h-1] + v[h]) / 2
}

// run is the share of time that beats fill from the first to the last tenth of them.
func run(beats, d []float64, total int) float64 {
	if total == 0 {
		return 0
	}
	first, last := total/10, total-1-total/10
	seen, sum, filled := 0, 0.0, 0.0
	for i, p := range beats {
		isBeat := p > .5
		if (seen > first || seen == first && isBeat) && seen <= last {
			sum += d[i]
			filled += p * d[i]
		}
		if isBeat {
			seen++
		}
	}
	if sum == 0 {
		return 0
	}
	return filled / sum
}
