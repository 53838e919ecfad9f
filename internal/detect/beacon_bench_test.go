package detect

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/verdict"
)

// recorder keeps the events that an engine hands on.
type recorder struct {
	net    *Net
	events []Event
}

func (r *recorder) Kinds() []string                        { return nil }
func (r *recorder) Needs() []record.Kind                   { return nil }
func (r *recorder) Lost() uint64                           { return 0 }
func (r *recorder) Observe(s *Slice)                       { r.net, r.events = s.Net, append(r.events, s.Events...) }
func (r *recorder) Findings(record.Time) []verdict.Finding { return nil }

// officeEvents are the connections of some hours of an office, in order.
func officeEvents(clients int, from, to time.Duration) (*Net, []Event) {
	site := days.Office(7, clients, 12)
	scope := site.Scope()
	r := &recorder{}
	e := New(&scope, []Detector{r})
	monday := record.Time(1_770_012_000_000_000_000)
	for b := range site.Batches(record.Span{From: monday + record.Time(from), To: monday + record.Time(to)}) {
		e.Observe(b)
	}
	e.End()
	return r.net, r.events
}

// BenchmarkBeaconsOffice is the cost of a connection of a working day with browsing, the findings asked for at its end.
func BenchmarkBeaconsOffice(b *testing.B) {
	net, events := officeEvents(60, 8*time.Hour, 18*time.Hour)
	b.ReportAllocs()
	b.ResetTimer()
	var asked time.Duration
	used := processorTime()
	n := 0
	for b.Loop() {
		d := NewBeacons(DefaultBeaconConfig())
		for part := range slices.Chunk(events, 1000) {
			d.Observe(&Slice{Net: net, Events: part})
		}
		n += len(events)
		before := processorTime()
		d.Findings(events[len(events)-1].TS)
		asked += processorTime() - before
	}
	used = processorTime() - used
	b.ReportMetric(float64((used-asked).Nanoseconds())/float64(n), "cpu-ns/conn")
	b.ReportMetric(float64(asked.Nanoseconds())/float64(n), "cpu-ns/conn-asked")
}

// BenchmarkEngineOffice is the cost of a new connection of a working day in the engine and all detectors, the findings asked for at its end.
func BenchmarkEngineOffice(b *testing.B) {
	site := days.Office(7, 60, 12)
	scope := site.Scope()
	monday := record.Time(1_770_012_000_000_000_000)
	var batches []*record.Batch
	conns := 0
	for x := range site.Batches(record.Span{From: monday + 8*record.Hour, To: monday + 18*record.Hour}) {
		batches = append(batches, x)
		for i := range x.Conns {
			if x.Conns[i].Report == 0 {
				conns++
			}
		}
	}
	for name, make := range map[string]func() []Detector{
		"beacons": func() []Detector { return []Detector{NewBeacons(DefaultBeaconConfig())} }, "all": func() []Detector { return All(Config{}) },
	} {
		b.Run(name, func(b *testing.B) {
			n := 0
			used := processorTime()
			for b.Loop() {
				e := New(&scope, make())
				for _, x := range batches {
					e.Observe(x)
				}
				e.End()
				e.Findings(e.Newest())
				n += conns
			}
			b.ReportMetric(float64((processorTime()-used).Nanoseconds())/float64(n), "cpu-ns/conn")
		})
	}
}

// aMillionKeys has 4,096 machines with a hundred destinations each: each key called a few times, a third of them often.
func aMillionKeys(d *Beacons, net *Net, keys int) {
	var e Event
	base := record.Time(1_770_012_000_000_000_000)
	part := make([]Event, 0, 1024)
	hand := func(force bool) {
		if force || len(part) == cap(part) {
			d.Observe(&Slice{Net: net, Events: part})
			part = part[:0]
		}
	}
	for round := range 12 {
		for i := range keys {
			if round >= 3 && i%3 != 0 {
				continue
			}
			e = Event{
				TS: base + record.Time(round)*10*record.Minute + record.Time(i)*400_000, UID: fmt.Sprintf("C%08xabcdefgh", i), Proto: 6, RespPort: 443, Service: "ssl", TLS: true,
				OrigPlace: Inside, RespPlace: Outside, Answered: true, OrigBytes: uint64(500 + i%2000), RespBytes: 4000, JA4: "t13d1516h2_8daaf6152771_e5627efa2ab1", Resolution: Resolved,
			}
			e.Orig = netip.AddrFrom4([4]byte{10, byte(i / 16 % 256), byte(i % 16), 7})
			var raw [4]byte
			binary.BigEndian.PutUint32(raw[:], uint32(i)*2654435761)
			raw[0] = 20 + raw[0]%180
			e.Resp = netip.AddrFrom4(raw)
			e.Name = "www.example.com"
			part = append(part, e)
			hand(false)
		}
	}
	hand(true)
}

