package timing

import (
	"math"
	"os"
	"testing"
)

func TestPowerWords(t *testing.T) {
	// The three examples of the specification, with its margin of 1.2.
	for _, c := range []struct {
		name               string
		period, w          float64
		shortest, longest_ float64 // hours
	}{
		{"24 h, w .1: about 10 days", day, .1, 9 * 24, 10.5 * 24},
		{"300 s, jitter 20 %: 55 minutes", 300, .2, .85, .95},
		{"60 s, 95 %: 85 minutes", 60, .95, 1.35, 1.5},
	} {
		if h := HoursNeeded(c.period, c.w, 0); h < c.shortest || h > c.longest_ {
			t.Errorf("%s: %.2f h", c.name, h)
		}
	}
	if !Found(300, .2, 0, 1) || Found(300, .2, 0, .5) {
		t.Error("300 s with 20 % jitter: an hour suffices, half an hour does not")
	}
	if Found(60, .8, .5, 1e6) {
		t.Error("80 % jitter with half the beats missed is never sure")
	}
}

// TestPowerIsConsistent: what Power names as the slowest, Found confirms, and a slower one it does not; more loss and
// more width never make the reach longer.
func TestPowerIsConsistent(t *testing.T) {
	for _, hours := range []float64{.1, 1, 24, 14 * 24} {
		before := [10]Reach{}
		for i, missed := range []float64{0, .05, .2, .45, .6, .8, 1} {
			p := Power(hours, missed, 0)
			for j, r := range p {
				if r.Slowest > 0 && r.Slowest < longest && (!Found(r.Slowest*.9999, r.Width, missed, hours) || Found(r.Slowest*1.001, r.Width, missed, hours)) {
					t.Errorf("%g h, missed %g, w %g: Power and Found differ", hours, missed, r.Width)
				}
				if i > 0 && r.Slowest > before[j].Slowest+1e-9 {
					t.Errorf("%g h, w %g: more missed, longer reach", hours, r.Width)
				}
			}
			before = p
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), -1, 0} {
		for _, r := range Power(bad, bad, bad) {
			if math.IsNaN(r.Slowest) || r.Slowest < 0 {
				t.Errorf("Power(%g) = %v", bad, r)
			}
		}
	}
}

// TestPowerCells measures the table again: a beacon with the intervals a cell names (times the margin) is found.
func TestPowerCells(t *testing.T) {
	n := 24
	cells := [][2]int{{0, 0}, {0, 3}, {0, 6}, {0, 9}, {1, 3}, {2, 3}, {2, 5}, {3, 1}, {3, 4}, {4, 0}, {4, 2}}
	if os.Getenv("CANDOR_LONG") == "1" {
		n = 100
		cells = cells[:0]
		for i, row := range needed() {
			for j, v := range row {
				if v > 0 && v <= 400 {
					cells = append(cells, [2]int{i, j})
				}
			}
		}
	}
	s := NewScorer()
	for _, c := range cells {
		m, w := powerMisses()[c[0]], PowerWidths()[c[1]]
		bare := int(needed()[c[0]][c[1]])
		with := int(math.Ceil(float64(bare) * margin))
		var all, state, plain int
		for i := range n {
			d := newDice(uint64(400+10*c[0]+c[1]), uint64(i))
			starts := d.beacon(plan{period: 300, jitter: w, missed: m, count: with + 1})
			if s.Starts(starts[:bare+1], Setting{}).S > 5 {
				plain++
			}
			if s.Starts(starts, Setting{}).S > 5 {
				all++
			}
			k := feed(starts)
			if s.Key(k, k.Newest(), Setting{}).S > 5 {
				state++
			}
		}
		t.Logf("m %.1f w %.3f: n %d found %d, n %d found %d, from state %d of %d", m, w, bare, plain, with, all, state, n)
		if float64(state) < .95*float64(n)-2*math.Sqrt(.05*float64(n)) {
			t.Errorf("m %.1f w %.3f: %d of %d found from the state with %d intervals", m, w, state, n, with)
		}
	}
}
