package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/access"
	"candor/internal/agreement"
	"candor/internal/api"
	"candor/internal/coverage"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/service"
	"candor/internal/store"
	"candor/internal/transport"
	"candor/internal/verdict"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// yard is a hub with two tenants, bank and mill, over a real store; judges, records and sensors are played.
type yard struct {
	t       *testing.T
	handler http.Handler
	people  store.People
	gate    *access.Gate
	touched map[record.Tenant]int // whose things were touched behind the service
	events  chan service.Event
	now     time.Time
}

func newYard(t *testing.T) *yard {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: filepath.Join(t.TempDir(), "hub"), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	y := &yard{t: t, people: s.People(), touched: map[record.Tenant]int{}, events: make(chan service.Event, 4), now: noon}
	for _, id := range []record.Tenant{"bank", "mill"} {
		if err := y.people.PutTenant(t.Context(), store.Tenant{ID: id, Name: "The " + string(id), Made: noon}); err != nil {
			t.Fatal(err)
		}
	}
	clock := func() time.Time { return y.now }
	y.gate = access.NewGate(y.people, clock)
	svc := service.New(service.Parts{Gate: y.gate, People: y.people, Judges: y, Records: y, Desk: desk{y}, Now: clock})
	y.handler, err = api.New(svc, api.Options{Log: slog.New(slog.DiscardHandler), Now: clock, Beat: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// token makes one with a role in a tenant and all scopes.
func (y *yard) token(role access.Role, tenant record.Tenant) string {
	y.t.Helper()
	console := &access.Principal{ID: "console", Name: "console", Person: true, Grants: []access.Grant{{Tenant: access.Everywhere, Role: access.Admin}}}
	secret, _, err := y.gate.NewToken(y.t.Context(), console, access.Token{
		Name: string(role) + " of " + string(tenant), Grants: []access.Grant{{Tenant: tenant, Role: role}}, Scopes: access.Scopes(),
	}, time.Hour)
	if err != nil {
		y.t.Fatal(err)
	}
	return secret
}

// call asks and gives status and body.
func (y *yard) call(token, method, path, body string) (int, string) {
	y.t.Helper()
	ctx, cancel := context.WithTimeout(y.t.Context(), 100*time.Millisecond) // streams end so
	defer cancel()
	req := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	y.handler.ServeHTTP(w, req)
	return w.Code, w.Body.String()
}

func (y *yard) Sensors(_ context.Context, t record.Tenant) ([]service.Live, error) {
	y.touched[t]++
	return []service.Live{{Sensor: "hq", Heartbeat: noon, Problem: "secret of " + string(t)}}, nil
}

func (y *yard) View(_ context.Context, t record.Tenant, s record.Sensor) (*service.View, error) {
	y.touched[t]++
	if s != "hq" {
		return nil, nil
	}
	var a *agreement.Agreement
	terms, err := coverage.NewTerms(a, "hq")
	if err != nil {
		return nil, err
	}
	r := &judge.Result{
		Schema: judge.Schema, Sensor: "hq", Window: &judge.Window{First: noon.Add(-time.Hour).Format(time.RFC3339), Last: noon.Format(time.RFC3339)},
		Answers: []verdict.Answer{{Question: verdict.Beaconing, Verdict: verdict.CannotSay, Because: "secret of " + string(t)}},
	}
	return &service.View{Result: r, JSON: []byte(`{"secret of":"` + t + `"}`), Terms: terms, At: noon, Sights: func(context.Context) ([]record.Sight, error) { return nil, nil }}, nil
}

func (y *yard) Changed(_ context.Context, t record.Tenant) error {
	y.touched[t]++
	return nil
}

func (y *yard) Subscribe(t record.Tenant) (<-chan service.Event, func()) {
	y.touched[t]++
	return y.events, func() {}
}

func (y *yard) Records(_ context.Context, t record.Tenant, _ store.Filter) (store.Page, error) {
	y.touched[t]++
	return store.Page{Rows: store.Rows{
		DNS:   []record.DNS{{Ends: record.Ends{TS: record.TimeOf(noon), UID: "C1"}, Query: "secret-of-" + string(t) + ".example"}},
		Order: []record.Kind{record.KindDNS},
	}}, nil
}

type desk struct{ y *yard }

func (d desk) Invite(_ context.Context, t record.Tenant, s record.Sensor, by string) (transport.Invitation, transport.Token, error) {
	d.y.touched[t]++
	return transport.Invitation{Hub: "https://hub", Secret: "secret of " + string(t)}, transport.Token{Tenant: t, Sensor: s, Expires: noon, By: by}, nil
}

func (d desk) List(_ context.Context, t record.Tenant) ([]transport.Enrolment, error) {
	d.y.touched[t]++
	return []transport.Enrolment{{Fingerprint: strings.Repeat("ab", 32), Tenant: t, Sensor: "hq", State: transport.Pending, Reason: "secret of " + string(t)}}, nil
}

func (d desk) one(t record.Tenant, fingerprint string) (transport.Enrolment, error) {
	d.y.touched[t]++
	if fingerprint != strings.Repeat("ab", 32) {
		return transport.Enrolment{}, transport.ErrUnknown
	}
	return transport.Enrolment{Fingerprint: fingerprint, Tenant: t, Sensor: "hq", State: transport.Approved}, nil
}

func (d desk) Approve(_ context.Context, t record.Tenant, f, _ string) (transport.Enrolment, error) {
	return d.one(t, f)
}

func (d desk) Refuse(_ context.Context, t record.Tenant, f, _, _ string) (transport.Enrolment, error) {
	return d.one(t, f)
}

func (d desk) Revoke(_ context.Context, t record.Tenant, f, _, _ string) (transport.Enrolment, error) {
	return d.one(t, f)
}
