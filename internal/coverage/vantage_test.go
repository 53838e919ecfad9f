package coverage

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// beyond is a place outside the translation: public addresses, two routers, nobody's own frames.
func beyond(packets uint64) part {
	return all(feed(record.Frames, packets), feed(record.Packets, packets), feed(record.Packets4, packets),
		feed(record.Public4, packets*95/100), cards(2))
}

// within4 is a place inside: so many of the packets carry inside addresses, from many cards.
func inside(packets, inside uint64) part {
	return all(feed(record.Frames, packets), feed(record.Packets, packets), feed(record.Packets4, packets),
		feed(record.Inside4, inside), feed(record.Announced, packets/100), cards(30))
}

const publicInside = `
scope:
  segments:
    - {id: campus, kind: clients, networks: ["198.51.100.0/24"], expected: {hosts: 60}}
`

func TestOutside(t *testing.T) {
	alone := assumed(t)
	manyStacks := client(record.ClientSeen{Addr: netip.MustParseAddr("203.0.113.17"), Place: record.Internet, Conns: 500}, 6)
	judgeCases(t, outsideRule(), []ruled{
		{name: "nothing", want: verdict.CannotSay, needs: "0 of 200 IP packets"},
		{name: "199 packets", parts: []part{beyond(199)}, want: verdict.CannotSay, have: 0.995, needs: "199 of 200"},
		{name: "200 packets", parts: []part{beyond(200)}, want: verdict.Yes, have: 1},
		{name: "outside", parts: []part{beyond(10000)}, want: verdict.Yes, have: 50},
		{name: "outside, scanned by strangers", parts: []part{beyond(10000), feed(record.Conns, 100), feed(record.ConnsUnanswered, 60)}, want: verdict.Yes},
		{name: "inside", parts: []part{inside(10000, 9000), direct("users", "10.1.0", 20)}, want: verdict.No},
		{name: "inside, with few inside packets", parts: []part{inside(10000, 150)}, want: verdict.CannotSay, needs: "yes needs +6"},
		{name: "half translated: both sides of the firewall", parts: []part{inside(10000, 5000), feed(record.Public4, 5000)}, want: verdict.CannotSay},

		// PLACEMENT.md 3.3: what could look like it.
		{name: "trap: public addresses inside", terms: terms(t, publicInside), parts: []part{inside(10000, 9900), direct("campus", "198.51.100", 30)}, want: verdict.No},
		{
			name: "trap: public addresses inside, seen in the core", terms: terms(t, publicInside),
			parts: []part{all(feed(record.Frames, 9000), feed(record.Packets, 9000), feed(record.Packets4, 9000), feed(record.Inside4, 9000), cards(2))}, want: verdict.CannotSay,
		},
		{name: "trap: one-to-one translation, inside", parts: []part{inside(10000, 9500), feed(record.Public4, 200), direct("servers", "10.2.0", 5)}, want: verdict.No},
		{name: "trap: one-to-one translation, outside", parts: []part{beyond(5000), feed(record.Conns, 400)}, want: verdict.Yes},
		{name: "trap: everything goes to a proxy inside", parts: []part{inside(10000, 10000), direct("users", "10.1.0", 40), clients(1, 400)}, want: verdict.No},
		{name: "trap: wrong networks in the file", parts: []part{inside(10000, 0), feed(record.Foreign4, 9900)}, want: verdict.CannotSay},
		{
			name: "trap: wrong networks in the file, few cards", parts: []part{all(feed(record.Frames, 9000), feed(record.Packets, 9000), feed(record.Packets4, 9000), feed(record.Foreign4, 9000), cards(2))},
			want: verdict.CannotSay,
		},
		{name: "trap: out-of-band network", parts: []part{beyondGear()}, seen: monday(20 * time.Minute), want: verdict.No},
		{
			name: "trap: IPv6 passes untranslated beside translated IPv4", terms: terms(t, office, `["10.1.0.0/24"] => ["10.1.0.0/24", "2001:db8:1::/64"]`),
			parts: []part{beyond(1000), feed(record.Packets, 9000), feed(record.Packets6, 9000), feed(record.Inside6, 9000)}, want: verdict.Yes,
		},
		{name: "veto: hosts' own cards and ARP of promised addresses", parts: []part{beyond(9000), direct("users", "10.1.0", 10), feed(record.ARPInside, 4), feed(record.Conns, 40), feed(record.ConnsUnanswered, 40)}, want: verdict.CannotSay},
		{name: "without ARP of promised addresses no veto", parts: []part{beyond(9000), direct("users", "10.1.0", 10), feed(record.Conns, 40), feed(record.ConnsUnanswered, 40)}, want: verdict.Yes},

		{name: "no agreement: outside, many machines behind one address", terms: alone, parts: []part{beyond(9000), manyStacks}, want: verdict.Yes},
		{name: "no agreement: few signs", terms: alone, parts: []part{beyond(9000)}, want: verdict.CannotSay},
		{name: "no agreement: inside", terms: alone, parts: []part{inside(9000, 8000), direct(record.InsideAssumed, "10.1.0", 20)}, want: verdict.No},
		{name: "no link layer", parts: []part{all(feed(record.Packets, 9000), feed(record.Packets4, 9000), feed(record.Public4, 9000))}, want: verdict.Yes},
	})
}

