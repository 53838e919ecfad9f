package answer

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"candor/internal/record"
)

// When is a stretch of time as a question names it. It becomes a span only where the observed window and a time zone are known:
// a weekday is the last such day observed, and "the last hour" is the last one of the observation. The zero When is all of it.
type When struct {
	day        dayKind
	weekday    time.Weekday
	year       int // 0 the one that fits the window
	month      time.Month
	monthDay   int
	clock      bool // times of day are named
	from, to   int  // minutes of the day; to may be over 1440: the next day
	back       time.Duration
	start, end record.Time // given as points in time; 0 open
}

type dayKind uint8

const (
	noDay dayKind = iota
	onWeekday
	onDate
	today
	yesterday
)

const dayMinutes = 24 * 60

// All reports whether no time was named.
func (w *When) All() bool { return *w == When{} }

// Resolve gives the span meant and how it reads, for what was observed so far. Of all of it, it is the window itself.
func (w *When) Resolve(window record.Span, zone *time.Location) (record.Span, string) {
	last := window.To.Std().In(zone)
	switch {
	case w.All():
		return record.Span{From: window.From, To: window.To + 1}, "the whole time observed"
	case w.start != 0 || w.end != 0:
		s := record.Span{From: w.start, To: w.end}
		if w.end == 0 {
			s.To = window.To + 1
		}
		if w.start == 0 {
			s.From = min(window.From, s.To)
		}
		return s, spanWords(s, zone)
	case w.back > 0:
		s := record.Span{From: window.To - record.Time(w.back), To: window.To + 1}
		return s, spanWords(s, zone)
	}
	day := w.dayOf(last, window, zone)
	from, to := 0, dayMinutes
	if w.clock {
		from, to = w.from, w.to
	}
	y, m, d := day.Date()
	s := record.Span{
		From: record.TimeOf(time.Date(y, m, d, 0, from, 0, 0, zone)),
		To:   record.TimeOf(time.Date(y, m, d, 0, to, 0, 0, zone)),
	}
	return s, spanWords(s, zone)
}

// dayOf is the day meant, the last one that has begun where several fit.
func (w *When) dayOf(last time.Time, window record.Span, zone *time.Location) time.Time {
	y, m, d := last.Date()
	back := func(days int) time.Time { return time.Date(y, m, d-days, 12, 0, 0, 0, zone) }
	switch w.day {
	case onWeekday:
		return back((int(last.Weekday()) - int(w.weekday) + 7) % 7)
	case onDate:
		year := w.year
		if year == 0 {
			year = y
			if time.Date(year, w.month, w.monthDay, 0, 0, 0, 0, zone).After(last) {
				year--
			}
		}
		return time.Date(year, w.month, w.monthDay, 12, 0, 0, 0, zone)
	case yesterday:
		return back(1)
	case today:
		return back(0)
	}
	begins := time.Date(y, m, d, 0, w.from, 0, 0, zone)
	if record.TimeOf(begins) > window.To { // only a time of day: the last time that it was so
		return back(1)
	}
	return back(0)
}

func spanWords(s record.Span, zone *time.Location) string {
	from, to := s.From.Std().In(zone), s.To.Std().In(zone)
	const day, clock = "Mon 2 Jan 2006", "15:04"
	f, t := from.Format(day), to.Format(day)
	switch {
	case f == t:
		return fmt.Sprintf("%s %s to %s (%s)", f, from.Format(clock), to.Format(clock), zone)
	case from.Format(clock) == "00:00" && to.Format(clock) == "00:00" && to.Sub(from) < 26*time.Hour:
		return fmt.Sprintf("%s (%s)", f, zone)
	}
	return fmt.Sprintf("%s %s to %s %s (%s)", f, from.Format(clock), t, to.Format(clock), zone)
}

// whenOf reads the times among the words and marks them.
func whenOf(tokens []token) (When, error) {
	r := &timeReader{tokens: tokens}
	for i := range tokens {
		if tokens[i].used == unused {
			r.take(i)
		}
	}
	if r.err != nil {
		return When{}, r.err
	}
	return r.finish()
}

