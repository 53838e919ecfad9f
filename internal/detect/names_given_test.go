package detect_test

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/detect"
	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/verdict"
)

// dnsRun is what the two detectors of DNS saw in one file.
type dnsRun struct {
	file     string
	lookups  int
	from     map[string]record.Time // first lookup of each client and last two labels; and of each client
	shown    map[string]record.Time // finding id: when it was first shown without an explanation
	findings []verdict.Finding
}

// see notes a lookup.
func (r *dnsRun) see(d *record.DNS) {
	if d.Variant != "" && d.Variant != "dns" {
		return
	}
	r.lookups++
	labels := strings.Split(d.Query, ".")
	for _, key := range []string{d.OrigH.String() + " " + strings.Join(labels[max(0, len(labels)-2):], "."), d.OrigH.String() + " "} {
		if at, ok := r.from[key]; !ok || d.TS < at {
			r.from[key] = d.TS
		}
	}
}

// runDNS reads a file in small pieces and asks after each.
func runDNS(t testing.TB, path string) *dnsRun {
	t.Helper()
	scope := record.AssumedScope()
	src, err := source.Open(t.Context(), []string{path}, source.Options{Scope: scope, Flow: flow.DefaultConfig(), BatchFrames: 64})
	if err != nil {
		return nil // nothing that is read
	}
	defer src.Close()
	e := detect.New(&scope, []detect.Detector{detect.NewDNSTunnels(), detect.NewDGA()})
	r := &dnsRun{file: path, shown: map[string]record.Time{}, from: map[string]record.Time{}}
	var net record.Time
	for {
		b, err := src.Next(t.Context())
		if b != nil {
			for some := range slices.Chunk(b.DNS, 8) { // ask as often as somebody who looks all the time
				e.Observe(&record.Batch{DNS: some})
				for i := range some {
					r.see(&some[i])
					net = max(net, some[i].TS)
				}
				for _, f := range e.Findings(net) {
					if _, ok := r.shown[f.ID]; !ok && f.ExplainedBy == "" {
						r.shown[f.ID] = net
					}
				}
			}
			b.DNS, b.Marks = b.DNS[:0], nil // they were told
			e.Observe(b)
			src.Recycle(b)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Logf("%s: %v", path, err)
			break
		}
	}
	e.End()
	r.findings = e.Findings(net)
	return r
}

// givenDNS lists the given files with DNS in them.
func givenDNS(t testing.TB) (root string, files []string) {
	t.Helper()
	shared := cmp.Or(os.Getenv("CANDOR_SHARED"), filepath.Join("..", "..", "..", "shared"))
	root = filepath.Join(shared, "data", "given")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no given captures here: set CANDOR_SHARED to the folder that holds data/given")
	}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name := e.Name()
		ext := strings.TrimSuffix(filepath.Ext(strings.TrimSuffix(name, ".gz")), ".log")
		isLog := strings.HasPrefix(name, "dns") && strings.Contains(name, ".log")
		if isLog || ext == ".pcap" || ext == ".pcapng" || ext == ".cap" {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return root, files
}

