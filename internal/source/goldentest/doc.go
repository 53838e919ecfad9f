// Package goldentest writes small captures by hand, byte by byte from the public formats, for the golden tests of package source.
//
// Here: files (file.go), what lies below and around IP (link.go, tunnel.go), packets and conversations (packet.go), and the messages in
// them (dns.go, tls.go, quic.go, message.go). Not here: anything that reads. Nothing of this is part of the program; it must not import
// the packages that it helps to test, so that a mistake is not made twice.
//
// Start at [Pcap], [Pair] and [Pair.Stream]. Equal calls give equal bytes.
package goldentest
