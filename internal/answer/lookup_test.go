package answer

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

func zoneUTC() *time.Location { return time.UTC }

func ends(ts, orig, resp, uid string) record.Ends {
	return record.Ends{TS: at(ts), UID: record.UID(uid), OrigH: netip.MustParseAddr(orig), RespH: netip.MustParseAddr(resp), RespP: 443, Proto: 6}
}

func connOf(e record.Ends, seconds int) record.Conn {
	return record.Conn{TS: e.TS, UID: e.UID, OrigH: e.OrigH, RespH: e.RespH, RespP: e.RespP, Proto: e.Proto, Duration: record.Time(seconds) * 1e9, Final: true, OrigBytes: 100}
}

// day is two days of a small network, in batches of an hour.
func day() []*record.Batch {
	query := record.DNS{Ends: ends("2026-11-17T14:00:00Z", "10.10.2.31", "10.20.0.53", "C1"), Query: "www.evil.example", HasReply: true, Answers: []string{"198.51.100.7"}}
	hello := record.TLS{Ends: ends("2026-11-17T14:00:01Z", "10.10.2.31", "198.51.100.7", "C2"), ServerName: "www.evil.example"}
	other := record.TLS{Ends: ends("2026-11-17T14:10:00Z", "10.10.2.32", "198.51.100.8", "C4"), ServerName: "notevil.example"}
	a := &record.Batch{
		Span: record.Span{From: at("2026-11-17T14:00:00Z"), To: at("2026-11-17T15:00:00Z")},
		DNS:  []record.DNS{query}, TLS: []record.TLS{hello, other},
		Conns: []record.Conn{
			connOf(query.Ends, 0), connOf(hello.Ends, 60), connOf(other.Ends, 60),
			connOf(ends("2026-11-17T14:20:00Z", "10.10.2.33", "198.51.100.7", "C5"), 60),
		},
	}
	open := connOf(ends("2026-11-18T13:30:00Z", "10.10.2.31", "198.51.100.9", "C6"), 1800)
	open.Final = false
	b := &record.Batch{Span: record.Span{From: at("2026-11-18T13:00:00Z"), To: at("2026-11-18T14:00:00Z")}, Conns: []record.Conn{open}}
	more := open
	more.Report, more.Final, more.Duration = 1, true, record.Time(3600)*1e9
	c := &record.Batch{Span: record.Span{From: at("2026-11-18T14:00:00Z"), To: at("2026-11-18T14:40:00Z")}, Conns: []record.Conn{more}}
	return []*record.Batch{a, b, c}
}

func lookup(t *testing.T, asked string, batches []*record.Batch) (*Found, *Understood) {
	t.Helper()
	names := bankNames()
	u, err := Understand(asked, names)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLookup(u, names.Scope, time.UTC)
	for _, b := range batches {
		l.Observe(b)
	}
	return l.Found(), u
}

func rowWords(f *Found) string {
	var out []string
	for _, r := range f.Rows {
		switch {
		case r.Conn != nil && r.ByAddress:
			out = append(out, "address:"+string(r.Conn.UID))
		case r.Conn != nil:
			out = append(out, fmt.Sprintf("conn:%s:%d", r.Conn.UID, r.Conn.OrigBytes))
		case r.DNS != nil:
			out = append(out, "dns:"+string(r.DNS.UID))
		case r.TLS != nil:
			out = append(out, "tls:"+string(r.TLS.UID))
		}
	}
	return strings.Join(out, " ")
}

