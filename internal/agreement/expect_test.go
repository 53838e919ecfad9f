package agreement_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/agreement"
	"candor/internal/record"
)

func dataLine(t *testing.T, a *agreement.Agreement, id record.Feed) *agreement.Data {
	t.Helper()
	for i := range a.Data {
		if a.Data[i].ID == id {
			return &a.Data[i]
		}
	}
	t.Fatalf("no data %s", id)
	return nil
}

func TestExpect(t *testing.T) {
	a := example(t, "bank.yaml")
	tests := []struct {
		name     string
		data     record.Feed
		from, to string
		active   float64
		want     float64
		words    string
	}{
		{"lookups of ten minutes of work, blind", "dns", "2026-11-18 10:00", "2026-11-18 10:10", 0, 237.5 * 20 / 6, "(250 hosts x 0.7 + 125 hosts x 0.5) x 20 an hour x 0.17 h = 792"},
		{"lookups when more are active than due", "dns", "2026-11-18 10:00", "2026-11-18 11:00", 300, 6000, "300 hosts active x 20 an hour x 1 h = 6000"},
		{"lookups at night", "dns", "2026-11-18 22:00", "2026-11-18 23:00", 30, 600, "30 hosts active x 20 an hour x 1 h off work = 600"},
		{"lookups at night, none active", "dns", "2026-11-18 22:00", "2026-11-18 23:00", 0, 0, "no host is due off work, and none was active = 0"},
		{"lookups on a holiday", "dns", "2026-11-26 10:00", "2026-11-26 11:00", 0, 0, ""},
		{"leases of a workday", "dhcp", "2026-11-18 00:00", "2026-11-19 00:00", 0, 175, "250 hosts x 0.7 x 1 a day x 1 d = 175"},
		{"leases of half a working day", "dhcp", "2026-11-18 00:00", "2026-11-18 13:00", 0, 87.5, ""},
		{"leases of a Sunday with 24 hosts", "dhcp", "2026-11-22 00:00", "2026-11-23 00:00", 24, 24, ""},
		{"an hour of sign-ins at night", "auth", "2026-11-18 22:00", "2026-11-18 23:00", 0, 500, "500 an hour x 1 h = 500"},
		{"ten minutes of the firewall", "fw", "2026-11-18 22:00", "2026-11-18 22:10", 0, 1000, "100 a minute x 10 min = 1000"},
		{"half a workday of VPN", "vpn", "2026-11-18 08:00", "2026-11-18 13:00", 0, 25, "50 a workday x 0.5 workdays = 25"},
		{"VPN on Sunday", "vpn", "2026-11-22 00:00", "2026-11-23 00:00", 0, 0, ""},
		{"no rate", "packets", "2026-11-18 08:00", "2026-11-18 13:00", 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			span := record.Span{From: at(t, a, tt.from), To: at(t, a, tt.to)}
			got := a.Expect(dataLine(t, a, tt.data), "core", span, tt.active)
			if math.Abs(got.Events-tt.want) > 1e-6 {
				t.Errorf("got %v events, want %v", got.Events, tt.want)
			}
			if tt.words != "" && got.Words != tt.words {
				t.Errorf("got %q, want %q", got.Words, tt.words)
			}
		})
	}
}

func TestBlindnessCannotLowerTheExpectation(t *testing.T) {
	a := example(t, "bank.yaml")
	rapid.Check(t, func(t *rapid.T) {
		d := &a.Data[rapid.IntRange(1, 5).Draw(t, "data")]
		from := record.Time(rapid.Int64Range(1_790_000_000, 1_800_000_000).Draw(t, "from")) * 1e9
		to := from + record.Time(rapid.Int64Range(1, 3*86400).Draw(t, "length"))*1e9
		less := rapid.Float64Range(0, 500).Draw(t, "less")
		more := less + rapid.Float64Range(0, 500).Draw(t, "more")
		span := record.Span{From: from, To: to}
		low, high := a.Expect(d, "core", span, less).Events, a.Expect(d, "core", span, more).Events
		if low > high+1e-9 || low < a.Expect(d, "core", span, 0).Events-1e-9 || low < 0 {
			t.Fatalf("%v events with %v hosts, %v with %v", low, less, high, more)
		}
	})
}

func TestExpectOnlyCoveredSegments(t *testing.T) {
	a := example(t, "university.yaml")
	span := record.Span{From: at(t, a, "2026-11-18 10:00"), To: at(t, a, "2026-11-18 11:00")}
	dns := dataLine(t, a, "dns")
	for sensor, want := range map[record.Sensor]float64{"campus-core": 15 * (72 + 18), "lab": 15 * 20, "machines": 0, "": 15 * (72 + 18 + 20)} {
		if got := a.Expect(dns, sensor, span, 0).Events; math.Abs(got-want) > 1e-9 {
			t.Errorf("%q: %v events, want %v", sensor, got, want)
		}
	}
}

func TestExpectedVolume(t *testing.T) {
	a := example(t, "bank.yaml")
	got := a.ExpectedVolume(record.Span{From: at(t, a, "2026-11-18 00:00"), To: at(t, a, "2026-11-18 12:00")})
	if math.Abs(got.Events-72e9) > 1 || got.Words != "180 GB a workday x 0.4 workdays = 72 GB" {
		t.Errorf("got %+v", got)
	}
	if got := example(t, "small-firm.yaml").ExpectedVolume(record.Span{To: record.Day}); got != (agreement.Expectation{}) {
		t.Errorf("no floor, and %+v", got)
	}
}

func TestTimeToExpect(t *testing.T) {
	a := example(t, "bank.yaml")
	for id, want := range map[record.Feed]time.Duration{
		"dhcp": 10 * time.Hour * 10 / 175, "auth": 72 * time.Second, "fw": 6 * time.Second, "vpn": 2 * time.Hour, "packets": 0,
	} {
		if got := a.TimeToExpect(dataLine(t, a, id), "core", 10); (got - want).Abs() > time.Millisecond {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
}
