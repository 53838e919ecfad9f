package record

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
)

// Merge adds other to s: counters add up, sets are united, flags are joined. It does not depend on the order of merges.
// Sensor, Feed and Segment stay as they are; the caller decides what belongs together.
func (s *Sight) Merge(other *Sight) {
	s.mergeCarries(other)
	s.mergeSpan(other)
	s.Counts.Add(&other.Counts)
	s.Hosts = union(s.Hosts, other.Hosts, func(a, b *HostSeen) int { return a.Addr.Compare(b.Addr) }, (*HostSeen).merge)
	s.Hosts = bound(s.Hosts, &s.Beyond, func(h *HostSeen) uint64 { return HashAddr(h.Addr) })
	s.Cards = union(s.Cards, other.Cards, func(a, b *CardSeen) int { return bytes.Compare(a.MAC[:], b.MAC[:]) }, (*CardSeen).merge)
	s.Cards = bound(s.Cards, &s.Beyond, func(c *CardSeen) uint64 { return mixHash(c.MAC[:]) })
	s.Clients = union(s.Clients, other.Clients, func(a, b *ClientSeen) int { return a.Addr.Compare(b.Addr) }, (*ClientSeen).merge)
	s.Clients = bound(s.Clients, &s.Beyond, func(c *ClientSeen) uint64 { return HashAddr(c.Addr) })
	s.Groups = union(s.Groups, other.Groups, func(a, b *GroupSeen) int { return cmp.Compare(a.Group, b.Group) }, (*GroupSeen).merge)
	s.Groups = bound(s.Groups, &s.Beyond, func(g *GroupSeen) uint64 { return mixHash([]byte(g.Group)) })
	s.Pairs = union(s.Pairs, other.Pairs, comparePairs, (*PairSeen).merge)
	s.VLANs = union(s.VLANs, other.VLANs, func(a, b *uint16) int { return cmp.Compare(*a, *b) }, func(*uint16, *uint16) {})
	s.Acked = mergeAcked(s.Acked, other.Acked)
	s.Undecodable = addMap(s.Undecodable, other.Undecodable)
	s.Tunnels = addMap(s.Tunnels, other.Tunnels)
	if other.Drops != nil {
		d := *other.Drops
		if s.Drops != nil {
			d.Add(*s.Drops)
		}
		s.Drops = &d
	}
	s.LostHosts += other.LostHosts
	s.Beyond.Merge(&other.Beyond)
}

func (s *Sight) mergeSpan(other *Sight) {
	s.Minutes += other.Minutes
	switch {
	case other.Span.Zero():
	case s.Span.Zero():
		s.Span = other.Span
	default:
		s.Span = Span{From: min(s.Span.From, other.Span.From), To: max(s.Span.To, other.Span.To)}
	}
}

// union merges two sorted sets; equal elements are joined by join(into, from). a is changed in place: the minutes of an hour
// show mostly the same hosts, so that most merges add few elements.
func union[T any](a, b []T, compare func(a, b *T) int, join func(into, from *T)) []T {
	fresh := len(b) - common(a, b, compare)
	i, j := len(a)-1, len(b)-1
	a = append(a, make([]T, fresh)...)
	for k := len(a) - 1; j >= 0; k-- {
		c := -1
		if i >= 0 {
			c = compare(&a[i], &b[j])
		}
		switch {
		case c < 0:
			a[k], j = b[j], j-1
		case c > 0:
			a[k], i = a[i], i-1
		default:
			a[k] = a[i]
			join(&a[k], &b[j])
			i, j = i-1, j-1
		}
	}
	return a
}

// common counts the elements that two sorted sets share.
func common[T any](a, b []T, compare func(a, b *T) int) int {
	n := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		c := compare(&a[i], &b[j])
		if c <= 0 {
			i++
		}
		if c >= 0 {
			j++
		}
		if c == 0 {
			n++
		}
	}
	return n
}

