package decode

import "encoding/binary"

// Limits of Fragments, beside those of its configuration.
const (
	maxFragmentParts = 256              // parts of one packet that are not next to each other
	maxPacket        = 65535            // bytes of a packet put together, header included
	fragmentEcho     = int64(100 * 1e6) // nanoseconds for which fragments of a finished packet are taken for copies of its own
	maxIdle          = 64               // rooms kept for the next packets
)

// FragmentState says what became of one fragment.
type FragmentState uint8

// The states. FragmentWhole alone gives a packet.
const (
	FragmentNone         FragmentState = iota // no fragment
	FragmentHeld                              // kept until the others come
	FragmentWhole                             // with this one the packet is whole
	FragmentRepeated                          // of a packet that was whole a moment ago
	FragmentInconsistent                      // fragments of this packet disagree; none of them is used
	FragmentBad                               // length or offset is not possible; it is left out
	FragmentCut                               // it was not captured whole; it is left out
	FragmentDropped                           // beyond the limits; it is left out
	NumFragmentStates    = iota               // not a state: how many there are
)

// String gives the name in snake_case.
func (s FragmentState) String() string {
	if int(s) < len(fragmentStateNames) {
		return fragmentStateNames[s]
	}
	return "invalid"
}

var fragmentStateNames = [NumFragmentStates]string{"none", "held", "whole", "repeated", "inconsistent", "bad", "cut", "dropped"}

// FragmentCounts counts what Fragments did. Fragments are those of Add by state; the others are packets.
type FragmentCounts struct {
	Fragments    [NumFragmentStates]uint64
	Inconsistent uint64 // packets whose fragments disagree
	Expired      uint64 // packets that Expire dropped unfinished
	Evicted      uint64 // unfinished packets that made room for others
}

// FragmentsConfig bounds the memory of Fragments.
type FragmentsConfig struct {
	Packets int // unfinished packets at once
	Bytes   int // payload that they hold together
}

// DefaultFragmentsConfig is for a busy link: in normal traffic a few dozen packets are open at once.
func DefaultFragmentsConfig() FragmentsConfig { return FragmentsConfig{Packets: 1024, Bytes: 8 << 20} }

// Fragments puts fragmented IP packets together (RFC 791, RFC 8200, 4.5; overlaps as RFC 5722 says for both versions, but for those that
// agree). Time is that of the packets: the caller says with Expire when to give up. It belongs to one goroutine.
type Fragments struct {
	Counts FragmentCounts

	cfg    FragmentsConfig
	open   map[fragmentKey]*fragmented
	oldest *fragmented // those in open, in the order of their first fragments
	newest *fragmented
	held   int // bytes in open
	idle   []*fragmented
	rooms  []pieces // for the next packets
	whole  []byte
}

// fragmentKey says which packet a fragment belongs to.
type fragmentKey struct {
	src, dst Addr
	id       uint32
	proto    uint8 // IPv4 only
	version  Net
}

// fragmented is a packet of which fragments came.
type fragmented struct {
	key        fragmentKey
	pieces     pieces
	head       [60]byte // the IP header of the first fragment
	headLen    int      // 0 until that came
	total      int      // bytes of payload, -1 until the last fragment came
	first      int64    // time of the fragment that came first; of a finished packet when that was
	closed     FragmentState
	prev, next *fragmented
}

// NewFragments gives an empty one; bounds under 1 are taken for 1.
func NewFragments(cfg FragmentsConfig) *Fragments {
	return &Fragments{cfg: FragmentsConfig{Packets: max(cfg.Packets, 1), Bytes: max(cfg.Bytes, 1)}, open: make(map[fragmentKey]*fragmented)}
}

// Add takes over a fragment that p was decoded to from frame, at time ts in nanoseconds. With FragmentWhole it gives the packet put together,
// to be decoded with that link type (LinkIPv4 or LinkIPv6) and its own length; it is valid until the next Add. IPv6 extension headers
// before the fragment header are not in it.
func (f *Fragments) Add(p *Packet, frame []byte, ts int64) (whole []byte, link uint16, state FragmentState) {
	whole, link, state = f.add(p, frame, ts)
	f.Counts.Fragments[state]++
	return whole, link, state
}

