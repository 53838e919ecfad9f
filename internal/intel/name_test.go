package intel

import (
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestRegisteredDomain(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"itself", "example.com", "example.com"},
		{"below", "a.b.example.com", "example.com"},
		{"two-part suffix", "www.example.co.uk", "example.co.uk"},
		{"capitals", "WWW.Example.COM", "example.com"},
		{"trailing dot", "www.example.com.", "example.com"},
		{"port", "www.example.com:8443", "example.com"},
		{"private suffix", "evil.github.io", "evil.github.io"},
		{"private suffix alone", "github.io", ""},
		{"wildcard rule", "www.example.ck", "www.example.ck"},
		{"exception rule", "www.ck", "www.ck"},
		{"public suffix alone", "co.uk", ""},
		{"top level alone", "com", ""},
		{"unknown top level", "nas.corp.lan", "corp.lan"},
		{"IDN", "www.bücher.example", "xn--bcher-kva.example"},
		{"IDN with capitals", "www.BÜCHER.example", "xn--bcher-kva.example"},
		{"ideographic dot", "www。example。com", "example.com"},
		{"Chinese suffix", "www.食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"},
		{"underscores", "_ldap._tcp.dc._msdcs.example.org", "example.org"},
		{"raw bytes of a tunnel", "\xff\xfe\x00 x.t.example.com", "example.com"},
		{"many labels", strings.Repeat("a.", 120) + "example.com", "example.com"},
		{"reverse lookup", "4.3.2.1.in-addr.arpa", "1.in-addr.arpa"},
		{"IPv4", "192.0.2.1", ""},
		{"IPv4 with port", "192.0.2.1:80", ""},
		{"IPv6", "2001:db8::1", ""},
		{"IPv6 in brackets", "[2001:db8::1]:443", ""},
		{"single label", "localhost", ""},
		{"empty", "", ""},
		{"root", ".", ""},
		{"two dots", "a..example.com", "example.com"},
		{"empty label", ".com", ""},
		{"empty registered label", "a..com", ""},
		{"spaces", "exa mple.com", ""},
		{"long label", strings.Repeat("x", 64) + ".com", ""},
		{"long text without dots", strings.Repeat("x", 5000), ""},
		{"long text with one dot", strings.Repeat("x", 5000) + ".example.com", "example.com"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var cache DomainCache
			for range 2 {
				if got := cache.RegisteredDomain(c.in); got != c.want {
					t.Errorf("RegisteredDomain(%q) = %q, want %q", c.in, got, c.want)
				}
			}
		})
	}
}

// TestPunycode holds the encoder against the samples of RFC 3492 7.1.
func TestPunycode(t *testing.T) {
	for in, want := range map[string]string{
		"ليهمابتكلموشعربي؟": "egbpdaj6bu4bxfgehfvwxn", "他们为什么不说中文": "ihqwcrb4cv8a8dqg056pqjye", "3年b組金八先生": "3b-ww4c5e180e575a65lsy2b",
		"bücher": "bcher-kva", "そのスピードで": "d9juau41awczczp",
	} {
		if got := punycode(in); got != want {
			t.Errorf("punycode(%s) = %s, want %s", in, got, want)
		}
	}
}

// TestRegisteredDomainIsItsOwn: the registered domain of a registered domain is itself, and a name below it has the same.
func TestRegisteredDomainIsItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`([a-zA-Z0-9_-]{1,8}\.){1,9}(com|co\.uk|github\.io|lan|ck|compute\.amazonaws\.com)`).Draw(t, "name")
		d := RegisteredDomain(name)
		if d == "" {
			return
		}
		if again := RegisteredDomain(d); again != d {
			t.Fatalf("%q: %q, and of that %q", name, d, again)
		}
		if below := RegisteredDomain("x." + name); below != d {
			t.Fatalf("%q: %q, below it %q", name, d, below)
		}
		if _, ok := cleanName(d); !ok {
			t.Fatalf("%q: %q is not clean", name, d)
		}
	})
}

func TestDomainCacheIsBounded(t *testing.T) {
	c := DomainCache{Size: 100}
	for i := range 10_000 {
		c.RegisteredDomain(strings.Repeat("a", i%50+1) + "." + strings.Repeat("b", i/50%60+1) + ".example.com")
		if n := len(c.young) + len(c.aged); n > 200 {
			t.Fatalf("%d names kept", n)
		}
	}
	for i := range 50 {
		long := strings.Repeat("x.", 30_000+i) + "example.com"
		if d := c.RegisteredDomain(long); d != "example.com" {
			t.Errorf("a name of %d bytes is in %q", len(long), d)
		}
	}
	for name := range maps.Keys(c.young) {
		if len(name) > 2*maxName {
			t.Errorf("a name of %d bytes is kept", len(name))
		}
	}
	if n := testing.AllocsPerRun(100, func() { c.RegisteredDomain("known.example.com") }); n != 0 {
		t.Errorf("%v allocations for a known name", n)
	}
}

func FuzzRegisteredDomain(f *testing.F) {
	for _, s := range []string{"a.example.com.", "bücher.de", "\xff.\xfe.com", "1.2.3.4:5", "x..y", strings.Repeat("é.", 200) + "com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		d := RegisteredDomain(name)
		if d != "" && RegisteredDomain(d) != d {
			t.Errorf("%q: %q is not registered", name, d)
		}
		if d != "" && !strings.Contains(d, ".") || len(d) > maxName {
			t.Errorf("%q: %q", name, d)
		}
		Caretaker(name)
	})
}

func BenchmarkRegisteredDomain(b *testing.B) {
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			RegisteredDomain("www.mail.example.co.uk")
		}
	})
	b.Run("cached", func(b *testing.B) {
		var c DomainCache
		b.ReportAllocs()
		for b.Loop() {
			c.RegisteredDomain("www.mail.example.co.uk")
		}
	})
}
