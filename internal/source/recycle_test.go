package source_test

import (
	"errors"
	"io"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/record"
	"candor/internal/source"
)

// TestRecycledBatchesChangeNothing: records are put where those of an earlier batch were, and of connections that are open at
// the end, no batch holds more than it may hold frames.
func TestRecycledBatchesChangeNothing(t *testing.T) {
	const conns, most = 40, 16
	var frames []timed
	for i := range conns {
		frames = append(frames, talk(uint16(40000+i), record.Time(i)*1e6, 3)...)
	}
	slices.SortStableFunc(frames, func(a, b timed) int { return int(a.at - b.at) })
	path := files(t, pcap(ethernet, frames...))[0]
	opts := options()
	want := total(read(t, opts, path)).Conns
	opts.BatchFrames = most
	s, err := source.Open(t.Context(), []string{path}, opts)
	if err != nil {
		t.Fatal(err)
	}
	var got []record.Conn
	for {
		b, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Conns) > most {
			t.Errorf("batch %d has %d connections, want at most %d", b.ID.Sequence, len(b.Conns), most)
		}
		got = append(got, b.Conns...)
		s.Recycle(b)
		if b.Rows() != len(b.Sight) {
			t.Errorf("a batch that was given back still has %d records", b.Rows()-len(b.Sight))
		}
	}
	if diff := gocmp.Diff(want, got, addresses, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got:\n%.3000s", diff)
	}
	if len(got) < conns {
		t.Errorf("%d reports of %d connections", len(got), conns)
	}
}
