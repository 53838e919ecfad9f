package block

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"candor/internal/record"
)

// part is one kind's share of a block: the Parquet file of its records.
type part interface {
	name() record.Kind
	rows(b *record.Batch) int
	list() []Column
	writer(to io.Writer) partWriter
	reader(file []byte, rows int) (partReader, error)
}

// partWriter writes the records of one kind, batch by batch.
type partWriter interface {
	write(b *record.Batch) error
	close() error
}

// partReader gives back the next n records of one kind.
type partReader interface {
	read(into *record.Batch, n int) error
}

// parts lists the kinds in the order of a manifest's files. The table is made when it is first asked for and never written again.
var parts = sync.OnceValue(func() []part {
	return []part{
		records[record.Conn]{connSheet()},
		records[record.DNS]{dnsSheet()},
		records[record.TLS]{tlsSheet()},
		records[record.HTTP]{httpSheet()},
		records[record.DHCP]{dhcpSheet()},
		records[record.Log]{logSheet()},
		records[record.Alert]{alertSheet()},
		sights{sightSheet()},
	}
})

func partOf(kind record.Kind) (part, error) {
	all := parts()
	i := slices.IndexFunc(all, func(p part) bool { return p.name() == kind })
	if i < 0 {
		return nil, fmt.Errorf("kind %.40q: no block holds such records", kind)
	}
	return all[i], nil
}

// fileName is the name of a kind's file within a block. It comes from the closed set of kinds, never from a manifest's words.
func fileName(kind record.Kind) string { return string(kind) + ".parquet" }

// Column describes a column of a kind's Parquet file.
type Column struct {
	Name  string
	Type  string // as docs/blocks.md words it
	Bloom bool   // has a Bloom filter
}

// Columns lists the columns of a kind's Parquet file in their order; nil for what is no kind.
func Columns(kind record.Kind) []Column {
	p, err := partOf(kind)
	if err != nil {
		return nil
	}
	return p.list()
}

func (s *sheet[T]) list() []Column {
	out := make([]Column, 0, len(s.columns)+1)
	for _, c := range s.columns {
		out = append(out, Column{c.name, c.says, c.bloom})
	}
	return append(out, Column{Name: exactColumn, Type: "BYTES, null"})
}

// records are the parts whose rows are records as they are.
type records[T any] struct{ *sheet[T] }

func (p records[T]) name() record.Kind        { return p.kind }
func (p records[T]) rows(b *record.Batch) int { return len(*p.of(b)) }
func (p records[T]) writer(to io.Writer) partWriter {
	return recordWriter[T]{p.sheet.writer(to), p.of}
}

func (p records[T]) reader(file []byte, rows int) (partReader, error) {
	r, err := p.sheet.reader(file, rows)
	return recordReader[T]{r, p.of}, err
}

type recordWriter[T any] struct {
	*sheetWriter[T]
	of func(*record.Batch) *[]T
}

func (w recordWriter[T]) write(b *record.Batch) error {
	w.cut(rowsTogether)
	return w.sheetWriter.write(*w.of(b))
}

type recordReader[T any] struct {
	*sheetReader[T]
	of func(*record.Batch) *[]T
}

func (r recordReader[T]) read(into *record.Batch, n int) (err error) {
	*r.of(into), err = r.next(n)
	return err
}

// sights are the part whose rows are made from sights.
type sights struct{ *sheet[sightRow] }

func sightSheet() *sheet[sightRow] {
	return newSheet(record.KindSight, sightColumns(), nil)
}

func (p sights) name() record.Kind              { return p.kind }
func (p sights) rows(b *record.Batch) int       { return len(b.Sight) }
func (p sights) writer(to io.Writer) partWriter { return sightWriter{p.sheet.writer(to)} }

func (p sights) reader(file []byte, rows int) (partReader, error) {
	r, err := p.sheet.reader(file, rows)
	return sightReader{r}, err
}

type sightWriter struct{ *sheetWriter[sightRow] }

func (w sightWriter) write(b *record.Batch) error {
	w.cut(rowsTogether)
	rows := make([]sightRow, 0, len(b.Sight))
	for i := range b.Sight {
		rows = append(rows, toRow(&b.Sight[i]))
	}
	return w.sheetWriter.write(rows)
}

type sightReader struct{ *sheetReader[sightRow] }

func (r sightReader) read(into *record.Batch, n int) error {
	rows, err := r.next(n)
	if n == 0 || err != nil {
		return err
	}
	into.Sight = make([]record.Sight, 0, n)
	for i := range rows {
		s := rows[i].sight()
		if err := checkSight(&s); err != nil {
			return err
		}
		into.Sight = append(into.Sight, s)
	}
	return nil
}
