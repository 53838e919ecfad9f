package labnet

import "net/netip"

// DualPath is a site with two routers to two providers: hosts send through the first, and what some remote networks answer comes
// back through the second. Addresses are translated further upstream.
func DualPath(seed uint64) *Site {
	s := newSite("delta", seed, "Europe/Rome")
	d := newDice(seed, 500)
	s.sensor, s.lease = "lan", 2*hour
	clients := s.newLAN("c50", 50, "10.66.0.0/23")
	servers := s.newLAN("s54", 54, "10.66.4.0/24")
	up1 := s.newLAN("up1", 0, "10.66.250.0/30")
	up2 := s.newLAN("up2", 0, "10.66.250.4/30")
	s.newSegment("clients", "clients", clients).expected = "{hosts: 48, min_seen_7d: 0.90, active_workday: 0.70}"
	s.newSegment("servers", "servers", servers).expected = "{hosts: 10, min_seen_24h: 0.95}"
	r1 := s.addRouter(&d, "r1", &stackRouter, []*lan{clients, servers, up1}, []netip.Addr{addr(clients.prefix, 1), addr(servers.prefix, 1), addr(up1.prefix, 2)})
	r2 := s.addRouter(&d, "r2", &stackRouter, []*lan{clients, servers, up2}, []netip.Addr{addr(clients.prefix, 2), addr(servers.prefix, 2), addr(up2.prefix, 2)})
	isp1 := s.addRouter(&d, "isp1", &stackRouter, []*lan{up1}, []netip.Addr{addr(up1.prefix, 1)})
	isp2 := s.addRouter(&d, "isp2", &stackRouter, []*lan{up2}, []netip.Addr{addr(up2.prefix, 1)})
	s.addOffice(&d, clients, 46, 2, []int{0})
	for i, du := range []duty{dutyResolver, dutyResolver, dutyDHCP, dutyFiles, dutyMail, dutyDatabase, dutyApp, dutyApp, dutyLogs, dutyBackup} {
		n := s.addServer(&d, servers, []string{"dc1", "dc2", "dhcp1", "fs1", "mail", "db1", "app1", "app2", "logs", "backup"}[i], 10+i, du)
		switch du {
		case dutyResolver:
			s.resolvers = append(s.resolvers, n)
		case dutyDHCP:
			s.dhcp = n
		}
	}
	s.addInternet(&d, isp1.port, 160, 0)
	for _, n := range s.remotes {
		n.ports = []*port{isp1.port, isp2.port}
		if a := n.v4.As4(); (int(a[1])*31+int(a[2])/4)%5 < 2 { // whole networks answer by the second way
			n.edge = 1
		}
	}
	both := []string{"clients", "servers"}
	s.places = []*place{
		{name: Core, sees: everyPort(clients, servers), direct: both, pairs: s.directions, lookups: true, leases: true},
		{name: FirstPath, sees: aroundPorts(r1.ports[0], r1.ports[1]), direct: both, pairs: s.directions[:3:3], uneven: true, lookups: true, leases: true},
		{name: SecondPath, sees: aroundPorts(r2.ports[0], r2.ports[1]), pairs: s.directions[:2:2], oneWay: true},
	}
	s.write = dualAgreement
	s.number()
	return s
}

func dualAgreement(s *Site) agreementText {
	return `apiVersion: candor.dev/v1alpha1
kind: Agreement
metadata: {id: delta-2026, title: "Monitoring of Delta", revision: 1}
term: {time_zone: Europe/Rome}
scope:
  segments:
    - {id: clients, kind: clients, networks: ["10.66.0.0/23"], vlans: [50], expected: {hosts: 48, min_seen_7d: 0.90, active_workday: 0.70}}
    - {id: servers, kind: servers, networks: ["10.66.4.0/24"], vlans: [54], expected: {hosts: 10, min_seen_24h: 0.95}}
  resolvers: ["` + s.resolvers[0].v4.String() + `", "` + s.resolvers[1].v4.String() + `"]
  directions: [client-internet, server-internet, client-server, server-server]
data:
  - {id: packets, kind: packets, segments: [clients, servers], both_directions: 0.95, loss_max: 0.01}
  - {id: dns, kind: dns, view: client_to_resolver, segments: [clients], expect: {per: active_client_hour, rate: 15}}
  - {id: dhcp, kind: dhcp, segments: [clients], expect: {per: host_day, rate: 1}}
sensors:
  - {id: lan, vantage: {side: inside, method: span, device: sw1, direction: both, before_nat: true}, covers: [clients, servers]}
`
}
