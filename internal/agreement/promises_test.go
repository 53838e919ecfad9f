package agreement_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/agreement"
	"candor/internal/record"
)

func promiseTable(a *agreement.Agreement, id record.Sensor) []byte {
	var b bytes.Buffer
	for _, p := range a.Promises(id) {
		where := "measurable"
		switch {
		case !p.MeasurableHere:
			where = "not here: " + p.Why
		case p.NeedsFeed != "":
			where = "needs feed " + string(p.NeedsFeed)
		}
		if p.Default {
			where += ", by default"
		}
		fmt.Fprintf(&b, "%s | %s | %s | %s | clause %q\n", p.ID, p.Promised, p.Text, where, p.Clause)
	}
	return b.Bytes()
}

func TestPromisesGolden(t *testing.T) {
	tests := []struct{ file, sensor string }{
		{"bank.yaml", ""},
		{"small-firm.yaml", ""},
		{"university.yaml", "campus-core"},
		{"university.yaml", "machines"},
	}
	for _, tt := range tests {
		t.Run(tt.file+tt.sensor, func(t *testing.T) {
			got := promiseTable(example(t, tt.file), record.Sensor(tt.sensor))
			name := strings.TrimSuffix(strings.TrimSuffix(tt.file, ".yaml")+"-"+tt.sensor, "-")
			golden(t, filepath.Join("testdata", "promises", name+".txt"), got)
		})
	}
}

// The terminal sketch shows which promises of the example a capture can measure; these and no others must be measurable
// without a log.
func TestPromisesOfTheSketch(t *testing.T) {
	sketch, err := os.ReadFile(shared(t, "design", "portal", "terminal.txt"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^(?:<>|//|\(\)) ((?:segments|critical|directions|volume|data|sensors)/\S+) +(.+)$`)
	want := map[string]string{}
	for _, m := range line.FindAllStringSubmatch(string(sketch), -1) {
		want[m[1]] = strings.TrimSpace(regexp.MustCompile(` {2,}`).Split(m[2], 2)[0])
	}
	if len(want) != 18 {
		t.Fatalf("the sketch has %d promises, 18 were read before", len(want))
	}
	got := map[string]string{}
	unmeasured := 0
	for _, p := range load(t, shared(t, "design", "agreement-example.yaml")).Promises("") {
		if p.MeasurableHere && p.NeedsFeed == "" {
			got[p.ID] = p.Promised
		} else {
			unmeasured++
		}
	}
	for id, promised := range want {
		if promised != got[id] {
			t.Errorf("%s: got %q, the sketch says %q", id, got[id], promised)
		}
	}
	for id := range got {
		if _, ok := want[id]; !ok {
			t.Errorf("%s is measurable, and the sketch does not show it", id)
		}
	}
	if unmeasured != 28 { // the sketch's 24, the fields of three logs, and the buffer
		t.Errorf("%d promises are not measurable in a capture, want 28", unmeasured)
	}
}

func TestPromiseNumbers(t *testing.T) {
	a := example(t, "bank.yaml")
	byID := map[string]agreement.Promise{}
	for _, p := range a.Promises("core") {
		if _, twice := byID[p.ID]; twice {
			t.Errorf("%s is listed twice", p.ID)
		}
		byID[p.ID] = p
	}
	for id, hosts := range map[string]int{
		"segments/branches/active_workday": 175, "segments/branches/min_seen_7d": 225, "segments/vault-servers/min_seen_24h": 119,
		"sensors/core/accepted/coverage": 338,
	} {
		if byID[id].Hosts != hosts {
			t.Errorf("%s: %d hosts due, want %d", id, byID[id].Hosts, hosts)
		}
	}
	if got := byID["critical/directory/max_unseen"]; got.Limit != 15*time.Minute || got.Segment != "vault-servers" || got.Critical == nil {
		t.Errorf("critical: %+v", got)
	}
	if got := byID["volume/floor_gb_per_workday"]; got.Number != 180 || got.Kind != agreement.VolumeFloor {
		t.Errorf("volume: %+v", got)
	}
	if got := byID["data/dns/expect"]; got.Number != 20 || got.Data != "dns" {
		t.Errorf("dns: %+v", got)
	}
}

func TestPromisesOfAnotherSensor(t *testing.T) {
	for _, p := range example(t, "university.yaml").Promises("lab") {
		mine := strings.Contains(p.ID, "lab6") || strings.HasPrefix(p.ID, "sensors/lab/") || p.ID == "data/dns/expect" ||
			p.ID == "directions/client-internet" || p.ID == "directions/client-server"
		if p.MeasurableHere != mine {
			t.Errorf("%s: measurable %v, want %v", p.ID, p.MeasurableHere, mine)
		}
		if !p.MeasurableHere && p.Why == "" {
			t.Errorf("%s does not say why", p.ID)
		}
	}
}
