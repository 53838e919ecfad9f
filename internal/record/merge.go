package record

import (
	"bytes"
	"cmp"
	"slices"
)

// Merge adds other to s: counters add up, sets are united, flags are joined. It does not depend on the order of merges.
// Sensor, Feed and Segment stay as they are; the caller decides what belongs together.
func (s *Sight) Merge(other *Sight) {
	s.mergeSpan(other)
	s.Counts.Add(&other.Counts)
	s.Hosts = union(s.Hosts, other.Hosts, func(a, b *HostSeen) int { return a.Addr.Compare(b.Addr) }, (*HostSeen).merge)
	s.Cards = union(s.Cards, other.Cards, func(a, b *CardSeen) int { return bytes.Compare(a.MAC[:], b.MAC[:]) }, (*CardSeen).merge)
	s.Clients = union(s.Clients, other.Clients, func(a, b *ClientSeen) int { return a.Addr.Compare(b.Addr) }, (*ClientSeen).merge)
	s.Groups = union(s.Groups, other.Groups, func(a, b *GroupSeen) int { return cmp.Compare(a.Group, b.Group) }, (*GroupSeen).merge)
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

// union merges two sorted sets; equal elements are joined by join(into, from).
func union[T any](a, b []T, compare func(a, b *T) int, join func(into, from *T)) []T {
	if len(b) == 0 {
		return a
	}
	out := make([]T, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch c := compare(&a[0], &b[0]); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			v := a[0]
			join(&v, &b[0])
			out, a, b = append(out, v), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// mergeAcked merges two runs in the order of time; nothing is joined.
func mergeAcked(a, b []AckedSeen) []AckedSeen {
	if len(b) == 0 {
		return a
	}
	out := slices.Concat(a, b)
	slices.SortFunc(out, AckedSeen.Compare)
	return out
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
