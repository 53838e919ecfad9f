package coverage

import (
	"fmt"

	"candor/internal/record"
	"candor/internal/verdict"
)

// ipv6Rule recognises a segment whose computers speak IPv6 while the sensor sees none of it.
func ipv6Rule() Rule {
	return Rule{Code: verdict.FeedIPv6Missing, Needs: record.CarriesVolume, Subjects: coveredSegments, Least: leastIPv6, Weigh: weighIPv6}
}

const (
	ipv6LeastPackets = 200
	ipv6Yes          = 0.001 // DESIGN.md 4
	ipv6No           = 0.01
)

// ipv6Use is a segment's packets by family, and the signs that it speaks IPv6 at all. Without a promised IPv6 network only
// routers that advertise one which no segment names can say so, and only for the feed as a whole; those of named networks
// say nothing of the segments beside them.
func (e *Evidence) ipv6Use(id record.SegmentID) (v4, v6, signs float64) {
	v4 = e.seg(id, record.Packets4)
	if !e.Terms.hasIPv6(id) {
		return v4, e.n(record.Packets6), e.n(record.StrangeAdverts)
	}
	return v4, e.seg(id, record.Packets6), e.seg(id, record.RouterAdverts) + e.seg(id, record.Neighbour) + e.seg(id, record.AAAA)
}

func leastIPv6(e *Evidence, subject string) Least {
	v4, v6, signs := e.ipv6Use(record.SegmentID(subject))
	if id := record.SegmentID(subject); !e.Terms.hasIPv6(id) && signs == 0 {
		return least("the agreement names no IPv6 network of this segment, and no router advertises one that it does not name", 0, 1)
	}
	if v4+v6 >= ipv6LeastPackets && signs+v6 == 0 {
		return least("no router advertisement, neighbour discovery or AAAA lookup in sight: whether IPv6 is spoken here cannot be told", 0, 1)
	}
	return least(fmt.Sprintf("%s of %d packets of the segment seen", count(v4+v6), ipv6LeastPackets), v4+v6, ipv6LeastPackets)
}

func weighIPv6(e *Evidence, subject string) Ruling {
	id := record.SegmentID(subject)
	v4, v6, signs := e.ipv6Use(id)
	s := share(v6, v4+v6)
	sign := verdict.Sign{Sign: "IPv6 packets among those of the segment", Value: fmt.Sprintf("%s of %s", count(v6), count(v4+v6))}
	switch {
	case s >= ipv6No && e.Terms.hasIPv6(id):
		r := measured(verdict.No, sign)
		r.Words = "IPv6 is in sight."
		return r
	case s < ipv6Yes && signs > 0:
		r := measured(verdict.Yes, sign)
		r.Words = "Computers here speak IPv6, and the sensor sees none of it."
		r.Do = "Mirror IPv6 as well: check the filter of the mirror session and of the capture."
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Needs = "more traffic: under 0.1 % says yes, over 1 % of a promised IPv6 network says no"
	return r
}
