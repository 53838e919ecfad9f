package block

import (
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/parquet-go/parquet-go"

	"candor/internal/record"
)

// Sizes of what is written. A reader refuses what is larger (guard.go).
const (
	rowsPerGroup  = 131072    // rows of a row group: what is held in memory, packed, until it is written
	rowsTogether  = 65536     // a row group of so many ends where a batch ends
	valuesAtOnce  = 1024      // handed to a column's page
	bytesAtOnce   = 256 << 10 // or as many
	maxText       = 16 << 20  // one string or one list's bytes
	maxDictionary = 1 << 20   // bytes; beyond, values are written plain
)

// writing carries values of one column from rows to pages.
type writing struct {
	index   int             // of the column
	name    string          // of the column
	values  []parquet.Value // waiting for the page
	held    int             // bytes of theirs
	total   int64           // bytes of all values that are bytes
	count   int             // rows written
	arena   []byte          // where they lie
	row     int             // being written, within the group
	element int             // of a list being written
	exact   map[int][]byte  // by row: what the columns could not hold
	err     error           // the first
}

// keep copies bytes to where they stay until the values are written.
func (w *writing) keep(b []byte) []byte {
	if len(b) > maxText {
		w.fail(fmt.Errorf("column %s: a value of %d bytes, at most %d", w.name, len(b), maxText))
		return nil
	}
	if len(w.arena)+len(b) > cap(w.arena) {
		w.arena = make([]byte, 0, max(bytesAtOnce/4, len(b)))
	}
	from := len(w.arena)
	w.arena = append(w.arena, b...)
	w.held += len(b)
	w.total += int64(len(b))
	return w.arena[from:len(w.arena):len(w.arena)]
}

func (w *writing) fixed(b []byte) parquet.Value { return parquet.FixedLenByteArrayValue(w.keep(b)) }

func (w *writing) text(s string) parquet.Value {
	if len(s) == 0 {
		return parquet.ByteArrayValue(nil)
	}
	return parquet.ByteArrayValue(w.keep([]byte(s)))
}

// note keeps for the column exact what the value alone does not tell.
func (w *writing) note(payload []byte) {
	if w.exact == nil {
		w.exact = map[int][]byte{}
	}
	w.exact[w.row] = appendExact(w.exact[w.row], w.name, w.element, payload)
}

func (w *writing) fail(err error) {
	if w.err == nil && err != nil {
		w.err = err
	}
}

// flush hands the waiting values to the column.
func (w *writing) flush(c *parquet.ColumnWriter) {
	if w.err == nil && len(w.values) > 0 {
		_, err := c.WriteRowValues(w.values)
		w.fail(err)
	}
	w.values, w.arena, w.held = w.values[:0], w.arena[:0], 0
}

// sheet is the Parquet file of one kind.
type sheet[T any] struct {
	kind    record.Kind
	columns []column[T] // exact is the last of the file and not among them
	of      func(*record.Batch) *[]T
	schema  *parquet.Schema
	options []parquet.WriterOption
}

func newSheet[T any](kind record.Kind, columns []column[T], of func(*record.Batch) *[]T) *sheet[T] {
	root := ordered{Group: parquet.Group{}}
	options := []parquet.WriterOption{
		parquet.Compression(&parquet.Zstd), parquet.CreatedBy("candor", "1", ""), parquet.DictionaryMaxBytes(maxDictionary),
		parquet.PageBufferSize(bytesAtOnce), parquet.SkipPageBounds(exactColumn), parquet.DataPageStatistics(false),
	}
	var blooms []parquet.BloomFilterColumn
	for _, c := range columns {
		root.fields = append(root.fields, named{c.node, c.name})
		if c.bloom {
			blooms = append(blooms, parquet.SplitBlockFilter(10, c.name))
		}
		if !c.bounds {
			options = append(options, parquet.SkipPageBounds(c.path()...))
		}
	}
	root.fields = append(root.fields, named{parquet.Optional(parquet.Encoded(parquet.Leaf(parquet.ByteArrayType), &parquet.Plain)), exactColumn})
	schema := parquet.NewSchema(string(kind), root)
	options = append(options, schema)
	if len(blooms) > 0 {
		options = append(options, parquet.BloomFilters(blooms...))
	}
	return &sheet[T]{kind, columns, of, schema, options}
}

// sheetWriter writes rows of one sheet, batch by batch; memory is bounded by a row group.
type sheetWriter[T any] struct {
	sheet *sheet[T]
	file  *parquet.GenericWriter[any]
	w     writing
	rows  int // in the row group
}

func (s *sheet[T]) writer(to io.Writer) *sheetWriter[T] {
	return &sheetWriter[T]{sheet: s, file: parquet.NewGenericWriter[any](to, s.options...)}
}

// write appends rows.
func (s *sheetWriter[T]) write(rows []T) error {
	for len(rows) > 0 && s.w.err == nil {
		n := min(len(rows), rowsPerGroup-s.rows)
		s.group(rows[:n])
		s.rows, s.w.count = s.rows+n, s.w.count+n
		s.cut(rowsPerGroup)
		rows = rows[n:]
	}
	return s.w.err
}

// group appends rows to the row group, column by column.
func (s *sheetWriter[T]) group(rows []T) {
	columns := s.file.ColumnWriters()
	w := &s.w
	for i := range s.sheet.columns {
		c := &s.sheet.columns[i]
		w.index, w.name = i, c.name
		for j := range rows {
			w.row = j
			c.put(w, &rows[j])
			if len(w.values) >= valuesAtOnce || w.held >= bytesAtOnce {
				w.flush(columns[i])
			}
		}
		w.flush(columns[i])
	}
	w.index, w.name = len(s.sheet.columns), exactColumn
	for j := range rows {
		v := parquet.NullValue()
		if b := w.exact[j]; b != nil {
			v = parquet.ByteArrayValue(w.keep(b)).Level(0, 1, w.index)
		}
		if w.values = append(w.values, v); len(w.values) >= valuesAtOnce || w.held >= bytesAtOnce {
			w.flush(columns[w.index])
		}
	}
	w.flush(columns[w.index])
	clear(w.exact)
}

// cut ends the row group if it has so many rows: the rows of a compacted block's source are then read with few others.
func (s *sheetWriter[T]) cut(rows int) {
	if s.w.err == nil && s.rows >= rows {
		s.w.fail(s.file.Flush())
		s.rows = 0
	}
}

func (s *sheetWriter[T]) close() error {
	if s.w.total > room(s.w.count) {
		s.w.fail(fmt.Errorf("strings of %d bytes in %d rows: seal fewer at once", s.w.total, s.w.count))
	}
	if s.w.err == nil {
		s.w.fail(s.file.Close())
	}
	return s.w.err
}

// ordered is a row whose columns keep their order; parquet.Group alone would sort them by name.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

// Fields of the row, in the order of the columns.
func (o ordered) Fields() []parquet.Field { return slices.Clone(o.fields) }

type named struct {
	parquet.Node
	name string
}

// Name of the column.
func (n named) Name() string { return n.name }

// Value is the column of a Go value. There is none: rows are never read by reflection.
func (n named) Value(reflect.Value) reflect.Value { return reflect.Value{} }
