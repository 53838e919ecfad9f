package record

// Carries is a set of what a witness's reports carry at all. Where a bit is missing, nothing seen means nothing: a rule that
// needs it cannot say.
type Carries uint32

// What a witness may carry. Packets carry everything but drops, which Sight.Drops tells by itself.
const (
	CarriesFrames     Carries = 1 << iota // single frames: copies, truncation, broadcast share, ARP, switch talk, checksums
	CarriesCards                          // the senders' network cards
	CarriesHops                           // hop distances
	CarriesStacks                         // shapes of SYNs
	CarriesConns                          // connections with their ends
	CarriesVolume                         // packets and bytes of connections
	CarriesDirections                     // which direction of a TCP connection was seen
	CarriesAcks                           // acknowledgements and gaps
	CarriesDrops                          // what the capture itself lost
	CarriesLookups                        // DNS messages
	CarriesTLS                            // TLS handshakes
	CarriesHTTP                           // HTTP requests
	CarriesDHCP                           // DHCP exchanges
	CarriesTunnels                        // bytes inside tunnels
	CarriesLogs                           // lines of promised logs
	CarriesAlerts                         // alerts of other tools
	carriesEnd
)

// CarriesAll is what frames show.
const CarriesAll = carriesEnd - 1

// Has reports whether all of want is carried.
func (c Carries) Has(want Carries) bool { return c&want == want }

// Names lists the names of what is carried, in the order of the constants.
func (c Carries) Names() []string {
	names := [...]string{
		"frames", "cards", "hops", "stacks", "conns", "volume", "directions", "acks", "drops", "lookups", "tls", "http", "dhcp", "tunnels", "logs", "alerts",
	}
	var out []string
	for i, n := range names {
		if c&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

// mergeCarries keeps what both carry; a sight of nothing yet takes over the other's. It is called before spans are merged.
func (s *Sight) mergeCarries(other *Sight) {
	switch {
	case other.nothing():
	case s.nothing():
		s.Carries = other.Carries
	default:
		s.Carries &= other.Carries
	}
}

// nothing reports whether no minute was merged yet.
func (s *Sight) nothing() bool { return s.Minutes == 0 && s.Span.Zero() }
