package store

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/block"
	"candor/internal/record"
)

var exactly = cmp.Options{cmpopts.EquateComparable(netip.Addr{})}

func TestPutAndLoad(t *testing.T) {
	s, _ := openTest(t)
	var want []*record.Batch
	for i := range 3 {
		b := batch("hq", 1, uint64(i+1), midday+record.Time(i)*5e9, 4)
		want = append(want, b)
		put1(t, s, "bank", b)
	}
	list, err := s.After(t.Context(), "bank", "hq", Cursor{}, 10)
	if err != nil || len(list) != 3 {
		t.Fatalf("after the beginning: %v, %v", list, err)
	}
	for i, m := range list {
		got, err := s.Load(t.Context(), m)
		if err != nil || len(got) != 1 {
			t.Fatalf("load: %v, %v", got, err)
		}
		if d := cmp.Diff(want[i], got[0], exactly); d != "" {
			t.Errorf("batch %d (-put +loaded):\n%s", i, d)
		}
	}
	if list, err = s.After(t.Context(), "bank", "hq", Cursor{1, 2}, 10); err != nil || len(list) != 1 || list[0].First != 3 {
		t.Errorf("after 2: %v, %v", list, err)
	}
	if list, err = s.After(t.Context(), "other", "hq", Cursor{}, 10); err != nil || len(list) != 0 {
		t.Errorf("another tenant sees %v, %v", list, err)
	}
}

func TestPutAgain(t *testing.T) {
	s, _ := openTest(t)
	b := batch("hq", 1, 1, midday, 4)
	put1(t, s, "bank", b)
	dup, err := s.Put(t.Context(), "bank", sealed(t, s, "bank", b))
	if !dup || err != nil {
		t.Errorf("the same again: duplicate %v, %v", dup, err)
	}
	b.Conns[0].OrigBytes++
	dup, err = s.Put(t.Context(), "bank", sealed(t, s, "bank", b))
	if dup || !errors.Is(err, ErrConflict) {
		t.Errorf("another of the same identity: duplicate %v, %v", dup, err)
	}
	aside, _ := os.ReadDir(s.tenantPath("bank", asideDir))
	if len(aside) != 1 {
		t.Errorf("%d folders aside, want 1", len(aside))
	}
	missing, err := s.Missing(t.Context(), "bank", record.Span{})
	if err != nil || len(missing) != 1 || !strings.Contains(missing[0].Words, "set aside") {
		t.Errorf("missing: %v, %v", missing, err)
	}
	if in, _ := os.ReadDir(s.tenantPath("bank", incomingDir)); len(in) != 0 {
		t.Errorf("%d folders stay in incoming", len(in))
	}
	if got := folders(t, s, "bank"); len(got) != 1 {
		t.Errorf("stored: %v", got)
	}
}

