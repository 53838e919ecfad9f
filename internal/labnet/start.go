package labnet

// start plans the first act of everybody.
func (s *Site) start(r *run) {
	for _, n := range s.nodes {
		d := &r.live[n.id]
		switch n.role {
		case roleClient:
			r.startClient(n)
		case rolePrinter:
			r.every(n, r.from+d.span(0, 5*minute), 5*minute, false, (*run).announce)
			r.every(n, r.from+d.span(0, 2*minute), 3*minute, false, (*run).tendGateway)
			r.every(n, r.from+d.span(0, hour), 4*hour, false, (*run).renew)
		case roleServer:
			r.startServer(n)
		}
		if n.role != roleClient && n.port.ll.IsValid() && n.role != roleRouter {
			r.every(n, r.from+d.span(0, minute), 10*minute, false, (*run).tendSix)
		}
	}
	s.startLANs(r)
	if s.bot != nil {
		d := &r.live[s.bot.id]
		r.steadily(s.bot, r.from+d.span(0, 300*second), 300*second, 2*second, (*run).beacon)
	}
	if s.translates {
		for _, n := range s.scanners {
			r.every(n, r.from+r.live[n.id].span(0, minute), 40*second, false, (*run).scan)
		}
		for i := range 8 {
			n := s.names[i*3].host
			r.every(n, r.from+r.live[n.id].span(0, 2*minute), 9*minute, false, (*run).visitor)
		}
	}
	for _, f := range s.deal {
		f(r)
	}
}

// startClient plans a client's person and its own background.
func (r *run) startClient(n *node) {
	d := &r.live[n.id]
	first := func(mean int64) int64 { return r.from + d.span(0, mean) }
	d.names = map[uint32]int64{}
	r.every(n, first(3*minute), 6*minute, true, (*run).visit)
	r.every(n, first(10*minute), 30*minute, true, (*run).intranet)
	r.every(n, first(4*minute), 10*minute, true, (*run).work)
	r.every(n, first(8*minute), 30*minute, true, (*run).mail)
	r.every(n, first(hour), 3*hour, true, (*run).failed)
	r.every(n, first(hour), 4*hour, true, (*run).silent)
	r.every(n, first(hour), 3*hour, true, (*run).pingOut)
	r.every(n, first(4*minute), 6*minute, false, (*run).announce)
	r.every(n, first(2*minute), 3*minute, false, (*run).tendGateway)
	r.every(n, first(30*minute), 90*minute, false, (*run).update)
	r.every(n, first(17*minute), 17*minute, false, (*run).tellTime)
	r.every(n, first(40*minute), hour, false, (*run).domainTalk)
	if n.port.ll.IsValid() {
		r.every(n, first(minute), 4*minute, false, (*run).tendSix)
	}
	if d.chance(0.6) {
		r.every(n, first(20*minute), 4*hour, true, (*run).pushAny)
	}
	r.every(n, first(r.site.lease/2), r.site.lease/2, false, (*run).renew)
	r.do(r.from, func(r *run, at int64) { r.mornings(n, at) })
}

// mornings plans a client's start of each day.
func (r *run) mornings(n *node, at int64) {
	p := r.planOf(n, at)
	if p.on >= at && !p.always {
		r.do(p.on, func(r *run, at int64) { r.boot(n, at) })
	}
	r.do(p.ends, func(r *run, at int64) { r.mornings(n, at) })
}

// boot is a machine being switched on.
func (r *run) boot(n *node, at int64) {
	d := &r.live[n.id]
	clear(d.known)
	clear(d.names)
	r.arrive(n, at)
	r.obtain(n, at+d.span(100e6, 900e6), func(r *run, at int64) {
		if v4 := r.live[n.id].v4; v4.IsValid() {
			r.probeARP(at+1e6, n.port, anyAddr, v4)
			r.do(at+200e6, func(r *run, at int64) { r.announceARP(at, n.port) })
		}
		r.do(at+300e6, func(r *run, at int64) { r.join(n, at) })
		r.do(at+d.span(1e9, 3e9), func(r *run, at int64) { r.domainTalk(r.nodeOf(n), at) })
		r.do(at+d.span(2e9, 9e9), func(r *run, at int64) { r.tellTime(n, at); r.announce(n, at) })
		r.do(at+d.span(9e9, 40e9), func(r *run, at int64) { r.work(n, at) })
	})
}

func (r *run) nodeOf(n *node) *node { return n }

// tendGateway keeps the router's card in mind.
func (r *run) tendGateway(n *node, at int64) {
	gate := n.port.lan.gate[0]
	if gate != nil && r.live[n.id].v4.IsValid() {
		r.resolve(at, n.port.lan, n.port, gate, false)
	}
}

// tendSix keeps the router's link-local address in mind.
func (r *run) tendSix(n *node, at int64) {
	if gate := n.port.lan.gate[0]; gate != nil && gate.ll.IsValid() && len(n.v6) > 0 {
		delete(r.live[n.id].known, gate)
		r.resolve(at, n.port.lan, n.port, gate, true)
	}
}

// update is a program looking for its next version.
func (r *run) update(n *node, at int64) {
	k := n.id % 5
	r.lookup(at, n, k, func(r *run, at int64) { r.fetch(at+900_000, n, k) })
}

