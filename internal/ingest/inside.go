package ingest

import (
	"net/netip"

	"candor/internal/record"
)

// Inside tells which addresses lie in segments of the scope, for logs that do not say so themselves. It remembers the last ones.
type Inside struct {
	Scope *record.Scope
	known map[netip.Addr]bool
}

const maxInside = 16384

// Is reports whether the address lies in a segment.
func (i *Inside) Is(a netip.Addr) bool {
	in, ok := i.known[a]
	if ok {
		return in
	}
	if i.known == nil || len(i.known) >= maxInside {
		i.known = map[netip.Addr]bool{}
	}
	in = a.IsValid() && i.Scope.Segment(i.Scope.Locate(a)) != nil
	i.known[a] = in
	return in
}
