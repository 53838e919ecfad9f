package timing

import (
	"math"
	"os"
	"slices"
	"testing"
)

// keys is how many keys a cell of the table has: CANDOR_LONG=1 asks for as many as the specification had.
func keys(short int) int {
	if os.Getenv("CANDOR_LONG") == "1" {
		return 100
	}
	return short
}

// feed puts starts (seconds) into a new key.
func feed(starts []float64) *Key {
	k := &Key{}
	for _, t := range starts {
		k.Add(int64(t * 1e9))
	}
	return k
}

// A measured cell: S with all stamps, and from a key's state.
type measured struct{ all, state []float64 }

func measure(group uint64, c cell, n int) measured {
	s := NewScorer()
	var m measured
	for i := range n {
		starts := c.make(newDice(group, uint64(i)))
		m.all = append(m.all, s.Starts(starts, Setting{}).S)
		k := feed(starts)
		m.state = append(m.state, s.Key(k, k.Newest(), Setting{}).S)
	}
	return m
}

func over(v []float64, least float64) float64 {
	n := 0
	for _, x := range v {
		if x > least {
			n++
		}
	}
	return float64(n) / float64(len(v))
}

func mid(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

// TestNullsStayBelow: of fifteen kinds of traffic without a period, no key reaches S = 5 (of 1,500 in the long test).
func TestNullsStayBelow(t *testing.T) {
	highest := math.Inf(-1)
	for g, c := range nulls() {
		m := measure(uint64(100+g), c, keys(8))
		t.Logf("%-26s S > 5: all %.2f, state %.2f; highest %.1f, %.1f", c.name, over(m.all, 5), over(m.state, 5), slices.Max(m.all), slices.Max(m.state))
		highest = max(highest, slices.Max(m.all), slices.Max(m.state))
	}
	if highest > 5 {
		t.Errorf("a key without a period reached S = %.2f", highest)
	}
}

// TestHardNulls prints what is not memoryless and how often it passes; it may pass no more often than was measured when
// the method was made (within sampling error).
func TestHardNulls(t *testing.T) {
	for g, c := range hardNulls() {
		n := keys(10)
		m := measure(uint64(200+g), c, n)
		t.Logf("%-26s S > 5: all %.2f, state %.2f (specification %.2f)", c.name, over(m.all, 5), over(m.state, 5), c.share)
		if limit := c.share + 3*math.Sqrt((c.share+.02)*(1-c.share+.02)/float64(n)) + .02; over(m.state, 5) > limit {
			t.Errorf("%s: %.2f pass, at most %.2f", c.name, over(m.state, 5), limit)
		}
	}
}

// TestBeaconsAreFound: each kind of beacon is found as often as the specification says, with all stamps and from the
// state of a key. The state may find less of what is on the edge with all stamps: bins blur the ends of wide windows.
func TestBeaconsAreFound(t *testing.T) {
	for g, c := range beacons() {
		n := keys(5)
		m := measure(uint64(300+g), c, n)
		t.Logf("%-24s S median: all %7.1f, state %6.1f (specification %.1f)  S > 5: %.2f, %.2f (%.2f)", c.name, mid(m.all), mid(m.state), c.median, over(m.all, 5), over(m.state, 5), c.share)
		limit := c.share - 3*math.Sqrt(c.share*(1-c.share)/float64(n)) - .03
		blur := 0.0
		if c.share < .8 {
			blur = .2
		}
		if over(m.all, 5) < limit || over(m.state, 5) < limit-blur {
			t.Errorf("%s: found %.2f of all, %.2f from the state, want at least %.2f", c.name, over(m.all, 5), over(m.state, 5), limit)
		}
	}
}
