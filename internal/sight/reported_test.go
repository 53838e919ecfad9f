package sight_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/record"
	"candor/internal/sight"
)

// reportScope has one segment of clients, one own public address, and 10.9.0.0/16 that no segment names.
func reportScope() record.Scope {
	return record.Scope{
		Segments:  []record.ScopeSegment{{ID: "office", Kind: record.Clients, Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8:1::/48")}}},
		OwnPublic: []netip.Prefix{netip.MustParsePrefix("203.0.113.16/32")},
	}
}

// reported builds the sight of connections, each at its end, and merges it: of the feed as a whole, and of the segment.
func reported(conns ...record.Conn) (whole, office record.Sight) {
	b := sight.New(reportScope(), "s", "f")
	b.Report(record.CarriesConns)
	for i := range conns {
		b.Reported(conns[i].TS+conns[i].Duration, &conns[i])
	}
	b.Finish()
	for _, s := range b.Drain(nil) {
		if s.Segment == record.Nowhere {
			whole.Merge(&s)
		} else {
			office.Merge(&s)
		}
	}
	return whole, office
}

// tcp is a finished connection from a client of the office to the Internet.
func tcp(history string, orig, resp uint64) record.Conn {
	return record.Conn{
		TS: 100 * second, Duration: second, OrigH: netip.MustParseAddr("10.1.0.5"), RespH: netip.MustParseAddr("198.51.100.7"), OrigP: 40000, RespP: 443,
		Proto: 6, History: history, OrigPkts: orig, RespPkts: resp, OrigIPBytes: 100 * orig, RespIPBytes: 1000 * resp, Final: true,
	}
}

func TestReportedVolume(t *testing.T) {
	inside := func(c record.Conn) record.Conn {
		c.RespH, c.RespP = netip.MustParseAddr("10.1.0.9"), 22
		return c
	}
	tunnelled := func(c record.Conn) record.Conn {
		c.TunnelParents = []record.UID{"C1"}
		return c
	}
	v6 := tcp("ShADadfF", 2, 3)
	v6.OrigH, v6.RespH = netip.MustParseAddr("2001:db8:1::5"), netip.MustParseAddr("2001:db8:2::1")
	solicit := record.Conn{TS: second, OrigH: netip.MustParseAddr("fe80::1"), RespH: netip.MustParseAddr("ff02::1"), OrigP: 134, RespP: 133, Proto: 58, OrigPkts: 4, Final: true}
	announce := record.Conn{TS: second, OrigH: netip.MustParseAddr("10.1.0.5"), RespH: netip.MustParseAddr("224.0.0.251"), OrigP: 5353, RespP: 5353, Proto: 17, OrigPkts: 7, Final: true}
	foreign := tcp("S", 1, 0)
	foreign.OrigH = netip.MustParseAddr("10.9.0.1")
	for name, c := range map[string]struct {
		conn record.Conn
		want map[record.Count]uint64
	}{
		"outward": {tcp("ShADadfF", 5, 4), map[record.Count]uint64{
			record.Packets: 9, record.Bytes: 4500, record.Packets4: 9, record.Inside4: 9, record.InternetPackets: 9, record.UserPackets: 9,
			record.Conns: 1, record.ConnsTCP: 1, record.TCPJudged: 1,
		}},
		"management inside": {inside(tcp("ShADadfF", 5, 4)), map[record.Count]uint64{
			record.Packets: 9, record.Bytes: 4500, record.Packets4: 9, record.Inside4: 9, record.MgmtPackets: 9, record.Conns: 1, record.ConnsTCP: 1, record.TCPJudged: 1,
		}},
		"inside a tunnel": {tunnelled(tcp("ShADadfF", 5, 4)), map[record.Count]uint64{record.Conns: 1, record.ConnsTCP: 1, record.TCPJudged: 1}},
		"IPv6": {v6, map[record.Count]uint64{
			record.Packets: 5, record.Bytes: 3200, record.Packets6: 5, record.Inside6: 5, record.InternetPackets: 5, record.UserPackets: 5,
			record.Conns: 1, record.ConnsTCP: 1, record.TCPJudged: 1,
		}},
		"router advertisements": {solicit, map[record.Count]uint64{record.Packets: 4, record.RouterAdverts: 4, record.Conns: 1}},
		"announcements":         {announce, map[record.Count]uint64{record.Packets: 7, record.Packets4: 7, record.Inside4: 7, record.Announced: 7, record.Conns: 1}},
		"foreign, unanswered": {foreign, map[record.Count]uint64{
			record.Packets: 1, record.Bytes: 100, record.Packets4: 1, record.Foreign4: 1, record.InternetPackets: 1, record.UserPackets: 1, record.Conns: 1, record.ConnsTCP: 1,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			whole, _ := reported(c.conn)
			got := map[record.Count]uint64{}
			for i, n := range whole.Counts {
				if n > 0 {
					got[record.Count(i)] = n
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if whole.Carries != record.CarriesConns {
				t.Errorf("carries %v", whole.Carries.Names())
			}
		})
	}
}

func TestReportedDirections(t *testing.T) {
	with := func(c record.Conn, bytes, missed uint64) record.Conn {
		c.RespBytes, c.MissedBytes = bytes, missed
		return c
	}
	for name, c := range map[string]struct {
		conn           record.Conn
		judged, oneWay uint64
	}{
		"both ways":                    {tcp("ShADadfF", 5, 4), 1, 0},
		"only the originator":          {tcp("SADF", 6, 0), 1, 1},
		"only the responder":           {tcp("hadf", 0, 6), 1, 1},
		"two packets":                  {tcp("SA", 2, 0), 0, 0},
		"nothing acknowledged":         {tcp("S", 3, 0), 0, 0},
		"no data":                      {tcp("ShAR", 2, 1), 0, 0},
		"data of one side missed":      {with(tcp("ShADFf", 6, 2), 700, 700), 1, 1},
		"data of one side missed some": {with(tcp("ShADdFf", 6, 2), 700, 300), 1, 0},
		"refused":                      {tcp("Sr", 2, 2), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			whole, _ := reported(c.conn)
			if j, o := whole.Counts[record.TCPJudged], whole.Counts[record.OneWay]; j != c.judged || o != c.oneWay {
				t.Errorf("judged %d, one way %d; want %d, %d", j, o, c.judged, c.oneWay)
			}
		})
	}
}

func TestReportedMinutes(t *testing.T) {
	at := func(start, end record.Time, pkts uint64) record.Conn {
		c := tcp("ShADadfF", pkts, 1)
		c.TS, c.Duration = start*record.Minute, (end-start)*record.Minute
		return c
	}
	for name, c := range map[string]struct {
		conns []record.Conn
		want  uint32
	}{
		"within a minute":           {[]record.Conn{at(5, 5, 9)}, 1},
		"over ten minutes":          {[]record.Conn{at(5, 14, 50)}, 10},
		"more minutes than packets": {[]record.Conn{at(5, 14, 3)}, 3},
		"two at once":               {[]record.Conn{at(5, 14, 50), at(10, 14, 50)}, 10},
		"one after the other":       {[]record.Conn{at(5, 6, 50), at(6, 8, 50)}, 4},
		"a day":                     {[]record.Conn{at(5, 5+1440, 1e6)}, 60},
		"out of order":              {[]record.Conn{at(5, 14, 50), at(8, 9, 50)}, 10},
		"long apart":                {[]record.Conn{at(5, 6, 50), at(500, 501, 50)}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			_, office := reported(c.conns...)
			if len(office.Hosts) != 1 || office.Hosts[0].Minutes != c.want {
				t.Errorf("%+v, want %d minutes", office.Hosts, c.want)
			}
		})
	}
}

// TestReportedMinutesBound: however connections lie, an address is never told to have spoken in more minutes than there are.
func TestReportedMinutesBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var conns []record.Conn
		end := record.Time(0)
		for range rapid.IntRange(1, 30).Draw(t, "conns") {
			end += record.Time(rapid.Int64Range(0, 90).Draw(t, "later")) * second
			c := tcp("ShADadfF", rapid.Uint64Range(1, 100).Draw(t, "packets"), 1)
			c.Duration = min(end, record.Time(rapid.Int64Range(0, 3000).Draw(t, "long"))*second)
			c.TS = end - c.Duration
			conns = append(conns, c)
		}
		_, office := reported(conns...)
		if got, most := office.Hosts[0].Minutes, uint32(end/record.Minute)+1; got > most {
			t.Fatalf("%d minutes of %d", got, most)
		}
	})
}

