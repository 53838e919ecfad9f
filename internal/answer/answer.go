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
	Any      bool // something was observed at all
}

// All answers every question of the catalogue.
func All(c *Case) []verdict.Answer {
	out := make([]verdict.Answer, 0, len(verdict.Questions()))
	for _, q := range verdict.Questions() {
		out = append(out, c.answer(q))
	}
	return out
}

// answer answers one question. A "no" needs a detector and no blind spot; as long as a question has no detector its answer
// is cannot say, and it names the blind spots that it would have had anyway.
func (c *Case) answer(q verdict.Question) verdict.Answer {
	a := verdict.Answer{
		Question: q, NoFor: []string{}, CannotSayFor: []verdict.HostBlind{}, Findings: []string{}, BlindSpots: []string{},
		LookedAt: c.lookedAt(),
	}
	if c.Any {
		a.From, a.To = c.Evidence.Window.From.Text(), c.Evidence.Window.To.Text()
	}
	a.Absent.Count = c.absent()
	n := needs(q)
	spots := c.blindSpots(q, n)
	for _, s := range spots {
		a.BlindSpots = append(a.BlindSpots, s.Name())
	}
	a.CannotSayFor = c.cannotSayFor(spots)
	a.Because = c.because(spots, n)
	return a
}

func (c *Case) lookedAt() verdict.LookedAt {
	l := verdict.LookedAt{Hours: round2(c.Evidence.Window.Duration().Hours())}
	for i := range c.Segments {
		s := &c.Segments[i]
		if s.Excluded || !slices.Contains(c.Terms.Covered(), record.SegmentID(s.ID)) && !c.Terms.Scope.Assumed {
			continue
		}
		l.Hosts += s.Seen
		if s.Promised != nil {
			l.Of += *s.Promised
		}
	}
	return l
}

// absent counts promised hosts that never appeared although their segment was in sight and its min_seen promise is kept.
func (c *Case) absent() int {
	n := 0
	for i := range c.Segments {
		s := &c.Segments[i]
		if s.Verdict == verdict.IsKept && s.Promised != nil && s.Seen < *s.Promised && !c.missing(s.ID) {
			n += *s.Promised - s.Seen
		}
	}
	return n
}

func (c *Case) missing(segment string) bool {
	for i := range c.Defects {
		if d := &c.Defects[i]; d.Code == verdict.SegmentMissing && d.Subject == segment {
			return d.Verdict != verdict.No
		}
	}
	return true
}

// blindSpots lists the defects that stand in the way of a "no": those that are yes (accepted ones too), and those about
// which nothing can be said.
func (c *Case) blindSpots(q verdict.Question, n need) []*verdict.Defect {
	var out []*verdict.Defect
	for i := range c.Defects {
		d := &c.Defects[i]
		if d.Verdict == verdict.No || !c.concerns(d, q, n) {
			continue
		}
		out = append(out, d)
	}
	return out
}

func (c *Case) concerns(d *verdict.Defect, q verdict.Question, n need) bool {
	switch d.Code {
	case verdict.DetectorNotBuilt, verdict.HistoryShort:
		return d.Subject == string(q)
	case verdict.KindMissing, verdict.FeedDead:
		return slices.Contains(n.kinds, c.Terms.KindOf(d.Subject))
	case verdict.DirectionMissing:
		return slices.Contains(n.directions, d.Subject)
	default:
		return slices.Contains(n.codes, d.Code)
	}
}

// cannotSayFor lists the hosts about which nothing can be said, by segment, with why.
func (c *Case) cannotSayFor(spots []*verdict.Defect) []verdict.HostBlind {
	out := []verdict.HostBlind{}
	for i := range c.Segments {
		s := &c.Segments[i]
		if s.Excluded {
			continue
		}
		names := spotsOf(s.ID, spots)
		if s.Seen > 0 {
			out = append(out, verdict.HostBlind{Host: fmt.Sprintf("%s: the %d seen", s.ID, s.Seen), BlindSpots: names})
		}
		if s.Promised == nil || *s.Promised <= s.Seen {
			continue
		}
		unseen := fmt.Sprintf("%s: %d of %d never seen", s.ID, *s.Promised-s.Seen, *s.Promised)
		out = append(out, verdict.HostBlind{Host: unseen, BlindSpots: names})
	}
	if len(out) == 0 {
		out = append(out, verdict.HostBlind{Host: "every host", BlindSpots: spotsOf("", spots)})
	}
	return out
}

// spotsOf names the blind spots that concern a segment: those of the sensor and its own.
func spotsOf(segment string, spots []*verdict.Defect) []string {
	out := []string{}
	for _, d := range spots {
		bySegment := d.Code == verdict.SegmentMissing || d.Code == verdict.FeedIPv6Missing || d.Code == verdict.DNSEncrypted
		if !bySegment || d.Subject == segment {
			out = append(out, d.Name())
		}
	}
	return out
}

// because says in one sentence why, the gravest blind spot first.
func (c *Case) because(spots []*verdict.Defect, n need) string {
	if !c.Any {
		return "nothing was observed"
	}
	var parts []string
	for _, d := range spots {
		if d.Verdict == verdict.Yes && d.Code != verdict.DetectorNotBuilt && len(parts) < 3 {
			parts = append(parts, d.Short())
		}
	}
	for _, d := range spots {
		if d.Code == verdict.DetectorNotBuilt {
			parts = append(parts, d.Short())
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "a no needs "+n.question)
	}
	return strings.Join(parts, "; ")
}

func round2(x float64) float64 { return float64(int64(x*100+0.5)) / 100 }
