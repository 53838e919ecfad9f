package eval_test

import (
	"flag"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/verdict"
)

var (
	evalAll  = flag.Bool("eval", false, "measure the detectors; takes minutes")
	evalN    = flag.Int("eval.n", 200, "injections of each row")
	evalOnly = flag.String("eval.only", "", "only these tables, with commas between: see TestEval; RITA then is not held to the offices' level, which no score has reached so far")
	evalSeed = flag.Uint64("eval.seed", 2000, "first seed of the injections: the weights were set while looking at 2000")
)

// TestEval prints every table of docs/eval-detection.md: `make eval`. Each has its name, for -eval.only.
func TestEval(t *testing.T) {
	if !*evalAll {
		t.Skip("takes minutes: make eval")
	}
	only := strings.FieldsFunc(*evalOnly, func(r rune) bool { return r == ',' })
	level := math.Nextafter(1, 2) // none of RITA's scores reaches it
	for _, table := range []struct {
		name  string
		print func(t *testing.T)
	}{
		{"offices", func(t *testing.T) { level = evalOffices(t) }},
		{"first", evalFirstAlarm},
		{"harmless", evalHarmless},
		{"given noise", evalGivenNoise},
		{"families", evalFamilies},
		{"growth", evalGrowth},
		{"lookups", evalLookups},
		{"noise", evalNoise},
		{"labelled", evalLabelled},
		{"rows", func(t *testing.T) { evalRows(t, level) }},
		{"else", func(t *testing.T) { evalCells(t, "what else", more(*evalN), level) }},
		{"grid", func(t *testing.T) { evalCells(t, "grid: sleep x jitter x missed", grid(*evalN), level) }},
		{"context", func(t *testing.T) {
			evalCells(t, "context: 300 s, 20 % jitter, in the full traffic of an office", contexts(*evalN/20), level)
		}},
	} {
		if len(only) == 0 || slices.Contains(only, table.name) || slices.ContainsFunc(only, func(s string) bool { return table.name == strings.TrimRight(s, "0123456789") }) {
			t.Run(table.name, table.print)
		}
	}
}

// evalRows prints the named rows beside RITA at equal false alarms, and at the levels people use.
func evalRows(t *testing.T, level float64) {
	rows := named(*evalN)
	var all []*cell
	for _, name := range []string{"young", "slow", "office hours", "rotating", "Poisson", "lognormal"} {
		cells := rows[name]
		measure(cells, *evalSeed)
		t.Logf("== row %s", name)
		for _, c := range cells {
			t.Log(c.line(level))
		}
		s := sum(name, cells)
		t.Log(s.line(level))
		for _, l := range []float64{.7} {
			t.Logf("RITA >= %.1f instead: %s", l, s.line(l))
		}
		if name == "Poisson" || name == "lognormal" {
			if s.found() > 0 {
				t.Errorf("%d of %d called a beacon", s.found(), len(s.tries))
			}
			continue
		}
		all = append(all, cells...)
	}
	t.Log(sum("all rows with beacons", all).line(level))
}

// evalCells prints cells and what the power statement is worth over them.
func evalCells(t *testing.T, title string, cells []*cell, level float64) {
	measure(cells, *evalSeed+500)
	t.Logf("== %s", title)
	var claimed []*cell
	for _, c := range cells {
		t.Log(c.line(level))
		if c.claims {
			claimed = append(claimed, c)
		}
	}
	t.Log(sum("all", cells).line(level))
	if len(claimed) > 0 {
		s := sum("where the power statement claims it", claimed)
		t.Log(s.line(level))
		periodic, n := len(s.tries)-s.got[missed], len(s.tries)
		low, high := wilson(periodic, n)
		t.Logf("   its claim, that the timing is found: right in %.1f %% (%.1f-%.1f) of %d", 100*float64(periodic)/float64(n), 100*low, 100*high, n)
		said := periodic - s.got[explained]
		low, high = wilson(said, n)
		t.Logf("   it stands, or is undecided, so that no question is no: %.1f %% (%.1f-%.1f); stands %.1f %%", 100*float64(said)/float64(n), 100*low, 100*high, 100*float64(s.found())/float64(n))
		if 100*periodic < 95*n {
			t.Errorf("the power statement is right in %d of %d", periodic, n)
		}
	}
}

// evalOffices prints the false alarms of offices with nobody to be found, and gives RITA's level at as many.
func evalOffices(t *testing.T) float64 {
	w := &wolves{}
	for _, o := range offices(*evalSeed - 2000) {
		w.watch(o, true)
	}
	w.print(t)
	level := w.levelFor(w.rita, max(1, w.rate(w.candor, 0, true, false)), true)
	fair := w.levelFor(w.rita, max(1, w.rate(w.candor, 0, false, false)), false)
	t.Logf("RITA's level at as many false alarms: %.3f, without the hard negatives %.3f; its threat with prevalence %.3f", level, fair,
		w.levelFor(w.threat, max(1, w.rate(w.candor, 0, true, false)), true))
	if r := w.rate(w.candor, 0, true, false); r > 1 {
		t.Errorf("%.1f false alarms per 1,000 hosts and day", r)
	}
	return level
}

func evalFirstAlarm(t *testing.T) {
	var all []time.Duration
	for i := range uint64(40) {
		after, ok := firstAlarm(*evalSeed+i, i < 10)
		if !ok {
			after = 24 * time.Hour
		}
		all = append(all, after)
	}
	slices.Sort(all)
	t.Logf("first alarm of a 60 s beacon with 30 %% jitter, asked each 5 min, 10 of 40 in the office's traffic: median %v, latest %v", all[len(all)/2], all[len(all)-1])
	if all[len(all)-1] > 20*time.Minute {
		t.Errorf("the first alarm came after %v", all[len(all)-1])
	}
}

// firstAlarm is how long after its first call a bot of one minute with 30 % jitter stands, findings being asked for each five minutes,
// in the traffic of an office when full.
func firstAlarm(seed uint64, full bool) (time.Duration, bool) {
	site := days.Office(seed, 60, 12)
	from := monday + record.Time(9*time.Hour)
	span := record.Span{From: from, To: from + record.Time(90*time.Minute)}
	b := days.Beacon{Who: days.Who{From: from + record.Time(20*time.Minute)}, Sleep: time.Minute, Jitter: .3, Naming: days.OwnDomain, Stack: 1}
	truth := site.Truths(span, b)[0]
	if !full {
		site = site.Quiet()
	}
	var found time.Duration
	play(site, site.Batches(span, b), 5*time.Minute, nil, func(at record.Time, all []verdict.Finding) bool {
		if grade(all, &truth, centre(&b)...) >= wrong {
			found = time.Duration(at - truth.From)
		}
		return found == 0
	})
	return found, found > 0
}
