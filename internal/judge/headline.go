package judge

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/verdict"
)

// Mark is the sign before a line. It marks the consequence, not the word: a No to "Can it see?" and a Yes to "Is anything
// wrong?" both need attention.
type Mark uint8

// The marks. The zero value is the honest one.
const (
	MarkCannotSay Mark = iota // hatching
	MarkAttention             // filled diamond: needs a person
	MarkAsAgreed              // open ring: as it should be
)

// Headline is one of the answers that stand before everything else.
type Headline struct {
	Question string
	Word     verdict.Verdict
	Text     string // why, in one to four sentences; may hold names from the wire, so show it escaped
	Mark     Mark
}

// Headlines answers, in this order: can it see what you pay for, is anything wrong, was the agreement kept. Terminal and
// report show the same words because both ask here.
func Headlines(r *Result) []Headline {
	return []Headline{seeing(r), wrong(r), kept(r)}
}

// Declared is the defects of a Result in the groups in which people read them. Every defect is in exactly one group.
type Declared struct {
	Yes       []verdict.Defect // present and not accepted: these need a person
	Accepted  []verdict.Defect // present and accepted by the agreement: still blind spots
	Limits    []verdict.Defect // present, and only limiting answers (Code.OnlyLimits)
	CannotSay []verdict.Defect
	No        []verdict.Defect
}

// Declare sorts the defects of r into groups, keeping their order.
func Declare(r *Result) Declared {
	var d Declared
	for _, f := range r.Defects {
		into := &d.CannotSay
		switch {
		case f.Verdict == verdict.No:
			into = &d.No
		case f.Verdict != verdict.Yes:
		case f.Accepted != "":
			into = &d.Accepted
		case f.Code.OnlyLimits():
			into = &d.Limits
		default:
			into = &d.Yes
		}
		*into = append(*into, f)
	}
	return d
}

// Standing counts promises by how they stand. A promise that this input cannot measure is only in Unmeasured.
type Standing struct {
	Broken, Kept, CannotSay, Unmeasured int
}

// Stand counts the promises of r.
func Stand(r *Result) Standing {
	var s Standing
	for _, p := range r.Promises {
		switch {
		case !p.MeasuredHere:
			s.Unmeasured++
		case p.Verdict == verdict.IsBroken:
			s.Broken++
		case p.Verdict == verdict.IsKept:
			s.Kept++
		default:
			s.CannotSay++
		}
	}
	return s
}

// Promised sums the promised hosts of all segments that are watched and of how many of them were seen directly. A segment
// with more hosts than promised does not make up for another.
func Promised(r *Result) (seen, of int) {
	for _, s := range r.Segments {
		if s.Excluded || s.Promised == nil {
			continue
		}
		of += *s.Promised
		seen += min(s.Seen, *s.Promised)
	}
	return seen, of
}

// blinding says whether a defect, when present, means that what was paid for is not seen.
func blinding(c verdict.Code) bool {
	for _, p := range []string{"vantage.", "feed.", "segment.", "direction.", "kind.", "volume."} {
		if strings.HasPrefix(string(c), p) {
			return true
		}
	}
	return false
}

// undecided says whether a defect about which nothing can be said leaves open if all that was paid for is seen.
func undecided(c verdict.Code) bool {
	switch c {
	case verdict.FeedAsymmetric, verdict.FeedDuplicated, verdict.FeedIPv6Missing, verdict.VolumeLow:
		return false // volume.low cannot be said where nobody promised a volume; where somebody did, the promise tells
	}
	return blinding(c)
}

