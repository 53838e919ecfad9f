package timing

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// members are the wake-ups a key keeps at a gap, in seconds.
func members(k *Key, gap int) []float64 {
	var out []float64
	if k.wake == 0 {
		return nil
	}
	for i := k.oldest(gap); i < int(k.wake); i++ {
		if k.level(i) >= gap {
			out = append(out, float64(k.at(i))*tickSecs)
		}
	}
	return out
}

// total is the number of intervals a key knows at a gap.
func total(k *Key, gap int) int {
	var c [binCount]float64
	k.counts(gap, &c)
	n := max(0, len(members(k, gap))-1)
	for _, v := range c {
		n += int(v)
	}
	return n
}

// TestKeyKeepsWhatThereWas: at every gap a key holds the last 32 wake-ups as they were, and every older interval in its
// bin.
func TestKeyKeepsWhatThereWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDice(500, rapid.Uint64().Draw(t, "seed"))
		n := rapid.IntRange(1, 400).Draw(t, "starts")
		var starts []float64
		at := int64(start) * 500
		for range n {
			at += int64(math.Exp(d.Float64()*12) * 10)
			starts = append(starts, float64(at)*tickSecs)
		}
		if starts[n-1]-starts[0] > 13*day {
			t.Skip("longer than is kept")
		}
		k := &Key{}
		for _, s := range starts {
			k.Add(int64(math.Round(s*500)) * tick)
		}
		for g, gap := range Gaps() {
			want := WakeUps(nil, starts, gap)
			got := members(k, g)
			tail := want[max(0, len(want)-ringSize):]
			if len(got) != len(tail) {
				t.Fatalf("gap %g: %d wake-ups kept, want %d", gap, len(got), len(tail))
			}
			for i := range got {
				if math.Abs(got[i]-tail[i]) > 1e-6 {
					t.Fatalf("gap %g: wake-up %d at %f, want %f", gap, i, got[i], tail[i])
				}
			}
			if total(k, g) != len(want)-1 {
				t.Fatalf("gap %g: %d intervals, want %d", gap, total(k, g), len(want)-1)
			}
		}
	})
}

// TestLateStarts: beats whose reports come in another order, within the last 32, leave the same state.
func TestLateStarts(t *testing.T) {
	for seed := range uint64(50) {
		d := newDice(501, seed)
		starts := d.beacon(plan{period: 40, jitter: .9, count: 300})
		inOrder := feed(starts)
		type report struct{ start, end float64 }
		var reports []report
		for _, s := range starts {
			reports = append(reports, report{s, s + d.Float64()*300})
		}
		slices.SortFunc(reports, func(a, b report) int { return int(math.Copysign(1, a.end-b.end)) })
		k := &Key{}
		for _, r := range reports {
			if k.Add(int64(r.start*1e9)) == Late {
				t.Fatalf("seed %d: a report within 32 wake-ups came too late", seed)
			}
		}
		for g := range 3 {
			a, b := members(inOrder, g), members(k, g)
			a, b = a[len(a)-min(20, len(a)):], b[len(b)-min(20, len(b)):]
			if !slices.Equal(a, b) {
				t.Fatalf("seed %d gap %d: %v, in order %v", seed, g, b, a)
			}
			if total(inOrder, g)-total(k, g) > 3 || total(k, g)-total(inOrder, g) > 3 {
				t.Fatalf("seed %d gap %d: %d intervals, in order %d", seed, g, total(k, g), total(inOrder, g))
			}
		}
	}
	k := feed(newDice(501, 99).beacon(plan{period: 300, count: 200}))
	if k.Add(int64(start*1e9)) != Late {
		t.Error("a start before all that is kept was not called late")
	}
}

// TestForgets: what is older than 14 days is not scored, and a histogram fades.
func TestForgets(t *testing.T) {
	starts := newDice(502, 1).beacon(plan{period: 300, jitter: .2, count: 2000})
	k := feed(starts)
	before := total(k, 2)
	later := int64(starts[len(starts)-1]*1e9) + 20*86400*1e9
	k.Add(later)
	if k.wake != 1 {
		t.Errorf("%d wake-ups kept after 20 silent days, want the new one", k.wake)
	}
	if n := total(k, 2); n > before*6/10 || n < before/3 {
		t.Errorf("%d of %d intervals left in the histogram, want about half", n, before)
	}
	for i := range int64(60) {
		k.Add(later + i*15*86400*1e9)
	}
	if len(k.words) != int(k.wake) {
		t.Errorf("%d bins left after two years", len(k.words)-int(k.wake))
	}
}

