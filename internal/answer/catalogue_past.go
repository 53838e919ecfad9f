package answer

import (
	"slices"
	"strings"

	"candor/internal/verdict"
)

// passing reports whether a defect is a loss that concerns the time for which it is yes, and no other: records that are missing. What says
// that a sensor stands wrong, and what detectors may have forgotten, concerns all that was observed.
func passing(c verdict.Code) bool {
	switch c {
	case verdict.SensorSilent, verdict.RecordGap, verdict.StoreMissing, verdict.SensorShed, verdict.FeedSampled:
		return true
	}
	return false
}

// past takes out of an answer what was lost at other times than the one asked about: a hole of last week is no reason not to say
// anything of today.
func (v *View) past(a verdict.Answer) verdict.Answer {
	if !v.Named {
		return a
	}
	over := map[string]bool{}
	for i := range v.Defects {
		if d := &v.Defects[i]; passing(d.Code) && !touches(d, v.Span) {
			over[d.Name()] = true
		}
	}
	if !slices.ContainsFunc(a.BlindSpots, func(n string) bool { return over[n] }) {
		return a
	}
	without := func(names []string) []string {
		return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return over[n] })
	}
	c := &Case{Defects: v.Defects, Segments: v.Segments}
	a.BlindSpots, a.NoFor = without(a.BlindSpots), slices.Clone(a.NoFor)
	hosts := a.CannotSayFor
	a.CannotSayFor = []verdict.HostBlind{}
	for _, h := range hosts {
		left := without(h.BlindSpots)
		if len(left) > 0 || len(h.BlindSpots) == 0 {
			a.CannotSayFor = append(a.CannotSayFor, verdict.HostBlind{Host: h.Host, BlindSpots: left})
			continue
		}
		id, what, _ := strings.Cut(h.Host, ": ")
		i := slices.IndexFunc(v.Segments, func(s verdict.Segment) bool { return s.ID == id })
		switch {
		case i >= 0 && strings.HasPrefix(what, "the ") && strings.HasSuffix(what, " seen"):
			a.NoFor = append(a.NoFor, h.Host)
		case i >= 0 && strings.HasSuffix(what, " never seen") && c.absentOf(&v.Segments[i]) > 0: // absent, and counted as such
		default:
			a.CannotSayFor = append(a.CannotSayFor, verdict.HostBlind{Host: h.Host, BlindSpots: []string{verdict.Name(verdict.SegmentMissing, id)}})
		}
	}
	return a
}
