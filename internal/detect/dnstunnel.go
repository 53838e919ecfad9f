package detect

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strings"

	"candor/internal/record"
)

// DNSTunnels finds data carried inside DNS: for each client and registered domain it adds up what the names that are never
// asked twice can carry out, and what the answers bring in. How much was carried counts, not how fast, so a slow tunnel is
// found as well; context (record types, answers, who else asks) tells it from content networks and reputation lookups.
//
// Start at see; state is in dnstunnel_state.go, evidence in dnstunnel_score.go, words in dnstunnel_finding.go.
type DNSTunnels struct {
	model    *nameModel
	pairs    map[uint64]*tunnelPair // by tunnelKey.hash
	seed     hashSeed
	heavy    []*tunnelPair // those with work
	room     int           // slots that name sets may still take
	lost     uint64
	unlisted uint64 // pairs beyond those that are listed
}

// tunnelKey is who asks for names under which domain. Where names end in no domain at all, it is "@" and the server asked.
type tunnelKey struct {
	client netip.Addr
	domain string
}

// hash stands for a key; nobody outside this process can make two keys meet.
func (k tunnelKey) hash(seed hashSeed) uint64 {
	a := k.client.As16()
	x := binary.LittleEndian.Uint64(a[:8])*0x9e3779b97f4a7c15 ^ bits.RotateLeft64(binary.LittleEndian.Uint64(a[8:])*0xd6e8feb86659fd93, 32)
	return seed.text(k.domain) ^ x*0xff51afd7ed558ccd
}

// Bounds. A pair of a client and a domain takes some 200 bytes, one that is looked at closely some 1,500.
const (
	maxTunnelPairs = 1 << 19
	maxTunnelWork  = 1 << 16
	maxTunnelSlots = 1 << 22
	tunnelFew      = 4                // distinct names before a pair is looked at closely
	tunnelDay      = 24 * record.Hour // what is older counts half, unless it already made a finding
	maxSamples     = 5                // names, and uids, that a finding shows
)

// NewDNSTunnels makes the detector.
func NewDNSTunnels() *DNSTunnels {
	return &DNSTunnels{model: newNameModel(), pairs: map[uint64]*tunnelPair{}, seed: newSeed(), room: maxTunnelSlots}
}

// Kinds lists its finding kinds.
func (t *DNSTunnels) Kinds() []string { return []string{"dns_tunnel"} }

// Needs lists the records it reads.
func (t *DNSTunnels) Needs() []record.Kind { return []record.Kind{record.KindDNS} }

// Lost counts the pairs of client and domain that no longer fitted.
func (t *DNSTunnels) Lost() uint64 { return t.lost + t.unlisted }

// Observe folds a slice.
func (t *DNSTunnels) Observe(s *Slice) {
	for i := range s.DNS {
		t.see(s.Net, &s.DNS[i])
	}
	for i := range s.Events {
		if e := &s.Events[i]; e.Domain != "" {
			if p := t.pairs[tunnelKey{e.Orig, e.Domain}.hash(t.seed)]; p != nil && p.work != nil {
				p.work.used++
			}
		}
	}
}

// see folds one lookup.
func (t *DNSTunnels) see(n *Net, d *record.DNS) {
	if d.Variant != "" && d.Variant != "dns" || len(d.Query) < 4 {
		return
	}
	key, left := t.keyOf(n, d)
	if left == "" {
		return
	}
	id := key.hash(t.seed)
	p := t.pairs[id]
	if p == nil {
		if n.Place(d.OrigH) == Outside {
			return
		}
		if len(t.pairs) >= maxTunnelPairs {
			t.sweep(d.TS)
		}
		key.domain = n.Intern(key.domain)
		p = &tunnelPair{key: key, first: d.TS, last: d.TS, resolver: n.IsResolver(d.OrigH)}
		t.pairs[id] = p
	}
	p.first, p.last = min(p.first, d.TS), max(p.last, d.TS)
	hash := hashName(left)
	if p.work == nil {
		if !p.light(hash) {
			return
		}
		if len(t.heavy) >= maxTunnelWork {
			t.relieve()
		}
		p.work = &tunnelWork{from: d.TS, total: tunnelFew}
		t.heavy = append(t.heavy, p)
	}
	if p.last-p.work.from > tunnelDay {
		t.age(p)
	}
	p.work.fold(t, d, left, hash)
}

// keyOf gives the key of a lookup and the part of its name that can carry data; empty when there is none to speak of.
func (t *DNSTunnels) keyOf(n *Net, d *record.DNS) (tunnelKey, string) {
	name := strings.TrimSuffix(d.Query, ".")
	if dot := strings.LastIndexByte(name, '.'); noTopLevel(name[dot+1:]) {
		return tunnelKey{client: d.OrigH, domain: "@" + d.RespH.String()}, name
	}
	domain := n.Domain(name)
	if domain == "" || len(name) <= len(domain)+1 {
		return tunnelKey{}, ""
	}
	if d.QType == 12 && strings.HasSuffix(domain, ".arpa") {
		return tunnelKey{}, "" // an address, written backwards
	}
	return tunnelKey{client: d.OrigH, domain: domain}, name[:len(name)-len(domain)-1]
}

// noTopLevel reports whether a last label can be no top-level domain: a tool that speaks straight to its server needs none.
func noTopLevel(label string) bool {
	if len(label) > 20 && !strings.HasPrefix(label, "xn--") && !strings.HasPrefix(label, "XN--") {
		return true
	}
	digits := 0
	for i := range len(label) {
		if label[i] >= '0' && label[i] <= '9' {
			digits++
		}
	}
	return digits > 0 && len(label) >= 8 && !strings.HasPrefix(label, "xn--") && !strings.HasPrefix(label, "XN--")
}

// age lets what is older than a day count half, so that a year of a content network is no tunnel.
func (t *DNSTunnels) age(p *tunnelPair) {
	if t.judge(p, 1, true).open() {
		p.work.from = p.last // found: keep it whole
		return
	}
	p.work.halve()
	p.work.from = p.last
}

// sweep makes room: first pairs that had their day, then those with the fewest names.
func (t *DNSTunnels) sweep(now record.Time) {
	for id, p := range t.pairs {
		if p.work == nil && now-p.last > tunnelDay {
			delete(t.pairs, id)
		}
	}
	if len(t.pairs) > 3*maxTunnelPairs/4 {
		for id, p := range t.pairs {
			if p.work == nil {
				delete(t.pairs, id)
				t.lost++
			}
		}
	}
	if len(t.pairs) > 3*maxTunnelPairs/4 {
		t.relieve()
	}
}

// relieve lets go of the closely watched pairs that carried least.
func (t *DNSTunnels) relieve() {
	kept := t.heavy[:0]
	for _, p := range t.heavy {
		if p.work.names >= 32 && t.judge(p, 1, true).open() {
			kept = append(kept, p)
			continue
		}
		t.drop(p)
	}
	if len(kept) > maxTunnelWork/2 {
		for _, p := range kept[maxTunnelWork/2:] {
			t.drop(p)
		}
		kept = kept[:maxTunnelWork/2]
	}
	clear(t.heavy[len(kept):])
	t.heavy = kept
}

func (t *DNSTunnels) drop(p *tunnelPair) {
	t.room += len(p.work.seen.slots)
	delete(t.pairs, p.key.hash(t.seed))
	t.lost++
}

var _ Detector = (*DNSTunnels)(nil)
