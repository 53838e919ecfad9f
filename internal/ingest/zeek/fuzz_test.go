package zeek

import (
	"bytes"
	"testing"

	"candor/internal/ingest"
	"candor/internal/record"
)

// checkTold holds for any input: every line is accounted for, and no record has what cannot be.
func checkTold(t *testing.T, got toldAll) {
	t.Helper()
	a := got.account
	sum := a.Records + a.Damaged
	for _, m := range []map[string]uint64{a.Known, a.Unknown} {
		for _, n := range m {
			sum += n
		}
	}
	if sum != a.Lines {
		t.Fatalf("%d of %d lines accounted for: %+v", sum, a.Lines, a)
	}
	for i := range got.Conns {
		c := &got.Conns[i]
		if !c.OrigH.IsValid() || !c.RespH.IsValid() || c.Duration < 0 || c.TS < 0 || !c.Final {
			t.Fatalf("%+v", c)
		}
	}
	for i := range got.Sight {
		if s := &got.Sight[i]; s.Span.From > s.Span.To {
			t.Fatalf("span %v", s.Span)
		}
	}
}

// FuzzZeekTSV reads any bytes as a log whose name says nothing.
func FuzzZeekTSV(f *testing.F) {
	f.Add([]byte(tsv("conn", connColumns, connRow)))
	f.Add([]byte(tsv("dns", "ts\tid.orig_h\tid.resp_h\tquery\tanswers\tTTLs", "1.5\t::1\t1.2.3.4\ta\\x2c\\\\b\ta,b\t1.0,2.0")))
	f.Add([]byte(tsv("ssl", "ts\tid.orig_h\tid.resp_h\tcert_chain_fuids\tssl_history", "1.5\t::1\t1.2.3.4\tF1,F2\tCs")))
	f.Add([]byte(tsv("x509", "ts\tid\tsan.dns\tcertificate.not_valid_after", "1.5\tF1\ta,b\t9e9")))
	f.Add([]byte(tsv("http", "ts\tid.orig_h\tid.resp_h\tproxied\tresp_mime_types", "1.5\t::1\t1.2.3.4\tVIA -> x\ta/b")))
	f.Add([]byte(tsv("stats", "ts\tpkts_dropped\tpkts_proc", "1.5\t1\t2") + tsv("capture_loss", "ts\tgaps\tacks", "1.5\t3\t2")))
	f.Add([]byte("#separator ||\n#fields|ts|a\n1|2\n#path|dhcp\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkTold(t, readLogs(t, ingest.Options{Scope: record.AssumedScope()}, [2]string{"log", string(data)}))
	})
}

// FuzzZeekJSON reads any bytes as JSON rows of every log in turn.
func FuzzZeekJSON(f *testing.F) {
	f.Add([]byte(connJSON))
	f.Add([]byte(`{"_path":"dns","ts":"2024-01-01T00:00:00Z","id":{"orig_h":"::1","resp_h":"1.2.3.4"},"answers":["a",null,"b"],"TTLs":[1.5]}`))
	f.Add([]byte(`{"_path":"x509","ts":1,"id":"F1","san.dns":["a"]}`))
	f.Add([]byte(`{"_path":"dhcp","ts":1,"uids":["C1"],"mac":"02:00:00:00:00:05","msg_types":["ACK"],"assigned_addr":"10.0.0.1"}`))
	f.Add([]byte(`{"_path":"notice","ts":1,"note":"a","src":"::1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		line := bytes.ReplaceAll(data, []byte("\n"), nil)
		for name := range kinds() {
			if len(name) > 5 && name[:5] == "open_" {
				continue
			}
			checkTold(t, readLogs(t, ingest.Options{Scope: record.AssumedScope()}, [2]string{name + ".log", string(line)}))
		}
	})
}
