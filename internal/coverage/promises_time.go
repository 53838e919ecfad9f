package coverage

import (
	"fmt"
	"math/bits"
	"time"

	"candor/internal/agreement"
	"candor/internal/record"
	"candor/internal/verdict"
)

// clockSkew: clocks that are further apart than twice the limit cannot both be right within it. Clocks that agree may be wrong
// together, so that the promise is never seen to be kept from files.
func (d *Days) clockSkew(p *agreement.Promise) state {
	seen, compared, spots := "", 0, []string{}
	for i := range d.Whole.Clocks {
		c := &d.Whole.Clocks[i]
		x := d.defect(verdict.ClockSkew, string(c.Feed))
		if x.Verdict != verdict.CannotSay {
			compared++
		}
		if x.Verdict != verdict.Yes {
			continue
		}
		spots = append(spots, x.Name())
		if apart := d.mostApart(c); apart > 2*p.Limit {
			return state{
				verdict: verdict.IsBroken, seen: apartSpan(apart) + " between two clocks",
				because: fmt.Sprintf("%s and %s: one of the two at least is wrong by more than %s", feedWords(c.Feed), feedWords(c.Beside), spanWords(p.Limit)), spots: spots,
			}
		}
		seen = "two clocks differ"
	}
	switch {
	case len(spots) > 0:
		return state{blind: true, seen: seen, because: "the clocks of two witnesses differ by more than the limit, and by less than twice that: each may be within it", spots: spots}
	case compared > 0:
		return state{blind: true, seen: "clocks agree", because: "clocks that agree may be wrong together: no file has the true time"}
	}
	return state{blind: true, because: "no second clock to hold one against"}
}

// mostApart is how far a clock was from the other one: in the whole, and in each window that tells.
func (d *Days) mostApart(c *Clock) time.Duration {
	most, rule := time.Duration(0), skewRule()
	for _, e := range append([]*Evidence{d.Whole}, d.Windows...) {
		if x := e.clock(string(c.Feed)); x != nil && rule.Judge(e, string(c.Feed)).Verdict == verdict.Yes {
			apart, _ := x.median(0)
			if apart = apart.Abs(); x.Log {
				apart -= logDelay
			}
			most = max(most, apart)
		}
	}
	return most
}

// silentTerms is one kind of data that must not be silent for long.
type silentTerms struct {
	id       string
	kind     record.Kind
	segments map[record.SegmentID]bool
}

// silentOf lists the data with a longest silence that sight can show by the minute.
func silentOf(a *agreement.Agreement) []silentTerms {
	var out []silentTerms
	for _, d := range kindsPromised(a) {
		if d.promised.MaxSilence.Zero() {
			continue
		}
		s := silentTerms{id: d.id, kind: d.kind, segments: map[record.SegmentID]bool{}}
		for _, id := range d.promised.Segments {
			s.segments[id] = true
		}
		out = append(out, s)
	}
	return out
}

func (t *Terms) silentData(id string) *silentTerms {
	for i := range t.silent {
		if t.silent[i].id == id {
			return &t.silent[i]
		}
	}
	return nil
}

// shows reports whether one minute's sight has an event of the data.
func (s *silentTerms) shows(m *record.Sight) bool {
	c := &m.Counts
	switch whole := m.Segment == record.Nowhere; s.kind {
	case record.KindDNS:
		return s.segments[m.Segment] && c[record.DNSQueries]+c[record.DNSReplies] > 0
	case record.KindDHCP:
		return s.segments[m.Segment] && c[record.DHCPLeases] > 0
	case record.KindLog:
		return whole && string(m.Feed) == s.id && c[record.LogLines]+c[record.AlertLines] > 0
	case record.KindTLS:
		return whole && c[record.MessagesTLS] > 0
	case record.KindHTTP:
		return whole && c[record.MessagesHTTP] > 0
	case record.KindConn:
		for i := range m.Pairs {
			if whole && (s.segments[m.Pairs[i].From] || s.segments[m.Pairs[i].To]) {
				return true
			}
		}
	default:
	}
	return false
}

// hole is a time without an event: least is what lies between whole minutes, most what the minutes at its ends allow.
type hole struct{ least, most record.Span }

