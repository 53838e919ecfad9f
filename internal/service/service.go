package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"candor/internal/access"
	"candor/internal/agreement"
	"candor/internal/coverage"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/store"
	"candor/internal/transport"
)

// Errors that callers tell apart; those of access are passed on. What a user can mend says so in its words.
var (
	ErrInvalid     = errors.New("invalid")
	ErrNotFound    = errors.New("not found")
	ErrUnavailable = errors.New("unavailable")
)

// View is one sensor's Result as of a moment, with what it takes to ask further.
type View struct {
	Result    *judge.Result
	JSON      []byte // the Result, written once
	Terms     *coverage.Terms
	Agreement *agreement.Agreement                          // nil without one
	Sights    func(context.Context) ([]record.Sight, error) // of the whole window, by witness and segment
	Until     record.Time                                   // of packets: how far the records go that were judged
	At        time.Time                                     // by the hub's clock
}

// Live is a sensor as it is at this moment, provisional: what heartbeats say.
type Live struct {
	Sensor    record.Sensor `json:"sensor"`
	Heartbeat time.Time     `json:"heartbeat"` // the newest, by the hub's clock; zero: none since the hub started
	Lag       float64       `json:"lag_seconds"`
	Spooled   int           `json:"spooled_blocks"`
	Sight     *Provisional  `json:"sight"` // null: not told
	Folded    string        `json:"folded"`
	Behind    bool          `json:"behind"` // blocks are waited for or replayed
	Problem   string        `json:"problem"`
}

// Provisional is sight of the minute that is not over: shown, never judged.
type Provisional struct {
	From    string `json:"from"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
	Conns   uint64 `json:"conns"`
	Lookups uint64 `json:"lookups"`
	Hosts   int    `json:"hosts"` // addresses of promised segments seen in this minute
	Dropped uint64 `json:"dropped"`
}

// Event is something that a live view is told.
type Event struct {
	Kind   string        `json:"kind"` // sight, result
	Sensor record.Sensor `json:"sensor"`
	Live   *Live         `json:"live,omitempty"`
}

// Judges gives what the hub's judges say now.
type Judges interface {
	// Sensors lists the tenant's sensors with what they say of themselves.
	Sensors(ctx context.Context, t record.Tenant) ([]Live, error)
	// View is the Result of a sensor, kept current; nil where nothing came of it yet.
	View(ctx context.Context, t record.Tenant, s record.Sensor) (*View, error)
	// Changed tells that the agreement of a tenant is another.
	Changed(ctx context.Context, t record.Tenant) error
	// Subscribe gives events until stop is called; a reader who is too slow loses some.
	Subscribe(t record.Tenant) (events <-chan Event, stop func())
}

// Records gives stored records.
type Records interface {
	Records(ctx context.Context, t record.Tenant, f store.Filter) (store.Page, error)
}

// People keeps tenants, agreements, tokens and the audit.
type People interface {
	PutTenant(ctx context.Context, t store.Tenant) error
	Tenants(ctx context.Context) ([]store.Tenant, error)
	PutAgreement(ctx context.Context, t record.Tenant, text []byte, by string, now time.Time) (store.AgreementText, error)
	Agreement(ctx context.Context, t record.Tenant) (store.AgreementText, error)
	AgreementAt(ctx context.Context, t record.Tenant, revision int) (store.AgreementText, error)
	Agreements(ctx context.Context, t record.Tenant) ([]store.AgreementText, error)
	Tokens(ctx context.Context) ([]access.Token, error)
	PutToken(ctx context.Context, t access.Token) error
	AuditOf(ctx context.Context, t record.Tenant, before int64, limit int) ([]access.Entry, int64, error)
}

// Desk lets sensors in and throws them out.
type Desk interface {
	Invite(ctx context.Context, tenant record.Tenant, sensor record.Sensor, by string) (transport.Invitation, transport.Token, error)
	List(ctx context.Context, tenant record.Tenant) ([]transport.Enrolment, error)
	Approve(ctx context.Context, tenant record.Tenant, fingerprint, by string) (transport.Enrolment, error)
	Refuse(ctx context.Context, tenant record.Tenant, fingerprint, by, reason string) (transport.Enrolment, error)
	Revoke(ctx context.Context, tenant record.Tenant, fingerprint, by, reason string) (transport.Enrolment, error)
}

// Parts are what a Service stands on.
type Parts struct {
	Gate    *access.Gate
	People  People
	Judges  Judges
	Records Records
	Desk    Desk
	Now     func() time.Time
}

// Service is what may be asked of a hub and done with it. Every method asks the gate first and works only with the tenant of the pass that it got.
type Service struct{ p Parts }

// New makes one.
func New(p Parts) *Service { return &Service{p} }

// Known tells who shows a token.
func (s *Service) Known(ctx context.Context, secret string) (*access.Principal, error) {
	return s.p.Gate.Known(ctx, secret)
}

// invalid is an error that the user can mend.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}
