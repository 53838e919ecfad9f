package labnet

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
)

// shift is when some of a segment's people work: minutes after midnight, and their share.
type shift struct {
	from, to int
	share    float64
}

var (
	wardShifts   = []shift{{6 * 60, 14*60 + 15, 0.55}, {13*60 + 45, 22 * 60, 0.40}}
	officeShifts = []shift{{7 * 60, 15*60 + 30, 0.60}, {12*60 + 30, 21 * 60, 0.30}}
	doctorShifts = []shift{{6*60 + 30, 15 * 60, 0.50}, {8 * 60, 18 * 60, 0.20}, {13*60 + 30, 22 * 60, 0.25}}
)

// start plans everything that only this house has.
func (h *clinic) start(r *run) {
	for _, g := range []struct {
		hosts []*node
		list  []shift
		stays float64
	}{{h.thin, wardShifts, 0}, {h.offices.seg.hosts, officeShifts, 0.3}, {h.doctors.seg.hosts, doctorShifts, 0.1}} {
		for _, n := range g.hosts {
			r.rota(n, r.from, g.list, g.stays)
		}
	}
	for _, n := range h.thin {
		h.startThin(r, n)
	}
	for _, n := range h.terminals {
		h.startTerminal(r, n)
	}
	for i, n := range h.sockets {
		h.startSocket(r, n, i)
	}
	for _, n := range append(append([]*node(nil), h.offices.seg.hosts...), h.doctors.seg.hosts...) {
		if n.role != roleClient {
			continue
		}
		r.every(n, r.from+r.live[n.id].span(0, hour), 3*hour, true, h.print)
	}
	h.startWatch(r)
	h.startVoice(r)
	h.startTelevision(r)
	gate := h.offices.gate[0]
	r.every(h.core, r.from+r.live[h.core.id].span(0, 200*second), 250*second, false, func(r *run, _ *node, at int64) { r.advertiseLocal(at, gate, h.local) })
}

// rota sets a machine's plan of the day that holds at, and of each day after it, in place of the site's own hours: each day it
// falls to one of the shifts, or to none. It is planned before anything of that day asks.
func (r *run) rota(n *node, at int64, list []shift, stays float64) {
	t := time.Unix(0, at).In(r.site.rhythm.zone)
	start := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, r.site.rhythm.zone)
	p := dayPlan{day: start.UnixNano(), ends: start.AddDate(0, 0, 1).UnixNano()}
	self, today := newDice(r.site.seed, 11, uint64(n.id)), newDice(r.site.seed, 12, uint64(n.id), uint64(p.day))
	p.always = self.chance(stays)
	f := today.f()
	for _, one := range list {
		if f -= one.share; f < 0 {
			minute := func(m float64) int64 { return start.Add(time.Duration(m * float64(time.Minute))).UnixNano() }
			p.on = minute(float64(one.from) + (today.f()-0.5)*24)
			p.off = minute(float64(one.to) + (today.f()-0.5)*24)
			p.lunch = minute(float64(one.from+one.to)/2 - 30 + today.f()*40)
			break
		}
	}
	r.live[n.id].plan = p
	r.do(p.ends, func(r *run, at int64) { r.rota(n, at, list, stays) })
}

// staffed tells whether somebody sits at a machine that is always on.
func (r *run) staffed(n *node, at int64) bool {
	p := r.planOf(n, at)
	return p.on != 0 && at >= p.on && at < p.off
}

// startThin plans a thin client: its session, and the little that it says to others.
func (h *clinic) startThin(r *run, n *node) {
	d := &r.live[n.id]
	first := func(mean int64) int64 { return r.from + d.span(0, mean) }
	ts := h.terminals[n.id%len(h.terminals)]
	h.session(r, first(20*second), n, ts, true)
	r.every(n, first(3*minute), 4*minute, false, (*run).tendGateway)
	r.every(n, first(20*minute), 25*minute, false, (*run).tellTime)
	r.every(n, first(r.site.lease/2), r.site.lease/2, false, (*run).renew)
	r.every(n, first(12*minute), 15*minute, false, func(r *run, n *node, at int64) { // which server is the least busy
		r.lookupLocal(at, n, "farm."+r.site.domain, dnsA, ts.v4, func(r *run, at int64) {
			c := r.open(at+300_000, n, ts, false, 443)
			c.turns = append(r.tlsHello(&d.dice, &helloShapes[n.tls], "farm."+r.site.domain, ts.id, true), sealed(0, 1e6, 240), sealed(1, 4e6, 700))
		})
	})
}

