package sight

import (
	"candor/internal/decode"
	"candor/internal/record"
)

// pathSlots bounds the paths that are known at a time.
const pathSlots = 8192

// path is the way of packets with the same cards, addresses and hops. Most packets follow a recent one on its path: they change a
// few counts and times, which are gathered here and go to the tables of cards and hosts later, when the slot is needed for
// another path or the minute closes. All else that such packets tell (flags, hops, whose card it is) the first one told.
// A path fills one line of the processor's cache.
type path struct {
	key      uint64      // hash of what the packets share; zero where none is to be found
	frames   uint64      // not yet counted for the cards
	last     record.Time // newest of the packets
	answered record.Time // newest of the packets that showed the receiver's host
	sender   entry       // card
	receiver entry       // card
	src, dst entry       // hosts
	from, to place
	unicast  bool
	_        [11]byte
}

// path gives the path of a packet that is no neighbour discovery, having accounted for its cards and its sender.
func (b *Builder) path(ts record.Time, p *decode.Packet) *path {
	if b.paths == nil {
		b.paths = new([pathSlots]path)
	}
	key := b.hash.path(p)
	e := &b.paths[key%pathSlots]
	if e.key == key && ts >= e.last { // where the clock went back, hosts may have been seen earlier than was known
		e.last = ts
		e.frames++
		return e
	}
	b.settle(e)
	if b.newPath(e, ts, p) {
		e.key = key
	}
	return e
}

// newPath accounts for a packet in the tables and notes where. It reports whether the next packet on this path will find the
// same: not so where a table is full, which counts each packet that it has no room for.
func (b *Builder) newPath(e *path, ts record.Time, p *decode.Packet) (lasting bool) {
	hash := b.hash.addr(p.Src)
	*e = path{
		last: ts, unicast: p.Cast == decode.Unicast,
		from: b.places.of(p.Src), to: b.places.of(p.Dst),
	}
	e.sender, e.receiver, lasting = b.cardsOf(p)
	e.src = b.source(ts, p, e.from, hash, b.card(e.sender))
	return lasting && (e.src != 0 || e.from < 0)
}

// peer accounts for the address that a packet is for, which somebody had a connection with.
func (b *Builder) peer(e *path, ts record.Time, p *decode.Packet) {
	e.answered = ts // never less than before: where the clock went back, the path is new
	if e.dst != 0 {
		return
	}
	if e.dst = b.hostEntry(ts, p.Dst, b.hash.addr(p.Dst), e.to); e.dst != 0 {
		b.hosts.of(e.dst).flags |= record.SeenInPassing
	}
}

// settle counts what was gathered on a path.
func (b *Builder) settle(e *path) {
	if e.frames > 0 {
		if c := b.card(e.sender); c != nil {
			c.sent += e.frames
			if e.unicast {
				c.touched += e.frames
			} else {
				c.shouted += e.frames
			}
		}
		if c := b.card(e.receiver); c != nil {
			c.touched += e.frames
		}
		if e.src != 0 {
			h := b.hosts.of(e.src)
			h.last = max(h.last, e.last)
		}
		e.frames = 0
	}
	if e.dst != 0 {
		h := b.hosts.of(e.dst)
		h.last = max(h.last, e.answered)
	}
}

// settleAll counts what was gathered on all paths and forgets them.
func (b *Builder) settleAll() {
	if b.paths == nil {
		return
	}
	for i := range b.paths {
		b.settle(&b.paths[i])
	}
	clear(b.paths[:])
}
