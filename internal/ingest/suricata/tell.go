package suricata

import (
	"fmt"

	"candor/internal/ingest"
	"candor/internal/record"
)

// netflow joins the two directions of one flow, which Suricata writes one after the other. Where flow events come as well, they
// tell the same and more.
func (r *reader) netflow(e *event) {
	if r.flows {
		ingest.Count(&r.account.Skipped, "netflow events, told by flow events", 1)
		return
	}
	c := r.conn(e)
	if r.halved && r.half.UID == c.UID && r.half.OrigH == c.RespH && r.half.OrigP == c.RespP && r.half.RespH == c.OrigH {
		h := r.half
		end := max(ingest.End(h.TS, h.Duration), ingest.End(c.TS, c.Duration))
		h.TS = min(h.TS, c.TS)
		h.Duration = end - h.TS
		h.RespPkts, h.RespIPBytes = c.OrigPkts, c.OrigIPBytes
		r.halved = false
		h.State, h.History = stateless(&h)
		ingest.Count(&r.account.Known, "netflow events, joined to their other direction", 1)
		r.pushConn(h)
		return
	}
	r.flushHalf()
	r.half, r.halved = c, true
}

func (r *reader) flushHalf() {
	if r.halved {
		r.halved = false
		r.pushConn(r.half)
	}
}

// tell hands the first record of the window on.
func (r *reader) tell(b *record.Batch) {
	at, slot := r.queue.Pop()
	if slot.Kind == kindStats && r.now != 0 && r.replayed() {
		at = min(at, r.now)
	}
	if at < r.now {
		r.account.Late++
	}
	r.now = max(r.now, at)
	b.Span.Extend(at)
	s, i := r.opts.Sight, slot.Index
	switch slot.Kind {
	case kindConn:
		b.Conns = append(b.Conns, *r.conns.At(i))
		r.conns.Put(i)
		if s != nil {
			s.Reported(at, &b.Conns[len(b.Conns)-1])
		}
	case kindDNS:
		r.tellDNS(b, at, i)
	case kindTLS:
		b.TLS = append(b.TLS, *r.tls.At(i))
		r.tls.Put(i)
		if s != nil {
			s.ReportedTLS(at, &b.TLS[len(b.TLS)-1])
		}
	case kindHTTP:
		b.HTTP = append(b.HTTP, *r.http.At(i))
		r.http.Put(i)
		if s != nil {
			s.ReportedHTTP(at, &b.HTTP[len(b.HTTP)-1])
		}
	default:
		r.tellRare(b, at, slot)
	}
}

func (r *reader) tellRare(b *record.Batch, at record.Time, slot ingest.Slot) {
	s, i := r.opts.Sight, slot.Index
	switch slot.Kind {
	case kindDHCP:
		b.DHCP = append(b.DHCP, *r.dhcp.At(i))
		r.dhcp.Put(i)
		if s != nil {
			s.ReportedDHCP(at, &b.DHCP[len(b.DHCP)-1])
		}
	case kindAlert:
		b.Alerts = append(b.Alerts, *r.alerts.At(i))
		r.alerts.Put(i)
		if s != nil {
			s.ReportedAlert(at, &b.Alerts[len(b.Alerts)-1])
		}
	case kindStats:
		r.tellStats(at, *r.stats.At(i))
		r.stats.Put(i)
	}
}

func (r *reader) tellDNS(b *record.Batch, at record.Time, i uint32) {
	d := r.lookups.At(i)
	r.forget(asked{flowOf(d.UID), d.TransID}, i)
	b.DNS = append(b.DNS, *d)
	r.lookups.Put(i)
	if r.opts.Sight != nil {
		r.opts.Sight.ReportedDNS(at, &b.DNS[len(b.DNS)-1])
	}
}

func flowOf(uid record.UID) uint64 {
	n, _ := ingest.Uint([]byte(uid))
	return n
}

// tellStats tells what the totals grew by. A total that shrank was started anew.
func (r *reader) tellStats(at record.Time, now counters) {
	before := r.before
	if now.uptime < before.uptime {
		before = counters{}
	}
	r.before = now
	s := r.opts.Sight
	if s == nil {
		return
	}
	if now.hasDrops {
		s.Dropped(at, record.Drops{Received: grown(now.packets, before.packets), Dropped: grown(now.drops, before.drops)})
	}
	s.Count(at, record.Gaps, grown(now.gaps, before.gaps)+grown(now.ack, before.ack))
}

func grown(now, before uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}

// Now implements ingest.Reader.
func (r *reader) Now() record.Time { return r.now }

// Status implements ingest.Reader.
func (r *reader) Status() []record.Input {
	in := record.Input{
		Path: r.lines.Path, Kind: "suricata", Feed: r.opts.Feed, Bytes: uint64(r.lines.Bytes()), Records: r.account.Records,
		Stopped: r.lines.Broken(),
	}
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
