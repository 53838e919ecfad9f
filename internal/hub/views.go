package hub

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"candor/internal/agreement"
	"candor/internal/coverage"
	"candor/internal/record"
	"candor/internal/service"
)

// Sensors implements service.Judges.
func (h *Hub) Sensors(_ context.Context, t record.Tenant) ([]service.Live, error) {
	var out []service.Live
	for _, p := range h.of(t) {
		out = append(out, *p.live())
	}
	slices.SortFunc(out, func(a, b service.Live) int { return cmp.Compare(a.Sensor, b.Sensor) })
	return out, nil
}

// View implements service.Judges.
func (h *Hub) View(_ context.Context, t record.Tenant, s record.Sensor) (*service.View, error) {
	p := h.known(key{t, s})
	if p == nil {
		return nil, nil
	}
	v := p.view.Load()
	if v == nil {
		return nil, fmt.Errorf("%w: what the sensor sent before is being folded", service.ErrUnavailable)
	}
	return v, nil
}

// Changed implements service.Judges: sensors learn of a new agreement with their next heartbeat, and a new window begins with their
// first block under it.
func (h *Hub) Changed(context.Context, record.Tenant) error { return nil }

// live is what a sensor said last.
func (p *post) live() *service.Live {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := &service.Live{Sensor: p.key.sensor, Behind: p.behind, Problem: p.problem}
	if v := p.view.Load(); v != nil && v.Until != 0 {
		l.Folded = v.Until.Text()
	}
	hb := p.beat
	if hb == nil {
		return l
	}
	l.Heartbeat = p.beatAt.Std()
	l.Spooled = hb.Spool.Blocks
	l.Lag = (p.beatAt - hb.At).Seconds()
	if hb.Problem != "" {
		l.Problem = hb.Problem
	}
	for i := range hb.Sight {
		s := &hb.Sight[i]
		if l.Sight == nil {
			l.Sight = &service.Provisional{From: s.Span.From.Text()}
		}
		if s.Segment != record.Nowhere {
			l.Sight.Hosts += len(s.Hosts)
			continue
		}
		l.Sight.Packets += s.Counts[record.Packets]
		l.Sight.Bytes += s.Counts[record.Bytes]
		l.Sight.Conns += s.Counts[record.Conns]
		l.Sight.Lookups += s.Counts[record.DNSQueries]
	}
	if hb.Drops != nil && l.Sight != nil {
		l.Sight.Dropped = hb.Drops.Dropped
	}
	return l
}

// scopeOf is what an agreement tells a sensor to expect.
func scopeOf(a *agreement.Agreement, s record.Sensor) (record.Scope, error) {
	terms, err := coverage.NewTerms(a, s)
	if err != nil {
		return record.Scope{}, err
	}
	return terms.Scope, nil
}

// crowd is who listens to a hub's events. mu guards it.
type crowd struct {
	mu      sync.Mutex
	readers map[*reader]bool
}

type reader struct {
	tenant record.Tenant
	events chan service.Event
}

// waiting is how many events a slow reader may be behind; then he loses some.
const waiting = 64

// Subscribe implements service.Judges.
func (h *Hub) Subscribe(t record.Tenant) (<-chan service.Event, func()) {
	r := &reader{tenant: t, events: make(chan service.Event, waiting)}
	h.crowd.mu.Lock()
	h.crowd.readers[r] = true
	h.crowd.mu.Unlock()
	return r.events, func() {
		h.crowd.mu.Lock()
		delete(h.crowd.readers, r)
		h.crowd.mu.Unlock()
	}
}

func (c *crowd) tell(t record.Tenant, e service.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for r := range c.readers {
		if r.tenant != t {
			continue
		}
		select {
		case r.events <- e:
		default:
		}
	}
}
