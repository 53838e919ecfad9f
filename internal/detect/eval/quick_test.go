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
