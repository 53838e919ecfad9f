package labnet

import (
	"fmt"
	"net/netip"
	"sort"
	"time"
	_ "time/tzdata" // the rhythm of a site must not depend on the machine
)

// segment is a promised part of a site's network.
type segment struct {
	id        string
	kind      string // clients, servers, special
	lans      []*lan
	hosts     []*node
	resolvers []*node // its own, where they differ from the site's
	expected  string  // the agreement's expected, in flow form
	watched   bool    // promised to be covered
}

// Site is an imaginary network and the people in it. Make one with Bank, Firm, Campus, ProxyFirm, DualPath or Library; it is
// not changed by runs, so it may be used again and again.
type Site struct {
	name     string
	seed     uint64
	volume   float64
	rhythm   rhythm
	segments []*segment
	lans     []*lan
	nodes    []*node // machines inside, and the provider's router
	remotes  []*node
	names    []webName
	places   []*place
	domain   string

	translates  bool
	natAddress  netip.Addr
	ownPublic   []netip.Prefix
	published   map[*node]netip.Addr
	resolvers   []*node
	sixResolver netip.Addr
	asksSix     bool // machines ask for AAAA though they have no IPv6 of their own
	forwarder   *node
	authorities []*node
	dhcp        *node
	lease       int64
	proxy       *node // the proxy's inside card
	proxyOut    *node // the proxy's outside card
	master      *node // what the bot calls
	bot         *node
	scanners    []*node
	clock       *node // NTP in the Internet
	hub         *node // where sensors report to
	root        card  // spanning tree root
	roaming     bool
	floor       float64 // promised gigabytes of a workday at volume 1
	directions  []string
	sensor      string
	deal        []func(r *run) // extra traffic of this site
	write       func(s *Site) agreementText
}

// Name is the site's short name.
func (s *Site) Name() string { return s.name }

// Seed is what the site was made from.
func (s *Site) Seed() uint64 { return s.seed }

// Sensor is the id of the sensor in the site's agreement that the healthy place belongs to.
func (s *Site) Sensor() string { return s.sensor }

// Scale gives the same site with its downloads, files and backups multiplied; 1 is the usual. The number of conversations stays.
func (s *Site) Scale(volume float64) *Site {
	t := *s
	t.volume = volume
	return &t
}

// Taps lists the places where a sensor can stand, the promised one first.
func (s *Site) Taps() []TapName {
	var list []TapName
	for _, p := range s.places {
		list = append(list, p.name)
	}
	return list
}

// Segments lists the ids of the promised segments.
func (s *Site) Segments() []string {
	var list []string
	for _, g := range s.segments {
		if g.watched {
			list = append(list, g.id)
		}
	}
	return list
}

// Zone is the site's time zone.
func (s *Site) Zone() *time.Location { return s.rhythm.zone }

// Bot gives the address of the machine that calls out every five minutes, and whom it calls.
func (s *Site) Bot() (bot, master netip.Addr) {
	if s.bot == nil {
		return noAddr, noAddr
	}
	return s.bot.v4, s.master.v4
}

func (s *Site) place(name TapName) *place {
	for _, p := range s.places {
		if p.name == name {
			return p
		}
	}
	return nil
}

// serving lists the servers with a duty.
func (s *Site) serving(d duty) []*node {
	var list []*node
	for _, n := range s.nodes {
		if n.duty == d {
			list = append(list, n)
		}
	}
	return list
}

// newSite starts a site: names, rhythm, Internet.
func newSite(name string, seed uint64, zone string) *Site {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return &Site{
		name: name, seed: seed, volume: 1, domain: "corp." + name + ".test", sensor: "hq-core", published: map[*node]netip.Addr{},
		rhythm: rhythm{zone: loc, opens: 8 * 60, closes: 18 * 60, presence: 0.8, alwaysOn: 0.25, holidays: map[string]bool{}},
		lease:  8 * hour, directions: []string{"client-internet", "server-internet", "client-server", "server-server"},
	}
}

// newLAN adds a broadcast domain.
func (s *Site) newLAN(name string, vlan uint16, prefix string) *lan {
	l := &lan{name: name, vlan: vlan}
	if prefix != "" {
		l.prefix = netip.MustParsePrefix(prefix)
	}
	s.lans = append(s.lans, l)
	return l
}

// newSegment adds a promised segment of some LANs.
func (s *Site) newSegment(id, kind string, lans ...*lan) *segment {
	g := &segment{id: id, kind: kind, lans: lans, watched: true}
	for _, l := range lans {
		l.seg = g
	}
	s.segments = append(s.segments, g)
	return g
}

// newCard makes a card's address of a maker of the kind.
func (s *Site) newCard(d *dice, kind string) card {
	m := pick(d, makers[kind])
	v := d.next()
	return card{m[0], m[1], m[2], byte(v), byte(v >> 8), byte(v >> 16)}
}

