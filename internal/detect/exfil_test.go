package detect

import (
	"fmt"
	"testing"

	"candor/internal/record"
)

const mega = 1 << 20

// office adds days of ordinary uploads: ten machines, each some megabytes to some places.
func (l *lab) office(days int) {
	for d := range days {
		for h := range 10 {
			for k := range 12 {
				at := record.Time(d)*record.Day + 9*record.Hour + record.Time(k)*30*minute + record.Time(h)*second1
				l.conn(at, addr("10.0.0.%d", h+1), addr("198.51.100.%d", (h+k)%20+1), 6, 443, "SF", uint64(100_000+k*20_000), 2*mega)
			}
		}
	}
}

// TestExfiltration: far more than the past and the peers is found; what is regular, shared or even is not.
func TestExfiltration(t *testing.T) {
	me, there := addr("10.0.0.5"), addr("203.0.113.9")
	for _, tt := range []struct {
		name    string
		do      func(l *lab)
		open    int
		all     int
		history int
	}{
		{"a large upload to a new place on the sixth day", func(l *lab) {
			l.office(6)
			l.conn(5*record.Day+14*record.Hour, me, there, 6, 443, "SF", 300*mega, mega)
		}, 1, 1, 5},
		{"in many small pieces", func(l *lab) {
			l.office(6)
			for i := range 12_000 {
				l.conn(5*record.Day+10*record.Hour+record.Time(i)*second1, me, there, 6, 443, "SF", 9_000, 300)
			}
		}, 1, 1, 5},
		{"over one connection that is open for hours", func(l *lab) {
			l.office(6)
			for i := range 200 {
				c := l.conn(5*record.Day+10*record.Hour, me, there, 6, 8443, "S1", mega, 1000)
				c.UID, c.Report, c.Duration, c.Final = "Copen", i, record.Time(i+1)*minute, i == 199
			}
		}, 1, 1, 5},
		{"on the first day, against the peers", func(l *lab) {
			l.office(1)
			l.conn(14*record.Hour, me, there, 6, 443, "SF", 300*mega, mega)
		}, 1, 1, 0},
		{"a backup each night", func(l *lab) {
			l.office(8)
			for d := range 8 {
				l.conn(record.Time(d)*record.Day+2*record.Hour, me, there, 6, 443, "SF", uint64(900+40*(d%3))*mega, mega)
			}
		}, 0, 1, 0},
		{"a known backup and a theft beside it", func(l *lab) {
			l.office(10)
			for d := range 10 {
				l.conn(record.Time(d)*record.Day+2*record.Hour, me, addr("203.0.113.77"), 6, 443, "SF", 900*mega, mega)
			}
			l.conn(9*record.Day+14*record.Hour, me, there, 6, 22, "SF", 200*mega, mega)
		}, 1, 2, 9},
		{"a place that many send to", func(l *lab) {
			l.office(6)
			for h := range 6 {
				l.conn(5*record.Day+11*record.Hour, addr("10.0.0.%d", h+1), there, 6, 443, "SF", uint64(60+h)*mega, mega)
			}
		}, 0, 6, 5},
		{"a video call", func(l *lab) {
			l.office(6)
			l.conn(5*record.Day+11*record.Hour, me, there, 17, 3478, "SF", 500*mega, 450*mega)
		}, 0, 0, 0},
		{"updates", func(l *lab) {
			l.office(6)
			l.conn(5*record.Day+11*record.Hour, me, there, 6, 443, "SF", 2*mega, 900*mega)
		}, 0, 0, 0},
		{"only one machine in sight, one day", func(l *lab) {
			l.conn(14*record.Hour, me, there, 6, 443, "SF", 300*mega, mega)
		}, 0, 0, 0},
		{"inside", func(l *lab) {
			l.office(6)
			l.conn(5*record.Day+11*record.Hour, me, addr("10.0.0.200"), 6, 445, "SF", 900*mega, mega)
		}, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &lab{t: t}
			tt.do(l)
			got := l.run(NewExfiltration())
			if open(got) != tt.open || len(got) != tt.all {
				t.Errorf("%d open findings of %d, want %d of %d", open(got), len(got), tt.open, tt.all)
			}
			for i := range got {
				t.Log(shownAs(&got[i]))
				if got[i].ExplainedBy == "" && got[i].Evidence["history_days"] != tt.history {
					t.Errorf("history %v, want %d", got[i].Evidence["history_days"], tt.history)
				}
			}
		})
	}
}

// TestSampledSums: sampling small connections keeps their sum.
func TestSampledSums(t *testing.T) {
	for _, size := range []uint64{200, 1500, 9000} {
		var truth, sum float64
		for i := range 60_000 {
			e := Event{UID: fmt.Sprint("C", size, "x", i), OrigBytes: size}
			truth += float64(size)
			sum += float64(size) * sampled(&e)
		}
		if sum < 0.85*truth || sum > 1.15*truth {
			t.Errorf("size %d: %.0f for %.0f", size, sum, truth)
		}
	}
}

// TestExfiltrationFlood: destinations without number take bounded room.
func TestExfiltrationFlood(t *testing.T) {
	d := NewExfiltration()
	events := make([]Event, 1000)
	for i := uint32(0); i < 400_000; i += 1000 {
		for j := range events {
			k := i + uint32(j)
			events[j] = Event{
				TS: labStart + record.Time(k)*1e6, UID: "C", Orig: addr("10.0.0.5"), Resp: addr4(198, k), OrigPlace: Inside, RespPlace: Outside,
				RespPort: 443, Proto: 6, Answered: true, Final: true, OrigBytes: 2 * mega, Domain: "",
			}
		}
		d.Observe(&Slice{Events: events})
	}
	if len(d.pairs) > maxExfilPairs || len(d.dests) > maxExfilDests || d.Lost() == 0 {
		t.Errorf("%d pairs, %d destinations, %d lost", len(d.pairs), len(d.dests), d.Lost())
	}
}

// BenchmarkExfiltration is the common case.
func BenchmarkExfiltration(b *testing.B) { benchDetector(b, NewExfiltration()) }
