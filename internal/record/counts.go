package record

// Count names one counter of a Sight.
type Count uint8

// The counters. All of them add up when sights are merged. Packets are IP packets; bytes are lengths by IP headers.
const (
	Frames          Count = iota // every frame read, copies included
	Copies                       // byte-identical frame again within 2 ms
	Truncated                    // frames cut before their own headers say they end
	FrameBytes                   // captured bytes
	Packets                      // IP packets, copies counted once
	Bytes                        // IP header lengths, copies counted once
	Packets4                     // IPv4
	Packets6                     // IPv6 without neighbour discovery
	Inside4                      // IPv4 packets with an address of a promised segment
	Inside6                      // IPv6 packets with an address of a promised segment
	Public4                      // IPv4 packets with one of the own public addresses
	Public6                      // IPv6 packets with one of the own public addresses
	Foreign4                     // IPv4 packets with a private address that no segment names
	Transit4                     // IPv4 packets with no address of ours at all, multicast left out
	Unicast                      // frames
	Broadcast                    // frames
	Multicast                    // frames
	OwnFrames                    // unicast frames to or from the capturing machine itself, where the capture says so (cooked)
	ARPFrames                    //
	ARPInside                    // ARP senders inside a promised segment
	ARPOther                     // ARP senders elsewhere
	Announced                    // mDNS, LLMNR, NBNS, SSDP, DHCP client frames: hosts speaking to their own link
	SwitchTalk                   // LLDP, STP, CDP, LACP
	Neighbour                    // IPv6 neighbour discovery (solicitation, advertisement) with a routable target
	RouterAdverts                // IPv6 router advertisements
	StrangeAdverts               // of these: with a prefix that no segment names
	MgmtPackets                  // SNMP, syslog, SSH, NTP, RADIUS, TACACS, NetFlow, TFTP, IPMI, telnet
	InternetPackets              // unicast packets with an Internet address
	UserPackets                  // packets of neither management nor announcements
	SealedBytes                  // bytes inside ESP, WireGuard, OpenVPN: no inner address
	TunnelBytes                  // bytes inside tunnels that can be opened
	Conns                        // connections begun
	ConnsTCP                     //
	ConnsUnanswered              // toward own public or inside addresses from the Internet, never answered
	TCPJudged                    // TCP connections of at least 3 packets with an acknowledgement
	OneWay                       // of these: acknowledged bytes of one side were never seen at all
	Acks                         // acknowledgements that could be checked
	Gaps                         // acknowledgements of bytes that were never seen
	GapBytes                     //
	HolesForgotten               // connections with more holes than are remembered: their gaps are counted too low
	DNSQueries                   // segment: lookups by its hosts to a resolver. Feed: all unicast lookups
	DNSReplies                   //
	DNSOutward                   // lookups toward the Internet by own public addresses or resolvers
	AAAA                         // lookups for IPv6 addresses
	DNSEncrypted                 // connections to DNS over TLS, HTTPS or QUIC
	MessagesDNS                  // records of kind dns, and so on
	MessagesTLS                  //
	MessagesHTTP                 //
	MessagesDHCP                 //
	LogLines                     //
	AlertLines                   //
	HTTPRequests                 //
	HTTPProxied                  // requests with Via or X-Forwarded-For
	ThroughProxy                 // segment: requests of its hosts that ask a proxy to go outward (CONNECT, absolute URI)
	DHCPLeases                   // leases given (ACK)
	ChecksumGood                 //
	ChecksumBad                  //
	ChecksumOffload              // unfinished on purpose: the sending machine was captured before its card
	Fragments                    //
	ClockBack                    // frames older than the newest before them by more than a second
	EvictedConns                 // connections let go because the table was full
	OverBudget                   // messages not read because a budget was used up
	DamagedInputs                // files whose structure is broken
	UnreadFrames                 // frames of a link type that cannot be read
	Inconsistent                 // connections with overlapping data that disagrees
	countsEnd
)

// NumCounts is the number of counters.
const NumCounts = int(countsEnd)

// Counts holds every counter of a Sight.
type Counts [NumCounts]uint64

// Add adds other to c.
func (c *Counts) Add(other *Counts) {
	for i := range c {
		c[i] += other[i]
	}
}
