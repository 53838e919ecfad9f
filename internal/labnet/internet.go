package labnet

import (
	"fmt"
	"net/netip"
)

var (
	wordsA = []string{"birch", "maple", "harbor", "copper", "lumen", "orchid", "quartz", "raven", "summit", "tidal", "umber", "velvet", "willow", "zephyr", "amber", "cobalt"}
	wordsB = []string{"news", "media", "shop", "cloud", "mail", "travel", "bank", "maps", "games", "docs", "photo", "music", "tools", "forum", "cdn", "ads"}
	firsts = []string{"www", "www", "api", "static", "img", "login", "cdn2", "app"}
)

// siteName gives the k-th name of the imaginary Internet.
func siteName(k int) string {
	end := "example"
	if k%3 == 1 {
		end = "test"
	}
	return fmt.Sprintf("%s.%s-%s.%s", firsts[k/7%len(firsts)], wordsA[k%len(wordsA)], wordsB[k/16%len(wordsB)], end)
}

var remoteStacks = []*stack{&stackLinux, &stackLinux, &stackLinux, &stackOld, &stackServer, &stackBSD, &stackLoad}

// addRemote adds a machine of the Internet behind the provider's port.
func (s *Site) addRemote(d *dice, name string, v4 netip.Addr, edge *port) *node {
	n := &node{name: name, role: roleRemote, stack: pick(d, remoteStacks), v4: v4, port: edge, hops: d.between(4, 19)}
	n.delay = d.span(2e6, 18e6)
	if d.chance(0.25) {
		n.delay = d.span(35e6, 90e6)
	}
	s.remotes = append(s.remotes, n)
	return n
}

// addInternet fills the world beyond the edge: count names on fewer servers, authorities, clocks, scanners, the bot's master.
// six is the share of servers that have IPv6 too.
func (s *Site) addInternet(d *dice, edge *port, count int, six float64) {
	var servers []*node
	for i := range count * 2 / 3 {
		a := netip.AddrFrom4([4]byte{198, byte(18 + d.n(2)), byte(d.n(60) * 4), byte(1 + d.n(254))})
		n := s.addRemote(d, fmt.Sprintf("web-%d", i), a, edge)
		if d.chance(six) {
			n.v6 = []netip.Addr{netip.AddrFrom16([16]byte{0x3f, 0xff, byte(d.n(12)), byte(d.n(40)), 15: byte(1 + d.n(250)), 14: byte(d.n(256))})}
		}
		servers = append(servers, n)
	}
	for k := range count {
		w := webName{name: siteName(k), host: servers[(k*5+d.n(3))%len(servers)], ttl: int64(pick(d, []int{60, 300, 300, 600, 1800, 3600}))}
		w.modern = d.chance(0.72)
		w.clear = k > 6 && d.chance(0.07)
		if d.chance(0.3) {
			w.alias = fmt.Sprintf("edge%d.%s-cdn.example", k, wordsA[d.n(len(wordsA))])
		}
		s.names = append(s.names, w)
	}
	for i := range 12 {
		a := netip.AddrFrom4([4]byte{198, 19, 250, byte(10 + i*3)})
		n := s.addRemote(d, fmt.Sprintf("ns%d", i), a, edge)
		if six > 0 {
			n.v6 = []netip.Addr{netip.AddrFrom16([16]byte{0x3f, 0xff, 0xf, 0, 15: byte(10 + i)})}
		}
		s.authorities = append(s.authorities, n)
	}
	for i := range 6 {
		a := netip.AddrFrom4([4]byte{198, 19, byte(200 + i*7), byte(1 + d.n(254))})
		n := s.addRemote(d, fmt.Sprintf("scanner-%d", i), a, edge)
		n.stack = pick(d, []*stack{&stackLinux, &stackOld, &stackBSD})
		s.scanners = append(s.scanners, n)
	}
	s.clock = s.addRemote(d, "clock", netip.MustParseAddr("198.19.123.1"), edge)
	if six > 0 {
		s.clock.v6 = []netip.Addr{netip.MustParseAddr("3fff:f::123")}
	}
	s.hub = s.addRemote(d, "hub", netip.MustParseAddr("198.19.77.9"), edge)
	s.master = s.addRemote(d, "master", netip.MustParseAddr("198.51.100.77"), edge)
	s.master.stack = &stackLinux
}

