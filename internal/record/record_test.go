package record_test

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/record"
)

func TestFloor(t *testing.T) {
	at := func(s string) record.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return record.TimeOf(v)
	}
	cases := []struct {
		name string
		in   string
		unit record.Time
		want string
	}{
		{"inside a minute", "2025-06-15T14:26:40.705623Z", record.Minute, "2025-06-15T14:26:00Z"},
		{"at a minute", "2025-06-15T14:26:00Z", record.Minute, "2025-06-15T14:26:00Z"},
		{"last moment of a minute", "2025-06-15T14:26:59.999999999Z", record.Minute, "2025-06-15T14:26:00Z"},
		{"quarter", "2025-06-15T14:44:59Z", record.Quarter, "2025-06-15T14:30:00Z"},
		{"hour", "2025-06-15T14:44:59Z", record.Hour, "2025-06-15T14:00:00Z"},
		{"day", "2025-06-15T23:59:59Z", record.Day, "2025-06-15T00:00:00Z"},
		{"the epoch", "1970-01-01T00:00:00Z", record.Day, "1970-01-01T00:00:00Z"},
		{"before 1970", "1969-12-31T23:59:59.5Z", record.Minute, "1969-12-31T23:59:00Z"},
		{"at a minute before 1970", "1969-12-31T23:59:00Z", record.Minute, "1969-12-31T23:59:00Z"},
		{"day before 1970", "1961-04-12T06:07:00Z", record.Day, "1961-04-12T00:00:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := at(c.in).Floor(c.unit).Std().Format(time.RFC3339Nano); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestFloorLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := record.Time(rapid.Int64Range(-1<<62, 1<<62).Draw(t, "t"))
		unit := rapid.SampledFrom([]record.Time{record.Minute, record.Quarter, record.Hour, record.Day}).Draw(t, "unit")
		f := at.Floor(unit)
		if f > at || at-f >= unit || f%unit != 0 || f.Floor(unit) != f {
			t.Fatalf("Floor(%d, %d) = %d", at, unit, f)
		}
	})
}

func TestTimeOfNeverWraps(t *testing.T) {
	year := func(y int) time.Time { return time.Date(y, 12, 31, 23, 59, 59, 0, time.UTC) }
	for y, want := range map[int]record.Time{9999: math.MaxInt64, 2300: math.MaxInt64, 1600: math.MinInt64, 1: math.MinInt64, 1969: -1e9} {
		if got := record.TimeOf(year(y)); got != want {
			t.Errorf("end of %d is %d, want %d", y, got, want)
		}
	}
	if got := record.TimeOf(year(2261)).Std(); !got.Equal(year(2261)) {
		t.Errorf("end of 2261 is %v", got)
	}
}

func TestSpan(t *testing.T) {
	var s record.Span
	if !s.Zero() {
		t.Error("the zero span is not Zero")
	}
	for _, at := range []record.Time{50, 70, 20, 60} {
		s.Extend(at)
	}
	if s != (record.Span{From: 20, To: 70}) || s.Zero() || s.Duration() != 50 {
		t.Errorf("span %+v", s)
	}
}

func TestMAC(t *testing.T) {
	cases := map[string]record.MAC{
		"3c:52:82:1a:90:4e": {0x3c, 0x52, 0x82, 0x1a, 0x90, 0x4e},
		"00:00:00:00:00:00": {},
		"ff:0f:f0:00:01:10": {0xff, 0x0f, 0xf0, 0x00, 0x01, 0x10},
	}
	for want, m := range cases {
		if m.String() != want || m.Zero() != (m == record.MAC{}) {
			t.Errorf("%v: String %s, Zero %v", [6]byte(m), m, m.Zero())
		}
	}
}

func TestKindNamed(t *testing.T) {
	for _, k := range record.Kinds() {
		if got, err := record.KindNamed(string(k)); got != k || err != nil {
			t.Errorf("KindNamed(%q) = %q, %v", k, got, err)
		}
	}
	if got, err := record.KindNamed("ssl"); got != record.KindTLS || err != nil {
		t.Errorf("KindNamed(ssl) = %q, %v", got, err)
	}
	for _, word := range []string{"", "CONN", "sight", "x509", "conn "} {
		got, err := record.KindNamed(word)
		if got != "" || err == nil || !strings.Contains(err.Error(), "conn, dns, tls, http, dhcp, log, alert") {
			t.Errorf("KindNamed(%q) = %q, %v", word, got, err)
		}
	}
}

func TestRows(t *testing.T) {
	b := record.Batch{
		Conns: make([]record.Conn, 1), DNS: make([]record.DNS, 2), TLS: make([]record.TLS, 4), HTTP: make([]record.HTTP, 8),
		DHCP: make([]record.DHCP, 16), Logs: make([]record.Log, 32), Alerts: make([]record.Alert, 64), Sight: make([]record.Sight, 128),
		Inputs: make([]record.Input, 9),
	}
	if b.Rows() != 255 {
		t.Errorf("Rows = %d, want 255", b.Rows())
	}
}

// TestWhole joins three reports of one connection: what is counted adds up, what is a state is that of the last report.
func TestWhole(t *testing.T) {
	ends := record.Conn{
		TS: 1000, UID: "C1", Feed: "packets", OrigH: netip.MustParseAddr("10.0.0.1"), RespH: netip.MustParseAddr("192.0.2.1"),
		OrigP: 50000, RespP: 443, Proto: 6, LocalOrig: true, VLAN: 7,
	}
	report := func(n int, change func(*record.Conn)) record.Conn {
		c := ends
		c.Report = n
		change(&c)
		return c
	}
	first := report(0, func(c *record.Conn) {
		c.Duration, c.State, c.History = 60e9, "S1", "ShADad"
		c.OrigBytes, c.RespBytes, c.MissedBytes, c.OrigPkts, c.RespPkts, c.OrigIPBytes, c.RespIPBytes = 1, 20, 300, 4, 5, 160, 200
	})
	second := report(1, func(c *record.Conn) {
		c.Duration, c.State, c.History, c.Service = 120e9, "S1", "ShADad", "ssl"
		c.OrigBytes, c.OrigPkts, c.OrigIPBytes = 10, 1, 50
	})
	last := report(2, func(c *record.Conn) {
		c.Duration, c.State, c.History, c.Service, c.Final = 130e9, "SF", "ShADadFf", "ssl", true
		c.RespBytes, c.MissedBytes, c.OrigPkts, c.RespPkts, c.OrigIPBytes, c.RespIPBytes = 7, 1, 2, 2, 80, 87
	})
	want := report(2, func(c *record.Conn) {
		c.Duration, c.State, c.History, c.Service, c.Final = 130e9, "SF", "ShADadFf", "ssl", true
		c.OrigBytes, c.RespBytes, c.MissedBytes, c.OrigPkts, c.RespPkts, c.OrigIPBytes, c.RespIPBytes = 11, 27, 301, 7, 7, 290, 287
	})
	got := first
	got.Whole(&second)
	got.Whole(&last)
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestProtoName(t *testing.T) {
	for proto, want := range map[uint8]string{6: "tcp", 17: "udp", 1: "icmp", 58: "icmp", 47: "unknown_transport", 0: "unknown_transport"} {
		if got := record.ProtoName(proto); got != want {
			t.Errorf("ProtoName(%d) = %s, want %s", proto, got, want)
		}
	}
}
