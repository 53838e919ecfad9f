package source_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/record"
)

// TestManyEndAtOnce: connections that began in one second end in one second too, between two frames. No batch then holds many more records than it
// may hold frames, and what is told is the same.
func TestManyEndAtOnce(t *testing.T) {
	const conns, most = 700, 16
	var frames []timed
	for i := range conns { // SYNs without answer: due after five seconds, all of them together
		frames = append(frames, timed{record.Time(i) * 1e3, tcp(true, uint16(10000+i), 2, 100, 0, 0)})
	}
	late := append(frames[:conns:conns], timed{20e9, tcp(true, 9, 2, 100, 0, 0)}, timed{21e9, tcp(true, 10, 2, 100, 0, 0)})
	for name, frames := range map[string][]timed{"a frame follows": late, "nothing follows": frames} {
		t.Run(name, func(t *testing.T) {
			path := files(t, pcap(ethernet, frames...))[0]
			opts := options()
			want := total(read(t, opts, path))
			opts.BatchFrames = most
			batches := read(t, opts, path)
			for _, b := range batches {
				if len(b.Conns) > 2*most {
					t.Errorf("batch %d has %d connections, want at most %d", b.ID.Sequence, len(b.Conns), 2*most)
				}
			}
			got := total(batches)
			if diff := gocmp.Diff(want.Conns, got.Conns, addresses, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("connections (-whole +cut):\n%.3000s", diff)
			}
			if diff := gocmp.Diff(want.Sight, got.Sight, addresses, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("sight (-whole +cut):\n%.3000s", diff)
			}
			if len(got.Conns) != len(frames) {
				t.Errorf("%d connections, want %d", len(got.Conns), len(frames))
			}
		})
	}
}
