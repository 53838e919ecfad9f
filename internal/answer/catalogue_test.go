package answer

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"candor/internal/record"
	"candor/internal/verdict"
)

func bankNames() *Names {
	return &Names{
		Scope: &record.Scope{
			Segments: []record.ScopeSegment{
				{ID: "branch-users", Kind: record.Clients, Networks: []netip.Prefix{netip.MustParsePrefix("10.10.0.0/16")}},
				{ID: "servers", Kind: record.Servers, Networks: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}},
			},
			OwnPublic: []netip.Prefix{netip.MustParsePrefix("203.0.113.16/28")},
		},
		Hosts: map[string][]netip.Addr{"core-db": {netip.MustParseAddr("10.20.0.31")}},
	}
}

// TestUnderstand is the wording of people. A want of a question or lookup, then subject > peer.
func TestUnderstand(t *testing.T) {
	tests := []struct{ asked, want string }{
		{"is 10.1.2.3 beaconing?", "beaconing 10.1.2.3"},
		{"do you see any beaconing?", "beaconing"},
		{"Is anything calling home?", "beaconing"},
		{"does any machine phone home", "beaconing"},
		{"Any C2 traffic?", "beaconing"},
		{"is there command-and-control or command and control?", "beaconing"},
		{"Is 10.1.2.3 beaconing to evil.example?", "beaconing 10.1.2.3 > evil.example"},
		{"is anybody beaconing to 198.51.100.7", "beaconing > 198.51.100.7"},
		{"beaconing", "beaconing"},
		{"sign_in_attacks", "sign_in_attacks"},
		{"are we infected?", "botnet"},
		{"Is any infected machine beaconing?", "beaconing"},
		{"are we part of a botnet", "botnet"},
		{"Have we been hacked?", "botnet"},
		{"are we clean?", "botnet"},
		{"is core-db compromised?", "botnet core-db"},
		{"is anyone tunneling data over DNS?", "dns_tunnel"},
		{"is data leaving through dns", "dns_tunnel"},
		{"does anybody hide a tunnel?", "dns_tunnel"},
		{"any ICMP tunnels?", "botnet"},
		{"any generated domain names?", "dga"},
		{"are there DGA lookups from 10.10.2.31?", "dga 10.10.2.31"},
		{"was anybody scanning?", "scanning"},
		{"was there a port scan yesterday?", "scanning"},
		{"is 10.10.2.31 scanning?", "scanning 10.10.2.31"},
		{"who scanned 10.20.0.31?", "scanning > 10.20.0.31"},
		{"was 10.20.0.31 scanned?", "scanning > 10.20.0.31"},
		{"was 10.20.0.31 scanned by 10.10.2.31?", "scanning 10.10.2.31 > 10.20.0.31"},
		{"any scans in branch-users?", "scanning branch-users"},
		{"any scans from segment servers", "scanning servers"},
		{"any data leaving?", "exfiltration"},
		{"Are we leaking data?", "exfiltration"},
		{"is somebody stealing files", "exfiltration"},
		{"did core-db upload more than usual?", "exfiltration core-db"},
		{"does anything talk to known bad addresses?", "known_bad"},
		{"any hits on the threat list?", "known_bad"},
		{"did 10.10.2.31 contact a malicious domain", "known_bad 10.10.2.31"},
		{"are there long connections?", "long_connections"},
		{"what connections stay open for hours", "long_connections"},
		{"is there lateral movement?", "lateral_movement"},
		{"is anything spreading in 10.10.0.0/16?", "lateral_movement 10.10.0.0/16"},
		{"is somebody guessing passwords?", "sign_in_attacks"},
		{"brute force against core-db?", "sign_in_attacks > core-db"},
		{"any failed logins?", "sign_in_attacks"},
		{"who talked to 198.51.100.7?", "who > 198.51.100.7"},
		{"who talked to evil.example?", "who > evil.example"},
		{"Who contacted 198.51.100.7:443", "who > 198.51.100.7"},
		{"has anyone visited www.Evil.example.?", "who > www.evil.example"},
		{"did 10.10.2.31 talk to evil.example?", "who 10.10.2.31 > evil.example"},
		{"which machines connected to 2001:db8::7?", "who > 2001:db8::7"},
		{"what did 10.1.2.3 do on Tuesday 14:00-15:00?", "what 10.1.2.3"},
		{"what did host BR2-TELLER-07 do today", "what BR2-TELLER-07"},
		{"what was core-db doing between 14:00 and 15:00?", "what core-db"},
		{"is HR-LAPTOP beaconing?", "beaconing HR-LAPTOP"},
		{"is there East-West movement?", "lateral_movement"},
		{"show me the activity of 10.1.2.3", "what 10.1.2.3"},
		{"what happened on 10.1.2.3 in the last hour?", "what 10.1.2.3"},
	}
	for _, tt := range tests {
		t.Run(tt.asked, func(t *testing.T) {
			u, err := Understand(tt.asked, bankNames())
			if err != nil {
				t.Fatal(err)
			}
			got := string(u.Question) + u.Lookup
			if u.Subject.Kind != SubjectAll {
				got += " " + u.Subject.Text
			}
			if u.Peer.Kind != SubjectAll {
				got += " > " + u.Peer.Text
			}
			if got != tt.want {
				t.Errorf("understood as %q (by %v), want %q", got, u.Matched, tt.want)
			}
			if len(u.Matched) == 0 || !strings.HasSuffix(u.Words(), "?") {
				t.Errorf("matched %v, in words %q", u.Matched, u.Words())
			}
			again, err := Understand(tt.asked, bankNames())
			if err != nil || again.Words() != u.Words() {
				t.Errorf("the second time it reads %q (%v)", again.Words(), err)
			}
		})
	}
}

