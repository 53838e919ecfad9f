package source_test

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/record"
)

// TestRealCaptures: of real stacks too, records and sight do not depend on the size of batches or on the number of cores, and every frame is accounted for.
func TestRealCaptures(t *testing.T) {
	labs := filepath.Join(cmp.Or(os.Getenv("CANDOR_SHARED"), filepath.Join("..", "..", "..", "shared")), "data", "labs")
	for _, name := range []string{"A-plain.pcap.zst", "F-acc1.pcap.zst", "D-b1wan.pcapng.zst"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(labs, name)
			if _, err := os.Stat(path); err != nil {
				t.Skip("no captures of real networks here: set CANDOR_SHARED to the folder that holds them")
			}
			want := total(read(t, options(), path))
			in, s := want.Inputs[0], whole(want)
			if in.Packets == 0 || in.Stopped != nil || s.Counts[record.Frames] != in.Packets || s.Counts[record.FrameBytes] != in.Bytes {
				t.Errorf("input %+v, %d frames, %d bytes in sight", in, s.Counts[record.Frames], s.Counts[record.FrameBytes])
			}
			opts := options()
			opts.BatchFrames, opts.Cores = 777, 2
			got := total(read(t, opts, path))
			diff := gocmp.Diff(want, got, addresses, cmpopts.EquateEmpty(), gocmp.AllowUnexported(record.Sketch{}), cmpopts.IgnoreFields(record.Batch{}, "Inputs"))
			if diff != "" {
				t.Errorf("-want +got:\n%.4000s", diff)
			}
			t.Logf("drops %+v, %d minutes, %d copies, %d back", s.Drops, s.Minutes, s.Counts[record.Copies], s.Counts[record.ClockBack])
		})
	}
}
