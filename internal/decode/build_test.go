package decode

import "encoding/binary"

// Small builders for hand-made packets. Each gives the bytes of one layer around those of the next.

func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func u16(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func u32(v int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }

var (
	hostMAC   = []byte{0x00, 0x1b, 0x21, 1, 2, 3}
	routerMAC = []byte{0x00, 0x1b, 0x21, 9, 9, 9}
	allMAC    = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	hostIP    = []byte{10, 0, 0, 1}
	farIP     = []byte{198, 51, 100, 7}
	hostIP6   = []byte{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
	farIP6    = []byte{0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}
)

func ether(kind int, payload []byte) []byte { return join(routerMAC, hostMAC, u16(kind), payload) }

// ip4 has a good header checksum; bits are the flags and the fragment offset.
func ip4(proto, bits int, payload []byte) []byte {
	h := join([]byte{0x45, 0}, u16(20+len(payload)), u16(0x1234), u16(bits), []byte{64, byte(proto), 0, 0}, hostIP, farIP)
	binary.BigEndian.PutUint16(h[10:], ^fold(sum(0, h)))
	return join(h, payload)
}

func ip6(next int, payload []byte) []byte {
	return join([]byte{0x60, 0, 0, 0}, u16(len(payload)), []byte{byte(next), 255}, hostIP6, farIP6, payload)
}

func udp(from, to int, payload []byte) []byte {
	return join(u16(from), u16(to), u16(8+len(payload)), u16(0), payload)
}

func tcp(flags int, options, payload []byte) []byte {
	return join(u16(49152), u16(443), u32(1000), u32(2000), []byte{byte((20 + len(options)) / 4 << 4), byte(flags)}, u16(8192), u16(0), u16(0),
		options, payload)
}

func fill(n int, c byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = c
	}
	return b
}

func decoded(link uint16, data []byte, wire int) *Packet {
	var p Packet
	p.Frame(link, data, uint32(wire))
	return &p
}
