package intel

import (
	"fmt"
	"net/netip"
	"slices"

	"candor/internal/record"
)

// List is one indicator list, read and checked; it never changes. A list that could not be read at all is a List too (see
// Unread), so that it is not forgotten.
type List struct {
	Name       string
	Format     string      // plain, csv, misp, stix; empty when it could not be read
	Title      string      // what the list says about itself (the MISP event's info); may be empty
	Unit       string      // what Place counts: line, attribute, object
	Date       record.Time // when its content was last touched: its own newest date, else Options.Modified; 0 when nobody says
	Counts     map[Kind]int
	Duplicates int       // named more than once; the newest date and the longest validity hold
	Skipped    []Skipped // what was left aside, by reason, most frequent first
	Doubts     []Doubt   // the first entries that no list should name; they never match
	DoubtCount int       // all of them
	Quarantine string    // why nothing of this list matches; empty when it is used
	Err        error     // why it could not be read

	entries []entry
	arena   string // the keys of entries
	words   []string
}

// Skipped counts what was left aside for one reason.
type Skipped struct {
	Reason string
	Count  int
	First  []string // the first few, each with its place
}

// Doubt is an entry that no list should name.
type Doubt struct {
	Place     string
	Indicator string
	Why       string
}

// entry is one indicator. Its key lies in the list's arena: an address as 4 or 16 bytes, a network as those and the length of
// the prefix, a domain, host and path, JA4 or hash as text.
type entry struct {
	offset uint32
	length uint16
	kind   Kind
	flags  uint8
	place  uint32
	seen   uint32 // minutes since 1970; 0 unknown
	until  uint32 // minutes since 1970; 0 never
	words  uint32 // in List.words
	port   uint16
}

// flags of an entry
const (
	withSub = 1 << iota // a domain with its sub-domains
	isPart              // only one part of what the list asks for
)

func (l *List) key(e *entry) string { return l.arena[e.offset : e.offset+uint32(e.length)] }

// Indicators counts what can be matched.
func (l *List) Indicators() int { return len(l.entries) }

// text writes an entry's indicator for people.
func (l *List) text(e *entry) string {
	key := l.key(e)
	switch e.kind {
	case Address, Network:
		n := len(key)
		if e.kind == Network {
			n--
		}
		a, _ := netip.AddrFromSlice([]byte(key[:n]))
		if e.kind == Network {
			return netip.PrefixFrom(a, int(key[n])).String()
		}
		if e.port != 0 {
			return netip.AddrPortFrom(a, e.port).String()
		}
		return a.String()
	case Domain:
		if e.port != 0 {
			return fmt.Sprintf("%s:%d", key, e.port)
		}
	}
	return key
}

func (l *List) place(e *entry) string { return fmt.Sprintf("%s %d", l.Unit, e.place) }

// Unread is the list for a file that could not be opened or read: it takes part in Set.Status, so that a missing list is seen.
func Unread(name string, err error) *List { return &List{Name: plain(name), Err: err} }

// Options are what reading needs to know. The zero value works.
type Options struct {
	// Modified is the file's own time, or when it was fetched; 0 unknown. Dates in the list later than this are not believed.
	Modified record.Time
	// Own are the customer's networks, which no list should name.
	Own []netip.Prefix
	// Popular says what this site itself talks to all the time, so that a list that names it is set aside; the text is an
	// address, a registered domain, a JA4 or a hash. May be nil.
	Popular func(kind Kind, text string) bool
	// MaxBytes bounds a list; 0 means 256 MiB.
	MaxBytes int64
	// MaxIndicators bounds what one list may name; 0 means 2,000,000.
	MaxIndicators int
}

const (
	defaultMaxBytes      = 256 << 20
	defaultMaxIndicators = 2_000_000
	maxWords             = 1 << 16 // different texts kept of one list
	maxWordBytes         = 160
	maxReasons           = 32
	maxExamples          = 3
	maxDoubts            = 20
)

// builder collects the entries of one list.
type builder struct {
	list    List
	o       Options
	arena   []byte
	index   index
	wordIDs map[string]uint32
	skipped map[string]*Skipped
	doubts  doubtCount
	known   []netip.Addr // popularAddrs, once a network asks for them
	newest  record.Time
	full    bool // more indicators than allowed
}

func newBuilder(name string, o Options) *builder {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.MaxIndicators <= 0 {
		o.MaxIndicators = defaultMaxIndicators
	}
	return &builder{
		list: List{Name: plain(name), Counts: map[Kind]int{}, words: []string{""}},
		o:    o, index: newIndex(1024), wordIDs: map[string]uint32{"": 0}, skipped: map[string]*Skipped{},
	}
}

