package timing

import (
	"encoding/binary"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// sound fails when a result holds what is no number or out of its range.
func sound(t interface {
	Helper()
	Errorf(string, ...any)
}, r Result,
) {
	t.Helper()
	if math.IsNaN(r.S) || math.IsInf(r.S, 1) {
		t.Errorf("S = %v", r.S)
	}
	for name, v := range map[string]float64{
		"hi": r.Hi, "w": r.W, "m": r.M, "c": r.C, "period": r.Period, "cover": r.Cover, "run": r.Run,
		"L0": r.L0, "slack": r.Slack, "before": r.Before.S, "growth": r.Growth.S, "factor": r.Growth.Factor,
	} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("%s = %v", name, v)
		}
	}
	if r.Cover < 0 || r.Cover > 1+1e-9 || r.Run < 0 || r.Run > 1+1e-9 {
		t.Errorf("cover %v, run %v", r.Cover, r.Run)
	}
	for _, b := range r.Beats {
		if !(b >= 0 && b <= 1) {
			t.Errorf("a beat with probability %v", b)
		}
	}
}

// TestScale: times a factor, everything scales: the period by the factor, S by no more than the grids' steps allow.
func TestScale(t *testing.T) {
	s := NewScorer()
	for seed := range uint64(20) {
		at := newDice(600, seed).beacon(plan{period: 300, jitter: .2, count: 20})
		a := s.Gap(at, 1, Setting{})
		for _, f := range []float64{1.7, 3, 20} {
			b := make([]float64, len(at))
			for i := range at {
				b[i] = start + (at[i]-at[0])*f
			}
			r := s.Gap(b, 1, Setting{})
			if math.Abs(r.Period/a.Period/f-1) > .01 || math.Abs(r.S-a.S) > .1*a.S {
				t.Errorf("seed %d times %g: period %.1f S %.1f, before %.1f, %.1f", seed, f, r.Period, r.S, a.Period, a.S)
			}
		}
	}
}

// TestShift: the score does not depend on when it happened.
func TestShift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(601, rapid.Uint64().Draw(t, "seed"))
		by := float64(rapid.IntRange(-1<<20, 1<<20).Draw(t, "by")) * 1024
		var a, b []float64
		for _, v := range d.lognormal(100, 1, 12) {
			v = math.Floor(v*512) / 512
			a, b = append(a, v), append(b, v+by)
		}
		s := NewScorer()
		x, y := s.Starts(a, Setting{Exact: true}), s.Starts(b, Setting{Exact: true})
		if x.S != y.S || x.Hi != y.Hi {
			t.Fatalf("S %v, shifted by %g: %v", x.S, by, y.S)
		}
	})
}

// TestNoiseLowers: foreign starts between the beats cost evidence.
func TestNoiseLowers(t *testing.T) {
	s := NewScorer()
	for seed := range uint64(10) {
		last := math.Inf(1)
		for _, foreign := range []float64{0, .3, 1, 3} {
			sum := 0.0
			for i := range uint64(5) {
				r := s.Starts(newDice(602, seed*5+i).beacon(plan{period: 300, jitter: .2, count: 100, foreign: foreign}), Setting{Exact: true})
				sum += r.S
			}
			if sum >= last {
				t.Errorf("seed %d: %g foreign starts a beat: S %.1f, with fewer %.1f", seed, foreign, sum/5, last/5)
			}
			last = sum
		}
	}
}

// TestFloorHidesNothing: without Exact, a score of 3 and more is the same; a lower one stays lower.
func TestFloorHidesNothing(t *testing.T) {
	s := NewScorer()
	cells := append(append(beacons(), nulls()...), hardNulls()...)
	for g, c := range cells {
		for i := range 4 {
			at := c.make(newDice(uint64(700+g), uint64(i)))
			at = at[:min(len(at), 12+40*i)]
			exact := s.Starts(at, Setting{Exact: true}).S
			quick := s.Starts(at, Setting{}).S
			if exact > 3 && math.Abs(exact-quick) > 1e-9 || exact <= 3 && quick > 3 {
				t.Errorf("%s, %d starts: S %.3f, quickly %.3f", c.name, len(at), exact, quick)
			}
		}
	}
}

