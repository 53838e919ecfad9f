package access_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"candor/internal/access"
	"candor/internal/record"
)

// book keeps in memory what a gate needs.
type book struct {
	tenants map[record.Tenant]bool
	tokens  map[[32]byte]access.Token
	entries []access.Entry
	full    error // of the audit
}

func (b *book) TenantExists(_ context.Context, t record.Tenant) (bool, error) {
	return b.tenants[t], nil
}

func (b *book) TokenByHash(_ context.Context, h [32]byte) (access.Token, bool, error) {
	t, ok := b.tokens[h]
	return t, ok, nil
}

func (b *book) PutToken(_ context.Context, t access.Token) error {
	b.tokens[t.Hash] = t
	return nil
}

func (b *book) Audit(_ context.Context, e access.Entry) error {
	if b.full != nil {
		return b.full
	}
	b.entries = append(b.entries, e)
	return nil
}

func newBook() *book {
	return &book{tenants: map[record.Tenant]bool{"bank": true, "mill": true}, tokens: map[[32]byte]access.Token{}}
}

func person(grants ...access.Grant) *access.Principal {
	return &access.Principal{ID: "u1", Name: "Ada", Grants: grants, Person: true}
}

// TestEnter walks roles, tenants and scopes.
func TestEnter(t *testing.T) {
	reader := &access.Principal{ID: "t", Grants: []access.Grant{{Tenant: access.Everywhere, Role: access.Admin}}, Scopes: []access.Scope{access.ScopeRead}}
	for name, c := range map[string]struct {
		who    *access.Principal
		action access.Action
		tenant record.Tenant
		want   error
	}{
		"viewer reads his own":                 {person(access.Grant{Tenant: "bank", Role: access.Viewer}), access.ReadRecords, "bank", nil},
		"viewer of one reads another":          {person(access.Grant{Tenant: "mill", Role: access.Viewer}), access.ReadRecords, "bank", access.ErrUnknown},
		"a tenant that is not there":           {person(access.Grant{Tenant: "mill", Role: access.Viewer}), access.ReadRecords, "nobody", access.ErrUnknown},
		"not there, asked by who may anywhere": {person(access.Grant{Tenant: access.Everywhere, Role: access.Admin}), access.ReadRecords, "nobody", access.ErrUnknown},
		"the name for everywhere is no tenant": {person(access.Grant{Tenant: access.Everywhere, Role: access.Admin}), access.ReadRecords, access.Everywhere, access.ErrUnknown},
		"no tenant":                            {person(access.Grant{Tenant: access.Everywhere, Role: access.Admin}), access.ReadRecords, "", access.ErrUnknown},
		"viewer exports":                       {person(access.Grant{Tenant: "bank", Role: access.Viewer}), access.Export, "bank", access.ErrDenied},
		"role that nobody knows":               {person(access.Grant{Tenant: "bank", Role: "root"}), access.ReadResults, "bank", access.ErrDenied},
		"auditor acknowledges":                 {person(access.Grant{Tenant: "bank", Role: access.Auditor}), access.Acknowledge, "bank", access.ErrDenied},
		"read token of an admin reads":         {reader, access.ReadAudit, "bank", nil},
		"read token of an admin writes":        {reader, access.WriteAgreement, "bank", access.ErrDenied},
		"nobody":                               {nil, access.ReadResults, "bank", access.ErrNobody},
		"who has nothing":                      {&access.Principal{}, access.ReadResults, "bank", access.ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook()
			pass, err := access.NewGate(b, time.Now).Enter(t.Context(), c.who, c.action, c.tenant, "x")
			if !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if open := pass.For(c.action); open != (c.want == nil) {
				t.Errorf("pass opens: %v", open)
			}
			if err == nil && pass.Tenant() != c.tenant {
				t.Errorf("pass is for %q", pass.Tenant())
			}
			if n := len(b.entries); n != 1 || b.entries[0].Allowed != (c.want == nil) {
				t.Errorf("noted %+v", b.entries)
			}
		})
	}
}

