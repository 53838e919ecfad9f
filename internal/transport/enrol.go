package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// pollEvery is how often a sensor asks whether a person approved it.
const pollEvery = 5 * time.Second

// EnrolConfig is what enrolment needs. Token may be empty to go on waiting for the approval asked for before.
type EnrolConfig struct {
	Home  *Home
	Token string
	Clock Clock
	Told  func(id Identity, fingerprint string) // called once the hub knows of the sensor: a person compares the fingerprint on both sides; nil: nobody
	Dial  DialFunc                              // nil: the network
}

// Enrol asks the hub of a token for admission, waits until a person there approved it, and keeps the certificate. It may be stopped and run again.
func Enrol(ctx context.Context, cfg EnrolConfig) error {
	l := &link{home: cfg.Home, clock: cfg.Clock, dial: cfg.Dial}
	if cfg.Token != "" {
		i, err := ReadToken(cfg.Token)
		if err != nil {
			return err
		}
		if id := cfg.Home.Identity(); id.Sensor != "" && cfg.Home.Certificate() != nil {
			return fmt.Errorf("this folder is enrolled already, as sensor %s at %s: use another folder, or remove this one", id.Sensor, id.Hub)
		}
		if err := cfg.Home.keepIdentity(Identity{Hub: i.Hub, Pins: []string{i.Pin}}); err != nil {
			return err
		}
		if err := l.ask(ctx, i.Secret); err != nil {
			return fmt.Errorf("enrol: %w", err)
		}
	}
	id := cfg.Home.Identity()
	if id.Request == "" {
		return errors.New("enrol: nothing was asked yet: give the token that was made at the hub")
	}
	if cfg.Told != nil {
		cfg.Told(id, cfg.Home.Fingerprint())
	}
	return l.await(ctx)
}

// ask asks for enrolment, with a token's secret or, after a certificate ran out, by the key alone.
func (l *link) ask(ctx context.Context, secret string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	t, err := l.bound(ctx, pathEnroll, secret, false)
	if err != nil {
		return err
	}
	id := l.home.Identity()
	if id.Sensor != "" && (id.Sensor != t.Sensor || id.Tenant != t.Tenant) {
		return fmt.Errorf("the hub takes this sensor for %q of %q, it was %q of %q: enrol it anew", t.Sensor, t.Tenant, id.Sensor, id.Tenant)
	}
	if err := errors.Join(checkID("tenant", string(t.Tenant)), checkID("sensor", string(t.Sensor))); err != nil {
		return fmt.Errorf("the hub's answer: %w", err)
	}
	id.Request, id.Tenant, id.Sensor = t.Request, t.Tenant, t.Sensor
	return l.home.keepIdentity(id)
}

// bound sends a CSR that is bound to the one connection it goes over.
func (l *link) bound(ctx context.Context, path, secret string, withCertificate bool) (told, error) {
	cert := l.home.Certificate()
	if !withCertificate {
		cert = nil
	}
	client, conn, err := l.once(ctx, cert)
	if err != nil {
		return told{}, err
	}
	defer func() { _ = conn.Close() }() // all was said on it
	defer client.CloseIdleConnections()
	cs := conn.ConnectionState()
	csr, err := newCSR(l.home.key, &cs)
	if err != nil {
		return told{}, err
	}
	var t told
	return t, l.callJSON(ctx, client, http.MethodPost, path, ask{Secret: secret, CSR: csr}, &t)
}

// await asks until a person decided.
func (l *link) await(ctx context.Context) error {
	pace := pace{first: pollEvery, most: time.Minute}
	for {
		t, err := l.outcome(ctx)
		wait := pollEvery
		var r *Refusal
		switch {
		case err == nil && t.State == Approved && t.Certificate != "":
			return l.home.keepCertificate([]byte(t.Certificate))
		case err == nil && (t.State == Refused || t.State == Revoked):
			return fmt.Errorf("enrol: %w", refuse(WhyRevoked, "a person at the hub turned this sensor away (%s): %s", t.State, t.Reason))
		case errors.As(err, &r) && r.Why == WhyUnknown, errors.Is(err, ErrPin):
			return fmt.Errorf("enrol: %w", err)
		case err != nil:
			wait = pace.failed(err)
		default:
			pace.done()
		}
		if err := l.clock.sleep(ctx, wait); err != nil {
			return fmt.Errorf("wait for approval: %w", err)
		}
	}
}

// outcome asks once what became of the enrolment.
func (l *link) outcome(ctx context.Context) (told, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	client, conn, err := l.once(ctx, nil)
	if err != nil {
		return told{}, err
	}
	defer func() { _ = conn.Close() }() // all was said on it
	defer client.CloseIdleConnections()
	var t told
	return t, l.callJSON(ctx, client, http.MethodGet, pathEnroll+"/"+l.home.Identity().Request, nil, &t)
}

// renew fetches the next certificate over a connection that shows the present one.
func (l *link) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	t, err := l.bound(ctx, pathRenew, "", true)
	if err != nil {
		return err
	}
	return l.home.keepCertificate([]byte(t.Certificate))
}