// addNode adds a machine inside, with a card on a LAN.
func (s *Site) addNode(d *dice, name string, ro role, st *stack, kind string, l *lan, v4 netip.Addr, sw int) *node {
	n := &node{id: len(s.nodes), name: name, role: ro, stack: st, v4: v4, seg: l.seg, os: st.name}
	n.port = &port{mac: s.newCard(d, kind), lan: l, node: n, sw: sw, v4: v4}
	n.ports = []*port{n.port}
	l.ports = append(l.ports, n.port)
	s.nodes = append(s.nodes, n)
	if n.seg != nil && ro != roleRouter && ro != roleDevice {
		n.seg.hosts = append(n.seg.hosts, n)
	}
	return n
}

// addRouter adds a router with one card on each LAN; the last is its uplink, and it becomes the way on of the others.
func (s *Site) addRouter(d *dice, name string, st *stack, lans []*lan, addrs []netip.Addr) *node {
	n := &node{id: len(s.nodes), name: name, role: roleRouter, stack: st, os: st.name}
	for i, l := range lans {
		p := &port{mac: s.newCard(d, "router"), lan: l, node: n, v4: addrs[i]}
		p.ll = linkLocal(p.mac)
		n.ports = append(n.ports, p)
		l.ports = append(l.ports, p)
		if i == len(lans)-1 && i > 0 {
			n.uplink = p
			continue
		}
		if l.gate[0] == nil {
			l.gate[0] = p
		} else {
			l.gate[1] = p
		}
	}
	n.port, n.v4 = n.ports[0], n.ports[0].v4
	s.nodes = append(s.nodes, n)
	return n
}

// gateOf lets a router's port be a LAN's way on.
func gateOf(l *lan, n *node) {
	for _, p := range n.ports {
		if p.lan == l {
			l.gate[0] = p
		}
	}
}

// linkLocal makes the modified EUI-64 link-local address of a card (RFC 4291).
func linkLocal(m card) netip.Addr {
	return netip.AddrFrom16([16]byte{0xfe, 0x80, 8: m[0] ^ 2, 9: m[1], 10: m[2], 11: 0xff, 12: 0xfe, 13: m[3], 14: m[4], 15: m[5]})
}

// giveSix gives a machine link-local and, where the LAN has a prefix, global IPv6 addresses.
func giveSix(d *dice, n *node, temporary bool) {
	n.port.ll = linkLocal(n.port.mac)
	if !n.port.lan.six.IsValid() {
		return
	}
	count := 1
	if temporary {
		count = 2
	}
	for range count {
		a := n.port.lan.six.Masked().Addr().As16()
		d.bytes(a[8:])
		a[8] &^= 2
		n.v6 = append(n.v6, netip.AddrFrom16(a))
	}
}

// addr gives the k-th address of a network.
func addr(p netip.Prefix, k int) netip.Addr {
	a := p.Masked().Addr().As4()
	v := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3]) + uint32(k)
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

// scatter gives n different numbers of [lo, hi] in ascending order.
func scatter(d *dice, n, lo, hi int) []int {
	all := make([]int, 0, hi-lo+1)
	for v := lo; v <= hi; v++ {
		all = append(all, v)
	}
	for i := range min(n, len(all)) {
		j := i + d.n(len(all)-i)
		all[i], all[j] = all[j], all[i]
	}
	all = all[:min(n, len(all))]
	sort.Ints(all)
	return all
}

// clientStack draws what a client runs.
func clientStack(d *dice, windows, mac float64) (st *stack, kind string, hello int) {
	switch f := d.f(); {
	case f < windows:
		return &stackWindows, "pc", pick(d, []int{helloChromium, helloChromium, helloFox})
	case f < windows+mac:
		return &stackMac, "mac", pick(d, []int{helloSafari, helloChromium})
	default:
		return &stackLinux, "pc", pick(d, []int{helloFox, helloChromium, helloTool})
	}
}

// addOffice adds the machines of a small house to a LAN: clients, then printers.
func (s *Site) addOffice(d *dice, l *lan, clients, printers int, switches []int) {
	s.addClients(d, l, clients, 30, 30+3*clients, switches, 0.6, 0.25)
	for i := range printers {
		s.addNode(d, fmt.Sprintf("print%d", i+1), rolePrinter, &stackPrinter, "printer", l, addr(l.prefix, 10+i), switches[0])
	}
}

// addServer adds a server on the core switch.
func (s *Site) addServer(d *dice, l *lan, name string, k int, du duty) *node {
	n := s.addNode(d, name, roleServer, pick(d, []*stack{&stackServer, &stackServer, &stackLinux, &stackOld}), "server", l, addr(l.prefix, k), 0)
	n.duty, n.tls = du, pick(d, []int{helloSystem, helloTool, helloAgent})
	return n
}

// addClients adds n clients to a LAN, spread over access switches.
func (s *Site) addClients(d *dice, l *lan, n, first, last int, switches []int, windows, mac float64) {
	for i, k := range scatter(d, n, first, last) {
		st, kind, hello := clientStack(d, windows, mac)
		c := s.addNode(d, fmt.Sprintf("pc-%s-%03d", l.name, i+1), roleClient, st, kind, l, addr(l.prefix, k), switches[d.n(len(switches))])
		c.tls = hello
	}
}
