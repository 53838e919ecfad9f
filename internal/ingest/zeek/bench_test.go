package zeek_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
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
	start := processor(b)
	for b.Loop() {
		if n := countConns(b, path); n != rows {
			b.Fatalf("%d conns", n)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/(processor(b)-start), "lines/cpu-s")
}

// processor is the seconds of processor time used so far.
func processor(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
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

// BenchmarkGiven reads the given folder of 665 rotated, compressed logs.
func BenchmarkGiven(b *testing.B) {
	path := shared(b, "data/given/rita/test_data/missing_host")
	start, lines := processor(b), uint64(0)
	for b.Loop() {
		lines += readAll(b, path, ingest.Options{}).account.Lines
	}
	b.ReportMetric(float64(lines)/(processor(b)-start), "lines/cpu-s")
}

// BenchmarkJSON reads conn.log as JSON.
func BenchmarkJSON(b *testing.B) {
	const rows = 100_000
	var log bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&log, `{"ts":%d.%06d,"uid":"C%017d","id.orig_h":"10.1.0.%d","id.orig_p":40000,"id.resp_h":"198.51.100.%d","id.resp_p":443,"proto":"tcp","service":"ssl","duration":0.25,"orig_bytes":517,"resp_bytes":4200,"conn_state":"SF","local_orig":true,"local_resp":false,"missed_bytes":0,"history":"ShADadFf","orig_pkts":12,"orig_ip_bytes":1100,"resp_pkts":14,"resp_ip_bytes":4900}`+"\n",
			1700000000+i/50, i%50*20000, i, i%200, i%250)
	}
	path := filepath.Join(b.TempDir(), "conn.log")
	if err := os.WriteFile(path, log.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	start := processor(b)
	for b.Loop() {
		if n := countConns(b, path); n != rows {
			b.Fatalf("%d conns", n)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/(processor(b)-start), "lines/cpu-s")
}
