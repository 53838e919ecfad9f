package portal_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/access"
	"candor/internal/agreement"
	"candor/internal/api"
	"candor/internal/block"
	"candor/internal/flow"
	"candor/internal/hub"
	"candor/internal/judge"
	"candor/internal/labnet"
	"candor/internal/portal"
	"candor/internal/record"
	"candor/internal/sensor"
	"candor/internal/service"
	"candor/internal/source"
	"candor/internal/store"
	"candor/internal/transport"
)

// TestMain lets the test's own program answer questions about records, as candor does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "query-worker" {
		if err := store.ServeQueries(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// house is a hub with its portal in one process. The tenants are bank, the bank of the story, and mill, which has nothing.
type house struct {
	t      *testing.T
	store  *store.Store
	hub    *hub.Hub
	people store.People
	gate   *access.Gate
	svc    *service.Service
	server *httptest.Server
	url    string
}

// who is the cookie by which tests say who they are: a role and a tenant, such as "analyst@bank"; admin@* may everything.
const who = "test-who"

func newHouse(t *testing.T) *house {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	h := &house{t: t}
	h.store, err = store.Open(t.Context(), store.Config{Dir: filepath.Join(t.TempDir(), "hub"), Now: time.Now, Key: key, Query: store.Query{Command: []string{self, "query-worker"}}})
	if err != nil {
		t.Fatal(err)
	}
	h.hub = hub.New(hub.Options{Store: h.store, Now: time.Now, Log: log})
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- h.hub.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ran; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := h.store.Close(); err != nil {
			t.Error(err)
		}
	})
	h.people = h.store.People()
	for id, name := range map[record.Tenant]string{"bank": "First <b>Bank</b>", "mill": "The mill"} {
		if err := h.people.PutTenant(t.Context(), store.Tenant{ID: id, Name: name, Made: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	h.gate = access.NewGate(h.people, time.Now)
	desk, err := transport.NewDesk(h.store.Registry(), "https://127.0.0.1:8471", strings.Repeat("ab", 32), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	h.svc = service.New(service.Parts{Gate: h.gate, People: h.people, Judges: h.hub, Records: h.store, Desk: desk, Now: time.Now})
	pages, err := portal.New(h.svc, portal.Options{Who: byCookie, Now: time.Now, Log: log, Beat: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	faces, err := api.New(h.svc, api.Options{Log: log, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", faces)
	mux.Handle("/", pages)
	h.server = httptest.NewServer(mux)
	h.url = h.server.URL
	t.Cleanup(h.server.CloseClientConnections)
	return h
}

func byCookie(r *http.Request) (*access.Principal, error) {
	c, err := r.Cookie(who)
	if err != nil {
		return nil, access.ErrNobody
	}
	role, tenant, _ := strings.Cut(c.Value, "@")
	return &access.Principal{ID: c.Value, Name: c.Value, Person: true, Grants: []access.Grant{{Tenant: record.Tenant(tenant), Role: access.Role(role)}}}, nil
}

// watch feeds the bank's traffic as seen from a place, as a sensor would, and waits until it is judged.
func (h *house) watch(at labnet.TapName, length time.Duration) {
	h.t.Helper()
	bank := labnet.Bank(1)
	text := bank.Agreement()
	kept, err := h.people.PutAgreement(h.t.Context(), "bank", text, "test", time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	capture := filepath.Join(h.t.TempDir(), "x.pcap")
	writeCapture(h.t, bank, at, length, capture)
	a, err := agreement.Parse("bank.yaml", text)
	if err != nil {
		h.t.Fatal(err)
	}
	j, err := judge.New(judge.Config{Agreement: a, Sensor: "hq-core"})
	if err != nil {
		h.t.Fatal(err)
	}
	scope := j.Scope()
	src, err := source.Open(h.t.Context(), []string{capture}, source.Options{Scope: scope, Sensor: "hq-core", Feed: scope.Packets, Flow: flow.DefaultConfig()})
	if err != nil {
		h.t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	loop := sensor.New(sensor.Config{
		Spool: h.hub.Direct(h.t.Context(), "bank", "hq-core", key), Scope: block.Scope{Agreement: scope.Agreement, Revision: kept.Revision}, Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
	})
	if err := errors.Join(loop.Run(h.t.Context(), src), src.Close()); err != nil {
		h.t.Fatal(err)
	}
	h.until("the capture is judged", func() bool {
		v, err := h.hub.View(h.t.Context(), "bank", "hq-core")
		return err == nil && v != nil && v.Result.Window != nil && v.Result.Window.Seconds > length.Seconds()-90
	})
}

func writeCapture(t *testing.T, site *labnet.Site, at labnet.TapName, length time.Duration, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(f)
	start := time.Date(2026, 11, 18, 10, 0, 0, 0, site.Zone())
	_, err = site.Run(t.Context(), labnet.Span{From: start, To: start.Add(length)}, labnet.Tap{At: at, Out: out})
	if err := errors.Join(err, out.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("it never was so that %s", what)
		}
	}
}

// get asks for a page as somebody and gives status and text.
func (h *house) get(as, path string) (int, string) {
	return h.do(as, http.MethodGet, path, "")
}

// post sends a form.
func (h *house) post(as, path, form string) (int, string) {
	return h.do(as, http.MethodPost, path, form)
}

func (h *house) do(as, method, path, form string) (int, string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, h.url+path, strings.NewReader(form))
	if err != nil {
		h.t.Fatal(err)
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if as != "" {
		req.AddCookie(&http.Cookie{Name: who, Value: as})
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
