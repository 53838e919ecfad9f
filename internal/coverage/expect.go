package coverage

import (
	"net/netip"
	"slices"

	"candor/internal/agreement"
	"candor/internal/record"
)

type netPrefix = netip.Prefix

// dataTerms is one promised kind of data as the silence test needs it.
type dataTerms struct {
	id         string
	promised   *agreement.Data
	kind       record.Kind
	eventWords string // "lookups"
	oneOf      string // "a DNS query"
	advice     string
}

// kindsOf lists the promised data with an expected rate that a packet or log source can show.
func kindsOf(a *agreement.Agreement) []dataTerms {
	return slices.DeleteFunc(kindsPromised(a), func(d dataTerms) bool { return d.promised.Expect == nil && d.kind != record.KindLog })
}

// kindsPromised lists the promised data that a packet or log source can show, with a rate or without.
func kindsPromised(a *agreement.Agreement) []dataTerms {
	var out []dataTerms
	for i := range a.Data {
		d := &a.Data[i]
		t := dataTerms{id: string(d.ID), promised: d}
		switch d.Kind {
		case agreement.DataDNS:
			t.kind, t.eventWords, t.oneOf = record.KindDNS, "lookups of the segment's own hosts", "a DNS query of a promised host"
			t.advice = "Copy the traffic between the computers and their resolver to the sensor, or forward the resolver's log."
		case agreement.DataDHCP:
			t.kind, t.eventWords, t.oneOf = record.KindDHCP, "leases", "a DHCP lease"
			t.advice = "Copy the traffic of the DHCP server to the sensor, or forward its log."
		case agreement.DataHTTP:
			t.kind, t.eventWords, t.oneOf = record.KindHTTP, "requests", "a web request of a promised host"
		case agreement.DataTLS:
			t.kind, t.eventWords, t.oneOf = record.KindTLS, "handshakes", "a TLS handshake of a promised host"
		case agreement.DataConn:
			t.kind, t.eventWords, t.oneOf = record.KindConn, "connections", "a connection of a promised host"
		case agreement.DataLog, agreement.DataAlert:
			t.kind = record.KindLog
		case agreement.DataPackets, agreement.DataQuality:
			continue
		}
		out = append(out, t)
	}
	return out
}

func (t *Terms) data(id string) *dataTerms {
	for i := range t.kinds {
		if t.kinds[i].id == id {
			return &t.kinds[i]
		}
	}
	return nil
}

// expected is E of DESIGN.md 4, so that blindness cannot lower the expectation. Hosts count as active by the minutes in
// which they sent unicast; for rates per host and day, by having been seen.
func (t *Terms) expected(d *dataTerms, e *Evidence) agreement.Expectation {
	var active float64
	for _, id := range t.countedSegments(d) {
		if d.promised.Expect.Per == agreement.PerHostDay {
			active += float64(e.CountOf(id).Least)
		} else {
			active += e.clientHours(id)
		}
	}
	if hours := e.observed().Hours(); d.promised.Expect.Per != agreement.PerHostDay && hours > 0 {
		active /= hours
	}
	return t.Agreement.Expect(t.clientsOnly(d), t.Sensor, e.Seen, active)
}

// clientsOnly is the promise restricted to segments of clients: an active client hour is a client's.
func (t *Terms) clientsOnly(d *dataTerms) *agreement.Data {
	out := *d.promised
	out.Segments = t.countedSegments(d)
	return &out
}

// countedSegments are the segments whose hosts the rate counts: of an active client hour the client segments, when there
// are any.
func (t *Terms) countedSegments(d *dataTerms) []record.SegmentID {
	var out []record.SegmentID
	for _, id := range d.promised.Segments {
		if s := t.Scope.Segment(id); s != nil && s.Kind == record.Clients && t.covered(id) {
			out = append(out, id)
		}
	}
	if out == nil || d.promised.Expect.Per != agreement.PerClientHour {
		return d.promised.Segments
	}
	return out
}

// clientHours adds up the minutes in which machines of a segment sent unicast.
func (e *Evidence) clientHours(id record.SegmentID) float64 {
	var minutes float64
	for i := range e.Machines() {
		if m := &e.Machines()[i]; m.Segment == id {
			minutes += float64(m.Minutes)
		}
	}
	return minutes / 60
}
