package agreement_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"candor/internal/agreement"
	"candor/internal/record"
)

func withCalendar(zone, calendar string) string {
	return "term: {time_zone: " + zone + "}\ncalendar: {" + calendar + "}\nscope: {segments: [{id: a, networks: [10.0.0.0/24]}]}\n"
}

func at(t *testing.T, a *agreement.Agreement, local string) record.Time {
	t.Helper()
	when, err := time.ParseInLocation("2006-01-02 15:04", local, a.Location())
	if err != nil {
		t.Fatal(err)
	}
	return record.TimeOf(when)
}

func TestWorkTime(t *testing.T) {
	const chicago, nights = "America/Chicago", `hours: "22:00-06:00"`
	tests := []struct {
		name, zone, calendar, from, to string
		want                           time.Duration
	}{
		{"a workday", chicago, `hours: "08:00-18:00"`, "2026-11-18 00:00", "2026-11-19 00:00", 10 * time.Hour},
		{"the default is 08:00 to 18:00 in UTC", "UTC", ``, "2026-11-18 00:00", "2026-11-19 00:00", 10 * time.Hour},
		{"part of a morning", chicago, ``, "2026-11-18 07:50", "2026-11-18 08:10", 10 * time.Minute},
		{"night", chicago, ``, "2026-11-18 18:00", "2026-11-19 08:00", 0},
		{"Sunday", chicago, ``, "2026-11-22 00:00", "2026-11-23 00:00", 0},
		{"a week", chicago, ``, "2026-11-16 00:00", "2026-11-23 00:00", 50 * time.Hour},
		{"a week with a holiday", chicago, `holidays: [2026-11-18]`, "2026-11-16 00:00", "2026-11-23 00:00", 40 * time.Hour},
		{"Sunday is a workday here", "Asia/Dubai", `workdays: [sun]`, "2026-11-16 00:00", "2026-11-23 00:00", 10 * time.Hour},
		{"over midnight", chicago, nights, "2026-11-18 00:00", "2026-11-19 00:00", 8 * time.Hour},
		{"Friday's night reaches into Saturday", chicago, nights, "2026-11-21 00:00", "2026-11-22 00:00", 6 * time.Hour},
		{"Monday's early morning belongs to Sunday", chicago, nights, "2026-11-23 00:00", "2026-11-23 22:00", 0},
		{"the whole day", "UTC", `hours: "00:00-24:00"`, "2026-11-18 00:00", "2026-11-19 00:00", 24 * time.Hour},
		{"clocks go forward in the night", chicago, `workdays: [sat], hours: "22:00-06:00"`, "2026-03-07 00:00", "2026-03-09 00:00", 7 * time.Hour},
		{"clocks go back in the night", chicago, `workdays: [sat], hours: "22:00-06:00"`, "2026-10-31 00:00", "2026-11-02 00:00", 9 * time.Hour},
		{"clocks change before work begins", "Europe/Berlin", `workdays: [sun]`, "2026-03-29 00:00", "2026-03-30 00:00", 10 * time.Hour},
		{"a day that a country skipped", "Pacific/Apia", `workdays: [thu, fri, sat], hours: "08:00-18:00"`, "2011-12-29 00:00", "2012-01-01 00:00", 20 * time.Hour},
		{"an empty span", chicago, ``, "2026-11-18 10:00", "2026-11-18 10:00", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := parse(t, withCalendar(tt.zone, tt.calendar))
			got := a.WorkTime(record.Span{From: at(t, a, tt.from), To: at(t, a, tt.to)})
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// calendars is what the properties are tried on: day, night, whole days, zones with odd changes.
func calendars(t *testing.T) []*agreement.Agreement {
	t.Helper()
	return []*agreement.Agreement{
		parse(t, withCalendar("America/Chicago", `holidays: [2026-11-26]`)),
		parse(t, withCalendar("Europe/Berlin", `workdays: [mon, sat, sun], hours: "22:00-06:00"`)),
		parse(t, withCalendar("Australia/Lord_Howe", `workdays: [mon, tue, wed, thu, fri, sat, sun], hours: "02:30-02:15"`)),
		parse(t, withCalendar("Asia/Kathmandu", `hours: "00:00-24:00"`)),
	}
}

func TestWorkTimeAddsUp(t *testing.T) {
	all := calendars(t)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(all).Draw(t, "calendar")
		moment := rapid.Int64Range(1_700_000_000, 1_900_000_000)
		from := record.Time(moment.Draw(t, "from")) * 1e9
		mid := from + record.Time(rapid.Int64Range(0, 20*86400).Draw(t, "first"))*1e9
		to := mid + record.Time(rapid.Int64Range(0, 20*86400).Draw(t, "second"))*1e9
		whole := a.WorkTime(record.Span{From: from, To: to})
		parts := a.WorkTime(record.Span{From: from, To: mid}) + a.WorkTime(record.Span{From: mid, To: to})
		if whole != parts {
			t.Fatalf("%v together, %v in two parts", whole, parts)
		}
		if whole < 0 || whole > time.Duration(to-from) {
			t.Fatalf("%v of %v", whole, time.Duration(to-from))
		}
		share := a.WorkdayShare(record.Span{From: from, To: to})
		halves := a.WorkdayShare(record.Span{From: from, To: mid}) + a.WorkdayShare(record.Span{From: mid, To: to})
		if d := share - halves; d > 1e-9 || d < -1e-9 {
			t.Fatalf("%v workdays together, %v in two parts", share, halves)
		}
	})
}

func TestIsWorkAgreesWithWorkTime(t *testing.T) {
	all := calendars(t)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(all).Draw(t, "calendar")
		from := record.Time(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "from")) * 1e9
		minute := a.WorkTime(record.Span{From: from, To: from + record.Minute})
		if on := a.IsWork(from); minute == time.Minute && !on || minute == 0 && on {
			t.Fatalf("IsWork %v, and %v of the minute are work", on, minute)
		}
	})
}

