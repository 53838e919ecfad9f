package suricata

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/ingest"
	"candor/internal/record"
	"candor/internal/sight"
)

const s = record.Time(1e9)

var addrs = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func ip(a string) netip.Addr { return netip.MustParseAddr(a) }

type told struct {
	record.Batch
	account ingest.Account
	status  []record.Input
}

func readLines(t testing.TB, opts ingest.Options, lines ...string) told {
	t.Helper()
	data := []byte(strings.Join(lines, "\n"))
	opts.Scope, opts.Feed = record.AssumedScope(), "f"
	opts.Sight = sight.New(opts.Scope, "", opts.Feed)
	r := newReader(ingest.FromReader("eve.json", bytes.NewReader(data)), opts, data)
	var out told
	for {
		err := r.Next(context.Background(), &out.Batch)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	opts.Sight.Finish()
	out.Sight = opts.Sight.Drain(nil)
	out.account, out.status = r.Account(), r.Status()
	if len(r.asked) != 0 {
		t.Errorf("%d lookups are still waited for", len(r.asked))
	}
	return out
}

// line7 makes a line at 100 s, of flow 7 from a client inside.
func line7(kind, rest string) string { return line7At("1970-01-01T01:01:40.000000+0100", kind, rest) }

func line7At(at, kind, rest string) string {
	return `{"timestamp":"` + at + `","flow_id":7,"event_type":"` + kind + `","src_ip":"10.1.0.5","src_port":40000,"dest_ip":"198.51.100.7","dest_port":53,"proto":"UDP",` + rest + `}`
}

func ends(proto uint8) record.Ends {
	return record.Ends{TS: 100 * s, UID: "7", Feed: "f", OrigH: ip("10.1.0.5"), OrigP: 40000, RespH: ip("198.51.100.7"), RespP: 53, Proto: proto}
}

func TestFlow(t *testing.T) {
	const times = `"start":"1970-01-01T00:01:40.5Z","end":"1970-01-01T00:01:43Z"`
	flow := func(flags string, pkts string) string {
		return strings.Replace(line7("flow", `"app_proto":"tls","community_id":"1:x=","vlan":[12,34],"ether":{"src_macs":["02:00:00:00:00:05"],"dest_macs":["02:00:00:00:00:01"]},"flow":{`+pkts+`,`+times+`},"tcp":{`+flags+`}`), "UDP", "TCP", 1)
	}
	const both = `"pkts_toserver":5,"pkts_toclient":4,"bytes_toserver":500,"bytes_toclient":4000`
	base := record.Conn{
		TS: 100*s + s/2, UID: "7", Feed: "f", OrigH: ip("10.1.0.5"), OrigP: 40000, RespH: ip("198.51.100.7"), RespP: 53, Proto: 6, Service: "ssl", Duration: 5 * s / 2,
		LocalOrig: true, OrigPkts: 5, RespPkts: 4, OrigIPBytes: 430, RespIPBytes: 3944, VLAN: 12, InnerVLAN: 34, OrigL2: record.MAC{2, 0, 0, 0, 0, 5}, RespL2: record.MAC{2, 0, 0, 0, 0, 1},
		CommunityID: "1:x=", Final: true,
	}
	with := func(state, history string, change func(c *record.Conn)) record.Conn {
		c := base
		c.State, c.History = state, history
		if change != nil {
			change(&c)
		}
		return c
	}
	for name, c := range map[string]struct {
		line string
		want record.Conn
	}{
		"whole":                {flow(`"tcp_flags_ts":"1b","tcp_flags_tc":"1b"`, both), with("SF", "ShADadFf", nil)},
		"big letters":          {flow(`"tcp_flags_ts":"1B","tcp_flags_tc":"1B"`, both), with("SF", "ShADadFf", nil)},
		"still open":           {flow(`"tcp_flags_ts":"1a","tcp_flags_tc":"1a"`, both), with("S1", "ShADad", nil)},
		"reset by us":          {flow(`"tcp_flags_ts":"1e","tcp_flags_tc":"1a"`, both), with("RSTO", "ShADadR", nil)},
		"reset by them":        {flow(`"tcp_flags_ts":"1a","tcp_flags_tc":"1e"`, both), with("RSTR", "ShADadr", nil)},
		"refused":              {flow(`"tcp_flags_ts":"02","tcp_flags_tc":"14"`, both), with("REJ", "Sr", nil)},
		"half closed":          {flow(`"tcp_flags_ts":"1b","tcp_flags_tc":"1a"`, both), with("S2", "ShADadF", nil)},
		"begun before":         {flow(`"tcp_flags_ts":"18","tcp_flags_tc":"18"`, both), with("OTH", "ADad", nil)},
		"unanswered":           {flow(`"tcp_flags_ts":"02"`, strings.NewReplacer(`client":4000`, `client":0`, `client":4`, `client":0`).Replace(both)), with("S0", "S", func(c *record.Conn) { c.RespPkts, c.RespIPBytes = 0, 0 })},
		"no flags at all":      {flow(``, both), with("OTH", "", nil)},
		"datagrams":            {strings.Replace(flow(``, both), "TCP", "UDP", 1), with("SF", "Dd", func(c *record.Conn) { c.Proto = 17 })},
		"ICMP":                 {strings.Replace(flow(``, both), `"proto":"TCP"`, `"proto":"ICMP","icmp_type":8,"icmp_code":0`, 1), with("OTH", "", func(c *record.Conn) { c.Proto, c.OrigP, c.RespP = 1, 8, 0 })},
		"shorter than a frame": {flow(`"tcp_flags_ts":"02"`, `"pkts_toserver":5,"bytes_toserver":10`), with("S0", "S", func(c *record.Conn) { c.RespPkts, c.RespIPBytes, c.OrigIPBytes = 0, 0, 0 })},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, ingest.Options{}, c.line)
			if diff := cmp.Diff([]record.Conn{c.want}, got.Conns, addrs); diff != "" {
				t.Errorf("%s\n%+v", diff, got.account)
			}
		})
	}
}

