package coverage

import (
	"fmt"
	"slices"
	"time"

	"candor/internal/agreement"
	"candor/internal/record"
	"candor/internal/verdict"
)

// deadRule recognises that promised data stopped coming: none in a stretch in which twice the least evidence was due. Unlike
// kind.missing it says so also when there was some before. Events that come are evidence by themselves, so that the stretch
// of silence after the last of them is judged alone.
func deadRule() Rule {
	return Rule{Code: verdict.FeedDead, Subjects: comingKinds, Least: leastDead, Weigh: weighDead}
}

const (
	deadLeastDue = 10 // DESIGN.md 4: expected events
	deadYes      = 20 // of two windows
)

// comingKinds lists the promised data that should keep coming: logs that were handed over, lookups and leases.
func comingKinds(t *Terms, e *Evidence) []string {
	out := []string{}
	for i := range t.kinds {
		d := &t.kinds[i]
		switch d.kind {
		case record.KindDNS, record.KindDHCP:
			out = append(out, d.id)
		case record.KindLog:
			if e.given(d.id) && d.promised.Expect != nil {
				out = append(out, d.id)
			}
		default:
		}
	}
	return out
}

// given reports whether a log was handed to this check at all, whether or not it had a line in this stretch.
func (e *Evidence) given(id string) bool {
	return e.handedOver(id) || slices.Contains(e.Handed, record.Feed(id))
}

func leastDead(e *Evidence, subject string) Least {
	d := e.Terms.data(subject)
	switch {
	case d == nil || d.promised.Expect == nil:
		return least("not promised", 0, 1)
	case d.kind == record.KindLog && !e.given(d.id):
		return least("not handed to this check: give it with --feed "+d.id+"=PATH", 0, 1)
	case d.kind != record.KindLog && e.Whole.Minutes > 0 && !e.Whole.Carries.Has(carriedBy(d.kind)):
		return least(notCarried(&e.Whole, carriedBy(d.kind)), 0, 1)
	}
	due := e.Terms.expected(d, e)
	l := least(fmt.Sprintf("%.0f events due so far (%s); %d are needed", due.Events, due.Words, deadLeastDue), due.Events, deadLeastDue)
	if d.kind != record.KindLog {
		l = least(l.Needs+fmt.Sprintf(", and %d connections", kindLeastConns), due.Events, deadLeastDue, e.n(record.Conns), kindLeastConns)
	}
	if e.eventsOf(d) > 0 {
		l.Have = max(l.Have, 1)
	}
	return l
}

func weighDead(e *Evidence, subject string) Ruling {
	d := e.Terms.data(subject)
	due, seen := e.Terms.expected(d, e), e.eventsOf(d)
	sign := verdict.Sign{Sign: "events that came, of those due", Value: fmt.Sprintf("%s of %s (%s)", count(seen), count(due.Events), due.Words)}
	switch {
	case seen > 0 && d.kind == record.KindDNS && e.askingHosts(d) < kindLeastAsking:
		r := measured(verdict.CannotSay, sign)
		r.Words = "Lookups of one host only: it may be the sensor's own."
		r.Needs = "lookups of a second host"
		return r
	case seen > 0 && seen >= kindFew*due.Events:
		r := measured(verdict.No, sign)
		r.Words = "It comes."
		return r
	case seen > 0:
		r := measured(verdict.CannotSay, sign)
		r.Words = fmt.Sprintf("Only %s came, and %s were due.", count(seen), count(due.Events))
		r.Needs = "a longer time: none says yes, 2 % of what is due says no"
		return r
	case due.Events < deadYes:
		return lacking(fmt.Sprintf("none came, and %.0f were due (%s); %d are needed", due.Events, due.Words, deadYes))
	case e.tooShortFor(d):
		return lacking("none came; what is promised by the day does not come evenly, so a whole workday of silence is needed")
	}
	if d.kind != record.KindLog {
		if r := weighKind(e, subject); r.Verdict != verdict.Yes {
			return r // it may be there and be unreadable
		}
	}
	r := measured(verdict.Yes, sign)
	r.Words = fmt.Sprintf("Nothing of %s came for %s, and %s were due.", d.id, spanWords(e.observed()), count(due.Events))
	r.Do = "Look at the machine that sends it, and at what carries it here."
	return r
}

// tooShortFor reports whether a rate by the day says nothing yet: leases come in the morning.
func (e *Evidence) tooShortFor(d *dataTerms) bool {
	switch d.promised.Expect.Per {
	case agreement.PerHostDay, agreement.PerWorkday:
		return e.Terms.workdays(e.Seen) < wholeWorkday && e.observed() < 24*time.Hour
	case agreement.PerHour, agreement.PerMinute, agreement.PerClientHour:
	}
	return false
}