// TestNoNoteNoLeave refuses what cannot be noted.
func TestNoNoteNoLeave(t *testing.T) {
	b := newBook()
	b.full = errors.New("disk full")
	g := access.NewGate(b, time.Now)
	if pass, err := g.Enter(t.Context(), person(access.Grant{Tenant: "bank", Role: access.Admin}), access.ReadResults, "bank", ""); !errors.Is(err, b.full) || pass.For(access.ReadResults) {
		t.Errorf("pass %v, error %v", pass, err)
	}
	if err := g.EnterHub(t.Context(), person(access.Grant{Tenant: access.Everywhere, Role: access.Admin}), access.ManageTenants, ""); !errors.Is(err, b.full) {
		t.Errorf("error %v", err)
	}
}

// TestTokens makes, shows, outlives and revokes tokens.
func TestTokens(t *testing.T) {
	b, now := newBook(), time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	g := access.NewGate(b, func() time.Time { return now })
	owner := person(access.Grant{Tenant: "bank", Role: access.Owner})
	give := func(role access.Role, tenant record.Tenant, scopes ...access.Scope) (string, error) {
		secret, _, err := g.NewToken(t.Context(), owner, access.Token{Name: "nightly", Grants: []access.Grant{{Tenant: tenant, Role: role}}, Scopes: scopes}, time.Hour)
		return secret, err
	}
	secret, err := give(access.Viewer, "bank", access.ScopeRead)
	if err != nil {
		t.Fatal(err)
	}
	if who, err := g.Known(t.Context(), secret); err != nil || who.Name != "nightly" || who.Person {
		t.Fatalf("known as %+v, %v", who, err)
	}
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"more than he has": {second(give(access.Admin, "bank", access.ScopeAdmin)), access.ErrDenied},
		"another's tenant": {second(give(access.Viewer, "mill", access.ScopeRead)), access.ErrUnknown},
		"everywhere":       {second(give(access.Viewer, access.Everywhere, access.ScopeRead)), access.ErrDenied},
		"unknown scope":    {second(give(access.Viewer, "bank", "all")), access.ErrInvalid},
		"no scope":         {second(give(access.Viewer, "bank")), access.ErrInvalid},
		"unknown role":     {second(give("root", "bank", access.ScopeRead)), access.ErrInvalid},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: error %v, want %v", name, c.err, c.want)
		}
	}
	for _, wrong := range []string{"", "candor_", secret[:len(secret)-1], "x" + secret} {
		if _, err := g.Known(t.Context(), wrong); !errors.Is(err, access.ErrNobody) {
			t.Errorf("%q: error %v", wrong, err)
		}
	}
	now = now.Add(time.Hour)
	if _, err := g.Known(t.Context(), secret); !errors.Is(err, access.ErrNobody) {
		t.Errorf("after its end: error %v", err)
	}
	now = now.Add(-time.Minute)
	for h, kept := range b.tokens {
		kept.Revoked = now
		b.tokens[h] = kept
	}
	if _, err := g.Known(t.Context(), secret); !errors.Is(err, access.ErrNobody) {
		t.Errorf("revoked: error %v", err)
	}
}

func second(_ string, err error) error { return err }

// TestRolesNest keeps the matrix honest: everybody may read, the auditor changes nothing, the admin may all.
func TestRolesNest(t *testing.T) {
	for _, r := range access.Roles() {
		if !r.May(access.ReadResults) || !r.May(access.ReadRecords) {
			t.Errorf("%s may not read", r)
		}
	}
	for _, a := range access.Actions() {
		if !access.Admin.May(a) {
			t.Errorf("admin may not %s", a)
		}
		if a[:4] != "read" && (access.Auditor.May(a) || access.Viewer.May(a)) {
			t.Errorf("auditor or viewer may %s", a)
		}
	}
}

// TestVisible lists nobody else's tenants.
func TestVisible(t *testing.T) {
	all := []record.Tenant{"bank", "mill"}
	if got := access.Visible(person(access.Grant{Tenant: "mill", Role: access.Viewer}), all); len(got) != 1 || got[0] != "mill" {
		t.Errorf("got %v", got)
	}
	if got := access.Visible(nil, all); got != nil {
		t.Errorf("nobody sees %v", got)
	}
}