func TestNetflow(t *testing.T) {
	half := func(pkts, ports, addresses string) string {
		return strings.NewReplacer(`"src_port":40000`, `"src_port":`+ports[:5], `"dest_port":53`, `"dest_port":`+ports[6:],
			`"src_ip":"10.1.0.5"`, `"src_ip":"`+strings.Split(addresses, " ")[0]+`"`, `"dest_ip":"198.51.100.7"`, `"dest_ip":"`+strings.Split(addresses, " ")[1]+`"`).
			Replace(line7("netflow", `"netflow":{"pkts":`+pkts+`,"bytes":600,"start":"1970-01-01T00:01:40Z","end":"1970-01-01T00:01:43Z"}`))
	}
	there, back := half("5", "40000 53000", "10.1.0.5 198.51.100.7"), half("4", "53000 40000", "198.51.100.7 10.1.0.5")
	got := readLines(t, ingest.Options{}, there, back, there)
	if len(got.Conns) != 2 || got.Conns[0].OrigPkts != 5 || got.Conns[0].RespPkts != 4 || got.Conns[0].State != "SF" || got.Conns[1].RespPkts != 0 {
		t.Errorf("%+v", got.Conns)
	}
	got = readLines(t, ingest.Options{}, line7("flow", `"flow":{"pkts_toserver":5}`), there, back)
	if len(got.Conns) != 1 || got.account.Skipped["netflow events, told by flow events"] != 2 {
		t.Errorf("%d conns, %+v", len(got.Conns), got.account)
	}
}

