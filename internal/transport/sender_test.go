package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"candor/internal/block"
	"candor/internal/record"
)

// run starts a sender; the returned function stops it and waits.
func run(t testing.TB, cfg SenderConfig, f func(*Sender)) (*Sender, func()) {
	t.Helper()
	cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	s, err := NewSender(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if f != nil {
		f(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return s, stop
}

// badWay duplicates, delays (and so reorders) requests and loses answers after the hub has taken the block.
type badWay struct {
	http.RoundTripper
	mu   sync.Mutex
	dice *rand.Rand
	did  map[string]int
}

func (w *badWay) roll(what string, share float64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dice.Float64() >= share {
		return false
	}
	w.did[what]++
	return true
}

func (w *badWay) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != pathBlocks {
		return w.RoundTripper.RoundTrip(r)
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_ = r.Body.Close()
	send := func() (*http.Response, error) {
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(bytes.NewReader(data))
		return w.RoundTripper.RoundTrip(again)
	}
	if w.roll("delayed", 0.1) {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if w.roll("duplicated", 0.1) {
		if resp, err := send(); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
	resp, err := send()
	if err == nil && w.roll("answer lost", 0.1) {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return nil, errors.New("the answer was lost")
	}
	return resp, err
}

// brittle cuts each connection after some bytes.
func brittle(dice *rand.Rand) DialFunc {
	var mu sync.Mutex
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		return &brittleConn{Conn: c, left: 40_000 + dice.IntN(200_000)}, nil
	}
}

type brittleConn struct {
	net.Conn
	mu   sync.Mutex
	left int
}

func (c *brittleConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.left -= len(p)
	gone := c.left < 0
	c.mu.Unlock()
	if gone {
		_ = c.Close()
		return 0, errors.New("the cable was pulled")
	}
	return c.Conn.Write(p)
}

// TestEveryBlockOnce: over a way that duplicates, reorders, loses answers and breaks, and with a hub that goes away and comes back, every block has its
// effect once, unaltered, and the spool is empty at the end.
func TestEveryBlockOnce(t *testing.T) {
	c := newClock()
	h := startHub(t, c)
	home := h.enrol(t, "bank", "hq")
	spool := spoolFor(t, home, c, 1<<30)
	const blocks = 200
	want := map[Position]string{}
	sealOne := func(i int) {
		m, err := spool.Seal(batch(i, 1+i%50), block.Scope{})
		if err != nil {
			t.Error(err)
			return
		}
		want[Position{m.Epoch, m.Sequence}] = spool.newestHash()
	}
	for i := range blocks / 2 {
		sealOne(i)
	}
	way := &badWay{dice: rand.New(rand.NewPCG(1, 2)), did: map[string]int{}}
	s, stop := run(t, SenderConfig{Home: home, Spool: spool, Clock: c.hasty(), Dial: brittle(rand.New(rand.NewPCG(3, 4)))}, func(s *Sender) {
		s.link.wrap = func(rt http.RoundTripper) http.RoundTripper {
			way.RoundTripper = rt
			return way
		}
	})
	for i := blocks / 2; i < blocks; i++ {
		sealOne(i)
		if i == blocks*3/4 {
			address := h.server.addressForTest(h.url)
			h.stop()
			h.serve(t, address)
		}
	}
	until(t, "all are delivered", func() bool { return spool.Status().Blocks == 0 })
	stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.got) != blocks {
		t.Errorf("the hub has %d blocks, want %d", len(h.got), blocks)
	}
	for pos, hash := range want {
		if h.got[pos] == nil || h.got[pos].Hash != hash {
			t.Errorf("block %v is not what was sealed", pos)
		}
	}
	for _, what := range []string{"delayed", "duplicated", "answer lost"} {
		if way.did[what] == 0 {
			t.Errorf("nothing was %s: this proves nothing", what)
		}
	}
	if st := s.Status(); st.Sent != blocks || st.Duplicates == 0 || h.times <= blocks || st.Refused != 0 {
		t.Errorf("status %+v, %d received", st, h.times)
	}
}

// newestHash is the hash of the block sealed last.
func (s *Spool) newestHash() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.previous
}

func (s *Server) addressForTest(url string) string { return url[len("https://"):] }

// TestLiveFirst: with a long backlog, what is sealed now does not wait for it.
func TestLiveFirst(t *testing.T) {
	c := newClock()
	h := startHub(t, c)
	home := h.enrol(t, "bank", "hq")
	spool := spoolFor(t, home, c, 1<<30)
	for i := range 60 {
		if _, err := spool.Seal(batch(i, 1), block.Scope{}); err != nil {
			t.Fatal(err)
		}
	}
	var order []uint64
	turn := make(chan struct{})
	h.in = func(_ Peer, b *block.Block) error {
		order = append(order, b.Manifest.Sequence)
		if len(order) == 10 {
			close(turn)
		}
		return nil
	}
	_, stop := run(t, SenderConfig{Home: home, Spool: spool, Clock: c.hasty(), CatchUp: 1}, nil)
	<-turn
	m, err := spool.Seal(batch(99, 1), block.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "all are delivered", func() bool { return spool.Status().Blocks == 0 })
	stop()
	place := slices.Index(order, m.Sequence)
	if place < 0 || place > 45 {
		t.Errorf("the live block came at place %d of %d", place, len(order))
	}
	old := slices.DeleteFunc(slices.Clone(order), func(n uint64) bool { return n == m.Sequence || n == 60 }) // 60 was the newest at the start
	if !slices.IsSorted(old) {
		t.Errorf("the backlog came out of order: %v", old)
	}
}

// TestBackPressure: the hub says when to come again, and the sensor waits that long; heartbeats go on.
func TestBackPressure(t *testing.T) {
	c := newClock()
	c.asked = make(chan time.Duration, 1000)
	h := startHub(t, c)
	h.clock = newClock() // the hub's own
	home := h.enrol(t, "bank", "hq")
	spool := spoolFor(t, home, c, 1<<30)
	if _, err := spool.Seal(batch(0, 1), block.Scope{}); err != nil {
		t.Fatal(err)
	}
	busy := true
	h.with(func() {
		h.in = func(Peer, *block.Block) error {
			if busy {
				return Busy(42*time.Second, "disk full")
			}
			return nil
		}
	})
	_, stop := run(t, SenderConfig{Home: home, Spool: spool, Clock: c.clock(), CatchUp: 1}, nil)
	until(t, "the lane waits as asked", func() bool {
		select {
		case d := <-c.asked:
			return d >= 42*time.Second && d < 44*time.Second
		default:
			return false
		}
	})
	for range 5 {
		var before int
		h.with(func() { before = len(h.beats) })
		c.advance(time.Second)
		until(t, "a heartbeat", func() (more bool) {
			h.with(func() { more = len(h.beats) > before })
			return more
		})
	}
	h.with(func() {
		if h.times != 1 {
			t.Errorf("the hub was asked %d times while busy", h.times)
		}
		busy = false
	})
	c.advance(40 * time.Second)
	until(t, "the block is delivered", func() bool { return spool.Status().Blocks == 0 })
	stop()
}

// TestHeartbeat: position, spool, sight and scope travel; a new scope is told once and kept.
func TestHeartbeat(t *testing.T) {
	c := newClock()
	h := startHub(t, c)
	home := h.enrol(t, "bank", "hq")
	spool := spoolFor(t, home, c, 1<<30)
	h.scope = record.Scope{Agreement: "bank-2026", Revision: 7, Sensor: "hq", Segments: record.AssumedScope().Segments}
	var mu sync.Mutex
	var scopes []record.Scope
	s, stop := run(t, SenderConfig{
		Home: home, Spool: spool, Clock: c.hasty(),
		Sight: func() ([]record.Sight, *record.Drops) {
			return []record.Sight{{Minutes: 1, Sensor: "hq"}}, &record.Drops{Received: 5, Dropped: 1}
		},
		OnScope: func(c record.Scope) {
			mu.Lock()
			defer mu.Unlock()
			scopes = append(scopes, c)
		},
	}, nil)
	if _, err := spool.Seal(batch(0, 1), block.Scope{}); err != nil {
		t.Fatal(err)
	}
	until(t, "a heartbeat under the scope, with the block", func() (ok bool) {
		h.with(func() {
			for _, b := range h.beats {
				ok = ok || b.Scope.Revision == 7 && b.Sealed.Sequence == 1 && len(b.Sight) == 1 && b.Drops.Dropped == 1
			}
		})
		return ok
	})
	got, ok, err := s.FetchScope(t.Context())
	stop()
	if err != nil || !ok || got.Revision != 7 || len(got.Segments) != 1 {
		t.Errorf("fetched %+v %v (%v)", got, ok, err)
	}
	if len(scopes) != 1 || scopes[0].Segments[0].Networks[0].String() != "10.0.0.0/8" {
		t.Errorf("told of %+v", scopes)
	}
	again, err := OpenHome(home.dir)
	if kept, ok := again.Scope(); err != nil || !ok || kept.Revision != 7 {
		t.Errorf("kept %+v (%v)", kept, err)
	}
	if st := s.Status(); st.HubAt != record.TimeOf(c.Now()) || st.Heartbeats == 0 {
		t.Errorf("status %+v", st)
	}
}

func TestHeartbeatFits(t *testing.T) {
	sight := record.Sight{Hosts: make([]record.HostSeen, 60_000), Cards: make([]record.CardSeen, 3)}
	h := Heartbeat{Sight: []record.Sight{sight, sight}}
	if err := h.fit(); err != nil {
		t.Fatal(err)
	}
	left := uint64(len(h.Sight[0].Hosts) + len(h.Sight[1].Hosts))
	if left == 0 || left+h.Cut != 120_000 || len(sight.Hosts) != 60_000 {
		t.Errorf("%d left, %d cut", left, h.Cut)
	}
}

// TestRenewal runs a sender through weeks: renewed when a third is left and not before, asked for again by its key after it ran out.
func TestRenewal(t *testing.T) {
	c := newClock()
	h := startHub(t, c)
	home := h.enrol(t, "bank", "hq")
	spool := spoolFor(t, home, c, 1<<30)
	first := home.Certificate().Leaf.NotAfter
	s, err := NewSender(SenderConfig{Home: home, Spool: spool, Clock: c.clock(), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.link.reset)
	fresh := func() time.Duration {
		t.Helper()
		wait, err := s.freshen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	for range 4*24 + 15 { // hours
		fresh()
		c.advance(time.Hour)
	}
	if got := home.Certificate().Leaf.NotAfter; !got.Equal(first) {
		t.Fatalf("renewed early, with %v left", first.Sub(c.Now()))
	}
	for range 2 {
		fresh()
		c.advance(time.Hour)
	}
	second := home.Certificate().Leaf.NotAfter
	if life := second.Sub(c.Now()); life < SensorLife-3*time.Hour {
		t.Fatalf("not renewed, %v left", life)
	}
	if err := s.heartbeat(t.Context()); err != nil {
		t.Errorf("with the new certificate: %v", err)
	}
	c.advance(90 * 24 * time.Hour)
	if err := s.heartbeat(t.Context()); !errors.Is(err, errNoCertificate) {
		t.Errorf("after it ran out: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := s.freshen(context.Background())
		done <- err
	}()
	var e Enrolment
	until(t, "it is pending again", func() bool {
		e, err = h.registry.Find(t.Context(), home.Fingerprint())
		return err == nil && e.State == Pending
	})
	if !e.Again {
		t.Error("nothing says that it was here before")
	}
	if _, err := h.desk.Approve(t.Context(), "bank", home.Fingerprint(), "bob"); err != nil {
		t.Fatal(err)
	}
	until(t, "it fetched its certificate", func() bool {
		c.advance(pollEvery)
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return true
		default:
			return false
		}
	})
	if err := s.heartbeat(t.Context()); err != nil {
		t.Errorf("after 90 days away: %v", err)
	}
}

// TestRenewalKeyBound: a certificate is renewed for its own key only, and a revoked sensor gets none.
func TestRenewalKeyBound(t *testing.T) {
	c := newClock()
	h := startHub(t, c)
	home := h.enrol(t, "bank", "hq")
	thief := h.enrol(t, "bank", "thief")
	l := &link{home: home, clock: c.clock()}
	c.advance(SensorLife * 3 / 4)
	own := home.key
	home.key = thief.key
	if err := l.renew(t.Context()); why(err) != WhySignature {
		t.Errorf("another key: %v", err)
	}
	home.key = own
	if err := l.renew(t.Context()); err != nil {
		t.Errorf("the own key: %v", err)
	}
	if _, err := h.desk.Revoke(t.Context(), "bank", home.Fingerprint(), "bob", "stolen"); err != nil {
		t.Fatal(err)
	}
	if err := l.renew(t.Context()); err == nil {
		t.Error("revoked and renewed")
	}
	c.advance(SensorLife * 2)
	if err := l.ask(t.Context(), ""); why(err) != WhyRevoked {
		t.Errorf("revoked and asked again: %v", err)
	}
}

// TestRefusedBlockGoesAside: a block that the hub refuses for ever does not stand in the way of the others, and is told as lost.
func TestRefusedBlockGoesAside(t *testing.T) {
	c := newClock()
	h := startHub(t, c)
	home := h.enrol(t, "bank", "hq")
	spool := spoolFor(t, home, c, 1<<30)
	h.in = func(_ Peer, b *block.Block) error {
		if b.Manifest.Sequence == 2 {
			return refuse(WhyConflict, "another block is there")
		}
		return nil
	}
	for i := range 4 {
		if _, err := spool.Seal(batch(i, 3), block.Scope{}); err != nil {
			t.Fatal(err)
		}
	}
	_, stop := run(t, SenderConfig{Home: home, Spool: spool, Clock: c.hasty()}, nil)
	until(t, "the others are delivered", func() bool { st := spool.Status(); return st.Blocks == 0 && st.Aside == 1 })
	if _, err := spool.Seal(batch(9, 1), block.Scope{}); err != nil {
		t.Fatal(err)
	}
	until(t, "the next one too", func() bool { return spool.Status().Blocks == 0 })
	stop()
	last := h.got[Position{spool.Epoch(), 5}]
	if len(h.got) != 4 || last == nil || len(last.Manifest.Blind) != 1 || last.Manifest.Blind[0].Count != 3 {
		t.Errorf("%d blocks, last %+v", len(h.got), last)
	}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pace{first: time.Second, most: 15 * time.Second, jitter: func() float64 { return 0 }}
		clock := Clock{Now: time.Now}
		var got []string
		for range 7 {
			start := time.Now()
			if err := clock.sleep(t.Context(), p.failed(errors.New("x"))); err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(time.Since(start)))
		}
		if want := []string{"500ms", "1s", "2s", "4s", "7.5s", "7.5s", "7.5s"}; !slices.Equal(got, want) {
			t.Errorf("waits %v, want %v", got, want)
		}
		if d := p.failed(Busy(time.Minute, "")); d < time.Minute {
			t.Errorf("asked to wait a minute, waits %v", d)
		}
		p.done()
		p.jitter = func() float64 { return 0.999 }
		if d := p.failed(nil); d < 900*time.Millisecond || d > time.Second {
			t.Errorf("after a success with most jitter: %v", d)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := clock.sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("a sleep that nobody needs: %v", err)
		}
	})
}

// BenchmarkBlocks sends sealed blocks of 1,000 connections over loopback with TLS; both ends fsync to a real disk where TMPDIR is one.
func BenchmarkBlocks(b *testing.B) {
	for _, lanes := range []int{1, 3, 8} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) {
			c := newClock()
			h := startHub(b, c)
			home := h.enrol(b, "bank", "hq")
			id := home.Identity()
			spool, err := OpenSpool(SpoolConfig{Dir: filepath.Join(b.TempDir(), "s"), Max: 1 << 40, Tenant: id.Tenant, Sensor: id.Sensor, Key: home.Key(), Now: c.Now})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = spool.Close() }()
			for i := range b.N {
				if _, err := spool.Seal(batch(i, 1000), block.Scope{}); err != nil {
					b.Fatal(err)
				}
			}
			spool.floor = Position{spool.epoch, spool.sequence}
			b.ResetTimer()
			_, stop := run(b, SenderConfig{Home: home, Spool: spool, Clock: c.hasty(), CatchUp: lanes}, nil)
			for spool.Status().Blocks > 0 {
				time.Sleep(time.Millisecond)
			}
			b.StopTimer()
			stop()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "blocks/s")
		})
	}
}