func (f *Fragments) add(p *Packet, frame []byte, ts int64) (whole []byte, link uint16, state FragmentState) {
	if !p.Fragment || p.Net != IPv4 && p.Net != IPv6 {
		return nil, 0, FragmentNone
	}
	head, payload, next, state := fragmentPayload(p, frame)
	if state != FragmentNone {
		return nil, 0, state
	}
	key := fragmentKey{src: p.Src, dst: p.Dst, id: p.IPID, version: p.Net}
	if p.Net == IPv4 {
		key.proto = head[9]
	}
	e := f.open[key]
	if e != nil && e.closed != FragmentNone {
		if e.closed != FragmentRepeated || ts-e.first < fragmentEcho {
			return nil, 0, e.closed
		}
		f.remove(e)
		e = nil
	}
	if e == nil {
		e = f.begin(key, ts)
	}
	if state = f.join(e, p, payload); state != FragmentHeld {
		return nil, 0, state
	}
	if p.FragOffset == 0 && e.headLen == 0 {
		e.headLen = copy(e.head[:], head)
		if p.Net == IPv6 {
			e.head[6] = next
		}
	}
	if e.total < 0 || e.headLen == 0 || len(e.pieces.data) < e.total {
		f.evict(e)
		return nil, 0, FragmentHeld
	}
	return f.finish(e, ts)
}

// join puts the payload of a fragment into its packet.
func (f *Fragments) join(e *fragmented, p *Packet, payload []byte) FragmentState {
	from, to := int(p.FragOffset), int(p.FragOffset)+len(payload)
	end := to // of what came so far
	if n := len(e.pieces.parts); n > 0 {
		end = max(end, e.pieces.parts[n-1].offset+e.pieces.parts[n-1].n)
	}
	switch {
	case !p.MoreFragments && (e.total >= 0 && e.total != to || end > to), e.total >= 0 && to > e.total:
		f.spoil(e) // two ends, or something behind the end
		return FragmentInconsistent
	case !p.MoreFragments:
		e.total = to
	}
	before := len(e.pieces.data)
	disagrees, full := e.pieces.add(from, payload, maxFragmentParts)
	f.held += len(e.pieces.data) - before
	switch {
	case disagrees:
		f.spoil(e)
		return FragmentInconsistent
	case full:
		return FragmentDropped
	}
	return FragmentHeld
}

// finish gives the packet put together and remembers for a moment that it was.
func (f *Fragments) finish(e *fragmented, ts int64) (whole []byte, link uint16, state FragmentState) {
	if e.key.version == IPv4 && e.headLen+e.total > maxPacket {
		f.close(e, FragmentBad)
		return nil, 0, FragmentBad
	}
	f.whole = e.pieces.prefix(append(f.whole[:0], e.head[:e.headLen]...))
	whole, link = f.whole, LinkIPv6
	if e.key.version == IPv4 {
		link = LinkIPv4
		binary.BigEndian.PutUint16(whole[2:], uint16(len(whole)))
		whole[6], whole[7], whole[10], whole[11] = 0, 0, 0, 0
		binary.BigEndian.PutUint16(whole[10:], ^fold(sum(0, whole[:e.headLen])))
	} else {
		binary.BigEndian.PutUint16(whole[4:], uint16(len(whole)-40))
	}
	f.close(e, FragmentRepeated)
	f.unlink(e)
	e.first = ts
	f.link(e)
	return whole, link, FragmentWhole
}

// spoil gives up a packet whose fragments disagree.
func (f *Fragments) spoil(e *fragmented) {
	f.Counts.Inconsistent++
	f.close(e, FragmentInconsistent)
}

// close gives the room of a packet back; what still comes for it has that state.
func (f *Fragments) close(e *fragmented, state FragmentState) {
	f.held -= len(e.pieces.data)
	if len(f.rooms) < maxIdle && cap(e.pieces.data) > 0 {
		e.pieces.reset()
		f.rooms = append(f.rooms, e.pieces)
	}
	e.pieces = pieces{}
	e.closed = state
}

