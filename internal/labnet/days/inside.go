package days

import (
	"net/netip"

	"candor/internal/record"
)

// ticket is a Kerberos exchange, TCP as newer systems do it.
func (r *run) ticket(p *proc, h *host, at int64) {
	r.open(p, at, &talk{from: h, to: r.site.servers[dc1], port: 88, proto: tcp, service: "krb", sent: 1500, got: 1600, dur: p.dice.span(2*millisecond, 9*millisecond)})
}

// directory asks a domain controller: LDAP over UDP first, then TCP.
func (r *run) directory(p *proc, h *host, at int64) {
	dc := h.resolver
	r.open(p, at, &talk{from: h, to: dc, port: 389, proto: udp, service: "ldap", end: answered, sent: 160, got: 190, dur: millisecond})
	r.open(p, at+20*millisecond, &talk{from: h, to: dc, port: 389, proto: tcp, service: "ldap", sent: 900, got: p.dice.size(4000), dur: p.dice.span(5*millisecond, 400*millisecond)})
}

// signIn is a person arriving: the machine finds its domain controller, the person signs in, shares are mounted and stay so.
func signIn(r *run, p *proc, at int64) int64 {
	h, d := p.h, &p.dice
	on, busy := r.state(h, at)
	plan := r.planOf(h, at)
	if !on || busy == 0 || r.live[h.id].login == plan.start {
		return r.wake(h, at) + d.span(10*second, 3*minute)
	}
	r.live[h.id].login = plan.start
	q := query{name: "_ldap._tcp.dc._msdcs." + domain, kind: typeSRV, answers: []string{"srv001." + domain, "srv002." + domain}, ttl: 600}
	at = r.ask(p, h, h.resolver, netip.Addr{}, at, &q)
	for d.chance(0.06) {
		r.logon(h, at, h.user, "failure")
		r.ticket(p, h, at)
		at += d.span(4*second, 20*second)
	}
	r.logon(h, at, h.user, "success")
	r.ticket(p, h, at)
	r.directory(p, h, at+second)
	for range 1 + d.n(3) {
		dur := max(plan.off-at-d.span(0, 10*minute), 5*minute)
		r.ticket(p, h, at+2*second)
		r.open(p, at+3*second, &talk{
			from: h, to: r.share(d), port: 445, proto: tcp, service: "smb", sent: 6000, got: 9000, dur: dur,
			ping: 120 * second, pingSent: 90, pingGot: 90, minuteSent: d.size(20_000), minGot: d.size(90_000), minuteChance: 0.3,
		})
	}
	return r.wake(h, at) + d.span(0, minute)
}

// share draws a server with files.
func (r *run) share(d *dice) *host {
	s := r.site.servers
	if d.chance(0.7) || len(s) <= numDuties {
		return s[fileServer]
	}
	return s[numDuties+d.n(len(s)-numDuties)]
}

// logon writes what a domain controller logs of somebody signing in.
func (r *run) logon(from *host, at int64, user, result string) {
	l := r.putLog(floor(at))
	*l = record.Log{
		TS: record.Time(floor(at)), Feed: "auth", Format: "windows_json", Host: r.site.servers[dc1].name, User: user, Src: from.addr, Action: "login", Result: result,
		Message: "event 4624, logon type 3",
	}
	if result == "failure" {
		l.Message = "event 4625, logon type 3, status 0xc000006d"
	}
}

// useFiles fetches from or stores to a share over a connection of its own, or works with an inside application.
func useFiles(r *run, p *proc, at int64) int64 {
	on, busy := r.state(p.h, at)
	d := &p.dice
	if !on || busy == 0 {
		return r.wake(p.h, at) + d.exp(20*minute)
	}
	if d.chance(0.4) {
		r.open(p, at, &talk{from: p.h, to: r.share(d), port: 445, proto: tcp, service: "smb", sent: d.size(9000), got: d.size(120_000), dur: d.span(second, 50*second)})
	} else {
		s := r.site.servers[d.n(len(r.site.servers))]
		t := talk{from: p.h, to: s, port: 443, proto: tcp, service: "ssl", sent: 1900 + d.size(900), got: 3000 + d.size(9000), dur: d.span(second, 40*second)}
		e := r.open(p, at, &t)
		r.tellHandshake(&e, s.name+"."+domain, insideName, p.h.browser)
	}
	return at + d.exp(9*minute)
}

// insideName is how inside servers answer: with certificates of the office's own authority.
var insideName = &webName{delay: 300_000, modern: true}

// policy is Windows asking its domain for rules, every 90 to 120 minutes.
func policy(r *run, p *proc, at int64) int64 {
	if p.h.system != windows {
		return 0
	}
	if on, _ := r.state(p.h, at); !on {
		return r.wake(p.h, at) + p.dice.span(0, minute)
	}
	r.directory(p, p.h, at)
	r.ticket(p, p.h, at+100*millisecond)
	r.open(p, at+300*millisecond, &talk{from: p.h, to: p.h.resolver, port: 445, proto: tcp, service: "smb", sent: 5000, got: 14_000, dur: p.dice.span(9*second, 20*second)})
	return at + 90*minute + p.dice.span(0, 30*minute)
}

// printOut prints, and asks the printer how it is.
func printOut(r *run, p *proc, at int64) int64 {
	on, busy := r.state(p.h, at)
	d := &p.dice
	if !on || busy == 0 {
		return r.wake(p.h, at) + d.exp(2*hour)
	}
	printer := r.site.printer[p.h.id%len(r.site.printer)]
	r.open(p, at, &talk{from: p.h, to: printer, port: 161, proto: udp, service: "snmp", end: answered, sent: 340, got: 420, pkts: 4, dur: d.span(5*millisecond, 90*millisecond)})
	if d.chance(0.5) {
		port := pick(d, []uint16{9100, 631})
		r.open(p, at+second, &talk{from: p.h, to: printer, port: port, proto: tcp, sent: d.size(300_000), got: 600, dur: d.span(second, 30*second)})
	}
	return at + d.exp(2*hour)
}

// upload is somebody sending much to a cloud, on purpose.
func upload(r *run, p *proc, at int64) int64 {
	on, busy := r.state(p.h, at)
	d := &p.dice
	if on && busy > 0 {
		bytes := d.lognormal(60e6, 1.3)
		dur := max(int64(bytes/4e6)*second, 2*second)
		v := visit{stack: p.h.browser, sent: uint64(bytes), got: 9000, dur: dur}
		if dur > openAtMost {
			v.sent, v.minuteSent = 4e6, uint64(4e6*60)
		}
		r.fetch(p, p.h, r.site.web.byName["upload.cloudshelf.com"], at, &v)
		return at + d.exp(12*hour)
	}
	return r.wake(p.h, at) + d.exp(6*hour)
}

// deadServer is a machine that looks for a server which was switched off long ago.
func deadServer(r *run, p *proc, at int64) int64 {
	if on, _ := r.state(p.h, at); !on {
		return r.wake(p.h, at) + p.dice.span(0, minute)
	}
	t := talk{from: p.h, dst: addr(r.site.servers[0].lan.prefix, 251), port: 1433, proto: tcp, end: unanswered}
	for i := range int64(3) {
		r.open(p, at+i*3*second, &t)
	}
	return at + 5*minute + p.dice.span(0, 3*second)
}
