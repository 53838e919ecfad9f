package coverage

import (
	"cmp"
	"fmt"
	"math"
	"slices"
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
	Presence []*Presence // by quarter hour, in order
	Defects  []verdict.Defect

	slid map[time.Duration][]counts // what stretches has counted before
}

// counts is how many machines of each segment were seen in one stretch.
type counts map[record.SegmentID]Count

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
		case p.NeedsFeed != "" && !d.Whole.handedOver(string(p.NeedsFeed)):
			s = notHandedOver(p.NeedsFeed)
		case p.MeasurableHere && d.Whole.Whole.Minutes > 0 && !d.Whole.Whole.Carries.Has(neededBy(t, p.Kind)):
			s = state{blind: true, because: notCarried(&d.Whole.Whole, neededBy(t, p.Kind))}
		case p.MeasurableHere && d.Whole.Seen.Zero():
			s = state{seen: "nothing", because: "nothing was observed"}
		case p.Kind == agreement.ClockSkew: // broken can be seen where several witnesses speak, kept never
			s = d.clockSkew(p)
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

// neededBy is what a witness must carry at all for a promise to be measured.
func neededBy(t *Terms, k agreement.PromiseKind) record.Carries {
	switch k {
	case agreement.SeenIn24h, agreement.SeenIn7d, agreement.ActiveOnWorkday, agreement.CoverageReached:
		return t.directNeeds()
	case agreement.CriticalUnseen, agreement.DirectionSeen:
		return record.CarriesConns
	case agreement.VolumeFloor:
		return record.CarriesVolume
	case agreement.BothDirections:
		return record.CarriesDirections
	case agreement.LossAtMost:
		return record.CarriesAcks
	case agreement.PacketsWhole:
		return record.CarriesFrames
	default:
		return 0
	}
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
	case agreement.SilenceAtMost:
		return d.silence(t, p)
	case agreement.BothDirections:
		return d.bothDirections(p)
	case agreement.LossAtMost:
		return d.lossMax(p)
	case agreement.PacketsWhole:
		return d.snaplen(p)
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
	return worst(p, stretches, "in the worst "+spanWords(period), spots)
}

// worst: kept when so many hosts were seen in each of some stretches, broken when in one of them there cannot have been.
func worst(p *agreement.Promise, stretches []counts, when string, spots []string) state {
	least, most := math.MaxInt, math.MaxInt
	for _, c := range stretches {
		n := c[p.Segment]
		least, most = min(least, n.Least), min(most, n.Most)
	}
	words := hostsWord(least) + " " + when
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

// stretches counts the machines in whole periods of the observation, from its end back in steps of a quarter period, and in
// the first one: a blindness that lasts a quarter longer than the period fills one of them. Captures rarely last to the second,
// so five minutes may lack. Of a period of which records were lost nothing is said.
func (d *Days) stretches(period time.Duration) []counts {
	const slack = 5 * time.Minute
	if out, ok := d.slid[period]; ok {
		return out
	}
	var out []counts
	first, length, step := d.Whole.Seen.From, record.Time(period), record.Time(period/4)
	var before []*Evidence
	count := func(s record.Span) {
		windows := d.touching(s)
		if dark(windows) {
			return
		}
		if len(out) == 0 || !slices.Equal(windows, before) { // a long pause is one window
			out = append(out, d.countHosts(windows))
		}
		before = windows
	}
	end := d.Whole.Seen.To
	for ; end-first >= record.Time(period-slack); end -= step {
		count(record.Span{From: max(end-length, first), To: end})
	}
	if len(out) > 0 {
		count(record.Span{From: first, To: first + length})
	}
	if d.slid == nil {
		d.slid = map[time.Duration][]counts{}
	}
	d.slid[period] = out
	return out
}

// countHosts counts the machines of each segment in some windows.
func (d *Days) countHosts(windows []*Evidence) counts {
	e := NewEvidence(d.Whole.Terms, record.Span{})
	for _, w := range windows {
		e.Whole.Merge(&record.Sight{Cards: w.Whole.Cards}) // they tell routers
		for id, in := range w.Segments {
			if e.Segments[id] == nil {
				e.Segments[id] = &record.Sight{Segment: id}
			}
			e.Segments[id].Merge(&record.Sight{Hosts: in.Hosts})
		}
	}
	return e.census().counts
}

// dark reports whether nothing was kept of one of some windows.
func dark(windows []*Evidence) bool {
	return slices.ContainsFunc(windows, func(e *Evidence) bool { return e.Dark })
}

// touching lists the windows that touch a span.
func (d *Days) touching(s record.Span) []*Evidence {
	from, _ := slices.BinarySearchFunc(d.Windows, s.From, func(w *Evidence, t record.Time) int { return cmp.Compare(w.Window.To, t+1) })
	to, _ := slices.BinarySearchFunc(d.Windows, s.To, func(w *Evidence, t record.Time) int { return cmp.Compare(w.Window.From, t) })
	return d.Windows[from:max(from, to)]
}

// activeWorkday: each workday for itself, because hosts of one day do not make up for those of another.
func (d *Days) activeWorkday(t *Terms, p *agreement.Promise) state {
	spots := d.segmentSpots(p.Segment)
	var whole []counts
	begun, enough := 0, false
	for _, day := range d.workdays(t) {
		c := d.countHosts(d.touching(day.date))
		if day.whole {
			whole = append(whole, c)
		} else if n := c[p.Segment].Least; n >= p.Hosts {
			begun, enough = n, true
		}
	}
	switch {
	case len(whole) > 0:
		return worst(p, whole, "on the worst workday", spots)
	case enough:
		return state{verdict: verdict.IsKept, seen: hostsWord(begun), because: "as many were seen already in a part of the workday"}
	}
	return state{
		seen: hostsWord(d.Whole.CountOf(p.Segment).Least), because: "a whole workday is needed to say that the promise is broken", spots: spots,
	}
}

// workday is a workday that the observation touches.
type workday struct {
	date  record.Span // from midnight to midnight, and its working hours
	work  record.Span // the observed part of its working hours
	whole bool        // all of them, or nearly
}

func (d *Days) workdays(t *Terms) []workday {
	var out []workday
	for _, day := range t.Agreement.Workdays(d.Whole.Seen) {
		on, zone := day.Date, t.Agreement.Location()
		work := record.Span{From: max(day.Span.From, d.Whole.Seen.From), To: min(day.Span.To, d.Whole.Seen.To)}
		out = append(out, workday{
			date: record.Span{
				From: min(day.Span.From, record.TimeOf(time.Date(on.Year, on.Month, on.Day, 0, 0, 0, 0, zone))),
				To:   max(day.Span.To, record.TimeOf(time.Date(on.Year, on.Month, on.Day+1, 0, 0, 0, 0, zone))),
			},
			work: work, whole: t.workdays(work) >= wholeWorkday && !dark(d.touching(work)),
		})
	}
	return out
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
	case gap > p.Limit && d.Whole.Dark:
		return state{seen: seen, because: "records of a part of the time were lost", spots: spots}
	case gap > p.Limit:
		return state{verdict: verdict.IsBroken, seen: seen, because: "longer than " + spanWords(p.Limit), spots: spots}
	case !ever || d.Whole.observed() < p.Limit:
		return state{seen: seen, because: fmt.Sprintf("%s of %s observed", spanWords(d.Whole.observed()), spanWords(p.Limit)), spots: spots}
	}
	return state{verdict: verdict.IsKept, seen: seen}
}
