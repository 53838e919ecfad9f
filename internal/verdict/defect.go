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
	FeedIPv6Missing       Code = "feed.ipv6_missing"
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
