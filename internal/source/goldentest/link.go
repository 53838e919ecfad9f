package goldentest

// The cards of the client and the server.
const (
	ClientMAC = "3c5282000007"
	ServerMAC = "3c5282000008"
)

// Link types, as numbered in the LINKTYPE registry.
const (
	LinkNull     = 0
	LinkEthernet = 1
	LinkPPP      = 9
	LinkRaw      = 101
	LinkWifi     = 105
	LinkLoop     = 108
	LinkCooked1  = 113
	LinkCooked2  = 276
)

// cards gives destination and source card of a way.
func cards(back bool) []byte {
	if back {
		return Hex(ClientMAC + ServerMAC)
	}
	return Hex(ServerMAC + ClientMAC)
}

// EtherType of an IP packet, by its version.
func EtherType(ip []byte) int {
	if len(ip) > 0 && ip[0]>>4 == 6 {
		return 0x86dd
	}
	return 0x0800
}

// Frame is an Ethernet frame between the two cards.
func Frame(back bool, kind int, payload ...[]byte) []byte {
	return Join(cards(back), U16(kind), Join(payload...))
}

// Ethernet puts a packet into a frame.
func Ethernet(p Packet) []byte { return Frame(p.Back, EtherType(p.IP), p.IP) }

// Tagged puts a packet into a frame behind VLAN tags, each a tag's EtherType and its number.
func Tagged(p Packet, tags ...[2]int) []byte {
	b := cards(p.Back)
	for _, t := range tags {
		b = Join(b, U16(t[0], t[1]))
	}
	return Join(b, U16(EtherType(p.IP)), p.IP)
}

// Labels is a stack of MPLS labels (RFC 3032).
func Labels(labels ...int64) (b []byte) {
	for i, l := range labels {
		bottom := int64(0)
		if i == len(labels)-1 {
			bottom = 1 << 8
		}
		b = Join(b, U32(l<<12|bottom|64))
	}
	return b
}

// PPPoE puts a packet into a session (RFC 2516).
func PPPoE(p Packet) []byte {
	kind := 0x0021
	if EtherType(p.IP) == 0x86dd {
		kind = 0x0057
	}
	return Frame(p.Back, 0x8864, []byte{0x11, 0}, U16(0x1234, len(p.IP)+2, kind), p.IP)
}

// SNAP puts a packet behind LLC and SNAP headers (IEEE 802.2) in a frame with a length.
func SNAP(p Packet) []byte {
	return Frame(p.Back, 8+len(p.IP), Hex("aaaa03 000000"), U16(EtherType(p.IP)), p.IP)
}

// Cooked1 puts a packet behind the header of a Linux cooked capture, version 1.
func Cooked1(p Packet) []byte {
	kind, card := 4, ClientMAC
	if p.Back {
		kind, card = 0, ServerMAC
	}
	return Join(U16(kind, 1, 6), Hex(card), Zeros(2), U16(EtherType(p.IP)), p.IP)
}

// Cooked2 is Cooked1 in version 2.
func Cooked2(p Packet) []byte {
	kind, card := byte(4), ClientMAC
	if p.Back {
		kind, card = 0, ServerMAC
	}
	return Join(U16(EtherType(p.IP), 0), U32(3), U16(1), []byte{kind, 6}, Hex(card), Zeros(2), p.IP)
}

// Raw is the packet alone.
func Raw(p Packet) []byte { return p.IP }

// Family puts the four bytes of an address family before a packet.
func Family(family []byte) func(Packet) []byte {
	return func(p Packet) []byte { return Join(family, p.IP) }
}

// Each wraps packets one by one.
func Each(packets []Packet, wrap func(Packet) []byte) (frames [][]byte) {
	for _, p := range packets {
		frames = append(frames, wrap(p))
	}
	return frames
}

// Frames puts packets into Ethernet frames.
func Frames(packets ...Packet) [][]byte { return Each(packets, Ethernet) }
