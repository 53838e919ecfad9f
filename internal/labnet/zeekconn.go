package labnet

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// zeekKey names a connection whichever end sends: the lower end first.
type zeekKey struct {
	ends  [2]netip.AddrPort
	proto uint8
}

// zeekConn is a connection as a Zeek follows it. Index 0 is the originator.
type zeekConn struct {
	key         zeekKey
	born        uint64
	addr        [2]netip.AddrPort // ICMP: type and code
	proto       uint8
	first, last int64
	pkts        [2]uint64
	ipBytes     [2]uint64
	payload     [2]uint64 // UDP and ICMP
	missed      [2]uint64
	base, top   [2]uint32 // TCP: first sequence number, and the one after the last byte
	based       [2]bool
	syn, fin    [2]bool
	rst         [2]bool
	history     []byte
	services    []string
	mac         [2][6]byte
	hasMAC      [2]bool
	vlan        uint16
	hello       *zeekHello
	request     *zeekRequest
	requests    int
	greeted     [2]bool // the hello of an end was read
	over        bool    // closed or reset
}

// zeekPacket is a packet of a frame.
type zeekPacket struct {
	at       int64
	src, dst netip.AddrPort
	proto    uint8
	length   int // of the IP packet
	data     []byte
	size     int // of the payload on the wire
	seq, ack uint32
	flags    byte
	mac, to  [6]byte
	vlan     uint16
	group    bool
}

// read takes a frame apart; false for what is no connection's.
func (p *zeekPacket) read(at int64, eth []byte) bool {
	p.at = at
	copy(p.to[:], eth)
	copy(p.mac[:], eth[6:])
	p.group = eth[0]&1 != 0
	kind, ip := binary.BigEndian.Uint16(eth[12:]), eth[14:]
	if kind == typeVLAN {
		p.vlan, kind, ip = binary.BigEndian.Uint16(ip)&0xfff, binary.BigEndian.Uint16(ip[2:]), ip[4:]
	}
	var src, dst netip.Addr
	head := 20
	switch kind {
	case typeIPv4:
		p.proto, p.length = ip[9], int(binary.BigEndian.Uint16(ip[2:]))
		head = int(ip[0]&15) * 4
		src, dst = netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
	case typeIPv6:
		p.proto, p.length, head = ip[6], 40+int(binary.BigEndian.Uint16(ip[4:])), 40
		src, dst = netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40]))
		if p.proto == 0 && len(ip) > 48 { // hop by hop
			p.proto, head = ip[40], 48+int(ip[41])*8
		}
	default:
		return false
	}
	need := map[uint8]int{protoTCP: 20, protoUDP: 8, protoICMP: 8, protoICMPv6: 8}[p.proto]
	if need == 0 || len(ip) < head+need {
		return false
	}
	l4 := ip[head:]
	a, b := binary.BigEndian.Uint16(l4), binary.BigEndian.Uint16(l4[2:])
	skip := 8
	switch p.proto {
	case protoTCP:
		skip = int(l4[12]>>4) * 4
		p.seq, p.ack, p.flags = binary.BigEndian.Uint32(l4[4:]), binary.BigEndian.Uint32(l4[8:]), l4[13]
	case protoUDP:
	default:
		a, b = zeekICMP(p.proto, l4[0], l4[1])
	}
	p.src, p.dst = netip.AddrPortFrom(src, a), netip.AddrPortFrom(dst, b)
	p.size = p.length - head - skip
	p.data = l4[min(skip, len(l4)):]
	p.data = p.data[:min(len(p.data), max(p.size, 0))]
	return true
}

// zeekICMP gives type and code as two ports, a question's and its answer's being each other's mirror image.
func zeekICMP(proto, kind, code uint8) (a, b uint16) {
	pairs := map[uint8]uint8{8: 0, 13: 14}
	if proto == protoICMPv6 {
		pairs = map[uint8]uint8{128: 129, 133: 134, 135: 136}
	}
	for ask, answer := range pairs {
		switch kind {
		case ask:
			return uint16(ask), uint16(answer)
		case answer:
			return uint16(answer), uint16(ask)
		}
	}
	return uint16(kind), uint16(code)
}

func (p *zeekPacket) key() zeekKey {
	k := zeekKey{[2]netip.AddrPort{p.src, p.dst}, p.proto}
	if p.src.Compare(p.dst) > 0 {
		k.ends[0], k.ends[1] = p.dst, p.src
	}
	return k
}

// frame follows one frame, in the order of time.
func (z *zeekSensor) frame(at int64, eth []byte) {
	var p zeekPacket
	if !p.read(at, eth) {
		return
	}
	if at-z.swept > second {
		z.sweep(at)
	}
	k := p.key()
	c := z.conns[k]
	if c != nil && (c.gone(at) || c.over && p.flags&flagSYN != 0) {
		z.end(c)
		c = nil
	}
	if c == nil {
		c = z.begin(k, &p)
	}
	by := 0
	if p.src != c.addr[0] {
		by = 1
	}
	c.last = max(c.last, at)
	c.pkts[by]++
	c.ipBytes[by] += uint64(p.length)
	if !c.hasMAC[by] {
		c.mac[by], c.hasMAC[by] = p.mac, true
	}
	if !c.hasMAC[1-by] && !p.group {
		c.mac[1-by], c.hasMAC[1-by] = p.to, true
	}
	if p.proto == protoTCP {
		c.segment(&p, by)
	} else {
		c.payload[by] += uint64(max(p.size, 0))
		if p.size > 0 {
			c.mark('D', by)
		}
	}
	if len(p.data) > 0 {
		z.message(c, &p, by)
	}
}

