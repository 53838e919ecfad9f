package days

import (
	"net/netip"

	"candor/internal/record"
)

// Injection is a behaviour that a plan adds to a site's time: whole connections with their lookups and handshakes. The zero value
// of each field is a sensible choice, which follows from the site's seed and the behaviour's place in the plan.
type Injection interface {
	// prepare decides everything that chance decides, and starts the behaviour if there is a run.
	prepare(c *chosen) Truth
}

// Who says on which machine and when a behaviour goes on.
type Who struct {
	Host netip.Addr  // zero: a client that stays on day and night; a machine that is off does nothing
	From record.Time // zero: the span's
	To   record.Time // zero: the span's
}

// Kinds of truth.
const (
	KindBeacon   = "beacon"
	KindTunnel   = "dns_tunnel"
	KindDGA      = "dga"
	KindScan     = "scan"
	KindExfil    = "exfiltration"
	KindSignIn   = "sign_in_attack"
	KindPing     = "icmp_tunnel"
	KindLateral  = "lateral_movement"
	KindLong     = "long_connection"
	KindHarmless = "harmless" // timing that must not be called a beacon
)

// Truth says what an injection was.
type Truth struct {
	Kind         string
	Detail       string       // the behaviour in words: its parameters
	Host         netip.Addr   // who does it
	From, To     record.Time  // when: it goes on within
	Destinations []netip.Addr // whom it talks to, where these are known in advance
	Domain       string       // registered, of the names it uses; empty: none
	Port         uint16
	Index        int // its place in the plan
	seed         uint64
}

// Owns tells whether a record with this uid was made by the injection. Log lines have none: see OwnsLog.
func (t *Truth) Owns(u record.UID) bool {
	process, _, ok := processOf(t.seed, u)
	return ok && process == t.process()
}

// OwnsLog tells whether a line of a log was made by the injection.
func (t *Truth) OwnsLog(l *record.Log) bool {
	return t.Kind == KindSignIn && l.Src == t.Host && l.TS >= t.From && l.TS <= t.To && len(l.Message) > 0 && l.Message[len(l.Message)-1] == '*'
}

func (t *Truth) process() uint32 { return planned | uint32(t.Index) }

// Planned tells whether a record with this uid was made by any injection.
func (s *Site) Planned(u record.UID) bool {
	process, _, ok := processOf(s.seed, u)
	return ok && process&planned != 0
}

// Truths gives what is true of a plan, without running it.
func (s *Site) Truths(span record.Span, plan ...Injection) []Truth {
	list := make([]Truth, len(plan))
	for i, in := range plan {
		list[i] = in.prepare(choose(s, span, i))
	}
	return list
}

// chosen is what an injection is prepared with.
type chosen struct {
	site  *Site
	run   *run // nil: only the truth is wanted
	span  record.Span
	index int
	dice  dice
	host  *host
	truth Truth
	names map[string]int64 // own lookups: until when they are remembered
}

func choose(s *Site, span record.Span, i int) *chosen {
	return &chosen{site: s, span: span, index: i, dice: newDice(s.seed, 50, uint64(i)), names: map[string]int64{}}
}

// inject starts an injection.
func (r *run) inject(i int, in Injection) {
	c := choose(r.site, record.Span{From: record.Time(r.from), To: record.Time(r.to)}, i)
	c.run = r
	in.prepare(c)
}

// who settles the machine and the time of an injection, and begins its truth.
func (c *chosen) who(kind string, w *Who) {
	c.host = c.site.hostAt(w.Host)
	if c.host == nil {
		c.host = c.site.clients[c.dice.n(len(c.site.clients))]
		for i := range c.site.clients {
			if h := c.site.clients[(c.host.id+i)%len(c.site.clients)]; h.always {
				c.host = h
				break
			}
		}
	}
	from, to := w.From, w.To
	if from == 0 {
		from = c.span.From
	}
	if to == 0 {
		to = c.span.To
	}
	c.truth = Truth{Kind: kind, Host: c.host.addr, From: from, To: to, Index: c.index, seed: c.site.seed}
}

// begin starts the behaviour as a process of its own and gives its truth.
func (c *chosen) begin(a act) Truth {
	if c.run != nil {
		to := int64(c.truth.To)
		limited := func(r *run, p *proc, at int64) int64 {
			if at >= to {
				return 0
			}
			if on, _ := r.state(p.h, at); !on {
				return r.wake(p.h, at) + p.dice.span(second, minute)
			}
			return a(r, p, at)
		}
		c.run.start(c.truth.process(), c.host, max(int64(c.truth.From), c.run.from), nil, nil, limited)
	}
	return c.truth
}

// find looks a name up, as the machine does: not while the answer before is still good. It gives the time of the answer.
func (c *chosen) find(p *proc, at int64, name string, addrs []netip.Addr, ttl int64) int64 {
	if c.names[name] > at {
		return at
	}
	c.names[name] = at + ttl
	q := query{name: name, kind: typeA, ttl: uint32(ttl / second)}
	for _, a := range addrs {
		q.answers = append(q.answers, a.String())
	}
	return c.run.look(p, c.host, at, &q) + p.dice.span(100_000, millisecond)
}

// ownDomain draws a registered domain that nobody else uses.
func (c *chosen) ownDomain() string {
	d := &c.dice
	return pick(d, wordsC) + "-" + pick(d, wordsA) + d.letters(3, "bcdfgklmnprstvz") + "." + pick(d, ends)
}
