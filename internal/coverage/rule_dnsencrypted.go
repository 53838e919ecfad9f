package coverage

import (
	"fmt"

	"candor/internal/record"
	"candor/internal/verdict"
)

// encryptedLookupRule recognises lookups that go encrypted past the sensor: over TLS, HTTPS or QUIC.
func encryptedLookupRule() Rule {
	return Rule{Code: verdict.DNSEncrypted, Needs: record.CarriesConns, Subjects: coveredSegments, Least: leastEncrypted, Weigh: weighEncrypted}
}

const encryptedLeastConns = 50

func leastEncrypted(e *Evidence, subject string) Least {
	n := e.seg(record.SegmentID(subject), record.Conns)
	return least(fmt.Sprintf("%s of %d connections of the segment seen", count(n), encryptedLeastConns), n, encryptedLeastConns)
}

func weighEncrypted(e *Evidence, subject string) Ruling {
	n := e.seg(record.SegmentID(subject), record.DNSEncrypted)
	sign := verdict.Sign{Sign: "connections to resolvers that answer encrypted (DoT, DoQ, known DoH)", Value: count(n)}
	switch {
	case n > 0:
		r := measured(verdict.Yes, sign)
		r.Words = "Some lookups go encrypted to a resolver elsewhere: what they ask cannot be seen here."
		r.Do = "Point the hosts to the resolver of the agreement, or accept that their lookups are dark."
		return r
	case !e.mostSpeak(record.SegmentID(subject)):
		r := measured(verdict.CannotSay, sign)
		r.Needs = "what the hosts themselves send: most are seen only by what others send them"
		return r
	case e.n(record.Truncated) > truncatedYes*e.n(record.Frames):
		r := measured(verdict.CannotSay, sign)
		r.Needs = "whole frames: names are cut"
		return r
	}
	r := measured(verdict.No, sign)
	r.Words = "No encrypted lookup was recognised. A resolver that nobody knows, over HTTPS, would not be."
	return r
}

// mostSpeak reports whether at least half of the known machines of a segment sent unicast here themselves.
func (e *Evidence) mostSpeak(id record.SegmentID) bool {
	known, speaking := 0, 0
	for i := range e.Machines() {
		if m := &e.Machines()[i]; m.Segment == id {
			known++
			if m.Spoke {
				speaking++
			}
		}
	}
	return 2*speaking >= known
}
