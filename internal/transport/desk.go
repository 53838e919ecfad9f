package transport

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"candor/internal/record"
)

// Desk is where a person lets sensors in and throws them out. It needs no key of the CA: it may stand in another process than the server.
type Desk struct {
	registry Registry
	hub, pin string
	now      func() time.Time
}

// NewDesk makes a desk. hub is the https URL under which sensors reach the server, pin its CA's.
func NewDesk(r Registry, hub, pin string, now func() time.Time) (*Desk, error) {
	if err := checkHub(hub); err != nil {
		return nil, err
	}
	return &Desk{registry: r, hub: hub, pin: pin, now: now}, nil
}

// Invite makes a token with which one sensor may ask for enrolment, once, within TokenLife. Only the returned value holds the secret.
func (d *Desk) Invite(ctx context.Context, tenant record.Tenant, sensor record.Sensor, by string) (Invitation, Token, error) {
	if err := errors.Join(checkID("tenant", string(tenant)), checkID("sensor", string(sensor))); err != nil {
		return Invitation{}, Token{}, err
	}
	i := Invitation{Hub: strings.TrimRight(d.hub, "/"), Pin: d.pin, Secret: random(tokenSecret)}
	t := Token{Hash: hashSecret(i.Secret), Tenant: tenant, Sensor: sensor, Made: d.now(), Expires: d.now().Add(TokenLife), By: by}
	if err := d.registry.AddToken(ctx, t); err != nil {
		return Invitation{}, Token{}, fmt.Errorf("make token for sensor %s: %w", sensor, err)
	}
	return i, t, nil
}

// List gives the tenant's enrolments, decided or not.
func (d *Desk) List(ctx context.Context, tenant record.Tenant) ([]Enrolment, error) {
	return d.registry.List(ctx, tenant)
}

// Approve lets a pending sensor in, named by the fingerprint that a person compared. Another key that the same sensor had is revoked first: one sensor,
// one key.
func (d *Desk) Approve(ctx context.Context, tenant record.Tenant, fingerprint, by string) (Enrolment, error) {
	e, err := d.pick(ctx, tenant, fingerprint)
	if err != nil {
		return Enrolment{}, err
	}
	if e.State != Pending {
		return Enrolment{}, fmt.Errorf("sensor %s is %s, not pending: nothing to approve", e.Sensor, e.State)
	}
	all, err := d.registry.List(ctx, tenant)
	if err != nil {
		return Enrolment{}, err
	}
	for _, old := range all {
		if old.Sensor == e.Sensor && old.State == Approved && old.Fingerprint != e.Fingerprint {
			if _, err := d.decide(ctx, old.Fingerprint, Revoked, by, "replaced by key "+ShowFingerprint(e.Fingerprint), Approved); err != nil {
				return Enrolment{}, err
			}
		}
	}
	return d.decide(ctx, e.Fingerprint, Approved, by, "", Pending)
}

// Refuse turns a pending sensor away for ever.
func (d *Desk) Refuse(ctx context.Context, tenant record.Tenant, fingerprint, by, reason string) (Enrolment, error) {
	e, err := d.pick(ctx, tenant, fingerprint)
	if err != nil {
		return Enrolment{}, err
	}
	return d.decide(ctx, e.Fingerprint, Refused, by, reason, Pending)
}

// Revoke throws a sensor out for ever; the server cuts it off within RevokedWithin, also in another process.
func (d *Desk) Revoke(ctx context.Context, tenant record.Tenant, fingerprint, by, reason string) (Enrolment, error) {
	e, err := d.pick(ctx, tenant, fingerprint)
	if err != nil {
		return Enrolment{}, err
	}
	return d.decide(ctx, e.Fingerprint, Revoked, by, reason, Pending, Approved)
}

// pick finds a tenant's enrolment by its fingerprint. Another tenant's is as unknown as none.
func (d *Desk) pick(ctx context.Context, tenant record.Tenant, fingerprint string) (Enrolment, error) {
	want, err := readFingerprint(fingerprint)
	if err != nil {
		return Enrolment{}, err
	}
	all, err := d.registry.List(ctx, tenant)
	if err != nil {
		return Enrolment{}, err
	}
	for _, e := range all {
		if strings.HasPrefix(e.Fingerprint, want) {
			return e, nil
		}
	}
	return Enrolment{}, fmt.Errorf("fingerprint %s: %w of this tenant", ShowFingerprint(want), ErrUnknown)
}

func (d *Desk) decide(ctx context.Context, fingerprint string, to State, by, reason string, from ...State) (Enrolment, error) {
	return d.registry.Update(ctx, fingerprint, func(e *Enrolment) error {
		for _, s := range from {
			if e.State == s {
				e.State, e.Decided, e.By, e.Reason, e.Due = to, d.now(), by, reason, to == Approved
				return nil
			}
		}
		return fmt.Errorf("sensor %s is %s already", e.Sensor, e.State)
	})
}
