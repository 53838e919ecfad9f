package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"candor/internal/access"
	"candor/internal/record"
	"candor/internal/transport"
)

// notFound says that something is not there; what is another's reads the same.
func notFound(what string) error { return fmt.Errorf("%w: no such %s", ErrNotFound, what) }

// Sensor is a sensor with its enrolment and what it says of itself now.
type Sensor struct {
	Live
	Enrolments []Enrolled `json:"enrolments"`
}

// Enrolled is one key of a sensor and what became of it, as it is shown.
type Enrolled struct {
	Fingerprint string    `json:"fingerprint"` // in groups, as a person compares it
	State       string    `json:"state"`       // pending, approved, refused, revoked
	From        string    `json:"from"`        // address it asked from
	Asked       time.Time `json:"asked"`
	Decided     time.Time `json:"decided"`
	By          string    `json:"by"`
	Reason      string    `json:"reason"`
	Until       time.Time `json:"until"` // when its certificate ends
}

// Sensors lists a tenant's sensors.
func (s *Service) Sensors(ctx context.Context, who *access.Principal, t record.Tenant) ([]Sensor, error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.ReadSensors, t, "sensors")
	if err != nil {
		return nil, err
	}
	live, err := s.p.Judges.Sensors(ctx, pass.Tenant())
	if err != nil {
		return nil, err
	}
	keys, err := s.p.Desk.List(ctx, pass.Tenant())
	if err != nil {
		return nil, err
	}
	out := []Sensor{}
	place := map[record.Sensor]int{}
	for _, l := range live {
		place[l.Sensor] = len(out)
		out = append(out, Sensor{Live: l, Enrolments: []Enrolled{}})
	}
	for i := range keys {
		e := &keys[i]
		n, known := place[e.Sensor]
		if !known {
			n = len(out)
			place[e.Sensor] = n
			out = append(out, Sensor{Live: Live{Sensor: e.Sensor}, Enrolments: []Enrolled{}})
		}
		out[n].Enrolments = append(out[n].Enrolments, enrolled(e))
	}
	return out, nil
}

func enrolled(e *transport.Enrolment) Enrolled {
	return Enrolled{
		Fingerprint: transport.ShowFingerprint(e.Fingerprint), State: string(e.State), From: e.From, Asked: e.Asked, Decided: e.Decided,
		By: e.By, Reason: e.Reason, Until: e.Until,
	}
}

// Invited is a token by which a sensor may ask for enrolment once; it is shown once.
type Invited struct {
	Token   string    `json:"token"`
	Sensor  string    `json:"sensor"`
	Expires time.Time `json:"expires"`
}

// Invite makes an enrolment token for a sensor.
func (s *Service) Invite(ctx context.Context, who *access.Principal, t record.Tenant, sensor record.Sensor) (*Invited, error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.ManageSensors, t, "invite "+clip(string(sensor)))
	if err != nil {
		return nil, err
	}
	if !goodID.MatchString(string(sensor)) {
		return nil, invalid("sensor %q: an id is 1 to 63 small letters, digits, dots, underscores or hyphens, a letter or digit first", clip(string(sensor)))
	}
	i, token, err := s.p.Desk.Invite(ctx, pass.Tenant(), sensor, pass.Name())
	if err != nil {
		return nil, err
	}
	return &Invited{Token: i.String(), Sensor: string(sensor), Expires: token.Expires}, nil
}

// Decision is what a person decides about a sensor's key.
type Decision string

// The decisions.
const (
	Approve Decision = "approve"
	Refuse  Decision = "refuse"
	Revoke  Decision = "revoke"
)

// Decide lets a sensor in or throws it out, by the fingerprint that a person compared on both sides.
func (s *Service) Decide(ctx context.Context, who *access.Principal, t record.Tenant, fingerprint string, d Decision, reason string) (*Enrolled, error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.ManageSensors, t, clip(string(d)+" "+fingerprint))
	if err != nil {
		return nil, err
	}
	if len(reason) > 500 {
		return nil, invalid("a reason has at most 500 bytes")
	}
	var e transport.Enrolment
	switch d {
	case Approve:
		e, err = s.p.Desk.Approve(ctx, pass.Tenant(), fingerprint, pass.Name())
	case Refuse:
		e, err = s.p.Desk.Refuse(ctx, pass.Tenant(), fingerprint, pass.Name(), reason)
	case Revoke:
		e, err = s.p.Desk.Revoke(ctx, pass.Tenant(), fingerprint, pass.Name(), reason)
	default:
		return nil, invalid("%q: approve, refuse or revoke", clip(string(d)))
	}
	if errors.Is(err, transport.ErrUnknown) {
		return nil, notFound("sensor key")
	}
	if err != nil {
		return nil, invalid("%v", err)
	}
	out := enrolled(&e)
	return &out, nil
}
