package transport

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"candor/internal/record"
)

// Peer is who is at the other end, by certificate and registry, never by what he says.
type Peer struct {
	Tenant      record.Tenant
	Sensor      record.Sensor
	Fingerprint string // of the enrolled key, as block.Fingerprint gives it
}

// State is how far the enrolment of a key has come.
type State string

// The states. Refused and revoked are for ever: such a sensor needs a new key.
const (
	Pending  State = "pending"  // waits for a person
	Approved State = "approved" //
	Refused  State = "refused"  //
	Revoked  State = "revoked"  //
)

// Enrolment is one key of a sensor and what became of it. It is kept for ever, so that old blocks can be verified.
type Enrolment struct {
	Fingerprint string            `json:"fingerprint"`
	Key         ed25519.PublicKey `json:"key"`
	Request     string            `json:"-"` // by which the sensor asks what became of it; 128 random bits in hex
	Tenant      record.Tenant     `json:"tenant"`
	Sensor      record.Sensor     `json:"sensor"`
	State       State             `json:"state"`
	Again       bool              `json:"again"` // it was approved before and let its certificate run out
	From        string            `json:"from"`  // the address it asked from
	Asked       time.Time         `json:"asked"`
	Decided     time.Time         `json:"decided"` // zero: not yet
	By          string            `json:"by"`      // who decided
	Reason      string            `json:"reason"`
	Due         bool              `json:"-"`     // approved, and no certificate made since
	Certificate []byte            `json:"-"`     // the newest, PEM
	Until       time.Time         `json:"until"` // when it ends; zero: none was made
}

// Peer is whom the enrolment speaks of.
func (e *Enrolment) Peer() Peer {
	return Peer{Tenant: e.Tenant, Sensor: e.Sensor, Fingerprint: e.Fingerprint}
}

// Errors of a registry. The ways in which a token is no good are told apart because only who holds a token learns of them.
var (
	ErrUnknown      = errors.New("no such sensor")
	ErrTokenUnknown = errors.New("no such token")
	ErrTokenUsed    = errors.New("the token was used already")
	ErrTokenExpired = errors.New("the token has expired")
	ErrKeyKnown     = errors.New("the key is enrolled already")
)

// Registry keeps tokens and sensors. transporttest.Registry is its contract.
type Registry interface {
	Tokens
	Enrolments
}

// Tokens keeps what may enrol.
type Tokens interface {
	// AddToken keeps a new token.
	AddToken(ctx context.Context, t Token) error
	// Redeem uses a token up and keeps e as pending, with the token's tenant and sensor, both or neither. The same key with the same token again gives
	// what the first time gave. Errors: ErrTokenUnknown, ErrTokenUsed, ErrTokenExpired (at or after Expires), ErrKeyKnown.
	Redeem(ctx context.Context, hash string, at time.Time, e Enrolment) (Enrolment, error)
}

// Enrolments keeps the keys of sensors.
type Enrolments interface {
	// Find gives the enrolment of a key, or ErrUnknown.
	Find(ctx context.Context, fingerprint string) (Enrolment, error)
	// FindRequest gives the enrolment with that request, or ErrUnknown.
	FindRequest(ctx context.Context, request string) (Enrolment, error)
	// Update lets change alter an enrolment, as one step that nothing else comes between. An error of change leaves everything as it was and is returned.
	// Fingerprint, Key, Request, Tenant and Sensor cannot be altered. change may not call the registry.
	Update(ctx context.Context, fingerprint string, change func(*Enrolment) error) (Enrolment, error)
	// List gives the enrolments of a tenant, by sensor, then in the order in which they asked.
	List(ctx context.Context, tenant record.Tenant) ([]Enrolment, error)
}

// maxID bounds the ids of tenants and sensors, in bytes.
const maxID = 63

// checkID refuses ids that could not name a folder everywhere.
func checkID(what, id string) error {
	ok := id != "" && len(id) <= maxID && id[0] != '.' && id[0] != '_' && id[0] != '-'
	for _, r := range id {
		ok = ok && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}
	if !ok {
		return fmt.Errorf("%q is no id of a %s: up to %d of a-z, 0-9 and . _ -, beginning with a letter or digit", id, what, maxID)
	}
	return nil
}
