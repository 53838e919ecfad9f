package eval_test

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"candor/internal/detect"
	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/verdict"
)

// noiseSet is a given capture or folder of logs without a known intruder that calls out, into which beacons are injected.
type noiseSet struct {
	name, path string
	watch      time.Duration // the most of it that injections may use
	own        netip.Addr    // the one machine of an exposed server, which has no private address; zero: private addresses are inside
}

// noiseSets are those of the given sets that are long enough. The normal DNS captures hold nothing but lookups, the rest is minutes long
// or malicious.
func noiseSets() []noiseSet {
	server := netip.MustParseAddr("64.225.56.201")
	return []noiseSet{
		{"exposed server, day 1", "rita/test_data/missing_host/2024-04-19", 24 * time.Hour, server},
		{"exposed server, day 2", "rita/test_data/missing_host/2024-04-20", 24 * time.Hour, server},
		{"exposed server, day 3", "rita/test_data/missing_host/2024-04-21", 24 * time.Hour, server},
		{"requests of 13 machines", "rita/test_data/dnscat2-ja3-strobe-agent", 23 * time.Hour, netip.Addr{}},
		{"behind a proxy", "rita/test_data/proxy_rolling", 110 * time.Minute, netip.Addr{}},
		{"requests of a laboratory", "aktaion/data/broData", time.Hour, netip.Addr{}},
		{"industrial laboratory", "ics-4sics/Additional_Captures/4SICS-GeekLounge-151020", 7 * time.Hour, netip.Addr{}},
	}
}

// noise is a set in memory, by the minute.
type noise struct {
	set      noiseSet
	scope    record.Scope
	minutes  map[record.Time]*record.Batch
	span     record.Span
	hosts    []netip.Addr // of its own, the busiest first
	resolver netip.Addr
	feed     record.Feed
	tells    map[record.Kind]bool
	prints   bool // TLS records have fingerprints
	standing int  // findings that stand without injections
	levels   []float64
}

func (n *noise) at(ts record.Time) *record.Batch {
	m := ts.Floor(record.Minute)
	b := n.minutes[m]
	if b == nil {
		b = &record.Batch{Feed: n.feed, Span: record.Span{From: m, To: m + record.Minute}}
		n.minutes[m] = b
	}
	return b
}

// loadNoise reads a set; nil where it is not there.
func loadNoise(t testing.TB, set noiseSet) *noise {
	path, ok := given(set.path)
	if !ok {
		t.Logf("%s is not here, and left out: set CANDOR_SHARED to the folder that holds data/given", set.path)
		return nil
	}
	n := &noise{set: set, scope: record.AssumedScope(), minutes: map[record.Time]*record.Batch{}, tells: map[record.Kind]bool{}}
	if set.own.IsValid() {
		n.scope.Segments = append(n.scope.Segments, record.ScopeSegment{ID: "servers", Kind: record.Servers, Networks: []netip.Prefix{netip.PrefixFrom(set.own, 32)}})
	}
	calls, asked := map[netip.Addr]int{}, map[netip.Addr]int{}
	from := func(e *record.Ends) {
		if n.inside(e.OrigH) && e.OrigH.Is4() && !e.OrigH.IsMulticast() {
			calls[e.OrigH]++
		}
	}
	inputs := []record.Input{}
	for _, b := range read(t, path, 0, 0, 0) {
		inputs, n.feed = append(inputs, b.Inputs...), cmp.Or(n.feed, b.Feed)
		for i := range b.Conns {
			c := b.Conns[i]
			m := n.at(c.TS)
			m.Conns = append(m.Conns, c)
			from(&record.Ends{OrigH: c.OrigH})
			n.tells[record.KindConn] = true
		}
		for i := range b.DNS {
			m := n.at(b.DNS[i].TS)
			m.DNS = append(m.DNS, b.DNS[i])
			asked[b.DNS[i].RespH]++
			n.tells[record.KindDNS] = true
		}
		for i := range b.TLS {
			m := n.at(b.TLS[i].TS)
			m.TLS = append(m.TLS, b.TLS[i])
			n.tells[record.KindTLS], n.prints = true, n.prints || b.TLS[i].JA4 != ""
		}
		for i := range b.HTTP {
			m := n.at(b.HTTP[i].TS)
			m.HTTP = append(m.HTTP, b.HTTP[i])
			from(&b.HTTP[i].Ends)
			n.tells[record.KindHTTP] = true
		}
	}
	all := slices.Sorted(maps.Keys(n.minutes))
	n.span = record.Span{From: all[0], To: all[len(all)-1] + record.Minute}
	n.minutes[all[0]].Inputs = inputs
	most := func(m map[netip.Addr]int) []netip.Addr {
		return slices.SortedFunc(maps.Keys(m), func(a, b netip.Addr) int { return cmp.Or(cmp.Compare(m[b], m[a]), a.Compare(b)) })
	}
	n.hosts = most(calls)
	if r := most(asked); len(r) > 0 {
		n.resolver = r[0]
	}
	n.alone()
	return n
}

