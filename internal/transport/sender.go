package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/internal/block"
	"candor/internal/record"
)

// HeartbeatEvery is how often a sensor speaks.
const HeartbeatEvery = time.Second

// Bounds of the sender's waits after failures.
const (
	firstWait         = 500 * time.Millisecond
	mostWait          = 15 * time.Second
	mostHeartbeatWait = 10 * time.Second
	mostRenewWait     = 30 * time.Minute
	lookAtCertificate = time.Hour // at least this often, because clocks jump
)

// defaultCatchUp is how many blocks catch up at once, beside the live one.
const defaultCatchUp = 3

// SenderConfig is what a sender needs. Home, Spool, Clock.Now and Log must be set.
type SenderConfig struct {
	Home    *Home // enrolled
	Spool   *Spool
	Sight   func() ([]record.Sight, *record.Drops) // the current minute, for heartbeats; nil: none
	OnScope func(record.Scope)                     // told of each scope that is another than before, by one goroutine
	CatchUp int                                    // old blocks sent at once; 0: 3
	Clock   Clock
	Jitter  func() float64 // nil: chance
	Dial    DialFunc       // nil: the network
	Log     *slog.Logger
}

// Sender brings a spool's blocks to the hub, speaks each second, and keeps the certificate fresh.
type Sender struct {
	cfg  SenderConfig
	link *link

	mu       sync.Mutex // guards all below
	status   SenderStatus
	problems map[string]string // by what they concern
}

// SenderStatus tells how the sending goes.
type SenderStatus struct {
	Sent       uint64      // blocks acknowledged
	Duplicates uint64      // of these: the hub had them before
	Retries    uint64      // tries that brought no answer
	Refused    uint64      // blocks put aside because the hub refused them or they are damaged
	Heartbeats uint64      // answered
	Replied    record.Time // when the last was, by the sensor's clock
	HubAt      record.Time // the hub's clock in it
	Durable    Position    // as the hub said last
	Until      time.Time   // end of the certificate
	Problem    string      // what stands in the way now, in words; empty: nothing
}

// NewSender makes a sender; Run runs it.
func NewSender(cfg SenderConfig) (*Sender, error) {
	if id := cfg.Home.Identity(); id.Sensor == "" || id.Hub == "" {
		return nil, errors.New("this sensor is not enrolled: make a token at the hub and enrol it")
	}
	if cfg.CatchUp == 0 {
		cfg.CatchUp = defaultCatchUp
	}
	return &Sender{cfg: cfg, problems: map[string]string{}, link: &link{home: cfg.Home, clock: cfg.Clock, dial: cfg.Dial}}, nil
}

// Status tells how the sending goes.
func (s *Sender) Status() SenderStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	for _, what := range slices.Sorted(maps.Keys(s.problems)) {
		st.Problem = strings.TrimPrefix(st.Problem+"; "+what+": "+s.problems[what], "; ")
	}
	if c := s.cfg.Home.Certificate(); c != nil {
		st.Until = c.Leaf.NotAfter
	}
	return st
}

// Run sends until ctx ends. Whatever the hub does, it goes on trying: the spool holds what is not delivered.
func (s *Sender) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	blocks := &pace{first: firstWait, most: mostWait, jitter: s.cfg.Jitter}
	wg.Go(func() { s.lane(ctx, true, blocks) })
	for range s.cfg.CatchUp {
		wg.Go(func() { s.lane(ctx, false, blocks) })
	}
	wg.Go(func() { s.heartbeats(ctx) })
	wg.Go(func() { s.renewals(ctx) })
	wg.Wait()
	s.link.reset()
	return nil
}

// FetchScope asks the hub what to expect, and keeps it; false: there is no agreement for this sensor.
func (s *Sender) FetchScope(ctx context.Context) (record.Scope, bool, error) {
	c, err := s.link.sensor()
	if err != nil {
		return record.Scope{}, false, err
	}
	var scope *record.Scope
	if err := s.link.callJSON(ctx, c, http.MethodGet, pathScope, nil, &scope); err != nil || scope == nil {
		return record.Scope{}, false, err
	}
	_, err = s.cfg.Home.keepScope(*scope)
	return *scope, true, err
}

// problem notes what stands in the way of something, or that nothing does any more.
func (s *Sender) problem(what string, err error) {
	s.mu.Lock()
	before := s.problems[what]
	if err == nil {
		delete(s.problems, what)
	} else {
		s.problems[what] = err.Error()
	}
	s.mu.Unlock()
	switch {
	case err != nil && before == "":
		s.cfg.Log.Warn("the way to the hub is disturbed", "what", what, "err", err)
	case err == nil && before != "":
		s.cfg.Log.Info("the way to the hub is free again", "what", what)
	}
}

