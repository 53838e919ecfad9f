package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"candor/internal/access"
	"candor/internal/record"
)

// People keeps tenants, agreements, tokens and the audit.
type People struct{ db *sql.DB }

// Tenant is a customer as the hub knows him.
type Tenant struct {
	ID        record.Tenant `json:"id"`
	Name      string        `json:"name"`
	Made      time.Time     `json:"made"`
	KeepDays  int           `json:"keep_days"`  // 0: no bound
	KeepBytes int64         `json:"keep_bytes"` // 0: no bound
}

// AgreementText is one revision of what was agreed with a tenant.
type AgreementText struct {
	Tenant   record.Tenant `json:"tenant"`
	Revision int           `json:"revision"`
	Text     []byte        `json:"-"`
	SHA256   [32]byte      `json:"-"`
	Since    time.Time     `json:"since"`
	By       string        `json:"by"`
}

// PutTenant makes a tenant or changes his name and retention.
func (p People) PutTenant(ctx context.Context, t Tenant) error {
	_, err := p.db.ExecContext(ctx, `INSERT INTO tenants (id, name, made, keep_days, keep_bytes) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, keep_days = excluded.keep_days, keep_bytes = excluded.keep_bytes`,
		t.ID, t.Name, t.Made.UnixNano(), t.KeepDays, t.KeepBytes)
	if err != nil {
		return fmt.Errorf("keep tenant %s: %w", t.ID, err)
	}
	return nil
}

