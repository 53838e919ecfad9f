package verdict_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"candor/internal/verdict"
)

// TestZeroCannotSay: what was forgotten must never read as fine.
func TestZeroCannotSay(t *testing.T) {
	var v verdict.Verdict
	var k verdict.Kept
	if v != verdict.CannotSay || v.String() != "cannot_say" || v.Words() != "cannot say" {
		t.Errorf("zero Verdict is %v (%s)", v, v.Words())
	}
	if k != verdict.CannotTell || k.String() != "cannot_say" {
		t.Errorf("zero Kept is %v", k)
	}
	out, err := json.Marshal(struct {
		D verdict.Defect
		P verdict.Promise
		A verdict.Answer
		S verdict.Segment
	}{})
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	if n := strings.Count(text, `"verdict":"cannot_say"`); n != 4 || !strings.Contains(text, `"now":"cannot_say"`) {
		t.Errorf("zero values print %s", text)
	}
}

func TestVerdictText(t *testing.T) {
	cases := []struct {
		v           verdict.Verdict
		text, words string
	}{
		{verdict.CannotSay, "cannot_say", "cannot say"},
		{verdict.Yes, "yes", "yes"},
		{verdict.No, "no", "no"},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			b, err := c.v.MarshalText()
			if err != nil || string(b) != c.text || c.v.String() != c.text || c.v.Words() != c.words {
				t.Errorf("text %q, string %q, words %q, error %v", b, c.v, c.v.Words(), err)
			}
			back := verdict.No
			if c.v == verdict.No {
				back = verdict.Yes
			}
			if err := back.UnmarshalText(b); err != nil || back != c.v {
				t.Errorf("reads back as %v, error %v", back, err)
			}
		})
	}
}

func TestKeptText(t *testing.T) {
	cases := map[verdict.Kept]string{verdict.CannotTell: "cannot_say", verdict.IsKept: "kept", verdict.IsBroken: "broken"}
	for k, text := range cases {
		t.Run(text, func(t *testing.T) {
			b, err := k.MarshalText()
			if err != nil || string(b) != text || k.String() != text {
				t.Errorf("text %q, string %q, error %v", b, k, err)
			}
			back := verdict.IsKept
			if k == verdict.IsKept {
				back = verdict.IsBroken
			}
			if err := back.UnmarshalText(b); err != nil || back != k {
				t.Errorf("reads back as %v, error %v", back, err)
			}
		})
	}
}

func TestUnknownWords(t *testing.T) {
	for _, word := range []string{"", "YES", "true", "cannot say", "no ", "fine"} {
		v, k := verdict.Yes, verdict.IsKept
		if err := v.UnmarshalText([]byte(word)); err == nil || !strings.Contains(err.Error(), "not one of cannot_say, yes, no") || v != verdict.Yes {
			t.Errorf("verdict %q: error %v, value %v", word, err, v)
		}
		if err := k.UnmarshalText([]byte(word)); err == nil || !strings.Contains(err.Error(), "not one of cannot_say, kept, broken") || k != verdict.IsKept {
			t.Errorf("promise state %q: error %v, value %v", word, err, k)
		}
	}
}

// TestNumbersOutsideTheSet: a number that is no verdict must not read as yes or no.
func TestNumbersOutsideTheSet(t *testing.T) {
	for _, n := range []uint8{3, 4, 255} {
		if v := verdict.Verdict(n); v.String() != "cannot_say" || v.Words() != "cannot say" {
			t.Errorf("Verdict(%d) is %s, %s", n, v, v.Words())
		}
		if k := verdict.Kept(n); k.String() != "cannot_say" {
			t.Errorf("Kept(%d) is %s", n, k)
		}
	}
}

