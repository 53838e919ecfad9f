package sight

import (
	"net/netip"

	"candor/internal/decode"
	"candor/internal/record"
)

// place is a segment's index in the scope, or one of the negative values for addresses outside every segment.
type place int16

const (
	atInternet place = -1 - iota
	atOwnPublic
	atPrivate
	atLink
)

// places tells where addresses belong. Looking through the scope's networks is slow, so the last answers are kept in a
// direct-mapped cache, whose size bounds it.
type places struct {
	hash  secret
	scope record.Scope
	index map[record.SegmentID]place
	cache [placeCache]struct {
		addr  decode.Addr
		place place
		known bool
	}
}

const placeCache = 8192

func newPlaces(scope record.Scope, hash secret) *places {
	p := &places{hash: hash, scope: scope, index: map[record.SegmentID]place{
		record.Internet: atInternet, record.OwnPublic: atOwnPublic, record.Private: atPrivate, record.LinkLocal: atLink,
	}}
	for i := range scope.Segments {
		p.index[scope.Segments[i].ID] = place(i)
	}
	return p
}

func (p *places) of(a decode.Addr) place { return p.hashed(a, p.hash.addr(a)) }

// hashed is of for a caller who knows the address's hash.
func (p *places) hashed(a decode.Addr, hash uint64) place {
	slot := &p.cache[hash%placeCache]
	if slot.known && slot.addr == a {
		return slot.place
	}
	slot.addr, slot.known = a, true
	slot.place = p.index[p.scope.Locate(a.Netip())]
	return slot.place
}

// name is the id of a place as records carry it.
func (p *places) name(at place) record.SegmentID {
	switch at {
	case atInternet:
		return record.Internet
	case atOwnPublic:
		return record.OwnPublic
	case atPrivate:
		return record.Private
	case atLink:
		return record.LinkLocal
	}
	return p.scope.Segments[at].ID
}

// group names the peer group of an address: its segment, else its /24 or /48 (DESIGN.md 4, feed.asymmetric).
func (p *places) group(a decode.Addr) string {
	if at := p.of(a); at >= 0 {
		return string(p.scope.Segments[at].ID)
	}
	ip := a.Netip()
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(ip, bits).Masked().String()
}
