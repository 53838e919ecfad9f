package days_test

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/labnet/days"
	"candor/internal/record"
)

// made is what one injection made.
type made struct {
	truth days.Truth
	*record.Batch
	starts []record.Time // of its connections, those of lookups left out
}

func inject(t *testing.T, span record.Span, in days.Injection) made {
	t.Helper()
	site := days.Office(21, 40, 12).Quiet()
	truth := site.Truths(span, in)[0]
	b := all(site.Batches(span, in))
	m := made{truth: truth, Batch: &record.Batch{}}
	m.Conns = kept(b.Conns, func(c *record.Conn) bool { return truth.Owns(c.UID) })
	m.DNS = kept(b.DNS, func(d *record.DNS) bool { return truth.Owns(d.UID) })
	m.TLS = kept(b.TLS, func(d *record.TLS) bool { return truth.Owns(d.UID) })
	m.HTTP = kept(b.HTTP, func(d *record.HTTP) bool { return truth.Owns(d.UID) })
	m.Logs = kept(b.Logs, truth.OwnsLog)
	for i := range m.Conns {
		c := &m.Conns[i]
		if c.TS < truth.From-record.Time(time.Second) || c.TS > truth.To+record.Time(time.Minute) {
			t.Errorf("%v lies outside of %v to %v", c.TS.Std(), truth.From.Std(), truth.To.Std())
		}
		if c.Report == 0 && c.RespP != 53 {
			m.starts = append(m.starts, c.TS)
		}
	}
	slices.Sort(m.starts)
	return m
}

func (m *made) gaps() []float64 {
	var out []float64
	for i := 1; i < len(m.starts); i++ {
		out = append(out, (m.starts[i] - m.starts[i-1]).Seconds())
	}
	return out
}

func TestBeaconTiming(t *testing.T) {
	span := hours(0, 12)
	const slack = 0.25 // seconds that a lookup may take
	for name, c := range map[string]struct {
		beacon days.Beacon
		lo, hi float64 // of each gap
		least  int
		most   int
	}{
		"exact":       {days.Beacon{Sleep: time.Minute}, 60, 60, 719, 720},
		"shorter":     {days.Beacon{Sleep: time.Minute, Jitter: 0.5}, 30, 60, 900, 1020},
		"symmetric":   {days.Beacon{Sleep: 5 * time.Minute, Jitter: 0.2, Shape: days.Symmetric}, 240, 360, 138, 150},
		"named":       {days.Beacon{Sleep: 10 * time.Minute, Naming: days.OwnDomain, Targets: 5}, 600, 600, 71, 72},
		"by clock":    {days.Beacon{Sleep: time.Hour, Jitter: 0.3, Shape: days.Cron}, 3599, 3601, 11, 13},
		"failed":      {days.Beacon{Sleep: time.Minute, Failed: true}, 60, 60, 719, 720},
		"all missing": {days.Beacon{Sleep: time.Minute, Missed: 1}, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := inject(t, span, c.beacon)
			if n := len(m.starts); n < c.least || n > c.most {
				t.Errorf("%d beats, want %d to %d", n, c.least, c.most)
			}
			for i, g := range m.gaps() {
				if i > 0 && (g < c.lo-slack || g > c.hi+slack) {
					t.Fatalf("a gap of %v s, want %v to %v", g, c.lo, c.hi)
				}
			}
		})
	}
}

func TestBeaconMissed(t *testing.T) {
	m := inject(t, hours(0, 24), days.Beacon{Sleep: time.Minute, Missed: 0.3})
	if n := len(m.starts); n < 950 || n > 1070 {
		t.Errorf("%d of 1440 beats, want about 1008", n)
	}
}

func TestBeaconChanges(t *testing.T) {
	m := inject(t, hours(0, 12), days.Beacon{Sleep: time.Minute, ChangeAfter: 6 * time.Hour, NewSleep: 10 * time.Minute})
	if n := len(m.starts); n < 360+34 || n > 360+38 {
		t.Errorf("%d beats, want about 396", n)
	}
	m = inject(t, hours(0, 12), days.Beacon{Sleep: time.Minute, Growth: 1.2})
	gaps := m.gaps()
	for i := 1; i < len(gaps); i++ {
		if r := gaps[i] / gaps[i-1]; r < 1.19 || r > 1.21 {
			t.Errorf("gap %d is %.2f times the one before", i, r)
		}
	}
	if len(gaps) < 20 {
		t.Errorf("%d gaps", len(gaps))
	}
	m = inject(t, record.Span{From: at(0, 0), To: at(0, 0) + 7*record.Day}, days.Beacon{Sleep: 10 * time.Minute, OfficeHours: true})
	for _, ts := range m.starts {
		local := ts.Std().Add(-6 * time.Hour)
		if h := local.Hour(); h < 9 || h >= 17 || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
			t.Errorf("a beat at %v", local)
		}
	}
	if n := len(m.starts); n != 5*48 {
		t.Errorf("%d beats in five days of eight hours", n)
	}
}

