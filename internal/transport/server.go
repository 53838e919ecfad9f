package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"candor/internal/record"
)

// RevokedWithin is how soon a revoked sensor is cut off at the latest, streams that are open included.
const RevokedWithin = 60 * time.Second

// Limits of the listener.
const (
	sweepEvery       = 15 * time.Second // open connections are held against the registry this often
	headerTimeout    = 5 * time.Second
	idleTimeout      = 60 * time.Second
	maxHeader        = 32 << 10
	perAddress       = 64 // connections
	maxStreams       = 16 // of one connection
	registryTimeout  = 5 * time.Second
	bodyStall        = 30 * time.Second // a body that brings no byte for so long is given up
	perSensor        = 8                // blocks being received
	inAll            = 64               // blocks being received
	askedAtOnce      = 8                // enrolments being looked at
	busyAfter        = 2 * time.Second
	shutdownPatience = 10 * time.Second
)

// ServerConfig is what a server needs. All fields but Names, MaxBlock and Clock.Sleep must be set.
type ServerConfig struct {
	CA       *CA
	Registry Registry
	Receiver Receiver
	Watcher  Watcher
	Incoming func(record.Tenant) (string, error) // a path for a block on its way in, not there yet, where the receiver can move it away from
	Names    []string                            // names and addresses under which sensors reach the hub, for its certificate
	MaxBlock int64                               // bytes of one block's stream; 0: 32 MiB; so much memory may each block being received take
	Clock    Clock
	Log      *slog.Logger
}

// Server is the hub's end: sensors' own listener, HTTP/2 over TLS 1.3 only.
type Server struct {
	cfg     ServerConfig
	counts  counts
	conns   conns
	flights flights
	asking  chan struct{}
	stall   time.Duration // how long a body may bring nothing
	certMu  sync.Mutex    // guards cert
	cert    *tls.Certificate
}

// NewServer makes a server; Serve runs it.
func NewServer(cfg ServerConfig) *Server {
	if cfg.MaxBlock == 0 {
		cfg.MaxBlock = defaultMaxBlock
	}
	return &Server{cfg: cfg, asking: make(chan struct{}, askedAtOnce), stall: bodyStall}
}

// Refused counts what was refused, by reason, since the start.
func (s *Server) Refused() map[Why]uint64 { return s.counts.all() }

// Connections counts the open connections.
func (s *Server) Connections() int { return s.conns.len() }

// Serve answers on l until ctx ends; then it lets requests finish for some seconds. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	h := &http.Server{
		Handler: s.routes(), Protocols: &protocols, TLSConfig: s.tls(),
		ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog:    slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug), // handshakes that failed: anybody can cause them
		ConnContext: s.conns.open, ConnState: s.conns.state,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: maxStreams, SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
	}
	run, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.sweeps(run) })
	wg.Go(func() {
		<-run.Done()
		patience, done := context.WithTimeout(context.WithoutCancel(ctx), shutdownPatience)
		defer done()
		if err := h.Shutdown(patience); err != nil {
			_ = h.Close() // what did not finish is cut
		}
	})
	err := h.ServeTLS(&addressLimit{Listener: l, most: perAddress, refused: func() { s.counts.add(WhyConns) }}, "", "")
	cancel()
	wg.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve sensors on %s: %w", l.Addr(), err)
}

func (s *Server) tls() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Time: s.cfg.Clock.Now, SessionTicketsDisabled: true, // every handshake is a whole one, so that it is held against the registry
		ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: s.cfg.CA.pool(),
		GetCertificate:   s.certificate,
		VerifyConnection: s.verifyConnection,
	}
}

// certificate gives the hub's certificate, and makes it anew when a third of its life is left.
func (s *Server) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.certMu.Lock()
	defer s.certMu.Unlock()
	now := s.cfg.Clock.Now()
	if s.cert == nil || s.cert.Leaf.NotAfter.Sub(now) < hubLife/3 || now.Before(s.cert.Leaf.NotBefore) {
		c, err := s.cfg.CA.hub(s.cfg.Names, now)
		if err != nil {
			return nil, err
		}
		s.cert = c
	}
	return s.cert, nil
}

// verifyConnection refuses revoked and unknown sensors at the handshake.
func (s *Server) verifyConnection(cs tls.ConnectionState) error {
	if len(cs.PeerCertificates) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), registryTimeout)
	defer cancel()
	if _, err := s.approved(ctx, cs.PeerCertificates[0]); err != nil {
		s.counts.add(refusalOf(err).Why)
		return err
	}
	return nil
}

// approved gives the enrolment that a verified certificate stands for, as the registry has it now. Any doubt refuses.
func (s *Server) approved(ctx context.Context, c *x509.Certificate) (Enrolment, error) {
	_, fingerprint, err := peerKey(c)
	if err != nil {
		return Enrolment{}, refuse(WhyCertificate, "%v", err)
	}
	if !s.cfg.Clock.Now().Before(c.NotAfter) {
		return Enrolment{}, refuse(WhyExpired, "the certificate ended at %s: renew it", c.NotAfter.Format(time.RFC3339))
	}
	e, err := s.cfg.Registry.Find(ctx, fingerprint)
	switch {
	case errors.Is(err, ErrUnknown):
		return Enrolment{}, refuse(WhyUnknown, "the hub knows no sensor with this key: enrol it")
	case err != nil:
		s.cfg.Log.Error("look for sensor", "fingerprint", fingerprint, "err", err)
		return Enrolment{}, Busy(busyAfter, "the hub cannot read its list of sensors")
	case e.State == Revoked || e.State == Refused:
		return Enrolment{}, refuse(WhyRevoked, "sensor %s was %s: it needs a new key and approval", e.Sensor, e.State)
	case e.State != Approved:
		return Enrolment{}, refuse(WhyUnknown, "sensor %s is %s: a person at the hub must approve it", e.Sensor, e.State)
	case c.Subject.CommonName != string(e.Sensor) || len(c.Subject.Organization) != 1 || c.Subject.Organization[0] != string(e.Tenant):
		return Enrolment{}, refuse(WhyUnknown, "the certificate names another sensor than the hub's list")
	}
	return e, nil
}

// sweeps holds the open connections against the registry for as long as the server runs.
func (s *Server) sweeps(ctx context.Context) {
	for s.cfg.Clock.sleep(ctx, sweepEvery) == nil {
		s.sweep(ctx)
	}
}

// sweep closes the connections of sensors that are not approved any more, or whose certificate ran out.
func (s *Server) sweep(ctx context.Context) {
	for _, c := range s.conns.known() {
		find, cancel := context.WithTimeout(ctx, registryTimeout)
		_, err := s.approved(find, c.cert)
		cancel()
		var r *Refusal
		if errors.As(err, &r) && r.Why != WhyBusy {
			s.counts.add(r.Why)
			s.cfg.Log.Info("connection cut", "because", r.Words)
			_ = c.conn.Close() // its streams end with it
		}
	}
}
