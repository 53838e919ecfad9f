package coverage

import (
	"testing"

	"candor/internal/record"
	"candor/internal/verdict"
)

// tcp is so many judged connections, some of them one-sided.
func tcp(judged, oneWay uint64) part {
	return all(feed(record.TCPJudged, judged), feed(record.OneWay, oneWay))
}

func TestOneWay(t *testing.T) {
	judgeCases(t, oneWayRule(), []ruled{
		{name: "nothing", want: verdict.CannotSay, needs: "0 of 50"},
		{name: "49 connections", parts: []part{tcp(49, 49)}, want: verdict.CannotSay, have: 0.98, needs: "49 of 50"},
		{name: "50 connections, all one-sided", parts: []part{tcp(50, 50)}, want: verdict.Yes, have: 1},
		{name: "just most", parts: []part{tcp(100, 51), group("users", 100, 51)}, want: verdict.Yes},
		{name: "half", parts: []part{tcp(100, 50), group("users", 100, 50)}, want: verdict.CannotSay},
		{name: "a quarter", parts: []part{tcp(100, 25)}, want: verdict.CannotSay},
		{name: "under a quarter", parts: []part{tcp(100, 24)}, want: verdict.No},
		{name: "both ways", parts: []part{tcp(100, 0), group("users", 100, 0)}, want: verdict.No, have: 2},
		{name: "most, and one group both ways", parts: []part{tcp(200, 150), group("users", 150, 150), group("198.51.100.0/24", 50, 0)}, want: verdict.CannotSay, needs: "feed.asymmetric"},
		{name: "most, and one group in part", parts: []part{tcp(200, 160), group("users", 150, 150), group("198.51.100.0/24", 50, 10)}, want: verdict.CannotSay},
		{name: "a group with fewer than 20 says nothing", parts: []part{tcp(200, 150), group("users", 150, 150), group("198.51.100.0/24", 19, 0)}, want: verdict.Yes},
		{name: "trap: scans are no judged connections", parts: []part{feed(record.Conns, 5000), feed(record.ConnsTCP, 5000), feed(record.ConnsUnanswered, 5000)}, want: verdict.CannotSay, needs: "0 of 50"},
	})
}

func TestAsymmetric(t *testing.T) {
	judgeCases(t, asymmetricRule(), []ruled{
		{name: "nothing", want: verdict.CannotSay, needs: "0 peer groups"},
		{name: "199 connections", parts: []part{tcp(199, 50), group("a", 99, 99), group("b", 100, 0)}, want: verdict.CannotSay, have: 0.995},
		{name: "200 connections", parts: []part{tcp(200, 100), group("a", 100, 100), group("b", 100, 0)}, want: verdict.Yes, have: 1},
		{name: "one group", parts: []part{tcp(500, 250), group("a", 500, 250)}, want: verdict.CannotSay, have: 0.5, needs: "1 peer group"},
		{name: "groups of 19 are none", parts: []part{tcp(500, 100), group("a", 19, 19), group("b", 19, 0), group("c", 400, 0)}, want: verdict.CannotSay, have: 0.5},
		{name: "most of a group", parts: []part{tcp(500, 100), group("a", 100, 51), group("b", 400, 0)}, want: verdict.Yes},
		{name: "half of a group", parts: []part{tcp(500, 100), group("a", 100, 50), group("b", 400, 0)}, want: verdict.CannotSay, needs: "in part"},
		{name: "a tenth of a group", parts: []part{tcp(500, 10), group("a", 100, 10), group("b", 400, 0)}, want: verdict.CannotSay},
		{name: "under a tenth", parts: []part{tcp(500, 9), group("a", 100, 9), group("b", 400, 0)}, want: verdict.No},
		{name: "all one-sided: feed.one_way's", parts: []part{tcp(500, 500), group("a", 100, 100), group("b", 400, 400)}, want: verdict.CannotSay, needs: "feed.one_way"},
		{name: "all both ways", parts: []part{tcp(500, 0), group("a", 100, 0), group("b", 400, 0)}, want: verdict.No},
	})
}

