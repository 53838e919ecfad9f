package labnet

import (
	"fmt"
	"net/netip"
)

// Bank is the bank of story 1: 250 clients in two VLANs, 125 servers in two, a translating firewall, one machine with a bot. Its
// agreement is that of the design's example, with a volume floor that fits the laboratory.
func Bank(seed uint64) *Site {
	s := newSite("mvb", seed, "America/Chicago")
	d := newDice(seed, 100)
	s.floor = 1.5
	for _, day := range []string{"2026-11-26", "2026-12-25"} {
		s.rhythm.holidays[day] = true
	}
	c1 := s.newLAN("c110", 110, "10.10.0.0/23")
	c2 := s.newLAN("c111", 111, "10.10.2.0/23")
	s1 := s.newLAN("s200", 200, "10.20.0.0/24")
	s2 := s.newLAN("s201", 201, "10.20.1.0/24")
	atm := s.newLAN("a300", 300, "10.30.0.0/24")
	transit := s.newLAN("transit", 999, "10.99.0.0/29")
	outside := s.newLAN("outside", 0, "203.0.113.16/28")
	outside.public = true
	clients := s.newSegment("branch-users", "clients", c1, c2)
	clients.expected = "{hosts: 250, min_seen_7d: 0.90, active_workday: 0.70}"
	servers := s.newSegment("dc-servers", "servers", s1, s2)
	servers.expected = "{hosts: 125, min_seen_24h: 0.95}"
	s.newSegment("atm", "special", atm).watched = false

	gw := func(l *lan) netip.Addr { return addr(l.prefix, 1) }
	mgmt := s.addManagement(&d, 900, "10.90.0.0/24", 7)
	s.addRouter(&d, "core-sw1", &stackRouter, []*lan{c1, c2, s1, s2, atm, mgmt, transit},
		[]netip.Addr{gw(c1), gw(c2), gw(s1), gw(s2), gw(atm), gw(mgmt), addr(transit.prefix, 2)})
	gateOf(transit, s.addRouter(&d, "fw1", &stackBSD, []*lan{transit, outside}, []netip.Addr{gw(transit), addr(outside.prefix, 1)}))
	isp := s.addRouter(&d, "isp", &stackRouter, []*lan{outside}, []netip.Addr{addr(outside.prefix, 14)})
	s.translates, s.natAddress = true, netip.MustParseAddr("203.0.113.18")
	s.ownPublic = []netip.Prefix{netip.MustParsePrefix("203.0.113.16/28")}

	near, far := []int{1, 2, 3}, []int{4, 5, 6}
	s.addClients(&d, c1, 123, 30, 500, near, 0.82, 0.08)
	s.addClients(&d, c2, 123, 20, 500, far, 0.82, 0.08)
	for i, l := range []*lan{c1, c2, c1, c2} {
		s.addNode(&d, fmt.Sprintf("print%d", i+1), rolePrinter, &stackPrinter, "printer", l, addr(l.prefix, 10+i), 1+i)
	}
	s.bankServers(&d, s1, s2)
	for i := range 6 {
		s.addNode(&d, fmt.Sprintf("atm%d", i+1), rolePrinter, &stackOld, "pc", atm, addr(atm.prefix, 20+i), 1+i)
	}
	for i, l := range []*lan{c1, c2, s1, s2} {
		s.switchCard(&d, l, []int{1, 4, 0, 0}[i])
	}
	s.addInternet(&d, isp.port, 260, 0)
	s.bot = clients.hosts[17+d.n(80)]
	s.deal = append(s.deal, func(r *run) {
		for _, n := range clients.hosts[100:105] {
			r.every(n, r.from+r.live[n.id].span(0, 20*minute), 40*minute, true, (*run).stray)
		}
	})
	s.bankPlaces(&d, c1, c2, s1, s2, mgmt, outside)
	s.write = bankAgreement
	s.number()
	return s
}

// bankServers fills the two server VLANs: 125 machines.
func (s *Site) bankServers(d *dice, s1, s2 *lan) {
	add := func(l *lan, name string, k int, du duty) *node { return s.addServer(d, l, name, k, du) }
	dc1, dc2 := add(s1, "dc1", 53, dutyResolver), add(s1, "dc2", 54, dutyResolver)
	s.resolvers = []*node{dc1, dc2}
	s.dhcp = add(s1, "dhcp1", 60, dutyDHCP)
	add(s1, "core-db", 31, dutyDatabase)
	add(s2, "wire-gw", 12, dutyApp)
	pub := add(s1, "www", 80, dutyPublished)
	s.published[pub] = netip.MustParseAddr("203.0.113.20")
	for i := range 3 {
		add(s1, fmt.Sprintf("db%d", i+2), 32+i, dutyDatabase)
		add(s1, fmt.Sprintf("fs%d", i+1), 100+i, dutyFiles)
	}
	add(s1, "mail", 25, dutyMail)
	add(s1, "backup1", 110, dutyBackup)
	add(s2, "logs1", 70, dutyLogs)
	left := 125 - 15
	for i, k := range scatter(d, left/2, 120, 250) {
		add(s1, fmt.Sprintf("srv%03d", i+1), k, pick(d, []duty{dutyApp, dutyApp, dutyWeb, dutyNone}))
	}
	for i, k := range scatter(d, left-left/2, 80, 250) {
		add(s2, fmt.Sprintf("srv%03d", 200+i), k, pick(d, []duty{dutyApp, dutyApp, dutyWeb, dutyNone}))
	}
}

// bankPlaces lists where a sensor can stand in the bank.
func (s *Site) bankPlaces(d *dice, c1, c2, s1, s2, mgmt, outside *lan) {
	both := []string{"branch-users", "dc-servers"}
	inner := []string{"client-internet", "server-internet", "client-server", "server-server"}
	users, dc := []string{"branch-users"}, []string{"dc-servers"}
	spare := &place{name: Unmirrored, vantage: "vantage.unmirrored_port", passive: true, direct: users}
	s.places = []*place{
		{name: Core, sees: mirror(c1, c2, s1, s2), direct: both, pairs: inner, lookups: true, leases: true},
		{name: CoreReceived, sees: received(c1, c2), direct: users, pairs: inner[:3:3], oneWay: true, lookups: true, leases: true},
		{name: CoreSent, sees: sent(c1, c2), pairs: inner[:3:3], oneWay: true, lookups: true, leases: true},
		{name: ClientsOnly, sees: mirror(c1, c2), direct: users, pairs: []string{"client-internet", "client-server"}, lookups: true, leases: true},
		{name: ServersOnly, sees: mirror(s1, s2), direct: dc, pairs: inner[1:], lookups: true, leases: true},
		spare,
		{name: Management, sees: mirror(mgmt), vantage: "vantage.management_port"},
		{name: Outside, sees: everyPort(outside), vantage: "vantage.outside"},
	}
	own := s.addSpareSensor(d, c2, 505, spare)
	spare.sees = floodsAt(c2, own.port)
}
