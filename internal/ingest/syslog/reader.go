package syslog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"candor/internal/ingest"
	"candor/internal/record"
)

// Actions and results of logs: closed sets. Where a log names its own (CEF, LEEF), its words stay.
const (
	ActionLogin    = "login"   // a person or service signs in, or tries to
	ActionLogout   = "logout"  //
	ActionTicket   = "ticket"  // Kerberos: a ticket is asked for
	ActionLockout  = "lockout" // an account is locked
	ActionElevate  = "elevate" // to act as somebody else: sudo, su, runas
	ActionConnect  = "connect" // a connection, as a packet filter or a server sees it
	ResultSuccess  = "success" //
	ResultFailure  = "failure" //
	ResultAllowed  = "allowed" // by a packet filter
	ResultBlocked  = "blocked" //
	maxMessage     = 1024      // bytes of a message that are kept
	unknownProgram = "(no program)"
)

// reader reads one log.
type reader struct {
	opts    ingest.Options
	kinds   []ingest.Kind
	lines   *ingest.Lines
	account ingest.Account
	badAt   int64
	bad     int64

	words   ingest.Words
	windows windows
	year    int    // of time stamps without one
	month   int    // of the last such time stamp
	zone    string // what was taken for that of lines which name none
	local   bool   // the line that was read names no zone

	queue ingest.Ordered
	logs  ingest.Slab[record.Log]
	now   record.Time
}

// Open opens a promised log, plain or compressed. Without kinds, all forms are read; with kinds, lines of other forms are
// damage. The error is ErrNotReadable (package ingest) when the beginning looks like none of them; an empty log is one without a line.
func Open(ctx context.Context, path string, opts ingest.Options, kinds ...ingest.Kind) (ingest.Reader, error) {
	l, err := ingest.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	r := newReader(l, opts, kinds)
	head := l.Peek(ingest.SniffSize)
	if len(kinds) == 0 && len(head) > 0 && l.Broken() == nil && !r.reads(ingest.Sniff(head)) {
		return nil, errors.Join(fmt.Errorf("open log %s: %w", path, ingest.ErrNotReadable), l.Close())
	}
	return r, nil
}

func newReader(l *ingest.Lines, opts ingest.Options, kinds []ingest.Kind) *reader {
	if len(kinds) == 0 {
		kinds = []ingest.Kind{ingest.Syslog, ingest.WindowsJSON, ingest.CEF, ingest.LEEF}
	}
	r := &reader{opts: opts, kinds: kinds, lines: l, badAt: -1, year: opts.Year}
	if r.year == 0 && opts.From != 0 {
		r.year = opts.From.Std().Year()
	}
	r.zone = zoneTaken(opts.Offset)
	r.windows.init()
	if opts.Sight != nil {
		opts.Sight.Report(record.CarriesLogs)
	}
	return r
}

func (r *reader) reads(k ingest.Kind) bool { return slices.Contains(r.kinds, k) }

// Next implements ingest.Reader.
func (r *reader) Next(ctx context.Context, b *record.Batch) error {
	err := r.queue.Next(ctx, r.read, func() { r.tell(b) })
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read log: %w", err)
	}
	return err
}

func (r *reader) tell(b *record.Batch) {
	at, slot := r.queue.Pop()
	if at < r.now {
		r.account.Late++
	}
	r.now = max(r.now, at)
	b.Span.Extend(at)
	b.Logs = append(b.Logs, *r.logs.At(slot.Index))
	r.logs.Put(slot.Index)
	if r.opts.Sight != nil {
		r.opts.Sight.ReportedLog(at, &b.Logs[len(b.Logs)-1])
	}
}

// read reads one line into the window.
func (r *reader) read() {
	if !r.lines.Next() {
		r.queue.Ended = true
		return
	}
	line := bytes.TrimPrefix(bytes.TrimSpace(r.lines.Line), []byte("\xef\xbb\xbf"))
	if len(line) == 0 {
		return
	}
	r.account.Lines++
	slot, l := r.logs.Take()
	unknown, err := r.parse(line, l)
	if r.lines.TooLong {
		err = fmt.Errorf("the line is longer than %d bytes", ingest.MaxLine)
	}
	if err != nil {
		r.logs.Put(slot)
		r.damage(err.Error())
		return
	}
	if unknown != "" {
		r.account.AddUnknown(unknown, r.where("not understood"), line)
	}
	l.TS, l.Feed = ingest.Clamp(l.TS), r.opts.Feed
	r.queue.Newest.Note(l.TS)
	if !r.opts.Within(l.TS) {
		r.logs.Put(slot)
		ingest.Count(&r.account.Skipped, "lines outside of the time asked for", 1)
		return
	}
	if r.local {
		ingest.Count(&r.account.Assumed, r.zone, 1)
	}
	r.account.Records++
	r.queue.Push(l.TS, ingest.Slot{Index: slot, Size: uint32(min(len(line), 4*maxMessage))})
}

// What a line may lack.
var (
	errForm = errors.New("the line is of no form that is read here")
	errTime = errors.New("the line has no time that can be read")
	errYear = errors.New("the time stamp has no year, and nothing says which one (a start time or a year must be given)")
)

// parse reads a line of any form. unknown names what is not understood.
func (r *reader) parse(line []byte, l *record.Log) (unknown string, err error) {
	if line[0] == '{' {
		if !r.reads(ingest.WindowsJSON) {
			return "", errForm
		}
		w, unknown, err := r.windows.parse(line, l, r.opts.Offset)
		r.take(w, l)
		return unknown, err
	}
	if i := bytes.Index(line, []byte("CEF:")); i >= 0 && r.reads(ingest.CEF) {
		return r.cef(line[:i], line[i:], l)
	}
	if i := bytes.Index(line, []byte("LEEF:")); i >= 0 && r.reads(ingest.LEEF) {
		return r.leef(line[:i], line[i:], l)
	}
	if !r.reads(ingest.Syslog) {
		return "", errForm
	}
	return r.text(line, l)
}

func (r *reader) where(because string) ingest.Damage {
	return ingest.Damage{Path: r.lines.Path, Line: r.lines.Number, At: r.lines.At, Because: because}
}

func (r *reader) damage(because string) {
	if r.badAt < 0 {
		r.badAt = r.lines.At
	}
	r.bad += int64(len(r.lines.Line)) + 1
	r.account.AddDamage(r.where(because), r.lines.Line)
}

// Now implements ingest.Reader.
func (r *reader) Now() record.Time { return r.now }

// Status implements ingest.Reader.
func (r *reader) Status() []record.Input {
	kind := "log"
	if len(r.kinds) == 1 {
		kind = string(r.kinds[0])
	}
	in := record.Input{Path: r.lines.Path, Kind: kind, Feed: r.opts.Feed, Bytes: uint64(r.lines.Bytes()), Records: r.account.Records, Stopped: r.lines.Broken()}
	in.Stopped = r.account.Stopped(r.badAt, r.bad, in.Stopped)
	return []record.Input{in}
}

// Account implements ingest.Reader.
func (r *reader) Account() ingest.Account {
	var a ingest.Account
	a.Merge(&r.account)
	return a
}

// Close implements ingest.Reader.
func (r *reader) Close() error {
	if err := r.lines.Close(); err != nil {
		return fmt.Errorf("close %s: %w", r.lines.Path, err)
	}
	return nil
}
