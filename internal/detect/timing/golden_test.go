package timing

import (
	"math"
	"testing"
)

type golden struct {
	name                       string
	stamps                     []float64
	gap                        float64
	n                          int
	l0, hi, w, m, c, l1, prior float64
	s                          float64
}

// goldens are the worked examples of the specification (its section 10).
func goldens() []golden {
	bursts := []float64{0, 2, 5, 298, 300, 601, 603, 606, 899, 1202, 1204, 1498, 1500, 1503, 1801, 2102, 2104}
	return []golden{
		{"minute, hardly any jitter", []float64{0, 60.2, 119.8, 180.1, 240.3, 299.9, 360.4, 420.0, 480.1}, 1, 8, -36.76, 60.759, .03, 0, .02, -4.96, -11.32, 20.47},
		{"five minutes, jitter", []float64{0, 290, 541, 824, 1079, 1373, 1632, 1903, 2199, 2444, 2721, 3010, 3256, 3537, 3822}, 1, 14, -85.53, 304.124, .24, 0, .02, -60.30, -9.13, 16.10},
		{"minute, missed beats", []float64{0, 59, 118, 236, 295, 472, 531, 590, 708, 767, 826, 1003, 1062, 1121, 1239}, 1, 14, -69.76, 59.094, .003, .3, .02, 9.88, -16.04, 63.60},
		{"no beat", []float64{0, 12, 105, 131, 260, 263, 301, 478, 490, 541, 603, 771, 780, 842, 1015}, 1, 14, -71.66, 12.004, .003, 0, .8, -62.73, -16.04, -7.11},
		{"bursts, inside", bursts, 1, 16, -66.46, 2.001, .003, 0, .5, -36.18, -16.04, 14.25},
		{"bursts, between", bursts, 15, 7, -43.43, 303.742, .03, 0, .02, -15.61, -11.32, 16.50},
		{"half a day", []float64{0, 41000, 80500, 123000, 160000, 202500, 243800, 281000, 322500, 361200, 403000, 441900}, 1, 11, -122.11, 43603.6, .17, 0, .02, -98.22, -9.51, 14.38},
	}
}

func TestGolden(t *testing.T) {
	s := NewScorer()
	for _, g := range goldens() {
		t.Run(g.name, func(t *testing.T) {
			r := s.Gap(WakeUps(nil, g.stamps, g.gap), g.gap, Setting{Exact: true})
			t.Logf("n %d L0 %.3f slack %.3f hi %.3f w %.3f m %.1f c %.2f L1 %.2f prior %.2f S %.2f (want %.2f)", r.N, r.L0, r.Slack, r.Hi, r.W, r.M, r.C, r.L1(), r.LnPrior, r.S, g.s)
			if r.N != g.n {
				t.Errorf("n = %d, want %d", r.N, g.n)
			}
			near := func(what string, got, want, by float64) {
				if math.Abs(got-want) > by {
					t.Errorf("%s = %g, want %g", what, got, want)
				}
			}
			near("L0", r.L0+r.Slack/2, g.l0, .05)
			near("hi", r.Hi, g.hi, g.hi*2e-4)
			near("w", r.W, g.w, 1e-9)
			near("m", r.M, g.m, 1e-9)
			near("c", r.C, g.c, 1e-9)
			near("L1", r.L1(), g.l1, .05)
			near("ln prior", r.LnPrior, g.prior, .006)
			near("S", r.S, g.s, .05)
		})
	}
}
