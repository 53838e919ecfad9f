package zeek

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"candor/internal/ingest"
	"candor/internal/record"
)

// file is one log file. Until it is its turn it is closed, and only its name, kind and first time are kept.
type file struct {
	path    string
	names   map[string]kind
	stem    string // what the file's name says it is
	first   record.Time
	newest  ingest.Newest
	lines   *ingest.Lines // nil while it is not being read
	account ingest.Account
	records uint64
	bytes   int64
	stopped *record.Stopped // why reading ended early
	badAt   int64           // offset of the first damaged line
	bad     int64           // bytes of damaged lines
	head    header
	reads   map[kind]fields // by kind, made when first needed
	alias   map[string]string
	object  ingest.JSON
	visit   func(path []byte, v ingest.Value)
	row     *rowJSON
	last    kind           // of the row before
	holds   record.Carries // what its rows so far carry
}

// header is what the # lines of a TSV log say.
type header struct {
	sep     byte
	set     string
	empty   string
	unset   string
	path    string
	columns []set // nil: not read
	names   []string
	kind    kind
	log     string
	ready   bool
}

func newHeader() header { return header{sep: '\t', set: ",", empty: "(empty)", unset: "-"} }

// rowJSON collects the fields of a JSON row.
type rowJSON struct {
	p      *parser
	fields fields
	bad    string
}

func newFile(path string, names map[string]kind) *file {
	f := &file{path: path, names: names, stem: stem(path, names), head: newHeader(), badAt: -1, reads: map[kind]fields{}, alias: aliases(), row: &rowJSON{}}
	f.visit = f.field
	return f
}

// open starts reading from the beginning.
func (f *file) open(ctx context.Context) error {
	l, err := ingest.Open(ctx, f.path)
	if err != nil {
		return err
	}
	f.lines, f.head = l, newHeader()
	return nil
}

// close ends reading; what was read of the file stays known.
func (f *file) close() error {
	if f.lines == nil {
		return nil
	}
	f.bytes = f.lines.Bytes()
	if s := f.lines.Broken(); s != nil {
		f.stopped = s
	}
	err := f.lines.Close()
	f.lines = nil
	if err != nil {
		return fmt.Errorf("close log %s: %w", f.path, err)
	}
	return nil
}

// fieldsFor gives the table of a kind.
func (f *file) fieldsFor(k kind) fields {
	t := f.reads[k]
	if t == nil {
		t = fieldsOf(k)
		f.reads[k] = t
	}
	return t
}

// errNoHeader says that a row came before the line that names its columns.
var errNoHeader = errors.New("no #fields line before this row: its columns have no names")

// outcome is what became of a row.
type outcome uint8

const (
	atEnd   outcome = iota // there was none
	good                   // it was read
	damaged                // it was not, and counted
)

// next reads the next row into what into prepares for its kind.
func (f *file) next(p *parser, into func(k kind)) (kind, outcome) {
	for f.lines.Next() {
		line := f.lines.Line
		trimmed := bytes.TrimLeft(line, " \t\xef\xbb\xbf")
		switch {
		case len(trimmed) == 0:
			continue
		case trimmed[0] == '#':
			f.meta(trimmed)
			continue
		}
		f.account.Lines++
		into(unknown)
		k, err := f.read(p, line, into)
		if err != nil {
			f.damage(err.Error())
			return k, damaged
		}
		return k, good
	}
	return unknown, atEnd
}

func (f *file) damage(because string) {
	l := f.lines
	if f.badAt < 0 {
		f.badAt = l.At
	}
	f.bad += int64(len(l.Line)) + 1
	f.account.AddDamage(ingest.Damage{Path: f.path, Line: l.Number, At: l.At, Because: because}, l.Line)
}

func (f *file) read(p *parser, line []byte, into func(k kind)) (kind, error) {
	if f.lines.TooLong {
		return unknown, fmt.Errorf("the line is longer than %d bytes", ingest.MaxLine)
	}
	if line[0] == '{' && !f.head.ready {
		return f.readJSON(p, line, into)
	}
	if !f.head.ready {
		return unknown, errNoHeader
	}
	return f.readTSV(p, line, into)
}

