package intel

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxLine bounds a line of a text list, in bytes; longer ones are counted and left aside.
const maxLine = 64 << 10

// errDamaged is what Read says, wrapped, when a list breaks off or is no text.
var errDamaged = errors.New("the list is damaged")

// Read reads one indicator list of any form: a plain list (one per line; harmless spellings such as hxxp:// and [.] too), CSV
// or tab-separated columns with a header, MISP JSON or STIX 2 JSON. The form is recognised by the content. A line that is not
// understood is counted in List.Skipped; a list that is damaged, too large, or holds nothing that could be understood is an
// error that says what to do. The name is for messages and findings.
func Read(name string, r io.Reader, o Options) (*List, error) {
	b := newBuilder(name, o)
	limited := &limitReader{r: r, left: min(b.o.MaxBytes, 1<<31)}
	in := bufio.NewReaderSize(limited, maxLine)
	err := b.readAny(in)
	if limited.over {
		return nil, fmt.Errorf("intel list %s: it has more than %d bytes: split it into several files", b.list.Name, min(b.o.MaxBytes, 1<<31))
	}
	if err != nil {
		return nil, fmt.Errorf("intel list %s: %w", b.list.Name, err)
	}
	return b.finish()
}

func (b *builder) readAny(in *bufio.Reader) error {
	head, err := in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read: %w", err)
	}
	if bom := []byte("\ufeff"); bytes.HasPrefix(head, bom) {
		_, _ = in.Discard(len(bom))
		head = head[len(bom):]
	}
	first := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case bytes.IndexByte(head, 0) >= 0:
		return fmt.Errorf("%w: it is not text in UTF-8: unpack or convert it first", errDamaged)
	case bytes.HasPrefix(first, []byte("{")), bytes.HasPrefix(first, []byte("[{")), bytes.Equal(bytes.TrimSpace(first), []byte("[]")),
		bytes.HasPrefix(first, []byte("[")) && bytes.HasPrefix(bytes.TrimLeft(first[1:], " \t\r\n"), []byte("{")):
		return b.readJSON(in)
	case bytes.HasPrefix(first, []byte("<")):
		return fmt.Errorf("%w: it is a web page or XML: download the list itself (plain, CSV, MISP JSON or STIX 2.1)", errDamaged)
	}
	return b.readLines(in)
}

// limitReader remembers that there was more than is allowed.
type limitReader struct {
	r    io.Reader
	left int64
	over bool
}

func (l *limitReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		var one [1]byte
		n, err := io.ReadFull(l.r, one[:])
		l.over = n > 0
		if l.over {
			err = io.EOF
		}
		return 0, err
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// lineReader reads a text list line by line.
type lineReader struct {
	*builder
	in     *bufio.Reader
	line   uint32
	table  *columns // once a header was found
	header *columns // found in a comment, takes effect with the first line of data
	data   bool     // a line of data was seen
}

func (b *builder) readLines(in *bufio.Reader) error {
	b.list.Unit, b.list.Format = "line", "plain"
	r := &lineReader{builder: b, in: in}
	for {
		text, err := r.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read: line %d: %w", r.line, err)
		}
		if text != "" {
			r.take(text)
		}
		if err != nil {
			return nil
		}
		if b.full {
			return nil
		}
	}
}

// next is the next line without its end, trimmed; what is too long or no text is counted and comes as "".
func (r *lineReader) next() (string, error) {
	r.line++
	raw, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.skip(reasonLong, r.line, string(raw[:min(len(raw), 80)]))
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.in.ReadSlice('\n')
		}
		return "", err
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && (!utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0) {
		if text := bytes.ToValidUTF8(raw, []byte("?")); raw[0] == '#' || bytes.IndexByte(raw, 0) < 0 {
			return string(text), err
		}
		r.skip("not text", r.line, string(raw[:min(len(raw), 80)]))
		return "", err
	}
	return string(raw), err
}

func (r *lineReader) take(text string) {
	if comment, ok := commentOf(text); ok && (r.table == nil || text[0] == '#') {
		r.date(headDate(comment))
		if h := headerOf(comment); h != nil && !r.data {
			r.header = h
		}
		return
	}
	if !r.data {
		r.data = true
		r.table = r.header
		if h := headerOf(text); h != nil {
			r.table = h
			r.list.Format = "csv"
			return
		}
	}
	if r.table != nil {
		r.list.Format = "csv"
		r.takeRow(text)
		return
	}
	r.takePlain(text)
}

// commentOf is the text of a line that is a comment.
func commentOf(text string) (string, bool) {
	for _, mark := range [...]string{"#", ";", "//", "!"} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			return rest, true
		}
	}
	return "", false
}

// takePlain reads a line without columns: an indicator, then perhaps words.
func (r *lineReader) takePlain(text string) {
	value, rest := text, ""
	if i := strings.IndexAny(text, " \t,;|\""); i > 0 && !strings.HasPrefix(text, "||") {
		value, rest = text[:i], strings.Trim(text[i:], " \t,;|#/\"")
	} else if text[0] == '"' {
		fields, _ := splitRow(text, ',')
		value, rest = fields[0], strings.Join(fields[1:], ", ")
	}
	if isHostsFile(value) {
		name, words, _ := strings.Cut(strings.ReplaceAll(rest, "\t", " "), " ")
		if !strings.Contains(name, ".") || classify(name, maskOf(Domain)).kind == 0 {
			r.skip("local names of a hosts file", r.line, text)
			return
		}
		value, rest = name, words
	}
	r.add(candidate{value: value, words: strings.TrimLeft(rest, "# "), place: r.line})
}

// isHostsFile reports whether a line begins as a line of a hosts file that blocks a name does; the name must follow.
func isHostsFile(value string) bool {
	return value == "0.0.0.0" || value == "127.0.0.1" || value == "::1" || value == "::"
}
