package flow

import (
	"math"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// Table follows connections. It is not safe for concurrent use: one worker, one Table and its sight.Builder.
type Table struct {
	cfg   Config
	sight *sight.Builder

	index  index
	wheel  wheel
	born   uint64
	now    record.Time // the latest packet time, but for a clock that went back for good
	begun  bool
	oldest []candidate // who goes next when the table is full

	talks   talks
	ports   ports
	words   words
	parts   [2]*decode.Fragments // outside of tunnels and inside: a packet may come both ways
	parents map[uint64]*parents  // of connections inside tunnels, by when those began
	leases  leases
	places  places
	acks    ackCounts
	out     record.Batch
	parsed  parsed
	inner   [maxTunnels]decode.Packet     // by depth: what lies in a tunnel
	joined  [maxTunnels + 1]decode.Packet // by depth: what came in fragments

	ending bool     // Finish has begun
	last   []uint32 // connections that it still has to end
}

// New makes an empty table that reports to s. Bounds that cannot be worked with become the default ones; Config.Validate says which.
func New(cfg Config, s *sight.Builder) *Table {
	if cfg.Validate() != nil {
		d := DefaultConfig()
		d.Scope, d.Sensor, d.Feed, d.Seed = cfg.Scope, cfg.Sensor, cfg.Feed, cfg.Seed
		cfg = d
	}
	return &Table{
		cfg: cfg, sight: s,
		index:   newIndex(),
		talks:   talks{left: cfg.BytesTotal},
		ports:   newPorts(cfg.MaxFragments),
		parts:   [2]*decode.Fragments{newParts(&cfg), newParts(&cfg)},
		parents: make(map[uint64]*parents),
	}
}

// Packet accounts for one decoded frame: p was decoded from frame, wire is its length on the wire.
func (t *Table) Packet(ts record.Time, p *decode.Packet, frame []byte, wire uint32) {
	t.clock(ts)
	t.follow(ts, p, frame, wire, t.sight.Frame(ts, p, frame, wire))
}

// Follow is Packet for a frame that another Builder has looked at: again is what its Frame said.
func (t *Table) Follow(ts record.Time, p *decode.Packet, frame []byte, wire uint32, again bool) {
	t.clock(ts)
	t.sight.Tick(ts)
	t.follow(ts, p, frame, wire, again)
}

func (t *Table) follow(ts record.Time, p *decode.Packet, frame []byte, wire uint32, again bool) {
	t.advance(ts)
	if p.Net == decode.IPv4 || p.Net == decode.IPv6 {
		t.packet(ts, p, frame, wire, again, around{})
	}
}

// packet counts an IP packet to its connection and goes on with what it carries. again: it is a copy.
func (t *Table) packet(ts record.Time, p *decode.Packet, frame []byte, wire uint32, again bool, in around) {
	src, dst, oneWay := ids(p)
	if p.Fragment {
		before := t.ports.lost
		src, dst = t.ports.of(ts, p, src, dst)
		if n := t.ports.lost - before; n > 0 {
			t.sight.Count(ts, record.OverBudget, n)
		}
	}
	var k key
	from := k.of(p, src, dst, oneWay, &in)
	tag := k.hash(t.cfg.Seed)
	e, ok := t.index.find(&k, tag)
	if ok {
		if c := t.index.at(e); ts >= c.due && t.settle(e, c, ts) || t.reused(c, from, p, again) {
			t.finish(e, c)
			ok = false
		}
	}
	if !ok {
		e = t.open(ts, &k, tag, from, p, in)
		again = false
	} else if in.network != 0 {
		t.carried(ts, t.index.at(e).born, t.index.at(in.outer).born, func() record.UID { return t.uidOf(t.index.at(in.outer)) })
	}
	t.track(e, from, ts, p, frame, again)
	switch {
	case again:
	case p.Fragment:
		t.join(ts, e, from, p, frame, wire, in)
	case p.InnerOffset != 0:
		t.inside(ts, e, p, frame, wire, in.depth)
	}
}

// track counts a packet to its connection.
func (t *Table) track(e uint32, from int, ts record.Time, p *decode.Packet, frame []byte, again bool) {
	c := t.index.at(e)
	s := &c.side[from]
	first := s.bits&bitSeen == 0
	s.pkts++
	s.ipBytes += uint64(p.IPLen)
	if first {
		s.bits |= bitSeen
		if p.HasMAC && c.flags&flagInner == 0 {
			c.mac[from] = p.SrcMAC
		}
	}
	if c.few() < checksumSample && !again {
		c.flags += flagOneMore
		if c.flags&flagInner == 0 { // inside, cards and tunnels leave them unfinished
			t.sampleChecksum(c, from, ts, p, frame)
		}
	}
	if p.Fragment {
		c.flags |= flagFragmented
	}
	if c.proto == decode.ProtoTCP && p.HasTransport && p.Reason == decode.OK && !p.Fragment { // fragments: see join
		if again {
			c.last = max(c.last, ts)
			return
		}
		t.tcp(e, c, from, ts, p)
		return
	}
	c.last = max(c.last, ts)
	if !again {
		t.datagram(e, c, from, ts, p)
	}
}

// open makes the entry of a new connection whose first packet this is.
func (t *Table) open(ts record.Time, k *key, tag uint32, from int, p *decode.Packet, in around) uint32 {
	if in.network != 0 { // before the tunnel's connection may have to make room
		outer := t.index.at(in.outer)
		parent := t.uidOf(outer)
		t.carried(ts, t.born+1, outer.born, func() record.UID { return parent })
	}
	if t.index.used >= t.cfg.MaxConns {
		t.evict(ts)
	}
	e := t.index.add(tag)
	c := t.index.at(e)
	t.born++
	*c = conn{}
	c.ends, c.port, c.proto, c.orig = k.ends, k.port, k.proto, uint8(from)
	c.first, c.last, c.born, c.tag, c.vlan = ts, ts, t.born, tag, p.VLAN
	if in.network != 0 {
		c.flags |= flagInner
		c.vlan = [2]uint16{uint16(in.network >> 16), uint16(in.network)}
	}
	if flips(p, k.port[from], k.port[1-from]) {
		c.orig = uint8(1 - from)
		c.mark('^')
	}
	c.due = min(t.expiry(c), ts+reportEvery)
	t.wheel.arm(e, c)
	t.sight.Opened(c.opening())
	return e
}

// checksumSample is how many packets of a connection have their checksums looked at.
const checksumSample = 4

func (t *Table) sampleChecksum(c *conn, from int, ts record.Time, p *decode.Packet, frame []byte) {
	ip, transport := decode.Checksum(p, frame)
	switch {
	case ip == decode.ChecksumBad || transport == decode.ChecksumBad:
		t.sight.Count(ts, record.ChecksumBad, 1)
		c.scaled(from, &c.side[from].badSums, 'C')
	case ip == decode.ChecksumUnfinished || transport == decode.ChecksumUnfinished:
		t.sight.Count(ts, record.ChecksumOffload, 1)
	case ip == decode.ChecksumGood || transport == decode.ChecksumGood:
		t.sight.Count(ts, record.ChecksumGood, 1)
	}
}

// Drain moves what was finished since the last Drain to the end of b: records in the order in which they were finished, and sight.
func (t *Table) Drain(b *record.Batch) {
	b.Conns = hand(b.Conns, &t.out.Conns)
	b.DNS = hand(b.DNS, &t.out.DNS)
	b.TLS = hand(b.TLS, &t.out.TLS)
	b.HTTP = hand(b.HTTP, &t.out.HTTP)
	b.DHCP = hand(b.DHCP, &t.out.DHCP)
	b.Sight = t.sight.Drain(b.Sight)
}

// hand moves records to the end of a batch's. Against an empty slice with room they are exchanged, else copied.
func hand[T any](to []T, from *[]T) []T {
	if len(to) == 0 && cap(to) > 0 {
		to, *from = *from, to
		return to
	}
	to = append(to, *from...)
	clear(*from)
	*from = (*from)[:0]
	return to
}

// Rows counts the records that wait for Drain, without sight.
func (t *Table) Rows() int { return t.out.Rows() }

// Mark says where time came to a minute among the records that wait for Drain.
func (t *Table) Mark(minute record.Time) record.Mark {
	return record.Mark{At: minute, Conns: len(t.out.Conns), DNS: len(t.out.DNS), TLS: len(t.out.TLS), HTTP: len(t.out.HTTP), DHCP: len(t.out.DHCP)}
}

// Len is the number of connections held.
func (t *Table) Len() int { return t.index.used }

// Finish ends everything: due timers, then a final report of every connection in the order in which they began, messages that were still
// incomplete, and sight. The Table must not be used afterwards, but for Drain.
func (t *Table) Finish(ts record.Time) {
	for !t.FinishSome(ts, math.MaxInt) {
	}
}

// FinishSome is Finish in pieces, so that the records of a full table need not be held at once: it ends up to n connections and says
// whether everything has ended.
func (t *Table) FinishSome(ts record.Time, n int) (done bool) {
	n = max(n, 1)
	if before := t.Rows(); !t.ending {
		if !t.AdvanceSome(ts, n) {
			return false
		}
		n = max(n-(t.Rows()-before), 0)
		t.ending = true
		t.last = make([]uint32, 0, t.index.used)
		for e := range t.index.fresh {
			if t.index.at(e).born != 0 {
				t.last = append(t.last, e)
			}
		}
		t.sortByBirth(t.last)
	}
	n = min(n, len(t.last))
	for _, e := range t.last[:n] {
		t.finish(e, t.index.at(e))
	}
	if t.last = t.last[n:]; len(t.last) > 0 {
		return false
	}
	t.endLeases()
	for _, parts := range t.parts {
		t.expire(t.now, parts, math.MaxInt64)
	}
	t.tellAcks()
	t.sight.Finish()
	return true
}
