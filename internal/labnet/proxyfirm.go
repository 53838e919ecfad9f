package labnet

import "net/netip"

// ProxyFirm is a firm whose web goes through a proxy: clients know only the proxy, and on the wire between it and the firewall
// all people look like one machine.
func ProxyFirm(seed uint64) *Site {
	s := newSite("corvid", seed, "Europe/Madrid")
	d := newDice(seed, 400)
	s.rhythm.opens, s.rhythm.closes = 9*60, 18*60+30
	s.sensor, s.lease = "lan", 4*hour
	clients := s.newLAN("c10", 10, "10.77.0.0/23")
	infra := s.newLAN("s20", 20, "10.77.8.0/24")
	dmz := s.newLAN("dmz", 30, "10.77.9.0/28")
	transit := s.newLAN("transit", 40, "10.77.9.24/29")
	wire := s.newLAN("proxywire", 0, "10.77.9.16/29")
	outside := s.newLAN("outside", 0, "203.0.113.128/29")
	outside.public = true
	s.newSegment("clients", "clients", clients).expected = "{hosts: 60, min_seen_7d: 0.90, active_workday: 0.70}"
	s.newSegment("infra", "servers", infra).expected = "{hosts: 10, min_seen_24h: 0.95}"
	gw := func(l *lan) netip.Addr { return addr(l.prefix, 1) }
	mgmt := s.addManagement(&d, 99, "10.77.12.0/24", 3)
	s.addRouter(&d, "core", &stackRouter, []*lan{clients, infra, dmz, mgmt, transit}, []netip.Addr{gw(clients), gw(infra), gw(dmz), gw(mgmt), addr(transit.prefix, 2)})
	fw := s.addRouter(&d, "fw", &stackBSD, []*lan{transit, wire, outside}, []netip.Addr{gw(transit), gw(wire), addr(outside.prefix, 2)})
	gateOf(transit, fw)
	isp := s.addRouter(&d, "isp", &stackRouter, []*lan{outside}, []netip.Addr{gw(outside)})
	s.translates, s.natAddress = true, addr(outside.prefix, 3)
	s.ownPublic = []netip.Prefix{netip.MustParsePrefix("203.0.113.128/29")}
	s.addOffice(&d, clients, 58, 2, []int{1, 2})
	for i, du := range []duty{dutyResolver, dutyResolver, dutyDHCP, dutyFiles, dutyMail, dutyDatabase, dutyApp, dutyApp, dutyLogs, dutyBackup} {
		n := s.addServer(&d, infra, []string{"dc1", "dc2", "dhcp1", "fs1", "mail", "db1", "app1", "app2", "logs", "backup"}[i], 10+i, du)
		switch du {
		case dutyResolver:
			s.resolvers = append(s.resolvers, n)
		case dutyDHCP:
			s.dhcp = n
		}
	}
	s.proxy = s.addServer(&d, dmz, "proxy1", 5, dutyProxy)
	s.proxyOut = s.addServer(&d, wire, "proxy1-out", 2, dutyProxy)
	s.proxy.stack, s.proxyOut.stack = &stackLinux, &stackLinux
	s.proxyOut.role = roleDevice // it speaks for others only
	s.switchCard(&d, clients, 1)
	s.addInternet(&d, isp.port, 160, 0)
	users, both := []string{"clients"}, []string{"clients", "infra"}
	spare := &place{name: Unmirrored, vantage: "vantage.unmirrored_port", passive: true, direct: users}
	s.places = []*place{
		{name: Core, sees: mirror(clients, infra), direct: both, pairs: s.directions, lookups: true, leases: true},
		{name: AfterProxy, sees: everyPort(wire), vantage: "vantage.after_proxy"},
		{name: ClientsOnly, sees: mirror(clients), direct: users, pairs: []string{"client-internet", "client-server"}, lookups: true, leases: true},
		{name: CoreReceived, sees: received(clients), direct: users, pairs: s.directions[:3:3], oneWay: true, lookups: true, leases: true},
		spare,
		{name: Management, sees: mirror(mgmt), vantage: "vantage.management_port"},
		{name: Outside, sees: everyPort(outside), vantage: "vantage.outside"},
	}
	spare.sees = floodsAt(clients, s.addSpareSensor(&d, clients, 500, spare).port)
	s.write = proxyAgreement
	s.number()
	return s
}

func proxyAgreement(s *Site) agreementText {
	return `apiVersion: candor.dev/v1alpha1
kind: Agreement
metadata: {id: corvid-2026, title: "Monitoring of Corvid", revision: 1}
term: {time_zone: Europe/Madrid}
calendar: {workdays: [mon, tue, wed, thu, fri], hours: "09:00-18:30"}
scope:
  segments:
    - {id: clients, kind: clients, networks: ["10.77.0.0/23"], vlans: [10], expected: {hosts: 60, min_seen_7d: 0.90, active_workday: 0.70}}
    - {id: infra, kind: servers, networks: ["10.77.8.0/24"], vlans: [20], expected: {hosts: 10, min_seen_24h: 0.95}}
  own_public: ["203.0.113.128/29"]
  resolvers: ["` + s.resolvers[0].v4.String() + `", "` + s.resolvers[1].v4.String() + `"]
  directions: [client-internet, server-internet, client-server, server-server]
data:
  - {id: packets, kind: packets, segments: [clients, infra], both_directions: 0.95, loss_max: 0.01}
  - {id: dns, kind: dns, view: client_to_resolver, segments: [clients], expect: {per: active_client_hour, rate: 4}}
  - {id: dhcp, kind: dhcp, segments: [clients], expect: {per: host_day, rate: 1}}
sensors:
  - {id: lan, vantage: {side: inside, method: span, device: core, direction: both, before_nat: true}, covers: [clients, infra]}
`
}
