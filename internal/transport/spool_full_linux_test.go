package transport

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"candor/internal/block"
)

// TestSpoolDiskFull seals into a file system of 1 MB that others fill as well. The spool lets its oldest blocks go, tells so, loses nothing uncounted, and
// is well again when there is room.
func TestSpoolDiskFull(t *testing.T) {
	mount := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(mount, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(mount, 0); err != nil {
			t.Error(err)
		}
	})
	cfg := spoolConfig(filepath.Join(mount, "s"), 1<<30)
	s, err := OpenSpool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var sealed, failed uint64
	put := func(i int) {
		n := 1 + i%300
		sealed += uint64(n)
		if _, err := s.Seal(batch(i, n), block.Scope{}); err != nil {
			failed++
		}
	}
	for i := range 150 {
		put(i)
	}
	if failed > 0 || s.Status().Dropped == 0 {
		t.Errorf("%d of 150 batches were lost although older blocks could go; %d records dropped", failed, s.Status().Dropped)
	}
	hog := filepath.Join(mount, "hog")
	f, err := os.Create(hog)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	_ = f.Close()
	for i := range 100 {
		put(i)
	}
	same := func(when string) {
		t.Helper()
		var here, told uint64
		for _, it := range s.items {
			here += it.records()
			for _, b := range it.blind {
				told += b.Count
			}
		}
		for _, l := range s.ledger.Losses {
			told += l.told().Count
		}
		if sealed != here+told {
			t.Errorf("%s: sealed %d, there %d, told as lost %d", when, sealed, here, told)
		}
	}
	same("full")
	if err := os.Remove(hog); err != nil {
		t.Fatal(err)
	}
	failed = 0
	for i := range 20 {
		put(i)
	}
	same("room again")
	if failed > 0 {
		t.Errorf("%d batches were lost although there was room", failed)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = OpenSpool(cfg); err != nil {
		t.Fatal(err)
	}
	same("opened again")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
