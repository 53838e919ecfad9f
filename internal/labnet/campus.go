package labnet

import (
	"fmt"
	"net/netip"
)

// Campus is a university: public IPv4 and IPv6 inside without translation, an IPv6-only laboratory, and a core router between
// access routers, so that at the core every host is one hop away behind a router's card. Three sensors are agreed.
func Campus(seed uint64) *Site {
	s := newSite("aster", seed, "Europe/Paris")
	d := newDice(seed, 300)
	s.rhythm.opens, s.rhythm.closes, s.rhythm.presence = 8*60, 20*60, 0.75
	s.sensor, s.lease = "core", 2*hour
	s.directions = []string{"client-internet", "server-internet", "client-server"}
	readers := s.newLAN("readers", 410, "192.0.2.0/24")
	services := s.newLAN("services", 420, "198.51.100.128/27")
	lab := s.newLAN("lab", 460, "")
	wire1 := s.newLAN("wire1", 0, "10.255.0.0/30")
	wire2 := s.newLAN("wire2", 0, "10.255.0.4/30")
	border := s.newLAN("border", 0, "198.51.100.248/30")
	readers.six = netip.MustParsePrefix("2001:db8:7c:10::/64")
	services.six = netip.MustParsePrefix("2001:db8:7c:20::/64")
	lab.six = netip.MustParsePrefix("2001:db8:7c:60::/64")
	rs := s.newSegment("readers", "clients", readers)
	rs.expected = "{hosts: 60, min_seen_7d: 0.90, active_workday: 0.60}"
	sv := s.newSegment("services", "servers", services)
	sv.expected = "{hosts: 12, min_seen_24h: 0.95}"
	lb := s.newSegment("lab6", "clients", lab)
	lb.expected = "{hosts: 20, min_seen_7d: 0.90, active_workday: 0.60}"
	s.addRouter(&d, "access1", &stackRouter, []*lan{readers, wire1}, []netip.Addr{addr(readers.prefix, 1), addr(wire1.prefix, 2)})
	s.addRouter(&d, "access2", &stackRouter, []*lan{services, lab, wire2}, []netip.Addr{addr(services.prefix, 1), noAddr, addr(wire2.prefix, 2)})
	core := s.addRouter(&d, "core", &stackRouter, []*lan{wire1, wire2, border}, []netip.Addr{addr(wire1.prefix, 1), addr(wire2.prefix, 1), addr(border.prefix, 2)})
	gateOf(wire1, core)
	gateOf(wire2, core)
	isp := s.addRouter(&d, "isp", &stackRouter, []*lan{border}, []netip.Addr{addr(border.prefix, 1)})
	gateOf(border, isp)
	s.campusHosts(&d, readers, services, lab)
	s.switchCard(&d, readers, 1)
	s.switchCard(&d, lab, 1)
	s.addInternet(&d, isp.port, 200, 0.65)
	all := []string{"readers", "services", "lab6"}
	s.places = []*place{
		{name: RoutedCore, sees: everyPort(wire1, wire2), direct: all, pairs: s.directions, lookups: true, leases: true, sixData: true, routed: true},
		{name: AccessSwitch, sees: everyPort(readers), direct: all[:1], pairs: []string{"client-internet", "client-server"}, lookups: true, leases: true, sixData: true},
		{name: LabSwitch, sees: everyPort(lab), direct: all[2:], pairs: []string{"client-internet", "client-server"}, lookups: true, sixData: true},
	}
	s.write = campusAgreement
	s.number()
	return s
}

// campusHosts fills the campus: readers with both families, services, and a laboratory without IPv4.
func (s *Site) campusHosts(d *dice, readers, services, lab *lan) {
	s.addClients(d, readers, 58, 20, 250, []int{1}, 0.45, 0.35)
	for i := range 2 {
		s.addNode(d, fmt.Sprintf("print%d", i+1), rolePrinter, &stackPrinter, "printer", readers, addr(readers.prefix, 10+i), 1)
	}
	duties := []duty{dutyResolver, dutyResolver, dutyDHCP, dutyFiles, dutyMail, dutyDatabase, dutyApp, dutyApp, dutyWeb, dutyLogs, dutyBackup, dutyApp}
	for i, du := range duties {
		n := s.addServer(d, services, fmt.Sprintf("svc%02d", i+1), 3+i*2, du)
		giveSix(d, n, false)
		switch {
		case du == dutyResolver:
			s.resolvers = append(s.resolvers, n)
		case du == dutyDHCP:
			s.dhcp = n
		}
	}
	s.sixResolver = s.resolvers[0].v6[0]
	for i := range 20 {
		st, kind, hello := clientStack(d, 0.1, 0.2)
		n := s.addNode(d, fmt.Sprintf("lab-%02d", i+1), roleClient, st, kind, lab, noAddr, 1)
		n.tls = hello
		giveSix(d, n, true)
	}
	for _, n := range readers.seg.hosts {
		if n.role == roleClient {
			giveSix(d, n, true)
		}
	}
}

func campusAgreement(s *Site) agreementText {
	return `apiVersion: candor.dev/v1alpha1
kind: Agreement
metadata: {id: aster-2026, title: "Monitoring of the Aster campus", revision: 1}
parties:
  customer: {id: aster, name: Aster University, key: ""}
  provider: {id: nwsec, name: Northwall Security, key: ""}
term: {time_zone: Europe/Paris}
calendar: {workdays: [mon, tue, wed, thu, fri], hours: "08:00-20:00"}
scope:
  segments:
    - {id: readers, kind: clients, networks: ["192.0.2.0/24", "2001:db8:7c:10::/64"], vlans: [410], expected: {hosts: 60, min_seen_7d: 0.90, active_workday: 0.60}}
    - {id: services, kind: servers, networks: ["198.51.100.128/27", "2001:db8:7c:20::/64"], vlans: [420], expected: {hosts: 12, min_seen_24h: 0.95}}
    - {id: lab6, kind: clients, networks: ["2001:db8:7c:60::/64"], vlans: [460], expected: {hosts: 20, min_seen_7d: 0.90, active_workday: 0.60}}
  resolvers: ["` + s.resolvers[0].v4.String() + `", "` + s.resolvers[1].v4.String() + `", "` + s.resolvers[0].v6[0].String() + `", "` + s.resolvers[1].v6[0].String() + `"]
  directions: [client-internet, server-internet, client-server]
data:
  - {id: packets, kind: packets, segments: [readers, services, lab6], both_directions: 0.95, loss_max: 0.01}
  - {id: dns, kind: dns, view: client_to_resolver, segments: [readers, lab6], expect: {per: active_client_hour, rate: 15}}
  - {id: dhcp, kind: dhcp, segments: [readers], expect: {per: host_day, rate: 1}}
sensors:
  - {id: core, vantage: {side: inside, method: tap, device: core, direction: both, before_nat: true, accepts: [routed_core]}, covers: [readers, services, lab6]}
  - {id: readers-access, vantage: {side: inside, method: span, device: sw-readers, direction: both, before_nat: true}, covers: [readers]}
  - {id: lab-access, vantage: {side: inside, method: span, device: sw-lab, direction: both, before_nat: true}, covers: [lab6]}
`
}
