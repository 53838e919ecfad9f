// Package transporttest holds the contract of a transport.Registry: what any store of tokens and sensors must do. Start at Registry.
package transporttest

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"candor/internal/block"
	"candor/internal/record"
	"candor/internal/transport"
)

// start is when the imaginary registry's day begins.
const start = 1_767_225_600 // 2026-01-01

func at(minutes int) time.Time {
	return time.Unix(start, 0).UTC().Add(time.Duration(minutes) * time.Minute)
}

func token(n int, tenant record.Tenant, sensor record.Sensor) transport.Token {
	return transport.Token{Hash: fmt.Sprintf("hash-%d", n), Tenant: tenant, Sensor: sensor, Made: at(0), Expires: at(15), By: "ann"}
}

func asked(n byte) transport.Enrolment {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = n
	pub := ed25519.PublicKey(ed25519.NewKeyFromSeed(seed)[ed25519.SeedSize:])
	return transport.Enrolment{
		Fingerprint: block.Fingerprint(pub), Key: pub, Request: fmt.Sprintf("request-%d", n), State: transport.Pending, From: "192.0.2.7", Asked: at(1),
	}
}

// Registry runs the contract against registries that open makes, each empty.
func Registry(t *testing.T, open func(t *testing.T) transport.Registry) {
	t.Run("tokens", func(t *testing.T) { tokens(t, open(t)) })
	t.Run("sensors", func(t *testing.T) { sensors(t, open(t)) })
	t.Run("one of many wins", func(t *testing.T) { race(t, open(t)) })
}

func add(t *testing.T, r transport.Registry, tk transport.Token) {
	t.Helper()
	if err := r.AddToken(t.Context(), tk); err != nil {
		t.Fatal(err)
	}
}

func tokens(t *testing.T, r transport.Registry) {
	ctx := t.Context()
	add(t, r, token(1, "bank", "hq"))
	add(t, r, token(2, "bank", "branch"))
	if err := r.AddToken(ctx, token(1, "other", "x")); err == nil {
		t.Error("a token that is there already was replaced")
	}
	first := asked(1)
	first.Tenant, first.Sensor = "thief", "thief" // the token says whose it is
	got, err := r.Redeem(ctx, "hash-1", at(14), first)
	if err != nil {
		t.Fatal(err)
	}
	want := asked(1)
	want.Tenant, want.Sensor = "bank", "hq"
	same(t, "redeemed", got, want)
	steps := []struct {
		name string
		hash string
		at   time.Time
		e    transport.Enrolment
		want error
	}{
		{"unknown token", "hash-9", at(1), asked(3), transport.ErrTokenUnknown},
		{"used token, another key", "hash-1", at(1), asked(3), transport.ErrTokenUsed},
		{"used token, the same key, also later", "hash-1", at(100), asked(1), nil},
		{"expired to the moment", "hash-2", at(15), asked(3), transport.ErrTokenExpired},
		{"known key with a fresh token", "hash-2", at(2), asked(1), transport.ErrKeyKnown},
		{"a refusal uses nothing up", "hash-2", at(2), asked(2), nil},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			got, err := r.Redeem(ctx, s.hash, s.at, s.e)
			if !errors.Is(err, s.want) {
				t.Fatalf("got error %v, want %v", err, s.want)
			}
			if err == nil && got.Fingerprint != s.e.Fingerprint {
				t.Errorf("got %s, want %s", got.Fingerprint, s.e.Fingerprint)
			}
		})
	}
	if _, err := r.Find(ctx, asked(3).Fingerprint); !errors.Is(err, transport.ErrUnknown) {
		t.Errorf("a refused key was kept: %v", err)
	}
}

func sensors(t *testing.T, r transport.Registry) {
	ctx := t.Context()
	for n, sensor := range []record.Sensor{"hq", "branch", "hq"} {
		add(t, r, token(n, "bank", sensor))
		if _, err := r.Redeem(ctx, fmt.Sprintf("hash-%d", n), at(n), asked(byte(n+1))); err != nil {
			t.Fatal(err)
		}
	}
	add(t, r, token(9, "clinic", "hq"))
	if _, err := r.Redeem(ctx, "hash-9", at(1), asked(9)); err != nil {
		t.Fatal(err)
	}
	fp := asked(1).Fingerprint
	changed, err := r.Update(ctx, fp, func(e *transport.Enrolment) error {
		e.State, e.Again, e.From, e.Asked, e.Decided, e.By, e.Reason = transport.Approved, true, "2001:db8::1", at(3), at(4), "bob", "because"
		e.Due, e.Certificate, e.Until = true, []byte("certificate"), at(99)
		e.Tenant, e.Sensor, e.Request, e.Fingerprint, e.Key = "thief", "thief", "other", "other", nil // these stay
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := asked(1)
	want.Tenant, want.Sensor, want.State, want.Again, want.From, want.Asked = "bank", "hq", transport.Approved, true, "2001:db8::1", at(3)
	want.Decided, want.By, want.Reason, want.Due, want.Certificate, want.Until = at(4), "bob", "because", true, []byte("certificate"), at(99)
	same(t, "changed", changed, want)
	found, err := r.Find(ctx, fp)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "found", found, want)
	byRequest, err := r.FindRequest(ctx, "request-1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "found by request", byRequest, want)
	stop := errors.New("no")
	if _, err := r.Update(ctx, fp, func(e *transport.Enrolment) error { e.State = transport.Revoked; return stop }); !errors.Is(err, stop) {
		t.Errorf("got error %v, want the change's own", err)
	}
	if found, err = r.Find(ctx, fp); err != nil || found.State != transport.Approved {
		t.Errorf("a change that failed changed the state to %s (%v)", found.State, err)
	}
	listed(t, r)
}

// listed asks for a tenant's sensors, and for nobody.
func listed(t *testing.T, r transport.Registry) {
	t.Helper()
	ctx := t.Context()
	if _, err := r.Update(ctx, "none", func(*transport.Enrolment) error { return nil }); !errors.Is(err, transport.ErrUnknown) {
		t.Errorf("update of nobody: %v", err)
	}
	if _, err := r.FindRequest(ctx, "none"); !errors.Is(err, transport.ErrUnknown) {
		t.Errorf("request of nobody: %v", err)
	}
	all, err := r.List(ctx, "bank")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range all {
		got = append(got, string(e.Tenant)+" "+string(e.Sensor)+" "+e.Request)
	}
	if want := []string{"bank branch request-2", "bank hq request-3", "bank hq request-1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("list: got %q, want %q", got, want)
	}
}

// race lets many keys redeem one token at once: one gets in.
func race(t *testing.T, r transport.Registry) {
	add(t, r, token(1, "bank", "hq"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for n := range byte(8) {
		wg.Go(func() {
			_, err := r.Redeem(t.Context(), "hash-1", at(1), asked(n))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case !errors.Is(err, transport.ErrTokenUsed):
				t.Errorf("loser's error: %v", err)
			}
		})
	}
	wg.Wait()
	if all, err := r.List(t.Context(), "bank"); won != 1 || err != nil || len(all) != 1 {
		t.Errorf("%d keys got in by one token, %d are kept (%v)", won, len(all), err)
	}
}

func same(t *testing.T, what string, got, want transport.Enrolment) {
	t.Helper()
	if len(got.Certificate) == 0 {
		got.Certificate = nil // empty and none are the same
	}
	for _, p := range []*time.Time{&got.Asked, &got.Decided, &got.Until} {
		*p = p.UTC()
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}
