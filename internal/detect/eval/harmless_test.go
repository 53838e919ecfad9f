package eval_test

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/detect"
	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/verdict"
)

// harmlessRow is a kind of honest caller that machines have, one each, and what it raises.
type harmlessRow struct {
	name     string
	make     func(k int) days.Beacon
	watch    time.Duration
	promised bool // at most one false beacon per 1,000 hosts and day
	full     bool // every client has it, in all the traffic of the office: many use the service then; else alone on their machines
	hostDays float64
	stands   int
	words    []string
}

// harmlessRows are callers without a rhythm in every dress, and honest ones by the clock in the dress of honest programs. The last is a
// program of which nothing but its maker's honesty is known: it looks like a bot, and the row shows how many of those stand.
func harmlessRows() []*harmlessRow {
	m := time.Minute
	any := func(b days.Beacon) func(int) days.Beacon {
		return func(k int) days.Beacon { x := dress(b, k); x.Stack = k + 1; return x }
	}
	honest := func(b days.Beacon, naming days.Naming, browser bool) func(int) days.Beacon {
		return func(k int) days.Beacon {
			x := b
			x.Naming, x.Browser, x.Harmless, x.Size = naming, browser, true, []days.Size{days.Fixed, days.Padded, days.Varied}[k%3]
			x.Stack = 1 // the same program everywhere
			return x
		}
	}
	lognormal := func(sigma float64, sleep time.Duration) days.Beacon {
		return days.Beacon{Sleep: sleep, Jitter: sigma, Shape: days.Lognormal}
	}
	cron, updater := days.Beacon{Sleep: 5 * m, Jitter: .1, Shape: days.Cron}, days.Beacon{Sleep: 4 * time.Hour, Jitter: .1, Shape: days.Symmetric}
	return []*harmlessRow{
		{name: "Poisson, mean 60 s", make: any(days.Beacon{Sleep: m, Shape: days.Exponential}), watch: dayLong, promised: true},
		{name: "Poisson, mean 300 s", make: any(days.Beacon{Sleep: 5 * m, Shape: days.Exponential}), watch: dayLong, promised: true},
		{name: "Poisson, mean 30 min, a week", make: any(days.Beacon{Sleep: 30 * m, Shape: days.Exponential}), watch: 7 * dayLong, promised: true},
		{name: "log-normal, sigma 1, 300 s", make: any(lognormal(1, 5*m)), watch: dayLong, promised: true},
		{name: "log-normal, sigma 1.5, 60 s", make: any(lognormal(1.5, m)), watch: dayLong, promised: true},
		{name: "log-normal, sigma 0.5, 300 s", make: any(lognormal(.5, 5*m)), watch: dayLong},
		{name: "cron each 5 min, a service many use, browser's program", make: honest(cron, days.Fronted, true), watch: dayLong, promised: true, full: true},
		{name: "cron each 5 min, a service many use, own program", make: honest(cron, days.Fronted, false), watch: dayLong, promised: true, full: true},
		{name: "updater each 4 h +-10 %, a service many use, a week", make: honest(updater, days.Fronted, false), watch: 7 * dayLong, promised: true, full: true},
		{name: "updater each 4 h +-10 %, own domain for each machine, a week", make: honest(updater, days.OwnDomain, false), watch: 7 * dayLong},
	}
}

// run watches machines for at least so many host-days.
func (r *harmlessRow) run(hostDays float64, seed uint64) {
	for r.hostDays < hostDays {
		site := days.Office(seed, 200, 12)
		hosts, from := site.AlwaysOn(), site.Quiet()
		if r.full {
			site = days.Office(seed, 120, 12)
			hosts, from = site.Clients(), site
		}
		span := record.Span{From: monday, To: monday + record.Time(r.watch)}
		var plan []days.Injection
		for i, h := range hosts {
			b := r.make(i)
			b.Host = h
			plan = append(plan, b)
		}
		play(site, from.Batches(span, plan...), 0, nil, func(_ record.Time, all []verdict.Finding) bool {
			for i := range all {
				if all[i].ExplainedBy == "" {
					r.stands++
					r.words = append(r.words, all[i].Words)
				}
			}
			return true
		})
		r.hostDays += float64(len(hosts)) * r.watch.Hours() / 24
		seed++
	}
}

