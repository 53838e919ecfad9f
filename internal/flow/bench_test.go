package flow

import (
	"testing"
	"unsafe"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// BenchmarkTable is decode, sight and flow together over a mix of applications; packets per second are reported.
func BenchmarkTable(b *testing.B) {
	frames := readCapture(b, shared(b, "bench/usermix.pcap"))
	b.ReportAllocs()
	b.ResetTimer()
	packets := 0
	for b.Loop() {
		cfg := DefaultConfig()
		t := New(cfg, sight.New(cfg.Scope, cfg.Sensor, cfg.Feed))
		batch := &record.Batch{}
		feed(t, frames, func(i int) {
			if i%65536 == 0 {
				t.Drain(batch)
				*batch = record.Batch{}
			}
		})
		packets += len(frames)
	}
	b.ReportMetric(float64(packets)/b.Elapsed().Seconds(), "packets/s")
}

// BenchmarkFrameAndSight is the same without flow, to see what flow costs.
func BenchmarkFrameAndSight(b *testing.B) {
	frames := readCapture(b, shared(b, "bench/usermix.pcap"))
	b.ReportAllocs()
	b.ResetTimer()
	packets := 0
	for b.Loop() {
		cfg := DefaultConfig()
		s := sight.New(cfg.Scope, cfg.Sensor, cfg.Feed)
		var p decode.Packet
		for _, f := range frames {
			p.Frame(f.link, f.data, f.wire)
			s.Frame(f.ts, &p, f.data, f.wire)
		}
		packets += len(frames)
	}
	b.ReportMetric(float64(packets)/b.Elapsed().Seconds(), "packets/s")
}

func TestConnSize(t *testing.T) {
	if n := unsafe.Sizeof(conn{}); n > 256 {
		t.Errorf("a connection's entry has %d bytes, at most 256 are allowed", n)
	}
	if n := unsafe.Sizeof(side{}); n != 64 {
		t.Errorf("one end has %d bytes, want one cache line", n)
	}
}
