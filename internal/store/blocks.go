package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"candor/internal/block"
	"candor/internal/record"
)

// Cursor is a place in the fold order of one sensor's blocks: everything up to and including this block. The zero value is
// before the first.
type Cursor struct {
	Epoch    uint64 `json:"epoch"`
	Sequence uint64 `json:"sequence"`
}

// Less reports whether c is before other.
func (c Cursor) Less(other Cursor) bool {
	return c.Epoch < other.Epoch || c.Epoch == other.Epoch && c.Sequence < other.Sequence
}

// Meta says of one or more consecutive blocks what they are and where they lie. More than one are in one folder since compaction.
type Meta struct {
	Tenant  record.Tenant
	Sensor  record.Sensor
	Feed    record.Feed
	Epoch   uint64
	First   uint64 // sequences, both included
	Last    uint64
	Span    record.Span // of packets or lines; the time of sealing where there are none
	Arrived record.Time // of the first
	Gone    string      // why it cannot be loaded; empty: it can
	Bytes   int64       // of the folder it lies in
	folder  int64
	path    string
}

// Cursor is the place after the blocks of m.
func (m *Meta) Cursor() Cursor { return Cursor{m.Epoch, m.Last} }

const metaColumns = `b.tenant, b.sensor, b.feed, b.epoch, b.sequence, b.sequence, b.from_ns, b.to_ns, b.arrived, COALESCE(f.bytes, 0),
	COALESCE(f.id, 0), COALESCE(f.day, ''), COALESCE(f.name, ''),
	CASE WHEN f.id IS NULL THEN 'dropped by retention' ELSE f.missing END
	FROM blocks b LEFT JOIN folders f ON f.id = b.folder`

func (s *Store) scanMeta(rows *sql.Rows) (m Meta, err error) {
	var day, name string
	err = rows.Scan(&m.Tenant, &m.Sensor, &m.Feed, &m.Epoch, &m.First, &m.Last, &m.Span.From, &m.Span.To, &m.Arrived, &m.Bytes,
		&m.folder, &day, &name, &m.Gone)
	if m.folder != 0 {
		m.path = s.blockPath(m.Tenant, day, name)
	}
	return m, err
}

// After lists the blocks of a sensor behind a place in the fold order (epoch, sequence), at most limit of them. Those whose data is gone are
// among them, with the reason. Neighbours in one compacted folder come as one Meta.
func (s *Store) After(ctx context.Context, tenant record.Tenant, sensor record.Sensor, c Cursor, limit int) ([]Meta, error) {
	list, err := s.after(ctx, tenant, sensor, c, limit)
	if err != nil {
		return nil, fmt.Errorf("blocks of %s: %w", sensor, err)
	}
	var out []Meta
	for _, m := range list {
		if n := len(out); n > 0 && m.folder != 0 && out[n-1].folder == m.folder {
			last := &out[n-1]
			last.Last = m.Last
			last.Span = record.Span{From: min(last.Span.From, m.Span.From), To: max(last.Span.To, m.Span.To)}
			continue
		}
		out = append(out, m)
	}
	return out, nil
}

func (s *Store) after(ctx context.Context, tenant record.Tenant, sensor record.Sensor, c Cursor, limit int) ([]Meta, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+metaColumns+` WHERE b.tenant = ? AND b.sensor = ? AND (b.epoch, b.sequence) > (?, ?)
		ORDER BY b.epoch, b.sequence LIMIT ?`, tenant, sensor, c.Epoch, c.Sequence, limit)
	if err != nil {
		return nil, err
	}
	return collect(rows, s.scanMeta)
}

