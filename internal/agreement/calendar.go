package agreement

import (
	"iter"
	"time"

	"candor/internal/record"
)

// Location is the time zone of all hours and days of the agreement; UTC by default.
func (a *Agreement) Location() *time.Location {
	if a.zone == nil {
		return time.UTC
	}
	return a.zone
}

// Workday is the working time of one day that is a workday.
type Workday struct {
	Date Date        // the day on which it begins
	Span record.Span // its working hours; an hour longer or shorter when the clocks are changed in them
}

// day is one calendar day: working hours on a workday, the whole day otherwise.
type day struct {
	date record.Span
	work record.Span
	on   Date
	busy bool
}

// weight spreads a day over its working hours, or over the whole of a day off.
func (d *day) weight() record.Span {
	if d.busy {
		return d.work
	}
	return d.date
}

// The calendar covers the years 1900 to 2250, far inside what a Time can hold; before and after nobody works.
const (
	firstDay = record.Time(-70 * 365 * 24 * time.Hour)
	lastDay  = record.Time(280 * 365 * 24 * time.Hour)
)

// days yields the calendar days around a span, from the one before it, because working hours may reach over midnight.
func (a *Agreement) days(span record.Span) iter.Seq[day] {
	return func(yield func(day) bool) {
		zone := a.Location()
		span = record.Span{From: max(span.From, firstDay), To: min(span.To, lastDay)}
		y, m, n := span.From.Std().In(zone).Date()
		workdays := a.weekdays()
		lastEnd := record.TimeOf(a.moment(y, m, n-2, a.endMinute()))
		midnight := record.TimeOf(a.moment(y, m, n-1, 0))
		for k := n - 1; ; k++ {
			begins := midnight
			midnight = record.TimeOf(a.moment(y, m, k+1, 0))
			one := day{ // a day that a country skipped is empty, and nobody works on it
				date: record.Span{From: begins, To: midnight},
				work: record.Span{From: record.TimeOf(a.moment(y, m, k, a.Calendar.Hours.From)), To: record.TimeOf(a.moment(y, m, k, a.endMinute()))},
			}
			if one.date.From >= span.To {
				return
			}
			if one.date.To <= one.date.From {
				continue
			}
			end := one.work.To
			one.work.From = max(one.work.From, lastEnd) // two days cannot overlap, whatever the clocks do
			one.work.To = max(one.work.To, one.work.From)
			lastEnd = end
			yy, mm, dd := time.Date(y, m, k, 12, 0, 0, 0, time.UTC).Date()
			one.on = Date{yy, mm, dd}
			one.busy = workdays[time.Date(yy, mm, dd, 12, 0, 0, 0, time.UTC).Weekday()] && !contains(a.Calendar.Holidays, one.on)
			if !yield(one) {
				return
			}
		}
	}
}

// moment is a minute of a calendar day as a point in time. One that the clocks skip is the moment at which they do.
func (a *Agreement) moment(y int, m time.Month, d, minute int) time.Time {
	got := time.Date(y, m, d, minute/60, minute%60, 0, 0, a.Location())
	want := time.Date(y, m, d, minute/60, minute%60, 0, 0, time.UTC)
	_, offset := got.Zone()
	shown := got.UTC().Add(time.Duration(offset) * time.Second) // what clocks there show, as if it were UTC
	if shown.Equal(want) {
		return got
	}
	begin, end := got.ZoneBounds()
	switch {
	case shown.Before(want) && !end.IsZero():
		return end
	case shown.After(want) && !begin.IsZero():
		return begin
	}
	return got
}

// endMinute is when the working day ends, in minutes after the midnight of the day on which it begins.
func (a *Agreement) endMinute() int {
	if h := a.Calendar.Hours; h.To <= h.From {
		return h.To + 24*60
	}
	return a.Calendar.Hours.To
}

func (a *Agreement) weekdays() [7]bool {
	var on [7]bool
	for i, name := range Weekday("").Allowed() {
		on[(i+1)%7] = contains(a.Calendar.Workdays, Weekday(name)) // the list begins with mon, time.Weekday with Sunday
	}
	return on
}

// Workdays lists the workdays whose working hours a span touches, in order.
func (a *Agreement) Workdays(span record.Span) []Workday {
	var out []Workday
	for d := range a.days(span) {
		if d.busy && overlap(d.work, span) > 0 {
			out = append(out, Workday{d.on, d.work})
		}
	}
	return out
}

// WorkTime is how much of a span is working hours.
func (a *Agreement) WorkTime(span record.Span) time.Duration { return a.load(span).work }

// WorkdayShare is how many workdays of working hours a span holds: half a working day is 0.5, a Sunday is 0.
func (a *Agreement) WorkdayShare(span record.Span) float64 { return a.load(span).busy }

// IsWork reports whether a moment lies in working hours.
func (a *Agreement) IsWork(t record.Time) bool {
	return a.WorkTime(record.Span{From: t, To: t + 1}) > 0
}

// NextAnniversary is the midnight that begins the next anniversary after t; false when the agreement has none.
// 29 February is kept on 1 March in other years.
func (a *Agreement) NextAnniversary(t record.Time) (record.Time, bool) {
	on := a.Term.Anniversary
	if on.Zero() {
		return 0, false
	}
	year := t.Std().In(a.Location()).Year()
	next := record.TimeOf(a.moment(year, on.Month, on.Day, 0))
	if next <= t {
		next = record.TimeOf(a.moment(year+1, on.Month, on.Day, 0))
	}
	return next, true
}

// overlap is how long two spans have in common.
func overlap(a, b record.Span) time.Duration {
	return max(time.Duration(min(a.To, b.To)-max(a.From, b.From)), 0)
}
