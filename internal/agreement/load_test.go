package agreement

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/record"
)

// TestLoadByYears: what whole years hold is remembered, and the sum is the one of a walk through all days.
func TestLoadByYears(t *testing.T) {
	var all []*Agreement
	for _, zone := range []string{"America/Chicago", "Australia/Lord_Howe", "Pacific/Apia"} {
		a := &Agreement{Term: Term{TimeZone: zone}}
		a.Calendar.Holidays = []Date{{2026, 12, 25}, {2030, 1, 1}}
		a.Calendar.Hours = Hours{22 * 60, 6 * 60} // over midnight, and so over the end of a year
		a.fillDefaults()
		all = append(all, a)
	}
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(all).Draw(t, "agreement")
		from := record.Time(rapid.Int64Range(1_000_000_000, 2_000_000_000).Draw(t, "from")) * 1e9
		to := from + record.Time(rapid.Int64Range(2*365*86400, 9*365*86400).Draw(t, "seconds"))*1e9
		got, want := a.load(record.Span{From: from, To: to}), a.walk(record.Span{From: from, To: to})
		if got.work != want.work || math.Abs(got.busy-want.busy) > 1e-6 || math.Abs(got.daysOff-want.daysOff) > 1e-6 {
			t.Fatalf("by years %+v, by days %+v", got, want)
		}
	})
}

// BenchmarkWorkTimeOfCenturies is what one broken time stamp costs for each question about working time.
func BenchmarkWorkTimeOfCenturies(b *testing.B) {
	a := &Agreement{Term: Term{TimeZone: "America/Chicago"}}
	a.fillDefaults()
	for b.Loop() {
		a.WorkTime(record.Span{From: record.FirstTime, To: record.LastTime})
	}
}
