package decode

import (
	"net/netip"
	"strings"
)

// EncryptedDNSName says whether a server name belongs to a widely known public resolver that answers over HTTPS, TLS or QUIC. The list is closed
// and short: a name that is not in it proves nothing.
func EncryptedDNSName(sni string) bool {
	sni = strings.TrimSuffix(strings.ToLower(sni), ".")
	if len(sni) > 253 {
		return false
	}
	if _, ok := resolverNames[sni]; ok {
		return true
	}
	for {
		_, parent, ok := strings.Cut(sni, ".")
		if !ok {
			return false
		}
		if resolverNames[parent] { // names of single customers
			return true
		}
		sni = parent
	}
}

// EncryptedDNSAddr says whether an address and port are those of encrypted DNS: port 853 of anybody (RFC 7858, RFC 9250), or a port of HTTPS or of
// older DNS over QUIC of a widely known public resolver. Such addresses serve nothing else there.
func EncryptedDNSAddr(addr Addr, port uint16) bool {
	switch port {
	case 853:
		return true
	case 443, 784, 8443, 8853:
	default:
		return false
	}
	if resolverAddrs[addr] {
		return true
	}
	if !addr.Is4() {
		return false
	}
	net := addr
	net[15] = 0
	return resolverNets[net]
}

// EncryptedDNSProtocol says whether a protocol offered in a TLS handshake (ALPN) is DNS over TLS or over QUIC.
func EncryptedDNSProtocol(alpn string) bool {
	return alpn == "dot" || alpn == "doq" || strings.HasPrefix(alpn, "doq-")
}

// resolverNames are the names; true where those below them, which single customers have, count too.
var resolverNames = map[string]bool{
	"dns.google": false, "dns64.dns.google": false, "8888.google": false,
	"cloudflare-dns.com": true, "one.one.one.one": false, "cloudflare-gateway.com": true,
	"dns.quad9.net": false, "dns9.quad9.net": false, "dns10.quad9.net": false, "dns11.quad9.net": false, "dns12.quad9.net": false,
	"doh.opendns.com": false, "doh.familyshield.opendns.com": false, "doh.sandbox.opendns.com": false, "dns.opendns.com": false, "doh.umbrella.com": false,
	"dns.umbrella.com": false, "dns.adguard.com": false, "dns-family.adguard.com": false, "dns-unfiltered.adguard.com": false, "dns.adguard-dns.com": false,
	"family.adguard-dns.com": false, "unfiltered.adguard-dns.com": false, "d.adguard-dns.com": true,
	"dns.nextdns.io": true, "anycast.dns.nextdns.io": false, "doh.cleanbrowsing.org": false, "security-filter-dns.cleanbrowsing.org": false,
	"family-filter-dns.cleanbrowsing.org": false, "adult-filter-dns.cleanbrowsing.org": false,
	"dns.mullvad.net": true, "doh.mullvad.net": false, "adblock.doh.mullvad.net": false, "dns.controld.com": true, "freedns.controld.com": false,
	"doh.dns.sb": false, "dot.sb": false, "doh.sb": false, "doh.pub": false, "dot.pub": false, "dns.pub": false, "dns.alidns.com": false,
	"doh.360.cn": false, "dot.360.cn": false, "common.dot.dns.yandex.net": false, "safe.dot.dns.yandex.net": false, "family.dot.dns.yandex.net": false,
	"dns0.eu": false, "zero.dns0.eu": false, "kids.dns0.eu": false, "open.dns0.eu": false, "protective.joindns4.eu": false, "unfiltered.joindns4.eu": false,
	"child.joindns4.eu": false, "noads.joindns4.eu": false, "child-noads.joindns4.eu": false,
	"dns.digitale-gesellschaft.ch": false, "dns.switch.ch": false, "doh.libredns.gr": false, "dot.libredns.gr": false, "doh.ffmuc.net": false, "dot.ffmuc.net": false,
	"doh.applied-privacy.net": false, "dot1.applied-privacy.net": false, "dnsforge.de": false, "dns.njal.la": false, "odvr.nic.cz": false, "wikimedia-dns.org": false,
	"doh.xfinity.com": false, "dot.xfinity.com": false, "doh.dns.apple.com": false, "dns.twnic.tw": false, "public.dns.iij.jp": false, "doh.tiar.app": false,
	"dot.tiar.app": false, "anycast.uncensoreddns.org": false, "unicast.uncensoreddns.org": false, "private.canadianshield.cira.ca": false,
	"protected.canadianshield.cira.ca": false, "family.canadianshield.cira.ca": false, "sky.rethinkdns.com": false, "basic.rethinkdns.com": false,
	"max.rethinkdns.com": false,
}

