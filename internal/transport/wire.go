package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"candor/internal/block"
	"candor/internal/record"
)

// Addresses of the sensors' listener. The last two are asked without a certificate.
const (
	pathBlocks    = "/sensor/v1/blocks"
	pathHeartbeat = "/sensor/v1/heartbeat"
	pathScope     = "/sensor/v1/scope"
	pathRenew     = "/sensor/v1/renew"
	pathEnroll    = "/sensor/v1/enroll"
)

// Bounds of bodies, in bytes.
const (
	maxAskBody       = 16 << 10
	maxHeartbeatBody = 1 << 20
	maxAnswer        = 4 << 20
	defaultMaxBlock  = 32 << 20
)

// Position is a place in a sensor's sequence of blocks; zero: none.
type Position struct {
	Epoch    uint64 `json:"epoch"`
	Sequence uint64 `json:"sequence"`
}

// Before reports whether p comes before o.
func (p Position) Before(o Position) bool {
	return p.Epoch < o.Epoch || p.Epoch == o.Epoch && p.Sequence < o.Sequence
}

// Ack says that a block is durable on the hub. The sensor removes its own copy only when the hash is that of what it sent.
type Ack struct {
	Position
	Hash      string `json:"hash"`      // hex SHA-256 of the manifest
	Duplicate bool   `json:"duplicate"` // the hub had it before
}

// Heartbeat is what a sensor says each second. Its sight is provisional: shown, never judged.
type Heartbeat struct {
	At      record.Time    `json:"at"`     // by the sensor's clock
	Sealed  Position       `json:"sealed"` // the newest block
	Scope   block.Scope    `json:"scope"`  // under which it measures now
	Spool   SpoolStatus    `json:"spool"`
	Drops   *record.Drops  `json:"drops,omitempty"`   // of its captures since its start
	Sight   []record.Sight `json:"sight,omitempty"`   // the current minute, by feed and segment
	Cut     uint64         `json:"cut,omitempty"`     // hosts, cards, clients and runs left out of Sight so that the heartbeat stays small
	Problem string         `json:"problem,omitempty"` // what stands in the way of blocks or of the certificate, in words
}

// Reply answers a heartbeat.
type Reply struct {
	At      record.Time   `json:"at"`              // by the hub's clock; the server sets it
	Durable Position      `json:"durable"`         // up to here the hub has every block, or knows why not
	Scope   *record.Scope `json:"scope,omitempty"` // sent when it is another than the heartbeat's
	Revoked bool          `json:"revoked,omitempty"`
}

// Receiver takes blocks in. b was verified: it is from that peer, signed by its enrolled key, whole, and fsynced in a folder of its own that the receiver
// moves away; what is left of it when Receive returns is removed. It returns only when the block is durable, also across a power cut. An error of Busy asks the sensor to wait; a *Refusal with WhyConflict
// refuses the block; any other error is an internal one, after which the sensor sends again. A block that came before is no error.
type Receiver interface {
	Receive(ctx context.Context, p Peer, b *block.Block) (Ack, error)
}

// Watcher is told of heartbeats and knows what each sensor shall expect.
type Watcher interface {
	Heartbeat(ctx context.Context, p Peer, h *Heartbeat) (*Reply, error)
	// Scope gives the scope of the agreement in force for the sensor; false: there is none.
	Scope(ctx context.Context, p Peer) (record.Scope, bool, error)
}

// ask is a request for enrolment: with a token the first time, without when a certificate ran out. The key is that of the CSR.
type ask struct {
	Secret string `json:"secret,omitempty"`
	CSR    []byte `json:"csr"` // DER; its common name binds it to the TLS connection it is sent on
}

// told is what the hub says of an enrolment.
type told struct {
	Request     string        `json:"request"`
	Tenant      record.Tenant `json:"tenant"`
	Sensor      record.Sensor `json:"sensor"`
	State       State         `json:"state"`
	Reason      string        `json:"reason,omitempty"`
	Certificate string        `json:"certificate,omitempty"` // PEM
}

// readJSON reads one bounded JSON value.
func readJSON(r io.Reader, limit int64, into any) error {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	if int64(len(data)) > limit {
		return refuse(WhyTooLarge, "the body is longer than %d bytes", limit)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return refuse(WhyRequest, "the body is not the JSON that belongs here")
	}
	return nil
}
