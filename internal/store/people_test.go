package store

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/access"
	"candor/internal/record"
)

func openPeople(t *testing.T) People {
	t.Helper()
	db, err := openDB(t.Context(), filepath.Join(t.TempDir(), "hub.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return People{db}
}

var noon = time.Date(2026, 11, 25, 12, 0, 0, 5, time.UTC)

// TestPeopleKeepTokens holds a gate over the real keeper.
func TestPeopleKeepTokens(t *testing.T) {
	p := openPeople(t)
	for _, id := range []record.Tenant{"bank", "mill"} {
		if err := p.PutTenant(t.Context(), Tenant{ID: id, Name: string(id), Made: noon}); err != nil {
			t.Fatal(err)
		}
	}
	g := access.NewGate(p, func() time.Time { return noon })
	admin := &access.Principal{ID: "local", Name: "console", Person: true, Grants: []access.Grant{{Tenant: access.Everywhere, Role: access.Admin}}}
	secret, made, err := g.NewToken(t.Context(), admin, access.Token{
		Name: "siem", Grants: []access.Grant{{Tenant: "bank", Role: access.Analyst}}, Scopes: []access.Scope{access.ScopeRead},
	}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	who, err := g.Known(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Enter(t.Context(), who, access.ReadRecords, "bank", "conn"); err != nil {
		t.Error(err)
	}
	if _, err := g.Enter(t.Context(), who, access.ReadRecords, "mill", "conn"); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("error %v", err)
	}
	kept, err := p.Tokens(t.Context())
	if err != nil || len(kept) != 1 || cmp.Diff(made, kept[0]) != "" {
		t.Errorf("kept %+v, made %+v, %v", kept, made, err)
	}
	made.Revoked = noon
	if err := p.PutToken(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Known(t.Context(), secret); !errors.Is(err, access.ErrNobody) {
		t.Errorf("revoked: error %v", err)
	}
	entries, next, err := p.AuditOf(t.Context(), "mill", 0, 10)
	if err != nil || next != 0 || len(entries) != 1 || entries[0].Allowed || entries[0].Who != "token:"+made.ID || !entries[0].At.Equal(noon) {
		t.Errorf("audit %+v, next %d, %v", entries, next, err)
	}
}

// TestPeopleKeepAgreements counts revisions by text.
func TestPeopleKeepAgreements(t *testing.T) {
	p := openPeople(t)
	if err := p.PutTenant(t.Context(), Tenant{ID: "bank", Name: "Bank", Made: noon}); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		text string
		want int
	}{{"one", 1}, {"one", 1}, {"two", 2}, {"one", 3}} {
		a, err := p.PutAgreement(t.Context(), "bank", []byte(step.text), "Ada", noon)
		if err != nil || a.Revision != step.want {
			t.Errorf("step %d: revision %d, %v", i, a.Revision, err)
		}
	}
	if _, err := p.PutAgreement(t.Context(), "nobody", []byte("x"), "Ada", noon); err == nil {
		t.Error("an agreement without a tenant was kept")
	}
	a, err := p.Agreement(t.Context(), "bank")
	if err != nil || string(a.Text) != "one" || a.Revision != 3 || a.By != "Ada" {
		t.Errorf("newest %+v, %v", a, err)
	}
	if a, err := p.AgreementAt(t.Context(), "bank", 2); err != nil || string(a.Text) != "two" {
		t.Errorf("second %+v, %v", a, err)
	}
	if list, err := p.Agreements(t.Context(), "bank"); err != nil || len(list) != 3 || list[0].Revision != 3 {
		t.Errorf("list %+v, %v", list, err)
	}
	if none, err := p.Agreement(t.Context(), "mill"); err != nil || none.Revision != 0 {
		t.Errorf("none is %+v, %v", none, err)
	}
}

// TestNewerFileIsRefused touches nothing of a file that it does not understand.
func TestNewerFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	db, err := openDB(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openDB(t.Context(), path); err == nil {
		t.Error("opened")
	}
}
