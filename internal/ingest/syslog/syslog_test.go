package syslog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/ingest"
	"candor/internal/record"
	"candor/internal/sight"
)

var addrs = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func ip(a string) netip.Addr { return netip.MustParseAddr(a) }

func at(s string) record.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return record.TimeOf(t)
}

type told struct {
	record.Batch
	account ingest.Account
	status  []record.Input
}

func readLines(t testing.TB, opts ingest.Options, kinds []ingest.Kind, lines ...string) told {
	t.Helper()
	opts.Feed = "auth"
	opts.Sight = sight.New(record.AssumedScope(), "", opts.Feed)
	r := newReader(ingest.FromReader("auth.log", bytes.NewReader([]byte(strings.Join(lines, "\n")))), opts, kinds)
	var out told
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
	return out
}

func TestText(t *testing.T) {
	const head = "Oct  7 22:14:15 web1 "
	when := at("2024-10-07T20:14:15Z") // the logs' clock is two hours ahead
	for name, c := range map[string]struct {
		line string
		want record.Log // Format, Feed and Message are filled in
	}{
		"password accepted":       {head + "sshd[99]: Accepted password for alice from 192.0.2.7 port 4711 ssh2", record.Log{TS: when, User: "alice", Src: ip("192.0.2.7"), Action: "login", Result: "success"}},
		"key accepted":            {head + "sshd[99]: Accepted publickey for alice from 2001:db8::7 port 4711 ssh2: ED25519 SHA256:x", record.Log{TS: when, User: "alice", Src: ip("2001:db8::7"), Action: "login", Result: "success"}},
		"new sshd's name":         {head + "sshd-session[99]: Failed password for root from 192.0.2.7 port 4711 ssh2", record.Log{TS: when, User: "root", Src: ip("192.0.2.7"), Action: "login", Result: "failure"}},
		"invalid user's password": {head + "sshd[99]: Failed password for invalid user admin from 192.0.2.7 port 4711 ssh2", record.Log{TS: when, User: "admin", Src: ip("192.0.2.7"), Action: "login", Result: "failure"}},
		"a name with from in it":  {head + "sshd[99]: Failed password for invalid user x from 198.51.100.1 from 192.0.2.7 port 4711 ssh2", record.Log{TS: when, User: "x from 198.51.100.1", Src: ip("192.0.2.7"), Action: "login", Result: "failure"}},
		"an empty name":           {head + "sshd[99]: Invalid user from 192.0.2.7 port 4711", record.Log{TS: when, Src: ip("192.0.2.7"), Action: "login", Result: "failure"}},
		"too many tries":          {head + "sshd[99]: error: maximum authentication attempts exceeded for root from 192.0.2.7 port 4711 ssh2 [preauth]", record.Log{TS: when, User: "root", Src: ip("192.0.2.7"), Action: "login", Result: "failure"}},
		"closed before login":     {head + "sshd[99]: Connection closed by authenticating user root 192.0.2.7 port 4711 [preauth]", record.Log{TS: when, User: "root", Src: ip("192.0.2.7"), Action: "connect"}},
		"disconnected":            {head + "sshd[99]: Disconnected from user alice 192.0.2.7 port 4711", record.Log{TS: when, User: "alice", Src: ip("192.0.2.7"), Action: "logout"}},
		"PAM session":             {head + "sshd[99]: pam_unix(sshd:session): session opened for user alice(uid=1000) by (uid=0)", record.Log{TS: when, User: "alice", Action: "login", Result: "success"}},
		"PAM session ends":        {head + "systemd: pam_unix(systemd-user:session): session closed for user alice", record.Log{TS: when, User: "alice", Action: "logout", Result: "success"}},
		"PAM of sudo":             {head + "sudo: pam_unix(sudo:session): session opened for user root by alice(uid=0)", record.Log{TS: when, User: "root", Action: "elevate", Result: "success"}},
		"PAM failure":             {head + "sshd[99]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=root", record.Log{TS: when, User: "root", Src: ip("192.0.2.7"), Action: "login", Result: "failure"}},
		"sudo":                    {head + "sudo:    alice : TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND=/usr/bin/id", record.Log{TS: when, User: "alice", Action: "elevate", Result: "success"}},
		"sudo refused":            {head + "sudo:    alice : user NOT in sudoers ; TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND=/usr/bin/id", record.Log{TS: when, User: "alice", Action: "elevate", Result: "failure"}},
		"packet filter blocks":    {head + "kernel: [12.5] [UFW BLOCK] IN=eth0 OUT= MAC=aa SRC=192.0.2.7 DST=10.1.0.5 LEN=40 PROTO=TCP SPT=1 DPT=23", record.Log{TS: when, Src: ip("192.0.2.7"), Dst: ip("10.1.0.5"), Action: "connect", Result: "blocked"}},
		"packet filter, accepted": {head + "kernel: fw-accept: IN=eth0 OUT=eth1 SRC=2001:db8::7 DST=2001:db8::1 LEN=40", record.Log{TS: when, Src: ip("2001:db8::7"), Dst: ip("2001:db8::1"), Action: "connect", Result: "allowed"}},
		"packet filter, no word":  {head + "kernel: seen IN=eth0 OUT= SRC=192.0.2.7 DST=10.1.0.5", record.Log{TS: when, Src: ip("192.0.2.7"), Dst: ip("10.1.0.5"), Action: "connect"}},
		"with a priority":         {"<38>" + head + "sshd[99]: Accepted password for alice from 192.0.2.7 port 1", record.Log{TS: when, User: "alice", Src: ip("192.0.2.7"), Action: "login", Result: "success"}},
		"with a year":             {"Oct  7 2021 22:14:15 web1 sshd[99]: Accepted password for alice from 192.0.2.7 port 1", record.Log{TS: at("2021-10-07T20:14:15Z"), User: "alice", Src: ip("192.0.2.7"), Action: "login", Result: "success"}},
		"RFC 5424":                {`<38>1 2024-10-07T22:14:15.003+02:00 web1 sshd 99 ID1 [a b="x ] \" y"][c] ` + "\xef\xbb\xbfAccepted password for alice from 192.0.2.7 port 1", record.Log{TS: when + 3e6, User: "alice", Src: ip("192.0.2.7"), Action: "login", Result: "success"}},
		"RFC 5424 without data":   {"<38>1 2024-10-07T20:14:15Z web1 sshd - - - Accepted password for alice from 192.0.2.7 port 1", record.Log{TS: when, User: "alice", Src: ip("192.0.2.7"), Action: "login", Result: "success"}},
		"ISO time stamp":          {"2024-10-07T22:14:15.5+02:00 web1 sshd[9]: Accepted password for alice from 192.0.2.7 port 1", record.Log{TS: when + 5e8, User: "alice", Src: ip("192.0.2.7"), Action: "login", Result: "success"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, ingest.Options{Year: 2024, Offset: 2 * record.Hour}, nil, c.line)
			if len(got.Logs) != 1 {
				t.Fatalf("%+v", got.account)
			}
			if !strings.HasSuffix(c.line, got.Logs[0].Message) || len(got.Logs[0].Message) < 10 {
				t.Errorf("message %q", got.Logs[0].Message)
			}
			c.want.Format, c.want.Feed, c.want.Host, c.want.Message = "syslog", "auth", "web1", got.Logs[0].Message
			if diff := cmp.Diff(c.want, got.Logs[0], addrs); diff != "" {
				t.Error(diff)
			}
			if len(got.account.Unknown) != 0 || got.account.Damaged != 0 {
				t.Errorf("%+v", got.account)
			}
		})
	}
}

