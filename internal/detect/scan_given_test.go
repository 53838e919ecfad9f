package detect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/verdict"
)

// networkDetectors are those that this table judges.
func networkDetectors() []Detector {
	return []Detector{NewScan(), NewExfiltration(), NewICMPTunnels(), NewLateral(), NewSignIns(), NewLong()}
}

// givenFolder is where captures of others lie, and skips the test when they do not.
func givenFolder(t *testing.T) string {
	t.Helper()
	root := filepath.Join(cmp.Or(os.Getenv("CANDOR_SHARED"), filepath.Join("..", "..", "..", "shared")), "data")
	if _, err := os.Stat(filepath.Join(root, "given")); err != nil {
		t.Skip("no captures of others here: set CANDOR_SHARED to the folder that holds data/")
	}
	return root
}

// foundIn runs the detectors over inputs.
func foundIn(t *testing.T, paths ...string) []verdict.Finding {
	t.Helper()
	ctx := context.Background()
	scope := record.AssumedScope()
	s, err := source.Open(ctx, paths, source.Options{Scope: scope, Flow: flow.DefaultConfig()})
	if errors.Is(err, source.ErrNothingReadable) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	e := New(&scope, networkDetectors())
	newest := record.Time(0)
	for {
		b, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		e.Observe(b)
		newest = max(newest, b.Span.To)
	}
	e.End()
	return e.Findings(newest)
}

// shownAs is a finding in a line of a table.
func shownAs(f *verdict.Finding) string {
	to := strings.Join(f.Destinations[:min(len(f.Destinations), 2)], " ")
	return fmt.Sprintf("%-16s %-8s %.2f %-18s -> %-34s %v %v | %s | explained: %q", f.Kind, f.Severity, f.Confidence, f.Source, to, f.Ports, f.Evidence, f.Words, f.ExplainedBy)
}

// TestGivenAttacks: what the authors of captures say is in them is found, with kind, source and destination; what is found beside it is in the
// table, and why.
func TestGivenAttacks(t *testing.T) {
	root := givenFolder(t)
	for _, tt := range []struct {
		file, kind, source, to string
	}{
		{"acandeias/PCAP/icmp-tunnel.pcap", "icmp_tunnel", "192.168.5.208", "192.168.5.217"},
		{"acandeias/PCAP/ircdAttack.pcapng", "scan", "172.16.192.130", "172.16.192.132"},
		{"slips/dataset/port-scans/horizontal/conn.log", "scan", "10.0.2.112", ""},
		{"slips/dataset/port-scans/vertical/conn.log", "scan", "192.168.1.9", "45.33.32.156"},
		{"slips/dataset/test12-icmp-portscan.pcap", "scan", "192.168.1.109", ""},
		{"slips/dataset/test19-malicious-ssh/malicious-ssh-bruteforce.pcap", "sign_in_attack", "147.32.80.40", "147.32.80.37"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			all := foundIn(t, filepath.Join(root, "given", tt.file))
			right := false
			for i := range all {
				f := &all[i]
				right = right || f.Kind == tt.kind && f.Source == tt.source && (tt.to == "" || slices.Contains(f.Destinations, tt.to)) && f.ExplainedBy == ""
				t.Log(shownAs(f))
			}
			if !right {
				t.Errorf("no %s of %s", tt.kind, tt.source)
			}
		})
	}
}

// insideFindings is how many findings that nothing explains have a source inside, by capture; each was looked at by hand. Whatever is not here has
// none.
var insideFindings = map[string]map[string]int{
	"given/acandeias/PCAP/icmp-tunnel.pcap":         {"icmp_tunnel": 1}, // what its name says
	"given/acandeias/PCAP/ircdAttack.pcapng":        {"scan": 1},        // nmap before the attack
	"given/slips/dataset/test12-icmp-portscan.pcap": {"scan": 1},        // a ping sweep
	"given/slips/dataset/test7-malicious.pcap":      {"scan": 1},        // a bot tries Telnet on the Internet
	"given/zat/data/conn.log":                       {"scan": 1},        // ZeroAccess looks for peers, port 16464
}

// TestGivenOthers runs over every given capture and every lab: beside what is malicious nothing unexplained has a source inside. What is found is
// printed, up to six of each kind.
func TestGivenOthers(t *testing.T) {
	root := givenFolder(t)
	scope := record.AssumedScope()
	for _, file := range givenFiles(t, root) {
		paths := []string{file}
		if filepath.Base(file) == "missing_host" {
			paths, _ = filepath.Glob(filepath.Join(file, "*"))
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			counts, inside := map[string]int{}, map[string]int{}
			all := foundIn(t, paths...)
			for i := range all {
				f := &all[i]
				counts[f.Kind]++
				if counts[f.Kind] <= 6 {
					t.Log(shownAs(f))
				}
				if a, err := netip.ParseAddr(f.Source); err == nil && scope.Locate(a) != record.Internet && f.ExplainedBy == "" {
					inside[f.Kind]++
				}
			}
			t.Log(name, counts)
			if want := insideFindings[filepath.ToSlash(name)]; !maps.Equal(inside, want) {
				t.Errorf("%v with a source inside, want %v", inside, want)
			}
		})
	}
}

// givenFiles lists the captures and folders of logs.
func givenFiles(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{
		"given/*/*.pcap*", "given/*/PCAP/*.pcap*", "given/slips/dataset/*.pcap", "given/slips/dataset/*/*.pcap", "given/slips/dataset/*.json",
		"given/slips/dataset/*zeek-dir", "given/slips/dataset/*/zeek-labeled", "given/id2t/resources/*.pcap", "given/corelight/*/testing/Traces/*.pcap*",
		"given/llmhyy-trickbot/Experiments/*/*.pcapng", "given/aktaion/data/*/*.pcap", "given/aktaion/data/broData/*/*/*/*", "given/ics-4sics/*/*",
		"given/rita/test_data/*", "given/zat/data/conn.log", "given/ndpi/tests/cfgs/default/pcap/*.pcap*", "labs/*.zst",
	} {
		m, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, m...)
	}
	slices.Sort(files)
	return slices.Compact(files)
}
