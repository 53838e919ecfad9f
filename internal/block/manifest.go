package block

import (
	"candor/internal/record"
)

// Schema names the form of a manifest and of the files beside it.
const Schema = "candor/block/v1"

// Manifest says what a block is and holds. It is what the sensor signs; everything else is bound to it by hashes.
type Manifest struct {
	Schema   string         `json:"schema"`
	Tenant   record.Tenant  `json:"tenant"`
	Sensor   record.Sensor  `json:"sensor"`
	Epoch    uint64         `json:"epoch"`
	Sequence uint64         `json:"sequence"`
	Feed     record.Feed    `json:"feed"`
	From     record.Time    `json:"from"` // span of packets or lines, nanoseconds since 1970 UTC; both 0 where it holds none
	To       record.Time    `json:"to"`
	Scope    Scope          `json:"scope"`
	Rows     map[string]int `json:"rows"` // by kind; kinds without rows are left out
	Files    []File         `json:"files"`
	Marks    []record.Mark  `json:"marks,omitempty"`
	Inputs   []record.Input `json:"inputs,omitempty"`
	Blind    []record.Blind `json:"blind,omitempty"`
	Ended    bool           `json:"ended,omitempty"`   // the source was read to its end
	Previous string         `json:"previous"`          // hex SHA-256 of the manifest before it in the epoch; empty for the first
	Sealed   record.Time    `json:"sealed"`            // by the sensor's clock
	Sources  []Source       `json:"sources,omitempty"` // of a compacted block: what it was made of
}

// Scope names the agreement under which the sight of a block was measured.
type Scope struct {
	Agreement string `json:"agreement"`
	Revision  int    `json:"revision"`
}

// File is one Parquet file of a block.
type File struct {
	Kind   record.Kind `json:"kind"`
	Bytes  int64       `json:"bytes"`
	SHA256 string      `json:"sha256"` // hex
}

// Source names a block that went into a compacted one, and says which part of that was its: rows, marks and losses lie one source
// after the other in the order of the list.
type Source struct {
	Epoch    uint64         `json:"epoch"`
	Sequence uint64         `json:"sequence"`
	Manifest string         `json:"manifest"` // hex SHA-256
	From     record.Time    `json:"from"`
	To       record.Time    `json:"to"`
	Scope    Scope          `json:"scope"`
	Rows     map[string]int `json:"rows"`
	Marks    int            `json:"marks,omitempty"` // how many of the manifest's marks, whose counts go on over the sources
	Inputs   []record.Input `json:"inputs,omitempty"`
	Blind    int            `json:"blind,omitempty"` // how many of the manifest's losses
	Ended    bool           `json:"ended,omitempty"`
	Previous string         `json:"previous"`
	Sealed   record.Time    `json:"sealed"`
}

// ID is the identity of the batch in the block.
func (m *Manifest) ID() record.BatchID {
	return record.BatchID{Sensor: m.Sensor, Epoch: m.Epoch, Sequence: m.Sequence}
}

// Span is the stretch of time of the block's batch.
func (m *Manifest) Span() record.Span { return record.Span{From: m.From, To: m.To} }