// TestYear: a time stamp without a year takes the given one, else that of the window's start, else it is damage; over new year
// it goes on.
func TestYear(t *testing.T) {
	lines := []string{"Dec 31 23:59:59 h sshd[1]: Invalid user a from 192.0.2.7", "Jan  1 00:00:01 h sshd[1]: Invalid user b from 192.0.2.7", "Feb 29 00:00:00 h sshd[1]: Invalid user c from 192.0.2.7"}
	for name, c := range map[string]struct {
		opts    ingest.Options
		want    []record.Time
		damaged uint64
	}{
		"given":     {ingest.Options{Year: 2023}, []record.Time{at("2023-12-31T23:59:59Z"), at("2024-01-01T00:00:01Z"), at("2024-02-29T00:00:00Z")}, 0},
		"by window": {ingest.Options{From: at("2023-12-01T00:00:00Z")}, []record.Time{at("2023-12-31T23:59:59Z"), at("2024-01-01T00:00:01Z"), at("2024-02-29T00:00:00Z")}, 0},
		"no leap":   {ingest.Options{Year: 2024}, []record.Time{at("2024-12-31T23:59:59Z"), at("2025-01-01T00:00:01Z")}, 1},
		"not known": {ingest.Options{}, nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, c.opts, nil, lines...)
			var times []record.Time
			for _, l := range got.Logs {
				times = append(times, l.TS)
			}
			if diff := cmp.Diff(c.want, times); diff != "" || got.account.Damaged != c.damaged {
				t.Errorf("%s\n%+v", diff, got.account)
			}
		})
	}
}

