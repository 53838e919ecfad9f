package detect_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/detect"
	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/verdict"
)

// given is the path of a given capture; the test is skipped where it is not there.
func given(t testing.TB, path string) string {
	t.Helper()
	shared := cmp.Or(os.Getenv("CANDOR_SHARED"), filepath.Join("..", "..", "..", "shared"))
	full := filepath.Join(shared, "data", "given", filepath.FromSlash(path))
	if _, err := os.Stat(full); err != nil {
		t.Skipf("%s is not here: set CANDOR_SHARED to the folder that holds data/given", path)
	}
	return full
}

// observe runs detectors over inputs and gives what they see at the end.
func observe(t testing.TB, scope record.Scope, from, to record.Time, detectors []detect.Detector, paths ...string) []verdict.Finding {
	t.Helper()
	src, err := source.Open(t.Context(), paths, source.Options{Scope: scope, Flow: flow.DefaultConfig(), From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	e := detect.New(&scope, detectors)
	var last record.Time
	for {
		b, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		e.Observe(b)
		last = max(last, b.Span.To)
		src.Recycle(b)
	}
	e.End()
	return e.Findings(last)
}

// ranked lists beacon findings in the engine's order.
func ranked(all []verdict.Finding) []verdict.Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f verdict.Finding) bool { return f.Kind != "beacon" })
}

func line(f verdict.Finding) string {
	return fmt.Sprintf("%.2f S %v x %v n %v period %v w %v cover %v [%s] %s %s -> %v %s %v", f.Confidence, f.Evidence["timing_nats"], f.Evidence["context_nats"],
		f.Evidence["count"], f.Evidence["period_seconds"], f.Evidence["jitter"], f.Evidence["cover"], f.ExplainedBy, f.Evidence["key"], f.Source, f.Destinations, f.Domain, f.Ports)
}

// beaconsOf are the periodic keys of some given files.
func beaconsOf(t *testing.T, path string) []verdict.Finding {
	t.Helper()
	return ranked(observe(t, record.AssumedScope(), 0, 0, []detect.Detector{detect.NewBeacons(detect.DefaultBeaconConfig())}, given(t, path)))
}

// TestBeaconsGivenC2: command and control of the given captures stands, and where it stands in the list.
func TestBeaconsGivenC2(t *testing.T) {
	for _, c := range []struct {
		path, source, to string
		period           float64
		rank             int
	}{
		{"corelight/quasarrat/testing/Traces/09ffabf7-774a-43a3-8c97-68f2046fd385.pcap", "192.168.100.7", "86.136.67.231", 3.5, 1},
		{"llmhyy-trickbot/Experiments/exp9_full_trickbot/capture.pcapng", "192.168.1.101", "92.62.65.163", 201.4, 2},
		{"slips/dataset/test18-malicious-ctu-sme-11-win/zeek-labeled", "192.168.1.107", "66.63.168.35", 2, 1},
		{"slips/dataset/test-cc/test-cc-capture-1.pcap", "147.32.80.37", "141.193.213.20", 2.2, 1},
		{"slips/dataset/test-cc/test-cc-capture-2.pcap", "147.32.80.37", "141.193.213.20", 3, 1},
	} {
		t.Run(c.path, func(t *testing.T) {
			for i, f := range beaconsOf(t, c.path) {
				if f.ExplainedBy != "" || f.Source != c.source || !slices.Contains(f.Destinations, c.to) {
					continue
				}
				period, _ := f.Evidence["period_seconds"].(float64)
				if i >= c.rank || period < c.period/1.3 || period > c.period*1.3 {
					t.Errorf("found at place %d with period %.1f: %s", i+1, period, line(f))
				}
				return
			}
			t.Errorf("%s -> %s does not stand", c.source, c.to)
		})
	}
}

// TestBeaconsGivenCaller: the caller of missing_host is the first or second of each of its days, as a regular caller from outside.
func TestBeaconsGivenCaller(t *testing.T) {
	for _, day := range []string{"2024-04-19", "2024-04-20", "2024-04-21"} {
		all := beaconsOf(t, "rita/test_data/missing_host/"+day)
		at := slices.IndexFunc(all, func(f verdict.Finding) bool { return f.Source == "73.54.23.243" })
		if at < 0 || at > 1 || all[at].ExplainedBy != detect.RegularCaller {
			t.Errorf("%s: 73.54.23.243 is at place %d of %d", day, at+1, len(all))
		}
	}
}

// TestBeaconsGivenMissed: what is known not to be found; a change here is news for docs/eval-detection.md.
func TestBeaconsGivenMissed(t *testing.T) {
	for path, to := range map[string]string{
		"chrissanders/ratinfected.pcapng":                                        "172.16.0.111",  // six intervals, four of them alike
		"aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap": "201.175.17.35", // not periodic
	} {
		for _, f := range beaconsOf(t, path) {
			if f.ExplainedBy == "" && slices.Contains(f.Destinations, to) {
				t.Errorf("%s: found after all: %s", path, line(f))
			}
		}
	}
}

// TestBeaconsGivenNoise: nothing stands in the noise sets but what is listed here, whose truth nobody knows; -v prints the counts and
// the words of the first twenty of each.
func TestBeaconsGivenNoise(t *testing.T) {
	for _, c := range []struct {
		path    string
		unknown []string // sources of what stands and has no label
	}{
		{"rita/test_data/missing_host/2024-04-19", nil},
		{"rita/test_data/missing_host/2024-04-20", nil},
		{"rita/test_data/missing_host/2024-04-21", nil},
		{"rita/test_data/dnscat2-ja3-strobe-agent", []string{"10.55.182.100"}}, // hourly, without a Host: a security client's servers
		{"rita/test_data/proxy_rolling", nil},
		{"aktaion/data/broData", []string{"6.6.6.156"}}, // each 60 s, between two of the lab's machines
		{"ics-4sics/Additional_Captures/4SICS-GeekLounge-151020", nil},
	} {
		all := beaconsOf(t, c.path)
		counts := map[string]int{}
		for _, f := range all {
			counts[cmp.Or(f.ExplainedBy, "stands")]++
			if f.ExplainedBy == "" && !slices.Contains(c.unknown, f.Source) {
				t.Errorf("%s: stands: %s %v", c.path, line(f), f.Evidence["why"])
			}
		}
		if counts["stands"] > len(c.unknown) {
			t.Errorf("%s: %d stand", c.path, counts["stands"])
		}
		t.Logf("%s: %d periodic", c.path, len(all))
		for _, words := range slices.Sorted(maps.Keys(counts)) {
			t.Logf("   %4d %s", counts[words], words)
		}
		for i, f := range all[:min(len(all), 20)] {
			t.Logf("   %2d %s [%s] %v", i+1, f.Words, f.ExplainedBy, f.Evidence["why"])
		}
	}
}

// TestBeaconsGivenSets prints what is seen in the sets that SETS names.
func TestBeaconsGivenSets(t *testing.T) {
	for _, path := range strings.Split(os.Getenv("SETS"), ",") {
		if path == "" {
			t.Skip("no sets named")
		}
		all := beaconsOf(t, path)
		t.Logf("%s: %d periodic", path, len(all))
		for i, f := range all[:min(len(all), 12)] {
			t.Logf("%2d %s", i+1, line(f))
		}
	}
}
