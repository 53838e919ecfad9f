package judge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/agreement"
	"candor/internal/flow"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/verdict"
)

// parsed reads an agreement; changes are "old => new". Nil for no path.
func parsed(t testing.TB, path string, changes ...string) *agreement.Agreement {
	t.Helper()
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		old, changed, ok := strings.Cut(c, " => ")
		if !ok || !bytes.Contains(text, []byte(old)) {
			t.Fatalf("change %q: not in the agreement", c)
		}
		text = bytes.ReplaceAll(text, []byte(old), []byte(changed))
	}
	a, err := agreement.Parse(path, text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// asZeek writes what the packets of a capture show as Zeek's JSON logs in a folder, each connection once and whole. keep may
// leave connections out: it is asked with their number.
func asZeek(t testing.TB, path string, scope record.Scope, keep func(n int) bool) string {
	t.Helper()
	return asZeekLate(t, path, scope, keep, 0)
}

// asZeekLate is asZeek by a clock that is ahead.
func asZeekLate(t testing.TB, path string, scope record.Scope, keep func(n int) bool, late time.Duration) string {
	t.Helper()
	ahead := record.Time(late)
	src, err := source.Open(t.Context(), []string{path}, source.Options{Scope: scope, Flow: flow.DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	logs := map[record.Kind]*bytes.Buffer{}
	to := func(k record.Kind) *record.Writer {
		if logs[k] == nil {
			logs[k] = &bytes.Buffer{}
		}
		return record.NewWriter(logs[k])
	}
	open := map[record.UID]*record.Conn{}
	n := 0
	for {
		b, err := src.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Conns {
			c := b.Conns[i]
			if whole := open[c.UID]; whole != nil {
				whole.Whole(&c)
				c = *whole
			}
			if open[c.UID] = &c; !c.Final {
				continue
			}
			delete(open, c.UID)
			c.TS += ahead
			if n++; keep == nil || keep(n) {
				err = errors.Join(err, to(record.KindConn).Conn(&c))
			}
		}
		shift(b, ahead)
		err = errors.Join(err, each(b.DNS, to(record.KindDNS).DNS), each(b.TLS, to(record.KindTLS).TLS), each(b.HTTP, to(record.KindHTTP).HTTP),
			each(b.DHCP, to(record.KindDHCP).DHCP))
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	for k, log := range logs {
		if err := os.WriteFile(filepath.Join(dir, string(k)+".log"), log.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// shift moves the messages of a batch in time.
func shift(b *record.Batch, by record.Time) {
	for i := range b.DNS {
		b.DNS[i].TS += by
	}
	for i := range b.TLS {
		b.TLS[i].TS += by
	}
	for i := range b.HTTP {
		b.HTTP[i].TS += by
	}
	for i := range b.DHCP {
		b.DHCP[i].TS += by
	}
}

func each[T any](rows []T, write func(*T) error) error {
	for i := range rows {
		if err := write(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// scopeOf is what a sensor is told by an agreement.
func scopeOf(t testing.TB, a *agreement.Agreement) record.Scope {
	t.Helper()
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	return j.Scope()
}

// TestTwoWitnesses: a capture and the logs of the same traffic in one check. Nothing is counted twice, and every verdict is that of
// the packets alone; what each witness showed stands side by side, also when one of them lacks half.
func TestTwoWitnesses(t *testing.T) {
	for name, c := range map[string]struct {
		capture, agreement, logs string
		keep                     func(int) bool
		least, most              float64 // connections of the logs, as a share of those of the packets
		onlyThere                bool    // addresses that the logs lack
	}{
		"GEODo":          {capture: "given/aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap", logs: "given/aktaion/data/phishingData/Win5BotNETEXECCGEODo", least: 1, most: 1},
		"core":           {capture: "labs/A-core.pcap.zst", agreement: "site-a.yaml", least: 1, most: 1},
		"outside":        {capture: "labs/A-wan.pcapng.zst", agreement: "site-a.yaml", least: 1, most: 1},
		"before a proxy": {capture: "labs/B-lan.pcap.zst", agreement: "site-b.yaml", least: 1, most: 1},
		"switch":         {capture: "labs/C-switch.pcap.zst", agreement: "site-c.yaml", least: 1, most: 1},
		"routed core":    {capture: "labs/E-core.pcap.zst", agreement: "site-e.yaml", least: 1, most: 1},
		"half the logs":  {capture: "labs/A-core.pcap.zst", agreement: "site-a.yaml", keep: func(n int) bool { return n%2 == 0 }, least: 0.49, most: 0.51},
		"a tenth":        {capture: "labs/C-switch.pcap.zst", agreement: "site-c.yaml", keep: func(n int) bool { return n%10 == 0 }, least: 0.09, most: 0.11, onlyThere: true},
	} {
		t.Run(name, func(t *testing.T) {
			path := shared(t, "data", c.capture)
			var a *agreement.Agreement
			if c.agreement != "" {
				a = parsed(t, shared(t, "data", "labs", c.agreement))
			}
			logs := ""
			if c.logs != "" {
				logs = shared(t, "data", c.logs)
			} else {
				logs = asZeek(t, path, scopeOf(t, a), c.keep)
			}
			alone, pair := checkAgainst(t, a, source.Options{}, path), checkAgainst(t, a, source.Options{}, path, logs)
			holdSame(t, alone, pair)
			holdWitnesses(t, pair, c.least, c.most, c.onlyThere)
		})
	}
}

// holdSame: what a pair of witnesses says is what the first says alone, but for inputs and witnesses.
func holdSame(t *testing.T, alone, pair *judge.Result) {
	t.Helper()
	if diff := cmp.Diff(untimed(verdicts(alone)), untimed(verdicts(pair))); diff != "" {
		t.Errorf("defects (-alone +pair):\n%s", diff)
	}
	if d := findDefect(pair, "clock.skew", "zeek"); d == nil || d.Verdict != verdict.No {
		t.Errorf("clock.skew:zeek %+v, want no", d)
	}
	for _, x := range []struct {
		what        string
		alone, pair any
	}{
		{"sight", alone.Sight, pair.Sight},
		{"segments", alone.Segments, pair.Segments},
		{"timeline", alone.Timeline, pair.Timeline},
		{"promises", alone.Promises, pair.Promises},
		{"exit", alone.Exit, pair.Exit},
		{"findings", alone.Findings, pair.Findings},
	} {
		if diff := cmp.Diff(x.alone, x.pair); diff != "" {
			t.Errorf("%s (-alone +pair):\n%s", x.what, diff)
		}
	}
	if len(alone.Witnesses) != 0 {
		t.Errorf("a single witness is compared with nothing: %+v", alone.Witnesses)
	}
}

// verdicts lists every defect with its verdicts.
func verdicts(r *judge.Result) []string {
	var out []string
	for i := range r.Defects {
		d := &r.Defects[i]
		line := fmt.Sprintf("%s %s now %s", d.Name(), d.Verdict, d.Now)
		for _, p := range d.Periods {
			line += fmt.Sprintf(" %s %s", p.From[:16], p.Verdict)
		}
		out = append(out, line)
	}
	return out
}

// untimed leaves out what only several witnesses can show.
func untimed(verdicts []string) []string {
	return slices.DeleteFunc(verdicts, func(s string) bool { return strings.HasPrefix(s, "clock.skew") })
}

func holdWitnesses(t *testing.T, r *judge.Result, least, most float64, onlyThere bool) {
	t.Helper()
	if len(r.Witnesses) != 2 {
		t.Fatalf("witnesses %+v, want two", r.Witnesses)
	}
	packets, logs := r.Witnesses[0], r.Witnesses[1]
	t.Logf("%+v beside %+v", logs, logs.Beside)
	if logs.Feed != "zeek" || packets.Beside != nil || logs.Beside == nil || logs.Beside.Of != packets.Feed {
		t.Fatalf("witnesses %+v and %+v", packets, logs)
	}
	if !slices.Contains(packets.Carries, "frames") || slices.Contains(logs.Carries, "frames") || !slices.Contains(logs.Carries, "conns") {
		t.Errorf("packets carry %v, logs %v", packets.Carries, logs.Carries)
	}
	b := logs.Beside
	if b.Conns != logs.Conns || b.OfConns != packets.Conns || b.Hours == 0 {
		t.Errorf("beside %+v, and in all %d and %d connections", b, logs.Conns, packets.Conns)
	}
	if share := float64(b.Conns) / float64(b.OfConns); share < least-0.001 || share > most+0.001 {
		t.Errorf("%d connections by the logs, %d by packets", b.Conns, b.OfConns)
	}
	if (b.OnlyThere > 2) != onlyThere || b.OnlyHere > 2 {
		t.Errorf("%d addresses only by the logs, %d only by packets", b.OnlyHere, b.OnlyThere)
	}
}

// TestOneWitnessAfterTheOther: where the capture ends the logs go on, and each hour is counted by the one that was there.
func TestOneWitnessAfterTheOther(t *testing.T) {
	path := shared(t, "data", "labs", "A-core.pcap.zst")
	a := parsed(t, shared(t, "data", "labs", "site-a.yaml"))
	frames := load(t, path)
	border := record.Time(frames[0].ts).Floor(record.Quarter) + record.Quarter
	cut := slices.IndexFunc(frames, func(p pkt) bool { return record.Time(p.ts) >= border })
	first := writeFrames(t, t.TempDir(), "first.pcapng", frames[:cut])
	logs := asZeek(t, path, scopeOf(t, a), nil)
	r := checkAgainst(t, a, source.Options{}, first, logs)
	alone, all := checkAgainst(t, a, source.Options{}, first), checkAgainst(t, a, source.Options{}, path)
	if n := r.Sight.Kinds[record.KindConn]; n <= alone.Sight.Kinds[record.KindConn] || 100*n > 103*all.Sight.Kinds[record.KindConn] {
		t.Errorf("%d connections; %d by the capture, %d in all", n, alone.Sight.Kinds[record.KindConn], all.Sight.Kinds[record.KindConn])
	}
	for i := range r.Defects {
		d := &r.Defects[i]
		if whole := findDefect(all, string(d.Code), d.Subject); whole != nil && opposed(d.Verdict, whole.Verdict) {
			t.Errorf("%s: %s, and %s by all packets", d.Name(), d.Verdict, whole.Verdict)
		}
	}
	if r.Sight.Hosts.InPassing == nil || *all.Sight.Hosts.Direct < *alone.Sight.Hosts.Direct {
		t.Errorf("hosts %+v", r.Sight.Hosts)
	}
}

func opposed(a, b verdict.Verdict) bool {
	return a != verdict.CannotSay && b != verdict.CannotSay && a != b
}

// authLog writes a line of sshd every so often, from one moment to another.
func authLog(from, to time.Time, every time.Duration) string {
	var b strings.Builder
	for at := from; at.Before(to); at = at.Add(every) {
		fmt.Fprintf(&b, "%s files sshd[77]: Failed password for root from 203.0.113.9 port 4021 ssh2\n", at.UTC().Format(time.RFC3339))
	}
	return b.String()
}

// TestPromisedLog: a log that the agreement promises, handed over with --feed: missing, coming, stopped, too thin, not handed over.
func TestPromisedLog(t *testing.T) {
	path := shared(t, "data", "labs", "A-core.pcap.zst")
	a := parsed(t, shared(t, "data", "labs", "site-a.yaml"),
		"  - {id: dns,  => "+"  - {id: auth, kind: log, expect: {per: hour, rate: 400}}\n  - {id: dns, ")
	from := time.Date(2026, 11, 23, 17, 38, 0, 0, time.UTC)
	to := time.Date(2026, 11, 23, 17, 57, 0, 0, time.UTC)
	plain := verdicts(checkAgainst(t, a, source.Options{}, path))
	for name, c := range map[string]struct {
		log     string // "none": not handed over
		missing string
		dead    string // empty: not judged
		now     string
		promise string
		here    bool
	}{
		"not handed over": {"none", "cannot_say", "", "", "cannot_say", false},
		"it comes":        {authLog(from, to, 5*time.Second), "no", "no", "no", "kept", true},
		"without years":   {strings.NewReplacer("2026-11-23T", "Nov 23 ", "Z files", " files").Replace(authLog(from, to, 5*time.Second)), "no", "no", "no", "kept", true},
		"thinner":         {authLog(from, to, 30*time.Second), "no", "no", "no", "cannot_say", true},
		"empty":           {"", "yes", "yes", "yes", "broken", true},
		"it stops":        {authLog(from, from.Add(4*time.Minute), 5*time.Second), "no", "yes", "yes", "broken", true},
		"two lines":       {authLog(from, to, 10*time.Minute), "cannot_say", "cannot_say", "cannot_say", "cannot_say", true},
	} {
		t.Run(name, func(t *testing.T) {
			opts := source.Options{}
			if c.log != "none" {
				file := filepath.Join(t.TempDir(), "auth.log")
				if err := os.WriteFile(file, []byte(c.log), 0o600); err != nil {
					t.Fatal(err)
				}
				opts.Logs = map[record.Feed]string{"auth": file}
			}
			r := checkAgainst(t, a, opts, path)
			missing, dead := findDefect(r, "kind.missing", "auth"), findDefect(r, "feed.dead", "auth")
			if missing.Verdict.String() != c.missing {
				t.Errorf("kind.missing:auth %s, want %s: %q %v", missing.Verdict, c.missing, missing.Needs, missing.Signs)
			}
			if (dead != nil) != (c.dead != "") {
				t.Fatalf("feed.dead:auth %+v", dead)
			}
			if dead != nil && (dead.Verdict.String() != c.dead || dead.Now.String() != c.now) {
				t.Errorf("feed.dead:auth %s now %s, want %s now %s: %q %v", dead.Verdict, dead.Now, c.dead, c.now, dead.Needs, dead.Periods)
			}
			p := findPromise(r, "data/auth/expect")
			if p == nil || p.Verdict.String() != c.promise || p.MeasuredHere != c.here {
				t.Errorf("promise %+v, want %s, measured %v", p, c.promise, c.here)
			}
			others := slices.DeleteFunc(untimed(verdicts(r)), func(s string) bool { return strings.Contains(s, ":auth ") })
			want := slices.DeleteFunc(untimed(slices.Clone(plain)), func(s string) bool { return strings.Contains(s, ":auth ") })
			if diff := cmp.Diff(want, others); diff != "" {
				t.Errorf("the log changes what else is said (-without +with):\n%s", diff)
			}
			signIn := r.Answers[slices.IndexFunc(r.Answers, func(a verdict.Answer) bool { return a.Question == verdict.SignInAttacks })]
			if blind := slices.Contains(signIn.BlindSpots, "feed.dead:auth"); blind != (c.dead == "yes" || c.dead == "cannot_say") {
				t.Errorf("blind spots of sign-in attacks: %v", signIn.BlindSpots)
			}
		})
	}
}

func findPromise(r *judge.Result, id string) *verdict.Promise {
	for i := range r.Promises {
		if p := &r.Promises[i]; p.ID == id {
			return p
		}
	}
	return nil
}

// TestOthersAlerts: what another tool says is a finding with its source named and counted, and makes no question a yes.
func TestOthersAlerts(t *testing.T) {
	eve := filepath.Join(t.TempDir(), "eve.json")
	line := func(second int, kind, rest string) string {
		return fmt.Sprintf(`{"timestamp":"2026-11-23T17:40:%02dZ","flow_id":%d,"event_type":"%s","src_ip":"10.0.0.5","src_port":40000,"dest_ip":"198.51.100.7","dest_port":443,"proto":"TCP",%s}`, second, second+1, kind, rest)
	}
	lines := []string{line(1, "flow", `"flow":{"pkts_toserver":4,"pkts_toclient":4,"bytes_toserver":400,"bytes_toclient":400,"start":"2026-11-23T17:40:00Z","end":"2026-11-23T17:40:01Z"}`)}
	for i := range 12 {
		lines = append(lines, line(i+2, "alert", `"alert":{"signature":"ET MALWARE Beacon","category":"A Network Trojan was detected","severity":1}`))
	}
	lines = append(lines, line(30, "alert", `"alert":{"signature":"Another","category":"Misc","severity":3}`), line(31, "anomaly", `"anomaly":{"type":"stream"}`))
	if err := os.WriteFile(eve, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	r := checkAgainst(t, nil, source.Options{}, eve)
	if len(r.Findings) != 2 {
		t.Fatalf("findings %+v", r.Findings)
	}
	f := r.Findings[0]
	if f.By != "suricata" || f.Kind != "alert" || f.Evidence["count"] != uint64(12) || f.Evidence["signature"] != "ET MALWARE Beacon" ||
		f.Source != "10.0.0.5" || !slices.Equal(f.Destinations, []string{"198.51.100.7"}) || len(f.UIDs) != 10 || !strings.HasPrefix(f.Words, "suricata says: ") {
		t.Errorf("finding %+v", f)
	}
	for _, a := range r.Answers {
		if a.Verdict != verdict.CannotSay || len(a.Findings) != 0 {
			t.Errorf("%s: %s with findings %v", a.Question, a.Verdict, a.Findings)
		}
	}
	if r.Sight.Kinds[record.KindAlert] != 13 {
		t.Errorf("%d alerts in sight", r.Sight.Kinds[record.KindAlert])
	}
	if want := []string{"not known here: anomaly: 1"}; !slices.Equal(r.Inputs[0].Notes, want) {
		t.Errorf("notes %q, want %q", r.Inputs[0].Notes, want)
	}
}

// TestAlertsAreBounded: more different alerts than can be listed are summed up, none is lost.
func TestAlertsAreBounded(t *testing.T) {
	j, err := judge.New(judge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const all = 70000
	b := &record.Batch{ID: record.BatchID{Epoch: 1, Sequence: 1}, Span: record.Span{From: record.Hour, To: record.Hour + record.Minute}}
	for i := range all {
		b.Alerts = append(b.Alerts, record.Alert{
			Ends: record.Ends{TS: record.Hour, OrigH: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})}, By: "zeek", Signature: "Scan::Address_Scan",
		})
	}
	j.Observe(b)
	j.Observe(b) // a batch that comes twice
	r := j.At(judge.Moment{Ended: true})
	var sum uint64
	for _, f := range r.Findings {
		sum += f.Evidence["count"].(uint64)
	}
	if len(r.Findings) > 65537 || sum != all {
		t.Errorf("%d findings of %d alerts", len(r.Findings), sum)
	}
}

// TestWhatIsLeftAside: logs and lines that nobody here knows, and files that were skipped, are named and counted.
func TestWhatIsLeftAside(t *testing.T) {
	zeekLogs := t.TempDir()
	for name, text := range map[string]string{
		"conn.log":  `{"ts":100.5,"uid":"C1","id.orig_h":"10.0.0.5","id.orig_p":1,"id.resp_h":"10.0.0.6","id.resp_p":2,"proto":"tcp","conn_state":"SF"}` + "\n",
		"rdp.log":   strings.Repeat(`{"_path":"rdp","ts":101.5,"uid":"C1"}`+"\n", 3),
		"notes.txt": "nothing\n",
		"dns.log":   `{"_path":"dns","ts":101.5,"uid":"C2","id.orig_h":"10.0.0.5","id.orig_p":1` + "\n",
	} {
		if err := os.WriteFile(filepath.Join(zeekLogs, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	auth := filepath.Join(t.TempDir(), "auth.log")
	if err := os.WriteFile(auth, []byte("1970-01-01T00:02:00Z files frobnicator[3]: blip\n1970-01-01T00:02:01Z files frobnicator[3]: blop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := checkAgainst(t, nil, source.Options{Logs: map[record.Feed]string{"auth": auth}}, zeekLogs)
	notes := map[string][]string{}
	stopped := map[string]bool{}
	for _, in := range r.Inputs {
		notes[filepath.Base(in.Path)], stopped[filepath.Base(in.Path)] = in.Notes, in.Stopped != nil
	}
	if diff := cmp.Diff([]string{"not known here: rdp: 3", "left out: files that are no Zeek log: 1"}, notes[filepath.Base(zeekLogs)]); diff != "" {
		t.Errorf("notes of the folder:\n%s", diff)
	}
	if got := notes["auth.log"]; len(got) != 3 || !strings.HasSuffix(got[0], ": 2") || !strings.HasSuffix(got[1], "frobnicator[3]: blip") {
		t.Errorf("notes of the log: %q", got)
	}
	if !stopped["dns.log"] || findDefect(r, "input.damaged", "").Verdict != verdict.Yes {
		t.Errorf("damage: %v", stopped)
	}
}
