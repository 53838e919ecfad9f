package zeek_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"candor/internal/ingest"
	"candor/internal/ingest/zeek"
	"candor/internal/record"
	"candor/internal/sight"
)

const connHeader = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n" +
	"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\n" +
	"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n"

// connLog makes a conn.log of n rows: 200 clients, 50 rows a second.
func connLog(n int) []byte {
	var b bytes.Buffer
	b.WriteString(connHeader)
	for i := range n {
		fmt.Fprintf(&b, "%d.%06d\tC%017d\t10.1.%d.%d\t%d\t198.51.%d.%d\t443\ttcp\tssl\t%d.250000\t517\t4200\tSF\tT\tF\t0\tShADadFf\t12\t1100\t14\t4900\t-\n",
			1700000000+i/50, i%50*20000, i, i%4, i%50+1, 1024+i%60000, i%100, i*7%256, i%90)
	}
	return b.Bytes()
}

// BenchmarkConn reads a conn.log with sight; issue 9 asks for 500,000 lines a second of processor time.
func BenchmarkConn(b *testing.B) {
	const rows = 200_000
	path := filepath.Join(b.TempDir(), "conn.log")
	if err := os.WriteFile(path, connLog(rows), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := countConns(b, path); n != rows {
			b.Fatalf("%d conns", n)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// countConns reads a log as the program does: batch by batch, keeping none.
func countConns(tb testing.TB, path string) int {
	tb.Helper()
	scope := record.AssumedScope()
	told := sight.New(scope, "", "")
	r, err := zeek.Open(context.Background(), path, ingest.Options{Scope: scope, Sight: told})
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	n := 0
	for {
		var batch record.Batch
		err := r.Next(context.Background(), &batch)
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			tb.Fatal(err)
		}
		n += len(batch.Conns)
		batch.Sight = told.Drain(nil)
	}
}
