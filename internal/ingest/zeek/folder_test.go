package zeek_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"candor/internal/ingest"
	"candor/internal/ingest/zeek"
	"candor/internal/record"
	"candor/internal/sight"
)

// folder writes files; a name ending in .gz is compressed.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		data := []byte(text)
		if strings.HasSuffix(name, ".gz") {
			var b bytes.Buffer
			w := gzip.NewWriter(&b)
			_, _ = w.Write(data)
			_ = w.Close()
			data = b.Bytes()
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// hours makes the conn.log of one hour, of which each row is a minute apart.
func hours(hour, rows int) string {
	var b strings.Builder
	b.WriteString(connHeader)
	for i := range rows {
		fmt.Fprintf(&b, "%d.000000\tC%d-%d\t10.1.0.5\t40000\t198.51.100.7\t443\ttcp\tssl\t1.000000\t1\t1\tSF\tT\tF\t0\tShADadFf\t1\t1\t1\t1\t-\n", 3600*hour+60*i+1, hour, i)
	}
	return b.String()
}

// TestFolder: rotated files in any order of names, in a tree, compressed or not, are one witness in the order of time.
func TestFolder(t *testing.T) {
	dir := folder(t, map[string]string{
		"2024-01-02/conn.log.gz":        hours(48, 60),
		"2024-01-01/conn.z.log":         hours(24, 60),
		"2024-01-01/conn.a.log.gz":      hours(25, 60),
		"current/conn.log":              hours(50, 30),
		"current/conn.log.gz":           hours(50, 20), // the beginning of it, rotated meanwhile
		"current/.hidden.log":           hours(90, 5),
		"current/README.md":             "# separator",
		"current/loaded_scripts.log":    "#separator \\x09\n#path\tloaded_scripts\n#fields\tname\na\nb\n",
		"2024-01-01/conn.broken.log.gz": hours(26, 60),
	})
	broken := filepath.Join(dir, "2024-01-01/conn.broken.log.gz")
	data, err := os.ReadFile(broken)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, data[:len(data)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	got := readAll(t, dir, ingest.Options{Feed: "z"})
	last := record.Time(0)
	for i := range got.Conns {
		if got.Conns[i].TS < last {
			t.Fatalf("time goes back at %d", i)
		}
		last = got.Conns[i].TS
	}
	if n := len(got.Conns); n < 210+40 || n > 210+60 {
		t.Errorf("%d connections", n)
	}
	skipped := got.account.Skipped
	if skipped["files that are no Zeek log"] != 1 || skipped["files that begin with the same row as another"] != 1 || got.account.Unknown["loaded_scripts"] != 2 {
		t.Errorf("%+v", got.account)
	}
	if len(got.status) != 2 || got.status[0].Stopped != nil || got.status[1].Stopped == nil || !strings.HasSuffix(got.status[1].Path, "conn.broken.log.gz") {
		t.Fatalf("%+v", got.status)
	}
	if sum := got.status[0].Records + got.status[1].Records; sum != uint64(len(got.Conns)) {
		t.Errorf("%d records of %d", sum, len(got.Conns))
	}
}

// TestCarries: what a folder or a single log can show.
func TestCarries(t *testing.T) {
	const conns = record.CarriesConns | record.CarriesVolume | record.CarriesDirections
	const messages = record.CarriesLookups | record.CarriesTLS | record.CarriesHTTP | record.CarriesDHCP | record.CarriesAlerts
	conn := hours(1, 2)
	cards := strings.NewReplacer("tunnel_parents\n#", "tunnel_parents\torig_l2_addr\n#", "-\n", "-\t02:00:00:00:00:05\n").Replace(conn)
	loss := "#separator \\x09\n#path\tcapture_loss\n#fields\tts\tgaps\tacks\n3700.0\t1\t2\n"
	stats := "#separator \\x09\n#path\tstats\n#fields\tts\tpeer\tpkts_proc\tpkts_dropped\n3700.0\tmanager\t0\t-\n3700.0\tworker\t5\t0\n"
	dns := `{"_path":"dns","ts":3700,"id.orig_h":"10.1.0.5","id.resp_h":"10.1.0.1","query":"x"}` + "\n"
	for name, c := range map[string]struct {
		files map[string]string
		path  string
		want  record.Carries
	}{
		"one log":               {map[string]string{"conn.log": conn}, "conn.log", conns},
		"a folder":              {map[string]string{"conn.log": conn}, "", conns | messages},
		"a folder without conn": {map[string]string{"dns.log": dns}, "", record.CarriesLookups},
		"with cards":            {map[string]string{"conn.log": cards}, "conn.log", conns | record.CarriesCards},
		"several in one file":   {map[string]string{"all.json": strings.NewReplacer(`"dns"`, `"conn"`, `"query"`, `"proto":"udp","x"`).Replace(dns) + dns}, "all.json", conns | messages},
		"several, none a conn":  {map[string]string{"all.json": dns + strings.Replace(dns, `"dns"`, `"http"`, 1)}, "all.json", record.CarriesLookups | record.CarriesHTTP},
		"with losses":           {map[string]string{"conn.log": conn, "capture_loss.log": loss, "stats.log": stats}, "", conns | messages | record.CarriesAcks | record.CarriesDrops},
	} {
		t.Run(name, func(t *testing.T) {
			got := readAll(t, filepath.Join(folder(t, c.files), c.path), ingest.Options{})
			if len(got.Sight) == 0 {
				t.Fatal("no sight")
			}
			for i := range got.Sight {
				if got.Sight[i].Carries != c.want {
					t.Fatalf("carries %v, want %v", got.Sight[i].Carries.Names(), c.want.Names())
				}
			}
		})
	}
}

// TestBrokenTime: one line that claims the year 2200 neither holds the others up nor moves them.
func TestBrokenTime(t *testing.T) {
	rows := strings.SplitAfter(hours(24, 60), "\n")
	head := len(rows) - 61
	future := strings.Replace(rows[head+10], "87001.", "7258118400.", 1)
	log := strings.Join(rows[:head+10], "") + future + strings.Join(rows[head+10:], "")
	got := readAll(t, folder(t, map[string]string{"conn.log": log, "dns.log": `{"_path":"dns","ts":87000,"id.orig_h":"10.1.0.5","id.resp_h":"10.1.0.1","query":"x"}` + "\n"}), ingest.Options{})
	minutes := map[record.Time]bool{}
	for i := range got.Sight {
		minutes[got.Sight[i].Span.From] = true
	}
	if len(got.Conns) != 61 || len(minutes) != 61 {
		t.Errorf("%d connections in %d minutes", len(got.Conns), len(minutes))
	}
}

// TestMemory: a log much longer than the window is read in flat memory.
func TestMemory(t *testing.T) {
	path := filepath.Join(folder(t, map[string]string{"conn.log": string(connLog(400_000))}), "conn.log")
	scope := record.AssumedScope()
	told := sight.New(scope, "", "")
	r, err := zeek.Open(context.Background(), path, ingest.Options{Scope: scope, Sight: told})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var m runtime.MemStats
	most, batches := uint64(0), 0
	for {
		var b record.Batch
		if err := r.Next(context.Background(), &b); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		b.Sight = told.Drain(nil)
		if batches++; batches%10 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	t.Logf("%d batches, at most %.1f MB", batches, float64(most)/1e6)
	if most > 64<<20 {
		t.Errorf("%.1f MB", float64(most)/1e6)
	}
}

// TestCancelled: reading ends with its context.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	path := folder(t, map[string]string{"conn.log": hours(1, 10)})
	r, err := zeek.Open(ctx, path, ingest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := r.Next(ctx, &record.Batch{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestGone: a file that was rotated away after the folder was looked into is named, and the others are read.
func TestGone(t *testing.T) {
	dir := folder(t, map[string]string{"conn.a.log": hours(1, 10), "conn.b.log": hours(20, 10)})
	r, err := zeek.Open(context.Background(), dir, ingest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "conn.b.log")); err != nil {
		t.Fatal(err)
	}
	var b record.Batch
	if err := r.Next(context.Background(), &b); err != nil || len(b.Conns) != 10 {
		t.Errorf("%d conns, %v", len(b.Conns), err)
	}
	if status := r.Status(); len(status) != 2 || status[1].Stopped == nil || !strings.HasSuffix(status[1].Path, "conn.b.log") {
		t.Errorf("%+v", status)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
