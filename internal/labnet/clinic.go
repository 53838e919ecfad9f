package labnet

import (
	"fmt"
	"net/netip"
)

// roleThing is a machine that says only what its site plans for it: thin clients, phones, medical devices, television sets.
const roleThing = roleDevice + 1

// clinic is who is who in the house.
type clinic struct {
	wards, offices, doctors, devices, phones, servers, management *lan
	local                                                         netip.Prefix // the offices' other IPv6 prefix, of the house only

	core, sensor                    *node
	thin, sets, sockets, telephones []*node // thin clients, television sets, medical devices, phones
	terminals                       []*node // terminal servers
	printers, local6                []*node // all printers; those of the offices
	records, images, spooler        *node   // the servers that devices and printers belong to
	watcher, switchboard, headend   *node
}

// Clinic is a clinic that works in shifts on seven days: wards with thin clients of two terminal servers, offices with both
// families (a prefix of the house and a global one), doctors' laptops, medical devices that talk in groups or to one server only,
// voice, television by multicast, 15 servers, and a firewall that translates to one public address and publishes one server on
// another. A switch routes between the VLANs and relays DHCP.
func Clinic(seed uint64) *Site {
	s := newSite("alder", seed, "Europe/Zurich")
	d := newDice(seed, 700)
	s.rhythm.opens, s.rhythm.closes, s.rhythm.weekend = 6*60, 22*60, true
	s.sensor, s.lease = "house", 3*hour
	h := &clinic{local: netip.MustParsePrefix("fd5c:7a1e:90:12::/64")}
	h.wards = s.newLAN("wards", 611, "10.140.8.0/23")
	h.offices = s.newLAN("offices", 612, "10.140.12.0/25")
	h.doctors = s.newLAN("doctors", 613, "10.140.13.0/24")
	h.devices = s.newLAN("devices", 620, "10.140.32.0/24")
	h.phones = s.newLAN("phones", 630, "10.140.40.0/24")
	h.servers = s.newLAN("servers", 640, "10.140.64.0/26")
	h.offices.six = netip.MustParsePrefix("2001:db8:a1d:12::/64")
	transit := s.newLAN("transit", 699, "10.140.255.0/29")
	outside := s.newLAN("outside", 0, "198.51.100.8/30")
	outside.public = true
	for _, g := range []struct {
		l              *lan
		kind, expected string
	}{
		{h.wards, "clients", "{hosts: 62, min_seen_7d: 0.90, active_workday: 0.90}"},
		{h.offices, "clients", "{hosts: 26, min_seen_7d: 0.90, active_workday: 0.30}"},
		{h.doctors, "clients", "{hosts: 21, min_seen_7d: 0.90, active_workday: 0.30}"},
		{h.devices, "special", "{hosts: 24, min_seen_24h: 0.95}"},
		{h.phones, "special", "{hosts: 28, min_seen_24h: 0.95}"},
		{h.servers, "servers", "{hosts: 15, min_seen_24h: 0.95}"},
	} {
		s.newSegment(g.l.name, g.kind, g.l).expected = g.expected
	}
	h.manage(s, &d)
	inner := []*lan{h.wards, h.offices, h.doctors, h.devices, h.phones, h.servers, h.management}
	var gates []netip.Addr
	for _, l := range inner {
		gates = append(gates, addr(l.prefix, 1))
	}
	h.core = s.addRouter(&d, "core", &stackRouter, append(inner, transit), append(gates, addr(transit.prefix, 2)))
	gateOf(transit, s.addRouter(&d, "fw", &stackBSD, []*lan{transit, outside}, []netip.Addr{addr(transit.prefix, 1), addr(outside.prefix, 2)}))
	isp := s.addRouter(&d, "isp", &stackRouter, []*lan{outside}, []netip.Addr{addr(outside.prefix, 1)})
	public := netip.MustParsePrefix("203.0.113.40/30") // routed to the firewall, on no wire of its own
	s.translates, s.natAddress, s.ownPublic = true, addr(public, 1), []netip.Prefix{public}
	h.furnish(s, &d)
	h.staff(s, &d)
	s.published[s.serving(dutyPublished)[0]] = addr(public, 2)
	s.addInternet(&d, isp.port, 190, 0.4)
	h.places(s, &d, outside)
	s.deal = append(s.deal, h.start)
	s.write = clinicAgreement
	s.number()
	return s
}

