package days

// settleServers starts what servers do among themselves.
func (r *run) settleServers() {
	s := r.site.servers
	d := newDice(r.site.seed, 41)
	for i, h := range s {
		at := func(within int64) int64 { return r.from + d.span(0, within) }
		if i == monitor {
			continue
		}
		// The monitor's processes are named after whom they look at.
		r.start(h.process(doMonitor), s[monitor], at(minute), nil, h, ping)
		r.start(h.process(doSNMP), s[monitor], at(minute), nil, h, poll)
		if i%2 == 0 {
			r.start(h.process(doHealth), s[monitor], at(minute), nil, h, health)
		}
	}
	r.start(s[dc2].process(doReplicate), s[dc2], r.from+d.span(0, 15*minute), nil, s[dc1], replicate)
	r.start(s[terminal].process(doLogin), s[terminal], r.from+d.span(0, hour), nil, nil, administer)
}

// ping is the monitor asking whether a server is there, each minute.
func ping(r *run, p *proc, at int64) int64 {
	to, _ := p.own.(*host)
	r.open(p, at, &talk{from: p.h, to: to, sport: 8, port: 0, proto: icmp, service: "", end: answered, sent: 56, got: 56, dur: 300_000})
	p.when += minute
	return p.when + p.dice.span(0, 40*millisecond)
}

// poll is the monitor reading counters, each five minutes.
func poll(r *run, p *proc, at int64) int64 {
	to, _ := p.own.(*host)
	r.open(p, at, &talk{from: p.h, to: to, port: 161, proto: udp, service: "snmp", end: answered, sent: 12 * 82, got: 12 * 140, pkts: 12, dur: p.dice.span(20*millisecond, 300*millisecond)})
	p.when += 5 * minute
	return p.when + p.dice.span(0, 400*millisecond)
}

// health is the monitor asking an application for its health, each 30 seconds.
func health(r *run, p *proc, at int64) int64 {
	to, _ := p.own.(*host)
	e := r.open(p, at, &talk{from: p.h, to: to, port: 8080, proto: tcp, service: "http", sent: 130, got: 210, dur: p.dice.span(2*millisecond, 20*millisecond)})
	r.tellRequest(p, &e, insideName, &visit{stack: &stackServer, got: 210, uri: "/health"})
	p.when += 30 * second
	return p.when + p.dice.span(0, 20*millisecond)
}

// replicate is one domain controller telling the other what changed.
func replicate(r *run, p *proc, at int64) int64 {
	to, _ := p.own.(*host)
	d := &p.dice
	r.ticket(p, p.h, at)
	r.open(p, at+10*millisecond, &talk{from: p.h, to: to, port: 135, proto: tcp, service: "dce_rpc", sent: 500, got: 600, dur: 20 * millisecond})
	r.open(p, at+50*millisecond, &talk{from: p.h, to: to, port: 49668, proto: tcp, service: "dce_rpc", sent: 4000, got: d.size(9000), dur: d.span(second, 5*second)})
	return at + 15*minute + d.span(0, 15*second)
}

// work is an application asking its database, and its neighbours.
func work(r *run, p *proc, at int64) int64 {
	d, s := &p.dice, r.site.servers
	to := s[database]
	if d.chance(0.3) {
		to = s[d.n(len(s))]
	}
	if to != p.h {
		t := talk{from: p.h, to: to, port: 5432, proto: tcp, service: "postgresql", sent: d.size(1500), got: d.size(9000), dur: d.span(5*millisecond, 9*second)}
		if to != s[database] {
			t.port, t.service = 8443, ""
		}
		r.open(p, at, &t)
	}
	return at + second + d.exp(int64(float64(40*second)/r.level(at)))
}

// syslog is a server's stream of log lines: one flow of datagrams that never stops for long.
func syslog(r *run, p *proc, at int64) int64 {
	if p.h == r.site.servers[logServer] {
		return 0
	}
	dur := hour + p.dice.exp(2*hour)
	r.open(p, at, &talk{
		from: p.h, to: r.site.servers[logServer], port: 514, proto: udp, service: "syslog", end: unanswered, sent: 400, dur: dur,
		minuteSent: p.dice.size(3000),
	})
	return at + dur + 65*second + p.dice.span(0, minute)
}

// backUp is the nightly backup of a server: its start is the schedule's, some minutes later for each.
func backUp(r *run, p *proc, at int64) int64 {
	to := r.site.servers[backup]
	if p.h == to {
		return 0
	}
	d := &p.dice
	if p.step++; p.step > 1 {
		bytes := d.lognormal(3e9, 0.8)
		r.open(p, at, &talk{from: p.h, to: to, port: 6180, proto: tcp, service: "ssl", sent: 5000, got: 5000, dur: minute + int64(bytes/60e6)*second, minuteSent: 3.4e9, minGot: 9e6})
	}
	return r.clockOf(at, 1, 0) + int64(p.h.id%90)*minute + d.span(0, 20*second)
}

// administer is an administrator at work on servers.
func administer(r *run, p *proc, at int64) int64 {
	d, s := &p.dice, r.site.servers
	if r.level(at) < 1 {
		return at + d.exp(3*hour)
	}
	to := s[d.n(len(s))]
	if to != p.h {
		r.open(p, at, &talk{
			from: p.h, to: to, port: 22, proto: tcp, service: "ssh", sent: 4000, got: 5000, dur: d.exp(20*minute) + 10*second, ping: 60 * second, pingSent: 70, pingGot: 70,
			minuteSent: 2000, minGot: 9000, minuteChance: 0.5,
		})
	}
	return at + d.exp(25*minute)
}