// TestYoungBeaconOnAnOldKey: a beacon that started an hour ago is found on a key that had other traffic for days.
func TestYoungBeaconOnAnOldKey(t *testing.T) {
	s := NewScorer()
	found := 0
	const n = 40
	for seed := range uint64(n) {
		d := newDice(503, seed)
		starts := d.until(5*day, func() float64 { return 1800 * d.ExpFloat64() })
		for _, b := range d.beacon(plan{period: 120, jitter: .2, span: hour}) {
			starts = append(starts, b+5*day)
		}
		k := feed(starts)
		r := s.Key(k, k.Newest(), Setting{})
		if r.S > 5 && math.Abs(r.Period/108-1) < .15 {
			found++
		}
	}
	if found < n*95/100 {
		t.Errorf("%d of %d found", found, n)
	}
}

// TestShortYoungBeacon: twelve beats of five minutes after a day of other traffic, which the whole list does not show.
func TestShortYoungBeacon(t *testing.T) {
	s := NewScorer()
	found, bases := 0, map[Basis]int{}
	const n = 40
	for seed := range uint64(n) {
		d := newDice(504, seed)
		starts := d.until(day, func() float64 { return 600 * d.ExpFloat64() })
		for _, b := range d.beacon(plan{period: 300, jitter: .2, span: 1.2 * hour}) {
			starts = append(starts, b+day)
		}
		k := feed(starts)
		r := s.Key(k, k.Newest(), Setting{})
		if bases[r.Basis]++; r.S > 5 {
			found++
		}
	}
	t.Logf("%d of %d found, on %v", found, n, bases)
	if found < n*8/10 {
		t.Errorf("%d of %d found", found, n)
	}
}

// TestSleepChange: two sleeps one after the other count together.
func TestSleepChange(t *testing.T) {
	s := NewScorer()
	sum := 0
	for seed := range uint64(20) {
		d := newDice(505, seed)
		starts := d.beacon(plan{period: 60, jitter: .3, count: 16})
		last := starts[len(starts)-1] + 600
		for _, b := range d.beacon(plan{period: 900, jitter: .3, count: 16}) {
			starts = append(starts, b-start+last)
		}
		k := feed(starts)
		r := s.Key(k, k.Newest(), Setting{})
		if r.S < 5 {
			t.Errorf("seed %d: S = %.1f on %v", seed, r.S, r.Basis)
		}
		if r.Basis == Change && r.Before.N > 0 {
			sum++
			if r.Before.Period > 70 || r.Period < 600 {
				t.Errorf("seed %d: periods %.0f and %.0f", seed, r.Before.Period, r.Period)
			}
		}
	}
	t.Logf("%d of 20 as the sum of two sleeps", sum)
}

// TestMemory: a key of 20 wake-ups costs under 200 bytes, a busy one under 1,500.
func TestMemory(t *testing.T) {
	for _, c := range []struct {
		name string
		at   []float64
		most int
	}{
		{"1 wake-up", newDice(506, 1).poisson(600, 1), 64},
		{"5 wake-ups", newDice(506, 2).poisson(600, 5), 80},
		{"20 wake-ups", newDice(506, 3).poisson(600, 20), 144},
		{"beacon of a day", newDice(506, 4).beacon(plan{period: 300, jitter: .2, span: day}), 260},
		{"bursty, 14 days", newDice(506, 5).browsing(14 * day), 1500},
		{"any length, 5,000", newDice(506, 6).lognormal(30, 2.5, 5000), 1500},
	} {
		k := feed(c.at)
		t.Logf("%-20s %4d starts %4d wake-ups %5d bytes", c.name, len(c.at), k.WakeUps(), k.Bytes())
		if k.Bytes() > c.most {
			t.Errorf("%s: %d bytes, at most %d", c.name, k.Bytes(), c.most)
		}
	}
}

func TestDue(t *testing.T) {
	k := &Key{}
	s := NewScorer()
	scores := 0
	for i := range int64(1000) {
		k.Add(i * 60e9)
		if k.Due() {
			s.Key(k, k.Newest(), Setting{})
			scores++
		}
	}
	if scores < 20 || scores > 45 {
		t.Errorf("%d scores for 1,000 wake-ups", scores)
	}
}
