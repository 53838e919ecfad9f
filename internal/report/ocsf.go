package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/netip"
	"strings"
	"time"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// OCSF writes the findings of r as Detection Findings (class 2004) of the Open Cybersecurity Schema Framework, version 1.5.0, one
// JSON object a line: for the tools that read it. Explained and safelisted findings are among them, with their status; only open
// ones are alerts. Times are milliseconds since 1970; `time` is the end of what was observed, as no clock is read.
// https://schema.ocsf.io/1.5.0/classes/detection_finding
func OCSF(w io.Writer, r *judge.Result) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	at := int64(0)
	if r.Window != nil {
		at = millis(r.Window.Last)
	}
	for i := range r.Findings {
		if err := enc.Encode(ocsfOf(&r.Findings[i], r, at)); err != nil {
			return fmt.Errorf("write findings as OCSF: finding %s: %w", r.Findings[i].ID, err)
		}
	}
	return nil
}

// Identifiers of OCSF.
const (
	ocsfVersion    = "1.5.0"
	ocsfFindings   = 2
	ocsfDetection  = 2004
	ocsfCreate     = 1
	ocsfNew        = 1
	ocsfSuppressed = 3
	ocsfOther      = 99
)

type ocsfFinding struct {
	ActivityID   int            `json:"activity_id"`
	ActivityName string         `json:"activity_name"`
	CategoryUID  int            `json:"category_uid"`
	CategoryName string         `json:"category_name"`
	ClassUID     int            `json:"class_uid"`
	ClassName    string         `json:"class_name"`
	TypeUID      int            `json:"type_uid"`
	TypeName     string         `json:"type_name"`
	Time         int64          `json:"time"`
	StartTime    int64          `json:"start_time"`
	EndTime      int64          `json:"end_time"`
	SeverityID   int            `json:"severity_id"`
	Severity     string         `json:"severity"`
	ConfidenceID int            `json:"confidence_id"`
	Confidence   string         `json:"confidence"`
	Score        int            `json:"confidence_score"`
	StatusID     int            `json:"status_id"`
	Status       string         `json:"status"`
	StatusDetail string         `json:"status_detail,omitempty"`
	IsAlert      bool           `json:"is_alert"`
	Message      string         `json:"message"`
	Metadata     ocsfMetadata   `json:"metadata"`
	Info         ocsfInfo       `json:"finding_info"`
	Evidences    []ocsfEvidence `json:"evidences"`
	Observables  []ocsfSeen     `json:"observables,omitempty"`
	Unmapped     map[string]any `json:"unmapped,omitempty"`
}

type ocsfMetadata struct {
	Version string      `json:"version"`
	Product ocsfProduct `json:"product"`
	LogName string      `json:"log_name"`
	Sensor  string      `json:"log_provider,omitempty"`
}

type ocsfProduct struct {
	Name   string `json:"name"`
	Vendor string `json:"vendor_name"`
}

type ocsfInfo struct {
	UID       string       `json:"uid"`
	Title     string       `json:"title"`
	Desc      string       `json:"desc"`
	Types     []string     `json:"types"`
	Analytic  ocsfAnalytic `json:"analytic"`
	Attacks   []ocsfAttack `json:"attacks,omitempty"`
	Created   int64        `json:"created_time"`
	FirstSeen int64        `json:"first_seen_time"`
	LastSeen  int64        `json:"last_seen_time"`
	Related   []ocsfNamed  `json:"related_events,omitempty"` // connections, by Zeek's uid
}

type ocsfAnalytic struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	TypeID int    `json:"type_id"`
}

type ocsfNamed struct {
	UID string `json:"uid"`
}

type ocsfAttack struct {
	Technique    ocsfNamed  `json:"technique"`
	SubTechnique *ocsfNamed `json:"sub_technique,omitempty"`
}

type ocsfEndpoint struct {
	IP       string `json:"ip,omitempty"`
	Hostname string `json:"hostname,omitempty"`
	MAC      string `json:"mac,omitempty"`
	UID      string `json:"uid,omitempty"`
	Port     *int   `json:"port,omitempty"`
}

type ocsfEvidence struct {
	Src  *ocsfEndpoint  `json:"src_endpoint,omitempty"`
	Dst  *ocsfEndpoint  `json:"dst_endpoint,omitempty"`
	Data map[string]any `json:"data"`
}

type ocsfSeen struct {
	Name   string `json:"name"`
	TypeID int    `json:"type_id"`
	Type   string `json:"type"`
	Value  string `json:"value"`
}