func (n *noise) inside(a netip.Addr) bool {
	switch n.scope.Locate(a) {
	case record.Internet, record.Nowhere, record.OwnPublic:
		return false
	}
	return true
}

// alone measures what the set raises by itself: what stands, and the scores RITA gives, highest first.
func (n *noise) alone() {
	rita := newRITA(n.inside)
	for b := range n.with(nil) {
		rita.observe(n.asConns(b))
	}
	fold(&n.scope, beaconsOnly(), n.with(nil), 0, nil, func(at record.Time, all []verdict.Finding) bool {
		for i := range all {
			if all[i].ExplainedBy == "" {
				n.standing++
			}
		}
		best := map[ritaKey]float64{}
		for end := at; end > n.span.From; end -= record.Day {
			for _, s := range rita.scores(end) {
				best[s.key] = max(best[s.key], s.score)
			}
		}
		n.levels = slices.Sorted(maps.Values(best))
		slices.Reverse(n.levels)
		return true
	})
}

// level is the lowest of RITA's levels at which it raises no more in this set than what stands here.
func (n *noise) level() float64 {
	if len(n.levels) <= n.standing {
		return 0
	}
	return math.Nextafter(n.levels[n.standing], 2)
}

func beaconsOnly() []detect.Detector {
	return []detect.Detector{detect.NewBeacons(detect.DefaultBeaconConfig())}
}

// asConns makes connections of requests where a set has none, for RITA, which scores connections.
func (n *noise) asConns(b *record.Batch) *record.Batch {
	if n.tells[record.KindConn] {
		return b
	}
	out := &record.Batch{Span: b.Span, HTTP: b.HTTP}
	for i := range b.HTTP {
		h := &b.HTTP[i]
		out.Conns = append(out.Conns, record.Conn{TS: h.TS, UID: h.UID, OrigH: h.OrigH, RespH: h.RespH, OrigP: h.OrigP, RespP: h.RespP, Proto: 6, OrigIPBytes: h.RequestBodyLen + uint64(len(h.URI)+len(h.UserAgent))})
	}
	return out
}

// with gives the set with injected records between its own.
func (n *noise) with(added map[record.Time]*record.Batch) iter.Seq[*record.Batch] {
	return func(yield func(*record.Batch) bool) {
		for m := n.span.From; m < n.span.To; m += record.Minute {
			own, more := n.minutes[m], added[m]
			switch {
			case own == nil && more == nil:
				continue
			case own == nil:
				own = more
			case more != nil:
				both := *own
				both.Conns = slices.Concat(own.Conns, more.Conns)
				both.DNS, both.TLS, both.HTTP = slices.Concat(own.DNS, more.DNS), slices.Concat(own.TLS, more.TLS), slices.Concat(own.HTTP, more.HTTP)
				own = &both
			}
			if !yield(own) {
				return
			}
		}
	}
}

// noiseRow is a kind of beacon, injected into every set that is long enough for it.
type noiseRow struct {
	name  string
	b     days.Beacon
	watch time.Duration
	tries []noiseTry
}

type noiseTry struct {
	set    *noise
	hit    hit
	rita   float64
	killed bool // RITA at its level finds it
}