func TestPutRefuses(t *testing.T) {
	s, _ := openTest(t)
	good := sealed(t, s, "bank", batch("hq", 1, 1, midday, 1))
	for name, change := range map[string]func(b *block.Block){
		"tenant of another":  func(b *block.Block) { b.Manifest.Tenant = "other" },
		"sensor as path":     func(b *block.Block) { b.Manifest.Sensor = "../x" },
		"sensor empty":       func(b *block.Block) { b.Manifest.Sensor = "" },
		"sequence 0":         func(b *block.Block) { b.Manifest.Sequence = 0 },
		"epoch too large":    func(b *block.Block) { b.Manifest.Epoch = 1 << 63 },
		"span backwards":     func(b *block.Block) { b.Manifest.To = b.Manifest.From - 1 },
		"unknown kind":       func(b *block.Block) { b.Manifest.Rows = map[string]int{"x'; --": 1} },
		"folder elsewhere":   func(b *block.Block) { b.Dir = t.TempDir() },
		"hash is none":       func(b *block.Block) { b.Hash = "00" },
		"compacted already":  func(b *block.Block) { b.Manifest.Sources = make([]block.Source, 1) },
		"negative row count": func(b *block.Block) { b.Manifest.Rows = map[string]int{"conn": -1} },
	} {
		t.Run(name, func(t *testing.T) {
			b := *good
			change(&b)
			if _, err := s.Put(t.Context(), "bank", &b); !errors.Is(err, ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := s.Incoming("../x"); !errors.Is(err, ErrInvalid) {
		t.Errorf("incoming of a path: %v", err)
	}
}

func TestPutTogether(t *testing.T) {
	s, _ := openTest(t)
	var blocks []*block.Block
	for i := range 64 {
		blocks = append(blocks, sealed(t, s, "bank", batch("hq", 1, uint64(i+1), midday, 1)))
	}
	var wg sync.WaitGroup
	for _, b := range blocks {
		wg.Go(func() {
			if _, err := s.Put(t.Context(), "bank", b); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	holes, err := s.Holes(t.Context(), "bank", "hq")
	if err != nil || len(holes) != 0 {
		t.Errorf("holes: %v, %v", holes, err)
	}
	if n := len(folders(t, s, "bank")); n != 64 {
		t.Errorf("%d folders", n)
	}
}

func TestHoles(t *testing.T) {
	type hole struct{ Epoch, First, Last uint64 }
	for name, c := range map[string]struct {
		put  []uint64
		want []hole
	}{
		"none":             {[]uint64{1, 2, 3}, nil},
		"one":              {[]uint64{1, 3}, []hole{{1, 2, 2}}},
		"at the beginning": {[]uint64{4}, []hole{{1, 1, 3}}},
		"filled":           {[]uint64{1, 3, 2}, nil},
		"filled halfway":   {[]uint64{1, 6, 4}, []hole{{1, 2, 3}, {1, 5, 5}}},
		"backwards":        {[]uint64{5, 4, 3, 2, 1}, nil},
		"shuffled":         {[]uint64{9, 1, 5, 7, 3}, []hole{{1, 2, 2}, {1, 4, 4}, {1, 6, 6}, {1, 8, 8}}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := openTest(t)
			for _, n := range c.put {
				put1(t, s, "bank", batch("hq", 1, n, midday+record.Time(n)*5e9, 1))
			}
			list, err := s.Holes(t.Context(), "bank", "hq")
			if err != nil {
				t.Fatal(err)
			}
			var got []hole
			for _, h := range list {
				got = append(got, hole{h.Epoch, h.First, h.Last})
				if want := midday + record.Time(h.Last+1)*5e9; h.Span.To != want {
					t.Errorf("hole %v ends at %v, want %v", h, h.Span.To, want)
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("holes (-want +got):\n%s", d)
			}
			blind, err := s.Missing(t.Context(), "bank", record.Span{})
			if err != nil || len(blind) != len(c.want) {
				t.Errorf("missing: %v, %v", blind, err)
			}
		})
	}
}

// TestCrash stops between each two steps of taking a block in, opens again, and sends the block again: it is there once.
func TestCrash(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, s *Store)
		repair Repair
		dup    bool
	}{
		"moved, not noted": {func(t *testing.T, s *Store) {
			execSQL(t, s, `DELETE FROM folders`)
			execSQL(t, s, `DELETE FROM blocks`)
		}, Repair{Adopted: 1}, true},
		"received, not moved": {func(t *testing.T, s *Store) {
			execSQL(t, s, `DELETE FROM folders`)
			execSQL(t, s, `DELETE FROM blocks`)
			if err := os.Rename(folders(t, s, "bank")[0], s.tenantPath("bank", incomingDir, "7")); err != nil {
				t.Fatal(err)
			}
		}, Repair{Unreceived: 1}, false},
		"noted, gone": {func(t *testing.T, s *Store) {
			if err := os.RemoveAll(folders(t, s, "bank")[0]); err != nil {
				t.Fatal(err)
			}
		}, Repair{Missing: 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, _ := testConfig(t.TempDir())
			s := reopen(t, cfg)
			b := batch("hq", 1, 1, midday, 4)
			put1(t, s, "bank", b)
			c.damage(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = reopen(t, cfg)
			if got := s.Repaired(); got != c.repair {
				t.Errorf("repaired %+v, want %+v", got, c.repair)
			}
			if c.repair.Missing > 0 {
				if blind, err := s.Missing(t.Context(), "bank", b.Span); err != nil || len(blind) != 1 {
					t.Errorf("missing: %v, %v", blind, err)
				}
			}
			dup, err := s.Put(t.Context(), "bank", sealed(t, s, "bank", b))
			if dup != c.dup || err != nil {
				t.Errorf("put again: duplicate %v, %v", dup, err)
			}
			list, err := s.After(t.Context(), "bank", "hq", Cursor{}, 10)
			if err != nil || len(list) != 1 {
				t.Fatalf("after: %v, %v", list, err)
			}
			if got, err := s.Load(t.Context(), list[0]); err != nil || len(got) != 1 || !cmp.Equal(b, got[0], exactly) {
				t.Errorf("load: %v, %v", got, err)
			}
			if blind, err := s.Missing(t.Context(), "bank", b.Span); err != nil || len(blind) != 0 {
				t.Errorf("missing after it came again: %v, %v", blind, err)
			}
		})
	}
}

func execSQL(t testing.TB, s *Store, text string, args ...any) {
	t.Helper()
	if _, err := s.db.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

func TestStrangersStay(t *testing.T) {
	cfg, _ := testConfig(t.TempDir())
	s := reopen(t, cfg)
	put1(t, s, "bank", batch("hq", 1, 1, midday, 1))
	day := filepath.Dir(folders(t, s, "bank")[0])
	if err := os.Mkdir(filepath.Join(day, "notes"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, cfg)
	if got := s.Repaired(); got != (Repair{Unread: 1}) || !exists(filepath.Join(day, "notes")) {
		t.Errorf("repaired %+v", got)
	}
}

func TestOneProcess(t *testing.T) {
	cfg, _ := testConfig(t.TempDir())
	reopen(t, cfg)
	if _, err := Open(t.Context(), cfg); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a second one: %v", err)
	}
}

func TestDamagedBlock(t *testing.T) {
	s, _ := openTest(t)
	b := batch("hq", 1, 1, midday, 4)
	put1(t, s, "bank", b)
	put1(t, s, "bank", batch("hq", 1, 2, midday+5e9, 4))
	path := filepath.Join(folders(t, s, "bank")[0], kindFile(record.KindConn))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var good, bad int
	for l, err := range s.Batches(t.Context(), "bank", "hq", Cursor{}) {
		switch {
		case errors.Is(err, ErrDamaged) && l.Meta.First == 1:
			bad++
		case err == nil && l.Batch.ID.Sequence == 2:
			good++
		default:
			t.Errorf("%+v, %v", l.Meta, err)
		}
	}
	if good != 1 || bad != 1 {
		t.Errorf("%d good, %d bad", good, bad)
	}
	blind, err := s.Missing(t.Context(), "bank", b.Span)
	if err != nil || len(blind) != 1 || blind[0].Cause != record.BlindMissing || blind[0].Count != uint64(b.Rows()) {
		t.Errorf("missing: %+v, %v", blind, err)
	}
}

// TestUnreadableBlock puts a block whose file is what was signed and no Parquet: it is acknowledged, and missing.
func TestUnreadableBlock(t *testing.T) {
	s, _ := openTest(t)
	b := sealed(t, s, "bank", batch("hq", 1, 1, midday, 4))
	if err := os.WriteFile(filepath.Join(b.Dir, kindFile(record.KindConn)), []byte("PAR1 no PAR1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if dup, err := s.Put(t.Context(), "bank", b); dup || err != nil {
		t.Fatalf("put: %v, %v", dup, err)
	}
	list, err := s.After(t.Context(), "bank", "hq", Cursor{}, 10)
	if err != nil || len(list) != 1 || list[0].Gone == "" {
		t.Errorf("after: %+v, %v", list, err)
	}
	if blind, err := s.Missing(t.Context(), "bank", b.Manifest.Span()); err != nil || len(blind) != 1 {
		t.Errorf("missing: %+v, %v", blind, err)
	}
	hours, err := s.Hours(t.Context(), "bank", b.Manifest.Span())
	if err != nil || len(hours) != 3 || hours[0].Hour != midday || hours[0].Rows != 4 {
		t.Errorf("hours: %+v, %v", hours, err)
	}
}

func TestSnapshots(t *testing.T) {
	cfg, _ := testConfig(t.TempDir())
	cfg.Snapshots = 3
	s := reopen(t, cfg)
	for i := range 5 {
		err := s.PutSnapshot(t.Context(), "bank", "hq", Cursor{1, uint64(i + 1)}, "v1", strings.NewReader(strings.Repeat("x", i+1)))
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Snapshots(t.Context(), "bank", "hq", Cursor{1, 4})
	if err != nil || len(list) != 2 || list[0].At.Sequence != 4 || list[1].At.Sequence != 3 {
		t.Fatalf("snapshots: %+v, %v", list, err)
	}
	r, err := s.OpenSnapshot(list[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := readAll(r); got != "xxxx" {
		t.Errorf("read %q", got)
	}
	path := s.snapshotPath("bank", "hq", list[0].id)
	if err := os.WriteFile(path, []byte("xxxy"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.OpenSnapshot(list[0]); !errors.Is(err, ErrDamaged) {
		t.Errorf("a changed one: %v", err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 3 {
		t.Errorf("%d files, want 3", len(files))
	}
	if list, _ := s.Snapshots(t.Context(), "other", "hq", Cursor{1, 4}); len(list) != 0 {
		t.Errorf("another tenant sees %v", list)
	}
}

func TestIDs(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "hq-core.2_x": true, "0": true, "": false, "A": false, ".a": false, "-a": false, "a/b": false, "a b": false, "ä": false,
		strings.Repeat("a", 63): true, strings.Repeat("a", 64): false, "..": false,
	} {
		if ValidID(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
	names := []string{blockName("a-1", 2, 3), blockName("a", 12, 3), compactedName("a", 1, 2, 3), compactedName("a-1", 2, 3, 4), blockName("a", 1, 2)}
	slices.Sort(names)
	if n := len(slices.Compact(names)); n != 5 {
		t.Errorf("%d different names of 5: %v", n, names)
	}
}
