// Package flow turns packets into connection records and message records, with the fields and meanings of Zeek's conn.log,
// dns.log, ssl.log, http.log and dhcp.log.
//
// Where to start: [Table.Packet] (table.go) is the whole way of a packet: sight first, then timers (wheel.go, slots.go), the connection's entry
// (conn.go, index.go, key.go), then by protocol tcp.go with tcpstate.go and holes.go, or datagram.go. report.go writes a
// connection's records, uid.go its names, words.go their strings. talk.go holds what a connection's messages need: stream.go puts the first bytes of a direction in
// order, read.go recognises what they are, and dns.go, tls.go, quic.go, http.go, dhcp.go and dhcp6.go read them. fragments.go puts fragments together,
// tunnel.go follows what tunnels carry, back into [Table.Packet]'s way behind sight. [Table.Drain] hands out what was finished.
//
// Results depend on the packets and their times only: never on the seed of the hash, the size of the table (unless it is full), or the
// moments at which somebody drains. Everything that is kept is bounded, and what a bound drops is counted in sight.
//
// What does not live here: bytes to layers and messages (decode), what the sensor could see (sight), files and interfaces (capture, source),
// any judgement.
//
// What a tunnel carries is a connection of its own with the tunnel's uid among its parents, down to four tunnels inside of one another. Its packets and
// bytes are part of the tunnel's: volume is the sum over connections without parents.
//
// Deliberate differences from Zeek: a bad checksum never discards a packet; an originator whose data is seen while its peer is not
// stays one connection instead of falling apart after five seconds; byte-identical copies count as packets and
// nothing else; fragments are packets of their connection, and what they carry together is read once it is whole: datagrams, segments and tunnels;
// DHCPv6 exchanges stand beside those of DHCPv4.
package flow