func TestWorkdays(t *testing.T) {
	a := parse(t, withCalendar("America/Chicago", `holidays: [2026-11-26]`))
	days := a.Workdays(record.Span{From: at(t, a, "2026-11-25 12:00"), To: at(t, a, "2026-11-30 09:00")})
	var names []string
	for _, d := range days {
		names = append(names, d.Date.String())
	}
	if got := strings.Join(names, " "); got != "2026-11-25 2026-11-27 2026-11-30" {
		t.Errorf("got %s", got)
	}
	if days[0].Span.From != at(t, a, "2026-11-25 08:00") || days[0].Span.To != at(t, a, "2026-11-25 18:00") {
		t.Errorf("got %v", days[0].Span)
	}
}

func TestExtremeTimesDoNotHang(t *testing.T) {
	a := parse(t, withCalendar("America/Chicago", ``))
	const least, most = record.Time(-1 << 63), record.Time(1<<63 - 1)
	if got := a.WorkTime(record.Span{From: most - 1, To: most}); got != 0 {
		t.Errorf("after the calendar: %v", got)
	}
	if got := a.WorkTime(record.Span{From: least, To: least + 1}); got != 0 {
		t.Errorf("before the calendar: %v", got)
	}
	if got := a.WorkdayShare(record.Span{From: least, To: most}); got < 80_000 || got > 100_000 {
		t.Errorf("350 years have %v workdays", got)
	}
}

func TestNextAnniversary(t *testing.T) {
	a := parse(t, "term: {start: 2024-02-29, time_zone: Europe/Berlin}\nscope: {segments: [{id: a, networks: [10.0.0.0/24]}]}")
	next, ok := a.NextAnniversary(at(t, a, "2026-03-01 00:00"))
	if want := at(t, a, "2027-03-01 00:00"); !ok || next != want {
		t.Errorf("got %v, want %v", next.Std(), want.Std())
	}
	if next, _ := a.NextAnniversary(at(t, a, "2027-12-31 23:00")); next != at(t, a, "2028-02-29 00:00") {
		t.Errorf("got %v", next.Std())
	}
	if _, ok := parse(t, withCalendar("UTC", "")).NextAnniversary(0); ok {
		t.Error("an anniversary without a term")
	}
}