// TestOutsideOfReports: where reports leave it open, more of them is not asked for; what would decide is.
func TestOutsideOfReports(t *testing.T) {
	const logs = record.CarriesConns | record.CarriesVolume
	part := all(feed(record.Packets, 9000), feed(record.Packets4, 9000), feed(record.Inside4, 1000))
	for _, tt := range []struct {
		name    string
		carries record.Carries
		more    bool
		lacks   string
		cards   bool // reports with cards are asked for
	}{
		{"packets", record.CarriesAll, true, "", false},
		{"logs", logs, false, "carries no cards and no hops;", true},
		{"logs with cards", logs | record.CarriesCards, false, "carries no hops;", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := gather(assumed(t), monday(time.Hour), part)
			e.Whole.Carries, e.Whole.Minutes = tt.carries, 60
			rule := outsideRule()
			r := rule.Judge(e, "")
			if r.Verdict != verdict.CannotSay {
				t.Fatalf("%+v", r)
			}
			if more := strings.Contains(r.Needs, "More traffic of promised hosts would decide"); more != tt.more || !strings.Contains(r.Needs, tt.lacks) {
				t.Errorf("needs %q", r.Needs)
			}
			if strings.Contains(r.Needs, "mac-logging") != tt.cards || strings.Contains(r.Words, "reports") == tt.more {
				t.Errorf("needs %q, words %q", r.Needs, r.Words)
			}
		})
	}
}

func TestOutsideSignsAtTheirBounds(t *testing.T) {
	on := terms(t, office)
	tests := []struct {
		name  string
		sign  string
		parts []part
		want  float64
	}{
		{"under 1 % inside", "packets that carry an inside address", []part{feed(record.Inside4, 9)}, 4},
		{"1 % inside", "packets that carry an inside address", []part{feed(record.Inside4, 10)}, 1},
		{"5 % inside", "packets that carry an inside address", []part{feed(record.Inside4, 50)}, -1},
		{"20 % inside", "packets that carry an inside address", []part{feed(record.Inside4, 200)}, -4},
		{"under 20 % translated", "packets that carry an address after translation", []part{feed(record.Public4, 9)}, -3},
		{"20 % translated", "packets that carry an address after translation", []part{feed(record.Public4, 200)}, 1},
		{"50 % translated", "packets that carry an address after translation", []part{feed(record.Public4, 500)}, 4},
		{"20 % private addresses that nobody promised", "packets with private addresses", []part{feed(record.Foreign4, 200)}, -4},
		{"under 20 %", "packets with private addresses", []part{feed(record.Foreign4, 199)}, notThere},
		{"2 hosts by their own frames", "promised hosts seen by their own frames", []part{direct("users", "10.1.0", 2)}, -2},
		{"3 hosts by their own frames", "promised hosts seen by their own frames", []part{direct("users", "10.1.0", 3)}, -4},
		{"3 cards", "network cards; an inside port shows", []part{cards(3)}, 2},
		{"4 cards", "network cards: few, and not few enough", []part{cards(4)}, 0},
		{"10 cards", "network cards, as many", []part{cards(10)}, -3},
		{"19 scans are none", "connections that strangers tried", []part{feed(record.Conns, 20), feed(record.ConnsUnanswered, 19)}, notThere},
		{"20 scans", "connections that strangers tried", []part{feed(record.Conns, 20), feed(record.ConnsUnanswered, 20)}, 1.5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parts := append([]part{feed(record.Packets, 1000), feed(record.Packets4, 1000)}, tt.parts...)
			rule := outsideRule()
			got, ok := signBits(rule.Judge(gather(on, monday(time.Hour), parts...), ""), tt.sign)
			if ok != (tt.want != notThere) {
				t.Fatalf("sign there: %v", ok)
			}
			if ok && got != tt.want {
				t.Errorf("%v bits, want %v", got, tt.want)
			}
		})
	}
}