// readTSV reads a row of columns.
func (f *file) readTSV(p *parser, line []byte, into func(k kind)) (kind, error) {
	h := &f.head
	into(h.kind)
	if h.kind == unknown || h.kind == known {
		return h.kind, nil
	}
	p.sep, p.empty = h.set, h.empty
	for i, n := 0, len(h.columns); i < n; i++ {
		text := line
		if at := bytes.IndexByte(line, h.sep); at >= 0 {
			if i == n-1 && at < len(line)-1 { // one separator too many at the end says nothing
				return unknown, fmt.Errorf("more than the %d columns that the header names", n)
			}
			text, line = line[:at], line[at+1:]
		} else if i < n-1 {
			if !f.lines.Whole {
				return unknown, fmt.Errorf("the line is cut off: %d columns of %d", i+1, n)
			}
			return unknown, fmt.Errorf("%d columns where the header names %d", i+1, n)
		}
		if h.columns[i] == nil || string(text) == h.unset {
			continue
		}
		if !h.columns[i](p, cell{text: text, index: -1, tsv: true}) {
			return unknown, fmt.Errorf("%s: %q cannot be read", h.names[i], shortened(text))
		}
	}
	return h.kind, nil
}

func shortened(b []byte) []byte { return b[:min(len(b), 40)] }

// readJSON reads a row that is an object.
func (f *file) readJSON(p *parser, line []byte, into func(k kind)) (kind, error) {
	said := says(line)
	if said == "" && f.names[f.stem] == unknown {
		said = guessed(line)
	}
	k, name := named(f.names, said, f.stem)
	into(k)
	f.head.log = name
	if k == unknown || k == known {
		return k, nil
	}
	f.row.p, f.row.fields, f.row.bad = p, f.fieldsFor(k), ""
	if err := f.object.Scan(line, f.visit); err != nil {
		return unknown, err
	}
	if f.row.bad != "" {
		return unknown, errors.New(f.row.bad)
	}
	return k, nil
}

// field takes one value of a JSON row over.
func (f *file) field(path []byte, v ingest.Value) {
	r := f.row
	set := r.fields[string(path)]
	if set == nil {
		if set = r.fields[f.alias[string(path)]]; set == nil {
			return
		}
	}
	if v.Kind == ingest.Null || len(v.Text) == 0 && v.Index < 0 || r.bad != "" {
		return
	}
	if !set(r.p, cell{text: v.Text, index: v.Index}) {
		r.bad = fmt.Sprintf("%s: %q cannot be read", path, shortened(v.Text))
	}
}

// says finds the log's name in a JSON row. A quote inside of a JSON text is escaped, so that no text can look like it.
func says(line []byte) string {
	key := []byte(`"_path"`)
	i := bytes.Index(line, key)
	if i < 0 {
		return ""
	}
	rest := bytes.TrimLeft(line[i+len(key):], ": \t")
	if len(rest) == 0 || rest[0] != '"' {
		return ""
	}
	end := bytes.IndexByte(rest[1:], '"')
	if end < 0 || end > 64 {
		return ""
	}
	return string(rest[1 : end+1])
}

// meta reads a # line. Lines that are no header of Zeek's are comments.
func (f *file) meta(line []byte) {
	h := &f.head
	name, value := cut(line, h.sep)
	switch string(name) {
	case "#separator":
		*h = newHeader()
		if b := f.unescaped(value); len(b) == 1 {
			h.sep = b[0]
		}
	case "#set_separator":
		if v := f.unescaped(value); len(v) > 0 { // an empty one would separate nothing, for ever
			h.set = string(v)
		}
	case "#empty_field":
		h.empty = string(f.unescaped(value))
	case "#unset_field":
		h.unset = string(f.unescaped(value))
	case "#path":
		h.path = string(f.unescaped(value))
	case "#fields":
		f.columns(value)
	}
}

// cut separates the name of a # line from its value. #separator is followed by a blank, the others by the separator.
func cut(line []byte, sep byte) (name, value []byte) {
	i := bytes.IndexAny(line, " \t")
	if at := bytes.IndexByte(line, sep); at > 0 && (i < 0 || at < i) {
		i = at
	}
	if i < 0 {
		return line, nil
	}
	return line[:i], bytes.Trim(line[i+1:], " \t")
}

func (f *file) unescaped(b []byte) []byte {
	var p parser
	return bytes.Clone(p.unescape(b))
}

// maxColumns bounds a header.
const maxColumns = 1024

// columns makes the table of columns that #fields names.
func (f *file) columns(value []byte) {
	h := &f.head
	h.kind, h.log = named(f.names, h.path, f.stem)
	table := f.fieldsFor(h.kind)
	h.columns, h.names = nil, nil
	for _, name := range strings.Split(string(value), string(h.sep)) {
		if len(h.columns) == maxColumns {
			break
		}
		read := table[name]
		if read == nil {
			read = table[f.alias[name]]
		}
		h.columns, h.names = append(h.columns, read), append(h.names, name)
	}
	h.ready = true
}