// manage makes the management VLAN; who asks its machines stands among the servers.
func (h *clinic) manage(s *Site, d *dice) {
	h.management = s.newLAN("management", 690, "10.140.200.0/24")
	p := h.management.prefix
	for i := range 8 {
		sw := s.addNode(d, fmt.Sprintf("sw%d", i+1), roleDevice, &stackBSD, "switch", h.management, addr(p, 20+i), i)
		sw.duty = dutySwitch
		if i == 0 {
			s.root = sw.port.mac
		}
	}
	for i, name := range []string{"fw-mgmt", "ups1", "ups2", "wlc1"} {
		s.addNode(d, name, roleDevice, &stackBSD, "switch", h.management, addr(p, 60+i), 0)
	}
	h.sensor = s.addNode(d, "sensor", roleDevice, &stackLinux, "server", h.management, addr(p, 90), 0)
	h.sensor.duty = dutySensor
	for i, l := range []*lan{h.wards, h.offices, h.doctors, h.devices, h.phones, h.servers} {
		s.switchCard(d, l, []int{1, 4, 6, 7, 2, 0}[i])
	}
}

// furnish fills the server room: 15 servers.
func (h *clinic) furnish(s *Site, d *dice) {
	for i, one := range []struct {
		name string
		du   duty
		is   **node
	}{
		{"dc1", dutyResolver, nil},
		{"dc2", dutyResolver, nil},
		{"dhcp1", dutyDHCP, &s.dhcp},
		{"records", dutyApp, &h.records},
		{"records-db", dutyDatabase, nil},
		{"images", dutyApp, &h.images},
		{"fs1", dutyFiles, nil},
		{"print1", dutyNone, &h.spooler},
		{"watch1", dutyLogs, &h.watcher},
		{"voice1", dutyNone, &h.switchboard},
		{"tv1", dutyNone, &h.headend},
		{"backup1", dutyBackup, nil},
		{"portal", dutyPublished, nil},
		{"ts1", dutyNone, nil},
		{"ts2", dutyNone, nil},
	} {
		n := s.addServer(d, h.servers, one.name, 5+3*i, one.du)
		if one.is != nil {
			*one.is = n
		}
		if one.du == dutyResolver {
			s.resolvers = append(s.resolvers, n)
		}
		if i >= 13 {
			n.stack, n.tls = &stackServer, helloChromium // people's browsers run there
			h.terminals = append(h.terminals, n)
		}
	}
}

// staff fills the other VLANs.
func (h *clinic) staff(s *Site, d *dice) {
	add := func(list *[]*node, l *lan, name string, n int, st []*stack, maker card, switches ...int) {
		for i, k := range scatter(d, n, 30, 110) {
			one := s.addNode(d, fmt.Sprintf("%s%02d", name, i+1), roleThing, pick(d, st), "pc", l, addr(l.prefix, k), pick(d, switches))
			copy(one.port.mac[:3], maker[:3])
			one.tls = helloAgent
			*list = append(*list, one)
		}
	}
	add(&h.thin, h.wards, "thin", 50, []*stack{&stackLinux}, card{0x00, 0x80, 0x64}, 1, 2, 3)
	for i, k := range scatter(d, 8, 300, 340) {
		one := s.addNode(d, fmt.Sprintf("tv%02d", i+1), roleThing, &stackOld, "phone", h.wards, addr(h.wards.prefix, k), 1+i%3)
		one.tls = helloTool
		h.sets = append(h.sets, one)
	}
	s.addClients(d, h.offices, 24, 30, 120, []int{4, 5}, 0.85, 0.05)
	s.addClients(d, h.doctors, 20, 30, 220, []int{6}, 0.55, 0.35)
	add(&h.sockets, h.devices, "device", 24, []*stack{&stackOld, &stackOld, &stackPrinter, &stackWindows}, card{0x00, 0x09, 0xfb}, 7, 3, 2)
	add(&h.telephones, h.phones, "phone", 28, []*stack{&stackOld}, card{0x00, 0x15, 0x65}, 1, 2, 3, 4, 5, 6)
	for i, l := range []*lan{h.wards, h.wards, h.wards, h.wards, h.offices, h.offices, h.doctors} {
		n := s.addNode(d, fmt.Sprintf("print%d", i+1), rolePrinter, &stackPrinter, "printer", l, addr(l.prefix, 10+i), []int{1, 2, 3, 3, 4, 5, 6}[i])
		h.printers = append(h.printers, n)
	}
	for _, n := range h.offices.seg.hosts {
		a := h.local.Masked().Addr().As16()
		d.bytes(a[8:])
		n.v6 = []netip.Addr{netip.AddrFrom16(a)}
		if n.role == rolePrinter {
			n.port.ll = linkLocal(n.port.mac)
			h.local6 = append(h.local6, n)
			continue
		}
		giveSix(d, n, true)
	}
}