// TestManyKeys: a tenth of a million live keys, with what 4,096 machines cost by themselves, stay under 50 MB.
func TestManyKeys(t *testing.T) {
	if n, mb := liveKeys(t, 51_000); n < 100_000 || mb > 50 {
		t.Errorf("%d keys hold %.0f MB", n, mb)
	}
}

// BenchmarkAMillionKeys: a million live keys stay under 400 MB.
func BenchmarkAMillionKeys(b *testing.B) {
	for b.Loop() {
		if n, mb := liveKeys(b, 510_000); n < 1_000_000 || mb > 400 {
			b.Errorf("%d keys hold %.0f MB", n, mb)
		}
	}
}

// liveKeys fills a detector with twice as many keys as destinations, and says what it holds.
func liveKeys(t testing.TB, destinations int) (keys int, mb float64) {
	net, _ := officeEvents(2, 9*time.Hour, 9*time.Hour+5*time.Minute)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	d := NewBeacons(DefaultBeaconConfig())
	start := processorTime()
	aMillionKeys(d, net, destinations)
	used := processorTime() - start
	mb = float64(heap()-before) / 1e6
	t.Logf("%d keys of %d bytes and more, %d wait for a second call, %d sources: %.0f MB, %v of CPU, %d let go of",
		d.slab.n, unsafe.Sizeof(beaconState{}), d.keys.halves(), d.sources.n, mb, used, d.Lost())
	keys = d.slab.n
	runtime.KeepAlive(d)
	return keys, mb
}

// TestOneSourceOpensAMillionKeys: time grows with the connections, memory does not, and what is let go of is counted.
func TestOneSourceOpensAMillionKeys(t *testing.T) {
	net, _ := officeEvents(2, 9*time.Hour, 9*time.Hour+5*time.Minute)
	d := NewBeacons(BeaconConfig{MaxKeys: 1 << 14, MaxYoung: 1 << 14})
	var spent [2]time.Duration
	base := record.Time(1_770_012_000_000_000_000)
	const each = 150_000
	part := make([]Event, 0, 1000)
	for half := range spent {
		start := processorTime()
		for i := half * each; i < (half+1)*each; i++ {
			e := Event{
				TS: base + record.Time(i)*1e6, UID: fmt.Sprint("C", i), Proto: 6, RespPort: uint16(i), OrigPlace: Inside, RespPlace: Outside, Answered: i%2 == 0,
				Orig: netip.MustParseAddr("10.1.1.1"), Resp: netip.AddrFrom4([4]byte{50, byte(i >> 16), byte(i >> 8), byte(i)}),
			}
			part = append(part, e, e)
			if len(part) == cap(part) {
				d.Observe(&Slice{Net: net, Events: part})
				part = part[:0]
			}
		}
		spent[half] = processorTime() - start
	}
	if d.slab.n > 1<<14 || d.keys.halves() > 1<<14 || d.fans.of.len() > maxFans {
		t.Errorf("%d keys, %d waiting, %d destinations: not bounded", d.slab.n, d.keys.halves(), d.fans.of.len())
	}
	if d.Lost() < each {
		t.Errorf("%d let go of: not counted", d.Lost())
	}
	t.Logf("first %d connections %v, the next %v; %d let go of", 2*each, spent[0], spent[1], d.Lost())
	if spent[1] > 4*spent[0]+time.Second {
		t.Errorf("the second half took %v, the first %v: not linear", spent[1], spent[0])
	}
}
