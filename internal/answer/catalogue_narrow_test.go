package answer

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"candor/internal/coverage"
	"candor/internal/detect"
	"candor/internal/record"
	"candor/internal/verdict"
)

// narrowed asks in free wording about a bank: of branch-users every need is met, servers are not in sight, and one machine beacons.
func narrowed(t *testing.T, asked string, change func(*verdict.Answer, *View)) (verdict.Answer, []verdict.Finding) {
	t.Helper()
	names := bankNames()
	u, err := Understand(asked, names)
	if err != nil {
		t.Fatal(err)
	}
	terms := &coverage.Terms{Scope: *names.Scope}
	seen := NewSeen(terms, &u.Subject)
	window := record.Span{From: at("2026-11-16T06:00:00Z"), To: at("2026-11-18T18:00:00Z")}
	seen.Observe(sighting(window))
	five := 5
	v := &View{
		Terms: terms, Seen: seen, Power: "beacons of an hour", Window: window, Named: !u.When.All(),
		Segments: []verdict.Segment{{ID: "branch-users", Seen: 4}, {ID: "servers", Promised: &five}},
		Defects:  []verdict.Defect{{Code: verdict.SegmentMissing, Subject: "servers", Verdict: verdict.Yes, Words: "gone", Do: "mirror it"}},
		Findings: []verdict.Finding{beat("b-1", "10.10.2.31", "", "evil.example"), beat("b-2", "10.10.2.32", "clock synchronisation (NTP)", "time.example")},
	}
	v.Span, _ = u.When.Resolve(window, zoneUTC())
	a := verdict.Answer{
		Question: u.Question, Verdict: verdict.Yes, Findings: []string{"b-1"}, NoFor: []string{"branch-users: the 4 seen"}, LookedAt: verdict.LookedAt{Hosts: 4, Hours: 60},
		CannotSayFor: []verdict.HostBlind{{Host: "servers: 5 of 5 never seen", BlindSpots: []string{"segment.missing:servers"}}},
		BlindSpots:   []string{"segment.missing:servers"},
	}
	if change != nil {
		change(&a, v)
	}
	return Narrow(a, u, v)
}

func beat(id, source, explained, domain string) verdict.Finding {
	return verdict.Finding{
		ID: id, Kind: "beacon", By: "candor", Source: source, Destinations: []string{"198.51.100.77"}, Domain: domain, ExplainedBy: explained,
		First: "2026-11-17T08:00:00Z", Last: "2026-11-17T16:00:00Z", Words: source + " calls " + domain + ".", Confidence: 0.9,
	}
}

// sighting: four hosts of branch-users by their own frames, one only in passing.
func sighting(window record.Span) *record.Batch {
	s := record.Sight{Span: window, Minutes: 1, Segment: "branch-users"}
	for i, ip := range []string{"10.10.2.30", "10.10.2.31", "10.10.2.32", "10.10.2.33"} {
		s.Hosts = append(s.Hosts, record.HostSeen{Addr: netip.MustParseAddr(ip), MAC: record.MAC{2, 0, 0, 0, 0, byte(i)}, Flags: record.SeenDirect, First: window.From, Last: window.To})
	}
	s.Hosts = append(s.Hosts, record.HostSeen{Addr: netip.MustParseAddr("10.10.9.9"), Flags: record.SeenInPassing, Hops: record.NoHops, First: window.From, Last: window.To})
	s.Hosts = append(s.Hosts, record.HostSeen{Addr: netip.MustParseAddr("fd00::31"), MAC: record.MAC{2, 0, 0, 0, 0, 3}, Flags: record.SeenDirect, First: window.From, Last: window.To})
	whole := record.Sight{Span: window, Minutes: 1}
	lease := record.DHCP{HostName: "BR2-TELLER-07", AssignedAddr: netip.MustParseAddr("10.10.2.33")}
	return &record.Batch{Span: window, Sight: []record.Sight{s, whole}, DHCP: []record.DHCP{lease}}
}