func TestDecide(t *testing.T) {
	cases := []struct {
		name     string
		bits     float64
		want     verdict.Verdict
		strength verdict.Strength
	}{
		{"nothing known", 0, verdict.CannotSay, verdict.NotDecided},
		{"just too little for yes", 5.9, verdict.CannotSay, verdict.NotDecided},
		{"yes", 6, verdict.Yes, verdict.VeryLikely},
		{"nearly certain", 7.99, verdict.Yes, verdict.VeryLikely},
		{"almost certain", 8, verdict.Yes, verdict.AlmostCertain},
		{"a hard fact", math.Inf(1), verdict.Yes, verdict.AlmostCertain},
		{"just too little for no", -5.9, verdict.CannotSay, verdict.NotDecided},
		{"no", -6, verdict.No, verdict.VeryLikely},
		{"nearly certain no", -7.99, verdict.No, verdict.VeryLikely},
		{"almost certain no", -8, verdict.No, verdict.AlmostCertain},
		{"no number", math.NaN(), verdict.CannotSay, verdict.NotDecided},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, strength := verdict.Decide(c.bits); got != c.want || strength != c.strength {
				t.Errorf("Decide(%v) = %v, %s, want %v, %s", c.bits, got, strength, c.want, c.strength)
			}
		})
	}
}

func TestOnlyLimits(t *testing.T) {
	limits := map[verdict.Code]bool{verdict.DetectorNotBuilt: true, verdict.IntelStale: true, verdict.HistoryShort: true, verdict.DNSEncrypted: true}
	for _, c := range codes() {
		if got := c.OnlyLimits(); got != limits[c] {
			t.Errorf("%s: OnlyLimits %v", c, got)
		}
	}
	if verdict.Code("no.such_code").OnlyLimits() {
		t.Error("an unknown code must never be harmless")
	}
}

// codes lists the codes as DESIGN.md 4 spells them: they are permanent, so they stand here as text.
func codes() []verdict.Code {
	return []verdict.Code{
		"vantage.outside", "vantage.unmirrored_port", "vantage.management_port", "vantage.after_proxy", "feed.one_way", "feed.asymmetric", "feed.loss",
		"feed.duplicated", "feed.truncated", "feed.tunnel_only", "feed.ipv6_missing", "segment.missing", "direction.missing", "kind.missing", "volume.low",
		"hosts.counted_twice", "input.damaged", "input.unread", "state.evicted", "capture.drops", "detector.not_built", "intel.stale", "history.short", "dns.encrypted",
		"clock.skew",
	}
}

func TestCodesStay(t *testing.T) {
	constants := []verdict.Code{
		verdict.VantageOutside, verdict.VantageUnmirroredPort, verdict.VantageManagementPort, verdict.VantageAfterProxy, verdict.FeedOneWay,
		verdict.FeedAsymmetric, verdict.FeedLoss, verdict.FeedDuplicated, verdict.FeedTruncated, verdict.FeedTunnelOnly, verdict.FeedIPv6Missing, verdict.SegmentMissing,
		verdict.DirectionMissing, verdict.KindMissing, verdict.VolumeLow, verdict.HostsCountedTwice, verdict.InputDamaged, verdict.InputUnread,
		verdict.StateEvicted, verdict.CaptureDrops, verdict.DetectorNotBuilt, verdict.IntelStale, verdict.HistoryShort, verdict.DNSEncrypted,
		verdict.ClockSkew,
	}
	for i, c := range codes() {
		if constants[i] != c {
			t.Errorf("code %d is %s, want %s", i, constants[i], c)
		}
	}
}

func TestName(t *testing.T) {
	d := verdict.Defect{Code: verdict.KindMissing, Subject: "dns"}
	if got := d.Name(); got != "kind.missing:dns" {
		t.Errorf("Name() = %s", got)
	}
	if got := verdict.Name(verdict.VantageOutside, ""); got != "vantage.outside" {
		t.Errorf("Name without a subject = %s", got)
	}
}

func TestQuestions(t *testing.T) {
	want := "beaconing botnet dns_tunnel dga scanning exfiltration known_bad long_connections lateral_movement sign_in_attacks"
	var got []string
	for _, q := range verdict.Questions() {
		got = append(got, string(q))
	}
	if strings.Join(got, " ") != want {
		t.Errorf("catalogue is %v", got)
	}
}
