package block

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path/filepath"

	"candor/internal/record"
)

// Head is what the sealer knows of a block and its batch does not: who seals, in which order, under which scope.
type Head struct {
	Tenant   record.Tenant
	Sensor   record.Sensor
	Epoch    uint64
	Sequence uint64
	Scope    Scope
	Previous string      // hex SHA-256 of the manifest before it in the epoch; empty for the first
	Sealed   record.Time // by the sealer's clock
}

// Sealed is a block just written: whole and durable.
type Sealed struct {
	Dir      string   // where it is
	Manifest Manifest // as signed
	Hash     string   // hex SHA-256 of the manifest's bytes: Previous of the next one
	Bytes    int64    // of the envelope and all files
}

// Seal writes a batch as a block into the folder dir, which must not exist. It is whole and durable, or not there; an error says
// where it happened and what to do. The block's identity is the head's, whatever the batch's ID. It fails without a try for what
// could not be read again: more than MaxRows of one kind, a manifest beyond MaxManifest, strings beyond measure, sets out of order.
func Seal(dir string, h Head, b *record.Batch, key ed25519.PrivateKey) (*Sealed, error) {
	return seal(osDisk{}, dir, h, b, key)
}

func seal(d disk, dir string, h Head, b *record.Batch, key ed25519.PrivateKey) (*Sealed, error) {
	for i := range b.Sight {
		if err := checkSight(&b.Sight[i]); err != nil {
			return nil, fmt.Errorf("seal block %s: %w", dir, err)
		}
	}
	m := h.manifest()
	m.Feed, m.From, m.To, m.Ended = b.Feed, b.Span.From, b.Span.To, b.Ended
	m.Marks, m.Inputs, m.Blind, m.Rows = b.Marks, b.Inputs, b.Blind, rowsIn(b)
	s, err := m.write(d, dir, key, func(tmp string) error {
		for _, p := range parts() {
			if p.rows(b) == 0 {
				continue
			}
			err := m.file(d, tmp, p, func(w partWriter) error { return w.write(b) })
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("seal block %s: %w", dir, err)
	}
	return s, nil
}

func (h *Head) manifest() *Manifest {
	return &Manifest{
		Schema: Schema, Tenant: h.Tenant, Sensor: h.Sensor, Epoch: h.Epoch, Sequence: h.Sequence, Scope: h.Scope, Previous: h.Previous,
		Sealed: h.Sealed, Rows: map[string]int{}, Files: []File{},
	}
}

func rowsIn(b *record.Batch) map[string]int {
	rows := map[string]int{}
	for _, p := range parts() {
		if n := p.rows(b); n > 0 {
			rows[string(p.name())] = n
		}
	}
	return rows
}

// write makes the block: the files by fill, then the envelope.
func (m *Manifest) write(d disk, dir string, key ed25519.PrivateKey, fill func(tmp string) error) (*Sealed, error) {
	s := &Sealed{Dir: dir}
	err := whole(d, dir, func(tmp string) error {
		if err := fill(tmp); err != nil {
			return err
		}
		if err := m.check(); err != nil {
			return fmt.Errorf("manifest: %w", err)
		}
		e, err := sealEnvelope(m, key)
		if err != nil {
			return err
		}
		all := e.bytes()
		s.Manifest, s.Hash, s.Bytes = *m, hashOf(e.raw), m.bytes(len(all))
		return put(d, filepath.Join(tmp, envelopeFile), func(w io.Writer) error {
			_, err := w.Write(all)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// bytes is what a block takes with an envelope of so many bytes.
func (m *Manifest) bytes(envelope int) int64 {
	n := int64(envelope)
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

// file writes the file of one kind and notes it.
func (m *Manifest) file(d disk, tmp string, p part, fill func(w partWriter) error) error {
	sum := hashing{h: sha256.New()}
	err := put(d, filepath.Join(tmp, fileName(p.name())), func(w io.Writer) error {
		sum.w = w
		pw := p.writer(&sum)
		if err := fill(pw); err != nil {
			return err
		}
		return pw.close()
	})
	if err != nil {
		return err
	}
	m.Files = append(m.Files, File{Kind: p.name(), Bytes: sum.n, SHA256: hex.EncodeToString(sum.h.Sum(nil))})
	return nil
}

// hashing counts and hashes what is written through it.
type hashing struct {
	w io.Writer
	h hash.Hash
	n int64
}

// Write passes bytes on.
func (s *hashing) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.h.Write(b[:n])
	s.n += int64(n)
	return n, err
}

var streamMagic = []byte("CANDORB1")

// isMagic reports whether a stream begins as a block does.
func isMagic(b []byte) bool { return bytes.Equal(b, streamMagic) }
