package eval_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// judged is a finding with its confidence, whether it is true, and how much it counts.
type judged struct {
	p, weight float64
	yes       bool
}

// reliability is how far confidences can be believed.
type reliability struct {
	n           int
	brier, ece  float64
	bins        [10]struct{ n, p, yes float64 }
	mean, share float64 // of confidence, and of what is true
}

func reliable(list []judged) *reliability {
	r := &reliability{n: len(list)}
	total := 0.0
	for _, j := range list {
		y := 0.0
		if j.yes {
			y = 1
		}
		b := &r.bins[min(int(j.p*10), 9)]
		b.n += j.weight
		b.p += j.weight * j.p
		b.yes += j.weight * y
		r.brier += j.weight * (j.p - y) * (j.p - y)
		r.mean += j.weight * j.p
		r.share += j.weight * y
		total += j.weight
	}
	if total == 0 {
		return r
	}
	r.brier /= total
	r.mean /= total
	r.share /= total
	for i := range r.bins {
		r.ece += math.Abs(r.bins[i].p-r.bins[i].yes) / total
	}
	return r
}

func (r *reliability) table(t *testing.T, name string) {
	t.Logf("== %s: %d findings, mean confidence %.2f, true %.2f, Brier %.3f, expected calibration error %.3f", name, r.n, r.mean, r.share, r.brier, r.ece)
	for i := range r.bins {
		if b := &r.bins[i]; b.n > 0 {
			t.Logf("   said %.1f to %.1f: weight %8.1f, mean %.2f, true %.2f", float64(i)/10, float64(i+1)/10, b.n, b.p/b.n, b.yes/b.n)
		}
	}
}

// judge takes the findings of some kind and weighs the true ones so that there is one intruder in so many host-days (0: as injected, where
// every fourth machine is infected).
func (all *samples) judge(keep func(*sample) bool, p func(*sample) float64, hostDaysEach float64) []judged {
	bots := map[uint64]int{}
	for i := range all.list {
		if s := &all.list[i]; s.family != -1 {
			bots[s.bot]++
		}
	}
	weight := 1.0
	if hostDaysEach > 0 {
		weight = all.hostDays / hostDaysEach / float64(len(bots))
	}
	var out []judged
	for i := range all.list {
		s := &all.list[i]
		if !s.periodic || !keep(s) {
			continue
		}
		j := judged{p: p(s), weight: 1, yes: s.family != -1}
		if j.yes {
			j.weight = weight
		}
		out = append(out, j)
	}
	return out
}

// platt fits 1/(1+e^-(a+bx)) to weighted judgements whose p is x.
func platt(list []judged) (a, b float64) {
	b = 1
	for range 200 { // Newton
		var ga, gb, aa, ab, bb float64
		for _, j := range list {
			q := 1 / (1 + math.Exp(-(a + b*j.p)))
			y := 0.0
			if j.yes {
				y = 1
			}
			d, h := j.weight*(y-q), j.weight*q*(1-q)+1e-9
			ga, gb = ga+d, gb+d*j.p
			aa, ab, bb = aa+h, ab+h*j.p, bb+h*j.p*j.p
		}
		gb -= 1e-3 * (b - 1)
		bb += 1e-3
		det := aa*bb - ab*ab
		if det < 1e-12 {
			break
		}
		a, b = a+.5*(bb*ga-ab*gb)/det, b+.5*(aa*gb-ab*ga)/det
	}
	return a, b
}