// notThere stands for a sign that is not there.
const notThere = -99

func shouted(frames, broadcast uint64) part {
	return all(feed(record.Frames, frames), feed(record.Broadcast, broadcast), feed(record.Unicast, frames-broadcast))
}

// shouters is n cards that are only heard shouting, asked of it for others.
func shouters(n int, asked uint64) part {
	return func(e *Evidence) {
		for i := range n {
			card(record.CardSeen{MAC: record.MAC{8, 0, 0, 0, 1, byte(i)}, Sent: 20, Shouted: 20, Asked: asked, Addresses: 1})(e)
		}
	}
}

func TestUnmirroredPort(t *testing.T) {
	two := monday(2 * time.Minute)
	own := record.MAC{6, 0, 0, 0, 0, 1}
	// alone is a port where the sensor's own conversations are n unicast frames, and others only shout.
	alone := func(n uint64, others int) part {
		parts := []part{card(record.CardSeen{MAC: own, Sent: n, Touched: n, Addresses: 1}), card(record.CardSeen{MAC: record.MAC{6, 0, 0, 0, 0, 2}, Sent: n, Touched: n, Addresses: 20, Forwards: true})}
		for i := range others {
			parts = append(parts, card(record.CardSeen{MAC: record.MAC{8, 0, 0, 0, 0, byte(i)}, Sent: 20, Shouted: 20, Addresses: 1}))
		}
		return all(parts...)
	}
	judgeCases(t, unmirroredRule(), []ruled{
		{name: "nothing", want: verdict.CannotSay, needs: "0 frames"},
		{name: "19 frames", seen: two, parts: []part{shouted(19, 19), shouters(5, 9)}, want: verdict.CannotSay, have: 0.95, needs: "20 frames and 2 minutes"},
		{name: "20 frames", seen: two, parts: []part{shouted(20, 20), shouters(5, 9)}, want: verdict.Yes, have: 1},
		{name: "too short", seen: monday(119 * time.Second), parts: []part{shouted(200, 200), shouters(5, 9)}, want: verdict.CannotSay, have: 119.0 / 120},
		{name: "98 % shouted", seen: two, parts: []part{shouted(1000, 980), shouters(5, 9)}, want: verdict.Yes},
		{name: "three cards shout", seen: two, parts: []part{shouted(1000, 1000), shouters(3, 9)}, want: verdict.Yes},
		{name: "two cards shout", seen: two, parts: []part{shouted(1000, 1000), shouters(2, 9)}, want: verdict.CannotSay},
		{name: "at night, three cards ask for others in vain", seen: night(time.Hour), parts: []part{shouted(1000, 1000), shouters(3, 9)}, want: verdict.Yes},
		{name: "in working time, three cards announce themselves", seen: two, parts: []part{shouted(1000, 1000), shouters(3, 0)}, want: verdict.Yes},
		{name: "trap: a quiet night, cards only announce themselves", seen: night(time.Hour), parts: []part{shouted(1000, 1000), shouters(9, 0)}, want: verdict.CannotSay},
		{name: "trap: a very quiet VLAN, one card is idle", seen: two, parts: []part{shouted(30, 30), shouters(1, 9)}, want: verdict.CannotSay},
		{name: "trap: all that shout are heard talking, too", seen: two, parts: []part{shouted(1000, 990), cards(5)}, want: verdict.CannotSay},
		{name: "under 98 %, conversations of others", seen: two, parts: []part{shouted(1000, 970), cards(5)}, want: verdict.CannotSay},
		{name: "under 90 %, conversations of others", seen: two, parts: []part{shouted(1000, 890), cards(5)}, want: verdict.No},
		{name: "a mirrored port", seen: two, parts: []part{shouted(10000, 200), cards(30)}, want: verdict.No},
		{name: "the sensor's own talk and others' shouts", seen: two, parts: []part{shouted(1000, 400), alone(600, 8)}, want: verdict.Yes},
		{name: "one card's talk and nobody's shouts", seen: two, parts: []part{shouted(1000, 5), alone(995, 0)}, want: verdict.CannotSay},
		{name: "no link layer", seen: two, parts: []part{feed(record.Frames, 1000)}, want: verdict.CannotSay, needs: "link layer"},
		{
			name: "trap: a router's card in every conversation", seen: two,
			parts: []part{shouted(1000, 100), cards(20), card(record.CardSeen{MAC: own, Sent: 900, Touched: 900, Forwards: true, Addresses: 20})}, want: verdict.No,
		},
		{
			name: "trap: a server that many cards talk with", seen: two,
			parts: []part{shouted(1000, 100), cards(20), card(record.CardSeen{MAC: own, Sent: 900, Touched: 900, Addresses: 1})}, want: verdict.No,
		},
		{
			name: "trap: outside, one address opens connections all the time", seen: two,
			parts: []part{shouted(1000, 5), alone(995, 0), client(record.ClientSeen{Addr: netip.MustParseAddr("203.0.113.17"), Conns: 50, Toward: 50}, 3)}, want: verdict.No,
		},
	})
}

