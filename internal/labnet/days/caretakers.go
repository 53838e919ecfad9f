package days

import (
	"net/netip"

	"candor/internal/record"
)

// Groups that machines speak to.
var (
	groupMDNS = netip.AddrFrom4([4]byte{224, 0, 0, 251})
	groupName = netip.AddrFrom4([4]byte{224, 0, 0, 252})
	groupSSDP = netip.AddrFrom4([4]byte{239, 255, 255, 250})
)

// clocks are time servers of the Internet.
var clocks = []netip.Addr{
	netip.AddrFrom4([4]byte{162, 159, 200, 1}), netip.AddrFrom4([4]byte{17, 253, 4, 125}), netip.AddrFrom4([4]byte{91, 189, 94, 4}),
}

// clock asks for the time: Windows inside a domain asks its domain controller, others the Internet, doubling from 64 to 1024 s.
func clock(r *run, p *proc, at int64) int64 {
	if on, _ := r.state(p.h, at); !on {
		p.step = 0
		return r.wake(p.h, at) + p.dice.span(second, minute)
	}
	t := talk{from: p.h, port: 123, sport: 123, proto: udp, service: "ntp", end: answered, sent: 48, got: 48, dur: p.dice.span(2*millisecond, 40*millisecond)}
	if p.h.system == windows && p.h != r.site.servers[dc1] {
		t.to, t.dur = r.site.servers[dc1], p.dice.span(200_000, millisecond)
	} else {
		t.dst = clocks[p.h.id%len(clocks)]
	}
	r.open(p, at, &t)
	period := 64 * second << min(p.step, 4)
	p.step++
	return at + period + p.dice.span(-period/64, period/64)
}

// leaseTime is how long an address is given; half of it later it is asked for again.
const leaseTime = 8 * hour

// renew asks for the machine's address again.
func renew(r *run, p *proc, at int64) int64 {
	h := p.h
	if h.system == server {
		return 0
	}
	if on, _ := r.state(h, at); !on {
		return r.wake(h, at) + p.dice.span(second, 20*second)
	}
	e := r.open(p, at, &talk{
		from: h, to: r.site.servers[dc1], sport: 68, port: 67, proto: udp, service: "dhcp", end: answered, sent: 300, got: 300, dur: p.dice.span(millisecond, 9*millisecond),
	})
	d := r.putDHCP(int64(e.TS) + 10*millisecond)
	d.Ends, d.ClientAddr, d.ServerAddr, d.MAC, d.HostName, d.Domain = e, h.addr, e.RespH, h.mac, h.name, domain
	d.AssignedAddr, d.LeaseTime, d.TransID, d.MsgTypes = h.addr, record.Time(leaseTime), uint32(p.dice.next()), renewal
	return at + leaseTime/2 + p.dice.span(0, 30*second)
}

var renewal = []string{"REQUEST", "ACK"}

// domain is the office's own.
const domain = "corp.days-office.com"

// shout is what desktops and printers say to everybody on their link: services, names, devices. Some do so at fixed periods.
func shout(r *run, p *proc, at int64) int64 {
	h, d := p.h, &p.dice
	if h.system == server || !h.lan.inside {
		return 0
	}
	if on, _ := r.state(h, at); !on {
		return r.wake(h, at) + d.span(0, minute)
	}
	switch k := d.n(6); {
	case h.system == printer || k < 2:
		e := r.open(p, at, &talk{from: h, dst: groupMDNS, sport: 5353, port: 5353, proto: udp, service: "dns", end: unanswered, sent: 46, pkts: 1})
		r.shouted(p, &e, "mdns", pick(d, serviceTypes), typePTR)
	case k < 4:
		r.open(p, at, &talk{from: h, dst: groupSSDP, port: 1900, proto: udp, end: unanswered, sent: 4 * 174, pkts: 4, dur: 3 * second})
	case h.system == windows && k == 4:
		e := r.open(p, at, &talk{from: h, dst: groupName, port: 5355, proto: udp, service: "dns", end: unanswered, sent: 22, pkts: 1})
		r.shouted(p, &e, "llmnr", pick(d, linkNames), typeA)
	default:
		e := r.open(p, at, &talk{from: h, dst: h.lan.groups, sport: 137, port: 137, proto: udp, service: "dns", end: unanswered, sent: 50, pkts: 1})
		r.shouted(p, &e, "nbns", pick(d, linkNames), 32)
	}
	if h.system == mac {
		return at + 427*second + d.span(0, second)
	}
	return at + 2*minute + d.exp(14*minute)
}

var (
	serviceTypes = []string{"_ipp._tcp.local", "_airplay._tcp.local", "_googlecast._tcp.local", "_smb._tcp.local"}
	linkNames    = []string{"wpad", "print1", "srv003", "isatap"}
)

func (r *run) shouted(p *proc, e *record.Ends, variant, name string, kind uint16) {
	r.tellLookup(p, e, 0, &query{name: name, kind: kind, silent: true})
	b := r.ringAt(int64(e.TS) + 10*second)
	b.dns[len(b.dns)-1].Variant = variant
}