func TestLoss(t *testing.T) {
	judgeCases(t, lossRule(), []ruled{
		{name: "nothing", want: verdict.CannotSay, needs: "0 of 2,000"},
		{name: "1,998 acknowledgements", parts: []part{acked(999, 100, 100)}, want: verdict.CannotSay, have: 0.999},
		{name: "2,000 acknowledgements", parts: []part{acked(1000, 100, 100)}, want: verdict.Yes, have: 1},
		{name: "1 % in both halves", parts: []part{acked(10000, 100, 100)}, want: verdict.Yes},
		{name: "just under 1 % in one half", parts: []part{acked(10000, 100, 99)}, want: verdict.CannotSay},
		{name: "all of it in the first half", parts: []part{acked(10000, 5000, 0)}, want: verdict.CannotSay},
		{name: "a quarter of a per cent", parts: []part{acked(10000, 25, 25)}, want: verdict.CannotSay},
		{name: "just under a quarter of a per cent", parts: []part{acked(10000, 24, 25)}, want: verdict.No},
		{name: "little, but all in one half", parts: []part{acked(10000, 49, 0)}, want: verdict.No},
		{name: "half a per cent in one half", parts: []part{acked(100000, 490, 500)}, want: verdict.CannotSay},
		{name: "none", parts: []part{acked(10000, 0, 0)}, want: verdict.No, have: 10},
		{name: "most one-sided: silenced", parts: []part{acked(10000, 5000, 5000), tcp(100, 51)}, want: verdict.CannotSay, needs: "one-sided"},
		{name: "half one-sided: random loss looks so, too", parts: []part{acked(10000, 5000, 5000), tcp(100, 50)}, want: verdict.Yes},
		{name: "over 5 % one-sided and no gaps: not a no", parts: []part{acked(10000, 0, 0), tcp(100, 6)}, want: verdict.CannotSay},
		{name: "most one-sided and no gaps: not a no", parts: []part{acked(10000, 0, 0), tcp(100, 90)}, want: verdict.CannotSay, needs: "one-sided"},
		{name: "5 % one-sided and no gaps", parts: []part{acked(10000, 0, 0), tcp(100, 5)}, want: verdict.No},
	})
}

func TestHalves(t *testing.T) {
	run := func(acks, gaps uint64) record.AckedSeen { return record.AckedSeen{Acks: acks, Gaps: gaps} }
	tests := []struct {
		name          string
		runs          []record.AckedSeen
		first, second uint64 // gaps
	}{
		{"nothing", nil, 0, 0},
		{"one run is the first half", []record.AckedSeen{run(100, 7)}, 7, 0},
		{"two", []record.AckedSeen{run(100, 1), run(100, 2)}, 1, 2},
		{"a long first", []record.AckedSeen{run(300, 1), run(100, 2), run(100, 4)}, 1, 6},
		{"a long last", []record.AckedSeen{run(100, 1), run(100, 2), run(300, 4)}, 7, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := halves(tt.runs)
			if a.Gaps != tt.first || b.Gaps != tt.second {
				t.Errorf("gaps %d and %d, want %d and %d", a.Gaps, b.Gaps, tt.first, tt.second)
			}
		})
	}
}

func TestDuplicated(t *testing.T) {
	frames := func(n, copies uint64) part { return all(feed(record.Frames, n), feed(record.Copies, copies)) }
	judgeCases(t, duplicatedRule(), []ruled{
		{name: "nothing", want: verdict.CannotSay, needs: "0 of 1,000"},
		{name: "999 frames", parts: []part{frames(999, 500)}, want: verdict.CannotSay, have: 0.999},
		{name: "1,000 frames", parts: []part{frames(1000, 500)}, want: verdict.Yes, have: 1},
		{name: "5 %", parts: []part{frames(10000, 500)}, want: verdict.CannotSay},
		{name: "over 5 %", parts: []part{frames(10000, 501)}, want: verdict.Yes},
		{name: "3 %", parts: []part{frames(10000, 300)}, want: verdict.CannotSay},
		{name: "under 3 %", parts: []part{frames(10000, 299)}, want: verdict.No},
	})
}

func TestTruncated(t *testing.T) {
	frames := func(n, cut uint64) part { return all(feed(record.Frames, n), feed(record.Truncated, cut)) }
	judgeCases(t, truncatedRule(), []ruled{
		{name: "nothing", want: verdict.CannotSay, needs: "0 of 100"},
		{name: "99 frames", parts: []part{frames(99, 99)}, want: verdict.CannotSay, have: 0.99},
		{name: "100 frames", parts: []part{frames(100, 2)}, want: verdict.Yes, have: 1},
		{name: "1 %", parts: []part{frames(1000, 10)}, want: verdict.CannotSay},
		{name: "over 1 %", parts: []part{frames(1000, 11)}, want: verdict.Yes},
		{name: "half a per cent", parts: []part{frames(1000, 5)}, want: verdict.CannotSay},
		{name: "under half a per cent", parts: []part{frames(1000, 4)}, want: verdict.No},
		{name: "frames of unknown kinds do not tell whether they are whole", parts: []part{frames(1000, 0), undecodable("unknown_ether_type", 901)}, want: verdict.CannotSay, have: 0.99},
		{name: "nor do they hide cut ones", parts: []part{frames(1000, 5), undecodable("unknown_link", 900)}, want: verdict.Yes},
		{name: "cut before anything could be read", parts: []part{frames(1000, 1000), undecodable("truncated_network", 1000)}, want: verdict.Yes},
	})
}

const dual = `
metadata: {id: dual}
scope:
  segments:
    - {id: users, kind: clients, networks: ["10.1.0.0/24", "2001:db8:1::/64"], expected: {hosts: 50}}
    - {id: old, kind: clients, networks: ["10.2.0.0/24"], expected: {hosts: 50}}
`

