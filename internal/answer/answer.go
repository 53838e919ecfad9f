package answer

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/coverage"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Case is what questions are answered from.
type Case struct {
	Terms    *coverage.Terms
	Evidence *coverage.Evidence // of the whole window
	Defects  []verdict.Defect
	Promises []verdict.Promise
	Segments []verdict.Segment
	Findings []verdict.Finding
	Power    map[verdict.Question]string // what a "no" would cover, where a detector can say so
	Any      bool                        // something was observed at all
}

// All answers every question of the catalogue.
func All(c *Case) []verdict.Answer {
	out := make([]verdict.Answer, 0, len(verdict.Questions()))
	for _, q := range verdict.Questions() {
		out = append(out, c.answer(q))
	}
	return out
}

// answer answers one question: yes for one finding that nothing explains, no only where every need of every host was met,
// else cannot say. The blind spots are named in each case.
func (c *Case) answer(q verdict.Question) verdict.Answer {
	a := verdict.Answer{
		Question: q, NoFor: []string{}, CannotSayFor: []verdict.HostBlind{}, Findings: []string{}, BlindSpots: []string{},
		LookedAt: c.lookedAt(),
	}
	if c.Any {
		a.From, a.To = c.Evidence.Window.From.Text(), c.Evidence.Window.To.Text()
	}
	a.Absent.Count = c.absent()
	n := needsOf(q)
	spots := c.blindSpots(q, &n)
	for i := range spots {
		a.BlindSpots = append(a.BlindSpots, spots[i].Name())
	}
	c.hosts(&a, spots)
	either := c.undecided(&n)
	a.CannotSayFor = append(a.CannotSayFor, blindTo(either)...)
	open := c.open(&n)
	for _, f := range open {
		a.Findings = append(a.Findings, f.ID)
	}
	switch {
	case len(open) > 0:
		a.Verdict, a.Because = verdict.Yes, c.found(open)
	case c.Any && len(spots) == 0 && len(a.CannotSayFor) == 0 && len(a.NoFor) > 0:
		a.Verdict, a.Because = verdict.No, c.nothing(q)
		a.Power = c.Power[q]
	case len(spots) == 0 && len(either) > 0 && c.Any:
		a.Because = eitherWords(either)
	default:
		a.Because = c.because(spots, &n)
	}
	return a
}

func (c *Case) lookedAt() verdict.LookedAt {
	l := verdict.LookedAt{Hours: round2(c.Evidence.Window.Duration().Hours())}
	for i := range c.Segments {
		s := &c.Segments[i]
		if !c.covered(s) {
			continue
		}
		l.Hosts += s.Seen
		if s.Promised != nil {
			l.Of += *s.Promised
		}
	}
	return l
}

func (c *Case) covered(s *verdict.Segment) bool {
	return !s.Excluded && (c.Terms.Scope.Assumed || slices.Contains(c.Terms.Covered(), record.SegmentID(s.ID)))
}

// absent counts promised hosts that never appeared although their segment was in sight and its min_seen promise is kept.
func (c *Case) absent() int {
	n := 0
	for i := range c.Segments {
		n += c.absentOf(&c.Segments[i])
	}
	return n
}

func (c *Case) absentOf(s *verdict.Segment) int {
	if s.Verdict == verdict.IsKept && s.Promised != nil && !c.missing(s.ID) {
		return max(0, *s.Promised-s.Seen-s.InPassing)
	}
	return 0
}

func (c *Case) missing(segment string) bool {
	for i := range c.Defects {
		if d := &c.Defects[i]; d.Code == verdict.SegmentMissing && d.Subject == segment {
			return d.Verdict != verdict.No
		}
	}
	return true
}

