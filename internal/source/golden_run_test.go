package source_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/source"
)

var updateGolden = flag.Bool("update", false, "rewrite the captures and texts in testdata/golden")

// maxGolden is how large a capture may be, in bytes.
const maxGolden = 100_000

// golden is a capture of one oddity: how it is made, and what it says, written by hand. The text beside the file, NAME.jsonl, is all that Candor
// says of it; it follows from Candor and only shows what changed. want is the judge of both.
type golden struct {
	name   string // of the file, with its ending
	file   []byte
	want   []string // in the words of golden_words_test.go, in any order
	times  string   // where they are the point: when the first connection starts, and how long it lasts, in nanoseconds
	defect string   // what Candor gets wrong; the case is then skipped
}

func goldens(t *testing.T) map[string][]golden {
	return map[string][]golden{
		"files": fileGoldens(), "links": linkGoldens(), "tunnels": tunnelGoldens(), "transport": transportGoldens(), "dns": dnsGoldens(),
		"tls": tlsGoldens(t), "quic": quicGoldens(t), "http": httpGoldens(), "services": serviceGoldens(), "lan": lanGoldens(),
	}
}

// TestGolden reads every capture of testdata/golden. With -update it writes them first.
func TestGolden(t *testing.T) {
	for theme, cases := range goldens(t) {
		t.Run(theme, func(t *testing.T) {
			for _, g := range cases {
				t.Run(g.name, g.run)
			}
		})
	}
}

// TestGoldenFolder: every file there belongs to a case, and no name stands for two.
func TestGoldenFolder(t *testing.T) {
	known := map[string]bool{}
	for _, cases := range goldens(t) {
		for _, g := range cases {
			if known[g.name] {
				t.Errorf("two captures are named %s", g.name)
			}
			known[g.name], known[g.text()] = true, g.defect == ""
		}
	}
	entries, err := os.ReadDir(filepath.Join("testdata", "golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] && e.Name() != "README.md" {
			t.Errorf("testdata/golden/%s belongs to no case: remove it, or run with -update", e.Name())
		}
		delete(known, e.Name())
	}
	for name, wanted := range known {
		if wanted {
			t.Errorf("testdata/golden/%s is missing: run with -update", name)
		}
	}
}

// text is the name of the file with what Candor says.
func (g golden) text() string { return strings.TrimSuffix(g.name, filepath.Ext(g.name)) + ".jsonl" }

func (g golden) run(t *testing.T) {
	path := filepath.Join("testdata", "golden", g.name)
	if len(g.file) > maxGolden {
		t.Errorf("%d bytes, at most %d", len(g.file), maxGolden)
	}
	same(t, path, g.file)
	if g.defect != "" {
		t.Skip("defect: " + g.defect)
	}
	seen := look(t, path, source.DefaultBatchFrames)
	if diff := gocmp.Diff(slices.Sorted(slices.Values(g.want)), seen.words()); diff != "" {
		t.Errorf("-written by hand +seen:\n%s", diff)
	}
	if c := &seen.all.Conns; g.times != "" && (len(*c) == 0 || fmt.Sprintf("%d+%d", (*c)[0].TS, (*c)[0].Duration) != g.times) {
		t.Errorf("times of %+v, want %s", *c, g.times)
	}
	if diff := gocmp.Diff(seen.words(), look(t, path, 1).words()); diff != "" {
		t.Errorf("cut into batches of one frame -whole +cut:\n%s", diff)
	}
	same(t, filepath.Join("testdata", "golden", g.text()), seen.lines(t))
}

// same compares a file with what it should hold, or writes it.
func same(t *testing.T, path string, want []byte) {
	t.Helper()
	if *updateGolden {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(path) == ".jsonl" {
		if diff := gocmp.Diff(strings.Split(string(got), "\n"), strings.Split(string(want), "\n")); diff != "" {
			t.Errorf("%s: -file +seen (run with -update if this is meant):\n%s", path, diff)
		}
	} else if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the test makes: run with -update", path)
	}
}

// seen is all that Candor says of one capture.
type seen struct {
	all    record.Batch // connections whole
	feed   record.Sight
	places []record.Sight // of segments
}