// holes lists the times without an event of a kind of data in a span. At the ends of the span a hole is only what lies in it.
// presence is of its quarter hours in order.
func holes(presence []*Presence, span record.Span, id string) (out []hole, ever bool) {
	last := hole{record.Span{From: span.From}, record.Span{From: span.From}}
	add := func(least, most record.Time) {
		last.least.To, last.most.To = max(least, last.least.From), max(most, last.most.From)
		out = append(out, last)
	}
	for _, p := range presence {
		if p == nil {
			continue
		}
		for told := p.events[id]; told != 0; told &= told - 1 {
			m := p.quarter + record.Time(bits.TrailingZeros16(told))*record.Minute
			add(m, min(m+record.Minute, span.To))
			last = hole{record.Span{From: min(m+record.Minute, span.To)}, record.Span{From: max(m, span.From)}}
			ever = true
		}
	}
	add(span.To, span.To)
	return out, ever
}

// silence: what the minutes in which events came leave between them. What is told by packets or connections is silent only
// while something was observed: a pause of the whole observation says nothing of it.
func (d *Days) silence(t *Terms, p *agreement.Promise) state {
	data := t.silentData(string(p.Data))
	switch {
	case data == nil:
		return state{blind: true, because: "a check of captures does not measure this"}
	case data.kind != record.KindLog && !d.Whole.Whole.Carries.Has(carriedBy(data.kind)):
		return state{blind: true, because: notCarried(&d.Whole.Whole, carriedBy(data.kind))}
	}
	long := func(s record.Span) time.Duration {
		if p.WorkingHours {
			return t.Agreement.WorkTime(s)
		}
		return s.Duration()
	}
	all, ever := holes(d.Presence, d.Whole.Seen, string(p.Data))
	var least, most time.Duration
	longest := all[0].least
	for _, h := range all {
		watched := h.least
		if data.kind != record.KindLog {
			watched = d.watched(h.least, long)
		}
		if n := long(watched); n > least {
			least, longest = n, watched
		}
		most = max(most, long(h.most))
	}
	spots := d.dataSpots(string(p.Data))
	switch {
	case least > p.Limit:
		return state{
			verdict: verdict.IsBroken, seen: "silent for " + spanWords(least), spots: spots,
			because: fmt.Sprintf("nothing from %s to %s", clockWords(t, longest.From), clockWords(t, longest.To)),
		}
	case p.Limit < 2*time.Minute:
		return state{blind: true, because: "events are counted by the minute: so short a silence does not show"}
	case !ever:
		return state{seen: "no event", because: fmt.Sprintf("%s of %s observed", spanWords(long(d.Whole.Seen)), spanWords(p.Limit)), spots: spots}
	case long(d.Whole.Seen) < p.Limit:
		return state{seen: "silent for at most " + spanWords(most), because: fmt.Sprintf("%s observed; a silence of %s would not fit into it", spanWords(long(d.Whole.Seen)), spanWords(p.Limit))}
	case most > p.Limit:
		return state{seen: fmt.Sprintf("silent for %s to %s", spanWords(least), spanWords(most)), because: "events are counted by the minute, and what was not observed is open", spots: spots}
	}
	return state{verdict: verdict.IsKept, seen: "silent for at most " + spanWords(most)}
}

// watched is the longest part of a span, by some measure, without a quarter hour in which nothing at all was observed.
func (d *Days) watched(s record.Span, long func(record.Span) time.Duration) record.Span {
	var longest, run record.Span
	for _, w := range d.touching(s) {
		if w.Whole.Minutes == 0 {
			run = record.Span{}
			continue
		}
		part := record.Span{From: max(w.Window.From, s.From), To: min(w.Window.To, s.To)}
		if run.Zero() {
			run = part
		}
		if run.To = part.To; longest.Zero() || long(run) > long(longest) {
			longest = run
		}
	}
	return longest
}

// dataSpots names the blind spots that leave data out.
func (d *Days) dataSpots(id string) []string {
	out := []string{}
	for _, x := range []*verdict.Defect{d.defect(verdict.KindMissing, id), d.defect(verdict.FeedDead, id)} {
		if x.Verdict == verdict.Yes {
			out = append(out, x.Name())
		}
	}
	return out
}

// clockWords is a moment as people there read it: Mon 14:30.
func clockWords(t *Terms, at record.Time) string {
	return at.Std().In(t.Agreement.Location()).Format("Mon 2 Jan 15:04")
}
