package agreement

import (
	"fmt"
	"math"
	"time"

	"candor/internal/record"
)

// PromiseKind is what a promise is about: one kind for each measurable line of an agreement.
type PromiseKind string

// The kinds of promises. Beside each, its place and the fields of Promise that carry its numbers.
const (
	SeenIn24h       PromiseKind = "seen_24h"        // segments/ID/min_seen_24h: Segment, Hosts, Ratio, Limit
	SeenIn7d        PromiseKind = "seen_7d"         // segments/ID/min_seen_7d: Segment, Hosts, Ratio, Limit
	ActiveOnWorkday PromiseKind = "active_workday"  // segments/ID/active_workday: Segment, Hosts, Ratio
	CriticalUnseen  PromiseKind = "critical_unseen" // critical/ID/max_unseen: Critical, Segment, Limit
	DirectionSeen   PromiseKind = "direction"       // directions/PAIR: Pair
	VolumeFloor     PromiseKind = "volume_floor"    // volume/floor_gb_per_workday: Number in GB
	VolumeCompared  PromiseKind = "volume_compared" // volume/compare_with: Ratio
	EventsDue       PromiseKind = "events"          // data/ID/expect: Data, Number (the rate)
	BothDirections  PromiseKind = "both_directions" // data/ID/both_directions: Data, Ratio
	LossAtMost      PromiseKind = "loss"            // data/ID/loss_max: Data, Ratio
	PacketsWhole    PromiseKind = "snaplen"         // data/ID/snaplen: Data, Number in bytes, 0 for whole packets
	SilenceAtMost   PromiseKind = "silence"         // data/ID/max_silence: Data, Limit, WorkingHours
	FieldsThere     PromiseKind = "fields"          // data/ID/fields: Data
	Retained        PromiseKind = "retain"          // data/ID/retain: Data, Limit
	SearchDelay     PromiseKind = "search_delay"    // data/ID/p95_event_to_searchable: Data, Limit
	ClockSkew       PromiseKind = "clock_skew"      // data/ID/clock_skew_max: Data, Limit
	StandsAt        PromiseKind = "vantage"         // sensors/ID/vantage: Sensor, Side
	CoverageReached PromiseKind = "coverage"        // sensors/ID/accepted/coverage: Sensor, Ratio, Hosts
	DrillArrived    PromiseKind = "drill"           // sensors/ID/accepted/drill: Sensor
	Buffered        PromiseKind = "buffer"          // sensors/ID/buffer: Sensor, Limit
	LevelHeld       PromiseKind = "level"           // levels/ID: Limit, Ratio
)

// Promise is one line of the agreement that can be kept or broken. Fields that mean nothing for its Kind are zero.
type Promise struct {
	ID       string // its place without scope/: segments/dc-servers/min_seen_24h
	Clause   string // where the contract says so; may be empty
	Kind     PromiseKind
	Text     string // what is promised, in one sentence
	Promised string // the same for a table: "119 hosts", "1 % lost"

	Segment  record.SegmentID
	Data     record.Feed
	Sensor   record.Sensor
	Critical *Critical
	Pair     Pair
	Side     VantageSide
	Ratio    float64
	Number   float64
	Hosts    int           // hosts due, rounded up
	Limit    time.Duration // a month counted as 30 days

	WorkingHours bool // only working hours count against Limit

	// MeasurableHere is false for what no check of this sensor's packets and logs can measure however long it runs; Why
	// says why. A log that is promised can be measured when it is handed over: NeedsFeed names it, empty for packets.
	MeasurableHere bool
	Why            string
	NeedsFeed      record.Feed
	Default        bool // not written in the file: taken by default
}

// promiser collects the promises as one sensor stands to them.
type promiser struct {
	*Agreement
	own  *Sensor // nil: no sensor was named and there are several
	list []Promise
}

// Promises lists every promise in a stable order: segments, critical hosts, directions, volume, data, sensors, levels,
// each in the order of the file. The id says whose sight they are held against: an empty one means the only sensor, or
// with several sensors all of them together.
func (a *Agreement) Promises(id record.Sensor) []Promise {
	p := &promiser{Agreement: a, own: a.sensor(id)}
	if id == "" && len(a.Sensors) == 1 {
		p.own = &a.Sensors[0]
	}
	p.segments()
	p.critical()
	p.directions()
	p.volume()
	for i := range a.Data {
		p.data(&a.Data[i])
	}
	for i := range a.Sensors {
		p.sensor(&a.Sensors[i])
	}
	for i := range a.Levels {
		p.level(&a.Levels[i])
	}
	return p.list
}

// add appends a promise; why is empty when it can be measured here.
func (p *promiser) add(one Promise, why string) {
	one.MeasurableHere, one.Why = why == "", why
	if why != "" {
		one.NeedsFeed = ""
	}
	p.list = append(p.list, one)
}

// uncovered says why none of these segments is measured here; empty when at least one is covered.
func (p *promiser) uncovered(ids ...record.SegmentID) string {
	if p.own == nil || sharesAny(ids, p.own.Covers) {
		return ""
	}
	return "not covered by sensor " + string(p.own.ID)
}

