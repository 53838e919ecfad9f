package detect

import (
	"fmt"
	"net/netip"
	"testing"

	"candor/internal/record"
)

const minute = record.Minute

// TestScan: what scans is found, whatever its pace; what only looks like it is not, or is explained.
func TestScan(t *testing.T) {
	me, dns := addr("10.0.0.5"), addr("10.0.0.2")
	tests := []struct {
		name  string
		do    func(l *lab)
		found int // open findings
		all   int // explained ones too
		shape string
	}{
		{"one port, many hosts, fast", func(l *lab) {
			for i := range 20 {
				l.try(record.Time(i)*second1, me, addr("10.0.1.%d", i+1), 6, 445)
			}
		}, 1, 1, "horizontal"},
		{"one port, four hosts an hour", func(l *lab) {
			for i := range 60 {
				l.try(record.Time(i)*15*minute, me, addr("10.0.1.%d", i+1), 6, 3389)
			}
		}, 1, 1, "horizontal"},
		{"many ports of one host", func(l *lab) {
			for i := range 30 {
				l.conn(record.Time(i)*second1, me, addr("10.0.1.9"), 6, uint16(20+i), "REJ", 0, 0)
			}
		}, 1, 1, "vertical"},
		{"two ports an hour of one host", func(l *lab) {
			for i := range 40 {
				l.try(record.Time(i)*30*minute, me, addr("10.0.1.9"), 6, uint16(20+i))
			}
		}, 1, 1, "vertical"},
		{"many ports, many hosts, in no order", func(l *lab) {
			for i := range 2000 {
				l.try(record.Time(i)*second1/10, me, addr("10.0.%d.%d", i*7%4+1, i*131%250+1), 6, uint16(1+i*577%1000))
			}
		}, 1, 1, "block"},
		{"an infected machine tries Telnet on the Internet", func(l *lab) {
			for i := range 50 {
				l.try(record.Time(i)*second1/5, me, addr("198.51.%d.7", i), 6, 23)
			}
		}, 1, 1, "horizontal"},
		{"ping sweep", func(l *lab) {
			for i := range 40 {
				l.try(record.Time(i)*second1/20, me, addr("10.0.1.%d", i+1), 1, 0)
			}
		}, 1, 1, "horizontal"},
		{"a scanner from outside", func(l *lab) {
			for i := range 40 {
				l.try(record.Time(i)*second1, addr("198.51.100.7"), addr("10.0.1.%d", i+1), 6, 22)
			}
		}, 1, 1, "horizontal"},
		{"dead servers, tried again and again", func(l *lab) {
			for i := range 5000 {
				l.try(record.Time(i)*20*second1, me, addr("10.0.1.%d", i%6+1), 6, 445)
			}
		}, 0, 0, ""},
		{"a monitor polls many hosts, five are dead", func(l *lab) {
			for i := range 6000 {
				if h := i % 200; h < 5 {
					l.try(record.Time(i)*second1, me, addr("10.0.1.%d", h+1), 6, 9100)
				} else {
					l.conn(record.Time(i)*second1, me, addr("10.0.1.%d", h+1), 6, 9100, "SF", 200, 900)
				}
			}
		}, 0, 0, ""},
		{"machines are managed by day and off at night", func(l *lab) {
			for h := range 48 {
				for i := range 60 {
					at := record.Time(h)*record.Hour + record.Time(i)*second1/2
					if h%24 >= 8 && h%24 < 18 || h < 8 && i < 30 {
						l.conn(at, me, addr("10.0.1.%d", i+1), 6, 135, "SF", 500, 500)
					} else if h >= 18 {
						l.try(at, me, addr("10.0.1.%d", i+1), 6, 135)
					}
				}
			}
		}, 0, 0, ""},
		{"a browser", func(l *lab) {
			for i := range 2000 {
				l.conn(record.Time(i)*second1/4, me, addr("198.51.%d.%d", i%50, i%9+1), 6, 443, "SF", 900, 9000)
				if i%50 == 0 {
					l.try(record.Time(i)*second1/4, me, addr("203.0.113.%d", i/50+1), 6, 443)
				}
			}
		}, 0, 0, ""},
		{"happy eyeballs where IPv6 does not work", func(l *lab) {
			for i := range 400 {
				l.try(record.Time(i)*second1, addr("fd00::5"), addr("2001:db8:77::%d", i%40+1), 6, 443)
				l.conn(record.Time(i)*second1+second1/4, me, addr("198.51.100.%d", i%40+1), 6, 443, "SF", 900, 9000)
			}
		}, 0, 1, "horizontal"},
		{"a resolver asks many name servers, some are lame", func(l *lab) {
			for i := range 3000 {
				if i%12 == 0 {
					l.try(record.Time(i)*second1/2, dns, addr("203.0.113.%d", i/12%250+1), 17, 53)
				} else {
					l.conn(record.Time(i)*second1/2, dns, addr("198.51.%d.%d", i%40, i%200+1), 17, 53, "SF", 60, 200)
				}
			}
		}, 0, 0, ""},
		{"time servers of a pool, some silent", func(l *lab) {
			for i := range 500 {
				if i%4 == 0 {
					l.try(record.Time(i)*minute, me, addr("203.0.113.%d", i%12+1), 17, 123)
				} else {
					l.conn(record.Time(i)*minute, me, addr("198.51.100.%d", i%16+1), 17, 123, "SF", 48, 48)
				}
			}
		}, 0, 0, ""},
		{"discovery of printers", func(l *lab) {
			for i := range 300 {
				l.try(record.Time(i)*minute, me, addr("224.0.0.%d", 251+i%4), 17, 5353)
				l.try(record.Time(i)*minute, me, addr("239.255.255.250"), 17, 3702)
				l.try(record.Time(i)*minute, me, addr("10.0.0.255"), 17, 161)
			}
		}, 0, 0, ""},
		{"the way is traced", func(l *lab) {
			for i := range 90 {
				l.try(record.Time(i)*second1, me, addr("198.51.100.7"), 17, uint16(33434+i))
			}
		}, 0, 0, ""},
		{"answers that lost their question", func(l *lab) {
			for i := range 90 {
				l.try(record.Time(i)*second1, dns, me, 17, uint16(40000+i)).OrigP = 53
				l.conn(record.Time(i)*second1, dns, me, 6, uint16(40000+i), "RSTOS0", 0, 0).OrigP = 102
			}
		}, 0, 0, ""},
		{"a swarm of peers", func(l *lab) {
			for i := range 400 {
				at := record.Time(i) * second1
				if i%3 == 0 {
					l.conn(at, me, addr("198.51.%d.7", i%200), 6, uint16(20000+i*37%30000), "SF", 900, 9000)
				} else {
					l.try(at, me, addr("203.%d.113.7", i%200), 6, uint16(20000+i*41%30000))
				}
				l.try(at, me, addr("192.%d.113.9", i%200), 6, 6881)
			}
		}, 0, 1, "horizontal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := &lab{t: t}
			tt.do(l)
			got := l.run(NewScan())
			if open(got) != tt.found || len(got) != tt.all {
				t.Errorf("%d open findings of %d, want %d of %d: %+v", open(got), len(got), tt.found, tt.all, got)
			}
			if len(got) > 0 && got[0].Evidence["shape"] != tt.shape {
				t.Errorf("shape %v, want %s", got[0].Evidence["shape"], tt.shape)
			}
			for i := range got {
				t.Log(shownAs(&got[i]))
			}
		})
	}
}

