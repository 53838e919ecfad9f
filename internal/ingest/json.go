package ingest

import (
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// ValueKind is the kind of a JSON scalar.
type ValueKind uint8

// The kinds of scalars.
const (
	String ValueKind = iota
	Number
	Bool
	Null
)

// Value is one scalar of a JSON object.
type Value struct {
	Kind  ValueKind
	Text  []byte // unescaped; valid during the visit only
	Index int    // its place in the innermost array around it, or that its object has there; -1 outside of arrays
}

// Bounds of a JSON line. What goes beyond is an error: such a line is damage, not read in part.
const (
	maxDepth  = 12
	maxPath   = 1024
	maxValues = 16384
)

// What is wrong with a JSON line.
var (
	ErrJSON     = errors.New("no valid JSON object")
	ErrJSONCut  = errors.New("the JSON object is cut off")
	ErrJSONDeep = errors.New("the JSON object is too deep or too large")
)

// JSON takes JSON objects apart without building them. The zero JSON is ready; it keeps its buffers from line to line.
type JSON struct {
	in     []byte
	at     int
	path   []byte
	text   []byte
	values int
	visit  func(path []byte, v Value)
}

// Scan visits every scalar of the object in order. The path joins the names of objects with dots; arrays add nothing to it but
// Value.Index. An empty object or array visits nothing. When the error is not nil, what was visited must not be believed.
func (j *JSON) Scan(line []byte, visit func(path []byte, v Value)) error {
	j.in, j.at, j.path, j.values, j.visit = line, 0, j.path[:0], 0, visit
	defer func() { j.in, j.visit = nil, nil }()
	j.blank()
	if j.at >= len(j.in) || j.in[j.at] != '{' {
		return ErrJSON
	}
	if err := j.object(0, -1); err != nil {
		return err
	}
	if j.blank(); j.at != len(j.in) {
		return ErrJSON
	}
	return nil
}

func (j *JSON) blank() {
	for j.at < len(j.in) {
		switch j.in[j.at] {
		case ' ', '\t', '\r', '\n':
			j.at++
		default:
			return
		}
	}
}

// peek gives the next byte after blanks.
func (j *JSON) peek() (byte, error) {
	j.blank()
	if j.at >= len(j.in) {
		return 0, ErrJSONCut
	}
	return j.in[j.at], nil
}

func (j *JSON) object(depth, index int) error {
	j.at++ // {
	base := len(j.path)
	for first := true; ; first = false {
		more, err := j.more('}', first)
		if err != nil || !more {
			return err
		}
		if c, err := j.peek(); err != nil || c != '"' {
			return orJSON(err)
		}
		name, err := j.str()
		if err != nil {
			return err
		}
		if base > 0 {
			j.path = append(j.path, '.')
		}
		j.path = append(j.path, name...)
		if len(j.path) > maxPath {
			return ErrJSONDeep
		}
		if c, err := j.peek(); err != nil || c != ':' {
			return orJSON(err)
		}
		j.at++
		if err := j.value(depth+1, index); err != nil {
			return err
		}
		j.path = j.path[:base]
	}
}

func (j *JSON) array(depth int) error {
	j.at++ // [
	for i := 0; ; i++ {
		more, err := j.more(']', i == 0)
		if err != nil || !more {
			return err
		}
		if err := j.value(depth+1, i); err != nil {
			return err
		}
	}
}

// more goes to the next element, or past the end of an object or array.
func (j *JSON) more(end byte, first bool) (bool, error) {
	c, err := j.peek()
	if err != nil {
		return false, err
	}
	if c == end {
		j.at++
		return false, nil
	}
	if first {
		return true, nil
	}
	if c != ',' {
		return false, ErrJSON
	}
	j.at++
	return true, nil
}

func (j *JSON) value(depth, index int) error {
	if j.values++; depth > maxDepth || j.values > maxValues {
		return ErrJSONDeep
	}
	c, err := j.peek()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		return j.object(depth, index)
	case '[':
		return j.array(depth)
	case '"':
		s, err := j.str()
		if err != nil {
			return err
		}
		j.visit(j.path, Value{String, s, index})
		return nil
	case 't':
		return j.word("true", Bool, index)
	case 'f':
		return j.word("false", Bool, index)
	case 'n':
		return j.word("null", Null, index)
	}
	return j.number(index)
}

