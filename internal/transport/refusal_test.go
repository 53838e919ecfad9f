package transport

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/block"
)

// sealed is the stream of a block as somebody claims it.
func sealed(t *testing.T, head block.Head, key ed25519.PrivateKey) []byte {
	t.Helper()
	dir := filepath.Join(shm(t), "b")
	if _, err := block.Seal(dir, head, batch(0, 3), key); err != nil {
		t.Fatal(err)
	}
	b, err := block.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func honest() block.Head {
	return block.Head{Tenant: "bank", Sensor: "hq", Epoch: 1, Sequence: 1, Sealed: at(0)}
}

func (l *link) send(ctx context.Context, data []byte) (Ack, error) {
	var ack Ack
	c, err := l.sensor()
	if err != nil {
		return ack, err
	}
	return ack, l.call(ctx, c, http.MethodPost, pathBlocks, bytes.NewReader(data), &ack)
}

func TestBlockRefused(t *testing.T) {
	h := startHub(t, newClock())
	home := h.enrol(t, "bank", "hq")
	h.enrol(t, "clinic", "ward") // exists, and is somebody else
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l := &link{home: home, clock: h.clock.clock()}
	t.Cleanup(l.reset)
	with := func(f func(*block.Head)) block.Head {
		head := honest()
		f(&head)
		return head
	}
	good := sealed(t, honest(), home.Key())
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	for _, c := range []struct {
		name string
		data []byte
		want Why
	}{
		{"another sensor's", sealed(t, with(func(h *block.Head) { h.Sensor = "branch" }), home.Key()), WhyForeign},
		{"another tenant's", sealed(t, with(func(h *block.Head) { h.Tenant = "clinic" }), home.Key()), WhyForeign},
		{"another tenant's sensor", sealed(t, with(func(h *block.Head) { h.Tenant, h.Sensor = "clinic", "ward" }), home.Key()), WhyForeign},
		{"signed by a stranger", sealed(t, honest(), stranger), WhySignature},
		{"a bit of its data", flip(len(good) - 200), WhyDamaged},
		{"its beginning", flip(0), WhyDamaged},
		{"cut short", good[:len(good)-10], WhyDamaged},
		{"something behind it", append(bytes.Clone(good), 0), WhyDamaged},
		{"nothing", nil, WhyDamaged},
		{"noise", []byte(strings.Repeat("noise", 1000)), WhyDamaged},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := h.server.Refused()[c.want]
			_, err := l.send(t.Context(), c.data)
			if why(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if after := h.server.Refused()[c.want]; after != before+1 {
				t.Errorf("counted %d refusals, want one", after-before)
			}
		})
	}
	if len(h.got) != 0 || h.times != 0 {
		t.Errorf("%d refused blocks reached the receiver", h.times)
	}
	ack, err := l.send(t.Context(), good)
	if err != nil || ack.Duplicate || ack.Sequence != 1 {
		t.Errorf("an honest block: %+v (%v)", ack, err)
	}
	if ack, err = l.send(t.Context(), good); err != nil || !ack.Duplicate {
		t.Errorf("the same again: %+v (%v)", ack, err)
	}
	if n := h.peers[Peer{"bank", "hq", home.Fingerprint()}]; n != 2 || len(h.peers) != 1 {
		t.Errorf("peers %v", h.peers)
	}
}

// TestSensorRefused tells apart why a sensor is not let in.
func TestSensorRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(t *testing.T, h *hub, home *Home)
		want []Why
	}{
		{"revoked", func(t *testing.T, h *hub, home *Home) {
			if _, err := h.desk.Revoke(t.Context(), "bank", home.Fingerprint(), "bob", "stolen"); err != nil {
				t.Fatal(err)
			}
		}, []Why{WhyRevoked}},
		{"expired", func(_ *testing.T, h *hub, _ *Home) { h.clock.advance(SensorLife) }, []Why{WhyExpired, ""}}, // or cut by the sweep
		{"unknown to the hub", func(_ *testing.T, h *hub, _ *Home) { clear(h.registry.sensors) }, []Why{WhyUnknown}},
		{"pending again", func(t *testing.T, h *hub, home *Home) {
			if _, err := h.registry.Update(t.Context(), home.Fingerprint(), func(e *Enrolment) error { e.State = Pending; return nil }); err != nil {
				t.Fatal(err)
			}
		}, []Why{WhyUnknown}},
		{"list unreadable", func(_ *testing.T, h *hub, _ *Home) { h.registry.fail = errors.New("disk") }, []Why{WhyBusy}},
		{"moved to another tenant", func(_ *testing.T, h *hub, home *Home) {
			e := h.registry.sensors[home.Fingerprint()]
			e.Tenant = "clinic"
			h.registry.sensors[home.Fingerprint()] = e
		}, []Why{WhyUnknown}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := startHub(t, newClock())
			home := h.enrol(t, "bank", "hq")
			// An own clock, so that the sensor tries although its certificate ran out.
			stopped := h.clock.Now()
			l := &link{home: home, clock: Clock{Now: func() time.Time { return stopped }}}
			t.Cleanup(l.reset)
			data := sealed(t, honest(), home.Key())
			if _, err := l.send(t.Context(), data); err != nil {
				t.Fatal(err)
			}
			c.do(t, h, home)
			if _, err := l.send(t.Context(), data); err == nil || !slices.Contains(c.want, why(err)) {
				t.Errorf("on an open connection: %v, want %s", err, c.want)
			}
			l.reset()
			if _, err := l.send(t.Context(), data); err == nil {
				t.Error("a new connection was let in")
			}
			h.with(func() {
				if h.times != 1 {
					t.Errorf("the receiver saw %d blocks", h.times)
				}
			})
		})
	}
}