func TestNotUnderstood(t *testing.T) {
	tests := []struct{ asked, why string }{
		{"", "no word"},
		{"?!", "no word"},
		{"will it rain?", "none of its words"},
		{"10.1.2.3", "none of its words"},
		{"who talked?", "none of its words"},
		{"any beaconing or scanning?", "several questions at once: beaconing, scanning"},
		{"was there beaconing in the morning?", `the time "morning"`},
		{"beaconing on monday or tuesday", "two days"},
		{"beaconing in the last hour on tuesday", "two things"},
		{"what did 10.1.2.3 and 10.1.2.4 do?", "more than two ends"},
		{strings.Repeat("beaconing ", 200), "at most"},
	}
	for _, tt := range tests {
		u, err := Understand(tt.asked, bankNames())
		var e *NotUnderstood
		if !errors.As(err, &e) || !strings.Contains(e.Why, tt.why) {
			t.Errorf("%q: understood as %+v, error %v; want %q", tt.asked, u, err, tt.why)
		}
	}
}

// TestExamplesAreUnderstood: whatever the catalogue shows as an example works, and as the question that it stands for.
func TestExamplesAreUnderstood(t *testing.T) {
	for _, e := range Catalogue() {
		if u, err := Understand(e.Example, bankNames()); err != nil || u.Question != e.Question {
			t.Errorf("%s: %q is understood as %v (%v)", e.Question, e.Example, u, err)
		}
		if strings.Count(e.Ask, "%s") != 1 {
			t.Errorf("%s: %q names nobody", e.Question, e.Ask)
		}
	}
	for _, e := range Examples() {
		if u, err := Understand(e, bankNames()); err != nil || u.Lookup == "" {
			t.Errorf("%q is understood as %v (%v)", e, u, err)
		}
	}
	if len(Catalogue()) != len(verdict.Questions()) {
		t.Errorf("%d entries for %d questions", len(Catalogue()), len(verdict.Questions()))
	}
}

func TestNotesAndIgnored(t *testing.T) {
	u, err := Understand("is nobody beaconing frobnicating", bankNames())
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Notes) != 1 || !slices.Equal(u.Ignored, []string{"frobnicating"}) {
		t.Errorf("notes %v, ignored %v", u.Notes, u.Ignored)
	}
}

func at(text string) record.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return record.TimeOf(t)
}

