package store

import (
	"context"
	"database/sql"
	"fmt"

	"candor/internal/record"
)

// HourCount is a roll-up that outlives its blocks: how many rows of a kind a sensor's blocks that began in an hour held.
type HourCount struct {
	Sensor record.Sensor
	Hour   record.Time // its beginning
	Kind   record.Kind
	Rows   uint64
}

// Hours gives the roll-ups of the hours that touch a span, by hour, sensor and kind.
func (s *Store) Hours(ctx context.Context, tenant record.Tenant, span record.Span) ([]HourCount, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT sensor, hour, kind, counts FROM hours WHERE tenant = ? AND hour BETWEEN ? AND ?
		ORDER BY hour, sensor, kind`, tenant, hourOf(span.From), hourOf(span.To))
	if err != nil {
		return nil, fmt.Errorf("hours of %s: %w", tenant, err)
	}
	out, err := collect(rows, func(rows *sql.Rows) (h HourCount, err error) {
		var hour int64
		err = rows.Scan(&h.Sensor, &hour, &h.Kind, &h.Rows)
		h.Hour = record.Time(hour) * record.Hour
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("hours of %s: %w", tenant, err)
	}
	return out, nil
}
