package sight

import (
	"math"

	"candor/internal/decode"
	"candor/internal/record"
)

// Builder accumulates the sight of one feed. It is not safe for concurrent use: one worker, one Builder.
// Times passed in should not decrease by more than jitter; a minute is complete when a later one begins, and whatever
// comes late counts in the minute that is open.
type Builder struct {
	sensor  record.Sensor
	feed    record.Feed
	carries record.Carries
	reports *reports // state across minutes of what others report; nil until the first report
	hash    secret   // of this builder's tables
	places  *places
	copies  copies
	paths   *[pathSlots]path // nil until the first packet
	events  bool             // frames are looked at elsewhere

	minute   record.Time // start of the open minute; meaningful when open
	next     record.Time // start of the minute after it
	open     bool
	newest   record.Time // of the frames
	whole    record.Counts
	segments []record.Counts // by index of the scope's segments

	hosts   *table[decode.Addr, host]
	cards   *table[decode.MAC, card]
	clients *table[decode.Addr, client]
	groups  *table[group, oneSided]
	pairs   *table[pair, talked]
	vlans   *table[uint16, struct{}]
	reasons [decode.NumReasons]uint64
	tunnels [decode.NumTunnels]uint64
	unread  [NumUnreads]uint64
	drops   *record.Drops
	beyond  record.Sketch
	acked   ackedRuns

	done []record.Sight
}

// pair is two places, talked the connections from one to the other; as record.PairSeen.
type (
	pair   struct{ from, to place }
	talked struct{ conns, answered uint64 }
)

// oneSided is what a group showed; as record.GroupSeen.
type oneSided struct{ conns, oneWayO, oneWayR uint64 }

// Bounds of the smaller sets of one minute.
const (
	maxGroups  = 8192
	maxClients = 16384
	maxCards   = 16384
)

// New builds for one feed under a scope.
func New(scope record.Scope, sensor record.Sensor, feed record.Feed) *Builder {
	hash := newSecret()
	b := &Builder{
		sensor: sensor, feed: feed, carries: record.CarriesAll, hash: hash, places: newPlaces(scope, hash), copies: copies{hash: hash},
		segments: make([]record.Counts, len(scope.Segments)),
		hosts:    newTable[decode.Addr, host](record.MaxSet, hash.addr),
		cards:    newTable[decode.MAC, card](maxCards, hash.mac),
		clients:  newTable[decode.Addr, client](maxClients, hash.addr),
		groups:   newTable[group, oneSided](maxGroups, hash.group),
		pairs:    newTable[pair, talked](record.MaxSet, hash.pair),
		acked:    ackedRuns{size: ackedRunSize},
		vlans:    newTable[uint16, struct{}](4096, hash.number),
	}
	b.hosts.beyond = func(a decode.Addr) { b.beyond.Add(record.HashAddr(a.Netip())) }
	return b
}

// Frame accounts for one frame, before the flow table sees it. It reports whether the frame is a byte-identical copy of
// one seen within 2 ms: copies count once in volume but are still given to the flow table, marked as copies.
func (b *Builder) Frame(ts record.Time, p *decode.Packet, frame []byte, wire uint32) (duplicate bool) {
	b.advance(ts)
	if ts < b.newest-record.Time(1e9) {
		b.whole[record.ClockBack]++
	}
	b.newest = max(b.newest, ts)
	duplicate = b.copies.seen(ts, frame)
	b.frameCounts(p, frame, duplicate)
	if p.Reason == decode.UnknownLink {
		b.whole[record.UnreadFrames]++
		return duplicate
	}
	switch p.Net {
	case decode.IPv4, decode.IPv6:
		b.packet(ts, p, duplicate)
	case decode.ARP:
		b.arp(ts, p, b.sender(p))
	default:
		b.sender(p)
	}
	return duplicate
}

func (b *Builder) frameCounts(p *decode.Packet, frame []byte, duplicate bool) {
	w := &b.whole
	w[record.Frames]++
	w[record.FrameBytes] += uint64(len(frame))
	if duplicate {
		w[record.Copies]++
	}
	if p.Cut {
		w[record.Truncated]++
	}
	if p.Own {
		w[record.OwnFrames]++
	}
	switch p.Cast {
	case decode.Unicast:
		w[record.Unicast]++
	case decode.Broadcast:
		w[record.Broadcast]++
	case decode.Multicast:
		w[record.Multicast]++
	}
	switch p.L2 {
	case decode.L2LLDP, decode.L2STP, decode.L2CDP, decode.L2LACP:
		w[record.SwitchTalk]++
	}
	for i := 0; i < min(p.VLANs, len(p.VLAN)); i++ {
		if p.VLAN[i] != 0 { // 0 carries a priority and names no VLAN (IEEE 802.1Q, 9.6)
			b.vlans.at(p.VLAN[i])
		}
	}
	if p.Reason != decode.OK {
		b.reasons[p.Reason]++
	}
}

// Count adds n to a counter of the feed as a whole.
func (b *Builder) Count(ts record.Time, c record.Count, n uint64) {
	b.advance(ts)
	b.whole[c] += n
}

// Dropped tells what the capture says of its own loss. Told again, it adds up: one call for each interface or file.
func (b *Builder) Dropped(ts record.Time, d record.Drops) {
	b.advance(ts)
	if b.drops == nil {
		b.drops = &record.Drops{}
	}
	b.drops.Add(d)
}

// Message counts a record of a kind.
func (b *Builder) Message(ts record.Time, kind record.Kind) {
	b.advance(ts)
	switch kind {
	case record.KindDNS:
		b.whole[record.MessagesDNS]++
	case record.KindTLS:
		b.whole[record.MessagesTLS]++
	case record.KindHTTP:
		b.whole[record.MessagesHTTP]++
	case record.KindDHCP:
		b.whole[record.MessagesDHCP]++
	case record.KindLog:
		b.whole[record.LogLines]++
	case record.KindAlert:
		b.whole[record.AlertLines]++
	case record.KindConn, record.KindSight: // conns are counted when they open
	}
}

// Drain appends the sights of complete minutes to dst and forgets them.
func (b *Builder) Drain(dst []record.Sight) []record.Sight {
	dst = append(dst, b.done...)
	clear(b.done)
	b.done = b.done[:0]
	return dst
}

// Finish completes the open minute, so that Drain gives it.
func (b *Builder) Finish() {
	if b.open {
		b.closeMinute()
		b.open = false
	}
}

// advance opens the minute of ts. Time that goes back stays in the open minute.
func (b *Builder) advance(ts record.Time) {
	if b.open && ts < b.next {
		return
	}
	minute := ts.Floor(record.Minute)
	switch {
	case !b.open:
		b.open, b.minute = true, minute
	case minute > b.minute:
		b.closeMinute()
		b.minute = minute
	}
	b.next = minuteAfter(b.minute)
}

// minuteAfter is the start of the minute after one, or the end of time.
func minuteAfter(minute record.Time) record.Time {
	return minute + min(record.Minute, math.MaxInt64-minute)
}

// Feed is the witness that the builder speaks for.
func (b *Builder) Feed() record.Feed { return b.feed }
