package timing

import (
	"math"
	"slices"
)

// A cell is one row of the simulated table: how its times are made, and what the specification measured.
type cell struct {
	name   string
	make   func(d dice) []float64
	median float64 // of S where the specification gives one, else 0
	share  float64 // of keys with S > 5
}

const (
	minute = 60.0
	hour   = 3600.0
	day    = 86400.0
)

func nulls() []cell {
	renewal := func(span float64, next func(d dice) func() float64) func(d dice) []float64 {
		return func(d dice) []float64 { return d.until(span, next(d)) }
	}
	poisson := func(mean float64) func(d dice) func() float64 {
		return func(d dice) func() float64 { return func() float64 { return mean * d.ExpFloat64() } }
	}
	lognormal := func(mid, sigma float64) func(d dice) func() float64 {
		return func(d dice) func() float64 { return func() float64 { return mid * math.Exp(sigma*d.NormFloat64()) } }
	}
	return []cell{
		{name: "poisson 60 s, 24 h", make: renewal(day, poisson(minute))},
		{name: "poisson 60 s, 1 h", make: renewal(hour, poisson(minute))},
		{name: "poisson 1 h, 7 d", make: renewal(7*day, poisson(hour))},
		{name: "poisson 3 a day, 14 d", make: renewal(14*day, poisson(8*hour))},
		{name: "lognormal 1", make: renewal(day, lognormal(120, 1))},
		{name: "lognormal 1.5", make: renewal(day, lognormal(120, 1.5))},
		{name: "lognormal 2", make: renewal(day, lognormal(120, 2))},
		{name: "hyper-exponential", make: renewal(day, func(d dice) func() float64 {
			return func() float64 { return d.ExpFloat64() * pick(d.Float64() < .7, 10, 900) }
		})},
		{name: "weibull .6", make: renewal(day, func(d dice) func() float64 {
			return func() float64 { return 120 * math.Pow(d.ExpFloat64(), 1/.6) }
		})},
		{name: "browsing 24 h", make: func(d dice) []float64 { return d.browsing(day) }},
		{name: "browsing 7 d", make: func(d dice) []float64 { return d.browsing(7 * day) }},
		{name: "3 office visits a day", make: func(d dice) []float64 { return d.office(14, 3) }},
		{name: "office-hours poisson", make: func(d dice) []float64 { return d.office(7, 40) }},
		{name: "day-profile poisson 14 d", make: func(d dice) []float64 { return d.profile(14, 30) }},
		{name: "gamma shape 2", make: renewal(day, func(d dice) func() float64 {
			return func() float64 { return 150 * (d.ExpFloat64() + d.ExpFloat64()) }
		})},
	}
}

// hardNulls are not memoryless; the specification says how often they pass.
func hardNulls() []cell {
	return []cell{
		{name: "keep-alive 65 s + 120 s", share: .09, make: func(d dice) []float64 {
			return d.until(day, func() float64 { return 65 + 120*d.ExpFloat64() })
		}},
		{name: "doubling back-off", share: .03, make: func(d dice) []float64 {
			wait := 0.0
			return d.until(day, func() float64 { // each try waits twice as long, up to a random give-up; then a new need
				if wait *= 2; wait == 0 || d.Float64() < .2 {
					wait = 2 + d.ExpFloat64()*30
					return d.ExpFloat64() * 1800
				}
				return wait
			})
		}},
		{name: "gamma shape 4", share: .35, make: func(d dice) []float64 {
			return d.until(day, func() float64 {
				return 75 * (d.ExpFloat64() + d.ExpFloat64() + d.ExpFloat64() + d.ExpFloat64())
			})
		}},
		{name: "one visit each morning", share: 1, make: func(d dice) []float64 {
			var out []float64
			for i := range 14 {
				out = append(out, start+float64(i)*day+(8+2*d.Float64())*hour)
			}
			return out
		}},
	}
}

