package coverage

import (
	"math/bits"
	"net/netip"
	"time"

	"candor/internal/record"
)

// Presence says in which minutes of a quarter hour the critical hosts sent something, and events came of the data that must
// not be silent for long.
type Presence struct {
	quarter record.Time           // its start; meaningful when somebody was there
	minutes map[netip.Addr]uint16 // bit i: minute i of the quarter
	events  map[string]uint16     // the same, by data id
}

// NewPresence is presence of nobody.
func NewPresence() *Presence {
	return &Presence{minutes: map[netip.Addr]uint16{}, events: map[string]uint16{}}
}

// Add takes over one minute's sight.
func (p *Presence) Add(t *Terms, s *record.Sight) {
	quarter := s.Span.From.Floor(record.Quarter)
	minute := uint((s.Span.From - quarter) / record.Minute)
	for i := range t.silent {
		if d := &t.silent[i]; d.shows(s) {
			p.quarter = quarter
			p.events[d.id] |= 1 << minute
		}
	}
	if s.Segment == record.Nowhere || len(t.critical) == 0 {
		return
	}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		if !t.critical[h.Addr] || (h.Hops == record.NoHops && h.Flags&(record.SeenDirect|record.SeenSpoke) == 0) {
			continue
		}
		p.quarter = quarter
		p.minutes[h.Addr] |= 1 << minute
	}
}

// longestUnseen is the longest time in a span in which an address sent nothing, and whether it ever did; minutes are whole.
// presence is of its quarter hours in order; those in which nothing was seen may be left out.
func longestUnseen(presence []*Presence, span record.Span, a netip.Addr) (gap time.Duration, ever bool) {
	last := span.From
	for _, p := range presence {
		if p == nil {
			continue
		}
		seen := p.minutes[a]
		for seen != 0 {
			m := p.quarter + record.Time(bits.TrailingZeros16(seen))*record.Minute
			seen &= seen - 1
			ever = true
			gap = max(gap, time.Duration(m-last))
			last = max(last, m+record.Minute)
		}
	}
	return max(gap, time.Duration(span.To-last), 0), ever
}
