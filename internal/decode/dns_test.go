package decode

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
	"pgregory.net/rapid"
)

// dnsName writes a name as labels.
func dnsName(labels ...string) (b []byte) {
	for _, l := range labels {
		b = append(append(b, byte(len(l))), l...)
	}
	return append(b, 0)
}

func dnsHeader(bits, questions, answers, authority, additional int) []byte {
	return join(u16(0xabcd), u16(bits), u16(questions), u16(answers), u16(authority), u16(additional))
}

func record(name []byte, kind, ttl int, data []byte) []byte {
	return join(name, u16(kind), u16(1), u32(ttl), u16(len(data)), data)
}

var (
	question = join(dnsName("Www", "example", "com"), u16(1), u16(1)) // its name is at 12
	pointer  = []byte{0xc0, 12}
)

func TestDNSQuestion(t *testing.T) {
	var d DNS
	if err := ParseDNS(join(dnsHeader(0x0130, 1, 0, 0, 0), question), &d); err != nil {
		t.Fatal(err)
	}
	want := DNS{ID: 0xabcd, RD: true, Z: 3, QDCount: 1, Questions: []DNSQuestion{{"Www.example.com", 1, 1}}}
	if diff := cmp.Diff(want, d, cmp.Transformer("empty", func(s []DNSRecord) string { return fmt.Sprint(s) }), cmp.Comparer(samePrefix)); diff != "" {
		t.Error(diff)
	}
}

func samePrefix(a, b netip.Prefix) bool { return a == b }

func TestDNSData(t *testing.T) {
	strings3 := join([]byte{3}, []byte("abc"), []byte{2}, []byte{0, '\\'})
	for _, c := range []struct {
		name string
		kind int
		data []byte
		want string
		err  error
	}{
		{"a", 1, []byte{192, 0, 2, 1}, "192.0.2.1", nil},
		{"a of 5 bytes", 1, fill(5, 1), "", ErrDNSRecord},
		{"aaaa", 28, hostIP6, "2001:db8::1", nil},
		{"mapped aaaa", 28, join(fill(10, 0), fill(2, 0xff), hostIP), "::ffff:10.0.0.1", nil},
		{"cname by pointer", 5, pointer, "Www.example.com", nil},
		{"ns", 2, join([]byte{2}, []byte("ns"), []byte{0xc0, 16}), "ns.example.com", nil},
		{"ptr to the root", 12, []byte{0}, ".", nil},
		{"mx", 15, join(u16(10), dnsName("mail")), "mail", nil},
		{"mx without name", 15, u16(10), "", ErrDNSRecord},
		{"soa", 6, join(dnsName("ns", "example"), dnsName("root"), fill(20, 0)), "ns.example", nil},
		{"srv", 33, join(u16(0), u16(0), u16(389), dnsName("dc", "example")), "dc.example", nil},
		{"txt", 16, strings3, `TXT 3 abc TXT 2 \x00\\`, nil},
		{"txt over the end", 16, []byte{9, 'a'}, "", ErrDNSRecord},
		{"spf", 99, []byte{2, 'v', '1'}, "SPF 2 v1", nil},
		{"hinfo", 13, []byte{1, 'a', 1, 'b'}, "HINFO a b", nil},
		{"rrsig", 46, join(u16(1), fill(16, 0), []byte{0}, fill(9, 1)), "RRSIG 1 <Root>", nil},
		{"dnskey", 48, []byte{1, 1, 3, 13, 1, 2}, "DNSKEY 13", nil},
		{"ds", 43, []byte{0, 9, 13, 2, 1, 2}, "DS 13 2", nil},
		{"nsec", 47, join(dnsName("b"), []byte{0, 1, 0x40}), "NSEC Www.example.com b", nil},
		{"naptr", 35, join(u16(1), u16(2), []byte{1, 'u', 3, 's', 'i', 'p', 1, 'r'}, dnsName("x")), "NAPTR 1 2 u sip r", nil},
		{"https", 65, join(u16(1), []byte{0}), "HTTPS", nil},
		{"unknown", 4711, fill(3, 1), "query-4711", nil},
		{"name over the end of its record", 5, []byte{3, 'a'}, "", ErrDNSRecord},
		{"name that points at itself", 5, []byte{0xc0, 45}, "", ErrDNSName},
		{"name that points forward", 5, []byte{0xc0, 60}, "", ErrDNSName},
		{"label type 01", 5, []byte{0x41, 0, 0}, "", ErrDNSName},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d DNS
			err := ParseDNS(join(dnsHeader(0x8180, 1, 1, 0, 0), question, record(pointer, c.kind, 300, c.data)), &d)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err == nil && (len(d.Answers) != 1 || d.Answers[0] != DNSRecord{"Www.example.com", uint16(c.kind), 1, 300, c.want}) {
				t.Errorf("got %+v, want %q", d.Answers, c.want)
			}
			if len(d.Questions) != 1 || d.Cut {
				t.Errorf("the question is lost: %+v", d)
			}
		})
	}
}