func ocsfOf(f *verdict.Finding, r *judge.Result, at int64) *ocsfFinding {
	first, last := millis(f.First), millis(f.Last)
	out := &ocsfFinding{
		ActivityID: ocsfCreate, ActivityName: "Create", CategoryUID: ocsfFindings, CategoryName: "Findings",
		ClassUID: ocsfDetection, ClassName: "Detection Finding", TypeUID: ocsfDetection*100 + ocsfCreate, TypeName: "Detection Finding: Create",
		Time: max(at, last), StartTime: first, EndTime: last, Message: f.Words, Score: int(math.Round(100 * min(max(f.Confidence, 0), 1))),
		StatusID: ocsfNew, Status: "New", IsAlert: stateOf(f) == "open",
		Metadata: ocsfMetadata{Version: ocsfVersion, Product: ocsfProduct{"Candor", "Candor"}, LogName: r.Schema, Sensor: r.Sensor},
		Info: ocsfInfo{
			UID: f.ID, Title: f.Kind + ": " + judge.Place(f), Desc: f.Words, Types: []string{f.Kind}, Attacks: ocsfAttacks(f.Attack),
			Analytic: ocsfAnalytic{cmp.Or(f.By, "candor") + " " + f.Kind, "Behavioral", 2}, Created: max(at, last), FirstSeen: first, LastSeen: last,
		},
	}
	out.SeverityID, out.Severity = ocsfSeverity(f.Severity)
	out.ConfidenceID, out.Confidence = ocsfConfidence(f)
	switch {
	case f.Safelisted != nil:
		out.StatusID, out.Status = ocsfSuppressed, "Suppressed"
		out.StatusDetail = fmt.Sprintf("set aside by %s until %s: %s", f.Safelisted.Who, f.Safelisted.Until, f.Safelisted.Why)
	case f.ExplainedBy != "":
		out.StatusID, out.Status, out.StatusDetail = ocsfOther, "Explained", f.ExplainedBy
	}
	for _, uid := range f.UIDs {
		out.Info.Related = append(out.Info.Related, ocsfNamed{uid})
	}
	out.Evidences, out.Observables = ocsfEvidences(f)
	if f.By != "" && f.By != "candor" {
		out.Unmapped = map[string]any{"by": f.By}
	}
	return out
}

// ocsfEvidences are the ends of what was seen: the source with each destination, port and the detector's evidence with the first.
func ocsfEvidences(f *verdict.Finding) ([]ocsfEvidence, []ocsfSeen) {
	src := &ocsfEndpoint{Hostname: f.Host.Name, MAC: f.Host.MAC, UID: f.Host.ID}
	var seen []ocsfSeen
	see := func(name, value string) {
		id, word, field := 1, "Hostname", ".hostname"
		if _, err := netip.ParseAddr(value); err == nil {
			id, word, field = 2, "IP Address", ".ip"
		}
		seen = append(seen, ocsfSeen{name + field, id, word, value})
	}
	if f.Source != "" {
		ocsfEnd(src, f.Source)
		see("evidences[].src_endpoint", f.Source)
	}
	if *src == (ocsfEndpoint{}) {
		src = nil
	}
	ends := f.Destinations
	if len(ends) == 0 && f.Domain != "" {
		ends = []string{f.Domain}
	}
	var out []ocsfEvidence
	for i, d := range ends {
		dst := &ocsfEndpoint{Hostname: f.Domain}
		ocsfEnd(dst, d)
		if len(f.Ports) == 1 {
			dst.Port = &f.Ports[0]
		}
		e := ocsfEvidence{Src: src, Dst: dst, Data: map[string]any{}}
		if i == 0 {
			e.Data = ocsfData(f)
		}
		out = append(out, e)
		see("evidences[].dst_endpoint", d)
	}
	if len(out) == 0 {
		out = append(out, ocsfEvidence{Src: src, Data: ocsfData(f)})
	}
	return out, seen
}

// ocsfData is the detector's evidence without numbers that JSON does not have, with the ports where there are several.
func ocsfData(f *verdict.Finding) map[string]any {
	out := make(map[string]any, len(f.Evidence)+1)
	for k, v := range f.Evidence {
		if x, ok := v.(float64); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
			continue
		}
		out[k] = v
	}
	if len(f.Ports) > 1 {
		out["dst_ports"] = f.Ports
	}
	return out
}

func ocsfEnd(e *ocsfEndpoint, text string) {
	if _, err := netip.ParseAddr(text); err == nil {
		e.IP = text
		return
	}
	e.Hostname = text
}

func ocsfAttacks(ids []string) []ocsfAttack {
	var out []ocsfAttack
	for _, id := range ids {
		technique, sub, isSub := strings.Cut(id, ".")
		a := ocsfAttack{Technique: ocsfNamed{technique}}
		if isSub && sub != "" {
			a.SubTechnique = &ocsfNamed{id}
		}
		out = append(out, a)
	}
	return out
}

func ocsfSeverity(word string) (int, string) {
	switch word {
	case "info":
		return 1, "Informational"
	case "low":
		return 2, "Low"
	case "medium":
		return 3, "Medium"
	case "high":
		return 4, "High"
	case "critical":
		return 5, "Critical"
	case "":
		return 0, "Unknown"
	}
	return ocsfOther, word
}

func ocsfConfidence(f *verdict.Finding) (int, string) {
	switch {
	case f.By != "" && f.By != "candor":
		return 0, "Unknown"
	case f.Confidence >= 0.8:
		return 3, "High"
	case f.Confidence >= 0.5:
		return 2, "Medium"
	}
	return 1, "Low"
}

// millis is a time of a Result in milliseconds since 1970; 0 when it is none.
func millis(text string) int64 {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0
	}
	return t.UnixMilli()
}
