package eval_test

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/verdict"
)

// alarm is something that would be shown on a day although nobody is infected, at a level: how far its context lies above what opens a
// finding (Candor; 0 and more stand), or its score (RITA).
type alarm struct {
	level float64
	hard  bool // it is about one of the honest programs that call by the clock (days.Callers)
	words string
	day   int
	id    string
}

// wolves is what offices without an intruder raise.
type wolves struct {
	hostDays     float64
	candor       []alarm
	rita, threat []alarm
}

// office is a run without injections.
type office struct {
	seed             uint64
	clients, servers int
	days             int
}

// callers tells which names and addresses belong to the honest programs.
type callers struct {
	names map[string]bool
	addrs map[netip.Addr]bool
}

func newCallers() *callers {
	c := &callers{names: map[string]bool{}, addrs: map[netip.Addr]bool{}}
	for _, x := range days.Callers() {
		c.names[x.Name], c.names[x.Domain] = true, true
	}
	return c
}

func (c *callers) observe(b *record.Batch) {
	for i := range b.DNS {
		d := &b.DNS[i]
		if !c.names[d.Query] {
			continue
		}
		for _, text := range d.Answers {
			if a, err := netip.ParseAddr(text); err == nil {
				c.addrs[a] = true
			}
		}
	}
}

func (c *callers) finding(f *verdict.Finding) bool {
	hard := 0
	for _, text := range f.Destinations {
		if a, err := netip.ParseAddr(text); err == nil && c.addrs[a] {
			hard++
		}
	}
	return c.names[f.Domain] || 2*hard > len(f.Destinations)
}

// watch lets an office go by and adds up what it raises, day by day.
func (w *wolves) watch(o office, withRITA bool) {
	site := days.Office(o.seed, o.clients, o.servers)
	known := newCallers()
	var rita *ritaStore
	if withRITA {
		rita = newRITA(insideOf(site))
	}
	tee := func(yield func(*record.Batch) bool) {
		for b := range site.Batches(since(time.Duration(o.days) * 24 * time.Hour)) {
			known.observe(b)
			if !yield(b) {
				return
			}
		}
	}
	hosts := o.clients + o.servers + (o.clients+199)/200
	w.hostDays += float64(hosts * o.days)
	day := 0
	play(site, iter.Seq[*record.Batch](tee), 24*time.Hour, rita, func(at record.Time, all []verdict.Finding) bool {
		day++
		for i := range all {
			f := &all[i]
			if f.ExplainedBy != "" && f.ExplainedBy != weak {
				continue
			}
			x, _ := f.Evidence["context_nats"].(float64)
			level, _ := f.Evidence["opens_at"].(float64)
			a := alarm{level: x - level, hard: known.finding(f), day: day, id: fmt.Sprint(o.seed, f.ID)}
			if f.ExplainedBy == "" {
				a.level = max(a.level, 0)
			} else {
				a.level = min(a.level, -1e-9)
			}
			a.words = fmt.Sprintf("seed %d day %d: %s %v %v", o.seed, day, f.Words, f.Evidence["key"], f.Evidence["why"])
			w.candor = append(w.candor, a)
		}
		if rita != nil {
			for _, s := range rita.scores(at) {
				hard := known.names[s.key.name] || known.addrs[s.key.dst]
				id := fmt.Sprint(o.seed, s.key)
				w.rita = append(w.rita, alarm{level: s.score, hard: hard, day: day, id: id})
				w.threat = append(w.threat, alarm{level: s.threat, hard: hard, day: day, id: id})
			}
		}
		return true
	})
}

// weak is how the detector explains a periodic key whose context speaks for nobody.
const weak = "it is periodic, and nothing else about it speaks for an intruder"

func insideOf(site *days.Site) func(netip.Addr) bool {
	scope := site.Scope()
	return func(a netip.Addr) bool {
		switch scope.Locate(a) {
		case record.Internet, record.Nowhere, record.OwnPublic:
			return false
		}
		return true
	}
}

// rate is how many alarms of a level or higher 1,000 hosts would raise a day; once counts an alarm on its first day only.
func (w *wolves) rate(all []alarm, level float64, hard, once bool) float64 {
	n, seen := 0, map[string]bool{}
	for i := range all {
		a := &all[i]
		if a.level < level || a.hard && !hard || once && seen[a.id] {
			continue
		}
		seen[a.id] = true
		n++
	}
	return 1000 * float64(n) / w.hostDays
}

// levelFor is the lowest level at which the rate is not above a budget.
func (w *wolves) levelFor(all []alarm, budget float64, hard bool) float64 {
	levels := map[float64]bool{}
	for i := range all {
		levels[all[i].level] = true
	}
	best := math.Inf(1)
	sorted := slices.Sorted(maps.Keys(levels))
	for _, l := range slices.Backward(sorted) {
		if w.rate(all, l, hard, false) > budget {
			break
		}
		best = l
	}
	if math.IsInf(best, 1) {
		return math.Nextafter(sorted[len(sorted)-1], 2)
	}
	return best
}

// offices are sites without an intruder, small and large, for a day and for a working week.
func offices(shift uint64) []office {
	list := []office{
		{1, 60, 12, 1}, {2, 120, 14, 1}, {3, 120, 14, 1}, {4, 240, 20, 1}, {5, 60, 12, 5}, {6, 60, 12, 5}, {7, 10, 10, 3}, {8, 25, 10, 3}, {9, 400, 20, 1}, {10, 120, 14, 5},
	}
	for i := range list {
		list[i].seed += shift
	}
	return list
}

func (w *wolves) print(t *testing.T) {
	t.Helper()
	t.Logf("false alarms per 1,000 hosts and day over %.0f host-days: shown each day (raised anew)", w.hostDays)
	t.Logf("%-28s %-22s %-22s", "level", "with hard negatives", "without")
	for _, shift := range []float64{-2, -1.5, -1, -.75, -.5, -.25, 0, .25, .5, 1} {
		t.Logf("candor, opens %+.2f          %7.1f (%5.1f)        %7.1f (%5.1f)", shift, w.rate(w.candor, shift, true, false), w.rate(w.candor, shift, true, true),
			w.rate(w.candor, shift, false, false), w.rate(w.candor, shift, false, true))
	}
	for _, s := range []float64{.5, .7, .8, .9, .95, .99} {
		t.Logf("RITA score >= %.2f           %7.1f (%5.1f)        %7.1f (%5.1f)", s, w.rate(w.rita, s, true, false), w.rate(w.rita, s, true, true), w.rate(w.rita, s, false, false), w.rate(w.rita, s, false, true))
	}
	slices.SortStableFunc(w.candor, func(a, b alarm) int { return int(math.Copysign(1, b.level-a.level)) })
	seen := map[string]bool{}
	for i := range w.candor {
		a := &w.candor[i]
		if a.level < -.8 || len(seen) >= 40 {
			break
		}
		if !seen[a.id] {
			seen[a.id] = true
			t.Logf("%+.2f hard %v %s", a.level, a.hard, strings.ReplaceAll(a.words, "\n", " "))
		}
	}
}