// beyondGear is a network of the gear: SNMP, syslog, SSH of named hosts that nobody promised to watch.
func beyondGear() part {
	return all(feed(record.Frames, 3000), feed(record.Packets, 3000), feed(record.Packets4, 3000), feed(record.Foreign4, 3000),
		feed(record.MgmtPackets, 2900), feed(record.UserPackets, 100), cards(12), direct("gear", "10.9.0", 10))
}

func TestManagementPort(t *testing.T) {
	ten := monday(10 * time.Minute)
	mgmt := func(gear, people uint64) part {
		return all(feed(record.Packets, gear+people), feed(record.MgmtPackets, gear), feed(record.UserPackets, people))
	}
	judgeCases(t, managementRule(), []ruled{
		{name: "nothing", want: verdict.CannotSay, needs: "0 packets"},
		{name: "499 packets", seen: ten, parts: []part{mgmt(499, 0)}, want: verdict.CannotSay, have: 0.998, needs: "500 packets and 10 minutes"},
		{name: "500 packets", seen: ten, parts: []part{mgmt(500, 0)}, want: verdict.Yes, have: 1},
		{name: "9 minutes", seen: monday(9 * time.Minute), parts: []part{mgmt(5000, 0)}, want: verdict.CannotSay, have: 0.9},
		{name: "half of it gear", seen: ten, parts: []part{mgmt(500, 500)}, want: verdict.Yes},
		{name: "under half, nobody promised", seen: ten, parts: []part{mgmt(499, 501)}, want: verdict.CannotSay},
		{name: "under 15 %", seen: ten, parts: []part{mgmt(149, 851)}, want: verdict.No},
		{name: "15 %", seen: ten, parts: []part{mgmt(150, 850)}, want: verdict.CannotSay},
		{name: "people's traffic", seen: ten, parts: []part{mgmt(10, 5000), clients(20, 10)}, want: verdict.No},
		{name: "named gear that nobody watches", seen: ten, parts: []part{beyondGear()}, want: verdict.Yes},
		{
			name: "trap: an out-of-band network that is promised", seen: ten,
			terms: terms(t, office, `excluded: true, reason: "another provider"} => expected: {hosts: 10}}`, `covers: [users, servers] => covers: [users, servers, gear]`),
			parts: []part{beyondGear()}, want: verdict.CannotSay,
		},
		{name: "trap: a night on which only gear talks, promised hosts in sight", seen: ten, parts: []part{mgmt(900, 100), direct("users", "10.1.0", 3)}, want: verdict.CannotSay},
		{name: "many addresses go to the Internet", seen: ten, parts: []part{mgmt(600, 400), clients(5, 2)}, want: verdict.CannotSay},
	})
}

