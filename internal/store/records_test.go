package store

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/record"
)

// needsDuckDB skips where the program was built without cgo.
func needsDuckDB(t testing.TB) {
	t.Helper()
	if err := ServeQueries(t.Context(), strings.NewReader(""), nil); err != nil {
		t.Skip(err)
	}
}

func filled(t testing.TB) *Store {
	t.Helper()
	needsDuckDB(t)
	s, _ := openTest(t)
	for i := range 4 {
		put1(t, s, "bank", batch("hq", 1, uint64(i+1), midday+record.Time(i)*5e9, 6))
	}
	put1(t, s, "other", batch("hq", 1, 9, midday, 6))
	return s
}

func ask1(t testing.TB, s *Store, f Filter) Page {
	t.Helper()
	p, err := s.Records(t.Context(), "bank", f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRecordsAreWhatWasPut(t *testing.T) {
	s := filled(t)
	b := batch("hq", 1, 2, midday+5e9, 6)
	all := full(midday + 7e9)
	b.TLS, b.HTTP, b.DHCP, b.Alerts = all.TLS, all.HTTP, all.DHCP, all.Alerts
	b.ID.Sequence = 5
	b.Span = record.Span{From: midday + 20e9, To: midday + 25e9}
	move := func(e *record.Ends) { e.TS += 15e9 }
	for i := range b.Conns {
		b.Conns[i].TS += 15e9
	}
	for i := range b.DNS {
		move(&b.DNS[i].Ends)
	}
	move(&b.TLS[0].Ends)
	move(&b.HTTP[0].Ends)
	move(&b.DHCP[0].Ends)
	move(&b.Alerts[0].Ends)
	b.Logs[0].TS += 15e9
	put1(t, s, "bank", b)
	p := ask1(t, s, Filter{From: midday + 20e9, To: midday + 25e9})
	want := Rows{Conns: b.Conns, DNS: b.DNS, TLS: b.TLS, HTTP: b.HTTP, DHCP: b.DHCP, Logs: b.Logs, Alerts: b.Alerts, Order: p.Rows.Order}
	if d := cmp.Diff(want, p.Rows, exactly); d != "" {
		t.Errorf("rows (-put +asked):\n%s", d)
	}
	if len(p.Rows.Order) != b.Rows() || p.Next != "" || len(p.Missing) != 0 {
		t.Errorf("%d rows of %d, next %q, missing %v", len(p.Rows.Order), b.Rows(), p.Next, p.Missing)
	}
}

// full has one record of each kind of message, every field set.
func full(ts record.Time) *record.Batch {
	e := record.Ends{TS: ts, UID: "Cfull", Feed: "eth1", OrigH: addr("fd00::1"), RespH: addr("2001:db8::2"), OrigP: 50000, RespP: 8443, Proto: 6}
	return &record.Batch{
		TLS: []record.TLS{{
			Ends: e, Version: "TLSv13", Cipher: "c", Curve: "x25519", ServerName: "www.Example.org", Resumed: true, Established: true, ClientALPN: []string{"h2"},
			NextProto: "h2", Subject: "CN=a", Issuer: "CN=b", NotBefore: 1, NotAfter: record.LastTime, Serial: "01", CertSHA256: "ff", SANDNS: []string{"a", "b"}, ChainLength: 2,
			JA4: "t13", HasClient: true, HasServer: true,
		}},
		HTTP: []record.HTTP{{
			Ends: e, TransDepth: 1, Method: "GET", Host: "h.example.net", URI: "/x?<script>'", Referrer: "r", Version: "1.1", UserAgent: "ua", RequestBodyLen: 1,
			ResponseBodyLen: 1 << 63, StatusCode: 200, StatusMsg: "OK", RespMIME: "text/html", Proxied: []string{"VIA -> x"}, HasRequest: true, HasResponse: true,
		}},
		DHCP: []record.DHCP{{
			Ends: e, ClientAddr: addr("10.0.0.1"), ServerAddr: addr("10.0.0.2"), MAC: record.MAC{1, 2, 3, 4, 5, 6}, HostName: "pc", ClientFQDN: "pc.x", Domain: "x",
			RequestedAddr: addr("10.0.0.3"), AssignedAddr: addr("10.0.0.4"), LeaseTime: 5, MsgTypes: []string{"ACK"}, TransID: 7,
		}},
		Alerts: []record.Alert{{Ends: e, By: "suricata", Signature: "ET x", Category: "bad", Severity: "1"}},
	}
}

func TestRecordsFilter(t *testing.T) {
	s := filled(t)
	b := full(midday + 30e9)
	b.ID, b.Feed = record.BatchID{Sensor: "hq", Epoch: 1, Sequence: 5}, "eth1"
	b.Span = record.Span{From: midday + 30e9, To: midday + 31e9}
	put1(t, s, "bank", b)
	type counts map[record.Kind]int
	for name, c := range map[string]struct {
		f    Filter
		want counts
	}{
		"everything":        {Filter{}, counts{"conn": 24, "dns": 12, "log": 4, "tls": 1, "http": 1, "dhcp": 1, "alert": 1}},
		"one kind":          {Filter{Kinds: []record.Kind{"dns"}}, counts{"dns": 12}},
		"an address":        {Filter{Addr: netip.MustParsePrefix("10.0.2.3/32")}, counts{"conn": 1}},
		"an end":            {Filter{Orig: netip.MustParsePrefix("198.51.100.0/24")}, nil},
		"the other end":     {Filter{Resp: netip.MustParsePrefix("198.51.100.0/30")}, counts{"conn": 16}},
		"network":           {Filter{Addr: netip.MustParsePrefix("10.0.2.0/24")}, counts{"conn": 6, "dns": 3}},
		"log's address":     {Filter{Addr: netip.MustParsePrefix("10.9.9.9/32")}, counts{"log": 4}},
		"IPv6":              {Filter{Addr: netip.MustParsePrefix("fd00::/8")}, counts{"tls": 1, "http": 1, "dhcp": 1, "alert": 1}},
		"leased address":    {Filter{Addr: netip.MustParsePrefix("10.0.0.4/32")}, counts{"dhcp": 1}},
		"name in its case":  {Filter{Name: "Host2.Example.com"}, counts{"dns": 4}},
		"name in another":   {Filter{Name: "host2.EXAMPLE.com"}, counts{"dns": 4}},
		"names below":       {Filter{Name: "*.example.com"}, counts{"dns": 12}},
		"end is no suffix":  {Filter{Name: "*.ample.com"}, nil},
		"server name":       {Filter{Name: "*.example.org"}, counts{"tls": 1}},
		"host":              {Filter{Name: "h.example.net"}, counts{"http": 1}},
		"port":              {Filter{Port: 53}, counts{"dns": 12}},
		"protocol":          {Filter{Proto: 17}, counts{"dns": 12}},
		"uid":               {Filter{UID: "Chq1-2-3"}, counts{"conn": 1}},
		"text":              {Filter{Text: "LINE 3"}, counts{"log": 1}},
		"hostile text":      {Filter{Text: "<script>'"}, counts{"http": 1}},
		"answer as text":    {Filter{Text: "198.51.100.4"}, counts{"dns": 4}},
		"time":              {Filter{From: midday + 5e9, To: midday + 10e9}, counts{"conn": 6, "dns": 3, "log": 1}},
		"moment":            {Filter{From: midday + 5e9, To: midday + 5e9 + 1}, counts{"conn": 1, "dns": 1, "log": 1}},
		"another sensor":    {Filter{Sensors: []record.Sensor{"dc"}}, nil},
		"SQL in the name":   {Filter{Name: "' OR 1=1 --"}, nil},
		"SQL in the text":   {Filter{Text: "' OR 1=1 --"}, nil},
		"network and name":  {Filter{Addr: netip.MustParsePrefix("10.0.2.0/24"), Name: "host0.example.com"}, counts{"dns": 1}},
		"nothing that late": {Filter{From: midday + record.Day}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := ask1(t, s, c.f)
			got := counts{}
			for _, k := range p.Rows.Order {
				got[k]++
			}
			if c.want == nil {
				c.want = counts{}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
		})
	}
}

func TestRecordsRefuses(t *testing.T) {
	s, _ := openTest(t)
	for name, f := range map[string]Filter{
		"kind":            {Kinds: []record.Kind{"x"}},
		"kind twice":      {Kinds: []record.Kind{"dns", "dns"}},
		"sight":           {Kinds: []record.Kind{"sight"}},
		"limit":           {Limit: MaxLimit + 1},
		"cursor":          {Cursor: "x"},
		"cursor's skip":   {Cursor: place{Skip: map[record.Kind]int{"dns": maxSkip + 1}}.text()},
		"cursor's order":  {Cursor: place{Newest: true}.text()},
		"star within":     {Name: "a.*.b"},
		"star alone":      {Name: "*"},
		"star, two times": {Name: "*.*.b"},
		"text too long":   {Text: strings.Repeat("x", maxText+1)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Records(t.Context(), "bank", f); !errors.Is(err, ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestRecordsPages reads everything in pages of every small size, both ways, and gets what one large page has.
func TestRecordsPages(t *testing.T) {
	s := filled(t)
	for _, newest := range []bool{false, true} {
		all := ask1(t, s, Filter{Newest: newest})
		for _, limit := range []int{3, 39, 40, 41} {
			var got Rows
			f := Filter{Newest: newest, Limit: limit}
			for pages := 0; ; pages++ {
				p := ask1(t, s, f)
				got.Conns = append(got.Conns, p.Rows.Conns...)
				got.DNS = append(got.DNS, p.Rows.DNS...)
				got.Logs = append(got.Logs, p.Rows.Logs...)
				got.Order = append(got.Order, p.Rows.Order...)
				if f.Cursor = p.Next; p.Next == "" || pages > 100 {
					break
				}
			}
			if d := cmp.Diff(all.Rows, got, exactly); d != "" {
				t.Errorf("newest %v, pages of %d (-whole +pages):\n%s", newest, limit, d)
			}
		}
	}
}

// openConn gives the reports of one connection, each in a block of its own, hours apart.
func openConn(t testing.TB, s *Store, reports int) record.Conn {
	t.Helper()
	var whole record.Conn
	for i := range reports {
		from := midday + record.Time(i)*record.Hour
		b := batch("hq", 1, uint64(i+1), from, 1)
		c := b.Conns[0]
		c.TS, c.UID, c.Report, c.Final, c.State = midday, "Clong", i, i == reports-1, []string{"S1", "SF"}[min(1, i/(reports-1))]
		c.OrigH = addr("10.0.0.77")
		c.Duration = from - midday
		b.Conns = append(b.Conns, c)
		put1(t, s, "bank", b)
		if i == 0 {
			whole = c
		} else {
			whole.Whole(&c)
		}
	}
	return whole
}

func TestOpenConnectionsComeWhole(t *testing.T) {
	needsDuckDB(t)
	s, _ := openTest(t)
	want := openConn(t, s, 5)
	f := Filter{Addr: netip.MustParsePrefix("10.0.0.77/32"), From: midday, To: midday + 1}
	p := ask1(t, s, f)
	if d := cmp.Diff([]record.Conn{want}, p.Rows.Conns, exactly); d != "" {
		t.Errorf("whole (-want +got):\n%s", d)
	}
	f.Reports = true
	if p := ask1(t, s, f); len(p.Rows.Conns) != 5 {
		t.Errorf("%d reports, want 5", len(p.Rows.Conns))
	}
	f.Reports, f.From, f.To = false, midday+record.Hour, 0
	if p := ask1(t, s, f); len(p.Rows.Conns) != 0 {
		t.Errorf("begun later: %v", p.Rows.Conns)
	}
	se, err := s.Series(t.Context(), "bank", Filter{Kinds: []record.Kind{"conn"}, From: midday, To: midday + 5*record.Hour}, time.Hour)
	if err != nil || len(se.Points) != 5 || se.Points[0].Count != 2 || se.Points[0].Bytes != 6*1100 || se.Points[1].Count != 1 {
		t.Errorf("series: %+v, %v", se, err)
	}
}

func TestTop(t *testing.T) {
	s := filled(t)
	top, err := s.Top(t.Context(), "bank", Filter{Kinds: []record.Kind{"conn"}, Limit: 2}, "id_resp_h")
	if err != nil || len(top.Values) != 2 || top.Values[0] != (Top{"198.51.100.0", 4, 4400}) || top.Looked.Rows != 24 {
		t.Errorf("top: %+v, %v", top, err)
	}
	top, err = s.Top(t.Context(), "bank", Filter{Kinds: []record.Kind{"dns"}}, "query")
	if err != nil || len(top.Values) != 3 || top.Values[0].Count != 4 {
		t.Errorf("top: %+v, %v", top, err)
	}
	for _, k := range record.Kinds() {
		for _, column := range TopColumns(k) {
			if _, err := s.Top(t.Context(), "bank", Filter{Kinds: []record.Kind{k}}, column); err != nil {
				t.Errorf("top of %s.%s: %v", k, column, err)
			}
		}
	}
	if _, err = s.Top(t.Context(), "bank", Filter{Kinds: []record.Kind{"dns"}}, "1; DROP"); !errors.Is(err, ErrInvalid) {
		t.Errorf("a column that is none: %v", err)
	}
}

// TestBadFileIsNamed damages one file in ways that DuckDB finds: the answer has the rest and says what is missing.
func TestBadFileIsNamed(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"gone":     os.Remove,
		"cut":      func(path string) error { return os.Truncate(path, 100) },
		"no magic": func(path string) error { return os.WriteFile(path, []byte("xxxxxxxxxxxxxxxxxxxxxxxxxxx"), 0o600) },
		"empty":    func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			s := filled(t)
			if err := damage(filepath.Join(folders(t, s, "bank")[1], kindFile(record.KindConn))); err != nil {
				t.Fatal(err)
			}
			p := ask1(t, s, Filter{Kinds: []record.Kind{"conn"}})
			if len(p.Rows.Conns) != 18 || len(p.Missing) != 1 || p.Missing[0].Span.From != midday+5e9 || p.Looked.Rows != 18 {
				t.Errorf("%d rows, looked %+v, missing %+v", len(p.Rows.Conns), p.Looked, p.Missing)
			}
		})
	}
}

func TestQueryProcessEnds(t *testing.T) {
	needsDuckDB(t)
	cfg, _ := testConfig(t.TempDir())
	cfg.Query.Workers = 1
	s := reopen(t, cfg)
	put1(t, s, "bank", batch("hq", 1, 1, midday, 6))
	ask1(t, s, Filter{})
	w := <-s.pool.slots // killed from outside between two questions
	if err := w.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s.pool.slots <- w
	if p := ask1(t, s, Filter{}); len(p.Rows.Conns) != 6 || len(p.Missing) != 0 {
		t.Errorf("after its end: %d rows, missing %v", len(p.Rows.Conns), p.Missing)
	}
}

func TestQueryProcessHangs(t *testing.T) {
	cfg, _ := testConfig(t.TempDir())
	cfg.Query.Env, cfg.Query.Deadline = []string{"STORE_TEST_WORKER=hang"}, time.Millisecond
	s := reopen(t, cfg)
	put1(t, s, "bank", batch("hq", 1, 1, midday, 6))
	if _, err := s.Records(t.Context(), "bank", Filter{Kinds: []record.Kind{"log"}}); !errors.Is(err, ErrDeadline) {
		t.Errorf("got %v", err)
	}
}

func TestNoQueryProcess(t *testing.T) {
	cfg, _ := testConfig(t.TempDir())
	cfg.Query.Command = nil
	s := reopen(t, cfg)
	put1(t, s, "bank", batch("hq", 1, 1, midday, 6))
	if _, err := s.Records(t.Context(), "bank", Filter{}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// TestQueriesReadNothingElse asks a query process for what no question of the store asks.
func TestQueriesReadNothingElse(t *testing.T) {
	s := filled(t)
	file := filepath.Join(folders(t, s, "bank")[0], kindFile(record.KindConn))
	foreign := filepath.Join(folders(t, s, "other")[0], kindFile(record.KindConn))
	out := filepath.Join(t.TempDir(), "out")
	for _, text := range []string{
		"SELECT * FROM read_parquet('" + foreign + "')", "SELECT * FROM read_parquet('" + filepath.Dir(filepath.Dir(file)) + "/*/conn.parquet')",
		"SELECT * FROM read_csv('/etc/passwd')", "COPY (SELECT 1) TO '" + out + "'", "INSTALL httpfs", "SET enable_external_access = true", "ATTACH '" + out + "'",
	} {
		if _, err := s.pool.ask(t.Context(), &request{SQL: text, Files: []string{file}, Temp: t.TempDir()}); err == nil {
			t.Errorf("%s: allowed", text)
		}
	}
	if exists(out) {
		t.Error("a file was written")
	}
}

func TestDeadline(t *testing.T) {
	needsDuckDB(t)
	cfg, _ := testConfig(t.TempDir())
	cfg.Query.Deadline = 100 * time.Millisecond
	s := reopen(t, cfg)
	_, err := s.pool.ask(t.Context(), &request{SQL: "SELECT count(*) FROM range(100000000000) WHERE hash(range) = 1", Temp: t.TempDir()})
	if !errors.Is(err, ErrDeadline) {
		t.Errorf("got %v", err)
	}
}

func TestMemoryLimit(t *testing.T) {
	needsDuckDB(t)
	cfg, _ := testConfig(t.TempDir())
	cfg.Query.Memory = 32 << 20
	s := reopen(t, cfg)
	_, err := s.pool.ask(t.Context(), &request{SQL: "SELECT list(range::VARCHAR || 'xxxxxxxxxxxxxxxxxxxxxxxx') FROM range(10000000)", Temp: t.TempDir()})
	if !errors.Is(err, ErrMemory) {
		t.Errorf("got %v", err)
	}
}

func TestCompact(t *testing.T) {
	needsDuckDB(t)
	cfg, c := testConfig(t.TempDir())
	s := reopen(t, cfg)
	var want []*record.Batch
	for i := range 10 {
		b := batch("hq", 1, uint64(i+1), midday+record.Time(i)*5e9, 6)
		if i%3 == 0 {
			b.Feed = "eth2"
		}
		want = append(want, b)
		put1(t, s, "bank", b)
	}
	before := ask1(t, s, Filter{Limit: 1000})
	if done, err := s.Compact(t.Context()); err != nil || done != (Compacted{}) {
		t.Fatalf("an hour that is not over: %+v, %v", done, err)
	}
	c.set(midday + 3*record.Hour)
	release := s.leases.take()
	done, err := s.Compact(t.Context())
	if err != nil || done != (Compacted{Folders: 2, Sources: 10}) {
		t.Fatalf("compacted %+v, %v", done, err)
	}
	if n := len(folders(t, s, "bank")); n != 12 {
		t.Errorf("%d folders while somebody reads, want 12", n)
	}
	release()
	if n := len(folders(t, s, "bank")); n != 2 {
		t.Errorf("%d folders, want 2", n)
	}
	check := func(s *Store) {
		t.Helper()
		after := ask1(t, s, Filter{Limit: 1000})
		if d := cmp.Diff(before, after, exactly); d != "" {
			t.Errorf("records (-before +after):\n%s", d)
		}
		var got []*record.Batch
		for l, err := range s.Batches(t.Context(), "bank", "hq", Cursor{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, l.Batch)
		}
		if d := cmp.Diff(want, got, exactly); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		list, err := s.After(t.Context(), "bank", "hq", Cursor{1, 4}, 100)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		for _, m := range list {
			l, err := s.Load(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range l {
				if n++; !cmp.Equal(want[3+n], b, exactly) {
					t.Errorf("load %d: %v", n, b.ID)
				}
			}
		}
		if n != 6 {
			t.Errorf("%d batches behind 4", n)
		}
		if dup, err := s.Put(t.Context(), "bank", sealed(t, s, "bank", want[0])); !dup || err != nil {
			t.Errorf("a source again: duplicate %v, %v", dup, err)
		}
	}
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, cfg)
	if r := s.Repaired(); r != (Repair{}) {
		t.Errorf("repaired %+v", r)
	}
	check(s)
}

// TestCompactCrash stops a compaction before and after its transaction.
func TestCompactCrash(t *testing.T) {
	for name, after := range map[string]bool{"before the swap": false, "after the swap": true} {
		t.Run(name, func(t *testing.T) {
			cfg, c := testConfig(t.TempDir())
			s := reopen(t, cfg)
			for i := range 4 {
				put1(t, s, "bank", batch("hq", 1, uint64(i+1), midday+record.Time(i)*5e9, 2))
			}
			c.set(midday + 3*record.Hour)
			copied := t.TempDir()
			if after {
				s.leases.take() // the sources stay on the disk
			} else {
				execSQL(t, s, `CREATE TRIGGER no BEFORE DELETE ON folders BEGIN SELECT RAISE(ABORT, 'stop'); END`)
				s.disk.remove = func(path string) error {
					if strings.Contains(path, "..") {
						return nil // the process died before it could tidy up
					}
					return os.RemoveAll(path)
				}
			}
			if _, err := s.Compact(t.Context()); (err == nil) != after {
				t.Fatal(err)
			}
			if n := len(folders(t, s, "bank")); n != 5 {
				t.Fatalf("%d folders", n)
			}
			execSQL(t, s, `DROP TRIGGER IF EXISTS no`)
			copyTree(t, cfg.Dir, copied)
			cfg.Dir = copied
			s = reopen(t, cfg)
			want := Repair{Removed: 1}
			if after {
				want.Removed = 4
			}
			if got := s.Repaired(); got != want {
				t.Errorf("repaired %+v, want %+v", got, want)
			}
			n := 0
			for _, err := range s.Batches(t.Context(), "bank", "hq", Cursor{}) {
				if n++; err != nil {
					t.Error(err)
				}
			}
			if n != 4 {
				t.Errorf("%d batches", n)
			}
		})
	}
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(to, "x"), os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(to, "x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(to, "x", e.Name()), filepath.Join(to, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCut makes slices of every shape that lie edge to edge and hold each folder where it must be.
func TestCut(t *testing.T) {
	var list []*folder
	for h := range int64(100) {
		list = append(list, &folder{id: h, from: h, to: h, rows: map[record.Kind]int{"conn": 300_000}})
	}
	list = append(list, &folder{id: 100, from: 50, to: 50, reach: []int64{3}, rows: map[record.Kind]int{"conn": 1}}, &folder{id: 101, everyAt: true})
	for _, newest := range []bool{false, true} {
		f := Filter{From: 0, To: 100 * record.Hour, Newest: newest, Kinds: []record.Kind{"conn"}}
		cuts := cut(&f, list)
		if newest {
			slices.Reverse(cuts)
		}
		if len(cuts) < 3 || cuts[0].from != f.From || cuts[len(cuts)-1].to != f.To {
			t.Errorf("newest %v: %d slices", newest, len(cuts))
		}
		for i, c := range cuts {
			if i > 0 && c.from != cuts[i-1].to {
				t.Errorf("slice %d begins at %d, the one before it ends at %d", i, c.from, cuts[i-1].to)
			}
			has := map[int64]bool{}
			for _, x := range c.folders {
				has[x.id] = true
			}
			for _, x := range list[:100] {
				if at := record.Time(x.from) * record.Hour; at >= c.from && at < c.to && !has[x.id] {
					t.Errorf("folder %d is not in its slice", x.id)
				}
			}
			if !has[101] || c.from <= 3*record.Hour && c.to > 3*record.Hour && !has[100] {
				t.Errorf("slice %d lacks what reaches into it", i)
			}
		}
	}
}
