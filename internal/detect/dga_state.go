package detect

import (
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
)

// dgaClient is what is known of one machine's lookups.
type dgaClient struct {
	addr                   netip.Addr
	resolver               bool   // the agreement calls it one
	seen                   uint32 // when it last asked, in seconds
	below                  uint32 // failures that say nothing of a domain
	failures               uint64 // answers that a domain does not exist
	domains                uint64 // domains that do not exist
	existing               uint64 // domains that exist
	failed, resolved       dgaRing
	failedSet, resolvedSet nameSet
	names                  [8]string // newest domains that do not exist
	uids                   [8]string
	next                   int
	maybe                  []string // newest domains that exist, formed like those that do not
	servers                []netip.Addr
	ports                  []uint16
	best                   *dgaCase
	judged                 uint64 // domains when it was last judged
}

// dgaName is one registered domain and what its name is like.
type dgaName struct {
	at      uint32 // seconds
	hash    uint32
	suffix  uint32 // hash
	head    uint16 // hash of the first four characters
	tail    uint16 // and of the last four
	strange int16  // hundredths of a nat, for each character
	length  uint8
	form    uint8 // of characters, form...
	again   uint8 // how often it was asked again, later
	dead    bool  // exists after all
}

// Forms of names.
const (
	formHyphen = 1 << iota
	formDigit
	formBeyondHex // a letter after f
	formOther
	formBelow // not the domain itself was asked for, but www below it
)

// dgaRing keeps the newest names.
type dgaRing struct {
	entries []dgaName
	next    int
}

func (r *dgaRing) add(n dgaName, most int) {
	if len(r.entries) < most {
		r.entries = append(r.entries, n)
		return
	}
	r.entries[r.next] = n
	r.next = (r.next + 1) % most
}

func (r *dgaRing) find(hash uint32) *dgaName {
	for i := range r.entries {
		if r.entries[i].hash == hash {
			return &r.entries[i]
		}
	}
	return nil
}

// since counts the names of a window and its size in names; where the ring is too small for the window, as many as its rate
// makes likely.
func (r *dgaRing) since(from, to uint32, most int) float64 {
	n, oldest := 0, to
	for i := range r.entries {
		oldest = min(oldest, r.entries[i].at)
		if r.entries[i].at >= from && r.entries[i].at <= to {
			n++
		}
	}
	if len(r.entries) == most && oldest > from {
		return float64(n) * float64(to-from) / float64(max(1, to-oldest))
	}
	return float64(n)
}

// nameOf tells what a domain's name is like.
func (g *DGA) nameOf(domain string, hash uint64, second uint32, bare bool) dgaName {
	label, suffix, _ := strings.Cut(domain, ".")
	x, n := g.model.of(label)
	out := dgaName{
		at: second, hash: uint32(hash >> 32), suffix: uint32(hashName(suffix)), length: uint8(min(255, len(label))), strange: int16(x / max(1, n)),
	}
	if k := min(4, len(label)); k == 4 {
		out.head, out.tail = uint16(hashName(label[:k])), uint16(hashName(label[len(label)-k:]))
	}
	for i := range len(label) {
		switch c := label[i]; {
		case c == '-':
			out.form |= formHyphen
		case c >= '0' && c <= '9':
			out.form |= formDigit
		case c > 'f' && c <= 'z':
			out.form |= formBeyondHex
		case c < 'a' || c > 'z':
			out.form |= formOther
		}
	}
	if !bare {
		out.form |= formBelow
	}
	return out
}

