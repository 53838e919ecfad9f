package judge_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/flow"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/verdict"
)

// seenBy is n connections, one a second from noon on by a true clock, as a witness ahead of it reports them.
func seenBy(feed record.Feed, n int, ahead time.Duration) []record.Conn {
	noon := record.TimeOf(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	out := make([]record.Conn, n)
	for i := range out {
		out[i] = record.Conn{
			TS: noon + record.Time(i)*1e9 + record.Time(ahead), Feed: feed, Proto: 6, History: "ShADadFf", Final: true,
			OrigH: netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), OrigP: uint16(1024 + i),
			RespH: netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), RespP: 443,
		}
	}
	return out
}

// clocksOf judges connections that come in batches of some size, with a sight for each witness and minute.
func clocksOf(t *testing.T, conns []record.Conn, size int) []string {
	t.Helper()
	j, err := judge.New(judge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	seq := uint64(0)
	for len(conns) > 0 {
		n := min(size, len(conns))
		seq++
		b := &record.Batch{ID: record.BatchID{Epoch: 1, Sequence: seq}, Conns: conns[:n]}
		for i := range b.Conns {
			c := &b.Conns[i]
			b.Span.Extend(c.TS)
			m := c.TS.Floor(record.Minute)
			s := record.Sight{Span: record.Span{From: m, To: m + record.Minute}, Minutes: 1, Feed: c.Feed, Carries: record.CarriesConns}
			if c.Feed == "" {
				s.Carries = record.CarriesAll
			}
			b.Sight = append(b.Sight, s)
		}
		j.Observe(b)
		j.Observe(b) // twice
		conns = conns[n:]
	}
	r := j.At(judge.Moment{Ended: true})
	if again := j.At(judge.Moment{Ended: true}); cmp.Diff(r.Defects, again.Defects) != "" {
		t.Error("asked again, the judge says something else")
	}
	var out []string
	for i := range r.Defects {
		if d := &r.Defects[i]; d.Code == verdict.ClockSkew {
			out = append(out, fmt.Sprintf("%s %s now %s %v %v %s", d.Name(), d.Verdict, d.Now, d.Periods, d.Signs, d.Needs))
		}
	}
	return out
}

// TestClocksDoNotDependOnTheOrder: more connections than are remembered, in any order and cutting.
func TestClocksDoNotDependOnTheOrder(t *testing.T) {
	const n = 30000
	all := append(append(seenBy("", n, 0), seenBy("zeek", n, 5*time.Minute)...), seenBy("suricata", n/10, 0)...)
	want := clocksOf(t, all, 4096)
	if len(want) != 2 || !strings.HasPrefix(want[0], "clock.skew:suricata no now") || !strings.HasPrefix(want[1], "clock.skew:zeek yes now yes") {
		t.Fatalf("%q", want)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		random.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		if diff := cmp.Diff(want, clocksOf(t, all, 1000+random.IntN(5000))); diff != "" {
			t.Errorf("another order (-want +got):\n%s", diff)
		}
	}
}

// TestClocksNeedTheSameConnection: what was under way before, what comes back, and what only one reports says nothing of clocks.
func TestClocksNeedTheSameConnection(t *testing.T) {
	const n = 100
	for name, change := range map[string]func(c *record.Conn){
		"under way before":    func(c *record.Conn) { c.History = "DdAa" },
		"an exchange of ICMP": func(c *record.Conn) { c.Proto = 1 },
		"a later report":      func(c *record.Conn) { c.Report = 1 },
		"translated":          func(c *record.Conn) { c.OrigH = netip.MustParseAddr("203.0.113.16") },
	} {
		t.Run(name, func(t *testing.T) {
			zeek := seenBy("zeek", n, time.Hour)
			for i := range zeek {
				change(&zeek[i])
			}
			if got := clocksOf(t, append(seenBy("", n, 0), zeek...), n); len(got) != 1 || !strings.HasPrefix(got[0], "clock.skew:zeek cannot_say") {
				t.Errorf("%q", got)
			}
		})
	}
	t.Run("twice the same ends", func(t *testing.T) {
		zeek := seenBy("zeek", n, time.Hour)
		again := append(seenBy("", n, 0), seenBy("", n, 10*time.Minute)...)
		if got := clocksOf(t, append(again, zeek...), n); !strings.HasPrefix(got[0], "clock.skew:zeek cannot_say") {
			t.Errorf("%q", got)
		}
	})
	t.Run("the other way round", func(t *testing.T) {
		zeek := seenBy("zeek", n, time.Hour)
		for i := range zeek {
			c := &zeek[i]
			c.OrigH, c.RespH, c.OrigP, c.RespP = c.RespH, c.OrigH, c.RespP, c.OrigP
		}
		if got := clocksOf(t, append(seenBy("", n, 0), zeek...), n); !strings.HasPrefix(got[0], "clock.skew:zeek yes") {
			t.Errorf("%q", got)
		}
	})
}

// TestClockOfALog: a packet filter's log names both ends of connections; what it writes without a zone is in local time.
func TestClockOfALog(t *testing.T) {
	path := shared(t, "data", "labs", "A-core.pcap.zst")
	a := parsed(t, shared(t, "data", "labs", "site-a.yaml"), "  - {id: dns,  => "+"  - {id: fw, kind: log}\n  - {id: dns, ")
	src, err := source.Open(t.Context(), []string{path}, source.Options{Scope: scopeOf(t, a), Flow: flow.DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var conns []record.Conn
	for b, err := src.Next(t.Context()); err == nil; b, err = src.Next(t.Context()) {
		conns = append(conns, b.Conns...)
	}
	write := func(layout string, late time.Duration) string {
		var log strings.Builder
		for i := range conns {
			if c := &conns[i]; c.Report == 0 {
				fmt.Fprintf(&log, "%s gate kernel: [UFW ALLOW] IN=a OUT=b SRC=%s DST=%s PROTO=%d SPT=%d DPT=%d\n",
					(c.TS + record.Time(late)).Std().Format(layout), c.OrigH, c.RespH, c.Proto, c.OrigP, c.RespP)
			}
		}
		return log.String()
	}
	for name, c := range map[string]struct {
		log  string
		want verdict.Verdict
		says string
		note string
	}{
		"in time":         {write(time.RFC3339Nano, 20*time.Millisecond), verdict.No, "agree", ""},
		"local time":      {write("2006-01-02T15:04:05.000", time.Hour), verdict.Yes, "rather a time zone", "without a zone"},
		"a minute early":  {write(time.RFC3339Nano, -time.Minute), verdict.Yes, "of the packets are the later", ""},
		"written later":   {write(time.RFC3339Nano, 30*time.Second), verdict.CannotSay, "when they are written", ""},
		"one end only":    {authLog(conns[0].TS.Std(), conns[0].TS.Std().Add(10*time.Minute), time.Second), verdict.CannotSay, "names both ends", ""},
		"hardly any line": {strings.Join(strings.SplitAfterN(write(time.RFC3339Nano, time.Hour), "\n", 20)[:19], ""), verdict.CannotSay, "50 are needed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "fw.log")
			if err := os.WriteFile(file, []byte(c.log), 0o600); err != nil {
				t.Fatal(err)
			}
			r := checkAgainst(t, a, source.Options{Logs: map[record.Feed]string{"fw": file}}, path)
			d := findDefect(r, "clock.skew", "fw")
			if d == nil || d.Verdict != c.want || !strings.Contains(strings.ReplaceAll(d.Words, "packets are", "the packets are")+d.Needs, c.says) {
				t.Errorf("%+v", d)
			}
			if notes := strings.Join(r.Inputs[1].Notes, "\n"); strings.Contains(notes, "without a zone") != (c.note != "") {
				t.Errorf("notes %q", notes)
			}
		})
	}
}
