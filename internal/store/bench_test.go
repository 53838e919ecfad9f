package store

import (
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/sync/errgroup"

	"candor/internal/block"
	"candor/internal/record"
)

// BenchmarkPut takes in blocks of 100 connections, so many at once; sealing them is not measured.
func BenchmarkPut(b *testing.B) {
	for _, together := range []int{1, 16} {
		b.Run(fmt.Sprintf("together=%d", together), func(b *testing.B) {
			s, _ := openTest(b)
			blocks := make([]*block.Block, b.N)
			for i := range blocks {
				blocks[i] = sealed(b, s, "bank", batch("hq", 1, uint64(i+1), midday+record.Time(i)*5e9, 100))
			}
			var g errgroup.Group
			g.SetLimit(together)
			b.ResetTimer()
			for _, x := range blocks {
				g.Go(func() error {
					_, err := s.Put(b.Context(), "bank", x)
					return err
				})
			}
			if err := g.Wait(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "blocks/s")
		})
	}
}

// BenchmarkReach reads the times of a block of 60,000 connections, which Put does.
func BenchmarkReach(b *testing.B) {
	s, _ := openTest(b)
	x := sealed(b, s, "bank", batch("hq", 1, 1, midday, 60000))
	for b.Loop() {
		if _, _, err := reachOf(x, midday, midday+5e9); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNeedle looks for one address in many blocks of 100 connections: 700 small ones, and the same compacted.
func BenchmarkNeedle(b *testing.B) {
	needsDuckDB(b)
	s, c := openTest(b)
	const n = 700
	var g errgroup.Group
	g.SetLimit(32)
	for i := range n {
		x := sealed(b, s, "bank", batch("hq", 1, uint64(i+1), midday+record.Time(i)*5e9, 100))
		g.Go(func() error {
			_, err := s.Put(b.Context(), "bank", x)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	const needles = 3 // sequences are cut to a byte
	ask := func(f Filter, want int) func(b *testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				p := ask1(b, s, f)
				if len(p.Rows.Order) != want {
					b.Fatalf("%d rows, want %d", len(p.Rows.Order), want)
				}
			}
		}
	}
	address := Filter{Addr: netip.MustParsePrefix("10.0.7.42/32"), Kinds: []record.Kind{"conn"}}
	name := Filter{Name: "host42.example.com", Limit: 1, Newest: true, Kinds: []record.Kind{"dns"}}
	newest := Filter{Newest: true}
	b.Run("small/address", ask(address, needles))
	b.Run("small/name", ask(name, 1))
	b.Run("small/newest", ask(newest, 100))
	c.set(midday + 6*record.Hour)
	if _, err := s.Compact(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Run("compacted/address", ask(address, needles))
	b.Run("compacted/name", ask(name, 1))
	b.Run("compacted/newest", ask(newest, 100))
}
