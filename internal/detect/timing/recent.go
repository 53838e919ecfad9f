package timing

import (
	"math"
	"slices"
)

// plenty is the score at which a key needs no further looks: evidence saturates (5 is a finding).
const plenty = 12

// What a key's score may rest on shares one prior, so that looking at several things is paid for: all wake-ups kept 3/8,
// the histogram 3/8, a change of the sleep 1/8, the last day and the last hour 1/16 each.
const (
	lnWhole  = -.9808292530117262 // ln 3/8
	lnBins   = lnWhole
	lnChange = -3 * math.Ln2
	lnWindow = -4 * math.Ln2
)

// recent scores the wake-ups a key keeps at one gap: all, the last day, the last hour, and before and after a change.
func (s *Scorer) recent(wakeUps []float64, now, gap float64, set Setting) Result {
	best := s.Gap(wakeUps, gap, set)
	if best.N == 0 {
		return best
	}
	growth := s.growth(best.Slack)
	best.S += lnWhole
	best.Basis = Recent
	s.keepBeats(&best)
	take := func(r Result, basis Basis, price float64) {
		r.S += price
		if r.S > best.S {
			r.Basis = basis
			s.keepBeats(&r)
			best = r
		}
	}
	if best.S < plenty {
		n := len(wakeUps)
		for _, w := range [2]struct {
			span  float64
			basis Basis
		}{{86400, LastDay}, {3600, LastHour}} {
			from := 0
			for from < len(wakeUps) && wakeUps[from] < now-w.span {
				from++
			}
			if rest := len(wakeUps) - from; from > 0 && rest > LeastIntervals && rest*5 <= n*4 && best.S < plenty && s.tight(wakeUps[from:]) {
				part := set
				part.least = max(best.S, finding+lnGaps) - lnWindow
				take(s.Gap(wakeUps[from:], gap, part), w.basis, lnWindow)
				n = rest
			}
		}
		if best.S < plenty {
			part := set
			part.least = leastPart
			r, price := s.changed(wakeUps, gap, part)
			take(r, Change, price+lnChange)
		}
	}
	best.Growth = growth
	return best
}

// changed splits the wake-ups where their intervals change most and adds the evidence of the parts that are periodic.
// The price is that of the place and of the reading.
func (s *Scorer) changed(wakeUps []float64, gap float64, set Setting) (Result, float64) {
	at := s.split(wakeUps)
	if at == 0 || !s.tight(wakeUps[:at+1]) && !s.tight(wakeUps[at:]) {
		return nothing(), 0
	}
	place := -math.Log(float64(len(wakeUps) - 2))
	left := s.Gap(wakeUps[:at+1], gap, set)
	right := s.Gap(wakeUps[at:], gap, set)
	sum, later, earlier := left.S+right.S+lnBoth, right.S+lnLater, left.S+lnEarlier
	switch {
	case sum >= later && sum >= earlier:
		right.Before = Regime{left.S, left.Hi, left.W, left.Period, left.N}
		right.S += left.S
		return right, place + lnBoth
	case earlier > later:
		left.Beats = nil // overwritten
		return left, place + lnEarlier
	}
	return right, place + lnLater
}

// What a change may mean shares one prior: both parts are periodic 1/2, only the later 3/8, only the earlier 1/8.
const (
	lnBoth    = -math.Ln2
	lnLater   = lnWhole
	lnEarlier = -3 * math.Ln2
)

// mostSpread is how far apart, on the logarithmic scale, the quartiles of a part's intervals may lie for it to be worth a
// look. Memoryless waits lie 1.6 apart; beats of which a third is missed 0.7 and their jitter, and more missed beats or more
// jitter do not show in so few intervals.
const mostSpread = 1.0

// tight reports whether the middle half of the intervals is that close.
func (s *Scorer) tight(wakeUps []float64) bool {
	s.sorted = s.sorted[:0]
	for i := 1; i < len(wakeUps); i++ {
		s.sorted = append(s.sorted, max(shortest, wakeUps[i]-wakeUps[i-1]))
	}
	slices.Sort(s.sorted)
	n := len(s.sorted)
	return n > 0 && math.Log(s.sorted[n*3/4]/s.sorted[n/4]) <= mostSpread
}

// leastChange is the gain in log likelihood from which a change is worth a look.
const leastChange = 7

// leastPart is the S_g below which a part of a changed sleep adds too little to be searched for.
const leastPart = 3

// split finds the interval after which mean and variance of ln d change most (normal log likelihood); 0 for none.
func (s *Scorer) split(wakeUps []float64) int {
	n := len(wakeUps) - 1
	if n < 2*LeastIntervals {
		return 0
	}
	s.other = sized(s.other, 2*n+2)
	sum, square := s.other[:n+1], s.other[n+1:2*n+2]
	sum[0], square[0] = 0, 0
	for i := range n {
		y := math.Log(min(longest, max(shortest, wakeUps[i+1]-wakeUps[i])))
		sum[i+1], square[i+1] = sum[i]+y, square[i]+y*y
	}
	cost := func(a, b int) float64 {
		m := float64(b - a)
		mean := (sum[b] - sum[a]) / m
		return m * math.Log(1e-4+max(0, (square[b]-square[a])/m-mean*mean))
	}
	best, at, all := leastChange*2.0, 0, cost(0, n)
	for i := LeastIntervals; i <= n-LeastIntervals; i++ {
		if g := all - cost(0, i) - cost(i, n); g > best {
			best, at = g, i
		}
	}
	return at
}
