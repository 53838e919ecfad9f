package hub

import (
	"context"
	"errors"
	"time"

	"candor/internal/block"
	"candor/internal/record"
	"candor/internal/store"
	"candor/internal/transport"
)

// busyWait is how long a sensor waits before it sends again to a hub that has no room.
const busyWait = 5 * time.Second

// Receive implements transport.Receiver: a block is stored, durably, before it is acknowledged, and then folded.
func (h *Hub) Receive(ctx context.Context, peer transport.Peer, b *block.Block) (transport.Ack, error) {
	m := b.Manifest
	k := key{peer.Tenant, peer.Sensor}
	if err := h.open(ctx, k, &m); err != nil {
		return transport.Ack{}, err
	}
	ack := transport.Ack{Position: transport.Position{Epoch: m.Epoch, Sequence: m.Sequence}, Hash: b.Hash}
	duplicate, err := h.opts.Store.Put(ctx, peer.Tenant, b)
	switch {
	case errors.Is(err, store.ErrFull), errors.Is(err, store.ErrUnavailable):
		return ack, transport.Busy(busyWait, "the hub has no room for blocks now: "+err.Error())
	case errors.Is(err, store.ErrConflict):
		return ack, &transport.Refusal{Why: transport.WhyConflict, Words: "the hub has another block of this sequence"}
	case err != nil:
		return ack, err
	}
	ack.Duplicate = duplicate
	if duplicate {
		return ack, nil
	}
	p, err := h.post(k)
	if err != nil {
		return ack, nil // it is stored, and folded with the next start
	}
	p.offer(Meta{Epoch: m.Epoch, First: m.Sequence, Last: m.Sequence, Feed: m.Feed, Span: m.Span(), Arrived: h.now()})
	return ack, nil
}

// open notes a new window before the first block that was measured under another revision of the agreement is stored.
func (h *Hub) open(ctx context.Context, k key, m *block.Manifest) error {
	people := h.opts.Store.People()
	w, known, err := people.Window(ctx, k.tenant, k.sensor)
	if err != nil || known && (w.Revision == m.Scope.Revision || m.Epoch <= w.Epoch) {
		return err
	}
	next := store.Window{Revision: m.Scope.Revision, Epoch: m.Epoch}
	if !known && m.Scope.Revision == 0 {
		next.Epoch = 0 // nothing was agreed: all there is belongs together
	}
	if err := people.PutWindow(ctx, k.tenant, k.sensor, next); err != nil {
		return err
	}
	if p := h.known(k); p != nil {
		p.renew()
	}
	return nil
}

// Heartbeat implements transport.Watcher.
func (h *Hub) Heartbeat(ctx context.Context, peer transport.Peer, hb *transport.Heartbeat) (*transport.Reply, error) {
	p, err := h.post(key{peer.Tenant, peer.Sensor})
	if err != nil {
		return nil, transport.Busy(busyWait, err.Error())
	}
	p.hear(hb, h.now())
	reply := &transport.Reply{Durable: p.durable()}
	scope, agreed, err := h.Scope(ctx, peer)
	if err != nil {
		return nil, err
	}
	if agreed && (scope.Agreement != hb.Scope.Agreement || scope.Revision != hb.Scope.Revision) {
		reply.Scope = &scope
	}
	return reply, nil
}

// Scope implements transport.Watcher: the scope of the newest agreement, its revision counted by the hub, so that two texts never have the same.
func (h *Hub) Scope(ctx context.Context, peer transport.Peer) (record.Scope, bool, error) {
	text, err := h.opts.Store.People().Agreement(ctx, peer.Tenant)
	if err != nil || text.Revision == 0 {
		return record.Scope{}, false, err
	}
	a, err := h.agreed(ctx, peer.Tenant, text.Revision)
	if err != nil {
		return record.Scope{}, false, err
	}
	scope, err := scopeOf(a, peer.Sensor)
	if err != nil { // the agreement names no such sensor: it measures as if nothing was agreed
		h.opts.Log.Warn("sensor is not in the agreement", "tenant", string(peer.Tenant), "sensor", string(peer.Sensor), "err", err)
		return record.Scope{}, false, nil
	}
	scope.Revision = text.Revision
	return scope, true, nil
}