func TestLookups(t *testing.T) {
	const later = "1970-01-01T00:01:40.25Z"
	whole := record.DNS{
		Ends: ends(17), Variant: "dns", TransID: 9, RTT: s / 4, Query: "x.example", QType: 1, HasQuery: true, HasReply: true, RD: true, RA: true,
		Answers: []string{"y.example", "192.0.2.1"}, TTLs: []uint32{60, 5},
	}
	asked := whole
	asked.HasReply, asked.RTT, asked.Answers, asked.TTLs, asked.RA, asked.RD = false, 0, nil, nil, false, false
	alone := whole
	alone.TS, alone.HasQuery, alone.RTT = 100*s+s/4, false, 0
	const reply = `"flags":"8180","rcode":"NOERROR"`
	for name, c := range map[string]struct {
		lines []string
		want  []record.DNS
	}{
		"version 1": {[]string{
			line7("dns", `"dns":{"type":"query","id":9,"rrname":"x.example","rrtype":"A","tx_id":0}`),
			line7At(later, "dns", `"dns":{"type":"answer","id":9,`+reply+`,"rrname":"x.example","rrtype":"CNAME","ttl":60,"rdata":"y.example"}`),
			line7At(later, "dns", `"dns":{"type":"answer","id":9,`+reply+`,"rrname":"y.example","rrtype":"A","ttl":5,"rdata":"192.0.2.1"}`),
		}, []record.DNS{whole}},
		"version 2": {[]string{
			line7("dns", `"dns":{"version":2,"type":"query","id":9,"rrname":"x.example","rrtype":"A"}`),
			line7At(later, "dns", `"dns":{"version":2,"type":"answer","id":9,`+reply+`,"rrname":"x.example","rrtype":"A","answers":[{"rrname":"x.example","rrtype":"CNAME","ttl":60,"rdata":"y.example"},{"rrname":"y.example","rrtype":"A","ttl":5,"rdata":"192.0.2.1"}],"grouped":{"A":["192.0.2.1"]}}`),
		}, []record.DNS{whole}},
		"version 3": {[]string{
			line7("dns", `"dns":{"version":3,"type":"request","id":9,"queries":[{"rrname":"x.example","rrtype":"A"}]}`),
			line7At(later, "dns", `"dns":{"version":3,"type":"response","id":9,`+reply+`,"queries":[{"rrname":"x.example","rrtype":"A"}],"answers":[{"rrname":"x.example","rrtype":"CNAME","ttl":60,"rdata":"y.example"},{"rrname":"y.example","rrtype":"A","ttl":5,"rdata":"192.0.2.1"}]}`),
		}, []record.DNS{whole}},
		"asked twice, answered twice": {[]string{
			line7("dns", `"dns":{"type":"query","id":9,"rrname":"x.example","rrtype":"A"}`),
			line7("dns", `"dns":{"type":"query","id":9,"rrname":"x.example","rrtype":"A"}`),
			line7At(later, "dns", `"dns":{"type":"answer","id":9,`+reply+`,"rrname":"x.example","rrtype":"A","answers":[{"ttl":60,"rdata":"y.example"},{"ttl":5,"rdata":"192.0.2.1"}]}`),
		}, []record.DNS{whole, asked}},
		"an answer from the server's side, without a query": {[]string{
			strings.NewReplacer(`"src_ip":"10.1.0.5","src_port":40000,"dest_ip":"198.51.100.7","dest_port":53`, `"src_ip":"198.51.100.7","src_port":53,"dest_ip":"10.1.0.5","dest_port":40000`).
				Replace(line7At(later, "dns", `"dns":{"type":"answer","id":9,`+reply+`,"rrname":"x.example","rrtype":"A","answers":[{"ttl":60,"rdata":"y.example"},{"ttl":5,"rdata":"192.0.2.1"}]}`)),
		}, []record.DNS{alone}},
		"another name": {[]string{
			line7("dns", `"dns":{"type":"query","id":9,"rrname":"x.example","rrtype":"A"}`),
			line7("dns", `"dns":{"type":"answer","id":9,"rcode":"NXDOMAIN","rrname":"z.example","rrtype":"AAAA"}`),
		}, []record.DNS{asked, {Ends: ends(17), Variant: "dns", TransID: 9, Query: "z.example", QType: 28, HasReply: true, RCode: 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, ingest.Options{}, c.lines...)
			if diff := cmp.Diff(c.want, got.DNS, addrs); diff != "" {
				t.Errorf("%s\n%+v", diff, got.account)
			}
		})
	}
}

