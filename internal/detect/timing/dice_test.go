package timing

import (
	"math"
	"math/rand/v2"
	"slices"
)

// dice makes the times that the tests score. Everything is drawn from a named seed.
type dice struct{ *rand.Rand }

func newDice(group, seed uint64) dice { return dice{rand.New(rand.NewPCG(11+group, seed))} }

// start is where the made-up times begin: a Monday.
const start = 1_700_438_400.0

func (d dice) renewal(n int, next func() float64) []float64 {
	t := start + d.Float64()*3600
	out := make([]float64, 0, n)
	for range n {
		out = append(out, t)
		t += next()
	}
	return out
}

func (d dice) poisson(mean float64, n int) []float64 {
	return d.renewal(n, func() float64 { return d.ExpFloat64() * mean })
}

func (d dice) lognormal(mid, sigma float64, n int) []float64 {
	return d.renewal(n, func() float64 { return mid * math.Exp(sigma*d.NormFloat64()) })
}

// until makes a renewal process of a length in seconds.
func (d dice) until(span float64, next func() float64) []float64 {
	t := start + d.Float64()*min(next(), span/4)
	var out []float64
	for end := start + span; t < end; t += next() {
		out = append(out, t)
	}
	return out
}

// plan is a beacon.
type plan struct {
	period  float64
	jitter  float64 // sleep U[p(1-j), p]
	around  bool    // sleep U[p(1-j), p(1+j)] instead
	missed  float64
	count   int     // wake-ups, or
	span    float64 // seconds
	foreign float64 // foreign events per beat
	bursts  bool    // one to four connections each time
	hours   bool    // 09-17 h only
	growth  float64 // each sleep is so much longer
}

func (d dice) beacon(p plan) []float64 {
	sleep := func() float64 {
		v := p.period * (1 - p.jitter*d.Float64())
		if p.around {
			v = p.period * (1 + p.jitter*(2*d.Float64()-1))
		}
		if p.growth > 0 {
			p.period *= p.growth
		}
		return v
	}
	var out []float64
	t := start + d.Float64()*p.period
	for (p.span == 0 || t < start+p.span) && (p.count == 0 || len(out) < p.count) {
		hour := math.Mod(t, 86400) / 3600
		if d.Float64() >= p.missed && (!p.hours || hour >= 9 && hour < 17) {
			out = append(out, t)
			for k := 0; p.bursts && k < d.IntN(4); k++ {
				out = append(out, t+d.Float64()*5)
			}
		}
		t += sleep()
	}
	if p.foreign > 0 {
		first, last := out[0], out[len(out)-1]
		for range int(float64(len(out)) * p.foreign) {
			out = append(out, first+d.Float64()*(last-first))
		}
	}
	slices.Sort(out)
	return out
}
