package ingest

import (
	"context"
	"errors"
	"fmt"

	"candor/internal/record"
	"candor/internal/sight"
)

// ErrNotReadable says that an input is of no kind that a reader knows.
var ErrNotReadable = errors.New("no log that can be read")

// Options say how an input is read.
type Options struct {
	Scope    record.Scope
	Sensor   record.Sensor
	Feed     record.Feed    // every record carries it
	Sight    *sight.Builder // is told of everything; nil: nobody is
	From, To record.Time    // records whose order time lies outside [From, To) are left out; 0 is open
	Year     int            // of time stamps without a year (RFC 3164); 0: that of From. With neither, such lines are damage
	Offset   record.Time    // of time stamps without a zone: local time minus UTC
}

// Within reports whether a record of this order time is wanted.
func (o *Options) Within(at record.Time) bool {
	return (o.From == 0 || at >= o.From) && (o.To == 0 || at < o.To)
}

// Reader yields the records of one input in the order of time. The order time of a record is when it could first be told: of
// a connection its last packet (ts + duration), of everything else its time stamp. Files hold lines in the order in which they
// were written, which is somewhat later; a bounded window puts them right, and a line that comes too late for it is told as
// soon as it is read.
type Reader interface {
	// Next appends at most some thousand records to the batch, extends its span, and tells the sight builder. It gives io.EOF
	// when nothing is left. Draining the builder is the caller's.
	Next(ctx context.Context, b *record.Batch) error
	// Now is the newest order time told so far.
	Now() record.Time
	// Status says how far the input was read: one value for the input as a whole, one more for each damaged file in it. Stopped
	// also names lines that could not be read, At being the first of them.
	Status() []record.Input
	// Account says what was not understood.
	Account() Account
	Close() error
}

// Account is what a reader could not read or had no record for. Nothing is left out silently: every line is a record, known
// and without a record of its own, of an unknown log, left out, or damaged.
type Account struct {
	Lines   uint64            // data lines read
	Records uint64            // of these, lines that make a record; one that was told before is then skipped
	Known   map[string]uint64 // lines of known logs that make no record of their own, by log
	Unknown map[string]uint64 // lines of logs or of forms that nobody here knows, by name
	Shown   []Damage          // the first lines of unknown form, as text, at most MaxShown
	Skipped map[string]uint64 // files, and lines, left out on purpose, by reason
	Assumed map[string]uint64 // lines that leave something open which was taken for granted, by what
	Late    uint64            // records that came too late to be put into the order of time
	Damaged uint64            // lines that could not be read
	Damage  []Damage          // the first of them, at most MaxShown
}

// Damage is one line that could not be read.
type Damage struct {
	Path    string
	Line    uint64 // from 1
	At      int64  // byte offset in the decompressed file
	Because string
	Text    string // its beginning
}

// String is path:line: reason.
func (d Damage) String() string { return fmt.Sprintf("%s:%d: %s", d.Path, d.Line, d.Because) }

// Bounds of an account.
const (
	MaxShown = 5
	maxText  = 200
	maxNames = 256 // different names in each map; the rest is counted under "(more)"
)

// Count adds to a map of names, which stays bounded.
func Count(m *map[string]uint64, name string, n uint64) {
	if *m == nil {
		*m = map[string]uint64{}
	}
	if _, known := (*m)[name]; !known && len(*m) >= maxNames {
		name = "(more)"
	}
	(*m)[name] += n
}

// AddDamage counts a damaged line and keeps the first few.
func (a *Account) AddDamage(d Damage, line []byte) {
	a.Damaged++
	a.Damage = show(a.Damage, d, line)
}

// AddUnknown counts a line of unknown form and keeps the first few.
func (a *Account) AddUnknown(name string, d Damage, line []byte) {
	Count(&a.Unknown, name, 1)
	a.Shown = show(a.Shown, d, line)
}

func show(list []Damage, d Damage, line []byte) []Damage {
	if len(list) >= MaxShown {
		return list
	}
	d.Text = string(line[:min(len(line), maxText)])
	return append(list, d)
}

// Merge adds another account.
func (a *Account) Merge(o *Account) {
	a.Lines += o.Lines
	a.Records += o.Records
	a.Late += o.Late
	a.Damaged += o.Damaged
	for _, m := range [...]struct{ into, from *map[string]uint64 }{{&a.Known, &o.Known}, {&a.Unknown, &o.Unknown}, {&a.Skipped, &o.Skipped}, {&a.Assumed, &o.Assumed}} {
		for name, n := range *m.from {
			Count(m.into, name, n)
		}
	}
	a.Damage = append(a.Damage, o.Damage[:min(len(o.Damage), MaxShown-len(a.Damage))]...)
	a.Shown = append(a.Shown, o.Shown[:min(len(o.Shown), MaxShown-len(a.Shown))]...)
}

// Stopped says that lines could not be read: at is where the first of them begins, unread how many bytes they are. end is why
// reading ended early, nil when it did not.
func (a *Account) Stopped(at, unread int64, end *record.Stopped) *record.Stopped {
	if a.Damaged == 0 || len(a.Damage) == 0 {
		return end
	}
	first := a.Damage[0]
	s := &record.Stopped{
		At: at, Unread: unread,
		Because: fmt.Sprintf("%d of %d lines cannot be read; the first is line %d: %s", a.Damaged, a.Lines, first.Line, first.Because),
	}
	if end != nil {
		s.Unread = -1
		s.Because += "; then " + end.Because
	}
	return s
}
