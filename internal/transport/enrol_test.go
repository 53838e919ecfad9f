package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEnrolment(t *testing.T) {
	c := newClock()
	h := startHub(t, c)
	home := h.enrol(t, "bank", "hq")
	if id := home.Identity(); id.Tenant != "bank" || id.Sensor != "hq" || id.Hub != h.url {
		t.Errorf("identity %+v", id)
	}
	if left := home.Certificate().Leaf.NotAfter.Sub(c.Now()); left != SensorLife {
		t.Errorf("the certificate lives %v", left)
	}
	for _, f := range []string{filepath.Join(home.dir, keyFile)} {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, info.Mode(), err)
		}
	}
	all, err := h.desk.List(t.Context(), "bank")
	if err != nil || len(all) != 1 || all[0].State != Approved || all[0].By != "bob" || all[0].Fingerprint != home.Fingerprint() {
		t.Errorf("list %+v (%v)", all, err)
	}
	again, err := OpenHome(home.dir)
	if err != nil || again.Fingerprint() != home.Fingerprint() || again.Certificate() == nil || again.Identity().Sensor != "hq" {
		t.Errorf("opened again: %+v (%v)", again, err)
	}
	if err := os.Chmod(filepath.Join(home.dir, keyFile), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHome(home.dir); err == nil || !strings.Contains(err.Error(), "read by others") {
		t.Errorf("a key that others may read: %v", err)
	}
}

func TestToken(t *testing.T) {
	good := Invitation{Hub: "https://hub.example:8443", Pin: strings.Repeat("ab", 32), Secret: strings.Repeat("01", 16)}
	if got, err := ReadToken(" " + good.String() + "\n"); err != nil || got != good {
		t.Errorf("got %+v (%v)", got, err)
	}
	with := func(f func(*Invitation)) string {
		i := good
		f(&i)
		return i.String()
	}
	for name, text := range map[string]string{
		"empty": "", "other": "candor_xyz", "cut": good.String()[:60], "http": with(func(i *Invitation) { i.Hub = "http://hub" }),
		"path": with(func(i *Invitation) { i.Hub = "https://hub/x" }), "user": with(func(i *Invitation) { i.Hub = "https://a:b@hub" }),
		"short pin": with(func(i *Invitation) { i.Pin = "abcd" }), "no secret": with(func(i *Invitation) { i.Secret = "" }),
		"long": with(func(i *Invitation) { i.Hub += strings.Repeat("x", maxTokenLen) }),
	} {
		if i, err := ReadToken(text); err == nil {
			t.Errorf("%s: accepted as %+v", name, i)
		}
	}
}

func FuzzReadToken(f *testing.F) {
	f.Add(Invitation{Hub: "https://hub.example:8443", Pin: strings.Repeat("ab", 32), Secret: strings.Repeat("01", 16)}.String())
	f.Add(tokenMark)
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ReadToken(text)
		if err != nil {
			return
		}
		if again, err := ReadToken(i.String()); err != nil || again != i {
			t.Errorf("%+v reads back as %+v (%v)", i, again, err)
		}
	})
}

// asks enrols with a fresh key and gives what went wrong.
func (h *hub) asks(t *testing.T, i Invitation, decide func(fingerprint string)) error {
	t.Helper()
	home, err := OpenHome(filepath.Join(shm(t), "home"))
	if err != nil {
		t.Fatal(err)
	}
	return Enrol(t.Context(), EnrolConfig{Home: home, Token: i.String(), Clock: h.clock.hasty(), Told: func(_ Identity, f string) {
		if decide != nil {
			decide(f)
		}
	}})
}

