package agreement

import (
	"fmt"
	"slices"

	"candor/internal/record"
)

func (c *checker) data() {
	unique(c, "data", "id", idsOf(c.Data, func(d *Data) record.Feed { return d.ID }))
	for i := range c.Data {
		path := fmt.Sprintf("data[%d]", i)
		c.knownSegments(path+".segments", c.Data[i].Segments)
		c.fits(&c.Data[i], path)
	}
}

// knownSegments checks references to segments.
func (c *checker) knownSegments(path string, ids []record.SegmentID) {
	if c.written(path) {
		if len(ids) == 0 {
			c.bad(path, "the list is empty", "at least one segment", "name segments, or leave the key out for all of them")
		}
		uniqueWords(c, path, ids)
	}
	for i, id := range ids {
		s := c.segment(id)
		where := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case s == nil:
			promised := slices.Compact(slices.Sorted(slices.Values(c.promisedSegments(""))))
			do := "name one of them, or add the segment"
			if near := nearest(string(id), texts(promised)); near != "" {
				do = "write " + near
			}
			c.bad(where, "there is no segment "+quoted(string(id)), oneOf(texts(promised)), do)
		case s.Excluded:
			c.bad(where, fmt.Sprintf("%s is excluded", id), "segments that are watched", "remove it here, or watch it")
		}
	}
}

func texts[T ~string](words []T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

// fits refuses keys that mean nothing for a kind of data: a promise that nobody can measure is none.
func (c *checker) fits(d *Data, path string) {
	only := func(key string, written bool, kinds ...DataKind) {
		if written && !contains(kinds, d.Kind) {
			c.bad(join(path, key), fmt.Sprintf("%s means nothing for data of kind %s", key, d.Kind), key+" with kind "+joinWords(kinds), "remove it, or mend the kind")
		}
	}
	only("view", d.View != "", DataDNS)
	only("source", d.Source != "", DataLog, DataAlert)
	only("match", c.written(path+".match"), DataLog, DataAlert)
	only("fields", len(d.Fields) > 0, DataLog, DataAlert)
	only("both_directions", d.BothDirections != nil, DataPackets)
	only("loss_max", d.LossMax != nil, DataPackets)
	only("snaplen", !d.Snaplen.Zero(), DataPackets)
	only("p95_event_to_searchable", !d.SearchDelay.Zero(), DataQuality)
	only("clock_skew_max", !d.ClockSkewMax.Zero(), DataQuality)
	counted := []DataKind{DataConn, DataDNS, DataDHCP, DataTLS, DataHTTP, DataLog, DataAlert}
	only("expect", d.Expect != nil, counted...)
	only("max_silence", !d.MaxSilence.Zero(), counted...)
	if d.Kind == DataQuality && d.SearchDelay.Zero() && d.ClockSkewMax.Zero() {
		c.bad(path, "no quality is promised", "p95_event_to_searchable, clock_skew_max", "write at least one of them")
	}
	if e := d.Expect; e != nil && (e.Per == PerClientHour || e.Per == PerHostDay) && c.expectedHosts(d.Segments) == 0 && !c.assumed.data {
		c.bad(path+".expect", fmt.Sprintf("nobody says how many hosts the segments of %s have", d.ID), "expected.hosts in a segment of it, or a rate per hour, minute or workday", "write hosts in the segment's expected")
	}
}

// expectedHosts sums the promised hosts of segments.
func (a *Agreement) expectedHosts(ids []record.SegmentID) int {
	n := 0
	for _, id := range ids {
		if s := a.segment(id); s != nil {
			n += s.Expected.Hosts
		}
	}
	return n
}

func (c *checker) sensors() {
	unique(c, "sensors", "id", idsOf(c.Sensors, func(s *Sensor) record.Sensor { return s.ID }))
	for i := range c.Sensors {
		s := &c.Sensors[i]
		path := fmt.Sprintf("sensors[%d]", i)
		c.knownSegments(path+".covers", s.Covers)
		uniqueWords(c, path+".vantage.accepts", s.Vantage.Accepts)
		if a := s.Accepted; a != nil && a.Coverage != nil && c.expectedHosts(s.Covers) == 0 {
			c.bad(path+".accepted.coverage", "nobody says how many hosts this sensor must see", "expected.hosts in a segment that it covers", "write hosts in the segment's expected")
		}
		if s.Vantage.Side == Outside && s.Vantage.BeforeNAT != nil && *s.Vantage.BeforeNAT {
			c.bad(path+".vantage.before_nat", "outside there are no addresses from before the translation", "false with side outside", "mend side or before_nat")
		}
		if s.Vantage.Side == Outside && !contains(s.Vantage.Accepts, AcceptOutside) {
			c.bad(path+".vantage.side", "outside the translation no host can be seen as itself", "accepts: [outside] beside it", "write accepts: [outside] when this is on purpose, else side: inside")
		}
	}
}

func (c *checker) service() {
	levels := idsOf(c.Levels, func(l *Level) string { return l.ID })
	unique(c, "levels", "id", levels)
	for i := range c.Levels {
		l := &c.Levels[i]
		path := fmt.Sprintf("levels[%d]", i)
		if l.Metric == MetricTime && l.Limit.Zero() {
			c.bad(path, "a clock without a limit promises nothing", "limit: one time, or one for each severity; or metric: availability", "write limit: 15m")
		}
		if l.Start == l.Stop {
			c.bad(path+".stop", "the clock stops at the event that starts it", "another event", "mend start or stop")
		}
	}
	unique(c, "documents", "id", idsOf(c.Documents, func(d *Document) string { return d.ID }))
	unique(c, "duties", "id", idsOf(c.Duties, func(d *Duty) string { return d.ID }))
	unique(c, "exclusions", "id", idsOf(c.Exclusions, func(x *Exclusion) string { return x.ID }))
	uniqueWords(c, "pauses", c.Pauses)
	uniqueWords(c, "detections.required", c.Detections.Required)
	c.remedies(levels)
}

func (c *checker) remedies(levels []string) {
	for i := range c.Remedies {
		m := &c.Remedies[i]
		path := fmt.Sprintf("remedies[%d]", i)
		for j, id := range m.When.LevelMissed {
			if !contains(levels, id) {
				c.bad(fmt.Sprintf("%s.when.level_missed[%d]", path, j), "there is no level "+quoted(id), oneOf(levels), "name one of them, or add the level")
			}
		}
		if len(m.When.LevelMissed) == 0 && m.When.CoverageBelow == nil {
			c.bad(path+".when", "nothing is named that must have happened", "level_missed, coverage_below", "write one of them")
		}
		if m.Credit == nil && m.Right == "" {
			c.bad(path, "nothing follows", "credit, right", "write credit: 0.05 or right: terminate_for_cause")
		}
	}
}