// isotonic pools neighbours until what is true rises with what was said, and gives the steps: from which confidence on it is what.
func isotonic(list []judged) (from, to []float64) {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(x, y judged) int {
		switch {
		case x.p < y.p:
			return -1
		case x.p > y.p:
			return 1
		}
		return 0
	})
	type block struct{ from, yes, n float64 }
	var blocks []block
	for _, j := range list {
		y := 0.0
		if j.yes {
			y = j.weight
		}
		if k := len(blocks); k > 0 && blocks[k-1].from == j.p {
			blocks[k-1].yes, blocks[k-1].n = blocks[k-1].yes+y, blocks[k-1].n+j.weight
		} else {
			blocks = append(blocks, block{j.p, y, j.weight})
		}
		for k := len(blocks); k > 1 && blocks[k-1].yes*blocks[k-2].n <= blocks[k-2].yes*blocks[k-1].n; k = len(blocks) {
			blocks[k-2].yes, blocks[k-2].n = blocks[k-2].yes+blocks[k-1].yes, blocks[k-2].n+blocks[k-1].n
			blocks = blocks[:k-1]
		}
	}
	for _, b := range blocks {
		from, to = append(from, b.from), append(to, b.yes/b.n)
	}
	return from, to
}

// said is a finding's own confidence.
func said(s *sample) float64 { return s.confidence }

// evalCalibration prints how far confidences can be believed, by kind, and what a fit on the tuning seeds would make of those of beacons.
func evalCalibration(t *testing.T, tune, test *samples) {
	both := &samples{list: slices.Concat(tune.list, test.list), hostDays: tune.hostDays + test.hostDays}
	stands := func(s *sample) bool { return s.stands }
	beacons := func(s *sample) bool { return s.kind == "beacon" }
	for _, each := range []float64{0, 1000} {
		name := "as injected, every fourth machine infected"
		if each > 0 {
			name = fmt.Sprintf("weighed to one intruder in %.0f hosts and days", each)
		}
		reliable(both.judge(stands, said, each)).table(t, "all that stands, "+name)
		reliable(both.judge(func(s *sample) bool { return beacons(s) && s.stands }, said, each)).table(t, "beacons that stand, "+name)
		reliable(both.judge(beacons, said, each)).table(t, "beacons that are listed, of weak context too, "+name)
	}
	for _, kind := range allKinds() {
		list := both.judge(func(s *sample) bool { return s.stands && s.kind == kind }, said, 0)
		yes := 0
		for _, j := range list {
			if j.yes {
				yes++
			}
		}
		if r := reliable(list); r.n > 0 {
			low, high := wilson(yes, r.n)
			t.Logf("| %s | %d stand | said %.2f | true %.2f (%.2f-%.2f) | Brier %.3f | error %.3f |", kind, r.n, r.mean, r.share, low, high, r.brier, r.ece)
		}
	}
	shown := map[string]int{}
	for i := range both.list {
		if s := &both.list[i]; s.family == -1 && s.stands {
			if shown[s.kind]++; shown[s.kind] <= 6 {
				t.Logf("   false: %s %.2f %s", s.kind, s.confidence, s.words)
			}
		}
	}
	for _, each := range []float64{100, 1000} {
		for name, x := range map[string]func(*sample) float64{
			"what is said now": func(s *sample) float64 { p := min(max(s.confidence, .005), .995); return math.Log(p / (1 - p)) },
			"the level":        func(s *sample) float64 { return s.level },
		} {
			fit := tune.judge(beacons, x, each)
			a, b := platt(fit)
			then := test.judge(beacons, func(s *sample) float64 { return 1 / (1 + math.Exp(-(a + b*x(s)))) }, each)
			now := reliable(test.judge(beacons, said, each))
			r := reliable(then)
			t.Logf("one in %.0f: logit = %.2f + %.2f of %s, fitted on the tuning seeds; on the fresh: Brier %.4f -> %.4f, error %.4f -> %.4f", each, a, b, name, now.brier, r.brier, now.ece, r.ece)
			if each == 100 {
				r.table(t, "   after")
			}
			from, to := isotonic(fit)
			iso := reliable(test.judge(beacons, func(s *sample) float64 {
				k, hit := slices.BinarySearch(from, x(s))
				if !hit {
					k--
				}
				return to[max(k, 0)]
			}, each))
			t.Logf("   isotonic instead, %d steps: Brier %.4f, error %.4f", len(from), iso.brier, iso.ece)
		}
	}
}
