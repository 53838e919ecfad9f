package detect_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
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

// TestBeaconsGiven prints what is seen in the given captures.
func TestBeaconsGiven(t *testing.T) {
	for _, path := range strings.Split(os.Getenv("SETS"), ",") {
		if path == "" {
			t.Skip("no sets named")
		}
		p := given(t, path)
		all := ranked(observe(t, record.AssumedScope(), 0, 0, []detect.Detector{detect.NewBeacons(detect.DefaultBeaconConfig())}, p))
		open := 0
		for _, f := range all {
			if f.ExplainedBy == "" {
				open++
			}
		}
		t.Logf("%s: %d periodic, %d open", path, len(all), open)
		for i, f := range all[:min(len(all), 12)] {
			t.Logf("%2d %s", i+1, line(f))
		}
	}
}
