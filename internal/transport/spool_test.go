package transport

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/block"
	"candor/internal/record"
)

func testKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) }

func spoolConfig(dir string, max int64) SpoolConfig {
	return SpoolConfig{Dir: dir, Max: max, Tenant: "bank", Sensor: "hq", Key: testKey(), Now: newClock().Now}
}

func openSpool(t *testing.T, cfg SpoolConfig) *Spool {
	t.Helper()
	s, err := OpenSpool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func seal(t *testing.T, s *Spool, b *record.Batch) *block.Manifest {
	t.Helper()
	m, err := s.Seal(b, block.Scope{Agreement: "a", Revision: 1})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// oneBlock is what a block of n connections takes.
func oneBlock(t *testing.T, n int) int64 {
	t.Helper()
	s := openSpool(t, spoolConfig(filepath.Join(shm(t), "s"), 1<<30))
	seal(t, s, batch(0, n))
	return s.Status().Bytes
}

func TestSpoolOrder(t *testing.T) {
	cfg := spoolConfig(filepath.Join(shm(t), "s"), 1<<30)
	s := openSpool(t, cfg)
	if _, ok := s.Last(); ok {
		t.Error("an empty spool has a last block")
	}
	first, second := seal(t, s, batch(0, 1)), seal(t, s, batch(1, 2))
	if first.Sequence != 1 || second.Sequence != 2 || first.Previous != "" || second.Previous == "" || first.Epoch != s.Epoch() {
		t.Errorf("order: %+v, %+v", first, second)
	}
	b, err := block.Open(s.items[1].dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(publicOf(cfg.Key)); err != nil {
		t.Error(err)
	}
	if got, err := b.Batch(); err != nil || got.ID != (record.BatchID{Sensor: "hq", Epoch: s.Epoch(), Sequence: 2}) || len(got.Conns) != 2 {
		t.Errorf("batch: %+v (%v)", got, err)
	}
	if _, err := OpenSpool(cfg); err == nil {
		t.Error("two programs have one spool")
	}
	for range 2 {
		it, _ := s.next(false)
		if it == nil {
			it, _ = s.next(true)
		}
		if err := s.ack(it); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := openSpool(t, cfg)
	if last, ok := again.Last(); !ok || last.Sequence != 2 || last.To != second.To {
		t.Errorf("last after all were sent: %+v, %v", last, ok)
	}
	if again.Epoch() <= s.Epoch() || again.Status().Blocks != 0 {
		t.Errorf("epoch %d after %d, %d blocks", again.Epoch(), s.Epoch(), again.Status().Blocks)
	}
}

func TestSpoolDropsOldest(t *testing.T) {
	size := oneBlock(t, 5)
	cfg := spoolConfig(filepath.Join(shm(t), "s"), 3*size+size/2)
	s := openSpool(t, cfg)
	b := batch(0, 5)
	b.DNS = append(b.DNS, record.DNS{})
	b.Blind = []record.Blind{{Span: record.Span{From: 1, To: 2}, Cause: record.BlindCrash, Words: "crash"}}
	seal(t, s, b)
	for i := 1; i < 5; i++ {
		seal(t, s, batch(i, 5))
	}
	if st := s.Status(); st.Blocks != 3 || st.Dropped != 11 || st.Bytes > cfg.Max {
		t.Errorf("status %+v", st)
	}
	for second := 5; second < 7; second++ {
		seal(t, s, batch(second, 5))
	}
	var told []record.Blind
	for _, it := range s.items {
		told = append(told, it.blind...)
	}
	for _, l := range s.ledger.Losses {
		told = append(told, l.told())
	}
	var spool, rows uint64
	crash := 0
	for _, x := range told {
		switch x.Cause {
		case record.BlindSpool:
			spool++
			rows += x.Count
		case record.BlindCrash:
			crash++
		}
	}
	if want := s.Status().Dropped; rows != want || crash != 1 {
		t.Errorf("told of %d rows and %d crashes, dropped %d and one: %+v", rows, crash, want, told)
	}
	if w := told[0].Words; !strings.Contains(w, "conn") {
		t.Errorf("words do not say which kinds: %q", w)
	}
}

// TestSpoolJoins drops neighbours without a block between to tell of them: one loss with the exact span.
func TestSpoolJoins(t *testing.T) {
	size := oneBlock(t, 5)
	cfg := spoolConfig(filepath.Join(shm(t), "s"), 100*size)
	s := openSpool(t, cfg)
	for i := range 6 {
		seal(t, s, batch(i, 5))
	}
	s.items[2].unsure = true // the hub may have it
	s.mu.Lock()
	for range 4 {
		if ok, err := s.dropOldest("full"); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	s.mu.Unlock()
	if len(s.ledger.Losses) != 2 {
		t.Fatalf("losses %+v, want two, around the one that stays", s.ledger.Losses)
	}
	a, b := s.ledger.Losses[0].told(), s.ledger.Losses[1].told()
	if a.Span != (record.Span{From: at(0), To: batch(1, 1).Span.To}) || b.Span != (record.Span{From: at(3), To: batch(4, 1).Span.To}) || a.Count != 10 || b.Count != 10 {
		t.Errorf("got %+v and %+v", a, b)
	}
}

func TestSpoolDamage(t *testing.T) {
	flip := func(name string, at int) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data[at] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	cases := []struct {
		name   string
		damage func(t *testing.T, dir string)
		rows   uint64
	}{
		{"a bit of a file", flip("conn.parquet", 100), 3},
		{"a bit of the manifest", flip("manifest.json", 40), 0},
		{"no manifest", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "manifest.json")); err != nil {
				t.Fatal(err)
			}
		}, 0},
		{"a file is missing", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "conn.parquet")); err != nil {
				t.Fatal(err)
			}
		}, 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg := spoolConfig(filepath.Join(shm(t), "s"), 1<<30)
			s := openSpool(t, cfg)
			for i := range 3 {
				seal(t, s, batch(i, 3))
			}
			c.damage(t, s.items[1].dir)
			left := filepath.Join(cfg.Dir, blocksFolder, ".half.123.tmp")
			if err := os.MkdirAll(left, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			again := openSpool(t, cfg)
			if st := again.Status(); st.Blocks != 2 || st.Aside != 1 {
				t.Errorf("status %+v", st)
			}
			if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
				t.Error("half a block is still there")
			}
			m := seal(t, again, batch(9, 1))
			if len(m.Blind) != 1 || m.Blind[0].Count != c.rows || m.Blind[0].Span.From < at(0) || m.Blind[0].Span.To > at(3) {
				t.Errorf("told %+v", m.Blind)
			}
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
			if third := openSpool(t, cfg); len(third.ledger.Losses) != 0 || third.Status().Aside != 1 {
				t.Errorf("told twice: %+v", third.ledger)
			}
		})
	}
}