func TestDNSSectionsAndEDNS(t *testing.T) {
	opt := join([]byte{0}, u16(41), u16(1232), u32(0x01008000), u16(11), u16(8), u16(7), u16(1), []byte{24, 0, 192, 0, 2})
	msg := join(dnsHeader(0x8583, 1, 2, 1, 2), question, record(pointer, 5, 60, dnsName("a", "b")), record(dnsName("a", "b"), 1, 61, hostIP),
		record(dnsName(), 2, 62, dnsName("ns")), record(dnsName("ns"), 28, 63, farIP6), opt)
	var d DNS
	if err := ParseDNS(msg, &d); err != nil {
		t.Fatal(err)
	}
	if !d.Response || !d.AA || d.TC || !d.RD || !d.RA || d.RCode != 3|1<<4 || len(d.Answers) != 2 || len(d.Authority) != 1 || len(d.Additional) != 2 {
		t.Errorf("%+v", d)
	}
	want := EDNS{Present: true, DO: true, UDPSize: 1232, HasSubnet: true, ClientSubnet: netip.MustParsePrefix("192.0.2.0/24")}
	if d.EDNS != want {
		t.Errorf("EDNS %+v, want %+v", d.EDNS, want)
	}
	if d.Authority[0] != (DNSRecord{".", 2, 1, 62, "ns"}) {
		t.Errorf("authority %+v", d.Authority)
	}
	for n := 12; n < len(msg); n++ { // cut anywhere: what was read stands, and it says so
		if err := ParseDNS(msg[:n], &d); err != nil || !d.Cut {
			t.Fatalf("cut at %d: %v, cut %v", n, err, d.Cut)
		}
	}
	if len(d.Answers) != 2 || len(d.Additional) != 1 {
		t.Errorf("cut in the last record: %d answers, %d additional", len(d.Answers), len(d.Additional))
	}
}

