package eval_test

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/source"
)

// given is the path of a given capture or folder of logs, and whether it is there.
func given(path string) (string, bool) {
	shared := cmp.Or(os.Getenv("CANDOR_SHARED"), filepath.Join("..", "..", "..", "..", "shared"))
	full := filepath.Join(shared, "data", "given", filepath.FromSlash(path))
	_, err := os.Stat(full)
	return full, err == nil
}

// needGiven skips a test where a given capture is not there.
func needGiven(t testing.TB, path string) string {
	t.Helper()
	full, ok := given(path)
	if !ok {
		t.Skipf("%s is not here: set CANDOR_SHARED to the folder that holds data/given", path)
	}
	return full
}

// read gives the batches of an input between two times (0: open), without an agreement.
func read(t testing.TB, path string, from, to record.Time, frames int) []*record.Batch {
	t.Helper()
	src, err := source.Open(t.Context(), []string{path}, source.Options{Scope: record.AssumedScope(), Flow: flow.DefaultConfig(), From: from, To: to, BatchFrames: frames})
	if errors.Is(err, source.ErrNothingReadable) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = src.Close() }()
	var out []*record.Batch
	for {
		b, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
}
