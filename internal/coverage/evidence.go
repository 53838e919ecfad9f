package coverage

import (
	"time"

	"candor/internal/record"
)

// Evidence is what one stretch of time shows, merged over its minutes. What is made for judging, and anew each time, is not saved.
type Evidence struct {
	Terms    *Terms
	Window   record.Span // the stretch that is judged
	Seen     record.Span // the part of it in which something was observed: first to last packet
	Whole    record.Sight
	Segments map[record.SegmentID]*record.Sight
	Feeds    map[record.Feed]*record.Sight `freeze:"-"` // of every witness as a whole, this one and promised logs included
	Clocks   []Clock                       `freeze:"-"` // of every witness but the first, held against another; sorted by feed
	Inputs   []record.Input                `freeze:"-"`
	Handed   []record.Feed                 `freeze:"-"` // data ids of the logs that were handed to this check, also where none of their lines is in the stretch
	Ended    bool                          `freeze:"-"` // the input was read to its end (files), so that its hard counters are complete
	Blind    []record.Blind                `freeze:"-"` // what was lost in the stretch, in the order of time; Join leaves it out

	Dark bool `freeze:"-"` // of a part of it nothing was kept (IsDark); Join passes it on

	cached *census `freeze:"-"`
}

// NewEvidence is evidence of nothing yet.
func NewEvidence(t *Terms, window record.Span) *Evidence {
	return &Evidence{Terms: t, Window: window, Segments: map[record.SegmentID]*record.Sight{}}
}

// Add merges one sight.
func (e *Evidence) Add(s *record.Sight) {
	e.cached = nil
	if s.Segment == record.Nowhere {
		e.Whole.Merge(s)
		return
	}
	into := e.Segments[s.Segment]
	if into == nil {
		into = &record.Sight{Segment: s.Segment, Feed: s.Feed, Sensor: s.Sensor}
		e.Segments[s.Segment] = into
	}
	into.Merge(s)
}

// Join merges all of another stretch.
func (e *Evidence) Join(o *Evidence) {
	e.cached = nil
	e.Whole.Merge(&o.Whole)
	e.Whole.Acked = record.ThinAcked(e.Whole.Acked, maxAckedRuns)
	for id, s := range o.Segments {
		if e.Segments[id] == nil {
			e.Segments[id] = &record.Sight{Segment: id, Feed: s.Feed, Sensor: s.Sensor}
		}
		e.Segments[id].Merge(s)
	}
	for f, s := range o.Feeds {
		if e.Feeds == nil {
			e.Feeds = map[record.Feed]*record.Sight{}
		}
		if e.Feeds[f] == nil {
			e.Feeds[f] = &record.Sight{Feed: f, Sensor: s.Sensor}
		}
		e.Feeds[f].Merge(s)
	}
	e.joinClocks(o)
	e.Dark = e.Dark || o.Dark
	if e.Handed == nil {
		e.Handed = o.Handed
	}
	if o.Seen.Zero() {
		return
	}
	if e.Seen.Zero() {
		e.Seen = o.Seen
		return
	}
	e.Seen = record.Span{From: min(e.Seen.From, o.Seen.From), To: max(e.Seen.To, o.Seen.To)}
}

// maxAckedRuns bounds how finely a long stretch remembers when acknowledgements came.
const maxAckedRuns = 16384

// n is a counter of the feed as a whole.
func (e *Evidence) n(c record.Count) float64 { return float64(e.Whole.Counts[c]) }

// seg is a counter of a segment.
func (e *Evidence) seg(id record.SegmentID, c record.Count) float64 {
	if s := e.Segments[id]; s != nil {
		return float64(s.Counts[c])
	}
	return 0
}

// observed is how long something was observed.
func (e *Evidence) observed() time.Duration { return e.Seen.Duration() }

// share is a/b, 0 when b is 0.
func share(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