func (z *zeekSensor) begin(k zeekKey, p *zeekPacket) *zeekConn {
	z.born++
	c := &zeekConn{key: k, born: z.born, addr: [2]netip.AddrPort{p.src, p.dst}, proto: p.proto, first: p.at, last: p.at, vlan: p.vlan}
	answer := p.proto == protoTCP && p.flags&flagSYN != 0 && p.flags&flagACK != 0
	late := (p.proto == protoTCP && p.flags&flagSYN == 0 || p.proto == protoUDP) && p.src.Port() < 1024 && p.dst.Port() >= 1024
	if answer || late { // the other end must have begun
		c.addr[0], c.addr[1] = c.addr[1], c.addr[0]
		c.history = append(c.history, '^')
	}
	z.conns[k] = c
	return c
}

// segment follows sequence numbers and flags.
func (c *zeekConn) segment(p *zeekPacket, by int) {
	seq := p.seq
	if p.flags&flagSYN != 0 {
		c.syn[by] = true
		c.base[by], c.based[by] = seq+1, true
		c.top[by] = seq + 1
		if p.flags&flagACK != 0 {
			c.mark('H', by)
		} else {
			c.mark('S', by)
		}
		return
	}
	if !c.based[by] {
		c.base[by], c.top[by], c.based[by] = seq, seq, true
	}
	n := uint32(max(p.size, 0))
	switch ahead := int32(seq - c.top[by]); {
	case n == 0:
	case ahead > 0:
		c.missed[by] += uint64(ahead)
		c.top[by] = seq + n
	case int32(seq+n-c.top[by]) > 0:
		c.top[by] = seq + n
	default: // sent again: fills a hole, if there is one
		c.missed[by] -= min(c.missed[by], uint64(n))
	}
	if n > 0 {
		c.mark('D', by)
	} else if p.flags&(flagFIN|flagRST) == 0 {
		c.mark('A', by)
	}
	if p.flags&flagFIN != 0 {
		c.fin[by] = true
		c.mark('F', by)
	}
	if p.flags&flagRST != 0 {
		c.rst[by] = true
		c.mark('R', by)
	}
	c.over = c.fin[0] && c.fin[1] || c.rst[0] || c.rst[1]
}

func (c *zeekConn) mark(letter byte, by int) {
	if by == 1 {
		letter += 'a' - 'A'
	}
	if !slices.Contains(c.history, letter) {
		c.history = append(c.history, letter)
	}
}

// bytes is the payload of an end.
func (c *zeekConn) bytes(by int) uint64 {
	if c.proto == protoTCP {
		return uint64(c.top[by] - c.base[by])
	}
	return c.payload[by]
}

// state is Zeek's conn_state.
func (c *zeekConn) state() string {
	if c.proto != protoTCP {
		switch {
		case c.proto != protoUDP:
			return "OTH"
		case c.pkts[0] > 0 && c.pkts[1] > 0:
			return "SF"
		case c.pkts[1] > 0:
			return "SHR"
		}
		return "S0"
	}
	asked, answered := c.syn[0], c.syn[1]
	either := func(open bool, yes, no string) string {
		if open {
			return yes
		}
		return no
	}
	switch {
	case c.rst[1] && asked && !answered:
		return "REJ"
	case c.rst[1]:
		return either(asked, "RSTR", "RSTRH")
	case c.rst[0]:
		return either(answered, "RSTO", "RSTOS0")
	case c.fin[0] && c.fin[1]:
		return "SF"
	case c.fin[0]:
		return either(answered, "S2", "SH")
	case c.fin[1]:
		return either(asked, "S3", "SHR")
	case asked && answered:
		return "S1"
	case asked && c.pkts[1] == 0:
		return "S0"
	}
	return "OTH"
}

// gone says whether a connection is over for want of packets, with Zeek's default times.
func (c *zeekConn) gone(at int64) bool {
	idle := at - c.last
	switch {
	case c.proto != protoTCP:
		return idle > 60*second
	case c.over:
		return idle > 5*second
	case c.syn[0] && c.pkts[1] == 0:
		return at-c.first > 5*second // tcp_attempt_delay
	}
	return idle > 300*second
}

// sweep ends what is over, in the order in which it began.
func (z *zeekSensor) sweep(at int64) {
	z.swept = at
	var over []*zeekConn
	for _, c := range z.conns {
		if c.gone(at) {
			over = append(over, c)
		}
	}
	slices.SortFunc(over, func(a, b *zeekConn) int { return int(int64(a.born) - int64(b.born)) })
	for _, c := range over {
		z.end(c)
	}
	z.leasesBefore(at - 10*second)
}

func (c *zeekConn) card(by int) string {
	if !c.hasMAC[by] {
		return ""
	}
	return zeekCard(c.mac[by])
}

func zeekCard(m [6]byte) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// uid is "C" and digits that look like Zeek's.
func (c *zeekConn) uid() string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	n := c.born*0x9e3779b97f4a7c15 + uint64(c.first)
	var b strings.Builder
	b.WriteByte('C')
	for range 10 {
		b.WriteByte(digits[n%62])
		n /= 62
	}
	return b.String()
}

func (c *zeekConn) serves(service string) {
	if !slices.Contains(c.services, service) {
		c.services = append(c.services, service)
	}
}