func firstOf(clauses ...string) string {
	for _, c := range clauses {
		if c != "" {
			return c
		}
	}
	return ""
}

// hostsDue rounds up a share of hosts.
func hostsDue(hosts int, share Ratio) int {
	return int(math.Ceil(float64(hosts)*float64(share) - 1e-9))
}

func (p *promiser) segments() {
	for i := range p.Watched.Segments {
		s := &p.Watched.Segments[i]
		if s.Excluded {
			continue
		}
		add := func(kind PromiseKind, key string, share *Ratio, limit time.Duration, tail, text string) {
			if share == nil {
				return
			}
			due := hostsDue(s.Expected.Hosts, *share)
			p.add(Promise{
				ID: fmt.Sprintf("segments/%s/%s", s.ID, key), Clause: firstOf(s.Expected.Clause, s.Clause), Kind: kind,
				Text:     fmt.Sprintf("At least %d of the %d hosts of %s are %s.", due, s.Expected.Hosts, s.ID, text),
				Promised: fmt.Sprintf("%d hosts%s", due, tail), Segment: s.ID, Ratio: float64(*share), Hosts: due, Limit: limit,
			}, p.uncovered(s.ID))
		}
		const day = 24 * time.Hour
		add(SeenIn24h, "min_seen_24h", s.Expected.MinSeen24h, day, "", "seen directly within any 24 hours")
		add(SeenIn7d, "min_seen_7d", s.Expected.MinSeen7d, 7*day, " in 7 d", "seen directly within any 7 days")
		add(ActiveOnWorkday, "active_workday", s.Expected.ActiveWorkday, 0, "", "seen directly on each workday")
	}
}

func (p *promiser) critical() {
	scope := p.scope()
	for i := range p.Watched.Critical {
		k := &p.Watched.Critical[i]
		segment := scope.Locate(k.Address)
		p.add(Promise{
			ID: "critical/" + k.ID + "/max_unseen", Clause: k.Clause, Kind: CriticalUnseen,
			Text:     fmt.Sprintf("Host %s, %s, is never out of sight for longer than %s.", k.ID, k.Address, k.MaxUnseen.Words()),
			Promised: k.MaxUnseen.Words(), Critical: k, Segment: segment, Limit: k.MaxUnseen.Duration(),
		}, p.uncovered(segment))
	}
}

func (p *promiser) directions() {
	for _, pair := range p.Watched.Directions {
		var ids []record.SegmentID
		for _, kind := range pair.Kinds() {
			ids = append(ids, p.promisedSegments(kind)...)
		}
		p.add(Promise{
			ID: "directions/" + string(pair), Clause: p.Watched.Clause, Kind: DirectionSeen,
			Text:     "Traffic " + pair.Words() + " is in sight.",
			Promised: "in sight", Pair: pair, Default: p.assumed.directions,
		}, p.uncovered(ids...))
	}
}

// Words is the pair in words: "between clients and the Internet", "among servers".
func (p Pair) Words() string {
	kinds := p.Kinds()
	switch {
	case len(kinds) == 2:
		return fmt.Sprintf("between %s and %s", kinds[0], kinds[1])
	case len(kinds) == 1 && p.Internet():
		return fmt.Sprintf("between %s and the Internet", places(kinds[0]))
	case len(kinds) == 1:
		return "among " + places(kinds[0])
	}
	return string(p)
}

func places(kind record.SegmentKind) string {
	if kind == record.Special {
		return "special segments"
	}
	return string(kind)
}

func (p *promiser) volume() {
	v := p.Watched.Volume
	if v == nil {
		return
	}
	if v.FloorGB > 0 {
		why := ""
		if p.own != nil && !coversAll(p.own.Covers, p.promisedSegments("")) {
			why = fmt.Sprintf("promised for all segments together; sensor %s covers only a part", p.own.ID)
		}
		p.add(Promise{
			ID: "volume/floor_gb_per_workday", Clause: v.Clause, Kind: VolumeFloor, Number: v.FloorGB,
			Text:     fmt.Sprintf("At least %s GB are seen on a workday.", number(v.FloorGB)),
			Promised: number(v.FloorGB) + " GB",
		}, why)
	}
	if k := v.CompareWith; k != nil {
		p.add(Promise{
			ID: "volume/compare_with", Clause: firstOf(k.Clause, v.Clause), Kind: VolumeCompared, Ratio: float64(k.Tolerance),
			Text:     fmt.Sprintf("The volume agrees with the counters of %s (%s) within %s.", firstOf(k.Device, "the other device"), k.Kind, k.Tolerance.Words()),
			Promised: "within " + k.Tolerance.Words(),
		}, "the counters of the other device are not in a capture")
	}
}

func coversAll(covers, ids []record.SegmentID) bool {
	for _, id := range ids {
		if !contains(covers, id) {
			return false
		}
	}
	return true
}
