package access

import (
	"slices"
	"strings"

	"candor/internal/record"
)

// Everywhere in a grant stands for every tenant, those of later included.
const Everywhere record.Tenant = "*"

// Grant gives a role in one tenant, or Everywhere.
type Grant struct {
	Tenant record.Tenant `json:"tenant"`
	Role   Role          `json:"role"`
}

// Scope bounds what a token may be used for, whatever its owner may do.
type Scope string

// The scopes: each allows the actions whose names begin with it.
const (
	ScopeRead  Scope = "read"
	ScopeWrite Scope = "write"
	ScopeAdmin Scope = "admin"
)

// Scopes lists the scopes.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeWrite, ScopeAdmin} }

// Principal is a person or a program that was told apart: signed in, or known by a token. The zero value may do nothing.
type Principal struct {
	ID     string // of the user or token
	Name   string // for people and the audit
	Grants []Grant
	Scopes []Scope // nil for a person: no bound beyond the role
	Person bool
}

// may reports whether the principal may do the action in the tenant.
func (p *Principal) may(a Action, t record.Tenant) bool {
	if t == "" || !p.scoped(a) {
		return false
	}
	return slices.ContainsFunc(p.Grants, func(g Grant) bool {
		return (g.Tenant == t || g.Tenant == Everywhere) && g.Role.May(a)
	})
}

// mayEverywhere reports whether the principal may do what concerns no single tenant.
func (p *Principal) mayEverywhere(a Action) bool {
	return p.scoped(a) && slices.ContainsFunc(p.Grants, func(g Grant) bool { return g.Tenant == Everywhere && g.Role.May(a) })
}

func (p *Principal) scoped(a Action) bool {
	if p.Person {
		return true
	}
	verb, _, _ := strings.Cut(string(a), ":")
	return slices.Contains(p.Scopes, Scope(verb))
}

// Sees reports whether the principal has anything to do with the tenant: else it does not exist for him.
func (p *Principal) sees(t record.Tenant) bool {
	return slices.ContainsFunc(p.Grants, func(g Grant) bool { return g.Tenant == t || g.Tenant == Everywhere })
}

// Manages reports whether the principal may manage people wherever the grants lead, so that a token with them is his to see and end.
func Manages(who *Principal, grants []Grant) bool {
	if who == nil || len(grants) == 0 {
		return false
	}
	for _, g := range grants {
		if g.Tenant == Everywhere && !who.mayEverywhere(ManagePeople) || g.Tenant != Everywhere && !who.may(ManagePeople, g.Tenant) {
			return false
		}
	}
	return true
}
