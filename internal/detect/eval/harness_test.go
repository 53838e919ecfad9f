// Package eval_test measures the detectors on imaginary offices whose truth is known and on given captures: what they find of injected beacons,
// tunnels and generated names, how often they cry wolf, how soon, how far their confidences can be believed, what they cost, and how the
// published score of RITA does on the same records.
//
// Here: the harness (harness_test.go), RITA's formula (rita_test.go), and one file for each table behind -eval (eval_test.go lists them): rows and
// grid of injections (rows_test.go), injections into the given noise (noise_test.go), false alarms (wolf_test.go, harmless_test.go), families left out
// while weights are fitted (sample_test.go, families_test.go), confidences (calibration_test.go), lookups (lookups_test.go), given captures with a
// label (labelled_test.go), growth (growth_test.go). Quick tests hold the least of each (beside the tables, and quick_test.go). Not here: the timing's
// own tables (detect/timing).
//
// Start at fold and grade.
package eval_test

import (
	"iter"
	"math"
	"net/netip"
	"slices"
	"time"

	"candor/internal/detect"
	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/verdict"
)

// monday is midnight of Monday 2026-02-02 in Chicago, where the offices are.
const monday = record.Time(1_770_012_000_000_000_000)

// since is a span that begins on that Monday.
func since(length time.Duration) record.Span {
	return record.Span{From: monday, To: monday + record.Time(length)}
}

// play runs the detector of beacons over batches, and RITA's store when there is one, and asks for findings at times that are every apart
// (0: only at the end). ask may stop the run.
func play(site *days.Site, batches iter.Seq[*record.Batch], every time.Duration, rita *ritaStore, ask func(at record.Time, all []verdict.Finding) bool) *detect.Engine {
	scope := site.Scope()
	return fold(&scope, []detect.Detector{detect.NewBeacons(detect.DefaultBeaconConfig())}, batches, every, rita, ask)
}

// fold is play with any detectors.
func fold(scope *record.Scope, detectors []detect.Detector, batches iter.Seq[*record.Batch], every time.Duration, rita *ritaStore, ask func(at record.Time, all []verdict.Finding) bool) *detect.Engine {
	e := detect.New(scope, detectors)
	var next, last record.Time
	for b := range batches {
		if next == 0 {
			next = b.Span.From + record.Time(every)
		}
		e.Observe(b)
		if rita != nil {
			rita.observe(b)
		}
		last = max(last, b.Span.To)
		if every > 0 && b.Span.To >= next {
			next += record.Time(every)
			if !ask(b.Span.To, e.Findings(b.Span.To)) {
				return e
			}
		}
	}
	e.End()
	if every == 0 {
		ask(last, e.Findings(last))
	}
	return e
}

// hit is how a truth was met.
type hit uint8

const (
	missed    hit = iota // no periodic key of it
	explained            // periodic, and explained or of weak context
	undecided            // periodic, and its context leaves open whose it is: a question about the machine is cannot say
	wrong                // standing, with another period than the truth's
	right                // standing, source, destination and period right
)

// grade says how the findings meet a truth; centres are the mean sleeps that count as right.
func grade(all []verdict.Finding, truth *days.Truth, centres ...float64) hit {
	best := missed
	for i := range all {
		f := &all[i]
		if f.Source != truth.Host.String() || !about(f, truth) {
			continue
		}
		switch {
		case f.ExplainedBy == detect.Undecided:
			best = max(best, undecided)
		case f.ExplainedBy != "":
			best = max(best, explained)
		case rightPeriod(f, centres):
			best = right
		default:
			best = max(best, wrong)
		}
	}
	return best
}

// about reports whether a finding speaks of a truth's destinations and of nothing else.
func about(f *verdict.Finding, truth *days.Truth) bool {
	if truth.Domain != "" && f.Domain == truth.Domain {
		return true
	}
	mine := 0
	for _, d := range f.Destinations {
		if a, err := netip.ParseAddr(d); err == nil && slices.Contains(truth.Destinations, a) {
			mine++
		}
	}
	return 2*mine > len(f.Destinations)
}

// rightPeriod allows the period to be off by a third: jitter blurs it, and missed beats move the median of the intervals.
func rightPeriod(f *verdict.Finding, centres []float64) bool {
	for _, key := range []string{"period_seconds", "period_symmetric"} {
		p, ok := f.Evidence[key].(float64)
		for _, c := range centres {
			if ok && p > 0 && math.Abs(math.Log(p/c)) <= math.Log(1.5) {
				return true
			}
		}
	}
	return false
}

// centre is the mean sleep of a beacon in seconds.
func centre(b *days.Beacon) []float64 {
	mean := func(sleep time.Duration) float64 {
		if b.Shape == days.Shorten {
			return sleep.Seconds() * (1 - b.Jitter/2)
		}
		return sleep.Seconds()
	}
	out := []float64{mean(b.Sleep)}
	if b.ChangeAfter > 0 {
		out = append(out, mean(b.NewSleep))
	}
	return out
}

// wilson is the 95 % interval of a share.
func wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.96
	p, m := float64(k)/float64(n), float64(n)
	mid := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, mid-half), min(1, mid+half)
}

// signTest is the two-sided probability that of a+b pairs in which two methods differ, they split so unevenly by chance (the exact form
// of McNemar's test).
func signTest(a, b int) float64 {
	n, k := a+b, min(a, b)
	if n == 0 {
		return 1
	}
	p, lnHalf := 0.0, -float64(n)*math.Ln2
	for i := 0; i <= k; i++ {
		x, _ := math.Lgamma(float64(n + 1))
		y, _ := math.Lgamma(float64(i + 1))
		z, _ := math.Lgamma(float64(n - i + 1))
		p += math.Exp(x - y - z + lnHalf)
	}
	return min(1, 2*p)
}
