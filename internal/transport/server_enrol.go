package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"candor/internal/block"
)

// anybody wraps what is asked without a certificate: few at once, so that those who knock cannot hold up the registry.
func (s *Server) anybody(h func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.asking <- struct{}{}:
		default:
			s.answer(w, nil, Busy(busyAfter, "enough enrolments are being looked at"))
			return
		}
		defer func() { <-s.asking }()
		r.Body = &patientBody{ReadCloser: r.Body, control: http.NewResponseController(w), stall: s.stall}
		got, err := h(r)
		if err != nil && refusalOf(err).Why == WhyInternal {
			s.cfg.Log.Error("enrolment", "path", r.URL.Path, "err", err)
		}
		s.answer(w, got, err)
	}
}

// enroll takes a request: with a token the first time, without from a known key whose certificate ran out.
func (s *Server) enroll(r *http.Request) (any, error) {
	var a ask
	if err := readJSON(r.Body, maxAskBody, &a); err != nil {
		return nil, err
	}
	pub, err := readCSR(a.CSR, r.TLS)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	e := Enrolment{Fingerprint: block.Fingerprint(pub), Key: pub, Request: random(16), State: Pending, From: host, Asked: s.cfg.Clock.Now()}
	if a.Secret == "" {
		e, err = s.find(r.Context(), func(ctx context.Context) (Enrolment, error) { return s.again(ctx, e) })
	} else {
		e, err = s.find(r.Context(), func(ctx context.Context) (Enrolment, error) {
			return s.cfg.Registry.Redeem(ctx, hashSecret(a.Secret), e.Asked, e)
		})
	}
	if err != nil {
		return nil, tokenRefusal(err)
	}
	s.cfg.Log.Info("sensor asks for enrolment", "tenant", e.Tenant, "sensor", e.Sensor, "fingerprint", ShowFingerprint(e.Fingerprint), "from", host, "again", e.Again)
	return told{Request: e.Request, Tenant: e.Tenant, Sensor: e.Sensor, State: e.State}, nil
}

// again makes a sensor whose certificate ran out pending once more.
func (s *Server) again(ctx context.Context, asked Enrolment) (Enrolment, error) {
	return s.cfg.Registry.Update(ctx, asked.Fingerprint, func(e *Enrolment) error {
		switch {
		case e.State == Pending:
			return nil
		case e.State != Approved:
			return refuse(WhyRevoked, "sensor %s was %s: it needs a new key and a new token", e.Sensor, e.State)
		case e.Due || asked.Asked.Before(e.Until):
			return nil // its certificate is there to be fetched, or is still good
		}
		e.State, e.Again, e.From, e.Asked, e.Decided, e.By, e.Reason = Pending, true, asked.From, asked.Asked, time.Time{}, "", ""
		return nil
	})
}

func tokenRefusal(err error) error {
	switch {
	case errors.Is(err, ErrTokenUnknown), errors.Is(err, ErrTokenUsed), errors.Is(err, ErrTokenExpired):
		return refuse(WhyToken, "%v: make another one at the hub", err)
	case errors.Is(err, ErrKeyKnown):
		return refuse(WhyToken, "%v: remove the sensor's folder with the old key first", err)
	case errors.Is(err, ErrUnknown):
		return refuse(WhyUnknown, "the hub knows no sensor with this key: enrol it with a token")
	}
	return err
}

// enrolled says what became of a request, and hands out the certificate once a person approved it.
func (s *Server) enrolled(r *http.Request) (any, error) {
	request := r.PathValue("request")
	if !isHex(request, 16) {
		return nil, refuse(WhyUnknown, "there is no such request")
	}
	e, err := s.find(r.Context(), func(ctx context.Context) (Enrolment, error) { return s.cfg.Registry.FindRequest(ctx, request) })
	if errors.Is(err, ErrUnknown) {
		return nil, refuse(WhyUnknown, "there is no such request")
	}
	if err != nil {
		return nil, err
	}
	if e.State == Approved && e.Due {
		if e, err = s.issue(r.Context(), e.Fingerprint, func(e *Enrolment) bool { return e.Due }); err != nil {
			return nil, err
		}
	}
	t := told{Request: e.Request, Tenant: e.Tenant, Sensor: e.Sensor, State: e.State, Reason: e.Reason}
	if e.State == Approved {
		t.Certificate = string(e.Certificate)
	}
	return t, nil
}

// renew gives an approved sensor its next certificate, for the key it has.
func (s *Server) renew(r *http.Request, e Enrolment) (any, error) {
	var a ask
	if err := readJSON(r.Body, maxAskBody, &a); err != nil {
		return nil, err
	}
	pub, err := readCSR(a.CSR, r.TLS)
	if err != nil {
		return nil, err
	}
	if !pub.Equal(e.Key) {
		return nil, refuse(WhySignature, "a certificate is renewed for the enrolled key only; a new key needs a token and approval")
	}
	now := s.cfg.Clock.Now()
	e, err = s.issue(r.Context(), e.Fingerprint, func(e *Enrolment) bool { return e.Due || e.Until.Sub(now) < SensorLife/2 })
	if err != nil {
		return nil, err
	}
	return told{Tenant: e.Tenant, Sensor: e.Sensor, State: e.State, Certificate: string(e.Certificate)}, nil
}

// issue makes a certificate for an approved sensor where want says so, else the newest stays.
func (s *Server) issue(ctx context.Context, fingerprint string, want func(*Enrolment) bool) (Enrolment, error) {
	return s.find(ctx, func(ctx context.Context) (Enrolment, error) {
		return s.cfg.Registry.Update(ctx, fingerprint, func(e *Enrolment) error {
			if e.State != Approved {
				return refuse(WhyRevoked, "sensor %s is %s", e.Sensor, e.State)
			}
			if !want(e) {
				return nil
			}
			cert, until, err := s.cfg.CA.sensor(e.Peer(), e.Key, s.cfg.Clock.Now())
			if err != nil {
				return err
			}
			e.Certificate, e.Until, e.Due = cert, until, false
			return nil
		})
	})
}
