package flow

import (
	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// quicTalk is a QUIC connection until its client hello is whole, or a few packets have passed without one.
type quicTalk struct {
	hello   decode.CryptoStream
	rec     record.TLS
	packets uint8 // of both ends, so far
	kept    int   // bytes of the budget that hello holds
	short   bool  // a bound left out a part of it
	id      [20]byte
	idLen   uint8 // of the destination id that the keys follow from, 0 before
}

const (
	quicPatience = 16 // packets of a connection that are looked at
	maxFreeQUIC  = 64
)

// quicLong says whether b begins like a QUIC packet with a long header (RFC 9000, 17.2; older drafts and Google's versions alike).
func quicLong(b []byte) bool {
	return len(b) >= 7 && b[0]&0xc0 == 0xc0 && (b[1]|b[2]|b[3]|b[4]) != 0 && b[5] <= 20
}

// quicDatagram reads a datagram of a connection that began like QUIC. Only the client's initial packets are opened: those of the originator.
func (t *Table) quicDatagram(c *conn, from int, ts record.Time, b []byte) {
	usual := c.hasPort(portHTTPS) || c.hasPort(portDoT)
	begun := c.talk != 0
	q := &t.parsed.quic
	mine := from == int(c.orig) && b[0]&0x80 != 0
	if mine {
		var id []byte
		if begun {
			if h := t.talks.at(c.talk).quic; h != nil && h.idLen > 0 {
				id = h.id[:h.idLen]
			}
		}
		mine = decode.QUICInitials(b, true, id, q) != decode.NotQUIC && len(q.Initials) > 0
	}
	switch {
	case mine, usual && !begun:
		c.services |= svcQUIC
	case !begun: // by chance, or a version that nobody knows on a port that is not its own
		t.nameDatagram(c, from, b)
		return
	}
	tk := t.talks.of(c)
	if tk.quic == nil {
		tk.quic = t.talks.newQUIC()
		tk.quic.rec = record.TLS{Ends: t.ends(c)}
		tk.quic.rec.TS = ts
	}
	tk.quic.packets++
	done := mine && t.quicHello(c, tk.quic, ts, q)
	if !done && tk.quic.packets < quicPatience {
		return
	}
	if h := tk.quic; !done && (h.short || h.hello.Dropped > 0 || h.hello.Packets >= decode.MaxCryptoPackets) {
		t.sight.Count(ts, record.OverBudget, 1) // of its own making: loss alone does not get there
	}
	t.endQUIC(tk, ts)
	c.flags |= flagQuiet
	t.talks.release(c)
}

// endQUIC counts a connection whose client hello was not read.
func (t *Table) endQUIC(tk *talk, ts record.Time) {
	if tk.quic != nil && !tk.quic.rec.HasClient {
		t.sight.Unread(ts, sight.UnreadQUIC, 1)
	}
}

// quicHello takes over what the initial packets of a datagram carry and reads the client hello once it is whole. done: nothing more is wanted.
func (t *Table) quicHello(c *conn, h *quicTalk, ts record.Time, q *decode.QUIC) (done bool) {
	for i := range q.Initials {
		in := &q.Initials[i]
		if in.NewKey || h.idLen == 0 {
			if h.idLen > 0 { // behind a retry the client says it all again
				h.hello.Reset()
			}
			h.idLen = uint8(copy(h.id[:], in.DCID))
		}
		n := 0
		for _, p := range in.Crypto {
			n += len(p.Data)
		}
		if n > t.talks.left || h.kept+n > t.cfg.BytesPerConn {
			t.sight.Count(ts, record.OverBudget, 1)
			return true
		}
		t.talks.left -= n
		h.kept += n
		if n > 0 {
			h.hello.Add(in.Crypto)
		}
	}
	h.short = h.short || q.Dropped > 0
	if h.hello.Inconsistent {
		t.inconsistent(c, ts)
	}
	ch := &t.parsed.client
	t.parsed.crypto = h.hello.Bytes(t.parsed.crypto)
	switch decode.HandshakeClientHello(t.parsed.crypto, ch) {
	case decode.NeedMore:
		return false
	case decode.Done:
		c.services |= svcSSL
		t.clientHello(c, ts, &h.rec, ch, decode.JA4QUIC)
		h.rec.Version = decode.TLSVersionName(tls13) // QUIC knows no other (RFC 9001, 4.2)
		t.out.TLS = append(t.out.TLS, h.rec)
		t.emitted(record.KindTLS)
	}
	return true
}

// newQUIC gives an empty one.
func (a *talks) newQUIC() *quicTalk {
	if n := len(a.quics); n > 0 {
		h := a.quics[n-1]
		a.quics = a.quics[:n-1]
		return h
	}
	return new(quicTalk)
}

// dropQUIC takes the QUIC part away from a talk.
func (a *talks) dropQUIC(tk *talk) {
	h := tk.quic
	if h == nil {
		return
	}
	a.left += h.kept
	small := h.kept <= smallBuffer
	h.hello.Reset()
	*h = quicTalk{hello: h.hello}
	if small && len(a.quics) < maxFreeQUIC {
		a.quics = append(a.quics, h)
	}
	tk.quic = nil
}

// inconsistent tells sight, once for a connection, that data which overlaps disagrees.
func (t *Table) inconsistent(c *conn, ts record.Time) {
	if c.flags&flagInconsistent == 0 {
		c.flags |= flagInconsistent
		t.sight.Count(ts, record.Inconsistent, 1)
	}
}
