package suricata_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/flow"
	"candor/internal/ingest"
	"candor/internal/ingest/suricata"
	"candor/internal/record"
	"candor/internal/sight"
	"candor/internal/source"
)

// TestSameMessages: names and fingerprints that Suricata tells of a capture are those that Candor's own decoder finds in it. The folder
// CANDOR_SURICATA holds an eve.json of each capture, made as docs/logs.md says.
func TestSameMessages(t *testing.T) {
	reports := os.Getenv("CANDOR_SURICATA")
	if reports == "" {
		t.Skip("no eve.json of the captures (set CANDOR_SURICATA, docs/logs.md)")
	}
	for name, path := range map[string]string{
		"A-core.pcap": "labs/A-core.pcap.zst", "A-wan.pcapng": "labs/A-wan.pcapng.zst", "A-acc1.pcap": "labs/A-acc1.pcap.zst", "B-lan.pcap": "labs/B-lan.pcap.zst",
		"C-switch.pcap": "labs/C-switch.pcap.zst", "E-core.pcap": "labs/E-core.pcap.zst",
	} {
		t.Run(name, func(t *testing.T) {
			eve := filepath.Join(reports, name, "eve.json")
			if _, err := os.Stat(eve); err != nil {
				t.Skip(err)
			}
			r, err := suricata.Open(t.Context(), eve, ingest.Options{Scope: record.AssumedScope(), Sight: sight.New(record.AssumedScope(), "", "")})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			told := messages(t, r.Next)
			src, err := source.Open(t.Context(), []string{shared(t, "data/"+path)}, source.Options{Scope: record.AssumedScope(), Flow: flow.DefaultConfig()})
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			own := messages(t, func(ctx context.Context, b *record.Batch) error {
				next, err := src.Next(ctx)
				if err == nil {
					*b = *next
				}
				return err
			})
			if len(own) < 200 {
				t.Errorf("only %d messages", len(own))
			}
			for i := range max(len(told), len(own)) {
				if i >= len(told) || i >= len(own) || told[i] != own[i] {
					t.Fatalf("%d and %d messages; the first that differs: %q by Suricata, %q by packets", len(told), len(own), told[min(i, len(told)-1)], own[min(i, len(own)-1)])
				}
			}
		})
	}
}

// messages lists handshakes with name and fingerprint, requests and lookups, sorted.
func messages(t *testing.T, next func(context.Context, *record.Batch) error) []string {
	t.Helper()
	var out []string
	for {
		var b record.Batch
		err := next(t.Context(), &b)
		for i := range b.TLS {
			if x := &b.TLS[i]; x.JA4 != "" {
				out = append(out, fmt.Sprint("tls ", x.OrigH, x.OrigP, x.RespH, x.RespP, " ", x.ServerName, " ", x.JA4))
			}
		}
		for i := range b.HTTP {
			if x := &b.HTTP[i]; x.HasRequest {
				host, _, err := net.SplitHostPort(x.Host) // Suricata tells the port by itself
				if err != nil {
					host = x.Host
				}
				out = append(out, fmt.Sprint("http ", x.OrigH, x.OrigP, " ", x.Method, " ", host))
			}
		}
		for i := range b.DNS {
			if x := &b.DNS[i]; x.Variant == "dns" && x.HasQuery {
				out = append(out, fmt.Sprint("dns ", x.OrigH, x.OrigP, x.TransID, " ", strings.ToLower(x.Query), x.QType, x.HasReply, x.RCode))
			}
		}
		if errors.Is(err, io.EOF) {
			slices.Sort(out)
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
