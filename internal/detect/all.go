package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"

	"candor/internal/intel"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Config is what detectors are made with.
type Config struct {
	Intel   *intel.Set // nil: no lists
	Beacons BeaconConfig
}

// All makes every detector.
func All(cfg Config) []Detector {
	if cfg.Beacons == (BeaconConfig{}) {
		cfg.Beacons = DefaultBeaconConfig()
	}
	return []Detector{
		NewBeacons(cfg.Beacons),
		NewDNSTunnels(),
		NewDGA(),
		NewScan(),
		NewExfiltration(),
		NewICMPTunnels(),
		NewLateral(),
		NewSignIns(),
		NewKnown(cfg.Intel),
		NewLong(),
	}
}

// ID names a finding for ever: a hash of its kind, its source and its key, so that it stays while evidence grows.
func ID(kind, source, key string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + source + "\x00" + key))
	return cmp.Or(kind, "x")[:1] + "-" + hex.EncodeToString(sum[:6])
}

// blank is a finding by Candor with no field left nil.
func blank(kind, source, key string, first, last record.Time) verdict.Finding {
	return verdict.Finding{
		ID: ID(kind, source, key), Kind: kind, By: "candor", Source: source,
		Destinations: []string{}, Ports: []int{}, First: first.Text(), Last: last.Text(),
		Evidence: map[string]any{}, UIDs: []string{}, Attack: []string{},
	}
}
