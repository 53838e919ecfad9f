package days

import (
	"cmp"
	"slices"

	"candor/internal/record"
)

// MaxRows is the most records in a batch.
const MaxRows = 65536

// ringSize is how many minutes ahead records are made: longer connections are told in pieces.
const ringSize = 8

// bucket is the records of one minute, in the order in which they were made.
type bucket struct {
	keys  []key
	conns []record.Conn
	dns   []record.DNS
	tls   []record.TLS
	http  []record.HTTP
	dhcp  []record.DHCP
	logs  []record.Log
}

// key says when a record shows, and where it is.
type key struct {
	at    int64
	kind  uint8
	index uint32
}

// The kinds in the order in which records of one moment come.
const (
	ofDNS uint8 = iota
	ofTLS
	ofHTTP
	ofDHCP
	ofLog
	ofConn
	numOf
)

// ringAt is the bucket of a time in the minutes being made; what lies beyond them goes into the last.
func (r *run) ringAt(at int64) *bucket {
	ahead := min(max((at-r.minute)/minute, 0), ringSize-1)
	return &r.ring[((r.minute-r.from)/minute+ahead)%ringSize]
}

func (b *bucket) key(at int64, kind uint8, index int) {
	b.keys = append(b.keys, key{at, kind, uint32(index)})
}

// The following give room for one record that shows at a time. It is empty.

func (r *run) putConn(at int64) *record.Conn {
	b := r.ringAt(at)
	b.key(at, ofConn, len(b.conns))
	b.conns = append(b.conns, record.Conn{})
	return &b.conns[len(b.conns)-1]
}

func (r *run) putDNS(at int64) *record.DNS {
	b := r.ringAt(at)
	b.key(at, ofDNS, len(b.dns))
	b.dns = append(b.dns, record.DNS{})
	return &b.dns[len(b.dns)-1]
}

func (r *run) putTLS(at int64) *record.TLS {
	b := r.ringAt(at)
	b.key(at, ofTLS, len(b.tls))
	b.tls = append(b.tls, record.TLS{})
	return &b.tls[len(b.tls)-1]
}

func (r *run) putHTTP(at int64) *record.HTTP {
	b := r.ringAt(at)
	b.key(at, ofHTTP, len(b.http))
	b.http = append(b.http, record.HTTP{})
	return &b.http[len(b.http)-1]
}

func (r *run) putDHCP(at int64) *record.DHCP {
	b := r.ringAt(at)
	b.key(at, ofDHCP, len(b.dhcp))
	b.dhcp = append(b.dhcp, record.DHCP{})
	return &b.dhcp[len(b.dhcp)-1]
}

func (r *run) putLog(at int64) *record.Log {
	b := r.ringAt(at)
	b.key(at, ofLog, len(b.logs))
	b.logs = append(b.logs, record.Log{})
	return &b.logs[len(b.logs)-1]
}

// sort puts the records into the order in which they show.
func (b *bucket) sort() {
	slices.SortFunc(b.keys, func(x, y key) int {
		if x.at != y.at {
			return cmp.Compare(x.at, y.at)
		}
		if x.kind != y.kind {
			return cmp.Compare(x.kind, y.kind)
		}
		return cmp.Compare(x.index, y.index)
	})
}

// empty makes room for another minute.
func (b *bucket) empty() {
	b.keys, b.conns, b.dns, b.tls = b.keys[:0], b.conns[:0], b.dns[:0], b.tls[:0]
	b.http, b.dhcp, b.logs = b.http[:0], b.dhcp[:0], b.logs[:0]
}

// hand gives a bucket's records out, in one batch or several; false when nobody wants more.
func (r *run) hand(b *bucket, span record.Span, yield func(*record.Batch) bool) bool {
	b.sort()
	keys := b.keys
	for {
		n := min(len(keys), MaxRows)
		part := span
		if n < len(keys) {
			span.From = record.Time(keys[n].at)
			part.To = span.From
		}
		r.sequence++
		batch := b.batch(keys[:n])
		batch.ID = record.BatchID{Sensor: r.site.sensor, Epoch: 1, Sequence: r.sequence}
		batch.Span = part
		if !yield(batch) {
			return false
		}
		if keys = keys[n:]; len(keys) == 0 {
			break
		}
	}
	b.empty()
	return true
}

// batch copies some records.
func (b *bucket) batch(keys []key) *record.Batch {
	var n [numOf]int
	for i := range keys {
		n[keys[i].kind]++
	}
	out := &record.Batch{
		Conns: make([]record.Conn, 0, n[ofConn]), DNS: make([]record.DNS, 0, n[ofDNS]), TLS: make([]record.TLS, 0, n[ofTLS]),
		HTTP: make([]record.HTTP, 0, n[ofHTTP]), DHCP: make([]record.DHCP, 0, n[ofDHCP]), Logs: make([]record.Log, 0, n[ofLog]),
	}
	for _, k := range keys {
		switch k.kind {
		case ofConn:
			out.Conns = append(out.Conns, b.conns[k.index])
		case ofDNS:
			out.DNS = append(out.DNS, b.dns[k.index])
		case ofTLS:
			out.TLS = append(out.TLS, b.tls[k.index])
		case ofHTTP:
			out.HTTP = append(out.HTTP, b.http[k.index])
		case ofDHCP:
			out.DHCP = append(out.DHCP, b.dhcp[k.index])
		case ofLog:
			out.Logs = append(out.Logs, b.logs[k.index])
		}
	}
	return out
}

// flush tells at the span's end what was over by then and would have shown a little later. What is still open stays untold.
func (r *run) flush(yield func(*record.Batch) bool) {
	var all bucket
	for i := range ringSize {
		r.ringAt(r.minute+int64(i)*minute).over(record.Time(r.to), &all)
	}
	if len(all.keys) > 0 {
		r.hand(&all, record.Span{From: record.Time(r.to), To: record.Time(r.to)}, yield)
	}
}

// over copies the records of what had happened by an end.
func (b *bucket) over(end record.Time, all *bucket) {
	b.sort()
	done := func(e *record.Ends, more record.Time) bool { return e.TS+more < end }
	for _, k := range b.keys {
		i := k.index
		switch {
		case k.kind == ofConn && b.conns[i].TS+b.conns[i].Duration < end:
			all.key(k.at, ofConn, len(all.conns))
			all.conns = append(all.conns, b.conns[i])
		case k.kind == ofDNS && done(&b.dns[i].Ends, b.dns[i].RTT):
			all.key(k.at, ofDNS, len(all.dns))
			all.dns = append(all.dns, b.dns[i])
		case k.kind == ofTLS && k.at < int64(end):
			all.key(k.at, ofTLS, len(all.tls))
			all.tls = append(all.tls, b.tls[i])
		case k.kind == ofHTTP && k.at < int64(end):
			all.key(k.at, ofHTTP, len(all.http))
			all.http = append(all.http, b.http[i])
		case k.kind == ofDHCP && k.at < int64(end):
			all.key(k.at, ofDHCP, len(all.dhcp))
			all.dhcp = append(all.dhcp, b.dhcp[i])
		case k.kind == ofLog && k.at < int64(end):
			all.key(k.at, ofLog, len(all.logs))
			all.logs = append(all.logs, b.logs[i])
		}
	}
}
