package store

import (
	"slices"

	"candor/internal/block"
	"candor/internal/record"
)

// maxReach bounds the hours noted of one folder; with more it counts as reaching everywhere.
const maxReach = 64

// readAtOnce bounds how many blocks on their way in are in memory.
const readAtOnce = 4

// hourOf counts hours since 1970, downwards also before it.
func hourOf(t record.Time) int64 {
	h := int64(t) / nanosPerHour
	if int64(t)%nanosPerHour < 0 {
		h--
	}
	return h
}

// kindFile is the name of a kind's file in a block.
func kindFile(k record.Kind) string { return string(k) + ".parquet" }

// reachOf lists the hours outside its own span in which records of a block begin: a connection's ts is its start, which may be days
// before the report. A block that is asked for by time is found by its span or by these. It reads the block as the fold will, with all checks: a
// reader of single columns would be quicker, but falls for files that a stranger made.
func reachOf(b *block.Block, from, to record.Time) (hours []int64, wide bool, err error) {
	seen := map[int64]bool{}
	first, last := hourOf(from), hourOf(to)
	note := func(t record.Time) {
		if h := hourOf(t); (h < first || h > last) && len(seen) <= maxReach {
			seen[h] = true
		}
	}
	for batch, err := range b.Batches() {
		if err != nil {
			return nil, false, err
		}
		times(batch, note)
	}
	for h := range seen {
		hours = append(hours, h)
	}
	slices.Sort(hours)
	if len(hours) > maxReach {
		return nil, true, nil
	}
	return hours, false, nil
}

// times calls f with the ts of every record.
func times(b *record.Batch, f func(record.Time)) {
	for i := range b.Conns {
		f(b.Conns[i].TS)
	}
	for i := range b.DNS {
		f(b.DNS[i].TS)
	}
	for i := range b.TLS {
		f(b.TLS[i].TS)
	}
	for i := range b.HTTP {
		f(b.HTTP[i].TS)
	}
	for i := range b.DHCP {
		f(b.DHCP[i].TS)
	}
	for i := range b.Logs {
		f(b.Logs[i].TS)
	}
	for i := range b.Alerts {
		f(b.Alerts[i].TS)
	}
}
