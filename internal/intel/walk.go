package intel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"candor/internal/record"
)

// maxNesting bounds how deep the JSON around the entries may be.
const maxNesting = 32

// walker goes through JSON token by token and decodes only the entries: the elements of "Attribute" (MISP, in events, in
// objects, in search results, in a list of events) and of "objects" (a STIX bundle or TAXII answer).
type walker struct {
	*builder
	dec    *json.Decoder
	levels []level
	n      uint32 // entries so far
	events int
}

// level is one object or array that is open.
type level struct {
	object bool
	key    string // the key whose value comes next; empty when a key comes next
}

func (b *builder) readJSON(in io.Reader) error {
	b.list.Unit = "entry"
	w := &walker{builder: b, dec: json.NewDecoder(in)}
	w.dec.UseNumber()
	err := w.walk()
	switch {
	case b.full:
		return nil
	case err != nil:
		return w.damaged(err)
	case b.list.Format == "":
		return fmt.Errorf("%w: this JSON holds no indicators: hand in MISP events (not the feed's manifest) or a STIX 2 bundle", errDamaged)
	}
	if w.events > 1 {
		b.list.Title = fmt.Sprintf("%s, and %d more events", b.list.Title, w.events-1)
	}
	return nil
}

func (w *walker) damaged(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the JSON breaks off at byte %d: fetch the list again", errDamaged, w.dec.InputOffset())
	}
	return fmt.Errorf("%w: not JSON at byte %d (%s): fetch the list again", errDamaged, w.dec.InputOffset(), plainWords(err.Error(), 100))
}

func (w *walker) walk() error {
	for {
		t, err := w.dec.Token()
		if err != nil {
			if errors.Is(err, io.EOF) && len(w.levels) == 0 {
				return nil
			}
			return err
		}
		if err := w.token(t); err != nil {
			return err
		}
		if w.full {
			return nil
		}
	}
}

func (w *walker) token(t json.Token) error {
	top := len(w.levels) - 1
	key := ""
	if top >= 0 && w.levels[top].object {
		if name, ok := t.(string); ok && w.levels[top].key == "" {
			w.levels[top].key = name
			if name == "" {
				w.levels[top].key = "\x00"
			}
			return nil
		}
		key = w.levels[top].key
		w.levels[top].key = ""
	}
	switch v := t.(type) {
	case json.Delim:
		return w.delim(v, key)
	case string:
		w.scalar(key, v)
	case json.Number:
		w.scalar(key, v.String())
	}
	return nil
}

func (w *walker) delim(d json.Delim, key string) error {
	switch d {
	case '}', ']':
		w.levels = w.levels[:len(w.levels)-1]
		return nil
	case '[':
		switch key {
		case "Attribute":
			return w.elements("misp", "attribute", w.attribute)
		case "objects":
			return w.elements("stix", "object", w.stixObject)
		}
	case '{':
		if key == "Event" {
			w.events++
			if w.list.Format == "" {
				w.list.Format, w.list.Unit = "misp", "attribute"
			}
		}
	}
	switch key {
	case "RelatedEvent", "ShadowAttribute", "Galaxy", "EventReport": // of other events, or no indicators
		return w.skipValue()
	}
	if len(w.levels) >= maxNesting {
		return fmt.Errorf("nested more than %d deep", maxNesting)
	}
	w.levels = append(w.levels, level{object: d == '{'})
	return nil
}

// skipValue goes past an array or object that was just opened.
func (w *walker) skipValue() error {
	for depth := 1; depth > 0; {
		t, err := w.dec.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}

// elements hands each element of the array that was just opened to take.
func (w *walker) elements(format, unit string, take func(*entryJSON)) error {
	if w.list.Format == "" {
		w.list.Format = format
	}
	if w.n == 0 {
		w.list.Unit = unit
	}
	for w.dec.More() && !w.full {
		w.n++
		var e entryJSON
		err := w.dec.Decode(&e)
		var wrongType *json.UnmarshalTypeError
		switch {
		case errors.As(err, &wrongType):
			w.skip("a field of an unexpected type", w.n, plainWords(wrongType.Error(), 60))
		case err != nil:
			return err
		default:
			take(&e)
		}
	}
	if w.full {
		return nil
	}
	_, err := w.dec.Token() // the closing bracket
	return err
}

// scalar notes what events and bundles say about themselves.
func (w *walker) scalar(key, value string) {
	switch key {
	case "info":
		if w.list.Title == "" {
			w.list.Title = plainWords(value, maxWordBytes)
		}
	case "date", "timestamp", "publish_timestamp":
		w.date(parseDate(value))
	}
}

// entryJSON is a MISP attribute or a STIX object: the fields of both that matter here.
type entryJSON struct {
	Type string `json:"type"`
	// MISP
	Value     string `json:"value"`
	Comment   string `json:"comment"`
	Relation  string `json:"object_relation"`
	ToIDs     loose  `json:"to_ids"`
	Deleted   loose  `json:"deleted"`
	Timestamp loose  `json:"timestamp"`
	FirstSeen loose  `json:"first_seen"`
	LastSeen  loose  `json:"last_seen"`
	// STIX
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Pattern     string   `json:"pattern"`
	PatternType string   `json:"pattern_type"`
	Labels      []string `json:"labels"`
	ValidFrom   string   `json:"valid_from"`
	ValidUntil  string   `json:"valid_until"`
	Created     string   `json:"created"`
	Modified    string   `json:"modified"`
	Revoked     bool     `json:"revoked"`
}

// loose is a text, number, truth or nothing, as text; exporters do not agree.
type loose string

// UnmarshalJSON takes any scalar; lists and objects become "".
func (l *loose) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) == 0, b[0] == '{', b[0] == '[', string(b) == "null":
		*l = ""
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return fmt.Errorf("text: %w", err)
		}
		*l = loose(s)
	default:
		*l = loose(b)
	}
	return nil
}

func (l loose) no() bool  { return l == "false" || l == "0" }
func (l loose) yes() bool { return l == "true" || l == "1" }

func (l loose) time() record.Time { return parseDate(string(l)) }

// attribute takes a MISP attribute.
func (w *walker) attribute(a *entryJSON) {
	w.date(a.Timestamp.time())
	typ := strings.ToLower(a.Type)
	if strings.HasPrefix(strings.ToLower(a.Relation), "ja4") && (typ == "text" || typ == "ja4-plus") {
		typ = "ja4"
	}
	kinds, known := kindsOf(typ)
	switch {
	case a.Deleted.yes():
		w.skip("deleted", w.n, a.Value)
		return
	case !known && typ != "domain|ip":
		w.skip("type "+plainWords(a.Type, 40), w.n, a.Value)
		return
	case a.ToIDs.no():
		w.skip("not meant for detection (to_ids is false)", w.n, a.Value)
		return
	}
	c := candidate{kinds: kinds, words: a.Comment, seen: max(a.FirstSeen.time(), a.LastSeen.time()), place: w.n, value: a.Value}
	if c.seen == 0 {
		c.seen = a.Timestamp.time()
	}
	left, right, two := strings.Cut(a.Value, "|")
	switch {
	case typ == "domain|ip" && two:
		c.kinds, c.value = maskOf(Domain), left
		w.add(c)
		c.kinds, c.value = maskOf(Address, Network), right
	case two:
		c.value = left
		if port, err := strconv.ParseUint(right, 10, 16); err == nil {
			c.port = uint16(port)
		}
	}
	w.add(c)
}
