package flow

import (
	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// Each fragment counts as a packet of its connection, by the ports of the first one (ports); what the fragments carry together, a TCP segment or
// a datagram, is read once, when the last of them came (join).

// ports remembers the ports of first fragments, so that later ones are counted to the same connection. A later fragment without a first one
// belongs to a connection with ports 0.
type ports struct {
	known map[fragmentKey]fragmentPorts
	queue []fragmentKey // in order of arrival; known holds the same keys
	head  int
	max   int
	lost  uint64 // keys forgotten before their time, for want of room
}

type fragmentKey struct {
	src, dst decode.Addr
	id       uint32
	proto    uint8
}

type fragmentPorts struct {
	src, dst uint16
	at       record.Time
}

const (
	fragmentLife  = 30 * second // of remembered ports
	fragmentsWait = 15 * second // for the rest of a packet
)

func newPorts(limit int) ports {
	return ports{known: make(map[fragmentKey]fragmentPorts), max: limit}
}

// newParts puts fragments together within the bounds of a configuration.
func newParts(cfg *Config) *decode.Fragments {
	d := decode.DefaultFragmentsConfig()
	return decode.NewFragments(decode.FragmentsConfig{Packets: min(cfg.MaxFragments, d.Packets), Bytes: min(cfg.BytesTotal, d.Bytes)})
}

// of gives the ports of a fragment: those of its own header, or of the first fragment of the same packet.
func (f *ports) of(ts record.Time, p *decode.Packet, src, dst uint16) (uint16, uint16) {
	k := fragmentKey{p.Src, p.Dst, p.IPID, p.Proto}
	if !p.FirstFragment {
		if v, ok := f.known[k]; ok && ts-v.at < fragmentLife {
			return v.src, v.dst
		}
		return src, dst
	}
	if src|dst == 0 {
		return src, dst
	}
	if _, ok := f.known[k]; !ok {
		if len(f.known) >= f.max {
			if ts-f.known[f.queue[f.head]].at < fragmentLife {
				f.lost++
			}
			f.drop()
		}
		f.queue = append(f.queue, k)
	}
	f.known[k] = fragmentPorts{src, dst, ts}
	return src, dst
}

// drop forgets the oldest.
func (f *ports) drop() {
	delete(f.known, f.queue[f.head])
	f.head++
	if f.head > 64 && 2*f.head > len(f.queue) {
		f.queue = f.queue[:copy(f.queue, f.queue[f.head:])]
		f.head = 0
	}
}

func (f *ports) expire(ts record.Time) {
	for f.head < len(f.queue) && ts-f.known[f.queue[f.head]].at >= fragmentLife {
		f.drop()
	}
}

// expire gives up packets that began before a time and whose fragments did not all come.
func (t *Table) expire(ts record.Time, parts *decode.Fragments, began record.Time) {
	before := parts.Counts.Expired
	parts.Expire(int64(began))
	if n := parts.Counts.Expired - before; n > 0 {
		t.sight.Unread(ts, sight.UnreadPackets, n)
	}
}

// join keeps a fragment of connection e and reads the packet when it is whole. Where it never will be, because too little of a fragment was captured
// or kept, what the first one carries is read as far as it goes.
func (t *Table) join(ts record.Time, e uint32, from int, p *decode.Packet, frame []byte, wire uint32, in around) {
	parts := t.parts[min(in.depth, 1)]
	t.expire(ts, parts, ts-fragmentsWait)
	before := parts.Counts
	whole, link, state := parts.Add(p, frame, int64(ts))
	now := &parts.Counts
	if n := now.Inconsistent - before.Inconsistent; n > 0 {
		t.inconsistent(t.index.at(e), ts)
	}
	if n := now.Evicted - before.Evicted + now.Fragments[decode.FragmentDropped] - before.Fragments[decode.FragmentDropped]; n > 0 {
		t.sight.Count(ts, record.OverBudget, n)
	}
	switch state {
	case decode.FragmentWhole:
		q := &t.joined[in.depth]
		q.Joined(p, link, whole, uint32(len(whole)))
		if q.Reason == decode.TooDeep {
			t.sight.Undecoded(ts, q.Reason)
		}
		t.readWhole(ts, e, from, q, whole, uint32(len(whole)), in)
	case decode.FragmentCut, decode.FragmentBad, decode.FragmentDropped:
		if p.FirstFragment {
			t.readWhole(ts, e, from, p, frame, wire, in)
		}
	}
}

// readWhole takes the segment or the message in a packet that came in fragments, and what it carries in a tunnel.
func (t *Table) readWhole(ts record.Time, e uint32, from int, q *decode.Packet, whole []byte, wire uint32, in around) {
	src, dst, oneWay := ids(q)
	var k key
	side := k.of(q, src, dst, oneWay, &in)
	if !t.index.at(e).is(&k) { // headers before the ports, which later fragments do not show
		other, ok := t.index.find(&k, k.hash(t.cfg.Seed))
		if !ok {
			return
		}
		e, from = other, side
	}
	c := t.index.at(e)
	c.services |= tunnelService(q.Tunnel)
	switch {
	case !q.HasTransport:
	case c.proto == decode.ProtoTCP && q.Reason == decode.OK:
		t.tcp(e, c, from, ts, q)
	case c.proto == decode.ProtoUDP && len(q.Payload) > 0:
		t.udpMessage(e, c, from, ts, q)
	}
	if q.InnerOffset != 0 {
		t.inside(ts, e, q, whole, wire, in.depth)
	}
}