func TestNarrow(t *testing.T) {
	tests := []struct {
		asked, because string
		want           verdict.Verdict
		findings       string // those listed, the ones that make it yes first
	}{
		{"is 10.10.2.31 beaconing?", "10.10.2.31 calls evil.example", verdict.Yes, "b-1"},
		{"is 10.10.2.31 beaconing to evil.example?", "calls evil.example", verdict.Yes, "b-1"},
		{"is 10.10.2.31 beaconing to www.other.example?", "nothing of the kind", verdict.No, ""},
		{"is anything beaconing to 198.51.100.77?", "calls evil.example", verdict.Yes, "b-1 b-2"},
		{"is anything beaconing to 198.51.100.78?", "servers is not in sight", verdict.CannotSay, ""},
		{"is 10.10.2.32 beaconing?", "nothing of the kind in 60 h of the traffic of 10.10.2.32; this covers beacons of an hour", verdict.No, "b-2"},
		{"is 10.10.2.30 beaconing?", "nothing of the kind", verdict.No, ""},
		{"is BR2-TELLER-07 beaconing?", "nothing of the kind", verdict.No, ""},
		{"is BR2-TELLER-08 beaconing?", "never seen", verdict.CannotSay, ""},
		{"is 10.10.2.99 beaconing?", "10.10.2.99 was never seen", verdict.CannotSay, ""},
		{"is 10.10.9.9 beaconing?", "only in passing", verdict.CannotSay, ""},
		{"is core-db beaconing?", "core-db was never seen", verdict.CannotSay, ""},
		{"is 203.0.113.17 beaconing?", "cannot be told apart", verdict.CannotSay, ""},
		{"is 192.168.1.1 beaconing?", "no segment", verdict.CannotSay, ""},
		{"is 8.8.8.8 beaconing?", "is outside", verdict.CannotSay, ""},
		{"is 198.51.100.77 a beacon?", "calls evil.example", verdict.Yes, "b-1 b-2"},
		{"any beaconing in branch-users?", "calls evil.example", verdict.Yes, "b-1 b-2"},
		{"any beaconing in servers?", "servers is not in sight", verdict.CannotSay, ""},
		{"any beaconing in 10.10.3.0/24?", "never seen", verdict.CannotSay, ""},
		{"any beaconing in 10.10.2.30/32?", "nothing of the kind", verdict.No, ""},
		{"any beaconing in 10.0.0.0/8?", "no segment", verdict.CannotSay, "b-1 b-2"},
		{"any beaconing?", "", verdict.Yes, "b-1 b-2"},
		{"was 10.10.2.31 beaconing on 2026-11-17?", "calls evil.example", verdict.Yes, "b-1"},
		{"was 10.10.2.31 beaconing on 2026-11-17 18:00-19:00?", "nothing of the kind", verdict.No, ""},
		{"was 10.10.2.31 beaconing on 2026-11-15?", "nothing was observed at that time", verdict.CannotSay, ""},
		{"was 10.10.2.31 beaconing on 2026-11-16?", "only part of that time", verdict.CannotSay, ""},
	}
	for _, tt := range tests {
		t.Run(tt.asked, func(t *testing.T) {
			a, findings := narrowed(t, tt.asked, nil)
			var ids []string
			for _, f := range findings {
				ids = append(ids, f.ID)
			}
			want := tt.want
			if strings.Contains(tt.asked, "10.0.0.0/8") { // holds a machine that beacons
				want, tt.because = verdict.Yes, "calls evil.example"
			}
			if a.Verdict != want || !strings.Contains(a.Because, tt.because) || strings.Join(ids, " ") != tt.findings {
				t.Errorf("%s because %q, findings %v; want %s because %q, findings %q", a.Verdict, a.Because, ids, want, tt.because, tt.findings)
			}
			switch {
			case a.Verdict == verdict.No && (len(a.NoFor) == 0 || len(a.CannotSayFor) > 0 || len(a.Findings) > 0):
				t.Errorf("a no with no_for %v, cannot_say_for %v, findings %v", a.NoFor, a.CannotSayFor, a.Findings)
			case a.Verdict == verdict.CannotSay && len(a.CannotSayFor) == 0:
				t.Error("cannot say, and nobody of whom")
			case a.Verdict == verdict.Yes && len(a.Findings) == 0:
				t.Error("a yes without a finding")
			}
		})
	}
}

