package judge

import (
	"candor/internal/coverage"
	"candor/internal/record"
)

// quarter is what every witness showed in a quarter hour.
type quarter struct {
	feeds    map[record.Feed]*coverage.Evidence
	presence *coverage.Presence
}

func newQuarter() *quarter {
	return &quarter{feeds: map[record.Feed]*coverage.Evidence{}, presence: coverage.NewPresence()}
}

func (q *quarter) add(t *coverage.Terms, span record.Span, s *record.Sight) {
	e := q.feeds[s.Feed]
	if e == nil {
		e = coverage.NewEvidence(t, span)
		q.feeds[s.Feed] = e
	}
	e.Add(s)
	q.presence.Add(t, s)
}

// best is the witness that speaks for a stretch: packets before reports of connections. Counts and detectors use one witness
// at a time, so that nothing is counted twice (DESIGN.md 2). A promised log alone speaks for no traffic: then there is none.
// The evidence carries what the other witnesses showed beside it.
func best(t *coverage.Terms, span record.Span, feeds map[record.Feed]*coverage.Evidence) *coverage.Evidence {
	chosen := coverage.NewEvidence(t, span)
	if f := chosenOf(feeds); f != nil {
		chosen = feeds[*f]
	}
	chosen.Feeds = map[record.Feed]*record.Sight{}
	for f, e := range feeds {
		chosen.Feeds[f] = &e.Whole
	}
	return chosen
}

func rankOf(c record.Carries) int {
	switch {
	case c.Has(record.CarriesFrames):
		return 2
	case c.Has(record.CarriesConns):
		return 1
	}
	return 0
}
