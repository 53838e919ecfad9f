package record

import "net/netip"

// Names of parties and places. They are types so that signatures say which one is meant.
type (
	// Tenant is a customer.
	Tenant string
	// Sensor is the id of a sensor in the agreement.
	Sensor string
	// Feed is a stream of one witness, named by the agreement's data id; empty when no agreement names it.
	Feed string
	// Host is a machine's id from lease, neighbour, VPN or translation evidence.
	Host string
	// SegmentID is the agreement's id of a network part.
	SegmentID string
)

// Segment ids that no agreement can use, for addresses outside every promised segment.
const (
	Nowhere   SegmentID = ""           // no promised segment: the feed as a whole
	Internet  SegmentID = "(internet)" // a routable address that is nobody's here
	OwnPublic SegmentID = "(public)"   // one of the customer's addresses after translation
	Private   SegmentID = "(private)"  // a private address that no segment names
	LinkLocal SegmentID = "(link)"     // link-local, multicast, broadcast, unspecified
)

// SegmentKind says which passive signs are expected of a segment.
type SegmentKind string

// The kinds of DESIGN.md and agreement-example.yaml.
const (
	Clients SegmentKind = "clients"
	Servers SegmentKind = "servers"
	Special SegmentKind = "special"
)

// ScopeSegment is one network part that the agreement names.
type ScopeSegment struct {
	ID       SegmentID
	Kind     SegmentKind
	Networks []netip.Prefix
	VLANs    []uint16
	Excluded bool // named so that its traffic is known, but nobody promised to watch it
}

// Scope is what an agreement tells a sensor to expect: how to tell inside from outside.
type Scope struct {
	Agreement   string // agreement id, empty when there is none
	Revision    int
	Sensor      Sensor
	Packets     Feed // the data id that packets of this sensor belong to
	Segments    []ScopeSegment
	OwnPublic   []netip.Prefix
	PublicHosts []netip.Addr
	Resolvers   []netip.Addr
	Assumed     bool // true without an agreement: private addresses count as inside
}

// InsideAssumed is the one segment of an assumed scope.
const InsideAssumed SegmentID = "inside"

// AssumedScope is the scope used without an agreement: RFC 1918, RFC 6598 and RFC 4193 addresses are inside.
func AssumedScope() Scope {
	nets := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("fc00::/7"),
	}
	return Scope{Segments: []ScopeSegment{{ID: InsideAssumed, Kind: Special, Networks: nets}}, Assumed: true}
}

// Locate names the place of an address: the segment with the longest matching network, else one of the reserved ids.
func (s *Scope) Locate(a netip.Addr) SegmentID {
	a = a.Unmap().WithZone("")
	best, bits := Nowhere, -1
	for i := range s.Segments {
		for _, n := range s.Segments[i].Networks {
			if n.Bits() > bits && n.Contains(a) {
				best, bits = s.Segments[i].ID, n.Bits()
			}
		}
	}
	if bits >= 0 && !a.IsMulticast() {
		return best
	}
	return s.elsewhere(a)
}

func (s *Scope) elsewhere(a netip.Addr) SegmentID {
	for _, n := range s.OwnPublic {
		if n.Contains(a) {
			return OwnPublic
		}
	}
	for _, h := range s.PublicHosts {
		if h == a {
			return OwnPublic
		}
	}
	broadcast4 := a.Is4() && a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
	switch {
	case a.IsMulticast(), a.IsLinkLocalUnicast(), a.IsUnspecified(), a.IsLoopback(), broadcast4:
		return LinkLocal
	case a.IsPrivate(), sharedSpace.Contains(a):
		return Private
	}
	return Internet
}

// sharedSpace is RFC 6598, carrier-grade translation.
var sharedSpace = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)

// Segment finds a segment by id; nil when the scope does not name it.
func (s *Scope) Segment(id SegmentID) *ScopeSegment {
	for i := range s.Segments {
		if s.Segments[i].ID == id {
			return &s.Segments[i]
		}
	}
	return nil
}

// IsResolver reports whether the agreement names the address as a resolver.
func (s *Scope) IsResolver(a netip.Addr) bool {
	for _, r := range s.Resolvers {
		if r == a {
			return true
		}
	}
	return false
}
