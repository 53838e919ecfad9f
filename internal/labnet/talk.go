package labnet

import "net/netip"

// translation is how one association looks on the far side of the translating firewall.
type translation struct {
	inside, outside netip.AddrPort
}

// natTable hands out ports of the site's public addresses.
type natTable struct {
	next  uint32
	inUse map[uint16]int
}

// take gives the next free port; TCP connections hold theirs until freed.
func (t *natTable) take(hold bool) uint16 {
	if t.inUse == nil {
		t.inUse = map[uint16]int{}
	}
	for {
		t.next++
		p := uint16(20000 + t.next*7%45000)
		if t.inUse[p] > 0 && len(t.inUse) < 40000 {
			continue
		}
		if hold {
			t.inUse[p]++
		}
		return p
	}
}

func (t *natTable) free(p uint16) { delete(t.inUse, p) }

// talk is an association of two machines: who, from which address and port to which, and the two ways.
type talk struct {
	a, b         *node
	src, dst     netip.Addr
	sport, dport uint16
	there, back  path
	x            *translation
	fromInside   bool // the translated side is a
}

// newTalk joins a (who starts) and b. six asks for IPv6, which both must have; hold keeps the translated port until freed.
func (r *run) newTalk(a, b *node, six bool, dport uint16, hold bool) talk {
	t := talk{a: a, b: b, dport: dport, sport: r.ephemeral(a)}
	edge := max(a.edge, b.edge)
	t.there = route(a, b, 0)
	t.back = route(b, a, edge)
	if a.role == roleRemote {
		t.there, t.back = route(a, b, edge), route(b, a, 0)
	}
	t.src, t.dst = r.address(a, six), r.address(b, six)
	if a.role == roleRouter {
		t.src = t.there.legs[0].from.v4
	}
	if b.role == roleRouter {
		t.dst = t.there.legs[t.there.n-1].to.v4
	}
	if six {
		if b.role != roleRemote && len(b.v6) > 0 {
			t.dst = b.v6[0]
		}
		return t
	}
	r.translateTalk(&t, hold)
	return t
}

// address gives the address a node uses now.
func (r *run) address(n *node, six bool) netip.Addr {
	if six && len(n.v6) > 0 {
		return n.v6[len(n.v6)-1]
	}
	if n.role == roleRemote {
		return n.v4
	}
	return r.live[n.id].v4
}

// ephemeral gives the next source port of a node.
func (r *run) ephemeral(n *node) uint16 {
	l := &r.live[n.id]
	lo, hi := n.stack.ports[0], n.stack.ports[1]
	if n.stack.id == idGlobal {
		l.ephemeral++
	} else {
		l.ephemeral += 2 * (1 + l.n(9))
	}
	return uint16(lo + l.ephemeral%(hi-lo+1))
}

// translateTalk gives the association its public face, where the site translates.
func (r *run) translateTalk(t *talk, hold bool) {
	s := r.site
	if !s.translates {
		return
	}
	if t.b.role == roleRemote && t.a.role != roleRemote && !crossesOnly(&t.there) {
		x := &translation{inside: netip.AddrPortFrom(t.src, t.sport)}
		if pub, ok := s.published[t.a]; ok {
			x.outside = netip.AddrPortFrom(pub, t.sport)
		} else {
			x.outside = netip.AddrPortFrom(s.natAddress, r.nat.take(hold))
		}
		t.x, t.fromInside = x, true
		return
	}
	if pub, ok := s.published[t.b]; ok && t.a.role == roleRemote {
		t.x = &translation{inside: netip.AddrPortFrom(t.dst, t.dport), outside: netip.AddrPortFrom(pub, t.dport)}
	}
}

// crossesOnly tells that a way lies wholly beyond the translation: the firewall's own traffic.
func crossesOnly(p *path) bool {
	for i := range p.n {
		if !p.legs[i].lan.public {
			return false
		}
	}
	return true
}

// udp sends one message of an association; reply goes from b to a.
func (r *run) udp(at int64, t *talk, reply bool, msg []byte) {
	if reply {
		n := r.udpAt(t.b, t.dst, t.src, t.dport, t.sport, msg)
		r.carry(at, t.b, &t.back, n, t.x, !t.fromInside)
		return
	}
	n := r.udpAt(t.a, t.src, t.dst, t.sport, t.dport, msg)
	r.carry(at, t.a, &t.there, n, t.x, t.fromInside)
}

// turnaround is how long after a message of one side the other side's answer can leave (for a remote: reach our edge).
func (t *talk) turnaround(reply bool) int64 {
	if reply {
		return t.back.last() + 60_000 + 2*t.a.delay
	}
	return t.there.last() + 60_000 + 2*t.b.delay
}

// ready resolves the neighbours on the way there and gives the time when the first packet can leave.
func (r *run) ready(at int64, t *talk) int64 {
	for i := range t.there.n {
		l := &t.there.legs[i]
		at = max(at, r.resolve(at, l.lan, l.from, l.to, t.src.Is6()))
	}
	for i := range t.back.n {
		l := &t.back.legs[i]
		at = max(at, r.resolve(at, l.lan, l.from, l.to, t.src.Is6()))
	}
	return at
}
