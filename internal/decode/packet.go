package decode

// MaxLayers bounds how many headers one frame may stack (tags, labels, extension headers, tunnels) before Reason is TooDeep.
const MaxLayers = 16

// IP protocol numbers that Frame tells apart.
const (
	ProtoHopByHop = 0
	ProtoICMP     = 1
	ProtoIGMP     = 2
	ProtoIPIP     = 4
	ProtoTCP      = 6
	ProtoUDP      = 17
	ProtoDCCP     = 33
	ProtoIPv6     = 41
	ProtoRouting  = 43
	ProtoFragment = 44
	ProtoGRE      = 47
	ProtoESP      = 50
	ProtoAH       = 51
	ProtoICMPv6   = 58
	ProtoNoNext   = 59
	ProtoDestOpts = 60
	ProtoEIGRP    = 88
	ProtoOSPF     = 89
	ProtoPIM      = 103
	ProtoVRRP     = 112
	ProtoL2TP     = 115
	ProtoSCTP     = 132
	ProtoMobility = 135
	ProtoUDPLite  = 136
	ProtoHIP      = 139
	ProtoShim6    = 140
)

// TCP flag bits of Packet.Flags.
const (
	FIN uint8 = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Packet is one decoded frame. Its slices point into the frame and are valid as long as that is. Reuse it: Frame resets it.
//
// What is valid depends on how far decoding came: Src, Dst, TTL, IPLen and Proto with Net IPv4 or IPv6; ports, TCP and ICMP fields with
// HasTransport; ARP with Net ARP and Reason OK; ND with ND.Kind.
type Packet struct {
	// Link layer.
	HasMAC    bool   // SrcMAC is known; DstMAC too, but for cooked captures, which do not carry it (zero then)
	Own       bool   // cooked captures only: a unicast frame to or from the capturing machine itself
	SrcMAC    MAC    //
	DstMAC    MAC    //
	EtherType uint16 // behind all tags; 0 for 802.3 frames without SNAP and for raw IP
	Cast      Cast   // by destination MAC, by cooked packet type, else by destination address
	VLANs     int    // number of tags, also beyond the two kept
	VLAN      [2]uint16
	L2        L2Kind
	Net       Net

	// Network layer.
	Proto         uint8 // the transport protocol, behind all extension headers
	TTL           uint8 // time to live or hop limit
	TOS           uint8 // traffic class
	DontFragment  bool
	Fragment      bool   // part of a fragmented packet
	FirstFragment bool   // the part with offset 0
	MoreFragments bool   //
	FragOffset    uint16 // in bytes
	IPID          uint32 // IPv4 identification, or that of an IPv6 fragment header
	Src, Dst      Addr
	IPHeader      int // offset of the IP header in the frame
	IPLen         int // header and payload on the wire, by the IP header; without a length there (segmentation offload) what was captured

	// Transport layer.
	HasTransport     bool // the fixed transport header was read whole
	TransportAt      int  // offset of the transport header in the frame, 0 if there is none
	SrcPort, DstPort uint16
	Seq, Ack         uint32
	Window           uint16
	Flags            uint8
	ICMPType         uint8
	ICMPCode         uint8
	TCPOptions       []byte // captured option bytes, read by ReadTCPOptions
	Payload          []byte // captured transport payload; of a later fragment or a portless protocol the captured IP payload
	PayloadLen       int    // length of the same on the wire, by the headers; at least len(Payload)
	Cut              bool   // the captured bytes end before the frame does: by header lengths for IP, else by the wire length

	// Tunnels: recognised, not opened.
	Tunnel      Tunnel
	InnerLink   uint16 // link type to decode the inner part with
	InnerOffset int    // where the inner frame or packet starts in the frame, 0 when sealed or not opened
	TunnelID    uint32 // VXLAN and Geneve network, GTP endpoint, GRE key, ESP or AH parameter index; 0 if none

	ND     Neighbour
	ARP    ARPMessage
	Reason Reason

	wireCut    bool  // the file says the frame was longer than what was captured
	cookedLink bool  // the link header is a cooked one
	routed     bool  // a routing header still has segments: the final destination is not Dst
	layers     uint8 // headers passed so far
	before     uint8 // of a fragment: those before what is in fragments
}

// ARPMessage is an ARP message for IPv4 over six-byte link addresses (RFC 826).
type ARPMessage struct {
	Op                 uint16 // 1 request, 2 reply
	SenderMAC          MAC
	TargetMAC          MAC
	SenderIP, TargetIP Addr
}

// NDKind is the kind of a neighbour discovery message (RFC 4861).
type NDKind uint8

// The neighbour discovery messages.
const (
	NDNone NDKind = iota
	NDRouterSolicitation
	NDRouterAdvertisement
	NDNeighbourSolicitation
	NDNeighbourAdvertisement
	NDRedirect
)

// Neighbour is what an IPv6 neighbour discovery message says. Messages that were forwarded (hop limit under 255) are forgeries by
// definition and leave it empty.
type Neighbour struct {
	Kind           NDKind
	FromRouter     bool   // a router advertisement with a lifetime, or a neighbour advertisement with the router flag
	HasLinkAddr    bool   // LinkAddr was given
	HasPrefix      bool   // Prefix was given
	PrefixLen      uint8  // bits
	OnLink         bool   // hosts with this prefix are on this link
	Autonomous     bool   // hosts may make their own addresses from it
	RouterLifetime uint16 // seconds, of a router advertisement
	LinkAddr       MAC    // source link address, or the target's in advertisements and redirects
	Target         Addr   // of solicitations, advertisements and redirects
	Prefix         Addr   // first prefix of a router advertisement
}

// Frame decodes one frame: link is its LINKTYPE, data the captured bytes, wire the length on the wire as the capture claims it
// (less than len(data) counts as len(data)). It resets p first, never panics and allocates nothing.
func (p *Packet) Frame(link uint16, data []byte, wire uint32) {
	*p = Packet{wireCut: uint64(wire) > uint64(len(data))}
	p.link(link, data)
}

// Inner is Frame for what outer, another packet, carries in a tunnel. MaxLayers bounds the headers of both; the tunnel counts as one.
func (p *Packet) Inner(outer *Packet, link uint16, data []byte, wire uint32) {
	*p = Packet{wireCut: uint64(wire) > uint64(len(data)), layers: outer.layers}
	if p.deeper() {
		p.link(link, data)
	}
}

// Joined is Frame for what was put together from fragments, of which part is one. MaxLayers bounds the headers before and in it.
func (p *Packet) Joined(part *Packet, link uint16, data []byte, wire uint32) {
	*p = Packet{wireCut: uint64(wire) > uint64(len(data)), layers: part.before}
	p.link(link, data)
}

// link decodes a frame of that LINKTYPE.
func (p *Packet) link(link uint16, data []byte) {
	switch link {
	case LinkEthernet:
		p.ethernet(data)
	case LinkCooked1:
		p.cooked1(data)
	case LinkCooked2:
		p.cooked2(data)
	case LinkRaw, LinkRawBSD, LinkRawOpen:
		p.rawIP(data, 0)
	case LinkIPv4:
		p.EtherType = etherIPv4
		p.ipv4(data, 0)
		p.castByAddress()
	case LinkIPv6:
		p.EtherType = etherIPv6
		p.ipv6(data, 0)
		p.castByAddress()
	case LinkNull:
		p.loopback(data, true)
	case LinkLoop:
		p.loopback(data, false)
	default:
		p.rareLink(link, data)
	}
}

// truncated ends decoding with a reason that says the bytes ended too early.
func (p *Packet) truncated(r Reason) {
	p.Reason = r
	p.Cut = true
}

// deeper counts one more header and says whether that is still allowed.
func (p *Packet) deeper() bool {
	p.layers++
	if p.layers > MaxLayers {
		p.Reason = TooDeep
		return false
	}
	return true
}
