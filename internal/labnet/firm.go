package labnet

import "net/netip"

// Firm is a firm of 40 persons that watches itself: one flat network, one router that translates, resolves names and gives out
// leases. IPv6 is spoken between neighbours only, as desktop systems do where no router offers more.
func Firm(seed uint64) *Site {
	s := newSite("brook", seed, "Europe/Berlin")
	d := newDice(seed, 200)
	s.rhythm.opens, s.rhythm.closes, s.rhythm.presence = 8*60+30, 17*60+30, 0.85
	s.rhythm.holidays["2026-12-25"] = true
	s.sensor, s.asksSix, s.lease = "office", true, hour
	s.directions = []string{"client-internet"}
	office := s.newLAN("office", 0, "192.168.40.0/24")
	outside := s.newLAN("outside", 0, "203.0.113.64/30")
	outside.public = true
	g := s.newSegment("office", "clients", office)
	g.expected = "{hosts: 40, min_seen_7d: 0.90, active_workday: 0.70}"
	router := s.addRouter(&d, "router", &stackLinux, []*lan{office, outside}, []netip.Addr{addr(office.prefix, 1), addr(outside.prefix, 2)})
	isp := s.addRouter(&d, "isp", &stackRouter, []*lan{outside}, []netip.Addr{addr(outside.prefix, 1)})
	s.translates, s.natAddress = true, addr(outside.prefix, 2)
	s.ownPublic = []netip.Prefix{netip.MustParsePrefix("203.0.113.66/32")}
	s.resolvers, s.dhcp = []*node{router}, router
	s.addOffice(&d, office, 37, 2, []int{0, 0, 1})
	s.addServer(&d, office, "nas", 5, dutyFiles)
	s.switchCard(&d, office, 0)
	for _, n := range g.hosts {
		giveSix(&d, n, false)
	}
	s.addInternet(&d, isp.port, 140, 0.3)
	s.forwarder = s.addRemote(&d, "provider-dns", netip.MustParseAddr("198.19.240.53"), isp.port)
	spare := &place{name: Unmirrored, vantage: "vantage.unmirrored_port", passive: true, direct: []string{"office"}}
	gate := office.gate[0]
	out := []string{"client-internet"}
	s.places = []*place{
		{name: Core, sees: mirror(office), direct: []string{"office"}, pairs: out, lookups: true, leases: true},
		{name: CoreReceived, sees: onlyTo(gate), direct: []string{"office"}, pairs: out, oneWay: true, lookups: true, leases: true},
		{name: CoreSent, sees: onlyFrom(gate), pairs: out, oneWay: true, lookups: true, leases: true},
		spare,
		{name: Outside, sees: everyPort(outside), vantage: "vantage.outside"},
	}
	spare.sees = floodsAt(office, s.addSpareSensor(&d, office, 250, spare).port)
	s.write = firmAgreement
	s.number()
	return s
}

func firmAgreement(*Site) agreementText {
	return `apiVersion: candor.dev/v1alpha1
kind: Agreement
metadata: {id: brook-self, title: "We watch ourselves", revision: 1}
term: {time_zone: Europe/Berlin}
calendar: {workdays: [mon, tue, wed, thu, fri], hours: "08:30-17:30", holidays: [2026-12-25]}
scope:
  segments:
    - {id: office, kind: clients, networks: ["192.168.40.0/24"], expected: {hosts: 40, min_seen_7d: 0.90, active_workday: 0.70}}
  own_public: ["203.0.113.66/32"]
  resolvers: ["192.168.40.1"]
  directions: [client-internet]
data:
  - {id: packets, kind: packets, segments: [office], both_directions: 0.95, loss_max: 0.01}
  - {id: dns, kind: dns, view: client_to_resolver, segments: [office], expect: {per: active_client_hour, rate: 15}}
  - {id: dhcp, kind: dhcp, segments: [office], expect: {per: host_day, rate: 1}}
sensors:
  - {id: office, vantage: {side: inside, method: span, direction: both, before_nat: true}, covers: [office]}
`
}
