package sight_test

import (
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// TestDirectAndInPassing: a host is seen directly by its own frames only, whatever is said to it or about it.
func TestDirectAndInPassing(t *testing.T) {
	const direct, passing, spoke = record.SeenDirect, record.SeenInPassing, record.SeenSpoke
	cases := []struct {
		name   string
		frames [][]byte
		host   string
		at     record.SegmentID
		flags  record.HostFlags
		hops   uint8
		mac    record.MAC
	}{
		{"its own frame", [][]byte{packet{}.bytes()}, client, users, direct | spoke, 0, clientMAC},
		{"its own frame, Windows", [][]byte{packet{ttl: 128}.bytes()}, client, users, direct | spoke, 0, clientMAC},
		{"its own frame, IPv6", [][]byte{packet{from: client6, to: far6}.bytes()}, client6, users, direct | spoke, 0, clientMAC},
		{"behind a router", [][]byte{packet{src: routerMAC, ttl: 63}.bytes()}, client, users, passing | spoke, 1, record.MAC{}},
		{"behind two routers, Windows", [][]byte{packet{src: routerMAC, ttl: 126}.bytes()}, client, users, passing | spoke, 2, record.MAC{}},
		{"only a peer that is answered", [][]byte{packet{}.bytes()}, server, servers, passing, record.NoHops, record.MAC{}},
		{"a time to live that says nothing", [][]byte{packet{ttl: 5}.bytes()}, client, users, passing | spoke, record.NoHops, record.MAC{}},
		{
			"first behind a router, then near",
			[][]byte{packet{src: routerMAC, ttl: 63}.bytes(), packet{}.bytes()},
			client, users, direct | passing | spoke, 0, clientMAC,
		},
		{
			"two cards for one address: the smaller",
			[][]byte{packet{src: serverMAC}.bytes(), packet{}.bytes(), packet{src: serverMAC}.bytes()},
			client, users, direct | spoke, 0, clientMAC,
		},
		{
			"only broadcasts",
			[][]byte{packet{dst: everybody, to: "10.1.255.255", proto: decode.ProtoUDP, sport: 137, dport: 137}.bytes()},
			client, users, direct, 0, clientMAC,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			for i, f := range c.frames {
				w.frame(start+record.Time(i)*second, f)
			}
			_, by := w.done()
			h := host(t, by[c.at], c.host)
			if h.Flags != c.flags || h.Hops != c.hops || h.MAC != c.mac {
				t.Errorf("flags %06b hops %d card %s, want %06b %d %s", h.Flags, h.Hops, h.MAC, c.flags, c.hops, c.mac)
			}
			spokeMinutes := uint32(0)
			if c.flags&spoke != 0 {
				spokeMinutes = 1
			}
			if h.Minutes != spokeMinutes || h.First > h.Last || h.First < start {
				t.Errorf("minutes %d, from %d to %d", h.Minutes, h.First, h.Last)
			}
		})
	}
}

// TestNoHost: what must not make a host of a segment.
func TestNoHost(t *testing.T) {
	cases := map[string][]byte{
		"a SYN to an address that never answered (a scan)": packet{src: routerMAC, from: far, ttl: 50, flags: decode.SYN}.bytes(),
		"a datagram to an address":                         packet{from: far, proto: decode.ProtoUDP}.bytes(),
		"a reset to an address":                            packet{from: far, flags: decode.RST | decode.ACK}.bytes(),
		"an Internet address":                              packet{from: far, to: "198.51.100.81"}.bytes(),
		"a private address of no segment":                  packet{from: foreign, to: far}.bytes(),
		"a link-local address":                             packet{from: "fe80::7", to: "ff02::fb", proto: decode.ProtoUDP}.bytes(),
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			w := watching(t)
			w.frame(start, f)
			_, by := w.done()
			for id, s := range by {
				if len(s.Hosts) != 0 {
					t.Errorf("hosts of %q: %v", id, s.Hosts)
				}
			}
		})
	}
}

