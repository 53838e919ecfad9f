package coverage

import (
	"fmt"
	"slices"

	"candor/internal/agreement"
	"candor/internal/record"
	"candor/internal/verdict"
)

// kindRule recognises that a promised kind of data never comes, by the silence test: many events were due, none came.
func kindRule() Rule {
	return Rule{Code: verdict.KindMissing, Subjects: promisedKinds, Least: leastKind, Weigh: weighKind}
}

const (
	kindLeastExpected = 10
	kindLeastConns    = 50
	kindLeastAsking   = 2
	kindFew           = 0.02 // fewer than this share of what was due is neither none nor in sight
)

func leastKind(e *Evidence, subject string) Least {
	d := e.Terms.data(subject)
	if d == nil {
		return least("not promised", 0, 1)
	}
	if d.kind == record.KindLog {
		return leastLog(e, d)
	}
	if needs := carriedBy(d.kind); e.Whole.Minutes > 0 && !e.Whole.Carries.Has(needs) {
		return least(notCarried(&e.Whole, needs), 0, 1)
	}
	due := e.Terms.expected(d, e)
	return least(fmt.Sprintf("%.0f events due so far (%s) and %s connections; %d and %d are needed",
		due.Events, due.Words, count(e.n(record.Conns)), kindLeastExpected, kindLeastConns),
		due.Events, kindLeastExpected, e.n(record.Conns), kindLeastConns)
}

// leastLog: a log must be handed over, and enough of it be due.
func leastLog(e *Evidence, d *dataTerms) Least {
	if !e.handedOver(d.id) {
		return least("not handed to this check: give it with --feed "+d.id+"=PATH", 0, 1)
	}
	if d.promised.Expect == nil {
		return least("the agreement does not say how many lines are due", 0, 1)
	}
	due := e.Terms.expected(d, e)
	return least(fmt.Sprintf("%.0f lines due so far (%s); %d are needed", due.Events, due.Words, kindLeastExpected), due.Events, kindLeastExpected)
}

// handedOver reports whether a promised log is among the inputs.
func (e *Evidence) handedOver(id string) bool {
	if e.Feeds[record.Feed(id)] != nil {
		return true
	}
	return slices.ContainsFunc(e.Inputs, func(in record.Input) bool { return string(in.Feed) == id })
}

// carriedBy is what a witness must carry to show a kind.
func carriedBy(k record.Kind) record.Carries {
	switch k {
	case record.KindDNS:
		return record.CarriesLookups
	case record.KindDHCP:
		return record.CarriesDHCP
	case record.KindTLS:
		return record.CarriesTLS
	case record.KindHTTP:
		return record.CarriesHTTP
	default:
		return record.CarriesConns
	}
}

