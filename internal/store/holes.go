package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"candor/internal/record"
)

// Hole is a run of sequences of one epoch that never arrived, though later ones did.
type Hole struct {
	Epoch       uint64
	First, Last uint64      // sequences, both included
	Span        record.Span // from the end of the block before it to the beginning of the one after it
}

// noteHoles keeps the holes beside a new block true. Most blocks follow the one before them and change nothing.
func (s *Store) noteHoles(ctx context.Context, tx *sql.Tx, p *put) error {
	m := p.m
	before, ended, err := neighbour(ctx, tx, s.sql.before, p)
	if err != nil {
		return err
	}
	if before == 0 { // the first of its epoch that came
		err := tx.StmtContext(ctx, s.sql.ended).QueryRowContext(ctx, p.tenant, m.Sensor, m.Epoch).Scan(&ended)
		if errors.Is(err, sql.ErrNoRows) {
			ended, err = p.begin, nil
		}
		if err != nil {
			return err
		}
	}
	after, begins, err := neighbour(ctx, tx, s.sql.after, p)
	if err != nil {
		return err
	}
	next := after
	if next == 0 {
		next = m.Sequence + 1
	}
	if _, err := tx.StmtContext(ctx, s.sql.dropHoles).ExecContext(ctx, p.tenant, m.Sensor, m.Epoch, before, next); err != nil {
		return err
	}
	if err := s.addHole(ctx, tx, p, before+1, m.Sequence-1, record.Span{From: ended, To: p.begin}); err != nil || after == 0 {
		return err
	}
	return s.addHole(ctx, tx, p, m.Sequence+1, after-1, record.Span{From: p.end, To: begins})
}

func neighbour(ctx context.Context, tx *sql.Tx, st *sql.Stmt, p *put) (sequence uint64, at record.Time, err error) {
	err = tx.StmtContext(ctx, st).QueryRowContext(ctx, p.tenant, p.m.Sensor, p.m.Epoch, p.m.Sequence).Scan(&sequence, &at)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return sequence, at, err
}

func (s *Store) addHole(ctx context.Context, tx *sql.Tx, p *put, first, last uint64, span record.Span) error {
	if first > last {
		return nil
	}
	from, to := min(span.From, span.To), max(span.From, span.To)
	_, err := tx.StmtContext(ctx, s.sql.addHole).ExecContext(ctx, p.tenant, p.m.Sensor, p.m.Epoch, first, last, from, to)
	return err
}

// Holes lists the sequences of a sensor that are missing within its epochs, in their order.
func (s *Store) Holes(ctx context.Context, tenant record.Tenant, sensor record.Sensor) ([]Hole, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT epoch, first, last, from_ns, to_ns FROM holes WHERE tenant = ? AND sensor = ?
		ORDER BY epoch, first`, tenant, sensor)
	if err != nil {
		return nil, fmt.Errorf("holes of %s: %w", sensor, err)
	}
	out, err := collect(rows, func(rows *sql.Rows) (h Hole, err error) {
		err = rows.Scan(&h.Epoch, &h.First, &h.Last, &h.Span.From, &h.Span.To)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("holes of %s: %w", sensor, err)
	}
	return out, nil
}
