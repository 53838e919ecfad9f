package zeek

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"candor/internal/ingest"
	"candor/internal/record"
	"candor/internal/sight"
)

// told is what a reader told of logs held in memory.
type toldAll struct {
	record.Batch
	account ingest.Account
	status  []record.Input
}

// readLogs reads logs by name as if they lay in one folder, in the order given.
func readLogs(t testing.TB, opts ingest.Options, logs ...[2]string) toldAll {
	t.Helper()
	if opts.Sight == nil {
		opts.Sight = sight.New(opts.Scope, "", opts.Feed)
	}
	r := newReader("logs", opts)
	var files []*file
	for _, log := range logs {
		f := newFile(log[0], r.names)
		f.lines = ingest.FromReader(log[0], bytes.NewReader([]byte(log[1])))
		files = append(files, f)
	}
	r.line(files, len(files) > 1)
	for _, log := range logs { // as openConns would have been found by probing
		r.repeats = r.repeats || len(log[0]) > 5 && log[0][:5] == "open_"
	}
	r.active, r.waiting = r.waiting, nil
	var out toldAll
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
	out.Sight = opts.Sight.Drain(nil)
	out.account, out.status = r.Account(), r.Status()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{
		"conns": r.conns.Waiting(), "dns": r.dns.Waiting(), "tls": r.tls.Waiting(), "http": r.http.Waiting(), "dhcp": r.dhcp.Waiting(), "alerts": r.alerts.Waiting(), "meters": r.meters.Waiting(),
	} {
		if n > 1 { // the row that was read last may still be held
			t.Errorf("%d slots of %s were not given back", n, name)
		}
	}
	return out
}

// tsv makes a TSV log.
func tsv(path, fields string, rows ...string) string {
	out := "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t" + path + "\n#fields\t" + fields + "\n"
	for _, row := range rows {
		out += row + "\n"
	}
	return out
}
