package zeek_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/ingest"
	"candor/internal/ingest/zeek"
	"candor/internal/record"
	"candor/internal/sight"
)

// shared finds given data, or skips.
func shared(t testing.TB, path string) string {
	t.Helper()
	root := os.Getenv("CANDOR_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared")
	}
	full := filepath.Join(root, path)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("given data is absent: %v", err)
	}
	return full
}

// result is all that a reader told.
type result struct {
	record.Batch
	account ingest.Account
	status  []record.Input
}

func readAll(t testing.TB, path string, opts ingest.Options) result {
	t.Helper()
	if opts.Sight == nil {
		opts.Scope = record.AssumedScope()
		opts.Sight = sight.New(opts.Scope, "", opts.Feed)
	}
	r, err := zeek.Open(context.Background(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	var out result
	for {
		err := r.Next(context.Background(), &out.Batch)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		out.Sight = opts.Sight.Drain(out.Sight)
	}
	opts.Sight.Finish()
	out.Sight = opts.Sight.Drain(out.Sight)
	out.account, out.status = r.Account(), r.Status()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

func sum(m map[string]uint64) (n uint64) {
	for _, v := range m {
		n += v
	}
	return n
}

// TestGiven reads every given Zeek folder: every line is accounted for, and damage is where the data is damaged.
func TestGiven(t *testing.T) {
	const outside = "rows outside of the time asked for"
	for folder, want := range map[string]struct {
		conns, messages, alerts int
		damage                  []string // of each damaged file: its name and why
	}{
		"rita/test_data/missing_host":             {conns: 105990, messages: 24400, alerts: 23}, // 105,918 and 72 reports of one still open
		"rita/test_data/proxy_rolling":            {conns: 7550, messages: 8313},
		"rita/test_data/open_conns":               {conns: 147, messages: 94},
		"rita/test_data/open_sni":                 {conns: 24, messages: 3},
		"rita/test_data/json_with_all_fields":     {conns: 88, messages: 94},
		"rita/test_data/dnscat2-ja3-strobe-agent": {messages: 27204},
		"rita/test_data/truncated": {conns: 60, damage: []string{
			"conn.log 1 of 59 lines cannot be read; the first is line 67: the line is cut off: 9 columns of 21",
			`conn_json.log 2 of 4 lines cannot be read; the first is line 3: id.orig_p: "93145" cannot be read`,
			"conn_top.log 59 of 59 lines cannot be read; the first is line 1: no #fields line before this row: its columns have no names",
		}},
		"slips/dataset/test9-mixed-zeek-dir":                         {conns: 576, messages: 965, alerts: 18},
		"slips/dataset/test10-mixed-zeek-dir":                        {conns: 141, messages: 106, alerts: 12, damage: []string{`notice.log 1 of 13 lines cannot be read; the first is line 21: dst: "bro" cannot be read`}},
		"slips/dataset/test13-malicious-dhcpscan-zeek-dir":           {conns: 2, messages: 10},
		"slips/dataset/test14-malicious-zeek-dir":                    {conns: 5, messages: 521},
		"slips/dataset/test15-malicious-zeek-dir":                    {conns: 2, messages: 206},
		"slips/dataset/test16-malicious-zeek-dir":                    {},
		"slips/dataset/port-scans/horizontal":                        {conns: 41},
		"slips/dataset/port-scans/vertical":                          {conns: 50},
		"slips/dataset/test18-malicious-ctu-sme-11-win/zeek-labeled": {conns: 766, messages: 25, alerts: 2},
		"zat/data":      {conns: 413, messages: 1107, alerts: 2},
		"zat/data/json": {conns: 50, messages: 129},
		"ics-4sics/Additional_Captures/4SICS-GeekLounge-151020": {conns: 12444, messages: 15139},
		"aktaion/data/phishingData/Win5BotNETEXECCGEODo":        {conns: 411, messages: 130},
		"aktaion/data/broData":                                  {messages: 9090},
	} {
		t.Run(strings.ReplaceAll(folder, "/", "_"), func(t *testing.T) {
			got := readAll(t, shared(t, "data/given/"+folder), ingest.Options{})
			a := got.account
			if told := a.Records + sum(a.Known) + sum(a.Unknown) + a.Damaged + a.Skipped[outside]; told != a.Lines {
				t.Errorf("%d of %d lines accounted for: %+v", told, a.Lines, a)
			}
			messages := len(got.DNS) + len(got.TLS) + len(got.HTTP) + len(got.DHCP)
			if len(got.Conns) != want.conns || messages != want.messages || len(got.Alerts) != want.alerts {
				t.Errorf("%d conns, %d messages, %d alerts; want %d, %d, %d", len(got.Conns), messages, len(got.Alerts), want.conns, want.messages, want.alerts)
			}
			if a.Late != 0 {
				t.Errorf("%d records came too late", a.Late)
			}
			var damage []string
			for _, in := range got.status {
				if in.Stopped != nil {
					damage = append(damage, filepath.Base(in.Path)+" "+in.Stopped.Because)
				}
			}
			if strings.Join(damage, "\n") != strings.Join(want.damage, "\n") {
				t.Errorf("damage: %q", damage)
			}
		})
	}
}

// TestNotZeek: a folder without a Zeek log is not one, and neither is a capture or another log.
func TestNotZeek(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"a.txt": "hello\n", "auth.log": "Oct  7 22:14:15 host sshd[1]: hello\n", "x.pcap": "\xd4\xc3\xb2\xa1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "a.txt"), filepath.Join(dir, "auth.log"), filepath.Join(dir, "x.pcap")} {
		if _, err := zeek.Open(context.Background(), path, ingest.Options{}); !errors.Is(err, ingest.ErrNotReadable) {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	if _, err := zeek.Open(context.Background(), filepath.Join(dir, "absent"), ingest.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
}
