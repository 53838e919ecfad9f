package detect

import (
	"net/netip"

	"candor/internal/record"
)

// held is a connection that waits, in a third of an Event's room: what its messages said is added when it is handed on.
type held struct {
	ts, duration         record.Time
	origBytes, respBytes uint64
	origPkts, respPkts   uint64
	uid                  string
	said                 *labels
	orig, resp           packedAddr
	origPort, respPort   uint16
	origPlace, respPlace Place
	proto                uint8
	flags                heldFlags
}

// labels are the texts that many connections have in common.
type labels struct {
	feed           record.Feed
	host           record.Host
	service, state string
}

type heldFlags uint8

const (
	heldFinal heldFlags = 1 << iota
	heldInbound
	heldAnswered
	heldReported
)

// packedAddr is an address without a pointer. Readers have dropped zones, which it has no room for.
type packedAddr struct {
	raw    [16]byte
	family uint8 // 4, 6; 0: no address
}

func packAddr(a netip.Addr) packedAddr {
	switch {
	case a.Is4():
		return packedAddr{a.As16(), 4}
	case a.IsValid():
		return packedAddr{a.As16(), 6}
	}
	return packedAddr{}
}

func (p *packedAddr) addr() netip.Addr {
	switch p.family {
	case 4:
		return netip.AddrFrom4([4]byte(p.raw[12:]))
	case 6:
		return netip.AddrFrom16(p.raw)
	}
	return netip.Addr{}
}

// pack takes over a connection told of for the first time.
func (h *held) pack(e *Event, said *labels) {
	*h = held{
		ts: e.TS, duration: e.Duration, origBytes: e.OrigBytes, respBytes: e.RespBytes, origPkts: e.OrigPkts, respPkts: e.RespPkts,
		uid: e.UID, said: said, orig: packAddr(e.Orig), resp: packAddr(e.Resp), origPort: e.OrigPort, respPort: e.RespPort,
		origPlace: e.OrigPlace, respPlace: e.RespPlace, proto: e.Proto,
	}
	h.set(heldFinal, e.Final)
	h.set(heldInbound, e.Inbound)
	h.set(heldAnswered, e.Answered)
	h.set(heldReported, e.Reported)
}

func (h *held) set(f heldFlags, on bool) {
	if on {
		h.flags |= f
	}
}

func (h *held) is(f heldFlags) bool { return h.flags&f != 0 }

// unpack gives the connection back.
func (h *held) unpack(e *Event) {
	*e = Event{
		TS: h.ts, Duration: h.duration, OrigBytes: h.origBytes, RespBytes: h.respBytes, OrigPkts: h.origPkts, RespPkts: h.respPkts,
		UID: h.uid, Orig: h.orig.addr(), Resp: h.resp.addr(), Feed: h.said.feed, Host: h.said.host, Service: h.said.service, State: h.said.state,
		OrigPort: h.origPort, RespPort: h.respPort, OrigPlace: h.origPlace, RespPlace: h.respPlace, Proto: h.proto,
		Final: h.is(heldFinal), Inbound: h.is(heldInbound), Answered: h.is(heldAnswered), Reported: h.is(heldReported),
	}
}

// labelCache finds the labels of connections that were like the ones before. What it forgets is made anew: nothing but room depends on it.
type labelCache [256]*labels

func (c *labelCache) of(e *Event) *labels {
	slot := &c[labelSlot(e)]
	if l := *slot; l != nil && l.state == e.State && l.service == e.Service && l.feed == e.Feed && l.host == e.Host {
		return l
	}
	*slot = &labels{e.Feed, e.Host, e.Service, e.State}
	return *slot
}

// labelSlot spreads labels by their lengths and last letters.
func labelSlot(e *Event) uint8 {
	slot := uint8(0)
	for _, text := range [...]string{string(e.Host), e.Service, e.State} {
		slot = slot*31 + uint8(len(text))
		if len(text) > 0 {
			slot = slot*31 + text[len(text)-1]
		}
	}
	return slot
}