// Tenants lists all, by id.
func (p People) Tenants(ctx context.Context) ([]Tenant, error) {
	rows, err := p.db.QueryContext(ctx, `SELECT id, name, made, keep_days, keep_bytes FROM tenants ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	return collect(rows, func(rows *sql.Rows) (t Tenant, err error) {
		var made int64
		err = rows.Scan(&t.ID, &t.Name, &made, &t.KeepDays, &t.KeepBytes)
		t.Made = time.Unix(0, made).UTC()
		return t, err
	})
}

// TenantExists implements access.Keeper.
func (p People) TenantExists(ctx context.Context, t record.Tenant) (bool, error) {
	var n int
	if err := p.db.QueryRowContext(ctx, `SELECT count(*) FROM tenants WHERE id = ?`, t).Scan(&n); err != nil {
		return false, fmt.Errorf("look for tenant: %w", err)
	}
	return n > 0, nil
}

// PutAgreement keeps a text as the tenant's newest revision. The same text again changes nothing.
func (p People) PutAgreement(ctx context.Context, t record.Tenant, text []byte, by string, now time.Time) (AgreementText, error) {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return AgreementText{}, fmt.Errorf("keep agreement of %s: %w", t, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	last, err := newestAgreement(ctx, tx, t)
	sum := sha256.Sum256(text)
	if err != nil || last.Revision > 0 && last.SHA256 == sum {
		return last, err
	}
	next := AgreementText{Tenant: t, Revision: last.Revision + 1, Text: text, SHA256: sum, Since: now, By: by}
	if _, err := tx.ExecContext(ctx, `INSERT INTO agreements (tenant, revision, text, sha256, since, by) VALUES (?, ?, ?, ?, ?, ?)`,
		t, next.Revision, text, sum[:], now.UnixNano(), by); err != nil {
		return AgreementText{}, fmt.Errorf("keep agreement of %s: %w", t, err)
	}
	if err := tx.Commit(); err != nil {
		return AgreementText{}, fmt.Errorf("keep agreement of %s: %w", t, err)
	}
	return next, nil
}

// Agreement is the tenant's newest; revision 0 where there is none.
func (p People) Agreement(ctx context.Context, t record.Tenant) (AgreementText, error) {
	return newestAgreement(ctx, p.db, t)
}

// AgreementAt is one revision; revision 0 where there is none.
func (p People) AgreementAt(ctx context.Context, t record.Tenant, revision int) (AgreementText, error) {
	return scanAgreement(t, p.db.QueryRowContext(ctx, `SELECT revision, text, sha256, since, by FROM agreements WHERE tenant = ? AND revision = ?`, t, revision))
}

// Agreements lists the revisions, newest first, without their texts.
func (p People) Agreements(ctx context.Context, t record.Tenant) ([]AgreementText, error) {
	rows, err := p.db.QueryContext(ctx, `SELECT revision, since, by FROM agreements WHERE tenant = ? ORDER BY revision DESC`, t)
	if err != nil {
		return nil, fmt.Errorf("list agreements of %s: %w", t, err)
	}
	return collect(rows, func(rows *sql.Rows) (AgreementText, error) {
		a, since := AgreementText{Tenant: t}, int64(0)
		err := rows.Scan(&a.Revision, &since, &a.By)
		a.Since = time.Unix(0, since).UTC()
		return a, err
	})
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func newestAgreement(ctx context.Context, q querier, t record.Tenant) (AgreementText, error) {
	return scanAgreement(t, q.QueryRowContext(ctx, `SELECT revision, text, sha256, since, by FROM agreements WHERE tenant = ? ORDER BY revision DESC LIMIT 1`, t))
}

func scanAgreement(t record.Tenant, row *sql.Row) (AgreementText, error) {
	a := AgreementText{Tenant: t}
	var sum []byte
	var since int64
	err := row.Scan(&a.Revision, &a.Text, &sum, &since, &a.By)
	if errors.Is(err, sql.ErrNoRows) {
		return AgreementText{Tenant: t}, nil
	}
	if err != nil {
		return AgreementText{}, fmt.Errorf("read agreement of %s: %w", t, err)
	}
	copy(a.SHA256[:], sum)
	a.Since = time.Unix(0, since).UTC()
	return a, nil
}

// PutToken implements access.Keeper: it makes a token or changes when it was revoked.
func (p People) PutToken(ctx context.Context, t access.Token) error {
	grants, err := json.Marshal(t.Grants)
	if err != nil {
		return fmt.Errorf("write grants: %w", err)
	}
	scopes, err := json.Marshal(t.Scopes)
	if err != nil {
		return fmt.Errorf("write scopes: %w", err)
	}
	_, err = p.db.ExecContext(ctx, `INSERT INTO tokens (id, hash, name, grants, scopes, made, made_by, expires, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET revoked = excluded.revoked`,
		t.ID, t.Hash[:], t.Name, string(grants), string(scopes), t.Made.UnixNano(), t.MadeBy, t.Expires.UnixNano(), unixNano(t.Revoked))
	if err != nil {
		return fmt.Errorf("keep token %s: %w", t.ID, err)
	}
	return nil
}

const tokenColumns = `id, hash, name, grants, scopes, made, made_by, expires, revoked`

// TokenByHash implements access.Keeper.
func (p People) TokenByHash(ctx context.Context, hash [32]byte) (access.Token, bool, error) {
	t, err := scanToken(p.db.QueryRowContext(ctx, `SELECT `+tokenColumns+` FROM tokens WHERE hash = ?`, hash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return access.Token{}, false, nil
	}
	if err != nil {
		return access.Token{}, false, fmt.Errorf("read token: %w", err)
	}
	return t, true, nil
}

// Tokens lists all, newest first.
func (p People) Tokens(ctx context.Context) ([]access.Token, error) {
	rows, err := p.db.QueryContext(ctx, `SELECT `+tokenColumns+` FROM tokens ORDER BY made DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return collect(rows, func(rows *sql.Rows) (access.Token, error) { return scanToken(rows) })
}

func scanToken(row interface{ Scan(...any) error }) (access.Token, error) {
	var t access.Token
	var hash, grants, scopes []byte
	var made, expires, revoked int64
	if err := row.Scan(&t.ID, &hash, &t.Name, &grants, &scopes, &made, &t.MadeBy, &expires, &revoked); err != nil {
		return t, err
	}
	copy(t.Hash[:], hash)
	t.Made, t.Expires = time.Unix(0, made).UTC(), time.Unix(0, expires).UTC()
	if revoked != 0 {
		t.Revoked = time.Unix(0, revoked).UTC()
	}
	return t, errors.Join(json.Unmarshal(grants, &t.Grants), json.Unmarshal(scopes, &t.Scopes))
}

// Audit implements access.Keeper.
func (p People) Audit(ctx context.Context, e access.Entry) error {
	_, err := p.db.ExecContext(ctx, `INSERT INTO audit (at, who, name, action, tenant, object, allowed) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		e.At.UnixNano(), e.Who, e.Name, e.Action, e.Tenant, e.Object, e.Allowed)
	if err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
}

// AuditOf lists the newest entries of a tenant before an id (0: the newest), at most limit; next is 0 at the end.
func (p People) AuditOf(ctx context.Context, t record.Tenant, before int64, limit int) (entries []access.Entry, next int64, err error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	rows, err := p.db.QueryContext(ctx, `SELECT id, at, who, name, action, allowed, object FROM audit WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?`, t, before, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read audit: %w", err)
	}
	var last int64
	entries, err = collect(rows, func(rows *sql.Rows) (access.Entry, error) {
		e, at := access.Entry{Tenant: t}, int64(0)
		err := rows.Scan(&last, &at, &e.Who, &e.Name, &e.Action, &e.Allowed, &e.Object)
		e.At = time.Unix(0, at).UTC()
		return e, err
	})
	if len(entries) == limit {
		next = last
	}
	return entries, next, err
}

// collect reads all rows.
func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) ([]T, error) {
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read row: %w", err), rows.Close())
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	return out, rows.Close()
}

func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// People gives the part of the store that keeps tenants, agreements, tokens and the audit.
func (s *Store) People() People { return People{s.db} }

// Registry gives the part of the store that keeps sensors' keys and enrolment tokens.
func (s *Store) Registry() Registry { return newRegistry(s.db) }
