package zeek

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"candor/internal/ingest"
	"candor/internal/record"
)

// reader is the logs under one path.
type reader struct {
	path    string
	opts    ingest.Options
	names   map[string]kind
	all     []*file // sorted by path
	waiting []*file // not opened yet, by first time
	active  []*file
	account ingest.Account // of the reader itself; files have their own
	carries record.Carries
	repeats bool           // there are logs of what is still open
	noted   record.Carries // what rows themselves turned out to carry: cards, drops

	p     parser
	queue ingest.Queue
	least record.Time // newest time of the file that is furthest behind; valid while there is an active one
	now   record.Time
	inner ingest.Inside

	conns  ingest.Slab[record.Conn]
	dns    ingest.Slab[record.DNS]
	tls    ingest.Slab[handshake]
	http   ingest.Slab[record.HTTP]
	dhcp   ingest.Slab[record.DHCP]
	alerts ingest.Slab[record.Alert]
	meters ingest.Slab[meter]
	slot   uint32 // of the row being read
	taken  kind   // the kind whose slab the slot is of; unknown: none is taken

	certs certs
	open  openConns
	tolds seen
}

// handshake waits for its certificate.
type handshake struct {
	record.TLS
	leaf string
}

const (
	batchRecords = 4096
	rowsAtOnce   = 64  // rows read of one file before the next is looked at
	maxActive    = 256 // files that are open at the same time
)

func newReader(path string, opts ingest.Options) *reader {
	r := &reader{path: path, opts: opts, names: kinds()}
	r.inner.Scope = &r.opts.Scope
	return r
}

// Next implements ingest.Reader.
func (r *reader) Next(ctx context.Context, b *record.Batch) error {
	for told := 0; told < batchRecords; {
		if err := context.Cause(ctx); told%512 == 0 && err != nil {
			return fmt.Errorf("read zeek logs: %w", err)
		}
		if r.queue.Len() > 0 && r.ready() {
			r.tell(b)
			told++
			continue
		}
		more, err := r.readSome(ctx)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		if r.queue.Len() == 0 {
			if told > 0 {
				return nil
			}
			return io.EOF
		}
		r.tell(b)
		told++
	}
	return nil
}

// ready reports whether the first in the window can be told: nothing older can come, or the window is full.
func (r *reader) ready() bool {
	if r.queue.Few() && len(r.active)+len(r.waiting) > 0 {
		return false
	}
	if r.queue.Full() {
		return true
	}
	until := r.queue.First() + ingest.Window
	if len(r.waiting) > 0 && r.waiting[0].first < until {
		return false
	}
	return len(r.active) == 0 || r.least >= until
}

// readSome reads rows of the file that is furthest behind; false when all are read.
func (r *reader) readSome(ctx context.Context) (bool, error) {
	if err := context.Cause(ctx); err != nil {
		return false, fmt.Errorf("read zeek logs: %w", err)
	}
	for len(r.waiting) > 0 && len(r.active) < maxActive && (len(r.active) == 0 || r.waiting[0].first <= r.least+ingest.Window) {
		if err := r.activate(ctx); err != nil {
			return false, err
		}
	}
	if len(r.active) == 0 {
		return len(r.waiting) > 0, nil
	}
	at := 0
	for i, f := range r.active {
		if f.newest.At < r.active[at].newest.At {
			at = i
		}
	}
	f := r.active[at]
	for range rowsAtOnce {
		if !r.readRow(f) {
			r.active = append(r.active[:at], r.active[at+1:]...)
			if err := f.close(); err != nil {
				return false, err
			}
			break
		}
	}
	r.behind()
	return true, nil
}

func (r *reader) activate(ctx context.Context) error {
	f := r.waiting[0]
	r.waiting = r.waiting[1:]
	if err := f.open(ctx); err != nil {
		if context.Cause(ctx) != nil {
			return fmt.Errorf("read zeek logs: %w", context.Cause(ctx))
		}
		// It was there a moment ago: rotated away, perhaps. The others can still be read.
		f.stopped = &record.Stopped{Unread: -1, Because: err.Error()}
		return nil
	}
	f.newest.Note(f.first)
	r.active = append(r.active, f)
	r.behind()
	return nil
}

// behind finds how far the file that is furthest behind has come.
func (r *reader) behind() {
	for i, f := range r.active {
		if i == 0 || f.newest.At < r.least {
			r.least = f.newest.At
		}
	}
}

// readRow reads one row into the window; false at the end of the file.
func (r *reader) readRow(f *file) bool {
	k, out := f.next(&r.p, r.into)
	switch {
	case out == atEnd:
		return false
	case out == damaged:
		return true
	case k == unknown:
		ingest.Count(&f.account.Unknown, f.head.log, 1)
		return true
	case k == known:
		ingest.Count(&f.account.Known, f.head.log, 1)
		return true
	}
	at, err := r.finish(k)
	if err != nil {
		f.damage(err.Error())
		return true
	}
	if k != f.last {
		f.last = k
		r.hold(f, k)
	}
	f.newest.Note(at)
	if r.p.over > 0 {
		ingest.Count(&f.account.Skipped, fmt.Sprintf("list elements beyond the first %d", maxList), r.p.over)
		r.p.over = 0
	}
	switch {
	case k == x509:
		r.certs.put(r.p.extra.id, r.p.cert)
		r.certs.put(r.p.extra.fingerprint, r.p.cert)
		ingest.Count(&f.account.Known, f.head.log, 1)
	case !r.opts.Within(at):
		ingest.Count(&f.account.Skipped, "rows outside of the time asked for", 1)
	default:
		f.records++
		r.queue.Push(at, ingest.Slot{Kind: uint8(k), Index: r.slot, Size: uint32(len(f.lines.Line))})
		r.taken = unknown // the window keeps the slot
	}
	return true
}

// What a row may lack.
var (
	errNoTime   = errors.New("the row has no time (ts)")
	errNoEnds   = errors.New("the row has no two addresses (id.orig_h, id.resp_h)")
	errProto    = errors.New("proto is none that Zeek writes")
	errDuration = errors.New("the duration is negative")
)

// Ends of DHCP exchanges whose log names neither.
var (
	unspecified = netip.AddrFrom4([4]byte{})
	broadcast   = netip.AddrFrom4([4]byte{255, 255, 255, 255})
)