func TestIPv6Missing(t *testing.T) {
	on := terms(t, dual)
	packets := func(id record.SegmentID, v4, v6 uint64) part {
		return all(within(id, record.Packets4, v4), within(id, record.Packets6, v6))
	}
	judgeCases(t, ipv6Rule(), []ruled{
		{name: "nothing", terms: on, subject: "users", want: verdict.CannotSay, needs: "0 of 200"},
		{name: "199 packets", terms: on, subject: "users", parts: []part{packets("users", 199, 0), within("users", record.Neighbour, 5)}, want: verdict.CannotSay, have: 0.995},
		{name: "200 packets and a neighbour asked for", terms: on, subject: "users", parts: []part{packets("users", 200, 0), within("users", record.Neighbour, 1)}, want: verdict.Yes, have: 1},
		{name: "an address looked up", terms: on, subject: "users", parts: []part{packets("users", 9000, 0), within("users", record.AAAA, 1)}, want: verdict.Yes},
		{name: "a router tells of itself", terms: on, subject: "users", parts: []part{packets("users", 9000, 0), within("users", record.RouterAdverts, 1)}, want: verdict.Yes},
		{name: "no sign of IPv6", terms: on, subject: "users", parts: []part{packets("users", 9000, 0)}, want: verdict.CannotSay, needs: "no router advertisement"},
		{name: "just under 0.1 %", terms: on, subject: "users", parts: []part{packets("users", 10000, 9), within("users", record.Neighbour, 1)}, want: verdict.Yes},
		{name: "0.1 %", terms: on, subject: "users", parts: []part{packets("users", 9990, 10), within("users", record.Neighbour, 1)}, want: verdict.CannotSay},
		{name: "under 1 %", terms: on, subject: "users", parts: []part{packets("users", 9901, 99), within("users", record.Neighbour, 1)}, want: verdict.CannotSay},
		{name: "1 %", terms: on, subject: "users", parts: []part{packets("users", 9900, 100)}, want: verdict.No},
		{name: "trap: switched off on purpose, nothing heard", terms: on, subject: "old", parts: []part{packets("old", 9000, 0)}, want: verdict.CannotSay},
		{name: "not promised, and a router tells of one that nobody named", terms: on, subject: "old", parts: []part{packets("old", 9000, 0), feed(record.StrangeAdverts, 3)}, want: verdict.Yes},
		{name: "trap: not promised, and a router tells of its neighbour's", terms: on, subject: "old", parts: []part{packets("old", 9000, 0), feed(record.RouterAdverts, 3)}, want: verdict.CannotSay},
		{name: "not promised, and elsewhere in sight: no word on this segment", terms: on, subject: "old", parts: []part{packets("old", 9000, 0), feed(record.Packets6, 5000)}, want: verdict.CannotSay},
	})
}

func TestHostsCountedTwice(t *testing.T) {
	// machines with two IPv4 addresses each, and some with one
	homes := func(two, one int) part {
		hosts := directList("10.1.0", 1, two+one)
		for i := range two {
			hosts = append(hosts, ownFrames(netAddr("10.1.0", 101+i), hosts[i].MAC))
		}
		return sighted("users", hosts...)
	}
	judgeCases(t, countedTwiceRule(), []ruled{
		{name: "nothing", subject: "users", want: verdict.CannotSay, needs: "0 computers"},
		{name: "4 machines", subject: "users", parts: []part{homes(4, 0)}, want: verdict.CannotSay, have: 0.8},
		{name: "5 machines", subject: "users", parts: []part{homes(5, 0)}, want: verdict.Yes, have: 1},
		{name: "20 % more", subject: "users", parts: []part{homes(4, 16)}, want: verdict.CannotSay},
		{name: "over 20 % more", subject: "users", parts: []part{homes(5, 15)}, want: verdict.Yes},
		{name: "10 % more", subject: "users", parts: []part{homes(2, 18)}, want: verdict.CannotSay},
		{name: "under 10 % more", subject: "users", parts: []part{homes(1, 19)}, want: verdict.No},
		{name: "no card ties anything", subject: "users", parts: []part{sighted("users", loose("10.1.0", 1, 40)...)}, want: verdict.CannotSay},
		{
			name: "trap: a router's addresses are equipment", subject: "users",
			parts: []part{homes(0, 20), sighted("users", ownFrames("10.1.0.200", record.MAC{9}), ownFrames("10.1.0.201", record.MAC{9})), card(record.CardSeen{MAC: record.MAC{9}, Sent: 5, Forwards: true})}, want: verdict.No,
		},
		{
			name: "trap: dual stack and temporary IPv6 addresses", terms: terms(t, dual), subject: "users",
			parts: []part{homes(0, 20), sighted("users", ownFrames("2001:db8:1::1", cardOf("10.1.0", 1)), ownFrames("2001:db8:1::2", cardOf("10.1.0", 1)), ownFrames("2001:db8:1::3", cardOf("10.1.0", 2)))}, want: verdict.No,
		},
	})
}
