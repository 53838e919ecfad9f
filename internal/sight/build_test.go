package sight_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// The imaginary place of these tests.
const (
	users   record.SegmentID = "users"   // 10.1.0.0/16, 2001:db8:1::/64
	servers record.SegmentID = "servers" // 10.2.0.0/16

	client   = "10.1.0.7"
	client6  = "2001:db8:1::7"
	server   = "10.2.0.8"
	resolver = "10.2.0.53"
	foreign  = "192.168.3.4"   // private, and of no segment
	public   = "203.0.113.5"   // ours, after translation
	far      = "198.51.100.80" // somebody in the Internet
	far6     = "2001:db8:ffff::80"

	start  = record.Time(1750000020e9) // begins a minute
	second = record.Time(1e9)
	milli  = record.Time(1e6)
)

var (
	clientMAC = record.MAC{0x3c, 0x52, 0x82, 0, 0, 7}
	serverMAC = record.MAC{0x3c, 0x52, 0x82, 0, 0, 8}
	routerMAC = record.MAC{0, 0x1b, 0x21, 0, 0, 1}
	everybody = record.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
)

func scope() record.Scope {
	return record.Scope{
		Segments: []record.ScopeSegment{
			{ID: users, Kind: record.Clients, Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8:1::/64")}},
			{ID: servers, Kind: record.Servers, Networks: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")}},
		},
		OwnPublic: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")},
		Resolvers: []netip.Addr{netip.MustParseAddr(resolver)},
	}
}

func addr(s string) decode.Addr { return decode.AddrFrom(netip.MustParseAddr(s)) }

// packet is one Ethernet frame with an IP packet. What is not set is usual: client to server, near, TCP with an
// acknowledgement.
type packet struct {
	src, dst     record.MAC
	from, to     string
	ttl          uint8
	proto        uint8
	sport, dport uint16
	flags        uint8
	window       uint16
	id           uint16
	options      []byte
	payload      []byte
}

func (p packet) bytes() []byte {
	p = p.filled()
	var l4 []byte
	switch p.proto {
	case decode.ProtoTCP:
		l4 = binary.BigEndian.AppendUint16(nil, p.sport)
		l4 = binary.BigEndian.AppendUint16(l4, p.dport)
		l4 = append(l4, 0, 0, 0, 1, 0, 0, 0, 2, byte((20+len(p.options))/4<<4), p.flags)
		l4 = binary.BigEndian.AppendUint16(l4, p.window)
		l4 = append(append(l4, 0, 0, 0, 0), p.options...)
	case decode.ProtoUDP:
		l4 = binary.BigEndian.AppendUint16(nil, p.sport)
		l4 = binary.BigEndian.AppendUint16(l4, p.dport)
		l4 = binary.BigEndian.AppendUint16(l4, uint16(8+len(p.payload)))
		l4 = append(l4, 0, 0)
	}
	return ether(p.src, p.dst, p.ip(append(l4, p.payload...)))
}

func (p packet) filled() packet {
	if p.src.Zero() {
		p.src = clientMAC
	}
	if p.dst.Zero() {
		p.dst = routerMAC
	}
	if p.from == "" {
		p.from = client
	}
	if p.to == "" {
		p.to = server
	}
	if p.ttl == 0 {
		p.ttl = 64
	}
	if p.proto == 0 {
		p.proto = decode.ProtoTCP
		if p.flags == 0 {
			p.flags = decode.ACK
		}
	}
	if p.sport == 0 {
		p.sport = 50000
	}
	if p.dport == 0 {
		p.dport = 443
	}
	return p
}

// ip puts the IP header before b; ether finds the family by its first byte.
func (p packet) ip(b []byte) []byte {
	from, to := netip.MustParseAddr(p.from), netip.MustParseAddr(p.to)
	if from.Is4() {
		h := []byte{0x45, 0}
		h = binary.BigEndian.AppendUint16(h, uint16(20+len(b)))
		h = binary.BigEndian.AppendUint16(h, p.id)
		h = append(h, 0x40, 0, p.ttl, p.proto, 0, 0)
		return append(append(append(h, from.AsSlice()...), to.AsSlice()...), b...)
	}
	h := []byte{0x60, 0, 0, 0}
	h = binary.BigEndian.AppendUint16(h, uint16(len(b)))
	h = append(h, p.proto, p.ttl)
	return append(append(append(h, from.AsSlice()...), to.AsSlice()...), b...)
}

func ether(src, dst record.MAC, b []byte) []byte {
	kind := []byte{0x08, 0x00}
	if b[0]>>4 == 6 {
		kind = []byte{0x86, 0xdd}
	}
	return append(append(append(append([]byte{}, dst[:]...), src[:]...), kind...), b...)
}

// arp is a request (op 1) or reply (op 2) of a sender.
func arp(op byte, mac record.MAC, sender, target string) []byte {
	b := append([]byte{}, everybody[:]...)
	b = append(append(b, mac[:]...), 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, op)
	b = append(append(b, mac[:]...), netip.MustParseAddr(sender).AsSlice()...)
	b = append(append(b, 0, 0, 0, 0, 0, 0), netip.MustParseAddr(target).AsSlice()...)
	return b
}

// discovery is a neighbour discovery message: its type, four bytes behind the checksum, and the rest.
func discovery(src record.MAC, from, to string, kind byte, flags byte, rest ...[]byte) []byte {
	b := []byte{kind, 0, 0, 0, flags, 0, 0, 0}
	for _, r := range rest {
		b = append(b, r...)
	}
	p := packet{from: from, to: to, ttl: 255, proto: decode.ProtoICMPv6}
	return ether(src, record.MAC{0x33, 0x33, 0, 0, 0, 1}, p.ip(b))
}

func linkAddr(option byte, m record.MAC) []byte { return append([]byte{option, 1}, m[:]...) }

// watch feeds one Builder.
type watch struct {
	*sight.Builder
	t rapid.TB
}

func watching(t rapid.TB) watch {
	return watch{sight.New(scope(), "s1", "packets"), t}
}

// frame feeds an Ethernet frame.
func (w watch) frame(at record.Time, data []byte) (duplicate bool) {
	return w.cut(at, data, uint32(len(data)))
}

func (w watch) cut(at record.Time, data []byte, wire uint32) (duplicate bool) {
	var p decode.Packet
	p.Frame(decode.LinkEthernet, data, wire)
	return w.Frame(at, &p, data, wire)
}

// done ends the observation and merges the minutes: the feed as a whole, and each segment.
func (w watch) done() (whole record.Sight, by map[record.SegmentID]record.Sight) {
	w.t.Helper()
	w.Finish()
	by = map[record.SegmentID]record.Sight{}
	for _, s := range w.Drain(nil) {
		if s.Sensor != "s1" || s.Feed != "packets" {
			w.t.Errorf("sight of sensor %q, feed %q", s.Sensor, s.Feed)
		}
		v := by[s.Segment]
		v.Merge(&s)
		by[s.Segment] = v
	}
	return by[record.Nowhere], by
}

// counts checks the named counters.
func counts(t testing.TB, s record.Sight, want map[record.Count]uint64) {
	t.Helper()
	for c, n := range want {
		if s.Counts[c] != n {
			t.Errorf("counter %d is %d, want %d", c, s.Counts[c], n)
		}
	}
}

// host finds an address among the hosts of a sight.
func host(t testing.TB, s record.Sight, a string) record.HostSeen {
	t.Helper()
	for _, h := range s.Hosts {
		if h.Addr == netip.MustParseAddr(a) {
			return h
		}
	}
	t.Errorf("host %s was not seen; seen %v", a, s.Hosts)
	return record.HostSeen{}
}

func card(t testing.TB, s record.Sight, m record.MAC) record.CardSeen {
	t.Helper()
	for _, c := range s.Cards {
		if c.MAC == m {
			return c
		}
	}
	t.Errorf("card %s was not seen; seen %v", m, s.Cards)
	return record.CardSeen{}
}
