package answer

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/agreement"
	"candor/internal/coverage"
	"candor/internal/record"
	"candor/internal/verdict"
)

const office = `
scope:
  segments:
    - {id: users, kind: clients, networks: ["10.1.0.0/24"], expected: {hosts: 100, min_seen_24h: 0.80}}
    - {id: servers, kind: servers, networks: ["10.2.0.0/24"], expected: {hosts: 20}}
    - {id: gear, kind: special, networks: ["10.9.0.0/24"], excluded: true, reason: "another provider"}
data:
  - {id: lookups, kind: dns, segments: [users], expect: {per: active_client_hour, rate: 10}}
  - {id: leases, kind: dhcp, segments: [users], expect: {per: host_day, rate: 1}}
  - {id: auth, kind: log, expect: {per: hour, rate: 500}}
sensors:
  - {id: core, covers: [users, servers]}
`

var (
	start = record.TimeOf(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	hour  = record.Span{From: start, To: start + record.Hour}
)

func terms(t testing.TB, text string) *coverage.Terms {
	t.Helper()
	var a *agreement.Agreement
	if text != "" {
		var err error
		if a, err = agreement.Parse("test", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	out, err := coverage.NewTerms(a, "")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// caseWith is a case of an hour in which all is well, but for the given defects. No detector is built.
func caseWith(t testing.TB, defects ...verdict.Defect) *Case {
	c := healthy(t, defects...)
	c.Defects = append(builtNot(), c.Defects...)
	return c
}

// healthy is a case of an hour in which all is well, but for the given defects, and every detector is built.
func healthy(t testing.TB, defects ...verdict.Defect) *Case {
	on := terms(t, office)
	hosts := func(n int) *int { return &n }
	all := slices.Clone(defects)
	for _, d := range fine() {
		if !slices.ContainsFunc(defects, func(g verdict.Defect) bool { return g.Name() == d.Name() }) {
			all = append(all, d)
		}
	}
	return &Case{
		Terms: on, Evidence: coverage.NewEvidence(on, hour), Any: true, Defects: all,
		Segments: []verdict.Segment{
			{ID: "users", Promised: hosts(100), Seen: 90, Verdict: verdict.IsKept},
			{ID: "servers", Promised: hosts(20), Seen: 20},
			{ID: "gear", Seen: 3, Excluded: true},
		},
	}
}

// fine is every defect that a question could ask for, judged and no.
func fine() []verdict.Defect {
	var out []verdict.Defect
	for _, c := range []verdict.Code{
		verdict.VantageOutside, verdict.VantageUnmirroredPort, verdict.VantageManagementPort, verdict.VantageAfterProxy, verdict.FeedTunnelOnly,
		verdict.InputDamaged, verdict.InputUnread, verdict.StateEvicted, verdict.FeedOneWay, verdict.FeedLoss, verdict.FeedAsymmetric,
		verdict.FeedTruncated, verdict.CaptureDrops, verdict.TrafficInconsistent, verdict.VolumeLow,
	} {
		out = append(out, defect(c, "", verdict.No))
	}
	for _, segment := range []string{"users", "servers"} {
		for _, c := range []verdict.Code{verdict.SegmentMissing, verdict.DNSEncrypted, verdict.FeedIPv6Missing} {
			out = append(out, defect(c, segment, verdict.No))
		}
	}
	for _, d := range []string{"client-internet", "server-internet", "client-server", "server-server"} {
		out = append(out, defect(verdict.DirectionMissing, d, verdict.No))
	}
	for _, id := range []string{"lookups", "leases", "auth"} {
		out = append(out, defect(verdict.KindMissing, id, verdict.No), defect(verdict.FeedDead, id, verdict.No))
	}
	return out
}

func builtNot() []verdict.Defect {
	var out []verdict.Defect
	for _, q := range verdict.Questions() {
		out = append(out, defect(verdict.DetectorNotBuilt, string(q), verdict.Yes))
	}
	return out
}

func defect(c verdict.Code, subject string, v verdict.Verdict) verdict.Defect {
	return verdict.Defect{Code: c, Subject: subject, Verdict: v}
}

func answerTo(t testing.TB, c *Case, q verdict.Question) verdict.Answer {
	t.Helper()
	for _, a := range All(c) {
		if a.Question == q {
			return a
		}
	}
	t.Fatalf("no answer to %s", q)
	return verdict.Answer{}
}

func TestAllAnswersTheCatalogueInItsOrder(t *testing.T) {
	var got []verdict.Question
	for _, a := range All(caseWith(t)) {
		got = append(got, a.Question)
		if a.Verdict != verdict.CannotSay {
			t.Errorf("%s: %s without a detector", a.Question, a.Verdict)
		}
		if diff := cmp.Diff([]string{"detector.not_built:" + string(a.Question)}, a.BlindSpots); diff != "" {
			t.Errorf("%s: blind spots when all is well (-want +got):\n%s", a.Question, diff)
		}
		if a.NoFor == nil || a.Findings == nil || a.CannotSayFor == nil {
			t.Errorf("%s: a list is null", a.Question)
		}
		if a.From != "2026-11-23T09:00:00Z" || a.To != "2026-11-23T10:00:00Z" {
			t.Errorf("%s: from %s to %s", a.Question, a.From, a.To)
		}
	}
	if diff := cmp.Diff(verdict.Questions(), got); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
}

func TestNeedsCoversTheCatalogue(t *testing.T) {
	fallback := needsOf("no such question")
	for _, q := range verdict.Questions() {
		n := needsOf(q)
		if n.question == "" || len(n.kinds) == 0 {
			t.Errorf("%s: nobody says what a no needs, or what makes it yes", q)
		}
		for _, c := range fallback.known {
			if !slices.Contains(n.known, c) {
				t.Errorf("%s does not need what every question needs: %s", q, c)
			}
		}
		if slices.Contains(n.known, verdict.KindMissing) || slices.Contains(n.known, verdict.DirectionMissing) {
			t.Errorf("%s: kinds and directions are named one by one", q)
		}
	}
	if len(fallback.known) == 0 {
		t.Error("an unknown question needs nothing")
	}
}

// TestBlindSpots: which defects stand in the way of which question (DESIGN.md 4): when they are there, and, for what must be
// known, when nobody can say.
func TestBlindSpots(t *testing.T) {
	every := []verdict.Question{}
	every = append(every, verdict.Questions()...)
	lookups := []verdict.Question{verdict.Botnet, verdict.DNSTunnel, verdict.DGA}
	bothWays := []verdict.Question{verdict.Botnet, verdict.DNSTunnel, verdict.DGA, verdict.Exfiltration, verdict.LateralMovement}
	outward := []verdict.Question{verdict.Beaconing, verdict.Botnet, verdict.Scanning, verdict.Exfiltration, verdict.KnownBad, verdict.LongConnections}
	tests := []struct {
		code    verdict.Code
		subject string
		yes     []verdict.Question
		unknown []verdict.Question
	}{
		{verdict.VantageOutside, "", every, every},
		{verdict.VantageUnmirroredPort, "", every, every},
		{verdict.VantageManagementPort, "", every, every},
		{verdict.VantageAfterProxy, "", every, every},
		{verdict.FeedTunnelOnly, "", every, every},
		{verdict.SegmentMissing, "users", every, every},
		{verdict.FeedIPv6Missing, "users", every, nil},
		{verdict.InputDamaged, "", every, every},
		{verdict.InputUnread, "", every, every},
		{verdict.StateEvicted, "", every, every},
		{verdict.CaptureDrops, "", every, nil},
		{verdict.TrafficInconsistent, "", every, nil},
		{verdict.VolumeLow, "", every, nil},
		{verdict.FeedOneWay, "", every, every},
		{
			verdict.FeedAsymmetric, "",
			slices.DeleteFunc(slices.Clone(every), func(q verdict.Question) bool { return q == verdict.SignInAttacks }),
			bothWays,
		},
		{
			verdict.FeedLoss, "",
			slices.DeleteFunc(slices.Clone(every), func(q verdict.Question) bool { return q == verdict.SignInAttacks }),
			slices.DeleteFunc(slices.Clone(every), func(q verdict.Question) bool { return q == verdict.SignInAttacks }),
		},
		{verdict.FeedTruncated, "", append([]verdict.Question{verdict.KnownBad, verdict.SignInAttacks}, lookups...), append([]verdict.Question{verdict.KnownBad, verdict.SignInAttacks}, lookups...)},
		{verdict.DNSEncrypted, "users", append([]verdict.Question{verdict.KnownBad}, lookups...), append([]verdict.Question{verdict.KnownBad}, lookups...)},
		{verdict.KindMissing, "lookups", append([]verdict.Question{verdict.KnownBad}, lookups...), append([]verdict.Question{verdict.KnownBad}, lookups...)},
		{verdict.KindMissing, "auth", []verdict.Question{verdict.SignInAttacks}, []verdict.Question{verdict.SignInAttacks}},
		{verdict.KindMissing, "leases", nil, nil},
		{verdict.FeedDead, "lookups", append([]verdict.Question{verdict.KnownBad}, lookups...), append([]verdict.Question{verdict.KnownBad}, lookups...)},
		{verdict.FeedDead, "auth", []verdict.Question{verdict.SignInAttacks}, []verdict.Question{verdict.SignInAttacks}},
		{verdict.KindMissing, "nobody promised it", nil, nil},
		{verdict.DirectionMissing, "server-server", []verdict.Question{verdict.LateralMovement}, []verdict.Question{verdict.LateralMovement}},
		{verdict.DirectionMissing, "client-server", []verdict.Question{verdict.LateralMovement}, []verdict.Question{verdict.LateralMovement}},
		{verdict.DirectionMissing, "client-internet", outward, outward},
		{verdict.HistoryShort, "exfiltration", []verdict.Question{verdict.Exfiltration}, []verdict.Question{verdict.Exfiltration}},
		{verdict.IntelStale, "a list", []verdict.Question{verdict.KnownBad, verdict.Botnet}, []verdict.Question{verdict.KnownBad, verdict.Botnet}},
		{verdict.FeedDuplicated, "", nil, nil},
		{verdict.HostsCountedTwice, "users", nil, nil},
	}
	for _, tt := range tests {
		for _, v := range []verdict.Verdict{verdict.Yes, verdict.CannotSay, verdict.No} {
			t.Run(verdict.Name(tt.code, tt.subject)+" "+v.String(), func(t *testing.T) {
				name := verdict.Name(tt.code, tt.subject)
				for _, a := range All(healthy(t, defect(tt.code, tt.subject, v))) {
					want := v == verdict.Yes && slices.Contains(tt.yes, a.Question) || v == verdict.CannotSay && slices.Contains(tt.unknown, a.Question)
					if got := slices.Contains(a.BlindSpots, name); got != want {
						t.Errorf("%s: blind spot %v, want %v", a.Question, got, want)
					}
					if want && a.Verdict != verdict.CannotSay {
						t.Errorf("%s: %s in spite of %s", a.Question, a.Verdict, name)
					}
				}
			})
		}
	}
}

func TestAcceptedDefectsAreBlindSpots(t *testing.T) {
	d := defect(verdict.VantageAfterProxy, "", verdict.Yes)
	d.Accepted = "proxy"
	if a := answerTo(t, caseWith(t, d), verdict.Beaconing); !slices.Contains(a.BlindSpots, "vantage.after_proxy") {
		t.Errorf("blind spots %v", a.BlindSpots)
	}
}

func TestCannotSayForNamesHostsAndTheirBlindSpots(t *testing.T) {
	c := caseWith(t, defect(verdict.SegmentMissing, "servers", verdict.Yes), defect(verdict.VantageOutside, "", verdict.CannotSay), defect(verdict.SegmentMissing, "users", verdict.No))
	want := []verdict.HostBlind{
		{Host: "users: the 90 seen", BlindSpots: []string{"detector.not_built:beaconing", "vantage.outside"}},
		{Host: "users: 10 of 100 never seen", BlindSpots: []string{"detector.not_built:beaconing", "vantage.outside"}},
		{Host: "servers: the 20 seen", BlindSpots: []string{"detector.not_built:beaconing", "segment.missing:servers", "vantage.outside"}},
	}
	if diff := cmp.Diff(want, answerTo(t, c, verdict.Beaconing).CannotSayFor); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	t.Run("nobody was seen and nobody promised", func(t *testing.T) {
		c := caseWith(t)
		c.Segments = nil
		got := answerTo(t, c, verdict.DGA).CannotSayFor
		if diff := cmp.Diff([]verdict.HostBlind{{Host: "every host", BlindSpots: []string{"detector.not_built:dga"}}}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestLookedAt(t *testing.T) {
	hosts := func(n int) *int { return &n }
	segment := func(id string, promised *int, seen int) verdict.Segment {
		return verdict.Segment{ID: id, Promised: promised, Seen: seen, Excluded: id == "gear"}
	}
	tests := []struct {
		name     string
		text     string
		segments []verdict.Segment
		window   record.Span
		want     verdict.LookedAt
	}{
		{"nothing", office, nil, record.Span{}, verdict.LookedAt{}},
		{"sums of what is covered", office, []verdict.Segment{segment("users", hosts(100), 5), segment("servers", hosts(20), 3)}, hour, verdict.LookedAt{Hosts: 8, Of: 120, Hours: 1}},
		{"what is only named does not count", office, []verdict.Segment{segment("users", hosts(100), 5), segment("gear", nil, 30)}, hour, verdict.LookedAt{Hosts: 5, Of: 100, Hours: 1}},
		{
			"what another sensor covers does not count", strings.Replace(office, "covers: [users, servers]", "covers: [servers]", 1),
			[]verdict.Segment{segment("users", hosts(100), 5), segment("servers", hosts(20), 3)},
			hour,
			verdict.LookedAt{Hosts: 3, Of: 20, Hours: 1},
		},
		{"without an agreement", "", []verdict.Segment{segment("inside", nil, 7)}, hour, verdict.LookedAt{Hosts: 7, Hours: 1}},
		{"ten minutes", office, nil, record.Span{From: start, To: start + 10*record.Minute}, verdict.LookedAt{Hours: 0.17}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			on := terms(t, tt.text)
			c := &Case{Terms: on, Evidence: coverage.NewEvidence(on, tt.window), Segments: tt.segments, Any: true}
			if got := answerTo(t, c, verdict.Beaconing).LookedAt; got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestAbsent(t *testing.T) {
	hosts := func(n int) *int { return &n }
	inSight := defect(verdict.SegmentMissing, "users", verdict.No)
	users := func(seen int, v verdict.Kept) verdict.Segment {
		return verdict.Segment{ID: "users", Promised: hosts(100), Seen: seen, Verdict: v}
	}
	tests := []struct {
		name    string
		segment verdict.Segment
		defects []verdict.Defect
		want    int
	}{
		{"kept, and in sight", users(90, verdict.IsKept), []verdict.Defect{inSight}, 10},
		{"everybody came", users(100, verdict.IsKept), []verdict.Defect{inSight}, 0},
		{"more than promised", users(120, verdict.IsKept), []verdict.Defect{inSight}, 0},
		{"kept, and whether it is in sight nobody knows", users(90, verdict.IsKept), []verdict.Defect{defect(verdict.SegmentMissing, "users", verdict.CannotSay)}, 0},
		{"kept, and missing for a while", users(90, verdict.IsKept), []verdict.Defect{defect(verdict.SegmentMissing, "users", verdict.Yes)}, 0},
		{"kept, and nobody asked whether it is missing", users(90, verdict.IsKept), nil, 0},
		{"kept, and another segment in sight", users(90, verdict.IsKept), []verdict.Defect{defect(verdict.SegmentMissing, "servers", verdict.No)}, 0},
		{"cannot say", users(90, verdict.CannotTell), []verdict.Defect{inSight}, 0},
		{"broken", users(10, verdict.IsBroken), []verdict.Defect{inSight}, 0},
		{"no number promised", verdict.Segment{ID: "users", Seen: 9, Verdict: verdict.IsKept}, []verdict.Defect{inSight}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := caseWith(t)
			c.Defects, c.Segments = tt.defects, []verdict.Segment{tt.segment}
			if got := answerTo(t, c, verdict.Beaconing).Absent.Count; got != tt.want {
				t.Errorf("%d absent, want %d", got, tt.want)
			}
		})
	}
}

func TestBecause(t *testing.T) {
	yes := func(c verdict.Code, s string) verdict.Defect { return defect(c, s, verdict.Yes) }
	tests := []struct {
		name string
		c    *Case
		want string
	}{
		{"nothing observed", &Case{Terms: terms(t, office), Evidence: coverage.NewEvidence(terms(t, office), record.Span{}), Defects: builtNot()}, "nothing was observed"},
		{"all is well", caseWith(t), "no detector is built yet"},
		{"outside", caseWith(t, yes(verdict.VantageOutside, "")), "the sensor stands outside the firewall; no detector is built yet"},
		{"what nobody knows is not given as a reason", caseWith(t, defect(verdict.VantageOutside, "", verdict.CannotSay)), "no detector is built yet"},
		{
			"three reasons at most", caseWith(t, yes(verdict.VantageOutside, ""), yes(verdict.FeedLoss, ""), yes(verdict.SegmentMissing, "users"), yes(verdict.SegmentMissing, "servers")),
			"the sensor stands outside the firewall; part of the traffic is missing from the copy; users is not in sight; no detector is built yet",
		},
		{"with a detector, and something unknown", func() *Case {
			c := caseWith(t)
			c.Defects = []verdict.Defect{defect(verdict.VantageOutside, "", verdict.CannotSay)}
			return c
		}(), "a no needs every connection of every promised host"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := answerTo(t, tt.c, verdict.Beaconing).Because; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	t.Run("nothing observed has no time", func(t *testing.T) {
		if a := answerTo(t, tests[0].c, verdict.Beaconing); a.From != "" || a.To != "" || a.Verdict != verdict.CannotSay {
			t.Errorf("%+v", a)
		}
	})
}

func allCodes() []verdict.Code {
	out := []verdict.Code{
		verdict.DetectorNotBuilt, verdict.IntelStale, verdict.HistoryShort, verdict.DNSEncrypted, "a code of tomorrow",
	}
	for _, r := range coverage.Rules() {
		out = append(out, r.Code)
	}
	return out
}

// TestNeverNo: no set of defects, not even none, makes an answer no, or leaves it without a reason and the hosts it is about.
func TestNeverNo(t *testing.T) {
	kinds := []*coverage.Terms{terms(t, office), terms(t, "")}
	rapid.Check(t, func(t *rapid.T) {
		on := rapid.SampledFrom(kinds).Draw(t, "terms")
		c := &Case{Terms: on, Evidence: coverage.NewEvidence(on, hour), Any: rapid.Bool().Draw(t, "any")}
		for range rapid.IntRange(0, 12).Draw(t, "defects") {
			subject := rapid.SampledFrom([]string{"", "users", "servers", "lookups", "auth", "beaconing", "client-server"}).Draw(t, "subject")
			v := rapid.SampledFrom([]verdict.Verdict{verdict.CannotSay, verdict.Yes, verdict.No}).Draw(t, "verdict")
			d := defect(rapid.SampledFrom(allCodes()).Draw(t, "code"), subject, v)
			d.Accepted = rapid.SampledFrom([]string{"", "asymmetric"}).Draw(t, "accepted")
			c.Defects = append(c.Defects, d)
		}
		for range rapid.IntRange(0, 3).Draw(t, "segments") {
			n := rapid.IntRange(0, 50).Draw(t, "promised")
			c.Segments = append(c.Segments, verdict.Segment{
				ID: rapid.SampledFrom([]string{"users", "servers", "inside"}).Draw(t, "id"), Promised: &n, Seen: rapid.IntRange(0, 60).Draw(t, "seen"),
				Excluded: rapid.Bool().Draw(t, "excluded"), Verdict: verdict.Kept(rapid.IntRange(0, 2).Draw(t, "state")),
			})
		}
		for _, a := range All(c) {
			if a.Verdict != verdict.CannotSay || len(a.NoFor) > 0 {
				t.Errorf("%s: %s, no for %v", a.Question, a.Verdict, a.NoFor)
			}
			if a.Because == "" || len(a.CannotSayFor) == 0 {
				t.Errorf("%s: because %q, cannot say for %v", a.Question, a.Because, a.CannotSayFor)
			}
			if a.Absent.Count < 0 {
				t.Errorf("%s: %d absent", a.Question, a.Absent.Count)
			}
		}
	})
}

// TestTextsAreClean: answers are shown on terminals and pages.
func TestTextsAreClean(t *testing.T) {
	var defects []verdict.Defect
	for _, c := range allCodes() {
		defects = append(defects, defect(c, "users", verdict.Yes))
	}
	for _, a := range All(caseWith(t, defects...)) {
		texts := append([]string{a.Because, a.Power, a.Subject}, a.BlindSpots...)
		for _, h := range a.CannotSayFor {
			texts = append(append(texts, h.Host), h.BlindSpots...)
		}
		for _, text := range texts {
			if strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%s: control bytes in %q", a.Question, text)
			}
		}
	}
}
