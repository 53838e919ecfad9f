package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"time"

	"candor/internal/record"
)

// Policy says how much of a tenant's data stays; 0 is no bound.
type Policy struct {
	Days  int   // whole days after the day itself
	Bytes int64 // of all blocks
}

// Bounds of dropping.
const (
	warning    = 24 * time.Hour // between telling of a drop and doing it
	overPolicy = 10             // percent over Bytes at which a day goes without warning
)

// Retention says what a round of retention dropped, and what will go next.
type Retention struct {
	Used    int64 // bytes of blocks before the round
	Dropped []Day
	Soon    []Day // tell people: these go when they are due
}

// Day is what is stored of one day.
type Day struct {
	Day      string // 2006-01-02, UTC
	Blocks   int
	Rows     int
	Bytes    int64
	Span     record.Span
	Due      time.Time // when it goes, or went
	Why      string
	Unwarned bool // it went without a warning: there was far too much
	arrived  time.Time
	warned   time.Time
}

// Retain drops whole days, the oldest first, as a policy says, and notes for ever what they were: Missing tells of them. A day is named in Soon
// at least a day before it goes, except when there is more than a tenth too much. What came late stays as long as what came in time. The
// newest day is never dropped for its bytes. Run it every hour.
func (s *Store) Retain(ctx context.Context, tenant record.Tenant, p Policy, now time.Time) (Retention, error) {
	s.upkeep.Lock()
	defer s.upkeep.Unlock()
	var r Retention
	days, err := s.days(ctx, tenant)
	if err != nil {
		return r, fmt.Errorf("retention of %s: %w", tenant, err)
	}
	for _, d := range days {
		r.Used += d.Bytes
	}
	growth, err := s.growth(ctx, tenant, now)
	if err != nil {
		return r, fmt.Errorf("retention of %s: %w", tenant, err)
	}
	due, soon := decide(p, days, r.Used, growth, now)
	for _, d := range due {
		if err := s.dropDay(ctx, tenant, &d, now); err != nil {
			return r, fmt.Errorf("drop %s of %s: %w", d.Day, tenant, err)
		}
		r.Dropped = append(r.Dropped, d)
	}
	r.Soon = soon
	if err := s.noteWarnings(ctx, tenant, soon, now); err != nil {
		return r, fmt.Errorf("retention of %s: %w", tenant, err)
	}
	return r, nil
}

func (s *Store) days(ctx context.Context, tenant record.Tenant) ([]Day, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT f.day, SUM(sources), SUM(conn + dns + tls + http + dhcp + log + alert + sight), SUM(bytes), MIN(from_ns),
		MAX(to_ns), MAX(arrived), COALESCE(MAX(w.at), 0) FROM folders f LEFT JOIN warned w ON w.tenant = f.tenant AND w.day = f.day
		WHERE f.tenant = ? GROUP BY f.day ORDER BY f.day`, tenant)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (d Day, err error) {
		var arrived, warned int64
		err = rows.Scan(&d.Day, &d.Blocks, &d.Rows, &d.Bytes, &d.Span.From, &d.Span.To, &arrived, &warned)
		d.arrived = time.Unix(0, arrived).UTC()
		if warned != 0 {
			d.warned = time.Unix(0, warned).UTC()
		}
		return d, err
	})
}

// growth is how many bytes came in the last day.
func (s *Store) growth(ctx context.Context, tenant record.Tenant, now time.Time) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(bytes), 0) FROM folders WHERE tenant = ? AND arrived > ?`,
		tenant, now.Add(-24*time.Hour).UnixNano()).Scan(&n)
	return n, err
}

// decide says which days go now and which will, the oldest first.
func decide(p Policy, days []Day, used, growth int64, now time.Time) (drop, soon []Day) {
	for i, d := range days {
		d.Due = time.Time{}
		if start, err := dayTime(d.Day); err == nil && p.Days > 0 {
			keep := time.Duration(p.Days) * 24 * time.Hour
			due := start.Add(24*time.Hour + keep)
			if late := d.arrived.Add(keep); late.After(due) {
				due = late
			}
			d.Due, d.Why = due, fmt.Sprintf("kept for %d days", p.Days)
		}
		byAge := !d.Due.IsZero() && !d.Due.After(now.Add(warning))
		over := p.Bytes > 0 && i < len(days)-1 && used+growth > p.Bytes
		if over && (!byAge || d.Due.After(now)) {
			d.Why = fmt.Sprintf("kept within %d bytes", p.Bytes)
			d.Due = now.Add(warning)
			if used > p.Bytes {
				d.Due = now
			}
		}
		if !byAge && !over {
			continue
		}
		used -= d.Bytes
		told := !d.warned.IsZero() && !d.warned.Add(warning).After(now)
		d.Unwarned = !told && over && used+d.Bytes > p.Bytes+p.Bytes/100*overPolicy
		if !d.Due.After(now) && (told || d.Unwarned) {
			d.Due = now
			drop = append(drop, d)
			continue
		}
		warned := d.warned
		if warned.IsZero() {
			warned = now
		}
		if earliest := warned.Add(warning); d.Due.Before(earliest) {
			d.Due = earliest
		}
		soon = append(soon, d)
	}
	return drop, soon
}

