package transport

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"candor/internal/block"
	"candor/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// day is when imaginary days begin.
var day = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// fakeClock is moved by hand.
type fakeClock struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[chan struct{}]time.Time
	asked   chan time.Duration // each sleep, when set
}

func newClock() *fakeClock { return &fakeClock{now: day, waiting: map[chan struct{}]time.Time{}} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	ch := make(chan struct{})
	if d <= 0 {
		close(ch)
	} else {
		c.waiting[ch] = c.now.Add(d)
	}
	asked := c.asked
	c.mu.Unlock()
	if asked != nil {
		select {
		case asked <- d:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for ch, due := range c.waiting {
		if !due.After(c.now) {
			delete(c.waiting, ch)
			close(ch)
		}
	}
}

func (c *fakeClock) clock() Clock { return Clock{Now: c.Now, Sleep: c.Sleep} }

// hasty sleeps hardly at all, whatever it is asked.
func (c *fakeClock) hasty() Clock {
	return Clock{Now: c.Now, Sleep: func(ctx context.Context, d time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(d, time.Millisecond)):
			return nil
		}
	}}
}

// memory is a Registry in memory.
type memory struct {
	mu      sync.Mutex
	tokens  map[string]Token
	used    map[string]string
	sensors map[string]Enrolment
	fail    error
}

func newMemory() *memory {
	return &memory{tokens: map[string]Token{}, used: map[string]string{}, sensors: map[string]Enrolment{}}
}

func (m *memory) AddToken(_ context.Context, t Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.tokens[t.Hash]; ok {
		return errors.New("is there")
	}
	m.tokens[t.Hash] = t
	return m.fail
}

func (m *memory) Redeem(_ context.Context, hash string, at time.Time, e Enrolment) (Enrolment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tokens[hash]
	_, known := m.sensors[e.Fingerprint]
	switch {
	case !ok:
		return Enrolment{}, ErrTokenUnknown
	case m.used[hash] == e.Fingerprint:
		return m.sensors[e.Fingerprint], nil
	case m.used[hash] != "":
		return Enrolment{}, ErrTokenUsed
	case !at.Before(t.Expires):
		return Enrolment{}, ErrTokenExpired
	case known:
		return Enrolment{}, ErrKeyKnown
	}
	e.Tenant, e.Sensor = t.Tenant, t.Sensor
	m.used[hash], m.sensors[e.Fingerprint] = e.Fingerprint, e
	return e, m.fail
}

func (m *memory) Find(_ context.Context, fingerprint string) (Enrolment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.sensors[fingerprint]
	if !ok {
		return e, ErrUnknown
	}
	return e, m.fail
}

func (m *memory) FindRequest(_ context.Context, request string) (Enrolment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.sensors {
		if e.Request == request {
			return e, m.fail
		}
	}
	return Enrolment{}, ErrUnknown
}

func (m *memory) Update(_ context.Context, fingerprint string, change func(*Enrolment) error) (Enrolment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.sensors[fingerprint]
	if !ok {
		return e, ErrUnknown
	}
	was := e
	if err := change(&e); err != nil {
		return Enrolment{}, err
	}
	e.Fingerprint, e.Key, e.Request, e.Tenant, e.Sensor = was.Fingerprint, was.Key, was.Request, was.Tenant, was.Sensor
	m.sensors[fingerprint] = e
	return e, m.fail
}

func (m *memory) List(_ context.Context, tenant record.Tenant) ([]Enrolment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Enrolment
	for _, e := range m.sensors {
		if e.Tenant == tenant {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Enrolment) int {
		return slices.Compare([]string{string(a.Sensor), a.Asked.String(), a.Fingerprint}, []string{string(b.Sensor), b.Asked.String(), b.Fingerprint})
	})
	return out, m.fail
}

// hub is a receiver and watcher in memory, and the server in front of them.
type hub struct {
	clock    *fakeClock
	registry *memory
	ca       *CA
	server   *Server
	desk     *Desk
	url      string
	stop     func()

	mu    sync.Mutex
	got   map[Position]*block.Block // what is durable
	times int                       // blocks received, also again
	beats []Heartbeat
	peers map[Peer]int
	scope record.Scope
	in    func(p Peer, b *block.Block) error // before a block is taken; nil: nothing
}

