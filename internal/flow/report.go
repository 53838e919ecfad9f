package flow

import (
	"net/netip"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// finish ends a connection: its messages, its final report, its entry.
func (t *Table) finish(e uint32, c *conn) {
	if c.talk != 0 {
		t.endMessages(c)
		t.settleHoles(c, t.now, true)
	}
	t.report(c, true)
	t.sight.Ended(c.opening(), t.now, c.answered())
	if c.talk != 0 {
		t.talks.release(c)
	}
	t.index.remove(e, c.tag)
	if c.flags&flagInner != 0 {
		delete(t.parents, c.born)
	}
	c.born, c.slot = 0, 0
}

// report emits a connection's record: differences since the last report, state and history as of now. It is written where the batch keeps it, field by
// field: records are large, and what lies there is an old one.
func (t *Table) report(c *conn, final bool) {
	t.judge(c)
	o, r := c.origin(), c.responder()
	rec := another(&t.out.Conns)
	t.connEnds(c, rec)
	rec.Service = c.service()
	rec.Duration, rec.State, rec.History = c.last-c.first, c.connState(), t.words.of(c.history[:c.letters])
	rec.OrigBytes, rec.RespBytes = since(&o.reported, c.payload(int(c.orig))), since(&r.reported, c.payload(int(1-c.orig)))
	rec.OrigPkts, rec.RespPkts, rec.OrigIPBytes, rec.RespIPBytes = uint64(o.pkts), uint64(r.pkts), o.ipBytes, r.ipBytes
	rec.VLAN, rec.InnerVLAN, rec.TunnelParents = c.vlan[0], c.vlan[1], nil
	if c.flags&flagInner != 0 {
		rec.VLAN, rec.InnerVLAN, rec.TunnelParents = 0, 0, t.parentsOf(c)
	}
	rec.MissedBytes = 0
	if c.talk != 0 {
		if hs := t.talks.at(c.talk).holes; hs != nil {
			rec.MissedBytes, hs.missed = hs.missed, 0
		}
	}
	rec.Report, rec.Final = int(c.reports), final
	rec.CommunityID, rec.OrigHost, rec.RespHost = "", "", ""
	o.pkts, r.pkts, o.ipBytes, r.ipBytes = 0, 0, 0, 0
	c.reports++
}

// connEnds writes who speaks to whom.
func (t *Table) connEnds(c *conn, rec *record.Conn) {
	orig, resp := c.orig, 1-c.orig
	rec.TS, rec.UID, rec.Feed = c.first, t.uidOf(c), t.cfg.Feed
	rec.OrigH, rec.RespH = c.ends[orig].Netip(), c.ends[resp].Netip()
	rec.OrigP, rec.RespP, rec.Proto = c.port[orig], c.port[resp], c.proto
	rec.OrigL2, rec.RespL2 = record.MAC(c.mac[orig]), record.MAC(c.mac[resp])
	rec.LocalOrig, rec.LocalResp = t.places.inside(&t.cfg.Scope, c.ends[orig]), t.places.inside(&t.cfg.Scope, c.ends[resp])
	rec.First = record.OriginatorFirst + record.Originator(orig)
}

// another makes the slice one longer and gives the new element, which still holds what was there before.
func another[T any](s *[]T) *T {
	if n := len(*s); n < cap(*s) {
		*s = (*s)[:n+1]
	} else {
		var zero T
		*s = append(*s, zero)
	}
	return &(*s)[len(*s)-1]
}

// payload is the number of payload bytes of an end so far.
func (c *conn) payload(s int) uint64 {
	if c.proto == decode.ProtoTCP {
		return c.side[s].size(&c.side[1-s])
	}
	return c.side[s].top
}

// since gives what was added since the last report. A size that was corrected downward adds nothing until it is passed again.
func since(reported *uint64, now uint64) uint64 {
	if now <= *reported {
		return 0
	}
	d := now - *reported
	*reported = now
	return d
}

// judge tells sight once what a TCP connection shows of its two directions.
func (t *Table) judge(c *conn) {
	if c.proto != decode.ProtoTCP || c.flags&flagJudged != 0 || c.few() < 3 || (c.side[0].bits|c.side[1].bits)&bitAcked == 0 {
		return
	}
	c.flags |= flagJudged
	o, r := c.origin(), c.responder()
	unseen := func(s *side) bool { return s.bits&(bitAcked|bitData) == bitAcked }
	t.sight.TCPJudged(sight.Judged{
		TS: t.now, Orig: c.ends[c.orig], Resp: c.ends[1-c.orig],
		OrigUnseen: unseen(o), RespUnseen: unseen(r), Answered: c.answered(),
	})
}

// ends fills the fields that all records of a connection share.
func (t *Table) ends(c *conn) record.Ends {
	return record.Ends{
		TS: c.first, UID: t.uidOf(c), Feed: t.cfg.Feed,
		OrigH: c.ends[c.orig].Netip(), RespH: c.ends[1-c.orig].Netip(),
		OrigP: c.port[c.orig], RespP: c.port[1-c.orig], Proto: c.proto,
	}
}

// uidOf is the connection's uid. That of a TCP connection with messages is kept for as long as those last, so it is a string of its own: cut from
// a piece, it would keep the whole piece.
func (t *Table) uidOf(c *conn) record.UID {
	if c.talk == 0 {
		name := uid(t.cfg.Feed, c)
		return record.UID(t.words.cut(name[:]))
	}
	tk := t.talks.at(c.talk)
	if tk.uid == "" {
		if name := uid(t.cfg.Feed, c); c.proto == decode.ProtoTCP {
			tk.uid = record.UID(name[:])
		} else {
			tk.uid = record.UID(t.words.cut(name[:]))
		}
	}
	return tk.uid
}

// places remembers which addresses lie in a promised segment.
type places struct {
	slots [1024]place
}

type place struct {
	addr  decode.Addr
	known bool
	in    bool
}

func (p *places) inside(scope *record.Scope, a decode.Addr) bool {
	h := (uint32(a[15])<<2 ^ uint32(a[14])*7 ^ uint32(a[13])*31 ^ uint32(a[11])*13) % uint32(len(p.slots))
	s := &p.slots[h]
	if !s.known || s.addr != a {
		*s = place{addr: a, known: true, in: insideSegment(scope, a.Netip())}
	}
	return s.in
}

func insideSegment(scope *record.Scope, a netip.Addr) bool {
	switch scope.Locate(a) {
	case record.Nowhere, record.Internet, record.OwnPublic, record.Private, record.LinkLocal:
		return false
	}
	return true
}