func TestReportedHosts(t *testing.T) {
	own, router := record.MAC{2, 0, 0, 0, 0, 5}, record.MAC{2, 0, 0, 0, 0, 1}
	near := tcp("ShADadfF", 5, 4)
	near.OrigL2, near.RespL2 = own, router
	behind := tcp("ShADadfF", 5, 4)
	behind.OrigH, behind.OrigL2, behind.RespL2 = netip.MustParseAddr("10.1.7.7"), router, record.MAC{2, 0, 0, 0, 0, 2}
	plain := tcp("ShADadfF", 5, 4)
	unanswered := tcp("S", 1, 0)
	unanswered.RespH = netip.MustParseAddr("10.1.0.99")
	for name, c := range map[string]struct {
		conns []record.Conn
		want  map[string]record.HostFlags
	}{
		"without cards":          {[]record.Conn{plain}, map[string]record.HostFlags{"10.1.0.5": record.SeenInPassing | record.SeenSpoke}},
		"its own card":           {[]record.Conn{near}, map[string]record.HostFlags{"10.1.0.5": record.SeenInPassing | record.SeenSpoke | record.SeenDirect}},
		"behind a router":        {[]record.Conn{near, behind}, map[string]record.HostFlags{"10.1.0.5": record.SeenInPassing | record.SeenSpoke | record.SeenDirect, "10.1.7.7": record.SeenInPassing | record.SeenSpoke}},
		"an address that is not": {[]record.Conn{unanswered}, map[string]record.HostFlags{"10.1.0.5": record.SeenInPassing | record.SeenSpoke}},
	} {
		t.Run(name, func(t *testing.T) {
			_, office := reported(c.conns...)
			got := map[string]record.HostFlags{}
			for _, h := range office.Hosts {
				got[h.Addr.String()] = h.Flags
				if h.Hops != record.NoHops {
					t.Errorf("%v: %d hops", h.Addr, h.Hops)
				}
				if direct := h.Flags&record.SeenDirect != 0; direct == h.MAC.Zero() {
					t.Errorf("%v: direct %v, card %v", h.Addr, direct, h.MAC)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReportedOpen(t *testing.T) {
	first, last := tcp("ShADad", 5, 4), tcp("ShADadfF", 2, 0)
	first.Final, last.Report = false, 1
	whole, _ := reported(first, last)
	if whole.Counts[record.Conns] != 1 || whole.Counts[record.Packets] != 11 || whole.Counts[record.TCPJudged] != 1 {
		t.Errorf("%d connections, %d packets, %d judged", whole.Counts[record.Conns], whole.Counts[record.Packets], whole.Counts[record.TCPJudged])
	}
	if diff := cmp.Diff([]record.PairSeen{{From: "office", To: record.Internet, Conns: 1, Answered: 1}}, whole.Pairs); diff != "" {
		t.Error(diff)
	}
}

func TestReportedMessages(t *testing.T) {
	ends := record.Ends{OrigH: netip.MustParseAddr("10.1.0.5"), RespH: netip.MustParseAddr("10.9.0.53"), RespP: 53, Proto: 17}
	b := sight.New(reportScope(), "s", "f")
	b.ReportedDNS(second, &record.DNS{Ends: ends, Variant: "dns", QType: 28, HasQuery: true, HasReply: true})
	b.ReportedDNS(second, &record.DNS{Ends: ends, Variant: "mdns", HasQuery: true})
	b.ReportedHTTP(second, &record.HTTP{Ends: ends, Method: "GET", URI: "http://example.com/", HasRequest: true, Proxied: []string{"VIA -> x"}})
	b.ReportedHTTP(second, &record.HTTP{Ends: ends, HasResponse: true})
	b.ReportedTLS(second, &record.TLS{Ends: ends})
	lease := record.DHCP{Ends: ends, MAC: record.MAC{2, 0, 0, 0, 0, 5}, AssignedAddr: netip.MustParseAddr("10.1.0.6")}
	b.ReportedDHCP(second, &lease)
	lease.MsgTypes = []string{"INFORM", "NAK"}
	b.ReportedDHCP(second, &lease)
	b.ReportedLog(second, &record.Log{})
	b.ReportedAlert(second, &record.Alert{})
	b.Finish()
	var whole, office record.Sight
	for _, s := range b.Drain(nil) {
		if s.Segment == record.Nowhere {
			whole.Merge(&s)
		} else {
			office.Merge(&s)
		}
	}
	for name, c := range map[string]struct {
		got, want uint64
	}{
		"dns": {whole.Counts[record.MessagesDNS], 2}, "http": {whole.Counts[record.MessagesHTTP], 2}, "tls": {whole.Counts[record.MessagesTLS], 1},
		"dhcp": {whole.Counts[record.MessagesDHCP], 2}, "log": {whole.Counts[record.LogLines], 1}, "alert": {whole.Counts[record.AlertLines], 1},
		"queries": {office.Counts[record.DNSQueries], 1}, "replies": {office.Counts[record.DNSReplies], 1}, "AAAA": {office.Counts[record.AAAA], 1},
		"requests": {whole.Counts[record.HTTPRequests], 1}, "proxied": {whole.Counts[record.HTTPProxied], 1}, "through a proxy": {office.Counts[record.ThroughProxy], 1},
		"leases": {office.Counts[record.DHCPLeases], 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
	if len(office.Hosts) != 2 || office.Hosts[0].Flags&record.SeenLookup == 0 || office.Hosts[1].Flags&record.SeenLeased == 0 {
		t.Errorf("%+v", office.Hosts)
	}
}