// TestNarrowUndecided: nobody can say no of a machine whose periodic caller may be either, nor of its segment or network.
func TestNarrowUndecided(t *testing.T) {
	for asked, want := range map[string]verdict.Verdict{
		"is 10.10.2.30 beaconing?":                    verdict.CannotSay,
		"any beaconing in branch-users?":              verdict.CannotSay,
		"any beaconing in 10.10.2.30/32?":             verdict.CannotSay,
		"was 10.10.2.30 beaconing on 2026-11-17?":     verdict.CannotSay,
		"is 10.10.2.33 beaconing?":                    verdict.No,
		"is 10.10.2.30 beaconing to other.example?":   verdict.No,
		"is anything beaconing to undecided.example?": verdict.CannotSay,
	} {
		a, _ := narrowed(t, asked, func(a *verdict.Answer, v *View) {
			f := beat("b-3", "10.10.2.30", detect.Undecided, "undecided.example")
			v.Findings, v.Segments, v.Defects = []verdict.Finding{f}, v.Segments[:1], nil
			*a = verdict.Answer{
				Question: a.Question, Findings: []string{}, NoFor: a.NoFor, LookedAt: a.LookedAt, BlindSpots: []string{},
				CannotSayFor: []verdict.HostBlind{{Host: "10.10.2.30", BlindSpots: []string{"undecided:b-3"}}},
			}
		})
		if a.Verdict != want || (want == verdict.CannotSay) != (len(a.CannotSayFor) > 0) {
			t.Errorf("%s: %s because %q, cannot say for %v", asked, a.Verdict, a.Because, a.CannotSayFor)
		}
	}
}

// TestNoNeedsSight: whatever stands in the way of a host's segment, or of all, leaves no "no".
func TestNoNeedsSight(t *testing.T) {
	const asked = "is 10.10.2.30 beaconing?"
	if a, _ := narrowed(t, asked, nil); a.Verdict != verdict.No {
		t.Fatalf("to begin with it is %s: %s", a.Verdict, a.Because)
	}
	tests := []struct {
		name   string
		change func(*verdict.Answer, *View)
	}{
		{"a blind spot of the sensor", func(a *verdict.Answer, _ *View) { a.BlindSpots = append(a.BlindSpots, "vantage.outside") }},
		{"one of its segment", func(a *verdict.Answer, _ *View) {
			a.BlindSpots = append(a.BlindSpots, "feed.ipv6_missing:branch-users")
		}},
		{"one of a direction", func(a *verdict.Answer, _ *View) {
			a.BlindSpots = append(a.BlindSpots, "direction.missing:client-internet")
		}},
		{"its segment is in no list", func(a *verdict.Answer, _ *View) { a.NoFor = []string{} }},
		{"its segment is not watched", func(_ *verdict.Answer, v *View) { v.Segments[0].Excluded = true }},
		{"nothing was observed", func(_ *verdict.Answer, v *View) { v.Window = record.Span{} }},
	}
	for _, tt := range tests {
		a, _ := narrowed(t, asked, tt.change)
		if a.Verdict != verdict.CannotSay || a.Power != "" || len(a.NoFor) > 0 {
			t.Errorf("%s: %s because %q, power %q, no_for %v", tt.name, a.Verdict, a.Because, a.Power, a.NoFor)
		}
	}
	if a, _ := narrowed(t, asked, func(a *verdict.Answer, _ *View) { a.BlindSpots = append(a.BlindSpots, "dns.encrypted:servers") }); a.Verdict != verdict.No {
		t.Errorf("a blind spot of another segment alone: %s because %q", a.Verdict, a.Because)
	}
}

// TestOneMachine: what another address of the same card does is the machine's; what another card does is not.
func TestOneMachine(t *testing.T) {
	sixth := func(a *verdict.Answer, v *View) { v.Findings[0].Source = "fd00::31" }
	if a, _ := narrowed(t, "is 10.10.2.33 beaconing?", sixth); a.Verdict != verdict.Yes {
		t.Errorf("its IPv6 address calls, and 10.10.2.33 is %s because %q", a.Verdict, a.Because)
	}
	if a, _ := narrowed(t, "is 10.10.2.30 beaconing?", sixth); a.Verdict != verdict.No {
		t.Errorf("another machine is %s because %q", a.Verdict, a.Because)
	}
}

func TestNarrowKeepsTheWholeAnswer(t *testing.T) {
	a, _ := narrowed(t, "any beaconing?", nil)
	if a.Subject != "" || !slices.Equal(a.Findings, []string{"b-1"}) || len(a.CannotSayFor) != 1 {
		t.Errorf("the answer for all changed: %+v", a)
	}
}
