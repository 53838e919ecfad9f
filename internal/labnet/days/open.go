package days

import (
	"net/netip"

	"candor/internal/record"
)

// IP protocols.
const (
	icmp = 1
	tcp  = 6
	udp  = 17
)

// ending is how a connection goes.
type ending uint8

const (
	finished   ending = iota // TCP, closed by both
	reset                    // TCP, ended by the originator's reset
	unanswered               // TCP: SYNs without answer; else: no answer
	refused                  // TCP: reset at once
	answered                 // UDP and ICMP: both sent
)

// talk is one connection as a whole.
type talk struct {
	from, to *host      // nil: a machine of the Internet
	src, dst netip.Addr // filled in from the hosts where those are known
	sport    uint16     // 0: drawn
	port     uint16
	proto    uint8
	end      ending
	service  string
	sent     uint64 // payload of the originator; of a connection that stays open: within its first minute
	got      uint64
	pkts     uint64 // packets of the originator where bytes do not tell; 0: they do
	dur      int64  // from the first packet to the last

	// What a connection that stays open carries besides.
	ping               int64  // between two probes; 0: none
	pingSent, pingGot  uint64 // payload of one
	minuteSent, minGot uint64 // payload of each minute
	minuteChance       float64
}

const (
	openAtMost    = 55 * second // what is open longer is reported while it is open
	closedShows   = 5 * second
	datagramShows = 60 * second
	reportEvery   = 60 * second
)

// floor cuts a time to whole microseconds.
func floor(at int64) int64 { return at - at%microsecond }

// open makes a connection that begins at a time, and gives the fields its messages share.
func (r *run) open(p *proc, at int64, t *talk) record.Ends {
	at = floor(at)
	t.dur = floor(t.dur)
	p.conns++
	e := record.Ends{TS: record.Time(at), UID: uid(r.site.seed, p.id, p.conns), OrigP: t.sport, RespP: t.port, Proto: t.proto, OrigH: t.src, RespH: t.dst}
	if t.from != nil && !t.src.IsValid() {
		e.OrigH = t.from.addr
	}
	if t.to != nil && !t.dst.IsValid() {
		e.RespH = t.to.addr
	}
	if t.sport == 0 && t.proto != icmp {
		e.OrigP = uint16(49152 + p.dice.n(16384))
	}
	if t.dur > openAtMost {
		r.openLong(at, &e, t)
		return e
	}
	r.fill(r.putConn(at+t.dur+shows(t)), &e, t)
	return e
}

// shows is how long after its last packet a connection is known to be over.
func shows(t *talk) int64 {
	if t.proto != tcp {
		return datagramShows
	}
	return closedShows
}

// fill writes a whole connection.
func (r *run) fill(c *record.Conn, e *record.Ends, t *talk) {
	r.head(c, e, t)
	c.Duration, c.Final = record.Time(t.dur), true
	c.State, c.History = state(t.end, t.proto), history(t)
	c.OrigBytes, c.RespBytes = t.sent, t.got
	c.OrigPkts, c.RespPkts = packets(t)
	ip(c)
}

// head writes what all reports of a connection have in common.
func (r *run) head(c *record.Conn, e *record.Ends, t *talk) {
	c.TS, c.UID, c.OrigH, c.RespH, c.OrigP, c.RespP, c.Proto = e.TS, e.UID, e.OrigH, e.RespH, e.OrigP, e.RespP, e.Proto
	c.Service, c.LocalOrig, c.LocalResp = t.service, t.from != nil && t.from.lan.inside, t.to != nil && t.to.lan.inside
	switch {
	case t.from != nil:
		c.OrigL2, c.RespL2, c.VLAN = t.from.mac, t.from.lan.gate, t.from.lan.vlan
		if t.to != nil && t.to.lan == t.from.lan {
			c.RespL2 = t.to.mac
		} else if e.RespH.IsMulticast() {
			c.RespL2 = groupCard(e.RespH)
		}
	case t.to != nil:
		c.OrigL2, c.RespL2, c.VLAN = t.to.lan.gate, t.to.mac, t.to.lan.vlan
	}
}

func groupCard(a netip.Addr) record.MAC {
	b := a.As4()
	return record.MAC{1, 0, 0x5e, b[1] & 0x7f, b[2], b[3]}
}

func state(end ending, proto uint8) string {
	switch {
	case proto == icmp:
		return "OTH"
	case end == finished, end == answered:
		return "SF"
	case end == reset:
		return "RSTO"
	case end == refused:
		return "REJ"
	}
	return "S0"
}

// history is Zeek's, as whole connections of this kind have it.
func history(t *talk) string {
	switch {
	case t.proto != tcp && t.end == unanswered:
		return "D"
	case t.proto != tcp:
		return "Dd"
	case t.end == unanswered:
		return "S"
	case t.end == refused:
		return "Sr"
	case t.end == reset:
		return "ShADadR"
	case t.sent == 0 && t.got == 0:
		return "ShAFaf"
	}
	return "ShADadFf"
}

const segmentSize = 1448

// packets derives packets from bytes.
func packets(t *talk) (sent, got uint64) {
	switch t.end {
	case unanswered:
		return max(t.pkts, 1), 0
	case refused:
		return 1, 1
	case answered:
		return max(t.pkts, 1, (t.sent+1399)/1400), max(t.pkts, 1, (t.got+1399)/1400)
	case finished, reset:
	}
	s, g := (t.sent+segmentSize-1)/segmentSize, (t.got+segmentSize-1)/segmentSize
	return max(t.pkts, 4+s+g/2), max(t.pkts, 3+g+s/2)
}

// ip adds the headers.
func ip(c *record.Conn) {
	head := uint64(28)
	if c.Proto == tcp {
		head = 52
	}
	c.OrigIPBytes, c.RespIPBytes = c.OrigBytes+head*c.OrigPkts, c.RespBytes+head*c.RespPkts
}
