package labnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"
)

func TestSameSeedSameBytes(t *testing.T) {
	for _, site := range sites {
		t.Run(site.name, func(t *testing.T) {
			place := site.make(1).Taps()[0]
			one, _ := listen(t, site.make(1), morning(site.make(1), 2*time.Minute), Tap{At: place})
			var all []Tap
			for _, p := range site.make(1).Taps() {
				all = append(all, Tap{At: p})
			}
			again, _ := listen(t, site.make(1), morning(site.make(1), 2*time.Minute), all...)
			if !bytes.Equal(one[0], again[0]) {
				t.Error("the same seed gave other bytes when more taps listened")
			}
			other, _ := listen(t, site.make(2), morning(site.make(2), 2*time.Minute), Tap{At: place})
			if bytes.Equal(one[0], other[0]) {
				t.Error("another seed gave the same bytes")
			}
			if len(one[0]) < 20_000 {
				t.Errorf("only %d bytes in two minutes at %s", len(one[0]), place)
			}
		})
	}
}

func TestSiteMayRunAgain(t *testing.T) {
	s := Firm(3)
	a, _ := listen(t, s, morning(s, time.Minute), Tap{At: Core})
	b, _ := listen(t, s, morning(s, time.Minute), Tap{At: Core})
	if !bytes.Equal(a[0], b[0]) {
		t.Error("a second run of the same site differs: a run changed the site")
	}
}

func TestTimesAscend(t *testing.T) {
	s := Bank(4)
	files, _ := listen(t, s, morning(s, time.Minute), Tap{At: Core}, Tap{At: Outside, Twice: true})
	for i, f := range files {
		last := int64(0)
		for k, p := range shots(t, f) {
			if p.at < last {
				t.Fatalf("tap %d: frame %d is %d us before the one in front of it", i, k, last-p.at)
			}
			last = p.at
		}
	}
}

func TestRunRefuses(t *testing.T) {
	s := Firm(1)
	span := morning(s, time.Minute)
	for name, c := range map[string]struct {
		span Span
		tap  Tap
		want error
	}{
		"empty span":    {Span{span.From, span.From}, Tap{At: Core, Out: io.Discard}, errSpan},
		"unknown place": {span, Tap{At: "roof", Out: io.Discard}, errNoPlace},
		"moved nowhere": {span, Moved(span.From, Core, "roof", io.Discard), errNoPlace},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Run(context.Background(), c.span, c.tap); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
	if _, err := s.Run(context.Background(), span, Tap{At: Core}); err == nil {
		t.Error("a tap without a writer was accepted")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Run(ctx, span); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled run gave %v", err)
	}
}

type brokenWriter struct{ left int }

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

func TestWriterErrorIsTold(t *testing.T) {
	s := Bank(1)
	if _, err := s.Run(context.Background(), morning(s, time.Minute), Tap{At: Core, Out: &brokenWriter{300_000}}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("error %v, want the writer's", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("two hours of the bank")
	}
	heap := func(d time.Duration) uint64 {
		s := Bank(5)
		if _, err := s.Run(context.Background(), morning(s, d), Tap{At: Core, Out: io.Discard}); err != nil {
			t.Fatal(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.Sys
	}
	heap(10 * time.Minute)
	if got := heap(2 * time.Hour); got > 300<<20 {
		t.Errorf("two hours took %d MB from the system", got>>20)
	}
}

func TestRhythm(t *testing.T) {
	s := Bank(6)
	count := func(day, hour int) int64 {
		from := time.Date(2026, 11, day, hour, 0, 0, 0, s.Zone())
		rep, err := s.Run(context.Background(), Span{from, from.Add(20 * time.Minute)}, Tap{At: ClientsOnly, Out: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		return rep.Taps[0].Packets
	}
	work, night, holiday, sunday := count(24, 10), count(24, 2), count(26, 10), count(29, 10)
	t.Logf("20 minutes: workday %d, night %d, holiday %d, sunday %d", work, night, holiday, sunday)
	if night*4 > work || holiday*4 > work || sunday*4 > work {
		t.Error("quiet times are not quiet")
	}
	if night == 0 {
		t.Error("the night is silent: background is missing")
	}
}

func TestSpokeAreSeenAtTheRightPlace(t *testing.T) {
	for _, site := range sites {
		t.Run(site.name, func(t *testing.T) {
			s := site.make(7)
			at := s.Taps()[0]
			if at == RoutedCore {
				at = AccessSwitch
			}
			files, rep := listen(t, s, morning(s, 10*time.Minute), Tap{At: at})
			seen := map[card]bool{}
			for _, p := range shots(t, files[0]) {
				seen[p.source()] = true
			}
			spoke, met := 0, 0
			for _, h := range rep.Spoke {
				if h.Segment == "" || h.Segment == "atm" || at == AccessSwitch && h.Segment != "readers" {
					continue
				}
				spoke++
				if seen[h.MAC] {
					met++
				}
			}
			if spoke < 30 || met*100 < spoke*95 {
				t.Errorf("%d of %d machines that spoke were seen: %s", met, spoke, describe(rep))
			}
		})
	}
}

func BenchmarkBankDay(b *testing.B) {
	s := Bank(1)
	b.ReportAllocs()
	packets := int64(0)
	for b.Loop() {
		rep, err := s.Run(context.Background(), morning(s, 30*time.Minute), Tap{At: Core, Out: io.Discard}, Tap{At: Outside, Out: io.Discard})
		if err != nil {
			b.Fatal(err)
		}
		packets += rep.Packets
	}
	b.ReportMetric(float64(packets)/b.Elapsed().Seconds(), "packets/s")
}