// heartbeats speaks each second. Its waits after failures are its own: a hub that takes no blocks still hears the sensor.
func (s *Sender) heartbeats(ctx context.Context) {
	pace := pace{first: HeartbeatEvery, most: mostHeartbeatWait, jitter: s.cfg.Jitter}
	for wait := time.Duration(0); s.cfg.Clock.sleep(ctx, wait) == nil; {
		err := s.heartbeat(ctx)
		wait = HeartbeatEvery
		if ctx.Err() != nil {
			return
		}
		s.problem("heartbeat", err)
		if err == nil {
			pace.done()
			continue
		}
		s.refresh(err)
		wait = max(pace.failed(err), HeartbeatEvery)
	}
}

func (s *Sender) heartbeat(ctx context.Context) error {
	c, err := s.link.sensor()
	if err != nil {
		return err
	}
	h := Heartbeat{At: record.TimeOf(s.cfg.Clock.Now()), Sealed: s.cfg.Spool.Position(), Spool: s.cfg.Spool.Status(), Problem: s.Status().Problem}
	if scope, ok := s.cfg.Home.Scope(); ok {
		h.Scope = block.Scope{Agreement: scope.Agreement, Revision: scope.Revision}
	}
	if s.cfg.Sight != nil {
		h.Sight, h.Drops = s.cfg.Sight()
	}
	if err := h.fit(); err != nil {
		return err
	}
	var r Reply
	if err := s.link.callJSON(ctx, c, http.MethodPost, pathHeartbeat, &h, &r); err != nil {
		return err
	}
	s.mu.Lock()
	s.status.Heartbeats++
	s.status.Replied, s.status.HubAt, s.status.Durable = record.TimeOf(s.cfg.Clock.Now()), r.At, r.Durable
	s.mu.Unlock()
	if r.Revoked {
		return refuse(WhyRevoked, "the hub revoked this sensor")
	}
	if r.Scope == nil {
		return nil
	}
	other, err := s.cfg.Home.keepScope(*r.Scope)
	if other && s.cfg.OnScope != nil {
		s.cfg.OnScope(*r.Scope)
	}
	return err
}

// refresh opens a new connection when the hub says that this one shows a certificate that is no good any more.
func (s *Sender) refresh(err error) {
	var r *Refusal
	if errors.As(err, &r) && (r.Why == WhyExpired || r.Why == WhyCertificate) {
		s.link.reset()
	}
}

// renewals renews the certificate when a third of its life is left. One that ran out is asked for again, by the key, and a person approves it.
func (s *Sender) renewals(ctx context.Context) {
	pace := pace{first: time.Second, most: mostRenewWait, jitter: s.cfg.Jitter}
	for ctx.Err() == nil {
		wait, err := s.freshen(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.problem("certificate", err)
			wait = pace.failed(err)
		default:
			s.problem("certificate", nil)
			pace.done()
		}
		if s.cfg.Clock.sleep(ctx, wait) != nil {
			return
		}
	}
}

// freshen does what the certificate needs now, and says when to look again.
func (s *Sender) freshen(ctx context.Context) (time.Duration, error) {
	left := time.Duration(0)
	if c := s.cfg.Home.Certificate(); c != nil {
		left = c.Leaf.NotAfter.Sub(s.cfg.Clock.Now())
	}
	switch {
	case left <= 0:
		s.problem("certificate", fmt.Errorf("it ran out or never was: a person at the hub must approve fingerprint %s", ShowFingerprint(s.cfg.Home.Fingerprint())))
		if err := s.link.ask(ctx, ""); err != nil {
			return 0, err
		}
		if err := s.link.await(ctx); err != nil {
			return 0, err
		}
	case left <= SensorLife/3:
		if err := s.link.renew(ctx); err != nil {
			return 0, err
		}
	default:
		return min(left-SensorLife/3, lookAtCertificate), nil
	}
	if now := s.cfg.Home.Certificate().Leaf.NotAfter.Sub(s.cfg.Clock.Now()); now <= left+time.Minute && now <= SensorLife/3 {
		return 0, errClocks
	}
	return 0, nil
}

// errClocks says that the newest certificate is no good here and good at the hub.
var errClocks = errors.New("the hub takes the certificate for good that this machine's clock takes for old: set the clocks right")