func TestSpoolCannotSeal(t *testing.T) {
	cfg := spoolConfig(filepath.Join(shm(t), "s"), 1<<30)
	s := openSpool(t, cfg)
	bad := batch(0, 4)
	bad.Blind = []record.Blind{{Span: record.Span{From: 1, To: 2}, Cause: record.BlindShed, Count: 3}}
	if err := os.RemoveAll(filepath.Join(cfg.Dir, blocksFolder)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Seal(bad, block.Scope{}); err == nil {
		t.Fatal("sealed into nothing")
	}
	if err := os.Mkdir(filepath.Join(cfg.Dir, blocksFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	m := seal(t, s, batch(1, 1))
	if m.Sequence != 1 || len(m.Blind) != 2 || m.Blind[0].Count != 4 || m.Blind[1].Cause != record.BlindShed {
		t.Errorf("sequence %d, told %+v", m.Sequence, m.Blind)
	}
}

func TestSpoolLostNotes(t *testing.T) {
	cfg := spoolConfig(filepath.Join(shm(t), "s"), 1<<30)
	s := openSpool(t, cfg)
	seal(t, s, batch(0, 3))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{ledgerFile, lastFile, epochFile} {
		if err := os.WriteFile(filepath.Join(cfg.Dir, f), []byte("{nonsense"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := openSpool(t, cfg)
	if again.Epoch() <= s.Epoch() {
		t.Errorf("epoch %d again after %d", again.Epoch(), s.Epoch())
	}
	if m := seal(t, again, batch(1, 1)); len(m.Blind) != 1 {
		t.Errorf("an unreadable list of losses is not told: %+v", m.Blind)
	}
}

// TestLedgerBound: however many losses, the list stays short and nothing is forgotten in sum.
func TestLedgerBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l ledger
		var want uint64
		feeds := rapid.SliceOfN(rapid.SampledFrom([]record.Feed{"", "a", "b"}), 300, 600).Draw(t, "feeds")
		for i, f := range feeds {
			l.add(loss{Blind: record.Blind{Span: record.Span{From: at(i), To: at(i + 1)}, Cause: record.BlindSpool, Feed: f, Count: uint64(i)}, How: "x", Blocks: 1})
			want += uint64(i)
		}
		var got uint64
		for _, e := range l.Losses {
			got += e.told().Count
		}
		if len(l.Losses) > maxLosses || got != want {
			t.Fatalf("%d losses of %d rows, want at most %d of %d", len(l.Losses), got, maxLosses, want)
		}
	})
}

// errDied is the death of the program in the property below.
var errDied = errors.New("died")

// TestSpoolAlways: whatever is sealed, acknowledged, dropped, refused, and wherever the program dies, records sealed = acknowledged + told as lost or to
// be told + there. A block counts as acknowledged once the hub has it, however often it came.
func TestSpoolAlways(t *testing.T) {
	size := oneBlock(t, 8)
	root := shm(t)
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(root, "p")
		if err != nil {
			t.Fatal(err)
		}
		m := &spoolModel{cfg: spoolConfig(dir, 4*size), hub: map[Position]bool{}, sealed: map[Position]uint64{}}
		m.open(t)
		defer func() { _ = m.s.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"seal":   m.seal,
			"ack":    m.ack,
			"no ack": m.unanswered,
			"refuse": m.refuse,
			"crash":  func(t *rapid.T) { m.open(t) },
			"arm": func(t *rapid.T) {
				m.arm(rapid.SampledFrom([]string{"sealed", "written down", "renamed", "acked"}).Draw(t, "point"))
			},
			"": m.check,
		})
	})
}