// unreadTime is a word that speaks of time and that nothing was made of, so that no answer is given for another time than was meant.
func unreadTime(tokens []token) string {
	for i := range tokens {
		if t := &tokens[i]; t.used == unused && speaksOfTime(t.word) {
			return t.raw
		}
	}
	return ""
}

func speaksOfTime(word string) bool {
	return oneOf(word, strings.Fields("week weeks weekend month months year years morning evening afternoon night tonight tomorrow hour hours minute minutes days day ago")) ||
		len(word) >= 4 && len(strings.Trim(word, "0123456789:-")) == 0 && strings.Contains(word, ":")
}

type timeReader struct {
	tokens []token
	when   When
	clocks []int  // minutes of the day, in the order named
	open   string // since, until: one side is open
	err    error
}

func (r *timeReader) word(i int) string {
	if i < 0 || i >= len(r.tokens) || r.tokens[i].used != unused {
		return ""
	}
	return r.tokens[i].word
}

func (r *timeReader) mark(places ...int) {
	for _, i := range places {
		r.tokens[i].used = useTime
	}
}

func (r *timeReader) take(i int) {
	word := r.word(i)
	switch {
	case r.absolute(i, word), r.date(i, word), r.weekday(i, word), r.back(i, word):
	case word == "today", word == "yesterday":
		r.setDay(map[string]dayKind{"today": today, "yesterday": yesterday}[word])
		r.mark(i)
	default:
		r.clock(i, word)
	}
}

func (r *timeReader) setDay(k dayKind) {
	if r.when.day != noDay {
		r.err = fmt.Errorf("two days are named: ask for one at a time, or give both ends like 2026-11-24T00:00:00Z")
	}
	r.when.day = k
}

// absolute reads a point in time (RFC 3339): two are an interval, one after "until" or "before" its end, else its start.
func (r *timeReader) absolute(i int, word string) bool {
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(word))
	if err != nil {
		return false
	}
	at := record.TimeOf(t)
	switch {
	case oneOf(r.before(i), []string{"until", "till", "before", "to"}) && r.when.end == 0:
		r.when.end = at
	case r.when.start == 0:
		r.when.start = at
	default:
		r.when.end = at
	}
	if r.when.end != 0 && r.when.end <= r.when.start {
		r.err = fmt.Errorf("the end %s is not after the start", word)
	}
	r.mark(i)
	return true
}

func (r *timeReader) before(i int) string {
	if i == 0 {
		return ""
	}
	return r.tokens[i-1].word
}

func (r *timeReader) weekday(i int, word string) bool {
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		if word == name || word == name+"s" || word == name[:3] || word == name[:4] && len(name) > 6 {
			r.setDay(onWeekday)
			r.when.weekday = d
			r.mark(i)
			return true
		}
	}
	return false
}

// date reads 2026-11-24, 24 November, November 24, each with a year after it or not.
func (r *timeReader) date(i int, word string) bool {
	if t, err := time.Parse(time.DateOnly, word); err == nil {
		r.setDay(onDate)
		r.when.year, r.when.month, r.when.monthDay = t.Year(), t.Month(), t.Day()
		r.mark(i)
		return true
	}
	month, next := monthNamed(word), i+1
	day, ok := dayNumber(r.word(next))
	if month == 0 {
		day, ok = dayNumber(word)
		month = monthNamed(r.word(next))
	}
	if month == 0 || !ok {
		return false
	}
	r.setDay(onDate)
	r.when.month, r.when.monthDay = month, day
	r.mark(i, next)
	if y, err := strconv.Atoi(r.word(next + 1)); err == nil && y >= 1970 && y < 2261 {
		r.when.year = y
		r.mark(next + 1)
	}
	return true
}

func monthNamed(word string) time.Month {
	for m := time.January; m <= time.December; m++ {
		if name := strings.ToLower(m.String()); word == name || len(word) == 3 && word == name[:3] {
			return m
		}
	}
	return 0
}

