package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"candor/internal/record"
	"candor/internal/transport"
)

// Registry keeps enrolment tokens and the keys of sensors.
type Registry struct{ db *sql.DB }

var _ transport.Registry = Registry{}

func newRegistry(db *sql.DB) Registry { return Registry{db: db} }

// AddToken implements transport.Tokens.
func (r Registry) AddToken(ctx context.Context, t transport.Token) error {
	_, err := r.db.ExecContext(ctx, `INSERT INTO sensor_tokens (hash, tenant, sensor, made, expires, by) VALUES (?, ?, ?, ?, ?, ?)`,
		t.Hash, t.Tenant, t.Sensor, t.Made.UnixNano(), t.Expires.UnixNano(), t.By)
	if err != nil {
		return fmt.Errorf("keep enrolment token of sensor %s: %w", t.Sensor, err)
	}
	return nil
}

// Redeem implements transport.Tokens.
func (r Registry) Redeem(ctx context.Context, hash string, at time.Time, e transport.Enrolment) (transport.Enrolment, error) {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return transport.Enrolment{}, fmt.Errorf("redeem token: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	var usedBy string
	var expires int64
	err = tx.QueryRowContext(ctx, `SELECT tenant, sensor, expires, used_by FROM sensor_tokens WHERE hash = ?`, hash).Scan(&e.Tenant, &e.Sensor, &expires, &usedBy)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return transport.Enrolment{}, transport.ErrTokenUnknown
	case err != nil:
		return transport.Enrolment{}, fmt.Errorf("redeem token: %w", err)
	case usedBy == e.Fingerprint && usedBy != "":
		return findSensor(ctx, tx, sensorByKey, e.Fingerprint)
	case usedBy != "":
		return transport.Enrolment{}, transport.ErrTokenUsed
	case at.UnixNano() >= expires:
		return transport.Enrolment{}, transport.ErrTokenExpired
	}
	if _, err := findSensor(ctx, tx, sensorByKey, e.Fingerprint); !errors.Is(err, transport.ErrUnknown) {
		return transport.Enrolment{}, errors.Join(transport.ErrKeyKnown, err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE sensor_tokens SET used_by = ? WHERE hash = ?`, e.Fingerprint, hash); err != nil {
		return transport.Enrolment{}, fmt.Errorf("redeem token: %w", err)
	}
	if err := putSensor(ctx, tx, &e); err != nil {
		return transport.Enrolment{}, err
	}
	if err := tx.Commit(); err != nil {
		return transport.Enrolment{}, fmt.Errorf("redeem token: %w", err)
	}
	return e, nil
}

// Find implements transport.Enrolments.
func (r Registry) Find(ctx context.Context, fingerprint string) (transport.Enrolment, error) {
	return findSensor(ctx, r.db, sensorByKey, fingerprint)
}

// FindRequest implements transport.Enrolments.
func (r Registry) FindRequest(ctx context.Context, request string) (transport.Enrolment, error) {
	return findSensor(ctx, r.db, sensorByRequest, request)
}

// Update implements transport.Enrolments.
func (r Registry) Update(ctx context.Context, fingerprint string, change func(*transport.Enrolment) error) (transport.Enrolment, error) {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return transport.Enrolment{}, fmt.Errorf("change sensor: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	was, err := findSensor(ctx, tx, sensorByKey, fingerprint)
	if err != nil {
		return transport.Enrolment{}, err
	}
	is := was
	if err := change(&is); err != nil {
		return transport.Enrolment{}, err
	}
	is.Fingerprint, is.Key, is.Request, is.Tenant, is.Sensor = was.Fingerprint, was.Key, was.Request, was.Tenant, was.Sensor
	if err := putSensor(ctx, tx, &is); err != nil {
		return transport.Enrolment{}, err
	}
	if err := tx.Commit(); err != nil {
		return transport.Enrolment{}, fmt.Errorf("change sensor %s: %w", is.Sensor, err)
	}
	return is, nil
}

// List implements transport.Enrolments.
func (r Registry) List(ctx context.Context, tenant record.Tenant) ([]transport.Enrolment, error) {
	rows, err := r.db.QueryContext(ctx, sensorColumns+` WHERE tenant = ? ORDER BY sensor, asked, fingerprint`, tenant)
	if err != nil {
		return nil, fmt.Errorf("list sensors: %w", err)
	}
	defer func() { _ = rows.Close() }() // Err tells of what went wrong
	var out []transport.Enrolment
	for rows.Next() {
		e, err := scanSensor(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list sensors: %w", err)
		}
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list sensors: %w", err)
	}
	return out, nil
}

const (
	sensorColumns = `SELECT fingerprint, key, request, tenant, sensor, state, again, source, asked, decided, by, reason, due, certificate, until
		FROM sensors`
	sensorByKey     = sensorColumns + ` WHERE fingerprint = ?`
	sensorByRequest = sensorColumns + ` WHERE request = ?`
)

// rowQuerier is a database or a transaction.
type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func findSensor(ctx context.Context, q rowQuerier, query, by string) (transport.Enrolment, error) {
	e, err := scanSensor(q.QueryRowContext(ctx, query, by).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return transport.Enrolment{}, transport.ErrUnknown
	}
	if err != nil {
		return transport.Enrolment{}, fmt.Errorf("look for sensor: %w", err)
	}
	return e, nil
}

func scanSensor(scan func(...any) error) (e transport.Enrolment, err error) {
	var key []byte
	var asked, decided, until int64
	err = scan(&e.Fingerprint, &key, &e.Request, &e.Tenant, &e.Sensor, &e.State, &e.Again, &e.From, &asked, &decided, &e.By, &e.Reason, &e.Due, &e.Certificate, &until)
	e.Key, e.Asked, e.Decided, e.Until = key, sensorTime(asked), sensorTime(decided), sensorTime(until)
	return e, err
}

func putSensor(ctx context.Context, tx *sql.Tx, e *transport.Enrolment) error {
	certificate := e.Certificate
	if certificate == nil {
		certificate = []byte{}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO sensors (fingerprint, key, request, tenant, sensor, state, again, source, asked, decided, by, reason, due, certificate, until)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (fingerprint) DO UPDATE SET state = excluded.state, again = excluded.again, source = excluded.source, asked = excluded.asked,
		decided = excluded.decided, by = excluded.by, reason = excluded.reason, due = excluded.due, certificate = excluded.certificate, until = excluded.until`,
		e.Fingerprint, []byte(e.Key), e.Request, e.Tenant, e.Sensor, e.State, e.Again, e.From,
		sensorNanos(e.Asked), sensorNanos(e.Decided), e.By, e.Reason, e.Due, certificate, sensorNanos(e.Until))
	if err != nil {
		return fmt.Errorf("keep sensor %s: %w", e.Sensor, err)
	}
	return nil
}

// sensorNanos and sensorTime keep the zero time as 0.
func sensorNanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func sensorTime(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
