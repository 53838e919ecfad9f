package decode

import (
	"encoding/binary"
	"testing"
)

// summed gives the IPv4 or IPv6 packet with its transport checksum at field set by how: "good", "bad", "partial" or "partial without length".
func summed(frame []byte, field int, how string) []byte {
	p := decoded(LinkRaw, frame, len(frame))
	size := uint64(p.IPHeader + p.IPLen - p.TransportAt)
	at := p.TransportAt + field
	head := pseudoSum(p)
	if p.Proto == ProtoICMP {
		head, size = 0, 0
	}
	value := ^fold(sum(head+size, frame[p.TransportAt:]))
	switch how {
	case "bad":
		value ^= 0x5555
	case "partial":
		value = fold(head + size)
	case "partial without length":
		value = fold(head)
	}
	binary.BigEndian.PutUint16(frame[at:], value)
	return frame
}

func TestChecksum(t *testing.T) {
	tcp4 := func() []byte { return ip4(6, 0, tcp(0x18, nil, []byte("odd"))) }
	tcp6 := func() []byte { return ip6(6, tcp(0x18, nil, []byte("even"))) }
	udp4 := func() []byte { return ip4(17, 0, udp(1, 2, []byte("abcde"))) }
	icmp4 := func() []byte { return ip4(1, 0, join([]byte{8, 0, 0, 0}, u32(1), fill(9, 3))) }
	icmp6 := func() []byte { return ip6(58, join([]byte{128, 0, 0, 0}, u32(1), fill(9, 3))) }
	badHeader := summed(tcp4(), 16, "good")
	badHeader[10] ^= 1
	noHeader := summed(tcp4(), 16, "good")
	noHeader[10], noHeader[11] = 0, 0
	segments := summed(tcp4(), 16, "partial without length")
	segments[2], segments[3] = 0, 0 // the length is left to the card as well
	binary.BigEndian.PutUint16(segments[10:], 0)
	good, bad, unfinished, unknown := ChecksumGood, ChecksumBad, ChecksumUnfinished, ChecksumUnknown
	for _, c := range []struct {
		name          string
		frame         []byte
		ip, transport ChecksumState
	}{
		{"tcp", summed(tcp4(), 16, "good"), good, good},
		{"tcp bad", summed(tcp4(), 16, "bad"), good, bad},
		{"tcp partial", summed(tcp4(), 16, "partial"), good, unfinished},
		{"tcp partial without length", summed(tcp4(), 16, "partial without length"), good, unfinished},
		{"tcp zero", tcp4(), good, unfinished},
		{"tcp in ipv6", summed(tcp6(), 16, "good"), unknown, good},
		{"tcp in ipv6 partial", summed(tcp6(), 16, "partial"), unknown, unfinished},
		{"udp", summed(udp4(), 6, "good"), good, good},
		{"udp bad", summed(udp4(), 6, "bad"), good, bad},
		{"udp without", udp4(), good, unknown},
		{"icmp", summed(icmp4(), 2, "good"), good, good},
		{"icmp bad", summed(icmp4(), 2, "bad"), good, bad},
		{"icmpv6", summed(icmp6(), 2, "good"), unknown, good},
		{"header bad", badHeader, bad, good},
		{"header zero", noHeader, unfinished, good},
		{"segmentation offload", segments, unfinished, unfinished},
		{"fragment", ip4(6, 0x2000, tcp(0x18, nil, nil)), good, unknown},
		{"cut", summed(tcp4(), 16, "bad")[:41], good, unknown},
		{"cut in header", tcp4()[:19], unknown, unknown},
		{"sctp is not summed", ip4(132, 0, fill(20, 1)), good, unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := decoded(LinkRaw, c.frame, len(c.frame))
			if ip, transport := Checksum(p, c.frame); ip != c.ip || transport != c.transport {
				t.Errorf("got %s %s, want %s %s", ip, transport, c.ip, c.transport)
			}
		})
	}
	p := decoded(LinkRaw, tcp4(), 43)
	if ip, transport := Checksum(p, nil); ip != unknown || transport != unknown {
		t.Errorf("another frame: %s %s", ip, transport)
	}
}
