package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// statements are those that every block needs, prepared once.
type statements struct {
	known, before, after, ended         *sql.Stmt
	folder, block, reach                *sql.Stmt
	dropHoles, addHole, hour, addReason *sql.Stmt
}

func (q *statements) list() map[**sql.Stmt]string {
	return map[**sql.Stmt]string{
		&q.known:  `SELECT hash, folder FROM blocks WHERE tenant = ? AND sensor = ? AND epoch = ? AND sequence = ?`,
		&q.before: `SELECT sequence, to_ns FROM blocks WHERE tenant = ? AND sensor = ? AND epoch = ? AND sequence < ? ORDER BY sequence DESC LIMIT 1`,
		&q.after:  `SELECT sequence, from_ns FROM blocks WHERE tenant = ? AND sensor = ? AND epoch = ? AND sequence > ? ORDER BY sequence LIMIT 1`,
		&q.ended:  `SELECT to_ns FROM blocks WHERE tenant = ? AND sensor = ? AND epoch < ? ORDER BY epoch DESC, sequence DESC LIMIT 1`,
		&q.folder: `INSERT INTO folders (tenant, sensor, feed, epoch, first, last, day, name, from_ns, to_ns, conn, dns, tls, http, dhcp, log, alert,
			sight, bytes, hash, arrived, sources, wide) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		&q.block: `INSERT INTO blocks (tenant, sensor, epoch, sequence, feed, from_ns, to_ns, counts, hash, arrived, folder)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		&q.reach:     `INSERT OR IGNORE INTO reach (folder, hour) VALUES (?, ?)`,
		&q.dropHoles: `DELETE FROM holes WHERE tenant = ? AND sensor = ? AND epoch = ? AND first > ? AND first < ?`,
		&q.addHole:   `INSERT INTO holes (tenant, sensor, epoch, first, last, from_ns, to_ns) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		&q.hour: `INSERT INTO hours (tenant, sensor, hour, kind, counts) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET counts = counts + excluded.counts`,
		&q.addReason: `UPDATE folders SET missing = ? WHERE id = ? AND missing = ''`,
	}
}

func (q *statements) prepare(ctx context.Context, db *sql.DB) error {
	for p, text := range q.list() {
		st, err := db.PrepareContext(ctx, text)
		if err != nil {
			return errors.Join(fmt.Errorf("prepare %q: %w", text, err), q.close())
		}
		*p = st
	}
	return nil
}

func (q *statements) close() error {
	var err error
	for p := range q.list() {
		if *p != nil {
			err = errors.Join(err, (*p).Close())
		}
	}
	return err
}
