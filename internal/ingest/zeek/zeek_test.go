package zeek

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/ingest"
	"candor/internal/record"
)

const (
	connColumns = "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents"
	connRow     = "100.000001\tC1\t10.1.0.5\t40000\t198.51.100.7\t443\ttcp\tssl\t1.500000\t517\t4200\tSF\tT\tF\t0\tShADadfF\t12\t1100\t14\t4900\t-"
	connJSON    = `{"ts":100.000001,"uid":"C1","id.orig_h":"10.1.0.5","id.orig_p":40000,"id.resp_h":"198.51.100.7","id.resp_p":443,"proto":"tcp","service":"ssl","duration":1.5,"orig_bytes":517,"resp_bytes":4200,"conn_state":"SF","local_orig":true,"local_resp":false,"missed_bytes":0,"history":"ShADadfF","orig_pkts":12,"orig_ip_bytes":1100,"resp_pkts":14,"resp_ip_bytes":4900}`
	s           = record.Time(1e9)
)

var addrs = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func ip(a string) netip.Addr { return netip.MustParseAddr(a) }

// want1 is the connection of connRow and connJSON.
func want1(change func(c *record.Conn)) record.Conn {
	c := record.Conn{
		TS: 100*s + 1000, UID: "C1", Feed: "f", OrigH: ip("10.1.0.5"), OrigP: 40000, RespH: ip("198.51.100.7"), RespP: 443, Proto: 6, Service: "ssl",
		Duration: 3 * s / 2, OrigBytes: 517, RespBytes: 4200, State: "SF", LocalOrig: true, History: "ShADadfF", OrigPkts: 12, OrigIPBytes: 1100,
		RespPkts: 14, RespIPBytes: 4900, Final: true,
	}
	if change != nil {
		change(&c)
	}
	return c
}