func startHub(t testing.TB, c *fakeClock) *hub {
	t.Helper()
	ca, err := OpenCA(filepath.Join(t.TempDir(), "ca"), c.Now())
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{clock: c, registry: newMemory(), ca: ca, got: map[Position]*block.Block{}, peers: map[Peer]int{}}
	h.serve(t, "127.0.0.1:0")
	if h.desk, err = NewDesk(h.registry, h.url, ca.Pin(), c.Now); err != nil {
		t.Fatal(err)
	}
	return h
}

// serve starts the server, also again on the same address.
func (h *hub) serve(t testing.TB, address string) {
	t.Helper()
	incoming := t.TempDir()
	h.server = NewServer(ServerConfig{
		CA: h.ca, Registry: h.registry, Receiver: h, Watcher: h, Names: []string{"127.0.0.1", "localhost"}, MaxBlock: 8 << 20, Clock: h.clock.clock(),
		Incoming: func(record.Tenant) (string, error) { return filepath.Join(incoming, random(8)), nil },
		Log:      slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	h.url = "https://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.server.Serve(ctx, l) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(h.stop)
}

func (h *hub) Receive(_ context.Context, p Peer, b *block.Block) (Ack, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.times++
	if h.in != nil {
		if err := h.in(p, b); err != nil {
			return Ack{}, err
		}
	}
	pos := Position{b.Manifest.Epoch, b.Manifest.Sequence}
	old, ok := h.got[pos]
	if ok && old.Hash != b.Hash {
		return Ack{}, refuse(WhyConflict, "another block is there")
	}
	h.got[pos] = b
	h.peers[p]++
	return Ack{Duplicate: ok}, nil
}

func (h *hub) Heartbeat(_ context.Context, p Peer, b *Heartbeat) (*Reply, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beats = append(h.beats, *b)
	h.peers[p]++
	r := &Reply{}
	if h.scope.Agreement != "" {
		c := h.scope
		r.Scope = &c
	}
	return r, nil
}

func (h *hub) Scope(context.Context, Peer) (record.Scope, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.scope, h.scope.Agreement != "", nil
}

func (h *hub) with(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// enrol enrols a sensor and approves it.
func (h *hub) enrol(t testing.TB, tenant record.Tenant, sensor record.Sensor) *Home {
	t.Helper()
	home, err := OpenHome(filepath.Join(shm(t), "home"))
	if err != nil {
		t.Fatal(err)
	}
	i, _, err := h.desk.Invite(t.Context(), tenant, sensor, "ann")
	if err != nil {
		t.Fatal(err)
	}
	err = Enrol(t.Context(), EnrolConfig{Home: home, Token: i.String(), Clock: h.clock.hasty(), Told: func(_ Identity, fingerprint string) {
		if _, err := h.desk.Approve(t.Context(), tenant, ShowFingerprint(fingerprint), "bob"); err != nil {
			t.Error(err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return home
}

// shm is a folder in memory where there is one, so that fsync costs nothing.
func shm(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "candor-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func spoolFor(t testing.TB, home *Home, c *fakeClock, max int64) *Spool {
	t.Helper()
	id := home.Identity()
	s, err := OpenSpool(SpoolConfig{Dir: filepath.Join(shm(t), "spool"), Max: max, Tenant: id.Tenant, Sensor: id.Sensor, Key: home.Key(), Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// batch holds n connections within one second.
func batch(second, n int) *record.Batch {
	b := &record.Batch{Span: record.Span{From: at(second), To: at(second) + record.Time(time.Second) - 1}}
	for i := range n {
		b.Conns = append(b.Conns, record.Conn{TS: at(second) + record.Time(i)})
	}
	return b
}

func at(second int) record.Time {
	return record.TimeOf(day.Add(time.Duration(second) * time.Second))
}

// until waits for something that other goroutines bring about.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 20_000 {
		if ok() {
			return
		}
		time.Sleep(time.Millisecond) // real sockets are waited for
	}
	t.Fatalf("never happened: %s", what)
}

func why(err error) Why {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Why
	}
	if err != nil && strings.Contains(err.Error(), "tls:") {
		return "handshake"
	}
	return ""
}

func recordSensor(id string) record.Sensor { return record.Sensor(id) }
