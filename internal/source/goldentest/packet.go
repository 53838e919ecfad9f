package goldentest

import "encoding/binary"

// Packet is an IP packet and its way: Back is from the server to the client.
type Packet struct {
	IP   []byte
	Back bool
}

// Pair is a client and a server: addresses of one family, and ports.
type Pair struct {
	Client, Server         string
	ClientPort, ServerPort int
}

// The flags of TCP.
const (
	FIN = 1
	SYN = 2
	RST = 4
	PSH = 8
	ACK = 16
)

// Where numbering of bytes starts in conversations that Stream makes.
const (
	ClientSeq = 1000
	ServerSeq = 5000
)

// ends gives the way's source and destination.
func (p Pair) ends(back bool) (src, dst string, sport, dport int) {
	if back {
		return p.Server, p.Client, p.ServerPort, p.ClientPort
	}
	return p.Client, p.Server, p.ClientPort, p.ServerPort
}

// IP4 is an IPv4 packet (RFC 791).
func IP4(src, dst string, proto byte, payload []byte) []byte {
	return IP4Part(src, dst, proto, 1, 0, payload)
}

// IP4Part is an IPv4 packet that may be a fragment: id, and flags with the offset in eights.
func IP4Part(src, dst string, proto byte, id, part int, payload []byte) []byte {
	head := Join([]byte{0x45, 0}, U16(20+len(payload), id, part), []byte{64, proto, 0, 0}, IP(src), IP(dst))
	binary.BigEndian.PutUint16(head[10:], sum(head))
	return Join(head, payload)
}

// IP6 is an IPv6 packet (RFC 8200); payload begins with whatever next says.
func IP6(src, dst string, next byte, payload []byte) []byte {
	return IP6Hops(src, dst, next, 64, payload)
}

// IP6Hops is IP6 with a hop limit.
func IP6Hops(src, dst string, next, hops byte, payload []byte) []byte {
	return Join([]byte{0x60, 0, 0, 0}, U16(len(payload)), []byte{next, hops}, IP(src), IP(dst), payload)
}

// Patched is an Ethernet frame of IPv4 with other bytes at a place, and the IPv4 checksum that belongs to them.
func Patched(frame []byte, at int, with ...byte) []byte {
	copy(frame[at:], with)
	frame[24], frame[25] = 0, 0
	binary.BigEndian.PutUint16(frame[24:], sum(frame[14:14+max(20, 4*int(frame[14]&15))]))
	return frame
}

// Over is a packet of any protocol in the family of the addresses.
func Over(src, dst string, proto byte, payload []byte) []byte {
	if len(IP(src)) == 16 {
		return IP6(src, dst, proto, payload)
	}
	return IP4(src, dst, proto, payload)
}

// checked fills in the checksum at that place of a transport header, over the pseudo header too.
func checked(src, dst string, proto byte, segment []byte, at int) []byte {
	binary.BigEndian.PutUint16(segment[at:], sum(IP(src), IP(dst), U16(0, int(proto), 0, len(segment)), segment))
	return segment
}

// UDPHead is a UDP datagram without IP.
func UDPHead(src, dst string, sport, dport int, payload []byte) []byte {
	return checked(src, dst, 17, Join(U16(sport, dport, 8+len(payload), 0), payload), 6)
}

// TCPHead is a TCP segment without IP.
func TCPHead(src, dst string, sport, dport int, flags byte, seq, ack int64, payload []byte) []byte {
	return checked(src, dst, 6, Join(U16(sport, dport), U32(seq, ack), []byte{0x50, flags}, U16(0x7210, 0, 0), payload), 16)
}

// UDP is a datagram from the client, or back.
func (p Pair) UDP(back bool, payload []byte) Packet {
	src, dst, sport, dport := p.ends(back)
	return Packet{Over(src, dst, 17, UDPHead(src, dst, sport, dport, payload)), back}
}

// TCP is a segment from the client, or back.
func (p Pair) TCP(back bool, flags byte, seq, ack int64, payload []byte) Packet {
	src, dst, sport, dport := p.ends(back)
	return Packet{Over(src, dst, 6, TCPHead(src, dst, sport, dport, flags, seq, ack, payload)), back}
}

// Proto is a packet of any protocol from the client, or back.
func (p Pair) Proto(back bool, proto byte, payload []byte) Packet {
	src, dst, _, _ := p.ends(back)
	return Packet{Over(src, dst, proto, payload), back}
}

// Ask is a datagram and its answer.
func (p Pair) Ask(question, answer []byte) []Packet {
	return []Packet{p.UDP(false, question), p.UDP(true, answer)}
}

// Say is one segment of a conversation.
type Say struct {
	Back bool
	Data []byte
}

// C is said by the client.
func C(parts ...[]byte) Say { return Say{false, Join(parts...)} }

// S is said by the server.
func S(parts ...[]byte) Say { return Say{true, Join(parts...)} }

// Stream is a whole TCP connection: handshake, a segment for each Say, and both FINs.
func (p Pair) Stream(says ...Say) []Packet {
	out := p.Hands()
	next := [2]int64{ClientSeq + 1, ServerSeq + 1}
	side := func(back bool) int {
		if back {
			return 1
		}
		return 0
	}
	for _, s := range says {
		me := side(s.Back)
		out = append(out, p.TCP(s.Back, PSH|ACK, next[me], next[1-me], s.Data))
		next[me] += int64(len(s.Data))
	}
	return append(
		out,
		p.TCP(false, FIN|ACK, next[0], next[1], nil),
		p.TCP(true, FIN|ACK, next[1], next[0]+1, nil),
		p.TCP(false, ACK, next[0]+1, next[1]+1, nil),
	)
}

// Hands is the handshake alone: what the client says next starts at ClientSeq+1.
func (p Pair) Hands() []Packet {
	return []Packet{
		p.TCP(false, SYN, ClientSeq, 0, nil),
		p.TCP(true, SYN|ACK, ServerSeq, ClientSeq+1, nil),
		p.TCP(false, ACK, ClientSeq+1, ServerSeq+1, nil),
	}
}

// At is a segment of the client's whose data starts so many bytes into what it says.
func (p Pair) At(offset int64, data []byte) Packet {
	return p.TCP(false, PSH|ACK, ClientSeq+1+offset, ServerSeq+1, data)
}

// ICMP is an ICMP message of IPv4 (RFC 792): type, code, the four bytes behind the checksum, data.
func (p Pair) ICMP(back bool, kind, code byte, rest int64, data []byte) Packet {
	b := Join([]byte{kind, code, 0, 0}, U32(rest), data)
	binary.BigEndian.PutUint16(b[2:], sum(b))
	return p.Proto(back, 1, b)
}

// ICMP6 is an ICMPv6 message with the hop limit that neighbour discovery asks for (RFC 4861).
func ICMP6(src, dst string, kind, code byte, rest int64, data []byte) []byte {
	b := checked(src, dst, 58, Join([]byte{kind, code, 0, 0}, U32(rest), data), 2)
	return IP6Hops(src, dst, 58, 255, b)
}

// Join2 puts packets behind one another.
func Join2(a, b []Packet) []Packet { return append(append([]Packet{}, a...), b...) }
