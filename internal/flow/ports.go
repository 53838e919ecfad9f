package flow

import "candor/internal/decode"

// flips guesses whether the first packet of a connection comes from the responder, as Zeek does: TCP that does not begin with a SYN, and UDP, from a
// port that servers usually have. Where both ports are such, TCP flips when the sender's is the lower one (but never for a SYN-ACK: stealth scans),
// UDP not at all.
func flips(p *decode.Packet, src, dst uint16) bool {
	switch p.Proto {
	case decode.ProtoTCP:
		if p.Flags&(decode.SYN|decode.ACK) == decode.SYN || !p.HasTransport || !serverTCP(src) {
			return false
		}
		if serverTCP(dst) {
			return p.Flags&decode.SYN == 0 && src < dst
		}
		return true
	case decode.ProtoUDP:
		return serverUDP(src) && !serverUDP(dst)
	}
	return false
}

// serverTCP says whether servers usually listen on the port.
func serverTCP(p uint16) bool {
	switch p {
	case 21, 22, 23, 25, 53, 80, 81, 88, 102, 110, 113, 135, 139, 143, 389, 443, 445, 465, 502, 514, 563, 585, 587, 614, 631, 636, 853, 902, 989, 990, 992,
		993, 995, 1080, 1433, 1434, 1521, 1883, 2049, 2811, 3128, 3268, 3269, 3306, 3389, 5060, 5061, 5222, 5223, 5269, 5432, 5800, 5900, 5985, 5986,
		6379, 6666, 6667, 6668, 6669, 8000, 8080, 8443, 8883, 8888, 9200, 20000, 27017:
		return true
	}
	return false
}

func serverUDP(p uint16) bool {
	switch p {
	case 53, 67, 69, 88, 123, 137, 161, 162, 389, 443, 500, 502, 514, 547, 750, 853, 1194, 1645, 1646, 1812, 1813, 1900, 2123, 2152, 3389, 3544, 3702, 4011,
		4500, 4789, 5060, 5072, 5353, 5355, 6081, 6343, 8472, 20000, 51820:
		return true
	}
	return false
}
