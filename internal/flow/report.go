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
	t.wheel.unlink(&t.index, c)
	k := c.key()
	t.index.remove(e, k.hash(t.cfg.Seed))
	if c.flags&flagInner != 0 {
		delete(t.parents, c.born)
	}
	c.born = 0
}

// report emits a connection's record: differences since the last report, state and history as of now.
func (t *Table) report(c *conn, final bool) {
	t.judge(c)
	o, r := c.origin(), c.responder()
	oBytes, rBytes := c.payload(int(c.orig)), c.payload(int(1-c.orig))
	l2 := [2]record.MAC{record.MAC(c.mac[c.orig]), record.MAC(c.mac[1-c.orig])}
	ends := t.ends(c)
	rec := record.Conn{
		TS: c.first, UID: ends.UID, Feed: t.cfg.Feed,
		OrigH: ends.OrigH, RespH: ends.RespH, OrigP: ends.OrigP, RespP: ends.RespP, Proto: c.proto,
		Service:  c.service(),
		Duration: c.last - c.first, State: c.connState(), History: string(c.history[:c.letters]),
		LocalOrig: t.places.inside(&t.cfg.Scope, c.ends[c.orig]), LocalResp: t.places.inside(&t.cfg.Scope, c.ends[1-c.orig]),
		OrigBytes: since(&o.reported, oBytes), RespBytes: since(&r.reported, rBytes),
		OrigPkts: uint64(o.pkts), RespPkts: uint64(r.pkts), OrigIPBytes: o.ipBytes, RespIPBytes: r.ipBytes,
		VLAN: c.vlan[0], InnerVLAN: c.vlan[1], OrigL2: l2[0], RespL2: l2[1],
		CommunityID: communityID(c), TunnelParents: t.parentsOf(c),
		Report: int(c.reports), Final: final,
	}
	if c.flags&flagInner != 0 {
		rec.VLAN, rec.InnerVLAN = 0, 0
	}
	if c.talk != 0 {
		if hs := t.talks.at(c.talk).holes; hs != nil {
			rec.MissedBytes, hs.missed = hs.missed, 0
		}
	}
	o.pkts, r.pkts, o.ipBytes, r.ipBytes = 0, 0, 0, 0
	c.reports++
	t.out.Conns = append(t.out.Conns, rec)
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
	var id record.UID
	if c.talk != 0 {
		tk := t.talks.at(c.talk)
		if tk.uid == "" {
			tk.uid = uid(t.cfg.Feed, c)
		}
		id = tk.uid
	} else {
		id = uid(t.cfg.Feed, c)
	}
	return record.Ends{
		TS: c.first, UID: id, Feed: t.cfg.Feed,
		OrigH: c.ends[c.orig].Netip(), RespH: c.ends[1-c.orig].Netip(),
		OrigP: c.port[c.orig], RespP: c.port[1-c.orig], Proto: c.proto,
	}
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
