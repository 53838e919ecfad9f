package decode

import "strconv"

// The link types that Frame reads, as numbered in the LINKTYPE registry of pcap files.
const (
	LinkNull         uint16 = 0   // BSD loopback, address family in the byte order of the machine
	LinkEthernet     uint16 = 1   // Ethernet
	LinkPPP          uint16 = 9   // PPP
	LinkRawBSD       uint16 = 12  // raw IP, as some systems number it
	LinkRawOpen      uint16 = 14  // raw IP, as OpenBSD numbers it
	LinkPPPHDLC      uint16 = 50  // PPP in HDLC framing
	LinkPPPoE        uint16 = 51  // PPPoE session, without Ethernet around it
	LinkRaw          uint16 = 101 // raw IP, version from its first byte
	LinkCiscoHDLC    uint16 = 104 // Cisco HDLC
	LinkLoop         uint16 = 108 // OpenBSD loopback, address family in network order
	LinkCooked1      uint16 = 113 // Linux cooked capture, version 1
	LinkPPPDirection uint16 = 166 // PPP, its first byte says which way
	LinkPPPPrefix    uint16 = 204 // PPP behind a byte that says which way
	LinkIPv4         uint16 = 228 // raw IPv4
	LinkIPv6         uint16 = 229 // raw IPv6
	LinkCooked2      uint16 = 276 // Linux cooked capture, version 2
)

// LinkKnown says whether Frame reads frames of this link type.
func LinkKnown(link uint16) bool {
	switch link {
	case LinkNull, LinkEthernet, LinkRawBSD, LinkRawOpen, LinkRaw, LinkLoop, LinkCooked1, LinkIPv4, LinkIPv6, LinkCooked2,
		LinkPPP, LinkPPPHDLC, LinkPPPoE, LinkCiscoHDLC, LinkPPPDirection, LinkPPPPrefix:
		return true
	}
	return false
}

// LinkName gives the name of a link type for people, known to Frame or not: "Ethernet", "IEEE 802.11 with radiotap", "link type 250".
func LinkName(link uint16) string {
	for _, l := range linkNames {
		if l.link == link {
			return l.name
		}
	}
	return "link type " + strconv.Itoa(int(link))
}

var linkNames = [...]struct {
	link uint16
	name string
}{
	{LinkNull, "BSD loopback"},
	{LinkEthernet, "Ethernet"},
	{6, "Token Ring"},
	{7, "ARCNET"},
	{8, "SLIP"},
	{LinkPPP, "PPP"},
	{10, "FDDI"},
	{LinkRawBSD, "raw IP"},
	{LinkRawOpen, "raw IP"},
	{LinkPPPHDLC, "PPP in HDLC framing"},
	{LinkPPPoE, "PPP over Ethernet"},
	{100, "LLC over ATM"},
	{LinkRaw, "raw IP"},
	{LinkCiscoHDLC, "Cisco HDLC"},
	{105, "IEEE 802.11"},
	{107, "Frame Relay"},
	{LinkLoop, "OpenBSD loopback"},
	{LinkCooked1, "Linux cooked capture"},
	{114, "LocalTalk"},
	{117, "OpenBSD pf log"},
	{119, "IEEE 802.11 with Prism header"},
	{122, "IP over Fibre Channel"},
	{127, "IEEE 802.11 with radiotap"},
	{129, "Linux ARCNET"},
	{138, "IP over IEEE 1394"},
	{143, "DOCSIS"},
	{144, "Linux IrDA"},
	{147, "private use 0"},
	{163, "IEEE 802.11 with AVS header"},
	{165, "BACnet MS/TP"},
	{LinkPPPDirection, "PPP with direction"},
	{177, "LAPD"},
	{186, "FreeBSD USB"},
	{187, "Bluetooth HCI"},
	{189, "Linux USB"},
	{190, "CAN bus"},
	{192, "per-packet information"},
	{195, "IEEE 802.15.4"},
	{201, "Bluetooth HCI with direction"},
	{203, "LAPD with direction"},
	{LinkPPPPrefix, "PPP with direction"},
	{197, "Endace ERF"},
	{209, "I2C"},
	{210, "FlexRay"},
	{211, "MOST"},
	{212, "LIN bus"},
	{215, "IEEE 802.15.4 with PHY data"},
	{220, "Linux USB"},
	{LinkIPv4, "raw IPv4"},
	{LinkIPv6, "raw IPv6"},
	{227, "CAN bus"},
	{230, "IEEE 802.15.4 without check sequence"},
	{239, "netfilter log"},
	{240, "Hilscher netANALYZER"},
	{243, "MPEG-2 transport stream"},
	{247, "Infiniband"},
	{248, "SCTP"},
	{249, "USBPcap"},
	{251, "Bluetooth Low Energy"},
	{252, "Wireshark upper PDU"},
	{253, "netlink"},
	{254, "Bluetooth monitor"},
	{255, "Bluetooth baseband"},
	{256, "Bluetooth Low Energy with header"},
	{258, "PKTAP"},
	{264, "ISO 14443 contactless"},
	{266, "Darwin USB"},
	{272, "Nordic Bluetooth Low Energy"},
	{LinkCooked2, "Linux cooked capture, version 2"},
	{283, "IEEE 802.15.4 TAP"},
	{288, "USB 2.0"},
	{293, "USB 2.0 low speed"},
	{294, "USB 2.0 full speed"},
	{295, "USB 2.0 high speed"},
}
