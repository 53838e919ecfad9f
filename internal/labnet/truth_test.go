package labnet

import (
	"io"
	"testing"
	"time"
)

// truthOf finds one truth.
func truthOf(list []Truth, code, subject string) Truth {
	for _, t := range list {
		if t.Code == code && t.Subject == subject {
			return t
		}
	}
	return Truth{}
}

func TestTruth(t *testing.T) {
	bank := Bank(1)
	span := morning(bank, 4*time.Hour)
	noon := span.From.Add(2 * time.Hour)
	cases := []struct {
		name          string
		site          *Site
		tap           Tap
		code, subject string
		want          Reality
	}{
		{"core is inside", bank, Tap{At: Core}, "vantage.outside", "", No},
		{"outside is outside", bank, Tap{At: Outside}, "vantage.outside", "", Yes},
		{"outside misses clients", bank, Tap{At: Outside}, "segment.missing", "branch-users", Yes},
		{"core has clients", bank, Tap{At: Core}, "segment.missing", "branch-users", No},
		{"clients only misses servers", bank, Tap{At: ClientsOnly}, "segment.missing", "dc-servers", Yes},
		{"clients only misses server talk", bank, Tap{At: ClientsOnly}, "direction.missing", "server-server", Yes},
		{"one way", bank, Tap{At: CoreReceived}, "feed.one_way", "", Yes},
		{"copies", bank, Tap{At: Core, Twice: true}, "feed.duplicated", "", Yes},
		{"cut", bank, Tap{At: Core, Snap: 64}, "feed.truncated", "", Yes},
		{"loss", bank, Tap{At: Core, Loss: 0.2}, "feed.loss", "", Yes},
		{"healthy feed", bank, Tap{At: Core}, "feed.loss", "", No},
		{"no lookups", bank, Tap{At: Core, NoDNS: true}, "kind.missing", "dns", Yes},
		{"quiet port", bank, Tap{At: Unmirrored}, "vantage.unmirrored_port", "", Yes},
		{"management", bank, Tap{At: Management}, "vantage.management_port", "", Yes},
		{"volume outside", bank, Tap{At: Outside}, "volume.low", "", Yes},
		{"proxy", ProxyFirm(1), Tap{At: AfterProxy}, "vantage.after_proxy", "", Yes},
		{"asymmetric", DualPath(1), Tap{At: FirstPath}, "feed.asymmetric", "", Yes},
		{"IPv6 filtered", Campus(1), Tap{At: RoutedCore, NoIPv6: true}, "feed.ipv6_missing", "readers", Yes},
		{"routed voice is missing", Clinic(1), Tap{At: ClientsOnly}, "segment.missing", "phones", Yes},
		{"IPv6 passes the firewall", Clinic(1), Tap{At: Outside}, "direction.missing", "client-internet", No},
		{"offices lose IPv6", Clinic(1), Tap{At: Core, NoIPv6: true}, "feed.ipv6_missing", "offices", Yes},
		{"wards have none", Clinic(1), Tap{At: Core, NoIPv6: true}, "feed.ipv6_missing", "wards", No},
		{"roaming", Library(1), Tap{At: Core}, "hosts.counted_twice", "wifi", Yes},
		{"moved", bank, Moved(noon, Outside, Core, io.Discard), "vantage.outside", "", Yes},
		{"moved late", bank, Moved(span.To, Core, Outside, io.Discard), "vantage.outside", "", No},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := truthOf(c.site.Truth(c.tap, span), c.code, c.subject).Reality; got != c.want {
				t.Errorf("%s %s is %q, want %q", c.code, c.subject, got, c.want)
			}
		})
	}
	if now := truthOf(bank.Truth(Moved(noon, Outside, Core, io.Discard), span), "vantage.outside", "").Now; now != No {
		t.Errorf("after the move vantage.outside is %q", now)
	}
}

// TestTruthSpeaksOfEveryPlace makes sure that no place leaves a code out, and that seeds do not change the truth.
func TestTruthSpeaksOfEveryPlace(t *testing.T) {
	for _, site := range sites {
		s, other := site.make(1), site.make(99)
		for _, at := range s.Taps() {
			list := s.Truth(Tap{At: at}, morning(s, time.Hour))
			again := other.Truth(Tap{At: at}, morning(s, time.Hour))
			if len(list) < 15 || len(list) != len(again) {
				t.Fatalf("%s at %s: %d and %d truths", site.name, at, len(list), len(again))
			}
			for i := range list {
				if list[i] != again[i] {
					t.Errorf("%s at %s: the seed changed %+v into %+v", site.name, at, list[i], again[i])
				}
			}
		}
	}
}