func seeing(r *Result) Headline {
	h := Headline{Question: "Can it see what you pay for?"}
	d, s := Declare(r), Stand(r)
	seen, of := Promised(r)
	var say []string
	if of > 0 {
		say = append(say, fmt.Sprintf("%s of %s promised hosts seen directly", Count(seen), Count(of)))
	}
	open := slices.ContainsFunc(d.CannotSay, func(f verdict.Defect) bool { return f.Accepted == "" && undecided(f.Code) })
	switch {
	case r.Window == nil:
		say = []string{"There was no packet and no record to look at"}
	case slices.ContainsFunc(d.Yes, func(f verdict.Defect) bool {
		return blinding(f.Code) || f.Code == verdict.SensorSilent && f.Now == verdict.Yes
	}) ||
		s.Broken > 0 || segmentBroken(r):
		h.Word = verdict.No
	case r.Agreement == nil:
		say = append(say, "No agreement was given, so nobody told us what must be seen")
	case of > 0 && seen == of && len(d.Yes) == 0 && !open && s.CannotSay == 0:
		h.Word = verdict.Yes
	}
	say = append(say, present(d.Yes)...)
	if h.Word == verdict.CannotSay && r.Window != nil {
		say = append(say, openPoints(d, s)...)
	}
	if h.Word == verdict.No && len(d.Yes) == 0 && s.Broken > 0 {
		say = append(say, Many(s.Broken, "promise is", "promises are")+" broken")
	}
	h.Text = sentences(say)
	switch {
	case h.Word == verdict.No || len(d.Yes) > 0:
		h.Mark = MarkAttention
	case h.Word == verdict.Yes:
		h.Mark = MarkAsAgreed
	}
	return h
}

func segmentBroken(r *Result) bool {
	return slices.ContainsFunc(r.Segments, func(s verdict.Segment) bool { return !s.Excluded && s.Verdict == verdict.IsBroken })
}

// present says each kind of defect once, gathered by code, at most five of them.
func present(yes []verdict.Defect) []string {
	var out []string
	subjects, codes := byCode(yes)
	for i, c := range codes {
		if i == 5 && len(codes) > 6 {
			return append(out, Many(len(codes)-i, "kind", "kinds")+" of blindness more: see the defects")
		}
		stood := c == verdict.VantageOutside && slices.ContainsFunc(yes, func(f verdict.Defect) bool {
			return f.Code == c && f.Now != verdict.Yes
		})
		out = append(out, phrase(c, subjects[c], stood))
	}
	return out
}

func byCode(defects []verdict.Defect) (map[verdict.Code][]string, []verdict.Code) {
	subjects := map[verdict.Code][]string{}
	var codes []verdict.Code
	for _, f := range defects {
		if _, ok := subjects[f.Code]; !ok {
			codes = append(codes, f.Code)
		}
		subjects[f.Code] = append(subjects[f.Code], f.Subject)
	}
	return subjects, codes
}

// phrase says a present defect in a few words.
func phrase(c verdict.Code, subjects []string, stood bool) string {
	of := list(subjects, 4)
	switch c {
	case verdict.VantageOutside:
		if stood {
			return "The sensor stood outside the firewall for part of the time"
		}
		return "The sensor stands outside the firewall"
	case verdict.SegmentMissing:
		return "Hosts missing in " + of
	case verdict.DirectionMissing:
		return "Directions never seen: " + of
	case verdict.KindMissing:
		return "Kinds of data never seen: " + of
	case verdict.FeedDead:
		return "Data that does not come: " + of
	}
	if words, ok := phrases[c]; ok {
		return words
	}
	return strings.TrimSuffix(string(c)+": "+of, ": ")
}

// phrases is a table that is never written.
var phrases = map[verdict.Code]string{
	verdict.VantageUnmirroredPort: "The sensor's port gets no copy of the traffic",
	verdict.VantageManagementPort: "The sensor hears only network equipment",
	verdict.VantageAfterProxy:     "The sensor stands behind a proxy, where many machines look like one",
	verdict.FeedOneWay:            "Only one direction of the talk arrives",
	verdict.FeedAsymmetric:        "For some peers only one direction arrives",
	verdict.FeedLoss:              "Packets are missing from the copy",
	verdict.FeedDuplicated:        "Packets arrive twice",
	verdict.FeedTruncated:         "Packets are cut short",
	verdict.FeedIPv6Missing:       "IPv6 is spoken and not seen",
	verdict.ClockSkew:             "The clocks of two witnesses do not agree",
	verdict.VolumeLow:             "Far less traffic than promised",
	verdict.HostsCountedTwice:     "Some machines were counted twice",
	verdict.InputDamaged:          "An input is damaged",
	verdict.InputUnread:           "Part of an input could not be read",
	verdict.StateEvicted:          "A table was full and let go of something",
	verdict.CaptureDrops:          "The capture itself lost packets",
	verdict.SensorSilent:          "The sensor was silent",
	verdict.RecordGap:             "Records of some time are missing",
	verdict.StoreMissing:          "Stored records cannot be read any more",
	verdict.SensorShed:            "The sensor could not keep up and left connections out",
}