// TestUnknown: what is not understood is told without a meaning, counted and shown; what has no time is damage.
func TestUnknown(t *testing.T) {
	got := readLines(t, ingest.Options{Year: 2024}, nil,
		"Oct  7 22:14:15 web1 CRON[7]: (root) CMD (run-parts)", "Oct  7 22:14:16 web1 CRON[7]: (root) CMD (x)", "Oct  7 22:14:17 web1 no program here", "hello", `{"EventTime":"2024-10-07 22:14:18","EventID":4672}`)
	if len(got.Logs) != 4 || got.Logs[0].Action != "" || got.Logs[0].Host != "web1" || got.Logs[0].Message != "(root) CMD (run-parts)" {
		t.Errorf("%+v", got.Logs)
	}
	if diff := cmp.Diff(map[string]uint64{"CRON": 2, "(no program)": 1, "event 4672": 1}, got.account.Unknown); diff != "" {
		t.Error(diff)
	}
	if len(got.account.Shown) != 4 || !strings.Contains(got.account.Shown[0].Text, "run-parts") || got.account.Damaged != 1 || got.account.Damage[0].Line != 4 {
		t.Errorf("%+v", got.account)
	}
	if got.Sight[0].Counts[record.LogLines] != 4 || got.Sight[0].Carries != record.CarriesLogs {
		t.Errorf("%d lines, carries %v", got.Sight[0].Counts[record.LogLines], got.Sight[0].Carries.Names())
	}
}

func TestWindows(t *testing.T) {
	when := at("2024-10-07T20:14:15.25Z")
	logon := func(action, result, message string) record.Log {
		return record.Log{TS: when, Feed: "auth", Format: "windows_json", Host: "DC1", User: "alice", Src: ip("192.0.2.7"), Action: action, Result: result, Message: message}
	}
	beat := func(id, data string) string {
		return `{"@timestamp":"2024-10-07T20:14:15.250Z","host":{"name":"collector"},"event":{"code":"` + id + `"},"winlog":{"event_id":` + id + `,"computer_name":"DC1","channel":"Security","event_data":{"TargetUserName":"alice","TargetDomainName":"X","IpAddress":"::ffff:192.0.2.7"` + data + `}}}`
	}
	for name, c := range map[string]struct {
		line string
		want record.Log
	}{
		"Winlogbeat 7, login":     {beat("4624", `,"LogonType":"3"`), logon("login", "success", "event 4624, logon type 3")},
		"Winlogbeat 7, failure":   {beat("4625", `,"LogonType":"10","Status":"0xc000006d"`), logon("login", "failure", "event 4625, logon type 10, status 0xc000006d")},
		"Winlogbeat 6":            {`{"@timestamp":"2024-10-07T20:14:15.250Z","computer_name":"DC1","event_id":4634,"event_data":{"TargetUserName":"alice","IpAddress":"192.0.2.7"}}`, logon("logout", "success", "event 4634")},
		"NXLog, local time":       {`{"EventTime":"2024-10-07 22:14:15.25","Hostname":"DC1","EventID":4648,"TargetUserName":"alice","IpAddress":"192.0.2.7","IpPort":"0"}`, logon("elevate", "", "event 4648")},
		"Event XML, names inside": {`{"Event":{"System":{"EventID":{"#text":"4768","@Qualifiers":""},"TimeCreated":{"@SystemTime":"2024-10-07T20:14:15.2500000Z"},"Computer":"DC1"},"EventData":{"Data":[{"@Name":"TargetUserName","#text":"alice"},{"@Name":"IpAddress","#text":"::ffff:192.0.2.7"},{"@Name":"Status","#text":"0x0"}]}}}`, logon("ticket", "success", "event 4768, status 0x0")},
		"Event XML, text first":   {`{"Event":{"System":{"EventID":4771,"TimeCreated":{"#attributes":{"SystemTime":"2024-10-07T20:14:15.25Z"}},"Computer":"DC1"},"EventData":{"Data":[{"#text":"alice","@Name":"TargetUserName"},{"#text":"192.0.2.7","@Name":"IpAddress"}]}}}`, logon("ticket", "failure", "event 4771")},
		"Event XML, as fields":    {`{"Event":{"System":{"EventID":4769,"TimeCreated":{"#attributes":{"SystemTime":"2024-10-07T20:14:15.25Z"}},"Computer":"DC1"},"EventData":{"TargetUserName":"alice","IpAddress":"192.0.2.7","Status":"0x12"}}}`, logon("ticket", "failure", "event 4769, status 0x12")},
		"PowerShell's dates":      {`{"TimeCreated":"/Date(1728332055250)/","EventID":4740,"Computer":"DC1","TargetUserName":"alice","IpAddress":"192.0.2.7"}`, logon("lockout", "success", "event 4740")},
		"NTLM without status":     {beat("4776", ``), logon("login", "", "event 4776")},
		"no address": {strings.Replace(beat("4776", `,"Status":"0x0"`), "::ffff:192.0.2.7", "-", 1), func() record.Log {
			l := logon("login", "success", "event 4776, status 0x0")
			l.Src = netip.Addr{}
			return l
		}()},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, ingest.Options{Offset: 2 * record.Hour}, nil, c.line)
			if diff := cmp.Diff([]record.Log{c.want}, got.Logs, addrs); diff != "" {
				t.Errorf("%s\n%+v", diff, got.account)
			}
		})
	}
}

