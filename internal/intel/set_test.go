package intel

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/record"
)

func setOf(t testing.TB, limits Limits, lists ...*List) *Set {
	t.Helper()
	s, err := NewSet(limits, lists...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const matchList = `ip,domain,url,ja4,cert_sha256,first_seen,valid_until,port,comment
198.51.100.7,,,,,2025-01-01,,443,c2
198.51.100.128/25,,,,,,2025-01-15,,
198.51.0.0/16,,,,,,,,
2001:db8::7,,,,,,,,
2001:db8:1::/48,,,,,,,,
,evil.example,,,,2023-01-01,,,
,www.one.example,,,,,,,
,*.deep.sub.two.example,,,,,,,
,,http://evil3.example/gate.php,,,,,,
,,http://evil3.example/a?id=1,,,,,,
,,http://198.51.101.9/x,,,,,,
,,,` + sampleJA4 + `,,,,,
,,,,` + sampleHash + `,,,,
`

func TestMatch(t *testing.T) {
	l := mustRead(t, matchList, Options{Modified: parseDate("2025-02-01")})
	second := mustRead(t, "evil.example\n198.51.100.7\n", Options{})
	second.Name = "second"
	s, at := setOf(t, Limits{}, l, second), parseDate("2025-01-31")
	conn := func(from, to string, port uint16) *record.Conn {
		return &record.Conn{OrigH: netip.MustParseAddr(from), RespH: netip.MustParseAddr(to), RespP: port}
	}
	conns := func(from, to string, port uint16) func([]Hit) []Hit {
		return func(h []Hit) []Hit { return s.Conn(conn(from, to, port), at, h) }
	}
	dns := func(query string, answers ...string) func([]Hit) []Hit {
		return func(h []Hit) []Hit { return s.DNS(&record.DNS{Query: query, Answers: answers}, at, h) }
	}
	tls := func(r record.TLS) func([]Hit) []Hit { return func(h []Hit) []Hit { return s.TLS(&r, at, h) } }
	http := func(r record.HTTP) func([]Hit) []Hit { return func(h []Hit) []Hit { return s.HTTP(&r, at, h) } }
	cases := []struct {
		name string
		do   func([]Hit) []Hit
		want []string
	}{
		{"address", conns("10.0.0.1", "198.51.100.7", 443), []string{
			`id.resp_h=198.51.100.7 list 198.51.100.7:443 30d`, "id.resp_h=198.51.100.7 second 198.51.100.7 -1d", "id.resp_h=198.51.100.7 list 198.51.0.0/16 30d",
		}},
		{"other port", conns("10.0.0.1", "198.51.100.7", 80), []string{
			`id.resp_h=198.51.100.7 list 198.51.100.7:443 30d otherport`, "id.resp_h=198.51.100.7 second 198.51.100.7 -1d", "id.resp_h=198.51.100.7 list 198.51.0.0/16 30d",
		}},
		{"narrow and wide network, one over", conns("10.0.0.1", "198.51.100.200", 443), []string{
			"id.resp_h=198.51.100.200 list 198.51.100.128/25 30d expired", "id.resp_h=198.51.100.200 list 198.51.0.0/16 30d",
		}},
		{"caller", conns("2001:db8::7", "10.0.0.1", 443), []string{"id.orig_h=2001:db8::7 list 2001:db8::7 30d"}},
		{"IPv4 in IPv6", conns("10.0.0.1", "::ffff:198.51.255.255", 443), []string{"id.resp_h=198.51.255.255 list 198.51.0.0/16 30d"}},
		{"zone", conns("10.0.0.1", "2001:db8::7%eth0", 443), []string{"id.resp_h=2001:db8::7 list 2001:db8::7 30d"}},
		{"network of IPv6", conns("10.0.0.1", "2001:db8:1:ffff::1", 443), []string{"id.resp_h=2001:db8:1:ffff::1 list 2001:db8:1::/48 30d"}},
		{"just beside", conns("10.0.0.1", "2001:db8:2::1", 443), nil},
		{"query", dns("Evil.Example."), []string{"query=Evil.Example. list evil.example 761d expired", "query=Evil.Example. second evil.example -1d"}},
		{"below a registered domain", dns("a.b.evil.example"), []string{"query=a.b.evil.example list evil.example 761d expired", "query=a.b.evil.example second evil.example -1d"}},
		{"host alone", dns("www.one.example"), []string{"query=www.one.example list www.one.example 30d"}},
		{"below a host", dns("a.www.one.example"), nil},
		{"above a host", dns("one.example"), nil},
		{"below a star", dns("x.deep.sub.two.example"), []string{"query=x.deep.sub.two.example list deep.sub.two.example 30d"}},
		{"no label boundary", dns("notevil.example"), nil},
		{"answers", dns("fine.example", "fine.example", "evil.example", "198.51.101.1", "TXT 3 abc", "2001:db8::7", ""), []string{
			"answers=evil.example list evil.example 761d expired", "answers=evil.example second evil.example -1d", "answers=198.51.101.1 list 198.51.0.0/16 30d",
			"answers=2001:db8::7 list 2001:db8::7 30d",
		}},
		{"names of the local link", func(h []Hit) []Hit { return s.DNS(&record.DNS{Variant: "mdns", Query: "evil.example"}, at, h) }, nil},
		{"server name", tls(record.TLS{ServerName: "www.one.example", Subject: "CN=evil.example"}), []string{"server_name=www.one.example list www.one.example 30d"}},
		{"subject", tls(record.TLS{Subject: "O=x, CN=*.evil.example,C=y"}), []string{"subject=evil.example list evil.example 761d expired", "subject=evil.example second evil.example -1d"}},
		{"url does not match by host", tls(record.TLS{ServerName: "evil3.example"}), nil},
		{"fingerprint and certificate", tls(record.TLS{JA4: sampleJA4, CertSHA256: strings.ToLower(sampleHash)}), []string{
			"ja4=" + sampleJA4 + " list " + sampleJA4 + " 30d", "cert_sha256=" + strings.ToLower(sampleHash) + " list " + strings.ToLower(sampleHash) + " 30d",
		}},
		{"url", http(record.HTTP{Host: "EVIL3.example:80", URI: "/gate.php"}), []string{"uri=/gate.php list evil3.example/gate.php 30d"}},
		{"url with any query", http(record.HTTP{Host: "evil3.example", URI: "/gate.php?x=1"}), []string{"uri=/gate.php?x=1 list evil3.example/gate.php 30d"}},
		{"url of one query", http(record.HTTP{Host: "evil3.example", URI: "/a?id=1"}), []string{"uri=/a?id=1 list evil3.example/a?id=1 30d"}},
		{"url of another query", http(record.HTTP{Host: "evil3.example", URI: "/a?id=2"}), nil},
		{"another path", http(record.HTTP{Host: "evil3.example", URI: "/gate.php5"}), nil},
		{"to a proxy", http(record.HTTP{Host: "proxy", URI: "http://evil3.example/gate.php"}), []string{"uri=http://evil3.example/gate.php list evil3.example/gate.php 30d"}},
		{"through a proxy", http(record.HTTP{Method: "CONNECT", URI: "www.one.example:443"}), []string{"host=www.one.example:443 list www.one.example 30d"}},
		{"without Host", http(record.HTTP{URI: "/x", Ends: record.Ends{RespH: netip.MustParseAddr("198.51.101.9")}}), []string{"uri=/x list 198.51.101.9/x 30d"}},
		{"Host is an address", http(record.HTTP{Host: "198.51.101.9:80", URI: "/"}), []string{"host=198.51.101.9:80 list 198.51.0.0/16 30d"}},
		{"hostile", http(record.HTTP{Host: strings.Repeat("a.", 3000), URI: "/" + strings.Repeat("x", 9000)}), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, h := range c.do(nil) {
				w := fmt.Sprintf("%s=%s %s %s %dd", h.Field, h.Value, h.List, h.Indicator, h.AgeDays)
				if h.OtherPort {
					w += " otherport"
				}
				if h.Expired {
					w += " expired"
				}
				got = append(got, w)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	h := s.Conn(conn("10.0.0.1", "198.51.100.7", 443), at, nil)[0]
	if h.Words != "c2" || h.Place != "line 2" || h.Kind != Address || h.ListDate || h.Date != parseDate("2025-01-01") {
		t.Errorf("hit %+v", h)
	}
}

func TestStatus(t *testing.T) {
	at, day := parseDate("2025-03-01"), parseDate("2025-02-20")
	fresh := mustRead(t, "198.51.100.7\n", Options{Modified: day})
	old := mustRead(t, "ip,first_seen\n198.51.100.8,2024-12-01\n", Options{Modified: day})
	held := mustRead(t, "198.51.100.9\n10.0.0.1\n", Options{Modified: day})
	empty := mustRead(t, "# nothing\n", Options{Modified: day})
	undated := mustRead(t, "198.51.100.10\n", Options{})
	lost := Unread("lost", errors.New("open lost: no such file"))
	s := setOf(t, Limits{}, fresh, old, held, empty, undated, lost)
	var got []State
	for _, st := range s.Status(at) {
		got = append(got, st.State)
		if st.Words == "" || (st.State != Fresh) != (st.Do != "") {
			t.Errorf("%+v", st)
		}
	}
	if diff := cmp.Diff([]State{Fresh, Expired, Quarantined, Empty, Undated, Unreadable}, got); diff != "" {
		t.Error(diff)
	}
	if s.Size() != 3 || !s.Usable(at) || s.Usable(at+40*record.Day) || setOf(t, Limits{}, old, held, empty, undated, lost).Usable(at) {
		t.Errorf("size %d, usable %v", s.Size(), s.Usable(at))
	}
	if st := s.Status(day - 100*record.Day)[0]; st.State != Fresh || st.AgeDays != 0 {
		t.Errorf("a list younger than the traffic: %+v", st)
	}
	if !setOf(t, Limits{ListAge: 365 * record.Day}, old).Usable(at) {
		t.Error("a longer limit does not count")
	}
	for name, none := range map[string]*Set{"nil": nil, "without lists": setOf(t, Limits{})} {
		if st := none.Status(at); len(st) != 1 || st[0].State != NoList || none.Usable(at) || none.Size() != 0 {
			t.Errorf("%s: %+v", name, st)
		}
		hits := none.Conn(&record.Conn{}, at, nil)
		hits = none.DNS(&record.DNS{Query: "x.example"}, at, none.TLS(&record.TLS{}, at, none.HTTP(&record.HTTP{}, at, hits)))
		if len(hits) != 0 {
			t.Errorf("%s: %v", name, hits)
		}
	}
	if hits := s.Conn(&record.Conn{RespH: netip.MustParseAddr("198.51.100.9")}, at, nil); len(hits) != 0 {
		t.Errorf("a quarantined list matches: %+v", hits)
	}
}

// TestNetsLikeOneByOne: the sorted table finds exactly the networks that contain an address.
func TestNetsLikeOneByOne(t *testing.T) {
	address := func(v6 bool) *rapid.Generator[netip.Addr] {
		return rapid.Custom(func(t *rapid.T) netip.Addr {
			b := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0xff}), 16, 16).Draw(t, "bytes")
			if v6 {
				return netip.AddrFrom16([16]byte(b))
			}
			return netip.AddrFrom4([4]byte(b[:4]))
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		v6 := rapid.Bool().Draw(t, "v6")
		most := 32
		if v6 {
			most = 128
		}
		var table nets
		var all []netip.Prefix
		for i := range rapid.IntRange(0, 40).Draw(t, "networks") {
			p := netip.PrefixFrom(address(v6).Draw(t, "network"), rapid.IntRange(0, most).Draw(t, "bits")).Masked()
			all = append(all, p)
			table.add(p, uint64(i+1))
		}
		table.seal()
		for range 20 {
			a := address(v6).Draw(t, "address")
			var got, want []uint64
			for i := table.find(a); i >= 0; i = table.list[i].around {
				got = append(got, table.list[i].ref)
			}
			for i, p := range all {
				if p.Contains(a) {
					want = append(want, uint64(i+1))
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("%v: %v, want %v of %v", a, got, want, all)
			}
		}
	})
}

// million is a list of n indicators: half addresses, a quarter names, the rest URLs and networks.
func million(n int) string {
	var b strings.Builder
	for i := range n {
		x := uint32(i) * 2654435761
		switch i % 8 {
		case 0, 1, 2, 3:
			fmt.Fprintf(&b, "%d.%d.%d.%d\n", 11+x>>24%80, byte(x>>16), byte(x>>8), byte(i))
		case 4, 5:
			fmt.Fprintf(&b, "host%d.evil%d.example\n", i%3, i)
		case 6:
			fmt.Fprintf(&b, "http://evil%d.example/gate/%d.php\n", i, x)
		default:
			fmt.Fprintf(&b, "2001:db8:%x:%x::/64\n", i>>16, i&0xffff)
		}
	}
	return b.String()
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMillion: a million indicators fit into 150 MB, and a lookup that finds nothing allocates nothing.
func TestMillion(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 50_000
	}
	text := million(n)
	before := heap()
	l := mustRead(t, text, Options{})
	s := setOf(t, Limits{}, l)
	used := int64(heap()) - int64(before)
	if l.Quarantine != "" || s.Size() < n*9/10 || len(l.Skipped) > 0 {
		t.Fatalf("%d indicators of %d, quarantine %q, skipped %v", s.Size(), n, l.Quarantine, l.Skipped)
	}
	if limit := int64(n) * 150; used > limit {
		t.Errorf("%d bytes for %d indicators, at most %d", used, n, limit)
	}
	t.Logf("%d indicators in %.1f MB", s.Size(), float64(used)/1e6)
	r := missing()
	hits := make([]Hit, 0, 4)
	if a := testing.AllocsPerRun(100, func() { hits = r.all(s, hits[:0]) }); a != 0 || len(hits) != 0 {
		t.Errorf("%v allocations, %d hits", a, len(hits))
	}
	runtime.KeepAlive(text)
}

// records that no list names
type records struct {
	conn record.Conn
	dns  record.DNS
	tls  record.TLS
	http record.HTTP
}

func missing() *records {
	return &records{
		conn: record.Conn{OrigH: netip.MustParseAddr("10.0.0.1"), RespH: netip.MustParseAddr("203.0.113.9"), RespP: 443},
		dns:  record.DNS{Query: "www.Fine.example.com", Answers: []string{"203.0.113.9", "2001:db9::1", "cdn.fine.example.net"}},
		tls:  record.TLS{ServerName: "www.fine.example.com", JA4: sampleJA4, CertSHA256: sampleHash},
		http: record.HTTP{Host: "www.fine.example.com:80", URI: "/a/b/c?d=e"},
	}
}

func (r *records) all(s *Set, into []Hit) []Hit {
	return s.HTTP(&r.http, 1, s.TLS(&r.tls, 1, s.DNS(&r.dns, 1, s.Conn(&r.conn, 1, into))))
}

func BenchmarkMatch(b *testing.B) {
	s := setOf(b, Limits{}, mustRead(b, million(1_000_000), Options{}))
	r := missing()
	hits := make([]Hit, 0, 4)
	for name, do := range map[string]func(){
		"conn": func() { hits = s.Conn(&r.conn, 1, hits[:0]) }, "dns": func() { hits = s.DNS(&r.dns, 1, hits[:0]) },
		"tls": func() { hits = s.TLS(&r.tls, 1, hits[:0]) }, "http": func() { hits = s.HTTP(&r.http, 1, hits[:0]) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
	b.Run("conn over many addresses", func(b *testing.B) {
		b.ReportAllocs()
		c, i := r.conn, uint32(0)
		for b.Loop() {
			i += 2654435761
			c.RespH = netip.AddrFrom4([4]byte{byte(11 + i>>24%80), byte(i >> 16), byte(i >> 8), byte(i)})
			hits = s.Conn(&c, 1, hits[:0])
		}
	})
}

func BenchmarkRead(b *testing.B) {
	text := million(100_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		mustRead(b, text, Options{})
	}
}
