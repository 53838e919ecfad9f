package eval_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/verdict"
)

func TestScratchWolf(t *testing.T) {
	d, _ := strconv.Atoi(os.Getenv("DAYS"))
	seed, _ := strconv.Atoi(os.Getenv("SEED"))
	clients, _ := strconv.Atoi(os.Getenv("CLIENTS"))
	if d == 0 {
		t.Skip()
	}
	site := days.Office(uint64(seed), clients, 12)
	conns := 0
	count := func(yield func(*record.Batch) bool) {
		for b := range site.Batches(since(time.Duration(d) * 24 * time.Hour)) {
			conns += len(b.Conns)
			if !yield(b) {
				return
			}
		}
	}
	start := time.Now()
	play(site, count, 24*time.Hour, nil, func(at record.Time, all []verdict.Finding) bool {
		open := standing(all)
		t.Logf("%v: %d conns, %d periodic, %d standing, %v", at, conns, len(all), len(open), time.Since(start))
		for _, f := range open {
			t.Logf("   %.2f S %v x %v n %v period %v w %v [%s] %s -> %v %s %v %q", f.Confidence, f.Evidence["timing_nats"], f.Evidence["context_nats"],
				f.Evidence["count"], f.Evidence["period_seconds"], f.Evidence["jitter"], f.Evidence["key"], f.Source, f.Destinations, f.Domain, f.Ports, f.Evidence["why"])
		}
		return true
	})
}
