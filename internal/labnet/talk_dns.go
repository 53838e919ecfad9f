package labnet

import (
	"net/netip"
)

// webName is a name of the imaginary Internet and who answers for it.
type webName struct {
	name   string
	alias  string // CNAME target, "" for none
	host   *node
	ttl    int64 // seconds
	modern bool  // speaks TLS 1.3
	clear  bool  // plain HTTP
}

// ask sends one DNS question to a server and calls then when the answer has arrived. reply makes the answer at the time given.
func (r *run) ask(at int64, from, to *node, six bool, q dnsQuestion, think int64, reply func(r *run, q *dnsQuestion) []byte, then func(r *run, at int64)) {
	t := r.newTalk(from, to, six, 53, false)
	at = r.ready(at, &t)
	r.do(at, func(r *run, at int64) {
		r.msg = appendQuery(r.msg[:0], &q)
		r.udp(at, &t, false, r.msg)
		r.do(at+t.turnaround(false)+think, func(r *run, at int64) {
			r.udp(at, &t, true, reply(r, &q))
			if then != nil {
				r.do(at+t.turnaround(true), then)
			}
		})
	})
}

// resolverOf gives the resolver a machine asks.
func (r *run) resolverOf(n *node) *node {
	list := r.site.resolvers
	if n.seg != nil && len(n.seg.resolvers) > 0 {
		list = n.seg.resolvers
	}
	if len(list) == 0 {
		return nil
	}
	d := &r.live[n.id]
	if d.chance(0.12) {
		return list[len(list)-1]
	}
	return list[0]
}

// lookup resolves name number k for a machine, through its resolver and, where that does not know, from the Internet. then is
// called when the addresses are there, at once when the machine remembers them.
func (r *run) lookup(at int64, n *node, k int, then func(r *run, at int64)) {
	d := &r.live[n.id]
	res := r.resolverOf(n)
	if res == nil || d.names[uint32(k)] > at {
		then(r, at)
		return
	}
	if d.names == nil {
		d.names = map[uint32]int64{}
	}
	w := &r.site.names[k]
	d.names[uint32(k)] = at + min(w.ttl, 300)*second
	wait := r.recursion(at, res, k)
	six := n.v6 != nil && res.v6 != nil && (!r.live[n.id].v4.IsValid() || d.chance(0.5))
	q := dnsQuestion{id: uint16(d.next()), name: w.name, kind: dnsA, edns: n.stack == &stackLinux && d.chance(0.3)}
	first := q
	if !r.live[n.id].v4.IsValid() {
		first.kind = dnsAAAA
	}
	r.ask(at, n, res, six, first, wait, func(r *run, q *dnsQuestion) []byte { return r.answerWeb(q, w) }, then)
	if first.kind == dnsA && (n.v6 != nil || r.site.asksSix) {
		q.kind, q.id = dnsAAAA, uint16(d.next())
		r.ask(at+30_000, n, res, six, q, wait+20_000, func(r *run, q *dnsQuestion) []byte { return r.answerWeb(q, w) }, nil)
	}
}

// answerWeb writes the answer for a name of the Internet.
func (r *run) answerWeb(q *dnsQuestion, w *webName) []byte {
	list := make([]dnsAnswer, 0, 3)
	owner := ""
	if w.alias != "" {
		list = append(list, dnsAnswer{kind: dnsCNAME, ttl: uint32(w.ttl), text: w.alias})
		owner = w.alias
	}
	switch {
	case q.kind == dnsA && w.host.v4.IsValid():
		list = append(list, dnsAnswer{name: owner, kind: dnsA, ttl: uint32(w.ttl), addr: w.host.v4})
	case q.kind == dnsAAAA && len(w.host.v6) > 0:
		list = append(list, dnsAnswer{name: owner, kind: dnsAAAA, ttl: uint32(w.ttl), addr: w.host.v6[0]})
	case w.alias != "":
		list = list[:0]
	}
	r.msg = appendReply(r.msg[:0], q, 0x0080, list)
	return r.msg
}

// recursion lets a resolver find out a name where its cache does not have it, and gives how long that takes.
func (r *run) recursion(at int64, res *node, k int) int64 {
	key := uint64(res.id)<<32 | uint64(k)
	d := &r.live[res.id]
	if r.cache[key] > at || len(r.site.authorities) == 0 {
		return d.span(80_000, 400_000)
	}
	w := &r.site.names[k]
	r.cache[key] = at + w.ttl*second
	six := res.v6 != nil && !r.live[res.id].v4.IsValid()
	q := dnsQuestion{id: uint16(d.next()), name: w.name, kind: dnsA, edns: true}
	answer := func(r *run, q *dnsQuestion) []byte { return r.answerWeb(q, w) }
	if f := r.site.forwarder; f != nil {
		r.ask(at+150_000, res, f, six, q, d.span(1e6, 30e6), answer, nil)
		return 2*f.delay + 35e6
	}
	ns := r.site.authorities[k%len(r.site.authorities)]
	start := at + 150_000
	if d.chance(0.3) {
		root := r.site.authorities[(k*7+3)%len(r.site.authorities)]
		r.ask(start, res, root, six, q, d.span(100_000, 600_000), func(r *run, q *dnsQuestion) []byte {
			r.msg = appendReply(r.msg[:0], q, 0, nil)
			return r.msg
		}, nil)
		start += 2*root.delay + 2e6
	}
	q.id = uint16(d.next())
	r.ask(start, res, ns, six, q, d.span(100_000, 900_000), answer, nil)
	return start - at + 2*ns.delay + 3e6
}

// lookupLocal asks the resolver for a name of the site itself; addr not valid answers that it does not exist.
func (r *run) lookupLocal(at int64, n *node, name string, kind uint16, addr netip.Addr, then func(r *run, at int64)) {
	res := r.resolverOf(n)
	if res == nil || res == n {
		if then != nil {
			then(r, at)
		}
		return
	}
	d := &r.live[n.id]
	six := n.v6 != nil && res.v6 != nil && !r.live[n.id].v4.IsValid()
	q := dnsQuestion{id: uint16(d.next()), name: name, kind: kind}
	r.ask(at, n, res, six, q, d.span(80_000, 300_000), func(r *run, q *dnsQuestion) []byte {
		var list []dnsAnswer
		flags := uint16(0x0480)
		switch {
		case !addr.IsValid():
			flags |= rcodeNX
		case kind == dnsSRV:
			list = []dnsAnswer{{kind: dnsSRV, ttl: 600, text: "dc1." + r.site.domain, port: 389}}
		case kind == dnsPTR:
			list = []dnsAnswer{{kind: dnsPTR, ttl: 1200, text: "host." + r.site.domain}}
		default:
			list = []dnsAnswer{{kind: kind, ttl: 1200, addr: addr}}
		}
		r.msg = appendReply(r.msg[:0], q, flags, list)
		return r.msg
	}, then)
}