func TestLookup(t *testing.T) {
	tests := []struct{ asked, want string }{
		{"who talked to 198.51.100.7?", "tls:C2 conn:C2:100 conn:C5:100"},
		{"who talked to evil.example?", "dns:C1 conn:C1:100 tls:C2 conn:C2:100 address:C5"},
		{"did 10.10.2.33 talk to evil.example?", "address:C5"},
		{"did 10.10.2.32 talk to evil.example?", ""},
		{"who talked to notevil.example?", "tls:C4 conn:C4:100"},
		{"what did 10.10.2.31 do?", "dns:C1 conn:C1:100 tls:C2 conn:C2:100 conn:C6:200"},
		{"what did 10.10.2.31 do on Tuesday 14:00-15:00?", "dns:C1 conn:C1:100 tls:C2 conn:C2:100"},
		{"what did 10.10.2.31 do on wednesday", "conn:C6:200"},
		{"what did 10.10.2.31 do today between 14:00 and 15:00", "conn:C6:200"}, // begun before, still open
		{"what did 10.10.2.31 do in the last hour", "conn:C6:200"},
		{"what did 10.10.2.31 do yesterday", "dns:C1 conn:C1:100 tls:C2 conn:C2:100"},
		{"what did 10.10.2.31 do on monday?", ""},
		{"what did branch-users do with 198.51.100.8?", "tls:C4 conn:C4:100"},
		{"what did 10.99.9.9 do?", ""},
	}
	for _, tt := range tests {
		f, _ := lookup(t, tt.asked, day())
		if got := rowWords(f); got != tt.want {
			t.Errorf("%s: %q, want %q (%s)", tt.asked, got, tt.want, f.When)
		}
	}
}

func TestLookupNamesTheOthers(t *testing.T) {
	f, _ := lookup(t, "who talked to 198.51.100.7?", day())
	if len(f.Others) != 2 || f.Others[0] != (Other{netip.MustParseAddr("10.10.2.31"), 2}) {
		t.Errorf("the other ends are %v", f.Others)
	}
}

// TestLookupIsBounded: no more rows than the bound, the others counted, and a later day still gets its rows.
func TestLookupIsBounded(t *testing.T) {
	many := func(ts string, n int) *record.Batch {
		b := &record.Batch{Span: record.Span{From: at(ts), To: at(ts) + record.Minute}}
		for i := range n {
			b.Conns = append(b.Conns, connOf(ends(ts, "10.10.2.31", "198.51.100.7", fmt.Sprint(ts, i)), 1))
		}
		return b
	}
	batches := []*record.Batch{many("2026-11-17T14:00:00Z", MaxRows+7), many("2026-11-18T14:00:00Z", 3)}
	f, _ := lookup(t, "who talked to 198.51.100.7?", batches)
	if len(f.Rows) != MaxRows || f.Left != 10 {
		t.Errorf("%d rows, %d left out, want %d and 10", len(f.Rows), f.Left, MaxRows)
	}
	f, _ = lookup(t, "who talked to 198.51.100.7 today?", batches)
	if len(f.Rows) != 3 || f.Left != 0 {
		t.Errorf("today: %d rows, %d left out, want 3 and none", len(f.Rows), f.Left)
	}
}

// TestLookupSaysWhereItIsBlind: defects of another time or segment are left aside, those that must be known are not.
func TestLookupSaysWhereItIsBlind(t *testing.T) {
	yes := func(from, to string) []verdict.Period {
		return []verdict.Period{{From: from, To: to, Verdict: verdict.Yes}}
	}
	defects := []verdict.Defect{
		{Code: verdict.VantageOutside, Verdict: verdict.Yes, Periods: yes("2026-11-17T14:00:00Z", "2026-11-17T15:00:00Z")},
		{Code: verdict.FeedOneWay, Verdict: verdict.Yes, Periods: yes("2026-11-18T14:00:00Z", "2026-11-18T15:00:00Z")},
		{Code: verdict.FeedLoss, Verdict: verdict.CannotSay},
		{Code: verdict.VolumeLow, Verdict: verdict.CannotSay},
		{Code: verdict.SegmentMissing, Subject: "servers", Verdict: verdict.Yes},
		{Code: verdict.SegmentMissing, Subject: "branch-users", Verdict: verdict.No},
		{Code: verdict.DetectorNotBuilt, Subject: "beaconing", Verdict: verdict.Yes},
	}
	f, u := lookup(t, "what did 10.10.2.31 do on Tuesday 14:00-15:00?", day())
	got := namesOf(f.Blind(u, bankNames().Scope, defects))
	if want := "vantage.outside feed.loss"; strings.Join(got, " ") != want {
		t.Errorf("blind spots are %v, want %s", got, want)
	}
}
