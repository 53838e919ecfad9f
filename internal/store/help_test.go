package store

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"candor/internal/block"
	"candor/internal/record"
)

// The test program is its own query process.
func TestMain(m *testing.M) {
	switch os.Getenv("STORE_TEST_WORKER") {
	case "":
		os.Exit(m.Run())
	case "crash": // answers nothing, ever
		os.Exit(3)
	case "hang":
		_, _ = io.Copy(io.Discard, os.Stdin)
		select {}
	}
	if err := ServeQueries(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func testKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

// midday is the time of the tests' first packets.
var midday = record.TimeOf(time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC))

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t record.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t.Std()
}

func testConfig(dir string) (Config, *clock) {
	c := &clock{now: midday.Std()}
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return Config{
		Dir: dir, Now: c.Now, Key: testKey(), Reserve: 1,
		Query: Query{Command: []string{exe}, Env: []string{"STORE_TEST_WORKER=serve"}, Memory: 256 << 20, Deadline: 20 * time.Second},
	}, c
}

func openTest(t testing.TB) (*Store, *clock) {
	t.Helper()
	cfg, c := testConfig(t.TempDir())
	return reopen(t, cfg), c
}

func reopen(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// sealed writes a batch as a block where it may be put from.
func sealed(t testing.TB, s *Store, tenant record.Tenant, b *record.Batch) *block.Block {
	t.Helper()
	dir, err := s.Incoming(tenant)
	if err != nil {
		t.Fatal(err)
	}
	h := block.Head{Tenant: tenant, Sensor: b.ID.Sensor, Epoch: b.ID.Epoch, Sequence: b.ID.Sequence, Sealed: b.Span.To}
	if _, err := block.Seal(dir, h, b, testKey()); err != nil {
		t.Fatal(err)
	}
	got, err := block.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func put1(t testing.TB, s *Store, tenant record.Tenant, b *record.Batch) {
	t.Helper()
	if dup, err := s.Put(t.Context(), tenant, sealed(t, s, tenant, b)); dup || err != nil {
		t.Fatalf("put %v: duplicate %v, %v", b.ID, dup, err)
	}
}

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

// batch is five seconds of one feed: n connections, a lookup for each second of them, and a log line.
func batch(sensor record.Sensor, epoch, sequence uint64, from record.Time, n int) *record.Batch {
	b := &record.Batch{
		ID: record.BatchID{Sensor: sensor, Epoch: epoch, Sequence: sequence}, Feed: "eth1", Span: record.Span{From: from, To: from + 5*record.Time(time.Second)},
	}
	for i := range n {
		ts := from + record.Time(i)*record.Time(time.Millisecond)
		uid := record.UID(fmt.Sprintf("C%s%d-%d-%d", sensor, epoch, sequence, i))
		orig, resp := netip.AddrFrom4([4]byte{10, 0, byte(sequence), byte(i)}), netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
		b.Conns = append(b.Conns, record.Conn{
			TS: ts, UID: uid, Feed: "eth1", OrigH: orig, RespH: resp, OrigP: uint16(40000 + i), RespP: 443, Proto: 6, Service: "ssl", Duration: record.Time(time.Second),
			State: "SF", History: "ShADadfF", LocalOrig: true, OrigBytes: 100, RespBytes: 1000, OrigPkts: 5, RespPkts: 6, OrigIPBytes: 300, RespIPBytes: 1300, Final: true,
		})
		if i%2 == 0 {
			b.DNS = append(b.DNS, record.DNS{
				Ends:  record.Ends{TS: ts, UID: uid + "d", Feed: "eth1", OrigH: orig, RespH: addr("10.0.0.53"), OrigP: 5353, RespP: 53, Proto: 17},
				Query: fmt.Sprintf("Host%d.Example.com", i), QType: 1, QClass: 1, HasQuery: true, HasReply: true, Answers: []string{resp.String()}, TTLs: []uint32{60},
			})
		}
	}
	b.Logs = append(b.Logs, record.Log{TS: from, Feed: "eth1", Format: "syslog", Host: "fw1", User: "ann", Src: addr("10.9.9.9"), Message: fmt.Sprintf("line %d", sequence)})
	return b
}

func folders(t testing.TB, s *Store, tenant record.Tenant) []string {
	t.Helper()
	list, err := filepath.Glob(s.tenantPath(tenant, blocksDir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func readAll(r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	return string(b), err
}
