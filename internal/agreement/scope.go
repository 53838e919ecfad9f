package agreement

import (
	"errors"
	"fmt"

	"candor/internal/record"
)

// Errors of choosing a sensor.
var (
	// ErrWhichSensor means that an agreement has several sensors and none was named.
	ErrWhichSensor = errors.New("which sensor made this observation?")
	// ErrNoSensor means that the agreement names no such sensor.
	ErrNoSensor = errors.New("the agreement has no such sensor")
)

// SensorIDs lists the sensors in the order of the agreement.
func (a *Agreement) SensorIDs() []record.Sensor {
	return idsOf(a.Sensors, func(s *Sensor) record.Sensor { return s.ID })
}

// Sensor finds a sensor by id. An empty id means the only one. The error wraps ErrWhichSensor or ErrNoSensor and names
// those there are.
func (a *Agreement) Sensor(id record.Sensor) (*Sensor, error) {
	if id == "" && len(a.Sensors) == 1 {
		return &a.Sensors[0], nil
	}
	if id == "" {
		return nil, fmt.Errorf("agreement %s: %w Name one with --sensor: %s", a.Metadata.ID, ErrWhichSensor, joinWords(a.SensorIDs()))
	}
	if s := a.sensor(id); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("agreement %s: %w: %s. Name one of: %s", a.Metadata.ID, ErrNoSensor, quoted(string(id)), joinWords(a.SensorIDs()))
}

// Scope is what the agreement tells a sensor to expect. An empty id means the only sensor; errors are those of Sensor.
func (a *Agreement) Scope(id record.Sensor) (record.Scope, error) {
	s, err := a.Sensor(id)
	if err != nil {
		return record.Scope{}, err
	}
	scope := a.scope()
	scope.Sensor = s.ID
	for i := range a.Data {
		if d := &a.Data[i]; d.Kind == DataPackets && sharesAny(d.Segments, s.Covers) {
			scope.Packets = d.ID
			break
		}
	}
	return scope, nil
}

func sharesAny[T comparable](a, b []T) bool {
	for _, x := range a {
		if contains(b, x) {
			return true
		}
	}
	return false
}

// scope is the part of a Scope that is the same for every sensor. It owns its lists.
func (a *Agreement) scope() record.Scope {
	out := record.Scope{
		Agreement: a.Metadata.ID, Revision: a.Metadata.Revision,
		OwnPublic:   append(a.Watched.OwnPublic[:0:0], a.Watched.OwnPublic...),
		PublicHosts: append(a.Watched.PublicHosts[:0:0], a.Watched.PublicHosts...),
		Resolvers:   append(a.Watched.Resolvers[:0:0], a.Watched.Resolvers...),
	}
	for i := range a.Watched.Segments {
		s := &a.Watched.Segments[i]
		out.Segments = append(out.Segments, record.ScopeSegment{
			ID: s.ID, Kind: s.Kind, Networks: append(s.Networks[:0:0], s.Networks...),
			VLANs: append(s.VLANs[:0:0], s.VLANs...), Excluded: s.Excluded,
		})
	}
	return out
}

// Kinds are the kinds of segments that a pair speaks of; one for traffic with the Internet or within a kind.
func (p Pair) Kinds() []record.SegmentKind {
	switch p {
	case ClientInternet, ClientClient:
		return []record.SegmentKind{record.Clients}
	case ServerInternet, ServerServer:
		return []record.SegmentKind{record.Servers}
	case SpecialInternet:
		return []record.SegmentKind{record.Special}
	case ClientServer:
		return []record.SegmentKind{record.Clients, record.Servers}
	}
	return nil
}

// Internet reports whether the pair's far side is the Internet.
func (p Pair) Internet() bool {
	return p == ClientInternet || p == ServerInternet || p == SpecialInternet
}