// TestForeignCertificate: a certificate of another authority, and one of ours for the wrong use.
func TestForeignCertificate(t *testing.T) {
	h := startHub(t, newClock())
	home := h.enrol(t, "bank", "hq")
	other, err := OpenCA(filepath.Join(t.TempDir(), "other"), h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	forged, _, err := other.sensor(Peer{Tenant: "bank", Sensor: "hq"}, publicOf(home.Key()), h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := home.keepCertificate(forged); err != nil {
		t.Fatal(err)
	}
	l := &link{home: home, clock: h.clock.clock()}
	if _, err := l.send(t.Context(), sealed(t, honest(), home.Key())); err == nil {
		t.Error("a certificate of another authority was let in")
	}
	l.reset()
	server, err := h.ca.hub([]string{"x"}, h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	l.home.cert = server
	if _, err := l.send(t.Context(), sealed(t, honest(), home.Key())); err == nil {
		t.Error("a server's certificate was let in as a sensor's")
	}
	l.reset()
}

// slowBody gives what it has and then waits until it is closed.
type slowBody struct {
	data   io.Reader
	given  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (b *slowBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

func (b *slowBody) Read(p []byte) (int, error) {
	n, err := b.data.Read(p)
	if n > 0 {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		select {
		case <-b.given:
		default:
			close(b.given)
		}
	}
	<-b.closed
	return 0, io.ErrUnexpectedEOF
}

// TestRevokedStream: a stream that is open when its sensor is revoked is cut within RevokedWithin, by the clock.
func TestRevokedStream(t *testing.T) {
	c := newClock()
	h := startHub(t, c)
	home, stays := h.enrol(t, "bank", "hq"), h.enrol(t, "bank", "branch")
	l, l2 := &link{home: home, clock: c.clock()}, &link{home: stays, clock: c.clock()}
	t.Cleanup(l.reset)
	t.Cleanup(l2.reset)
	if _, err := l2.send(t.Context(), sealed(t, block.Head{Tenant: "bank", Sensor: "branch", Epoch: 1, Sequence: 1, Sealed: at(0)}, stays.Key())); err != nil {
		t.Fatal(err)
	}
	client, err := l.sensor()
	if err != nil {
		t.Fatal(err)
	}
	data := sealed(t, honest(), home.Key())
	body := &slowBody{data: bytes.NewReader(data[:len(data)/2]), given: make(chan struct{}), closed: make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		var ack Ack
		done <- l.call(context.Background(), client, http.MethodPost, pathBlocks, body, &ack)
	}()
	<-body.given
	until(t, "the hub knows whose connection it is", func() bool { return len(h.server.conns.known()) == 2 })
	if _, err := h.desk.Revoke(t.Context(), "bank", home.Fingerprint(), "bob", "stolen"); err != nil {
		t.Fatal(err)
	}
	for waited := time.Duration(0); ; waited += 5 * time.Second {
		if waited > RevokedWithin {
			t.Fatal("the stream is still open")
		}
		until(t, "the sweep waits", func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.waiting) > 0
		})
		c.advance(5 * time.Second)
		select {
		case err := <-done:
			if err == nil {
				t.Error("the stream was answered")
			}
		case <-time.After(20 * time.Millisecond):
			continue
		}
		break
	}
	until(t, "only the other sensor is left", func() bool { return len(h.server.conns.known()) == 1 })
	if _, err := l2.send(t.Context(), sealed(t, block.Head{Tenant: "bank", Sensor: "branch", Epoch: 1, Sequence: 2, Sealed: at(0)}, stays.Key())); err != nil {
		t.Errorf("the other sensor: %v", err)
	}
	h.with(func() {
		if len(h.got) != 2 {
			t.Errorf("%d blocks", len(h.got))
		}
	})
}

// TestStalledBody: who opens a stream and then brings nothing loses his place, and keeps nothing.
func TestStalledBody(t *testing.T) {
	h := startHub(t, newClock())
	home := h.enrol(t, "bank", "hq")
	h.server.stall = 30 * time.Millisecond
	l := &link{home: home, clock: h.clock.clock()}
	t.Cleanup(l.reset)
	client, err := l.sensor()
	if err != nil {
		t.Fatal(err)
	}
	data := sealed(t, honest(), home.Key())
	body := &slowBody{data: bytes.NewReader(data[:len(data)/2]), given: make(chan struct{}), closed: make(chan struct{})}
	var ack Ack
	if err := l.call(t.Context(), client, http.MethodPost, pathBlocks, body, &ack); why(err) != WhyRequest {
		t.Errorf("got %v", err)
	}
	until(t, "its place is free", func() bool {
		h.server.flights.mu.Lock()
		defer h.server.flights.mu.Unlock()
		return h.server.flights.all == 0
	})
	if _, err := l.send(t.Context(), data); err != nil {
		t.Errorf("sent again: %v", err)
	}
}

func TestWhyStatus(t *testing.T) {
	for _, w := range []Why{
		WhyForeign, WhySignature, WhyDamaged, WhyConflict, WhyTooLarge, WhyCertificate, WhyUnknown, WhyRevoked, WhyExpired, WhyToken, WhyRequest, WhyBusy, WhyInternal,
	} {
		if s := w.status(); s < 400 || s > 599 || (s == 500) != (w == WhyInternal) {
			t.Errorf("%s has status %d", w, s)
		}
	}
	if Busy(time.Minute, "x").Error() == "" || why(Busy(0, "")) != WhyBusy {
		t.Error("busy is no refusal")
	}
}