// resolverAddrs and resolverNets are never written again.
var (
	resolverAddrs = addrSet(
		"8.8.8.8 8.8.4.4 2001:4860:4860::8888 2001:4860:4860::8844 2001:4860:4860::64 2001:4860:4860::6464",
		"1.1.1.1 1.0.0.1 1.1.1.2 1.0.0.2 1.1.1.3 1.0.0.3 104.16.248.249 104.16.249.249 162.159.61.3 162.159.61.4 172.64.41.3 172.64.41.4",
		"2606:4700:4700::1111 2606:4700:4700::1001 2606:4700:4700::1112 2606:4700:4700::1002 2606:4700:4700::1113 2606:4700:4700::1003",
		"9.9.9.9 9.9.9.10 9.9.9.11 9.9.9.12 149.112.112.112 149.112.112.9 149.112.112.10 149.112.112.11 149.112.112.12",
		"2620:fe::fe 2620:fe::9 2620:fe::10 2620:fe::fe:10 2620:fe::11 2620:fe::fe:11",
		"208.67.222.222 208.67.220.220 208.67.222.123 208.67.220.123 146.112.41.2 146.112.41.3 2620:119:35::35 2620:119:53::53",
		"94.140.14.14 94.140.15.15 94.140.14.15 94.140.15.16 94.140.14.140 94.140.14.141 2a10:50c0::ad1:ff 2a10:50c0::ad2:ff 2a10:50c0::1:ff 2a10:50c0::2:ff",
		"185.228.168.9 185.228.169.9 185.228.168.10 185.228.169.11 185.228.168.168 185.228.169.168",
		"194.242.2.2 194.242.2.3 194.242.2.4 194.242.2.5 194.242.2.6 194.242.2.9 2a07:e340::2 2a07:e340::3 2a07:e340::4",
		"185.222.222.222 45.11.45.11 223.5.5.5 223.6.6.6 1.12.12.12 120.53.53.53 77.88.8.8 77.88.8.1 77.88.8.2 77.88.8.3 77.88.8.7 77.88.8.88",
		"193.110.81.0 185.253.5.0 86.54.11.1 86.54.11.201 86.54.11.12 86.54.11.212 86.54.11.13 86.54.11.213 86.54.11.11 86.54.11.211 86.54.11.100 86.54.11.200",
		"185.95.218.42 185.95.218.43 130.59.31.248 130.59.31.251 101.101.101.101 101.102.103.104 91.239.100.100 89.233.43.71",
		"149.112.121.10 149.112.122.10 149.112.121.20 149.112.122.20 149.112.121.30 149.112.122.30",
	)
	resolverNets = addrSet("45.90.28.0 45.90.30.0 76.76.2.0 76.76.10.0") // 24 bits each: an address per customer
)

func addrSet(lines ...string) map[Addr]bool {
	set := make(map[Addr]bool)
	for _, line := range lines {
		for field := range strings.FieldsSeq(line) {
			if ip, err := netip.ParseAddr(field); err == nil {
				set[AddrFrom(ip)] = true
			}
		}
	}
	return set
}
