package sight_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

func TestOpenedAndEnded(t *testing.T) {
	opening := func(from, to string) sight.Opening {
		return sight.Opening{TS: start, Orig: addr(from), Resp: addr(to), RespPort: 443, Proto: decode.ProtoTCP}
	}
	cases := []struct {
		name       string
		from, to   string
		answered   bool
		pair       record.PairSeen
		unanswered uint64 // from the Internet
		client     *record.ClientSeen
	}{
		{
			"client to the Internet", client, far, true,
			record.PairSeen{From: users, To: record.Internet, Conns: 1, Answered: 1},
			0, &record.ClientSeen{Place: users, Conns: 1, Toward: 1},
		},
		{
			"client to a server that is silent", client, server, false,
			record.PairSeen{From: users, To: servers, Conns: 1},
			0, &record.ClientSeen{Place: users, Conns: 1, Failed: 1},
		},
		{
			"own public to the Internet", public, far, true,
			record.PairSeen{From: record.OwnPublic, To: record.Internet, Conns: 1, Answered: 1},
			0, &record.ClientSeen{Place: record.OwnPublic, Conns: 1, Toward: 1},
		},
		{"a scan from the Internet", far, public, false, record.PairSeen{From: record.Internet, To: record.OwnPublic, Conns: 1}, 1, nil},
		{"a visitor from the Internet", far, server, true, record.PairSeen{From: record.Internet, To: servers, Conns: 1, Answered: 1}, 0, nil},
		{"transit without an answer", far, "192.0.2.1", false, record.PairSeen{From: record.Internet, To: record.Internet, Conns: 1}, 0, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			o := opening(c.from, c.to)
			w.Opened(o)
			w.Ended(o, start+5*second, c.answered)
			whole, by := w.done()
			counts(t, whole, map[record.Count]uint64{record.Conns: 1, record.ConnsTCP: 1, record.ConnsUnanswered: c.unanswered})
			if len(whole.Pairs) != 1 || whole.Pairs[0] != c.pair {
				t.Errorf("pairs %+v, want %+v", whole.Pairs, c.pair)
			}
			for _, id := range []record.SegmentID{c.pair.From, c.pair.To} {
				if (id == users || id == servers) && by[id].Counts[record.Conns] != 1 {
					t.Errorf("%s has %d connections, want 1", id, by[id].Counts[record.Conns])
				}
			}
			if c.client == nil {
				if len(whole.Clients) != 0 {
					t.Errorf("clients %+v, want none", whole.Clients)
				}
				return
			}
			c.client.Addr = netip.MustParseAddr(c.from)
			if len(whole.Clients) != 1 || fmt.Sprint(whole.Clients[0]) != fmt.Sprint(*c.client) {
				t.Errorf("clients %+v, want %+v", whole.Clients, *c.client)
			}
		})
	}
}

// TestWithinASegment: both ends are the same place, the connection counts there once. Datagrams make no client.
func TestWithinASegment(t *testing.T) {
	w := watching(t)
	o := sight.Opening{TS: start, Orig: addr(client), Resp: addr("10.1.0.9"), Proto: decode.ProtoUDP}
	w.Opened(o)
	w.Ended(o, start, false)
	whole, by := w.done()
	counts(t, whole, map[record.Count]uint64{record.Conns: 1, record.ConnsTCP: 0})
	counts(t, by[users], map[record.Count]uint64{record.Conns: 1})
	if len(whole.Clients) != 0 {
		t.Errorf("clients %+v", whole.Clients)
	}
}

func TestTCPJudged(t *testing.T) {
	cases := []struct {
		name       string
		orig, resp string
		origUnseen bool
		respUnseen bool
		want       record.GroupSeen
	}{
		{"both ways", client, far, false, false, record.GroupSeen{Group: "198.51.100.0/24", Conns: 1}},
		{"only the originator's bytes", client, far, false, true, record.GroupSeen{Group: "198.51.100.0/24", Conns: 1, OneWayO: 1}},
		{"only the responder's bytes", client, far, true, false, record.GroupSeen{Group: "198.51.100.0/24", Conns: 1, OneWayR: 1}},
		{"the far end is the originator", far, server, false, false, record.GroupSeen{Group: "198.51.100.0/24", Conns: 1}},
		{"between segments the responder's", client, server, false, false, record.GroupSeen{Group: "servers", Conns: 1}},
		{"IPv6", client6, far6, false, false, record.GroupSeen{Group: "2001:db8:ffff::/48", Conns: 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			w.TCPJudged(sight.Judged{TS: start, Orig: addr(c.orig), Resp: addr(c.resp), OrigUnseen: c.origUnseen, RespUnseen: c.respUnseen})
			whole, _ := w.done()
			if len(whole.Groups) != 1 || whole.Groups[0] != c.want {
				t.Errorf("groups %+v, want %+v", whole.Groups, c.want)
			}
			counts(t, whole, map[record.Count]uint64{record.TCPJudged: 1, record.OneWay: c.want.OneWayO + c.want.OneWayR})
		})
	}
}

