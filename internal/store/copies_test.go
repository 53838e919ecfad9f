package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/record"
)

// TestBackupWhileWriting backs up a store that takes in blocks and compacts, and restores it: it opens without repair, and has at least what was
// acknowledged when the backup began.
func TestBackupWhileWriting(t *testing.T) {
	cfg, c := testConfig(t.TempDir())
	s := reopen(t, cfg)
	for i := range 20 {
		put1(t, s, "bank", batch("hq", 1, uint64(i+1), midday+record.Time(i)*5e9, 2))
	}
	if err := s.PutSnapshot(t.Context(), "bank", "hq", Cursor{1, 3}, "v1", strings.NewReader("state")); err != nil {
		t.Fatal(err)
	}
	c.set(midday + 3*record.Hour)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
	})
	to, back := filepath.Join(t.TempDir(), "b"), filepath.Join(t.TempDir(), "r")
	made, err := Backup(t.Context(), cfg.Dir, to, c.Now())
	wg.Wait()
	if err != nil || made.Blocks != 20 || made.Snapshots != 1 {
		t.Fatalf("backup: %+v, %v", made, err)
	}
	got, err := Restore(t.Context(), to, back)
	if err != nil || got != made {
		t.Fatalf("restore: %+v, %v", got, err)
	}
	cfg.Dir = back
	r := reopen(t, cfg)
	if rep := r.Repaired(); rep.Missing+rep.Adopted+rep.Unread != 0 {
		t.Errorf("repaired %+v", rep)
	}
	n := 0
	for l, err := range r.Batches(t.Context(), "bank", "hq", Cursor{}) {
		if n++; err != nil || !cmp.Equal(l.Batch, batch("hq", 1, uint64(n), midday+record.Time(n-1)*5e9, 2), exactly) {
			t.Errorf("batch %d: %v", n, err)
		}
	}
	if n != 20 {
		t.Errorf("%d batches", n)
	}
	list, err := r.Snapshots(t.Context(), "bank", "hq", Cursor{1, 9})
	if err != nil || len(list) != 1 {
		t.Fatalf("snapshots: %v, %v", list, err)
	}
	if _, err := r.OpenSnapshot(list[0]); err != nil {
		t.Error(err)
	}
}

// TestRestoreRefuses changes one byte of each file of a backup, and takes each away.
func TestRestoreRefuses(t *testing.T) {
	cfg, c := testConfig(t.TempDir())
	s := reopen(t, cfg)
	put1(t, s, "bank", batch("hq", 1, 1, midday, 2))
	if err := s.PutSnapshot(t.Context(), "bank", "hq", Cursor{1, 1}, "v1", strings.NewReader("state")); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "b")
	if _, err := Backup(t.Context(), cfg.Dir, to, c.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // its files are those of the backup
		t.Fatal(err)
	}
	var files []string
	err := filepath.WalkDir(to, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) < 6 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, path := range files {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := append([]byte{}, good...)
		bad[len(bad)/2] ^= 1
		for how, change := range map[string]func() error{
			"changed": func() error { return os.WriteFile(path, bad, 0o600) }, "gone": func() error { return os.Remove(path) },
		} {
			if err := change(); err != nil {
				t.Fatal(err)
			}
			into := filepath.Join(t.TempDir(), "r")
			if _, err := Restore(t.Context(), to, into); err == nil {
				t.Errorf("%s %s: restored", filepath.Base(path), how)
			}
			if exists(filepath.Join(into, dbFile)) {
				t.Errorf("%s %s: a store is left", filepath.Base(path), how)
			}
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := Restore(t.Context(), to, to); !errors.Is(err, ErrInvalid) {
		t.Errorf("into a folder that is not empty: %v", err)
	}
	if _, err := Restore(t.Context(), to, filepath.Join(t.TempDir(), "r")); err != nil {
		t.Errorf("as it was: %v", err)
	}
}

func TestExport(t *testing.T) {
	s, c := openTest(t)
	for i := range 3 {
		c.set(midday + record.Time(i)*record.Day)
		put1(t, s, "bank", batch("hq", 1, uint64(i+1), midday+record.Time(i)*record.Day, 2))
	}
	put1(t, s, "other", batch("hq", 1, 1, midday, 2))
	if err := os.WriteFile(filepath.Join(folders(t, s, "bank")[1], kindFile(record.KindDNS)), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "e")
	out, err := s.Export(t.Context(), "bank", record.Span{From: midday, To: midday + record.Day + record.Hour}, dir, true)
	if err != nil || out.Blocks != 1 || out.Rows != 4 || len(out.Missing) != 1 {
		t.Fatalf("exported %+v, %v", out, err)
	}
	lines, err := os.ReadFile(filepath.Join(dir, "records.jsonl"))
	if err != nil || strings.Count(string(lines), "\n") != 4 {
		t.Errorf("lines: %s, %v", lines, err)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil || strings.Count(string(sums), "\n") != 7 || strings.Contains(string(sums), "../") {
		t.Errorf("sums:\n%s%v", sums, err)
	}
	if _, err := s.Export(t.Context(), "bank", record.Span{}, dir, false); !errors.Is(err, ErrInvalid) {
		t.Errorf("into a folder that is not empty: %v", err)
	}
}

func TestSweep(t *testing.T) {
	s, _ := openTest(t)
	put1(t, s, "bank", batch("hq", 1, 1, midday, 2))
	put1(t, s, "bank", batch("hq", 1, 2, midday, 2))
	path := filepath.Join(folders(t, s, "bank")[0], kindFile(record.KindLog))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[40] ^= 0x10
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		checked, damaged, err := s.Sweep(t.Context(), "bank")
		if err != nil || checked+damaged != 3 && checked != 1 {
			t.Errorf("swept %d, %d damaged, %v", checked, damaged, err)
		}
	}
	if blind, _ := s.Missing(t.Context(), "bank", record.Span{}); len(blind) != 1 {
		t.Errorf("missing: %v", blind)
	}
}