func (j *JSON) word(w string, kind ValueKind, index int) error {
	rest := j.in[j.at:]
	if len(rest) < len(w) {
		if w[:len(rest)] == string(rest) {
			return ErrJSONCut
		}
		return ErrJSON
	}
	if string(rest[:len(w)]) != w {
		return ErrJSON
	}
	j.visit(j.path, Value{kind, rest[:len(w)], index})
	j.at += len(w)
	return nil
}

// number reads a number as RFC 8259 has it.
func (j *JSON) number(index int) error {
	start := j.at
	if j.at < len(j.in) && j.in[j.at] == '-' {
		j.at++
	}
	zero := j.at < len(j.in) && j.in[j.at] == '0'
	n := j.digits()
	if n == 0 || zero && n > 1 {
		return j.orCut()
	}
	if j.at < len(j.in) && j.in[j.at] == '.' {
		j.at++
		if j.digits() == 0 {
			return j.orCut()
		}
	}
	if j.at < len(j.in) && j.in[j.at]|0x20 == 'e' {
		j.at++
		if j.at < len(j.in) && (j.in[j.at] == '+' || j.in[j.at] == '-') {
			j.at++
		}
		if j.digits() == 0 {
			return j.orCut()
		}
	}
	j.visit(j.path, Value{Number, j.in[start:j.at], index})
	return nil
}

func (j *JSON) digits() int {
	start := j.at
	for j.at < len(j.in) && j.in[j.at]-'0' <= 9 {
		j.at++
	}
	return j.at - start
}

func (j *JSON) orCut() error {
	if j.at >= len(j.in) {
		return ErrJSONCut
	}
	return ErrJSON
}

func orJSON(err error) error {
	if err != nil {
		return err
	}
	return ErrJSON
}

// str reads a string; without escapes it is a slice of the line.
func (j *JSON) str() ([]byte, error) {
	j.at++ // "
	start := j.at
	for ; j.at < len(j.in); j.at++ {
		switch c := j.in[j.at]; {
		case c == '"':
			j.at++
			return j.in[start : j.at-1], nil
		case c == '\\':
			return j.escaped(start)
		case c < 0x20:
			return nil, ErrJSON
		}
	}
	return nil, ErrJSONCut
}

func (j *JSON) escaped(start int) ([]byte, error) {
	j.text = append(j.text[:0], j.in[start:j.at]...)
	for j.at < len(j.in) {
		c := j.in[j.at]
		j.at++
		switch {
		case c == '"':
			return j.text, nil
		case c < 0x20:
			return nil, ErrJSON
		case c != '\\':
			j.text = append(j.text, c)
			continue
		}
		if j.at >= len(j.in) {
			break
		}
		if err := j.escape(); err != nil {
			return nil, err
		}
	}
	return nil, ErrJSONCut
}

// escape reads what follows a backslash.
func (j *JSON) escape() error {
	c := j.in[j.at]
	j.at++
	switch c {
	case '"', '\\', '/':
		j.text = append(j.text, c)
	case 'b':
		j.text = append(j.text, '\b')
	case 'f':
		j.text = append(j.text, '\f')
	case 'n':
		j.text = append(j.text, '\n')
	case 'r':
		j.text = append(j.text, '\r')
	case 't':
		j.text = append(j.text, '\t')
	case 'u':
		r, err := j.hex4()
		if err != nil {
			return err
		}
		if utf16.IsSurrogate(r) && j.at+1 < len(j.in) && j.in[j.at] == '\\' && j.in[j.at+1] == 'u' {
			back := j.at
			j.at += 2
			low, err := j.hex4()
			if err != nil {
				return err
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				j.at = back
			}
		}
		j.text = utf8.AppendRune(j.text, r)
	default:
		return ErrJSON
	}
	return nil
}

func (j *JSON) hex4() (rune, error) {
	if j.at+4 > len(j.in) {
		return 0, ErrJSONCut
	}
	r := rune(0)
	for _, c := range j.in[j.at : j.at+4] {
		d, ok := hexDigit(c)
		if !ok {
			return 0, ErrJSON
		}
		r = r<<4 | rune(d)
	}
	j.at += 4
	return r, nil
}