func (h *hub) invite(t *testing.T) Invitation {
	t.Helper()
	i, _, err := h.desk.Invite(t.Context(), "bank", "hq", "ann")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestEnrolmentRefused(t *testing.T) {
	c := newClock()
	h := startHub(t, c)
	approve := func(f string) {
		if _, err := h.desk.Approve(context.Background(), "bank", f, "bob"); err != nil {
			t.Error(err)
		}
	}
	used := h.invite(t)
	if err := h.asks(t, used, approve); err != nil {
		t.Fatal(err)
	}
	if err := h.asks(t, used, nil); why(err) != WhyToken || !strings.Contains(err.Error(), ErrTokenUsed.Error()) {
		t.Errorf("token used twice: %v", err)
	}
	late := h.invite(t)
	c.advance(TokenLife)
	if err := h.asks(t, late, nil); why(err) != WhyToken || !strings.Contains(err.Error(), ErrTokenExpired.Error()) {
		t.Errorf("token after its time: %v", err)
	}
	guess := h.invite(t)
	guess.Secret = strings.Repeat("0", 32)
	if err := h.asks(t, guess, nil); why(err) != WhyToken {
		t.Errorf("guessed token: %v", err)
	}
	other := h.invite(t)
	other.Pin = strings.Repeat("00", 32)
	if err := h.asks(t, other, nil); !errors.Is(err, ErrPin) {
		t.Errorf("wrong pin: %v", err)
	}
	turned := h.asks(t, h.invite(t), func(f string) {
		if _, err := h.desk.Refuse(context.Background(), "bank", f, "bob", "never seen"); err != nil {
			t.Error(err)
		}
	})
	if why(turned) != WhyRevoked || !strings.Contains(turned.Error(), "never seen") {
		t.Errorf("refused by a person: %v", turned)
	}
	for _, id := range []string{"", "A", "../x", ".x", "a/b", strings.Repeat("a", 64)} {
		if _, _, err := h.desk.Invite(t.Context(), "bank", recordSensor(id), "ann"); err == nil {
			t.Errorf("sensor id %q was accepted", id)
		}
	}
	h.mustRefuseOthers(t)
}

// mustRefuseOthers: a person of one tenant does nothing to another's sensors, and nothing is decided twice.
func (h *hub) mustRefuseOthers(t *testing.T) {
	t.Helper()
	home := h.enrol(t, "clinic", "ward")
	f := ShowFingerprint(home.Fingerprint())
	if _, err := h.desk.Revoke(t.Context(), "bank", f, "eve", ""); !errors.Is(err, ErrUnknown) {
		t.Errorf("another tenant's sensor: %v", err)
	}
	if _, err := h.desk.Approve(t.Context(), "clinic", f, "bob"); err == nil {
		t.Error("approved twice")
	}
	if _, err := h.desk.Approve(t.Context(), "clinic", f[:9], "bob"); err == nil {
		t.Error("a piece of a fingerprint was enough")
	}
	if e, err := h.registry.Find(t.Context(), home.Fingerprint()); err != nil || e.State != Approved {
		t.Errorf("state %s (%v)", e.State, err)
	}
}

// TestReplayedCSR takes a CSR that was made for one connection and sends it on another.
func TestReplayedCSR(t *testing.T) {
	h := startHub(t, newClock())
	home, err := OpenHome(filepath.Join(shm(t), "home"))
	if err != nil {
		t.Fatal(err)
	}
	i := h.invite(t)
	if err := home.keepIdentity(Identity{Hub: i.Hub, Pins: []string{i.Pin}}); err != nil {
		t.Fatal(err)
	}
	l := &link{home: home, clock: h.clock.clock()}
	send := func(csr func(cs *tls.ConnectionState) []byte) error {
		client, conn, err := l.once(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		defer client.CloseIdleConnections()
		cs := conn.ConnectionState()
		var got told
		return l.callJSON(t.Context(), client, http.MethodPost, pathEnroll, ask{Secret: i.Secret, CSR: csr(&cs)}, &got)
	}
	var seen []byte
	first := func(cs *tls.ConnectionState) []byte {
		if seen, err = newCSR(home.key, cs); err != nil {
			t.Fatal(err)
		}
		return nil // it never gets there
	}
	if err := send(first); why(err) != WhyRequest {
		t.Errorf("no CSR: %v", err)
	}
	replay := func(*tls.ConnectionState) []byte { return seen }
	if err := send(replay); why(err) != WhyRequest || !strings.Contains(err.Error(), "another connection") {
		t.Errorf("replayed CSR: %v", err)
	}
	if all, err := h.desk.List(t.Context(), "bank"); err != nil || len(all) != 0 {
		t.Errorf("a replayed CSR is pending: %+v (%v)", all, err)
	}
}

// TestReplacedKey: one sensor, one key. Approving a new one ends the old one.
func TestReplacedKey(t *testing.T) {
	h := startHub(t, newClock())
	old := h.enrol(t, "bank", "hq")
	h.clock.advance(time.Minute)
	fresh := h.enrol(t, "bank", "hq")
	e, err := h.registry.Find(t.Context(), old.Fingerprint())
	if err != nil || e.State != Revoked || !strings.Contains(e.Reason, ShowFingerprint(fresh.Fingerprint())) {
		t.Errorf("the old key is %s, %q (%v)", e.State, e.Reason, err)
	}
}

func TestCA(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ca")
	first, err := OpenCA(dir, day)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenCA(dir, day.Add(time.Hour))
	if err != nil || again.Pin() != first.Pin() || len(first.Pin()) != 64 {
		t.Errorf("pins %s and %s (%v)", first.Pin(), again.Pin(), err)
	}
	if info, err := os.Stat(filepath.Join(dir, "ca-key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key's mode %v (%v)", info.Mode(), err)
	}
	if err := os.Rename(filepath.Join(dir, "ca-key.pem"), filepath.Join(dir, "x")); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCA(dir, day); err == nil {
		t.Error("a lost key was replaced: every sensor would be locked out")
	}
}

// TestListenerLimits: what is not HTTP/2 over TLS 1.3, or too much of it, gets nothing.
func TestListenerLimits(t *testing.T) {
	h := startHub(t, newClock())
	address := strings.TrimPrefix(h.url, "https://")
	config := func(f func(*tls.Config)) *tls.Config {
		c := &tls.Config{RootCAs: h.ca.pool(), ServerName: "127.0.0.1", NextProtos: []string{"h2"}, Time: h.clock.Now}
		f(c)
		return c
	}
	for name, c := range map[string]*tls.Config{
		"TLS 1.2":       config(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
		"HTTP/1.1 only": config(func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }),
	} {
		conn, err := tls.Dial("tcp", address, c)
		if err != nil {
			continue
		}
		_, _ = conn.Write([]byte("POST /sensor/v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
		if n, err := conn.Read(make([]byte, 64)); err == nil {
			t.Errorf("%s was answered with %d bytes", name, n)
		}
		_ = conn.Close()
	}
	tr := newTransport()
	tr.TLSClientConfig = config(func(*tls.Config) {})
	client := &http.Client{Transport: tr}
	get := func(path string, header string, body io.Reader) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+path, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X", header)
		resp, err := client.Do(req)
		if err != nil {
			return -1
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for _, c := range []struct {
		name, path, header string
		body               io.Reader
		want               []int
	}{
		{"unknown address", "/api/v1/records", "", nil, []int{400}},
		{"blocks without a certificate", pathBlocks, "", strings.NewReader("x"), []int{401}},
		{"heartbeat without a certificate", pathHeartbeat, "", strings.NewReader("{}"), []int{401}},
		{"scope without a certificate", pathScope, "", nil, []int{400, 401, 405}},
		{"renewal without a certificate", pathRenew, "", strings.NewReader("{}"), []int{401}},
		{"not JSON", pathEnroll, "", strings.NewReader("nonsense"), []int{400}},
		{"a long body", pathEnroll, "", strings.NewReader(strings.Repeat("x", maxAskBody+1)), []int{413}},
		{"a long header", pathEnroll, strings.Repeat("x", 2*maxHeader), nil, []int{431, -1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := get(c.path, c.header, c.body); !slices.Contains(c.want, got) {
				t.Errorf("got %d, want %v", got, c.want)
			}
		})
	}
	client.CloseIdleConnections()
	until(t, "connections end", func() bool { return h.server.Connections() == 0 })
	var open []net.Conn
	for range perAddress + 6 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
	}
	until(t, "connections beyond the limit are refused", func() bool { return h.server.Refused()[WhyConns] == 6 })
	for _, conn := range open {
		_ = conn.Close()
	}
}
