package days

import (
	"net/netip"

	"candor/internal/record"
)

// Types of lookups.
const (
	typeA     = 1
	typeNS    = 2
	typeCNAME = 5
	typeNULL  = 10
	typePTR   = 12
	typeMX    = 15
	typeTXT   = 16
	typeAAAA  = 28
	typeSRV   = 33
	typeHTTPS = 65

	noError  = 0
	servFail = 2
	noName   = 3
)

// query is one lookup and what comes back.
type query struct {
	name    string
	kind    uint16
	rcode   uint16
	answers []string
	ttl     uint32
	silent  bool // no answer comes
	sized   int  // bytes of the answer; 0: reckoned
}

// ask is a lookup by a machine at a resolver, inside or (to nil) at dst. It gives the time of the answer.
func (r *run) ask(p *proc, from, to *host, dst netip.Addr, at int64, q *query) int64 {
	trip := int64(300_000) + p.dice.span(0, millisecond)
	if to == nil {
		trip = p.dice.span(6*millisecond, 40*millisecond)
	}
	return r.askSlow(p, from, to, dst, at, trip, q)
}

// askSlow is a lookup whose answer takes a time that is given.
func (r *run) askSlow(p *proc, from, to *host, dst netip.Addr, at, trip int64, q *query) int64 {
	trip = floor(trip)
	t := talk{from: from, to: to, dst: dst, port: 53, proto: udp, service: "dns", end: answered, dur: trip, sent: uint64(len(q.name) + 29)}
	t.got = t.sent
	for _, a := range q.answers {
		t.got += uint64(12 + len(a))
	}
	if q.sized > 0 {
		t.got = uint64(q.sized)
	}
	if q.silent {
		t.end, t.got, t.dur = unanswered, 0, 0
	}
	e := r.open(p, at, &t)
	r.tellLookup(p, &e, trip, q)
	return int64(e.TS) + trip
}

// tellLookup writes the lookup itself, for a connection that was opened.
func (r *run) tellLookup(p *proc, e *record.Ends, trip int64, q *query) {
	shows := int64(e.TS) + trip
	if q.silent {
		shows = int64(e.TS) + 10*second
	}
	d := r.putDNS(shows)
	d.Ends, d.Variant, d.TransID, d.Query, d.QClass, d.QType = *e, "dns", uint16(p.dice.next()), q.name, 1, q.kind
	d.HasQuery, d.RD = true, true
	if q.silent {
		return
	}
	d.HasReply, d.RTT, d.RA, d.RCode = true, record.Time(trip), true, q.rcode
	d.Answers = q.answers
	d.TTLs = r.ttls(len(q.answers), q.ttl)
	if len(q.answers) == 0 {
		d.Authority = 1
	}
}

// ttls gives a list of n equal times to live, out of a larger piece.
func (r *run) ttls(n int, ttl uint32) []uint32 {
	if n == 0 {
		return nil
	}
	if len(r.slab) < n {
		r.slab = make([]uint32, 1024+n)
	}
	list := r.slab[:n:n]
	r.slab = r.slab[n:]
	for i := range list {
		list[i] = ttl
	}
	return list
}

// resolve gives the address of a name as a machine knows it: from its own memory, else from its resolver, which asks outside when it does
// not know. A name whose time is up is asked for again: a busy name is so looked up each time.
func (r *run) resolve(p *proc, h *host, k uint32, st *stack, at int64) (ready int64, dst netip.Addr) {
	w := &r.site.web.names[k]
	slot := &r.live[h.id].cached[k%uint32(len(live{}.cached))]
	dst = w.addrs[int(p.dice.next()%uint64(len(w.addrs)))]
	if slot.name == k+1 && slot.until > at {
		return at, dst
	}
	q := query{name: w.host, kind: typeA}
	if h.resolver == h { // the resolver itself
		return r.outward(p, h, k, &q, at), dst
	}
	trip := int64(250_000) + p.dice.span(0, millisecond)
	if r.resolved[k] <= at {
		trip += r.outward(p, h.resolver, k, &q, at+trip/2) - at
	}
	left := max((r.resolved[k]-at)/second, 1)
	q.answers, q.ttl = w.answers[p.dice.n(len(w.answers))], uint32(left)
	ready = r.askSlow(p, h, h.resolver, netip.Addr{}, at, trip, &q)
	if h.person || p.dice.chance(0.5) {
		six := query{name: w.host, kind: typeAAAA}
		r.askSlow(p, h, h.resolver, netip.Addr{}, at+p.dice.span(20_000, 200_000), trip, &six)
		if st.sessile && st == h.browser {
			six.kind = typeHTTPS
			r.askSlow(p, h, h.resolver, netip.Addr{}, at+p.dice.span(20_000, 200_000), trip, &six)
		}
	}
	*slot = remembered{k + 1, at + left*second}
	return ready, dst
}

// outward is a resolver asking its provider's. It remembers the answer.
func (r *run) outward(p *proc, resolver *host, k uint32, q *query, at int64) int64 {
	w := &r.site.web.names[k]
	q.answers, q.ttl = w.answers[0], uint32(w.ttl/second)
	done := r.ask(p, resolver, nil, forwarder, at, q)
	r.resolved[k] = done + w.ttl
	return done
}

// forwarder is the provider's resolver.
var forwarder = netip.AddrFrom4([4]byte{64, 71, 12, 53})

// look is a lookup of a name that is asked for once and answered as given, through the machine's resolver, which passes it on.
func (r *run) look(p *proc, h *host, at int64, q *query) int64 {
	trip := p.dice.span(8*millisecond, 60*millisecond)
	r.askSlow(p, h.resolver, nil, forwarder, at+300_000, trip-600_000, q)
	return r.askSlow(p, h, h.resolver, netip.Addr{}, at, trip, q)
}
