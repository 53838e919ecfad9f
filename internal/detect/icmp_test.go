package detect

import (
	"testing"

	"candor/internal/record"
)

// ping adds a report of pings: packets and payload bytes each way.
func (l *lab) ping(at record.Time, lasts record.Time, from, to string, asked, sent, answered, got uint64) *record.Conn {
	c := l.conn(at, addr("%s", from), addr("%s", to), 1, 0, "OTH", sent, got)
	c.OrigPkts, c.RespPkts, c.Duration = asked, answered, lasts
	return c
}

// TestICMPTunnels: data in pings is found in each of its forms; what people and programs ping is not.
func TestICMPTunnels(t *testing.T) {
	const me, there = "10.0.0.5", "198.51.100.7"
	for _, tt := range []struct {
		name string
		do   func(l *lab)
		want int
	}{
		{"answers that are not what was sent", func(l *lab) {
			for i := range record.Time(10) {
				l.ping(i*minute, 50*second1, me, there, 50, 3200, 50, 40_000)
			}
		}, 1},
		{"more answers than questions", func(l *lab) { l.ping(0, 2*minute, me, there, 100, 7700, 206, 18_944) }, 1},
		{"sizes that change, echoed whole", func(l *lab) { l.ping(0, 5*minute, me, there, 300, 120_007, 300, 120_007) }, 1},
		{"large questions, no answers", func(l *lab) { l.ping(0, 5*minute, me, there, 200, 260_000, 0, 0) }, 1},
		{"answers alone", func(l *lab) {
			l.ping(0, 5*minute, me, there, 200, 180_011, 0, 0).OrigP = 0
		}, 1},
		{"inside, too", func(l *lab) { l.ping(0, 2*minute, me, "10.0.0.9", 100, 7700, 206, 18_944) }, 1},
		{"over IPv6", func(l *lab) {
			c := l.ping(0, 2*minute, "fd00::5", "2001:db8::9", 100, 7700, 100, 18_944)
			c.Proto, c.OrigP = 58, 128
		}, 1},
		{"in reports of an open connection", func(l *lab) {
			for i := range 5 {
				c := l.ping(0, record.Time(i+1)*minute, me, there, 30, 1800, 30, 30_000)
				c.UID, c.Report, c.Final = "Cping", i, i == 4
			}
		}, 1},
		{"large pings of one size for an hour", func(l *lab) {
			for i := range record.Time(60) {
				l.ping(i*minute, 59*second1, me, there, 120, 120*900, 120, 120*900)
			}
		}, 1},
		{"a monitor pings all day", func(l *lab) {
			for i := range record.Time(1440) {
				l.ping(i*minute, 59*second1, me, there, 60, 60*56, 59, 59*56)
			}
		}, 0},
		{"large pings of one size", func(l *lab) { l.ping(0, 10*minute, me, there, 600, 600*1400, 598, 598*1400) }, 0},
		{"two monitors with two sizes", func(l *lab) {
			for i := range record.Time(100) {
				l.ping(i*minute, 10*second1, me, there, 10, 560, 10, 560)
				l.ping(i*minute, 10*second1, me, there, 10, 14_000, 10, 14_000)
			}
		}, 0},
		{"a search for the largest packet", func(l *lab) { l.ping(0, 20*second1, me, there, 34, 47_000, 28, 38_111) }, 0},
		{"answers cut to 64 bytes", func(l *lab) { l.ping(0, 5*minute, me, there, 100, 100_000, 100, 6_400) }, 0},
		{"a dead host is pinged", func(l *lab) { l.ping(0, record.Hour, me, there, 3600, 3600*56, 0, 0) }, 0},
		{"messages of errors", func(l *lab) {
			c := l.ping(0, record.Hour, me, there, 3600, 3600*500+17, 0, 0)
			c.OrigP, c.RespP = 3, 1
		}, 0},
		{"a ping to everybody", func(l *lab) { l.ping(0, record.Hour, me, "224.0.0.1", 100, 5600, 900, 50_400) }, 0},
		{"copies of answers", func(l *lab) { l.ping(0, record.Hour, me, there, 100, 5600, 200, 11_200) }, 0},
		{"a short burst", func(l *lab) { l.ping(0, 2*second1, me, there, 30, 3000, 60, 9000) }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &lab{t: t}
			tt.do(l)
			got := l.run(NewICMPTunnels())
			if len(got) != tt.want {
				t.Errorf("%d findings, want %d: %+v", len(got), tt.want, got)
			}
			for i := range got {
				t.Log(shownAs(&got[i]))
			}
		})
	}
}

// TestICMPFlood: pairs without number take bounded room, and what mattered of them is counted.
func TestICMPFlood(t *testing.T) {
	d := NewICMPTunnels()
	events := make([]Event, 1000)
	for i := uint32(0); i < 300_000; i += 1000 {
		for j := range events {
			k := i + uint32(j)
			events[j] = Event{TS: labStart, Duration: minute, UID: "C", Orig: addr4(10, k), Resp: addr4(198, k), OrigPort: 8, Proto: 1, OrigBytes: 5000, OrigPkts: 20, RespPkts: 100}
		}
		d.Observe(&Slice{Events: events})
	}
	if n := len(d.pairs.young) + len(d.pairs.old); n > maxICMPPairs || d.Lost() == 0 || len(d.finished) > maxICMPFinished {
		t.Errorf("%d pairs, %d finished, %d lost", n, len(d.finished), d.Lost())
	}
}

// BenchmarkICMP is the cost for all that is no ping.
func BenchmarkICMP(b *testing.B) { benchDetector(b, NewICMPTunnels()) }