func TestCEFAndLEEF(t *testing.T) {
	when := at("2024-10-07T20:14:15.25Z")
	for name, c := range map[string]struct {
		line string
		want record.Log
	}{
		"CEF": {
			`CEF:0|V|P\|x|1|100|Login \| failed|5|rt=1728332055250 src=192.0.2.7 dst=10.1.0.5 suser=alice smith duser=bob dvchost=fw1 act=deny outcome=Failure msg=a\=b c=d`,
			record.Log{TS: when, Format: "cef", Host: "fw1", User: "alice smith", Src: ip("192.0.2.7"), Dst: ip("10.1.0.5"), Action: "deny", Result: "failure", Message: "a=b"},
		},
		"CEF in syslog, times of its header": {
			"<13>Oct  7 22:14:15 fw2 CEF:0|V|P|1|100|Name|5|duser=bob",
			record.Log{TS: at("2024-10-07T20:14:15Z"), Format: "cef", Host: "fw2", User: "bob", Action: "Name", Message: "Name"},
		},
		"CEF, time as text": {
			"CEF:0|V|P|1|100|Name|5|start=Oct 07 2024 22:14:15.250 end=Oct 07 2024 23:14:15 msg=hello world",
			record.Log{TS: when, Format: "cef", Action: "Name", Message: "hello world"},
		},
		"CEF, UTC": {
			"CEF:0|V|P|1|100|Name|5|rt=Oct 07 2024 20:14:15.250 UTC",
			record.Log{TS: when, Format: "cef", Action: "Name", Message: "Name"},
		},
		"LEEF 1": {
			"LEEF:1.0|V|P|1|Logon|devTime=1728332055250\tsrc=192.0.2.7\tdst=10.1.0.5\tusrName=alice\tidentHostName=pc\tmsg=a b=c",
			record.Log{TS: when, Format: "leef", Host: "pc", User: "alice", Src: ip("192.0.2.7"), Dst: ip("10.1.0.5"), Action: "Logon", Message: "a b=c"},
		},
		"LEEF 2, its own delimiter": {
			"LEEF:2.0|V|P|1|Logon|^|devTime=2024-10-07T20:14:15.25Z^usrName=alice",
			record.Log{TS: when, Format: "leef", User: "alice", Action: "Logon", Message: "Logon"},
		},
		"LEEF 2, delimiter in hexadecimal": {
			"LEEF:2.0|V|P|1|Logon|0x7c|devTime=1728332055250|usrName=alice",
			record.Log{TS: when, Format: "leef", User: "alice", Action: "Logon", Message: "Logon"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, ingest.Options{Year: 2024, Offset: 2 * record.Hour}, nil, c.line)
			c.want.Feed = "auth"
			if diff := cmp.Diff([]record.Log{c.want}, got.Logs, addrs); diff != "" {
				t.Errorf("%s\n%+v", diff, got.account)
			}
		})
	}
}

