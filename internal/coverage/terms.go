package coverage

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"candor/internal/agreement"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Terms is what evidence is held against: the agreement as it concerns one sensor. Without an agreement private addresses
// count as inside and nothing is promised.
type Terms struct {
	Agreement *agreement.Agreement // nil without one
	Sensor    record.Sensor
	Scope     record.Scope

	own        *agreement.Sensor // nil without an agreement
	covers     []record.SegmentID
	kinds      []dataTerms
	silent     []silentTerms
	directions []string
	critical   map[netip.Addr]bool
}

// NewTerms takes from an agreement what concerns a sensor; a nil agreement gives the assumed terms.
func NewTerms(a *agreement.Agreement, sensor record.Sensor) (*Terms, error) {
	if a == nil {
		return &Terms{Sensor: sensor, Scope: record.AssumedScope()}, nil
	}
	scope, err := a.Scope(sensor)
	if err != nil {
		return nil, fmt.Errorf("scope of sensor %q: %w", sensor, err)
	}
	own, err := a.Sensor(scope.Sensor)
	if err != nil {
		return nil, fmt.Errorf("sensor %q: %w", sensor, err)
	}
	t := &Terms{Agreement: a, Sensor: scope.Sensor, Scope: scope, own: own, covers: own.Covers, critical: map[netip.Addr]bool{}}
	for _, d := range a.Watched.Directions {
		t.directions = append(t.directions, string(d))
	}
	for i := range a.Watched.Critical {
		t.critical[a.Watched.Critical[i].Address.Unmap()] = true
	}
	t.kinds, t.silent = kindsOf(a), silentOf(a)
	return t, nil
}

// Accepts reports whether the agreement says of the sensor that something is so on purpose.
func (t *Terms) Accepts(word string) bool {
	return word != "" && t.own != nil && slices.Contains(t.own.Vantage.Accepts, agreement.Accept(word))
}

// Covered lists the segments that the sensor is to watch.
func (t *Terms) Covered() []record.SegmentID { return t.covers }

func (t *Terms) covered(id record.SegmentID) bool { return slices.Contains(t.covers, id) }

// Work is how much of a span is working time under the agreement's calendar.
func (t *Terms) Work(s record.Span) time.Duration {
	if t.Agreement == nil || s.Zero() {
		return 0
	}
	return t.Agreement.WorkTime(s)
}

// workdays is how many workdays of working hours a span holds.
func (t *Terms) workdays(s record.Span) float64 {
	if t.Agreement == nil || s.Zero() {
		return 0
	}
	return t.Agreement.WorkdayShare(s)
}

// segment is the agreement's own words on a segment; nil when there are none.
func (t *Terms) segment(id record.SegmentID) *agreement.Segment {
	if t.Agreement == nil {
		return nil
	}
	for i := range t.Agreement.Watched.Segments {
		if s := &t.Agreement.Watched.Segments[i]; s.ID == id {
			return s
		}
	}
	return nil
}

// hostsDue is how many hosts of a segment should show on a workday.
func (t *Terms) hostsDue(id record.SegmentID) float64 {
	s := t.segment(id)
	if s == nil {
		return 0
	}
	active := s.Expected.Active()
	if s.Kind == record.Servers && s.Expected.MinSeen24h != nil { // servers do not go home
		active = max(active, *s.Expected.MinSeen24h)
	}
	return float64(s.Expected.Hosts) * float64(active)
}

func (t *Terms) hasPublic() bool { return len(t.Scope.OwnPublic)+len(t.Scope.PublicHosts) > 0 }

// translates4 reports whether the inside has IPv4 addresses and other, public ones stand for them outside.
func (t *Terms) translates4() bool {
	return slices.ContainsFunc(t.Scope.OwnPublic, func(p netPrefix) bool { return p.Addr().Unmap().Is4() })
}

func (t *Terms) hasIPv6(id record.SegmentID) bool {
	s := t.Scope.Segment(id)
	return s != nil && slices.ContainsFunc(s.Networks, func(p netPrefix) bool { return !p.Addr().Unmap().Is4() })
}

// promised counts the hosts promised in all segments that the sensor covers.
func (t *Terms) promised() int {
	n := 0
	for _, id := range t.covers {
		n += t.hostsPromised(id)
	}
	return n
}

func (t *Terms) hostsPromised(id record.SegmentID) int {
	if s := t.segment(id); s != nil {
		return s.Expected.Hosts
	}
	return 0
}

func (t *Terms) promisedHosts() string {
	if n := t.promised(); n > 0 {
		return hostsWord(n)
	}
	return "computers"
}

// The two ends of a direction, and the Internet.
const (
	placeClient   = "client"
	placeServer   = "server"
	placeSpecial  = "special"
	placeInternet = "internet"
)

func directionEnds(direction string) (from, to string) {
	from, to, _ = strings.Cut(direction, "-")
	return from, to
}

func (t *Terms) directionWords(direction string) string {
	names := map[string]string{placeClient: "clients", placeServer: "servers", placeSpecial: "special hosts", placeInternet: "the Internet"}
	from, to := directionEnds(direction)
	return names[from] + " to " + names[to]
}

// placeKind is what a place is in a direction: client, server, internet or nothing.
func (t *Terms) placeKind(id record.SegmentID) string {
	if id == record.Internet {
		return placeInternet
	}
	s := t.Scope.Segment(id)
	if s == nil {
		return ""
	}
	switch s.Kind {
	case record.Clients:
		return placeClient
	case record.Servers:
		return placeServer
	case record.Special:
		return placeSpecial
	}
	return ""
}

// Subjects of the rules.

func coveredSegments(t *Terms, _ *Evidence) []string {
	out := make([]string, 0, len(t.covers))
	for _, id := range t.covers {
		out = append(out, string(id))
	}
	return out
}

func promisedSegments(t *Terms, _ *Evidence) []string {
	out := []string{}
	for _, id := range t.covers {
		if s := t.segment(id); s != nil && s.Expected.Hosts > 0 {
			out = append(out, string(id))
		}
	}
	return out
}

// neededDirections lists the promised directions, and those that a required question needs; only such as a covered segment is
// an end of.
func neededDirections(t *Terms, _ *Evidence) []string {
	all := slices.Clone(t.directions)
	if t.Agreement != nil && slices.Contains(t.Agreement.Detections.Required, verdict.LateralMovement) {
		for _, d := range []string{"client-server", "server-server"} {
			if from, to := directionEnds(d); !slices.Contains(all, d) && t.coversKind(from) && t.coversKind(to) {
				all = append(all, d)
			}
		}
	}
	out := []string{}
	for _, d := range all {
		if from, to := directionEnds(d); t.coversKind(from) || t.coversKind(to) {
			out = append(out, d)
		}
	}
	return out
}

// coversKind reports whether the sensor covers a segment of a kind.
func (t *Terms) coversKind(kind string) bool {
	return slices.ContainsFunc(t.covers, func(id record.SegmentID) bool { return t.placeKind(id) == kind })
}

func promisedKinds(t *Terms, _ *Evidence) []string {
	out := []string{}
	for i := range t.kinds {
		out = append(out, t.kinds[i].id)
	}
	return out
}

// KindOf is the kind of a promised data id: dns, dhcp, log, ...; empty when nobody promised it.
func (t *Terms) KindOf(id string) string {
	if d := t.data(id); d != nil {
		return string(d.kind)
	}
	return ""
}
