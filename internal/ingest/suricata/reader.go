package suricata

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"candor/internal/ingest"
	"candor/internal/record"
)

// what waits in the window.
const (
	kindNone uint8 = iota
	kindConn
	kindDNS
	kindTLS
	kindHTTP
	kindDHCP
	kindAlert
	kindStats
)

// reader reads one eve.json.
type reader struct {
	opts    ingest.Options
	lines   *ingest.Lines
	account ingest.Account
	badAt   int64
	bad     int64

	object ingest.JSON
	fields map[string]set
	words  ingest.Words
	e      event
	unread string // the first field of the line that cannot be read
	visit  func(path []byte, v ingest.Value)

	queue ingest.Ordered
	now   record.Time
	inner ingest.Inside

	conns   ingest.Slab[record.Conn]
	lookups ingest.Slab[record.DNS]
	tls     ingest.Slab[record.TLS]
	http    ingest.Slab[record.HTTP]
	dhcp    ingest.Slab[record.DHCP]
	alerts  ingest.Slab[record.Alert]
	stats   ingest.Slab[counters]

	asked  map[asked][]uint32 // lookups in the window, by slot
	before counters           // the last stats
	since  record.Time        // when the first Suricata that wrote stats was started; valid when stats came
	oldest record.Time        // of all events but stats; 0: none yet
	half   record.Conn        // a netflow record that waits for its other direction
	halved bool
	flows  bool // flow events come: netflow would tell everything again
}

const maxUptime = 1 << 32 // seconds that are believed

// Open opens an eve.json, plain or compressed. The error is ErrNotReadable (package ingest) when it is none.
func Open(ctx context.Context, path string, opts ingest.Options) (ingest.Reader, error) {
	l, err := ingest.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	head := l.Peek(ingest.SniffSize)
	if k := ingest.Sniff(head); k != ingest.Suricata && l.Broken() == nil {
		return nil, errors.Join(fmt.Errorf("open eve.json %s: %w", path, ingest.ErrNotReadable), l.Close())
	}
	return newReader(l, opts, head), nil
}

func newReader(l *ingest.Lines, opts ingest.Options, head []byte) *reader {
	r := &reader{opts: opts, lines: l, fields: fields(), badAt: -1, asked: map[asked][]uint32{}}
	r.inner.Scope = &r.opts.Scope
	r.visit = r.field
	if opts.Sight != nil {
		opts.Sight.Report(carried(head))
	}
	return r
}

// carried is what eve.json carries with the outputs that are on by default: which of them were switched off, no file says. Cards
// and counters of losses are seen in the beginning of the file.
func carried(head []byte) record.Carries {
	c := record.CarriesConns | record.CarriesVolume | record.CarriesDirections | record.CarriesLookups | record.CarriesTLS |
		record.CarriesHTTP | record.CarriesDHCP | record.CarriesAlerts
	if bytes.Contains(head, []byte(`"src_mac`)) {
		c |= record.CarriesCards
	}
	if bytes.Contains(head, []byte(`"kernel_drops"`)) {
		c |= record.CarriesDrops
	}
	return c
}

// Next implements ingest.Reader.
func (r *reader) Next(ctx context.Context, b *record.Batch) error {
	err := r.queue.Next(ctx, r.read, func() { r.tell(b) })
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read eve.json: %w", err)
	}
	return err
}

// read reads one line.
func (r *reader) read() {
	if !r.lines.Next() {
		r.queue.Ended = true
		r.flushHalf()
		return
	}
	if len(r.lines.Line) == 0 {
		return
	}
	r.account.Lines++
	r.e = event{dns: lookup{answers: r.e.dns.answers[:0], ttls: r.e.dns.ttls[:0]}}
	r.unread = ""
	err := r.object.Scan(r.lines.Line, r.visit)
	switch {
	case r.lines.TooLong:
		r.damage(fmt.Sprintf("the line is longer than %d bytes", ingest.MaxLine))
	case err != nil:
		r.damage(err.Error())
	case r.unread != "":
		r.damage(r.unread)
	case r.e.kind == "":
		r.account.AddUnknown("lines without event_type", r.where("no event_type"), r.lines.Line)
	case r.e.at == 0:
		r.damage("the event has no timestamp")
	default:
		r.event()
	}
}