// spoolModel is a hub that remembers, and a spool that may die.
type spoolModel struct {
	cfg    SpoolConfig
	s      *Spool
	hub    map[Position]bool // delivered
	told   uint64            // rows of losses told in delivered blocks
	sealed map[Position]uint64
	second int
	blind  uint64 // counts of losses that batches brought
	hubBl  uint64 // of these, delivered
}

// open starts the program, after whatever.
func (m *spoolModel) open(t *rapid.T) {
	if m.s != nil {
		_ = m.s.Close() // the kernel does it for the dead
	}
	s, err := OpenSpool(m.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if m.s != nil && s.Epoch() <= m.s.Epoch() {
		t.Fatalf("epoch %d after %d", s.Epoch(), m.s.Epoch())
	}
	m.s = s
}

func (m *spoolModel) arm(point string) {
	m.s.fault = func(at string) error {
		if at == point {
			return errDied
		}
		return nil
	}
}

// survive starts the program again when it died.
func (m *spoolModel) survive(t *rapid.T, err error) {
	switch {
	case errors.Is(err, errDied):
		m.open(t)
	case err != nil:
		t.Fatal(err)
	}
}

func (m *spoolModel) seal(t *rapid.T) {
	n := rapid.IntRange(0, 12).Draw(t, "rows")
	b := batch(m.second, n)
	m.second++
	if rapid.Bool().Draw(t, "blind") {
		b.Blind = []record.Blind{{Span: b.Span, Cause: record.BlindShed, Count: 1}}
	}
	pos := Position{m.s.Epoch(), m.s.Position().Sequence + 1}
	_, err := m.s.Seal(b, block.Scope{})
	m.sealed[pos] = uint64(n)
	m.blind += uint64(len(b.Blind))
	m.survive(t, err)
}

// deliver is the hub taking a block.
func (m *spoolModel) deliver(it *item) {
	if m.hub[it.pos] {
		return
	}
	m.hub[it.pos] = true
	for _, b := range it.blind {
		if b.Cause == record.BlindSpool {
			m.told += b.Count
		} else {
			m.hubBl += b.Count
		}
	}
}

func (m *spoolModel) next(t *rapid.T) *item {
	it, _ := m.s.next(rapid.Bool().Draw(t, "live"))
	return it
}

func (m *spoolModel) ack(t *rapid.T) {
	if it := m.next(t); it != nil {
		m.deliver(it)
		m.survive(t, m.s.ack(it))
	}
}

// unanswered: the hub took it or not, and the sensor does not know.
func (m *spoolModel) unanswered(t *rapid.T) {
	it := m.next(t)
	if it == nil {
		return
	}
	took := rapid.Bool().Draw(t, "took")
	if took {
		m.deliver(it)
	}
	if rapid.Bool().Draw(t, "and dies") {
		m.open(t)
		return
	}
	m.s.back(it, took)
}

func (m *spoolModel) refuse(t *rapid.T) {
	it := m.next(t)
	if it == nil {
		return
	}
	if m.hub[it.pos] { // a hub that has it does not refuse it
		m.s.back(it, true)
		return
	}
	_, err := m.s.refused(it, refuse(WhyDamaged, "no"))
	m.survive(t, err)
}

func (m *spoolModel) check(t *rapid.T) {
	var sealed, acked, here, waits, blindHere uint64
	for p, n := range m.sealed {
		sealed += n
		if m.hub[p] {
			acked += n
		}
	}
	for _, it := range m.s.items {
		if m.hub[it.pos] {
			continue // it is only not removed yet
		}
		here += it.records()
		for _, b := range it.blind {
			if b.Cause == record.BlindSpool {
				waits += b.Count
			} else {
				blindHere += b.Count
			}
		}
	}
	for _, l := range m.s.ledger.Losses {
		if l.Blind.Cause == record.BlindSpool {
			waits += l.Blind.Count
		} else {
			blindHere += l.Blind.Count
		}
	}
	if sealed != acked+here+waits+m.told {
		t.Fatalf("sealed %d, acknowledged %d, here %d, lost %d waiting to be told and %d told", sealed, acked, here, waits, m.told)
	}
	if m.blind != m.hubBl+blindHere {
		t.Fatalf("%d losses came with batches, %d were delivered and %d wait", m.blind, m.hubBl, blindHere)
	}
	if over := m.s.Status().Bytes - m.cfg.Max; over > m.cfg.Max/2 {
		t.Fatalf("%d bytes too many", over)
	}
}