// TestScanNames: addresses that a lookup named before are no scan; the same without lookups is.
func TestScanNames(t *testing.T) {
	for _, named := range []bool{true, false} {
		l := &lab{t: t}
		for i := range 60 {
			a := addr("203.0.113.%d", i+1)
			l.try(record.Time(i)*second1, addr("10.0.0.5"), a, 6, 8080)
			if named {
				l.dns = append(l.dns, record.DNS{HasReply: true, Variant: "dns", Answers: []string{a.String()}})
			}
		}
		if got := open(l.run(NewScan())); (got == 0) != named {
			t.Errorf("named %v: %d findings", named, got)
		}
	}
}

// TestScanLeases: a DHCP server that pings before it gives an address out is explained; the same by anybody else is a sweep.
func TestScanLeases(t *testing.T) {
	for _, serves := range []bool{true, false} {
		l := &lab{t: t}
		for i := range 20 {
			at := record.Time(i) * 3 * second1
			l.try(at, addr("10.0.0.2"), addr("10.0.1.%d", i+1), 1, 0)
			if serves {
				l.try(at+second1, addr("10.0.0.2"), addr("10.0.1.%d", i+1), 17, 68).OrigP = 67
			}
		}
		if got := l.run(NewScan()); len(got) != 1 || (got[0].ExplainedBy != "") != serves {
			t.Errorf("serves %v: %+v", serves, got)
		}
	}
}

