package judge_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/agreement"
	"candor/internal/labnet"
	"candor/internal/verdict"
)

// TestEval prints a confusion table of every rule over imaginary sites, seeds and taps: `make eval`. It needs the flag,
// because it takes minutes. It fails on a wrong yes, a wrong no, and on more than a tenth cannot say at twice a rule's least
// evidence.
func TestEval(t *testing.T) {
	switch {
	case *evalSet == "" && !*evalAll:
		t.Skip("takes minutes: make eval")
	case *evalSet == "confirm":
		evaluate(t, "confirmation", confirmSites(), *evalFirst, *evalSeeds)
	default:
		evaluate(t, "development", developSites(), 1, *evalSeeds)
		if *evalAll {
			evaluate(t, "confirmation", confirmSites(), *evalFirst, *evalSeeds)
		}
	}
}

var (
	evalAll   = flag.Bool("eval", false, "run the evaluation over imaginary sites")
	evalSet   = flag.String("eval.set", "", "only this set: develop or confirm")
	evalFirst = flag.Uint64("eval.first", 1001, "first seed of the confirming set")
	evalSeeds = flag.Int("eval.seeds", 20, "seeds for each site")
)

// evalSite is a site with the length of a run.
type evalSite struct {
	build  func(uint64) *labnet.Site
	volume float64
	hours  float64
	sensor map[labnet.TapName]string // which of the agreement's sensors stands there; the site's own otherwise
	taps   []labnet.TapName          // only these, and nothing else wrong with them
}

func developSites() []evalSite {
	campus := map[labnet.TapName]string{labnet.RoutedCore: "core", labnet.AccessSwitch: "readers-access", labnet.LabSwitch: "lab-access"}
	return []evalSite{
		{build: labnet.Bank, volume: 0.2, hours: 2.1},
		{build: labnet.Firm, volume: 0.5, hours: 2.1},
		{build: labnet.Campus, volume: 0.5, hours: 2.1, sensor: campus},
		{build: labnet.ProxyFirm, volume: 0.5, hours: 2.1},
		{build: labnet.DualPath, volume: 0.5, hours: 2.1},
		{build: labnet.Library, volume: 0.3, hours: 5, taps: []labnet.TapName{labnet.Core}},
		{build: labnet.Bank, volume: 1, hours: 8.3, taps: []labnet.TapName{labnet.Core, labnet.Outside}},
	}
}

// confirmSites are three of them with fresh seeds, and a site of another shape that was made after the weights were frozen.
func confirmSites() []evalSite {
	all := developSites()
	return append(all[:3:3], all[len(all)-1], evalSite{build: labnet.Clinic, volume: 0.5, hours: 2.1})
}

// variants are what can be wrong with a tap beside its place.
func variants() map[string]labnet.Tap {
	return map[string]labnet.Tap{
		"": {}, "loss": {Loss: 0.2}, "twice": {Twice: true}, "cut": {Snap: 64}, "no dns": {NoDNS: true}, "no ipv6": {NoIPv6: true},
	}
}

// tally is one line of the table.
type tally struct{ rightYes, rightNo, wrongYes, wrongNo, openYes, openNo, early int }

type confusion struct {
	sync.Mutex
	lines map[verdict.Code]*tally
	wrong []string
	open  map[string]int
}

func evaluate(t *testing.T, name string, list []evalSite, firstSeed uint64, seeds int) {
	c := &confusion{lines: map[verdict.Code]*tally{}, open: map[string]int{}}
	started := time.Now()
	runs := 0
	t.Run(name, func(t *testing.T) {
		for i := range list {
			for seed := firstSeed; seed < firstSeed+uint64(seeds); seed++ {
				for _, tap := range list[i].build(seed).Taps() {
					for kind, v := range variants() {
						if list[i].taps != nil && (kind != "" || !slices.Contains(list[i].taps, tap)) {
							continue
						}
						if kind != "" && tap != labnet.Core && tap != labnet.AccessSwitch {
							continue
						}
						if kind != "" && seed%4 != firstSeed%4 {
							continue // a quarter of the seeds is enough for what is wrong with the copy
						}
						v.At = tap
						runs++
						t.Run(fmt.Sprintf("%s-%gh-%d-%s-%s", list[i].build(seed).Name(), list[i].hours, seed, tap, kind), func(t *testing.T) {
							t.Parallel()
							c.add(t, list[i], seed, v)
						})
					}
				}
			}
		}
	})
	c.print(t, fmt.Sprintf("%s: %d runs of %d seeds in %s", name, runs, seeds, time.Since(started).Round(time.Second)))
}