// TestDamage: lines that cannot be read are named; lines of a form that was not asked for are damage.
func TestDamage(t *testing.T) {
	for name, c := range map[string]struct {
		kinds         []ingest.Kind
		line, because string
	}{
		"cut JSON":          {nil, `{"EventID":4624,"Even`, "the JSON object is cut off"},
		"no time":           {nil, `{"EventID":4624}`, "no time that can be read"},
		"no event":          {nil, `{"EventTime":"2024-10-07 22:14:15"}`, "no form that is read here"},
		"CEF without time":  {nil, "CEF:0|V|P|1|100|Name|5|src=192.0.2.7", "no time that can be read"},
		"CEF cut off":       {nil, "CEF:0|V|P|1", "no form that is read here"},
		"LEEF cut off":      {nil, "LEEF:2.0|V", "no form that is read here"},
		"February 30":       {nil, "Feb 30 22:14:15 h p: m", "no time that can be read"},
		"a time too late":   {nil, "Oct  7 25:14:15 h p: m", "no time that can be read"},
		"RFC 5424, no time": {nil, "<1>1 - h p - - - m", "no time that can be read"},
		"not asked for":     {[]ingest.Kind{ingest.WindowsJSON}, "Oct  7 22:14:15 h p: m", "no form that is read here"},
		"nor JSON":          {[]ingest.Kind{ingest.Syslog}, `{"EventTime":"2024-10-07 22:14:15","EventID":1}`, "no form that is read here"},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, ingest.Options{Year: 2024}, c.kinds, c.line)
			stopped := got.status[0].Stopped
			if len(got.Logs) != 0 || got.account.Damaged != 1 || stopped == nil || !strings.Contains(stopped.Because, c.because) {
				t.Errorf("%+v %+v", got.account, stopped)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		data  string
		kinds []ingest.Kind
		ok    bool
	}{
		"auth.log": {"Oct  7 22:14:15 h sshd[1]: hello\n", nil, true},
		"win.json": {`{"EventTime":"2024-10-07 22:14:15","EventID":1}`, nil, true},
		"conn.log": {"#separator \\x09\n", nil, false},
		"asked":    {"what the operator says is a log", []ingest.Kind{ingest.Syslog}, true},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.data), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(context.Background(), path, ingest.Options{}, c.kinds...)
		if c.ok != (err == nil) || err != nil && !errors.Is(err, ingest.ErrNotReadable) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// checkTold holds for any input: every line is a record or damage, and no message is endless.
func checkTold(t *testing.T, got told) {
	t.Helper()
	if a := got.account; a.Records+a.Damaged != a.Lines {
		t.Fatalf("%d lines, %d records, %d damaged", a.Lines, a.Records, a.Damaged)
	}
	for i := range got.Logs {
		if l := &got.Logs[i]; l.TS < record.FirstTime || len(l.Message) > 4*maxMessage || l.Format == "" {
			t.Fatalf("%+v", l)
		}
	}
}

// FuzzSyslog reads any bytes as lines of syslog text.
func FuzzSyslog(f *testing.F) {
	f.Add([]byte("<38>Oct  7 22:14:15 web1 sshd[99]: Failed password for invalid user a from b from 192.0.2.7 port 1 ssh2"))
	f.Add([]byte("Oct 17 2024 22:14:15 h kernel: [UFW BLOCK] IN=eth0 OUT= SRC=1.2.3.4 DST=::1"))
	f.Add([]byte(`<1>1 2024-10-07T22:14:15Z h p - - [a b="\]"] pam_unix(sshd:auth): authentication failure; rhost=1.2.3.4 user=x`))
	f.Add([]byte("2024-10-07T22:14:15+02:00 h sudo: a : TTY=x ; COMMAND=y\nDec 31 00:00:00 h p: m\nJan  1 00:00:00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkTold(t, readLines(t, ingest.Options{Year: 2024, Offset: record.Hour}, []ingest.Kind{ingest.Syslog}, string(data)))
	})
}

// FuzzWindows reads any bytes as Windows events.
func FuzzWindows(f *testing.F) {
	f.Add([]byte(`{"@timestamp":"2024-10-07T20:14:15Z","winlog":{"event_id":4625,"event_data":{"Status":"0x0","IpAddress":"::1"}}}`))
	f.Add([]byte(`{"Event":{"System":{"EventID":{"#text":4768},"TimeCreated":"/Date(1728332055250)/"},"EventData":{"Data":[{"#text":"a","@Name":"TargetUserName"}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkTold(t, readLines(t, ingest.Options{}, []ingest.Kind{ingest.WindowsJSON}, string(data)))
	})
}

// FuzzCEF reads any bytes as CEF and LEEF.
func FuzzCEF(f *testing.F) {
	f.Add([]byte(`CEF:0|V|P\|x|1|100|N|5|rt=1728332055250 suser=a b msg=a\=b c=d`))
	f.Add([]byte("<1>Oct  7 22:14:15 h LEEF:2.0|V|P|1|L|x09|devTime=Oct 07 2024 22:14:15.250 UTC\tusrName=a"))
	f.Add([]byte("LEEF:2.0|V|P|1|L|^|a=b^src=::1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkTold(t, readLines(t, ingest.Options{Year: 2024}, []ingest.Kind{ingest.CEF, ingest.LEEF}, string(data)))
	})
}