func TestConn(t *testing.T) {
	cut := func(columns string, drop ...string) (names, row string) {
		n, v := strings.Split(columns, "\t"), strings.Split(connRow, "\t")
		var names2, row2 []string
		for i := range n {
			if !strings.Contains(" "+strings.Join(drop, " ")+" ", " "+n[i]+" ") {
				names2, row2 = append(names2, n[i]), append(row2, v[i])
			}
		}
		return strings.Join(names2, "\t"), strings.Join(row2, "\t")
	}
	oldColumns, oldRow := cut(connColumns, "local_orig", "local_resp", "tunnel_parents", "missed_bytes")
	for name, c := range map[string]struct {
		log  string
		want record.Conn
	}{
		"TSV":                       {tsv("conn", connColumns, connRow), want1(nil)},
		"JSON":                      {connJSON, want1(nil)},
		"JSON, ISO time":            {strings.Replace(connJSON, "100.000001", `"1970-01-01T00:01:40.000001Z"`, 1), want1(nil)},
		"JSON, milliseconds":        {strings.Replace(connJSON, "100.000001", "1700000000123", 1), want1(func(c *record.Conn) { c.TS = 1700000000123 * 1e6 })},
		"JSON, nested id":           {strings.NewReplacer(`"id.orig_h":"10.1.0.5","id.orig_p":40000,"id.resp_h":"198.51.100.7","id.resp_p":443`, `"id":{"orig_h":"10.1.0.5","orig_p":40000,"resp_h":"198.51.100.7","resp_p":443}`).Replace(connJSON), want1(nil)},
		"JSON, underlines":          {strings.NewReplacer("id.orig", "id_orig", "id.resp", "id_resp").Replace(connJSON), want1(nil)},
		"missing columns":           {tsv("conn", oldColumns, oldRow), want1(nil)},
		"more columns":              {tsv("conn", "_node_name\t"+connColumns+"\tlabel", "worker\t"+connRow+"\tBenign"), want1(nil)},
		"a separator too many":      {tsv("conn", connColumns, connRow+"\t"), want1(nil)},
		"Windows line ends":         {strings.ReplaceAll(tsv("conn", connColumns, connRow), "\n", "\r\n"), want1(nil)},
		"a blank before the header": {" \t" + tsv("conn", connColumns, connRow), want1(nil)},
		"another separator": {
			"#separator |\n#set_separator|;\n#empty_field|none\n#unset_field|?\n#path|conn\n#fields|" + strings.ReplaceAll(connColumns, "\t", "|") + "\n" + strings.NewReplacer("\t-", "|?", "\t", "|").Replace(connRow) + "\n",
			want1(nil),
		},
		"cards, VLANs, tunnels, community": {
			tsv("conn", connColumns+"\torig_l2_addr\tresp_l2_addr\tvlan\tinner_vlan\tcommunity_id\tip_proto", strings.TrimSuffix(connRow, "-")+"CA,CB\t02:00:00:00:00:05\t-\t12\t34\t1:abc=\t6"),
			want1(func(c *record.Conn) {
				c.TunnelParents, c.OrigL2, c.VLAN, c.InnerVLAN, c.CommunityID = []record.UID{"CA", "CB"}, record.MAC{2, 0, 0, 0, 0, 5}, 12, 34, "1:abc="
			}),
		},
		"nothing known": {
			tsv("conn", connColumns, "100.000001\tC1\t10.1.0.5\t40000\t198.51.100.7\t443\tudp\t-\t-\t-\t-\tS0\t-\t-\t0\t-\t1\t62\t0\t0\t(empty)"),
			record.Conn{TS: 100*s + 1000, UID: "C1", Feed: "f", OrigH: ip("10.1.0.5"), OrigP: 40000, RespH: ip("198.51.100.7"), RespP: 443, Proto: 17, State: "S0", LocalOrig: true, OrigPkts: 1, OrigIPBytes: 62, Final: true},
		},
		"ICMP over IPv6": {
			tsv("conn", connColumns, "100.000001\tC1\tfe80::1\t143\tff02::16\t0\ticmp\t-\t-\t-\t-\tOTH\tF\tF\t0\t-\t1\t96\t0\t0\t-"),
			record.Conn{TS: 100*s + 1000, UID: "C1", Feed: "f", OrigH: ip("fe80::1"), OrigP: 143, RespH: ip("ff02::16"), Proto: 58, State: "OTH", OrigPkts: 1, OrigIPBytes: 96, Final: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLogs(t, ingest.Options{Feed: "f", Scope: record.AssumedScope()}, [2]string{"conn.log", c.log})
			if diff := cmp.Diff([]record.Conn{c.want}, got.Conns, addrs); diff != "" {
				t.Errorf("%s\n%+v", diff, got.account)
			}
			if got.account.Damaged != 0 || got.status[0].Stopped != nil || got.status[0].Records != 1 {
				t.Errorf("%+v %+v", got.account, got.status)
			}
		})
	}
}

