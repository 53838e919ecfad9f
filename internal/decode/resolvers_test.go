package decode

import (
	"net/netip"
	"strings"
	"testing"
)

func TestEncryptedDNS(t *testing.T) {
	for name, want := range map[string]bool{
		"dns.google": true, "DNS.Google.": true, "mozilla.cloudflare-dns.com": true, "abc123.dns.nextdns.io": true, "dns.quad9.net": true, "a.b.cloudflare-gateway.com": true,
		"google": false, "www.google.com": false, "dns.google.example": false, "xdns.google": false, "x.dns.google": false, "www.quad9.net": false, "notcloudflare-dns.com": false,
		"": false, ".": false, "..": false, "com": false, strings.Repeat("a.", 200) + "cloudflare-dns.com": false,
	} {
		if got := EncryptedDNSName(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	for _, c := range []struct {
		addr string
		port uint16
		want bool
	}{
		{"8.8.8.8", 443, true},
		{"8.8.8.8", 853, true},
		{"8.8.8.8", 53, false},
		{"8.8.8.8", 80, false},
		{"10.0.0.53", 853, true},
		{"10.0.0.53", 443, false},
		{"2606:4700:4700::1111", 443, true},
		{"2606:4700:4700::1110", 443, false},
		{"45.90.28.77", 443, true},
		{"45.90.29.77", 443, false},
		{"94.140.14.14", 784, true},
		{"::", 443, false},
		{"9.9.9.9", 8443, true},
	} {
		if got := EncryptedDNSAddr(AddrFrom(netip.MustParseAddr(c.addr)), c.port); got != c.want {
			t.Errorf("%s port %d: %v", c.addr, c.port, got)
		}
	}
	for alpn, want := range map[string]bool{"dot": true, "doq": true, "doq-i11": true, "h2": false, "h3": false, "": false, "doqx": false} {
		if got := EncryptedDNSProtocol(alpn); got != want {
			t.Errorf("%q: %v", alpn, got)
		}
	}
}

// TestResolverTables: every word in the tables is what it should be, as a typing error would only make an entry useless.
func TestResolverTables(t *testing.T) {
	for name := range resolverNames {
		if name != strings.ToLower(name) || !strings.Contains(name, ".") || strings.ContainsAny(name, " /:*") || !EncryptedDNSName(name) {
			t.Errorf("name %q", name)
		}
	}
	if len(resolverAddrs) < 100 || len(resolverNets) != 4 {
		t.Errorf("%d addresses, %d nets", len(resolverAddrs), len(resolverNets))
	}
	for a := range resolverAddrs {
		if a.IsPrivate() || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
			t.Errorf("address %s", a)
		}
	}
	if n := testing.AllocsPerRun(10, func() { EncryptedDNSName("abc123.dns.nextdns.io"); EncryptedDNSAddr(Addr{}, 443) }); n > 0 {
		t.Errorf("%.0f allocations", n)
	}
}
