package block

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// What a Parquet file of a block may hold. Whoever sealed it may be a stranger: nothing of it is believed before guard has looked.
const (
	maxFooter = 2 << 20  // bytes
	maxPage   = 64 << 20 // bytes of one page, unpacked
	maxValues = 1 << 22  // values of one page, and so elements of one list
	maxChunk  = 1 << 27  // values of one column of one row group
)

// guard opens a Parquet file after checking all that would make reading it costly or wild: lengths within the footer and the page
// headers, the schema, encodings, and that pages unpack to exactly what they say. n is how many rows there must be.
func guard(file []byte, schema *parquet.Schema, n int) (*parquet.File, error) {
	const magic = 4
	if len(file) < 3*magic || string(file[:magic]) != "PAR1" || string(file[len(file)-magic:]) != "PAR1" {
		return nil, errors.New("not a Parquet file")
	}
	size := binary.LittleEndian.Uint32(file[len(file)-2*magic:])
	if int64(size) > int64(len(file)-3*magic) || size > maxFooter {
		return nil, fmt.Errorf("footer of %d bytes in a file of %d", size, len(file))
	}
	footer := file[len(file)-2*magic-int(size) : len(file)-2*magic]
	if used, err := skim(footer); err != nil || used != len(footer) {
		return nil, fmt.Errorf("footer is damaged: %w", errors.Join(err, errThrift))
	}
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	if !parquet.EqualNodes(f.Root(), schema) {
		return nil, errors.New("its columns are not those of this version: see docs/blocks.md")
	}
	meta := f.Metadata()
	if meta.NumRows != int64(n) {
		return nil, fmt.Errorf("%d rows, the manifest says %d", meta.NumRows, n)
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, err
	}
	defer unpack.Close()
	g := guarding{file: file, unpack: unpack, room: room(n)}
	rows := int64(0)
	for i := range meta.RowGroups {
		group := &meta.RowGroups[i]
		if group.NumRows < 0 || group.NumRows > int64(n)-rows {
			return nil, fmt.Errorf("row group of %d rows in a file of %d", group.NumRows, n)
		}
		rows += group.NumRows
		for j := range group.Columns {
			if err := g.chunk(&group.Columns[j], group.NumRows); err != nil {
				return nil, fmt.Errorf("column %d of row group %d: %w", j, i, err)
			}
		}
	}
	if rows != int64(n) {
		return nil, fmt.Errorf("row groups of %d rows, not %d", rows, n)
	}
	return f, nil
}

type guarding struct {
	file   []byte
	unpack *zstd.Decoder
	buf    []byte
	room   int64 // unpacked bytes that are left
}

// chunk walks the pages of a column.
func (g *guarding) chunk(c *format.ColumnChunk, rows int64) error {
	m := &c.MetaData
	if m.Codec != format.Zstd {
		return fmt.Errorf("packed with %v, not ZSTD", m.Codec)
	}
	from := m.DataPageOffset
	if m.DictionaryPageOffset != 0 {
		from = min(from, m.DictionaryPageOffset)
	}
	if from < 4 || m.TotalCompressedSize < 0 || m.TotalCompressedSize > int64(len(g.file))-from || from > int64(len(g.file)) {
		return fmt.Errorf("%d bytes at %d in a file of %d", m.TotalCompressedSize, from, len(g.file))
	}
	list := len(m.PathInSchema) > 1
	if m.NumValues < rows || !list && m.NumValues != rows || m.NumValues > maxChunk {
		return fmt.Errorf("%d values in %d rows", m.NumValues, rows)
	}
	rest := g.file[from:][:m.TotalCompressedSize]
	values := int64(0)
	for page := 0; len(rest) > 0; page++ {
		n, used, err := g.page(rest, page)
		if err != nil {
			return fmt.Errorf("page %d: %w", page, err)
		}
		rest, values = rest[used:], values+n
	}
	if values != m.NumValues {
		return fmt.Errorf("pages of %d values, not %d", values, m.NumValues)
	}
	return nil
}

