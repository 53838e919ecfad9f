package labnet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// What a Zeek reads in the messages of this package.

// zeekQuestion names an open DNS question: connection and transaction.
type zeekQuestion struct {
	conn *zeekConn
	id   uint16
	seq  int // several with one number
}

type zeekAsked struct {
	at    int64
	query string
	kind  uint16
	flags uint16
}

// zeekHello is a client hello that the server has not answered yet.
type zeekHello struct {
	at   int64
	name string
}

// zeekRequest is an HTTP request that has no response yet.
type zeekRequest struct {
	at                       int64
	method, host, uri, agent string
}

// zeekLease is a DHCP exchange.
type zeekLease struct {
	at             int64
	client, server netip.Addr
	assigned       netip.Addr
	mac, host      string
	seconds        uint32
	kinds          []string
	uids           []string
	acknowledged   bool
}

func (z *zeekSensor) message(c *zeekConn, p *zeekPacket, by int) {
	port := func(n uint16) bool { return p.src.Port() == n || p.dst.Port() == n }
	switch {
	case p.proto == protoUDP && (port(53) || port(5353) || port(5355)):
		z.lookup(c, p)
	case p.proto == protoUDP && (port(67) || port(68)) && p.src.Addr().Is4():
		z.dhcp(c, p)
	case p.proto == protoUDP && port(123):
		c.serves("ntp")
	case p.proto == protoTCP && len(p.data) > 9 && p.data[0] == 22 && p.data[1] == 3 && p.data[5] == byte(1+by) && !c.greeted[by]:
		c.greeted[by] = true
		c.serves("ssl")
		switch p.data[5] {
		case 1:
			c.hello = &zeekHello{p.at, helloName(p.data)}
		case 2:
			if c.hello != nil {
				z.handshake(c, true)
			}
		}
	case p.proto == protoTCP:
		z.web(c, p, by)
	}
}

// lookup reads a DNS message with one question.
func (z *zeekSensor) lookup(c *zeekConn, p *zeekPacket) {
	b := p.data
	if len(b) < 17 || binary.BigEndian.Uint16(b[4:]) == 0 {
		return
	}
	name, at := dnsNameAt(b, 12)
	if at+4 > len(b) {
		return
	}
	c.serves("dns")
	a := &zeekAsked{p.at, name, binary.BigEndian.Uint16(b[at:]), binary.BigEndian.Uint16(b[2:])}
	q := zeekQuestion{conn: c, id: binary.BigEndian.Uint16(b)}
	if a.flags&0x8000 == 0 {
		for z.asked[q] != nil {
			q.seq++
		}
		z.asked[q] = a
		return
	}
	asked := z.asked[q]
	if asked == nil || asked.query != name {
		z.answered(c, q.id, a, a, b, false)
		return
	}
	z.answered(c, q.id, asked, a, b, true)
	for q.seq++; z.asked[q] != nil; q.seq++ { // move up
		z.asked[zeekQuestion{c, q.id, q.seq - 1}] = z.asked[q]
	}
	delete(z.asked, zeekQuestion{c, q.id, q.seq - 1})
}

func (z *zeekSensor) answered(c *zeekConn, id uint16, asked, a *zeekAsked, b []byte, timed bool) {
	rtt := ""
	if timed {
		rtt = zeekTime(a.at - asked.at)
	}
	var answers []string
	_, at := dnsNameAt(b, 12)
	at += 4
	for range binary.BigEndian.Uint16(b[6:]) {
		var text string
		if text, at = dnsAnswerAt(b, at); text != "" {
			answers = append(answers, text)
		}
	}
	z.dnsLine(c, id, asked, rtt, strconv.Itoa(int(a.flags&15)), a.flags, strings.Join(answers, ","))
}

// unanswered writes the questions of a connection that is over.
func (z *zeekSensor) unanswered(c *zeekConn) {
	if !slices.Contains(c.services, "dns") {
		return
	}
	var open []zeekQuestion
	for q := range z.asked {
		if q.conn == c {
			open = append(open, q)
		}
	}
	slices.SortFunc(open, func(a, b zeekQuestion) int {
		return cmp.Or(cmp.Compare(z.asked[a].at, z.asked[b].at), cmp.Compare(a.id, b.id))
	})
	for _, q := range open {
		z.dnsLine(c, q.id, z.asked[q], "", "", z.asked[q].flags, "")
		delete(z.asked, q)
	}
}

func (z *zeekSensor) dnsLine(c *zeekConn, id uint16, a *zeekAsked, rtt, rcode string, flags uint16, answers string) {
	bit := func(n uint16) string { return zeekFlag(flags&n != 0) }
	z.line("dns", append(z.ends(c, a.at), "udp", strconv.Itoa(int(id)), rtt, zeekText(a.query), "1", strconv.Itoa(int(a.kind)), rcode,
		bit(0x400), bit(0x200), bit(0x100), bit(0x80), answers, "F")...)
}

// dnsNameAt reads a name without compression, or the one that a pointer names.
func dnsNameAt(b []byte, at int) (name string, next int) {
	var labels []string
	for at < len(b) {
		n := int(b[at])
		if n == 0 {
			return strings.Join(labels, "."), at + 1
		}
		if n >= 0xc0 && at+2 <= len(b) {
			if to := int(binary.BigEndian.Uint16(b[at:]) & 0x3fff); to < at {
				rest, _ := dnsNameAt(b, to)
				labels = append(labels, rest)
			}
			return strings.Join(labels, "."), at + 2
		}
		if at+1+n > len(b) {
			break
		}
		labels = append(labels, string(b[at+1:at+1+n]))
		at += 1 + n
	}
	return strings.Join(labels, "."), len(b)
}

