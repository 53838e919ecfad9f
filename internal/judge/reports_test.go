package judge_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/agreement"
	"candor/internal/judge"
	"candor/internal/source"
	"candor/internal/verdict"
)

// sameTraffic are captures of which there are reports as well (docs/logs.md), with the agreement of their site. The first named
// verdicts are those that only packets can give.
func sameTraffic() map[string]struct{ capture, agreement string } {
	return map[string]struct{ capture, agreement string }{
		"A-core.pcap":   {"labs/A-core.pcap.zst", "site-a.yaml"},
		"A-wan.pcapng":  {"labs/A-wan.pcapng.zst", "site-a.yaml"},
		"A-acc1.pcap":   {"labs/A-acc1.pcap.zst", "site-a.yaml"},
		"B-lan.pcap":    {"labs/B-lan.pcap.zst", "site-b.yaml"},
		"C-switch.pcap": {"labs/C-switch.pcap.zst", "site-c.yaml"},
		"D-b2wan.pcap":  {"labs/D-b2wan.pcap.zst", "site-d.yaml"},
		"E-core.pcap":   {"labs/E-core.pcap.zst", "site-e.yaml"},
		"geodo.pcap":    {"given/aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap", ""},
	}
}

// TestSameVerdicts: the same traffic as packets and as reports (Zeek's, written by ourselves; Suricata's, where CANDOR_SURICATA names
// a folder made as docs/logs.md says) is never judged yes by one and no by the other, and reports decide nothing that packets leave
// open. Where only packets can judge, the reports say what they lack.
func TestSameVerdicts(t *testing.T) {
	for name, c := range sameTraffic() {
		t.Run(name, func(t *testing.T) {
			path := shared(t, "data", c.capture)
			var a *agreement.Agreement
			if c.agreement != "" {
				a = parsed(t, shared(t, "data", "labs", c.agreement))
			}
			packets := checkAgainst(t, a, source.Options{}, path)
			t.Run("zeek", func(t *testing.T) {
				holdReports(t, packets, checkAgainst(t, a, source.Options{}, asZeek(t, path, scopeOf(t, a), nil)), 0.99)
			})
			t.Run("suricata", func(t *testing.T) {
				eve := filepath.Join(os.Getenv("CANDOR_SURICATA"), name, "eve.json")
				if _, err := os.Stat(eve); err != nil || os.Getenv("CANDOR_SURICATA") == "" {
					t.Skipf("no eve.json (set CANDOR_SURICATA, docs/logs.md): %v", err)
				}
				holdReports(t, packets, checkAgainst(t, a, source.Options{}, eve), 0.98)
			})
		})
	}
}

// TestSameVerdictsOfAll: the same for every capture, given or large, of which CANDOR_SURICATA holds an eve.json, without an agreement. Their oddities (streams
// without a beginning, half a conversation, damage) may leave more open; nothing is opposed, and reports decide nothing that packets leave open.
func TestSameVerdictsOfAll(t *testing.T) {
	folder := os.Getenv("CANDOR_SURICATA")
	if folder == "" {
		t.Skip("no eve.json of the captures (set CANDOR_SURICATA, docs/logs.md)")
	}
	known := sameTraffic()
	paths := append(givenCaptures(t), shared(t, "bench", "usermix.pcap"))
	equal, open, captures := 0, 0, 0
	for _, path := range paths {
		name := filepath.Base(path)
		eve := filepath.Join(folder, name, "eve.json")
		if _, err := os.Stat(eve); err != nil || known[name].capture != "" {
			continue
		}
		captures++
		t.Run(name, func(t *testing.T) {
			packets, reports := checkAgainst(t, nil, source.Options{}, path), checkAgainst(t, nil, source.Options{}, eve)
			for i := range packets.Defects {
				want := &packets.Defects[i]
				switch got := findDefect(reports, string(want.Code), want.Subject); {
				case got == nil:
				case got.Verdict == want.Verdict:
					if want.Verdict != verdict.CannotSay {
						equal++
					}
				case got.Verdict == verdict.CannotSay:
					open++
					t.Logf("%s: %s by packets; %s", want.Name(), want.Verdict, got.Needs)
				default:
					t.Errorf("%s: %s by packets, %s by reports: %q %v", want.Name(), want.Verdict, got.Verdict, got.Needs, got.Signs)
				}
			}
		})
	}
	if t.Logf("%d captures: of %d verdicts by packets %d are equal, %d open by reports", captures, equal+open, equal, open); captures == 0 {
		t.Error("no capture has an eve.json")
	}
}

// openByReports are the defects that reports of a kind leave open although they carry what the rule needs at all: part of its signs
// come from frames alone.
func openByReports(d *verdict.Defect) bool {
	switch d.Code {
	case verdict.VantageOutside, verdict.VantageAfterProxy, verdict.HostsCountedTwice, verdict.CaptureDrops:
		return true
	}
	return strings.Contains(d.Needs, "carries no ")
}

// holdReports compares; packets and reports must tell of the same packets, at least this share of them.
func holdReports(t *testing.T, packets, reports *judge.Result, least float64) {
	t.Helper()
	equal, open := 0, 0
	for i := range packets.Defects {
		want := &packets.Defects[i]
		got := findDefect(reports, string(want.Code), want.Subject)
		switch {
		case got == nil:
			if want.Code != verdict.FeedAsymmetric { // its subjects are the groups that were seen
				t.Errorf("%s is not judged", want.Name())
			}
		case got.Verdict == want.Verdict:
			if want.Verdict != verdict.CannotSay {
				equal++
			}
		case got.Verdict == verdict.CannotSay && openByReports(got):
			open++
			t.Logf("%s: %s by packets; %s", want.Name(), want.Verdict, got.Needs)
		default:
			t.Errorf("%s: %s by packets, %s by reports: %q %v", want.Name(), want.Verdict, got.Verdict, got.Needs, got.Signs)
		}
	}
	t.Logf("of %d verdicts by packets %d are equal, %d open by reports", equal+open, equal, open)
	for i := range packets.Promises {
		want := &packets.Promises[i]
		if got := findPromise(reports, want.ID); got.Verdict != want.Verdict && got.Verdict != verdict.CannotTell {
			t.Errorf("%s: %s by packets, %s by reports (%s)", want.ID, want.Verdict, got.Verdict, got.Because)
		}
	}
	p, r := float64(packets.Sight.IPPackets), float64(reports.Sight.IPPackets)
	if r < least*p || r > 1.01*p {
		t.Errorf("%.0f packets, %.0f by reports", p, r)
	}
	for kind, n := range packets.Sight.Kinds {
		t.Logf("%s: %d by packets, %d by reports", kind, n, reports.Sight.Kinds[kind])
	}
}