func (r *reader) field(path []byte, v ingest.Value) {
	set := r.fields[string(path)]
	if set == nil || v.Kind == ingest.Null || r.unread != "" {
		return
	}
	if !set(&r.e, &r.words, v) {
		r.unread = fmt.Sprintf("%s: %q cannot be read", path, v.Text[:min(len(v.Text), 40)])
	}
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

// event puts an event that was read into the window.
func (r *reader) event() {
	e := &r.e
	switch e.kind {
	case "stats":
		r.pushStats(e)
		return
	case "quic":
		// Suricata tells of several packets of a connection. The one with a client hello is a TLS handshake, of version 1.3 as QUIC knows no other.
		if e.tls.JA4 == "" {
			ingest.Count(&r.account.Known, "quic events without a client hello", 1)
			return
		}
		e.kind, e.tls.Version = "tls", version([]byte("TLS 1.3"))
	case "flow", "netflow", "dns", "tls", "http", "dhcp", "alert":
	default:
		ingest.Count(&r.account.Unknown, e.kind, 1)
		return
	}
	if (!e.src.IsValid() || !e.dst.IsValid()) && e.kind != "alert" {
		r.damage("the event has no two addresses (src_ip, dest_ip)")
		return
	}
	switch e.kind {
	case "flow":
		r.flows = true
		r.pushConn(r.conn(e))
	case "netflow":
		r.netflow(e)
	case "dns":
		r.pushDNS(e)
	default:
		r.pushOther(e)
	}
}

func (r *reader) push(at record.Time, kind uint8, slot uint32) {
	at = ingest.Clamp(at)
	r.queue.Newest.Note(at)
	if r.oldest == 0 || at < r.oldest {
		r.oldest = at
	}
	r.account.Records++
	r.queue.Push(at, ingest.Slot{Kind: kind, Index: slot, Size: uint32(len(r.lines.Line))})
}

// wanted reports whether a record is within the time asked for.
func (r *reader) wanted(at record.Time) bool {
	if r.opts.Within(ingest.Clamp(at)) {
		return true
	}
	r.queue.Newest.Note(ingest.Clamp(at))
	ingest.Count(&r.account.Skipped, "events outside of the time asked for", 1)
	return false
}

func (r *reader) pushConn(c record.Conn) {
	at := orderTime(&c)
	if !r.wanted(at) {
		return
	}
	slot, to := r.conns.Take()
	*to = c
	r.push(at, kindConn, slot)
}

func (r *reader) pushDNS(e *event) {
	var d record.DNS
	if !r.dns(e, &d) {
		ingest.Count(&r.account.Known, "answers, told with their queries", 1)
		return
	}
	if !r.wanted(d.TS) {
		return
	}
	slot, to := r.lookups.Take()
	*to = d
	r.remember(asked{e.flow, e.dns.id}, slot)
	r.push(d.TS, kindDNS, slot)
}

func (r *reader) pushOther(e *event) {
	if !r.wanted(e.at) {
		return
	}
	switch e.kind {
	case "tls":
		slot, t := r.tls.Take()
		*t = e.tls
		t.Ends, t.HasClient, t.HasServer = r.ends(e, false), true, e.tls.Version != "" && protocol(e.proto) == 6
		r.push(e.at, kindTLS, slot)
	case "http":
		slot, h := r.http.Take()
		*h = e.http
		h.Ends, h.HasRequest, h.HasResponse = r.ends(e, false), e.http.Method != "", e.http.StatusCode != 0
		r.push(e.at, kindHTTP, slot)
	case "dhcp":
		slot, d := r.dhcp.Take()
		*d = e.dhcp
		d.Ends = r.ends(e, e.dhcpReply)
		if e.dhcpReply {
			d.ServerAddr = e.src
		}
		r.push(e.at, kindDHCP, slot)
	case "alert":
		slot, a := r.alerts.Take()
		*a = e.alert
		a.Ends, a.By = r.ends(e, false), "suricata"
		r.push(e.at, kindAlert, slot)
	}
}

// pushStats puts counters into the window. They carry the time of the machine that ran Suricata: where it read a capture, that
// is not the time of the traffic, and they count where the file has come to.
func (r *reader) pushStats(e *event) {
	if r.since == 0 {
		r.since = max(e.at-record.Time(min(e.stats.uptime, maxUptime))*1e9, 1)
	}
	at := ingest.Clamp(e.at)
	if r.replayed() && r.queue.Newest.At != 0 {
		at = min(at, r.queue.Newest.At)
	}
	if !r.wanted(at) {
		return
	}
	slot, s := r.stats.Take()
	*s = e.stats
	r.account.Records++
	r.queue.Push(at, ingest.Slot{Kind: kindStats, Index: slot, Size: uint32(len(r.lines.Line))})
}

// replayed reports whether Suricata reads a capture: there was traffic before it was started.
func (r *reader) replayed() bool {
	return r.since != 0 && r.oldest != 0 && r.oldest < r.since-record.Minute
}
