package detect

import (
	"cmp"
	"slices"

	"candor/internal/detect/timing"
	"candor/internal/record"
	"candor/internal/verdict"
)

// score weighs the timing of a key as of now, and keeps the best score of the last day.
func (b *Beacons) score(st *beaconState, now record.Time) {
	set := timing.Setting{}
	if b.coarse {
		set.Resolution = 1
	}
	if record.Time(st.timing.Newest())-st.first >= 3*record.Day {
		set.Activity = b.sources.activity(st.key.source)
	}
	r := b.evidence(st, now, set)
	if old := st.result(); old != nil && float64(old.s) > r.S && now-old.at <= record.Day {
		return
	}
	if r.S < periodic { // a result costs memory: most keys never get one
		if st.detail != nil {
			st.detail.result = nil
		}
		return
	}
	if st.detail == nil {
		st.detail = &beaconDetail{}
	}
	st.detail.result = &scored{
		at: now, s: float32(r.S), period: float32(r.Period), hi: float32(r.Hi), w: float32(r.W), missed: float32(r.M),
		cover: float32(r.Cover), run: float32(r.Run), n: uint32(r.N), basis: r.Basis, growth: r.Growth,
	}
}

// evidence is the timing of a key. A machine with one program has several keys with the same calls: they are looked at once.
func (b *Beacons) evidence(st *beaconState, now record.Time, set timing.Setting) timing.Result {
	if b.looked == nil {
		return b.scorer.Key(&st.timing, int64(now), set)
	}
	same := lookedAt{st.timing.Print(b.seed.a, b.seed.b), st.key.source, set.Activity != nil}
	r, ok := b.looked[same]
	if !ok {
		r = b.scorer.Key(&st.timing, int64(now), set)
		r.Beats = nil // the next score takes its room
		b.looked[same] = r
	}
	st.timing.Looked()
	return r
}

// lookedAt names the timing of a source's keys.
type lookedAt struct {
	print  uint64
	source uint32
	days   bool // long enough for the hours of the day to count
}

// periodic is the score from which a key is periodic (BEACON.md 1).
const periodic = 5

// maxListed bounds the periodic keys that are merged and listed.
const maxListed = 1 << 12

// Findings lists every periodic key that no finer one stands for: open ones, explained ones and callers.
func (b *Beacons) Findings(at record.Time) []verdict.Finding {
	now := min(at, max(b.newest, 1))
	b.sharing = map[pool]int{}
	for i := range b.slab.n {
		if st := b.slab.at(int32(i)); st.key.kind == keyPrint && !st.key.failed {
			b.sharing[poolOf(st.key)]++
		}
	}
	b.looked = map[lookedAt]timing.Result{}
	defer func() { b.looked = nil }()
	var calls []*beaconState
	for i := range b.slab.n {
		st := b.slab.at(int32(i))
		if st.timing.Due() && st.timing.WakeUps() > timing.LeastIntervals && b.worthTime(st) {
			b.score(st, now)
		}
		if st.result() != nil {
			calls = append(calls, st)
		}
	}
	b.unlisted = 0
	if n := len(calls) - maxListed; n > 0 { // merging takes time, a finding memory: the surest are listed
		slices.SortFunc(calls, func(x, y *beaconState) int {
			return cmp.Or(cmp.Compare(y.result().s, x.result().s), cmp.Compare(x.key.source, y.key.source), cmp.Compare(x.first, y.first))
		})
		calls, b.unlisted = calls[:maxListed], uint64(n)
	}
	calls = b.merge(calls)
	out := make([]verdict.Finding, 0, len(calls))
	for _, st := range calls {
		out = append(out, b.finding(st))
	}
	slices.SortFunc(out, func(x, y verdict.Finding) int { return cmp.Compare(x.ID, y.ID) })
	return out
}