// number gives the remotes their ids, after all machines inside have theirs.
func (s *Site) number() {
	for i, n := range s.remotes {
		n.id = len(s.nodes) + i
	}
}

// scan is one scanner trying an address of the site from outside.
func (r *run) scan(n *node, at int64) {
	d := &r.live[n.id]
	if len(r.site.ownPublic) == 0 {
		return
	}
	p := pick(&d.dice, r.site.ownPublic)
	target := addr(p, d.n(1<<(32-p.Bits())))
	port := pick(&d.dice, []uint16{22, 23, 80, 443, 445, 3389, 8080, 5900, 6379, 8443, 2323, 25})
	for node, pub := range r.site.published {
		if pub == target && (port == 443 || port == 80) {
			c := r.open(at, n, node, false, port)
			c.end = endOrigRST
			if port == 80 {
				c.end = endRefused
			}
			return
		}
	}
	r.knock(at, n, target, port)
}

// knock is a SYN that the firewall swallows: it is seen outside only.
func (r *run) knock(at int64, n *node, target netip.Addr, port uint16) {
	d := &r.live[n.id]
	wire := n.port.lan
	c := &conn{talk: talk{a: n, b: n, src: n.v4, dst: target, sport: r.ephemeral(n), dport: port}, hole: -1}
	c.next[0] = uint32(d.next())
	c.mss[0], c.offer = n.stack.mss, ""
	c.there.add(wire, n.port, r.site.edgeOf(wire, target))
	c.there.legs[0].spent = uint8(n.hops)
	r.do(at, func(r *run, at int64) { r.segment(c, at, 0, flagSYN, c.next[0], 0, 0) })
	if d.chance(0.3) {
		r.do(at+second, func(r *run, at int64) { r.segment(c, at, 0, flagSYN, c.next[0], 0, 0) })
	}
}

// edgeOf gives the port of the site's own router on the provider's wire.
func (s *Site) edgeOf(wire *lan, _ netip.Addr) *port {
	for _, p := range wire.ports {
		if p.node.uplink == p {
			return p
		}
	}
	return wire.ports[0]
}

// stray is a reset of a connection that the firewall has forgotten: it leaves untranslated, with its inside address. Five machines
// of the bank show themselves outside that way, now and then.
func (r *run) stray(n *node, at int64) {
	d := &r.live[n.id]
	to := r.site.names[d.n(len(r.site.names))].host
	c := &conn{talk: r.newTalk(n, to, false, 443, false), hole: -1}
	c.x = nil
	c.next[0] = uint32(d.next())
	r.do(r.ready(at, &c.talk), func(r *run, at int64) { r.segment(c, at, 0, flagRST, c.next[0], 0, 0) })
}

// visitor is somebody in the Internet using the site's published server.
func (r *run) visitor(n *node, at int64) {
	d := &r.live[n.id]
	for _, node := range r.site.nodes {
		if node.duty != dutyPublished {
			continue
		}
		c := r.open(at, n, node, false, 443)
		c.turns = r.tlsHello(&d.dice, &helloShapes[pick(&d.dice, []int{helloChromium, helloFox, helloSafari, helloTool})], "www."+r.site.name+".example", 7, true)
		for range 1 + d.n(3) {
			c.turns = append(c.turns, sealed(0, d.span(1e6, 2e9), d.size(400, 150, 2000)), sealed(1, d.span(2e6, 60e6), r.bytes(&d.dice, 5000)))
		}
		c.end = pick(&d.dice, []ending{endOrigFIN, endRespFIN})
	}
}