func TestAckedRuns(t *testing.T) {
	for _, n := range []uint64{1, 124, 125, 126, 8000, 8001, 100_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := watching(t)
			for i := range n {
				w.Acked(start+record.Time(i), 1, i%2, i%2*10)
			}
			whole, _ := w.done()
			counts(t, whole, map[record.Count]uint64{record.Acks: n, record.Gaps: n / 2, record.GapBytes: n / 2 * 10})
			acks, gaps := uint64(0), uint64(0)
			least, most := n, uint64(0)
			for i, r := range whole.Acked {
				acks += r.Acks
				gaps += r.Gaps
				if want := start + record.Time(acks) - 1; r.Last != want {
					t.Fatalf("run %d ends at %d, want %d: its last acknowledgement", i, r.Last-start, want-start)
				}
				if i < len(whole.Acked)-1 {
					least, most = min(least, r.Acks), max(most, r.Acks)
				}
			}
			if len(whole.Acked) > 1 && (least < 125 || most > 2*least) {
				t.Errorf("runs of %d to %d acknowledgements: too uneven to be halved in time", least, most)
			}
			if acks != n || gaps != n/2 || len(whole.Acked) > 64 {
				t.Errorf("%d runs with %d acknowledgements, %d gaps, want %d, %d", len(whole.Acked), acks, gaps, n, n/2)
			}
		})
	}
}

// TestAckedInOrder: runs stay in the order of time, whatever the clock does, as merging needs it.
func TestAckedInOrder(t *testing.T) {
	w := watching(t)
	for i := range record.Time(20_000) {
		w.Acked(start+(i*7919)%20_000*milli, 1, 0, 0)
	}
	w.Finish()
	whole := w.Drain(nil)[0]
	if !slices.IsSortedFunc(whole.Acked, record.AckedSeen.Compare) || len(whole.Acked) < 2 {
		t.Errorf("runs %v", whole.Acked)
	}
}

func TestLookups(t *testing.T) {
	cases := []struct {
		name           string
		client, server string
		reply, multi   bool
		queries, reps  uint64 // of the feed as a whole
		outward        uint64
		segment        uint64 // lookups of users
	}{
		{"a client asks the resolver", client, resolver, false, false, 1, 0, 0, 1},
		{"a client asks a resolver in the Internet", client, far, false, false, 1, 0, 0, 1},
		{"the resolver answers", client, resolver, true, false, 0, 1, 0, 1},
		{"the resolver asks outward", resolver, far, false, false, 1, 0, 1, 0},
		{"the resolver asks inside", resolver, server, false, false, 1, 0, 0, 0},
		{"own public asks outward", public, far, false, false, 1, 0, 1, 0},
		{"the answer to own public", public, far, true, false, 0, 1, 0, 0},
		{"the Internet asks a server of ours", far, server, false, false, 1, 0, 0, 0},
		{"the Internet asks the Internet", far, "192.0.2.53", false, false, 1, 0, 0, 0},
		{"mDNS is no lookup", client, "224.0.0.251", false, true, 0, 0, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			w.frame(start, packet{from: c.client, to: c.server, proto: decode.ProtoUDP, dport: 53}.bytes())
			w.Looked(sight.Lookup{TS: start, Client: addr(c.client), Server: addr(c.server), Reply: c.reply, QType: 28, Multicast: c.multi})
			whole, by := w.done()
			counts(t, whole, map[record.Count]uint64{record.DNSQueries: c.queries, record.DNSReplies: c.reps, record.DNSOutward: c.outward})
			n := by[users].Counts
			if n[record.DNSQueries]+n[record.DNSReplies] != c.segment || by[servers].Counts[record.DNSQueries] != 0 {
				t.Errorf("lookups of users %d, want %d; of servers %d, want 0", n[record.DNSQueries]+n[record.DNSReplies], c.segment, by[servers].Counts[record.DNSQueries])
			}
			if !c.reply && n[record.AAAA] != c.segment {
				t.Errorf("AAAA lookups %d", n[record.AAAA])
			}
			if c.segment == 1 && host(t, by[users], client).Flags&record.SeenLookup == 0 {
				t.Error("the client was not seen to look up")
			}
		})
	}
}

