package sight_test

import (
	"math"
	"net/netip"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// numbered gives different addresses of both segments.
func numbered(i int) string {
	return netip.AddrFrom4([4]byte{10, byte(1 + i>>16), byte(i >> 8), byte(i)}).String()
}

func TestMinutes(t *testing.T) {
	w := watching(t)
	step := func(at record.Time) { w.frame(start+at, packet{}.bytes()) }
	step(0)
	step(59 * second)
	if got := w.Drain(nil); len(got) != 0 {
		t.Fatalf("%d sights before the minute was over", len(got))
	}
	step(61 * second)
	step(58 * second) // late: stays in the open minute
	first := w.Drain(nil)
	step(300 * second)
	w.Finish()
	rest := w.Drain(nil)
	if again := w.Drain(nil); len(again) != 0 {
		t.Errorf("drained twice gives %d sights again", len(again))
	}
	w.Finish()
	if again := w.Drain(nil); len(again) != 0 {
		t.Errorf("finished twice gives %d sights again", len(again))
	}
	type minute struct {
		from    record.Time
		segment record.SegmentID
		frames  uint64 // of the feed, or IPv4 packets of the segment
	}
	var got []minute
	for _, s := range append(first, rest...) {
		if s.Minutes != 1 || s.Span.To-s.Span.From != record.Minute {
			t.Errorf("sight of %d minutes, %+v", s.Minutes, s.Span)
		}
		n := s.Counts[record.Frames]
		if s.Segment != record.Nowhere {
			n = s.Counts[record.Packets4]
		}
		got = append(got, minute{(s.Span.From - start) / second, s.Segment, n})
	}
	want := []minute{
		{0, record.Nowhere, 2},
		{0, users, 2},
		{0, servers, 2},
		{60, record.Nowhere, 2},
		{60, users, 2},
		{60, servers, 2},
		{300, record.Nowhere, 1},
		{300, users, 1},
		{300, servers, 1},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(minute{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(first) != 3 {
		t.Errorf("%d sights after the first minute, want 3", len(first))
	}
}

func TestNothingSeen(t *testing.T) {
	w := watching(t)
	w.Finish()
	if got := w.Drain(nil); len(got) != 0 {
		t.Errorf("sights without a frame: %+v", got)
	}
}

// TestForgotten: nothing of a minute is left in the next.
func TestForgotten(t *testing.T) {
	w := watching(t)
	w.frame(start, packet{flags: decode.SYN}.bytes())
	w.Dropped(start, record.Drops{Dropped: 1})
	w.Acked(start, 10, 1, 1)
	w.TCPJudged(sight.Judged{TS: start, Orig: addr(client), Resp: addr(far)})
	w.Opened(sight.Opening{TS: start, Orig: addr(client), Resp: addr(far), Proto: decode.ProtoTCP})
	w.Count(start+record.Minute, record.OverBudget, 1)
	w.Finish()
	all := w.Drain(nil)
	last := all[len(all)-1]
	want := record.Sight{Span: record.Span{From: start + record.Minute, To: start + 2*record.Minute}, Minutes: 1, Sensor: "s1", Feed: "packets", Carries: record.CarriesAll}
	want.Counts[record.OverBudget] = 1
	if diff := cmp.Diff(want, last, cmpopts.EquateEmpty(), cmp.AllowUnexported(record.Sketch{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestClockBack(t *testing.T) {
	cases := []struct {
		name  string
		times []record.Time
		want  uint64
	}{
		{"forward", []record.Time{0, 1 * second, 30 * second}, 0},
		{"jitter", []record.Time{10 * second, 9 * second, 10 * second}, 0},
		{"back within the minute", []record.Time{10 * second, 8*second + 999*milli}, 1},
		{"back over a minute", []record.Time{0, 70 * second, 50 * second}, 1},
		{"a new minute is no way back", []record.Time{59 * second, 61 * second}, 0},
		{"back an hour, for good: each frame is older", []record.Time{0, -3600 * second, -3599 * second, -3598 * second}, 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			for _, at := range c.times {
				w.frame(start+at, packet{}.bytes())
			}
			whole, _ := w.done()
			counts(t, whole, map[record.Count]uint64{record.ClockBack: c.want, record.Frames: uint64(len(c.times))})
		})
	}
}

// TestEventsAreNoClock: what is told of a connection later than it happened is no clock that went back.
func TestEventsAreNoClock(t *testing.T) {
	w := watching(t)
	w.frame(start+50*second, packet{}.bytes())
	w.Ended(sight.Opening{Orig: addr(client), Resp: addr(far)}, start+10*second, true)
	whole, _ := w.done()
	counts(t, whole, map[record.Count]uint64{record.ClockBack: 0})
}

func TestEndOfTime(t *testing.T) {
	w := watching(t)
	w.frame(math.MaxInt64, packet{}.bytes())
	whole, _ := w.done()
	if whole.Span.From >= whole.Span.To || whole.Span.To != math.MaxInt64 {
		t.Errorf("span %+v", whole.Span)
	}
}

func TestDropped(t *testing.T) {
	w := watching(t)
	w.frame(start, packet{}.bytes())
	whole, _ := w.done()
	if whole.Drops != nil {
		t.Errorf("drops %+v, want none known", whole.Drops)
	}
	w = watching(t)
	w.Dropped(start, record.Drops{Received: 10, Dropped: 1})
	w.Dropped(start, record.Drops{Received: 5, Partly: true})
	whole, _ = w.done()
	if want := (record.Drops{Received: 15, Dropped: 1, Partly: true}); whole.Drops == nil || *whole.Drops != want {
		t.Errorf("drops %+v, want %+v", whole.Drops, want)
	}
}

// TestSetsAreBounded feeds 70,000 addresses in one minute, in two: the sets hold what they may, the rest is counted, and
// the second minute needs no more memory than the first.
func TestSetsAreBounded(t *testing.T) {
	const many = 70_000
	w := watching(t)
	before := heap()
	for minute := range 2 {
		at := start + record.Time(minute)*record.Minute
		for i := range many {
			w.frame(at+record.Time(i), packet{src: routerMAC, from: numbered(i + minute*30_000), to: far, ttl: 63}.bytes())
		}
		w.Finish()
		hosts, lost := 0, uint64(0)
		var beyond record.Sketch
		for _, s := range w.Drain(nil) {
			hosts += len(s.Hosts)
			lost += s.LostHosts
			beyond.Merge(&s.Beyond)
		}
		if e := float64(beyond.Estimate()); math.Abs(e-(many-record.MaxSet)) > 4*record.SketchError*many {
			t.Errorf("estimated %.0f more, want about %d", e, many-record.MaxSet)
		}
		if hosts != record.MaxSet || lost != many-record.MaxSet {
			t.Errorf("%d hosts, %d lost, want %d and %d", hosts, lost, record.MaxSet, many-record.MaxSet)
		}
		if grown := heap() - before; grown > 32<<20 {
			t.Errorf("holds %d MB after minute %d", grown>>20, minute)
		}
	}
	runtime.KeepAlive(w)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestOtherSetsAreBounded(t *testing.T) {
	const many = 20_000
	cases := []struct {
		name string
		tell func(w watch, i int)
		size func(s record.Sight) int
		most int
	}{
		{
			"cards",
			func(w watch, i int) {
				w.frame(start, packet{src: record.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}, dst: everybody, from: far, proto: decode.ProtoUDP}.bytes())
			},
			func(s record.Sight) int { return len(s.Cards) }, 16384,
		},
		{
			"clients",
			func(w watch, i int) {
				w.Opened(sight.Opening{TS: start, Orig: addr(numbered(i)), Resp: addr(far), Proto: decode.ProtoTCP})
			},
			func(s record.Sight) int { return len(s.Clients) }, 16384,
		},
		{
			"groups",
			func(w watch, i int) {
				w.TCPJudged(sight.Judged{TS: start, Orig: addr(client), Resp: decode.AddrFrom4([4]byte{50, byte(i >> 8), byte(i), 1})})
			},
			func(s record.Sight) int { return len(s.Groups) }, 8192,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			for i := range many {
				c.tell(w, i)
			}
			whole, _ := w.done()
			if n := c.size(whole); n != c.most || whole.LostHosts != uint64(many-c.most) {
				t.Errorf("%d kept, %d lost, want %d and %d", n, whole.LostHosts, c.most, many-c.most)
			}
		})
	}
}

// TestSightMergesWithNothing: what a builder gives is in the form that merging keeps, whatever it was told.
func TestSightMergesWithNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := watching(t)
		for range rapid.IntRange(1, 60).Draw(t, "frames") {
			at := start + record.Time(rapid.Int64Range(0, 150).Draw(t, "second"))*second
			from, to := numbered(rapid.IntRange(0, 5).Draw(t, "from")), numbered(rapid.IntRange(65_530, 65_540).Draw(t, "to"))
			w.frame(at, packet{
				src: record.MAC{2, 5: rapid.Byte().Draw(t, "card")}, from: from, to: to, ttl: rapid.SampledFrom([]uint8{3, 63, 64, 128}).Draw(t, "ttl"),
				flags: rapid.SampledFrom([]uint8{decode.SYN, decode.ACK}).Draw(t, "flags"), window: rapid.Uint16Range(1, 3).Draw(t, "window"),
			}.bytes())
			w.Acked(at, rapid.Uint64Range(0, 200).Draw(t, "acks"), 0, 0)
			w.Opened(sight.Opening{TS: at, Orig: addr(from), Resp: addr(to), Proto: decode.ProtoTCP})
		}
		w.Finish()
		for _, s := range w.Drain(nil) {
			merged := record.Sight{Sensor: s.Sensor, Feed: s.Feed, Segment: s.Segment}
			merged.Merge(&s)
			if diff := cmp.Diff(s, merged, cmpopts.EquateEmpty(), cmp.AllowUnexported(record.Sketch{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Fatalf("-built +merged:\n%s", diff)
			}
		}
	})
}
