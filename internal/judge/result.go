package judge

import (
	"candor/internal/record"
	"candor/internal/verdict"
)

// Schema names the shape of Result. Fields may be added, never renamed or removed.
const Schema = "candor/check/v1"

// Result is everything that can be said of one observation.
type Result struct {
	Schema    string            `json:"schema"`
	Inputs    []InputResult     `json:"inputs"`
	Agreement *AgreementRef     `json:"agreement"` // null without an agreement
	Sensor    string            `json:"sensor"`
	Window    *Window           `json:"window"` // null when there was no packet and no record
	Sight     SightResult       `json:"sight"`
	Segments  []verdict.Segment `json:"segments"`
	Witnesses []Witness         `json:"witnesses"` // empty when there is only one
	Timeline  Timeline          `json:"timeline"`
	Defects   []verdict.Defect  `json:"defects"`
	Promises  []verdict.Promise `json:"promises"`
	Answers   []verdict.Answer  `json:"answers"`
	Findings  []verdict.Finding `json:"findings"`
	Exit      Exit              `json:"exit"`

	Power map[verdict.Question]string `json:"-"` // what a "no" covers, also where the answer is another; answers carry it
}

// InputResult is one input and how far it was read.
type InputResult struct {
	Path    string          `json:"path"`
	Kind    string          `json:"kind"`
	Feed    string          `json:"feed"`
	Packets uint64          `json:"packets"`
	Bytes   uint64          `json:"bytes"`
	Records uint64          `json:"records"`
	Unread  []record.Unread `json:"unread"`
	Stopped *record.Stopped `json:"stopped"` // null when read to its end
	Notes   []string        `json:"notes"`   // what was left aside, each with how often: unknown logs and forms of lines, skipped files
}

// AgreementRef says against which agreement the observation was held.
type AgreementRef struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Customer string `json:"customer"`
	Provider string `json:"provider"`
	Revision int    `json:"revision"`
	TimeZone string `json:"time_zone"` // IANA name
}

// Window is the time from the first to the last packet or record.
type Window struct {
	First   string  `json:"first"` // RFC 3339, UTC
	Last    string  `json:"last"`
	Seconds float64 `json:"seconds"`
}

// Hosts are counts of addresses or machines of promised segments (or of the assumed inside).
type Hosts struct {
	Direct    *int `json:"direct"`
	InPassing *int `json:"in_passing"`
}

// SightResult is the sight of the whole window. Numbers that this input cannot give are null.
type SightResult struct {
	Packets           uint64                 `json:"packets"`    // every frame read, copies included; of reports without frames, the packets they tell of
	IPPackets         uint64                 `json:"ip_packets"` // copies counted once
	Bytes             uint64                 `json:"bytes"`      // by IP headers, copies counted once
	Hosts             Hosts                  `json:"hosts"`
	NetworkCards      *int                   `json:"network_cards"`
	OneSidedTCP       *float64               `json:"one_sided_tcp"`
	GapFraction       *float64               `json:"gap_fraction"`
	DuplicateFraction *float64               `json:"duplicate_fraction"`
	TruncatedFraction *float64               `json:"truncated_fraction"`
	VLANs             []int                  `json:"vlans"`
	Kinds             map[record.Kind]uint64 `json:"kinds"`
	Undecodable       map[string]uint64      `json:"undecodable"`
	Tunnels           map[string]uint64      `json:"tunnels"`
	Drops             *record.Drops          `json:"drops"`
	InsideFraction    *float64               `json:"inside_fraction"` // of IP packets, those with an address of a promised segment
	PublicFraction    *float64               `json:"public_fraction"` // those with an own public address
}

// Timeline says how much of each kind came in each step of the window, so that blind hours can be drawn.
type Timeline struct {
	From        string        `json:"from"` // RFC 3339; start of the first step
	StepSeconds int           `json:"step_seconds"`
	Rows        []TimelineRow `json:"rows"`
}

// TimelineRow is one kind. Counts has one value for each step.
type TimelineRow struct {
	Kind   string   `json:"kind"` // conn, web, dns, dhcp, hosts
	Counts []uint64 `json:"counts"`
}

// Exit is what the exit code of `candor check` says and why.
type Exit struct {
	Code    int    `json:"code"` // 0, 1 or 2 (DESIGN.md 5)
	Because string `json:"because"`
}
