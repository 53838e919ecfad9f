package sight

import (
	"slices"

	"candor/internal/decode"
	"candor/internal/record"
)

// host is an address of a segment in the open minute.
type host struct {
	at          place
	mac         decode.MAC
	flags       record.HostFlags
	hops        uint8
	minutes     uint32 // by reports of others: minutes not told before in which it sent unicast
	first, last record.Time
}

// card is a network card in the open minute. near and far are hashes of source addresses it sent, at hop distance 0 and
// beyond; a card that sends for addresses that are not its own forwards.
type card struct {
	sent, shouted, touched uint64
	asked                  uint64
	near, far              addrSet
	public                 bool // it sent from an own public address
}

// addrSet counts up to a few different addresses: enough to tell a router (many) from a computer.
type addrSet struct {
	n    uint8
	full bool
	hash [12]uint32
}

func (s *addrSet) add(h uint32) {
	if s.full || (s.n > 0 && s.hash[s.n-1] == h) {
		return
	}
	if slices.Contains(s.hash[:s.n], h) {
		return
	}
	if int(s.n) == len(s.hash) {
		s.full = true
		return
	}
	s.hash[s.n] = h
	s.n++
}

// client is an address that opened TCP connections in the open minute.
type client struct {
	conns, failed, toward, proxied uint64
	stacks                         [record.MaxStacks]uint32
	n                              uint8
}

// Hops is the hop distance that a TTL shows, by the next initial value at or above it (64, 128, 255). Small values are
// traceroute or link scope and say nothing.
func Hops(ttl uint8) uint8 {
	switch {
	case ttl <= 32:
		return record.NoHops
	case ttl <= 64:
		return 64 - ttl
	case ttl <= 128:
		return 128 - ttl
	}
	return 255 - ttl
}

// sender accounts for the cards of a frame and gives the sending one; nil when cards are unknown or too many.
func (b *Builder) sender(p *decode.Packet) *card {
	sender, _, _ := b.cardsOf(p)
	return b.card(sender)
}

// cardsOf accounts for the cards of a frame and gives them. all is false when one of them is missing because there are too many.
func (b *Builder) cardsOf(p *decode.Packet) (sender, receiver entry, all bool) {
	if !p.HasMAC || p.SrcMAC.IsZero() {
		return 0, 0, true
	}
	all = true
	if p.Cast == decode.Unicast && !p.DstMAC.IsZero() {
		if receiver, _ = b.cards.number(p.DstMAC, b.hash.mac(p.DstMAC)); receiver != 0 {
			b.cards.of(receiver).touched++
		} else {
			all = false
		}
	}
	sender, _ = b.cards.number(p.SrcMAC, b.hash.mac(p.SrcMAC))
	if sender == 0 {
		return 0, receiver, false
	}
	c := b.cards.of(sender)
	c.sent++
	if p.Cast == decode.Unicast {
		c.touched++
	} else {
		c.shouted++
	}
	return sender, receiver, all
}

func (b *Builder) card(e entry) *card {
	if e == 0 {
		return nil
	}
	return b.cards.of(e)
}

// source accounts for the sender of a packet and gives its host; none outside the segments and when there are too many.
func (b *Builder) source(ts record.Time, p *decode.Packet, at place, hash uint64, sender *card) entry {
	if at == atLink {
		return 0
	}
	if at == atOwnPublic && sender != nil {
		sender.public = true
	}
	hops := Hops(p.TTL)
	if sender != nil && hops != record.NoHops {
		if hops == 0 {
			sender.near.add(uint32(hash))
		} else {
			sender.far.add(uint32(hash))
		}
	}
	if at < 0 {
		return 0
	}
	e := b.hostEntry(ts, p.Src, hash, at)
	if e == 0 {
		return 0
	}
	h := b.hosts.of(e)
	h.hops = min(h.hops, hops)
	switch {
	case hops == 0 && sender != nil:
		h.flags |= record.SeenDirect
		h.setMAC(p.SrcMAC)
	case hops == 0:
		h.flags |= record.SeenDirect
	default:
		h.flags |= record.SeenInPassing
	}
	if p.Cast == decode.Unicast {
		h.flags |= record.SeenSpoke
	}
	return e
}

// direct accounts for an address that its own link-layer message ties to a card.
func (b *Builder) direct(ts record.Time, a decode.Addr, mac decode.MAC, at place) {
	if h := b.host(ts, a, at); h != nil {
		h.flags |= record.SeenDirect
		h.hops = 0
		h.setMAC(mac)
	}
}

func (b *Builder) router(a decode.Addr) {
	if h := b.hosts.find(a); h != nil {
		h.flags |= record.SeenRouter
	}
}

func (b *Builder) host(ts record.Time, a decode.Addr, at place) *host {
	if e := b.hostEntry(ts, a, b.hash.addr(a), at); e != 0 {
		return b.hosts.of(e)
	}
	return nil
}

// hostEntry finds or makes the host of an address whose hash is known, seen at ts; none when there are too many.
func (b *Builder) hostEntry(ts record.Time, a decode.Addr, hash uint64, at place) entry {
	e, fresh := b.hosts.number(a, hash)
	if e == 0 {
		return 0
	}
	h := b.hosts.of(e)
	if fresh {
		*h = host{at: at, hops: record.NoHops, first: ts, last: ts}
	}
	if h.first == 0 { // it was only a mark
		h.first = ts
	}
	h.first, h.last = min(h.first, ts), max(h.last, ts)
	return e
}

// setMAC keeps the smaller of two cards, so that the result does not depend on the order of packets.
func (h *host) setMAC(m decode.MAC) {
	if m.IsZero() {
		return
	}
	if h.mac.IsZero() || slices.Compare(m[:], h.mac[:]) < 0 {
		h.mac = m
	}
}

// stack remembers the shape of a SYN: initial TTL, window, options in order. Many shapes behind one address are many
// machines behind a translation; one shape on very many connections is a proxy (PLACEMENT.md 3.1).
func (b *Builder) stack(p *decode.Packet) {
	c, _ := b.clients.at(p.Src)
	if c == nil {
		return
	}
	f := stackShape(p)
	if slices.Contains(c.stacks[:c.n], f) || int(c.n) == len(c.stacks) {
		return
	}
	c.stacks[c.n] = f
	c.n++
}

func stackShape(p *decode.Packet) uint32 {
	initial := uint64(p.TTL)
	if h := Hops(p.TTL); h != record.NoHops {
		initial += uint64(h)
	}
	h := mix(initial<<16 | uint64(p.Window))
	for o := p.TCPOptions; len(o) > 0; {
		kind := o[0]
		h = mix(h ^ uint64(kind))
		if kind <= 1 || len(o) < 2 {
			o = o[1:]
			continue
		}
		n := int(o[1])
		if n < 2 || n > len(o) {
			break
		}
		if kind == 2 || kind == 3 { // maximum segment size, window scale: part of the shape; time stamps are not
			h = mixBytes(h, o[2:n])
		}
		o = o[n:]
	}
	return uint32(h)
}
