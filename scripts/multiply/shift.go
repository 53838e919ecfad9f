package main

import "encoding/binary"

// shift moves the addresses of an Ethernet frame by k: cards, ARP, and the outermost IPv4 or IPv6 header with its
// checksums (changed by the difference, RFC 1624, so that a wrong one stays wrong). What it does not know stays as it is.
func shift(b []byte, k byte) {
	if len(b) < 14 || k == 0 {
		return
	}
	shiftCard(b[0:6], k)
	shiftCard(b[6:12], k)
	at := 12
	for len(b) >= at+6 && vlan(binary.BigEndian.Uint16(b[at:])) {
		at += 4
	}
	body := b[at+2:]
	switch binary.BigEndian.Uint16(b[at:]) {
	case 0x0800:
		shift4(body, k)
	case 0x86dd:
		shift6(body, k)
	case 0x0806:
		if len(body) >= 28 && body[4] == 6 && body[5] == 4 {
			shiftCard(body[8:14], k)
			shiftAddr4(body[14:18], k)
			shiftCard(body[18:24], k)
			shiftAddr4(body[24:28], k)
		}
	}
}

func vlan(etherType uint16) bool {
	return etherType == 0x8100 || etherType == 0x88a8 || etherType == 0x9100
}

// shiftCard leaves broadcast, multicast and the unknown card alone.
func shiftCard(mac []byte, k byte) {
	if mac[0]&1 == 0 && [6]byte(mac) != ([6]byte{}) {
		mac[3] += k
	}
}

// shiftAddr4 moves an address within its kind: private stays private, multicast and the link's own stay as they are.
func shiftAddr4(a []byte, k byte) {
	switch {
	case a[0] == 0 || a[0] == 127 || a[0] >= 224 || (a[0] == 169 && a[1] == 254):
	case (a[0] == 192 && a[1] == 168) || (a[0] == 172 && a[1]&0xf0 == 16):
		a[2] += k
	default:
		a[1] += k
	}
}

func shift4(b []byte, k byte) {
	if len(b) < 20 || b[0]>>4 != 4 || b[0]&15 < 5 {
		return
	}
	var before [8]byte
	copy(before[:], b[12:20])
	shiftAddr4(b[12:16], k)
	shiftAddr4(b[16:20], k)
	adjust(b[10:12], before[:], b[12:20])
	if head := int(b[0]&15) * 4; binary.BigEndian.Uint16(b[6:])&0x1fff == 0 && len(b) > head {
		adjustTransport(b[9], b[head:], before[:], b[12:20])
	}
}

func shift6(b []byte, k byte) {
	if len(b) < 40 || b[0]>>4 != 6 {
		return
	}
	var before [32]byte
	copy(before[:], b[8:40])
	for _, a := range [][]byte{b[8:24], b[24:40]} {
		if a[0] != 0 && a[0] != 0xff && (a[0] != 0xfe || a[1]&0xc0 != 0x80) {
			a[5] += k
		}
	}
	adjustTransport(b[6], b[40:], before[:], b[8:40])
}

// adjustTransport changes a checksum that covers the addresses: TCP, UDP (0 means none) and ICMPv6.
func adjustTransport(proto byte, b, before, after []byte) {
	at := map[byte]int{6: 16, 17: 6, 58: 2}[proto]
	if at == 0 || len(b) < at+2 || (proto == 17 && b[6] == 0 && b[7] == 0) {
		return
	}
	adjust(b[at:at+2], before, after)
	if proto == 17 && b[6] == 0 && b[7] == 0 {
		b[6], b[7] = 0xff, 0xff
	}
}

// adjust is RFC 1624, equation 3: HC' = ~(~HC + ~m + m').
func adjust(sum, before, after []byte) {
	s := uint32(^binary.BigEndian.Uint16(sum))
	for i := 0; i < len(before); i += 2 {
		s += uint32(^binary.BigEndian.Uint16(before[i:])) + uint32(binary.BigEndian.Uint16(after[i:]))
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	binary.BigEndian.PutUint16(sum, ^uint16(s))
}
