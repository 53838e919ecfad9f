package eval_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/detect"
	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/verdict"
)

// lookupRow is a behaviour of DNS that begins on a machine of a living office.
type lookupRow struct {
	name   string
	kind   string
	within time.Duration // the finding must be there by then
	slow   bool          // and is not promised to be: the row shows by how much
	make   func(who days.Who) days.Injection
	after  []time.Duration // of those found, sorted
	n      int
}

// lookupRows are families of generated names and tools that tunnel. Lists of names come from the given data and are left out where
// they are not.
func lookupRows() []*lookupRow {
	dga := func(name string, g days.DGA) *lookupRow {
		return &lookupRow{name: "names: " + name, kind: "dga", within: 10 * time.Minute, make: func(w days.Who) days.Injection { x := g; x.Who = w; return x }}
	}
	tunnel := func(name string, x days.DNSTunnel) *lookupRow {
		return &lookupRow{name: "tunnel: " + name, kind: "dns_tunnel", within: time.Minute, make: func(w days.Who) days.Injection { y := x; y.Who = w; return y }}
	}
	slow := func(r *lookupRow) *lookupRow { r.slow = true; return r }
	rows := []*lookupRow{
		dga("letters, 50 at a time", days.DGA{}),
		dga("letters, one each 5 s", days.DGA{Burst: 1, Every: 5 * time.Second}),
		slow(dga("letters, one each 20 s", days.DGA{Burst: 1, Every: 20 * time.Second})),
		dga("hexadecimal", days.DGA{Family: days.HexLetters}),
		dga("words", days.DGA{Family: days.Dictionary}),
		dga("words, one each 5 s", days.DGA{Family: days.Dictionary, Burst: 1, Every: 5 * time.Second}),
		slow(dga("letters, a third exists", days.DGA{NoName: .67})),
		slow(dga("letters, 8 at a time each 2 min", days.DGA{Burst: 8, Every: 2 * time.Minute})),
		tunnel("TXT, busy", days.DNSTunnel{}),
		tunnel("NULL, hexadecimal", days.DNSTunnel{Types: []uint16{10}, Hex: true}),
		tunnel("CNAME and MX", days.DNSTunnel{Types: []uint16{5, 15}, Label: 60}),
		slow(tunnel("A, 24 letters, each second", days.DNSTunnel{Types: []uint16{1}, Label: 24, Every: time.Second})),
		tunnel("TXT, each 2 s", days.DNSTunnel{Every: 2 * time.Second}),
		tunnel("TXT, past the office's resolver", days.DNSTunnel{Direct: true}),
	}
	for name, path := range map[string]string{"conficker": "dga-andrewaeva/dga_wordlists/conficker.txt", "flare's list": "flare/flare/data/misc/dga_domains.txt"} {
		full, ok := given(path)
		if !ok {
			continue
		}
		text, err := os.ReadFile(full)
		if err != nil {
			continue
		}
		names := slices.DeleteFunc(strings.Fields(string(text)), func(s string) bool { return !strings.Contains(s, ".") })
		rows = append(rows, dga(name+", one each 5 s", days.DGA{Names: names, Burst: 1, Every: 5 * time.Second}))
	}
	slices.SortStableFunc(rows, func(a, b *lookupRow) int { return strings.Compare(a.kind, b.kind) })
	return rows
}

// lives runs the row on a machine of an office at ten in the morning, asking each ten seconds, and gives how long after its first lookup the
// finding stands. wrongly is what else stands.
func (r *lookupRow) lives(seed uint64) (after time.Duration, ok bool, wrongly []string) {
	site := days.Office(seed, 40, 12)
	from := monday + record.Time(10*time.Hour)
	start := from + record.Time(10*time.Minute)
	span := record.Span{From: from, To: start + record.Time(20*time.Minute)}
	in := r.make(days.Who{From: start})
	truth := site.Truths(span, in)[0]
	scope := site.Scope()
	first := record.Time(0)
	pieces := func(yield func(*record.Batch) bool) { // ten seconds each, as a capture would be looked at
		for b := range site.Batches(span, in) {
			for _, part := range tenths(b) {
				for i := range part.DNS {
					if first == 0 && truth.Owns(part.DNS[i].UID) {
						first = part.DNS[i].TS
					}
				}
				if !yield(part) {
					return
				}
			}
		}
	}
	seen := map[string]bool{}
	fold(&scope, []detect.Detector{detect.NewDNSTunnels(), detect.NewDGA()}, pieces, 10*time.Second, nil, func(at record.Time, all []verdict.Finding) bool {
		for i := range all {
			f := &all[i]
			switch {
			case f.ExplainedBy != "":
			case f.Kind == r.kind && f.Source == truth.Host.String() && (truth.Domain == "" || f.Domain == truth.Domain || len(truth.Destinations) > 0):
				if !ok {
					after, ok = time.Duration(at-first), true
				}
			case !seen[f.ID]:
				seen[f.ID] = true
				wrongly = append(wrongly, f.Kind+" "+f.Domain)
			}
		}
		return true
	})
	return after, ok, wrongly
}

// tenths cuts the lookups of a batch into pieces of ten seconds; the rest goes with the last.
func tenths(b *record.Batch) []*record.Batch {
	const step = record.Time(10e9)
	var out []*record.Batch
	rest := *b
	for at := b.Span.From + step; at < b.Span.To; at += step {
		k := slices.IndexFunc(rest.DNS, func(d record.DNS) bool { return d.TS+d.RTT >= at })
		if k < 0 {
			k = len(rest.DNS)
		}
		out = append(out, &record.Batch{Feed: b.Feed, Span: record.Span{From: at - step, To: at}, DNS: rest.DNS[:k]})
		rest.DNS = rest.DNS[k:]
	}
	return append(out, &rest)
}

// run measures a row, and gives what stood wrongly.
func (r *lookupRow) run(n int, seed uint64) (wrongly []string) {
	r.n = n
	for k := range n {
		after, ok, other := r.lives(seed + uint64(k))
		wrongly = append(wrongly, other...)
		if ok {
			r.after = append(r.after, after)
		}
	}
	slices.Sort(r.after)
	return wrongly
}

func (r *lookupRow) intime() int {
	k := 0
	for _, a := range r.after {
		if a <= r.within {
			k++
		}
	}
	return k
}

func (r *lookupRow) line() string {
	low, high := wilson(r.intime(), r.n)
	median, most := "-", "-"
	if n := len(r.after); n > 0 {
		median, most = fmt.Sprintf("%.0f s", r.after[n/2].Seconds()), fmt.Sprintf("%.0f s", r.after[n-1].Seconds())
	}
	return fmt.Sprintf("| %s | %d | %.1f %% (%.0f-%.0f) within %v | %d found at all | median %s, latest %s |", r.name, r.n, 100*float64(r.intime())/float64(r.n), 100*low, 100*high, r.within, len(r.after), median, most)
}

// evalLookups prints how soon machines of a living office that look for generated names, or tunnel, are found.
func evalLookups(t *testing.T) {
	for _, r := range lookupRows() {
		counts := map[string]int{}
		for _, w := range r.run(max(1, *evalN/5), *evalSeed+900) {
			counts[w]++
		}
		t.Log(r.line(), "stood wrongly on the way:", counts)
	}
}

// TestLookupsInTime: generated names are found within ten minutes and tunnels within one, on a machine of a living office.
func TestLookupsInTime(t *testing.T) {
	for _, r := range lookupRows() {
		if r.slow {
			continue
		}
		if r.run(2, 31); r.intime() < 2 {
			t.Error(r.line())
		}
	}
}
