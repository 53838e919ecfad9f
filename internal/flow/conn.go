package flow

import (
	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// conn is a connection's hot entry: 256 bytes without pointers, so that the collector never looks at it. The two ends stand in canonical
// order (lower address and port first); orig says which of them is the originator.
type conn struct {
	ends  [2]decode.Addr
	port  [2]uint16
	proto uint8
	orig  uint8
	flags connFlags

	first, last, due record.Time // due: nothing has to be done before; changed by Table.rearm only

	born     uint64 // creation number: breaks ties, so that order never depends on the table; 0 of an entry that is free
	tag      uint32 // the key's hash
	talk     uint32 // cold part + 1, 0 without
	services serviceSet
	reports  uint32
	vlan     [2]uint16 // outer and inner tag of the first packet; inside a tunnel the two halves of around.network
	mac      [2]decode.MAC
	slot     uint16 // of the wheel that looks after it next + 1, 0 for none
	named    uint8  // a protocol that is only named: a place in recognised + 1, 0 for none
	letters  uint8
	history  [18]byte

	side [2]side
}

// side is what one end sent. Sequence numbers are relative to start, so that a SYN is 0 and the first payload byte 1.
type side struct {
	ipBytes  uint64 // since the last report
	top      uint64 // TCP: highest relative sequence number seen, SYN and FIN counted; others: payload bytes
	acked    uint64 // TCP: highest relative number the peer acknowledged
	reported uint64 // payload bytes reported so far

	start    uint32
	pkts     uint32 // since the last report
	lastSYN  uint32 // relative numbers, for repeated letters in the history
	lastFIN  uint32
	lastRST  uint32
	rexmits  uint16 // saturating, for the logarithmic letters
	zeroWins uint16
	gaps     uint16
	badSums  uint16
	state    tcpState
	was      tcpState // the state before
	letters  letterSet
	bits     sideBits
}

type connFlags uint16

const (
	flagClosed       connFlags = 1 << iota // TCP: both ends closed, or one was reset: lingers until due
	flagJudged                             // sight knows its directions
	flagFragmented                         // payload by fragments: sequence numbers say nothing about loss
	flagQuiet                              // its messages are of no interest any more
	flagEncrypted                          // counted as encrypted DNS
	flagInconsistent                       // counted as inconsistent
	flagInner                              // inside a tunnel
	flagHeard0                             // the first payload of an end was looked at, to name its protocol
	flagHeard1                             //
	flagOneMore      connFlags = 1 << 12   // packets so far, copies left out, up to checksumSample: three bits
)

type sideBits uint8

const (
	bitSeen    sideBits = 1 << iota // sent at least one packet
	bitData                         // TCP: sent payload
	bitAcked                        // TCP: the peer acknowledged payload of it
	bitClosed                       // TCP: closed, as Zeek's did_close
	bitFIN                          // TCP: a FIN was seen
	bitBased                        // TCP: start is known, from a packet of its own or the peer's acknowledgement
	bitControl                      // TCP: anything but SYNs was seen
)

// few is the number of packets so far, copies left out, up to checksumSample.
func (c *conn) few() int { return int(c.flags / flagOneMore) }

// within is the network of a connection inside a tunnel, 0 of others.
func (c *conn) within() uint32 {
	if c.flags&flagInner == 0 {
		return 0
	}
	return uint32(c.vlan[0])<<16 | uint32(c.vlan[1])
}

func (c *conn) origin() *side    { return &c.side[c.orig] }
func (c *conn) responder() *side { return &c.side[1-c.orig] }

// answered says whether both ends sent something.
func (c *conn) answered() bool { return c.side[0].bits&c.side[1].bits&bitSeen != 0 }

// respPort is the responder's port.
func (c *conn) respPort() uint16 { return c.port[1-c.orig] }

// hasPort says whether either end uses the port.
func (c *conn) hasPort(p uint16) bool { return c.port[0] == p || c.port[1] == p }

// letter adds a history letter of one end: a capital for the originator.
func (c *conn) letter(s int, l byte) {
	if s != int(c.orig) {
		l += 'a' - 'A'
	}
	c.mark(l)
}

// mark adds a letter as it is. A history longer than its room is cut: the first letters tell the story.
func (c *conn) mark(l byte) {
	if int(c.letters) < len(c.history) {
		c.history[c.letters] = l
		c.letters++
	}
}

// letterSet remembers which letters an end already has.
type letterSet uint8

const (
	hasSYN letterSet = 1 << iota
	hasFIN
	hasRST
	hasData
	hasACK
	hasFINRST
	hasMulti
)

// once adds the letter at its first occurrence and says whether it was there before.
func (c *conn) once(s int, bit letterSet, l byte) (before bool) {
	e := &c.side[s]
	if e.letters&bit != 0 {
		return true
	}
	e.letters |= bit
	c.letter(s, l)
	return false
}

// scaled counts an event and adds its letter at the 1st, 10th, 100th, ... time.
func (c *conn) scaled(s int, n *uint16, l byte) {
	if *n == 1<<16-1 {
		return
	}
	*n++
	switch *n {
	case 1, 10, 100, 1000, 10000:
		c.letter(s, l)
	}
}

// opening is what sight is told of the connection's beginning.
func (c *conn) opening() sight.Opening {
	return sight.Opening{TS: c.first, Orig: c.ends[c.orig], Resp: c.ends[1-c.orig], RespPort: c.respPort(), Proto: c.proto}
}
