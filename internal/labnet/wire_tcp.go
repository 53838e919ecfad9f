package labnet

import "encoding/binary"

const (
	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagPSH = 0x08
	flagACK = 0x10
)

// synOptions writes a stack's SYN options; has tells which of m s t w the other side allows. It returns their length.
func synOptions(b []byte, st *stack, has string, mss int, stamp, echo uint32) int {
	n := 0
	for _, o := range st.order {
		switch o {
		case 'm':
			b[n], b[n+1] = 2, 4
			binary.BigEndian.PutUint16(b[n+2:], uint16(mss))
			n += 4
		case 's':
			if allowed(has, 's') {
				b[n], b[n+1] = 4, 2
				n += 2
			}
		case 't':
			if allowed(has, 't') {
				n += stampOption(b[n:], stamp, echo)
			}
		case 'w':
			if allowed(has, 'w') {
				b[n], b[n+1], b[n+2] = 3, 3, byte(st.scale)
				n += 3
			}
		case 'n':
			b[n] = 1
			n++
		case 'e':
			b[n] = 0
			n++
		}
	}
	for n%4 != 0 {
		b[n] = 0
		n++
	}
	return n
}

func allowed(has string, o byte) bool {
	for i := range len(has) {
		if has[i] == o {
			return true
		}
	}
	return false
}

// stampOption writes a time stamps option (RFC 7323).
func stampOption(b []byte, stamp, echo uint32) int {
	b[0], b[1] = 8, 10
	binary.BigEndian.PutUint32(b[2:], stamp)
	binary.BigEndian.PutUint32(b[6:], echo)
	return 10
}

// stampAt gives a node's TCP time stamp clock at a time.
func (r *run) stampAt(n *node, at int64) uint32 {
	return r.live[n.id].clock + uint32(at/1e6*n.stack.hertz/1000)
}

// segment sends one TCP segment of side s (0 is the originator): n bytes of the turn from off on.
func (r *run) segment(c *conn, at int64, s int, flags byte, seq uint32, off, n int) {
	from := c.a
	src, dst, sport, dport, way := c.src, c.dst, c.sport, c.dport, &c.there
	if s == 1 {
		from, way = c.b, &c.back
		src, dst, sport, dport = dst, src, dport, sport
	}
	ip := r.eth[14:]
	head := 20
	if src.Is6() {
		head = 40
	}
	t := ip[head:]
	size := 20 + c.options(r, at, s, flags, t[20:])
	binary.BigEndian.PutUint16(t, sport)
	binary.BigEndian.PutUint16(t[2:], dport)
	binary.BigEndian.PutUint32(t[4:], seq)
	ack := uint32(0)
	if flags&flagACK != 0 {
		ack = c.rcv[s]
	}
	binary.BigEndian.PutUint32(t[8:], ack)
	t[12], t[13] = byte(size/4)<<4, flags
	binary.BigEndian.PutUint16(t[14:], c.windowOf(s, flags))
	t[18], t[19] = 0, 0
	if n > 0 {
		c.turn.fill(r.pool, t[size:size+n], off)
	}
	total := head + size + n
	if head == 40 {
		ip6(ip, src, dst, protoTCP, c.label[s], size+n)
	} else {
		ip4(ip, src, dst, protoTCP, r.identOf(c, s, from), from.stack.ttl != 255, size+n)
	}
	seal(ip[:total], head, 16, protoTCP)
	r.carry(at, from, way, total, c.x, c.fromInside == (s == 0))
}

// options writes the options of a segment and gives their length.
func (c *conn) options(r *run, at int64, s int, flags byte, b []byte) int {
	from, mss := c.a, c.mss[0]
	if s == 1 {
		from, mss = c.b, c.mss[1]
	}
	stamp := r.stampAt(from, at)
	if flags&flagSYN != 0 {
		has := "mtsw"
		if s == 1 {
			has = c.offer
		}
		if allowed(has, 't') {
			c.heard[1-s] = stamp
		}
		return synOptions(b, from.stack, has, mss, stamp, c.heard[s])
	}
	if !c.stamps || flags&flagRST != 0 {
		return 0
	}
	b[0], b[1] = 1, 1
	c.heard[1-s] = stamp
	return 2 + stampOption(b[2:], stamp, c.heard[s])
}

// windowOf gives the window field.
func (c *conn) windowOf(s int, flags byte) uint16 {
	st := c.a.stack
	if s == 1 {
		st = c.b.stack
	}
	switch {
	case flags&flagRST != 0:
		return 0
	case flags&flagSYN != 0 || !c.scaled:
		return st.window
	default:
		return uint16(min(131072>>st.scale, 65535))
	}
}

// identOf gives the IPv4 identification of the next packet.
func (r *run) identOf(c *conn, s int, from *node) uint16 {
	switch from.stack.id {
	case idZero:
		return 0
	case idGlobal:
		r.live[from.id].ident++
		return r.live[from.id].ident
	case idRandom:
		return uint16(r.live[from.id].next())
	default:
		c.ident[s]++
		return c.ident[s]
	}
}
