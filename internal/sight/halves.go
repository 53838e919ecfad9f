package sight

import (
	"slices"

	"candor/internal/decode"
	"candor/internal/record"
)

// NewEvents makes a Builder for what a flow table tells of frames that another Builder looks at, so that the two can work at
// the same time. Both must hear of the same times (Tick, Frame); Join puts their minutes together.
func NewEvents(scope record.Scope, sensor record.Sensor, feed record.Feed) *Builder {
	b := New(scope, sensor, feed)
	b.events = true
	return b
}

// Tick says that time has come to ts, as Frame does.
func (b *Builder) Tick(ts record.Time) { b.advance(ts) }

// mark sets a flag of a host that sent frames in this minute. Where frames are looked at elsewhere the host is not known here:
// it is kept as a mark, without a time, and Join drops the mark of a host that sent nothing.
func (b *Builder) mark(a decode.Addr, at place, flag record.HostFlags) {
	if h := b.hosts.find(a); h != nil {
		h.flags |= flag
		return
	}
	if !b.events {
		return
	}
	if h, fresh := b.hosts.at(a); h != nil && fresh {
		*h = host{at: at, hops: record.NoHops, flags: flag}
	}
}

// Join puts the minutes of the two halves together: of events, which are complete, each with that of frames of the same time.
// It gives the joined sights and what is left of frames.
func Join(frames, events []record.Sight) (joined, rest []record.Sight) {
	for len(events) > 0 {
		n := minuteLen(events)
		m := 0
		if len(frames) > 0 && frames[0].Span.From <= events[0].Span.From {
			m = minuteLen(frames)
		}
		if m > 0 && frames[0].Span.From < events[0].Span.From {
			joined, frames = append(joined, frames[:m]...), frames[m:]
			continue
		}
		joined = joinMinute(joined, frames[:m], events[:n])
		frames, events = frames[m:], events[n:]
	}
	return joined, frames
}

// minuteLen is how many of the first sights are of one minute: that of the feed as a whole, then those of its segments.
func minuteLen(s []record.Sight) int {
	n := 1
	for n < len(s) && s[n].Segment != record.Nowhere {
		n++
	}
	return n
}

func joinMinute(out, frames, events []record.Sight) []record.Sight {
	for i := range frames {
		f := &frames[i]
		for k := range events {
			if e := &events[k]; e.Segment == f.Segment {
				setMarks(f, e)
				f.Merge(e)
				f.Minutes = 1
			}
		}
		out = append(out, *f)
	}
	for k := range events {
		e := &events[k]
		if slices.ContainsFunc(frames, func(f record.Sight) bool { return f.Segment == e.Segment }) {
			continue
		}
		setMarks(&record.Sight{}, e)
		if e.Segment == record.Nowhere || len(e.Hosts) > 0 || e.Counts != (record.Counts{}) {
			out = append(out, *e)
		}
	}
	return out
}

// setMarks moves the marks of e to the hosts of f, and drops those of hosts that f does not know.
func setMarks(f, e *record.Sight) {
	i := 0
	e.Hosts = slices.DeleteFunc(e.Hosts, func(h record.HostSeen) bool {
		if h.First != 0 {
			return false
		}
		for i < len(f.Hosts) && f.Hosts[i].Addr.Less(h.Addr) {
			i++
		}
		if i < len(f.Hosts) && f.Hosts[i].Addr == h.Addr {
			f.Hosts[i].Flags |= h.Flags
		}
		return true
	})
}
