package record

import (
	"cmp"
	"math"
	"net/netip"
)

// Sight is what one feed could and could not see of one segment in one minute (DESIGN.md 2). The value with segment
// Nowhere speaks of the feed as a whole. Sights are mergeable: 15 minutes, a day and a week are merges of minutes.
type Sight struct {
	Span    Span // one minute when built; the union after a merge
	Minutes int  // how many minutes with at least one frame were merged
	Sensor  Sensor
	Feed    Feed
	Segment SegmentID
	Carries Carries // what the witness can show at all

	Counts      Counts
	Hosts       []HostSeen        // of this segment, sorted by address
	Cards       []CardSeen        // feed as a whole only, sorted by MAC
	Clients     []ClientSeen      // feed as a whole only: who opens connections, with which stacks; sorted by address
	Groups      []GroupSeen       // feed as a whole only: one-sidedness by peer group, sorted by name
	Pairs       []PairSeen        // feed as a whole only: connections between places, sorted
	VLANs       []uint16          // sorted
	Undecodable map[string]uint64 // reasons of decode, frames each
	Tunnels     map[string]uint64 // bytes by kind of tunnel
	Drops       *Drops            // nil: this input does not count what it lost
	Acked       []AckedSeen       // feed as a whole only: acknowledgements in the order of time
	LostHosts   uint64            // sightings that no longer fitted into a minute's sets: the sets are then lower bounds
	Beyond      Sketch            // how many different hosts, cards, clients and groups no longer fitted
}

// MaxSet bounds each set of a Sight, also after merging: the smallest elements stay, which does not depend on the order of
// merges; the rest is estimated by Beyond.
const MaxSet = 65536

// HostFlags say how an address was seen.
type HostFlags uint8

// A host is seen directly by its own frames at hop distance 0, in passing as somebody's peer.
const (
	SeenDirect    HostFlags = 1 << iota // its own frame, at hop distance 0
	SeenInPassing                       // only as a peer, or behind a router
	SeenSpoke                           // sent a unicast packet
	SeenLeased                          // a DHCP server gave it this address; MAC is the client's
	SeenLookup                          // it asked a resolver
	SeenSealed                          // it asked a resolver over an encrypted connection
	SeenRouter                          // its card forwards for others, or it answers as a router
)

// HostSeen is an address of a segment in a span.
type HostSeen struct {
	Addr    netip.Addr
	MAC     MAC // the card that ties addresses together; zero when only seen in passing
	Flags   HostFlags
	Hops    uint8  // least hop distance of its own packets; NoHops when it sent none
	Minutes uint32 // minutes in which it sent unicast
	First   Time   // first seen
	Last    Time
}

// NoHops says that no hop distance is known.
const NoHops = 255

// CardSeen is a network card that sent frames.
type CardSeen struct {
	MAC       MAC
	Sent      uint64 // frames sent
	Shouted   uint64 // of these, broadcast or multicast
	Touched   uint64 // unicast frames it sent or received
	Asked     uint64 // of those it shouted: ARP requests and neighbour solicitations for others, which are answered by unicast
	Addresses uint32 // most IP source addresses behind it in one minute, counted to 24: a router has many
	Forwards  bool   // it sent packets for an address that is not its own: a hop or more away from their origin
	Public    bool   // it sent packets from one of the own public addresses
}

// ClientSeen is an address that opened TCP connections.
type ClientSeen struct {
	Addr    netip.Addr
	Place   SegmentID
	Conns   uint64
	Failed  uint64   // never answered or refused
	Stacks  []uint32 // fingerprints of its SYNs (initial TTL, window, options), sorted, at most MaxStacks
	Toward  uint64   // connections toward the Internet
	Proxied uint64   // HTTP requests of it that carry Via or X-Forwarded-For
}

// MaxStacks bounds the fingerprints kept of one client.
const MaxStacks = 16

// GroupSeen is the one-sidedness of TCP connections with one peer group: a promised segment, else a /24 or /48.
type GroupSeen struct {
	Group   string
	Conns   uint64 // TCP connections of at least 3 packets with an acknowledgement
	OneWayO uint64 // of these: only the originator's bytes were seen, the responder's were acknowledged and never seen
	OneWayR uint64 // the other way round
}

// PairSeen counts connections from one place to another.
type PairSeen struct {
	From, To SegmentID
	Conns    uint64
	Answered uint64 // both sides sent something
}

// AckedSeen is a run of acknowledgements that could be checked, and how many of them were of bytes never seen.
type AckedSeen struct {
	Last Time // the newest of them
	Acks uint64
	Gaps uint64
}

// Compare orders runs by time, and runs of one time in some fixed way: the order of Sight.Acked.
func (a AckedSeen) Compare(b AckedSeen) int {
	return cmp.Or(cmp.Compare(a.Last, b.Last), cmp.Compare(a.Acks, b.Acks), cmp.Compare(a.Gaps, b.Gaps))
}

// Drops is what a capture says of its own loss.
type Drops struct {
	Received uint64 `json:"received"`
	Dropped  uint64 `json:"dropped"`
	Partly   bool   `json:"partly"` // some of the inputs do not count their loss
}

// Add adds other to d. A file may claim any number: sums stay at the highest there is, so that no loss wraps to none.
func (d *Drops) Add(other Drops) {
	d.Received = capped(d.Received, other.Received)
	d.Dropped = capped(d.Dropped, other.Dropped)
	d.Partly = d.Partly || other.Partly
}

func capped(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}
