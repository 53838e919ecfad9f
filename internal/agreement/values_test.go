package agreement

import (
	"testing"
	"time"
)

func TestPeriod(t *testing.T) {
	tests := []struct {
		text  string
		want  Period
		words string
	}{
		{"15m", Period{Clock: 15 * time.Minute}, "15 min"},
		{"1h30m", Period{Clock: 90 * time.Minute}, "1 h 30 min"},
		{"60m", Period{Clock: time.Hour}, "1 h"},
		{"0m", Period{}, "0 s"},
		{"2s", Period{Clock: 2 * time.Second}, "2 s"},
		{"1.5s", Period{Clock: 1500 * time.Millisecond}, "1.5 s"},
		{"P1D", Period{Days: 1}, "1 d"},
		{"P2W", Period{Days: 14}, "14 d"},
		{"P1M", Period{Months: 1}, "1 month"},
		{"P1Y6M", Period{Months: 18}, "18 months"},
		{"PT15M", Period{Clock: 15 * time.Minute}, "15 min"},
		{"P1DT12H", Period{Days: 1, Clock: 12 * time.Hour}, "1 d 12 h"},
	}
	for _, tt := range tests {
		got, ok := parsePeriod(tt.text)
		if !ok || got != tt.want || got.Words() != tt.words {
			t.Errorf("%s: got %+v (%s), want %+v (%s)", tt.text, got, got.Words(), tt.want, tt.words)
		}
	}
	for _, text := range []string{"", "P", "PT", "15", "-1h", "P-1D", "P1D2M", "P1H", "PT1D", "P1.5D", "1D", "p1d", "P1D1D", "P9999Y", "P1DT", "999999h", "P0000001D"} {
		if got, ok := parsePeriod(text); ok {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func TestHours(t *testing.T) {
	for text, want := range map[string]string{"08:00-18:00": "08:00-18:00", "22:00 - 06:00": "22:00-06:00", "00:00-24:00": "00:00-24:00"} {
		var h Hours
		if f := h.readText(text); f != nil || h.String() != want {
			t.Errorf("%s: got %s, %v", text, h, f)
		}
	}
	for _, text := range []string{"", "8-18", "08:00", "08:00-08:00", "08:60-18:00", "24:00-06:00", "08:00-24:30", "+8:00-18:00", "08:00-25:00"} {
		var h Hours
		if h.readText(text) == nil {
			t.Errorf("%q was read as %s", text, h)
		}
	}
}

func TestLimitWords(t *testing.T) {
	quarter, day := Period{Clock: 15 * time.Minute}, Period{Days: 1}
	tests := []struct {
		limit Limit
		want  string
	}{
		{Limit{All: quarter}, "15 min"},
		{Limit{Critical: quarter, High: quarter}, "15 min"},
		{Limit{Critical: quarter, Low: day}, "15 min to 1 d"},
	}
	for _, tt := range tests {
		if got := tt.limit.Words(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	if got := (Limit{Critical: quarter, Low: day}).Longest(); got != day {
		t.Errorf("longest %v", got)
	}
}

// Each constant of a closed set is one of its words.
func TestConstantsAreAllowed(t *testing.T) {
	check := func(c closed, words ...string) {
		for _, w := range words {
			if !contains(c.Allowed(), w) {
				t.Errorf("%T: %q is not allowed", c, w)
			}
		}
	}
	check(Side(""), string(Customer), string(Provider))
	check(Pair(""), texts([]Pair{ClientInternet, ServerInternet, SpecialInternet, ClientServer, ClientClient, ServerServer})...)
	check(DataKind(""), texts([]DataKind{DataPackets, DataConn, DataDNS, DataDHCP, DataTLS, DataHTTP, DataLog, DataAlert, DataQuality})...)
	check(Per(""), texts([]Per{PerClientHour, PerHostDay, PerHour, PerMinute, PerWorkday})...)
	check(VantageSide(""), string(Inside), string(Outside))
	check(Accept(""), texts([]Accept{AcceptAsymmetric, AcceptRoutedCore, AcceptProxy, AcceptTunnelOnly, AcceptTruncated, AcceptOutside})...)
	check(When(""), string(Always), string(WorkingHours))
	check(Metric(""), string(MetricTime), string(MetricAvailability))
	check(Binding(""), string(Hard), string(Aim))
	for _, p := range Pair("").Allowed() {
		if len(Pair(p).Kinds()) == 0 || Pair(p).Words() == p {
			t.Errorf("pair %s has no kinds or words", p)
		}
	}
	for _, p := range Per("").Allowed() {
		if Per(p).Words() == p {
			t.Errorf("rate %s has no words", p)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"clients", "servers", "special"}
	for text, want := range map[string]string{"client": "clients", "Servers": "servers", "spezial": "special", "printers": "", "": "", "x": ""} {
		if got := nearest(text, words); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
