package labnet

import "time"

// rhythm says when people are there.
type rhythm struct {
	zone     *time.Location
	opens    int // minutes after midnight
	closes   int
	weekend  bool            // people come on weekends as on workdays
	holidays map[string]bool // 2006-01-02
	presence float64         // share of clients with somebody in front of them on a workday
	alwaysOn float64         // share of clients that stay on at night
}

const noDay = int64(-1) << 60

// dayPlan is one client's day: when its person comes and goes.
type dayPlan struct {
	day, ends int64 // nanoseconds of this local day's start and end
	on, off   int64 // on 0 means nobody comes
	lunch     int64
	always    bool
}

// planOf gives a client's plan of the day that holds at.
func (r *run) planOf(n *node, at int64) *dayPlan {
	p := &r.live[n.id].plan
	if p.day != noDay && at >= p.day && at < p.ends {
		return p
	}
	rh := &r.site.rhythm
	t := time.Unix(0, at).In(rh.zone)
	start := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, rh.zone)
	*p = dayPlan{day: start.UnixNano(), ends: start.AddDate(0, 0, 1).UnixNano()}
	d := newDice(r.site.seed, 9, uint64(n.id), uint64(p.day))
	self := newDice(r.site.seed, 10, uint64(n.id))
	p.always = self.chance(rh.alwaysOn)
	work := rh.workday(t)
	share := rh.presence
	if !work {
		share = 0.03
	}
	if !d.chance(share) {
		return p
	}
	opens, closes := float64(rh.opens), float64(rh.closes)
	if !work {
		opens, closes = opens+120, opens+300
	}
	minute := func(m float64) int64 { return start.Add(time.Duration(m * float64(time.Minute))).UnixNano() }
	p.on = minute(opens - 10 + (d.f()+d.f()-1)*35)
	p.off = minute(closes - 20 + (d.f()+d.f()-1)*50)
	p.lunch = minute((opens+closes)/2 - 60 + d.f()*45)
	return p
}

// workday tells whether people work on t's day.
func (rh *rhythm) workday(t time.Time) bool {
	day := t.Weekday()
	return (rh.weekend || day != time.Saturday && day != time.Sunday) && !rh.holidays[t.Format("2006-01-02")]
}

// busy tells whether a client is on, and how much its person does (0 to 1).
func (r *run) busy(n *node, at int64) (on bool, busy float64) {
	if n.role != roleClient {
		return true, 0
	}
	p := r.planOf(n, at)
	if p.on == 0 || at < p.on || at >= p.off {
		return p.always, 0
	}
	const half = int64(time.Minute) * 35
	if at > p.lunch && at < p.lunch+half {
		return true, 0.25
	}
	return true, 1
}

// level is how busy the whole site is, for what servers do among themselves: 0.15 at night, 1 in working hours.
func (r *run) level(at int64) float64 {
	rh := &r.site.rhythm
	t := time.Unix(0, at).In(rh.zone)
	m := t.Hour()*60 + t.Minute()
	if rh.workday(t) && m >= rh.opens && m < rh.closes {
		return 1
	}
	return 0.15
}

// wake gives the next time at which a client may be on.
func (r *run) wake(n *node, at int64) int64 {
	p := r.planOf(n, at)
	if p.on > at {
		return p.on
	}
	return p.ends
}

// every repeats an act of a node: around every mean while it is on. With people set it happens only while its person works, and
// less often the less they do.
func (r *run) every(n *node, first, mean int64, people bool, act func(r *run, n *node, at int64)) {
	var again eventFunc
	again = func(r *run, at int64) {
		on, busy := r.busy(n, at)
		d := &r.live[n.id]
		switch {
		case !on || people && busy == 0:
			r.at(r.wake(n, at)+d.span(5e9, 90e9), again)
			return
		case !people || d.chance(busy):
			act(r, n, at)
		}
		r.at(at+mean/10+d.exp(mean*9/10), again)
	}
	r.at(first, again)
}

// steadily repeats an act of a node with a period and a little jitter.
func (r *run) steadily(n *node, first, period, jitter int64, act func(r *run, n *node, at int64)) {
	next := first
	var again eventFunc
	again = func(r *run, at int64) {
		d := &r.live[n.id]
		if on, _ := r.busy(n, at); on {
			act(r, n, at)
		} else {
			period := period
			for next+period < r.wake(n, at) {
				next += period
			}
		}
		next += period
		r.at(next+d.span(-jitter, jitter+1), again)
	}
	r.at(next, again)
}