func TestDNSNames(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, c := range []struct {
		name, want string
		wire       []byte
		err        error
	}{
		{"root", ".", []byte{0}, nil},
		{"bytes", `a\x00\xff.b\x2ec.\\`, dnsName("a\x00\xff", "b.c", `\`), nil},
		{"longest", long + "." + long + "." + long + "." + long[:61], dnsName(long, long, long, long[:61]), nil},
		{"too long", "", dnsName(long, long, long, long[:62]), ErrDNSName},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d DNS
			err := ParseDNS(join(dnsHeader(0, 1, 0, 0, 0), c.wire, u32(0x00010001)), &d)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err == nil && d.Questions[0].Name != c.want {
				t.Errorf("got %s, want %s", d.Questions[0].Name, c.want)
			}
		})
	}
}

func TestDNSRefusesOtherProtocols(t *testing.T) {
	for name, msg := range map[string][]byte{
		"empty":         nil,
		"short":         fill(11, 0),
		"zeros":         fill(40, 0),
		"http":          []byte("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"),
		"opcode 14":     dnsHeader(14<<11, 1, 0, 0, 0),
		"noise":         fill(300, 0xff),
		"255 questions": dnsHeader(0, 300, 0, 0, 0),
	} {
		var d DNS
		if err := ParseDNS(msg, &d); !errors.Is(err, ErrDNSHeader) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var d DNS
	if err := ParseDNS(dnsHeader(0x8005, 0, 0, 0, 0), &d); err != nil || d.RCode != 5 {
		t.Errorf("a bare refusal: %v %+v", err, d)
	}
}

// A small message must not become a large result.
func TestDNSIsBounded(t *testing.T) {
	long := strings.Repeat("\x00", 63)
	msg := join(dnsHeader(0x8180, 1, 4600, 0, 0), dnsName(long, long, long, long[:61]), u32(0x00010001))
	for len(msg)+14 < MaxDNSMessage {
		msg = append(msg, record(pointer, 5, 1, pointer)...)
	}
	var d DNS
	if err := ParseDNS(msg, &d); err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, a := range d.Answers {
		size += len(a.Name) + len(a.Data)
	}
	if size > maxDNSText || len(d.Answers) == 0 || len(d.Answers)+d.Dropped != 4600 {
		t.Errorf("%d bytes of text in %d answers, %d dropped of 4600", size, len(d.Answers), d.Dropped)
	}
}

// Whatever x/net builds, names compressed, comes back.
func TestDNSReadsWhatOthersBuild(t *testing.T) {
	label := rapid.StringMatching(`[a-zA-Z0-9_-]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: 7, Response: true, RCode: dnsmessage.RCodeNameError})
		b.EnableCompression()
		name := func() string {
			return strings.Join(rapid.SliceOfN(label, 1, 4).Draw(t, "labels"), ".") + ".example."
		}
		asked := name()
		must(t, b.StartQuestions())
		must(t, b.Question(dnsmessage.Question{Name: dnsmessage.MustNewName(asked), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}))
		must(t, b.StartAnswers())
		var want []DNSRecord
		for range rapid.IntRange(0, 6).Draw(t, "answers") {
			owner, target := name(), name()
			ttl := rapid.Uint32().Draw(t, "ttl")
			h := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(owner), Class: dnsmessage.ClassINET, TTL: ttl}
			must(t, b.CNAMEResource(h, dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(target)}))
			want = append(want, DNSRecord{strings.TrimSuffix(owner, "."), 5, 1, ttl, strings.TrimSuffix(target, ".")})
		}
		msg, err := b.Finish()
		must(t, err)
		var d DNS
		must(t, ParseDNS(msg, &d))
		if d.ID != 7 || d.RCode != 3 || d.Questions[0].Name+"." != asked || d.Cut {
			t.Fatalf("header or question: %+v", d)
		}
		if diff := cmp.Diff(want, append([]DNSRecord(nil), d.Answers...)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func TestNetBIOSName(t *testing.T) {
	encode := func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			b.WriteByte('A' + s[i]>>4)
			b.WriteByte('A' + s[i]&15)
		}
		return b.String()
	}
	for _, c := range []struct {
		in, want string
		suffix   byte
		ok       bool
	}{
		{encode("WORKGROUP      \x1d"), "WORKGROUP", 0x1d, true},
		{encode("*" + strings.Repeat("\x00", 15)), "*", 0, true},
		{encode("SERVER1        \x20") + ".scope", "SERVER1", 0x20, true},
		{strings.ToLower(encode("SERVER1        \x00")), "SERVER1", 0, true},
		{"www.example.com", "www.example.com", 0, false},
		{strings.Repeat("Z", 32), strings.Repeat("Z", 32), 0, false},
	} {
		if got, suffix, ok := NetBIOSName(c.in); got != c.want || suffix != c.suffix || ok != c.ok {
			t.Errorf("%s: %q %x %v", c.in, got, suffix, ok)
		}
	}
}

func TestDNSTables(t *testing.T) {
	for got, want := range map[string]string{
		QTypeName(1): "A", QTypeName(65): "HTTPS", QTypeName(255): "*", QTypeName(54): "query-54", QTypeName(32): "NIMLOC", NBTypeName(32): "NB",
		NBTypeName(33): "NBSTAT", NBTypeName(28): "AAAA", QClassName(1): "C_INTERNET", QClassName(0x8001): "qclass-32769", RCodeName(3): "NXDOMAIN", RCodeName(16): "BADVERS",
		RCodeName(99): "rcode-99",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func FuzzDNS(f *testing.F) {
	f.Add(join(dnsHeader(0x0100, 1, 0, 0, 0), question))
	f.Add(join(dnsHeader(0x8180, 1, 1, 1, 1), question, record(pointer, 5, 1, pointer), record(pointer, 16, 1, []byte{3, 'a', 'b', 'c'}), []byte{0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0}))
	f.Add(join(dnsHeader(0x8180, 1, 3, 0, 0), question, record(pointer, 46, 1, fill(30, 0)), record(pointer, 33, 1, fill(70, 3)), record(pointer, 35, 1, fill(9, 1))))
	f.Fuzz(func(t *testing.T, msg []byte) {
		var d DNS
		err := ParseDNS(msg, &d)
		kept := len(d.Questions) + len(d.Answers) + len(d.Authority) + len(d.Additional)
		all := d.QDCount + d.ANCount + d.NSCount + d.ARCount
		if kept > MaxDNSRecords || kept+d.Dropped > all {
			t.Fatalf("%d kept, %d dropped of %d", kept, d.Dropped, all)
		}
		if err == nil && !d.Cut && kept+d.Dropped != all {
			t.Fatalf("%d of %d records, and nothing said", kept, all)
		}
		for _, q := range d.Questions {
			printable(t, q.Name)
		}
		for _, r := range d.Answers {
			printable(t, r.Name)
			printable(t, r.Data)
		}
	})
}

// printable checks that a string from the wire is harmless on a terminal.
func printable(t *testing.T, s string) {
	t.Helper()
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			t.Fatalf("%q is not printable", s)
		}
	}
}
