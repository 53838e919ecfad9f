package source_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"candor/internal/decode"
	"candor/internal/flow"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/sight"
	"candor/internal/source"
)

// perPacket reports packets per second and allocations per packet of what run does.
func perPacket(b *testing.B, run func() uint64) {
	b.Helper()
	var before, after runtime.MemStats
	packets := uint64(0)
	runtime.ReadMemStats(&before)
	for b.Loop() {
		packets += run()
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(packets)/b.Elapsed().Seconds(), "packets/s")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(packets), "allocs/packet")
}

// BenchmarkCheck is all of `candor check` but for writing the result: from a file to verdicts. BENCH_CAPTURE names the
// file; without it, the users' mix of the shared folder is read.
func BenchmarkCheck(b *testing.B) {
	shared := cmp.Or(os.Getenv("CANDOR_SHARED"), filepath.Join("..", "..", "..", "shared"))
	path := cmp.Or(os.Getenv("BENCH_CAPTURE"), filepath.Join(shared, "bench", "usermix.pcap"))
	if _, err := os.Stat(path); err != nil {
		b.Skip("no capture to measure: set BENCH_CAPTURE, or CANDOR_SHARED to the folder that holds bench/usermix.pcap")
	}
	perPacket(b, func() uint64 {
		j, err := judge.New(judge.Config{})
		if err != nil {
			b.Fatal(err)
		}
		src, err := source.Open(context.Background(), []string{path}, source.Options{Scope: j.Scope(), Flow: flow.DefaultConfig()})
		if err != nil {
			b.Fatal(err)
		}
		for {
			batch, err := src.Next(context.Background())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			j.Observe(batch)
			src.Recycle(batch)
		}
		return j.At(judge.Moment{Ended: true}).Inputs[0].Packets
	})
}

// BenchmarkQuietPackets is decode, sight and flow on packets of known connections within a minute: none completes a record.
func BenchmarkQuietPackets(b *testing.B) {
	s := sight.New(record.AssumedScope(), "", "")
	table := flow.New(flow.DefaultConfig(), s)
	var p decode.Packet
	at := start
	give := func(frame []byte) {
		at += 20_000 // two milliseconds until one comes again: no copies
		p.Frame(ethernet, frame, uint32(len(frame)))
		table.Packet(at, &p, frame, uint32(len(frame)))
	}
	const conns, packets = 64, 10_000
	var quiet [][]byte
	for i := range uint16(conns) {
		for _, f := range talk(30000+i, 0, 30) { // more segments than are looked at for a protocol
			give(f.data)
		}
		quiet = append(quiet, tcp(true, 30000+i, 16, 411, 501, 0), tcp(false, 30000+i, 16, 501, 411, 0))
	}
	all := func() uint64 {
		for i := range packets {
			give(quiet[i%len(quiet)])
		}
		return packets
	}
	all()
	perPacket(b, all)
}
