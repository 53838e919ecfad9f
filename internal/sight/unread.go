package sight

import (
	"candor/internal/decode"
	"candor/internal/record"
)

// Unread names what a bound of the parsers left out of a message, or what never came whole, where no counter of its own tells it. It is counted in
// Undecodable beside the reasons of decode.
type Unread uint8

// What is not read. Each counts messages, but for those that say what else.
const (
	UnreadQUIC    Unread = iota // QUIC connections whose client hello was not read
	UnreadCert                  // certificate messages of TLS that are larger than is read
	UnreadPackets               // fragmented packets of which fragments are missing
	UnreadStreams               // directions of TCP connections with more missing than is waited for: the rest is counted, not read
	ShortDNS                    // with more questions or records than are kept
	ShortHello                  // client hellos with longer lists than are kept
	ShortCert                   // certificates with more names, or longer chains, than are kept
	ShortHTTP                   // heads with more headers of proxies than are kept
	ShortDHCP                   // with more options, addresses or relays than are read; exchanges with more messages than are kept
	ShortParents                // connections inside more tunnels than are named
	NumUnreads    = iota        // not one of them: how many there are
)

// String gives the name in snake_case.
func (u Unread) String() string {
	if int(u) < len(unreadNames) {
		return unreadNames[u]
	}
	return "invalid"
}

var unreadNames = [NumUnreads]string{
	"quic_hello_unread", "certificate_unread", "fragments_missing", "stream_given_up", "dns_shortened", "hello_shortened", "certificate_shortened",
	"http_shortened", "dhcp_shortened", "tunnels_shortened",
}

// Undecoded counts a packet, put together from its fragments, that could not be decoded to its end.
func (b *Builder) Undecoded(ts record.Time, r decode.Reason) {
	b.advance(ts)
	b.reasons[r]++
}

// Unread counts n of what was not read.
func (b *Builder) Unread(ts record.Time, what Unread, n uint64) {
	b.advance(ts)
	b.unread[what] += n
}