func TestOthers(t *testing.T) {
	tcp := func(line string) string { return strings.Replace(line, "UDP", "TCP", 1) }
	for name, c := range map[string]struct {
		line string
		want record.Batch
	}{
		"tls": {
			tcp(line7("tls", `"tls":{"subject":"CN=a","issuerdn":"CN=ca","serial":"17:8E:1e","fingerprint":"2d:d1","sni":"a.example","version":"TLS 1.2","notbefore":"1970-01-01T00:00:50","notafter":"1970-01-01T00:15:00","ja4":"t13d","client_alpns":["h2","http/1.1"],"server_alpns":["h2"],"subjectaltname":["a.example","b.example"],"chain":["x","y"]}`)),
			record.Batch{TLS: []record.TLS{{
				Ends: ends(6), Version: "TLSv12", ServerName: "a.example", ClientALPN: []string{"h2", "http/1.1"}, NextProto: "h2", Subject: "CN=a", Issuer: "CN=ca", NotBefore: 50 * s, NotAfter: 900 * s,
				Serial: "178E1E", SANDNS: []string{"a.example", "b.example"}, ChainLength: 2, JA4: "t13d", HasClient: true, HasServer: true,
			}}},
		},
		"tls without an end": {
			tcp(line7("tls", `"tls":{"version":"TLS 1.3","notbefore":"0001-01-01T00:00:00","notafter":"9999-12-31T23:59:59"}`)),
			record.Batch{TLS: []record.TLS{{Ends: ends(6), Version: "TLSv13", NotBefore: math.MinInt64, NotAfter: math.MaxInt64, HasClient: true, HasServer: true}}},
		},
		"quic": {
			line7("quic", `"quic":{"version":"1","ja4":"q13d","sni":"a.example","ja3":{"hash":"9a"},"extensions":[{"name":"alpn","type":16,"values":["h3"]}]}`),
			record.Batch{TLS: []record.TLS{{Ends: ends(17), Version: "TLSv13", ServerName: "a.example", JA4: "q13d", HasClient: true}}},
		},
		"quic without a hello": {line7("quic", `"quic":{"version":"1"}`), record.Batch{}},
		"http": {
			tcp(line7("http", `"tx_id":1,"http":{"hostname":"x.example","url":"/a","http_user_agent":"curl","http_content_type":"text/html","http_method":"GET","http_refer":"r","protocol":"HTTP/1.1","status":404,"length":47},"xff":"192.0.2.9"`)),
			record.Batch{HTTP: []record.HTTP{{
				Ends: ends(6), TransDepth: 2, Method: "GET", Host: "x.example", URI: "/a", Referrer: "r", Version: "1.1", UserAgent: "curl", ResponseBodyLen: 47, StatusCode: 404, RespMIME: "text/html",
				Proxied: []string{"192.0.2.9"}, HasRequest: true, HasResponse: true,
			}}},
		},
		"dhcp": {
			line7("dhcp", `"dhcp":{"type":"request","id":5,"client_mac":"02:00:00:00:00:05","dhcp_type":"request","requested_ip":"10.1.0.6","hostname":"pc","client_ip":"0.0.0.0","lease_time":600}`),
			record.Batch{DHCP: []record.DHCP{{
				Ends: ends(17), ClientAddr: ip("0.0.0.0"), MAC: record.MAC{2, 0, 0, 0, 0, 5}, HostName: "pc", RequestedAddr: ip("10.1.0.6"), LeaseTime: 600 * s, MsgTypes: []string{"REQUEST"}, TransID: 5,
			}}},
		},
		"alert": {
			line7("alert", `"alert":{"action":"allowed","gid":1,"signature_id":2403388,"signature":"ET CINS","category":"Misc Attack","severity":2,"metadata":{"tag":["CINS"]}},"flow":{"start":"1970-01-01T00:01:39Z"}`),
			record.Batch{Alerts: []record.Alert{{Ends: ends(17), By: "suricata", Signature: "ET CINS", Category: "Misc Attack", Severity: "2"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, ingest.Options{}, c.line)
			ignore := cmpopts.IgnoreFields(record.Batch{}, "Span", "Sight", "Inputs")
			if diff := cmp.Diff(c.want, got.Batch, addrs, ignore); diff != "" {
				t.Errorf("%s\n%+v", diff, got.account)
			}
		})
	}
}

// TestStats: totals become differences; a total that shrank was started anew.
func TestStats(t *testing.T) {
	stat := func(second string, uptime, packets, drops, gaps string) string {
		return `{"timestamp":"1970-01-01T00:01:` + second + `Z","event_type":"stats","stats":{"uptime":` + uptime + `,"capture":{"kernel_packets":` + packets + `,"kernel_drops":` + drops + `},"tcp":{"reassembly_gap":` + gaps + `,"ack_unseen_data":1}}}`
	}
	got := readLines(t, ingest.Options{}, stat("01", "10", "1000", "5", "2"), stat("09", "18", "1500", "5", "4"), stat("30", "3", "100", "1", "0"))
	whole := got.Sight[0]
	if diff := cmp.Diff(&record.Drops{Received: 1600, Dropped: 6}, whole.Drops); diff != "" {
		t.Error(diff)
	}
	if n := whole.Counts[record.Gaps]; n != 2+1+2+0+0+1 {
		t.Errorf("%d gaps", n)
	}
	if !whole.Carries.Has(record.CarriesDrops) || whole.Carries.Has(record.CarriesAcks) {
		t.Errorf("carries %v", whole.Carries.Names())
	}
}

func TestDamage(t *testing.T) {
	good := line7("http", `"http":{"http_method":"GET"}`)
	for name, c := range map[string]struct{ line, because string }{
		"cut off":        {good[:60], "line 2: the JSON object is cut off"},
		"no JSON":        {"hello", "line 2: no valid JSON object"},
		"no addresses":   {strings.Replace(good, "src_ip", "a_ip", 1), "line 2: the event has no two addresses"},
		"no time":        {strings.Replace(good, "timestamp", "time", 1), "line 2: the event has no timestamp"},
		"a wrong time":   {strings.Replace(good, "1970-01-01T01", "1970-01-01X01", 1), "line 2: timestamp: "},
		"a wrong port":   {strings.Replace(good, "40000", "400000", 1), `line 2: src_port: "400000" cannot be read`},
		"a wrong number": {line7("flow", `"flow":{"pkts_toserver":"many"}`), `line 2: flow.pkts_toserver: "many" cannot be read`},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, ingest.Options{}, good, c.line, "", good)
			if len(got.HTTP) != 2 || got.account.Damaged != 1 || got.account.Lines != 3 {
				t.Fatalf("%d http, %+v", len(got.HTTP), got.account)
			}
			if stopped := got.status[0].Stopped; stopped == nil || !strings.Contains(stopped.Because, c.because) || stopped.At != int64(len(good))+1 {
				t.Errorf("%+v", stopped)
			}
		})
	}
	got := readLines(t, ingest.Options{}, `{"a":1}`, line7("anomaly", `"anomaly":{}`))
	if got.account.Unknown["lines without event_type"] != 1 || got.account.Unknown["anomaly"] != 1 || len(got.account.Shown) != 1 {
		t.Errorf("%+v", got.account)
	}
}

