package judge_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"candor/internal/agreement"
	"candor/internal/labnet"
	"candor/internal/record"
	"candor/internal/source"
)

// TestSameVerdictsOfLabnet: more than half an hour of the bank, as a capture and as the logs of a Zeek that stood in the same place, which labnet writes by itself.
// Both tell of the same connections, handshakes and requests. Nothing is opposed, and reports decide nothing that packets leave open; where only packets can
// judge, the reports say what they lack. (After 30 minutes without cards only 9 of 10 leases are due that kind.missing needs.)
func TestSameVerdictsOfLabnet(t *testing.T) {
	for _, place := range []labnet.TapName{labnet.Core, labnet.Outside} {
		t.Run(string(place), func(t *testing.T) {
			s := labnet.Bank(7)
			from := time.Date(2026, 11, 24, 10, 0, 0, 0, s.Zone())
			var out bytes.Buffer
			plain, cards := t.TempDir(), t.TempDir()
			_, err := s.Run(context.Background(), labnet.Span{From: from, To: from.Add(36 * time.Minute)}, labnet.Tap{At: place, Out: &out, Nano: true},
				labnet.Tap{At: place, Zeek: &labnet.ZeekLogs{Dir: plain}}, labnet.Tap{At: place, Zeek: &labnet.ZeekLogs{Dir: cards, Cards: true}})
			if err != nil {
				t.Fatal(err)
			}
			capture := filepath.Join(t.TempDir(), "bank.pcap")
			if err := os.WriteFile(capture, out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			a, err := agreement.Parse("bank.yaml", s.Agreement())
			if err != nil {
				t.Fatal(err)
			}
			packets := checkAgainst(t, a, source.Options{}, capture)
			for name, dir := range map[string]string{"without cards": plain, "with cards": cards} {
				t.Run(name, func(t *testing.T) {
					reports := checkAgainst(t, a, source.Options{}, dir)
					holdReports(t, packets, reports, 0.999)
					for _, kind := range []record.Kind{record.KindConn, record.KindTLS, record.KindHTTP} {
						if p, r := packets.Sight.Kinds[kind], reports.Sight.Kinds[kind]; p != r || p < 100 {
							t.Errorf("%s: %d by packets, %d by reports", kind, p, r)
						}
					}
				})
			}
		})
	}
}