// TestWhen: times are read in the zone of the agreement, weekdays as the last such day that was observed.
func TestWhen(t *testing.T) {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	window := record.Span{From: at("2026-11-09T06:00:00Z"), To: at("2026-11-18T21:30:00Z")} // Monday to the Wednesday after, 15:30 there
	tests := []struct{ asked, from, to string }{
		{"beaconing on Tuesday 14:00-15:00", "2026-11-17T20:00:00Z", "2026-11-17T21:00:00Z"},
		{"beaconing on tuesday between 2pm and 3:30 pm", "", ""},
		{"beaconing on tue from 2pm to 3:30pm", "2026-11-17T20:00:00Z", "2026-11-17T21:30:00Z"},
		{"beaconing on Wednesday", "2026-11-18T06:00:00Z", "2026-11-19T06:00:00Z"},
		{"beaconing on friday since 22:00", "2026-11-14T04:00:00Z", "2026-11-14T06:00:00Z"},
		{"beaconing on friday until 08:00", "2026-11-13T06:00:00Z", "2026-11-13T14:00:00Z"},
		{"beaconing on friday 22:00-06:00", "2026-11-14T04:00:00Z", "2026-11-14T12:00:00Z"},
		{"beaconing yesterday", "2026-11-17T06:00:00Z", "2026-11-18T06:00:00Z"},
		{"beaconing at 14:05", "2026-11-18T20:05:00Z", "2026-11-18T20:06:00Z"},
		{"beaconing at 16:05", "2026-11-17T22:05:00Z", "2026-11-17T22:06:00Z"},
		{"beaconing on 2026-11-10 noon to 13:00", "2026-11-10T18:00:00Z", "2026-11-10T19:00:00Z"},
		{"beaconing on 10 November", "2026-11-10T06:00:00Z", "2026-11-11T06:00:00Z"},
		{"beaconing on Nov 10th 2025", "2025-11-10T06:00:00Z", "2025-11-11T06:00:00Z"},
		{"beaconing on 1 November", "2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z"}, // 25 hours: summer time ended
		{"beaconing from 2026-11-17T20:00:00Z to 2026-11-17T21:00:00Z", "2026-11-17T20:00:00Z", "2026-11-17T21:00:00Z"},
	}
	for _, tt := range tests {
		u, err := Understand(tt.asked, bankNames())
		if tt.from == "" {
			if err == nil {
				s, words := u.When.Resolve(window, zone)
				t.Logf("%s: %s (%v)", tt.asked, words, s)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.asked, err)
			continue
		}
		s, words := u.When.Resolve(window, zone)
		if s.From != at(tt.from) || s.To != at(tt.to) {
			t.Errorf("%s: %s (%s to %s), want %s to %s", tt.asked, words, s.From.Text(), s.To.Text(), tt.from, tt.to)
		}
	}
	u, err := Understand("beaconing in the last 24 hours", bankNames())
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := u.When.Resolve(window, zone); s.From != window.To-record.Day || s.To != window.To+1 {
		t.Errorf("the last 24 hours are %s to %s", s.From.Text(), s.To.Text())
	}
}

func FuzzUnderstand(f *testing.F) {
	for _, e := range Catalogue() {
		f.Add(e.Example)
	}
	for _, e := range append(Examples(), "beaconing on Nov 31 24:00-00:00 last 9999 weeks", "\xff\x00 10.0.0.0/0 ::/0", "what did x-1 do 2026-11-17T20:00:00Z") {
		f.Add(e)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := Understand(s, bankNames())
		if err != nil {
			return
		}
		if (u.Question == "") == (u.Lookup == "") {
			t.Fatalf("neither or both: %+v", u)
		}
		if utf8.ValidString(s) && u.Words() == "" {
			t.Fatal("no words")
		}
		window := record.Span{From: at("2026-11-09T06:00:00Z"), To: at("2026-11-18T21:30:00Z")}
		if span, _ := u.When.Resolve(window, time.UTC); span.To < span.From {
			t.Fatalf("%q: a span that ends before it begins: %v", s, span)
		}
	})
}
