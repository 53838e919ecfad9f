package verdict

// Question is one of the catalogue of DESIGN.md 4.
type Question string

// The catalogue.
const (
	Beaconing       Question = "beaconing"
	Botnet          Question = "botnet"
	DNSTunnel       Question = "dns_tunnel"
	DGA             Question = "dga"
	Scanning        Question = "scanning"
	Exfiltration    Question = "exfiltration"
	KnownBad        Question = "known_bad"
	LongConnections Question = "long_connections"
	LateralMovement Question = "lateral_movement"
	SignInAttacks   Question = "sign_in_attacks"
)

// Questions lists the catalogue in its order.
func Questions() []Question {
	return []Question{
		Beaconing, Botnet, DNSTunnel, DGA, Scanning, Exfiltration, KnownBad, LongConnections, LateralMovement, SignInAttacks,
	}
}

// LookedAt is how much could be looked at for a question.
type LookedAt struct {
	Hosts int     `json:"hosts"`
	Of    int     `json:"of"`    // promised hosts; 0 when nobody promised any
	Hours float64 `json:"hours"` // of sight
}

// HostBlind names a host (or a group of hosts: "370 more of branch-users") and why nothing can be said about it.
type HostBlind struct {
	Host       string   `json:"host"`
	BlindSpots []string `json:"blind_spots"`
}

// Absent counts promised hosts that never appeared although their segment was in sight all the time.
type Absent struct {
	Count int `json:"count"`
}

// Answer is yes, no or cannot say to one question, with why.
type Answer struct {
	Question     Question    `json:"question"`
	Subject      string      `json:"subject"`
	From         string      `json:"from"`
	To           string      `json:"to"`
	Verdict      Verdict     `json:"verdict"`
	Because      string      `json:"because"`
	LookedAt     LookedAt    `json:"looked_at"`
	Power        string      `json:"power"`
	NoFor        []string    `json:"no_for"`
	Absent       Absent      `json:"absent"`
	CannotSayFor []HostBlind `json:"cannot_say_for"`
	Findings     []string    `json:"findings"`
	BlindSpots   []string    `json:"blind_spots"`
}

// Promise is one measurable line of the agreement, held against sight.
type Promise struct {
	ID           string   `json:"id"`
	Clause       string   `json:"clause"`
	Text         string   `json:"text"`
	Promised     string   `json:"promised"`
	Seen         string   `json:"seen"`
	Verdict      Kept     `json:"verdict"`
	Because      string   `json:"because"`
	BlindSpots   []string `json:"blind_spots"`
	MeasuredHere bool     `json:"measured_here"`
}

// Segment is how much of one promised segment was seen.
type Segment struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	Promised  *int   `json:"promised"` // null without a promised number
	Seen      int    `json:"seen"`     // machines seen directly
	SeenMost  int    `json:"seen_most"`
	InPassing int    `json:"in_passing"`
	Excluded  bool   `json:"excluded"`
	Reason    string `json:"reason"`
	Verdict   Kept   `json:"verdict"`
}

// Finding is something a detector saw, with evidence.
type Finding struct {
	ID           string         `json:"id"`
	Kind         string         `json:"kind"`
	By           string         `json:"by"`
	Severity     string         `json:"severity"`
	Confidence   float64        `json:"confidence"`
	Source       string         `json:"source"`
	Host         FindingHost    `json:"host"`
	Destinations []string       `json:"destinations"`
	Domain       string         `json:"domain"`
	Ports        []int          `json:"ports"`
	First        string         `json:"first"`
	Last         string         `json:"last"`
	Evidence     map[string]any `json:"evidence"`
	UIDs         []string       `json:"uids"`
	Attack       []string       `json:"attack"`
	Words        string         `json:"words"`
	ExplainedBy  string         `json:"explained_by"`
	Safelisted   *Safelisted    `json:"safelisted"`
}

// FindingHost is which machine a finding speaks of.
type FindingHost struct {
	ID   string `json:"id"`
	MAC  string `json:"mac"`
	Name string `json:"name"`
}

// Safelisted says who set a finding aside, why and until when.
type Safelisted struct {
	Who   string `json:"who"`
	Why   string `json:"why"`
	Until string `json:"until"`
}
