package flow

import (
	"encoding/binary"
	"math/bits"

	"candor/internal/decode"
)

// key names a connection: two ends in canonical order and the protocol. VLAN tags are not part of it, as in Zeek: the two directions of one
// connection may carry different tags. What lies in a tunnel is told apart from what does not, and by the tunnel's network.
type key struct {
	ends   [2]decode.Addr
	port   [2]uint16
	proto  uint8
	within uint32 // around.network
}

// of makes the key of a packet and says which end sent it. It is written in place: a copy would have to wait for its parts to be stored.
func (k *key) of(p *decode.Packet, srcPort, dstPort uint16, oneWay bool, in *around) (from int) {
	k.proto, k.within = p.Proto, in.network
	if oneWay || before(&p.Src, srcPort, &p.Dst, dstPort) {
		k.ends[0], k.ends[1] = p.Src, p.Dst
		k.port[0], k.port[1] = srcPort, dstPort
		return 0
	}
	k.ends[0], k.ends[1] = p.Dst, p.Src
	k.port[0], k.port[1] = dstPort, srcPort
	return 1
}

func before(a *decode.Addr, ap uint16, b *decode.Addr, bp uint16) bool {
	ah, bh := binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(b[:8])
	if ah != bh {
		return ah < bh
	}
	al, bl := binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:])
	if al != bl {
		return al < bl
	}
	return ap <= bp
}

// hash mixes the key with a seed; the high 32 bits are the table's tag. Multiplication folds 128 bits into 64.
func (k *key) hash(seed uint64) uint32 {
	const c1, c2, c3 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93, 0xa0761d6478bd642f
	w := func(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
	h := fold(w(k.ends[0][:8])^seed^c1, w(k.ends[0][8:])^bits.RotateLeft64(seed, 17)^c2)
	h = fold(h^w(k.ends[1][:8]), w(k.ends[1][8:])^c3^seed)
	h = fold(h^uint64(k.port[0])<<32^uint64(k.port[1])<<16^uint64(k.proto), c1^bits.RotateLeft64(seed, 41)^uint64(k.within))
	return uint32(h>>32) ^ uint32(h)
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func (c *conn) is(k *key) bool {
	return c.ends[1] == k.ends[1] && c.ends[0] == k.ends[0] && c.port == k.port && c.proto == k.proto && c.within() == k.within
}

// ids gives the two numbers that stand in a connection's port fields: ports, or type and counterpart (else code) for ICMP, or zeroes.
// oneWay: an ICMP message without counterpart, whose two directions are two connections.
func ids(p *decode.Packet) (src, dst uint16, oneWay bool) {
	switch p.Proto {
	case decode.ProtoICMP, decode.ProtoICMPv6:
		if !p.HasTransport {
			return 0, 0, false
		}
		if other, ok := counterpart(p.Proto, p.ICMPType); ok {
			return uint16(p.ICMPType), uint16(other), false
		}
		return uint16(p.ICMPType), uint16(p.ICMPCode), true
	}
	return p.SrcPort, p.DstPort, false
}

// counterpart is the ICMP type that answers, or is answered by, a type (RFC 792, 950, 1256, 4443, 2710, 4861, 4620, 6275).
func counterpart(proto, typ uint8) (other uint8, ok bool) {
	pairs := icmp4Pairs[:]
	if proto == decode.ProtoICMPv6 {
		pairs = icmp6Pairs[:]
	}
	for _, p := range pairs {
		switch typ {
		case p[0]:
			return p[1], true
		case p[1]:
			return p[0], true
		}
	}
	return 0, false
}

var (
	icmp4Pairs = [...][2]uint8{{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}}
	icmp6Pairs = [...][2]uint8{{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}}
)
