package days

import "net/netip"

// settleStrangers starts what comes from the Internet.
func (r *run) settleStrangers() {
	w, v, s := r.site.www, r.site.vpn, r.site.servers
	d := newDice(r.site.seed, 42)
	at := func(within int64) int64 { return r.from + d.span(0, within) }
	for i := range 5 {
		r.start(w.process(doStrangers)+uint32(i)<<27, w, at(5*minute), nil, d.stranger(), knock)
	}
	for i := range 3 {
		r.start(w.process(doUptime)+uint32(i)<<27, w, at(minute), nil, d.stranger(), uptime)
	}
	r.start(w.process(doVisitors), w, at(minute), nil, nil, visitors)
	r.start(v.process(doVPN), v, at(hour), nil, nil, homeWork)
	r.start(w.process(doSSH), w, at(hour), nil, nil, noise)
	r.start(s[mailServer].process(doMailIn), s[mailServer], at(minute), nil, nil, mailIn)
	r.start(s[mailServer].process(doMailOut), s[mailServer], at(minute), nil, nil, mailOut)
}

// knock is a scanner of the Internet that comes by: one port on all public addresses, and again some hours later.
func knock(r *run, p *proc, at int64) int64 {
	from, _ := p.own.(netip.Addr)
	d := &p.dice
	port := pick(d, []uint16{22, 23, 80, 443, 445, 3389, 8080, 5900, 6379, 8443, 1433, 25})
	for k := range 14 {
		dst := addr(publicNet, 1+k)
		t := talk{src: from, dst: dst, port: port, proto: tcp, end: unanswered}
		if h := r.site.www; dst == h.addr {
			t.to, t.end = h, refused
			if port == 443 || port == 80 {
				t.end, t.dur = reset, 30*millisecond
			}
		}
		r.open(p, at, &t)
		at += d.span(millisecond, 900*millisecond)
	}
	return at + d.exp(50*minute)
}

// noise is everybody else who tries something once, from a new address each time.
func noise(r *run, p *proc, at int64) int64 {
	d := &p.dice
	t := talk{src: d.stranger(), dst: addr(publicNet, 1+d.n(14)), port: pick(d, []uint16{22, 23, 80, 2323, 5555, 8080, 81, 37215, 7547}), proto: tcp, end: unanswered}
	if d.chance(0.2) {
		t.proto, t.port, t.sent = udp, pick(d, []uint16{53, 123, 161, 1900, 5060, 11211}), 40
	}
	if t.dst == r.site.www.addr {
		t.to = r.site.www
		if t.proto == tcp {
			t.end = refused
		}
	}
	r.open(p, at, &t)
	return at + d.exp(40*second)
}

// uptime is a probe outside that asks the office's site each minute whether it answers.
func uptime(r *run, p *proc, at int64) int64 {
	from, _ := p.own.(netip.Addr)
	e := r.open(p, at, &talk{src: from, to: p.h, port: 443, proto: tcp, service: "ssl", sent: 900, got: 5200, dur: p.dice.span(90*millisecond, 400*millisecond)})
	r.tellHandshake(&e, "www.days-office.com", publicName, &stackGo)
	p.when += minute
	return p.when + p.dice.span(0, second)
}

// publicName is how the office's own site answers.
var publicName = &webName{delay: 20 * millisecond, modern: true}

// visitors come to the office's site.
func visitors(r *run, p *proc, at int64) int64 {
	d := &p.dice
	from := d.stranger()
	for range 1 + d.n(5) {
		e := r.open(p, at, &talk{src: from, to: p.h, port: 443, proto: tcp, service: "ssl", sent: 1500 + d.size(800), got: 4000 + d.size(30_000), dur: d.span(second, 50*second)})
		r.tellHandshake(&e, "www.days-office.com", publicName, pick(d, []*stack{&stackChromium, &stackFox, &stackSafari, &stackEdge}))
		at += d.span(10*millisecond, 20*second)
	}
	return at + d.exp(int64(float64(25*second)/r.level(at)))
}

// homeWork is somebody working from home: one long tunnel to the office.
func homeWork(r *run, p *proc, at int64) int64 {
	d := &p.dice
	r.open(p, at, &talk{
		src: d.stranger(), to: p.h, port: 51820, proto: udp, service: "wireguard", end: answered, sent: 3000, got: 3000, dur: 10*minute + d.exp(3*hour),
		ping: 25 * second, pingSent: 32, pingGot: 32, minuteSent: 200_000, minGot: 900_000, minuteChance: 0.6,
	})
	return at + d.exp(int64(float64(20*minute)/r.level(at)))
}

// mailIn is a mail that comes in: the server asks who sends it, and whether lists know the sender as bad (many names, each once).
func mailIn(r *run, p *proc, at int64) int64 {
	d := &p.dice
	from := d.stranger()
	r.open(p, at, &talk{src: from, to: p.h, port: 25, proto: tcp, service: "smtp", sent: d.size(30_000), got: 900, dur: d.span(second, 12*second)})
	b := backwards(from.As4())
	r.look(p, p.h, at+200*millisecond, &query{name: b + ".in-addr.arpa", kind: typePTR, answers: []string{"mail." + d.letters(7, "aeioulmnrst") + ".com"}, ttl: 3600})
	for _, list := range []string{"zen.spamlist.org", "bl.mailtrap.net"} {
		q := query{name: b + "." + list, kind: typeA, rcode: noName}
		if d.chance(0.3) {
			q.rcode, q.answers, q.ttl = noError, []string{"127.0.0.4"}, 300
		}
		r.look(p, p.h, at+300*millisecond, &q)
	}
	key := d.letters(10, "abcdefghijklmnopqrstuvwxyz0123456789") + "._domainkey." + d.letters(8, "aeioulmnrst") + ".com"
	r.look(p, p.h, at+900*millisecond, &query{name: key, kind: typeTXT, answers: []string{"v=DKIM1; k=rsa; p=" + d.letters(216, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}, ttl: 3600})
	return at + d.exp(int64(float64(30*second)/r.level(at)))
}

// mailOut is a mail that goes out.
func mailOut(r *run, p *proc, at int64) int64 {
	d := &p.dice
	name := d.letters(8, "aeioulmnrst") + ".com"
	at = r.look(p, p.h, at, &query{name: name, kind: typeMX, answers: []string{"mx1." + name}, ttl: 3600})
	r.open(p, at, &talk{from: p.h, dst: d.stranger(), port: 25, proto: tcp, service: "smtp,ssl", sent: d.size(40_000), got: 5200, dur: d.span(second, 9*second)})
	return at + d.exp(int64(float64(70*second)/r.level(at)))
}
