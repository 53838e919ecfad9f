// Package labnet makes imaginary networks and their packets: sites with clients, servers, switches, routers, a translating
// firewall and an Internet, whose traffic can be written as pcap from any place where a sensor could stand. It exists so that
// stories, tests, evaluations, the demo and benchmarks know the truth about what they look at.
//
// Everything follows from a site's seed and the span asked for: the same two give the same bytes, whichever taps listen.
// Packets are made in time order, with bounded memory, and pass each link they would pass in reality, with the cards' addresses,
// the remaining hop limit, the translation and the VLAN of that link. The seed changes details (addresses, stacks, names, who is
// ill today), never the truth.
//
// Here: sites (bank.go, firm.go, campus.go, ...), people's rhythm (rhythm.go), what machines say (talk_*.go), the messages
// they say it in (wire_*.go), connections (tcp.go), places to listen (place.go, tap.go), what is true there (truth.go) and the
// agreement each site would sign (agreement.go). Not here: any decoding of packets, any judgement. It must not import decode,
// because it is the other side of that proof.
//
// Start at Site and Run, then bank.go; a new site copies firm.go.
package labnet
