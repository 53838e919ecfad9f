package sight_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// TestUnread: what was not read of messages stands beside the reasons of frames, in the minute in which it was told.
func TestUnread(t *testing.T) {
	b := sight.New(reportScope(), "s", "f")
	b.Unread(second, sight.ShortDNS, 2)
	b.Unread(second, sight.UnreadQUIC, 1)
	b.Undecoded(second, decode.TooDeep)
	b.Unread(second+record.Minute, sight.ShortDNS, 5)
	b.Count(second+2*record.Minute, record.Frames, 1)
	b.Finish()
	want := []map[string]uint64{{"dns_shortened": 2, "quic_hello_unread": 1, "too_deep": 1}, {"dns_shortened": 5}, nil}
	got := []map[string]uint64{}
	for _, s := range b.Drain(nil) {
		if s.Segment == record.Nowhere {
			got = append(got, s.Undecodable)
		}
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestUnreadNames: each has a name of its own, and none is that of a reason of decode.
func TestUnreadNames(t *testing.T) {
	seen := map[string]bool{"": true, "invalid": true}
	for r := range decode.Reason(decode.NumReasons) {
		seen[r.String()] = true
	}
	for u := range sight.Unread(sight.NumUnreads) {
		if seen[u.String()] {
			t.Errorf("%d: %q is no name of its own", u, u)
		}
		seen[u.String()] = true
	}
	if got := sight.Unread(sight.NumUnreads).String(); got != "invalid" {
		t.Errorf("beyond the last: %q", got)
	}
}

// TestReportedDHCP6: an address of IPv6 is leased by the reply, with or without a known card.
func TestReportedDHCP6(t *testing.T) {
	scope := record.Scope{Segments: []record.ScopeSegment{{ID: "office", Networks: []netip.Prefix{netip.MustParsePrefix("2001:db8:5::/64")}}}}
	four := netip.MustParseAddr("10.1.0.6")
	six := netip.MustParseAddr("2001:db8:5::77")
	card := record.MAC{2, 0, 0, 0, 0, 5}
	for _, c := range []struct {
		name string
		d    record.DHCP
		want uint64
	}{
		{"leased", record.DHCP{MAC: card, AssignedAddr: six, MsgTypes: []string{"REQUEST", "REPLY"}}, 1},
		{"no card is known", record.DHCP{AssignedAddr: six, MsgTypes: []string{"RENEW", "REPLY"}}, 1},
		{"no card is known, IPv4", record.DHCP{AssignedAddr: four, MsgTypes: []string{"ACK"}}, 0},
		{"offered only", record.DHCP{MAC: card, AssignedAddr: six, MsgTypes: []string{"SOLICIT", "ADVERTISE"}}, 0},
		{"released", record.DHCP{MAC: card, MsgTypes: []string{"RELEASE", "REPLY"}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := sight.New(scope, "s", "f")
			b.ReportedDHCP(second, &c.d)
			b.Finish()
			leased := 0
			for _, s := range b.Drain(nil) {
				for _, h := range s.Hosts {
					if h.Flags&record.SeenLeased != 0 && h.Addr == six && h.MAC == c.d.MAC {
						leased++
					}
				}
				if n := s.Counts[record.DHCPLeases]; s.Segment == record.Nowhere && n != c.want {
					t.Errorf("%d leases, want %d", n, c.want)
				}
			}
			if leased != int(c.want) {
				t.Errorf("%d hosts leased, want %d", leased, c.want)
			}
		})
	}
}
