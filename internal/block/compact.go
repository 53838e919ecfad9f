package block

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"candor/internal/record"
)

// Compact writes one block out of several consecutive ones of one feed: rows one source after the other, marks shifted, and the manifest
// naming each source. (*Block).Batches gives back their batches one by one, exactly as they were. Sources that are compacted
// themselves hand on the blocks they were made of. One source's rows are in memory at a time. It does not verify signatures.
func Compact(dir string, h Head, sources []*Block, key ed25519.PrivateKey) (*Sealed, error) {
	s, err := compact(osDisk{}, dir, h, sources, key)
	if err != nil {
		return nil, fmt.Errorf("compact into block %s: %w", dir, err)
	}
	return s, nil
}

func compact(d disk, dir string, h Head, sources []*Block, key ed25519.PrivateKey) (*Sealed, error) {
	m, err := h.joined(sources)
	if err != nil {
		return nil, err
	}
	return m.write(d, dir, key, func(tmp string) error {
		for _, p := range parts() {
			if m.Rows[string(p.name())] == 0 {
				continue
			}
			err := m.file(d, tmp, p, func(w partWriter) error {
				for _, b := range sources {
					if err := b.pour(p, w); err != nil {
						return fmt.Errorf("from block %s: %w", b.Dir, err)
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// pour writes a block's rows of one kind, batch by batch.
func (b *Block) pour(p part, w partWriter) error {
	kind := string(p.name())
	i := slices.IndexFunc(b.Manifest.Files, func(f File) bool { return f.Kind == p.name() })
	if i < 0 {
		return nil
	}
	r, err := b.reader(&b.Manifest.Files[i])
	if err != nil {
		return err
	}
	for _, s := range b.sources() {
		if s.Rows[kind] == 0 {
			continue
		}
		var batch record.Batch
		if err := r.read(&batch, s.Rows[kind]); err != nil {
			return err
		}
		if err := w.write(&batch); err != nil {
			return err
		}
	}
	return nil
}

// sources are the blocks that a block was made of, or itself.
func (b *Block) sources() []Source {
	m := &b.Manifest
	if len(m.Sources) > 0 {
		return m.Sources
	}
	return []Source{{
		Epoch: m.Epoch, Sequence: m.Sequence, Manifest: b.Hash, From: m.From, To: m.To, Scope: m.Scope, Rows: m.Rows, Marks: len(m.Marks),
		Inputs: m.Inputs, Blind: len(m.Blind), Ended: m.Ended, Previous: m.Previous, Sealed: m.Sealed,
	}}
}

// joined is the manifest of a block made of others, but for its files.
func (h *Head) joined(blocks []*Block) (*Manifest, error) {
	if len(blocks) == 0 {
		return nil, errors.New("no blocks to make it of")
	}
	m := h.manifest()
	m.Feed = blocks[0].Manifest.Feed
	var from record.Mark
	var span record.Span
	for i, b := range blocks {
		of := &b.Manifest
		if of.Tenant != h.Tenant || of.Sensor != h.Sensor || of.Feed != m.Feed {
			return nil, fmt.Errorf("block %d is of tenant %q, sensor %q, feed %q: only blocks of one feed go together", i, of.Tenant, of.Sensor, of.Feed)
		}
		for _, k := range of.Marks {
			m.Marks = append(m.Marks, shift(k, from))
		}
		m.Blind = append(m.Blind, of.Blind...)
		m.Inputs = newest(m.Inputs, of.Inputs)
		m.Ended = m.Ended || of.Ended
		m.Sources = append(m.Sources, b.sources()...)
		for kind, n := range of.Rows {
			m.Rows[kind] += n
		}
		span, from = both(span, of.Span()), after(from, of.Rows)
	}
	m.From, m.To = span.From, span.To
	for i := 1; i < len(m.Sources); i++ {
		a, b := &m.Sources[i-1], &m.Sources[i]
		if cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Sequence, b.Sequence)) >= 0 {
			return nil, fmt.Errorf("block %d of epoch %d comes after block %d of epoch %d: they go together in their order", b.Sequence, b.Epoch, a.Sequence, a.Epoch)
		}
	}
	for kind, n := range m.Rows {
		if n > MaxRows {
			return nil, fmt.Errorf("%d rows of kind %s, at most %d: compact fewer blocks at once", n, kind, MaxRows)
		}
	}
	return m, nil
}
