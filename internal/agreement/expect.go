package agreement

import (
	"fmt"
	"strings"
	"time"

	"candor/internal/record"
)

// Expectation is how many events are due, with the arithmetic in words.
type Expectation struct {
	Events float64
	Words  string // "250 hosts x 0.7 x 20 an hour x 0.17 h = 583"; empty when no rate is promised
}

// Expect says how many events of a kind of data are due in a span, as DESIGN.md 4 counts them: the rate times the hosts
// active, and in working hours at least times the promised hosts that should be active, so that blindness cannot lower
// the expectation. Active is how many of the hosts were active on average over the span: minutes in which each sent
// unicast, summed, by minutes of the span. Hand over short spans and add them up, so that a busy hour does not hide a
// blind one. Only segments that the sensor covers count; an empty id means all.
func (a *Agreement) Expect(d *Data, sensor record.Sensor, span record.Span, active float64) Expectation {
	if d.Expect == nil || span.To <= span.From {
		return Expectation{}
	}
	rate := d.Expect.Rate
	switch d.Expect.Per {
	case PerHour:
		return timed(rate, "an hour", span.Duration().Hours(), "h")
	case PerMinute:
		return timed(rate, "a minute", span.Duration().Minutes(), "min")
	case PerWorkday:
		return timed(rate, "a workday", a.WorkdayShare(span), "workdays")
	case PerHostDay:
		return a.perHostDay(d, sensor, span, active)
	case PerClientHour:
		return a.perClientHour(d, sensor, span, active)
	}
	return Expectation{}
}

func timed(rate float64, per string, n float64, unit string) Expectation {
	events := rate * n
	return Expectation{events, fmt.Sprintf("%s %s x %s %s = %s", number(rate), per, short(n), unit, short(events))}
}

// ActiveHosts is how many hosts of segments should be active at once in working hours: the sum of expected.hosts times
// active_workday. Only segments that the sensor covers count; an empty id means all. The words are its arithmetic.
func (a *Agreement) ActiveHosts(ids []record.SegmentID, sensor record.Sensor) (float64, string) {
	total, parts := 0.0, []string(nil)
	for _, id := range ids {
		s := a.segment(id)
		if s == nil || s.Expected.Hosts == 0 || !a.covered(id, sensor) {
			continue
		}
		share := s.Expected.Active()
		total += float64(s.Expected.Hosts) * float64(share)
		parts = append(parts, fmt.Sprintf("%d hosts x %s", s.Expected.Hosts, number(float64(share))))
	}
	words := strings.Join(parts, " + ")
	if len(parts) > 1 {
		words = "(" + words + ")"
	}
	return total, words
}

// Active is the share of hosts that should be active at once in working hours, 0.5 when it was not written.
func (e *Expected) Active() Ratio {
	if e.ActiveWorkday == nil {
		return DefaultActiveWorkday
	}
	return *e.ActiveWorkday
}

// covered reports whether a sensor covers a segment; every segment for an empty or unknown id.
func (a *Agreement) covered(id record.SegmentID, sensor record.Sensor) bool {
	s := a.sensor(sensor)
	return s == nil || contains(s.Covers, id)
}

func (a *Agreement) perClientHour(d *Data, sensor record.Sensor, span record.Span, active float64) Expectation {
	work := a.WorkTime(span)
	rest := span.Duration() - work
	return a.perHost(d, sensor, active, "an hour", "h", work.Hours(), rest.Hours())
}

// perHostDay counts a workday as one, spread over its working hours, and a day off as one, spread over the whole of it.
func (a *Agreement) perHostDay(d *Data, sensor record.Sensor, span record.Span, active float64) Expectation {
	l := a.load(span)
	return a.perHost(d, sensor, active, "a day", "d", l.busy, l.daysOff)
}

// perHost multiplies the rate with hosts and time: in working hours the promised hosts, or the active ones when they are
// more; outside them the active ones alone.
func (a *Agreement) perHost(d *Data, sensor record.Sensor, active float64, per, unit string, work, rest float64) Expectation {
	rate := d.Expect.Rate
	due, words := a.ActiveHosts(d.Segments, sensor)
	if active > due || words == "" {
		due, words = active, short(active)+" hosts active"
	}
	var parts []string
	if work > 0 {
		parts = append(parts, fmt.Sprintf("%s x %s %s x %s %s", words, number(rate), per, short(work), unit))
	}
	if rest > 0 && active > 0 {
		parts = append(parts, fmt.Sprintf("%s hosts active x %s %s x %s %s off work", short(active), number(rate), per, short(rest), unit))
	}
	events := rate * (due*work + active*rest)
	if len(parts) == 0 {
		parts = []string{"no host is due off work, and none was active"}
	}
	return Expectation{events, fmt.Sprintf("%s = %s", strings.Join(parts, " + "), short(events))}
}

// ExpectedVolume is how many bytes are due in a span by the floor: scaled to the working hours in it. 0 without a floor.
func (a *Agreement) ExpectedVolume(span record.Span) Expectation {
	v := a.Watched.Volume
	if v == nil || v.FloorGB == 0 {
		return Expectation{}
	}
	days := a.WorkdayShare(span)
	gb := v.FloorGB * days
	return Expectation{gb * 1e9, fmt.Sprintf("%s GB a workday x %s workdays = %s GB", number(v.FloorGB), short(days), short(gb))}
}

// TimeToExpect is how long working hours must be watched until so many events are due; 0 when that never happens.
func (a *Agreement) TimeToExpect(d *Data, sensor record.Sensor, events float64) time.Duration {
	if d.Expect == nil {
		return 0
	}
	hosts, _ := a.ActiveHosts(d.Segments, sensor)
	rate, workday := d.Expect.Rate, float64(a.endMinute()-a.Calendar.Hours.From)/60
	perHour := 0.0
	switch d.Expect.Per {
	case PerHour:
		perHour = rate
	case PerMinute:
		perHour = 60 * rate
	case PerWorkday:
		perHour = rate / workday
	case PerHostDay:
		perHour = rate * hosts / workday
	case PerClientHour:
		perHour = rate * hosts
	}
	hours := events / perHour
	if perHour <= 0 || hours > 24*366 {
		return 0
	}
	return time.Duration(hours * float64(time.Hour))
}

// short writes a number as arithmetic for people shows it: at most two decimals, none from 100 on.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return number(float64(int(v*10+0.5)) / 10)
	}
	return number(float64(int(v*100+0.5)) / 100)
}
