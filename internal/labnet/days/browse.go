package days

// browse is a person at a browser: sessions of pages with thinking between them.
func browse(r *run, p *proc, at int64) int64 {
	on, busy := r.state(p.h, at)
	if !on || busy == 0 {
		p.step = 0
		return r.wake(p.h, at) + p.dice.exp(6*minute)
	}
	if p.step == 0 {
		if !p.dice.chance(busy) {
			return at + p.dice.exp(8*minute)
		}
		p.step = 1 + int(min(p.dice.lognormal(4, 0.9), 60))
	}
	r.page(p, at)
	if p.step--; p.step > 0 {
		return at + second + min(int64(p.dice.lognormal(22, 1.2)*float64(second)), 20*minute)
	}
	return at + p.dice.exp(int64(float64(11*minute)/r.site.busy))
}

// page opens a page: some of the site's own names, and some of those that it loads from others, within seconds.
func (r *run) page(p *proc, at int64) {
	w, d := r.site.web, &p.dice
	var s *webSite
	if d.chance(0.6) {
		s = &w.sites[p.h.likes[d.n(len(p.h.likes))]]
	} else {
		s = &w.sites[d.zipf(w.logSite, len(w.sites))]
	}
	r.load(p, s.own[0], at, 9000)
	at += d.span(80*millisecond, 400*millisecond)
	for _, k := range s.own[1:] {
		r.load(p, k, at+d.span(0, 300*millisecond), 24000)
	}
	for _, k := range s.others {
		if d.chance(0.62) {
			r.load(p, k, at+d.span(0, 2500*millisecond), 5000)
		}
	}
	if d.chance(0.5) { // an advertisement from whoever paid most
		r.load(p, w.thirds[d.zipf(w.logThird, numThirds)], at+d.span(second, 4*second), 14000)
	}
}

// load gets something from a name, over a connection that is still open or a new one.
func (r *run) load(p *proc, k uint32, at int64, middle float64) {
	kept := &r.live[p.h.id].kept[k%uint32(len(live{}.kept))]
	if kept.name == k+1 && kept.until > at {
		return // its bytes are part of the connection's already
	}
	w, d := &r.site.web.names[k], &p.dice
	active := min(int64(d.lognormal(1.6, 1.1)*float64(second)), 40*second)
	v := visit{stack: p.h.browser, sent: 700 + d.size(900), got: d.size(middle * w.weight), dur: active + w.keep, quic: true}
	*kept = remembered{k + 1, at + v.dur - second}
	r.fetch(p, p.h, k, at, &v)
}

// watch is somebody watching or listening now and then: one long connection that carries much.
func watch(r *run, p *proc, at int64) int64 {
	on, busy := r.state(p.h, at)
	if !on || busy == 0 {
		return r.wake(p.h, at) + p.dice.exp(2*hour)
	}
	d := &p.dice
	if d.chance(0.3) {
		k := r.site.web.byName[pick(d, videoNames)]
		dur := min(int64(d.lognormal(14, 0.9)*float64(minute)), 3*hour)
		r.fetch(p, p.h, k, at, &visit{stack: p.h.browser, sent: 2000, got: 400_000, dur: dur, minuteSent: 30_000, minGot: d.size(9e6), quic: true})
	}
	return at + d.exp(2*hour)
}

// meet is a video call, which begins at a full or half hour as far as people manage.
func meet(r *run, p *proc, at int64) int64 {
	on, busy := r.state(p.h, at)
	d := &p.dice
	if on && busy > 0 && d.chance(0.16) {
		dur := int64(d.between(12, 58))*minute + d.span(0, minute)
		k := r.site.web.byName["meet.confcloud.com"]
		r.fetch(p, p.h, k, at, &visit{stack: p.h.tool, sent: 5000, got: 40_000, dur: dur, ping: 15 * second, pingSent: 90, pingGot: 90})
		relay := r.site.web.edges[3][d.n(8)]
		r.open(p, at+2*second, &talk{
			from: p.h, dst: relay, port: 3478, proto: udp, service: "stun", end: answered, sent: 6000, got: 6000, dur: dur,
			minuteSent: 7_000_000, minGot: 9_000_000,
		})
	}
	p.when += 30 * minute
	return p.when + int64(d.normal()*float64(70*second))
}