func beacons() []cell {
	of := func(p plan) func(d dice) []float64 {
		if p.span == 0 {
			p.span = day
		}
		return func(d dice) []float64 { return d.beacon(p) }
	}
	changed := func(a, b plan) func(d dice) []float64 {
		return func(d dice) []float64 {
			a.span, b.span = day/2, day/2
			out := d.beacon(a)
			for _, t := range d.beacon(b) {
				out = append(out, t+day/2)
			}
			slices.Sort(out)
			return out
		}
	}
	return []cell{
		{"60 s j0", of(plan{period: 60}), 5119, 1},
		{"60 s j20", of(plan{period: 60, jitter: .2}), 2839, 1},
		{"60 s j50", of(plan{period: 60, jitter: .5}), 1403, 1},
		{"60 s j95", of(plan{period: 60, jitter: .95}), 531, 1},
		{"60 s around 50", of(plan{period: 60, jitter: .5, around: true}), 658, 1},
		{"300 s j20 missed 30", of(plan{period: 300, jitter: .2, missed: .3}), 243, 1},
		{"300 s j20 missed 60", of(plan{period: 300, jitter: .2, missed: .6}), 69, 1},
		{"300 s j50 missed 30", of(plan{period: 300, jitter: .5, missed: .3}), 35, 1},
		{"300 s j50 missed 60", of(plan{period: 300, jitter: .5, missed: .6}), -6.5, 0},
		{"300 s j95", of(plan{period: 300, jitter: .95}), 111, 1},
		{"300 s j95 missed 30", of(plan{period: 300, jitter: .95, missed: .3}), 6.7, .65},
		{"300 s j20, 09-17 h", of(plan{period: 300, jitter: .2, hours: true}), 179, 1},
		{"300 s j50, 4 h", of(plan{period: 300, jitter: .5, span: 4 * hour}), 39, 1},
		{"300 s j20, 1 h", of(plan{period: 300, jitter: .2, span: hour}), 11.5, 1},
		{"60 s j20, 1 h", of(plan{period: 60, jitter: .2, span: hour}), 107, 1},
		{"60 s j50, 1 h", of(plan{period: 60, jitter: .5, span: hour}), 48, 1},
		{"60 s j95, 1 h", of(plan{period: 60, jitter: .95, span: hour}), 12.2, .9},
		{"6 h, 4 d", of(plan{period: 6 * hour, jitter: .2, span: 4 * day}), 20, 1},
		{"6 h, 7 d", of(plan{period: 6 * hour, jitter: .2, span: 7 * day}), 43, 1},
		{"12 h, 7 d", of(plan{period: 12 * hour, jitter: .2, span: 7 * day}), 16, 1},
		{"12 h j37, 14 d", of(plan{period: 12 * hour, jitter: .37, span: 14 * day}), 27, 1},
		{"24 h j10, 14 d", of(plan{period: day, jitter: .1, span: 14 * day}), 25, 1},
		{"60 to 300 s j20", changed(plan{period: 60, jitter: .2}, plan{period: 300, jitter: .2}), 414, 1},
		{"60 to 600 s j50", changed(plan{period: 60, jitter: .5}, plan{period: 600, jitter: .5}), 522, 1},
		{"300 s j20, .3 foreign", of(plan{period: 300, jitter: .2, foreign: .3}), 320, 1},
		{"300 s j20, 1 foreign", of(plan{period: 300, jitter: .2, foreign: 1}), 124, 1},
		{"300 s j20, bursts", of(plan{period: 300, jitter: .2, bursts: true}), 561, 1},
	}
}

func pick(cond bool, a, b float64) float64 {
	if cond {
		return a
	}
	return b
}

// browsing is sessions: pages after lognormal reading times, a few connections each.
func (d dice) browsing(span float64) []float64 {
	var out []float64
	for t := start + d.ExpFloat64()*hour; t < start+span; t += d.ExpFloat64() * 2 * hour {
		at := t
		for range 1 + d.IntN(15) {
			for range 1 + d.IntN(4) {
				out = append(out, at+d.ExpFloat64()*2)
			}
			at += 25 * math.Exp(1.1*d.NormFloat64())
		}
	}
	slices.Sort(out)
	return out
}

// office is visits uniform over 08-18 h of each working day, in number Poisson.
func (d dice) office(days int, perDay float64) []float64 {
	var out []float64
	for i := range days {
		if i%7 >= 5 {
			continue
		}
		for t := d.ExpFloat64() / perDay; t < 1; t += d.ExpFloat64() / perDay {
			out = append(out, start+float64(i)*day+(8+10*t)*hour)
		}
	}
	return out
}

// profile is Poisson with a rate that follows the day.
func (d dice) profile(days int, perDay float64) []float64 {
	var out []float64
	for t := start; t < start+float64(days)*day; {
		t += d.ExpFloat64() * day / perDay / 2
		if d.Float64() < (1+math.Sin((math.Mod(t, day)/day-.3)*2*math.Pi))/2 {
			out = append(out, t)
		}
	}
	return out
}
