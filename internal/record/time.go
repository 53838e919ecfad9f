package record

import (
	"math"
	"time"
)

// Time is a point in time in nanoseconds since the Unix epoch, as packets and log lines give it.
// It is an integer so that records stay small and comparable; it never comes from the wall clock.
type Time int64

// Spans that evidence is kept in (DESIGN.md 2).
const (
	Minute  = Time(time.Minute)
	Quarter = Time(15 * time.Minute)
	Hour    = Time(time.Hour)
	Day     = Time(24 * time.Hour)
)

// FirstTime is the earliest time that is believed: 0 stands for no time.
const FirstTime = Time(1)

// LastTime is the latest time that is believed, early in 2261: a year before the end of what Time can hold, so that what is
// reckoned from it does not overflow.
const LastTime = Time(1<<63-1) - 366*Day

// TimeOf converts a time.Time. A time that does not fit (certificates claim the year 9999) becomes the nearest that does.
func TimeOf(t time.Time) Time {
	const limit = math.MaxInt64 / int64(time.Second)
	switch s := t.Unix(); {
	case s >= limit:
		return math.MaxInt64
	case s <= -limit:
		return math.MinInt64
	}
	return Time(t.UnixNano())
}

// Std is the time in UTC.
func (t Time) Std() time.Time { return time.Unix(0, int64(t)).UTC() }

// Floor is the start of the unit (Minute, Quarter, ...) that t lies in, also before 1970.
func (t Time) Floor(unit Time) Time {
	r := t % unit
	if r < 0 {
		r += unit
	}
	return t - r
}

// Text is the time in UTC as RFC 3339 writes it, with as much of a fraction as there is: how results give times.
func (t Time) Text() string { return t.Std().Format(time.RFC3339Nano) }

// Seconds is the time as Zeek writes ts: seconds with fraction.
func (t Time) Seconds() float64 { return float64(t) / 1e9 }

// Span is a half-open stretch of time [From, To).
type Span struct{ From, To Time }

// Zero reports whether the span was never set.
func (s Span) Zero() bool { return s.From == 0 && s.To == 0 }

// Duration of the span.
func (s Span) Duration() time.Duration { return time.Duration(s.To - s.From) }

// Extend grows the span so that it contains t (To is the last moment seen, inclusive).
func (s *Span) Extend(t Time) {
	if s.Zero() {
		s.From, s.To = t, t
		return
	}
	s.From, s.To = min(s.From, t), max(s.To, t)
}
