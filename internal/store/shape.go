package store

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"

	"candor/internal/record"
)

// cell is a column of a kind as a query gives it, and the way into the record's field. Words that were no UTF-8 come with U+FFFD, and
// addresses that came mapped into IPv6 as IPv4: the column "exact" of blocks is for Load.
type cell[T any] struct {
	sql string
	set func(*T, any) error
}

func numeric[T any, N ~int | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64](sql string, at func(*T) *N) cell[T] {
	return cell[T]{sql, func(t *T, v any) (err error) {
		*at(t), err = toNumber[N](v)
		return err
	}}
}

func toNumber[N ~int | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64](v any) (N, error) {
	text, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("%T is no number", v)
	}
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return N(n), nil
	}
	n, err := strconv.ParseUint(string(text), 10, 64)
	return N(n), err
}

func moment[T any](column string, at func(*T) *record.Time) cell[T] {
	return numeric("epoch_ns("+column+")", at)
}

func truth[T any](sql string, at func(*T) *bool) cell[T] {
	return cell[T]{sql, func(t *T, v any) error {
		b, ok := v.(bool)
		*at(t) = b
		if !ok {
			return fmt.Errorf("%T is not true or false", v)
		}
		return nil
	}}
}

func wording[T any, S ~string](sql string, at func(*T) *S) cell[T] {
	return cell[T]{sql, func(t *T, v any) error {
		s, ok := v.(string)
		*at(t) = S(s)
		if !ok {
			return fmt.Errorf("%T is no word", v)
		}
		return nil
	}}
}

func toBytes(v any, n int) ([]byte, error) {
	s, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("%T is not bytes", v)
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err == nil && len(b) != n {
		err = fmt.Errorf("%d bytes, not %d", len(b), n)
	}
	return b, err
}

func addressed[T any](sql string, at func(*T) *netip.Addr) cell[T] {
	return cell[T]{sql, func(t *T, v any) error {
		if v == nil {
			return nil
		}
		b, err := toBytes(v, 16)
		if err == nil {
			*at(t) = netip.AddrFrom16([16]byte(b)).Unmap()
		}
		return err
	}}
}

func carded[T any](sql string, at func(*T) *record.MAC) cell[T] {
	return cell[T]{sql, func(t *T, v any) error {
		if v == nil {
			return nil
		}
		b, err := toBytes(v, 6)
		if err == nil {
			*at(t) = record.MAC(b)
		}
		return err
	}}
}

func listed[T, E any](sql string, at func(*T) *[]E, each func(any) (E, error)) cell[T] {
	return cell[T]{sql, func(t *T, v any) error {
		if v == nil {
			return nil
		}
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%T is no list", v)
		}
		out := make([]E, len(list))
		for i := range list {
			var err error
			if out[i], err = each(list[i]); err != nil {
				return err
			}
		}
		*at(t) = out
		return nil
	}}
}

func worded[T any, S ~string](sql string, at func(*T) *[]S) cell[T] {
	return listed(sql, at, func(v any) (S, error) {
		s, ok := v.(string)
		if !ok {
			return "", fmt.Errorf("%T is no word", v)
		}
		return S(s), nil
	})
}

// decodeRows makes records of a query's rows.
func decodeRows[T any](cells []cell[T], rows [][]any) ([]T, error) {
	out := make([]T, len(rows))
	for i, row := range rows {
		if len(row) != len(cells) {
			return nil, fmt.Errorf("%d columns, asked for %d", len(row), len(cells))
		}
		for j := range cells {
			if err := cells[j].set(&out[i], row[j]); err != nil {
				return nil, fmt.Errorf("column %s: %w", cells[j].sql, err)
			}
		}
	}
	return out, nil
}

func columns[T any](cells []cell[T]) []string {
	out := make([]string, len(cells))
	for i := range cells {
		out[i] = cells[i].sql
	}
	return out
}