// hosts lists of which hosts a "no" could speak, and about which nothing can be said and why, by segment.
func (c *Case) hosts(a *verdict.Answer, spots []verdict.Defect) {
	for i := range c.Segments {
		s := &c.Segments[i]
		if s.Excluded {
			continue
		}
		names := spotsOf(s.ID, spots)
		seen := fmt.Sprintf("%s: the %d seen", s.ID, s.Seen)
		switch {
		case s.Seen > 0 && len(names) == 0 && c.Any:
			a.NoFor = append(a.NoFor, seen)
		case s.Seen > 0:
			a.CannotSayFor = append(a.CannotSayFor, verdict.HostBlind{Host: seen, BlindSpots: names})
		}
		passing := []string{verdict.Name(verdict.SegmentMissing, s.ID)}
		if s.InPassing > 0 { // they are there, and not seen well enough for a no; promised ones among them are not absent
			a.CannotSayFor = append(a.CannotSayFor, verdict.HostBlind{Host: fmt.Sprintf("%s: %d seen only in passing", s.ID, s.InPassing), BlindSpots: or(names, passing)})
		}
		if s.Promised == nil || *s.Promised <= s.Seen+s.InPassing || len(names) == 0 && c.absentOf(s) > 0 {
			continue
		}
		unseen := fmt.Sprintf("%s: %d of %d never seen", s.ID, *s.Promised-s.Seen-s.InPassing, *s.Promised)
		a.CannotSayFor = append(a.CannotSayFor, verdict.HostBlind{Host: unseen, BlindSpots: or(names, passing)})
	}
	if len(a.CannotSayFor) == 0 && len(a.NoFor) == 0 {
		a.CannotSayFor = append(a.CannotSayFor, verdict.HostBlind{Host: "every host", BlindSpots: spotsOf("", spots)})
	}
}

func or(names, otherwise []string) []string {
	if len(names) > 0 {
		return names
	}
	return otherwise
}

// spotsOf names the blind spots that concern a segment: those of the sensor and its own.
func spotsOf(segment string, spots []verdict.Defect) []string {
	out := []string{}
	for i := range spots {
		d := &spots[i]
		bySegment := d.Code == verdict.SegmentMissing || d.Code == verdict.FeedIPv6Missing || d.Code == verdict.DNSEncrypted
		if !bySegment || d.Subject == segment || d.Subject == "" {
			out = append(out, d.Name())
		}
	}
	return out
}

// found says in one sentence what makes the answer yes, the surest finding first, and which part stays unknown.
func (c *Case) found(open []*verdict.Finding) string {
	best := open[0]
	for _, f := range open {
		if f.Confidence > best.Confidence {
			best = f
		}
	}
	words := strings.TrimSuffix(best.Words, ".")
	if c.place(best.Source) == record.OwnPublic {
		words += fmt.Sprintf("; by a machine behind %s; which one: cannot say", best.Source)
	}
	if more := len(open) - 1; more > 0 {
		words += fmt.Sprintf("; and %d more", more)
	}
	return words
}

// nothing says what was looked at and not found.
func (c *Case) nothing(q verdict.Question) string {
	l := c.lookedAt()
	words := fmt.Sprintf("nothing of the kind in %.4g h of the traffic of %d hosts", l.Hours, l.Hosts)
	if p := c.Power[q]; p != "" {
		words += "; this covers " + p
	}
	return words
}

// because says in one sentence why nothing can be said, the gravest blind spot first.
func (c *Case) because(spots []verdict.Defect, n *need) string {
	if !c.Any {
		return "nothing was observed"
	}
	var parts []string
	for i := range spots {
		if d := &spots[i]; d.Verdict == verdict.Yes && d.Code != verdict.DetectorNotBuilt && len(parts) < 3 {
			parts = append(parts, d.Short())
		}
	}
	for i := range spots {
		if d := &spots[i]; d.Code == verdict.DetectorNotBuilt {
			parts = append(parts, d.Short())
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "a no needs "+n.question)
	}
	return strings.Join(parts, "; ")
}

func round2(x float64) float64 { return float64(int64(x*100+0.5)) / 100 }
