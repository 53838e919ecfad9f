package agreement

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// fault says what is wrong with a value, what would be right and what to do; the reader adds the place.
type fault struct{ wrong, allowed, do string }

// textValue is a value that reads itself from the text of one scalar.
type textValue interface{ readText(text string) *fault }

// Ratio is a share from 0 to 1.
type Ratio float64

func (r *Ratio) readText(text string) *fault {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= 1) {
		return &fault{fmt.Sprintf("%s is not a share", quoted(text)), "a number from 0 to 1", "write 95 % as 0.95"}
	}
	*r = Ratio(v)
	return nil
}

// Words is the share in per cent: "95 %".
func (r Ratio) Words() string { return number(float64(r)*100) + " %" }

// Period is a stretch of time as people agree on it: calendar months, days, and hours down to seconds.
// Months and days are kept apart because they are not all equally long.
type Period struct {
	Months int
	Days   int
	Clock  time.Duration
}

// maxPeriod bounds each part of a period: a hundred years.
const maxPeriod = 100 * 366 * 24 * time.Hour

func (p *Period) readText(text string) *fault {
	got, ok := parsePeriod(text)
	if !ok {
		return &fault{
			quoted(text) + " is not a length of time",
			"30s, 15m, 1h, 1h30m; or ISO 8601: P1D, P12M (months), P1Y, PT15M; at most 100 years", "write 15 minutes as 15m and 3 days as P3D",
		}
	}
	*p = got
	return nil
}

func parsePeriod(text string) (Period, bool) {
	if len(text) > 40 {
		return Period{}, false
	}
	if date, ok := strings.CutPrefix(text, "P"); ok {
		return parseISO(date)
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > maxPeriod {
		return Period{}, false
	}
	return Period{Clock: d}, true
}

// parseISO reads what stands after the P of an ISO 8601 period: 1Y2M3W4DT5H6M7S, each part at most once.
func parseISO(text string) (Period, bool) {
	date, clock, hasClock := strings.Cut(text, "T")
	var p Period
	dateParts, ok := isoParts(date, "YMWD")
	if !ok || (date == "" && !hasClock) || (hasClock && clock == "") {
		return Period{}, false
	}
	clockParts, ok := isoParts(clock, "HMS")
	if !ok {
		return Period{}, false
	}
	p.Months = 12*dateParts[0] + dateParts[1]
	p.Days = 7*dateParts[2] + dateParts[3]
	p.Clock = time.Duration(clockParts[0])*time.Hour + time.Duration(clockParts[1])*time.Minute + time.Duration(clockParts[2])*time.Second
	return p, p.Months <= 1200 && p.Days <= 36600 && p.Clock <= maxPeriod
}

// isoParts reads numbers each followed by one of the units, in their order.
func isoParts(text, units string) ([4]int, bool) {
	var parts [4]int
	for next := 0; text != ""; {
		i := strings.IndexAny(text, units[next:])
		if i <= 0 || i > 6 {
			return parts, false
		}
		n, err := strconv.ParseUint(text[:i], 10, 32)
		if err != nil {
			return parts, false
		}
		unit := strings.IndexByte(units, text[i])
		parts[unit] = int(n)
		next, text = unit+1, text[i+1:]
		if next == len(units) && text != "" {
			return parts, false
		}
	}
	return parts, true
}

// Zero reports whether the period was not written, or is 0.
func (p Period) Zero() bool { return p == Period{} }

// Duration is the period with a month as 30 days and a day as 24 hours.
func (p Period) Duration() time.Duration {
	return time.Duration(30*p.Months+p.Days)*24*time.Hour + p.Clock
}

// Words is the period for people: "15 min", "1 h 30 min", "3 d", "12 months".
func (p Period) Words() string {
	var parts []string
	add := func(n int64, unit string) {
		if n != 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit))
		}
	}
	switch {
	case p.Months == 1:
		parts = append(parts, "1 month")
	default:
		add(int64(p.Months), "months")
	}
	add(int64(p.Days), "d")
	add(int64(p.Clock/time.Hour), "h")
	add(int64(p.Clock%time.Hour/time.Minute), "min")
	if s := p.Clock % time.Minute; s != 0 {
		parts = append(parts, number(s.Seconds())+" s")
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}

// Date is a calendar day; the zero value was not written.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

func (d *Date) readText(text string) *fault {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return &fault{quoted(text) + " is not a day", "year-month-day, from 1970 to 2200", "write it like 2026-12-25"}
	}
	d.Year, d.Month, d.Day = t.Date()
	return nil
}

