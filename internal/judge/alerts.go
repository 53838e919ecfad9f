package judge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"candor/internal/record"
	"candor/internal/verdict"
)

// alerts are what other tools said (Suricata alerts, Zeek notices): carried on as findings with their source named, one for
// each signature, source and destination. Candor vouches for none of them, so they make no question a yes.
type alerts map[alertKey]*alertSum

type alertKey struct{ by, signature, source, destination string }

type alertSum struct {
	record.Alert
	count       uint64
	first, last record.Time
	uids        []string
}

// Bounds of what is kept of others' alerts.
const (
	maxAlerts    = 65536
	maxAlertUIDs = 10
)

func (a alerts) add(x *record.Alert) {
	key := alertKey{by: x.By, signature: x.Signature}
	if x.OrigH.IsValid() {
		key.source = x.OrigH.String()
	}
	if x.RespH.IsValid() {
		key.destination = x.RespH.String()
	}
	s := a[key]
	if s == nil {
		if len(a) >= maxAlerts {
			key = alertKey{by: x.By, signature: "(more than can be listed)"}
			s = a[key]
		}
		if s == nil {
			s = &alertSum{Alert: *x, first: x.TS, last: x.TS}
			s.Signature = key.signature
			a[key] = s
		}
	}
	s.count++
	s.first, s.last = min(s.first, x.TS), max(s.last, x.TS)
	if u := string(x.UID); u != "" && len(s.uids) < maxAlertUIDs && !slices.Contains(s.uids, u) {
		s.uids = append(s.uids, u)
		slices.Sort(s.uids)
	}
}

// findings lists the alerts, in a fixed order.
func (a alerts) findings() []verdict.Finding {
	out := make([]verdict.Finding, 0, len(a))
	for key, s := range a {
		out = append(out, s.finding(key))
	}
	slices.SortFunc(out, func(x, y verdict.Finding) int { return cmp.Or(cmp.Compare(x.First, y.First), cmp.Compare(x.ID, y.ID)) })
	return out
}

func (s *alertSum) finding(key alertKey) verdict.Finding {
	sum := sha256.Sum256([]byte(key.by + "\x00" + key.signature + "\x00" + key.source + "\x00" + key.destination))
	f := verdict.Finding{
		ID: "a-" + hex.EncodeToString(sum[:6]), Kind: "alert", By: key.by, Severity: s.Severity, Source: key.source,
		Destinations: []string{}, Ports: []int{}, First: s.first.Text(), Last: s.last.Text(), UIDs: s.uids, Attack: []string{},
		Evidence: map[string]any{"signature": s.Signature, "category": s.Category, "count": s.count},
		Words:    fmt.Sprintf("%s says: %s", key.by, s.Signature),
	}
	if key.destination != "" {
		f.Destinations = append(f.Destinations, key.destination)
	}
	if s.RespP != 0 {
		f.Ports = append(f.Ports, int(s.RespP))
	}
	if f.UIDs == nil {
		f.UIDs = []string{}
	}
	return f
}
