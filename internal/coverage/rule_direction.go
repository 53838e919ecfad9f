package coverage

import (
	"fmt"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// directionRule recognises that traffic between two kinds of place never passes the sensor.
func directionRule() Rule {
	return Rule{Code: verdict.DirectionMissing, Needs: record.CarriesConns, Reach: time.Hour, Subjects: neededDirections, Least: leastDirection, Weigh: weighDirection}
}

const (
	directionLeastWork = time.Hour
	directionSeen      = 3 // answered connections that make "in sight"
)

func leastDirection(e *Evidence, _ string) Least {
	work := e.Terms.Work(e.Seen)
	return least(fmt.Sprintf("%s of working time seen; 1 h is needed", spanWords(work)), work.Hours(), directionLeastWork.Hours())
}

func weighDirection(e *Evidence, subject string) Ruling {
	if e.onlyItself() {
		r := measured(verdict.Yes, verdict.Sign{Sign: "conversations here", Value: "the sensor's own"})
		r.Words = "This port gets no copy of traffic: what is seen is the sensor's own."
		r.Do = e.Terms.mirrorAdvice()
		return r
	}
	seen, conns := e.between(subject)
	sign := verdict.Sign{Sign: "connections seen, and answered", Value: fmt.Sprintf("%s, %s", count(conns), count(seen))}
	switch {
	case seen >= directionSeen:
		r := measured(verdict.No, sign)
		r.Words = "This direction is in sight."
		return r
	case conns == 0 && e.hiddenBehindPublic(subject):
		r := measured(verdict.CannotSay, sign)
		r.Words = "Computers look like the public address here: which of them connects cannot be seen."
		r.Needs = "a place before the translation"
		return r
	case conns == 0 && e.n(record.Truncated) > truncatedYes*e.n(record.Frames):
		r := measured(verdict.CannotSay, sign)
		r.Words = "None was seen, but frames are cut: whether it goes through a proxy cannot be read."
		r.Needs = "whole frames"
		return r
	case conns == 0:
		r := measured(verdict.Yes, sign)
		r.Words = "Traffic from " + e.Terms.directionWords(subject) + " is expected, and none was ever seen."
		r.Do = e.Terms.mirrorAdvice()
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Needs = "more such connections"
	return r
}

// between counts connections of a direction such as client-server, whoever opened them.
func (e *Evidence) between(direction string) (answered, conns float64) {
	from, to := directionEnds(direction)
	for i := range e.Whole.Pairs {
		p := &e.Whole.Pairs[i]
		a, b := e.Terms.placeKind(p.From), e.Terms.placeKind(p.To)
		if (a == from && b == to) || (a == to && b == from) {
			answered += float64(p.Answered)
			conns += float64(p.Conns)
		}
	}
	if to == placeInternet { // what hosts ask of a proxy goes to the Internet as well
		for i := range e.Terms.Scope.Segments {
			if s := &e.Terms.Scope.Segments[i]; e.Terms.placeKind(s.ID) == from {
				n := e.seg(s.ID, record.ThroughProxy)
				answered, conns = answered+n, conns+n
			}
		}
	}
	return answered, conns
}

// onlyItself reports whether the port gets no copy of traffic, so that all conversations seen are the sensor's own.
func (e *Evidence) onlyItself() bool {
	r := unmirroredRule()
	return r.Judge(e, "").Verdict == verdict.Yes
}

// gearOnly reports whether the port belongs to the network of the gear.
func (e *Evidence) gearOnly() bool {
	r := managementRule()
	return r.Judge(e, "").Verdict == verdict.Yes
}

// hiddenBehindPublic reports whether the direction goes to the Internet and the own public addresses are seen talking there.
func (e *Evidence) hiddenBehindPublic(direction string) bool {
	from, to := directionEnds(direction)
	if from != placeInternet && to != placeInternet {
		return false
	}
	for i := range e.Whole.Pairs {
		p := &e.Whole.Pairs[i]
		if (p.From == record.OwnPublic && p.To == record.Internet) || (p.From == record.Internet && p.To == record.OwnPublic) {
			if p.Conns > 0 {
				return true
			}
		}
	}
	return false
}
