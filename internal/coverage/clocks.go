package coverage

import (
	"slices"
	"strings"
	"time"

	"candor/internal/record"
)

// Clock holds the time stamps of one witness against those of another, by connections that both report.
type Clock struct {
	Feed   record.Feed   // whose clock is asked about
	Beside record.Feed   // whose clock it is held against
	Log    bool          // Feed is a log: its lines name connections, and are written some time after these began
	Apart  []record.Time // of each such connection that began in the stretch, by Beside: when by Feed less when by Beside
}

// Connections of the evidence that two clocks need at least, and how their differences are read.
const (
	skewLeastConns = 50               // DESIGN.md 4
	skewLimit      = 2 * time.Second  // without an agreed one (DESIGN.md 4)
	skewWellBelow  = 0.5              // of the limit: says no
	skewSame       = 2.0 / 3          // of the differences must lie around the median, else no clock explains them
	logDelay       = time.Minute      // a line may be written so much after what it tells of began
	halfHour       = 30 * time.Minute // time zones differ by whole ones, but for two
	zoneSlack      = time.Minute
)

// joinClocks adds the differences of another stretch.
func (e *Evidence) joinClocks(o *Evidence) {
	for i := range o.Clocks {
		c := &o.Clocks[i]
		at, known := slices.BinarySearchFunc(e.Clocks, c.Feed, func(c Clock, f record.Feed) int { return strings.Compare(string(c.Feed), string(f)) })
		if !known {
			own := *c
			own.Apart = slices.Clone(c.Apart)
			e.Clocks = slices.Insert(e.Clocks, at, own)
			continue
		}
		e.Clocks[at].Apart = append(e.Clocks[at].Apart, c.Apart...)
	}
}

// clock is how the clock of a feed compares; nil when it was held against none.
func (e *Evidence) clock(feed string) *Clock {
	for i := range e.Clocks {
		if c := &e.Clocks[i]; string(c.Feed) == feed {
			return c
		}
	}
	return nil
}

// median is the middle of the differences, and the share of them that lie around it, within a distance. There must be one.
func (c *Clock) median(around time.Duration) (middle time.Duration, same float64) {
	sorted := slices.Clone(c.Apart)
	slices.Sort(sorted)
	m := sorted[len(sorted)/2]
	n := 0
	for _, d := range sorted {
		if d >= m-record.Time(around) && d <= m+record.Time(around) {
			n++
		}
	}
	return time.Duration(m), float64(n) / float64(len(sorted))
}

// skewMax is by how much clocks may differ: the agreed limit, the strictest of several.
func (t *Terms) skewMax() time.Duration {
	limit := time.Duration(0)
	if t.Agreement != nil {
		for i := range t.Agreement.Data {
			if d := t.Agreement.Data[i].ClockSkewMax.Duration(); d > 0 && (limit == 0 || d < limit) {
				limit = d
			}
		}
	}
	if limit == 0 {
		return skewLimit
	}
	return limit
}

// zoneLike reports whether a difference is a whole number of half hours, as between time zones.
func zoneLike(d time.Duration) bool {
	d = d.Abs()
	return d >= halfHour-zoneSlack && (d+zoneSlack)%halfHour <= 2*zoneSlack
}

// feedWords names a witness: the packets of a check have no name of their own.
func feedWords(f record.Feed) string {
	if f == "" {
		return "the packets"
	}
	return string(f)
}
