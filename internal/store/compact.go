package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"candor/internal/block"
	"candor/internal/record"
)

// Bounds of compaction.
const (
	compactAfter = 2 * record.Hour // an hour is compacted once it ended this long ago
	settled      = record.Hour     // and nothing more of it came for this long
	largeEnough  = 50_000          // rows; such a block stays as it is
	compactRows  = 1_000_000       // rows of one compacted block
	compactBytes = 512 << 20
	compactCount = 1000 // sources: the manifest names each
)

// Compacted says what a round of compaction did.
type Compacted struct {
	Folders int // new ones
	Sources int // blocks that went into them
	Skipped int // hours left for the next round, because something of them could not be read
}

// Compact joins the small blocks of closed hours, of each tenant, sensor, epoch and feed, into large ones that name their sources. Run it
// every hour. Questions, folds and backups that run at the time are not disturbed; a crash at any point loses nothing.
func (s *Store) Compact(ctx context.Context) (Compacted, error) {
	var done Compacted
	if s.cfg.Key == nil {
		return done, fmt.Errorf("compact: %w: no key to sign with", ErrUnavailable)
	}
	s.upkeep.Lock()
	defer s.upkeep.Unlock()
	groups, err := s.compactable(ctx)
	if err != nil {
		return done, fmt.Errorf("compact: %w", err)
	}
	for _, g := range groups {
		if err := s.Healthy(); err != nil {
			return done, fmt.Errorf("compact: %w", err)
		}
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		switch err := s.compactGroup(ctx, g); {
		case errors.Is(err, ErrDamaged):
			done.Skipped++
		case err != nil:
			return done, fmt.Errorf("compact %s of %s: %w", g[0].day, g[0].tenant, noRoom(err))
		default:
			done.Folders++
			done.Sources += len(g)
		}
	}
	return done, nil
}

// source is a folder that goes into a compacted one.
type source struct {
	id             int64
	tenant         record.Tenant
	sensor         record.Sensor
	feed           record.Feed
	epoch          uint64
	sequence       uint64
	day, name      string
	from, to       record.Time
	arrived, bytes int64
	rows           int
	wide           bool
}

func (a *source) same(b *source) bool {
	return a.tenant == b.tenant && a.sensor == b.sensor && a.epoch == b.epoch && a.feed == b.feed && a.day == b.day && hourOf(a.from) == hourOf(b.from)
}

// compactable lists groups of two and more folders.
func (s *Store) compactable(ctx context.Context) ([][]source, error) {
	now := record.TimeOf(s.cfg.Now())
	rows, err := s.db.QueryContext(ctx, `SELECT id, tenant, sensor, feed, epoch, first, day, name, from_ns, to_ns, arrived, bytes,
		conn + dns + tls + http + dhcp + log + alert + sight AS n, wide FROM folders
		WHERE sources = 1 AND missing = '' AND from_ns < ? AND n < ? ORDER BY tenant, sensor, epoch, feed, day, from_ns / 3600000000000, first`,
		(now - compactAfter).Floor(record.Hour), largeEnough)
	if err != nil {
		return nil, err
	}
	list, err := collect(rows, func(rows *sql.Rows) (c source, err error) {
		err = rows.Scan(&c.id, &c.tenant, &c.sensor, &c.feed, &c.epoch, &c.sequence, &c.day, &c.name, &c.from, &c.to, &c.arrived, &c.bytes,
			&c.rows, &c.wide)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	var out [][]source
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].same(&list[0]) {
			n++
		}
		newest := slices.MaxFunc(list[:n], func(a, b source) int { return compareTimes(record.Time(a.arrived), record.Time(b.arrived)) })
		if record.Time(newest.arrived) <= now-settled {
			out = append(out, split(list[:n])...)
		}
		list = list[n:]
	}
	return out, nil
}

// split keeps a group within the bounds of one block.
func split(group []source) [][]source {
	var out [][]source
	from, rows, size := 0, 0, int64(0)
	cut := func(to int) {
		if to-from > 1 {
			out = append(out, group[from:to:to])
		}
		from, rows, size = to, 0, 0
	}
	for i := range group {
		if i-from == compactCount || rows+group[i].rows > compactRows || size+group[i].bytes > compactBytes {
			cut(i)
		}
		rows += group[i].rows
		size += group[i].bytes
	}
	cut(len(group))
	return out
}