// TestDNSGiven prints what the given files show and holds the lines that bind.
func TestDNSGiven(t *testing.T) {
	root, files := givenDNS(t)
	tunnels := map[string]string{
		"dns-tunnel-graphtunnel/tunnel/iodine-cname.pcap":                                 "ggy666.tk",
		"dns-tunnel-graphtunnel/tunnel/dnscat2-txt/dnscat2-txt_00001_20230903183304.pcap": "ggy666.tk",
		"acandeias/PCAP/dns-tunnel.pcap":                                                  "tunnel.phd",
		"rita/test_data/json_with_all_fields/dns.log":                                     "r-1x.com",
		"rita/test_data/open_conns/open/dns.log":                                          "r-1x.com",
		"ndpi/tests/cfgs/default/pcap/dns-tunnel-iodine.pcap":                             "pirate.sea",
		"ndpi/tests/cfgs/default/pcap/dns_exfiltration.pcap":                              "",
	}
	quiet, quietLookups := 0, 0
	for _, path := range files {
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		r := runDNS(t, path)
		if r == nil || r.lookups == 0 {
			continue
		}
		domain, tunnel := tunnels[rel]
		found := false
		open := 0
		for _, f := range r.findings {
			after := -1.0
			if at, ok := r.shown[f.ID]; ok {
				after = float64(at-r.from[f.Source+" "+f.Domain]) / 1e9
			}
			if f.ExplainedBy == "" {
				open++
			}
			if tunnel && f.Kind == "dns_tunnel" && f.Domain == domain && f.ExplainedBy == "" && after <= 60 {
				found = true
			}
			if tunnel && f.ExplainedBy == "" {
				t.Logf("%-85s %-10s %-15s %-12s p=%.2f after %3.0f s, %v names, %v bits", rel, f.Kind, f.Source, f.Domain, f.Confidence, after, f.Evidence["unique_names"], f.Evidence["bits_out"])
				continue
			}
			t.Logf("%s: %s %s %s p=%.2f after %.0f s explained=%q %v %v", rel, f.Kind, f.Source, f.Domain, f.Confidence, after, f.ExplainedBy, f.Evidence["why"], f.Evidence["sample"])
		}
		if tunnel && !found {
			t.Errorf("%s: the tunnel was not found within 60 s", rel)
		}
		if !tunnel {
			quiet += open
			quietLookups += r.lookups
		}
		if len(r.findings) > 0 || r.lookups > 1000 || tunnel {
			t.Logf("%-90s %6d lookups, %d findings without explanation", rel, r.lookups, open)
		}
		if strings.Contains(rel, "/normal/") && open > 1 {
			t.Errorf("%s: %d findings without explanation in normal traffic", rel, open)
		}
	}
	t.Logf("all other files: %d lookups, %d findings without explanation", quietLookups, quiet)
}

// lines gives the domains of a given list.
func lines(t testing.TB, path string) []string {
	b, err := os.ReadFile(given(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Fields(string(b)), func(s string) bool { return !strings.Contains(s, ".") })
}

// TestListsGiven runs given lists of domains through the detector: generated ones are found within ten minutes, lists of real
// domains, of which some share is gone, are not.
func TestListsGiven(t *testing.T) {
	const dir = "dga-andrewaeva/dga_wordlists/"
	made := map[string][]string{"conficker": lines(t, dir+"conficker.txt"), "flare": lines(t, "flare/flare/data/misc/dga_domains.txt")}
	real := map[string][]string{"popular": lines(t, dir+"opendns-top-domains.txt"), "random": lines(t, dir+"opendns-random-domains.txt")}
	run := func(names []string, browsing []string, failing, every float64, n int) (float64, string) {
		scope := record.AssumedScope()
		e := detect.New(&scope, []detect.Detector{detect.NewDGA()})
		for i := range n {
			rcode, answers, name := uint16(3), []string(nil), names[(i*7919)%len(names)]
			if k := float64(i*2654435761%1000) / 1000; k >= failing {
				rcode, answers, name = 0, []string{"198.51.100.3"}, browsing[(i*104729)%len(browsing)]
			}
			at := record.Time(1_700_000_000e9 + float64(i)*every*1e9)
			d := record.DNS{
				Ends:    record.Ends{TS: at, UID: "C1", OrigH: netip.MustParseAddr("10.0.0.7"), RespH: netip.MustParseAddr("10.0.0.53"), RespP: 53, Proto: 17},
				Variant: "dns", Query: name, QType: 1, QClass: 1, HasQuery: true, HasReply: true, RCode: rcode, Answers: answers,
			}
			e.Observe(&record.Batch{DNS: []record.DNS{d}, Span: record.Span{From: at, To: at + 1}})
			for _, f := range e.Findings(at) {
				if f.ExplainedBy == "" {
					return float64(i) * every, strings.Join(f.Evidence["why"].([]string), "; ")
				}
			}
		}
		return -1, ""
	}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		for _, failing := range []float64{1, 0.5, 0.2} {
			at, _ := run(made[name], real["popular"], failing, 2, 300)
			t.Logf("%-10s %3.0f %% made up, one lookup in 2 s: found after %.0f s", name, 100*failing, at)
			if at < 0 && (failing >= 0.5 || len(made[name]) > 100) {
				t.Errorf("%s, %g: not found within ten minutes", name, failing)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(real)) {
		for _, failing := range []float64{0.02, 0.05, 0.1, 0.2, 0.3} {
			at, why := run(real[name], real[name], failing, 0.5, 10000)
			t.Logf("%-10s %3.0f %% gone, two lookups in 1 s: found after %.0f s %s", name, 100*failing, at, why)
			if at >= 0 && failing <= 0.1 {
				t.Errorf("%s, %g: a false finding", name, failing)
			}
		}
	}
}
