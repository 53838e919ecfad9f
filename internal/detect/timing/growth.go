package timing

import (
	"math"
	"slices"
)

// Schedule names how a growing schedule goes on.
type Schedule uint8

// The schedules: each interval follows from the two before it.
const (
	NotGrowing Schedule = iota
	ByStep              // longer by the same time each time
	ByFactor            // longer by the same factor each time
	BySum               // the sum of the two before
)

func (s Schedule) String() string {
	return [...]string{"not growing", "longer by the same step", "longer by the same factor", "the sum of the last two"}[min(s, BySum)]
}

// Growth is a schedule whose intervals grow by a rule. It is evidence of a program, not of a beat, and not part of S:
// a client that backs off grows, too.
type Growth struct {
	Schedule Schedule
	S        float64 // evidence against the null, nats, the choice of rule paid
	Factor   float64 // median ratio of an interval to the one before
}

// finding is the score from which a schedule is named.
const finding = 5

// leastGrowth is the median ratio below which intervals do not grow.
const leastGrowth = 1.02

// growth looks for a rule in the intervals of the last Gap call, in order of time: each is predicted from the two before
// it, with a tolerance, and weighed against the fitted null.
func (s *Scorer) growth(slack float64) Growth {
	n := len(s.rowD)
	if n < LeastIntervals+1 {
		return Growth{}
	}
	s.other = sized(s.other, n)
	for i, o := range s.order {
		s.other[o] = s.sample.f0[i]
	}
	s.sorted = s.sorted[:0]
	for i := 1; i < n; i++ {
		s.sorted = append(s.sorted, s.rowD[i]/s.rowD[i-1])
	}
	slices.Sort(s.sorted)
	factor := s.sorted[len(s.sorted)/2]
	if factor < leastGrowth {
		return Growth{}
	}
	best := Growth{S: finding}
	for kind := ByStep; kind <= BySum; kind++ {
		for _, tolerance := range [3]float64{.01, .03, .1} {
			for _, c := range [2]float64{.02, .2} {
				score := -slack - math.Log(18)
				for i := 2; i < n; i++ {
					score += math.Log(c + (1-c)*foretold(kind, tolerance, s.rowD[i-2:i+1])/s.other[i])
				}
				if score > best.S {
					best = Growth{kind, score, factor}
				}
			}
		}
	}
	if best.Schedule == NotGrowing {
		return Growth{}
	}
	return best
}

// foretold is the density of the third interval given the two before.
func foretold(kind Schedule, tolerance float64, d []float64) float64 {
	var aim float64
	switch kind {
	case ByStep:
		aim = 2*d[1] - d[0]
	case ByFactor:
		aim = d[1] * d[1] / d[0]
	case BySum:
		aim = d[1] + d[0]
	}
	if !(aim > 0) || math.Abs(d[2]-aim) > tolerance*aim {
		return 0
	}
	return 1 / (2 * tolerance * aim)
}
