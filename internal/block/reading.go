package block

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// reading carries the values of one column from pages to rows.
type reading struct {
	known map[string]string // strings met in this column, so that equal ones lie in memory once; nil where hardly any are equal
	piece strings.Builder   // new strings are cut from pieces of a few kilobytes
	room  *int64            // bytes that strings of the file may still take
	err   error             // there was no room
}

const (
	maxKnown  = 8192
	pieceSize = 4096
)

// text is a string of a column, cut from a larger piece or shared with an equal one.
func (r *reading) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := r.known[string(b)]; ok {
		return s
	}
	if *r.room -= int64(len(b)); *r.room < 0 {
		r.err = errors.New("its strings take more memory than so many rows may")
		return ""
	}
	s := r.cut(b)
	if r.known != nil && len(r.known) < maxKnown {
		r.known[s] = s
	}
	return s
}

func (r *reading) cut(b []byte) string {
	if len(b) > pieceSize/8 {
		return string(b)
	}
	if r.piece.Len()+len(b) > r.piece.Cap() {
		r.piece = strings.Builder{}
		r.piece.Grow(pieceSize)
	}
	from := r.piece.Len()
	r.piece.Write(b)
	return r.piece.String()[from:]
}

// sheetReader reads the rows of a Parquet file in their order, a row group at a time.
type sheetReader[T any] struct {
	sheet  *sheet[T]
	groups []parquet.RowGroup
	rows   []T   // of a row group, not given yet
	room   int64 // bytes that strings may still take
	buf    []parquet.Value
}

// reader opens a Parquet file of n rows.
func (s *sheet[T]) reader(file []byte, n int) (r *sheetReader[T], err error) {
	defer s.rescue(&err)
	f, err := guard(file, s.schema, n)
	if err != nil {
		return nil, err
	}
	return &sheetReader[T]{sheet: s, groups: f.RowGroups(), room: room(n), buf: make([]parquet.Value, valuesAtOnce)}, nil
}

// rescue is the one place where a library meets what a stranger wrote: its panics become errors that name the file.
func (s *sheet[T]) rescue(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("not readable as Parquet: %v", p)
	}
	if *err != nil {
		*err = fmt.Errorf("%s: %w", fileName(s.kind), *err)
	}
}

// next gives the next n rows; no rows are nil.
func (r *sheetReader[T]) next(n int) (out []T, err error) {
	defer r.sheet.rescue(&err)
	for len(out) < n {
		if len(r.rows) == 0 {
			if len(r.groups) == 0 {
				return nil, fmt.Errorf("%d rows are missing", n-len(out))
			}
			group := r.groups[0]
			r.rows, r.groups = make([]T, group.NumRows()), r.groups[1:]
			if err := r.group(group); err != nil {
				return nil, err
			}
			continue
		}
		k := min(n-len(out), len(r.rows))
		if out == nil && k == n {
			out = r.rows[:k:k]
		} else {
			out = append(out, r.rows[:k]...)
		}
		r.rows = r.rows[k:]
	}
	return out, nil
}

// group reads a row group into rows, column by column.
func (r *sheetReader[T]) group(g parquet.RowGroup) error {
	s, rows := r.sheet, r.rows
	chunks := g.ColumnChunks()
	byName := map[string]*column[T]{}
	for i := range s.columns {
		c := &s.columns[i]
		byName[c.name] = c
		of := &reading{room: &r.room}
		if !c.unique {
			of.known = map[string]string{}
		}
		rs := rowsOf{n: len(rows), list: c.list, take: func(row int, vs []parquet.Value) error { return c.take(of, &rows[row], vs) }}
		if err := rs.readAll(chunks[i], r.buf); err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	rs := rowsOf{n: len(rows), take: func(row int, vs []parquet.Value) error {
		if vs[0].IsNull() {
			return nil
		}
		return eachExact(vs[0].ByteArray(), func(name string, element int, payload []byte) error {
			c := byName[name]
			if c == nil {
				return errors.New("there is no such column")
			}
			return c.exact(&rows[row], element, payload)
		})
	}}
	return rs.readAll(chunks[len(s.columns)], r.buf)
}

// rowsOf cuts the values of a column into rows: one value each, or those of a list.
type rowsOf struct {
	n, next int // rows there must be; the row that comes next
	list    bool
	take    func(row int, vs []parquet.Value) error
	held    []parquet.Value // of a list that is not over yet
}

// readAll takes every row. Pages hold whole rows, and values are good while their page is.
func (r *rowsOf) readAll(chunk parquet.ColumnChunk, buf []parquet.Value) error {
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		err = r.page(page, buf)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
	if r.next != r.n {
		return fmt.Errorf("%d rows, not %d", r.next, r.n)
	}
	return nil
}

func (r *rowsOf) page(page parquet.Page, buf []parquet.Value) error {
	values := page.Values()
	for {
		n, err := values.ReadValues(buf)
		for i := range n {
			if err := r.value(buf[i : i+1]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return r.end()
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrNoProgress
		}
	}
}

func (r *rowsOf) value(v []parquet.Value) error {
	if !r.list {
		return r.row(v)
	}
	if v[0].RepetitionLevel() == 0 {
		if err := r.end(); err != nil {
			return err
		}
	} else if len(r.held) == 0 {
		return errors.New("a page begins within a row")
	}
	r.held = append(r.held, v[0])
	return nil
}

func (r *rowsOf) end() error {
	if len(r.held) == 0 {
		return nil
	}
	vs := r.held
	r.held = r.held[:0]
	return r.row(vs)
}

func (r *rowsOf) row(vs []parquet.Value) error {
	if r.next >= r.n {
		return fmt.Errorf("more than %d rows", r.n)
	}
	r.next++
	return r.take(r.next-1, vs)
}
