package detect

import (
	"net/netip"

	"candor/internal/record"
)

// named remembers which addresses answers have named, in two halves that take turns, so that memory is bounded and the last
// maxNamed/2 at least are known.
type named struct {
	young, old map[netip.Addr]struct{}
	any        bool
}

const maxNamed = 1 << 18

func (n *named) answer(d *record.DNS) {
	if !d.HasReply || d.Variant != "" && d.Variant != "dns" {
		return
	}
	n.any = true
	for _, text := range d.Answers {
		if text == "" || text[0] != ':' && (text[0] < '0' || text[0] > 'f') {
			continue
		}
		a, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		a = a.Unmap().WithZone("")
		if _, ok := n.young[a]; ok {
			continue
		}
		if n.young == nil || len(n.young) >= maxNamed/2 {
			n.old, n.young = n.young, make(map[netip.Addr]struct{}, 1024)
		}
		n.young[a] = struct{}{}
	}
}

func (n *named) of(a netip.Addr) Resolution {
	if !n.any {
		return NoDNSInSight
	}
	if _, ok := n.young[a]; ok {
		return Resolved
	}
	if _, ok := n.old[a]; ok {
		return Resolved
	}
	return Unresolved
}
