// Package ring reads frames from live interfaces: AF_PACKET sockets whose rings the kernel fills (TPACKET_V3), on Linux only.
//
// Here: opening sockets (the only moment that needs CAP_NET_RAW), taking frames out of the rings in the order of their time,
// putting back VLAN tags, counting to the packet what was read and what was lost, following an interface that goes down,
// vanishes and comes back, and the small filter language. Not here: what frames mean, and what to do when too many come.
//
// Everything but Rings.Stop belongs to one goroutine.
//
// Start at Open and Rings.Next; a ring's memory is walked in block.go, filters are compiled in filter.go.
package ring
