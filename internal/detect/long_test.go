package detect

import (
	"fmt"
	"testing"

	"candor/internal/record"
)

// TestLong: a connection of an hour is listed, open or ended, also when only its reports tell of it.
func TestLong(t *testing.T) {
	me, there := addr("10.0.0.5"), addr("203.0.113.9")
	hold := func(l *lab, lasts record.Time, ends bool) {
		n := int(lasts / minute)
		for i := range n {
			c := l.conn(0, me, there, 6, 8443, "S1", 1000, 500)
			c.UID, c.Report, c.Duration, c.Final = "Clong", i, record.Time(i+1)*minute, ends && i == n-1
		}
	}
	for _, tt := range []struct {
		name     string
		do       func(l *lab)
		all      int
		severity string
		open     bool
		bytes    uint64
		why      string
	}{
		{"two hours, in reports, and ended", func(l *lab) { hold(l, 2*record.Hour, true) }, 1, "low", false, 61 * 1500, "under four hours, as calls, films and remote work last"},
		{"still open after five hours", func(l *lab) { hold(l, 5*record.Hour, false) }, 1, "medium", true, 241 * 1500, ""},
		{"for ever", func(l *lab) { hold(l, 40*record.Hour, false) }, 1, "high", true, 2341 * 1500, ""},
		{"open, but nobody reports it any more", func(l *lab) {
			hold(l, 2*record.Hour, false)
			l.conn(30*record.Hour, me, addr("203.0.113.77"), 6, 443, "SF", 10, 10)
		}, 1, "low", false, 61 * 1500, "under four hours, as calls, films and remote work last"},
		{"told once, whole", func(l *lab) {
			l.conn(0, me, there, 6, 22, "SF", 5000, 6000).Duration = 9 * record.Hour
		}, 1, "high", false, 11_000, ""},
		{"from outside", func(l *lab) {
			l.conn(0, there, me, 6, 22, "SF", 5000, 6000).Duration = 9 * record.Hour
		}, 1, "medium", false, 11_000, ""},
		{"fifty minutes", func(l *lab) { hold(l, 50*minute, true) }, 0, "", false, 0, ""},
		{"inside", func(l *lab) { l.conn(0, me, addr("10.0.9.1"), 6, 445, "SF", 5000, 6000).Duration = 9 * record.Hour }, 0, "", false, 0, ""},
		{"nobody answers", func(l *lab) { l.conn(0, me, there, 17, 500, "S0", 5000, 0).Duration = 9 * record.Hour }, 0, "", false, 0, ""},
		{"as many do", func(l *lab) {
			for i := range 6 {
				l.conn(record.Time(i), addr("10.0.0.%d", i+5), there, 6, 443, "SF", 5000, 6000).Duration = 3 * record.Hour
			}
		}, 6, "low", false, 11_000, "many machines here hold such a connection to the same place"},
		{"a tunnel between networks", func(l *lab) {
			l.conn(0, me, there, 50, 0, "SF", 5000, 6000).Duration = 9 * record.Hour
		}, 1, "high", false, 11_000, "a tunnel between networks, which stays open by nature"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &lab{t: t}
			tt.do(l)
			got := l.run(NewLong())
			if len(got) != tt.all {
				t.Fatalf("%d findings, want %d: %+v", len(got), tt.all, got)
			}
			for i := range got {
				f := &got[i]
				t.Log(shownAs(f))
				if f.Severity != tt.severity || f.Evidence["open"] != tt.open || f.Evidence["bytes"] != tt.bytes || f.ExplainedBy != tt.why || f.Evidence["count"] != 1 {
					t.Errorf("got %s, %+v, %q", f.Severity, f.Evidence, f.ExplainedBy)
				}
			}
		})
	}
}

// TestLongFlood: pairs and names without number take bounded room, what no longer fitted is counted, and what ended long ago makes room.
func TestLongFlood(t *testing.T) {
	d := NewLong()
	fill := func(from int, at record.Time) {
		events := make([]Event, 1000)
		for i := from; i < from+200_000; i += 1000 {
			for j := range events {
				k := i + j
				events[j] = Event{
					TS: at, Duration: 2 * record.Hour, UID: fmt.Sprint("C", k), Orig: addr4(10, uint32(k)), Resp: addr4(198, uint32(k)), OrigPlace: Inside, RespPlace: Outside,
					Proto: 6, Answered: true, Final: k%2 == 0, Domain: fmt.Sprint("d", k, ".example"),
				}
			}
			d.Observe(&Slice{Events: events})
		}
	}
	fill(0, labStart)
	if len(d.talks) != maxLong || len(d.users) > 2*maxLong || d.Lost() == 0 {
		t.Errorf("%d pairs, %d destinations, %d lost", len(d.talks), len(d.users), d.Lost())
	}
	fill(1_000_000, labStart+30*record.Day)
	for key, talk := range d.talks {
		if talk.first < labStart+record.Day {
			t.Fatalf("%v of a month ago is still there", key)
		}
	}
}

// BenchmarkLong is the common case.
func BenchmarkLong(b *testing.B) { benchDetector(b, NewLong()) }
