package source_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/record"
	"candor/internal/source"
)

// TestCoresNeverMatter: on two cores every golden capture gives the same records, sight and inputs as on one.
func TestCoresNeverMatter(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "golden", "*.pcap*"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d golden captures (%v)", len(paths), err)
	}
	for _, path := range paths {
		one, errOne := everything(t, path, 1)
		two, errTwo := everything(t, path, 2)
		if (errOne == nil) != (errTwo == nil) {
			t.Errorf("%s: %v on one core, %v on two", path, errOne, errTwo)
		}
		if diff := cmp.Diff(one, two, addresses, cmpopts.EquateEmpty(), cmp.AllowUnexported(record.Sketch{})); diff != "" {
			t.Errorf("%s (-one +two):\n%.3000s", path, diff)
		}
	}
}

// everything is all records and sight, with the inputs as they stand at the end.
func everything(t *testing.T, path string, cores int) (record.Batch, error) {
	t.Helper()
	opts := options()
	opts.Cores = cores
	s, err := source.Open(t.Context(), []string{path}, opts)
	if err != nil {
		return record.Batch{}, err
	}
	defer s.Close()
	var batches []*record.Batch
	for {
		b, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return total(batches), nil
		}
		if err != nil {
			return record.Batch{}, err
		}
		batches = append(batches, b)
	}
}

// TestTwoCoresLeftAlone: whoever stops in the middle leaves no goroutine and no file behind.
func TestTwoCoresLeftAlone(t *testing.T) {
	opts := options()
	opts.Cores, opts.BatchFrames = 2, 16
	path := files(t, pcap(ethernet, talk(40000, 0, 5000)...))[0]
	for _, batches := range []int{0, 1, 5} {
		s, err := source.Open(t.Context(), []string{path}, opts)
		if err != nil {
			t.Fatal(err)
		}
		for range batches {
			b, err := s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s.Recycle(b)
		}
		if err := s.Close(); err != nil {
			t.Errorf("after %d batches: %v", batches, err)
		}
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	s, err := source.Open(t.Context(), []string{path}, opts)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err = s.Next(ctx); err != nil {
			break
		}
	}
	if !errors.Is(err, context.DeadlineExceeded) || s.Close() != nil {
		t.Errorf("error %v, want DeadlineExceeded", err)
	}
}