// page checks one page, and says how many values and bytes it has.
func (g *guarding) page(b []byte, at int) (values int64, used int, err error) {
	head, err := skim(b)
	if err != nil {
		return 0, 0, err
	}
	var h format.PageHeader
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), b[:head], &h); err != nil {
		return 0, 0, err
	}
	packed, size := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	if packed < 0 || packed > int64(len(b)-head) || size < 0 || size > maxPage || size > g.room {
		return 0, 0, fmt.Errorf("%d bytes packed, %d unpacked", packed, size)
	}
	g.room -= size
	body := b[head:][:packed]
	switch {
	case h.Type == format.DictionaryPage && at == 0 && h.DictionaryPageHeader.Valid:
		d := &h.DictionaryPageHeader.V
		if d.Encoding != format.Plain || d.NumValues < 0 || int64(d.NumValues) > size {
			return 0, 0, fmt.Errorf("dictionary of %d values as %v", d.NumValues, d.Encoding)
		}
		return 0, head + int(packed), g.unpacks(body, size)
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		d := &h.DataPageHeaderV2.V
		levels := int64(d.RepetitionLevelsByteLength) + int64(d.DefinitionLevelsByteLength)
		if d.RepetitionLevelsByteLength < 0 || d.DefinitionLevelsByteLength < 0 || levels > packed || levels > size {
			return 0, 0, fmt.Errorf("levels of %d bytes", levels)
		}
		if d.Encoding != format.Plain && d.Encoding != format.RLEDictionary && d.Encoding != format.RLE {
			return 0, 0, fmt.Errorf("values as %v", d.Encoding)
		}
		if d.NumValues < 0 || int64(d.NumValues) > maxValues || d.NumNulls < 0 || d.NumNulls > d.NumValues || d.NumRows < 0 || d.NumRows > d.NumValues {
			return 0, 0, fmt.Errorf("%d values, %d nulls, %d rows", d.NumValues, d.NumNulls, d.NumRows)
		}
		return int64(d.NumValues), head + int(packed), g.unpacks(body[levels:], size-levels)
	}
	return 0, 0, fmt.Errorf("a page of type %v at its place %d", h.Type, at)
}

// unpacks checks that bytes unpack to just so many.
func (g *guarding) unpacks(packed []byte, size int64) (err error) {
	if int64(cap(g.buf)) < size {
		g.buf = make([]byte, 0, size)
	}
	if len(packed) == 0 && size == 0 {
		return nil
	}
	out, err := g.unpack.DecodeAll(packed, g.buf[:0:size])
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	if int64(len(out)) != size {
		return fmt.Errorf("unpacks to %d bytes, not %d", len(out), size)
	}
	return nil
}

var errThrift = errors.New("lengths that lead outside")

// maxDepth is how deep Parquet's own structures lie in each other, and some.
const maxDepth = 12

// skim walks one structure of Thrift's compact protocol without reading it, and says how many bytes it has: every length in it
// then lies within b, and so does what a reader makes of it.
func skim(b []byte) (int, error) {
	s := skimmer{b: b}
	s.structure(0)
	return s.at, s.err
}

type skimmer struct {
	b   []byte
	at  int
	err error
}

func (s *skimmer) fail() { s.err, s.at = errThrift, len(s.b) }

func (s *skimmer) octet() byte {
	if s.at >= len(s.b) {
		s.fail()
		return 0
	}
	s.at++
	return s.b[s.at-1]
}

func (s *skimmer) varint() uint64 {
	n, used := binary.Uvarint(s.b[s.at:])
	if used <= 0 {
		s.fail()
		return 0
	}
	s.at += used
	return n
}

func (s *skimmer) skip(n uint64) {
	if n > uint64(len(s.b)-s.at) {
		s.fail()
		return
	}
	s.at += int(n)
}

func (s *skimmer) structure(depth int) {
	if depth > maxDepth {
		s.fail()
	}
	for s.err == nil {
		head := s.octet()
		if head&15 == 0 { // stop
			return
		}
		if head>>4 == 0 { // the field's number follows
			s.varint()
		}
		if kind := head & 15; kind > 2 { // true and false have no bytes
			s.value(kind, depth)
		}
	}
}

// value skips a value of a compact type: byte, three integers, double, binary, list, set, map, struct.
func (s *skimmer) value(kind byte, depth int) {
	switch kind {
	case 1, 2, 3:
		s.skip(1)
	case 4, 5, 6:
		s.varint()
	case 7:
		s.skip(8)
	case 8:
		s.skip(s.varint())
	case 9, 10:
		head := s.octet()
		n := uint64(head >> 4)
		if n == 15 {
			n = s.varint()
		}
		if n > uint64(len(s.b)-s.at) { // each takes a byte at least
			s.fail()
		}
		for ; n > 0 && s.err == nil; n-- {
			s.value(head&15, depth+1)
		}
	case 12:
		s.structure(depth + 1)
	default: // maps: Parquet has none
		s.fail()
	}
	if depth > maxDepth {
		s.fail()
	}
}

// room is how many bytes a file of n rows may unpack to, and its strings may take.
func room(n int) int64 { return 512<<20 + int64(n)<<10 }