// TestStatsOfACapture: Suricata that reads a capture writes its counters with the time of day at which it was run. They make the
// observation no longer; those of a live Suricata do, also when no traffic comes at all.
func TestStatsOfACapture(t *testing.T) {
	flow := func(minute string) string {
		return `{"timestamp":"1970-01-01T00:` + minute + `:00Z","event_type":"flow","src_ip":"10.0.0.1","dest_ip":"10.0.0.2","proto":"TCP","flow":{"start":"1970-01-01T00:` + minute + `:00Z"}}`
	}
	stat := func(at, uptime string) string {
		return `{"timestamp":"` + at + `Z","event_type":"stats","stats":{"uptime":` + uptime + `,"capture":{"kernel_packets":5,"kernel_drops":1}}}`
	}
	for name, c := range map[string]struct {
		lines    []string
		from, to record.Time // minutes
	}{
		"a capture read years later":     {[]string{flow("10"), flow("20"), stat("2026-11-24T10:00:00", "3")}, 10, 20},
		"counters come first":            {[]string{stat("2026-11-24T10:00:00", "3"), flow("10"), flow("20")}, 10, 20},
		"a capture read a moment later":  {[]string{flow("10"), flow("20"), stat("1970-01-01T00:30:00", "3")}, 10, 20},
		"counters within the traffic":    {[]string{flow("10"), stat("1970-01-01T00:15:00", "600"), flow("20")}, 10, 20},
		"live, and traffic stops":        {[]string{flow("10"), flow("20"), stat("1970-01-01T00:55:00", "3000")}, 10, 55},
		"live, and traffic comes late":   {[]string{stat("1970-01-01T00:05:00", "60"), flow("10"), flow("20")}, 5, 20},
		"counters alone":                 {[]string{stat("1970-01-01T00:05:00", "60"), stat("1970-01-01T00:06:00", "120")}, 5, 6},
		"an uptime that nobody believes": {[]string{stat("1970-01-01T00:05:00", "18446744073709551615"), flow("10")}, 5, 10},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, ingest.Options{}, c.lines...)
			if want := (record.Span{From: c.from * record.Minute, To: c.to * record.Minute}); got.Span != want {
				t.Errorf("span %v to %v, want %v to %v", got.Span.From.Std(), got.Span.To.Std(), want.From.Std(), want.To.Std())
			}
			if n := uint64(len(c.lines)); got.account.Records != n {
				t.Errorf("%d records, want %d", got.account.Records, n)
			}
		})
	}
}

