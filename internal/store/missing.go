package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"candor/internal/record"
)

// maxBlinds bounds what Missing tells one by one; the rest is told as one.
const maxBlinds = 1000

// Missing says what of a span cannot be read here: blocks that are damaged or gone, days that retention dropped, sequences that never came,
// and blocks that contradict each other. A zero span asks for everything. The times of a span both belong to it.
func (s *Store) Missing(ctx context.Context, tenant record.Tenant, span record.Span) ([]record.Blind, error) {
	if span.Zero() {
		span = record.Span{From: -1 << 63, To: 1<<63 - 1}
	}
	var out []record.Blind
	for _, q := range []struct {
		cause record.BlindCause
		text  string
		hours bool
	}{
		{record.BlindMissing, `SELECT from_ns, to_ns, feed, conn + dns + tls + http + dhcp + log + alert + sight,
			'block ' || name || ' of ' || day || ' cannot be read: ' || missing FROM folders
			WHERE tenant = ? AND missing != '' AND (to_ns >= ? AND from_ns <= ? OR wide = 1
				OR id IN (SELECT folder FROM reach WHERE hour BETWEEN ? AND ?))`, true},
		{record.BlindMissing, `SELECT from_ns, to_ns, '', counts, sensor || ', ' || day || ': dropped, ' || why FROM dropped
			WHERE tenant = ? AND to_ns >= ? AND from_ns <= ?`, false},
		{record.BlindHole, `SELECT from_ns, to_ns, '', last - first + 1,
			sensor || ': blocks ' || first || ' to ' || last || ' of epoch ' || epoch || ' never came' FROM holes
			WHERE tenant = ? AND to_ns >= ? AND from_ns <= ?`, false},
		{record.BlindMissing, `SELECT from_ns, to_ns, '', times,
			sensor || ': another block came as ' || sequence || ' of epoch ' || epoch || ' and was set aside' FROM conflicts
			WHERE tenant = ? AND to_ns >= ? AND from_ns <= ?`, false},
	} {
		args := []any{tenant, span.From, span.To}
		if q.hours {
			args = append(args, hourOf(span.From), hourOf(span.To))
		}
		rows, err := s.db.QueryContext(ctx, q.text, args...)
		if err != nil {
			return nil, fmt.Errorf("what is missing of %s: %w", tenant, err)
		}
		list, err := collect(rows, func(rows *sql.Rows) (record.Blind, error) {
			b := record.Blind{Cause: q.cause}
			err := rows.Scan(&b.Span.From, &b.Span.To, &b.Feed, &b.Count, &b.Words)
			return b, err
		})
		if err != nil {
			return nil, fmt.Errorf("what is missing of %s: %w", tenant, err)
		}
		out = append(out, list...)
	}
	slices.SortStableFunc(out, func(a, b record.Blind) int { return cmp.Compare(a.Span.From, b.Span.From) })
	return boundBlinds(out), nil
}

// boundBlinds joins what is beyond the bound into one.
func boundBlinds(list []record.Blind) []record.Blind {
	if len(list) <= maxBlinds {
		return list
	}
	rest := list[maxBlinds-1]
	rest.Feed, rest.Cause, rest.Count = "", record.BlindMissing, 0 // they count different things
	for _, b := range list[maxBlinds:] {
		rest.Span.To = max(rest.Span.To, b.Span.To)
	}
	rest.Words = fmt.Sprintf("%d more stretches are missing", len(list)-maxBlinds+1)
	return append(list[:maxBlinds-1], rest)
}