// failed notes that a domain does not exist.
func (g *DGA) failed(c *dgaClient, d *record.DNS, domain string, hash uint64, second uint32) {
	c.seen = max(c.seen, second)
	c.failures++
	if g.alive.has(hash) {
		return // it existed for somebody a while ago: blocked, or flickering
	}
	known, again := c.failedSet.meet(hash, second, &g.room)
	if known {
		if e := c.failed.find(uint32(hash >> 32)); e != nil && again {
			e.again = min(e.again+1, 200)
		}
		return
	}
	c.domains++
	c.failed.add(g.nameOf(domain, hash, second, len(d.Query) <= len(domain)+1), maxFailed)
	c.names[c.next], c.uids[c.next] = strings.Clone(domain), strings.Clone(string(d.UID))
	c.next = (c.next + 1) % len(c.names)
	if len(c.servers) < 4 && !slices.Contains(c.servers, d.RespH) {
		c.servers, c.ports = append(c.servers, d.RespH), append(c.ports, d.RespP)
	}
	if c.domains >= dgaLeast && c.domains >= c.judged+min(256, max(4, c.domains/8)) {
		c.judged = c.domains
		if k := c.judge(second); k != nil && (c.best == nil || k.nats > c.best.nats) {
			c.best = k
		}
	}
}

// resolved notes that a domain exists.
func (g *DGA) resolved(c *dgaClient, d *record.DNS, domain string, hash uint64, second uint32) {
	c.seen = max(c.seen, second)
	known, _ := c.resolvedSet.meet(hash, second, &g.room)
	if known {
		return
	}
	g.server(d.RespH).resolved++
	c.existing++
	others := g.alive.add(hash)
	n := g.nameOf(domain, hash, second, len(d.Query) <= len(domain)+1)
	c.resolved.add(n, maxResolved)
	if len(c.failed.entries) == 0 {
		return
	}
	if e := c.failed.find(n.hash); e != nil {
		e.dead = true
	}
	if _, popular := g.known[domain]; popular || others || len(c.failed.entries) < 4 || !c.alike(&n) {
		return
	}
	if len(c.maybe) == 16 {
		c.maybe = slices.Delete(c.maybe, 0, 1)
	}
	c.maybe = append(c.maybe, strings.Clone(domain))
}

// alike reports whether a domain that exists is formed like those of this client that do not: one of their suffixes, no other
// kinds of characters, as long as they are, and as strange.
func (c *dgaClient) alike(n *dgaName) bool {
	short, long, strange, suffix := uint8(255), uint8(0), 0, false
	form := uint8(0)
	for i := range c.failed.entries {
		e := &c.failed.entries[i]
		short, long = min(short, e.length), max(long, e.length)
		strange += int(e.strange)
		suffix = suffix || e.suffix == n.suffix
		form |= e.form
	}
	mean := strange / len(c.failed.entries)
	return suffix && n.length >= short && n.length <= long && n.form&^form == 0 && int(n.strange) > mean-40 && int(n.strange) < mean+60
}

// dgaServer is what a resolver said to everybody, each domain of a client once.
type dgaServer struct {
	resolved, fails uint64
	popular         uint64 // domains that everybody knows, which it said do not exist
	askers          [4]netip.Addr
}

func (s *dgaServer) failed(c *dgaClient, popular bool) {
	s.fails++
	if popular {
		s.popular++
	}
	for i := range s.askers {
		if s.askers[i] == c.addr {
			return
		}
		if !s.askers[i].IsValid() {
			s.askers[i] = c.addr
			return
		}
	}
}

// broken reports whether a resolver says of everything that it does not exist.
func (s *dgaServer) broken() bool {
	return s.fails >= 30 && (s.resolved*20 < s.fails && (s.askers[2].IsValid() || s.popular >= 3))
}

func (g *DGA) server(a netip.Addr) *dgaServer {
	s := g.servers[a]
	if s == nil {
		if len(g.servers) >= maxDGAServers {
			return &dgaServer{}
		}
		s = &dgaServer{}
		g.servers[a] = s
	}
	return s
}

// aliveNames remembers domains that existed for anybody, in two halves that take turns.
type aliveNames struct{ young, old map[uint64]struct{} }

func (a *aliveNames) has(hash uint64) bool {
	_, young := a.young[hash]
	_, old := a.old[hash]
	return young || old
}

// add reports whether it was there already.
func (a *aliveNames) add(hash uint64) bool {
	there := a.has(hash)
	if a.young == nil || len(a.young) >= maxAlive/2 {
		a.old, a.young = a.young, make(map[uint64]struct{}, 256)
	}
	a.young[hash] = struct{}{}
	return there
}
