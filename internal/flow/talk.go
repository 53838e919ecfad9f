package flow

import "candor/internal/record"

// talk is the cold part of a connection: its holes, the streams of its two directions and the messages that are not complete yet. Connections
// without any of that have none.
type talk struct {
	due   record.Time // next timeout of its messages, 0 for none
	uid   record.UID  // of its connection, once it was needed
	holes *holeSet
	kind  talkKind
	dir   [2]stream
	dns   []dnsWaiting
	tls   *tlsTalk
	http  *httpTalk
	quic  *quicTalk
}

// talkKind is what the streams of a TCP connection carry.
type talkKind uint8

const (
	kindUnknown talkKind = iota
	kindTLS
	kindHTTP
	kindDNS
)

const talkChunk = 256

// talks hands out talks and their buffers; both are used again.
type talks struct {
	chunks []*[talkChunk]talk
	free   []uint32
	fresh  uint32
	holes  []*holeSet
	pool   buffers
	quics  []*quicTalk
	tlses  []*tlsTalk
	https  []*httpTalk
	dnses  [][]dnsWaiting
	left   int // bytes that may still be kept over all connections
}

// at gives the talk of a connection; number is conn.talk, not 0.
func (a *talks) at(number uint32) *talk {
	i := number - 1
	return &a.chunks[i/talkChunk][i%talkChunk]
}

// of gives the connection's talk, making one if needed.
func (a *talks) of(c *conn) *talk {
	if c.talk != 0 {
		return a.at(c.talk)
	}
	var i uint32
	if n := len(a.free); n > 0 {
		i, a.free = a.free[n-1], a.free[:n-1]
	} else {
		i = a.fresh
		if i%talkChunk == 0 {
			a.chunks = append(a.chunks, new([talkChunk]talk))
		}
		a.fresh++
	}
	c.talk = i + 1
	return a.at(c.talk)
}

// release takes the talk away from its connection and everything it held with it.
func (a *talks) release(c *conn) {
	tk := a.at(c.talk)
	for s := range tk.dir {
		a.drop(&tk.dir[s])
	}
	if tk.holes != nil {
		*tk.holes = holeSet{}
		a.holes = append(a.holes, tk.holes)
	}
	a.dropQUIC(tk)
	a.dropDNS(tk)
	*tk = talk{}
	a.free = append(a.free, c.talk-1)
	c.talk = 0
}

// maxFreeTalks is how many parts of talks are kept of a kind.
const maxFreeTalks = 1024

// dropDNS takes the room for waiting queries away from a talk. Few connections ask at the same moment, so that little of it serves all.
func (a *talks) dropDNS(tk *talk) {
	if n := cap(tk.dns); n > 0 && n <= 4 && len(a.dnses) < maxFreeTalks {
		clear(tk.dns)
		a.dnses = append(a.dnses, tk.dns[:0])
	}
	tk.dns = nil
}

// roomDNS gives a talk room for a waiting query.
func (a *talks) roomDNS(tk *talk) {
	if n := len(a.dnses); cap(tk.dns) == 0 && n > 0 {
		tk.dns, a.dnses = a.dnses[n-1], a.dnses[:n-1]
	}
}

// newTLS gives an empty one.
func (a *talks) newTLS() *tlsTalk {
	if n := len(a.tlses); n > 0 {
		h := a.tlses[n-1]
		a.tlses = a.tlses[:n-1]
		return h
	}
	return new(tlsTalk)
}

// dropTLS takes the TLS part away from a talk.
func (a *talks) dropTLS(tk *talk) {
	if tk.tls != nil && len(a.tlses) < maxFreeTalks {
		*tk.tls = tlsTalk{}
		a.tlses = append(a.tlses, tk.tls)
	}
	tk.tls = nil
}

// newHTTP gives an empty one.
func (a *talks) newHTTP() *httpTalk {
	if n := len(a.https); n > 0 {
		h := a.https[n-1]
		a.https = a.https[:n-1]
		return h
	}
	return new(httpTalk)
}

// dropHTTP takes the HTTP part away from a talk.
func (a *talks) dropHTTP(tk *talk) {
	if h := tk.http; h != nil && cap(h.waiting) <= 4 && len(a.https) < maxFreeTalks {
		clear(h.waiting)
		*h = httpTalk{waiting: h.waiting[:0]}
		a.https = append(a.https, h)
	}
	tk.http = nil
}

func (t *Table) holesOf(c *conn) *holeSet {
	tk := t.talks.of(c)
	if tk.holes != nil {
		return tk.holes
	}
	if n := len(t.talks.holes); n > 0 {
		tk.holes, t.talks.holes = t.talks.holes[n-1], t.talks.holes[:n-1]
	} else {
		tk.holes = new(holeSet)
	}
	return tk.holes
}
