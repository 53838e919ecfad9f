package eval_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
)

// model weighs context: a share of its own for each group of evidence, and the level from which a finding opens. As shipped all shares are 1
// and the level is 0.
type model struct {
	shift float64
	share [groups]float64
	level float64
}

func shipped() model {
	m := model{}
	for i := range m.share {
		m.share[i] = 1
	}
	return m
}

func (m *model) score(s *sample) float64 {
	v := m.shift
	for i, x := range s.x {
		v += m.share[i] * x
	}
	return v
}

// fitted gives the shares by logistic regression over periodic keys of bots of some families and of noise, the families and noise
// counting alike, held towards the shipped shares so that a group that hardly occurs keeps its weight; and the lowest level that raises at
// most one false alarm in 1,000 hosts and day of the noise it was fitted on.
func fitted(all *samples, use func(family int) bool) model {
	m := shipped()
	count := map[int]float64{}
	var list []*sample
	for i := range all.list {
		s := &all.list[i]
		if s.kind == "beacon" && s.periodic && s.family >= -1 && (s.family < 0 || use(s.family)) {
			list = append(list, s)
			count[s.family]++
		}
	}
	const hold, rate, steps = 2.0, 0.15, 400
	kinds := float64(len(count) - 1)
	for range steps {
		var shift float64
		var grad [groups]float64
		for _, s := range list {
			weight, y := 100/count[-1], 0.0
			if s.family >= 0 {
				weight, y = 100/kinds/count[s.family], 1
			}
			d := weight * (y - 1/(1+math.Exp(-m.score(s))))
			shift += d
			for i, x := range s.x {
				grad[i] += d * x
			}
		}
		m.shift += rate * shift / 100
		for i := range m.share {
			m.share[i] += rate * (grad[i] - hold*(m.share[i]-1)) / 100
		}
	}
	m.level = m.budget(all)
	return m
}

// budget is the lowest level at which noise raises no more than one alarm in 1,000 hosts and day.
func (m *model) budget(all *samples) float64 {
	var scores []float64
	for i := range all.list {
		if s := &all.list[i]; s.family == -1 && s.kind == "beacon" {
			scores = append(scores, m.score(s))
		}
	}
	slices.Sort(scores)
	slices.Reverse(scores)
	k := int(all.hostDays / 1000)
	if k >= len(scores) {
		return math.Inf(-1)
	}
	return math.Nextafter(scores[k], math.Inf(1))
}

// recall counts bots of a family, and those that are found.
func (m *model) recall(all *samples, family int) (found, n int) {
	bots := map[uint64]bool{}
	for i := range all.list {
		if s := &all.list[i]; s.family == family && s.kind == "beacon" {
			bots[s.bot] = bots[s.bot] || s.periodic && m.score(s) >= m.level-1e-9
		}
	}
	for hit := range maps.Values(bots) {
		if hit {
			found++
		}
	}
	return found, len(bots)
}

// alarms is how many noise keys are above the level.
func (m *model) alarms(all *samples) int {
	n := 0
	for i := range all.list {
		if s := &all.list[i]; s.family == -1 && s.kind == "beacon" && m.score(s) >= m.level {
			n++
		}
	}
	return n
}

// gather plays offices with bots of all families: days of 200 clients, and weeks of 100 for the slow.
func gather(seed uint64, offices int) *samples {
	all := &samples{}
	for i := range uint64(offices) {
		all.collect(seed+i, 200, 1)
	}
	for i := range uint64(max(1, offices/5)) {
		all.collect(seed+1000+i, 100, 5)
	}
	return all
}

// crossed is a family's row: what is found of it when the weights were fitted with it and without it.
type crossed struct {
	n                      int
	shipped, with, without int
}

// cross fits on one set and looks at the other.
func cross(tune, test *samples, rows []crossed, swap string, print func(string)) {
	base := shipped()
	with := fitted(tune, func(int) bool { return true })
	print(fmt.Sprintf("%s: tuned on %.0f host-days, tested on %.0f; false beacons there: as shipped %d, fitted %d; shares %.2f, level %.2f", swap, tune.hostDays, test.hostDays, base.alarms(test), with.alarms(test), with.share, with.level))
	for f := range rows {
		without := fitted(tune, func(k int) bool { return k != f })
		a, n := base.recall(test, f)
		b, _ := with.recall(test, f)
		c, _ := without.recall(test, f)
		rows[f].n += n
		rows[f].shipped += a
		rows[f].with += b
		rows[f].without += c
	}
}

// evalFamilies prints what is found of each family when it was there while weights and level were fitted, and when it was left out, and how
// far confidences can be believed.
func evalFamilies(t *testing.T) {
	one, two := gather(*evalSeed+3000, max(1, *evalN/10)), gather(*evalSeed+13000, max(1, *evalN/10))
	rows := make([]crossed, len(families()))
	cross(one, two, rows, "tuned on the first seeds", func(s string) { t.Log(s) })
	cross(two, one, rows, "seeds swapped", func(s string) { t.Log(s) })
	t.Log("| family | bots | as shipped | fitted with it | fitted without it | gap |")
	for i, r := range rows {
		share := func(k int) float64 { return 100 * float64(k) / float64(max(r.n, 1)) }
		gap := share(r.with) - share(r.without)
		low, high := wilson(r.shipped, r.n)
		words := ""
		if gap > 10 {
			words = " **looked into**"
		}
		t.Logf("| %s | %d | %.1f %% (%.0f-%.0f) | %.1f %% | %.1f %% | %.1f%s |", families()[i].name, r.n, share(r.shipped), 100*low, 100*high, share(r.with), share(r.without), gap, words)
	}
	evalCalibration(t, one, two)
}