// noteWarnings remembers since when somebody is warned, and forgets what is no longer due.
func (s *Store) noteWarnings(ctx context.Context, tenant record.Tenant, soon []Day, now time.Time) error {
	names := []any{tenant}
	for _, d := range soon {
		if _, err := s.db.ExecContext(ctx, `INSERT OR IGNORE INTO warned (tenant, day, at) VALUES (?, ?, ?)`, tenant, d.Day, now.UnixNano()); err != nil {
			return err
		}
		names = append(names, d.Day)
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(soon)), ",")
	_, err := s.db.ExecContext(ctx, `DELETE FROM warned WHERE tenant = ? AND day NOT IN (`+marks+`)`, names...)
	return err
}

// dropDay notes what goes and lets it go; the identities of its blocks stay.
func (s *Store) dropDay(ctx context.Context, tenant record.Tenant, d *Day, now time.Time) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	rows, err := tx.QueryContext(ctx, `SELECT name FROM folders WHERE tenant = ? AND day = ?`, tenant, d.Day)
	if err != nil {
		return err
	}
	paths, err := collect(rows, func(rows *sql.Rows) (string, error) {
		var name string
		err := rows.Scan(&name)
		return s.blockPath(tenant, d.Day, name), err
	})
	if err != nil {
		return err
	}
	why := d.Why
	if d.Unwarned {
		why += ", without warning"
	}
	for _, q := range []struct {
		text string
		args []any
	}{
		{
			`INSERT INTO dropped (tenant, sensor, day, at, from_ns, to_ns, blocks, counts, bytes, why) SELECT tenant, sensor, day, ?,
			MIN(MIN(from_ns, COALESCE((SELECT MIN(hour) * 3600000000000 FROM reach WHERE folder = id), from_ns))), MAX(to_ns), SUM(sources),
			SUM(conn + dns + tls + http + dhcp + log + alert + sight), SUM(bytes), ? FROM folders WHERE tenant = ? AND day = ? GROUP BY sensor`,
			[]any{now.UnixNano(), why, tenant, d.Day},
		},
		{`UPDATE blocks SET folder = NULL WHERE folder IN (SELECT id FROM folders WHERE tenant = ? AND day = ?)`, []any{tenant, d.Day}},
		{`DELETE FROM folders WHERE tenant = ? AND day = ?`, []any{tenant, d.Day}},
		{`DELETE FROM warned WHERE tenant = ? AND day = ?`, []any{tenant, d.Day}},
	} {
		if _, err := tx.ExecContext(ctx, q.text, q.args...); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	day := s.tenantPath(tenant, blocksDir, d.Day)
	s.leases.retire(func() {
		for _, p := range paths {
			if err := s.disk.remove(p); err != nil {
				s.log.Warn("folder that was dropped stays until the next start", "path", p, "err", err)
			}
		}
		_ = os.Remove(day) // stays when more has come
	})
	return nil
}

// Drops lists what retention dropped of a tenant, the newest first.
func (s *Store) Drops(ctx context.Context, tenant record.Tenant) ([]Day, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT day, at, MIN(from_ns), MAX(to_ns), SUM(blocks), SUM(counts), SUM(bytes), MAX(why) FROM dropped
		WHERE tenant = ? GROUP BY day, at ORDER BY at DESC, day DESC`, tenant)
	if err != nil {
		return nil, fmt.Errorf("what was dropped of %s: %w", tenant, err)
	}
	out, err := collect(rows, func(rows *sql.Rows) (d Day, err error) {
		var at int64
		err = rows.Scan(&d.Day, &at, &d.Span.From, &d.Span.To, &d.Blocks, &d.Rows, &d.Bytes, &d.Why)
		d.Due = time.Unix(0, at).UTC()
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("what was dropped of %s: %w", tenant, err)
	}
	return out, nil
}
