package days

import (
	"time"
	_ "time/tzdata" // the rhythm of a site must not depend on the machine
)

const (
	microsecond = int64(1e3)
	millisecond = int64(1e6)
	second      = int64(1e9)
	minute      = 60 * second
	hour        = 60 * minute
	day         = 24 * hour
)

// never is a day that no time lies in.
const never = int64(-1) << 60

// dayPlan is one machine's day: when its person comes and goes.
type dayPlan struct {
	start, ends int64 // this local day
	on, off     int64 // on 0: nobody comes
	lunch, back int64
}

// office says when people are there.
type office struct {
	zone          *time.Location
	opens, closes float64 // minutes after midnight
	presence      float64 // share of machines with somebody in front of them on a workday
	weekends      float64 // the same on other days
	nights        float64 // share of people who come back late in the evening
}

// planOf gives a machine's plan of the day that holds at.
func (r *run) planOf(h *host, at int64) *dayPlan {
	p := &r.live[h.id].plan
	if at >= p.start && at < p.ends {
		return p
	}
	o := &r.site.office
	t := time.Unix(0, at).In(o.zone)
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, o.zone)
	*p = dayPlan{start: midnight.UnixNano(), ends: midnight.AddDate(0, 0, 1).UnixNano()}
	d := newDice(r.site.seed, 9, uint64(h.id), uint64(p.start))
	share, opens, closes := o.presence, o.opens, o.closes
	if wd := t.Weekday(); wd == time.Saturday || wd == time.Sunday {
		share, opens, closes = o.weekends, opens+120, opens+360
	}
	if !h.person || !d.chance(share) {
		return p
	}
	minutes := func(m float64) int64 { return p.start + int64(m*float64(minute)) }
	habit := newDice(r.site.seed, 10, uint64(h.id))
	p.on = minutes(opens + habit.normal()*35 + d.normal()*12)
	p.off = min(max(minutes(closes+habit.normal()*40+d.normal()*25), p.on+hour), p.ends-minute)
	p.lunch = p.on + int64((0.42+0.12*d.f())*float64(p.off-p.on))
	p.back = p.lunch + d.span(20*minute, 60*minute)
	if d.chance(o.nights) {
		p.off = min(p.off+d.span(hour, 4*hour), p.ends-minute)
	}
	return p
}

// state tells whether a machine is on, and how much its person does (0 to 1). Machines that nobody sits at do nothing people do.
func (r *run) state(h *host, at int64) (on bool, busy float64) {
	if h.always && !h.person {
		return true, 0
	}
	p := r.planOf(h, at)
	switch {
	case p.on == 0 || at < p.on || at >= p.off:
		return h.always, 0
	case at >= p.lunch && at < p.back:
		return true, 0.2
	}
	return true, 1
}

// wake gives the next time at which a machine, or its person, may be there.
func (r *run) wake(h *host, at int64) int64 {
	p := r.planOf(h, at)
	if p.on > at {
		return p.on
	}
	return p.ends
}

// level is how busy the whole site is, for what happens between servers: 0.15 at night, 1 in working hours.
func (r *run) level(at int64) float64 {
	o := &r.site.office
	if h := at / hour; h != r.levelHour {
		t := time.Unix(0, at).In(o.zone)
		m := float64(t.Hour()*60 + t.Minute())
		wd := t.Weekday()
		r.levelHour, r.levelNow = h, 0.15
		if wd != time.Saturday && wd != time.Sunday && m >= o.opens-30 && m < o.closes+30 {
			r.levelNow = 1
		}
	}
	return r.levelNow
}

// clockOf gives the next moment at which the local time of day is the one given.
func (r *run) clockOf(at int64, hours, minutes int) int64 {
	t := time.Unix(0, at).In(r.site.office.zone)
	next := time.Date(t.Year(), t.Month(), t.Day(), hours, minutes, 0, 0, r.site.office.zone)
	if next.UnixNano() <= at {
		next = time.Date(t.Year(), t.Month(), t.Day()+1, hours, minutes, 0, 0, r.site.office.zone)
	}
	return next.UnixNano()
}
