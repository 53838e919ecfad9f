package sight

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"candor/internal/decode"
	"candor/internal/record"
)

// closeMinute turns the open minute into sights: one for the feed as a whole and one for each segment that showed anything.
func (b *Builder) closeMinute() {
	b.settleAll()
	span := record.Span{From: b.minute, To: minuteAfter(b.minute)}
	whole := record.Sight{
		Span: span, Minutes: 1, Sensor: b.sensor, Feed: b.feed, Segment: record.Nowhere, Carries: b.carries,
		Counts: b.whole, Cards: b.cardsSeen(), Clients: b.clientsSeen(),
		Groups: b.groupsSeen(), Pairs: b.pairsSeen(), VLANs: b.vlansSeen(), Acked: b.acked.seen(),
		Drops: b.drops, LostHosts: b.hosts.lost + b.cards.lost + b.clients.lost + b.groups.lost + b.pairs.lost + b.vlans.lost,
		Beyond:      b.beyond,
		Undecodable: b.undecodable(),
		Tunnels:     b.tunnelBytes(),
	}
	b.done = append(b.done, whole)
	bySegment := b.hostsSeen()
	for i := range b.segments {
		if b.segments[i] == (record.Counts{}) && len(bySegment[i]) == 0 {
			continue
		}
		b.done = append(b.done, record.Sight{
			Span: span, Minutes: 1, Sensor: b.sensor, Feed: b.feed, Segment: b.places.scope.Segments[i].ID, Carries: b.carries,
			Counts: b.segments[i], Hosts: bySegment[i],
		})
	}
	b.resetMinute()
}

func (b *Builder) resetMinute() {
	b.whole = record.Counts{}
	clear(b.segments)
	b.hosts.reset()
	b.cards.reset()
	b.clients.reset()
	b.groups.reset()
	b.pairs.reset()
	b.vlans.reset()
	b.reasons = [decode.NumReasons]uint64{}
	b.tunnels = [decode.NumTunnels]uint64{}
	b.unread = [NumUnreads]uint64{}
	b.drops = nil
	b.beyond = record.Sketch{}
	b.acked.reset()
}

func (b *Builder) hostsSeen() [][]record.HostSeen {
	out := make([][]record.HostSeen, len(b.segments))
	for i := range b.hosts.entries {
		h := &b.hosts.entries[i].value
		seen := record.HostSeen{
			Addr: b.hosts.entries[i].key.Netip(), MAC: record.MAC(h.mac), Flags: h.flags, Hops: h.hops, First: h.first, Last: h.last,
		}
		if h.flags&record.SeenSpoke != 0 {
			seen.Minutes = max(1, h.minutes)
		}
		out[h.at] = append(out[h.at], seen)
	}
	for _, s := range out {
		slices.SortFunc(s, func(x, y record.HostSeen) int { return x.Addr.Compare(y.Addr) })
	}
	return out
}

func (b *Builder) cardsSeen() []record.CardSeen {
	var out []record.CardSeen
	for i := range b.cards.entries {
		c := &b.cards.entries[i].value
		if c.sent == 0 && c.touched == 0 {
			continue
		}
		out = append(out, record.CardSeen{
			MAC: record.MAC(b.cards.entries[i].key), Sent: c.sent, Shouted: c.shouted, Touched: c.touched, Asked: c.asked,
			Addresses: c.addresses(), Forwards: c.forwards(), Public: c.public,
		})
	}
	slices.SortFunc(out, func(x, y record.CardSeen) int { return bytes.Compare(x.MAC[:], y.MAC[:]) })
	return out
}

// addresses counts the different source addresses behind a card, as far as its small sets go.
func (c *card) addresses() uint32 {
	n := uint32(c.near.n)
	for _, h := range c.far.hash[:c.far.n] {
		if !slices.Contains(c.near.hash[:c.near.n], h) {
			n++
		}
	}
	if c.near.full || c.far.full {
		n = max(n, uint32(len(c.near.hash))+1)
	}
	return n
}

// forwards reports whether the card sent packets for an address that is not its own. The same address at hop distance 0 is
// its own: a computer that translates for its containers sends both.
func (c *card) forwards() bool {
	for _, h := range c.far.hash[:c.far.n] {
		if !slices.Contains(c.near.hash[:c.near.n], h) {
			return true
		}
	}
	return c.far.full
}

func (b *Builder) clientsSeen() []record.ClientSeen {
	var out []record.ClientSeen
	for i := range b.clients.entries {
		a, c := b.clients.entries[i].key, &b.clients.entries[i].value
		stacks := slices.Clone(c.stacks[:c.n])
		slices.Sort(stacks)
		out = append(out, record.ClientSeen{
			Addr: a.Netip(), Place: b.places.name(b.places.of(a)),
			Conns: c.conns, Failed: c.failed, Toward: c.toward, Proxied: c.proxied, Stacks: stacks,
		})
	}
	slices.SortFunc(out, func(x, y record.ClientSeen) int { return x.Addr.Compare(y.Addr) })
	return out
}

func (b *Builder) groupsSeen() []record.GroupSeen {
	out := make([]record.GroupSeen, 0, len(b.groups.entries))
	for i := range b.groups.entries {
		g := &b.groups.entries[i].value
		out = append(out, record.GroupSeen{Group: b.places.group(b.groups.entries[i].key), Conns: g.conns, OneWayO: g.oneWayO, OneWayR: g.oneWayR})
	}
	slices.SortFunc(out, func(x, y record.GroupSeen) int { return strings.Compare(x.Group, y.Group) })
	return out
}

func (b *Builder) pairsSeen() []record.PairSeen {
	var out []record.PairSeen
	for i := range b.pairs.entries {
		k, t := b.pairs.entries[i].key, b.pairs.entries[i].value
		out = append(out, record.PairSeen{From: b.places.name(k.from), To: b.places.name(k.to), Conns: t.conns, Answered: t.answered})
	}
	slices.SortFunc(out, func(x, y record.PairSeen) int {
		return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To))
	})
	return out
}

func (b *Builder) vlansSeen() []uint16 {
	var out []uint16
	for i := range b.vlans.entries {
		out = append(out, b.vlans.entries[i].key)
	}
	slices.Sort(out)
	return out
}

// undecodable names what could not be read: frames by reason, and what is missing of messages.
func (b *Builder) undecodable() map[string]uint64 {
	out := named(b.reasons[:], func(i int) string { return decode.Reason(i).String() })
	messages := named(b.unread[:], func(i int) string { return Unread(i).String() })
	if out == nil {
		return messages
	}
	maps.Copy(out, messages)
	return out
}

func (b *Builder) tunnelBytes() map[string]uint64 {
	return named(b.tunnels[:], func(i int) string { return decode.Tunnel(i).String() })
}

func named(counts []uint64, name func(int) string) map[string]uint64 {
	var out map[string]uint64
	for i, n := range counts {
		if n == 0 {
			continue
		}
		if out == nil {
			out = make(map[string]uint64)
		}
		out[name(i)] = n
	}
	return out
}
