package decode

// ChecksumState is what a checksum says.
type ChecksumState uint8

// The states. ChecksumUnfinished is what a machine that captures its own sending sees: its network card would have finished the sum. It is no error.
const (
	ChecksumUnknown    ChecksumState = iota // none there, or not all of what it covers was captured
	ChecksumGood                            //
	ChecksumBad                             //
	ChecksumUnfinished                      // left to the network card: zero, or the sum of the pseudo-header alone
	NumChecksumStates  = iota
)

// String gives the name in snake_case.
func (s ChecksumState) String() string {
	switch s {
	case ChecksumUnknown:
		return "unknown"
	case ChecksumGood:
		return "good"
	case ChecksumBad:
		return "bad"
	case ChecksumUnfinished:
		return "unfinished"
	}
	return "invalid"
}

// Checksum checks the IPv4 header checksum and the transport checksum (TCP, UDP, ICMP, ICMPv6) of a packet that was decoded from
// frame. IPv6 has no header checksum; fragments and cut packets give ChecksumUnknown for the transport.
func Checksum(p *Packet, frame []byte) (ip, transport ChecksumState) {
	return headerChecksum(p, frame), transportChecksum(p, frame)
}

func headerChecksum(p *Packet, frame []byte) ChecksumState {
	at := p.IPHeader
	if p.Net != IPv4 || at < 0 || at+20 > len(frame) {
		return ChecksumUnknown
	}
	size := int(frame[at]&15) * 4
	if size < 20 || at+size > len(frame) {
		return ChecksumUnknown
	}
	switch {
	case fold(sum(0, frame[at:at+size])) == 0xffff:
		return ChecksumGood
	case be16(frame[at+10:]) == 0:
		return ChecksumUnfinished
	}
	return ChecksumBad
}

func transportChecksum(p *Packet, frame []byte) ChecksumState {
	if !p.HasTransport || p.Cut || p.Fragment || p.routed || p.Reason != OK {
		return ChecksumUnknown
	}
	start, end := p.TransportAt, p.IPHeader+p.IPLen
	if start < 0 || end > len(frame) || end-start < 8 {
		return ChecksumUnknown
	}
	var field, size int
	pseudo := true
	switch {
	case p.Proto == ProtoTCP:
		field = 16
	case p.Proto == ProtoUDP:
		field = 6
		end = start + 8 + p.PayloadLen
		if be16(frame[start+6:]) == 0 {
			return ChecksumUnknown // IPv4: none was made; IPv6: allowed for tunnels (RFC 6935)
		}
	case p.Proto == ProtoICMPv6 && p.Net == IPv6:
		field = 2
	case p.Proto == ProtoICMP && p.Net == IPv4:
		field, pseudo = 2, false
	default:
		return ChecksumUnknown
	}
	size = end - start
	if size < field+2 || end > len(frame) {
		return ChecksumUnknown
	}
	var head uint64
	if pseudo {
		head = pseudoSum(p)
	}
	stored := be16(frame[start+field:])
	partial := head + uint64(size)
	if !pseudo {
		partial = 0
	}
	switch {
	case fold(sum(partial, frame[start:end])) == 0xffff:
		return ChecksumGood
	case pseudo && (stored == 0 || stored == fold(partial) || stored == fold(head)): // the last: segmentation offload sums without length
		return ChecksumUnfinished
	}
	return ChecksumBad
}

// pseudoSum sums the pseudo-header without the length.
func pseudoSum(p *Packet) uint64 {
	s := uint64(p.Proto)
	if p.Net == IPv4 {
		return sum(sum(s, p.Src[12:]), p.Dst[12:])
	}
	return sum(sum(s, p.Src[:]), p.Dst[:])
}

// sum adds 16-bit words in network order to s (RFC 1071).
func sum(s uint64, b []byte) uint64 {
	for len(b) >= 8 {
		s += uint64(be32(b)) + uint64(be32(b[4:]))
		b = b[8:]
	}
	for len(b) >= 2 {
		s += uint64(be16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

// fold brings a sum to 16 bits.
func fold(s uint64) uint16 {
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}
