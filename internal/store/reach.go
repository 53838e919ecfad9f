package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"

	"candor/internal/block"
	"candor/internal/record"
)

// maxReach bounds the hours noted of one folder; with more it counts as reaching everywhere.
const maxReach = 64

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
// before the report. A block that is asked for by time is found by its span or by these.
func reachOf(b *block.Block, from, to record.Time) (hours []int64, wide bool, err error) {
	seen := map[int64]bool{}
	first, last := hourOf(from), hourOf(to)
	for _, f := range b.Manifest.Files {
		if f.Kind == record.KindSight {
			continue
		}
		err := eachTime(filepath.Join(b.Dir, kindFile(f.Kind)), func(t record.Time) {
			if h := hourOf(t); (h < first || h > last) && len(seen) <= maxReach {
				seen[h] = true
			}
		})
		if err != nil {
			return nil, false, fmt.Errorf("times of its %s records: %w", f.Kind, err)
		}
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

// eachTime calls f with the ts of every row of a Parquet file. The reader is another's and the file a peer's: a panic of it is an error here.
func eachTime(path string, f func(record.Time)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %s is no Parquet file that can be read: %v", ErrDamaged, filepath.Base(path), r)
		}
	}()
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		return err
	}
	pq, err := parquet.OpenFile(file, st.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.SkipMagicBytes(false))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	leaf, ok := pq.Schema().Lookup("ts")
	if !ok {
		return fmt.Errorf("%w: it has no column ts", ErrDamaged)
	}
	for _, g := range pq.RowGroups() {
		if err := chunkTimes(g.ColumnChunks()[leaf.ColumnIndex], f); err != nil {
			return fmt.Errorf("%w: column ts: %w", ErrDamaged, err)
		}
	}
	return nil
}

func chunkTimes(c parquet.ColumnChunk, f func(record.Time)) error {
	pages := c.Pages()
	defer pages.Close()
	values := make([]parquet.Value, 1024)
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for r := page.Values(); ; {
			n, err := r.ReadValues(values)
			for _, v := range values[:n] {
				if v.Kind() == parquet.Int64 {
					f(record.Time(v.Int64()))
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
		}
		parquet.Release(page)
	}
}
