package days

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	"candor/internal/record"
)

// Systems that machines run, as a set.
const (
	windows uint8 = 1 << iota
	mac
	linux
	server // Linux, without a person
	printer

	people = windows | mac | linux
)

// lan is a broadcast domain.
type lan struct {
	vlan   uint16
	prefix netip.Prefix
	gate   record.MAC // the router's card on it
	inside bool       // part of a promised segment
	groups netip.Addr // its broadcast address
}

// host is a machine of the site. It does not change during a run.
type host struct {
	id       int
	name     string
	addr     netip.Addr
	mac      record.MAC
	lan      *lan
	system   uint8
	person   bool // somebody works at it
	always   bool // it is on day and night
	browser  *stack
	tool     *stack
	resolver *host
	likes    []uint32 // sites its person visits again and again
	user     string
}

// live is what a machine remembers during a run.
type live struct {
	plan   dayPlan
	cached [256]remembered // lookups, by name
	kept   [64]remembered  // connections of the browser that are still open, by name
	login  int64           // start of the day on which its person last signed in
}

type remembered struct {
	name  uint32 // + 1
	until int64
}

// Site is an office, its people and its Internet. It is not changed by runs.
type Site struct {
	seed    uint64
	sensor  record.Sensor
	office  office
	busy    float64 // how much people do, 1 being usual
	quiet   bool    // only what a plan adds goes on
	all     []*host
	clients []*host
	servers []*host // by duty, then the others
	printer []*host
	www     *host
	vpn     *host
	lans    []*lan
	web     *internet
}

// The servers every office has, by their place in Site.servers.
const (
	dc1 = iota
	dc2
	fileServer
	mailServer
	monitor
	backup
	database
	logServer
	terminal // administrators come from here
	oldServer
	numDuties
)

// Office makes a site with people at clients machines (a quarter of the machines stays on at night) and some servers, at least ten, in
// Chicago's time.
func Office(seed uint64, clients, servers int) *Site {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		zone = time.UTC
	}
	s := &Site{
		seed: seed, sensor: "days", busy: 1,
		office: office{zone: zone, opens: 8*60 + 20, closes: 17*60 + 10, presence: 0.86, weekends: 0.05, nights: 0.06},
	}
	d := newDice(seed, 1)
	s.web = newInternet(seed)
	serverLANs := s.addLANs(&d, (max(servers, numDuties)+199)/200, 20, 200, true)
	clientLANs := s.addLANs(&d, (max(clients, 1)+199)/200, 10, 100, true)
	dmz := &lan{vlan: 50, prefix: netip.MustParsePrefix("203.0.113.16/28"), gate: card(&d)}
	s.lans = append(s.lans, dmz)
	for i := range max(servers, numDuties) {
		h := s.addHost(&d, fmt.Sprintf("srv%03d", i+1), serverLANs[i/200], 10+i%200, server)
		h.always, h.tool, h.browser = true, &stackServer, &stackServer
		if i%3 == 1 && i != logServer {
			h.system, h.tool = windows, &stackSystem
		}
		s.servers = append(s.servers, h)
	}
	s.www = s.addHost(&d, "www", dmz, 4, server)
	s.vpn = s.addHost(&d, "vpn", dmz, 5, server)
	s.www.always, s.vpn.always = true, true
	s.www.tool, s.vpn.tool = &stackServer, &stackServer
	for i := range clients {
		s.addClient(&d, i, clientLANs[i/200])
	}
	for i, l := range clientLANs {
		h := s.addHost(&d, fmt.Sprintf("print%d", i+1), l, 5, printer)
		h.always, h.tool = true, &stackServer
		s.printer = append(s.printer, h)
	}
	for _, h := range s.all {
		h.resolver = s.servers[dc1+h.id%7/6]
	}
	return s
}

// Busy gives the same site with people who do f times as much.
func (s *Site) Busy(f float64) *Site {
	t := *s
	t.busy = f
	return &t
}

// Quiet gives the same site in which nothing goes on but what a plan adds: just those records that the plan adds to the full site.
func (s *Site) Quiet() *Site {
	t := *s
	t.quiet = true
	return &t
}

func (s *Site) addLANs(d *dice, n int, second byte, vlan uint16, inside bool) []*lan {
	var list []*lan
	for i := range n {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, second + byte(i/250), byte(i % 250), 0}), 24)
		list = append(list, &lan{vlan: vlan + uint16(i), prefix: p, gate: card(d), inside: inside, groups: addr(p, 255)})
	}
	s.lans = append(s.lans, list...)
	return list
}

func card(d *dice) record.MAC {
	v := d.next()
	return record.MAC{0x3c, 0x52, 0x82, byte(v), byte(v >> 8), byte(v >> 16)}
}