// dnsAnswerAt reads a record: an address or a name.
func dnsAnswerAt(b []byte, at int) (text string, next int) {
	_, at = dnsNameAt(b, at)
	if at+10 > len(b) {
		return "", len(b)
	}
	kind, n := binary.BigEndian.Uint16(b[at:]), int(binary.BigEndian.Uint16(b[at+8:]))
	at += 10
	if at+n > len(b) {
		return "", len(b)
	}
	switch data := b[at : at+n]; {
	case kind == dnsA && n == 4, kind == dnsAAAA && n == 16:
		a, _ := netip.AddrFromSlice(data)
		text = a.String()
	case kind == dnsCNAME || kind == dnsPTR:
		text, _ = dnsNameAt(b, at)
	}
	return zeekText(text), at + n
}

// helloName finds the server name in a client hello; empty without one.
func helloName(b []byte) string {
	at := 5 + 4 + 2 + 32
	skip := func(size int) { // a vector with a length of so many bytes
		n := 0
		for i := range size {
			if at+i < len(b) {
				n = n<<8 | int(b[at+i])
			}
		}
		at += size + n
	}
	skip(1)
	skip(2)
	skip(1)
	for at += 2; at+4 <= len(b); {
		kind, n := binary.BigEndian.Uint16(b[at:]), int(binary.BigEndian.Uint16(b[at+2:]))
		at += 4
		if kind == 0 && n > 5 && at+n <= len(b) {
			return string(b[at+5 : at+n])
		}
		at += n
	}
	return ""
}

func (z *zeekSensor) handshake(c *zeekConn, answered bool) {
	version := ""
	if answered {
		version = "TLSv12"
	}
	z.line("ssl", append(z.ends(c, c.hello.at), version, zeekText(c.hello.name), "F", zeekFlag(answered))...)
	c.hello = nil
}

// web reads the heads of HTTP, each of which begins a segment here.
func (z *zeekSensor) web(c *zeekConn, p *zeekPacket, by int) {
	line, rest, _ := bytes.Cut(p.data, []byte("\r\n"))
	words := strings.Split(string(line), " ")
	switch {
	case by == 0 && len(words) == 3 && strings.HasPrefix(words[2], "HTTP/1."):
		c.serves("http")
		c.requests++
		q := &zeekRequest{at: p.at, method: words[0], uri: words[1]}
		for h := range strings.SplitSeq(string(rest), "\r\n") {
			name, value, _ := strings.Cut(h, ": ")
			switch name {
			case "Host":
				q.host = value
			case "User-Agent":
				q.agent = value
			}
		}
		c.request = q
	case by == 1 && len(words) >= 2 && strings.HasPrefix(words[0], "HTTP/1.") && c.request != nil:
		q := c.request
		c.request = nil
		z.line("http", append(z.ends(c, q.at), strconv.Itoa(c.requests), q.method, zeekText(q.host), zeekText(q.uri), zeekText(q.agent), words[1])...)
	}
}

var dhcpKinds = map[byte]string{1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE", 8: "INFORM"}

// dhcp reads one message of an exchange.
func (z *zeekSensor) dhcp(c *zeekConn, p *zeekPacket) {
	b := p.data
	if len(b) < 241 {
		return
	}
	c.serves("dhcp")
	id := binary.BigEndian.Uint32(b[4:])
	l := z.lease[id]
	if l == nil {
		l = &zeekLease{at: p.at, mac: zeekCard([6]byte(b[28:34]))}
		z.lease[id] = l
	}
	if u := c.uid(); !slices.Contains(l.uids, u) {
		l.uids = append(l.uids, u)
	}
	for at := 240; at+2 <= len(b) && b[at] != 255; at += 2 + int(b[at+1]) {
		if at+2+int(b[at+1]) > len(b) {
			break
		}
		switch v := b[at+2 : at+2+int(b[at+1])]; b[at] {
		case 53:
			l.kinds = append(l.kinds, dhcpKinds[v[0]])
			l.acknowledged = l.acknowledged || v[0] == 5
		case 12:
			l.host = string(v)
		case 51:
			l.seconds = binary.BigEndian.Uint32(v)
		case 54:
			l.server = netip.AddrFrom4([4]byte(v))
		}
	}
	if b[0] == 2 {
		l.assigned = netip.AddrFrom4([4]byte(b[16:20]))
	}
	if a := netip.AddrFrom4([4]byte(b[12:16])); !a.IsUnspecified() {
		l.client = a
	}
}

// leasesBefore writes the exchanges that began before a time.
func (z *zeekSensor) leasesBefore(t int64) {
	var over []uint32
	for id, l := range z.lease {
		if l.at < t {
			over = append(over, id)
		}
	}
	slices.SortFunc(over, func(a, b uint32) int { return cmp.Or(cmp.Compare(z.lease[a].at, z.lease[b].at), cmp.Compare(a, b)) })
	for _, id := range over {
		l := z.lease[id]
		delete(z.lease, id)
		time, assigned := "", ""
		if l.acknowledged {
			assigned = zeekAddr(l.assigned)
			time = strconv.Itoa(int(l.seconds)) + ".000000"
		}
		z.line("dhcp", zeekTime(l.at), strings.Join(l.uids, ","), zeekAddr(l.client), zeekAddr(l.server), l.mac, zeekText(l.host), assigned, time, strings.Join(l.kinds, ","))
	}
}