// look reads a capture as `candor records` does without an agreement.
func look(t *testing.T, path string, frames int) seen {
	t.Helper()
	opts := source.Options{Scope: record.AssumedScope(), Epoch: 9, BatchFrames: frames, Flow: flow.DefaultConfig()}
	var s seen
	open := map[record.UID]*record.Conn{}
	for _, b := range read(t, opts, path) {
		for _, c := range b.Conns {
			if whole := open[c.UID]; whole != nil {
				whole.Whole(&c)
			} else {
				open[c.UID] = &c
			}
		}
		s.all.DNS = append(s.all.DNS, b.DNS...)
		s.all.TLS = append(s.all.TLS, b.TLS...)
		s.all.HTTP = append(s.all.HTTP, b.HTTP...)
		s.all.DHCP = append(s.all.DHCP, b.DHCP...)
		s.all.Sight = append(s.all.Sight, b.Sight...)
		s.all.Inputs = b.Inputs
	}
	for _, c := range open {
		if !c.Final {
			t.Errorf("connection %s has no end", c.UID)
		}
		s.all.Conns = append(s.all.Conns, *c)
	}
	slices.SortFunc(s.all.Conns, func(a, b record.Conn) int { return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.UID, b.UID)) })
	s.feed = whole(s.all)
	for i := range s.all.Sight {
		if s.all.Sight[i].Segment != record.Nowhere {
			s.places = append(s.places, s.all.Sight[i])
		}
	}
	return s
}

// lines is what `candor records` prints, then the sight of the feed and how far the file was read.
func (s seen) lines(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w := record.NewWriter(&out)
	var errs []error
	for i := range s.all.Conns {
		errs = append(errs, w.Conn(&s.all.Conns[i]))
	}
	for i := range s.all.DNS {
		errs = append(errs, w.DNS(&s.all.DNS[i]))
	}
	for i := range s.all.TLS {
		errs = append(errs, w.TLS(&s.all.TLS[i]))
	}
	for i := range s.all.HTTP {
		errs = append(errs, w.HTTP(&s.all.HTTP[i]))
	}
	for i := range s.all.DHCP {
		errs = append(errs, w.DHCP(&s.all.DHCP[i]))
	}
	counts := s.counts()
	counts["frames"], counts["packets"] = s.feed.Counts[record.Frames], s.feed.Counts[record.Packets]
	maps.DeleteFunc(counts, func(_ string, n uint64) bool { return n == 0 })
	enc := json.NewEncoder(&out)
	errs = append(errs, enc.Encode(struct {
		Path        string            `json:"_path"`
		Counts      map[string]uint64 `json:"counts"`
		Tunnels     map[string]uint64 `json:"tunnels,omitempty"`
		Undecodable map[string]uint64 `json:"undecodable,omitempty"`
		VLANs       []uint16          `json:"vlans,omitempty"`
		Drops       *record.Drops     `json:"drops,omitempty"`
	}{"sight", counts, s.feed.Tunnels, s.feed.Undecodable, s.feed.VLANs, s.feed.Drops}))
	for _, in := range s.all.Inputs {
		in.Path = filepath.Base(in.Path)
		errs = append(errs, enc.Encode(struct {
			Path string `json:"_path"`
			record.Input
		}{"input", in}))
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// counts are the counters that say something special.
func (s seen) counts() map[string]uint64 {
	c := &s.feed.Counts
	return map[string]uint64{
		"truncated": c[record.Truncated], "copies": c[record.Copies], "sealed_bytes": c[record.SealedBytes], "tunnel_bytes": c[record.TunnelBytes],
		"fragments": c[record.Fragments], "over_budget": c[record.OverBudget], "inconsistent": c[record.Inconsistent],
		"unread_frames": c[record.UnreadFrames], "dns_encrypted": c[record.DNSEncrypted], "http_proxied": c[record.HTTPProxied],
		"dhcp_leases": c[record.DHCPLeases], "arp": c[record.ARPFrames], "neighbour": c[record.Neighbour], "router_adverts": c[record.RouterAdverts],
		"switch_talk": c[record.SwitchTalk], "gaps": c[record.Gaps], "checksum_bad": c[record.ChecksumBad], "damaged": c[record.DamagedInputs],
		"through_proxy": s.throughProxy(),
	}
}

// throughProxy is told by segment only.
func (s seen) throughProxy() (n uint64) {
	for i := range s.places {
		n += s.places[i].Counts[record.ThroughProxy]
	}
	return n
}