// session is a screen and a keyboard: RDP in TLS, much of it while somebody works, a sign of life while nobody does. It ends when
// people change, and the next begins.
func (h *clinic) session(r *run, at int64, n, ts *node, running bool) {
	d := &r.live[n.id]
	c := r.open(at, n, ts, false, 3389)
	if running {
		c.resume(at)
	} else {
		c.turns = append([]turn{
			say(0, 0, []byte{3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 1, 0, 0, 0}),
			say(1, 900_000, []byte{3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0x1f, 8, 0, 1, 0, 0, 0}),
		}, r.tlsHello(&d.dice, &helloShapes[helloSystem], ts.name+"."+r.site.domain, ts.id, false)...)
	}
	was := r.staffed(n, at)
	c.more = func(r *run, _ *conn, at int64) []turn {
		now := r.staffed(n, at)
		if now != was {
			r.do(at+d.span(4e9, 40e9), func(r *run, at int64) { h.session(r, at, n, ts, false) })
			return nil
		}
		if !now || d.chance(0.02) { // looked away, or nobody there
			return []turn{sealed(0, d.span(25e9, 60e9), 60), sealed(1, 400_000, 60)}
		}
		return []turn{sealed(0, d.exp(2800e6), d.between(50, 190)), sealed(1, d.span(8e6, 70e6), r.bytes(&d.dice, 900))}
	}
}

// startTerminal plans what people do from a terminal server.
func (h *clinic) startTerminal(r *run, n *node) {
	d := &r.live[n.id]
	often := func(mean int64, act func(r *run, n *node, at int64)) {
		r.every(n, r.from+d.span(0, mean), mean, false, func(r *run, n *node, at int64) {
			if d.chance(r.level(at)) {
				act(r, n, at)
			}
		})
	}
	often(40*second, (*run).visit)
	often(25*second, (*run).intranet)
	often(10*minute, (*run).work)
	often(3*minute, h.print)
	often(20*minute, (*run).domainTalk)
}

// print hands something to the print server, which hands it to a printer; in the offices some print straight to their printer, by
// the addresses of the house.
func (h *clinic) print(r *run, n *node, at int64) {
	d := &r.live[n.id]
	if len(n.v6) > 0 && d.chance(0.4) {
		c := r.open(at, n, pick(&d.dice, h.local6), true, 443)
		c.src = n.v6[0]
		c.turns = append(r.tlsHello(&d.dice, &helloShapes[helloSystem], "", c.b.id, false), sealed(0, 3e6, r.bytes(&d.dice, 30000)), sealed(1, 90e6, 200))
		return
	}
	if !r.live[n.id].v4.IsValid() {
		return
	}
	job := r.bytes(&d.dice, 24000)
	c := r.open(at, n, h.spooler, false, 443)
	c.turns = append(r.tlsHello(&d.dice, &helloShapes[helloSystem], "print1."+r.site.domain, h.spooler.id, true), sealed(0, 3e6, job), sealed(1, 20e6, 240))
	to := pick(&d.dice, h.printers)
	r.do(at+d.span(2e9, 6e9), func(r *run, at int64) {
		c := r.open(at, h.spooler, to, false, 9100)
		c.turns = []turn{{by: 0, wait: 2e6, n: job}}
	})
}

// startSocket plans a medical device: patient monitors show their curves to everybody around, pumps know one server only, the
// rest send images now and then. Addresses are fixed.
func (h *clinic) startSocket(r *run, n *node, i int) {
	d := &r.live[n.id]
	first := func(mean int64) int64 { return r.from + d.span(0, mean) }
	r.every(n, first(2*minute), 3*minute, false, (*run).tendGateway)
	switch {
	case i < 12:
		group := netip.AddrFrom4([4]byte{239, 40, 1, byte(1 + i)})
		r.steadily(n, first(second), 500e6, 9e6, func(r *run, n *node, at int64) { r.curve(at, n, group) })
		r.every(n, first(minute), 2*minute, false, (*run).discover)
		h.vitals(r, first(10*second), n, true)
	case i < 20:
		r.every(n, first(2*minute), 2*minute, false, func(r *run, n *node, at int64) {
			c := r.open(at, n, h.records, false, 8883)
			c.turns = append(r.tlsHello(&d.dice, &helloShapes[n.tls], "", h.records.id, false), sealed(0, 2e6, 180), sealed(1, 3e6, 70))
		})
	default:
		r.every(n, first(minute), 90*second, false, (*run).discover)
		r.every(n, first(20*minute), 30*minute, false, func(r *run, n *node, at int64) {
			c := r.open(at, n, h.images, false, 2762)
			c.turns = append(r.tlsHello(&d.dice, &helloShapes[helloSystem], "", h.images.id, false), sealed(0, 9e6, r.bytes(&d.dice, 400_000)), sealed(1, 30e6, 120))
		})
	}
}

