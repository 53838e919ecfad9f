package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/record"
	"candor/internal/verdict"
)

// listener writes down what it is given.
type listener struct {
	events, updates []Event
	nows            []record.Time
}

func (l *listener) Kinds() []string                        { return []string{"x"} }
func (l *listener) Needs() []record.Kind                   { return nil }
func (l *listener) Findings(record.Time) []verdict.Finding { return nil }
func (l *listener) Lost() uint64                           { return 3 }

func (l *listener) Observe(s *Slice) {
	l.events = append(l.events, s.Events...)
	l.updates = append(l.updates, s.Updates...)
	l.nows = append(l.nows, s.Now)
}

const second1 = record.Time(1e9)

func connAt(at record.Time, uid string, feed record.Feed) record.Conn {
	return record.Conn{
		TS: at, UID: record.UID(uid), Feed: feed, Final: true, State: "SF", Proto: 6, OrigP: 40000, RespP: 443, RespPkts: 3, Duration: second1,
		OrigH: netip.MustParseAddr("10.0.0.5"), RespH: netip.MustParseAddr("198.51.100.7"), Service: "ssl,http",
	}
}

func batch(to record.Time, conns ...record.Conn) *record.Batch {
	return &record.Batch{Span: record.Span{From: 1, To: to}, Conns: conns}
}

func assumed() *record.Scope {
	s := record.AssumedScope()
	return &s
}

// TestOrder: whatever order connections end in, detectors meet them in the order in which they began, each once.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(rt, "connections")
		type told struct{ begin, end record.Time }
		all := make([]told, n)
		for i := range all {
			begin := second1 + record.Time(rapid.IntRange(0, 3000).Draw(rt, "begin"))*second1/3
			all[i] = told{begin, begin + record.Time(rapid.IntRange(0, 60).Draw(rt, "lasts"))*second1}
		}
		slices.SortFunc(all, func(a, b told) int { return int(a.end - b.end) })
		l := &listener{}
		e := New(assumed(), []Detector{l})
		for len(all) > 0 {
			k := rapid.IntRange(1, len(all)).Draw(rt, "batch")
			b := batch(all[k-1].end)
			for i, x := range all[:k] {
				b.Conns = append(b.Conns, connAt(x.begin, fmt.Sprint(len(all), i), ""))
			}
			e.Observe(b)
			all = all[k:]
		}
		e.End()
		if len(l.events) != n {
			rt.Fatalf("%d of %d connections", len(l.events), n)
		}
		if !slices.IsSortedFunc(l.events, func(a, b Event) int { return int(a.TS - b.TS) }) {
			rt.Fatal("not in the order in which they began")
		}
		if !slices.IsSorted(l.nows) {
			rt.Fatal("Now goes back")
		}
	})
}

// TestJoin: what TLS and HTTP said belongs to the connection, whichever was told of first.
func TestJoin(t *testing.T) {
	c := connAt(second1, "C1", "")
	ends := record.Ends{TS: c.TS, UID: c.UID}
	hello := record.TLS{Ends: ends, ServerName: "www.example.co.uk", JA4: "t13d", Subject: "CN=x", Issuer: "CN=x", NotBefore: 5}
	request := record.HTTP{Ends: ends, Host: "other.example", UserAgent: "curl"}
	for name, batches := range map[string][]*record.Batch{
		"together":      {{Conns: []record.Conn{c}, TLS: []record.TLS{hello}, HTTP: []record.HTTP{request}}},
		"message first": {{TLS: []record.TLS{hello}}, {HTTP: []record.HTTP{request}}, {Conns: []record.Conn{c}}},
		"message later": {{Conns: []record.Conn{c}}, {TLS: []record.TLS{hello}}, {HTTP: []record.HTTP{request}}},
	} {
		t.Run(name, func(t *testing.T) {
			l := &listener{}
			e := New(assumed(), []Detector{l})
			for _, b := range batches {
				b.Span = record.Span{From: 1, To: 2 * second1}
				e.Observe(b)
			}
			e.End()
			if len(l.events) != 1 {
				t.Fatalf("%d events", len(l.events))
			}
			got := l.events[0]
			if got.Name != "www.example.co.uk" || got.Domain != "example.co.uk" || got.JA4 != "t13d" || got.Agent != "curl" || !got.TLS || !got.SelfSigned || got.CertFrom != 5 {
				t.Errorf("%+v", got)
			}
			if got.Service != "ssl" || got.OrigPlace != Inside || got.RespPlace != Outside || !got.Answered || got.Key() != "10.0.0.5" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestResolution: an address is resolved when an answer named it, unresolved when there are answers and none did.
func TestResolution(t *testing.T) {
	answer := record.DNS{HasReply: true, Variant: "dns", Answers: []string{"alias.example", "198.51.100.7"}}
	other := record.DNS{HasReply: true, Variant: "dns", Answers: []string{"203.0.113.9"}}
	for name, tt := range map[string]struct {
		dns  []record.DNS
		want Resolution
	}{
		"no lookups in sight": {nil, NoDNSInSight},
		"named":               {[]record.DNS{other, answer}, Resolved},
		"not named":           {[]record.DNS{other}, Unresolved},
		"only asked":          {[]record.DNS{{HasQuery: true, Answers: []string{"198.51.100.7"}}}, NoDNSInSight},
	} {
		t.Run(name, func(t *testing.T) {
			l := &listener{}
			e := New(assumed(), []Detector{l})
			b := batch(2*second1, connAt(second1, "C1", ""))
			b.DNS = tt.dns
			e.Observe(b)
			e.End()
			if l.events[0].Resolution != tt.want {
				t.Errorf("resolution %d, want %d", l.events[0].Resolution, tt.want)
			}
		})
	}
}

// TestTwoWitnesses: a connection that packets and logs both tell of counts once, as packets tell it.
func TestTwoWitnesses(t *testing.T) {
	l := &listener{}
	e := New(assumed(), []Detector{l})
	packets, logs := record.Feed("packets"), record.Feed("logs")
	first := batch(90*second1, connAt(60*second1, "Cp", packets))
	first.Inputs = []record.Input{{Kind: "pcap", Feed: packets}, {Kind: "zeek", Feed: logs}}
	e.Observe(first)
	e.Observe(batch(90*second1, connAt(58*second1, "Cz", logs), connAt(30*second1, "Conly", logs)))
	e.End()
	var uids []string
	for _, x := range l.events {
		uids = append(uids, x.UID)
	}
	if !slices.Equal(uids, []string{"Conly", "Cp"}) {
		t.Errorf("events %v", uids)
	}
}

// TestFlood: more connections at once than may wait go on early, and none is lost.
func TestFlood(t *testing.T) {
	l := &listener{}
	e := New(assumed(), []Detector{l})
	const n = maxWaiting + 1000
	b := batch(100 * second1)
	for i := range n {
		b.Conns = append(b.Conns, connAt(second1+record.Time(i)*100000, "C", ""))
	}
	e.Observe(b)
	if e.waiting.held > maxWaiting {
		t.Errorf("%d wait", e.waiting.held)
	}
	e.End()
	if len(l.events) != n {
		t.Errorf("%d events of %d", len(l.events), n)
	}
	if got := e.Lost()["x"]; got != 3 {
		t.Errorf("lost %d", got)
	}
}
