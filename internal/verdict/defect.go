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
	SensorSilent          Code = "sensor.silent"
	RecordGap             Code = "record.gap"
	StoreMissing          Code = "store.missing"
	SensorShed            Code = "sensor.shed"
	FeedSampled           Code = "feed.sampled"
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
	case FeedIPv6Missing:
		return "IPv6 of " + d.Subject + " was never seen"
	case FeedDead:
		return d.Subject + " does not come"
	case SegmentMissing:
		return d.Subject + " is not in sight"
	case DirectionMissing, KindMissing:
		return d.Subject + " was never seen"
	case HostsCountedTwice:
		return "hosts of " + d.Subject + " have several addresses"
	case DNSEncrypted:
		return "lookups of " + d.Subject + " are encrypted"
	}
	if words, ok := shorts[d.Code]; ok {
		return words
	}
	return string(d.Code)
}

// shorts is a table that is never written.
var shorts = map[Code]string{
	VantageOutside:        "the sensor stands outside the firewall",
	VantageUnmirroredPort: "the port gets no copy of traffic",
	VantageManagementPort: "the port carries network gear, not computers",
	VantageAfterProxy:     "all visitors appear as one proxy",
	FeedOneWay:            "one direction was never seen",
	FeedAsymmetric:        "part of the traffic takes a second way",
	FeedLoss:              "part of the traffic is missing from the copy",
	FeedDuplicated:        "frames come twice",
	FeedTruncated:         "frames are cut",
	FeedTunnelOnly:        "the traffic is inside sealed tunnels",
	TrafficInconsistent:   "some traffic contradicts itself",
	ClockSkew:             "two clocks do not agree",
	VolumeLow:             "far less traffic passes than was promised",
	InputDamaged:          "an input is damaged",
	InputUnread:           "part of the input cannot be read",
	StateEvicted:          "there was more than fits into memory",
	CaptureDrops:          "the capture itself lost packets",
	DetectorNotBuilt:      "no detector is built yet",
	IntelStale:            "no fresh list was given",
	HistoryShort:          "there is less history than it needs",
	SensorSilent:          "the sensor was silent",
	RecordGap:             "records of some time are missing",
	StoreMissing:          "stored records cannot be read any more",
	SensorShed:            "the sensor had more to read than it could, and left connections out",
	FeedSampled:           "only a sample of the traffic is reported",
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