// mergeAcked merges two runs in the order of time; nothing is joined. Of stretches that follow each other none is sorted.
func mergeAcked(a, b []AckedSeen) []AckedSeen {
	if len(b) == 0 {
		return a
	}
	if len(a) == 0 {
		return slices.Clone(b)
	}
	if b[len(b)-1].Last < a[0].Last {
		return slices.Concat(b, a)
	}
	ordered := a[len(a)-1].Last < b[0].Last
	a = append(a, b...)
	if !ordered {
		slices.SortStableFunc(a, func(x, y AckedSeen) int {
			return cmp.Or(cmp.Compare(x.Last, y.Last), cmp.Compare(x.Acks, y.Acks), cmp.Compare(x.Gaps, y.Gaps))
		})
	}
	return a
}

// ThinAcked joins neighbours until a run has at most n values.
func ThinAcked(runs []AckedSeen, n int) []AckedSeen {
	for len(runs) > n {
		half := runs[:0]
		for i := 0; i < len(runs); i += 2 {
			r := runs[i]
			if i+1 < len(runs) {
				r = AckedSeen{Last: runs[i+1].Last, Acks: r.Acks + runs[i+1].Acks, Gaps: r.Gaps + runs[i+1].Gaps}
			}
			half = append(half, r)
		}
		runs = half
	}
	return runs
}

// bound keeps the smallest MaxSet elements and notes the others in a sketch.
func bound[T any](set []T, beyond *Sketch, hash func(*T) uint64) []T {
	if len(set) <= MaxSet {
		return set
	}
	for i := MaxSet; i < len(set); i++ {
		beyond.Add(hash(&set[i]))
	}
	return set[:MaxSet:MaxSet]
}

// HashAddr spreads an address over 64 bits, for a Sketch.
func HashAddr(a netip.Addr) uint64 {
	b := a.As16()
	return mixHash(b[:])
}

func (h *HostSeen) merge(o *HostSeen) {
	// Two cards for one address: keep the smaller, so that order does not matter.
	switch {
	case h.MAC.Zero():
		h.MAC = o.MAC
	case !o.MAC.Zero() && bytes.Compare(o.MAC[:], h.MAC[:]) < 0:
		h.MAC = o.MAC
	}
	h.Flags |= o.Flags
	h.Hops = min(h.Hops, o.Hops)
	h.Minutes += o.Minutes
	h.First, h.Last = min(h.First, o.First), max(h.Last, o.Last)
}

func (c *CardSeen) merge(o *CardSeen) {
	c.Sent += o.Sent
	c.Shouted += o.Shouted
	c.Touched += o.Touched
	c.Asked += o.Asked
	c.Addresses = max(c.Addresses, o.Addresses)
	c.Forwards = c.Forwards || o.Forwards
	c.Public = c.Public || o.Public
}

func (c *ClientSeen) merge(o *ClientSeen) {
	c.Conns += o.Conns
	c.Failed += o.Failed
	c.Toward += o.Toward
	c.Proxied += o.Proxied
	stacks := slices.Concat(c.Stacks, o.Stacks)
	slices.Sort(stacks)
	stacks = slices.Compact(stacks)
	c.Stacks = stacks[:min(len(stacks), MaxStacks)]
}

func (g *GroupSeen) merge(o *GroupSeen) {
	g.Conns += o.Conns
	g.OneWayO += o.OneWayO
	g.OneWayR += o.OneWayR
}

func comparePairs(a, b *PairSeen) int {
	if c := cmp.Compare(a.From, b.From); c != 0 {
		return c
	}
	return cmp.Compare(a.To, b.To)
}

func (p *PairSeen) merge(o *PairSeen) {
	p.Conns += o.Conns
	p.Answered += o.Answered
}

func addMap(into, from map[string]uint64) map[string]uint64 {
	if len(from) == 0 {
		return into
	}
	out := make(map[string]uint64, len(into)+len(from))
	for k, v := range into {
		out[k] = v
	}
	for k, v := range from {
		out[k] += v
	}
	return out
}
