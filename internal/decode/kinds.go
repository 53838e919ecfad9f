package decode

// Net is the network layer of a frame. IPv4 and IPv6 mean that the fixed header was read whole and Src and Dst are valid.
type Net uint8

// The network layers. NetNone: no network layer, or its header could not be read (see Reason and L2).
const (
	NetNone Net = iota
	IPv4
	IPv6
	ARP
	NumNets = iota
)

// String gives the name in snake_case.
func (n Net) String() string {
	switch n {
	case NetNone:
		return "none"
	case IPv4:
		return "ipv4"
	case IPv6:
		return "ipv6"
	case ARP:
		return "arp"
	}
	return "invalid"
}

// Cast says to how many the frame was sent.
type Cast uint8

// The casts.
const (
	Unicast Cast = iota
	Broadcast
	Multicast
	NumCasts = iota
)

// String gives the name in snake_case.
func (c Cast) String() string {
	switch c {
	case Unicast:
		return "unicast"
	case Broadcast:
		return "broadcast"
	case Multicast:
		return "multicast"
	}
	return "invalid"
}

// Tunnel is a tunnel recognised in a packet. The inner part starts at Packet.InnerOffset; where that is 0 it is sealed or not opened.
type Tunnel uint8

// The tunnels.
const (
	TunnelNone      Tunnel = iota
	TunnelGRE              // RFC 2784, 2890, and version 1 (PPTP), which stays closed
	TunnelERSPAN           // types I, II and III inside GRE
	TunnelIPIP             // IPv4 in anything (RFC 2003), IPv6 in IPv6 (RFC 2473)
	Tunnel6in4             // IPv6 in IPv4 (RFC 4213)
	TunnelESP              // RFC 4303
	TunnelAH               // RFC 4302; the transport behind it is decoded
	TunnelESPinUDP         // RFC 3948, port 4500
	TunnelWireGuard        // by the form of its four messages
	TunnelVXLAN            // RFC 7348, ports 4789 and 8472
	TunnelGeneve           // RFC 8926, port 6081
	TunnelGTPU             // 3GPP TS 29.281, port 2152
	TunnelTeredo           // RFC 4380, port 3544
	TunnelL2TP             // RFC 2661 and 3931, port 1701 or protocol 115
	TunnelOpenVPN          // port 1194
	NumTunnels      = iota
)

// String gives the name as it stands in a conn's service.
func (t Tunnel) String() string {
	if int(t) < len(tunnelNames) {
		return tunnelNames[t]
	}
	return "invalid"
}

var tunnelNames = [NumTunnels]string{
	"none", "gre", "erspan", "ipip", "6in4", "esp", "ah", "esp_in_udp", "wireguard", "vxlan", "geneve", "gtpu", "teredo", "l2tp", "openvpn",
}

// Sealed says whether the content of the tunnel is encrypted, so that nobody between its ends can read it.
func (t Tunnel) Sealed() bool {
	switch t {
	case TunnelESP, TunnelESPinUDP, TunnelWireGuard, TunnelOpenVPN:
		return true
	}
	return false
}

// Reason says why decoding a frame stopped, or what was wrong with it. What was decoded before stands. Truncated: the captured
// bytes end inside a header. Bad: the header contradicts itself, however much was captured.
type Reason uint8

// The reasons. Each frame has exactly one.
const (
	OK                 Reason = iota
	UnknownLink               // a link type that is not read here
	TruncatedLink             // the bytes end inside a link header, a VLAN tag or an LLC header
	UnknownEtherType          // a link payload that is not read here
	TruncatedNetwork          // the bytes end inside an IP or ARP header or an IPv6 extension header
	BadIPVersion              // the version field is not what the layer below said, or neither 4 nor 6
	BadIPHeader               // an IPv4 header length under 20, or an extension header longer than the packet
	BadIPLength               // a total length shorter than its header
	BadARP                    // an ARP message that is not IPv4 over six-byte addresses
	TruncatedTransport        // the bytes end inside a transport header
	BadTransport              // a transport header that does not fit into its packet
	UnknownTransport          // an IP protocol that is not read here
	TooDeep                   // more than MaxLayers tags, labels or headers
	NumReasons         = iota // not a reason: how many there are
)

// String gives the name in snake_case.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "invalid"
}

var reasonNames = [NumReasons]string{
	"ok", "unknown_link", "truncated_link", "unknown_ether_type", "truncated_network", "bad_ip_version", "bad_ip_header", "bad_ip_length",
	"bad_arp", "truncated_transport", "bad_transport", "unknown_transport", "too_deep",
}
