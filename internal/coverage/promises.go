package coverage

import (
	"fmt"
	"time"

	"candor/internal/agreement"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Days is everything that promises are held against: the windows of the observation, their merge, in which minutes critical
// hosts were seen, and the defects already judged.
type Days struct {
	Windows  []*Evidence
	Whole    *Evidence
	Presence []*Presence // one for each window
	Defects  []verdict.Defect
}

// state is what becomes of a promise.
type state struct {
	verdict verdict.Kept
	seen    string
	because string
	spots   []string // names of defects
	blind   bool     // this input could not measure it however long it ran
}

// Promises holds every measurable line of the agreement against sight.
func Promises(t *Terms, d *Days) []verdict.Promise {
	out := []verdict.Promise{}
	if t.Agreement == nil {
		return out
	}
	promised := t.Agreement.Promises(t.Sensor)
	for i := range promised {
		p := &promised[i]
		s := state{blind: true, because: p.Why}
		switch {
		case p.NeedsFeed != "":
			s = notHandedOver(p.NeedsFeed)
		case p.MeasurableHere:
			s = d.hold(t, p)
		}
		if s.spots == nil {
			s.spots = []string{}
		}
		if s.blind {
			s.verdict = verdict.CannotTell
		}
		out = append(out, verdict.Promise{
			ID: p.ID, Clause: p.Clause, Text: p.Text, Promised: p.Promised, Seen: s.seen, Verdict: s.verdict,
			Because: s.because, BlindSpots: s.spots, MeasuredHere: !s.blind,
		})
	}
	return out
}

// notHandedOver: a log that is promised and was not given to this check.
func notHandedOver(feed record.Feed) state {
	return state{
		blind: true, seen: "not handed to this check", because: "not handed to this check: a log is given with --feed " + string(feed) + "=PATH",
		spots: []string{verdict.Name(verdict.KindMissing, string(feed))},
	}
}

// hold decides one promise.
func (d *Days) hold(t *Terms, p *agreement.Promise) state {
	switch p.Kind {
	case agreement.SeenIn24h:
		return d.minSeen(p, 24*time.Hour)
	case agreement.SeenIn7d:
		return d.minSeen(p, 7*24*time.Hour)
	case agreement.ActiveOnWorkday:
		return d.activeWorkday(t, p)
	case agreement.CriticalUnseen:
		return d.maxUnseen(p)
	case agreement.DirectionSeen:
		return d.byDefect(verdict.DirectionMissing, string(p.Pair), "in sight", "never")
	case agreement.VolumeFloor:
		return d.volume(t)
	case agreement.EventsDue:
		return d.expect(t, p)
	case agreement.BothDirections:
		return d.bothDirections(p)
	case agreement.LossAtMost:
		return d.lossMax(p)
	case agreement.PacketsWhole:
		return d.snaplen()
	case agreement.StandsAt:
		return d.vantage(t)
	case agreement.CoverageReached:
		return d.coverage(t, p)
	default:
		return state{blind: true, because: "a check of captures does not measure this"}
	}
}

// defect finds a judged defect; a missing one cannot say.
func (d *Days) defect(c verdict.Code, subject string) *verdict.Defect {
	for i := range d.Defects {
		if x := &d.Defects[i]; x.Code == c && x.Subject == subject {
			return x
		}
	}
	return &verdict.Defect{Code: c, Subject: subject}
}

// byDefect is a promise that holds exactly when a defect does not.
func (d *Days) byDefect(c verdict.Code, subject, good, bad string) state {
	switch x := d.defect(c, subject); x.Verdict {
	case verdict.Yes:
		if x.Accepted != "" {
			return state{seen: bad, because: "accepted by the agreement: " + x.Accepted, spots: []string{x.Name()}}
		}
		return state{verdict: verdict.IsBroken, seen: bad, because: x.Words, spots: []string{x.Name()}}
	case verdict.No:
		return state{verdict: verdict.IsKept, seen: good, because: x.Words}
	default:
		return state{seen: "cannot say", because: firstText(x.Needs, x.Words), spots: []string{x.Name()}}
	}
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// minSeen: kept when so many hosts were seen in every such stretch of time, and as soon as they are when the observation is
// shorter; broken only when a whole stretch has passed.
func (d *Days) minSeen(p *agreement.Promise, period time.Duration) state {
	seen := d.Whole.CountOf(p.Segment)
	spots := d.segmentSpots(p.Segment)
	words := fmt.Sprintf("%s in %s", hostsWord(seen.Least), spanWords(d.Whole.observed()))
	stretches := d.stretches(period)
	if len(stretches) == 0 {
		if seen.Least >= p.Hosts {
			return state{verdict: verdict.IsKept, seen: words, because: "as many were seen already in a shorter time"}
		}
		return state{seen: words, because: fmt.Sprintf("%s seen so far; it takes %s to say that the promise is broken", hostsWord(seen.Least), spanWords(period)), spots: spots}
	}
	least, most := 0, 0
	for i, e := range stretches {
		n := e.CountOf(p.Segment)
		if i == 0 || n.Least < least {
			least, most = n.Least, n.Most
		}
	}
	words = fmt.Sprintf("%s in the worst %s", hostsWord(least), spanWords(period))
	switch {
	case least >= p.Hosts:
		return state{verdict: verdict.IsKept, seen: words}
	case most < p.Hosts:
		return state{verdict: verdict.IsBroken, seen: words, because: fmt.Sprintf("%d are promised", p.Hosts), spots: spots}
	}
	return state{seen: words, because: fmt.Sprintf("between %d and %d: addresses that nothing ties to a machine", least, most), spots: spots}
}

func (d *Days) segmentSpots(id record.SegmentID) []string {
	out := []string{}
	for _, x := range []*verdict.Defect{
		d.defect(verdict.VantageOutside, ""), d.defect(verdict.VantageUnmirroredPort, ""), d.defect(verdict.VantageManagementPort, ""),
		d.defect(verdict.SegmentMissing, string(id)),
	} {
		if x.Verdict == verdict.Yes {
			out = append(out, x.Name())
		}
	}
	return out
}

// stretches are the whole, non-overlapping periods of the observation, counted back from its end. Captures rarely last to
// the second, so five minutes may lack.
func (d *Days) stretches(period time.Duration) []*Evidence {
	const slack = 5 * time.Minute
	var out []*Evidence
	end := d.Whole.Seen.To
	for end-d.Whole.Seen.From >= record.Time(period-slack) {
		from := max(end-record.Time(period), d.Whole.Seen.From)
		e := NewEvidence(d.Whole.Terms, record.Span{From: from, To: end})
		for _, w := range d.Windows {
			if w.Window.From < end && w.Window.To > from {
				e.Join(w)
			}
		}
		out = append(out, e)
		end = from
	}
	return out
}

func (d *Days) activeWorkday(t *Terms, p *agreement.Promise) state {
	n := d.Whole.CountOf(p.Segment)
	words := hostsWord(n.Least)
	switch {
	case n.Least >= p.Hosts:
		return state{verdict: verdict.IsKept, seen: words}
	case t.workdays(d.Whole.Seen) < wholeWorkday:
		return state{seen: words, because: "a whole workday is needed to say that the promise is broken", spots: d.segmentSpots(p.Segment)}
	case n.Most < p.Hosts:
		return state{verdict: verdict.IsBroken, seen: words, because: fmt.Sprintf("%d are promised", p.Hosts), spots: d.segmentSpots(p.Segment)}
	}
	return state{seen: words, because: fmt.Sprintf("between %d and %d: addresses that nothing ties to a machine", n.Least, n.Most), spots: d.segmentSpots(p.Segment)}
}

// wholeWorkday is how much of a workday must have been observed to speak of all of it.
const wholeWorkday = 0.95

func (d *Days) maxUnseen(p *agreement.Promise) state {
	gap, ever := longestUnseen(d.Presence, d.Whole.Seen, p.Critical.Address.Unmap())
	seen := "unseen for at most " + spanWords(gap)
	if !ever {
		seen = "never seen"
	}
	var spots []string
	if s := d.Whole.Terms.Scope.Locate(p.Critical.Address); s != record.Nowhere {
		spots = d.segmentSpots(s)
	}
	switch {
	case gap > p.Limit:
		return state{verdict: verdict.IsBroken, seen: seen, because: "longer than " + spanWords(p.Limit), spots: spots}
	case d.Whole.observed() < p.Limit:
		return state{seen: seen, because: fmt.Sprintf("%s of %s observed", spanWords(d.Whole.observed()), spanWords(p.Limit)), spots: spots}
	}
	return state{verdict: verdict.IsKept, seen: seen}
}