// TestScanFlood: sources and places without number take bounded room, and what was let go of is counted.
func TestScanFlood(t *testing.T) {
	d := NewScan()
	net := newNet(assumed())
	events := make([]Event, 1000)
	for i := uint32(0); i < 600_000; i += uint32(len(events)) {
		for j := range events {
			k := i + uint32(j)
			events[j] = Event{
				TS: labStart + record.Time(k)*1000, UID: "C", Orig: netip.AddrFrom4([4]byte{198, byte(k >> 16), byte(k >> 8), byte(k)}), Resp: addr4(10, k),
				RespPort: uint16(k), OrigPort: 40000, OrigPlace: Outside, RespPlace: Inside, Proto: 6, State: "S0", Final: true,
			}
			if k%3 > 0 { // some come back, a few tries each
				events[j].Orig = netip.AddrFrom4([4]byte{197, byte(k >> 20), byte(k >> 12), byte(k >> 4)})
			}
		}
		d.Observe(&Slice{Net: net, Events: events})
	}
	if n := len(d.sources[wayIn].young) + len(d.sources[wayIn].old); n > maxScannersIn {
		t.Errorf("%d sources kept", n)
	}
	if d.Lost() == 0 || len(d.finished) > maxFinished {
		t.Errorf("lost %d, %d finished", d.Lost(), len(d.finished))
	}
}

func addr4(a byte, k uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{a, byte(k >> 5), byte(k >> 13), byte(k)})
}

// TestScanSame: the order of findings and what they say do not depend on chance.
func TestScanSame(t *testing.T) {
	var want string
	for range 3 {
		l := &lab{t: t}
		for s := range 30 {
			for i := range 60 {
				l.try(record.Time(i)*second1, addr("198.51.100.%d", s+1), addr("10.0.1.%d", i+1), 6, uint16(20+s))
			}
		}
		got := fmt.Sprintf("%+v", l.run(NewScan()))
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatal("two runs differ")
		}
	}
}

// BenchmarkScan is the common case: answered connections of machines that also have some failures.
func BenchmarkScan(b *testing.B) { benchDetector(b, NewScan()) }

// benchDetector feeds a day of an office: many connections out, some inside, one in thirty unanswered.
func benchDetector(b *testing.B, d Detector) {
	net := newNet(assumed())
	events := make([]Event, 1<<14)
	for i := range events {
		k := uint32(i) * 2654435761
		e := Event{
			TS: labStart + record.Time(i)*second1/50, UID: fmt.Sprint("Cabcdefghijk", i), Orig: netip.AddrFrom4([4]byte{10, 0, byte(k >> 30), byte(k >> 20)}),
			Resp: netip.AddrFrom4([4]byte{198, 51, byte(k >> 16), byte(k >> 24)}), OrigPort: 40000, RespPort: 443, OrigPlace: Inside, RespPlace: Outside,
			Proto: 6, State: "SF", Answered: true, Final: true, OrigBytes: uint64(500 + k>>20), RespBytes: uint64(k >> 16), OrigPkts: 10, RespPkts: 12,
			Duration: second1, Domain: "example.com", Service: "ssl",
		}
		switch {
		case i%4 == 0:
			e.Resp, e.RespPlace, e.RespPort, e.Proto = netip.AddrFrom4([4]byte{10, 0, 9, byte(k >> 28)}), Inside, 53, 17
		case i%30 == 0:
			e.Answered, e.State, e.OrigBytes = false, "S0", 0
		case i%17 == 0:
			e.Resp, e.RespPlace, e.RespPort = netip.AddrFrom4([4]byte{10, 0, 9, byte(k >> 28)}), Inside, 445
		}
		events[i] = e
	}
	s := &Slice{Net: net, Events: events}
	b.ReportAllocs()
	for b.Loop() {
		d.Observe(s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(events)), "ns/conn")
}

// TestSourceIsAnAddress: where a machine is known by more than its address, findings of it keep their id when the address changes, and show both.
func TestSourceIsAnAddress(t *testing.T) {
	var ids []string
	for _, a := range []string{"10.0.0.5", "10.0.0.77"} {
		l := &lab{t: t}
		for i := range 20 {
			l.try(record.Time(i)*second1, addr("%s", a), addr("10.0.1.%d", i+1), 6, 445).OrigHost = "pc5"
		}
		got := l.run(NewScan())
		if len(got) != 1 || got[0].Source != a || got[0].Host.ID != "pc5" {
			t.Fatalf("%+v", got)
		}
		ids = append(ids, got[0].ID)
	}
	if ids[0] != ids[1] {
		t.Errorf("ids %v", ids)
	}
}