// add takes one candidate in, or counts why not.
func (b *builder) add(c candidate) {
	u := classify(c.value, c.kinds)
	if u.reason != "" {
		b.skip(u.reason, c.place, c.value)
		return
	}
	if c.port != 0 && u.port == 0 && u.kind == Address {
		u.port = c.port
	}
	b.date(c.seen)
	if why := b.doubtful(&u); why != "" {
		b.doubt(c.place, c.value, why)
		return
	}
	if len(b.list.entries) >= b.o.MaxIndicators {
		b.full = true
		return
	}
	e := entry{
		offset: uint32(len(b.arena)), length: uint16(len(u.key)), kind: u.kind, place: c.place, seen: minutes(b.believed(c.seen)), until: minutes(c.until),
		port: u.port,
	}
	if u.sub {
		e.flags |= withSub
	}
	if c.partial {
		e.flags |= isPart
	}
	if old := b.find(u.kind, u.key); old != nil {
		b.list.Duplicates++
		old.merge(&e)
		return
	}
	e.words = b.intern(c.words)
	b.arena = append(b.arena, u.key...)
	b.list.entries = append(b.list.entries, e)
	b.list.Counts[u.kind]++
	b.index.put(b.index.hash(u.kind, u.key), uint64(len(b.list.entries)))
	if 2*len(b.list.entries) > len(b.index.slots) {
		b.grow()
	}
}

// find is the entry of this list with the same key, or nil.
func (b *builder) find(kind Kind, key string) *entry {
	h := b.index.hash(kind, key)
	for i, ref := b.index.first(h); ref != 0; i, ref = b.index.next(h, i) {
		e := &b.list.entries[ref-1]
		if e.kind == kind && string(b.arena[e.offset:e.offset+uint32(e.length)]) == key {
			return e
		}
	}
	return nil
}

func (b *builder) grow() {
	b.index = newIndex(len(b.index.slots))
	for i := range b.list.entries {
		e := &b.list.entries[i]
		b.index.put(b.index.hashBytes(e.kind, b.arena[e.offset:e.offset+uint32(e.length)]), uint64(i+1))
	}
}

// merge joins an entry that was named again: whatever is wider holds.
func (e *entry) merge(again *entry) {
	e.seen = max(e.seen, again.seen)
	if e.until != 0 && (again.until == 0 || again.until > e.until) {
		e.until = again.until
	}
	if e.port != again.port {
		e.port = 0
	}
	e.flags |= again.flags & withSub
	if again.flags&isPart == 0 {
		e.flags &^= isPart
	}
}

func (b *builder) intern(words string) uint32 {
	words = plainWords(words, maxWordBytes)
	id, ok := b.wordIDs[words]
	if !ok {
		if len(b.list.words) >= maxWords {
			return 0
		}
		id = uint32(len(b.list.words))
		b.list.words = append(b.list.words, words)
		b.wordIDs[words] = id
	}
	return id
}

// skip counts what is left aside.
func (b *builder) skip(reason string, place uint32, value string) {
	s := b.skipped[reason]
	if s == nil {
		if len(b.skipped) >= maxReasons {
			reason = "other reasons"
		}
		if s = b.skipped[reason]; s == nil {
			s = &Skipped{Reason: reason}
			b.skipped[reason] = s
		}
	}
	s.Count++
	if len(s.First) < maxExamples {
		s.First = append(s.First, fmt.Sprintf("%s %d: %s", b.list.Unit, place, plainWords(value, 60)))
	}
}

func (b *builder) doubt(place uint32, value, why string) {
	b.list.DoubtCount++
	if len(b.list.Doubts) < maxDoubts {
		b.list.Doubts = append(b.list.Doubts, Doubt{fmt.Sprintf("%s %d", b.list.Unit, place), plainWords(value, 80), why})
	}
}

// date takes a date of the content into account for the age of the list.
func (b *builder) date(t record.Time) { b.newest = max(b.newest, b.believed(t)) }

// believed is a date, or 0 when it lies after the file itself: no list knows the future.
func (b *builder) believed(t record.Time) record.Time {
	if t < record.FirstTime || t > record.LastTime || (b.o.Modified != 0 && t > b.o.Modified+2*record.Day) {
		return 0
	}
	return t
}

// finish seals the list.
func (b *builder) finish() (*List, error) {
	l := &b.list
	if b.full {
		return nil, fmt.Errorf("intel list %s: it names more than %d indicators: split it into several files", l.Name, b.o.MaxIndicators)
	}
	l.arena = string(b.arena)
	l.entries = slices.Clip(l.entries)
	l.words = slices.Clip(l.words)
	if l.Date = b.newest; l.Date == 0 {
		l.Date = b.o.Modified
	}
	for _, s := range b.skipped {
		l.Skipped = append(l.Skipped, *s)
	}
	slices.SortFunc(l.Skipped, func(x, y Skipped) int {
		if x.Count != y.Count {
			return y.Count - x.Count
		}
		if x.Reason < y.Reason {
			return -1
		}
		return 1
	})
	l.Quarantine = b.doubts.verdict(l)
	if unknown := b.skipped[reasonUnknown]; len(l.entries) == 0 && l.DoubtCount == 0 && unknown != nil {
		return nil, fmt.Errorf("intel list %s: nothing in it is an indicator (%s): hand in a plain list, CSV with a header, MISP JSON or STIX 2.1", l.Name, unknown.First[0])
	}
	return l, nil
}