// places lists where a sensor can stand in the clinic. Outside, the offices' IPv6 passes untranslated.
func (h *clinic) places(s *Site, d *dice, outside *lan) {
	users := []string{"wards", "offices", "doctors"}
	edge := append(users[:3:3], "devices", "phones")
	all := append(edge[:5:5], "servers")
	ports := []*lan{h.wards, h.offices, h.doctors, h.devices, h.phones}
	spare := &place{name: Unmirrored, vantage: "vantage.unmirrored_port", passive: true, direct: users[:1]}
	s.places = []*place{
		{name: Core, sees: mirror(append(ports[:5:5], h.servers)...), direct: all, pairs: s.directions, lookups: true, leases: true, sixData: true},
		{name: CoreReceived, sees: received(ports...), direct: edge, pairs: s.directions[:3:3], oneWay: true, lookups: true, leases: true, sixData: true},
		{name: CoreSent, sees: sent(ports...), pairs: s.directions[:3:3], oneWay: true, lookups: true, leases: true, sixData: true},
		{name: ClientsOnly, sees: mirror(ports[:3]...), direct: users, pairs: []string{"client-internet", "client-server"}, lookups: true, leases: true, sixData: true},
		spare,
		{name: Management, sees: mirror(h.management), vantage: "vantage.management_port"},
		{name: Outside, sees: everyPort(outside), vantage: "vantage.outside", pairs: s.directions[:1:1], sixData: true},
	}
	spare.sees = floodsAt(h.wards, s.addSpareSensor(d, h.wards, 500, spare).port)
}

func clinicAgreement(s *Site) agreementText {
	return `apiVersion: candor.dev/v1alpha1
kind: Agreement
metadata: {id: alder-2026, title: "Monitoring of the Alder clinic", revision: 2}
parties:
  customer: {id: alder, name: Alder Clinic, key: ""}
  provider: {id: nwsec, name: Northwall Security, key: ""}
term: {time_zone: Europe/Zurich}
calendar: {workdays: [mon, tue, wed, thu, fri, sat, sun], hours: "06:00-22:00"}
scope:
  segments:
    - {id: wards, kind: clients, networks: ["10.140.8.0/23"], vlans: [611], expected: ` + s.segments[0].expected + `}
    - {id: offices, kind: clients, networks: ["10.140.12.0/25", "2001:db8:a1d:12::/64", "fd5c:7a1e:90:12::/64"], vlans: [612], expected: ` + s.segments[1].expected + `}
    - {id: doctors, kind: clients, networks: ["10.140.13.0/24"], vlans: [613], expected: ` + s.segments[2].expected + `}
    - {id: devices, kind: special, networks: ["10.140.32.0/24"], vlans: [620], expected: ` + s.segments[3].expected + `}
    - {id: phones, kind: special, networks: ["10.140.40.0/24"], vlans: [630], expected: ` + s.segments[4].expected + `}
    - {id: servers, kind: servers, networks: ["10.140.64.0/26"], vlans: [640], expected: ` + s.segments[5].expected + `}
  own_public: ["203.0.113.40/30"]
  public_hosts: ["203.0.113.42"]
  resolvers: ["` + s.resolvers[0].v4.String() + `", "` + s.resolvers[1].v4.String() + `"]
  directions: [client-internet, server-internet, client-server, server-server]
data:
  - {id: packets, kind: packets, segments: [wards, offices, doctors, devices, phones, servers], both_directions: 0.95, loss_max: 0.01}
  - {id: dns, kind: dns, view: client_to_resolver, segments: [offices, doctors], expect: {per: active_client_hour, rate: 15}}
  - {id: dhcp, kind: dhcp, segments: [wards, offices, doctors], expect: {per: host_day, rate: 1}}
sensors:
  - {id: house, vantage: {side: inside, method: span, device: core, sources: [vlan611, vlan612, vlan613, vlan620, vlan630, vlan640], direction: both, before_nat: true}, covers: [wards, offices, doctors, devices, phones, servers]}
`
}
