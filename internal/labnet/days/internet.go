package days

import (
	"fmt"
	"math"
	"net/netip"

	"candor/internal/record"
)

// webName is a name that can be looked up and connected to.
type webName struct {
	host    string
	addrs   []netip.Addr
	answers [][]string // one list to each order in which a resolver gives them; with the alias first
	ttl     int64
	modern  bool // speaks TLS 1.3
	quic    bool
	clear   bool // HTTP only
	keep    int64
	delay   int64 // round trip
	weight  float64
	cert    *certificate
	domain  string // registered
	gone    bool   // the name does not exist
	dead    bool   // nobody answers at its address
}

// certificate is what a server shows under TLS 1.2.
type certificate struct {
	subject, issuer, serial, sha256 string
	names                           []string
	from, to                        record.Time
}

// webSite is what a person visits: its own names, and those of others that its pages load.
type webSite struct {
	own    []uint32
	others []uint32
}

// internet is all that lies outside.
type internet struct {
	names    []webName
	sites    []webSite
	thirds   []uint32
	byName   map[string]uint32
	edges    [][]netip.Addr // addresses of the CDNs, shared by many names
	logSite  float64        // logarithms of how many sites and third parties there are
	logThird float64
}

const (
	numSites  = 8000
	numThirds = 320
	numEdges  = 12
)

// newInternet makes names from a seed: services first, third parties, sites.
func newInternet(seed uint64) *internet {
	w := &internet{byName: map[string]uint32{}}
	d := newDice(seed, 2)
	for range numEdges {
		net := d.publicNet()
		var pool []netip.Addr
		for range 24 {
			pool = append(pool, net.host(&d))
		}
		w.edges = append(w.edges, pool)
	}
	for i := range services {
		for _, n := range services[i].names {
			w.add(seed, n, 1)
		}
	}
	for _, n := range otherNames {
		w.add(seed, n, 1)
	}
	for i := range numThirds {
		name := wordsC[i%len(wordsC)] + "." + wordsA[i/16%len(wordsA)] + wordsC[(i*7+3)%len(wordsC)] + ".com"
		k := w.add(seed, name, 0.8)
		w.names[k].clear = false
		w.thirds = append(w.thirds, k)
	}
	w.special()
	w.logSite, w.logThird = math.Log(numSites), math.Log(numThirds)
	for i := range numSites {
		w.addSite(seed, i)
	}
	return w
}

// addSite adds the site of a rank: popular ones load more.
func (w *internet) addSite(seed uint64, rank int) {
	d := newDice(seed, 3, uint64(rank))
	domain := fmt.Sprintf("%s%s.%s", wordsA[rank%len(wordsA)], wordsB[rank/32%len(wordsB)], ends[(rank/1024+rank)%len(ends)])
	if rank >= 1024 {
		domain = fmt.Sprintf("%s-%s%s.%s", wordsB[rank*5%len(wordsB)], wordsA[rank/32%len(wordsA)], d.letters(1+d.n(3), "aeiourstlnmk"), pick(&d, ends))
	}
	popular := 1 / (1 + float64(rank)/300)
	s := webSite{own: []uint32{w.add(seed, "www."+domain, popular)}}
	for range d.n(3) {
		s.own = append(s.own, w.add(seed, pick(&d, shares)+"."+domain, popular))
	}
	for range 2 + d.n(4+int(14*popular)) {
		s.others = append(s.others, w.thirds[d.zipf(w.logThird, numThirds)])
	}
	w.sites = append(w.sites, s)
}

// add adds a name, unless it is there. Popular names lie more often on a CDN.
func (w *internet) add(seed uint64, name string, popular float64) uint32 {
	if k, ok := w.byName[name]; ok {
		return k
	}
	d := newDice(seed, 4, hash(name))
	n := webName{host: name, domain: registered(name), ttl: pick(&d, []int64{60, 300, 300, 600, 1800, 3600, 3600, 14400}) * second, weight: d.lognormal(1, 0.8)}
	n.modern, n.clear = d.chance(0.6+0.35*popular), d.chance(0.04*(1-popular))
	n.keep = pick(&d, []int64{1, 5, 5, 15, 30, 60, 65, 115, 180}) * second
	n.delay = d.span(4*millisecond, 35*millisecond)
	if d.chance(0.2) {
		n.delay = d.span(70*millisecond, 180*millisecond)
	}
	alias := ""
	if d.chance(0.15 + 0.5*popular) {
		pool := w.edges[d.n(numEdges)]
		at := d.n(len(pool) - 4)
		n.addrs, n.ttl, n.quic = pool[at:at+2+d.n(3)], pick(&d, []int64{20, 60, 60, 300})*second, d.chance(0.4)
		n.delay = d.span(3*millisecond, 12*millisecond)
		alias = fmt.Sprintf("%s.edge%d-net.com", d.letters(8, "abcdefghijklmnopqrstuvwxyz0123456789"), d.n(numEdges))
	} else {
		net := d.publicNet()
		for range 1 + d.n(2) {
			n.addrs = append(n.addrs, net.host(&d))
		}
	}
	n.answers = rotations(n.addrs, alias)
	n.cert = certificateOf(&d, n.domain, pick(&d, issuers))
	k := uint32(len(w.names))
	w.names, w.byName[name] = append(w.names, n), k
	return k
}

// rotations lists the answers in the orders a resolver gives them.
func rotations(addrs []netip.Addr, alias string) [][]string {
	var all [][]string
	for i := range addrs {
		var list []string
		if alias != "" {
			list = append(list, alias)
		}
		for j := range addrs {
			list = append(list, addrs[(i+j)%len(addrs)].String())
		}
		all = append(all, list)
	}
	return all
}

// epoch is when certificates of this Internet were made, about.
const epoch = record.Time(1_764_000_000_000_000_000)

func certificateOf(d *dice, domain, issuer string) *certificate {
	from := epoch - record.Time(d.span(0, 80*day))
	return &certificate{
		subject: "CN=" + domain, issuer: issuer, serial: d.letters(18, "0123456789ABCDEF"), sha256: d.letters(64, "0123456789abcdef"),
		names: []string{domain, "*." + domain}, from: from.Floor(record.Minute), to: (from + record.Time(90*day)).Floor(record.Minute),
	}
}

// registered is the registered domain of a name of this Internet.
func registered(name string) string {
	dots := 0
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] != '.' {
			continue
		}
		if dots++; dots == 2 && name[i+1:] != "co.uk" {
			return name[i+1:]
		}
		if dots == 3 {
			return name[i+1:]
		}
	}
	return name
}

func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// net24 is a /24 of the Internet.
type net24 [3]byte

// publicNet draws a network that is nobody's here and not reserved.
func (d *dice) publicNet() net24 {
	for {
		a := byte(20 + d.n(200))
		if a == 127 || a == 100 || a == 169 || a == 172 || a == 192 || a == 198 || a == 203 {
			continue
		}
		return net24{a, byte(d.n(256)), byte(d.n(256))}
	}
}

func (n net24) host(d *dice) netip.Addr {
	return netip.AddrFrom4([4]byte{n[0], n[1], n[2], byte(1 + d.n(254))})
}

// stranger draws an address of the Internet.
func (d *dice) stranger() netip.Addr { return d.publicNet().host(d) }
