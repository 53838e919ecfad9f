package judge_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"candor/internal/record"
)

// Hostile records, each made from its number, so that a flood of any size is the same on every machine. What packets cannot carry in such numbers within
// minutes (keys that are called again and again, lines of logs, alerts of others) is made here; the rest is in package source.

// records is one kind of flood.
type records struct {
	name string
	few  int         // events of the short run
	many int         // events of the long run, which also takes twice as many
	step record.Time // from event to event
	lets bool        // the long run lets go of something, and it must be said
	make func(f *filler, i, many int)
}

// filler fills one batch after the other.
type filler struct {
	*record.Batch
	at record.Time // of the event
}

// floods lists all hostile records.
func floods() []records {
	const million, ms = 1 << 20, record.Time(1e6)
	return []records{
		{name: "keys-of-one-source", few: 2000, many: million, step: ms, lets: true, make: func(f *filler, i, _ int) {
			f.call(insider(1), i, domain(i), "")
		}},
		{name: "keys-called-six-times", few: 2000, many: 6 * million / 4, step: 2 * ms, lets: true, make: func(f *filler, i, many int) {
			k := i % (many / 6) // another name below the domain each time
			f.call(insider(k%4096), k, longName(i/(many/6), domain(k)), fmt.Sprintf("t13d%04x08_%012x_%012x", k%65536, number(k), number(k+1)))
		}},
		{name: "keys-of-one-source-again", few: 2000, many: million / 4, step: 20 * ms, make: func(f *filler, i, many int) {
			f.call(insider(1), i%(many/16), domain(i%(many/16)), "")
		}},
		{name: "keys-of-many-sources", few: 2000, many: million, step: ms, lets: true, make: func(f *filler, i, _ int) {
			f.call(insider(int(number(i)%1e9)), i, domain(i), "")
		}},
		{name: "names-of-255-own-domain", few: 2000, many: million, step: ms, lets: true, make: func(f *filler, i, _ int) {
			f.lookup(insider(i/8%1000), longName(i, domain(i/8)), 0)
		}},
		{name: "names-of-255-one-domain", few: 2000, many: million, step: ms, make: func(f *filler, i, _ int) {
			f.lookup(insider(i%1000), longName(i, "example.com"), 0)
		}},
		{name: "nxdomain-one-client", few: 2000, many: 2 * million, step: ms, make: func(f *filler, i, _ int) {
			f.lookup(insider(1), domain(i), 3)
		}},
		{name: "nxdomain-many-clients", few: 2000, many: 4 * million, step: ms / 4, make: func(f *filler, i, _ int) {
			f.lookup(insider(i%16000), domain(i), uint16(3*(i/16000%3&1)))
		}},
		{name: "nxdomain-random-clients", few: 2000, many: million, step: ms, lets: true, make: func(f *filler, i, _ int) {
			f.lookup(insider(int(number(i)%1e9)), domain(i), 3)
		}},
		{name: "agents-of-60-kB", few: 200, many: million / 32, step: ms, make: func(f *filler, i, _ int) {
			f.request(insider(i%1000), i, longName(i, domain(i)), fmt.Sprintf("%x%s", number(i), strings.Repeat("a", 60_000)))
		}},
		{name: "hours-of-many", few: 2000, many: million / 2, step: 10 * ms, lets: true, make: func(f *filler, i, _ int) {
			f.call(insider(i%1000), i, "", "")
			c := &f.Conns[len(f.Conns)-1]
			c.TS, c.Duration = c.TS-2*record.Hour, 2*record.Hour
		}},
		{name: "outflow-to-many", few: 2000, many: million / 2, step: 10 * ms, lets: true, make: func(f *filler, i, _ int) {
			f.call(insider(i%5000), i, domain(i), "")
			f.Conns[len(f.Conns)-1].OrigBytes = 50 << 20
		}},
		{name: "machine-to-machine", few: 2000, many: million, step: ms, lets: true, make: func(f *filler, i, _ int) {
			f.conn(insider(int(number(i)%1e6)), insider(int(number(i+1<<40)%1e6)), []uint16{445, 3389, 22, 5985}[i%4], "")
		}},
		{name: "echoes", few: 2000, many: million, step: ms, lets: true, make: func(f *filler, i, _ int) {
			f.conn(insider(i%4096), outsider(i), 0, "")
			c := &f.Conns[len(f.Conns)-1]
			c.Proto, c.OrigP, c.State, c.OrigBytes, c.RespBytes = 1, 8, "OTH", 40_000, 40_000
		}},
		{name: "sign-ins-refused", few: 500, many: million, step: ms, lets: true, make: func(f *filler, i, _ int) {
			f.log(outsider(i/3), fmt.Sprintf("user%x", number(i)), fmt.Sprintf("host%x", number(i+1)), "failure")
		}},
		{name: "sign-ins-granted", few: 500, many: million, step: ms, make: func(f *filler, i, _ int) {
			f.log(outsider(i), fmt.Sprintf("user%x", number(i)), fmt.Sprintf("host%x", number(i+1)), "success")
		}},
		{name: "alerts-of-others", few: 500, many: million, step: ms, make: func(f *filler, i, _ int) {
			f.Alerts = append(f.Alerts, record.Alert{
				Ends: record.Ends{TS: f.at, Feed: f.Feed, OrigH: insider(1), RespH: outsider(i), UID: uid(i)}, By: "suricata", Signature: fmt.Sprintf("%x", number(i)),
			})
		}},
		{name: "two-witnesses", few: 2000, many: million, step: record.Time(1e5), make: func(f *filler, i, _ int) {
			f.call(insider(i%4096), i, "", "")
			if i%2 == 1 {
				f.Conns[len(f.Conns)-1].Feed = "zeek"
			}
		}},
	}
}

