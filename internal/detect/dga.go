package detect

import (
	_ "embed" // the known domains
	"net/netip"
	"strings"

	"candor/internal/record"
)

// DGA finds programs that make up domain names to look for their master: for each client, registered domains that do not exist,
// many, hardly any asked for twice, few others that exist, alike in form. What the names look like adds to that (random
// letters, hexadecimal digits) and never decides alone; names made of words are found by behaviour and form.
//
// Start at see; state is in dga_state.go, evidence in dga_score.go, words in dga_finding.go.
type DGA struct {
	model   *nameModel
	known   map[string]struct{}
	clients map[netip.Addr]*dgaClient
	servers map[netip.Addr]*dgaServer
	alive   aliveNames
	room    int // slots that name sets may still take
	lost    uint64
}

// Bounds. A client takes some 600 bytes, one with many failures some 15,000.
const (
	maxDGAClients = 1 << 14
	maxDGAServers = 1 << 10
	maxDGASlots   = 1 << 22
	maxAlive      = 1 << 17
	maxFailed     = 256
	maxResolved   = 128
)

// dgaKnownText lists domains that everybody knows.
//
//go:embed dga_known.txt
var dgaKnownText string

// NewDGA makes the detector.
func NewDGA() *DGA {
	g := &DGA{
		model: newNameModel(), known: map[string]struct{}{}, clients: map[netip.Addr]*dgaClient{}, servers: map[netip.Addr]*dgaServer{},
		room: maxDGASlots,
	}
	for line := range strings.Lines(dgaKnownText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for name := range strings.FieldsSeq(line) {
			g.known[name] = struct{}{}
		}
	}
	return g
}

// Kinds lists its finding kinds.
func (g *DGA) Kinds() []string { return []string{"dga"} }

// Needs lists the records it reads.
func (g *DGA) Needs() []record.Kind { return []record.Kind{record.KindDNS} }

// Lost counts the clients that no longer fitted.
func (g *DGA) Lost() uint64 { return g.lost }

// Observe folds a slice.
func (g *DGA) Observe(s *Slice) {
	for i := range s.DNS {
		g.see(s.Net, &s.DNS[i])
	}
}

// see folds one answered lookup of an address.
func (g *DGA) see(n *Net, d *record.DNS) {
	if !d.HasReply || d.Variant != "" && d.Variant != "dns" || typeGroup(d.QType) != typeAddress || d.QType == 255 {
		return
	}
	failed, resolved := d.RCode == 3, d.RCode == 0 && len(d.Answers) > 0
	if !failed && !resolved {
		return
	}
	name := strings.TrimSuffix(d.Query, ".")
	domain := n.Domain(name)
	if domain == "" {
		return
	}
	dot := strings.IndexByte(domain, '.')
	if privateTop(domain[strings.LastIndexByte(domain, '.')+1:]) || noTopLevel(domain[dot+1:]) {
		return
	}
	c := g.client(n, d)
	if c == nil {
		return
	}
	hash := hashName(domain)
	second := uint32(int64(d.TS) / 1e9)
	if resolved {
		g.resolved(c, d, domain, hash, second)
		return
	}
	_, known := g.known[domain]
	g.server(d.RespH).failed(c, known)
	if known || len(name) > len(domain) && len(name) != len(domain)+4 { // nothing is said of the domain where a name below it fails, but for www
		c.below++
		return
	}
	g.failed(c, d, domain, hash, second)
}

// client finds or makes the state of who asked; nil where that is nobody here.
func (g *DGA) client(n *Net, d *record.DNS) *dgaClient {
	if c := g.clients[d.OrigH]; c != nil {
		return c
	}
	if n.Place(d.OrigH) == Outside {
		return nil
	}
	if len(g.clients) >= maxDGAClients {
		g.sweep(d.TS)
	}
	c := &dgaClient{addr: d.OrigH, resolver: n.IsResolver(d.OrigH)}
	g.clients[d.OrigH] = c
	return c
}

// sweep makes room: first clients whose day is over, then those that failed least.
func (g *DGA) sweep(now record.Time) {
	second := uint32(int64(now) / 1e9)
	for _, bar := range []int{-1, 4, 32, maxFailed + 1} {
		for addr, c := range g.clients {
			idle := second > c.seen && second-c.seen > 86400
			if c.best != nil && bar <= maxFailed || !idle && len(c.failed.entries) > bar {
				continue
			}
			if !idle {
				g.lost++
			}
			g.room += len(c.failedSet.slots) + len(c.resolvedSet.slots)
			delete(g.clients, addr)
		}
		if len(g.clients) <= 3*maxDGAClients/4 {
			return
		}
	}
}

// privateTop reports whether a top level is one of those that networks use at home.
func privateTop(label string) bool {
	switch label {
	case "local", "lan", "localdomain", "home", "corp", "internal", "intranet", "private", "test", "invalid", "example", "localhost", "onion",
		"workgroup", "domain", "belkin", "dlink", "router", "gateway", "arpa", "intra", "office", "mail", "host", "box", "dom", "ad":
		return true
	}
	return false
}

var _ Detector = (*DGA)(nil)
