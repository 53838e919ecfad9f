package sight

import (
	"encoding/binary"
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

// places tells where addresses belong. Looking through the scope's networks is slow: IPv4 addresses are looked up in ranges, and
// the last answers for IPv6 are kept in a direct-mapped cache, whose size bounds it.
type places struct {
	hash  secret
	scope record.Scope
	index map[record.SegmentID]place
	four  ranges
	six   [placeCache]struct {
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
	p.four = newRanges(&p.scope, p.locate)
	return p
}

func (p *places) of(a decode.Addr) place {
	if a.Is4() {
		return p.four.of(binary.BigEndian.Uint32(a[12:]))
	}
	slot := &p.six[p.hash.addr(a)%placeCache]
	if !slot.known || slot.addr != a {
		slot.addr, slot.place, slot.known = a, p.locate(a.Netip()), true
	}
	return slot.place
}

func (p *places) locate(a netip.Addr) place { return p.index[p.scope.Locate(a)] }

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

// group is the peer group of an address as a number: its segment, else its /24 or /48 (DESIGN.md 4, feed.asymmetric). It gets
// its name when the minute closes.
type group uint64

// What a group's number means, in its upper bits.
const (
	groupSegment group = iota << 48
	group4
	group6
)

// groupOf gives the group of an address at a place.
func groupOf(a decode.Addr, at place) group {
	switch {
	case at >= 0:
		return groupSegment | group(at)
	case a.Is4():
		return group4 | group(binary.BigEndian.Uint32(a[12:])>>8)
	}
	return group6 | group(binary.BigEndian.Uint64(a[:])>>16)
}

// group names a group.
func (p *places) group(g group) string {
	var raw [16]byte
	switch g &^ (1<<48 - 1) {
	case groupSegment:
		return string(p.scope.Segments[g].ID)
	case group4:
		binary.BigEndian.PutUint32(raw[:], uint32(g)<<8)
		return netip.PrefixFrom(netip.AddrFrom4([4]byte(raw[:])), 24).String()
	}
	binary.BigEndian.PutUint64(raw[:], uint64(g)<<16)
	return netip.PrefixFrom(netip.AddrFrom16(raw), 48).String()
}