// TestBoundHolds: what the search skips by its bound could not have scored more.
func TestBoundHolds(t *testing.T) {
	s := NewScorer()
	for seed := range uint64(30) {
		d := newDice(603, seed)
		at := d.beacon(plan{period: 100, jitter: .1 + .8*d.Float64(), missed: .5 * d.Float64(), count: 10 + d.IntN(200), foreign: .5 * d.Float64()})
		if !s.intervals(at, 1) {
			t.Fatal("no intervals")
		}
		x := &s.sample
		y := s.null(x, at, 1, Setting{})
		s.fit.run(&s.kernels, y, enough)
		s.spreadNull(x, y)
		s.search.best(x, 0, math.Inf(-1))
		for range 300 {
			g := d.IntN(15)
			w := &s.search.grid[g]
			hi := math.Exp(float64(1+d.IntN(w.count)) * w.step)
			bound := s.search.bound(x, hi, w)
			s.search.densities(x, hi, w.w)
			for m := range s.search.p {
				for c, v := range s.search.ratioSums(s.search.p[m], x.f0, x.count) {
					if got := v + w.lnPrior + s.search.prior[m][c]; got > bound+1e-6 {
						t.Fatalf("seed %d w %g hi %g m %d c %d: %.4f over the bound %.4f", seed, w.w, hi, m, c, got, bound)
					}
				}
			}
		}
	}
}

// TestCertificate: the fit's slack is honest: the multiplicative update of the specification, run long, finds no better
// mixture than L0 + slack.
func TestCertificate(t *testing.T) {
	s := NewScorer()
	for seed := range uint64(12) {
		d := newDice(604, seed)
		at := d.lognormal(200, .3+float64(seed)/6, 30)
		if !s.intervals(at, 1) {
			t.Fatal("no intervals")
		}
		s.fit.run(&s.kernels, s.null(&s.sample, at, 1, Setting{}), enough)
		slack := s.fit.slack
		level := logSum(s.sample.f0, s.sample.count)
		if reached := byUpdates(&s.kernels, &s.sample, 3000); reached > level+slack+1e-6 || reached < level-.1 {
			t.Errorf("seed %d: L0 %.4f slack %.4f, by updates %.4f", seed, level, slack, reached)
		}
		if slack > enough {
			t.Errorf("seed %d: slack %.3f", seed, slack)
		}
	}
}

// byUpdates maximises by w <- w G^1.5, normalised.
func byUpdates(k *kernels, x *sample, steps int) float64 {
	w := make([]float64, len(k.row))
	for j := range w {
		w[j] = 1 / float64(len(w))
	}
	f := make([]float64, len(x.d))
	for range steps {
		clear(f)
		for j, r := range k.row {
			for i := r.from; i < r.to; i++ {
				f[i] += w[j] * k.value[r.at+i-r.from]
			}
		}
		sum := 0.0
		for j, r := range k.row {
			g := 0.0
			for i := r.from; i < r.to; i++ {
				g += k.value[r.at+i-r.from] / f[i]
			}
			w[j] *= math.Pow(g/x.n, 1.5)
			sum += w[j]
		}
		for j := range w {
			w[j] /= sum
		}
	}
	return logSum(f, x.count)
}

// TestResolution: whole-second stamps do not make a beacon of what falls on the same second by rounding.
func TestResolution(t *testing.T) {
	s := NewScorer()
	for seed := range uint64(30) {
		at := newDice(605, seed).poisson(3, 300)
		for i := range at {
			at[i] = math.Floor(at[i])
		}
		if r := s.Starts(at, Setting{Resolution: 1}); r.S > 5 {
			t.Errorf("seed %d: S = %.1f, hi %g w %g", seed, r.S, r.Hi, r.W)
		}
	}
}

// TestActivity: someone who is there a few times each working day scores lower once the host's hours are known.
func TestActivity(t *testing.T) {
	weights := make([]float64, 168)
	for h := range weights {
		if h/24 < 5 && h%24 >= 8 && h%24 < 18 {
			weights[h] = 10
		}
	}
	a := NewActivity(weights)
	s := NewScorer()
	without, with := 0.0, 0.0
	for seed := range uint64(20) {
		at := newDice(606, seed).office(14, 3)
		without += s.Starts(at, Setting{Exact: true}).S
		with += s.Starts(at, Setting{Exact: true, Activity: a}).S
		beat := newDice(607, seed).beacon(plan{period: 6 * hour, jitter: .2, span: 7 * day})
		if r := s.Starts(beat, Setting{Activity: a}); r.S < 20 {
			t.Errorf("seed %d: a beacon of 6 h scores %.1f", seed, r.S)
		}
	}
	t.Logf("office visits: S %.1f, with the host's activity %.1f", without/20, with/20)
	if with > without-20*2 {
		t.Errorf("S %.1f with activity, %.1f without", with/20, without/20)
	}
	for _, bad := range [][]float64{nil, make([]float64, 24), make([]float64, 3), {math.NaN()}} {
		if NewActivity(bad) != nil {
			t.Errorf("an activity of %v", bad)
		}
	}
}

