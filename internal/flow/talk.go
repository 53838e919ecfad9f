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
	*tk = talk{dns: tk.dns[:0]}
	a.free = append(a.free, c.talk-1)
	c.talk = 0
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
