package intel

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
)

// nets finds the networks that contain an address: sorted by where they begin, each knowing the next larger one around it.
type nets struct {
	list []oneNet
}

type oneNet struct {
	hi, lo uint64 // where it begins, IPv4 in the upper half of hi
	ref    uint64
	around int32 // the network around this one, or an equal one before it; -1 none
	bits   uint8
}

// bitsOf writes an address as numbers.
func bitsOf(a netip.Addr) (hi, lo uint64) {
	if a.Is4() {
		b := a.As4()
		return uint64(binary.BigEndian.Uint32(b[:])) << 32, 0
	}
	b := a.As16()
	return binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
}

func (n *nets) add(p netip.Prefix, ref uint64) {
	hi, lo := bitsOf(p.Addr())
	n.list = append(n.list, oneNet{hi: hi, lo: lo, ref: ref, bits: uint8(p.Bits())})
}

// seal sorts and links; no add after it.
func (n *nets) seal() {
	slices.SortFunc(n.list, func(a, b oneNet) int {
		return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo), cmp.Compare(a.bits, b.bits), cmp.Compare(a.ref, b.ref))
	})
	top := int32(-1)
	for i := range n.list {
		for top >= 0 && !n.list[top].contains(n.list[i].hi, n.list[i].lo) {
			top = n.list[top].around
		}
		n.list[i].around = top
		top = int32(i)
	}
}

func (n *oneNet) contains(hi, lo uint64) bool {
	if n.bits <= 64 {
		return (hi^n.hi)>>(64-n.bits) == 0
	}
	return hi == n.hi && (lo^n.lo)>>(128-n.bits) == 0
}

// find is the narrowest network that contains the address (a later one of equals), or -1; up the field around are the others.
func (n *nets) find(a netip.Addr) int32 {
	hi, lo := bitsOf(a)
	from, to := 0, len(n.list) // the last that begins at or before the address
	for from < to {
		mid := int(uint(from+to) >> 1)
		if m := &n.list[mid]; m.hi < hi || m.hi == hi && m.lo <= lo {
			from = mid + 1
		} else {
			to = mid
		}
	}
	i := int32(from - 1)
	for i >= 0 && !n.list[i].contains(hi, lo) {
		i = n.list[i].around
	}
	return i
}
