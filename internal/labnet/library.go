package labnet

import "net/netip"

// Library is a public wireless network: phones and laptops come and go, leases are short, and a machine that returns gets
// another address, so that counting addresses counts machines several times.
func Library(seed uint64) *Site {
	s := newSite("folio", seed, "America/Toronto")
	d := newDice(seed, 600)
	s.rhythm.opens, s.rhythm.closes, s.rhythm.presence, s.rhythm.alwaysOn, s.rhythm.weekend = 9*60, 20*60, 0.9, 0, true
	s.sensor, s.lease, s.roaming = "wifi", 20*minute, true
	s.directions = []string{"client-internet"}
	wifi := s.newLAN("wifi", 70, "10.44.0.0/21")
	outside := s.newLAN("outside", 0, "203.0.113.80/30")
	outside.public = true
	g := s.newSegment("wifi", "clients", wifi)
	g.expected = "{hosts: 60, min_seen_7d: 0.80, active_workday: 0.70}"
	router := s.addRouter(&d, "gateway", &stackLinux, []*lan{wifi, outside}, []netip.Addr{addr(wifi.prefix, 1), addr(outside.prefix, 2)})
	isp := s.addRouter(&d, "isp", &stackRouter, []*lan{outside}, []netip.Addr{addr(outside.prefix, 1)})
	s.translates, s.natAddress = true, addr(outside.prefix, 2)
	s.ownPublic = []netip.Prefix{netip.MustParsePrefix("203.0.113.82/32")}
	s.resolvers, s.dhcp = []*node{router}, router
	s.addClients(&d, wifi, 60, 100, 2000, []int{0}, 0.2, 0.3)
	for i, n := range g.hosts {
		if i%2 == 0 {
			n.stack, n.tls = &stackPhone, pick(&d, []int{helloSafari, helloChromium})
			n.port.mac = s.newCard(&d, "phone")
		}
	}
	s.addInternet(&d, isp.port, 140, 0.3)
	s.forwarder = s.addRemote(&d, "provider-dns", netip.MustParseAddr("198.19.240.53"), isp.port)
	s.places = []*place{
		{name: Core, sees: mirror(wifi), direct: []string{"wifi"}, pairs: s.directions, lookups: true, leases: true},
		{name: Outside, sees: everyPort(outside), vantage: "vantage.outside"},
	}
	s.deal = append(s.deal, func(r *run) {
		for _, n := range g.hosts {
			r.every(n, r.from+r.live[n.id].span(0, 25*minute), 25*minute, true, (*run).roam)
		}
	})
	s.write = libraryAgreement
	s.number()
	return s
}

// roam is a machine leaving and coming back with another address.
func (r *run) roam(n *node, at int64) {
	l := &r.live[n.id]
	taken := map[netip.Addr]bool{}
	for _, h := range n.seg.hosts {
		taken[r.live[h.id].v4] = true
	}
	next := l.v4
	for taken[next] {
		next = addr(n.port.lan.prefix, l.between(100, 2000))
	}
	r.do(at+l.span(20e9, 90e9), func(r *run, at int64) {
		r.live[n.id].v4 = next
		r.boot(n, at)
	})
}

func libraryAgreement(*Site) agreementText {
	return `apiVersion: candor.dev/v1alpha1
kind: Agreement
metadata: {id: folio-2026, title: "Monitoring of the Folio library", revision: 1}
term: {time_zone: America/Toronto}
calendar: {workdays: [mon, tue, wed, thu, fri, sat, sun], hours: "09:00-20:00"}
scope:
  segments:
    - {id: wifi, kind: clients, networks: ["10.44.0.0/21"], vlans: [70], expected: {hosts: 60, min_seen_7d: 0.80, active_workday: 0.70}}
  own_public: ["203.0.113.82/32"]
  resolvers: ["10.44.0.1"]
  directions: [client-internet]
data:
  - {id: packets, kind: packets, segments: [wifi], both_directions: 0.95, loss_max: 0.01}
  - {id: dns, kind: dns, view: client_to_resolver, segments: [wifi], expect: {per: active_client_hour, rate: 15}}
  - {id: dhcp, kind: dhcp, segments: [wifi], expect: {per: host_day, rate: 1}}
sensors:
  - {id: wifi, vantage: {side: inside, method: span, direction: both, before_nat: true}, covers: [wifi]}
`
}
