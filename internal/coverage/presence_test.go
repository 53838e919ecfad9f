package coverage

import (
	"net/netip"
	"testing"
	"time"

	"candor/internal/record"
)

func TestLongestUnseen(t *testing.T) {
	db := netip.MustParseAddr("10.2.0.31")
	start := at(23, 9, 0)
	span := func(from, to int) record.Span { // minutes after nine
		return record.Span{From: start + record.Time(from)*record.Minute, To: start + record.Time(to)*record.Minute}
	}
	tests := []struct {
		name string
		span record.Span
		seen []int // minutes after nine
		none []int // quarters in which nothing at all was seen
		want time.Duration
		ever bool
	}{
		{"never", span(0, 60), nil, nil, 60 * time.Minute, false},
		{"never, an empty span", span(0, 0), nil, nil, 0, false},
		{"in the first minute only", span(0, 60), []int{0}, nil, 59 * time.Minute, true},
		{"in the last minute only", span(0, 60), []int{59}, nil, 59 * time.Minute, true},
		{"in every minute", span(0, 5), []int{0, 1, 2, 3, 4}, nil, 0, true},
		{"a gap within a quarter", span(0, 15), []int{0, 10, 14}, nil, 9 * time.Minute, true},
		{"a gap across quarters", span(0, 60), []int{0, 14, 45, 59}, nil, 30 * time.Minute, true},
		{"a gap across a quarter in which nothing was seen", span(0, 60), []int{0, 14, 45, 59}, []int{1, 2}, 30 * time.Minute, true},
		{"nothing was seen in any quarter", span(0, 60), nil, []int{0, 1, 2, 3}, 60 * time.Minute, false},
		{"the span begins within a quarter", span(7, 37), []int{10}, nil, 26 * time.Minute, true},
		{"the span ends within a minute", record.Span{From: start, To: start + record.Time(90*time.Second)}, []int{0}, nil, 30 * time.Second, true},
		{"seen in the minute in which the span begins", record.Span{From: start + 30*record.Minute/60, To: start + 10*record.Minute}, []int{0}, nil, 9 * time.Minute, true},
		{"the longest of several", span(0, 120), []int{5, 50, 110}, nil, 59 * time.Minute, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ever := longestUnseen(presenceOf(t, tt.span, start, tt.seen, tt.none), tt.span, db)
			if got != tt.want || ever != tt.ever {
				t.Errorf("%v, ever %v; want %v, %v", got, ever, tt.want, tt.ever)
			}
		})
	}
}

// presenceOf is presence of the database server by the quarter hours of a span; seen are minutes after a start.
func presenceOf(t testing.TB, span record.Span, start record.Time, seen, none []int) []*Presence {
	on := terms(t, office)
	var out []*Presence
	for q := span.From.Floor(record.Quarter); q <= span.To; q += record.Quarter {
		out = append(out, NewPresence())
	}
	for _, m := range seen {
		at := start + record.Time(m)*record.Minute
		s := record.Sight{
			Span: record.Span{From: at, To: at + record.Minute}, Segment: "servers",
			Hosts: []record.HostSeen{ownFrames("10.2.0.31", record.MAC{2})},
		}
		out[(at.Floor(record.Quarter)-span.From.Floor(record.Quarter))/record.Quarter].Add(on, &s)
	}
	for _, q := range none {
		out[q] = nil
	}
	return out
}

func TestPresenceCountsOwnPacketsOnly(t *testing.T) {
	on := terms(t, office)
	db := netip.MustParseAddr("10.2.0.31")
	tests := []struct {
		name    string
		terms   *Terms
		segment record.SegmentID
		host    record.HostSeen
		want    bool
	}{
		{"its own frame", on, "servers", ownFrames("10.2.0.31", record.MAC{2}), true},
		{"a packet of its own behind a router", on, "servers", passing("10.2.0.31", 2), true},
		{"only as somebody's peer", on, "servers", passing("10.2.0.31", record.NoHops), false},
		{"only leased", on, "servers", record.HostSeen{Addr: db, Flags: record.SeenLeased, Hops: record.NoHops}, false},
		{"another host", on, "servers", ownFrames("10.2.0.32", record.MAC{2}), false},
		{"the feed as a whole", on, record.Nowhere, ownFrames("10.2.0.31", record.MAC{2}), false},
		{"without an agreement", assumed(t), record.InsideAssumed, ownFrames("10.2.0.31", record.MAC{2}), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := NewPresence()
			p.Add(tt.terms, &record.Sight{Span: monday(time.Minute), Segment: tt.segment, Hosts: []record.HostSeen{tt.host}})
			if _, ever := longestUnseen([]*Presence{p}, monday(time.Minute), db); ever != tt.want {
				t.Errorf("seen: %v, want %v", ever, tt.want)
			}
		})
	}
}