func noiseRows() []*noiseRow {
	m := time.Minute
	return []*noiseRow{
		{name: "60 s j20, the last 30 min", b: days.Beacon{Sleep: m, Jitter: .2}, watch: 30 * m},
		{name: "60 s j50, the last hour", b: days.Beacon{Sleep: m, Jitter: .5}, watch: 58 * m},
		{name: "60 s j20, the last 100 min", b: days.Beacon{Sleep: m, Jitter: .2}, watch: 100 * m},
		{name: "300 s j20, the last 100 min", b: days.Beacon{Sleep: 5 * m, Jitter: .2}, watch: 100 * m},
		{name: "300 s j20, 6 h", b: days.Beacon{Sleep: 5 * m, Jitter: .2}, watch: 6 * time.Hour},
		{name: "300 s j50, 6 h", b: days.Beacon{Sleep: 5 * m, Jitter: .5}, watch: 6 * time.Hour},
		{name: "300 s j20, 30 % missed, 6 h", b: days.Beacon{Sleep: 5 * m, Jitter: .2, Missed: .3}, watch: 6 * time.Hour},
		{name: "60 s j95, a day", b: days.Beacon{Sleep: m, Jitter: .95}, watch: 23 * time.Hour},
		{name: "300 s j20, a day", b: days.Beacon{Sleep: 5 * m, Jitter: .2}, watch: 23 * time.Hour},
		{name: "30 min j20, a day", b: days.Beacon{Sleep: 30 * m, Jitter: .2}, watch: 23 * time.Hour},
		{name: "60 s j20, 5 targets, a day", b: days.Beacon{Sleep: m, Jitter: .2, Targets: 5}, watch: 23 * time.Hour},
		{name: "300 s j20, 50 targets, a day", b: days.Beacon{Sleep: 5 * m, Jitter: .2, Targets: 50}, watch: 23 * time.Hour},
		{name: "Poisson 60 s, 6 h (must not)", b: days.Beacon{Sleep: m, Shape: days.Exponential}, watch: 6 * time.Hour},
	}
}

// injected makes one injection as the set would have told it: on one of its machines, with its resolver, and only the records
// that the set has at all.
func (n *noise) injected(row *noiseRow, k int, seed uint64) (map[record.Time]*record.Batch, days.Truth, *ritaStore) {
	site := days.Office(seed, 20, 10).Quiet()
	host := n.hosts[k%min(len(n.hosts), 8)]
	to := n.span.From + record.Time(min(n.set.watch, time.Duration(n.span.To-n.span.From)))
	span := record.Span{From: to - record.Time(row.watch), To: to}
	b := dress(row.b, k)
	b.Stack, b.Host, b.From = k+1, site.AlwaysOn()[0], span.From
	if !n.tells[record.KindConn] {
		b.Clear = true
	}
	truth := site.Truths(span, b)[0]
	truth.Host = host
	move := func(a *netip.Addr) {
		if *a == b.Host {
			*a = host
		}
	}
	out, store := map[record.Time]*record.Batch{}, newRITA(n.inside)
	into := &noise{feed: n.feed, minutes: out}
	for part := range site.Batches(span, b) {
		for i := range part.DNS {
			d := part.DNS[i]
			move(&d.OrigH)
			d.Feed, d.RespH = n.feed, n.resolver
			if n.tells[record.KindDNS] {
				m := into.at(d.TS)
				m.DNS = append(m.DNS, d)
			}
		}
		for i := range part.TLS {
			x := part.TLS[i]
			move(&x.OrigH)
			x.Feed = n.feed
			if !n.prints {
				x.JA4 = ""
			}
			if n.tells[record.KindTLS] {
				m := into.at(x.TS)
				m.TLS = append(m.TLS, x)
			}
		}
		for i := range part.HTTP {
			x := part.HTTP[i]
			move(&x.OrigH)
			x.Feed = n.feed
			if n.tells[record.KindHTTP] {
				m := into.at(x.TS)
				m.HTTP = append(m.HTTP, x)
			}
		}
		for i := range part.Conns {
			c := part.Conns[i]
			if c.Proto == 17 && c.RespP == 53 {
				if !n.tells[record.KindDNS] {
					continue
				}
				c.RespH = n.resolver
			}
			move(&c.OrigH)
			c.Feed = n.feed
			if n.tells[record.KindConn] {
				m := into.at(c.TS)
				m.Conns = append(m.Conns, c)
			}
		}
	}
	for _, m := range slices.Sorted(maps.Keys(out)) {
		store.observe(n.asConns(out[m]))
	}
	return out, truth, store
}