func TestHops(t *testing.T) {
	cases := []struct{ ttl, want uint8 }{
		{0, record.NoHops},
		{1, record.NoHops},
		{32, record.NoHops},
		{33, 31},
		{60, 4},
		{63, 1},
		{64, 0},
		{65, 63},
		{127, 1},
		{128, 0},
		{129, 126},
		{254, 1},
		{255, 0},
	}
	for _, c := range cases {
		if got := sight.Hops(c.ttl); got != c.want {
			t.Errorf("TTL %d shows hop distance %d, want %d", c.ttl, got, c.want)
		}
	}
}

func TestCards(t *testing.T) {
	reply := func(ttl uint8, from string) []byte {
		return packet{src: routerMAC, from: from, to: client, ttl: ttl}.bytes()
	}
	cases := []struct {
		name      string
		frames    [][]byte
		addresses uint32
		forwards  bool
		public    bool
	}{
		{"a computer", [][]byte{reply(64, server)}, 1, false, false},
		{"a router sends for an address a hop away", [][]byte{reply(63, server)}, 1, true, false},
		{"a router with an address of its own", [][]byte{reply(64, "10.1.0.1"), reply(63, server), reply(55, far)}, 3, true, false},
		{"a computer that translates for its containers", [][]byte{reply(64, server), reply(63, server)}, 1, false, false},
		{"the same in the other order", [][]byte{reply(63, server), reply(64, server)}, 1, false, false},
		{"a computer with two addresses", [][]byte{reply(64, server), reply(128, "10.2.0.9")}, 2, false, false},
		{"a firewall that translates", [][]byte{reply(63, public)}, 1, true, true},
		{"traceroute says nothing", [][]byte{reply(3, server)}, 0, false, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			for _, f := range c.frames {
				w.frame(start, f)
			}
			whole, _ := w.done()
			got := card(t, whole, routerMAC)
			if got.Addresses != c.addresses || got.Forwards != c.forwards || got.Public != c.public || got.Sent != uint64(len(c.frames)) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestCardsCount(t *testing.T) {
	w := watching(t)
	w.frame(start, packet{}.bytes())
	w.frame(start, packet{src: routerMAC, dst: clientMAC, from: far, to: client, ttl: 55}.bytes())
	w.frame(start, packet{dst: everybody, to: "255.255.255.255", proto: decode.ProtoUDP}.bytes())
	w.frame(start, arp(1, clientMAC, client, "10.1.0.1"))
	whole, _ := w.done()
	if got := card(t, whole, clientMAC); got.Sent != 3 || got.Shouted != 2 || got.Touched != 2 {
		t.Errorf("client's card %+v", got)
	}
	if got := card(t, whole, routerMAC); got.Sent != 1 || got.Shouted != 0 || got.Touched != 2 {
		t.Errorf("router's card %+v", got)
	}
	if len(whole.Cards) != 2 {
		t.Errorf("cards %v", whole.Cards)
	}
	counts(t, whole, map[record.Count]uint64{record.Unicast: 2, record.Broadcast: 2, record.Multicast: 0, record.Frames: 4})
}

// TestManyAddressesBehindACard: the small sets of a card are full, and still say "a router".
func TestManyAddressesBehindACard(t *testing.T) {
	w := watching(t)
	for i := range 200 {
		w.frame(start, packet{src: routerMAC, from: numbered(i), ttl: 63}.bytes())
	}
	whole, _ := w.done()
	if got := card(t, whole, routerMAC); got.Addresses < 13 || !got.Forwards {
		t.Errorf("router's card %+v", got)
	}
}

func TestARP(t *testing.T) {
	cases := []struct {
		name          string
		frame         []byte
		inside, other uint64
		host          bool
	}{
		{"a request", arp(1, clientMAC, client, "10.1.0.1"), 1, 0, true},
		{"a reply", arp(2, clientMAC, client, "10.1.0.1"), 1, 0, true},
		{"a probe for a free address ties nothing", arp(1, clientMAC, "0.0.0.0", client), 0, 0, false},
		{"of another network", arp(1, clientMAC, foreign, "192.168.3.1"), 0, 1, false},
		{"cut", arp(1, clientMAC, client, "10.1.0.1")[:30], 0, 0, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			w.frame(start, c.frame)
			whole, by := w.done()
			counts(t, whole, map[record.Count]uint64{record.ARPFrames: 1, record.ARPInside: c.inside, record.ARPOther: c.other, record.Packets: 0})
			if by[users].Counts[record.ARPInside] != c.inside {
				t.Errorf("users' ARP senders %d, want %d", by[users].Counts[record.ARPInside], c.inside)
			}
			if !c.host {
				if n := len(by[users].Hosts); n != 0 {
					t.Errorf("%d hosts, want none", n)
				}
				return
			}
			h := host(t, by[users], client)
			if h.Flags != record.SeenDirect || h.Hops != 0 || h.MAC != clientMAC || h.Minutes != 0 {
				t.Errorf("host %+v", h)
			}
		})
	}
}

func TestNeighbourDiscovery(t *testing.T) {
	a := addr(client6)
	router := addr("2001:db8:1::1")
	linkLocal := addr("fe80::1")
	prefix := append([]byte{3, 4, 64, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, a[:8]...)
	prefix = append(prefix, make([]byte, 8)...)
	type seen struct {
		addr  string
		flags record.HostFlags
		mac   record.MAC
	}
	cases := []struct {
		name       string
		frame      []byte
		neighbours uint64
		adverts    uint64
		hosts      []seen
	}{
		{
			"a solicitation ties its sender", discovery(clientMAC, client6, "ff02::1:ff00:1", 135, 0, router[:], linkAddr(1, clientMAC)),
			1, 0,
			[]seen{{client6, record.SeenDirect, clientMAC}},
		},
		{
			"also when it asks for a link-local address", discovery(clientMAC, client6, "ff02::1:ff00:1", 135, 0, linkLocal[:], linkAddr(1, clientMAC)),
			0, 0,
			[]seen{{client6, record.SeenDirect, clientMAC}},
		},
		{"a probe for a free address ties nothing", discovery(clientMAC, "::", "ff02::1:ff00:7", 135, 0, a[:]), 1, 0, nil},
		{
			"an advertisement ties its target", discovery(clientMAC, "fe80::7", "ff02::1", 136, 0x20, a[:], linkAddr(2, clientMAC)),
			1, 0,
			[]seen{{client6, record.SeenDirect, clientMAC}},
		},
		{
			"a router's advertisement of its address", discovery(routerMAC, "fe80::1", "ff02::1", 136, 0xa0, router[:], linkAddr(2, routerMAC)),
			1, 0,
			[]seen{{"2001:db8:1::1", record.SeenDirect | record.SeenRouter, routerMAC}},
		},
		{"a link-local address is nobody's host", discovery(routerMAC, "fe80::1", "ff02::1", 136, 0xa0, linkLocal[:], linkAddr(2, routerMAC)), 0, 0, nil},
		{"a router advertisement with the segment's prefix", discovery(routerMAC, "fe80::1", "ff02::1", 134, 64, make([]byte, 8), prefix), 0, 1, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			w.frame(start, c.frame)
			whole, by := w.done()
			counts(t, whole, map[record.Count]uint64{record.Neighbour: c.neighbours, record.RouterAdverts: c.adverts, record.Packets6: 0, record.Packets: 1})
			counts(t, by[users], map[record.Count]uint64{record.Neighbour: c.neighbours, record.RouterAdverts: c.adverts})
			if len(by[users].Hosts) != len(c.hosts) {
				t.Errorf("hosts %+v", by[users].Hosts)
			}
			for _, want := range c.hosts {
				if h := host(t, by[users], want.addr); h.Flags != want.flags || h.MAC != want.mac || h.Hops != 0 {
					t.Errorf("host %+v, want %+v", h, want)
				}
			}
		})
	}
}

func TestLeases(t *testing.T) {
	w := watching(t)
	w.Leased(start, clientMAC, addr(client))
	w.Leased(start, serverMAC, addr(foreign))
	whole, by := w.done()
	counts(t, whole, map[record.Count]uint64{record.DHCPLeases: 2})
	counts(t, by[users], map[record.Count]uint64{record.DHCPLeases: 1})
	if h := host(t, by[users], client); h.Flags != record.SeenLeased || h.MAC != clientMAC || h.Hops != record.NoHops {
		t.Errorf("host %+v", h)
	}
}
