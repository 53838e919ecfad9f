package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"candor/internal/block"
	"candor/internal/record"
)

// Repair says what Open found and mended.
type Repair struct {
	Adopted    int // folders that had no row: stored before the crash, noted now
	Missing    int // rows whose folder is gone
	Healed     int // folders that had been missing and are back
	Removed    int // folders that a compaction or retention had replaced already
	Unreceived int // blocks half received: their sensor still has them
	Unread     int // folders without row that are no blocks: left where they are
}

// mend makes disk and SQLite agree after a crash. It reads one listing for each tenant and day, and opens only what does not agree.
func (s *Store) mend(ctx context.Context) (Repair, error) {
	var r Repair
	queries := filepath.Join(s.cfg.Dir, queriesDir) // of a process that was killed
	if err := errors.Join(s.disk.remove(queries), s.disk.makeDir(queries)); err != nil {
		return r, err
	}
	tenants, err := os.ReadDir(filepath.Join(s.cfg.Dir, tenantsDir))
	if err != nil {
		return r, err
	}
	seen := map[int64]bool{}
	for _, t := range tenants {
		if !t.IsDir() || !ValidID(t.Name()) {
			continue
		}
		if err := s.mendTenant(ctx, record.Tenant(t.Name()), seen, &r); err != nil {
			return r, fmt.Errorf("tenant %s: %w", t.Name(), err)
		}
	}
	if err := s.markGone(ctx, seen, &r); err != nil {
		return r, err
	}
	if r != (Repair{}) {
		s.log.Warn("store repaired", "adopted", r.Adopted, "missing", r.Missing, "healed", r.Healed, "removed", r.Removed,
			"unreceived", r.Unreceived, "unread", r.Unread)
	}
	return r, nil
}

func (s *Store) mendTenant(ctx context.Context, tenant record.Tenant, seen map[int64]bool, r *Repair) error {
	half, err := listDir(s.tenantPath(tenant, incomingDir))
	if err != nil {
		return err
	}
	for _, e := range half {
		if err := s.disk.remove(s.tenantPath(tenant, incomingDir, e.Name())); err != nil {
			return err
		}
		r.Unreceived++
	}
	if err := s.mendSnapshots(tenant); err != nil {
		return err
	}
	days, err := listDir(s.tenantPath(tenant, blocksDir))
	if err != nil {
		return err
	}
	for _, d := range days {
		if _, err := dayTime(d.Name()); err != nil || !d.IsDir() {
			continue
		}
		if err := s.mendDay(ctx, tenant, d.Name(), seen, r); err != nil {
			return fmt.Errorf("day %s: %w", d.Name(), err)
		}
	}
	return nil
}

// mendSnapshots removes those half written.
func (s *Store) mendSnapshots(tenant record.Tenant) error {
	half, err := filepath.Glob(s.tenantPath(tenant, snapshotsDir, "*", "*new-*"))
	if err != nil {
		return err
	}
	for _, path := range half {
		err = errors.Join(err, s.disk.remove(path))
	}
	return err
}

func listDir(dir string) ([]os.DirEntry, error) {
	list, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return list, err
}

