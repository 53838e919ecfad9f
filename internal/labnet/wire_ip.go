package labnet

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

const (
	protoICMP   = 1
	protoIGMP   = 2
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58

	typeIPv4 = 0x0800
	typeARP  = 0x0806
	typeIPv6 = 0x86dd
	typeVLAN = 0x8100
	typeLLDP = 0x88cc
)

// sum adds b to a running ones' complement sum, kept unfolded in 64 bits.
func sum(acc uint64, b []byte) uint64 {
	var c uint64
	for len(b) >= 8 {
		acc, c = bits.Add64(acc, binary.BigEndian.Uint64(b), 0)
		acc += c
		b = b[8:]
	}
	var tail [8]byte
	if copy(tail[:], b) > 0 {
		acc, c = bits.Add64(acc, binary.BigEndian.Uint64(tail[:]), 0)
		acc += c
	}
	return acc
}

// fold turns a running sum into an Internet checksum (RFC 1071).
func fold(acc uint64) uint16 {
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	return ^uint16(acc)
}

// ip4 writes an IPv4 header of 20 bytes for n bytes of payload; the hop limit is set on each link.
func ip4(b []byte, src, dst netip.Addr, proto uint8, id uint16, df bool, n int) {
	b[0], b[1] = 0x45, 0
	binary.BigEndian.PutUint16(b[2:], uint16(20+n))
	binary.BigEndian.PutUint16(b[4:], id)
	b[6], b[7], b[8], b[9], b[10], b[11] = 0, 0, 64, proto, 0, 0
	if df {
		b[6] = 0x40
	}
	s, d := src.As4(), dst.As4()
	copy(b[12:], s[:])
	copy(b[16:], d[:])
}

// ip6 writes an IPv6 header of 40 bytes for n bytes of payload.
func ip6(b []byte, src, dst netip.Addr, proto uint8, label uint32, n int) {
	binary.BigEndian.PutUint32(b, 6<<28|label&0xfffff)
	binary.BigEndian.PutUint16(b[4:], uint16(n))
	b[6], b[7] = proto, 64
	s, d := src.As16(), dst.As16()
	copy(b[8:], s[:])
	copy(b[24:], d[:])
}

// seal writes the checksum of the payload l4 of IP datagram b (whole), at offset at within l4.
func seal(b []byte, head, at int, proto uint8) {
	l4 := b[head:]
	l4[at], l4[at+1] = 0, 0
	var acc uint64
	if proto != protoICMP && proto != protoIGMP {
		addresses := b[12:20]
		if head >= 40 {
			addresses = b[8:40]
		}
		acc = sum(uint64(proto)+uint64(len(l4)), addresses)
	}
	c := fold(sum(acc, l4))
	if c == 0 && proto == protoUDP {
		c = 0xffff
	}
	binary.BigEndian.PutUint16(l4[at:], c)
}

// setHops writes the hop limit and, for IPv4, the header checksum.
func setHops(b []byte, hops uint8) {
	if b[0]>>4 == 6 {
		b[7] = hops
		return
	}
	b[8], b[10], b[11] = hops, 0, 0
	binary.BigEndian.PutUint16(b[10:], fold(sum(0, b[:20])))
}

// patch changes 16 bits at p and corrects the checksum at c (RFC 1624, equation 3).
func patch(p, c []byte, to uint16) {
	old := binary.BigEndian.Uint16(p)
	binary.BigEndian.PutUint16(p, to)
	s := uint32(^binary.BigEndian.Uint16(c)) + uint32(^old) + uint32(to)
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	binary.BigEndian.PutUint16(c, ^uint16(s))
}

// translate gives an IPv4 datagram another source (or destination) address and port, as a translating firewall does.
func translate(b []byte, source bool, to netip.AddrPort) {
	address, l4, shift := b[16:20], b[20:], 2
	if source {
		address, shift = b[12:16], 0
	}
	new4 := to.Addr().As4()
	var check []byte
	switch b[9] {
	case protoTCP:
		check = l4[16:18]
	case protoUDP:
		check = l4[6:8]
	default:
		copy(address, new4[:])
		return
	}
	patch(address[0:], check, binary.BigEndian.Uint16(new4[0:]))
	patch(address[2:], check, binary.BigEndian.Uint16(new4[2:]))
	patch(l4[shift:], check, to.Port())
	if b[9] == protoUDP && check[0] == 0 && check[1] == 0 {
		check[0], check[1] = 0xff, 0xff
	}
}

// groupMAC gives the Ethernet address of an IP multicast group.
func groupMAC(group netip.Addr) card {
	if group.Is4() {
		a := group.As4()
		if group == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			return broadcast
		}
		return card{0x01, 0x00, 0x5e, a[1] & 0x7f, a[2], a[3]}
	}
	a := group.As16()
	return card{0x33, 0x33, a[12], a[13], a[14], a[15]}
}