func TestGrowth(t *testing.T) {
	s := NewScorer()
	series := func(next func(a, b float64) float64, jitter float64, d dice) []float64 {
		at, a, b := []float64{start}, 20.0, 31.0
		for i := 0; i < 11; i++ {
			at = append(at, at[i]+a*(1+jitter*d.NormFloat64()))
			a, b = b, next(a, b)
		}
		return at
	}
	d := newDice(608, 1)
	for _, c := range []struct {
		want Schedule
		at   []float64
	}{
		{ByStep, series(func(a, b float64) float64 { return 2*b - a }, .001, d)},
		{ByFactor, series(func(a, b float64) float64 { return b * 1.55 }, .001, d)},
		{BySum, series(func(a, b float64) float64 { return a + b }, .001, d)},
	} {
		k := feed(c.at)
		if r := s.Key(k, k.Newest(), Setting{}); r.Growth.Schedule != c.want {
			t.Errorf("%v: read as %v (S %.1f)", c.want, r.Growth.Schedule, r.Growth.S)
		}
	}
	for g, c := range append(nulls(), beacons()...) {
		for i := range 4 {
			k := feed(c.make(newDice(uint64(800+g), uint64(i))))
			if r := s.Key(k, k.Newest(), Setting{}); r.Growth.Schedule != NotGrowing {
				t.Errorf("%s grows: %v, S %.1f", c.name, r.Growth.Schedule, r.Growth.S)
			}
		}
	}
}

// TestNoAllocation: a Scorer that has seen its largest key allocates no more, nor does a Key that is full.
func TestNoAllocation(t *testing.T) {
	s := NewScorer()
	var keys []*Key
	var all [][]float64
	for g, c := range append(nulls(), beacons()...) {
		at := c.make(newDice(uint64(900+g), 1))
		keys, all = append(keys, feed(at)), append(all, at)
	}
	each := func() {
		for i, k := range keys {
			s.Key(k, k.Newest(), Setting{})
			s.Starts(all[i][:min(100, len(all[i]))], Setting{})
		}
	}
	each()
	each()
	if n := testing.AllocsPerRun(2, each); n > 0 {
		t.Errorf("%g allocations for scores in steady state", n)
	}
	k := feed(newDice(900, 2).beacon(plan{period: 300, jitter: .2, count: 1000}))
	at := k.Newest()
	if n := testing.AllocsPerRun(100, func() { at += 280e9; k.Add(at) }); n > 0 {
		t.Errorf("%g allocations for a start", n)
	}
}

func FuzzStarts(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), byte(0))
	f.Add(make([]byte, 200), byte(1))
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 0, 127, 255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, byte(2))
	f.Fuzz(func(t *testing.T, data []byte, kind byte) {
		if len(data) > 800 {
			return
		}
		var at []float64
		k := &Key{}
		now := int64(start) * 1e9
		for len(data) >= 4 {
			v := binary.LittleEndian.Uint32(data)
			data = data[4:]
			step := int64(v)
			switch kind % 4 {
			case 0:
				step *= 1e3
			case 1:
				step *= 1e6
			case 2:
				step = int64(v%1000) * 1e9
			case 3:
				step = int64(int32(v)) * 1e5
			}
			now += step
			k.Add(now)
			at = append(at, float64(now)/1e9)
		}
		s := NewScorer()
		set := Setting{Resolution: float64(kind % 3), Activity: NewActivity([]float64{1, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 1, 1, 1, 1, 1})}
		r := s.Starts(at, set)
		sound(t, r)
		sound(t, s.Key(k, now, set))
		sound(t, s.Key(k, 0, set))
	})
}

// TestOdd: inputs that mean nothing give no evidence and no panic.
func TestOdd(t *testing.T) {
	s := NewScorer()
	nan, inf := math.NaN(), math.Inf(1)
	for name, at := range map[string][]float64{
		"none": nil, "one": {5}, "equal": {5, 5, 5, 5, 5, 5, 5, 5}, "nan": {1, 2, nan, 4, 5, 6, 7, 8, 9},
		"infinite": {1, 2, 3, 4, 5, 6, inf, inf}, "descending": {9, 8, 7, 6, 5, 4, 3, 2, 1},
		"huge": {0, 1e18, 2e18, 3e18, 4e18, 5e18, 6e18, 7e18}, "negative": {-9e9, -8e9, -7e9, -6e9, -5e9, -4e9, -3e9},
	} {
		for _, gap := range Gaps() {
			r := s.Gap(at, gap, Setting{Activity: NewActivity(make([]float64, 24))})
			sound(t, r)
		}
		sound(t, s.Starts(at, Setting{}))
		if len(at) < 6 && !math.IsInf(s.Starts(at, Setting{}).S, -1) {
			t.Errorf("%s: evidence from %d starts", name, len(at))
		}
	}
	k := &Key{}
	for _, ns := range []int64{math.MaxInt64, math.MinInt64, 0, 1, -1, math.MaxInt64, math.MinInt64 / 2} {
		k.Add(ns)
		sound(t, s.Key(k, ns, Setting{}))
	}
}