// begin makes room for one more packet.
func (f *Fragments) begin(key fragmentKey, ts int64) *fragmented {
	for len(f.open) >= f.cfg.Packets {
		f.drop(f.oldest, &f.Counts.Evicted)
	}
	var e *fragmented
	if n := len(f.idle); n > 0 {
		e, f.idle = f.idle[n-1], f.idle[:n-1]
	} else {
		e = new(fragmented)
	}
	*e = fragmented{key: key, total: -1, first: ts}
	if n := len(f.rooms); n > 0 {
		e.pieces, f.rooms = f.rooms[n-1], f.rooms[:n-1]
	}
	f.link(e)
	f.open[key] = e
	return e
}

// evict drops the oldest packets until the others are within the bound of bytes; keep stays.
func (f *Fragments) evict(keep *fragmented) {
	for e := f.oldest; e != nil && f.held > f.cfg.Bytes; {
		next := e.next
		if e != keep {
			f.drop(e, &f.Counts.Evicted)
		}
		e = next
	}
}

// Expire drops the packets that began before that time, in nanoseconds.
func (f *Fragments) Expire(before int64) {
	for f.oldest != nil && f.oldest.first < before {
		f.drop(f.oldest, &f.Counts.Expired)
	}
}

// Open gives the number of packets that are remembered and the bytes that they hold.
func (f *Fragments) Open() (packets, bytes int) { return len(f.open), f.held }

// drop removes a packet and counts it if it was unfinished.
func (f *Fragments) drop(e *fragmented, count *uint64) {
	if e.closed == FragmentNone {
		*count++
	}
	f.remove(e)
}

func (f *Fragments) remove(e *fragmented) {
	f.close(e, e.closed)
	f.unlink(e)
	delete(f.open, e.key)
	if len(f.idle) < maxIdle {
		f.idle = append(f.idle, e)
	}
}

// link puts a packet behind all others.
func (f *Fragments) link(e *fragmented) {
	e.prev, e.next = f.newest, nil
	if f.newest != nil {
		f.newest.next = e
	} else {
		f.oldest = e
	}
	f.newest = e
}

func (f *Fragments) unlink(e *fragmented) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		f.oldest = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		f.newest = e.prev
	}
}

// fragmentPayload finds the IP header of a fragment, what it carries, and for IPv6 the header that comes first in it. A state other than
// FragmentNone says why it cannot be used.
func fragmentPayload(p *Packet, frame []byte) (head, payload []byte, next uint8, state FragmentState) {
	at, end := p.IPHeader, p.IPHeader+p.IPLen
	if end > len(frame) || p.IPLen < 20 {
		return nil, nil, 0, FragmentCut
	}
	b := frame[at:end]
	from := 0
	if p.Net == IPv4 {
		from = int(b[0]&15) * 4
	} else if from, next = fragmentHeader(b); from == 0 {
		return nil, nil, 0, FragmentBad
	}
	if from < 20 || from >= len(b) {
		return nil, nil, 0, FragmentBad
	}
	head, payload = b[:min(from, 40)], b[from:]
	size := 40
	if p.Net == IPv4 {
		head, size = b[:from], 0
	}
	if to := int(p.FragOffset) + len(payload); p.MoreFragments && len(payload)%8 != 0 || to+len(head)-size > maxPacket {
		return nil, nil, 0, FragmentBad
	}
	return head, payload, next, FragmentNone
}

// fragmentHeader finds where the payload behind the fragment header of an IPv6 packet starts, and the number of its first header; 0 without one.
func fragmentHeader(b []byte) (from int, next uint8) {
	if len(b) < 40 {
		return 0, 0
	}
	next = b[6]
	at := 40
	for range MaxLayers {
		if len(b)-at < 8 {
			return 0, 0
		}
		size := int(b[at+1])*8 + 8
		switch next {
		case ProtoFragment:
			return at + 8, b[at]
		case ProtoHopByHop, ProtoRouting, ProtoDestOpts, ProtoMobility, ProtoHIP, ProtoShim6:
		case ProtoAH:
			size = int(b[at+1])*4 + 8
		default:
			return 0, 0
		}
		next = b[at]
		at += size
		if at > len(b) {
			return 0, 0
		}
	}
	return 0, 0
}