// Zero reports whether the date was not written.
func (d Date) Zero() bool { return d == Date{} }

// String is the date as year-month-day; empty when it was not written.
func (d Date) String() string {
	if d.Zero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// Before reports whether d is earlier than o.
func (d Date) Before(o Date) bool { return d.String() < o.String() }

// MonthDay is a day of each year; the zero value was not written.
type MonthDay struct {
	Month time.Month
	Day   int
}

func (m *MonthDay) readText(text string) *fault {
	t, err := time.Parse(time.DateOnly, "2000-"+text) // 2000 was a leap year
	if err != nil {
		return &fault{quoted(text) + " is not a day of the year", "month-day", `write 1 February as "02-01"`}
	}
	m.Month, m.Day = t.Month(), t.Day()
	return nil
}

// Zero reports whether the day was not written.
func (m MonthDay) Zero() bool { return m == MonthDay{} }

// String is the day as month-day; empty when it was not written.
func (m MonthDay) String() string {
	if m.Zero() {
		return ""
	}
	return fmt.Sprintf("%02d-%02d", int(m.Month), m.Day)
}

// Hours is the working day in minutes after midnight. When To is not later than From, it ends on the next day.
type Hours struct{ From, To int }

func (h *Hours) readText(text string) *fault {
	from, to, ok := strings.Cut(text, "-")
	a, okA := minuteOfDay(strings.TrimSpace(from))
	b, okB := minuteOfDay(strings.TrimSpace(to))
	if !ok || !okA || !okB || a == b || a == 24*60 {
		return &fault{quoted(text) + " are not hours", "HH:MM-HH:MM, 24:00 as the end of the day", `write "08:00-18:00"`}
	}
	*h = Hours{a, b}
	return nil
}

func minuteOfDay(text string) (int, bool) {
	if len(text) != 5 || text[2] != ':' {
		return 0, false
	}
	hour, errH := strconv.ParseUint(text[:2], 10, 8)
	minute, errM := strconv.ParseUint(text[3:], 10, 8)
	if errH != nil || errM != nil || minute > 59 || hour > 24 || (hour == 24 && minute > 0) {
		return 0, false
	}
	return int(hour)*60 + int(minute), true
}

// String is the hours as HH:MM-HH:MM.
func (h Hours) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
}

// Snaplen is how much of each packet is captured; the zero value promises nothing.
type Snaplen struct {
	Full  bool
	Bytes int // at least so many of each packet, when not Full
}

func (s *Snaplen) readText(text string) *fault {
	if text == "full" {
		*s = Snaplen{Full: true}
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n < 64 || n > 262144 {
		return &fault{quoted(text) + " is not a length of packets", "full, or a number of bytes from 64 to 262144", "write full for whole packets"}
	}
	*s = Snaplen{Bytes: int(n)}
	return nil
}

// Zero reports whether nothing was promised.
func (s Snaplen) Zero() bool { return s == Snaplen{} }

// Limit is one time, or one for each severity.
type Limit struct {
	All      Period
	Critical Period `yaml:"critical" doc:"for critical cases"`
	High     Period `yaml:"high" doc:"for high ones"`
	Medium   Period `yaml:"medium" doc:"for medium ones"`
	Low      Period `yaml:"low" doc:"for low ones"`
}

// Zero reports whether no limit was written.
func (l Limit) Zero() bool { return l == Limit{} }

func (l Limit) bySeverity() []Period {
	var out []Period
	for _, p := range []Period{l.Critical, l.High, l.Medium, l.Low} {
		if !p.Zero() {
			out = append(out, p)
		}
	}
	return out
}

// Longest is the one time, else the longest of the severities.
func (l Limit) Longest() Period {
	longest := l.All
	for _, p := range l.bySeverity() {
		if p.Duration() > longest.Duration() {
			longest = p
		}
	}
	return longest
}

// Words is the limit for people: "15 min", or "15 min to 1 d" over the severities.
func (l Limit) Words() string {
	by := l.bySeverity()
	if len(by) == 0 {
		return l.All.Words()
	}
	first, longest := by[0], l.Longest()
	if first == longest {
		return first.Words()
	}
	return first.Words() + " to " + longest.Words()
}

// number writes a number without needless digits: 20, 0.5, 99.9.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*1e4)/1e4, 'f', -1, 64)
}
