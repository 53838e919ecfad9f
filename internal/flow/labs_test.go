package flow

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"candor/internal/record"
)

// counts adds up the sight of a run for the feed as a whole.
func counts(b *record.Batch) (sum record.Counts) {
	for i := range b.Sight {
		if b.Sight[i].Segment == record.Nowhere {
			sum.Add(&b.Sight[i].Counts)
		}
	}
	return sum
}

// TestLabsLoseNothing: the taps of the labs lost no packet (LABS.md), so no acknowledgement may speak of bytes never seen, but for the taps that saw
// one direction only.
func TestLabsLoseNothing(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "data/labs"), "*.zst"))
	if err != nil || len(files) == 0 {
		t.Skipf("no captures in labs: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			n := counts(run(DefaultConfig(), readCapture(t, file)))
			t.Logf("acks %d, gaps %d, bytes %d, judged %d, one way %d", n[record.Acks], n[record.Gaps], n[record.GapBytes], n[record.TCPJudged], n[record.OneWay])
			if 10000*n[record.Gaps] > n[record.Acks] {
				t.Errorf("%d of %d acknowledgements speak of bytes never seen", n[record.Gaps], n[record.Acks])
			}
		})
	}
}

// TestLossIsMeasured takes packets out of a capture that lost none: the gaps found must be near the loss made.
func TestLossIsMeasured(t *testing.T) {
	frames := readCapture(t, shared(t, "data/labs/A-core.pcap.zst"))
	for _, loss := range []float64{0.01, 0.05, 0.2} {
		r := rand.New(rand.NewPCG(1, 2))
		var left []frame
		for _, f := range frames {
			if r.Float64() >= loss {
				left = append(left, f)
			}
		}
		n := counts(run(DefaultConfig(), left))
		share := float64(n[record.Gaps]) / float64(n[record.Acks])
		t.Logf("loss %.2f: %d acks, gaps %.4f, one way %d of %d", loss, n[record.Acks], share, n[record.OneWay], n[record.TCPJudged])
		if share < loss/3 || share > 3*loss {
			t.Errorf("%.0f %% of packets taken out, %.2f %% of acknowledgements show a gap", 100*loss, 100*share)
		}
	}
}

// TestOneDirection keeps one direction only: one way, and no gaps.
func TestOneDirection(t *testing.T) {
	var left []frame
	for _, f := range readCapture(t, shared(t, "data/labs/A-wan.pcapng.zst")) {
		if len(f.data) > 12 && f.data[11]&1 == 0 {
			left = append(left, f)
		}
	}
	macs := map[[6]byte]int{}
	frames := readCapture(t, shared(t, "data/labs/A-wan.pcapng.zst"))
	for _, f := range frames {
		macs[[6]byte(f.data[6:12])]++
	}
	for mac, count := range macs {
		left = left[:0]
		for _, f := range frames {
			if [6]byte(f.data[6:12]) == mac {
				left = append(left, f)
			}
		}
		n := counts(run(DefaultConfig(), left))
		t.Logf("card %x, %d frames: acks %d, gaps %d, one way %d of %d", mac, count, n[record.Acks], n[record.Gaps], n[record.OneWay], n[record.TCPJudged])
		if n[record.TCPJudged] < 200 || 10*n[record.OneWay] < 9*n[record.TCPJudged] || n[record.Gaps] > n[record.Acks]/100 {
			t.Errorf("card %x: %d of %d connections one way, %d gaps in %d acks", mac, n[record.OneWay], n[record.TCPJudged], n[record.Gaps], n[record.Acks])
		}
	}
}
