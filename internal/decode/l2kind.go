package decode

// L2Kind is what a frame is on the link, beside or below the network layer. For PPPoE sessions and MPLS the packet inside is
// decoded as well; the others carry no IP.
type L2Kind uint8

// The link-layer kinds.
const (
	L2None           L2Kind = iota
	L2LLDP                  // IEEE 802.1AB
	L2STP                   // spanning tree, per-VLAN spanning tree included
	L2CDP                   // Cisco discovery
	L2VTP                   // Cisco VLAN trunking
	L2DTP                   // Cisco dynamic trunking
	L2UDLD                  // Cisco unidirectional link detection
	L2EDP                   // Extreme discovery
	L2EAPOL                 // IEEE 802.1X
	L2MACsec                // IEEE 802.1AE: sealed
	L2PPPoEDiscovery        // RFC 2516
	L2PPPoE                 // RFC 2516 session
	L2MPLS                  // RFC 3032
	L2LACP                  // IEEE 802.1AX
	L2Slow                  // slow protocols other than LACP (OAM, marker, ESMC)
	L2Loopback              // Ethernet configuration test, 0x9000: keepalives of switches
	L2PTP                   // IEEE 1588
	L2CFM                   // IEEE 802.1ag
	L2AVB                   // IEEE 1722 and its registration protocols
	L2Profinet              // PROFINET real time and DCP
	L2EtherCAT              // EtherCAT
	L2GOOSE                 // IEC 61850 GOOSE, management and sampled values
	L2HomePlug              // power-line adapters
	L2IEEE1905              // home network topology
	L2RRCP                  // Realtek remote control and loop detection
	L2WakeOnLAN             // magic packets
	L2FCoE                  // Fibre Channel over Ethernet and its initialisation
	L2AoE                   // ATA over Ethernet
	L2IPX                   // Novell, by EtherType, raw or LLC
	L2AppleTalk             // AppleTalk and its address resolution
	L2DECnet                // DEC protocols
	L2NetBEUI               // NetBIOS frames over LLC
	L2ISIS                  // OSI routing over LLC
	L2OtherLLC              // an 802.2 frame of another kind
	L2Other                 // an EtherType not in this list
	NumL2Kinds       = iota // not a kind: how many there are
)

// String gives the name in snake_case.
func (k L2Kind) String() string {
	if int(k) < len(l2Names) {
		return l2Names[k]
	}
	return "invalid"
}

var l2Names = [NumL2Kinds]string{
	"none", "lldp", "stp", "cdp", "vtp", "dtp", "udld", "edp", "eapol", "macsec", "pppoe_discovery", "pppoe", "mpls", "lacp", "slow",
	"loopback", "ptp", "cfm", "avb", "profinet", "ethercat", "goose", "homeplug", "ieee1905", "rrcp", "wake_on_lan", "fcoe", "aoe", "ipx",
	"appletalk", "decnet", "netbeui", "isis", "other_llc", "other",
}

// l2ByEtherType names the kind of an EtherType that carries no IP.
func l2ByEtherType(t uint16) L2Kind {
	switch t {
	case 0x88cc:
		return L2LLDP
	case 0x888e, 0x88c7:
		return L2EAPOL
	case 0x88e5:
		return L2MACsec
	case 0x8863:
		return L2PPPoEDiscovery
	case 0x9000:
		return L2Loopback
	case 0x88f7:
		return L2PTP
	case 0x8902:
		return L2CFM
	case 0x22f0, 0x22ea, 0x88f5, 0x88f6:
		return L2AVB
	case 0x8892:
		return L2Profinet
	case 0x88a4:
		return L2EtherCAT
	case 0x88b8, 0x88b9, 0x88ba:
		return L2GOOSE
	case 0x887b, 0x88e1, 0x8912:
		return L2HomePlug
	case 0x893a:
		return L2IEEE1905
	}
	return l2ByRareEtherType(t)
}

func l2ByRareEtherType(t uint16) L2Kind {
	switch t {
	case 0x8899:
		return L2RRCP
	case 0x0842:
		return L2WakeOnLAN
	case 0x8906, 0x8914:
		return L2FCoE
	case 0x88a2:
		return L2AoE
	case 0x8137, 0x8138:
		return L2IPX
	case 0x809b, 0x80f3:
		return L2AppleTalk
	case 0x6000, 0x6001, 0x6002, 0x6003, 0x6004, 0x6007:
		return L2DECnet
	}
	return L2Other
}

// l2BySNAP names the kind of a SNAP header whose organisation is a vendor's.
func l2BySNAP(oui uint32, pid uint16) L2Kind {
	switch {
	case oui == 0x00000c && pid == 0x2000:
		return L2CDP
	case oui == 0x00000c && pid == 0x2003:
		return L2VTP
	case oui == 0x00000c && pid == 0x2004:
		return L2DTP
	case oui == 0x00000c && pid == 0x010b:
		return L2STP
	case oui == 0x00000c && pid == 0x0111:
		return L2UDLD
	case oui == 0x00e02b && pid == 0x00bb:
		return L2EDP
	case oui == 0x080007 && pid == 0x809b:
		return L2AppleTalk
	}
	return L2OtherLLC
}

// l2ByLLC names the kind of an 802.2 destination access point.
func l2ByLLC(dsap byte) L2Kind {
	switch dsap {
	case 0x42:
		return L2STP
	case 0xe0:
		return L2IPX
	case 0xf0:
		return L2NetBEUI
	case 0xfe:
		return L2ISIS
	}
	return L2OtherLLC
}
