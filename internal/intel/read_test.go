package intel

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/record"
)

// dump writes a list as lines: kind, indicator, place, day, flags, words.
func dump(l *List) []string {
	var out []string
	for i := range l.entries {
		e := &l.entries[i]
		words := []string{e.kind.String(), l.text(e), l.place(e)}
		if e.seen != 0 {
			words = append(words, fromMinutes(e.seen).Std().Format("2006-01-02"))
		}
		if e.until != 0 {
			words = append(words, "until "+fromMinutes(e.until).Std().Format("2006-01-02"))
		}
		if e.flags&withSub != 0 {
			words = append(words, "sub")
		}
		if e.flags&isPart != 0 {
			words = append(words, "part")
		}
		if w := l.words[e.words]; w != "" {
			words = append(words, `"`+w+`"`)
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

func skips(l *List) []string {
	var out []string
	for _, s := range l.Skipped {
		out = append(out, strconv.Itoa(s.Count)+" "+s.Reason)
	}
	return out
}

func mustRead(t testing.TB, text string, o Options) *List {
	t.Helper()
	l, err := Read("list", strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const (
	sampleJA4  = "t13d1516h2_8daaf6152771_b186095e22b6"
	sampleHash = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
)

func TestReadText(t *testing.T) {
	hash := strings.ToLower(sampleHash)
	cases := []struct {
		name, in, format string
		want, skipped    []string
	}{
		{"plain", "# Last updated: 2025-11-20 08:31:04 UTC\n\n198.51.100.7\r\n2001:DB8::7\n198.51.100.0/24\nEvil.Example.\nwww.evil2.example # words\n", "plain", []string{
			"address 198.51.100.7 line 3", "address 2001:db8::7 line 4", "network 198.51.100.0/24 line 5", "domain evil.example line 6 sub",
			`domain www.evil2.example line 7 "words"`,
		}, nil},
		{"last line without end", "198.51.100.7", "plain", []string{"address 198.51.100.7 line 1"}, nil},
		{"byte order mark", "\ufeff198.51.100.7\n", "plain", []string{"address 198.51.100.7 line 1"}, nil},
		{"harmless spellings", "hxxp://bad[.]example/gate.php?x=1\nhXXps://b[.]example\n198[.]51[.]100[.]7\nevil(dot)example\n", "plain", []string{
			"url bad.example/gate.php?x=1 line 1", "domain b.example line 2 sub", "address 198.51.100.7 line 3", "domain evil.example line 4 sub",
		}, nil},
		{"forms of domains", "*.a.evil.example\n.b.evil.example\n||c.example^\nd.example:8080\nbücher.example\n", "plain", []string{
			"domain a.evil.example line 1 sub", "domain b.evil.example line 2 sub", "domain c.example line 3 sub", "domain d.example:8080 line 4 sub",
			"domain xn--bcher-kva.example line 5 sub",
		}, nil},
		{"forms of addresses", "198.51.100.7:443\n[2001:db8::1]:443\n::ffff:198.51.100.9\n198.51.100.8/32\n198.51.100.77/28\n[2001:db8::2]\n", "plain", []string{
			"address 198.51.100.7:443 line 1", "address [2001:db8::1]:443 line 2", "address 198.51.100.9 line 3", "address 198.51.100.8 line 4",
			"network 198.51.100.64/28 line 5", "address 2001:db8::2 line 6",
		}, nil},
		{"urls", "http://user@evil.example:8080/a/b#c\nhttps://198.51.100.7/x\nhttp://198.51.100.8:81/\nevil.example/y\nhttp://z.example?q=1\n", "plain", []string{
			"url evil.example/a/b line 1", "url 198.51.100.7/x line 2", "address 198.51.100.8:81 line 3", "url evil.example/y line 4", "url z.example/?q=1 line 5",
		}, nil},
		{"hashes and fingerprints", sampleHash + "\n" + strings.ToUpper(sampleJA4) + "\nda39a3ee5e6b4b0d3255bfef95601890afd80709\nd41d8cd98f00b204e9800998ecf8427e\n", "plain", []string{
			"certificate " + hash + " line 1", "ja4 " + sampleJA4 + " line 2",
		}, []string{"1 " + reasonMD5, "1 " + reasonSHA1}},
		{"hosts file", "127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 evil.example # words\n127.0.0.1\tevil2.example\n", "plain", []string{
			`domain evil.example line 3 sub "words"`, "domain evil2.example line 4 sub",
		}, []string{"2 local names of a hosts file"}},
		{"drop list", "; DROP list 2025/11/20\n; Last-Modified: Thu, 20 Nov 2025 08:00:00 GMT\n198.51.100.0/24 ; SBL1\n", "plain", []string{`network 198.51.100.0/24 line 3 "SBL1"`}, nil},
		{"columns without a header", "198.51.100.7,botnet,high\n\"evil.example\",\"x\"\n", "plain", []string{`address 198.51.100.7 line 1 "botnet,high"`, `domain evil.example line 2 sub "x"`}, nil},
		{"unknown lines", "198.51.100.7\nwhat is this\n999.1.2.3\n-\nevil\n", "plain", []string{"address 198.51.100.7 line 1"}, []string{"4 " + reasonUnknown}},
		{"named again", "198.51.100.7\n198.51.100.7\n198.51.100.7:80\n", "plain", []string{"address 198.51.100.7 line 1"}, nil},
		{"header in a comment", "# Comment, with comma\n# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\",\"malware\"\n\"2021-01-17 07:44:46\",\"198.51.100.7\",\"443\",\"offline\",\"2023-11-01\",\"Dridex\"\n# END\n", "csv", []string{
			`address 198.51.100.7:443 line 3 2023-11-01 "Dridex"`,
		}, nil},
		{"header line", "id,dateadded,url,url_status,threat,host\n7,2025-01-02 03:04:05,http://a.example/x,online,\"malware, of a kind\",innocent.example\n", "csv", []string{
			`url a.example/x line 2 2025-01-02 "malware, of a kind"`,
		}, nil},
		{"types", "\"first_seen_utc\", \"ioc_id\", \"ioc_value\", \"ioc_type\"\n\"2025-01-02\", \"1\", \"198.51.100.7:8080\", \"ip:port\"\n\"2025-01-02\", \"2\", \"abc\", \"md5_hash\"\n\"2025-01-02\", \"3\", \"evil.example\", \"domain\"\n\"2025-01-02\", \"4\", \"evil.example\", \"ip\"\n", "csv", []string{
			"address 198.51.100.7:8080 line 2 2025-01-02", "domain evil.example line 4 2025-01-02 sub",
		}, []string{"1 " + reasonKind, "1 type md5_hash"}},
		{"Zeek intel", "#fields\tindicator\tindicator_type\tmeta.source\n198.51.100.7\tIntel::ADDR\tsource one\nevil.example\tIntel::DOMAIN\t-\nx@y.example\tIntel::EMAIL\t-\n", "csv", []string{
			`address 198.51.100.7 line 2 "source one"`, "domain evil.example line 3 sub",
		}, []string{"1 type Intel::EMAIL"}},
		{"semicolons, several columns of indicators", "ip;domain;last_seen;valid_until;to_ids\n198.51.100.7;evil.example;2025-01-02T03:04:05Z;2025-02-01;1\n198.51.100.8;;;;0\n;;;;\n", "csv", []string{
			"address 198.51.100.7 line 2 2025-01-02 until 2025-02-01", "domain evil.example line 2 2025-01-02 until 2025-02-01 sub",
		}, []string{"1 no indicator in this row", "1 not meant for detection (to_ids is false)"}},
		{"one column", "domain\nevil.example\n", "csv", []string{"domain evil.example line 2 sub"}, nil},
		{"a field over two lines", "ip,comment\n198.51.100.7,\"two\nlines, \"\"quoted\"\"\"\n198.51.100.8,x\n", "csv", []string{
			`address 198.51.100.7 line 2 "two lines, "quoted""`, `address 198.51.100.8 line 4 "x"`,
		}, nil},
		{"a quote never closed", "ip,comment\n198.51.100.7,\"open\n198.51.100.8,x\n", "csv", []string{
			`address 198.51.100.7 line 2 "open"`, `address 198.51.100.8 line 3 "x"`,
		}, []string{"1 a quote is opened and not closed"}},
		{"a long line", "198.51.100.7\n" + strings.Repeat("x", maxLine+10) + "\n198.51.100.8\n", "plain", []string{
			"address 198.51.100.7 line 1", "address 198.51.100.8 line 3",
		}, []string{"1 " + reasonLong}},
		{"no longer than a URL may be", "http://a.example/" + strings.Repeat("x", maxURL) + "\n198.51.100.8\n", "plain", []string{"address 198.51.100.8 line 2"}, []string{"1 " + reasonLong}},
		{"Latin-1 in a comment", "# caf\xe9\n198.51.100.7 # caf\xe9\n", "plain", []string{`address 198.51.100.7 line 2 "caf?"`}, nil},
		{"nothing in it", "# no entries today\n", "plain", nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := mustRead(t, c.in, Options{})
			if l.Format != c.format || l.Quarantine != "" {
				t.Errorf("format %q, quarantine %q", l.Format, l.Quarantine)
			}
			if diff := cmp.Diff(c.want, dump(l)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.skipped, skips(l)); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"web page", "\n<!DOCTYPE html>", "web page"},
		{"binary", "PK\x03\x04\x00\x00", "unpack"},
		{"nothing known", "what\nis this\n", "line 1: what"},
		{"broken JSON", `{"objects":[{"type":"indicator","pattern":"[ipv4-addr:value='198.51.100.7']"}`, "breaks off"},
		{"bad JSON", `{"objects":[}`, "not JSON at byte"},
		{"other JSON", `{"a":{"b":1}}`, "MISP events"},
		{"manifest", `{"5a-uuid":{"Orgc":{"name":"x"},"info":"y","date":"2020-01-01"}}`, "manifest"},
		{"deep JSON", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), "deep"},
		{"too many", strings.Repeat("198.51.100.7\n", 1) + "198.51.100.8\n198.51.100.9\n198.51.100.10\n", "more than 3 indicators"},
		{"too large", strings.Repeat("# comment\n", 200), "more than 1000 bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l, err := Read("a list", strings.NewReader(c.in), Options{MaxIndicators: 3, MaxBytes: 1000})
			if err == nil {
				t.Fatalf("read: %v", dump(l))
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "intel list a list: ") {
				t.Errorf("error %q, want %q in it", err, c.want)
			}
		})
	}
	if _, err := Read("x", failing{}, Options{}); !errors.Is(err, errFailing) {
		t.Errorf("error %v, want the reader's", err)
	}
}

type failing struct{}

var errFailing = errors.New("no disk")

func (failing) Read([]byte) (int, error) { return 0, errFailing }

func TestListDate(t *testing.T) {
	day := func(s string) record.Time { return parseDate(s) }
	cases := []struct {
		name, in string
		modified record.Time
		want     record.Time
	}{
		{"head", "# Last updated: 2025-11-20 08:31:04 UTC\n198.51.100.7\n", day("2025-11-25"), day("2025-11-20 08:31:04")},
		{"entries", "ip,first_seen\n198.51.100.7,2025-01-02\n198.51.100.8,2025-03-02\n", day("2025-11-25"), day("2025-03-02")},
		{"the file's own", "198.51.100.7\n", day("2025-11-25"), day("2025-11-25")},
		{"nobody says", "198.51.100.7\n", 0, 0},
		{"the future is not believed", "ip,first_seen\n198.51.100.7,2199-01-02\n", day("2025-11-25"), day("2025-11-25")},
		{"a date that is none", "# Updated: every day\n198.51.100.7\n", 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if l := mustRead(t, c.in, Options{Modified: c.modified}); l.Date != c.want {
				t.Errorf("date %v, want %v", l.Date.Std(), c.want.Std())
			}
		})
	}
}

func TestParseDate(t *testing.T) {
	want := parseDate("2025-11-20T08:31:04Z")
	if want == 0 {
		t.Fatal("RFC 3339 is not read")
	}
	for _, s := range []string{
		"2025-11-20 08:31:04", "2025-11-20 08:31:04 UTC", "2025-11-20T08:31:04", "2025-11-20T09:31:04+01:00", "2025-11-20T08:31:04.000000+0000", "1763627464", "1763627464.123",
		"1763627464000", "Thu, 20 Nov 2025 08:31:04 GMT", ` "2025-11-20 08:31:04" `,
	} {
		if got := parseDate(s); got != want {
			t.Errorf("parseDate(%q) = %v, want %v", s, got.Std(), want.Std())
		}
	}
	for _, s := range []string{"", "never", "0", "9999-12-31T00:00:00Z", "2025-13-01", "2025", strings.Repeat("1", 13) + "1", "0001-01-01"} {
		if got := parseDate(s); got != 0 {
			t.Errorf("parseDate(%q) = %v, want none", s, got.Std())
		}
	}
}

func TestQuarantine(t *testing.T) {
	good := strings.Repeat("", 0)
	for i := range 3000 {
		good += "n" + strconv.Itoa(i) + ".example\n"
	}
	own := []netip.Prefix{netip.MustParsePrefix("203.0.113.16/28")}
	cases := []struct {
		name, in string
		doubts   int
		held     bool
	}{
		{"nothing wrong", good, 0, false},
		{"a private address", good + "10.1.2.3\n", 1, true},
		{"loopback", good + "http://127.0.0.1/\n", 1, true},
		{"a private network", good + "192.168.0.0/24\n", 1, true},
		{"a network around a private one", good + "172.0.0.0/10\n", 1, true},
		{"a very large network", good + "198.0.0.0/7\n", 1, true},
		{"all of IPv6", good + "::/0\n", 1, true},
		{"unique local", good + "fd00::1\n", 1, true},
		{"multicast", good + "224.0.0.251\n", 1, true},
		{"a public resolver", good + "8.8.8.8\n", 1, true},
		{"a public resolver with port", good + "1.1.1.1:53\n", 1, true},
		{"a network around a public resolver", good + "9.9.0.0/16\n", 1, true},
		{"a public resolver of IPv6", good + "2606:4700:4700:0:0:0:0:1111\n", 1, true},
		{"a customer's address", good + "203.0.113.17\n", 1, true},
		{"a network around the customer's", good + "203.0.113.0/24\n", 1, true},
		{"what the site uses", good + "198.51.100.99\n", 1, true},
		{"one popular name among many", good + "google.com\n", 1, false},
		{"www of one", good + "www.google.com\n", 1, false},
		{"all below one", good + "*.cdn.google.com\n", 1, false},
		{"one host below a popular name", good + "evil-bucket.s3.amazon.com\nsites.google.com\n", 0, false},
		{"a page at a popular name", good + "https://github.com/evil/x\n", 0, false},
		{"a few of them", good + "google.com\nmicrosoft.com\nco.uk\ngithub.io\n", 4, true},
		{"one popular name among few", "evil.example\nmicrosoft.com\n", 1, true},
		{"a public suffix among few", "evil.example\nco.uk\n", 1, true},
		{"documentation is fine", good + "198.51.100.7\n192.0.2.0/24\n2001:db8::/32\n", 0, false},
	}
	popular := func(k Kind, text string) bool { return k == Address && text == "198.51.100.99" }
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := mustRead(t, c.in, Options{Own: own, Popular: popular})
			if l.DoubtCount != c.doubts || len(l.Doubts) != c.doubts || (l.Quarantine != "") != c.held {
				t.Errorf("%d doubts %v, quarantine %q; want %d, %v", l.DoubtCount, l.Doubts, l.Quarantine, c.doubts, c.held)
			}
			s, err := NewSet(Limits{}, l)
			if err != nil {
				t.Fatal(err)
			}
			hits := s.DNS(&record.DNS{Query: "n7.example", Answers: []string{"8.8.8.8", "google.com"}}, 0, nil)
			if want := !c.held && strings.HasPrefix(c.in, "n0."); (len(hits) == 1) != want {
				t.Errorf("hits %+v, want one: %v", hits, want)
			}
		})
	}
}