func dayNumber(word string) (int, bool) {
	for _, end := range [...]string{"st", "nd", "rd", "th"} {
		word = strings.TrimSuffix(word, end)
	}
	n, err := strconv.Atoi(word)
	return n, err == nil && n >= 1 && n <= 31
}

// back reads "last hour", "past 24 hours", "last 3 days".
func (r *timeReader) back(i int, word string) bool {
	if !oneOf(word, []string{"last", "past", "previous", "this"}) {
		return false
	}
	n, unit := 1, i+1
	if v, err := strconv.Atoi(r.word(i + 1)); err == nil && v > 0 && v <= 10000 {
		n, unit = v, i+2
	}
	length := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour}[strings.TrimSuffix(r.word(unit), "s")]
	if length == 0 || word == "this" {
		return false
	}
	r.when.back = time.Duration(n) * length
	r.mark(i, unit)
	if unit == i+2 {
		r.mark(i + 1)
	}
	return true
}

// clock reads 14:00, 14:00-15:00, 2pm, noon, midnight.
func (r *timeReader) clock(i int, word string) {
	parts := strings.SplitN(word, "-", 2)
	var got []int
	for _, p := range parts {
		m, ok := clockOf(p)
		if !ok {
			return
		}
		got = append(got, m)
	}
	if len(r.clocks) == 0 && len(got) == 1 {
		switch before := r.before(i); before {
		case "since", "after":
			r.open = "end"
		case "until", "till", "before":
			r.open = "start"
		case "from":
			r.open = "end" // unless a second time follows
		}
	}
	r.clocks = append(r.clocks, got...)
	r.mark(i)
}

func clockOf(word string) (int, bool) {
	switch word {
	case "noon":
		return 12 * 60, true
	case "midnight":
		return 0, true
	}
	half := -1
	for i, end := range [...]string{"am", "pm"} {
		if rest, ok := strings.CutSuffix(word, end); ok {
			word, half = rest, i
		}
	}
	hours, minutes, colon := strings.Cut(word, ":")
	if !colon && half < 0 {
		return 0, false
	}
	minutes, _, _ = strings.Cut(minutes, ":") // seconds are dropped
	h, err := strconv.Atoi(hours)
	m := 0
	if err == nil && colon {
		m, err = strconv.Atoi(minutes)
	}
	if err != nil || h < 0 || h > 24 || m < 0 || m > 59 || half >= 0 && (h < 1 || h > 12) || h == 24 && m > 0 {
		return 0, false
	}
	if half >= 0 {
		h = h%12 + 12*half
	}
	return h*60 + m, true
}

// finish makes times of day of the clocks named.
func (r *timeReader) finish() (When, error) {
	w := r.when
	if len(r.clocks) == 0 {
		return w, r.together()
	}
	w.clock = true
	w.from = r.clocks[0]
	switch {
	case len(r.clocks) > 2:
		return When{}, fmt.Errorf("more than two times of day are named: ask for one stretch at a time")
	case len(r.clocks) == 2:
		w.to = r.clocks[1]
		if w.to <= w.from {
			w.to += dayMinutes
		}
	case r.open == "end":
		w.to = dayMinutes
	case r.open == "start":
		w.from, w.to = 0, r.clocks[0]
		if w.to == 0 {
			w.to = dayMinutes
		}
	default:
		w.to = w.from + 1 // that minute
	}
	r.when = w
	return w, r.together()
}

// together refuses times that say two things.
func (r *timeReader) together() error {
	n := 0
	for _, named := range []bool{r.when.day != noDay || r.when.clock, r.when.back > 0, r.when.start != 0 || r.when.end != 0} {
		if named {
			n++
		}
	}
	if n > 1 {
		return fmt.Errorf("the times named say two things: name a day with times of day, or a length back, or two points like 2026-11-24T14:00:00Z")
	}
	return nil
}
