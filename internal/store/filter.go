package store

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"candor/internal/record"
)

// Bounds of a question.
const (
	DefaultLimit = 100
	MaxLimit     = 10000
	maxText      = 1024    // bytes of a word in a filter
	maxSkip      = 1 << 20 // records of one moment that a cursor may count
)

// Filter says which records are asked for; what is zero does not narrow. A kind that has no field for something that narrows gives none.
type Filter struct {
	Kinds      []record.Kind   // none: all but sight
	Sensors    []record.Sensor // none: all
	From, To   record.Time     // half-open, of ts; To 0: no end
	Addr       netip.Prefix    // either end
	Orig, Resp netip.Prefix
	Name       string // query, server_name or host: as it is, or *.suffix for a name and all below it
	Port       uint16 // of either end
	Proto      uint8  // IP protocol number
	UID        record.UID
	Text       string // anywhere in the kind's words, upper and lower case alike
	Newest     bool   // the newest first
	Reports    bool   // reports of connections one by one instead of joined
	Limit      int    // of records; 0: DefaultLimit
	Cursor     string // Next of the page before
}

// Rows are records by kind, each kind in the order that was asked for.
type Rows struct {
	Conns  []record.Conn
	DNS    []record.DNS
	TLS    []record.TLS
	HTTP   []record.HTTP
	DHCP   []record.DHCP
	Logs   []record.Log
	Alerts []record.Alert
	Order  []record.Kind // the kinds of all records in their common order
}

// Page is a part of the records that a filter asks for.
type Page struct {
	Rows    Rows
	Next    string // for Filter.Cursor; empty: there are no more
	Looked  Looked
	Missing []record.Blind // what could not be looked at: with any of it, nothing found is no proof
}

// Looked says what a question was asked of: blocks by now, compacted ones counting as many as they were made of.
type Looked struct {
	Blocks int
	Rows   int
}

// place is what a cursor says: the moment of the last record given, and how many of each kind at that moment were given already.
type place struct {
	At     record.Time         `json:"t"`
	Skip   map[record.Kind]int `json:"s"`
	Newest bool                `json:"n,omitempty"`
}

func (p place) text() string {
	b, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parsePlace(text string) (*place, error) {
	if text == "" {
		return nil, nil
	}
	bad := fmt.Errorf("%w: cursor %.40q: use the one that the page before gave", ErrInvalid, text)
	if len(text) > 1024 {
		return nil, bad
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, bad
	}
	var p place
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, bad
	}
	for k, n := range p.Skip {
		if n < 0 || n > maxSkip || !slices.Contains(record.Kinds(), k) {
			return nil, bad
		}
	}
	return &p, nil
}

// checked fills in defaults and refuses what makes no sense.
func (f Filter) checked() (Filter, *place, error) {
	if len(f.Kinds) == 0 {
		f.Kinds = record.Kinds()
	}
	for i, k := range f.Kinds {
		if !slices.Contains(record.Kinds(), k) || slices.Contains(f.Kinds[:i], k) {
			return f, nil, fmt.Errorf("%w: kind %.20q: each of %v at most once", ErrInvalid, k, record.Kinds())
		}
	}
	if f.To == 0 {
		f.To = math.MaxInt64
	}
	if f.Limit == 0 {
		f.Limit = DefaultLimit
	}
	if f.Limit < 0 || f.Limit > MaxLimit {
		return f, nil, fmt.Errorf("%w: limit %d: at most %d", ErrInvalid, f.Limit, MaxLimit)
	}
	for _, text := range []string{f.Name, f.Text, string(f.UID)} {
		if len(text) > maxText {
			return f, nil, fmt.Errorf("%w: a word of %d bytes: at most %d", ErrInvalid, len(text), maxText)
		}
	}
	if i := strings.IndexByte(f.Name, '*'); i > 0 || i == 0 && (!strings.HasPrefix(f.Name, "*.") || strings.Contains(f.Name[1:], "*") || len(f.Name) < 3) {
		return f, nil, fmt.Errorf("%w: name %.80q: give a whole name, or *. and the end of one", ErrInvalid, f.Name)
	}
	p, err := parsePlace(f.Cursor)
	if err == nil && p != nil && p.Newest != f.Newest {
		err = fmt.Errorf("%w: the cursor is of the other order", ErrInvalid)
	}
	return f, p, err
}
