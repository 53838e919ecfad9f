package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"candor/internal/record"
)

// Errors of a gate. What is absent and what is another's read the same, so that nobody learns what others have.
var (
	ErrUnknown = errors.New("no such tenant")
	ErrDenied  = errors.New("your role does not allow this")
	ErrNobody  = errors.New("not signed in, or the token is unknown, expired or revoked")
)

// Keeper keeps what access needs to know, durably. Store implements it.
type Keeper interface {
	TenantExists(ctx context.Context, t record.Tenant) (bool, error)
	TokenByHash(ctx context.Context, hash [32]byte) (Token, bool, error)
	PutToken(ctx context.Context, t Token) error
	Audit(ctx context.Context, e Entry) error
}

// Entry is one decision of a gate, kept for the reviewer.
type Entry struct {
	At      time.Time     `json:"at"`
	Who     string        `json:"who"` // the principal's id
	Name    string        `json:"name"`
	Action  Action        `json:"action"`
	Tenant  record.Tenant `json:"tenant"`
	Object  string        `json:"object"` // what it was done to: a question, a sensor, a route; never content
	Allowed bool          `json:"allowed"`
}

// Gate lets principals in, or not, and notes both.
type Gate struct {
	keeper Keeper
	now    func() time.Time
}

// NewGate makes one.
func NewGate(k Keeper, now func() time.Time) *Gate { return &Gate{keeper: k, now: now} }

// Pass is leave to do one action with one tenant's things. Only a Gate makes one that opens anything.
type Pass struct {
	tenant record.Tenant
	action Action
	who    *Principal
}

// Tenant is whose things may be touched; empty where the pass opens nothing.
func (p Pass) Tenant() record.Tenant { return p.tenant }

// For reports whether the pass was given for the action.
func (p Pass) For(a Action) bool { return p.tenant != "" && p.action == a }

// Name is the principal's, for what he does to be known by.
func (p Pass) Name() string {
	if p.who == nil {
		return ""
	}
	return p.who.Name
}

// Enter asks for leave. The error is ErrUnknown where the tenant is not there or nothing of the principal's, ErrDenied where his role
// is not enough. Where the decision cannot be noted there is no leave.
func (g *Gate) Enter(ctx context.Context, who *Principal, a Action, t record.Tenant, object string) (Pass, error) {
	verdict := g.judge(ctx, who, a, t)
	if err := g.note(ctx, who, a, t, object, verdict == nil); err != nil {
		return Pass{}, err
	}
	if verdict != nil {
		return Pass{}, verdict
	}
	return Pass{tenant: t, action: a, who: who}, nil
}

func (g *Gate) judge(ctx context.Context, who *Principal, a Action, t record.Tenant) error {
	if who == nil {
		return ErrNobody
	}
	there, err := g.keeper.TenantExists(ctx, t) // asked in any case: the answer takes as long either way
	if err != nil {
		return fmt.Errorf("look for the tenant: %w", err)
	}
	switch {
	case !there || !who.sees(t):
		return ErrUnknown
	case !who.may(a, t):
		return ErrDenied
	}
	return nil
}

// EnterHub asks for leave to do what concerns no single tenant: making tenants, listing all.
func (g *Gate) EnterHub(ctx context.Context, who *Principal, a Action, object string) error {
	if who == nil {
		return ErrNobody
	}
	allowed := who.mayEverywhere(a)
	if err := g.note(ctx, who, a, "", object, allowed); err != nil {
		return err
	}
	if !allowed {
		return ErrDenied
	}
	return nil
}

// Visible picks the tenants that the principal has anything to do with.
func Visible(who *Principal, all []record.Tenant) []record.Tenant {
	var out []record.Tenant
	for _, t := range all {
		if who != nil && who.sees(t) {
			out = append(out, t)
		}
	}
	return out
}

func (g *Gate) note(ctx context.Context, who *Principal, a Action, t record.Tenant, object string, allowed bool) error {
	e := Entry{At: g.now(), Action: a, Tenant: t, Object: object, Allowed: allowed}
	if who != nil {
		e.Who, e.Name = who.ID, who.Name
	}
	if err := g.keeper.Audit(ctx, e); err != nil {
		return fmt.Errorf("note who looks: %w", err)
	}
	return nil
}