func TestAfterProxy(t *testing.T) {
	proxy := func(conns uint64, stacks int, proxied uint64) part {
		return client(record.ClientSeen{Addr: netip.MustParseAddr("10.2.0.80"), Place: "servers", Conns: conns, Toward: conns, Proxied: proxied}, stacks)
	}
	headers := func(requests, proxied uint64) part {
		return all(feed(record.HTTPRequests, requests), feed(record.HTTPProxied, proxied))
	}
	judgeCases(t, afterProxyRule(), []ruled{
		{name: "nothing", want: verdict.CannotSay, needs: "0 of 500"},
		{name: "499 connections", parts: []part{feed(record.Conns, 499), proxy(499, 1, 100), headers(100, 100)}, want: verdict.CannotSay, have: 0.998, needs: "499 of 500"},
		{name: "500 connections", parts: []part{feed(record.Conns, 500), proxy(500, 1, 100), headers(100, 100)}, want: verdict.Yes, have: 1},
		{name: "500 connections, 19 of ours", parts: []part{feed(record.Conns, 500), proxy(19, 1, 19), headers(19, 19)}, want: verdict.CannotSay, have: 0.95},
		{name: "visitors come themselves", parts: []part{feed(record.Conns, 1000), clients(40, 20)}, want: verdict.No},
		{name: "half by one address", parts: []part{feed(record.Conns, 1000), clients(20, 25), proxy(500, 2, 0)}, want: verdict.No},
		{name: "six in ten by one address", parts: []part{feed(record.Conns, 1000), clients(20, 20), proxy(600, 2, 0)}, want: verdict.CannotSay},
		{name: "nine in ten by one machine, headers unknown", parts: []part{feed(record.Conns, 1000), proxy(950, 2, 0)}, want: verdict.CannotSay},
		{name: "nine in ten by one machine, headers say proxy", parts: []part{feed(record.Conns, 1000), proxy(950, 2, 50), headers(100, 50)}, want: verdict.Yes},
		{name: "just nine in ten, headers say proxy, stacks undecided", parts: []part{feed(record.Conns, 1000), clients(10, 10), proxy(900, 3, 50), headers(100, 50)}, want: verdict.Yes},
		{name: "under nine in ten, headers say proxy, stacks undecided", parts: []part{feed(record.Conns, 1000), clients(10, 10), proxy(890, 3, 50), headers(100, 50)}, want: verdict.CannotSay},
		{name: "trap: a terminal server", parts: []part{feed(record.Conns, 1000), proxy(950, 1, 0), headers(50, 0)}, want: verdict.CannotSay},
		{name: "trap: a pool of translation, many stacks", parts: []part{feed(record.Conns, 1000), proxy(950, 6, 0), headers(50, 0)}, want: verdict.No},
		{name: "trap: somebody else's requests carry the header", parts: []part{feed(record.Conns, 1000), proxy(950, 2, 0), headers(50, 40)}, want: verdict.CannotSay},
		{name: "trap: gear only", seen: monday(20 * time.Minute), parts: []part{feed(record.Conns, 1000), proxy(950, 1, 100), headers(100, 100), beyondGear()}, want: verdict.No},
	})
}
