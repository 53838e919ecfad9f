package hub

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"candor/internal/block"
	"candor/internal/record"
	"candor/internal/transport"
)

// Direct is a spool for a sensor in the hub's own process (candor view): what is sealed is stored at once, by the same way as what sensors send.
// One goroutine seals.
type Direct struct {
	hub      *Hub
	ctx      context.Context // of who reads: Seal has none
	peer     transport.Peer
	key      ed25519.PrivateKey
	epoch    uint64
	sequence uint64
	previous string
}

// Direct makes one for a sensor that has sent nothing yet. The key signs its blocks.
func (h *Hub) Direct(ctx context.Context, t record.Tenant, s record.Sensor, key ed25519.PrivateKey) *Direct {
	pub, _ := key.Public().(ed25519.PublicKey) // an Ed25519 key's public half always is one
	return &Direct{
		hub: h, ctx: ctx, peer: transport.Peer{Tenant: t, Sensor: s, Fingerprint: block.Fingerprint(pub)}, key: key, epoch: uint64(h.opts.Now().Unix()),
	}
}

// Seal seals and stores a batch.
func (d *Direct) Seal(b *record.Batch, scope block.Scope) (*block.Manifest, error) {
	dir, err := d.hub.opts.Store.Incoming(d.peer.Tenant)
	if err != nil {
		return nil, fmt.Errorf("place for a block: %w", err)
	}
	head := block.Head{
		Tenant: d.peer.Tenant, Sensor: d.peer.Sensor, Epoch: d.epoch, Sequence: d.sequence + 1, Scope: scope, Previous: d.previous, Sealed: d.hub.now(),
	}
	c := *b
	c.ID = record.BatchID{Sensor: d.peer.Sensor, Epoch: d.epoch, Sequence: head.Sequence}
	if _, err := block.Seal(dir, head, &c, d.key); err != nil {
		return nil, err
	}
	sealed, err := block.Open(dir)
	if err != nil {
		return nil, err
	}
	if _, err := d.hub.Receive(d.ctx, d.peer, sealed); err != nil {
		return nil, err
	}
	d.sequence, d.previous = head.Sequence, sealed.Hash
	return &sealed.Manifest, nil
}

// Last is nothing: it began with the hub.
func (d *Direct) Last() (block.Manifest, bool) { return block.Manifest{}, false }
