// Package decode turns bytes into layers and messages.
//
// It is stateless, but for two types below, and total: any bytes give a result, or a named Reason (layers) or an error, a Status or a Cut flag (messages).
// Nothing panics, nothing reads beyond the slice it was given, and every depth, count and length that the bytes claim is bounded.
//
// Where to start: [Packet.Frame] reads one frame (link.go, then network.go, transport.go, neighbour.go, tunnel.go); it allocates nothing and
// the Packet is reused. [Checksum] looks at checksums when somebody asks. The closed sets (Net, Cast, L2Kind, Tunnel, Reason) are in
// kinds.go and L2Kind in l2kind.go, link types in linktype.go, addresses in addr.go.
//
// Messages are read from a contiguous prefix of a datagram or of one direction of a stream: [ParseDNS], [TLSClientHello],
// [TLSServerHello], [TLSCertificate], [ParseHTTPRequest], [ParseHTTPResponse], [ParseDHCP], [ParseDHCP6]. QUIC is opened by [QUICInitials] and put
// together by [CryptoStream] into what [HandshakeClientHello] reads; [JA4] is the fingerprint of either hello. Of others only the outside is read:
// [ParseNTP], [ParseSNMP], [ParseLDAP], [ParseKerberos], [ParseSMB], [ParseRDP], [ParseSSHBanner], [ParseProxy], [StartTLS], [SyslogPRI]; [Recognise]
// names the protocols that nobody reads. [EncryptedDNSName] and [EncryptedDNSAddr] know the public resolvers.
//
// Two types remember packets, because putting together is decoding: [CryptoStream], and [Fragments] for IP packets that came in parts. Their owner
// keeps them, says when to forget, and bounds how many there are; each bounds itself.
//
// What does not live here: connections, reassembly of streams and anything else that remembers a connection (package flow), counting
// (package sight), files and rings (package capture). Tunnels are recognised here and opened by the caller with InnerLink and InnerOffset.
package decode
