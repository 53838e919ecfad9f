package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/verdict"
)

// What terminal and report say in the same words: numbers, times, and the small parts of sentences.

// Zone is the time zone in which people read r: that of the agreement, else UTC.
func Zone(r *Result) *time.Location {
	if r.Agreement == nil || r.Agreement.TimeZone == "" || r.Agreement.TimeZone == "Local" {
		return time.UTC
	}
	if zone, err := time.LoadLocation(r.Agreement.TimeZone); err == nil {
		return zone
	}
	return time.UTC
}

// Looked says what was looked at: when, how long, how much, by which sensor.
func Looked(r *Result) string {
	who := ""
	if r.Sensor != "" {
		who = " by sensor " + r.Sensor
	}
	if r.Window == nil {
		return "Nothing: no packet and no record in " + Many(len(r.Inputs), "input", "inputs") + "."
	}
	what := Count(r.Sight.Packets) + " packets"
	if r.Sight.Packets == 1 {
		what = "1 packet"
	}
	return fmt.Sprintf("%s (%s), %s%s.", span(r), Long(r.Window.Seconds), what, who)
}

func span(r *Result) string {
	first, err1 := time.Parse(time.RFC3339, r.Window.First)
	last, err2 := time.Parse(time.RFC3339, r.Window.Last)
	if err1 != nil || err2 != nil {
		return r.Window.First + " to " + r.Window.Last
	}
	zone := Zone(r)
	first, last = first.In(zone), last.In(zone)
	if first.Year() == last.Year() && first.YearDay() == last.YearDay() {
		return first.Format("Mon 2 Jan 2006, 15:04") + " to " + last.Format("15:04")
	}
	return first.Format("Mon 2 Jan 2006, 15:04") + " to " + last.Format("Mon 2 Jan 2006, 15:04")
}

// Steps says how many steps the timeline of r has and which part of them lies in the window, counted in steps: nothing
// was looked at before start or after end. All are 0 when there is nothing to draw.
func Steps(r *Result) (n int, start, end float64) {
	for _, row := range r.Timeline.Rows {
		n = max(n, len(row.Counts))
	}
	if n == 0 || r.Timeline.StepSeconds <= 0 {
		return 0, 0, 0
	}
	end = float64(n)
	from, err := time.Parse(time.RFC3339, r.Timeline.From)
	if err != nil || r.Window == nil {
		return n, 0, end
	}
	if first, err := time.Parse(time.RFC3339, r.Window.First); err == nil {
		step := float64(r.Timeline.StepSeconds)
		start = max(0, min(first.Sub(from).Seconds()/step, end))
		end = min(end, start+max(r.Window.Seconds, 1)/step)
	}
	return n, start, end
}

// Long says a length of time in the unit that people would use: 40 s, 12 min, 17.8 h, 6.5 days.
func Long(seconds float64) string {
	switch {
	case seconds < 120:
		return Decimal(seconds) + " s"
	case seconds < 2*3600:
		return Decimal(seconds/60) + " min"
	case seconds <= 72*3600:
		return Decimal(seconds/3600) + " h"
	}
	return Decimal(seconds/86400) + " days"
}

// Decimal prints one decimal, none for a whole number.
func Decimal(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

// When says how a defect's verdict changed in the window: "yes until 12:00, no since". Empty when it never did.
func When(r *Result, d *verdict.Defect) string {
	if len(d.Periods) < 2 {
		return ""
	}
	clock := clockOf(r)
	const most = 4
	var out []string
	for i, p := range d.Periods {
		switch {
		case i == most && len(d.Periods) > most+1:
			return strings.Join(append(out, Many(len(d.Periods)-i, "more change", "more changes")), ", ")
		case i == 0:
			out = append(out, p.Verdict.Words()+" until "+clock(p.To))
		case i == len(d.Periods)-1:
			out = append(out, p.Verdict.Words()+" since "+clock(p.From))
		default:
			out = append(out, p.Verdict.Words()+" from "+clock(p.From)+" to "+clock(p.To))
		}
	}
	return strings.Join(out, ", ")
}

// clockOf prints a time of r as 14:30, with the day before it when the window is longer than a day.
func clockOf(r *Result) func(string) string {
	zone, layout := Zone(r), "15:04"
	if r.Window == nil || r.Window.Seconds > 86400 {
		layout = "Mon 2 Jan 15:04"
	}
	return func(s string) string {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return s
		}
		return t.In(zone).Format(layout)
	}
}

// OrElse is s, or the other when s is blank.
func OrElse(s, other string) string {
	if strings.TrimSpace(s) == "" {
		return other
	}
	return s
}

// Many prints a number with its noun: 1 host, 1,200 hosts.
func Many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + more
}

// Count prints a number with commas between thousands.
func Count[T int | int64 | uint64](n T) string {
	s := fmt.Sprint(n)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Word is a verdict at the head of a sentence.
func Word(v verdict.Verdict) string {
	w := v.Words()
	return strings.ToUpper(w[:1]) + w[1:]
}

// sentences makes one text of several short ones.
func sentences(say []string) string {
	var b strings.Builder
	for _, s := range say {
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s)
		if !strings.ContainsRune(".!?", rune(s[len(s)-1])) {
			b.WriteByte('.')
		}
	}
	return b.String()
}

// list joins names and says how many were left out.
func list(names []string, most int) string {
	out := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	if len(out) > most+1 {
		out = append(out[:most:most], fmt.Sprintf("and %d more", len(out)-most))
	}
	return strings.Join(out, ", ")
}
