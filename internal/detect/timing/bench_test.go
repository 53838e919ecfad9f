package timing

import (
	"fmt"
	"syscall"
	"testing"
)

func BenchmarkStarts(b *testing.B) {
	for _, n := range []int{8, 30, 100, 1000} {
		for _, kind := range []string{"poisson", "beacon", "missed", "lognormal"} {
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				sets := make([][]float64, 8)
				for i := range sets {
					d := newDice(1, uint64(i))
					switch kind {
					case "poisson":
						sets[i] = d.poisson(60, n+1)
					case "beacon":
						sets[i] = d.beacon(plan{period: 300, jitter: .2, count: n + 1})
					case "missed":
						sets[i] = d.beacon(plan{period: 300, jitter: .5, missed: .3, count: n + 1})
					case "lognormal":
						sets[i] = d.lognormal(60, 2, n+1)
					}
				}
				s := NewScorer()
				b.ReportAllocs()
				b.ResetTimer()
				from := cpu()
				for i := range b.N {
					s.Starts(sets[i%len(sets)], Setting{})
				}
				b.ReportMetric(float64(cpu()-from)/float64(b.N)/1e3, "cpu-µs/op")
			})
		}
	}
}

// cpu is the processor time of this process in nanoseconds: the machine is shared.
func cpu() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkKey scores keys from their state: what a detector pays.
func BenchmarkKey(b *testing.B) {
	for _, c := range []struct {
		name string
		make func(d dice) []float64
	}{
		{"poisson/8", func(d dice) []float64 { return d.poisson(300, 9) }},
		{"poisson/30", func(d dice) []float64 { return d.poisson(300, 31) }},
		{"poisson/1000", func(d dice) []float64 { return d.poisson(60, 1001) }},
		{"lognormal/30", func(d dice) []float64 { return d.lognormal(60, 2, 31) }},
		{"lognormal/1000", func(d dice) []float64 { return d.lognormal(60, 2, 1001) }},
		{"browsing/1d", func(d dice) []float64 { return d.browsing(day) }},
		{"browsing/14d", func(d dice) []float64 { return d.browsing(14 * day) }},
		{"beacon/30", func(d dice) []float64 { return d.beacon(plan{period: 300, jitter: .2, count: 31}) }},
		{"beacon/1000", func(d dice) []float64 { return d.beacon(plan{period: 300, jitter: .5, missed: .3, count: 1001}) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var keys []*Key
			for i := range 20 {
				keys = append(keys, feed(c.make(newDice(2, uint64(i)))))
			}
			s := NewScorer()
			for _, k := range keys {
				s.Key(k, k.Newest(), Setting{})
			}
			b.ReportAllocs()
			b.ResetTimer()
			from := cpu()
			for i := range b.N {
				k := keys[i%len(keys)]
				s.Key(k, k.Newest(), Setting{})
			}
			b.ReportMetric(float64(cpu()-from)/float64(b.N)/1e3, "cpu-µs/op")
		})
	}
}

// BenchmarkAdd puts starts into a busy key.
func BenchmarkAdd(b *testing.B) {
	at := newDice(3, 1).browsing(14 * day)
	k := &Key{}
	b.ReportAllocs()
	shift, i := 0.0, 0
	for range b.N {
		if i == len(at) {
			i, shift = 0, shift+14*day
		}
		k.Add(int64((at[i] + shift) * 1e9))
		i++
	}
}