// number is the i-th number of a fixed series.
func number(i int) uint64 {
	z := (uint64(i) + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func uid(i int) record.UID { return record.UID(fmt.Sprintf("C%016x", number(i))) }

// insider is the i-th machine of 10/8, for more the addresses of fd00::/8.
func insider(i int) netip.Addr {
	if i < 1<<24 {
		return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	}
	raw := [16]byte{0: 0xfd}
	binary.BigEndian.PutUint64(raw[8:], uint64(i))
	return netip.AddrFrom16(raw)
}

// outsider is the i-th address of the Internet; no two are the same within 2^32/3.
func outsider(i int) netip.Addr {
	raw := [16]byte{0x20, 0x01, 0x04, 0x70}
	binary.BigEndian.PutUint64(raw[4:], number(i))
	return netip.AddrFrom16(raw)
}

func domain(i int) string { return fmt.Sprintf("%x.com", number(i)) }

// longName is the i-th name of 253 characters below a domain, which is the most that a name can have.
func longName(i int, domain string) string {
	b := make([]byte, 0, 253)
	for k := 0; len(b) < 253-len(domain)-1; k++ {
		if len(b)%40 == 39 && len(b) < 253-len(domain)-2 {
			b = append(b, '.')
		}
		b = append(b, 'a'+byte(number(i*256+k)%26))
	}
	return string(append(append(b, '.'), domain...))
}

func (f *filler) conn(from, to netip.Addr, port uint16, service string) {
	n := number(int(f.at))
	f.Conns = append(f.Conns, record.Conn{
		TS: f.at, UID: record.UID(fmt.Sprintf("C%016x", n)), Feed: f.Feed, OrigH: from, RespH: to, OrigP: uint16(n)%60000 + 1024, RespP: port, Proto: 6,
		Service: service, Duration: 1e9, State: "SF", History: "ShADadFf", LocalOrig: true, OrigBytes: 500 + n%3000, RespBytes: 4000, OrigPkts: 8, RespPkts: 8,
		OrigIPBytes: 900, RespIPBytes: 4400, Final: true,
	})
}

// call is a TLS connection to the i-th address outside; without a name it is of no known service.
func (f *filler) call(from netip.Addr, i int, name, ja4 string) {
	if name == "" {
		f.conn(from, outsider(i), 4444, "")
		return
	}
	f.conn(from, outsider(i), 443, "ssl")
	f.TLS = append(f.TLS, record.TLS{Ends: ends(&f.Conns[len(f.Conns)-1]), Version: "TLSv13", ServerName: name, JA4: ja4, HasClient: true, HasServer: true, Established: true})
}

func (f *filler) request(from netip.Addr, i int, host, agent string) {
	f.conn(from, outsider(i), 80, "http")
	f.HTTP = append(f.HTTP, record.HTTP{
		Ends: ends(&f.Conns[len(f.Conns)-1]), TransDepth: 1, Method: "GET", Host: host, URI: "/", UserAgent: agent, StatusCode: 200, HasRequest: true, HasResponse: true,
	})
}

func (f *filler) lookup(client netip.Addr, name string, rcode uint16) {
	f.conn(client, insider(53), 53, "dns")
	c := &f.Conns[len(f.Conns)-1]
	c.Proto = 17
	d := record.DNS{Ends: ends(c), Variant: "dns", Query: name, QClass: 1, QType: 1, HasQuery: true, HasReply: true, RCode: rcode, RD: true, RA: true, RTT: 1e6}
	if rcode == 0 {
		d.Answers, d.TTLs = []string{outsider(int(f.at)).String()}, []uint32{60}
	}
	f.DNS = append(f.DNS, d)
}

func (f *filler) log(from netip.Addr, user, host, result string) {
	f.Logs = append(f.Logs, record.Log{
		TS: f.at, Feed: "auth", Format: "syslog", Host: host, User: user, Src: from, Action: "login", Result: result,
		Message: "Failed password for " + user,
	})
}

func ends(c *record.Conn) record.Ends {
	return record.Ends{TS: c.TS, UID: c.UID, Feed: c.Feed, OrigH: c.OrigH, RespH: c.RespH, OrigP: c.OrigP, RespP: c.RespP, Proto: c.Proto}
}

// batches gives the events of a flood, some thousands to a batch and at least one batch a minute, with what a sensor would say of each minute. Batches use the
// same memory again.
func (r *records) batches(scope record.Scope, many int) func(yield func(*record.Batch) bool) {
	const rows = 4096
	start := record.Time(1_770_012_000_000_000_000)
	return func(yield func(*record.Batch) bool) {
		b := &record.Batch{Feed: scope.Packets, Inputs: []record.Input{{Path: "flood", Kind: "pcap", Feed: scope.Packets}}}
		f := &filler{Batch: b, at: start}
		minute := start.Floor(record.Minute)
		b.Span.From = start
		hand := func() bool {
			b.Span.To = f.at
			ok := yield(b)
			b.Conns, b.DNS, b.TLS, b.HTTP, b.Logs, b.Alerts, b.Sight, b.Marks = b.Conns[:0], b.DNS[:0], b.TLS[:0], b.HTTP[:0], b.Logs[:0], b.Alerts[:0], nil, nil
			b.Span.From = f.at
			return ok
		}
		for i := range many {
			r.make(f, i, many)
			f.at += r.step
			if m := f.at.Floor(record.Minute); m != minute {
				s := sightOf(scope, minute, record.Nowhere)
				s.Cards = []record.CardSeen{{MAC: record.MAC{2, 0, 0, 0, 0, 1}, Sent: 100, Touched: 200, Addresses: 1}}
				fillMinute(&s, minute)
				b.Sight = append(b.Sight, s)
				b.Marks = []record.Mark{{At: m, Conns: len(b.Conns), DNS: len(b.DNS), TLS: len(b.TLS), HTTP: len(b.HTTP)}}
				minute = m
				if !hand() {
					return
				}
			} else if b.Rows() >= rows && !hand() {
				return
			}
		}
		hand()
	}
}