// compactGroup writes the new block, swaps it in by one transaction, and lets the sources go.
func (s *Store) compactGroup(ctx context.Context, group []source) error {
	first, last := &group[0], &group[len(group)-1]
	var blocks []*block.Block
	for i := range group {
		c := &group[i]
		b, err := s.openFolder(ctx, &Meta{folder: c.id, path: s.blockPath(c.tenant, c.day, c.name)})
		if err != nil {
			return err
		}
		blocks = append(blocks, b)
	}
	temp, err := s.Incoming(first.tenant)
	if err != nil {
		return err
	}
	head := block.Head{
		Tenant: first.tenant, Sensor: first.sensor, Epoch: first.epoch, Sequence: first.sequence, Scope: blocks[0].Manifest.Scope,
		Sealed: record.TimeOf(s.cfg.Now()),
	}
	sealed, err := block.Compact(temp, head, blocks, s.cfg.Key)
	if err != nil {
		return errors.Join(err, s.disk.remove(temp))
	}
	name := compactedName(first.sensor, first.epoch, first.sequence, last.sequence)
	to := s.blockPath(first.tenant, first.day, name)
	if err := s.disk.remove(to); err != nil { // of a round that did not come to its end
		return err
	}
	if err := s.disk.rename(temp, to); err != nil {
		return errors.Join(err, s.disk.remove(temp))
	}
	if err := s.disk.sync(filepath.Dir(to)); err != nil {
		s.fail(err)
		return err
	}
	if err := s.swap(ctx, group, sealed, name); err != nil {
		return errors.Join(err, s.disk.remove(to))
	}
	paths := make([]string, len(group))
	for i := range group {
		paths[i] = s.blockPath(group[i].tenant, group[i].day, group[i].name)
	}
	s.retire(paths)
	return nil
}

// retire removes folders that nothing names any more; what fails is tried again at the next Open.
func (s *Store) retire(paths []string) {
	s.leases.retire(func() {
		for _, p := range paths {
			if err := s.disk.remove(p); err != nil {
				s.log.Warn("folder that is not needed any more stays until the next start", "path", p, "err", err)
			}
		}
	})
}

// swap makes the compacted block take the place of its sources.
func (s *Store) swap(ctx context.Context, group []source, sealed *block.Sealed, name string) error {
	ctx = context.WithoutCancel(ctx)
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	first, last := &group[0], &group[len(group)-1]
	from, to, arrived, wide, rows := first.from, first.to, first.arrived, false, 0
	for i := range group {
		c := &group[i]
		from, to, arrived, wide = min(from, c.from), max(to, c.to), max(arrived, c.arrived), wide || c.wide
		rows += c.rows
	}
	hash, err := decodeHash(sealed.Hash)
	if err != nil {
		return err
	}
	args := []any{first.tenant, first.sensor, first.feed, first.epoch, first.sequence, last.sequence, first.day, name, from, to}
	for _, k := range allKinds() {
		n := sealed.Manifest.Rows[string(k)]
		rows -= n
		args = append(args, n)
	}
	if rows != 0 {
		return fmt.Errorf("%w: the compacted block has %d rows less than its sources", ErrDamaged, rows)
	}
	res, err := tx.StmtContext(ctx, s.sql.folder).ExecContext(ctx, append(args, sealed.Bytes, hash, arrived, len(group), wide)...)
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return err
	}
	for i := range group {
		for _, q := range []string{
			`INSERT OR IGNORE INTO reach (folder, hour) SELECT ?, hour FROM reach WHERE folder = ?`,
			`UPDATE blocks SET folder = ? WHERE folder = ?`,
		} {
			if _, err := tx.ExecContext(ctx, q, id, group[i].id); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM folders WHERE id = ?`, group[i].id); err != nil {
			return err
		}
	}
	return tx.Commit()
}
