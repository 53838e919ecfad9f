package detect

import (
	"net/netip"

	"candor/internal/record"
	"candor/internal/verdict"
)

// Detector folds records into findings. It is not safe for concurrent use.
type Detector interface {
	// Kinds lists the kinds of finding it makes, as verdict.Finding.Kind names them.
	Kinds() []string
	// Needs lists the kinds of record it cannot work without.
	Needs() []record.Kind
	// Observe folds a slice. Nothing of the slice may be kept but what is cloned; times never go back by more than Lateness.
	Observe(s *Slice)
	// Findings lists what it sees at a time, explained ones too, in a fixed order. Asking changes nothing.
	Findings(at record.Time) []verdict.Finding
	// Lost counts the keys (hosts, pairs, domains) that its bounds let go of: what they did cannot be ruled out.
	Lost() uint64
}

// Slice is what became ready to be looked at: connections in the order in which they began, messages and log lines in the
// order in which they were reported.
type Slice struct {
	Net     *Net
	Now     record.Time // no event of a later slice begins before Now, but for reports that come later than Lateness
	Events  []Event     // connections seen for the first time
	Updates []Event     // later reports of connections told of before: sizes are differences, Duration is from the start
	DNS     []record.DNS
	HTTP    []record.HTTP
	TLS     []record.TLS
	Logs    []record.Log
	Alerts  []record.Alert
}

// Place says on which side of the agreement's border an address is.
type Place uint8

// The places.
const (
	Outside   Place = iota // a routable address that is nobody's here
	Inside                 // a promised segment; without an agreement, a private address
	OwnPublic              // one of the customer's addresses after translation
	Link                   // multicast, broadcast, link-local: this network's own murmur
)

// Resolution says whether an address was named by an answer that the address's client (or anybody) got before it connected.
type Resolution uint8

// The resolutions.
const (
	NoDNSInSight Resolution = iota // no answers were seen at all, so nothing follows
	Unresolved                     // answers were seen, none with this address
	Resolved
)

// Event is a connection with what its messages said. Its strings are valid while the slice is; clone what is kept.
type Event struct {
	TS       record.Time // first packet
	Duration record.Time
	UID      string
	Feed     record.Feed
	Host     record.Host // which machine opened it, when known beyond the address

	Orig, Resp           netip.Addr
	OrigPort, RespPort   uint16 // ICMP: type and code
	OrigPlace, RespPlace Place
	Proto                uint8
	Report               int  // 0 for the first
	Final                bool // ended or timed out
	Inbound              bool // somebody outside calls one of ours, as far as anybody can tell
	Answered             bool // the responder sent something other than a refusal
	Reported             bool // made of a message alone: sizes and state are lacking

	Service   string // the first that was confirmed: ssl, http, dns, ...
	State     string // conn_state
	OrigBytes uint64
	RespBytes uint64
	OrigPkts  uint64
	RespPkts  uint64

	Name       string // SNI, else Host, lower case, as said; empty: none was said
	Domain     string // registered domain of Name; interned, may be kept
	JA4        string
	Agent      string // user agent
	TLS        bool   // a client hello or server hello was seen
	SelfSigned bool
	CertFrom   record.Time // the certificate's first day; 0 unknown
	Resolution Resolution
}

// Key is the machine that opened the connection: its id where one is known, else its address.
func (e *Event) Key() string {
	if e.Host != "" {
		return string(e.Host)
	}
	return e.Orig.String()
}

// Lateness is how much later than its first packet a connection may be reported and still be put in its place: an open one is told of
// after a minute at the latest, and shorter ones end before.
const Lateness = 75 * record.Time(1e9)