func (s *Store) mendDay(ctx context.Context, tenant record.Tenant, day string, seen map[int64]bool, r *Repair) error {
	type noted struct {
		id      int64
		missing bool
	}
	known := map[string]noted{}
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, missing != '' FROM folders WHERE tenant = ? AND day = ?`, tenant, day)
	if err != nil {
		return err
	}
	_, err = collect(rows, func(rows *sql.Rows) (struct{}, error) {
		var n noted
		var name string
		err := rows.Scan(&n.id, &name, &n.missing)
		known[name] = n
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	entries, err := listDir(s.tenantPath(tenant, blocksDir, day))
	if err != nil {
		return err
	}
	for _, e := range entries {
		n, ok := known[e.Name()]
		switch {
		case ok && !n.missing:
			seen[n.id] = true
		case ok:
			err = s.revive(ctx, tenant, day, e.Name(), n.id, seen, r)
		default:
			err = s.adopt(ctx, tenant, day, e.Name(), seen, r)
		}
		if err != nil {
			return fmt.Errorf("folder %s: %w", e.Name(), err)
		}
	}
	return nil
}

// revive looks whether a folder that could not be read can be read again.
func (s *Store) revive(ctx context.Context, tenant record.Tenant, day, name string, id int64, seen map[int64]bool, r *Repair) error {
	seen[id] = true
	var hash []byte
	if err := s.db.QueryRowContext(ctx, `SELECT hash FROM folders WHERE id = ?`, id).Scan(&hash); err != nil {
		return err
	}
	b, err := block.Open(s.blockPath(tenant, day, name))
	if err != nil || b.Hash != hex.EncodeToString(hash) || checkFiles(b) != nil {
		return nil // still missing
	}
	r.Healed++
	_, err = s.db.ExecContext(ctx, `UPDATE folders SET missing = '' WHERE id = ?`, id)
	return err
}

// adopt decides about a folder without a row: a block whose row the crash prevented is noted, what compaction or retention was about to
// remove is removed.
func (s *Store) adopt(ctx context.Context, tenant record.Tenant, day, name string, seen map[int64]bool, r *Repair) error {
	path := s.blockPath(tenant, day, name)
	b, err := block.Open(path)
	if err != nil || checkManifest(tenant, &b.Manifest) != nil {
		r.Unread++
		s.log.Warn("folder without row is no block: left where it is", "path", path, "err", err)
		return nil
	}
	m := &b.Manifest
	var elsewhere bool // the data is in another folder, or was dropped on purpose
	err = s.db.QueryRowContext(ctx, `SELECT COALESCE(f.missing, '') = '' FROM blocks b LEFT JOIN folders f ON f.id = b.folder
		WHERE b.tenant = ? AND b.sensor = ? AND b.epoch = ? AND b.sequence = ?`, tenant, m.Sensor, m.Epoch, m.Sequence).Scan(&elsewhere)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	case elsewhere:
		r.Removed++ // a source of a compacted block; or a compacted block that was not swapped in, whose sources are all there
		return s.disk.remove(path)
	case err == nil || len(m.Sources) > 0 || name != blockName(m.Sensor, m.Epoch, m.Sequence):
		r.Unread++ // nothing is deleted that might be the last copy
		s.log.Warn("folder without row contradicts what is known: left where it is", "path", path)
		return nil
	}
	p := &put{tenant: tenant, m: m, bytes: b.Bytes, day: day, name: name}
	p.begin, p.end = effective(m)
	if p.hash, err = decodeHash(b.Hash); err != nil {
		return err
	}
	if p.reach, p.wide, err = reachOf(b, p.begin, p.end); err != nil {
		p.reach, p.wide, p.missing = nil, true, err.Error()
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := s.note(ctx, tx, p); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	r.Adopted++
	var id int64
	err = s.db.QueryRowContext(ctx, `SELECT id FROM folders WHERE tenant = ? AND day = ? AND name = ?`, tenant, day, name).Scan(&id)
	seen[id] = true
	return err
}

// markGone notes the folders that were not seen.
func (s *Store) markGone(ctx context.Context, seen map[int64]bool, r *Repair) error {
	rows, err := s.db.QueryContext(ctx, `SELECT id FROM folders WHERE missing = ''`)
	if err != nil {
		return err
	}
	ids, err := collect(rows, scanID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		r.Missing++
		if err := s.markMissing(ctx, id, errGone); err != nil {
			return err
		}
	}
	return nil
}

func scanID(rows *sql.Rows) (id int64, err error) {
	err = rows.Scan(&id)
	return id, err
}

// markMissing notes that a folder cannot be read; from then on every answer that touches it is told.
func (s *Store) markMissing(ctx context.Context, folder int64, why error) error {
	if _, err := s.sql.addReason.ExecContext(ctx, why.Error(), folder); err != nil {
		return fmt.Errorf("note missing folder: %w", err)
	}
	return nil
}
