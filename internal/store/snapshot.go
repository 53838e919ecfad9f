package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"candor/internal/record"
)

// Snapshot is the frozen state of a sensor's judge after the block that At names.
type Snapshot struct {
	Tenant  record.Tenant
	Sensor  record.Sensor
	At      Cursor
	Version string // of whoever froze it
	Bytes   int64
	Made    record.Time
	id      int64
	sum     []byte
}

func (s *Store) snapshotPath(tenant record.Tenant, sensor record.Sensor, id int64) string {
	return s.tenantPath(tenant, snapshotsDir, string(sensor), strconv.FormatInt(id, 10))
}

// PutSnapshot keeps what r gives as the state of a sensor's judge at a place in the fold order. It is whole and durable, or not there. Of
// each sensor Config.Snapshots are kept, those furthest along.
func (s *Store) PutSnapshot(ctx context.Context, tenant record.Tenant, sensor record.Sensor, at Cursor, version string, r io.Reader) error {
	if err := errors.Join(checkID("tenant", string(tenant)), checkID("sensor", string(sensor))); err != nil {
		return fmt.Errorf("keep snapshot: %w", err)
	}
	dir := s.tenantPath(tenant, snapshotsDir, string(sensor))
	if err := s.disk.makeDir(dir); err != nil {
		return fmt.Errorf("keep snapshot of %s: %w", sensor, noRoom(err))
	}
	temp := filepath.Join(dir, "new-"+strconv.FormatUint(s.number.Add(1), 10))
	sum, n := sha256.New(), int64(0)
	err := s.disk.writeFile(temp, func(w io.Writer) (err error) {
		n, err = io.Copy(io.MultiWriter(w, sum), r)
		return err
	})
	if err == nil {
		err = s.noteSnapshot(ctx, Snapshot{Tenant: tenant, Sensor: sensor, At: at, Version: version, Bytes: n, sum: sum.Sum(nil)}, temp)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep snapshot of %s: %w", sensor, noRoom(err)), s.disk.remove(temp))
	}
	return s.thinSnapshots(ctx, tenant, sensor)
}

// noteSnapshot writes the row and gives the file its name; a row without file is skipped by Snapshots.
func (s *Store) noteSnapshot(ctx context.Context, n Snapshot, temp string) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	res, err := tx.ExecContext(ctx, `INSERT INTO snapshots (tenant, sensor, epoch, sequence, version, bytes, sha256, made)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, n.Tenant, n.Sensor, n.At.Epoch, n.At.Sequence, n.Version, n.Bytes, n.sum, s.cfg.Now().UnixNano())
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return err
	}
	path := s.snapshotPath(n.Tenant, n.Sensor, id)
	if err := s.disk.rename(temp, path); err != nil {
		return err
	}
	if err := s.disk.sync(filepath.Dir(path)); err != nil {
		return err
	}
	return tx.Commit()
}

// thinSnapshots deletes those beyond the bound.
func (s *Store) thinSnapshots(ctx context.Context, tenant record.Tenant, sensor record.Sensor) error {
	all, err := s.Snapshots(ctx, tenant, sensor, Cursor{1<<63 - 1, 1<<63 - 1})
	if err != nil || len(all) <= s.cfg.Snapshots {
		return err
	}
	return s.DropSnapshots(ctx, all[s.cfg.Snapshots:]...)
}

// DropSnapshots deletes snapshots: those of another version, or those that a late block made wrong.
func (s *Store) DropSnapshots(ctx context.Context, list ...Snapshot) error {
	for _, n := range list {
		if _, err := s.db.ExecContext(ctx, `DELETE FROM snapshots WHERE id = ?`, n.id); err != nil {
			return fmt.Errorf("drop snapshot: %w", err)
		}
		if err := s.disk.remove(s.snapshotPath(n.Tenant, n.Sensor, n.id)); err != nil {
			return fmt.Errorf("drop snapshot: %w", err)
		}
	}
	return nil
}

// Snapshots lists those of a sensor at a place or before it, the furthest along first.
func (s *Store) Snapshots(ctx context.Context, tenant record.Tenant, sensor record.Sensor, at Cursor) ([]Snapshot, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, tenant, sensor, epoch, sequence, version, bytes, sha256, made FROM snapshots
		WHERE tenant = ? AND sensor = ? AND (epoch, sequence) <= (?, ?) ORDER BY epoch DESC, sequence DESC, id DESC`,
		tenant, sensor, min(at.Epoch, 1<<63-1), min(at.Sequence, 1<<63-1))
	if err != nil {
		return nil, fmt.Errorf("snapshots of %s: %w", sensor, err)
	}
	out, err := collect(rows, func(rows *sql.Rows) (n Snapshot, err error) {
		err = rows.Scan(&n.id, &n.Tenant, &n.Sensor, &n.At.Epoch, &n.At.Sequence, &n.Version, &n.Bytes, &n.sum, &n.Made)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("snapshots of %s: %w", sensor, err)
	}
	return out, nil
}

// OpenSnapshot reads a snapshot whole and compares it with its checksum; ErrDamaged when it is not what was kept: take the one before it.
func (s *Store) OpenSnapshot(n Snapshot) (io.Reader, error) {
	data, err := os.ReadFile(s.snapshotPath(n.Tenant, n.Sensor, n.id))
	if err != nil {
		return nil, fmt.Errorf("open snapshot of %s: %w: %w", n.Sensor, ErrDamaged, err)
	}
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], n.sum) {
		return nil, fmt.Errorf("open snapshot of %s: %w: its checksum differs", n.Sensor, ErrDamaged)
	}
	return bytes.NewReader(data), nil
}