// atMost is the 95 % upper bound of a mean of which k were counted.
func atMost(k int) float64 {
	low, high := 0.0, float64(k)*3+10
	for range 60 {
		mid := (low + high) / 2
		p, term := 0.0, math.Exp(-mid)
		for i := 0; i <= k; i++ {
			p += term
			term *= mid / float64(i+1)
		}
		if p > .05 {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// tooMany reports whether so many would hardly (less than once in twenty) be counted if one were to be expected in 1,000 hosts and day.
func tooMany(k int, hostDays float64) bool {
	fewer, term := 0.0, math.Exp(-hostDays/1000)
	for i := range k {
		fewer += term
		term *= hostDays / 1000 / float64(i+1)
	}
	return k > 0 && 1-fewer < .05
}

func perThousand(name string, k int, hostDays float64) string {
	return fmt.Sprintf("| %s | %.0f | %d | %.1f | at most %.1f |", name, hostDays, k, 1000*float64(k)/hostDays, 1000*atMost(k)/hostDays)
}

// quiet is what whole offices with nobody to be found raise, by kind of finding.
type quiet struct {
	hostDays        float64
	everHour, atEnd map[string]int // by kind, source inside: stood at some full hour; stands at the day's end
	outsiders       map[string]int // the same for sources outside, which are real: strangers scan
	words           map[string][]string
	clocked         int // beacons of programs that call by the clock
}

// watch lets a day of an office go by, all detectors asked each full hour.
func (q *quiet) watch(o office) {
	site := days.Office(o.seed, o.clients, o.servers)
	inside, scope := insideOf(site), site.Scope()
	q.hostDays += float64((o.clients + o.servers + (o.clients+199)/200) * o.days)
	known := newCallers()
	tee := iter.Seq[*record.Batch](func(yield func(*record.Batch) bool) {
		for b := range site.Batches(since(time.Duration(o.days) * dayLong)) {
			known.observe(b)
			if !yield(b) {
				return
			}
		}
	})
	seen, last := map[string]bool{}, map[string]string{}
	fold(&scope, detect.All(detect.Config{}), tee, time.Hour, nil, func(_ record.Time, all []verdict.Finding) bool {
		clear(last)
		for i := range all {
			f := &all[i]
			if f.ExplainedBy != "" {
				continue
			}
			if a := addrOf(f.Source); !inside(a) {
				if !seen[f.ID] {
					q.outsiders[f.Kind]++
				}
				seen[f.ID] = true
				continue
			}
			last[f.ID] = f.Kind
			if !seen[f.ID] {
				seen[f.ID] = true
				q.everHour[f.Kind]++
				q.words[f.Kind] = append(q.words[f.Kind], fmt.Sprintf("seed %d: %.2f %s", o.seed, f.Confidence, f.Words))
				if f.Kind == "beacon" && known.finding(f) {
					q.clocked++
				}
			}
		}
		return true
	})
	for _, kind := range last {
		q.atEnd[kind]++
	}
}

func newQuiet() *quiet {
	return &quiet{everHour: map[string]int{}, atEnd: map[string]int{}, outsiders: map[string]int{}, words: map[string][]string{}}
}

// evalHarmless prints the false findings of honest callers, of whole offices and of the given noise.
func evalHarmless(t *testing.T) {
	t.Log("| honest callers | host-days | stand | per 1,000 host-days | 95 % |")
	for _, r := range harmlessRows() {
		r.run(float64(*evalN)*17.5, *evalSeed+1100)
		t.Log(perThousand(r.name, r.stands, r.hostDays))
		if r.promised && tooMany(r.stands, r.hostDays) {
			t.Errorf("%s: %d stand: %v", r.name, r.stands, r.words[:1])
		}
	}
	q := newQuiet()
	for seed := range uint64(max(1, *evalN/8)) {
		q.watch(office{*evalSeed + 5100 + seed, 120, 14, 1})
	}
	t.Log("| whole offices: browsing, updates, printers, servers | host-days | stood at some hour | per 1,000 host-days | 95 % |")
	for _, kind := range allKinds() {
		t.Log(perThousand(kind, q.everHour[kind], q.hostDays), "at the day's end", q.atEnd[kind], "; by strangers from outside", q.outsiders[kind])
		for _, w := range q.words[kind][:min(3, len(q.words[kind]))] {
			t.Log("      ", w)
		}
	}
	if tooMany(q.everHour["beacon"], q.hostDays) {
		t.Errorf("%d false beacons in %.0f host-days", q.everHour["beacon"], q.hostDays)
	}
}

func allKinds() []string {
	var out []string
	for _, d := range detect.All(detect.Config{}) {
		out = append(out, d.Kinds()...)
	}
	return out
}

// evalGivenNoise prints what the given noise sets raise, with the words that explain each of the first twenty periodic keys.
func evalGivenNoise(t *testing.T) {
	sets := noiseSets()
	for _, name := range []string{"00000_20230805150331", "00001_20230805152732", "00002_20230805155315", "00003_20230805162300"} {
		sets = append(sets, noiseSet{name: "lookups of popular names " + name[:5], path: "dns-tunnel-graphtunnel/normal/normal/normal_" + name + ".pcap"})
	}
	for _, set := range sets {
		path, ok := given(set.path)
		if !ok {
			t.Logf("%s is not here, and left out", set.path)
			continue
		}
		scope := record.AssumedScope()
		all := read(t, path, 0, 0, 0)
		fold(&scope, detect.All(detect.Config{}), slices.Values(all), 0, nil, func(_ record.Time, fs []verdict.Finding) bool {
			printNoise(t, set.name, &scope, fs)
			return true
		})
	}
}

func printNoise(t *testing.T, name string, scope *record.Scope, all []verdict.Finding) {
	counts, strangers := map[string]int{}, map[string]int{}
	var periodic []verdict.Finding
	for i := range all {
		f := &all[i]
		if f.Kind == "beacon" {
			periodic = append(periodic, *f)
		}
		if f.ExplainedBy == "" {
			if scope.Locate(addrOf(f.Source)) == record.Internet {
				strangers[f.Kind]++
			} else {
				counts[f.Kind]++
			}
		}
	}
	t.Logf("== %s: %d periodic keys; stand, by machines inside: %v, by strangers: %v", name, len(periodic), counts, strangers)
	words := map[string]int{}
	for i := range periodic[:min(20, len(periodic))] {
		words[cmp.Or(periodic[i].ExplainedBy, "stands: "+periodic[i].Words)]++
	}
	for _, w := range slices.SortedFunc(maps.Keys(words), func(a, b string) int { return cmp.Or(words[b]-words[a], strings.Compare(a, b)) }) {
		t.Logf("   of the first 20: %2d %s", words[w], w)
	}
	for i := range periodic[:min(20, len(periodic))] {
		f := &periodic[i]
		t.Logf("   %2d %s [%s] %v", i+1, f.Words, cmp.Or(f.ExplainedBy, "stands"), f.Evidence["why"])
	}
}

// addrOf is the address of a finding's source; none where it is no address.
func addrOf(source string) netip.Addr {
	a, _ := netip.ParseAddr(source)
	return a
}

// TestHarmless: callers without a rhythm, and honest ones by the clock in the traffic of an office, raise nothing on fifty host-days each.
func TestHarmless(t *testing.T) {
	for _, r := range harmlessRows() {
		if !r.promised || r.full && (r.watch > dayLong || strings.Contains(r.name, "browser")) {
			continue
		}
		if r.run(40, 51); r.stands > 0 {
			t.Errorf("%s: %d stand of %.0f host-days: %v", r.name, r.stands, r.hostDays, r.words[0])
		}
	}
	if tooMany(2, 675) || !tooMany(4, 675) || tooMany(0, 10) {
		t.Error("two of 675 may be luck at one in a thousand, four are not")
	}
	for k, want := range map[int]float64{0: 2.996, 1: 4.744, 5: 10.513} {
		if got := atMost(k); math.Abs(got-want) > .01 {
			t.Errorf("at most %.3f of %d, not %.3f", got, k, want)
		}
	}
}
