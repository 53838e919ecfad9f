package eval_test

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"candor/internal/record"
)

// This is the published formula of RITA's beacon score (version 5), written from its description: for each pair of addresses, and each
// pair of source and SNI or Host, the mean of four scores over 24 hours. Pairs inside, and pairs that are called from outside, are
// left out, as its filter does by default.

// ritaKey is what RITA scores: a source and an address, or a source and a name.
type ritaKey struct {
	src  netip.Addr
	dst  netip.Addr
	name string
}

type ritaCall struct {
	ts    int64 // seconds
	bytes uint64
	uid   record.UID
}

// ritaStore keeps the connections that RITA would have imported.
type ritaStore struct {
	inside func(netip.Addr) bool
	calls  map[ritaKey][]ritaCall
	names  map[record.UID]string
	users  map[ritaKey]map[netip.Addr]bool // key without source
	hosts  map[netip.Addr]bool
}

func newRITA(inside func(netip.Addr) bool) *ritaStore {
	return &ritaStore{inside: inside, calls: map[ritaKey][]ritaCall{}, names: map[record.UID]string{}, users: map[ritaKey]map[netip.Addr]bool{}, hosts: map[netip.Addr]bool{}}
}

// observe imports a batch.
func (r *ritaStore) observe(b *record.Batch) {
	for i := range b.TLS {
		if t := &b.TLS[i]; t.ServerName != "" {
			r.names[record.UID(string(append([]byte(nil), t.UID...)))] = string(append([]byte(nil), t.ServerName...))
		}
	}
	for i := range b.HTTP {
		if h := &b.HTTP[i]; h.Host != "" {
			r.names[record.UID(string(append([]byte(nil), h.UID...)))] = string(append([]byte(nil), h.Host...))
		}
	}
	for i := range b.Conns {
		c := &b.Conns[i]
		if c.Report > 0 || !r.inside(c.OrigH) || r.inside(c.RespH) || c.RespH.IsMulticast() || c.Proto == 1 {
			continue
		}
		r.hosts[c.OrigH] = true
		k := ritaKey{src: c.OrigH, dst: c.RespH}
		r.calls[k] = append(r.calls[k], ritaCall{int64(c.TS / 1e9), c.OrigIPBytes, record.UID(string(append([]byte(nil), c.UID...)))})
		who := ritaKey{dst: c.RespH}
		if r.users[who] == nil {
			r.users[who] = map[netip.Addr]bool{}
		}
		r.users[who][c.OrigH] = true
	}
}

// ritaScore is a scored pair.
type ritaScore struct {
	key    ritaKey
	dsts   []netip.Addr
	score  float64
	threat float64 // the score's category with what prevalence and a missing name add
}

// scores gives every pair that has a score in the 24 hours before an end. Address pairs all of whose calls said one scored name
// are dropped in favour of the name's.
func (r *ritaStore) scores(to record.Time) []ritaScore {
	end := int64(to / 1e9)
	named := map[ritaKey][]ritaCall{}
	dsts := map[ritaKey]map[netip.Addr]bool{}
	var out []ritaScore
	pairs := map[ritaKey][]ritaCall{}
	for k, all := range r.calls {
		var left []ritaCall
		for _, c := range all {
			if c.ts < end-86400 || c.ts >= end {
				continue
			}
			if name := r.names[c.uid]; name != "" {
				n := ritaKey{src: k.src, name: name}
				named[n] = append(named[n], c)
				if dsts[n] == nil {
					dsts[n] = map[netip.Addr]bool{}
				}
				dsts[n][k.dst] = true
				continue
			}
			left = append(left, c)
		}
		if len(left) > 0 {
			pairs[k] = left
		}
	}
	for k, calls := range pairs {
		if s, ok := ritaOf(calls, end); ok {
			out = append(out, r.rated(ritaScore{key: k, dsts: []netip.Addr{k.dst}, score: s}))
		}
	}
	for k, calls := range named {
		if s, ok := ritaOf(calls, end); ok {
			x := ritaScore{key: k, score: s}
			for d := range dsts[k] {
				x.dsts = append(x.dsts, d)
			}
			out = append(out, r.rated(x))
		}
	}
	slices.SortFunc(out, func(a, b ritaScore) int {
		return cmp.Or(cmp.Compare(b.score, a.score), a.key.src.Compare(b.key.src), cmp.Compare(a.key.name, b.key.name), a.key.dst.Compare(b.key.dst))
	})
	return out
}