// curve is a patient monitor's half second of samples, for whoever listens.
func (r *run) curve(at int64, n *node, group netip.Addr) {
	d := &r.live[n.id]
	b := append(r.msg[:0], 'W', 'V', 1, 4)
	b = binary.BigEndian.AppendUint64(b, uint64(at/1e6))
	for range 125 {
		b = binary.BigEndian.AppendUint16(b, uint16(2048+d.n(900)))
	}
	r.msg = b
	r.shoutUDP(at, n.port, r.live[n.id].v4, group, 24105, 24105, 1, b)
}

// discover asks the devices around to show themselves (WS-Discovery over UDP).
func (r *run) discover(n *node, at int64) {
	d := &r.live[n.id]
	r.msg = fmt.Appendf(r.msg[:0], `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" `+
		`xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:d="http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01"><s:Header>`+
		`<a:Action>http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01/Probe</a:Action><a:MessageID>urn:uuid:%08x-0000-4000-8000-%012x</a:MessageID>`+
		`<a:To>urn:docs-oasis-open-org:ws-dd:ns:discovery:2009:01</a:To></s:Header><s:Body><d:Probe/></s:Body></s:Envelope>`, uint32(d.next()), d.next()>>16)
	r.shoutUDP(at, n.port, r.live[n.id].v4, groupSSDP, r.ephemeral(n), 3702, 1, r.msg)
}

// vitals is a monitor telling the records server a patient's values each minute: HL7 version 2 in its minimal framing.
func (h *clinic) vitals(r *run, at int64, n *node, running bool) {
	d := &r.live[n.id]
	c := r.open(at, n, h.records, false, 2575)
	if running {
		c.resume(at)
	}
	count := 0
	c.more = func(r *run, _ *conn, at int64) []turn {
		if count++; d.chance(0.02) {
			r.do(at+d.span(1e9, 9e9), func(r *run, at int64) { h.vitals(r, at, n, false) })
			return nil
		}
		stamp := time.Unix(0, at).UTC().Format("20060102150405")
		ask := fmt.Sprintf("\vMSH|^~\\&|MONITOR|%s|RECORDS|ALDER|%s||ORU^R01|%d|P|2.6\rOBX|1|NM|HR||%d|bpm\rOBX|2|NM|SPO2||%d|%%\r\x1c\r", n.name, stamp, count, d.between(55, 110), d.between(92, 100))
		answer := fmt.Sprintf("\vMSH|^~\\&|RECORDS|ALDER|MONITOR|%s|%s||ACK^R01|%d|P|2.6\rMSA|AA|%d\r\x1c\r", n.name, stamp, count, count)
		return []turn{say(0, d.span(50e9, 65e9), []byte(ask)), say(1, d.span(1e6, 20e6), []byte(answer))}
	}
}

// startWatch plans monitoring from the server room, the equipment's messages, and the backups of the night.
func (h *clinic) startWatch(r *run) {
	w := h.watcher
	r.startManagement(h.management, w, h.sensor)
	for i, n := range h.servers.seg.hosts {
		d := &r.live[n.id]
		r.nightly(r.from, 70+7*i, func(r *run, at int64) { r.backup(n, at+d.span(0, minute), 9e6) })
		if n == w {
			continue
		}
		r.steadily(n, r.from+d.span(0, minute), minute, second, func(r *run, n *node, at int64) { r.poll(at, w, n); r.ping(at+50e6, w, n, false) })
	}
	for _, p := range h.management.ports {
		if n := p.node; n.role == roleDevice && n != h.sensor {
			r.every(n, r.from+r.live[n.id].span(0, minute), minute, false, func(r *run, n *node, at int64) { r.ping(at, w, n, false) })
		}
	}
}

// nightly repeats an act each day, some minutes after midnight.
func (r *run) nightly(at int64, minutes int, act func(r *run, at int64)) {
	t := time.Unix(0, at).In(r.site.rhythm.zone)
	next := time.Date(t.Year(), t.Month(), t.Day(), 0, minutes, 0, 0, t.Location())
	if !next.After(t) {
		next = time.Date(t.Year(), t.Month(), t.Day()+1, 0, minutes, 0, 0, t.Location())
	}
	r.do(next.UnixNano(), func(r *run, at int64) {
		act(r, at)
		r.nightly(at, minutes, act)
	})
}

// advertiseLocal is a router telling a LAN a prefix that leads nowhere beyond the house (RFC 4193).
func (r *run) advertiseLocal(at int64, p *port, prefix netip.Prefix) {
	b := append(r.msg[:0], 134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0)
	b = append(append(b, 1, 1), p.mac[:]...)
	b = append(b, 3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0, 0)
	a := prefix.Masked().Addr().As16()
	r.msg = append(b, a[:]...)
	r.shout(at, p, groupAll6, 255, r.icmpAt(p.node, p.ll, groupAll6, r.msg))
}