func (r *run) pushAny(n *node, at int64) { r.push(at, n, 5+n.id%4) }

// tellTime asks the clock: the resolver (a domain controller) where there is one, else one in the Internet.
func (r *run) tellTime(n *node, at int64) {
	if res := r.resolverOf(n); res != nil && res != n && n.role != roleServer {
		r.ntp(at, n, res)
		return
	}
	r.ntp(at, n, r.site.clock)
}

// domainTalk is what a machine of a domain asks its controllers: where they are, and a short conversation over TLS.
func (r *run) domainTalk(n *node, at int64) {
	res := r.resolverOf(n)
	if res == nil || res == n || res.role == roleRemote || !r.live[n.id].v4.IsValid() || !res.v4.IsValid() {
		return
	}
	d := &r.live[n.id]
	r.lookupLocal(at, n, "_ldap._tcp.dc._msdcs."+r.site.domain, dnsSRV, res.v4, func(r *run, at int64) {
		if res.role == roleRouter {
			return
		}
		c := r.open(at+900_000, n, res, false, 636)
		c.turns = r.tlsHello(&d.dice, &helloShapes[helloSystem], "dc1."+r.site.domain, 6, false)
		c.turns = append(c.turns, sealed(0, 900_000, 300), sealed(1, 900_000, d.size(1800, 300, 9000)), sealed(0, 3e6, 200), sealed(1, 900_000, 500))
	})
}

// startServer plans a server's own background and its duty.
func (r *run) startServer(n *node) {
	d := &r.live[n.id]
	first := func(mean int64) int64 { return r.from + d.span(0, mean) }
	r.every(n, first(2*minute), 5*minute, false, (*run).tendGateway)
	r.every(n, first(5*minute), 15*minute, false, (*run).reportIn)
	r.every(n, first(17*minute), 17*minute, false, (*run).tellTime)
	r.every(n, first(30*minute), 40*minute, false, (*run).serverLookup)
	r.every(n, first(hour), 3*hour, false, (*run).update)
	r.every(n, first(2*hour), 4*hour, false, func(r *run, n *node, at int64) { r.backup(n, at, 200_000) })
	switch n.duty {
	case dutyApp, dutyWeb, dutyPublished:
		dbs := r.site.serving(dutyDatabase)
		if len(dbs) > 0 && (n.v4.IsValid() == dbs[0].v4.IsValid()) {
			for range 1 + d.n(2) {
				r.database(r.from+d.span(0, 20*second), n, dbs[d.n(len(dbs))], true)
			}
		}
	case dutyLogs:
		r.every(n, first(minute), 30*second, false, (*run).pingSome)
	case dutyMail:
		r.every(n, first(2*minute), 5*minute, false, (*run).handMail)
	}
}

// pingSome is the watching server asking whether another is alive.
func (r *run) pingSome(n *node, at int64) {
	d := &r.live[n.id]
	to := pick(&d.dice, n.seg.hosts)
	six := len(n.v6) > 0 && len(to.v6) > 0 && d.chance(0.3)
	if to != n && (six || n.v4.IsValid() && to.v4.IsValid()) {
		r.ping(at, n, to, six)
	}
}

// pingOut is a person asking whether something outside is alive.
func (r *run) pingOut(n *node, at int64) {
	d := &r.live[n.id]
	w := &r.site.names[r.popular(&d.dice)]
	if r.live[n.id].v4.IsValid() && w.host.v4.IsValid() && r.site.proxy == nil {
		r.ping(at, n, w.host, false)
	}
}

// serverLookup is a server resolving something outside, or the name behind an address.
func (r *run) serverLookup(n *node, at int64) {
	d := &r.live[n.id]
	if d.chance(0.5) {
		r.lookupLocal(at, n, "17.3.20.10.in-addr.arpa", dnsPTR, anyAddr, nil)
		return
	}
	r.lookup(at, n, r.popular(&d.dice), func(*run, int64) {})
}

// handMail is the mail server handing a message to one outside, or getting one.
func (r *run) handMail(n *node, at int64) {
	d := &r.live[n.id]
	if r.level(at) < 1 && d.chance(0.7) || !n.v4.IsValid() {
		return
	}
	k := d.n(len(r.site.names))
	to := r.site.names[k].host
	if to.v4.IsValid() && r.site.proxy == nil {
		r.lookup(at, n, k, func(r *run, at int64) { r.smtp(at+900_000, n, to) })
	}
}

// startLANs plans what routers and switches say.
func (s *Site) startLANs(r *run) {
	for _, l := range s.lans {
		for _, p := range l.ports {
			if p.node.role == roleRouter && p == l.gate[0] && l.six.IsValid() {
				gate := p
				r.every(p.node, r.from+r.live[p.node.id].span(0, 200*second), 250*second, false, func(r *run, _ *node, at int64) { r.advertise(at, gate) })
			}
			if p.node.duty == dutySwitch {
				sw := p
				r.steadily(p.node, r.from+r.live[p.node.id].span(0, 2*second), 2*second, 10e6, func(r *run, _ *node, at int64) { r.spanningTree(at, sw) })
				r.steadily(p.node, r.from+r.live[p.node.id].span(0, 30*second), 30*second, 20e6, func(r *run, _ *node, at int64) { r.linkLayer(at, sw) })
			}
		}
	}
}
