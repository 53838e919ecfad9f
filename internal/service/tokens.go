package service

import (
	"context"
	"slices"
	"time"

	"candor/internal/access"
	"candor/internal/record"
)

// MadeToken is a new token with the secret that is shown once.
type MadeToken struct {
	access.Token
	Secret string `json:"secret"`
}

// NewToken makes a token for a program. Nobody gives away more than he has.
func (s *Service) NewToken(ctx context.Context, who *access.Principal, t access.Token, life time.Duration) (*MadeToken, error) {
	if who == nil {
		return nil, access.ErrNobody
	}
	secret, made, err := s.p.Gate.NewToken(ctx, who, t, life)
	if err != nil {
		return nil, err
	}
	return &MadeToken{Token: made, Secret: secret}, nil
}

// Tokens lists the tokens that open something which the principal manages.
func (s *Service) Tokens(ctx context.Context, who *access.Principal) ([]access.Token, error) {
	if who == nil {
		return nil, access.ErrNobody
	}
	all, err := s.p.People.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(t access.Token) bool { return !access.Manages(who, t.Grants) }), nil
}

// RevokeToken ends a token at once. One that opens anything which the principal does not manage does not exist for him.
func (s *Service) RevokeToken(ctx context.Context, who *access.Principal, id string) error {
	mine, err := s.Tokens(ctx, who)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(mine, func(t access.Token) bool { return t.ID == id })
	if i < 0 {
		return notFound("token")
	}
	t := mine[i]
	for _, g := range t.Grants {
		if err := s.leaveToManage(ctx, who, g.Tenant, "token "+t.ID); err != nil {
			return err
		}
	}
	t.Revoked = s.p.Now()
	return s.p.People.PutToken(ctx, t)
}

// leaveToManage asks for leave to manage people, noted.
func (s *Service) leaveToManage(ctx context.Context, who *access.Principal, t record.Tenant, object string) error {
	if t == access.Everywhere {
		return s.p.Gate.EnterHub(ctx, who, access.ManagePeople, object)
	}
	_, err := s.p.Gate.Enter(ctx, who, access.ManagePeople, t, object)
	return err
}
