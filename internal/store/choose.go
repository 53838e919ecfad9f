package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"candor/internal/record"
)

// Bounds of cutting a question into slices.
const (
	firstSlice = 500_000 // rows looked at before asking for more
	moreSlice  = 8       // how much larger each following slice is
	perFile    = 2_000   // rows that opening a file costs as much as
	longSpan   = 48      // hours; what spans more is in every slice
)

// folder is a folder of blocks that a question may have to look into.
type folder struct {
	id      int64
	path    string
	from    int64 // hours, both included
	to      int64
	everyAt bool    // it may hold records of any time
	reach   []int64 // more hours
	rows    map[record.Kind]int
	sources int
	bad     atomic.Bool // it turned out that it cannot be read
}

func (f *folder) in(from, to int64) bool {
	return f.everyAt || f.from <= to && f.to >= from || slices.ContainsFunc(f.reach, func(h int64) bool { return h >= from && h <= to })
}

// candidates lists the folders that may hold what a filter asks for. A lease is held.
func (s *Store) candidates(ctx context.Context, tenant record.Tenant, f *Filter) ([]*folder, error) {
	first, last := hourOf(f.From), hourOf(f.To)
	rows, err := s.db.QueryContext(ctx, `SELECT id, sensor, day, name, from_ns, to_ns, wide, sources, conn, dns, tls, http, dhcp, log, alert FROM folders
		WHERE tenant = ? AND missing = '' AND (to_ns >= ? AND from_ns <= ? OR wide = 1
			OR id IN (SELECT folder FROM reach WHERE hour BETWEEN ? AND ?)) ORDER BY from_ns, id`,
		tenant, first*nanosPerHour-min(nanosPerHour, first*nanosPerHour-math.MinInt64), min(f.To, math.MaxInt64-record.Hour)+record.Hour, first, last)
	if err != nil {
		return nil, fmt.Errorf("choose blocks: %w", err)
	}
	byID := map[int64]*folder{}
	list, err := collect(rows, func(rows *sql.Rows) (*folder, error) {
		var from, to record.Time
		var sensor record.Sensor
		var day, name string
		n := make([]int, 7)
		c := &folder{rows: map[record.Kind]int{}}
		err := rows.Scan(&c.id, &sensor, &day, &name, &from, &to, &c.everyAt, &c.sources, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6])
		if len(f.Sensors) > 0 && !slices.Contains(f.Sensors, sensor) {
			return nil, err
		}
		for i, k := range record.Kinds() {
			c.rows[k] = n[i]
		}
		c.path, c.from, c.to = s.blockPath(tenant, day, name), hourOf(from), hourOf(to)
		c.everyAt = c.everyAt || c.to-c.from > longSpan
		byID[c.id] = c
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("choose blocks: %w", err)
	}
	rows, err = s.db.QueryContext(ctx, `SELECT folder, hour FROM reach JOIN folders ON id = folder WHERE tenant = ? AND hour BETWEEN ? AND ?`,
		tenant, first, last)
	if err != nil {
		return nil, fmt.Errorf("choose blocks: %w", err)
	}
	_, err = collect(rows, func(rows *sql.Rows) (struct{}, error) {
		var id, hour int64
		err := rows.Scan(&id, &hour)
		if c := byID[id]; c != nil {
			c.reach = append(c.reach, hour)
		}
		return struct{}{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("choose blocks: %w", err)
	}
	return slices.DeleteFunc(list, func(c *folder) bool { return c == nil }), nil
}

// slice is a stretch of ts that is asked for at once.
type slice struct {
	from, to record.Time // half-open
	folders  []*folder
}

// cut makes slices that together are the filter's time, in the order asked for. The first are small, so that a question which soon has
// enough looks at little and needs little memory; one that has to look at everything needs few.
func cut(f *Filter, list []*folder) []slice {
	weight := map[int64]int{}
	for _, c := range list {
		if c.everyAt {
			continue
		}
		n := 0
		for _, k := range f.Kinds {
			if c.rows[k] > 0 {
				n += c.rows[k] + perFile
			}
		}
		for h := c.from; h <= c.to; h++ {
			weight[h] += n / int(c.to-c.from+1)
		}
		for _, h := range c.reach {
			weight[h] += n / 10
		}
	}
	hours := make([]int64, 0, len(weight))
	for h := range weight {
		hours = append(hours, h)
	}
	slices.Sort(hours)
	if f.Newest {
		slices.Reverse(hours)
	}
	var out []slice
	budget, sum := firstSlice, 0
	edge := f.From // where the next slice begins, or ends if the newest come first
	if f.Newest {
		edge = f.To
	}
	for _, h := range hours {
		if sum += weight[h]; sum < budget {
			continue
		}
		next := record.Time(h+1) * record.Hour
		if f.Newest {
			next = record.Time(h) * record.Hour
		}
		if next <= f.From || next >= f.To {
			continue
		}
		out = append(out, newSlice(edge, next, list))
		edge, sum, budget = next, 0, budget*moreSlice
	}
	end := f.To
	if f.Newest {
		end = f.From
	}
	return append(out, newSlice(edge, end, list))
}

func newSlice(a, b record.Time, list []*folder) slice {
	s := slice{from: min(a, b), to: max(a, b)}
	last := hourOf(s.to - min(1, s.to-s.from))
	for _, c := range list {
		if c.in(hourOf(s.from), last) {
			s.folders = append(s.folders, c)
		}
	}
	return s
}

// ofKind are the folders with records of a kind that can still be read.
func (s *slice) ofKind(k record.Kind) []*folder {
	var out []*folder
	for _, c := range s.folders {
		if c.rows[k] > 0 && !c.bad.Load() {
			out = append(out, c)
		}
	}
	return out
}
