package service

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"candor/internal/access"
	"candor/internal/agreement"
	"candor/internal/record"
	"candor/internal/store"
)

// goodID is what names a tenant or a sensor: it is part of folder names and addresses.
var goodID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// Tenants lists those that the principal has anything to do with.
func (s *Service) Tenants(ctx context.Context, who *access.Principal) ([]store.Tenant, error) {
	if who == nil {
		return nil, access.ErrNobody
	}
	all, err := s.p.People.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]record.Tenant, 0, len(all))
	for _, t := range all {
		ids = append(ids, t.ID)
	}
	visible := access.Visible(who, ids)
	return slices.DeleteFunc(all, func(t store.Tenant) bool { return !slices.Contains(visible, t.ID) }), nil
}

// PutTenant makes a tenant, or changes the name and how long his records are kept.
func (s *Service) PutTenant(ctx context.Context, who *access.Principal, t store.Tenant) error {
	if err := s.p.Gate.EnterHub(ctx, who, access.ManageTenants, "tenant "+clip(string(t.ID))); err != nil {
		return err
	}
	switch {
	case !goodID.MatchString(string(t.ID)):
		return invalid("tenant %q: an id is 1 to 63 small letters, digits, dots, underscores or hyphens, a letter or digit first", clip(string(t.ID)))
	case strings.TrimSpace(t.Name) == "" || len(t.Name) > 200:
		return invalid("tenant %s: a name of at most 200 bytes is needed", t.ID)
	case t.KeepDays < 0 || t.KeepBytes < 0:
		return invalid("tenant %s: days and bytes to keep are 0 (no bound) or more", t.ID)
	}
	t.Made = s.p.Now()
	return s.p.People.PutTenant(ctx, t)
}

// Agreement is a revision of what was agreed, 0 for the newest.
func (s *Service) Agreement(ctx context.Context, who *access.Principal, t record.Tenant, revision int) (store.AgreementText, error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.ReadAgreement, t, "agreement")
	if err != nil {
		return store.AgreementText{}, err
	}
	a := store.AgreementText{}
	if revision > 0 {
		a, err = s.p.People.AgreementAt(ctx, pass.Tenant(), revision)
	} else {
		a, err = s.p.People.Agreement(ctx, pass.Tenant())
	}
	if err == nil && a.Revision == 0 {
		return a, notFound("agreement")
	}
	return a, err
}

// Agreements lists the revisions, newest first.
func (s *Service) Agreements(ctx context.Context, who *access.Principal, t record.Tenant) ([]store.AgreementText, error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.ReadAgreement, t, "agreements")
	if err != nil {
		return nil, err
	}
	return s.p.People.Agreements(ctx, pass.Tenant())
}

// PutAgreement makes a text the newest revision, if it is an agreement; the error says where it is none.
func (s *Service) PutAgreement(ctx context.Context, who *access.Principal, t record.Tenant, text []byte) (store.AgreementText, error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.WriteAgreement, t, "agreement")
	if err != nil {
		return store.AgreementText{}, err
	}
	if _, err := agreement.Parse("agreement.yaml", text); err != nil {
		return store.AgreementText{}, invalid("%v", err)
	}
	kept, err := s.p.People.PutAgreement(ctx, pass.Tenant(), text, pass.Name(), s.p.Now())
	if err != nil {
		return store.AgreementText{}, err
	}
	return kept, s.p.Judges.Changed(ctx, pass.Tenant())
}

// Audit lists who looked at a tenant's things and did something, newest first, before an entry (0: from the newest).
func (s *Service) Audit(ctx context.Context, who *access.Principal, t record.Tenant, before int64, limit int) ([]access.Entry, int64, error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.ReadAudit, t, "audit")
	if err != nil {
		return nil, 0, err
	}
	return s.p.People.AuditOf(ctx, pass.Tenant(), before, pageSize(limit))
}

// Page sizes of lists.
const (
	defaultPage = 100
	maxPage     = 1000
)

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// clip shortens what a caller sent, for words about it.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80]
	}
	return s
}
