package detect

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"candor/internal/record"
)

// ordinaryDNS is ordinary DNS of 200 machines, with a tunnel and a program that makes up names among them.
func ordinaryDNS(n int) []record.DNS {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields(wordsText)[100:]
	domains := make([]string, 3000)
	for i := range domains {
		domains[i] = words[r.IntN(len(words))] + words[r.IntN(len(words))] + ".com"
	}
	out := make([]record.DNS, n)
	for i := range out {
		client, at := r.IntN(200), float64(i)*0.01
		name, rcode, answers := domains[int(float64(len(domains))*r.Float64()*r.Float64()*r.Float64())], uint16(0), []string{"198.51.100.1"}
		switch r.IntN(50) {
		case 0:
			name, client = hexOf(r, 50)+".t.evil.com", 3
		case 1:
			name, client, rcode, answers = hexOf(r, 6)+".net", 4, 3, nil
		default:
			if r.IntN(3) > 0 {
				name = []string{"www.", "api.", "static.", "img1."}[r.IntN(4)] + name
			}
		}
		out[i] = lookupAt(at, client, name, 1, rcode, answers...)
	}
	return out
}

func benchDNS(b *testing.B, net *Net, detectors ...Detector) {
	all := ordinaryDNS(200_000)
	s := Slice{Net: net}
	b.ReportAllocs()
	for i := 0; b.Loop(); i += 1000 {
		at := i % len(all)
		s.DNS = all[at : at+1000]
		for _, d := range detectors {
			d.Observe(&s)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/lookup")
}

// BenchmarkTunnels is the cost of the tunnels' detector for 1,000 lookups.
func BenchmarkTunnels(b *testing.B) { benchDNS(b, newNet(assumed()), NewDNSTunnels()) }

// BenchmarkDGA is the cost of the detector of made-up names for 1,000 lookups.
func BenchmarkDGA(b *testing.B) { benchDNS(b, newNet(assumed()), NewDGA()) }

// BenchmarkDNS is the cost of both, which share what a name's registered domain is.
func BenchmarkDNS(b *testing.B) { benchDNS(b, newNet(assumed()), NewDNSTunnels(), NewDGA()) }

// TestTunnelFlood: millions of domains and names cost bounded memory, and what was let go of is counted.
func TestTunnelFlood(t *testing.T) {
	for _, flood := range []struct {
		name string
		make func(i int) (client int, name string)
	}{
		{"a new domain each time", func(i int) (int, string) { return i % 250, fmt.Sprintf("x%d.d%d.com", i, i) }},
		{"5 names each of new domains", func(i int) (int, string) { return i / 5 % 250, fmt.Sprintf("x%d.d%d.com", i, i/5) }},
		{"one domain, names of 255 bytes", func(i int) (int, string) {
			return 1, fmt.Sprintf("%s%012d.evil.com", strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz.", 6)[:200], i)
		}},
	} {
		d, g, net := NewDNSTunnels(), NewDGA(), newNet(assumed())
		n := 540_000
		if i := strings.Index(flood.name, "255"); i >= 0 {
			n = 100_000
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := Slice{Net: net, DNS: make([]record.DNS, 1)}
		for i := range n {
			client, name := flood.make(i)
			s.DNS[0] = lookupAt(float64(i)/1000, client, name, 1, 3)
			d.Observe(&s)
			g.Observe(&s)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		mib := (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / (1 << 20)
		t.Logf("%-32s %d lookups: %.0f MiB, %d pairs, %d looked at closely, %d and %d let go of", flood.name, n, mib, len(d.pairs), len(d.heavy), d.Lost(), g.Lost())
		if mib > 300 {
			t.Errorf("%s: %.0f MiB", flood.name, mib)
		}
		if len(d.pairs) > maxTunnelPairs || len(d.heavy) > maxTunnelWork {
			t.Errorf("%s: beyond its bounds", flood.name)
		}
		if flood.name != "one domain, names of 255 bytes" && d.Lost() == 0 {
			t.Errorf("%s: nothing counted as lost", flood.name)
		}
		runtime.KeepAlive(d)
		runtime.KeepAlive(g)
	}
}

// TestDGAFlood: more clients than fit, each with many domains that do not exist.
func TestDGAFlood(t *testing.T) {
	g, net := NewDGA(), newNet(assumed())
	s := Slice{Net: net, DNS: make([]record.DNS, 1)}
	for i := range 10 * (maxDGAClients + 2000) {
		s.DNS[0] = lookupAt(float64(i)/1000, 1, fmt.Sprintf("d%d.com", i), 1, 3)
		s.DNS[0].OrigH = netip.AddrFrom4([4]byte{10, byte(i / 10 >> 16), byte(i / 10 >> 8), byte(i / 10)})
		g.Observe(&s)
	}
	if len(g.clients) > maxDGAClients || g.Lost() == 0 {
		t.Errorf("%d clients, %d let go of", len(g.clients), g.Lost())
	}
}