func TestMessages(t *testing.T) {
	const id = "\tC1\t10.1.0.5\t40000\t198.51.100.7\t"
	const idColumns = "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p"
	ends := func(port uint16, proto uint8) record.Ends {
		return record.Ends{TS: 100 * s, UID: "C1", Feed: "f", OrigH: ip("10.1.0.5"), OrigP: 40000, RespH: ip("198.51.100.7"), RespP: port, Proto: proto}
	}
	for name, c := range map[string]struct {
		logs [][2]string
		want record.Batch
	}{
		"lookup and answer": {
			[][2]string{{"dns.log", tsv("dns", idColumns+"\tproto\ttrans_id\trtt\tquery\tqclass\tqtype\trcode\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected",
				"100.000000"+id+"53\tudp\t42937\t0.069982\texample.com\t1\t16\t0\tF\tF\tT\tT\t0\tTXT 3 a\\x2cb,x.example.com\t60.000000,5.000000\tF")}},
			record.Batch{DNS: []record.DNS{{
				Ends: ends(53, 17), Variant: "dns", TransID: 42937, RTT: 69982000, Query: "example.com", QClass: 1, QType: 16, HasQuery: true, HasReply: true, RD: true, RA: true,
				Answers: []string{"TXT 3 a,b", "x.example.com"}, TTLs: []uint32{60, 5},
			}}},
		},
		"lookup without answer, multicast": {
			[][2]string{{"dns.log", `{"ts":100,"uid":"C1","id.orig_h":"10.1.0.5","id.orig_p":40000,"id.resp_h":"198.51.100.7","id.resp_p":5355,"proto":"udp","query":"wpad","qtype":1,"qclass":1,"trans_id":7,"answers":[],"RD":false}`}},
			record.Batch{DNS: []record.DNS{{Ends: ends(5355, 17), Variant: "llmnr", TransID: 7, Query: "wpad", QClass: 1, QType: 1, HasQuery: true}}},
		},
		"handshake with its certificate": {
			[][2]string{
				{"x509.log", tsv("x509", "ts\tid\tcertificate.serial\tcertificate.subject\tcertificate.issuer\tcertificate.not_valid_before\tcertificate.not_valid_after\tsan.dns", "100.100000\tFleaf\t0A\tCN=a\tCN=ca\t50.000000\t900.000000\ta.example,b.example")},
				{"ssl.log", tsv("ssl", idColumns+"\tversion\tcipher\tcurve\tserver_name\tresumed\tnext_protocol\testablished\tcert_chain_fuids", "100.000000"+id+"443\tTLSv12\tTLS_X\tx25519\ta.example\tF\th2\tT\tFleaf,Fca")},
			},
			record.Batch{TLS: []record.TLS{{
				Ends: ends(443, 6), Version: "TLSv12", Cipher: "TLS_X", Curve: "x25519", ServerName: "a.example", Established: true, NextProto: "h2", Subject: "CN=a", Issuer: "CN=ca",
				NotBefore: 50 * s, NotAfter: 900 * s, Serial: "0A", SANDNS: []string{"a.example", "b.example"}, ChainLength: 2, HasClient: true, HasServer: true,
			}}},
		},
		"handshake with a certificate without an end": {
			[][2]string{{"ssl.log", tsv("ssl", idColumns+"\tversion\tcipher\tsubject\tissuer_subject\tnot_valid_before\tnot_valid_after", "100.000000"+id+"443\tTLSv10\tTLS_RSA\tCN=x\tCN=y\t50.000000\t253402300799.000000")}},
			record.Batch{TLS: []record.TLS{{Ends: ends(443, 6), Version: "TLSv10", Cipher: "TLS_RSA", Subject: "CN=x", Issuer: "CN=y", NotBefore: 50 * s, NotAfter: math.MaxInt64, HasClient: true, HasServer: true}}},
		},
		"handshake, by fingerprint, only the client": {
			[][2]string{{"ssl.log", tsv("ssl", idColumns+"\tserver_name\tssl_history\tcert_chain_fps\tja4", "100.000000"+id+"443\ta.example\tC\t"+strings.Repeat("ab", 32)+"\tt13d")}},
			record.Batch{TLS: []record.TLS{{Ends: ends(443, 6), ServerName: "a.example", ChainLength: 1, CertSHA256: strings.Repeat("ab", 32), JA4: "t13d", HasClient: true}}},
		},
		"handshake of an old log": {
			[][2]string{{"ssl.log", tsv("ssl", idColumns+"\tversion\tcipher\tsubject\tissuer_subject\tnot_valid_before\tnot_valid_after", "100.000000"+id+"443\tTLSv10\tTLS_RSA\tCN=*.x,O=Amazon.com\\, Inc.\tCN=y\t50.000000\t900.000000")}},
			record.Batch{TLS: []record.TLS{{Ends: ends(443, 6), Version: "TLSv10", Cipher: "TLS_RSA", Subject: "CN=*.x,O=Amazon.com\\, Inc.", Issuer: "CN=y", NotBefore: 50 * s, NotAfter: 900 * s, HasClient: true, HasServer: true}}},
		},
		"request": {
			[][2]string{{"http.log", tsv("http", idColumns+"\ttrans_depth\tmethod\thost\turi\treferrer\tversion\tuser_agent\trequest_body_len\tresponse_body_len\tstatus_code\tstatus_msg\tproxied\tresp_mime_types",
				"100.000000"+id+"80\t2\tGET\tx.example\t/a\\x09b\\\\c\t-\t1.1\tcurl\t3\t612\t200\tOK\tVIA -> a,X-FORWARDED-FOR -> b\ttext/html")}},
			record.Batch{HTTP: []record.HTTP{{
				Ends: ends(80, 6), TransDepth: 2, Method: "GET", Host: "x.example", URI: "/a\tb\\c", Version: "1.1", UserAgent: "curl", RequestBodyLen: 3, ResponseBodyLen: 612, StatusCode: 200, StatusMsg: "OK",
				RespMIME: "text/html", Proxied: []string{"VIA -> a", "X-FORWARDED-FOR -> b"}, HasRequest: true, HasResponse: true,
			}}},
		},
		"lease": {
			[][2]string{{"dhcp.log", `{"ts":100,"uids":["C1","C2"],"client_addr":"10.1.0.5","server_addr":"10.1.0.1","mac":"02:00:00:00:00:05","host_name":"pc","domain":"x","assigned_addr":"10.1.0.5","lease_time":600.0,"msg_types":["REQUEST","ACK"]}`}},
			record.Batch{DHCP: []record.DHCP{{
				Ends:       record.Ends{TS: 100 * s, UID: "C1", Feed: "f", OrigH: ip("10.1.0.5"), OrigP: 68, RespH: ip("10.1.0.1"), RespP: 67, Proto: 17},
				ClientAddr: ip("10.1.0.5"), ServerAddr: ip("10.1.0.1"), MAC: record.MAC{2, 0, 0, 0, 0, 5}, HostName: "pc", Domain: "x", AssignedAddr: ip("10.1.0.5"), LeaseTime: 600 * s, MsgTypes: []string{"REQUEST", "ACK"},
			}}},
		},
		"lease of an old log": {
			[][2]string{{"dhcp.log", tsv("dhcp", idColumns+"\tmac\tassigned_ip\tlease_time\ttrans_id", "100.000000"+id+"67\t02:00:00:00:00:05\t10.1.0.5\t4.294967e+09\t2218089335")}},
			record.Batch{DHCP: []record.DHCP{{Ends: ends(67, 17), MAC: record.MAC{2, 0, 0, 0, 0, 5}, AssignedAddr: ip("10.1.0.5"), LeaseTime: 4294967000 * s, TransID: 2218089335}}},
		},
		"notice without a connection": {
			[][2]string{{"notice.log", `{"ts":100,"note":"Scan::Port","msg":"many","sub":"local","src":"10.1.0.5"}`}},
			record.Batch{Alerts: []record.Alert{{Ends: record.Ends{TS: 100 * s, Feed: "f", OrigH: ip("10.1.0.5")}, By: "zeek", Signature: "Scan::Port: many (local)", Category: "Scan::Port"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLogs(t, ingest.Options{Feed: "f", Scope: record.AssumedScope()}, c.logs...)
			ignore := cmpopts.IgnoreFields(record.Batch{}, "Span", "Sight", "Inputs")
			if diff := cmp.Diff(c.want, got.Batch, addrs, ignore); diff != "" {
				t.Errorf("%s\n%+v", diff, got.account)
			}
		})
	}
}

func TestDamage(t *testing.T) {
	field := func(i int, value string) string {
		f := strings.Split(connRow, "\t")
		f[i] = value
		return strings.Join(f, "\t")
	}
	for name, c := range map[string]struct {
		log, because string
		conns        int
	}{
		"no header":              {connRow + "\n", "line 1: no #fields line before this row", 0},
		"header later":           {connRow + "\n" + tsv("conn", connColumns, connRow), "line 1: no #fields line before this row", 1},
		"cut off":                {tsv("conn", connColumns, connRow) + "101.0\tC2\t10.1", "line 8: the line is cut off: 3 columns of 21", 1},
		"a column too few":       {tsv("conn", connColumns, connRow, "101.0\tC2"), "line 8: 2 columns where the header names 21", 1},
		"columns too many":       {tsv("conn", connColumns, connRow+"\t1\t2"), "line 7: more than the 21 columns", 0},
		"no number":              {tsv("conn", connColumns, field(0, "XXXX")), `line 7: ts: "XXXX" cannot be read`, 0},
		"before 1970":            {tsv("conn", connColumns, field(0, "-5")), `line 7: ts: "-5" cannot be read`, 0},
		"no address":             {tsv("conn", connColumns, field(2, "bro")), `line 7: id.orig_h: "bro" cannot be read`, 0},
		"no port":                {tsv("conn", connColumns, field(5, "93145")), `line 7: id.resp_p: "93145" cannot be read`, 0},
		"no time":                {tsv("conn", connColumns, field(0, "-")), "line 7: the row has no time (ts)", 0},
		"address unset":          {tsv("conn", connColumns, field(4, "-")), "line 7: the row has no two addresses", 0},
		"unknown protocol":       {tsv("conn", connColumns, field(6, "xyz")), "line 7: proto is none", 0},
		"negative duration":      {tsv("conn", connColumns, field(8, "-3.0")), "line 7: the duration is negative", 0},
		"JSON cut off":           {connJSON + "\n" + connJSON[:90], "line 2: the JSON object is cut off", 1},
		"JSON with a wrong type": {strings.Replace(connJSON, `"orig_pkts":12`, `"orig_pkts":"many"`, 1), `line 1: orig_pkts: "many" cannot be read`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLogs(t, ingest.Options{Scope: record.AssumedScope()}, [2]string{"conn.log", c.log})
			if len(got.Conns) != c.conns || got.account.Damaged != 1 {
				t.Fatalf("%d conns, %+v", len(got.Conns), got.account)
			}
			if stopped := got.status[len(got.status)-1].Stopped; stopped == nil || !strings.Contains(stopped.Because, c.because) {
				t.Errorf("%+v, want %s", stopped, c.because)
			}
		})
	}
}

// TestNames: which log a file is, by what it says, by its name, and by its fields.
func TestNames(t *testing.T) {
	names := kinds()
	for _, c := range []struct {
		said, path string
		want       kind
	}{
		{"conn", "conn.log", conn},
		{"conn", "conn_date_issue.log", conn},
		{"", "conn_json.log", conn},
		{"", "conn.00:00:00-01:00:00.log.gz", conn},
		{"", "conn.log.labeled", conn},
		{"", "connections.log", unknown},
		{"", "ORIGINALdns.log", unknown},
		{"", "json_streaming_dns.1.log", dns},
		{"conn", "open_conn.log", openConn},
		{"open_ssl", "open_ssl.17_37_07-18_00_00.log.gz", openSSL},
		{"http", "/x/open_http.log", openHTTP},
		{"ssl", "tor_ssl.log", ssl},
		{"app_stats", "app_stats.log", unknown},
		{"", "capture_loss.15:00.log", captureLoss},
		{"", "capture.log", unknown},
		{"weird", "x", known},
		{"packet_filter", "packet_filter.log", unknown},
		{"conn_eth1", "a.log", conn},
		{"", "known_hosts.log", known},
		{"", "known_certs.log", unknown},
	} {
		if got, _ := named(names, c.said, stem(c.path, names)); got != c.want {
			t.Errorf("%q in %s: %d, want %d", c.said, c.path, got, c.want)
		}
	}
	for line, want := range map[string]string{connJSON: "conn", `{"ts":1,"qclass":1}`: "dns", `{"ts":1}`: ""} {
		if got := guessed([]byte(line)); got != want {
			t.Errorf("%.40s: %s", line, got)
		}
	}
	if got := says([]byte(`{"uri":"\"_path\":\"x\"","_path" : "http"}`)); got != "http" {
		t.Errorf("says %q", got)
	}
}

// TestOpen: a connection that is reported while open is told as differences, its requests and handshakes once.
func TestOpen(t *testing.T) {
	row := func(uid string, duration, pkts int, state string) string {
		return fmt.Sprintf("100.000000\t%s\t10.1.0.5\t40000\t198.51.100.7\t443\ttcp\t-\t%d.000000\t%d\t0\t%s\tT\tF\t0\tShADad\t%d\t%d\t%d\t0\t-", uid, duration, 10*pkts, state, pkts, 100*pkts, pkts)
	}
	request := "100.000000\tC1\t10.1.0.5\t40000\t198.51.100.7\t80\t1\tGET"
	const requestColumns = "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ttrans_depth\tmethod"
	got := readLogs(t, ingest.Options{Scope: record.AssumedScope()},
		[2]string{"open_conn.log", tsv("conn", connColumns, row("C1", 3600, 50, "S1"), row("C2", 3600, 7, "S1"), row("C1", 7200, 80, "S1"))},
		[2]string{"conn.log", tsv("conn", connColumns, row("C3", 10, 3, "SF"), row("C1", 8000, 90, "SF"))},
		[2]string{"open_http.log", tsv("http", requestColumns, request, request)},
		[2]string{"http.log", tsv("http", requestColumns, request, strings.Replace(request, "\t1\tGET", "\t2\tGET", 1))},
	)
	type report struct {
		UID         record.UID
		Report      int
		Final       bool
		Pkts, Bytes uint64
	}
	var reports []report
	for _, c := range got.Conns {
		reports = append(reports, report{c.UID, c.Report, c.Final, c.OrigPkts, c.OrigBytes})
	}
	want := []report{{"C3", 0, true, 3, 30}, {"C1", 0, false, 50, 500}, {"C2", 0, false, 7, 70}, {"C1", 1, false, 30, 300}, {"C1", 2, true, 10, 100}}
	if diff := cmp.Diff(want, reports); diff != "" {
		t.Error(diff)
	}
	if len(got.HTTP) != 2 {
		t.Errorf("%d requests", len(got.HTTP))
	}
}

// TestOrder: lines that were written late come in the order of their last packets, over files too.
func TestOrder(t *testing.T) {
	row := func(uid string, ts, duration int) string {
		return fmt.Sprintf("%d.000000\t%s\t10.1.0.5\t40000\t198.51.100.7\t443\ttcp\t-\t%d.000000\t0\t0\tSF\tT\tF\t0\tShADad\t1\t1\t1\t1\t-", ts, uid, duration)
	}
	got := readLogs(t, ingest.Options{Scope: record.AssumedScope(), From: 120 * s, To: 900 * s},
		[2]string{"conn.a.log", tsv("conn", connColumns, row("C4", 100, 400), row("C2", 200, 100), row("C0", 100, 1), row("C5", 500, 100))},
		[2]string{"conn.b.log", tsv("conn", connColumns, row("C3", 300, 50), row("C1", 150, 10), row("C9", 950, 1))},
	)
	var uids []string
	for _, c := range got.Conns {
		uids = append(uids, string(c.UID))
	}
	if strings.Join(uids, " ") != "C1 C2 C3 C4 C5" {
		t.Errorf("%v", uids)
	}
	if got.account.Skipped["rows outside of the time asked for"] != 2 {
		t.Errorf("%+v", got.account)
	}
	if got.Span != (record.Span{From: 160 * s, To: 600 * s}) {
		t.Errorf("span %v", got.Span)
	}
}

// TestMeters: what Zeek counts of its own loss is told to sight.
func TestMeters(t *testing.T) {
	got := readLogs(t, ingest.Options{Scope: record.AssumedScope()},
		[2]string{"capture_loss.log", tsv("capture_loss", "ts\tts_delta\tpeer\tgaps\tacks\tpercent_lost", "100.0\t900.0\tw\t12\t400\t3.0")},
		[2]string{"stats.log", tsv("stats", "ts\tpeer\tpkts_proc\tpkts_dropped\tpkts_link", "100.0\tmanager\t0\t-\t-", "101.0\tw\t1000\t7\t1007", "102.0\tw\t90\t10\t-")},
		[2]string{"weird.log", tsv("weird", "ts\tname", "100.0\tx")},
		[2]string{"smtp.log", tsv("smtp", "ts\tname", "100.0\tx", "101.0\ty")},
	)
	whole := got.Sight[0]
	if whole.Counts[record.Acks] != 400 || whole.Counts[record.Gaps] != 12 {
		t.Errorf("%d acks, %d gaps", whole.Counts[record.Acks], whole.Counts[record.Gaps])
	}
	if diff := cmp.Diff(&record.Drops{Received: 1107, Dropped: 17}, whole.Drops); diff != "" {
		t.Error(diff)
	}
	if got.account.Known["weird"] != 1 || got.account.Unknown["smtp"] != 2 {
		t.Errorf("%+v", got.account)
	}
}
