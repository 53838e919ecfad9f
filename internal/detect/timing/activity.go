package timing

import "math"

// leastSpan is how long a key must be known before its host's activity may explain it.
const leastSpan = 3 * 86400.0

// Activity is when a host is busy: the share of its other connections by hour of the week, mean 1. Under it a person
// who is there three times a day looks as random as they are. A daily habit stays periodic: time cannot exclude it.
type Activity struct {
	rate [168]float64 // per hour from Monday 00:00 UTC
	sum  [169]float64 // integral up to the hour, in seconds
}

// mondayShift is the hour of the week at the Unix epoch, a Thursday.
const mondayShift = 72

// NewActivity takes 24 weights by UTC hour or 168 by hour of the week from Monday 00:00 UTC, in any unit. It gives nil
// when the number is another or all are zero.
func NewActivity(weights []float64) *Activity {
	if len(weights) != 24 && len(weights) != 168 {
		return nil
	}
	total := 0.0
	for _, w := range weights {
		if w > 0 && !math.IsInf(w, 1) {
			total += w
		}
	}
	if !(total > 0) || math.IsInf(total, 1) {
		return nil
	}
	a := &Activity{}
	for h := range a.rate {
		w := weights[h%len(weights)]
		if !(w > 0) || math.IsInf(w, 1) {
			w = 0
		}
		a.rate[h] = max(.1, w/total*float64(len(weights)))
	}
	for h, r := range a.rate {
		a.sum[h+1] = a.sum[h] + 3600*r
	}
	return a
}

// at gives the rate at a Unix time and its integral since the epoch's week.
func (a *Activity) at(t float64) (rate, integral float64) {
	t += mondayShift * 3600
	weeks := math.Floor(t / (168 * 3600))
	t -= weeks * 168 * 3600
	h := min(167, max(0, int(t/3600)))
	return a.rate[h], weeks*a.sum[168] + a.sum[h] + (t-float64(h)*3600)*a.rate[h]
}

// activity adds the kernels a(t) e^(-ΔA/σ)/σ: memoryless in the host's own time.
func (k *kernels) activity(s *Scorer, a *Activity, wakeUps []float64) {
	n := len(s.order)
	s.other = sized(s.other, 2*n)
	rate, grown := s.other[:n], s.other[n:2*n]
	least, most := math.Inf(1), 0.0
	for i, o := range s.order {
		_, before := a.at(wakeUps[o])
		var after float64
		rate[i], after = a.at(wakeUps[o+1])
		grown[i] = max(1, after-before)
		least, most = min(least, grown[i]), max(most, grown[i])
	}
	k.family = append(k.family, len(k.row))
	up := math.Exp(stepSigma)
	for σ := least / 4; σ <= 4*most*(1+1e-9); σ *= up {
		at := len(k.value)
		for i, g := range grown {
			v := 0.0
			if y := g / σ; y < tooFar {
				v = rate[i] / σ * s.decay.at(y)
			}
			k.value = append(k.value, v)
		}
		k.row = append(k.row, rowSpan{at: at, to: n, scale: σ})
	}
}
