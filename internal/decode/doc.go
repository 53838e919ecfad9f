// Package decode turns bytes into layers and messages.
//
// It is stateless and total: any bytes give a result, or a named Reason (layers) or an error, a Status or a Cut flag (messages).
// Nothing panics, nothing reads beyond the slice it was given, and every depth, count and length that the bytes claim is bounded.
//
// Where to start: [Packet.Frame] reads one frame (link.go, then network.go, transport.go, neighbour.go, tunnel.go); it allocates nothing and
// the Packet is reused. [Checksum] looks at checksums when somebody asks. The closed sets (Net, Cast, L2Kind, Tunnel, Reason) are in
// kinds.go and L2Kind in l2kind.go, link types in linktype.go, addresses in addr.go.
//
// Messages are read from a contiguous prefix of a datagram or of one direction of a stream: [ParseDNS], [TLSClientHello],
// [TLSServerHello], [TLSCertificate], [ParseHTTPRequest], [ParseHTTPResponse], [ParseDHCP].
//
// What does not live here: connections, reassembly and anything else that remembers the packet before (package flow), counting
// (package sight), files and rings (package capture). Tunnels are recognised here and opened by the caller with InnerLink and InnerOffset.
package decode