func openPoints(d Declared, s Standing) []string {
	var out []string
	var open []verdict.Defect
	for _, f := range d.CannotSay {
		if f.Accepted == "" && undecided(f.Code) {
			open = append(open, f)
		}
	}
	if _, codes := byCode(open); len(codes) > 0 {
		names := make([]string, len(codes))
		for i, c := range codes {
			names[i] = string(c)
		}
		out = append(out, "Not decided: "+list(names, 4))
	}
	if s.CannotSay > 0 {
		out = append(out, "For "+Many(s.CannotSay, "promise", "promises")+" we cannot say")
	}
	return out
}

func wrong(r *Result) Headline {
	h := Headline{Question: "Is anything wrong?"}
	var yes, no, open []verdict.Answer
	for _, a := range r.Answers {
		switch a.Verdict {
		case verdict.Yes:
			yes = append(yes, a)
		case verdict.No:
			no = append(no, a)
		default:
			open = append(open, a)
		}
	}
	all := len(r.Answers)
	var say []string
	switch {
	case len(yes) > 0:
		h.Word, h.Mark = verdict.Yes, MarkAttention
		for _, a := range yes[:min(2, len(yes))] {
			if !slices.Contains(say, a.Because) { // one finding may answer several questions
				say = append(say, a.Because)
			}
		}
		if len(open) > 0 {
			say = append(say, fmt.Sprintf("To %d of %s we cannot say", len(open), Many(all, "question", "questions")))
		}
	case all == 0:
		say = append(say, "No question was asked")
	case len(open) > 0:
		say = append(say, fmt.Sprintf("To %d of %s we cannot say", len(open), Many(all, "question", "questions")))
		say = append(say, whyOpen(r)...)
	default:
		h.Word, h.Mark = verdict.No, MarkAsAgreed
		say = append(say, fmt.Sprintf("No to all %s, for every host they speak of", Many(len(no), "question", "questions")))
	}
	h.Text = sentences(say)
	return h
}

// whyOpen names what stands in the way of most questions.
func whyOpen(r *Result) []string {
	if r.Window == nil {
		return []string{"There was nothing to look at"}
	}
	var out []string
	d := Declare(r)
	if slices.ContainsFunc(d.Limits, func(f verdict.Defect) bool { return f.Code == verdict.DetectorNotBuilt }) {
		out = append(out, "The detectors for them are not built yet")
	}
	if slices.ContainsFunc(d.Yes, func(f verdict.Defect) bool { return f.Code == verdict.VantageOutside }) {
		return append(out, "And from outside the firewall no machine can be told from another")
	}
	if seen, of := Promised(r); of > seen {
		out = append(out, Many(of-seen, "promised host was", "promised hosts were")+" not seen")
	}
	return out
}

// kept says yes only when every promise is kept, those included that this input cannot measure.
func kept(r *Result) Headline {
	h := Headline{Question: "Was the agreement kept?"}
	s := Stand(r)
	all := s.Broken + s.Kept + s.CannotSay
	var say []string
	switch {
	case r.Agreement == nil:
		say = append(say, "No agreement was given, so no promise was judged")
	case all+s.Unmeasured == 0:
		say = append(say, "The agreement holds no promise that can be measured")
	case s.Broken > 0:
		h.Word, h.Mark = verdict.No, MarkAttention
	case s.Kept > 0 && s.CannotSay == 0 && s.Unmeasured == 0:
		h.Word, h.Mark = verdict.Yes, MarkAsAgreed
	}
	if r.Agreement != nil && all > 0 {
		say = append(say, fmt.Sprintf("%s broken, %d kept, %d cannot say", Many(s.Broken, "promise", "promises"), s.Kept, s.CannotSay))
	}
	if r.Agreement != nil && s.Unmeasured > 0 {
		say = append(say, fmt.Sprintf("%d more cannot be measured in this input", s.Unmeasured))
	}
	h.Text = sentences(say)
	return h
}
