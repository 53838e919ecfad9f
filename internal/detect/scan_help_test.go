package detect

import (
	"fmt"
	"net/netip"
	"testing"

	"candor/internal/record"
	"candor/internal/verdict"
)

// lab collects records for one detector.
type lab struct {
	t     testing.TB
	conns []record.Conn
	logs  []record.Log
	http  []record.HTTP
	dns   []record.DNS
	uid   int
}

const labStart = 20_000 * record.Day // a midnight

func addr(format string, args ...any) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf(format, args...))
}

// try adds a connection that nobody answered.
func (l *lab) try(at record.Time, from, to netip.Addr, proto uint8, port uint16) *record.Conn {
	return l.conn(at, from, to, proto, port, "S0", 0, 0)
}

// conn adds a connection that ended.
func (l *lab) conn(at record.Time, from, to netip.Addr, proto uint8, port uint16, state string, out, in uint64) *record.Conn {
	l.uid++
	c := record.Conn{
		TS: labStart + at, UID: record.UID(fmt.Sprint("C", l.uid)), OrigH: from, RespH: to, OrigP: uint16(30000 + l.uid%30000), RespP: port, Proto: proto,
		State: state, Duration: second1, OrigBytes: out, RespBytes: in, OrigPkts: 1 + out/1000, Final: true,
	}
	if state != "S0" {
		c.RespPkts = 1 + in/1000
	}
	if proto == 1 {
		c.OrigP = 8
	}
	l.conns = append(l.conns, c)
	return &l.conns[len(l.conns)-1]
}

// run feeds all to one detector, in slices of an hour, and gives what it finds.
func (l *lab) run(d Detector) []verdict.Finding {
	l.t.Helper()
	e := New(assumed(), []Detector{d})
	if len(l.dns) > 0 {
		e.Observe(&record.Batch{Span: record.Span{From: 1, To: 2}, DNS: l.dns})
	}
	hours := map[record.Time]*record.Batch{}
	order := []record.Time{}
	at := func(ts record.Time) *record.Batch {
		h := ts.Floor(record.Hour)
		if hours[h] == nil {
			hours[h] = &record.Batch{Span: record.Span{From: h, To: h + record.Hour}}
			order = append(order, h)
		}
		return hours[h]
	}
	for _, c := range l.conns {
		b := at(c.TS + c.Duration)
		b.Conns = append(b.Conns, c)
	}
	for _, x := range l.logs {
		b := at(x.TS)
		b.Logs = append(b.Logs, x)
	}
	for _, x := range l.http {
		b := at(x.TS)
		b.HTTP = append(b.HTTP, x)
	}
	for i := range order { // few: by insertion
		for j := i; j > 0 && order[j] < order[j-1]; j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	for _, h := range order {
		e.Observe(hours[h])
	}
	e.End()
	return e.Findings(order[len(order)-1] + record.Hour)
}

// open counts the findings that nothing explains.
func open(all []verdict.Finding) (n int) {
	for i := range all {
		if all[i].ExplainedBy == "" {
			n++
		}
	}
	return n
}
