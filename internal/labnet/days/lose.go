package days

import (
	"iter"
	"math"
	"strings"

	"candor/internal/record"
)

// Lose gives batches as a capture would have seen them that lost a share (0 to 1) of its packets, each by itself: connections
// are missing or thinner, their histories incomplete, bytes are missed, halves of lookups and handshakes are not there. Log lines are
// not packets and stay. The same seed loses the same packets, however the batches are cut. Batches are changed in place.
func Lose(batches iter.Seq[*record.Batch], share float64, seed uint64) iter.Seq[*record.Batch] {
	l := &loss{share: share, seed: seed}
	return func(yield func(*record.Batch) bool) {
		for b := range batches {
			if share > 0 {
				l.batch(b)
			}
			if !yield(b) {
				return
			}
		}
	}
}

type loss struct {
	share float64
	seed  uint64
}

func (l *loss) batch(b *record.Batch) {
	b.Conns = kept(b.Conns, l.conn)
	b.DNS = kept(b.DNS, l.dns)
	b.TLS = kept(b.TLS, l.tls)
	b.HTTP = kept(b.HTTP, l.http)
	b.DHCP = kept(b.DHCP, func(d *record.DHCP) bool { return !l.lost(&d.Ends, 1) || !l.lost(&d.Ends, 2) })
}

// kept drops what was lost as a whole.
func kept[T any](list []T, keep func(*T) bool) []T {
	out := list[:0]
	for i := range list {
		if keep(&list[i]) {
			out = append(out, list[i])
		}
	}
	return out
}

// lost tells whether the n-th thing of a connection was lost: 1 and 2 are the first packets of originator and responder.
func (l *loss) lost(e *record.Ends, n uint64) bool {
	d := newDice(l.seed, hash(string(e.UID)), n)
	return d.chance(l.share)
}

// seen is how many of n packets were not lost; the first of them has luck of its own.
func (l *loss) seen(e *record.Ends, side, n uint64) uint64 {
	if n == 0 {
		return 0
	}
	first := uint64(1)
	if l.lost(e, side) {
		first = 0
	}
	d := newDice(l.seed, hash(string(e.UID)), side, n, 7)
	return first + d.binomial(n-1, 1-l.share)
}

// binomial counts successes of n tries.
func (d *dice) binomial(n uint64, p float64) uint64 {
	if n > 64 {
		mean := float64(n) * p
		return min(uint64(max(math.Round(mean+d.normal()*math.Sqrt(mean*(1-p))), 0)), n)
	}
	k := uint64(0)
	for range n {
		if d.chance(p) {
			k++
		}
	}
	return k
}

func (l *loss) conn(c *record.Conn) bool {
	e := &record.Ends{UID: c.UID}
	whole := c.Report == 0 && c.Final
	if !whole { // each report of a connection has luck of its own
		e.UID += record.UID(rune('0' + c.Report%64))
	}
	before := [2]uint64{c.OrigPkts, c.RespPkts}
	c.OrigPkts, c.RespPkts = l.seen(e, 1, before[0]), l.seen(e, 2, before[1])
	if c.OrigPkts+c.RespPkts == 0 && before[0]+before[1] > 0 {
		if whole {
			return false
		}
		c.OrigPkts = 1 // it was noticed before, or will be
	}
	if c.Proto == tcp {
		l.segments(c, before)
		l.steps(c, &record.Ends{UID: c.UID})
	} else {
		c.OrigBytes, c.RespBytes = part(c.OrigBytes, c.OrigPkts, before[0]), part(c.RespBytes, c.RespPkts, before[1])
		l.datagrams(c, whole)
	}
	c.OrigIPBytes, c.RespIPBytes = part(c.OrigIPBytes, c.OrigPkts, before[0]), part(c.RespIPBytes, c.RespPkts, before[1])
	return true
}

func part(n, seen, of uint64) uint64 {
	if of == 0 || seen >= of {
		return n
	}
	return uint64(float64(n) * float64(seen) / float64(of))
}

// segments counts the payload that was acknowledged and never seen: sizes come from sequence numbers and stay.
func (l *loss) segments(c *record.Conn, before [2]uint64) {
	missed := c.OrigBytes - part(c.OrigBytes, c.OrigPkts, before[0]) + c.RespBytes - part(c.RespBytes, c.RespPkts, before[1])
	c.MissedBytes += missed
}

// steps removes letters of single packets that were lost from a TCP history, and gives the state that follows.
func (l *loss) steps(c *record.Conn, e *record.Ends) {
	h := c.History
	for i, letter := range []string{"S", "h", "F", "f"} {
		number := uint64(i + 1)
		if i > 1 {
			number += 10
		}
		if strings.Contains(h, letter) && l.lost(e, number) && h != letter {
			h = strings.Replace(h, letter, "", 1)
		}
	}
	if h == c.History {
		return
	}
	c.History = h
	has := func(s string) bool { return strings.Contains(h, s) }
	switch {
	case !has("S") && c.State == "REJ":
		c.State = "RSTRH"
	case !has("S"):
		c.State = "OTH"
	case c.State == "SF" && has("F") && !has("f"):
		c.State = "S2"
	case c.State == "SF" && !has("F") && has("f"):
		c.State = "S3"
	case c.State == "SF" && !has("F"):
		c.State = "S1"
	}
}

func (l *loss) datagrams(c *record.Conn, whole bool) {
	if c.Proto != udp || !whole || c.History != "Dd" {
		return
	}
	switch {
	case c.RespPkts == 0:
		c.History, c.State, c.Duration = "D", "S0", 0
	case c.OrigPkts == 0:
		c.History, c.State, c.Duration = "d", "SHR", 0
	}
}

func (l *loss) dns(d *record.DNS) bool {
	e := &d.Ends
	d.HasQuery = d.HasQuery && !l.lost(e, 1)
	if d.HasReply && l.lost(e, 2) {
		d.HasReply, d.RTT, d.RCode, d.RA, d.Answers, d.TTLs, d.Authority = false, 0, 0, false, nil, nil, 0
	}
	if !d.HasQuery {
		d.TS, d.RTT = d.TS+d.RTT, 0
	}
	return d.HasQuery || d.HasReply
}

func (l *loss) tls(t *record.TLS) bool {
	if l.lost(&t.Ends, 3) {
		t.HasClient, t.JA4, t.ServerName, t.ClientALPN = false, "", "", nil
	}
	if l.lost(&t.Ends, 4) {
		t.HasServer, t.Established, t.Version, t.Cipher, t.Curve, t.NextProto = false, false, "", "", "", ""
	}
	if t.ChainLength > 0 && (!t.HasServer || l.lost(&t.Ends, 5) || l.lost(&t.Ends, 6)) {
		t.Subject, t.Issuer, t.Serial, t.CertSHA256, t.SANDNS, t.NotBefore, t.NotAfter, t.ChainLength = "", "", "", "", nil, 0, 0, 0
	}
	return t.HasClient || t.HasServer
}

func (l *loss) http(h *record.HTTP) bool {
	if l.lost(&h.Ends, 3) {
		h.HasRequest, h.Method, h.Host, h.URI, h.Referrer, h.UserAgent, h.Version, h.RequestBodyLen = false, "", "", "", "", "", "", 0
	}
	if l.lost(&h.Ends, 4) {
		h.HasResponse, h.StatusCode, h.StatusMsg, h.RespMIME, h.ResponseBodyLen = false, 0, "", "", 0
	}
	return h.HasRequest || h.HasResponse
}
