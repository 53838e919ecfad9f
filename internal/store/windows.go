package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"candor/internal/record"
)

// Window says under which revision of the agreement a sensor's blocks are judged: those of Epoch and later ones. Sight is read against the
// promise that it was measured under, so another revision is another window.
type Window struct {
	Revision int // of the tenant's agreements; 0: none
	Epoch    uint64
}

// Window gives a sensor's; false: none was noted.
func (p People) Window(ctx context.Context, t record.Tenant, s record.Sensor) (Window, bool, error) {
	var w Window
	err := p.db.QueryRowContext(ctx, `SELECT revision, epoch FROM windows WHERE tenant = ? AND sensor = ?`, t, s).Scan(&w.Revision, &w.Epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return Window{}, false, nil
	}
	if err != nil {
		return Window{}, false, fmt.Errorf("read window of %s: %w", s, err)
	}
	return w, true, nil
}

// PutWindow notes a sensor's newest.
func (p People) PutWindow(ctx context.Context, t record.Tenant, s record.Sensor, w Window) error {
	_, err := p.db.ExecContext(ctx, `INSERT INTO windows (tenant, sensor, revision, epoch) VALUES (?, ?, ?, ?)
		ON CONFLICT (tenant, sensor) DO UPDATE SET revision = excluded.revision, epoch = excluded.epoch`, t, s, w.Revision, w.Epoch)
	if err != nil {
		return fmt.Errorf("note window of %s: %w", s, err)
	}
	return nil
}

// Told is one notice that was given and not taken back.
type Told struct {
	Code    string
	Subject string
}

// Told lists what people were told of a sensor.
func (p People) Told(ctx context.Context, t record.Tenant, s record.Sensor) ([]Told, error) {
	rows, err := p.db.QueryContext(ctx, `SELECT code, subject FROM told WHERE tenant = ? AND sensor = ? ORDER BY code, subject`, t, s)
	if err != nil {
		return nil, fmt.Errorf("read what was told of %s: %w", s, err)
	}
	return collect(rows, func(rows *sql.Rows) (x Told, err error) {
		err = rows.Scan(&x.Code, &x.Subject)
		return x, err
	})
}

// PutTold replaces what people were told of a sensor.
func (p People) PutTold(ctx context.Context, t record.Tenant, s record.Sensor, list []Told) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("note what was told of %s: %w", s, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if _, err := tx.ExecContext(ctx, `DELETE FROM told WHERE tenant = ? AND sensor = ?`, t, s); err != nil {
		return fmt.Errorf("note what was told of %s: %w", s, err)
	}
	for _, x := range list {
		if _, err := tx.ExecContext(ctx, `INSERT INTO told (tenant, sensor, code, subject) VALUES (?, ?, ?, ?)`, t, s, x.Code, x.Subject); err != nil {
			return fmt.Errorf("note what was told of %s: %w", s, err)
		}
	}
	return tx.Commit()
}

// Heard gives when a sensor's last heartbeat came, as far as it was noted; 0: never.
func (p People) Heard(ctx context.Context, t record.Tenant, s record.Sensor) (record.Time, error) {
	var at record.Time
	err := p.db.QueryRowContext(ctx, `SELECT at FROM heard WHERE tenant = ? AND sensor = ?`, t, s).Scan(&at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read when %s was heard: %w", s, err)
	}
	return at, nil
}

// PutHeard notes when a sensor was heard.
func (p People) PutHeard(ctx context.Context, t record.Tenant, s record.Sensor, at record.Time) error {
	_, err := p.db.ExecContext(ctx, `INSERT INTO heard (tenant, sensor, at) VALUES (?, ?, ?)
		ON CONFLICT (tenant, sensor) DO UPDATE SET at = excluded.at`, t, s, at)
	if err != nil {
		return fmt.Errorf("note when %s was heard: %w", s, err)
	}
	return nil
}
