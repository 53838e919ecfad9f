package zeek

import (
	"errors"
	"fmt"

	"candor/internal/ingest"
	"candor/internal/record"
)

// tell hands the first record of the window on.
func (r *reader) tell(b *record.Batch) {
	at, slot := r.queue.Pop()
	k := kind(slot.Kind)
	if at < r.now {
		r.account.Late++
	}
	r.now = max(r.now, at)
	b.Span.Extend(at)
	switch k {
	case conn, openConn:
		r.tellConn(b, at, slot.Index, k == conn)
	case ssl, openSSL:
		r.tellTLS(b, at, slot.Index)
	case http, openHTTP:
		r.tellHTTP(b, at, slot.Index)
	case captureLoss, stats:
		r.tellMeter(at, r.meters.At(slot.Index), k)
	default:
		r.tellOther(b, at, slot.Index, k)
	}
	r.put(k, slot.Index)
}

func (r *reader) tellConn(b *record.Batch, at record.Time, i uint32, final bool) {
	c := r.conns.At(i)
	c.Final = final
	if r.repeats && !r.open.report(c, final) {
		ingest.Count(&r.account.Skipped, fmt.Sprintf("reports of open connections beyond the first %d", maxOpen), 1)
		if r.opts.Sight != nil {
			r.opts.Sight.Count(at, record.EvictedConns, 1)
		}
		return
	}
	b.Conns = append(b.Conns, *c)
	if r.opts.Sight != nil {
		r.opts.Sight.Reported(at, &b.Conns[len(b.Conns)-1])
	}
}

func (r *reader) tellTLS(b *record.Batch, at record.Time, i uint32) {
	h := r.tls.At(i)
	if r.repeats && r.tolds.again(h.UID, h.TS, -1) {
		ingest.Count(&r.account.Skipped, "handshakes of open connections, told before", 1)
		return
	}
	if h.leaf != "" {
		r.certs.join(&h.TLS, h.leaf)
	}
	b.TLS = append(b.TLS, h.TLS)
	if r.opts.Sight != nil {
		r.opts.Sight.ReportedTLS(at, &h.TLS)
	}
}

func (r *reader) tellHTTP(b *record.Batch, at record.Time, i uint32) {
	h := r.http.At(i)
	if r.repeats && r.tolds.again(h.UID, h.TS, h.TransDepth) {
		ingest.Count(&r.account.Skipped, "requests of open connections, told before", 1)
		return
	}
	b.HTTP = append(b.HTTP, *h)
	if r.opts.Sight != nil {
		r.opts.Sight.ReportedHTTP(at, h)
	}
}

func (r *reader) tellOther(b *record.Batch, at record.Time, i uint32, k kind) {
	s := r.opts.Sight
	switch k {
	case dns:
		d := r.dns.At(i)
		b.DNS = append(b.DNS, *d)
		if s != nil {
			s.ReportedDNS(at, d)
		}
	case dhcp:
		d := r.dhcp.At(i)
		b.DHCP = append(b.DHCP, *d)
		if s != nil {
			s.ReportedDHCP(at, d)
		}
	case notice:
		a := r.alerts.At(i)
		b.Alerts = append(b.Alerts, *a)
		if s != nil {
			s.ReportedAlert(at, a)
		}
	default: // no other kind waits in the window
	}
}

// tellMeter tells sight what Zeek counted of its own loss: acknowledgements of bytes never seen, and packets dropped.
func (r *reader) tellMeter(at record.Time, m *meter, k kind) {
	if r.opts.Sight == nil {
		return
	}
	switch {
	case k == captureLoss:
		r.opts.Sight.Acked(at, m.acks, min(m.gaps, m.acks), 0)
	case m.drops:
		received := m.received
		if received == 0 {
			received = m.processed + m.dropped
		}
		r.opts.Sight.Dropped(at, record.Drops{Received: received, Dropped: m.dropped})
	}
}

// Now implements ingest.Reader.
func (r *reader) Now() record.Time { return r.now }

// Status implements ingest.Reader.
func (r *reader) Status() []record.Input {
	whole := record.Input{Path: r.path, Kind: "zeek", Feed: r.opts.Feed}
	var out []record.Input
	for _, f := range r.all {
		read := f.bytes
		if f.lines != nil {
			read = f.lines.Bytes()
		}
		stopped := f.damageFound()
		if stopped == nil || f.path == r.path {
			whole.Bytes += uint64(read)
			whole.Records += f.records
			whole.Stopped = stopped
			continue
		}
		out = append(out, record.Input{Path: f.path, Kind: "zeek", Feed: r.opts.Feed, Bytes: uint64(read), Records: f.records, Stopped: stopped})
	}
	return append([]record.Input{whole}, out...)
}

// damageFound says what is wrong with a file: where reading stopped, else which rows could not be read.
func (f *file) damageFound() *record.Stopped { return f.account.Stopped(f.badAt, f.bad, f.stopped) }

// Account implements ingest.Reader.
func (r *reader) Account() ingest.Account {
	var a ingest.Account
	a.Merge(&r.account)
	for _, f := range r.all {
		a.Merge(&f.account)
		a.Records += f.records
	}
	return a
}

// Close implements ingest.Reader.
func (r *reader) Close() error {
	var errs []error
	for _, f := range r.all {
		errs = append(errs, f.close())
	}
	r.active, r.waiting = nil, nil
	return errors.Join(errs...)
}
