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

// TestDamageThatIsNoLoss: frames cut at 64 bytes, frames that come twice, and neighbours that changed places show no gap, and twice the frames no other
// connections.
func TestDamageThatIsNoLoss(t *testing.T) {
	frames := readCapture(t, shared(t, "data/labs/A-core.pcap.zst"))
	whole := run(DefaultConfig(), frames)
	change := map[string]func() []frame{
		"cut": func() (out []frame) {
			for _, f := range frames {
				f.data = f.data[:min(len(f.data), 64)]
				out = append(out, f)
			}
			return out
		},
		"twice": func() (out []frame) {
			for _, f := range frames {
				again := f
				again.ts += 20000
				out = append(out, f, again)
			}
			return out
		},
		"changed places": func() []frame {
			out := append([]frame(nil), frames...)
			for i := 0; i+1 < len(out); i += 5 {
				if out[i+1].ts-out[i].ts < 1e6 {
					out[i].data, out[i+1].data = out[i+1].data, out[i].data
					out[i].wire, out[i+1].wire = out[i+1].wire, out[i].wire
				}
			}
			return out
		},
	}
	for name, f := range change {
		t.Run(name, func(t *testing.T) {
			b := run(DefaultConfig(), f())
			n := counts(b)
			t.Logf("acks %d, gaps %d, judged %d, one way %d, %d connections", n[record.Acks], n[record.Gaps], n[record.TCPJudged], n[record.OneWay], n[record.Conns])
			if n[record.Gaps] > n[record.Acks]/1000 || n[record.OneWay] > 1 {
				t.Errorf("%d gaps in %d acknowledgements, %d one way", n[record.Gaps], n[record.Acks], n[record.OneWay])
			}
			if name == "twice" && (len(b.Conns) != len(whole.Conns) || len(b.DNS) != len(whole.DNS) || len(b.TLS) != len(whole.TLS)) {
				t.Errorf("%d connections, %d lookups, %d handshakes; once: %d, %d, %d", len(b.Conns), len(b.DNS), len(b.TLS), len(whole.Conns), len(whole.DNS), len(whole.TLS))
			}
		})
	}
}

// TestOneDirection keeps what one card sent: one way, and no gaps.
func TestOneDirection(t *testing.T) {
	frames := readCapture(t, shared(t, "data/labs/A-wan.pcapng.zst"))
	byCard := map[[6]byte][]frame{}
	for _, f := range frames {
		mac := [6]byte(f.data[6:12])
		byCard[mac] = append(byCard[mac], f)
	}
	for mac, left := range byCard {
		n := counts(run(DefaultConfig(), left))
		if n[record.TCPJudged] < 200 || 10*n[record.OneWay] < 9*n[record.TCPJudged] || n[record.Gaps] > n[record.Acks]/100 {
			t.Errorf("card %x: %d of %d connections one way, %d gaps in %d acks", mac, n[record.OneWay], n[record.TCPJudged], n[record.Gaps], n[record.Acks])
		}
	}
}