// TestHarmlessTiming: gaps without memory have a spread of their mean; heavy tails one beyond it.
func TestHarmlessTiming(t *testing.T) {
	for name, c := range map[string]struct {
		shape  days.Shape
		jitter float64
		lo, hi float64 // spread over mean
	}{"exponential": {days.Exponential, 0, 0.9, 1.1}, "lognormal": {days.Lognormal, 1.2, 1.2, 2.6}} {
		t.Run(name, func(t *testing.T) {
			m := inject(t, hours(0, 24), days.Beacon{Sleep: 30 * time.Second, Shape: c.shape, Jitter: c.jitter})
			var sum, squares float64
			gaps := m.gaps()
			for _, g := range gaps {
				sum, squares = sum+g, squares+g*g
			}
			mean := sum / float64(len(gaps))
			if cv := math.Sqrt(squares/float64(len(gaps))-mean*mean) / mean; cv < c.lo || cv > c.hi {
				t.Errorf("spread is %.2f of the mean", cv)
			}
			if m.truth.Kind != days.KindHarmless {
				t.Errorf("it is called %s", m.truth.Kind)
			}
		})
	}
}

func TestBeaconTalks(t *testing.T) {
	span := hours(9, 13)
	for name, c := range map[string]struct {
		beacon  days.Beacon
		targets int
		named   bool
	}{
		"no name":    {days.Beacon{Sleep: time.Minute}, 1, false},
		"one domain": {days.Beacon{Sleep: time.Minute, Naming: days.OwnDomain, Targets: 50}, 50, true},
		"domains":    {days.Beacon{Sleep: time.Minute, Naming: days.OwnNames, Targets: 5}, 5, true},
		"fronted":    {days.Beacon{Sleep: time.Minute, Naming: days.Fronted}, 1, true},
		"clear":      {days.Beacon{Sleep: time.Minute, Naming: days.OwnDomain, Clear: true}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := inject(t, span, c.beacon)
			names := map[string]bool{}
			known := map[string]bool{}
			for i := range m.DNS {
				for _, a := range m.DNS[i].Answers {
					known[a] = true
				}
			}
			to := map[netip.Addr]bool{}
			for i := range m.Conns {
				r := m.Conns[i].RespH
				if m.Conns[i].RespP == 53 {
					continue
				}
				to[r] = true
				if !slices.Contains(m.truth.Destinations, r) {
					t.Fatalf("%v is none of the destinations", r)
				}
				if c.named != known[r.String()] {
					t.Fatalf("%v was told by a lookup: %v", r, known[r.String()])
				}
			}
			for i := range m.TLS {
				names[m.TLS[i].ServerName] = true
			}
			for i := range m.HTTP {
				names[m.HTTP[i].Host] = true
			}
			if len(names) != c.targets || names[""] == c.named || len(to) < c.targets {
				t.Errorf("%d names, %d addresses: %v", len(names), len(to), names)
			}
			if n := len(m.TLS) + len(m.HTTP); n < 235 {
				t.Errorf("%d exchanges of 240", n)
			}
			if c.named && !strings.HasSuffix(m.DNS[0].Query, m.truth.Domain) && c.targets < 50 {
				t.Errorf("%q is not below %q", m.DNS[0].Query, m.truth.Domain)
			}
		})
	}
}

func TestSizes(t *testing.T) {
	for name, c := range map[string]struct {
		size     days.Size
		lo, most float64 // largest over smallest
	}{"fixed": {days.Fixed, 1, 1}, "padded": {days.Padded, 1.01, 2}, "varied": {days.Varied, 2, 1000}} {
		t.Run(name, func(t *testing.T) {
			m := inject(t, hours(0, 12), days.Beacon{Sleep: time.Minute, Size: c.size})
			lo, hi := uint64(math.MaxUint64), uint64(0)
			for i := range m.Conns {
				lo, hi = min(lo, m.Conns[i].OrigBytes), max(hi, m.Conns[i].OrigBytes)
			}
			if r := float64(hi) / float64(lo); r < c.lo || r > c.most {
				t.Errorf("from %d to %d bytes", lo, hi)
			}
		})
	}
}

