package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Token is what a program shows. Only its hash is kept.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"` // what it is for
	Grants  []Grant   `json:"grants"`
	Scopes  []Scope   `json:"scopes"`
	Made    time.Time `json:"made"`
	MadeBy  string    `json:"made_by"`
	Expires time.Time `json:"expires"`
	Revoked time.Time `json:"revoked"` // zero: not
	Hash    [32]byte  `json:"-"`
}

// tokenMark begins every token, so that scanners of repositories and logs find a lost one.
const tokenMark = "candor_"

// MaxTokenLife is how long a token may live.
const MaxTokenLife = 366 * 24 * time.Hour

// NewToken makes a token and the secret that is shown once. ID, hash and times are set here. Nobody gives away more than he has.
func (g *Gate) NewToken(ctx context.Context, maker *Principal, t Token, life time.Duration) (secret string, made Token, err error) {
	if err := t.validate(life); err != nil {
		return "", Token{}, err
	}
	for _, grant := range t.Grants {
		if err := g.mayGive(ctx, maker, grant, t.Scopes); err != nil {
			return "", Token{}, err
		}
	}
	if t.MadeBy = maker.Name; t.MadeBy == "" {
		t.MadeBy = maker.ID
	}
	secret = tokenMark + random(32)
	t.ID, t.Hash, t.Made = random(9), sha256.Sum256([]byte(secret)), g.now()
	t.Expires = t.Made.Add(life)
	if err := g.keeper.PutToken(ctx, t); err != nil {
		return "", Token{}, fmt.Errorf("keep token: %w", err)
	}
	return secret, t, nil
}

// mayGive asks whether the maker may give the grant: he manages people there, and may himself do all that it allows.
func (g *Gate) mayGive(ctx context.Context, maker *Principal, grant Grant, scopes []Scope) error {
	object := fmt.Sprintf("token as %s", grant.Role)
	if grant.Tenant == Everywhere {
		if err := g.EnterHub(ctx, maker, ManagePeople, object); err != nil {
			return err
		}
	} else if _, err := g.Enter(ctx, maker, ManagePeople, grant.Tenant, object); err != nil {
		return err
	}
	given := Principal{Grants: []Grant{grant}, Scopes: scopes}
	for _, a := range Actions() {
		if given.may(a, grant.Tenant) && !maker.may(a, grant.Tenant) {
			return ErrDenied
		}
	}
	return nil
}

func (t *Token) validate(life time.Duration) error {
	switch {
	case strings.TrimSpace(t.Name) == "" || len(t.Name) > 200:
		return fmt.Errorf("%w: a token needs a name of at most 200 bytes that says what it is for", ErrInvalid)
	case len(t.Grants) == 0 || len(t.Grants) > 1000:
		return fmt.Errorf("%w: a token needs at least one tenant with a role", ErrInvalid)
	case len(t.Scopes) == 0:
		return fmt.Errorf("%w: a token needs at least one scope: read, write or admin", ErrInvalid)
	case life <= 0 || life > MaxTokenLife:
		return fmt.Errorf("%w: a token lives more than 0 and at most %d days", ErrInvalid, int(MaxTokenLife.Hours()/24))
	}
	for _, s := range t.Scopes {
		if !slices.Contains(Scopes(), s) {
			return fmt.Errorf("%w: scope %q: use read, write or admin", ErrInvalid, s)
		}
	}
	for _, gr := range t.Grants {
		if !gr.Role.Known() {
			return fmt.Errorf("%w: role %q: use one of %v", ErrInvalid, gr.Role, Roles())
		}
	}
	return nil
}

// ErrInvalid is in the chain of errors about what was asked for, with words that say what to change.
var ErrInvalid = errors.New("invalid")

// Known tells who shows a secret; ErrNobody when nobody may with it.
func (g *Gate) Known(ctx context.Context, secret string) (*Principal, error) {
	if !strings.HasPrefix(secret, tokenMark) || len(secret) > 200 {
		return nil, ErrNobody
	}
	t, ok, err := g.keeper.TokenByHash(ctx, sha256.Sum256([]byte(secret)))
	if err != nil {
		return nil, fmt.Errorf("look for the token: %w", err)
	}
	if !ok || !t.Revoked.IsZero() || !g.now().Before(t.Expires) {
		return nil, ErrNobody
	}
	return &Principal{ID: "token:" + t.ID, Name: t.Name, Grants: t.Grants, Scopes: t.Scopes}, nil
}

// random is n bytes from the system's source, as text.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
