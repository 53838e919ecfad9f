package labnet

import (
	"context"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// zeekRows reads the logs of a folder: by log, each line with the values of its fields.
func zeekRows(t *testing.T, dir string) map[string][]map[string]string {
	t.Helper()
	out := map[string][]map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		log := strings.TrimSuffix(filepath.Base(file), ".log")
		var fields []string
		for line := range strings.Lines(string(raw)) {
			values := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if values[0] == "#fields" {
				fields = values[1:]
			}
			if strings.HasPrefix(line, "#") {
				continue
			}
			if len(values) != len(fields) {
				t.Fatalf("%s.log: %d values for %d fields: %q", log, len(values), len(fields), line)
			}
			row := map[string]string{}
			for i, f := range fields {
				row[f] = values[i]
			}
			out[log] = append(out[log], row)
		}
	}
	return out
}

// TestZeekLogs: the logs of a Zeek hold together, tell of every client of the bank that spoke, and are the same each time.
func TestZeekLogs(t *testing.T) {
	s := Bank(5)
	from := time.Date(2026, 11, 24, 10, 0, 0, 0, s.Zone())
	dir, again := t.TempDir(), t.TempDir()
	r, err := s.Run(context.Background(), Span{from, from.Add(10 * time.Minute)}, Tap{At: Core, Zeek: &ZeekLogs{Dir: dir, Cards: true}}, Tap{At: Core, Zeek: &ZeekLogs{Dir: again, Cards: true}})
	if err != nil {
		t.Fatal(err)
	}
	logs, twin := zeekRows(t, dir), zeekRows(t, again)
	if got := slices.Sorted(maps.Keys(logs)); !slices.Equal(got, []string{"conn", "dhcp", "dns", "http", "ssl"}) {
		t.Fatalf("logs %v", got)
	}
	conns, hosts := map[string]map[string]string{}, map[string]bool{}
	for i, c := range logs["conn"] {
		if conns[c["uid"]] != nil || !maps.Equal(c, twin["conn"][i]) {
			t.Fatalf("%v stands twice, or is not the same again", c)
		}
		conns[c["uid"]] = c
		hosts[c["id.orig_h"]] = true
	}
	for log, service := range map[string]string{"dns": "dns", "ssl": "ssl", "http": "http"} {
		for _, row := range logs[log] {
			c := conns[row["uid"]]
			if c == nil || !strings.Contains(c["service"], service) || c["id.orig_h"] != row["id.orig_h"] || c["id.resp_p"] != row["id.resp_p"] {
				t.Fatalf("%s.log: %v belongs to %v", log, row, c)
			}
		}
	}
	clients, told := 0, 0
	for _, m := range r.Spoke {
		if m.Segment != "branch-users" {
			continue
		}
		clients++
		if slices.ContainsFunc(m.Addrs, func(a netip.Addr) bool { return hosts[a.String()] }) {
			told++
		}
	}
	if clients < 100 || 100*told < 95*clients { // a few only say things that stay inside their switch
		t.Errorf("of %d clients that spoke %d began a connection", clients, told)
	}
	if conns := len(logs["conn"]); conns < 1000 || len(logs["ssl"]) < 200 || len(logs["dns"]) < 1000 {
		t.Errorf("%d connections, %d handshakes, %d lookups", conns, len(logs["ssl"]), len(logs["dns"]))
	}
}