func TestNames(t *testing.T) {
	m := inject(t, hours(9, 10), days.DNSTunnel{Every: time.Second, Types: []uint16{16, 1}, Hex: true, Label: 90})
	clients := kept(m.DNS, func(d *record.DNS) bool { return d.OrigH == m.truth.Host })
	if n := len(clients); n < 3300 || n > 3900 {
		t.Errorf("%d lookups of a tunnel in an hour of seconds", n)
	}
	for i := range clients {
		d := &clients[i]
		data, ok := strings.CutSuffix(d.Query, "."+m.truth.Domain)
		if !ok || len(strings.ReplaceAll(data, ".", "")) != 90 || strings.Trim(data, "0123456789abcdef.") != "" {
			t.Fatalf("%q", d.Query)
		}
	}
	for name, g := range map[string]days.DGA{"random": {}, "words": {Family: days.Dictionary, NoName: 0.9}, "hex": {Family: days.HexLetters, Burst: 20}} {
		t.Run(name, func(t *testing.T) {
			m := inject(t, hours(9, 11), g)
			gone, asked := 0, 0
			for i := range m.DNS {
				if m.DNS[i].OrigH == m.truth.Host {
					asked++
					if m.DNS[i].RCode == 3 {
						gone++
					}
				}
			}
			want := map[string]int{"random": 12 * 50, "words": 12 * 50, "hex": 12 * 20}[name]
			if asked < want*7/10 || asked > want {
				t.Errorf("%d names, want at most %d", asked, want)
			}
			if share := float64(gone) / float64(asked); share < 0.85 || share > 0.995 {
				t.Errorf("%.2f of them do not exist", share)
			}
		})
	}
}

func TestAttacks(t *testing.T) {
	span := hours(10, 14)
	m := inject(t, span, days.Scan{Addresses: 200, Ports: []uint16{22, 445}, Every: 100 * time.Millisecond})
	if n := len(m.starts); n != 400 {
		t.Errorf("%d attempts of a scan of 400", n)
	}
	m = inject(t, span, days.Scan{Addresses: 1, Ports: []uint16{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, Every: 10 * time.Minute})
	if n := len(m.starts); n != 10 || len(m.truth.Destinations) != 1 {
		t.Errorf("%d attempts of a slow vertical scan of 10", n)
	}
	m = inject(t, span, days.SignIn{SSH: true, Attempts: 300, Outside: true, Succeeds: true})
	if n := len(m.starts); n != 300 || m.Conns[0].LocalOrig {
		t.Errorf("%d attempts of 300", n)
	}
	m = inject(t, span, days.SignIn{Attempts: 200, Spray: true})
	users := map[string]bool{}
	for i := range m.Logs {
		users[m.Logs[i].User] = true
	}
	if len(m.Logs) != 200 || len(users) < 20 {
		t.Errorf("%d lines of 200, %d users", len(m.Logs), len(users))
	}
	m = inject(t, span, days.Lateral{Targets: 15, Port: 3389})
	to := map[netip.Addr]bool{}
	for i := range m.Conns {
		if m.Conns[i].RespP == 3389 {
			to[m.Conns[i].RespH] = true
		}
	}
	if len(to) != 15 {
		t.Errorf("moved to %d of 15", len(to))
	}
	m = inject(t, span, days.PingTunnel{Every: time.Second, Size: 800})
	sent := uint64(0)
	for i := range m.Conns {
		sent += m.Conns[i].OrigBytes
	}
	if sent < 800*10000 || sent > 800*14400 {
		t.Errorf("%d bytes in pings", sent)
	}
}

func TestExfil(t *testing.T) {
	for name, x := range map[string]days.Exfil{
		"slow": {Bytes: 5e9, Over: 3 * time.Hour, Pieces: 6}, "quick": {Bytes: 1e9, Over: 5 * time.Minute, Pieces: 20, Named: true}, "cloud": {Bytes: 2e9, Cloud: true},
	} {
		t.Run(name, func(t *testing.T) {
			m := inject(t, hours(9, 14), x)
			sent := uint64(0)
			for i := range m.Conns {
				if m.Conns[i].RespP == 443 {
					sent += m.Conns[i].OrigBytes
				}
			}
			if r := float64(sent) / float64(x.Bytes); r < 0.75 || r > 1.25 {
				t.Errorf("%d bytes of %d", sent, x.Bytes)
			}
		})
	}
}
