package goldentest

// GRE is a GRE header (RFC 2784, RFC 2890) before what kind announces: flags say which of the fields follow.
func GRE(flags, kind int, fields, inner []byte) []byte {
	return Join(U16(flags, kind), fields, inner)
}

// VXLAN is a header of RFC 7348 before an Ethernet frame.
func VXLAN(network int, frame []byte) []byte {
	return Join([]byte{8, 0, 0, 0}, U24(network), []byte{0}, frame)
}

// Geneve is a header of RFC 8926, options in whole words, before what kind announces.
func Geneve(network, kind int, options, inner []byte) []byte {
	return Join([]byte{byte(len(options) / 4), 0}, U16(kind), U24(network), []byte{0}, options, inner)
}

// GTPU is a user packet of 3GPP TS 29.281; extensions, when there are any, begin with the type of the first one.
func GTPU(endpoint int64, extensions, inner []byte) []byte {
	if len(extensions) == 0 {
		return Join([]byte{0x30, 0xff}, U16(len(inner)), U32(endpoint), inner)
	}
	options := Join(U16(0x0102), []byte{0}, extensions) // sequence number, N-PDU number
	return Join([]byte{0x36, 0xff}, U16(len(options)+len(inner)), U32(endpoint), options, inner)
}

// Inside puts packets into datagrams between two ends that are no part of the talk: from the client's end to that port of the server's, and back
// to the same port.
func Inside(outer Pair, packets []Packet, wrap func(Packet) []byte) (out []Packet) {
	for _, p := range packets {
		src, dst, _, _ := outer.ends(p.Back)
		out = append(out, Packet{Over(src, dst, 17, UDPHead(src, dst, outer.ClientPort, outer.ServerPort, wrap(p))), p.Back})
	}
	return out
}

// InsideProto puts packets into packets of an IP protocol.
func InsideProto(outer Pair, proto byte, packets []Packet, wrap func(Packet) []byte) (out []Packet) {
	for _, p := range packets {
		out = append(out, outer.Proto(p.Back, proto, wrap(p)))
	}
	return out
}