func weighKind(e *Evidence, subject string) Ruling {
	d := e.Terms.data(subject)
	due := e.Terms.expected(d, e)
	seen := e.eventsOf(d)
	if d.kind == record.KindLog {
		return weighLog(e, d, seen, due)
	}
	if s := share(e.n(record.TunnelBytes)+e.n(record.SealedBytes), e.n(record.Bytes)); s > 0.5 && seen < due.Events {
		return lacking(fmt.Sprintf("%s of the bytes are inside tunnels that are not opened: what they carry cannot be told", percent(s)))
	}
	sign := verdict.Sign{Sign: d.eventWords + " seen, of those due", Value: fmt.Sprintf("%s of %s (%s)", count(seen), count(due.Events), due.Words)}
	switch {
	case seen == 0 && d.kind == record.KindDHCP && e.n(record.MessagesDHCP) > 0:
		r := measured(verdict.CannotSay, sign)
		r.Words = "DHCP is heard, and no lease of a promised segment."
		r.Needs = "the answers of the DHCP server"
		return r
	case seen == 0 && e.n(record.Truncated) > truncatedYes*e.n(record.Frames):
		r := measured(verdict.CannotSay, sign)
		r.Words = "Frames are cut, so that messages cannot be read."
		r.Needs = "whole frames"
		return r
	case seen == 0 && d.kind == record.KindDNS && e.mostAskSealed(d):
		r := measured(verdict.CannotSay, sign)
		r.Words = "Most computers ask resolvers over encrypted connections: their lookups pass here, and cannot be read."
		r.Needs = "lookups in clear, or the resolver's log"
		return r
	case seen == 0:
		r := measured(verdict.Yes, sign)
		r.Words = fmt.Sprintf("We have never seen %s, and %s were due.", d.oneOf, count(due.Events))
		r.Do = d.advice
		return r
	case d.kind == record.KindDNS && e.askingHosts(d) < kindLeastAsking:
		r := measured(verdict.CannotSay, sign)
		r.Words = "Lookups of one host only: it may be the sensor's own."
		r.Needs = "lookups of a second host"
		return r
	case seen >= max(3, kindFew*due.Events):
		r := measured(verdict.No, sign)
		r.Words = "They are in sight."
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Words = fmt.Sprintf("Only %s seen, and %s were due.", count(seen), count(due.Events))
	r.Needs = "a longer time: none says yes, 2 % of what is due says no"
	return r
}

// weighLog: lines of a promised log that was handed over.
func weighLog(_ *Evidence, d *dataTerms, seen float64, due agreement.Expectation) Ruling {
	sign := verdict.Sign{Sign: "lines seen, of those due", Value: fmt.Sprintf("%s of %s (%s)", count(seen), count(due.Events), due.Words)}
	switch {
	case seen == 0:
		r := measured(verdict.Yes, sign)
		r.Words = fmt.Sprintf("No line of %s, and %s were due.", d.id, count(due.Events))
		r.Do = "Look at the machine that sends this log, and at what carries it here."
		return r
	case seen >= max(3, kindFew*due.Events):
		r := measured(verdict.No, sign)
		r.Words = "Its lines come."
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Words = fmt.Sprintf("Only %s lines seen, and %s were due.", count(seen), count(due.Events))
	r.Needs = "a longer time: none says yes, 2 % of what is due says no"
	return r
}

// eventsOf counts the events of a promised kind that belong to the segments it was promised for. Messages of TLS and HTTP are
// counted for the feed alone: they are nobody's here when the segments have no connection at all.
func (e *Evidence) eventsOf(d *dataTerms) float64 {
	var n float64
	for _, id := range d.promised.Segments {
		switch d.kind {
		case record.KindDNS:
			n += max(e.seg(id, record.DNSQueries), e.seg(id, record.DNSReplies))
		case record.KindDHCP:
			n += e.seg(id, record.DHCPLeases)
		default:
		}
	}
	conns := e.connsOf(d.promised.Segments)
	switch {
	case d.kind == record.KindLog:
		if s := e.Feeds[record.Feed(d.id)]; s != nil {
			return float64(s.Counts[record.LogLines] + s.Counts[record.AlertLines])
		}
		return 0
	case d.kind == record.KindConn:
		return conns
	case d.kind == record.KindTLS && conns > 0:
		return e.n(record.MessagesTLS)
	case d.kind == record.KindHTTP && conns > 0:
		return e.n(record.MessagesHTTP)
	}
	return n
}

// connsOf counts the connections that segments are an end of.
func (e *Evidence) connsOf(ids []record.SegmentID) float64 {
	var n float64
	for i := range e.Whole.Pairs {
		if p := &e.Whole.Pairs[i]; slices.Contains(ids, p.From) || slices.Contains(ids, p.To) {
			n += float64(p.Conns)
		}
	}
	return n
}

// mostAskSealed reports whether at least half of the machines that speak here ask resolvers over encrypted connections (DNS
// over TLS, HTTPS or QUIC): then nobody's lookups are missing, they are unreadable.
func (e *Evidence) mostAskSealed(d *dataTerms) bool {
	sealed, speaking := 0, 0
	for i := range e.Machines() {
		m := &e.Machines()[i]
		if !m.Spoke || !slices.Contains(d.promised.Segments, m.Segment) {
			continue
		}
		speaking++
		if m.Sealed {
			sealed++
		}
	}
	return sealed > 0 && 2*sealed >= speaking
}

// askingHosts counts the machines of the promised segments that asked a resolver.
func (e *Evidence) askingHosts(d *dataTerms) int {
	n := 0
	for i := range e.Machines() {
		if m := &e.Machines()[i]; m.Asked && slices.Contains(d.promised.Segments, m.Segment) {
			n++
		}
	}
	return n
}
