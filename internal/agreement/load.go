package agreement

import (
	"sync"
	"time"

	"candor/internal/record"
)

// load is what a span holds of working time. Loads of neighbouring spans add up.
type load struct {
	work    time.Duration // working hours
	busy    float64       // workdays: half of one's working hours is 0.5
	daysOff float64       // days off, each spread over the whole of it
}

func (l *load) add(o load) {
	l.work += o.work
	l.busy += o.busy
	l.daysOff += o.daysOff
}

// yearLoads remembers the load of whole years (UTC), so that one broken time stamp, which makes a span of centuries, does
// not cost a walk through all their days again and again.
type yearLoads struct {
	mu sync.Mutex // guards of
	of map[int]load
}

// yearLoad is the load of a whole year.
func (a *Agreement) yearLoad(year int) load {
	a.years.mu.Lock()
	defer a.years.mu.Unlock()
	l, ok := a.years.of[year]
	if !ok {
		l = a.walk(record.Span{From: yearStart(year), To: yearStart(year + 1)})
		a.years.of[year] = l
	}
	return l
}

// walkedSpan is up to where a span is walked through day by day.
const walkedSpan = 3 * 366 * record.Day

// load is the working time in a span.
func (a *Agreement) load(span record.Span) load {
	span = record.Span{From: max(span.From, firstDay), To: min(span.To, lastDay)}
	if a.years == nil || span.To-span.From <= walkedSpan {
		return a.walk(span)
	}
	first, last := span.From.Std().UTC().Year()+1, span.To.Std().UTC().Year()
	l := a.walk(record.Span{From: span.From, To: yearStart(first)})
	for year := first; year < last; year++ {
		l.add(a.yearLoad(year))
	}
	l.add(a.walk(record.Span{From: yearStart(last), To: span.To}))
	return l
}

func yearStart(year int) record.Time {
	return record.TimeOf(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
}

// walk adds up the days of a span.
func (a *Agreement) walk(span record.Span) load {
	var l load
	for d := range a.days(span) {
		weight := d.weight()
		length := weight.Duration()
		if length <= 0 {
			continue
		}
		part := overlap(weight, span)
		if !d.busy {
			l.daysOff += float64(part) / float64(length)
			continue
		}
		l.work += part
		l.busy += float64(part) / float64(length)
	}
	return l
}
