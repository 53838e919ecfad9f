package judge

import (
	"time"

	"candor/internal/coverage"
	"candor/internal/record"
)

// slider gives each window together with as many before it as a working time takes. Windows come in order, and the first
// one of a reach never moves back: what is joined from the front is kept by its beginning (tails), what came since in
// head, so that a window is joined a few times however far rules reach back over nights and weekends.
type slider struct {
	terms   *coverage.Terms
	windows []*coverage.Evidence
	work    time.Duration

	next  int                  // window to come
	first int                  // first window of the reach
	split int                  // windows before it are in tails
	tails []*coverage.Evidence // tails[i] joins windows[i:split]; those before first are gone
	head  *coverage.Evidence   // joins windows[split:next]
}

// newSlider reaches over a working time; without an agreement there is none, what rests on it cannot be said, and a window
// is given alone.
func newSlider(terms *coverage.Terms, windows []*coverage.Evidence, work time.Duration) *slider {
	if terms.Agreement == nil {
		work = 0
	}
	if work != 0 {
		windows = bare(windows)
	}
	return &slider{terms: terms, windows: windows, work: work, tails: make([]*coverage.Evidence, len(windows))}
}

// bare is windows without what no rule with a reach looks at and what is large when many are joined (Rule.Reach).
func bare(windows []*coverage.Evidence) []*coverage.Evidence {
	out := make([]*coverage.Evidence, len(windows))
	for i, w := range windows {
		e := *w
		e.Whole.Acked, e.Whole.Clients, e.Whole.Groups, e.Feeds, e.Clocks = nil, nil, nil, nil, nil
		out[i] = &e
	}
	return out
}

// reach moves on to the next window and gives its evidence.
func (s *slider) reach() *coverage.Evidence {
	w := s.windows[s.next]
	s.next++
	if s.work == 0 {
		return w
	}
	for s.first < s.next-1 && s.enough(s.first+1) {
		s.tails[s.first] = nil
		s.first++
	}
	if s.first >= s.split {
		s.turn()
	} else {
		s.head.Join(w)
	}
	e := coverage.NewEvidence(s.terms, record.Span{From: s.windows[s.first].Window.From, To: w.Window.To})
	e.Join(s.tails[s.first])
	e.Join(s.head)
	e.Ended = w.Ended
	return e
}

// enough reports whether the windows from one to the newest hold the working time.
func (s *slider) enough(from int) bool {
	return s.terms.Work(record.Span{From: s.windows[from].Seen.From, To: s.windows[s.next-1].Seen.To}) >= s.work
}

// turn makes tails of the windows from first to the newest.
func (s *slider) turn() {
	s.split = s.next
	s.head = coverage.NewEvidence(s.terms, record.Span{})
	for i := s.split - 1; i >= s.first; i-- {
		e := coverage.NewEvidence(s.terms, record.Span{})
		if i+1 < s.split {
			e.Join(s.tails[i+1])
		}
		e.Join(s.windows[i])
		s.tails[i] = e
	}
}
