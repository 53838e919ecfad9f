package judge_test

import (
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"candor/internal/agreement"
	"candor/internal/judge"
	"candor/internal/labnet"
	"candor/internal/record"
)

// monthHosts are the machines of a month of sight, half of them in either of two segments.
const monthHosts = 400

// monthOfSight gives a batch for every minute of some days: no packets, only what a sensor would say of them. Machines are
// quiet at night but for one in ten.
func monthOfSight(from time.Time, days int, scope record.Scope) func(yield func(*record.Batch) bool) {
	segments := []record.ScopeSegment{scope.Segments[0], scope.Segments[1]}
	return func(yield func(*record.Batch) bool) {
		for minute := range days * 24 * 60 {
			at := record.TimeOf(from) + record.Time(minute)*record.Minute
			b := &record.Batch{
				ID:   record.BatchID{Sensor: scope.Sensor, Epoch: 1, Sequence: uint64(minute + 1)},
				Span: record.Span{From: at, To: at + record.Minute - 1},
			}
			whole := sightOf(scope, at, record.Nowhere)
			hour := at.Std().Hour()
			for i, seg := range segments {
				s := sightOf(scope, at, seg.ID)
				for h := range monthHosts / len(segments) {
					if (hour < 8 || hour >= 18) && h%10 != 0 {
						continue
					}
					addr := seg.Networks[0].Addr().As4()
					addr[3] = byte(h + 1)
					mac := record.MAC{2, 0, 0, byte(i), 0, byte(h)}
					s.Hosts = append(s.Hosts, record.HostSeen{
						Addr: netip.AddrFrom4(addr), MAC: mac, Flags: record.SeenDirect | record.SeenSpoke, Minutes: 1, First: at, Last: at + 1,
					})
					whole.Cards = append(whole.Cards, record.CardSeen{MAC: mac, Sent: 100, Touched: 200, Addresses: 1})
					whole.Clients = append(whole.Clients, record.ClientSeen{
						Addr: netip.AddrFrom4(addr), Place: seg.ID, Conns: 3, Toward: 2, Stacks: []uint32{uint32(h % 3)},
					})
				}
				n := uint64(len(s.Hosts))
				s.Counts[record.Conns], s.Counts[record.DNSQueries], s.Counts[record.DNSReplies], s.Counts[record.Packets4] = 3*n, 2*n, 2*n, 100*n
				b.Sight = append(b.Sight, s)
			}
			fillMinute(&whole, at)
			b.Sight = append(b.Sight, whole)
			if !yield(b) {
				return
			}
		}
	}
}

func sightOf(scope record.Scope, at record.Time, segment record.SegmentID) record.Sight {
	return record.Sight{
		Span: record.Span{From: at, To: at + record.Minute}, Minutes: 1, Sensor: scope.Sensor, Feed: scope.Packets, Segment: segment,
		Carries: record.CarriesAll,
	}
}

// fillMinute gives the sensor as a whole the counts of an ordinary minute.
func fillMinute(s *record.Sight, at record.Time) {
	n := uint64(len(s.Cards))
	for c, per := range map[record.Count]uint64{
		record.Frames: 101, record.FrameBytes: 60_000, record.Packets: 100, record.Bytes: 50_000, record.Packets4: 100, record.Inside4: 100,
		record.Unicast: 100, record.ARPFrames: 1, record.ARPInside: 1, record.InternetPackets: 60, record.UserPackets: 100,
		record.Conns: 3, record.ConnsTCP: 2, record.TCPJudged: 2, record.Acks: 40, record.DNSQueries: 2, record.DNSReplies: 2,
		record.MessagesDNS: 2, record.MessagesTLS: 1,
	} {
		s.Counts[c] = n * per
	}
	for k := range record.Time(16) {
		s.Acked = append(s.Acked, record.AckedSeen{Last: at + k*3e9, Acks: n * 40 / 16})
	}
	for k := range 40 {
		s.Groups = append(s.Groups, record.GroupSeen{Group: netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(k), 0}), 24).String(), Conns: n / 20})
	}
	slices.SortFunc(s.Groups, func(a, b record.GroupSeen) int { return slices.Compare([]byte(a.Group), []byte(b.Group)) })
}

// TestMonth: a month of sight is folded and judged in seconds, and memory grows with the machines and quarter hours, not with
// batches. Three days stand for it unless the test runs in full.
func TestMonth(t *testing.T) {
	days := 30
	if testing.Short() {
		days = 3
	}
	a, err := agreement.Parse("bank.yaml", labnet.Bank(1).Agreement())
	if err != nil {
		t.Fatal(err)
	}
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	before := heapInUse()
	begun := time.Now()
	for b := range monthOfSight(from, days, j.Scope()) {
		j.Observe(b)
	}
	folding, held := time.Since(begun), heapInUse()-before
	begun = time.Now()
	r := j.At(judge.Moment{Ended: true})
	judging := time.Since(begun)
	t.Logf("%d days of %d machines: folded in %.1f s, %d MB held, judged in %.1f s, %d MB after", days, monthHosts, folding.Seconds(), held>>20,
		judging.Seconds(), (heapInUse()-before)>>20)
	if r.Sight.Hosts.Direct == nil || *r.Sight.Hosts.Direct != monthHosts {
		t.Errorf("hosts %+v, want %d directly", r.Sight.Hosts, monthHosts)
	}
	if most := int64(days) * 20 << 20; held > most {
		t.Errorf("%d MB held for %d days, at most %d", held>>20, days, most>>20)
	}
}

// heapInUse is what is held after a collection.
func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestStampCenturiesAway: a broken time stamp makes a window of centuries; judging it takes no longer than a busy day does.
func TestStampCenturiesAway(t *testing.T) {
	a, err := agreement.Parse("bank.yaml", labnet.Bank(1).Agreement())
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)
	for name, stamps := range map[string][]record.Time{
		"early": {record.FirstTime}, "late": {record.LastTime}, "both": {record.FirstTime, record.LastTime},
	} {
		j, err := judge.New(judge.Config{Agreement: a})
		if err != nil {
			t.Fatal(err)
		}
		for b := range monthOfSight(from, 1, j.Scope()) {
			j.Observe(b)
		}
		for i, at := range stamps {
			s := sightOf(j.Scope(), at.Floor(record.Minute), record.Nowhere)
			s.Counts[record.Frames] = 1
			j.Observe(&record.Batch{ID: record.BatchID{Epoch: 2, Sequence: uint64(i)}, Span: record.Span{From: at, To: at}, Sight: []record.Sight{s}})
		}
		before := allocated()
		begun := time.Now()
		j.At(judge.Moment{Ended: true})
		took, made := time.Since(begun), allocated()-before
		t.Logf("%s: %.2f s, %d MB", name, took.Seconds(), made>>20)
		if took > 5*time.Second || made > 1<<30 {
			t.Errorf("%s: judging took %.1f s and %d MB", name, took.Seconds(), made>>20)
		}
	}
}

// allocated is how much was ever allocated.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
