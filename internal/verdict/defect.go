package verdict

// Code is the stable name of a kind of blindness (DESIGN.md 4).
type Code string

// The defect codes that can be judged now, in the order in which they are listed.
const (
	VantageOutside        Code = "vantage.outside"
	VantageUnmirroredPort Code = "vantage.unmirrored_port"
	VantageManagementPort Code = "vantage.management_port"
	VantageAfterProxy     Code = "vantage.after_proxy"
	FeedOneWay            Code = "feed.one_way"
	FeedAsymmetric        Code = "feed.asymmetric"
	FeedLoss              Code = "feed.loss"
	FeedDuplicated        Code = "feed.duplicated"
	FeedTruncated         Code = "feed.truncated"
	FeedTunnelOnly        Code = "feed.tunnel_only"
	FeedIPv6Missing       Code = "feed.ipv6_missing"
	TrafficInconsistent   Code = "traffic.inconsistent"
	FeedDead              Code = "feed.dead"
	ClockSkew             Code = "clock.skew"
	SegmentMissing        Code = "segment.missing"
	DirectionMissing      Code = "direction.missing"
	KindMissing           Code = "kind.missing"
	VolumeLow             Code = "volume.low"
	HostsCountedTwice     Code = "hosts.counted_twice"
	InputDamaged          Code = "input.damaged"
	InputUnread           Code = "input.unread"
	StateEvicted          Code = "state.evicted"
	CaptureDrops          Code = "capture.drops"
	DetectorNotBuilt      Code = "detector.not_built"
	IntelStale            Code = "intel.stale"
	HistoryShort          Code = "history.short"
	DNSEncrypted          Code = "dns.encrypted"
)

// OnlyLimits reports whether a defect of this code only limits answers and never makes `candor check` exit 1.
func (c Code) OnlyLimits() bool {
	switch c {
	case DetectorNotBuilt, IntelStale, HistoryShort, DNSEncrypted:
		return true
	}
	return false
}

// Short says in a few words what a defect of this code hides; for a sentence that gives reasons.
func (d *Defect) Short() string {
	switch d.Code {
	case VantageOutside:
		return "the sensor stands outside the firewall"
	case VantageUnmirroredPort:
		return "the port gets no copy of traffic"
	case VantageManagementPort:
		return "the port carries network gear, not computers"
	case VantageAfterProxy:
		return "all visitors appear as one proxy"
	case FeedOneWay:
		return "one direction was never seen"
	case FeedAsymmetric:
		return "part of the traffic takes a second way"
	case FeedLoss:
		return "part of the traffic is missing from the copy"
	case FeedDuplicated:
		return "frames come twice"
	case FeedTruncated:
		return "frames are cut"
	case FeedTunnelOnly:
		return "the traffic is inside sealed tunnels"
	case TrafficInconsistent:
		return "some traffic contradicts itself"
	case FeedIPv6Missing:
		return "IPv6 of " + d.Subject + " was never seen"
	case FeedDead:
		return d.Subject + " does not come"
	case ClockSkew:
		return "two clocks do not agree"
	case SegmentMissing:
		return d.Subject + " is not in sight"
	case DirectionMissing:
		return d.Subject + " was never seen"
	case KindMissing:
		return d.Subject + " was never seen"
	case VolumeLow:
		return "far less traffic passes than was promised"
	case HostsCountedTwice:
		return "hosts of " + d.Subject + " have several addresses"
	case InputDamaged:
		return "an input is damaged"
	case InputUnread:
		return "part of the input cannot be read"
	case StateEvicted:
		return "there was more than fits into memory"
	case CaptureDrops:
		return "the capture itself lost packets"
	case DetectorNotBuilt:
		return "no detector is built yet"
	case IntelStale:
		return "no fresh list was given"
	case HistoryShort:
		return "there is less history than it needs"
	case DNSEncrypted:
		return "lookups of " + d.Subject + " are encrypted"
	}
	return string(d.Code)
}

// Sign is one observation with its weight in bits: log2 of how much likelier it is with the defect than without.
type Sign struct {
	Sign  string  `json:"sign"`
	Value string  `json:"value"`
	Bits  float64 `json:"bits"`
}

// Period is a stretch of time with one verdict.
type Period struct {
	From    string  `json:"from"` // RFC 3339
	To      string  `json:"to"`
	Verdict Verdict `json:"verdict"`
}

// Defect is a declared kind of blindness, judged: also when the verdict is no or cannot say.
type Defect struct {
	Code     Code     `json:"code"`
	Subject  string   `json:"subject"` // segment, data id, pair, peer group or question; empty for the sensor or its only feed
	Sensor   string   `json:"sensor"`
	Verdict  Verdict  `json:"verdict"`
	Now      Verdict  `json:"now"`
	Periods  []Period `json:"periods"`
	Accepted string   `json:"accepted"` // the word in the agreement that accepts it, else empty
	Strength Strength `json:"strength"`
	Bits     float64  `json:"bits"`
	Evidence float64  `json:"evidence"` // how much there is, in multiples of the least that the rule wants; at most 1000
	Hard     bool     `json:"hard"`     // one event is enough
	Signs    []Sign   `json:"signs"`
	Needs    string   `json:"needs"` // what is lacking and how long it should take, when the verdict is cannot say
	Words    string   `json:"words"` // for the customer
	Do       string   `json:"do"`    // what to do about it
}

// Name is the code with its subject, as blind spots are named: kind.missing:dns.
func (d *Defect) Name() string { return Name(d.Code, d.Subject) }

// Name joins a code and a subject.
func Name(c Code, subject string) string {
	if subject == "" {
		return string(c)
	}
	return string(c) + ":" + subject
}