// addr gives the k-th address of a network.
func addr(p netip.Prefix, k int) netip.Addr {
	a := p.Addr().As4()
	a[3] += byte(k)
	return netip.AddrFrom4(a)
}

func (s *Site) addHost(d *dice, name string, l *lan, k int, system uint8) *host {
	h := &host{id: len(s.all), name: name, addr: addr(l.prefix, k), mac: card(d), lan: l, system: system}
	s.all = append(s.all, h)
	return h
}

func (s *Site) addClient(d *dice, i int, l *lan) {
	h := s.addHost(d, fmt.Sprintf("pc%04d", i+1), l, 20+i%200, windows)
	h.person, h.always, h.tool, h.browser = true, d.chance(0.25), &stackSystem, &stackChromium
	switch f := d.f(); {
	case f < 0.2:
		h.system, h.tool, h.browser = mac, &stackApple, &stackSafari
	case f < 0.27:
		h.system, h.tool, h.browser = linux, &stackServer, &stackFox
	case f < 0.4:
		h.browser = &stackFox
	case f < 0.6:
		h.browser = &stackEdge
	}
	h.user = pick(d, forenames) + "." + pick(d, surnames)
	logK := math.Log(float64(len(s.web.sites)))
	for range 14 {
		h.likes = append(h.likes, uint32(d.zipf(logK, len(s.web.sites))))
	}
	s.clients = append(s.clients, h)
}

// Clients lists the addresses of the machines that people sit at, in a fixed order.
func (s *Site) Clients() []netip.Addr { return addresses(s.clients) }

// Servers lists the addresses of the servers inside.
func (s *Site) Servers() []netip.Addr { return addresses(s.servers) }

// AlwaysOn lists the addresses of the clients that stay on day and night: where a bot never pauses.
func (s *Site) AlwaysOn() []netip.Addr {
	var list []*host
	for _, h := range s.clients {
		if h.always {
			list = append(list, h)
		}
	}
	return addresses(list)
}

func addresses(hosts []*host) []netip.Addr {
	list := make([]netip.Addr, len(hosts))
	for i, h := range hosts {
		list[i] = h.addr
	}
	return list
}

// Zone is the site's time zone.
func (s *Site) Zone() *time.Location { return s.office.zone }

func (s *Site) hostAt(a netip.Addr) *host {
	for _, h := range s.all {
		if h.addr == a {
			return h
		}
	}
	return nil
}

// The site's public addresses, and which of them machines of the Internet look at.
var (
	publicNet = netip.MustParsePrefix("203.0.113.16/28")
	usersNet  = netip.MustParsePrefix("10.10.0.0/15")
	serverNet = netip.MustParsePrefix("10.20.0.0/15")
)

// Scope is what the site's agreement tells a sensor: segments users and servers, own public addresses, resolvers.
func (s *Site) Scope() record.Scope {
	return record.Scope{
		Agreement: "days-1", Revision: 1, Sensor: s.sensor, Packets: "",
		Segments: []record.ScopeSegment{
			{ID: "users", Kind: record.Clients, Networks: []netip.Prefix{usersNet}},
			{ID: "servers", Kind: record.Servers, Networks: []netip.Prefix{serverNet}},
		},
		OwnPublic: []netip.Prefix{publicNet}, PublicHosts: []netip.Addr{s.www.addr, s.vpn.addr},
		Resolvers: []netip.Addr{s.servers[dc1].addr, s.servers[dc2].addr},
	}
}

// Agreement is what the site and its provider would sign, as YAML.
func (s *Site) Agreement() []byte {
	return fmt.Appendf(nil, `apiVersion: candor.dev/v1alpha1
kind: Agreement
metadata: {id: days-1, title: "Monitoring of an office that lives for days", revision: 1}
term: {time_zone: America/Chicago}
calendar: {workdays: [mon, tue, wed, thu, fri], hours: "08:00-18:00"}
scope:
  segments:
    - {id: users, kind: clients, networks: ["%v"], expected: {hosts: %d, min_seen_7d: 0.90, active_workday: 0.70}}
    - {id: servers, kind: servers, networks: ["%v"], expected: {hosts: %d, min_seen_24h: 0.90}}
  own_public: ["%v"]
  public_hosts: ["%v", "%v"]
  resolvers: ["%v", "%v"]
  directions: [client-internet, server-internet, client-server, server-server]
data:
  - {id: packets, kind: packets, segments: [users, servers], both_directions: 0.95, loss_max: 0.01}
  - {id: dns, kind: dns, view: client_to_resolver, segments: [users, servers], expect: {per: active_client_hour, rate: 15}}
sensors:
  - {id: %s, vantage: {side: inside, method: span, direction: both, before_nat: true}, covers: [users, servers]}
`, usersNet, len(s.clients), serverNet, len(s.servers), publicNet, s.www.addr, s.vpn.addr, s.servers[dc1].addr, s.servers[dc2].addr, s.sensor)
}