// rated adds prevalence and a missing name.
func (r *ritaStore) rated(x ritaScore) ritaScore {
	x.threat = along(x.score, []float64{0, .5, .7, .9, 1}, []float64{0, .2, .4, .6, .8})
	users := map[netip.Addr]bool{}
	for _, d := range x.dsts {
		for u := range r.users[ritaKey{dst: d}] {
			users[u] = true
		}
	}
	switch share := float64(len(users)) / float64(max(1, len(r.hosts))); {
	case share <= 0.02:
		x.threat += 0.15
	case share >= 0.5:
		x.threat -= 0.15
	}
	if x.key.name == "" {
		x.threat += 0.1
	}
	return x
}

// along interpolates between points.
func along(x float64, xs, ys []float64) float64 {
	for i := 1; i < len(xs); i++ {
		if x <= xs[i] {
			return ys[i-1] + (ys[i]-ys[i-1])*(x-xs[i-1])/(xs[i]-xs[i-1])
		}
	}
	return ys[len(ys)-1]
}

// ritaOf is the score of one pair's calls within 24 hours.
func ritaOf(calls []ritaCall, end int64) (float64, bool) {
	if len(calls) >= 86400 {
		return 1, true // a strobe
	}
	stamps := make([]int64, 0, len(calls))
	sizes := make([]float64, 0, len(calls))
	for _, c := range calls {
		stamps = append(stamps, c.ts)
		sizes = append(sizes, float64(c.bytes))
	}
	slices.Sort(stamps)
	all := slices.Clone(stamps)
	stamps = slices.Compact(stamps)
	if len(stamps) < 4 {
		return 0, false
	}
	intervals := make([]float64, 0, len(stamps))
	for i := 1; i < len(stamps); i++ {
		intervals = append(intervals, float64(stamps[i]-stamps[i-1]))
	}
	from := end - 86400
	var bars [24]int
	for _, ts := range all {
		bars[min(max(int((ts-from)/3600), 0), 23)]++
	}
	ts := (skewScore(intervals) + madScore(intervals, 1)) / 2
	ds := (skewScore(sizes) + madScore(sizes, 0)) / 2
	return (ts + ds + durationScore(bars, stamps) + barsScore(bars)) / 4, true
}

// skewScore is 1 less Bowley's skewness.
func skewScore(x []float64) float64 {
	q1, q2, q3 := quantile(x, .25), quantile(x, .5), quantile(x, .75)
	if q3-q1 < 10 || q2 == q1 || q2 == q3 {
		return 1
	}
	return 1 - math.Abs((q1+q3-2*q2)/(q3-q1))
}

// madScore says how little the values spread about their median; still is the score when the median is below 1.
func madScore(x []float64, still float64) float64 {
	m := quantile(x, .5)
	if m < 1 {
		return still
	}
	off := make([]float64, len(x))
	for i, v := range x {
		off[i] = math.Abs(v - m)
	}
	return max(0, (m-quantile(off, .5))/m)
}

func quantile(x []float64, p float64) float64 {
	s := slices.Clone(x)
	slices.Sort(s)
	at := p * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (s[i+1]-s[i])*(at-float64(i))
}

// durationScore says how much of the day the pair was active.
func durationScore(bars [24]int, stamps []int64) float64 {
	active, run, longest := 0, 0, 0
	for i := range 48 { // wrapping
		if bars[i%24] > 0 {
			run++
			longest = max(longest, min(run, 24))
		} else {
			run = 0
		}
		if i < 24 && bars[i] > 0 {
			active++
		}
	}
	if active < 6 {
		return 0
	}
	return min(1, max(float64(stamps[len(stamps)-1]-stamps[0])/86400, float64(longest)/12))
}

// barsScore says how alike the hours are.
func barsScore(bars [24]int) float64 {
	mean, most, filled := 0.0, 0, 0
	for _, b := range bars {
		mean += float64(b) / 24
		most = max(most, b)
		if b > 0 {
			filled++
		}
	}
	square := 0.0
	for _, b := range bars {
		square += (float64(b) - mean) * (float64(b) - mean) / 24
	}
	even := 0.0
	if mean > 0 {
		if cv := math.Sqrt(square) / mean; cv <= 1 {
			even = 1 - cv
		}
	}
	if filled < 11 {
		return even
	}
	heights := map[int]int{} // bins of a twentieth of the highest bar
	bin := max(1, math.Ceil(float64(most)/20))
	for _, b := range bars {
		if b > 0 {
			heights[int(float64(b)/bin)]++
		}
	}
	var counts []int
	for _, n := range heights {
		counts = append(counts, n)
	}
	slices.SortFunc(counts, func(a, b int) int { return b - a })
	two := counts[0]
	if len(counts) > 1 {
		two += counts[1]
	}
	return max(even, min(1, float64(two)/float64(max(1, filled-1))))
}
