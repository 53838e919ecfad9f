package answer

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"candor/internal/detect"
	"candor/internal/record"
	"candor/internal/verdict"
)

// blindSpots lists the defects that stand in the way of a "no": those that are yes at any time (accepted ones too), those
// about which nothing can be said and that must be known, and those that nobody judged although the question needs them.
func (c *Case) blindSpots(q verdict.Question, n *need) []verdict.Defect {
	var out []verdict.Defect
	judged := map[string]bool{}
	for i := range c.Defects {
		d := &c.Defects[i]
		judged[string(d.Code)] = true
		judged[d.Name()] = true
		if c.concerns(d, q, n) {
			out = append(out, *d)
		}
	}
	return append(out, c.unjudged(n, judged)...)
}

// concerns reports whether a defect limits the answer.
func (c *Case) concerns(d *verdict.Defect, q verdict.Question, n *need) bool {
	must := false
	switch d.Code {
	case verdict.DetectorNotBuilt, verdict.HistoryShort:
		if d.Subject != string(q) {
			return false
		}
		must = true
	case verdict.KindMissing, verdict.FeedDead:
		if !slices.Contains(n.data, c.Terms.KindOf(d.Subject)) {
			return false
		}
		must = true
	case verdict.DirectionMissing:
		if !slices.Contains(n.directions, d.Subject) {
			return false
		}
		must = true
	default:
		must = slices.Contains(n.known, d.Code)
		if !must && !slices.Contains(n.not, d.Code) {
			return false
		}
	}
	return d.Verdict == verdict.Yes || must && (d.Verdict == verdict.CannotSay || blindAWhile(d))
}

// blindAWhile reports whether there is a time about which nothing can be said of what says that the sensor sees at all, though
// the whole reads no: a pause in the capture. Less than five minutes at an end of the observation is no pause.
func blindAWhile(d *verdict.Defect) bool {
	if d.Code != verdict.VantageOutside && d.Code != verdict.FeedOneWay && d.Code != verdict.FeedLoss {
		return false
	}
	for _, p := range d.Periods {
		from, errFrom := time.Parse(time.RFC3339Nano, p.From)
		to, errTo := time.Parse(time.RFC3339Nano, p.To)
		if p.Verdict == verdict.CannotSay && (errFrom != nil || errTo != nil || to.Sub(from) >= 5*time.Minute) {
			return true
		}
	}
	return false
}

// unjudged makes a blind spot of what a question needs and no rule was asked about: not asked is not known.
func (c *Case) unjudged(n *need, judged map[string]bool) []verdict.Defect {
	var out []verdict.Defect
	miss := func(code verdict.Code, subject string) {
		out = append(out, verdict.Defect{Code: code, Subject: subject, Needs: "this was not judged"})
	}
	for _, code := range n.known {
		switch code {
		case verdict.SegmentMissing, verdict.DNSEncrypted: // by segment: judged where an agreement names segments
			if !judged[string(code)] && !c.Terms.Scope.Assumed {
				miss(code, "")
			}
		case verdict.HistoryShort, verdict.IntelStale: // listed only where it is so
		default:
			if !judged[string(code)] {
				miss(code, "")
			}
		}
	}
	for _, kind := range n.data {
		if !c.dataKnown(kind) {
			miss(verdict.KindMissing, kind)
		}
	}
	for _, d := range n.directions {
		if !judged[verdict.Name(verdict.DirectionMissing, d)] && c.needsDirection(d) {
			miss(verdict.DirectionMissing, d)
		}
	}
	return out
}

// dataKnown reports whether a kind of data is promised, so that its absence is judged, or was plainly there.
func (c *Case) dataKnown(kind string) bool {
	for i := range c.Defects {
		if d := &c.Defects[i]; d.Code == verdict.KindMissing && c.Terms.KindOf(d.Subject) == kind {
			return true
		}
	}
	counts := &c.Evidence.Whole.Counts
	return kind == "dns" && counts[record.DNSQueries] > 0 && counts[record.DNSReplies] > 0
}

// needsDirection reports whether a direction that no rule judged is in the way: without an agreement nobody knows which
// machines are servers, so that only what leaves can be taken as seen.
func (c *Case) needsDirection(direction string) bool {
	return !c.Terms.Scope.Assumed || !slices.Contains(outward(), direction)
}

// open lists the findings that make the answer yes: not explained, not safelisted, by Candor, of a machine that is ours.
func (c *Case) open(n *need) []*verdict.Finding {
	var out []*verdict.Finding
	for i := range c.Findings {
		if f := &c.Findings[i]; slices.Contains(n.kinds, f.Kind) && c.stands(f) {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return nil
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		same := func(o *verdict.Finding) bool { return o.Source == f.Source }
		if slices.Contains(n.beside, f.Kind) && c.stands(f) && slices.ContainsFunc(out, same) {
			out = append(out, f)
		}
	}
	return out
}

// undecided lists the machines of ours with a finding that may be either: nobody can say no about them.
func (c *Case) undecided(n *need) []*verdict.Finding {
	var out []*verdict.Finding
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.ExplainedBy != detect.Undecided || f.Safelisted != nil || !slices.Contains(n.kinds, f.Kind) {
			continue
		}
		switch c.place(f.Source) {
		case record.Internet, record.Nowhere, record.LinkLocal:
		default:
			out = append(out, f)
		}
	}
	return out
}

// blindTo names the machines of findings that may be either.
func blindTo(either []*verdict.Finding) []verdict.HostBlind {
	var out []verdict.HostBlind
	for _, f := range either {
		out = append(out, verdict.HostBlind{Host: f.Source, BlindSpots: []string{"undecided:" + f.ID}})
	}
	return out
}

// eitherWords says why a finding that may be either stands in the way.
func eitherWords(either []*verdict.Finding) string {
	return fmt.Sprintf("%s; %s", strings.TrimSuffix(either[0].Words, "."), either[0].ExplainedBy)
}

func (c *Case) stands(f *verdict.Finding) bool {
	if f.ExplainedBy != "" || f.Safelisted != nil || f.Kind == "alert" {
		return false
	}
	if f.Kind == "sign_in_attack" && f.Evidence["succeeded"] == true { // whoever got in, from wherever
		return true
	}
	switch c.place(f.Source) {
	case record.Internet, record.Nowhere, record.LinkLocal:
		return false
	}
	return true
}

// place is where the source of a finding is.
func (c *Case) place(source string) record.SegmentID {
	a, err := netip.ParseAddr(source)
	if err != nil {
		return record.Nowhere
	}
	return c.Terms.Scope.Locate(a)
}