// Sensors lists the sensors of a tenant that ever sent a block.
func (s *Store) Sensors(ctx context.Context, tenant record.Tenant) ([]record.Sensor, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT DISTINCT sensor FROM blocks WHERE tenant = ? ORDER BY sensor`, tenant)
	if err != nil {
		return nil, fmt.Errorf("sensors of %s: %w", tenant, err)
	}
	out, err := collect(rows, func(rows *sql.Rows) (v record.Sensor, err error) {
		err = rows.Scan(&v)
		return v, err
	})
	if err != nil {
		return nil, fmt.Errorf("sensors of %s: %w", tenant, err)
	}
	return out, nil
}

// Load reads the batches of a Meta, each exactly as it was sealed and in its order. What turns out to be damaged is noted as missing,
// and the error is ErrDamaged.
func (s *Store) Load(ctx context.Context, m Meta) ([]*record.Batch, error) {
	var out []*record.Batch
	for b, err := range s.load(ctx, &m) {
		if err != nil {
			return nil, err
		}
		if b.ID.Epoch == m.Epoch && b.ID.Sequence >= m.First && b.ID.Sequence <= m.Last {
			out = append(out, b)
		}
		if b.ID.Sequence >= m.Last {
			break
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("load blocks %d to %d of %s: %w", m.First, m.Last, m.Sensor, ErrNotFound)
	}
	return out, nil
}

// load yields all batches of the folder that m lies in.
func (s *Store) load(ctx context.Context, m *Meta) iter.Seq2[*record.Batch, error] {
	return func(yield func(*record.Batch, error) bool) {
		fail := func(err error) {
			yield(nil, fmt.Errorf("load block %d of epoch %d of %s: %w", m.First, m.Epoch, m.Sensor, err))
		}
		done := s.leases.take()
		defer done()
		m, err := s.current(ctx, m)
		if err != nil {
			fail(err)
			return
		}
		b, err := s.openFolder(ctx, m)
		if err != nil {
			fail(err)
			return
		}
		for batch, err := range b.Batches() {
			if err != nil {
				fail(s.damaged(ctx, m.folder, err))
				return
			}
			if ctx.Err() != nil {
				fail(ctx.Err())
				return
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// current looks again where the first block of m lies: compaction may have moved it since m was made. A lease is held.
func (s *Store) current(ctx context.Context, m *Meta) (*Meta, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+metaColumns+` WHERE b.tenant = ? AND b.sensor = ? AND b.epoch = ? AND b.sequence = ?`,
		m.Tenant, m.Sensor, m.Epoch, m.First)
	if err != nil {
		return nil, err
	}
	list, err := collect(rows, s.scanMeta)
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, ErrNotFound
	case list[0].Gone != "":
		return nil, fmt.Errorf("%w: %s", ErrDamaged, list[0].Gone)
	}
	return &list[0], nil
}

// openFolder opens a block and compares its manifest with SQLite; its files are compared with the manifest when they are read.
func (s *Store) openFolder(ctx context.Context, m *Meta) (*block.Block, error) {
	var hash []byte
	if err := s.db.QueryRowContext(ctx, `SELECT hash FROM folders WHERE id = ?`, m.folder).Scan(&hash); err != nil {
		return nil, err
	}
	b, err := block.Open(m.path)
	if err == nil && b.Hash != hex.EncodeToString(hash) {
		err = errors.New("its manifest is not the one that was stored")
	}
	if err != nil {
		return nil, s.damaged(ctx, m.folder, err)
	}
	return b, nil
}

// damaged notes a folder as missing. Not being allowed, or out of descriptors or memory, is no damage of the folder.
func (s *Store) damaged(ctx context.Context, folder int64, why error) error {
	if errors.Is(why, os.ErrPermission) || ctx.Err() != nil || isTransient(why) {
		return why
	}
	s.log.Error("block cannot be read", "folder", folder, "err", why)
	return errors.Join(fmt.Errorf("%w: %w", ErrDamaged, why), s.markMissing(context.WithoutCancel(ctx), folder, why))
}

// checkFiles compares the bytes of a block's files with the hashes in its manifest.
func checkFiles(b *block.Block) error {
	for _, f := range b.Manifest.Files {
		file, err := os.Open(filepath.Join(b.Dir, kindFile(f.Kind)))
		if err != nil {
			return err
		}
		h := sha256.New()
		n, err := io.Copy(h, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
		if n != f.Bytes || hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
			return fmt.Errorf("%s is not what was sealed", kindFile(f.Kind))
		}
	}
	return nil
}

// Batches yields the batches of a sensor behind a place in the fold order, each compacted folder read once. A block that cannot be loaded
// yields its Meta with an error, and the next one follows.
func (s *Store) Batches(ctx context.Context, tenant record.Tenant, sensor record.Sensor, c Cursor) iter.Seq2[Loaded, error] {
	return func(yield func(Loaded, error) bool) {
		open := pulls{}
		defer open.close()
		for {
			list, err := s.after(ctx, tenant, sensor, c, 256)
			if err != nil {
				yield(Loaded{}, fmt.Errorf("blocks of %s: %w", sensor, err))
				return
			}
			for _, m := range list {
				b, err := open.batch(s, ctx, m)
				if !yield(Loaded{m, b}, err) || ctx.Err() != nil {
					return
				}
				c = m.Cursor()
			}
			if len(list) == 0 {
				return
			}
		}
	}
}

// Loaded is a batch and where it came from.
type Loaded struct {
	Meta  Meta
	Batch *record.Batch // nil when it could not be loaded
}

// pulls are the folders being read at once, by id: of several feeds, whose blocks take turns.
type pulls map[int64]*pull

type pull struct {
	next  func() (*record.Batch, error, bool)
	stop  func()
	ended uint64 // the last sequence read
}

func (p pulls) batch(s *Store, ctx context.Context, m Meta) (*record.Batch, error) {
	if m.folder == 0 || m.Gone != "" {
		return nil, fmt.Errorf("load block %d of epoch %d of %s: %w: %s", m.First, m.Epoch, m.Sensor, ErrDamaged, m.Gone)
	}
	f := p[m.folder]
	if f == nil || f.ended >= m.First {
		p.end(m.folder)
		next, stop := iter.Pull2(s.load(ctx, &m))
		f = &pull{next: next, stop: stop}
		p[m.folder] = f
	}
	for {
		b, err, ok := f.next()
		switch {
		case !ok:
			err = fmt.Errorf("load block %d of epoch %d of %s: %w", m.First, m.Epoch, m.Sensor, ErrNotFound)
			fallthrough
		case err != nil:
			p.end(m.folder)
			return nil, err
		}
		f.ended = b.ID.Sequence
		if f.ended == m.First {
			return b, nil
		}
	}
}

func (p pulls) end(folder int64) {
	if f := p[folder]; f != nil {
		f.stop()
		delete(p, folder)
	}
}

func (p pulls) close() {
	for id := range p {
		p.end(id)
	}
}
