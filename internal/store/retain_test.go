package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"candor/internal/record"
)

// days puts one block a day, arriving at its noon.
func days(t *testing.T, s *Store, c *clock, n int) {
	t.Helper()
	for i := range n {
		at := midday + record.Time(i)*record.Day
		c.set(at)
		put1(t, s, "bank", batch("hq", 1, uint64(i+1), at, 3))
	}
}

func names(list []Day) string {
	var out []string
	for _, d := range list {
		name := d.Day[len("2006-01-"):]
		if d.Unwarned {
			name += "!"
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func TestRetainByAge(t *testing.T) {
	s, c := openTest(t)
	days(t, s, c, 4) // of March 5 to 8
	p := Policy{Days: 3}
	for _, step := range []struct {
		at            record.Time // since the first noon
		dropped, soon string
	}{
		{3 * record.Day, "", "05"},                   // noon of the 8th: the 5th is due as the 9th begins
		{3*record.Day + 12*record.Hour, "", "05 06"}, // due, but told of for half a day only
		{4*record.Day + 1, "05", "06"},               // told of for a day
		{4*record.Day + 12*record.Hour, "06", "07"},  // due and told of
		{5*record.Day + 13*record.Hour, "07", "08"},  // a round that comes late
		{30 * record.Day, "08", ""},
	} {
		now := (midday + step.at).Std()
		r, err := s.Retain(t.Context(), "bank", p, now)
		if err != nil || names(r.Dropped) != step.dropped || names(r.Soon) != step.soon {
			t.Errorf("%v: dropped %q, soon %q, %v; want %q, %q", now, names(r.Dropped), names(r.Soon), err, step.dropped, step.soon)
		}
		for _, d := range r.Soon {
			if d.Due.Before(now) {
				t.Errorf("%v: %s was due at %v", now, d.Day, d.Due)
			}
		}
	}
	if left := folders(t, s, "bank"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	blind, err := s.Missing(t.Context(), "bank", record.Span{From: midday, To: midday + record.Hour})
	if err != nil || len(blind) != 1 || blind[0].Count != 6 || !strings.Contains(blind[0].Words, "kept for 3 days") {
		t.Errorf("missing: %+v, %v", blind, err)
	}
	list, err := s.After(t.Context(), "bank", "hq", Cursor{}, 10)
	if err != nil || len(list) != 4 || list[0].Gone == "" {
		t.Errorf("identities: %+v, %v", list, err)
	}
	if _, err := s.Load(t.Context(), list[0]); err == nil {
		t.Error("a dropped block was loaded")
	}
	if drops, err := s.Drops(t.Context(), "bank"); err != nil || len(drops) != 4 {
		t.Errorf("drops: %+v, %v", drops, err)
	}
	if dup, err := s.Put(t.Context(), "bank", sealed(t, s, "bank", batch("hq", 1, 1, midday, 3))); !dup || err != nil {
		t.Errorf("a dropped block again: %v, %v", dup, err)
	}
}

func TestDecideByBytes(t *testing.T) {
	now := midday.Std()
	day := func(name string, bytes int64, warned time.Duration) Day {
		d := Day{Day: "2026-03-" + name, Bytes: bytes}
		if warned > 0 {
			d.warned = now.Add(-warned)
		}
		return d
	}
	const told = 25 * time.Hour
	for name, c := range map[string]struct {
		limit, growth int64
		days          []Day
		dropped, soon string
	}{
		"room":                     {100, 10, []Day{day("01", 40, 0), day("02", 40, 0)}, "", ""},
		"full tomorrow":            {100, 30, []Day{day("01", 40, 0), day("02", 40, 0)}, "", "01"},
		"full, not told":           {100, 10, []Day{day("01", 55, 0), day("02", 50, 0)}, "", "01"},
		"full, told lately":        {100, 10, []Day{day("01", 55, time.Hour), day("02", 50, 0)}, "", "01"},
		"full, told":               {100, 10, []Day{day("01", 55, told), day("02", 50, 0)}, "01", ""},
		"told, but room":           {100, 30, []Day{day("01", 40, told), day("02", 40, 0)}, "", "01"},
		"far too full":             {100, 0, []Day{day("01", 60, 0), day("02", 60, 0), day("03", 1, 0)}, "01!", ""},
		"far too full, and again":  {100, 0, []Day{day("01", 60, 0), day("02", 90, 0), day("03", 60, 0)}, "01! 02!", ""},
		"the newest alone":         {100, 0, []Day{day("01", 500, told)}, "", ""},
		"no bound":                 {0, 1 << 40, []Day{day("01", 500, told), day("02", 1, 0)}, "", ""},
		"several go, oldest first": {50, 0, []Day{day("01", 20, told), day("02", 20, told), day("03", 20, told), day("04", 10, told)}, "01", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var used int64
			for _, d := range c.days {
				used += d.Bytes
			}
			drop, soon := decide(Policy{Bytes: c.limit}, c.days, used, c.growth, now)
			if names(drop) != c.dropped || names(soon) != c.soon {
				t.Errorf("dropped %q, soon %q; want %q, %q", names(drop), names(soon), c.dropped, c.soon)
			}
		})
	}
}

// TestDiskFull fills a file system of its own: nothing is lost, nothing breaks, what is small goes on, and it heals alone.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("no file system of its own: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	cfg, _ := testConfig(filepath.Join(dir, "hub"))
	cfg.Reserve = 2 << 20
	s := reopen(t, cfg)
	stored, refused := 0, 0
	for i := range 2000 {
		b := batch("hq", 1, uint64(i+1), midday, 20)
		path, err := s.Incoming("bank")
		if errors.Is(err, ErrFull) {
			refused++
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = path
		switch dup, err := s.Put(t.Context(), "bank", sealed(t, s, "bank", b)); {
		case err == nil && !dup:
			stored++
		case errors.Is(err, ErrFull):
			refused++
		default:
			t.Fatalf("put %d: duplicate %v, %v", i, dup, err)
		}
	}
	if stored == 0 || refused == 0 {
		t.Fatalf("%d stored, %d refused", stored, refused)
	}
	if err := s.PutSnapshot(t.Context(), "bank", "hq", Cursor{1, 1}, "v", strings.NewReader("small")); err != nil {
		t.Errorf("small state: %v", err)
	}
	n := 0
	for _, err := range s.Batches(t.Context(), "bank", "hq", Cursor{}) {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if n != stored {
		t.Errorf("%d batches of %d", n, stored)
	}
	if err := unix.Mount("none", dir, "tmpfs", unix.MS_REMOUNT, "size=32m"); err != nil {
		t.Fatal(err)
	}
	put1(t, s, "bank", batch("hq", 1, 3000, midday, 20))
	if err := s.Healthy(); err != nil {
		t.Errorf("after room was made: %v", err)
	}
}

// TestFaults makes each step of taking a block in fail once. Either the block is there afterwards or the sensor is told that it is not, and what was
// acknowledged is there after the next start in any case.
func TestFaults(t *testing.T) {
	for name, inject := range map[string]func(d *disk){
		"no room for the move": func(d *disk) {
			d.rename = func(from, to string) error { return &faultError{"rename", syscall.ENOSPC} }
		},
		"the move fails":  func(d *disk) { d.rename = func(from, to string) error { return &faultError{"rename", syscall.EIO} } },
		"the fsync fails": func(d *disk) { d.sync = func(string) error { return &faultError{"fsync", syscall.EIO} } },
		"the disk is full": func(d *disk) {
			d.free = func(string) (uint64, error) { return 0, nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, _ := testConfig(t.TempDir())
			s := reopen(t, cfg)
			put1(t, s, "bank", batch("hq", 1, 1, midday, 2))
			second := sealed(t, s, "bank", batch("hq", 1, 2, midday, 2))
			good := s.disk
			inject(&s.disk)
			if _, err := s.Put(t.Context(), "bank", second); err == nil {
				t.Error("acknowledged all the same")
			}
			broken := name == "the fsync fails"
			s.disk = good
			if err := s.Healthy(); errors.Is(err, ErrUnavailable) != broken {
				t.Errorf("healthy: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = reopen(t, cfg)
			if _, err := s.Put(t.Context(), "bank", sealed(t, s, "bank", batch("hq", 1, 2, midday, 2))); err != nil {
				t.Errorf("again: %v", err)
			}
			n := 0
			for _, err := range s.Batches(t.Context(), "bank", "hq", Cursor{}) {
				if n++; err != nil {
					t.Error(err)
				}
			}
			if n != 2 {
				t.Errorf("%d batches", n)
			}
		})
	}
}

type faultError struct {
	what string
	err  error
}

func (e *faultError) Error() string { return fmt.Sprintf("%s: %v", e.what, e.err) }
func (e *faultError) Unwrap() error { return e.err }
