package detect

import (
	"testing"

	"candor/internal/record"
)

// workdays adds days on which twenty machines use two file servers, and one machine manages them all.
func (l *lab) workdays(days int) {
	for d := range days {
		for h := range 20 {
			at := record.Time(d)*record.Day + 9*record.Hour + record.Time(h)*minute
			for k := range 5 {
				l.conn(at+record.Time(k)*record.Hour, addr("10.0.0.%d", h+10), addr("10.0.9.%d", k%2+1), 6, 445, "SF", 5000, 9000)
			}
			l.conn(at, addr("10.0.9.9"), addr("10.0.0.%d", h+10), 6, 5985, "SF", 5000, 9000)
		}
	}
}

// TestLateral: a machine that begins to sign on to others is found; managers, file servers and scans are not.
func TestLateral(t *testing.T) {
	me := addr("10.0.0.12")
	for _, tt := range []struct {
		name string
		do   func(l *lab)
		want int
		by   string
	}{
		{"one machine goes round by SMB on the third day", func(l *lab) {
			l.workdays(3)
			for i := range 8 {
				l.conn(2*record.Day+14*record.Hour+record.Time(i)*minute, me, addr("10.0.0.%d", 13+i), 6, 445, "SF", 5000, 900)
			}
		}, 1, ""},
		{"slowly, by RDP", func(l *lab) {
			l.workdays(4)
			for i := range 10 {
				l.conn(2*record.Day+record.Time(i)*2*record.Hour, me, addr("10.0.0.%d", 13+i), 6, 3389, "SF", 50_000, 900_000)
			}
		}, 1, ""},
		{"from machine to machine", func(l *lab) {
			l.workdays(3)
			at := 2*record.Day + 14*record.Hour
			l.conn(at, addr("10.0.0.20"), me, 6, 3389, "SF", 50_000, 9000)
			for i := range 4 {
				l.conn(at+record.Time(i+1)*minute, me, addr("10.0.0.%d", 21+i), 6, 445, "SF", 5000, 900)
			}
		}, 1, "10.0.0.20"},
		{"a file server signs on to its clients", func(l *lab) {
			l.workdays(3)
			for i := range 4 {
				l.conn(2*record.Day+14*record.Hour+record.Time(i)*minute, addr("10.0.9.1"), addr("10.0.0.%d", 13+i), 6, 5985, "SF", 5000, 900)
			}
		}, 1, ""},
		{"many at once, with an hour of history", func(l *lab) {
			for i := range 30 {
				l.conn(record.Time(i)*minute, addr("10.0.0.%d", i+1), addr("10.0.9.1"), 6, 445, "SF", 5000, 900)
			}
			for i := range 14 {
				l.conn(40*minute+record.Time(i)*second1, me, addr("10.0.0.%d", 13+i), 6, 445, "SF", 5000, 900)
			}
		}, 1, ""},
		{"an ordinary week", func(l *lab) { l.workdays(7) }, 0, ""},
		{"the manager gets new machines", func(l *lab) {
			l.workdays(3)
			for i := range 6 {
				l.conn(2*record.Day+14*record.Hour+record.Time(i)*minute, addr("10.0.9.9"), addr("10.0.0.%d", 100+i), 6, 5985, "SF", 5000, 900)
			}
		}, 0, ""},
		{"a new file server that everybody uses", func(l *lab) {
			l.workdays(3)
			for i := range 20 {
				l.conn(2*record.Day+14*record.Hour+record.Time(i)*minute, addr("10.0.0.%d", i+10), addr("10.0.9.5"), 6, 445, "SF", 5000, 900)
			}
		}, 0, ""},
		{"a scan that nobody lets in", func(l *lab) {
			l.workdays(3)
			for i := range 50 {
				l.conn(2*record.Day+record.Time(i)*second1, me, addr("10.0.0.%d", 13+i), 6, 445, "REJ", 0, 0)
				l.conn(2*record.Day+record.Time(i)*second1, me, addr("10.0.0.%d", 13+i), 6, 22, "RSTO", 0, 0)
			}
		}, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &lab{t: t}
			tt.do(l)
			got := l.run(NewLateral())
			if open(got) != tt.want {
				t.Errorf("%d findings, want %d: %+v", open(got), tt.want, got)
			}
			for i := range got {
				t.Log(shownAs(&got[i]))
				if got[i].Evidence["reached_by"] != tt.by {
					t.Errorf("reached by %v, want %q", got[i].Evidence["reached_by"], tt.by)
				}
			}
		})
	}
}

// TestLateralFlood: machines without number take bounded room, and forgetting is counted.
func TestLateralFlood(t *testing.T) {
	d := NewLateral()
	events := make([]Event, 1000)
	for i := uint32(0); i < 600_000; i += 1000 {
		for j := range events {
			k := i + uint32(j)
			events[j] = Event{
				TS: labStart + record.Time(k)*1e8, UID: "C", Orig: addr4(10, k), Resp: addr4(11, k*7), OrigPlace: Inside, RespPlace: Inside,
				RespPort: 445, Proto: 6, Answered: true, Final: true, OrigBytes: 100,
			}
		}
		d.Observe(&Slice{Events: events})
	}
	if n := len(d.clients.young) + len(d.clients.old); n > maxMovers || d.Lost() == 0 {
		t.Errorf("%d machines, %d lost", n, d.Lost())
	}
}

// BenchmarkLateral is the common case.
func BenchmarkLateral(b *testing.B) { benchDetector(b, NewLateral()) }
