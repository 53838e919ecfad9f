package eval_test

import (
	"math"
	"testing"
	"time"

	"candor/internal/labnet/days"
)

// TestFirstAlarm: a beacon of one minute with 30 % jitter stands within 20 minutes of its first call.
func TestFirstAlarm(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		after, ok := firstAlarm(seed, seed <= 2)
		if !ok || after > 20*time.Minute {
			t.Errorf("seed %d: stands %v after %v", seed, ok, after)
		}
	}
}

// TestFindsAndKeepsQuiet holds the least of the tables: beacons of some kinds are found, memoryless callers are not, and nothing of
// it depends on the rest of the office.
func TestFindsAndKeepsQuiet(t *testing.T) {
	cells := []*cell{
		{name: "regular", b: days.Beacon{Sleep: 5 * time.Minute}, watch: 4 * time.Hour, n: 6},
		{name: "half shortened", b: days.Beacon{Sleep: time.Minute, Jitter: .5}, watch: 2 * time.Hour, n: 6},
		{name: "rotating", b: days.Beacon{Sleep: time.Minute, Jitter: .2, Targets: 20}, watch: 6 * time.Hour, n: 6},
	}
	none := []*cell{
		{name: "poisson", b: days.Beacon{Sleep: time.Minute, Shape: days.Exponential}, watch: 4 * time.Hour, n: 12},
		{name: "heavy", b: days.Beacon{Sleep: time.Minute, Jitter: 1.5, Shape: days.Lognormal}, watch: 4 * time.Hour, n: 12},
	}
	measure(cells, 77)
	measure(none, 78)
	for _, c := range cells {
		if c.got[right] < c.n-1 {
			t.Error(c.line(1))
		}
	}
	for _, c := range none {
		if c.found() > 0 {
			t.Error(c.line(1))
		}
	}
}

// TestQuietOffice: an hour and a half of an office with nobody to be found raises nothing.
func TestQuietOffice(t *testing.T) {
	w := &wolves{}
	w.watch(office{seed: 9, clients: 20, servers: 12, days: 1}, false)
	for _, a := range w.candor {
		if a.level >= 0 && !a.hard {
			t.Error(a.words)
		}
	}
}

// TestRITAFormula holds the formula to values that follow from its description by hand.
func TestRITAFormula(t *testing.T) {
	const end = 2 * 86400
	calls := func(every, from, to int64, size uint64) []ritaCall {
		var out []ritaCall
		for ts := from; ts < to; ts += every {
			out = append(out, ritaCall{ts: ts, bytes: size})
		}
		return out
	}
	for name, c := range map[string]struct {
		calls []ritaCall
		score float64
		ok    bool
	}{
		"a perfect day":       {calls(60, 86400, end, 100), 1, true},
		"three calls":         {calls(28800, 86400, end, 100), 0, false},
		"five hours only":     {calls(300, end-5*3600, end, 100), .5, true}, // no duration, and bars with CV > 1
		"never the same size": {append(calls(120, 86400, end, 100), calls(120, 86400+60, end, 300)...), .25*1 + .25*.75 + .5, true},
	} {
		got, ok := ritaOf(c.calls, end)
		if ok != c.ok || math.Abs(got-c.score) > .02 {
			t.Errorf("%s: %.3f %v, not %.3f %v", name, got, ok, c.score, c.ok)
		}
	}
}

// TestSignTest: values that follow from binomial tables.
func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		a, b int
		p    float64
	}{{0, 0, 1}, {5, 0, .0625}, {8, 2, .109375}, {3, 3, 1}} {
		if p := signTest(c.a, c.b); math.Abs(p-c.p) > 1e-6 {
			t.Errorf("%d against %d: %g, not %g", c.a, c.b, p, c.p)
		}
	}
	if low, high := wilson(95, 100); math.Abs(low-.8882) > .001 || math.Abs(high-.9785) > .001 {
		t.Errorf("wilson %g %g", low, high)
	}
}

// TestClaim: where the power statement claims a beacon, its timing is found, over sleep, jitter and missed beats.
func TestClaim(t *testing.T) {
	cells := grid(2)
	measure(cells, 79)
	var claimed []*cell
	for _, c := range cells {
		if c.claims {
			claimed = append(claimed, c)
		}
	}
	s := sum("claimed", claimed)
	if n := len(s.tries); n < 100 || 100*(n-s.got[missed]) < 95*n {
		t.Errorf("the claim is right in %d of %d", n-s.got[missed], n)
	}
	if 100*s.found() < 90*len(s.tries) {
		t.Error(s.line(1))
	}
}

// TestIntoNoise: beacons that are put into the given noise stand, and memoryless callers do not.
func TestIntoNoise(t *testing.T) {
	needGiven(t, "")
	sets := loadSets(t, []noiseSet{noiseSets()[1], noiseSets()[3]})
	for _, row := range noiseRows() {
		switch row.name {
		case "300 s j20, 6 h", "60 s j20, the last 100 min":
			if injectInto(sets, []*noiseRow{row}, 3, 81); row.found() < len(row.tries) {
				t.Error(row.line(row.name, func(*noiseTry) bool { return true }))
			}
		case "Poisson 60 s, 6 h (must not)":
			if injectInto(sets, []*noiseRow{row}, 3, 82); row.found() > 0 {
				t.Error(row.line(row.name, func(*noiseTry) bool { return true }))
			}
		}
	}
}

// TestOfficeWithBots: an office in which bots of every family work: they stand, nothing else is called a beacon, and what is said of their
// confidence is not far from what is true.
func TestOfficeWithBots(t *testing.T) {
	all := &samples{}
	all.collect(88, 110, 1)
	m := shipped()
	found, n := 0, 0
	for f := range families() {
		k, of := m.recall(all, f)
		found, n = found+k, n+of
	}
	if n < 8 || 100*found < 85*n {
		t.Errorf("%d of %d bots stand", found, n)
	}
	if k := m.alarms(all); k > 0 {
		t.Errorf("%d beacons of nobody stand", k)
	}
	r := reliable(all.judge(func(s *sample) bool { return s.kind == "beacon" && s.stands }, said, 0))
	if r.ece > .2 || r.brier > .08 {
		t.Errorf("expected calibration error %.3f, Brier %.3f of %d", r.ece, r.brier, r.n)
	}
}

// TestReliability: values that follow by hand.
func TestReliability(t *testing.T) {
	r := reliable([]judged{{p: .9, weight: 1, yes: true}, {p: .9, weight: 1}, {p: .2, weight: 2}})
	if math.Abs(r.brier-(.01+.81+2*.04)/4) > 1e-9 || math.Abs(r.ece-(2*.4+2*.2)/4) > 1e-9 {
		t.Errorf("Brier %g, error %g", r.brier, r.ece)
	}
	from, to := isotonic([]judged{{p: .1, weight: 1}, {p: .2, weight: 1, yes: true}, {p: .3, weight: 1}, {p: .4, weight: 1, yes: true}})
	if len(from) != 3 || to[0] != 0 || to[1] != .5 || to[2] != 1 {
		t.Errorf("isotonic %v %v", from, to)
	}
	var list []judged
	for i := range 2000 {
		x := float64(i%41-20) / 5
		list = append(list, judged{p: x, weight: 1, yes: float64(i*7919%1000)/1000 < 1/(1+math.Exp(-(-1+2*x)))})
	}
	if a, b := platt(list); math.Abs(a+1) > .3 || math.Abs(b-2) > .3 {
		t.Errorf("fitted %.2f and %.2f, not -1 and 2", a, b)
	}
}