// FuzzEve reads any bytes as eve.json: every line is accounted for.
func FuzzEve(f *testing.F) {
	f.Add([]byte(line7("flow", `"flow":{"pkts_toserver":5,"start":"1970-01-01T00:01:40Z","end":"2970-01-01T00:01:40Z"},"tcp":{"tcp_flags_ts":"1b"}`)))
	f.Add([]byte(line7("dns", `"dns":{"type":"query","id":9,"rrname":"x","rrtype":"A"}`) + "\n" + line7("dns", `"dns":{"type":"answer","id":9,"rrname":"x","rrtype":"TYPE65","rdata":"y","ttl":4}`)))
	f.Add([]byte(line7("netflow", `"netflow":{"pkts":5}`) + "\n" + line7("netflow", `"netflow":{"pkts":5}`)))
	f.Add([]byte(line7("tls", `"tls":{"version":"TLS 1.3","chain":["a"]}`) + "\n" + line7("dhcp", `"dhcp":{"type":"reply","dhcp_type":"ack"}`)))
	f.Add([]byte(`{"timestamp":"1970-01-01T00:01:01Z","event_type":"stats","stats":{"uptime":1,"capture":{"kernel_drops":18446744073709551615}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := readLines(t, ingest.Options{}, string(data))
		a := got.account
		sum := a.Records + a.Damaged + a.Known["answers, told with their queries"] + a.Skipped["netflow events, told by flow events"] + a.Known["netflow events, joined to their other direction"]
		for _, n := range a.Unknown {
			sum += n
		}
		if sum != a.Lines {
			t.Fatalf("%d of %d lines accounted for: %+v", sum, a.Lines, a)
		}
		for i := range got.Conns {
			if c := &got.Conns[i]; c.Duration < 0 {
				t.Fatalf("%+v", c)
			}
		}
	})
}
