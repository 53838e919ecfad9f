package labnet

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Span is the time of a run: from From until before To.
type Span struct {
	From, To time.Time
}

// Report is what a finished run knows to be true.
type Report struct {
	Packets int64      // packets and frames sent by anybody, counted once however many links they passed
	Taps    []TapCount // in the order of the taps
	Spoke   []Spoke    // every machine inside that sent at least one frame, anywhere, in the span
}

// Spoke is one machine that sent something.
type Spoke struct {
	Name    string
	Segment string // "" for equipment
	MAC     [6]byte
	Addrs   []netip.Addr // all its IPv4 and global IPv6 addresses at the end of the run
}

// event is something that happens at a time.
type event interface {
	fire(r *run, at int64)
}

type eventFunc func(r *run, at int64)

func (f eventFunc) fire(r *run, at int64) { f(r, at) }

type item struct {
	at  int64
	seq uint64
	do  event
}

// live is what changes about a node while a run goes on.
type live struct {
	dice
	ephemeral int
	ident     uint16
	known     map[*port]int64 // neighbours, and until when they are remembered
	plan      dayPlan
	names     map[uint32]int64 // names it has looked up, and until when it remembers
	spoke     bool
	clock     uint32 // start of its TCP time stamps
	files     *conn  // the session with the file server
	v4        netip.Addr
}

// run is one pass over a span. It belongs to one goroutine.
type run struct {
	site    *Site
	from    int64
	to      int64
	now     int64
	heap    []item
	seq     uint64
	live    []live
	taps    []*listener
	nat     natTable
	luck    dice
	report  Report
	eth     []byte // the frame being made; the IP datagram starts at 14
	msg     []byte // the message being made
	pool    []byte // bytes that look encrypted
	flooded bool
	certs   [][]byte
	cache   map[uint64]int64 // resolvers' caches: (resolver, name) until
}

// errSpan is wrapped when a span is empty.
var errSpan = errors.New("the span is empty or backwards")

// Run makes the site's traffic of the span and writes what each tap sees. The traffic depends on the site (kind, seed, volume)
// and the span only. It stops early when the context ends.
func (s *Site) Run(ctx context.Context, span Span, taps ...Tap) (*Report, error) {
	if !span.From.Before(span.To) {
		return nil, fmt.Errorf("run %s from %v to %v: %w", s.name, span.From, span.To, errSpan)
	}
	r := newRun(s, span)
	for i, t := range taps {
		l, err := newListener(s, t, i)
		if err != nil {
			return nil, err
		}
		r.taps = append(r.taps, l)
	}
	s.start(r)
	if err := r.loop(ctx); err != nil {
		return nil, err
	}
	for _, l := range r.taps {
		if err := l.finish(); err != nil {
			return nil, err
		}
		r.report.Taps = append(r.report.Taps, l.count)
	}
	r.tellSpoke()
	return &r.report, nil
}

func newRun(s *Site, span Span) *run {
	r := &run{
		site: s, from: span.From.UnixNano(), to: span.To.UnixNano(), now: span.From.UnixNano(),
		live: make([]live, len(s.nodes)+len(s.remotes)), luck: newDice(s.seed, 1),
		eth: make([]byte, 14+65536), pool: make([]byte, 1<<16), cache: map[uint64]int64{},
	}
	seedPool := newDice(s.seed, 2)
	seedPool.bytes(r.pool)
	r.certs = makeCertificates(newDice(s.seed, 3), 48)
	for i := range r.live {
		l := &r.live[i]
		l.dice = newDice(s.seed, 4, uint64(i), uint64(r.from))
		l.ident = uint16(l.next())
		l.clock = uint32(l.next())
		l.ephemeral = l.n(1 << 15)
		l.plan.day = noDay
	}
	for _, n := range s.nodes {
		r.live[n.id].v4 = n.v4
		r.live[n.id].known = map[*port]int64{}
	}
	return r
}

// loop fires events in the order of time until the span ends.
func (r *run) loop(ctx context.Context) error {
	for count := 0; len(r.heap) > 0; count++ {
		if count&0xfff == 0 && ctx.Err() != nil {
			return fmt.Errorf("run %s: %w", r.site.name, ctx.Err())
		}
		it := r.pop()
		if it.at >= r.to {
			break
		}
		if it.at > r.now {
			r.now = it.at
			for _, l := range r.taps {
				l.release(r.now)
				if l.err != nil {
					return fmt.Errorf("tap %q: %w", l.tap.At, l.err)
				}
			}
		}
		it.do.fire(r, it.at)
	}
	return nil
}

// at plans an event; the past becomes now.
func (r *run) at(t int64, e event) {
	if t >= r.to {
		return
	}
	r.seq++
	h := append(r.heap, item{max(t, r.now), r.seq, e})
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !h[i].before(&h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
	r.heap = h
}

func (r *run) do(t int64, f func(r *run, at int64)) { r.at(t, eventFunc(f)) }

func (a *item) before(b *item) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

func (r *run) pop() item {
	h := r.heap
	top := h[0]
	k := len(h) - 1
	h[0] = h[k]
	h[k] = item{}
	h = h[:k]
	for i := 0; ; {
		c := 2*i + 1
		if c >= k {
			break
		}
		if c+1 < k && h[c+1].before(&h[c]) {
			c++
		}
		if !h[c].before(&h[i]) {
			break
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
	r.heap = h
	return top
}

func (r *run) tellSpoke() {
	for _, n := range r.site.nodes {
		l := &r.live[n.id]
		if !l.spoke || n.port.private != nil {
			continue
		}
		s := Spoke{Name: n.name, MAC: n.port.mac, Addrs: append([]netip.Addr(nil), n.v6...)}
		if n.seg != nil {
			s.Segment = n.seg.id
		}
		if l.v4.IsValid() {
			s.Addrs = append(s.Addrs, l.v4)
		}
		r.report.Spoke = append(r.report.Spoke, s)
	}
}
