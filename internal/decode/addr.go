package decode

import "net/netip"

// Addr is an IP address in 16 bytes, network order. An IPv4 address is kept as ::ffff:a.b.c.d, so that both families compare,
// hash and sort as plain arrays. The zero value is the IPv6 unspecified address.
type Addr [16]byte

// AddrFrom4 gives the Addr of four IPv4 bytes.
func AddrFrom4(b [4]byte) Addr {
	return Addr{10: 0xff, 11: 0xff, 12: b[0], 13: b[1], 14: b[2], 15: b[3]}
}

// AddrFrom gives the Addr of a netip.Addr (zone dropped); the invalid address gives the zero Addr.
func AddrFrom(ip netip.Addr) Addr {
	if !ip.IsValid() {
		return Addr{}
	}
	return ip.As16()
}

// Is4 says whether the address is IPv4.
func (a Addr) Is4() bool {
	return a[0]|a[1]|a[2]|a[3]|a[4]|a[5]|a[6]|a[7]|a[8]|a[9] == 0 && a[10]&a[11] == 0xff
}

// Netip gives the address as netip.Addr, IPv4 unmapped.
func (a Addr) Netip() netip.Addr { return netip.AddrFrom16(a).Unmap() }

// String writes the address the usual way: 192.0.2.1 or 2001:db8::1.
func (a Addr) String() string { return a.Netip().String() }

// IsMulticast says whether the address is 224.0.0.0/4 or ff00::/8.
func (a Addr) IsMulticast() bool {
	if a.Is4() {
		return a[12]&0xf0 == 0xe0
	}
	return a[0] == 0xff
}

// IsBroadcast4 says whether the address is 255.255.255.255.
func (a Addr) IsBroadcast4() bool {
	return a.Is4() && a[12]&a[13]&a[14]&a[15] == 0xff
}

// IsLinkLocal says whether the address is unicast 169.254.0.0/16 or fe80::/10.
func (a Addr) IsLinkLocal() bool {
	if a.Is4() {
		return a[12] == 169 && a[13] == 254
	}
	return a[0] == 0xfe && a[1]&0xc0 == 0x80
}

// IsPrivate says whether the address is meant for inside use: RFC 1918, the shared space 100.64.0.0/10 of RFC 6598, or fc00::/7.
func (a Addr) IsPrivate() bool {
	if !a.Is4() {
		return a[0]&0xfe == 0xfc
	}
	switch a[12] {
	case 10:
		return true
	case 172:
		return a[13]&0xf0 == 16
	case 192:
		return a[13] == 168
	case 100:
		return a[13]&0xc0 == 64
	}
	return false
}

// IsLoopback says whether the address is 127.0.0.0/8 or ::1.
func (a Addr) IsLoopback() bool {
	if a.Is4() {
		return a[12] == 127
	}
	return a == Addr{15: 1}
}

// IsUnspecified says whether the address is 0.0.0.0 or ::.
func (a Addr) IsUnspecified() bool {
	if a.Is4() {
		return a[12]|a[13]|a[14]|a[15] == 0
	}
	return a == Addr{}
}

// MAC is a link-layer address of six bytes.
type MAC [6]byte

// String writes the address as 00:1b:21:aa:bb:cc.
func (m MAC) String() string {
	const digits = "0123456789abcdef"
	var b [17]byte
	for i, x := range m {
		b[i*3], b[i*3+1] = digits[x>>4], digits[x&15]
		if i < 5 {
			b[i*3+2] = ':'
		}
	}
	return string(b[:])
}

// IsGroup says whether the multicast bit is set (broadcast included).
func (m MAC) IsGroup() bool { return m[0]&1 != 0 }

// IsBroadcast says whether all bits are set.
func (m MAC) IsBroadcast() bool { return m == MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff} }

// IsZero says whether no bit is set.
func (m MAC) IsZero() bool { return m == MAC{} }
