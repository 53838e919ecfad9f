package record

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

// UID names a connection: a hash of (feed, first packet's time, 5-tuple) written like Zeek's uid ("C" and base 62),
// or the uid that the source (Zeek) gave it.
type UID string

// Conn is one connection, or one report of a connection still open, with the fields and meanings of Zeek's conn.log
// (https://docs.zeek.org/en/current/logs/conn.html).
type Conn struct {
	TS   Time // first packet
	UID  UID
	Feed Feed

	OrigH, RespH netip.Addr
	OrigP, RespP uint16 // ICMP: type and code, as Zeek does
	Proto        uint8  // IP protocol number (Zeek's ip_proto)
	Service      string // dns, ssl, http, dhcp, ntp, ...; comma separated when several were confirmed

	Duration  Time   // last packet seen - first; 0 for a single packet (Zeek then leaves out duration and the payload bytes)
	State     string // Zeek's conn_state: S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH
	History   string // Zeek's history letters, capital for the originator, ^ when direction was flipped
	LocalOrig bool
	LocalResp bool

	OrigBytes, RespBytes     uint64 // payload by sequence numbers (TCP) or lengths (others); difference since the last report
	MissedBytes              uint64 // payload acknowledged or jumped over but never seen
	OrigPkts, RespPkts       uint64
	OrigIPBytes, RespIPBytes uint64 // by the total length field of the IP header

	VLAN, InnerVLAN uint16
	OrigL2, RespL2  MAC        // sender's cards; zero when unknown
	CommunityID     string     // as another tool gave it; see Community
	First           Originator // what a community id of our own is made of
	TunnelParents   []UID
	OrigHost        Host // which machine, when evidence beyond the address exists
	RespHost        Host

	Report int  // counts the reports of this connection from 0
	Final  bool // the connection ended or timed out; false for a report of one still open
}

// Originator says where a connection's originator stands in the canonical order of its two ends, in which both directions have one name: by address
// and port, but for ICMP without answers, whose first end is its sender. The order is the source's to know.
type Originator uint8

// The places of the originator.
const (
	OriginatorUnknown Originator = iota // and no community id is made
	OriginatorFirst
	OriginatorSecond
)

// Community is the connection's community id: the one that it came with, else version 1 with seed 0
// (https://github.com/corelight/community-id-spec); empty where the source neither gave one nor the order of the ends.
func (c *Conn) Community() string {
	if c.CommunityID != "" || c.First == OriginatorUnknown {
		return c.CommunityID
	}
	a, b, ap, bp := c.OrigH, c.RespH, c.OrigP, c.RespP
	if c.First == OriginatorSecond {
		a, b, ap, bp = b, a, bp, ap
	}
	if !a.Is4() || !b.Is4() { // both in the same form
		a, b = netip.AddrFrom16(a.As16()), netip.AddrFrom16(b.As16())
	}
	var buf [64]byte
	id := append(buf[:0], 0, 0)
	id = append(append(id, a.AsSlice()...), b.AsSlice()...)
	id = append(id, c.Proto, 0)
	switch c.Proto {
	case 1, 6, 17, 58, 132: // ICMP, TCP, UDP, ICMPv6, SCTP
		id = binary.BigEndian.AppendUint16(id, ap)
		id = binary.BigEndian.AppendUint16(id, bp)
	}
	sum := sha1.Sum(id)
	return "1:" + base64.StdEncoding.EncodeToString(sum[:])
}

// MAC is a card's hardware address.
type MAC [6]byte

// Zero reports whether the address is unknown.
func (m MAC) Zero() bool { return m == MAC{} }

// String is the usual form, 3c:52:82:1a:90:4e.
func (m MAC) String() string {
	const hex = "0123456789abcdef"
	var b [17]byte
	for i, v := range m {
		b[3*i], b[3*i+1] = hex[v>>4], hex[v&15]
		if i < 5 {
			b[3*i+2] = ':'
		}
	}
	return string(b[:])
}

// ProtoName is Zeek's proto field for an IP protocol number.
func ProtoName(proto uint8) string {
	switch proto {
	case 6:
		return "tcp"
	case 17:
		return "udp"
	case 1, 58:
		return "icmp"
	}
	return "unknown_transport"
}