// add runs one site and holds each verdict against reality.
func (c *confusion) add(t *testing.T, e evalSite, seed uint64, tap labnet.Tap) {
	site := e.build(seed).Scale(e.volume)
	a, err := agreement.Parse("site", site.Agreement())
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 11, 18, 9, 45, 0, 0, site.Zone())
	s := &story{site: site, tap: tap, span: labnet.Span{From: from, To: from.Add(time.Duration(e.hours * float64(time.Hour)))}}
	s.by = recordSensor(e.sensor[tap.At])
	r := s.observe(t, a)
	c.Lock()
	defer c.Unlock()
	for _, truth := range site.Truth(tap, s.span) {
		d := findDefect(r, truth.Code, truth.Subject)
		if d == nil || truth.Reality == labnet.Unknown {
			continue
		}
		where := fmt.Sprintf("%s seed %d at %s %+v", site.Name(), seed, tap.At, struct {
			Loss     float64
			Twice    bool
			Snap     int
			DNS, Six bool
		}{tap.Loss, tap.Twice, tap.Snap, !tap.NoDNS, !tap.NoIPv6})
		c.count(d, truth, where)
	}
}

func (c *confusion) count(d *verdict.Defect, truth labnet.Truth, where string) {
	line := c.lines[d.Code]
	if line == nil {
		line = &tally{}
		c.lines[d.Code] = line
	}
	yes := truth.Reality == labnet.Yes
	wrong := func(kind string) {
		c.wrong = append(c.wrong, fmt.Sprintf("%s %s: %s (%+.1f bits, %v)", kind, d.Name(), where, d.Bits, d.Signs))
	}
	switch {
	case d.Verdict == verdict.Yes && yes:
		line.rightYes++
	case d.Verdict == verdict.No && !yes:
		line.rightNo++
	case d.Verdict == verdict.Yes:
		line.wrongYes++
		wrong("WRONG YES")
	case d.Verdict == verdict.No:
		line.wrongNo++
		wrong("WRONG NO")
	case d.Evidence < 2:
		line.early++
	case yes:
		line.openYes++
		c.open[fmt.Sprintf("%s really yes, %s: %s %v", d.Name(), where[:strings.Index(where, " seed")], where[strings.Index(where, " at"):], d.Needs)]++
	default:
		line.openNo++
		c.open[fmt.Sprintf("%s really no, %s: %s %v", d.Name(), where[:strings.Index(where, " seed")], where[strings.Index(where, " at"):], d.Needs)]++
	}
}

func (c *confusion) print(t *testing.T, title string) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n%-26s %10s %10s %10s %10s %14s %14s %10s\n", title, "", "yes: yes", "no: no", "WRONG YES", "WRONG NO", "yes: cannot", "no: cannot", "too early")
	for _, code := range sortedCodes(c.lines) {
		l := c.lines[code]
		fmt.Fprintf(&b, "%-26s %10d %10d %10d %10d %14d %14d %10d\n", code, l.rightYes, l.rightNo, l.wrongYes, l.wrongNo, l.openYes, l.openNo, l.early)
		decided := l.rightYes + l.rightNo + l.wrongYes + l.wrongNo
		if open := l.openYes + l.openNo; open*10 > decided+open {
			t.Errorf("%s: cannot say in %d of %d cases with twice the least evidence", code, open, decided+open)
		}
	}
	for _, w := range c.wrong {
		t.Error(w)
	}
	var open []string
	for k, n := range c.open {
		open = append(open, fmt.Sprintf("%4d x cannot say: %s", n, k))
	}
	slices.Sort(open)
	for _, o := range open[max(0, len(open)-40):] {
		fmt.Fprintln(&b, o)
	}
	t.Log(b.String())
	if path := os.Getenv("CANDOR_EVAL_OUT"); path != "" {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fmt.Fprintln(f, b.String())
	}
}

func sortedCodes(lines map[verdict.Code]*tally) []verdict.Code {
	var out []verdict.Code
	for c := range lines {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}