// inject adds one injection of a row and grades what both say.
func (n *noise) inject(row *noiseRow, k int, seed uint64) {
	added, truth, rita := n.injected(row, k, seed)
	try := noiseTry{set: n}
	fold(&n.scope, beaconsOnly(), n.with(added), 0, nil, func(at record.Time, all []verdict.Finding) bool {
		try.hit = grade(all, &truth, centre(&row.b)...)
		for end := n.span.To; end > n.span.From; end -= record.Day {
			for _, s := range rita.scores(end) {
				try.rita = max(try.rita, s.score)
			}
		}
		return true
	})
	try.killed = try.rita >= n.level() && try.rita > 0
	row.tries = append(row.tries, try)
}

// found counts what stands.
func (r *noiseRow) found() int {
	n := 0
	for i := range r.tries {
		if r.tries[i].hit >= wrong {
			n++
		}
	}
	return n
}

func (r *noiseRow) line(name string, keep func(*noiseTry) bool) string {
	n, found, weakly, theirs, at9, at7, ours, only := 0, 0, 0, 0, 0, 0, 0, 0
	for i := range r.tries {
		x := &r.tries[i]
		if !keep(x) {
			continue
		}
		n++
		stands := x.hit >= wrong
		count := func(c *int, yes bool) {
			if yes {
				*c++
			}
		}
		count(&found, stands)
		count(&weakly, x.hit == explained || x.hit == undecided)
		count(&theirs, x.killed)
		count(&at9, x.rita >= .9)
		count(&at7, x.rita >= .7)
		count(&ours, stands && !x.killed)
		count(&only, !stands && x.killed)
	}
	low, high := wilson(found, n)
	share := func(k int) float64 { return 100 * float64(k) / float64(max(n, 1)) }
	return fmt.Sprintf("%-34s n %3d  found %5.1f %% (%3.0f-%3.0f)  weak context %5.1f %%  not periodic %5.1f %% | RITA at equal %5.1f %%, >= 0.9 %5.1f %%, >= 0.7 %5.1f %%  only we %3d only RITA %3d p %.2g",
		name, n, share(found), 100*low, 100*high, share(weakly), share(n-found-weakly), share(theirs), share(at9), share(at7), ours, only, signTest(ours, only))
}

// injectInto adds each of n injections of every row that fits to every set, and gives the sets used.
func injectInto(sets []*noise, rows []*noiseRow, each int, seed uint64) {
	for _, row := range rows {
		for _, set := range sets {
			if row.watch > set.set.watch {
				continue
			}
			for k := range each {
				set.inject(row, k, seed+uint64(k))
			}
		}
	}
}

func loadSets(t testing.TB, list []noiseSet) []*noise {
	var out []*noise
	for _, s := range list {
		if n := loadNoise(t, s); n != nil {
			out = append(out, n)
		}
	}
	return out
}

// evalNoise prints what is found of beacons that are put into the given noise, per row over all sets and per set over all rows.
func evalNoise(t *testing.T) {
	sets := loadSets(t, noiseSets())
	for _, n := range sets {
		over := func(l float64) int {
			return len(n.levels) - below(n.levels, l)
		}
		t.Logf("%-26s %5d minutes, machines %2d, stands by itself %d; RITA scores %d pairs, %d >= 0.9, %d >= 0.7; at equal false alarms its level is %.3f",
			n.set.name, len(n.minutes), len(n.hosts), n.standing, len(n.levels), over(.9), over(.7), n.level())
	}
	rows := noiseRows()
	all := &noiseRow{}
	for _, row := range rows {
		fit := 0
		for _, n := range sets {
			if row.watch <= n.set.watch {
				fit++
			}
		}
		if fit == 0 {
			continue
		}
		injectInto(sets, []*noiseRow{row}, (*evalN+fit-1)/fit, *evalSeed+700)
		t.Log(row.line(row.name, func(*noiseTry) bool { return true }))
		if row.b.Shape != days.Exponential {
			all.tries = append(all.tries, row.tries...)
		}
	}
	for _, n := range sets {
		t.Log(all.line("all rows in: "+n.set.name, func(x *noiseTry) bool { return x.set == n }))
	}
	t.Log(all.line("all rows with beacons", func(*noiseTry) bool { return true }))
}

// below counts the values of a falling list that are below a level.
func below(falling []float64, level float64) int {
	n := 0
	for _, v := range falling {
		if v < level {
			n++
		}
	}
	return n
}
