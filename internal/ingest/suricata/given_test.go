package suricata_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"candor/internal/ingest"
	"candor/internal/ingest/suricata"
	"candor/internal/record"
	"candor/internal/sight"
)

type result struct {
	record.Batch
	account ingest.Account
	status  []record.Input
}

func readAll(t testing.TB, path string, opts ingest.Options) result {
	t.Helper()
	opts.Scope = record.AssumedScope()
	opts.Sight = sight.New(opts.Scope, "", opts.Feed)
	r, err := suricata.Open(context.Background(), path, opts)
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
	}
	opts.Sight.Finish()
	out.Sight = opts.Sight.Drain(out.Sight)
	out.account, out.status = r.Account(), r.Status()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// shared is a file beside the project; tests that need it skip without it.
func shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("CANDOR_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared")
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("given data is absent (set CANDOR_SHARED): %v", err)
	}
	return path
}

// TestGiven reads the given eve.json: every event is accounted for.
func TestGiven(t *testing.T) {
	path := shared(t, "data/given/slips/dataset/test6-malicious.suricata.json")
	got := readAll(t, path, ingest.Options{})
	a := got.account
	if a.Lines != 5000 || a.Damaged != 0 || a.Late != 0 {
		t.Errorf("%d lines, %d damaged, %d late", a.Lines, a.Damaged, a.Late)
	}
	told := a.Records + a.Known["answers, told with their queries"] + a.Unknown["anomaly"] + a.Unknown["fileinfo"]
	if told != a.Lines {
		t.Errorf("%d of %d lines accounted for: %+v", told, a.Lines, a)
	}
	if len(got.Conns) != 3512 || len(got.Alerts) != 745 || len(got.HTTP) != 56 || len(got.TLS) != 1 {
		t.Errorf("%d conns, %d alerts, %d http, %d tls", len(got.Conns), len(got.Alerts), len(got.HTTP), len(got.TLS))
	}
	both := 0
	for i := range got.DNS {
		if got.DNS[i].HasQuery && got.DNS[i].HasReply {
			both++
		}
	}
	if len(got.DNS) != 340 || both != 340 {
		t.Errorf("%d lookups, %d of them answered", len(got.DNS), both)
	}
	states := map[string]int{}
	for i := range got.Conns {
		states[got.Conns[i].State]++
	}
	if states["REJ"] != 1939 || states["S0"] != 977 {
		t.Errorf("states %v", states)
	}
}
