package coverage

import (
	"net/netip"

	"candor/internal/record"
)

// routerAddresses is how many addresses behind one card make it a router's (PLACEMENT.md 3.3: exclude by more than 8).
const routerAddresses = 8

// Machine is a host: its addresses, counted once where a card ties them together.
type Machine struct {
	Segment record.SegmentID
	MAC     record.MAC // zero when no card ties its address
	Addrs   []netip.Addr
	Direct  bool   // its own frames were seen
	Tied    bool   // by a card
	Minutes uint32 // in which it sent unicast
	Spoke   bool
	Asked   bool // it asked a resolver
	Sealed  bool // it asked one over an encrypted connection
	First   record.Time
	Last    record.Time
}

// Count is how many machines of a segment were seen. Least counts only what evidence ties or sets apart; Most counts every
// address that nothing ties.
type Count struct {
	Least, Most int // seen directly
	InPassing   int // addresses seen only in passing
}

// census is the machines of all segments in one stretch.
type census struct {
	machines  []Machine
	counts    map[record.SegmentID]Count
	equipment map[record.SegmentID]int // addresses of routers
}

// Machines lists the machines seen, directly or in passing.
func (e *Evidence) Machines() []Machine { return e.census().machines }

// CountOf counts the machines of a segment.
func (e *Evidence) CountOf(id record.SegmentID) Count { return e.census().counts[id] }

func (e *Evidence) census() *census {
	if e.cached == nil {
		e.cached = e.takeCensus()
	}
	return e.cached
}

func (e *Evidence) takeCensus() *census {
	c := &census{counts: map[record.SegmentID]Count{}, equipment: map[record.SegmentID]int{}}
	routers := e.routers()
	tied := map[record.MAC]int{}
	for i := range e.Terms.Scope.Segments {
		id := e.Terms.Scope.Segments[i].ID
		s := e.Segments[id]
		if s == nil {
			continue
		}
		distance := e.constantDistance(s)
		for j := range s.Hosts {
			h := &s.Hosts[j]
			if h.Flags&record.SeenRouter != 0 || behind(h, routers) && !e.reported() {
				c.equipment[id]++
				continue
			}
			direct := h.Flags&record.SeenDirect != 0 && !behind(h, routers) || (distance != record.NoHops && h.Hops == distance)
			c.place(id, h, direct, tied)
		}
	}
	c.count()
	return c
}

// reported reports whether no hop distance is known. With one, an address that is tied to a router's card is the router's own,
// and equipment; without, it may be anybody's behind it, and is seen in passing.
func (e *Evidence) reported() bool {
	return e.Whole.Minutes > 0 && !e.Whole.Carries.Has(record.CarriesHops)
}

// behind reports whether the card that an address is tied to is a router's.
func behind(h *record.HostSeen, routers map[record.MAC]bool) bool {
	return !h.MAC.Zero() && routers[h.MAC]
}

func (e *Evidence) routers() map[record.MAC]bool {
	out := map[record.MAC]bool{}
	for i := range e.Whole.Cards {
		c := &e.Whole.Cards[i]
		if c.Forwards || c.Addresses > routerAddresses {
			out[c.MAC] = true
		}
	}
	return out
}

// directNeeds is what a witness must carry to tell which hosts are seen directly: cards, under an accepted tap in the routed
// core hop distances.
func (t *Terms) directNeeds() record.Carries {
	if t.Accepts("routed_core") {
		return record.CarriesCards | record.CarriesHops
	}
	return record.CarriesCards
}

// DirectTold reports whether this evidence tells which hosts are seen directly.
func (e *Evidence) DirectTold() bool { return e.Whole.Carries.Has(e.Terms.directNeeds()) }

// constantDistance is the hop distance that counts as direct: 0, unless the agreement accepts a tap in the routed core; then
// the distance that most hosts of the segment have.
func (e *Evidence) constantDistance(s *record.Sight) uint8 {
	if !e.Terms.Accepts("routed_core") {
		return record.NoHops
	}
	var seen [256]int
	best := uint8(record.NoHops)
	for i := range s.Hosts {
		h := s.Hosts[i].Hops
		if h == record.NoHops || h > 8 {
			continue
		}
		seen[h]++
		if best == record.NoHops || seen[h] > seen[best] || (seen[h] == seen[best] && h < best) {
			best = h
		}
	}
	return best
}

// place adds an address to the machine that its card names, else as a machine of its own.
func (c *census) place(id record.SegmentID, h *record.HostSeen, direct bool, tied map[record.MAC]int) {
	if direct && !h.MAC.Zero() {
		if i, ok := tied[h.MAC]; ok {
			c.machines[i].join(id, h)
			return
		}
		tied[h.MAC] = len(c.machines)
	}
	m := Machine{Segment: id, Direct: direct, First: h.First, Last: h.Last, Tied: direct && !h.MAC.Zero()}
	if direct {
		m.MAC = h.MAC
	}
	m.join(id, h)
	c.machines = append(c.machines, m)
}

// join adds an address. A machine belongs to the segment of its IPv4 address, if it has one.
func (m *Machine) join(id record.SegmentID, h *record.HostSeen) {
	had4 := len(m.Addrs) > 0 && m.Addrs[0].Is4()
	if h.Addr.Is4() && !had4 {
		m.Segment = id
		m.Addrs = append([]netip.Addr{h.Addr}, m.Addrs...)
	} else {
		m.Addrs = append(m.Addrs, h.Addr)
	}
	m.Minutes = max(m.Minutes, h.Minutes)
	m.Spoke = m.Spoke || h.Flags&record.SeenSpoke != 0
	m.Sealed = m.Sealed || h.Flags&record.SeenSealed != 0
	m.Asked = m.Asked || h.Flags&record.SeenLookup != 0
	m.First, m.Last = min(m.First, h.First), max(m.Last, h.Last)
}

// count makes counts of machines. Addresses that no card ties are a range: at least the IPv4 ones (one machine has one), at
// most all.
func (c *census) count() {
	type loose struct{ v4, v6, pass4, pass6 int }
	rest := map[record.SegmentID]*loose{}
	for i := range c.machines {
		m := &c.machines[i]
		if m.Direct && m.Tied {
			n := c.counts[m.Segment]
			n.Least++
			n.Most++
			c.counts[m.Segment] = n
			continue
		}
		l := rest[m.Segment]
		if l == nil {
			l = &loose{}
			rest[m.Segment] = l
		}
		switch v4 := m.Addrs[0].Is4(); {
		case m.Direct && v4:
			l.v4++
		case m.Direct:
			l.v6++
		case v4:
			l.pass4++
		default:
			l.pass6++
		}
	}
	for id, l := range rest {
		n := c.counts[id]
		n.Least += leastMachines(l.v4, l.v6)
		n.Most += l.v4 + l.v6
		n.InPassing = max(l.pass4, leastMachines(l.pass4, l.pass6))
		c.counts[id] = n
	}
}

// leastMachines is the fewest machines that could own so many loose addresses: one IPv4 address each, and up to eight IPv6
// ones (link-local not counted, temporary ones are).
func leastMachines(v4, v6 int) int {
	return max(v4, (v6+7)/8)
}
