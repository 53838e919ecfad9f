package detect

import (
	"encoding/binary"
	"net/netip"

	"candor/internal/intel"
	"candor/internal/record"
)

// Net is what all detectors know of the network they look at.
type Net struct {
	scope     *record.Scope
	places    [4096]placed // by a hash of the address
	domains   intel.DomainCache
	intern    map[string]string
	longNames int // bytes of long names that were kept
	named     named
	busiest   busiest
}

// busiest is the address that takes part in most connections between two addresses outside: without an agreement a capture of
// a machine with a public address shows nothing else.
type busiest struct {
	addr    netip.Addr
	lead    int
	of, all int
}

// maxRemembered bounds the cache of names; a full one starts anew, which costs time and changes nothing.
const maxRemembered = 1 << 16

// maxText bounds what is kept of a text: names are no longer than 255, and what a program calls itself differs early.
const maxText = 256

// maxLongNames bounds the bytes of long names that keys keep; ordinary names are short.
const maxLongNames = 16 << 20

// longName counts a name that is to be kept, and reports whether it may.
func (n *Net) longName(name string) bool {
	if len(name) <= 64 {
		return true
	}
	n.longNames += len(name)
	return n.longNames <= maxLongNames
}

func newNet(scope *record.Scope) *Net {
	return &Net{scope: scope, intern: map[string]string{}}
}

// placed remembers where an address is.
type placed struct {
	addr netip.Addr
	at   Place
}

// Place says where an address is.
func (n *Net) Place(a netip.Addr) Place {
	raw := a.As16()
	h := binary.LittleEndian.Uint64(raw[8:])*0x9e3779b97f4a7c15 ^ binary.LittleEndian.Uint64(raw[:8])
	p := &n.places[(h>>40^h)%uint64(len(n.places))]
	if p.addr != a {
		*p = placed{a, n.locate(a)}
	}
	return p.at
}

func (n *Net) locate(a netip.Addr) Place {
	switch n.scope.Locate(a) {
	case record.Internet, record.Nowhere:
		return Outside
	case record.OwnPublic:
		return OwnPublic
	case record.LinkLocal:
		return Link
	}
	return Inside // a promised segment, or a private address that no segment names
}

// transit counts a connection between two addresses outside (a majority vote over their ends).
func (n *Net) transit(a, b netip.Addr) {
	v := &n.busiest
	v.all++
	switch {
	case a == v.addr || b == v.addr:
		v.lead++
		v.of++
	case v.lead > 0:
		v.lead--
	default:
		v.addr, v.lead, v.of = a, 1, 1
	}
}

// home reports whether an address is plainly the one that the sensor stands at, although no agreement says so.
func (n *Net) home(a netip.Addr) bool {
	v := &n.busiest
	return n.scope.Assumed && v.all >= 20 && a == v.addr && 2*v.of > v.all
}

// Segment is the promised segment of an address, else one of record's reserved ids.
func (n *Net) Segment(a netip.Addr) record.SegmentID { return n.scope.Locate(a) }

// IsResolver reports whether the agreement names the address as a resolver.
func (n *Net) IsResolver(a netip.Addr) bool { return n.scope.IsResolver(a) }

// Domain is the registered domain of a name; empty for addresses and for what is no name. It may be kept.
func (n *Net) Domain(name string) string { return n.domains.RegisteredDomain(name) }

// Intern gives one copy of a text that may be kept. Texts that come rarely are cloned anew each time the cache was full.
func (n *Net) Intern(s string) string {
	if s == "" {
		return ""
	}
	s = s[:min(len(s), maxText)]
	if known, ok := n.intern[s]; ok {
		return known
	}
	if len(n.intern) >= maxRemembered {
		clear(n.intern)
	}
	s = string(append([]byte(nil), s...))
	n.intern[s] = s
	return s
}