func TestMessagesAndRequests(t *testing.T) {
	w := watching(t)
	for i, k := range []record.Kind{record.KindDNS, record.KindTLS, record.KindHTTP, record.KindDHCP, record.KindLog, record.KindAlert, record.KindConn} {
		for range i + 1 {
			w.Message(start, k)
		}
	}
	w.EncryptedLookup(start, addr(client))
	w.EncryptedLookup(start, addr(public))
	w.Requested(start, addr(client), addr(far), true)
	w.Requested(start, addr(client), addr(far), false)
	w.Requested(start, addr(far), addr(server), true)
	whole, by := w.done()
	counts(t, whole, map[record.Count]uint64{
		record.MessagesDNS: 1, record.MessagesTLS: 2, record.MessagesHTTP: 3, record.MessagesDHCP: 4, record.LogLines: 5, record.AlertLines: 6, record.Conns: 0,
		record.DNSEncrypted: 2, record.HTTPRequests: 3, record.HTTPProxied: 2,
	})
	counts(t, by[users], map[record.Count]uint64{record.DNSEncrypted: 1})
	if len(whole.Clients) != 1 || whole.Clients[0].Proxied != 1 || whole.Clients[0].Addr != netip.MustParseAddr(client) {
		t.Errorf("clients %+v", whole.Clients)
	}
}

// TestStacks: the shape of a SYN is its initial TTL, window and options; how far it came and when it was sent is not.
func TestStacks(t *testing.T) {
	options := func(mss byte, stamp byte) []byte {
		return []byte{2, 4, 5, mss, 4, 2, 8, 10, stamp, stamp, stamp, stamp, 0, 0, 0, 0, 1, 3, 3, 7}
	}
	syn := func(ttl uint8, window uint16, o []byte) []byte {
		return packet{ttl: ttl, window: window, options: o, flags: decode.SYN}.bytes()
	}
	base := syn(64, 64240, options(0xb4, 1))
	cases := []struct {
		name   string
		second []byte
		shapes int
	}{
		{"the same later", syn(64, 64240, options(0xb4, 99)), 1},
		{"the same from further away", syn(61, 64240, options(0xb4, 1)), 1},
		{"another initial TTL", syn(128, 64240, options(0xb4, 1)), 2},
		{"another window", syn(64, 65535, options(0xb4, 1)), 2},
		{"another segment size", syn(64, 64240, options(0xb0, 1)), 2},
		{"other options", syn(64, 64240, options(0xb4, 1)[:8]), 2},
		{"an option of length 0", syn(64, 64240, []byte{2, 0, 0, 0}), 2},
		{"an answer is no SYN", packet{window: 1, flags: decode.SYN | decode.ACK}.bytes(), 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			w.frame(start, base)
			w.frame(start+second, c.second)
			whole, _ := w.done()
			if len(whole.Clients) != 1 || len(whole.Clients[0].Stacks) != c.shapes || !slices.IsSorted(whole.Clients[0].Stacks) {
				t.Errorf("clients %+v, want one with %d shapes", whole.Clients, c.shapes)
			}
		})
	}
}

// TestStacksAreBounded: behind a translation there may be any number.
func TestStacksAreBounded(t *testing.T) {
	w := watching(t)
	for i := range 100 {
		w.frame(start, packet{window: uint16(1000 + i), flags: decode.SYN}.bytes())
		w.frame(start, packet{from: far, window: uint16(1000 + i), flags: decode.SYN}.bytes())
	}
	whole, _ := w.done()
	if len(whole.Clients) != 1 || len(whole.Clients[0].Stacks) != record.MaxStacks {
		t.Errorf("clients %+v", whole.Clients)
	}
}

// TestClientsWithoutAnAgreement: nobody says who is ours, so that Internet addresses which open connections are remembered too.
func TestClientsWithoutAnAgreement(t *testing.T) {
	for name, s := range map[string]record.Scope{"with": scope(), "without": record.AssumedScope()} {
		t.Run(name, func(t *testing.T) {
			w := watch{sight.New(s, "s1", "packets"), t}
			for _, from := range []string{far, "fe80::7"} {
				w.frame(start, packet{from: from, to: from, flags: decode.SYN}.bytes())
				w.Opened(sight.Opening{TS: start, Orig: addr(from), Resp: addr(from), Proto: decode.ProtoTCP})
			}
			whole, _ := w.done()
			if s.Assumed {
				if len(whole.Clients) != 1 || whole.Clients[0].Addr != netip.MustParseAddr(far) || len(whole.Clients[0].Stacks) != 1 || whole.Clients[0].Conns != 1 {
					t.Errorf("clients %+v, want %s", whole.Clients, far)
				}
				return
			}
			if len(whole.Clients) != 0 {
				t.Errorf("clients %+v, want none", whole.Clients)
			}
		})
	}
}
