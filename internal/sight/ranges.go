package sight

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"candor/internal/record"
)

// ranges tells the place of any IPv4 address. The networks of a scope, and those that are special everywhere, cut the addresses
// into ranges, each of which lies at one place; most first bytes lie in one range whole.
type ranges struct {
	starts []uint32                        // in ascending order, the first is 0
	at     []place                         // of the range that begins there
	first  [256]struct{ low, high uint32 } // by an address's first byte: the lowest and the highest range it can be in
}

// special4 are networks whose addresses record.Scope.Locate tells from others whatever the scope says.
var special4 = [...]string{
	"0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4",
	"255.255.255.255/32",
}

// newRanges cuts where a network begins or ends and asks locate for the place of each first address.
func newRanges(scope *record.Scope, locate func(netip.Addr) place) ranges {
	var r ranges
	for _, start := range cuts4(scope) {
		at := locate(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, start))))
		if n := len(r.at); n == 0 || r.at[n-1] != at {
			r.starts, r.at = append(r.starts, start), append(r.at, at)
		}
	}
	for b := range r.first {
		f := &r.first[b]
		f.low, f.high = 0, uint32(len(r.at)-1)
		f.low = r.find(uint32(b)<<24, f.low, f.high)
		f.high = r.find(uint32(b)<<24|0xffffff, f.low, f.high)
	}
	return r
}

// cuts4 gives the addresses at which a network of the scope or a special one begins, and those behind their ends; and 0.
func cuts4(scope *record.Scope) []uint32 {
	networks := slices.Clone(scope.OwnPublic)
	for i := range scope.Segments {
		networks = append(networks, scope.Segments[i].Networks...)
	}
	for _, a := range scope.PublicHosts {
		networks = append(networks, netip.PrefixFrom(a, a.BitLen()))
	}
	for _, s := range special4 {
		networks = append(networks, netip.MustParsePrefix(s))
	}
	cuts := []uint32{0}
	for _, n := range networks {
		if !n.IsValid() || !n.Addr().Is4() {
			continue
		}
		raw := n.Masked().Addr().As4()
		start := binary.BigEndian.Uint32(raw[:])
		cuts = append(cuts, start)
		if end := uint64(start) + 1<<(32-n.Bits()); end < 1<<32 {
			cuts = append(cuts, uint32(end))
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

func (r *ranges) of(a uint32) place {
	f := &r.first[a>>24]
	if f.low == f.high {
		return r.at[f.low]
	}
	return r.at[r.find(a, f.low, f.high)]
}

// find gives the range of an address that lies in one of those from low to high.
func (r *ranges) find(a, low, high uint32) uint32 {
	for low < high {
		middle := (low + high + 1) / 2
		if r.starts[middle] <= a {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}
