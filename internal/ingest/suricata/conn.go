package suricata

import (
	"strconv"
	"strings"

	"candor/internal/ingest"
	"candor/internal/record"
)

// TCP flags.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// ethernetHeader is taken off each packet: Suricata counts the bytes of frames, records those of IP packets. Short frames are
// padded, so the result may still be some bytes too high.
const ethernetHeader = 14

// ends fills the fields that all records share. Events of answers may name the server first; turned tells.
func (r *reader) ends(e *event, turned bool) record.Ends {
	out := record.Ends{
		TS: e.at, UID: uidOf(e.flow), Feed: r.opts.Feed, OrigH: e.src, RespH: e.dst, OrigP: e.sport, RespP: e.dport,
		Proto: protocol(e.proto),
	}
	if turned {
		out.OrigH, out.RespH, out.OrigP, out.RespP = out.RespH, out.OrigH, out.RespP, out.OrigP
	}
	return out
}

func uidOf(flow uint64) record.UID {
	if flow == 0 {
		return ""
	}
	return record.UID(strconv.FormatUint(flow, 10))
}

func protocol(name string) uint8 {
	switch strings.ToUpper(name) {
	case "TCP":
		return 6
	case "UDP":
		return 17
	case "ICMP":
		return 1
	case "IPV6-ICMP":
		return 58
	case "SCTP":
		return 132
	case "GRE":
		return 47
	case "ESP":
		return 50
	}
	n, err := strconv.ParseUint(name, 10, 8)
	if err != nil {
		return 0
	}
	return uint8(n)
}

// conn makes a connection of a flow.
func (r *reader) conn(e *event) record.Conn {
	ends := r.ends(e, false)
	c := record.Conn{
		TS: e.talk.start, UID: ends.UID, Feed: ends.Feed, OrigH: ends.OrigH, RespH: ends.RespH, OrigP: ends.OrigP, RespP: ends.RespP,
		Proto: ends.Proto, Service: service(e.app), CommunityID: e.community, VLAN: e.vlan[0], InnerVLAN: e.vlan[1],
		OrigPkts: e.talk.pkts[0], RespPkts: e.talk.pkts[1],
		OrigIPBytes: ipBytes(e.talk.bytes[0], e.talk.pkts[0]), RespIPBytes: ipBytes(e.talk.bytes[1], e.talk.pkts[1]),
		OrigL2: e.macs[0], RespL2: e.macs[1], Final: true,
		LocalOrig: r.inner.Is(e.src), LocalResp: r.inner.Is(e.dst),
	}
	if c.TS == 0 {
		c.TS = e.at
	}
	if e.hasICMP {
		c.OrigP, c.RespP = e.icmp[0], e.icmp[1]
	}
	if e.talk.end > c.TS {
		c.Duration = e.talk.end - c.TS
	}
	c.State, c.History = stateOf(&c, e)
	return c
}

func ipBytes(frames, pkts uint64) uint64 {
	return frames - min(frames, ethernetHeader*min(pkts, frames))
}

// service is Zeek's name of an application protocol.
func service(app string) string {
	switch app {
	case "failed", "unknown", "":
		return ""
	case "tls":
		return "ssl"
	case "http2", "http_any":
		return "http"
	case "krb5":
		return "krb"
	}
	return app
}

// stateOf is Zeek's conn_state and history as far as counts and the flags of each direction carry them: which letters, in the
// order in which they usually come. D says that a side pushed data (PSH); how much is not known.
func stateOf(c *record.Conn, e *event) (state, history string) {
	if c.Proto != 6 {
		return stateless(c)
	}
	o, p := e.flags[0], e.flags[1]
	var h strings.Builder
	letter := func(has bool, l byte) {
		if has {
			h.WriteByte(l)
		}
	}
	letter(o&(syn|ack) == syn || o&syn != 0 && p&syn != 0, 'S')
	letter(p&syn != 0 && p&ack != 0, 'h')
	letter(o&ack != 0, 'A')
	letter(o&psh != 0, 'D')
	letter(p&ack != 0 && (p&psh != 0 || p&(syn|fin|rst) == 0 || p&syn != 0 && c.RespPkts > 1), 'a')
	letter(p&psh != 0, 'd')
	letter(o&fin != 0, 'F')
	letter(p&fin != 0, 'f')
	letter(o&rst != 0, 'R')
	letter(p&rst != 0, 'r')
	return tcpState(o, p, c.RespPkts > 0), h.String()
}

func stateless(c *record.Conn) (state, history string) {
	if c.Proto == 17 {
		switch {
		case c.OrigPkts > 0 && c.RespPkts > 0:
			return "SF", "Dd"
		case c.OrigPkts > 0:
			return "S0", "D"
		case c.RespPkts > 0:
			return "SHR", "d"
		}
	}
	return "OTH", ""
}

// tcpState judges by the flags that each side ever sent.
func tcpState(o, p uint8, answered bool) string {
	switch {
	case o&syn == 0 && p&syn != 0 && p&rst != 0:
		return "RSTRH"
	case o&syn == 0 && p&syn != 0:
		return "SHR"
	case o&syn == 0:
		return "OTH"
	case p&syn == 0 && p&rst != 0:
		return "REJ"
	case p&syn == 0 && o&rst != 0:
		return "RSTOS0"
	case p&syn == 0 && o&fin != 0:
		return "SH"
	case p&syn == 0 && !answered:
		return "S0"
	case p&syn == 0:
		return "OTH"
	case o&rst != 0:
		return "RSTO"
	case p&rst != 0:
		return "RSTR"
	case o&fin != 0 && p&fin != 0:
		return "SF"
	case o&fin != 0:
		return "S2"
	case p&fin != 0:
		return "S3"
	}
	return "S1"
}

// orderTime is when a record could first be told.
func orderTime(c *record.Conn) record.Time { return ingest.End(c.TS, c.Duration) }
