package termtest

import (
	"fmt"
	"strings"

	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/verdict"
)

func ptr[T any](v T) *T { return &v }

func bank() *judge.AgreementRef {
	return &judge.AgreementRef{
		ID: "mvb-2027", Title: "Managed network security monitoring", Customer: "Maple Valley Bank",
		Provider: "Northwall Security", Revision: 3, TimeZone: "America/Chicago",
	}
}

// steps makes a day of quarter hours: '#' had something, anything else had nothing; each letter is an hour.
func steps(day string) []uint64 {
	var out []uint64
	for _, hour := range day {
		n := uint64(0)
		if hour == '#' {
			n = 40
		}
		out = append(out, n, n*2, n*3, n)
	}
	return out
}

func signs(v ...verdict.Sign) []verdict.Sign { return v }

// Outside is the bank of the story: the sensor on the wrong side of the firewall, for a day.
func Outside() *judge.Result {
	day := "......#######..#########"
	never := strings.Repeat(".", 24)
	r := &judge.Result{
		Schema:    judge.Schema,
		Inputs:    []judge.InputResult{{Path: "outside.pcap", Kind: "pcap", Packets: 4118204, Bytes: 2915000000}},
		Agreement: bank(), Sensor: "hq-core",
		Window: &judge.Window{First: "2026-11-18T06:00:02Z", Last: "2026-11-19T05:59:58Z", Seconds: 86396},
		Sight: judge.SightResult{
			Packets: 4118204, IPPackets: 4118107, Bytes: 2891223114, Hosts: judge.Hosts{Direct: ptr(5), InPassing: ptr(3)}, NetworkCards: ptr(2),
			OneSidedTCP: ptr(0.004), GapFraction: ptr(0.001), DuplicateFraction: ptr(0.0), TruncatedFraction: ptr(0.0), VLANs: []int{},
			Kinds:          map[record.Kind]uint64{"conn": 118204, "dns": 0, "tls": 40112, "http": 2210, "dhcp": 0, "log": 0, "alert": 0},
			Undecodable:    map[string]uint64{"ip_header_short": 2},
			InsideFraction: ptr(0.0), PublicFraction: ptr(0.998),
		},
		Segments: []verdict.Segment{
			{ID: "branch-users", Kind: "clients", Promised: ptr(250), Verdict: verdict.IsBroken},
			{ID: "dc-servers", Kind: "servers", Promised: ptr(125), Seen: 5, SeenMost: 5, InPassing: 3, Verdict: verdict.IsBroken},
			{ID: "atm", Kind: "special", Excluded: true, Reason: "ATM processor watches these (msa 4.2)"},
		},
		Timeline: judge.Timeline{From: "2026-11-18T06:00:00Z", StepSeconds: 900, Rows: []judge.TimelineRow{
			{Kind: "conn", Counts: steps(day)},
			{Kind: "web", Counts: steps(day)},
			{Kind: "dns", Counts: steps(never)},
			{Kind: "dhcp", Counts: steps(never)},
			{Kind: "hosts", Counts: steps(day)},
		}},
		Defects:  outsideDefects(),
		Promises: outsidePromises(),
		Findings: []verdict.Finding{},
		Exit:     judge.Exit{Code: 1, Because: "12 promises are broken, and 9 defects that nobody accepted are present"},
	}
	r.Answers = answers(5, 375, 17.8, func(q verdict.Question) (string, []string) {
		spots := []string{"detector.not_built:" + string(q), "vantage.outside", "segment.missing:branch-users", "segment.missing:dc-servers"}
		switch q {
		case verdict.DNSTunnel, verdict.DGA:
			return "no DNS has ever reached the sensor", append(spots, "kind.missing:dns")
		case verdict.LateralMovement:
			return "no talk between inside machines has reached the sensor", append(spots, "direction.missing:server-server")
		case verdict.KnownBad:
			return "no list was given", append(spots, "intel.stale")
		}
		return "the hosts do not pass this point as themselves", spots
	})
	return r
}

func yes(c verdict.Code, subject, words, do string, s ...verdict.Sign) verdict.Defect {
	return verdict.Defect{
		Code: c, Subject: subject, Sensor: "hq-core", Verdict: verdict.Yes, Now: verdict.Yes, Strength: verdict.AlmostCertain,
		Bits: 8.2, Signs: s, Words: words, Do: do,
		Periods: []verdict.Period{{From: "2026-11-18T06:00:00Z", To: "2026-11-19T06:00:00Z", Verdict: verdict.Yes}},
	}
}

func open(c verdict.Code, subject, needs string) verdict.Defect {
	return verdict.Defect{Code: c, Subject: subject, Sensor: "hq-core", Strength: verdict.NotDecided, Needs: needs}
}

func not(c verdict.Code, subject string) verdict.Defect {
	return verdict.Defect{Code: c, Subject: subject, Sensor: "hq-core", Verdict: verdict.No, Now: verdict.No, Strength: verdict.VeryLikely, Bits: -6.5}
}

func outsideDefects() []verdict.Defect {
	out := yes(verdict.VantageOutside, "", "The sensor sits on the Internet side of the firewall. It sees one address, not your 375 computers. An infected computer cannot be told apart.",
		"Put the sensor on a port of core-sw1 that copies VLAN 110, 111, 200 and 201 in both directions. Then check again.",
		verdict.Sign{Sign: "packets with an inside address", Value: "0 of 4,118,204", Bits: 4},
		verdict.Sign{Sign: "network cards", Value: "2; an inside port shows hundreds", Bits: 2.1},
		verdict.Sign{Sign: "scans nobody asked for", Value: "38 % of connections", Bits: 1.8},
		verdict.Sign{Sign: "machines behind one address", Value: "about 340 share 203.0.113.16", Bits: 1.2},
		verdict.Sign{Sign: "hops left on packets", Value: "mixed, they point nowhere", Bits: 0})
	out.Bits = 9.1
	d := []verdict.Defect{
		out,
		yes(verdict.SegmentMissing, "branch-users", "0 of 250 hosts of branch-users were seen, and 175 were due on a workday.", "Mirror VLAN 110 and 111 to the sensor.",
			verdict.Sign{Sign: "hosts seen", Value: "0, and 175 were due", Bits: 8}),
		yes(verdict.SegmentMissing, "dc-servers", "5 of 125 hosts of dc-servers were seen, and 119 were due in 24 hours.", "Mirror VLAN 200 and 201 to the sensor.",
			verdict.Sign{Sign: "hosts seen", Value: "5, and 119 were due", Bits: 7.4}),
		yes(verdict.DirectionMissing, "client-server", "What clients say to servers never reaches the sensor.", "Mirror the uplink of the server switch."),
		yes(verdict.DirectionMissing, "server-server", "What servers say to each other never reaches the sensor.", "Mirror the server switch itself, not only its uplink."),
		yes(verdict.KindMissing, "dns", "We have never seen a DNS query, and 31,500 were due.", "Mirror the way between clients and the resolvers 10.20.0.53 and 10.20.0.54."),
		yes(verdict.KindMissing, "dhcp", "We have never seen a DHCP lease, and 175 were due.", "Mirror VLAN 110 and 111."),
		yes(verdict.VolumeLow, "", "2.9 GB came on this workday, and at least 180 GB were promised.", "See where the sensor stands first."),
		open(verdict.VantageAfterProxy, "", "translation and a proxy look alike from here"),
		open(verdict.FeedAsymmetric, "", "two groups of peers with 200 connections each; there was one"),
		open(verdict.FeedIPv6Missing, "branch-users", "no neighbour discovery in sight"),
		open(verdict.FeedIPv6Missing, "dc-servers", "no neighbour discovery in sight"),
		open(verdict.HostsCountedTwice, "branch-users", "no DHCP and no cards of hosts in sight"),
		open(verdict.HostsCountedTwice, "dc-servers", "no DHCP and no cards of hosts in sight"),
		open(verdict.CaptureDrops, "", "a pcap file does not count what it lost"),
		not(verdict.VantageUnmirroredPort, ""), not(verdict.VantageManagementPort, ""), not(verdict.FeedOneWay, ""), not(verdict.FeedLoss, ""),
		not(verdict.FeedDuplicated, ""), not(verdict.FeedTruncated, ""), not(verdict.DirectionMissing, "server-internet"),
		not(verdict.InputDamaged, ""), not(verdict.InputUnread, ""), not(verdict.StateEvicted, ""),
	}
	return append(d, notBuilt()...)
}

func notBuilt() []verdict.Defect {
	var d []verdict.Defect
	for _, q := range verdict.Questions() {
		d = append(d, yes(verdict.DetectorNotBuilt, string(q), "no detector for this question is built yet", ""))
	}
	return d
}

func answers(seen, of int, hours float64, why func(verdict.Question) (string, []string)) []verdict.Answer {
	var out []verdict.Answer
	for _, q := range verdict.Questions() {
		because, spots := why(q)
		a := verdict.Answer{
			Question: q, From: "2026-11-18T06:00:02Z", To: "2026-11-19T05:59:58Z", Because: because,
			LookedAt: verdict.LookedAt{Hosts: seen, Of: of, Hours: hours}, BlindSpots: spots,
		}
		if of > seen {
			a.CannotSayFor = []verdict.HostBlind{{Host: fmt.Sprintf("%d promised hosts", of-seen), BlindSpots: spots}}
		}
		out = append(out, a)
	}
	return out
}

func promise(id, clause, text, promised, seen string, k verdict.Kept) verdict.Promise {
	return verdict.Promise{ID: id, Clause: clause, Text: text, Promised: promised, Seen: seen, Verdict: k, MeasuredHere: true}
}

func outsidePromises() []verdict.Promise {
	broken, kept := verdict.IsBroken, verdict.IsKept
	p := []verdict.Promise{
		promise("segments/branch-users/active_workday", "order 2", "Hosts of branch-users active on a workday", "175 hosts", "none", broken),
		promise("segments/dc-servers/min_seen_24h", "order 2", "Hosts of dc-servers seen in 24 hours", "119 hosts", "5", broken),
		promise("critical/core-db/max_unseen", "sd 3.2", "core-db is never unseen for longer", "1 h", "never seen", broken),
		promise("critical/wire-gw/max_unseen", "sd 3.2", "wire-gw is never unseen for longer", "1 h", "never seen", broken),
		promise("critical/dc1/max_unseen", "sd 3.2", "dc1 is never unseen for longer", "15 min", "never seen", broken),
		promise("directions/client-server", "sd 3.1", "Clients to servers is in sight", "in sight", "never", broken),
		promise("directions/server-server", "sd 3.1", "Servers to servers is in sight", "in sight", "never", broken),
		promise("volume/floor_gb_per_workday", "order 4", "At least so much traffic on a workday", "180 GB", "2.9 GB", broken),
		promise("data/dns/expect", "sd 4.1", "DNS queries of active clients", "20 a client hour", "none", broken),
		promise("data/dhcp/expect", "sd 4.1", "DHCP leases", "1 a host day", "none", broken),
		promise("sensors/hq-core/vantage", "sd 3.4", "Where the sensor stands", "inside", "outside", broken),
		promise("sensors/hq-core/accepted/coverage", "msa 6.1", "Share of promised hosts seen", "90 %", "1.3 %", broken),
		promise("segments/branch-users/min_seen_7d", "order 2", "Hosts of branch-users seen in 7 days", "225 hosts in 7 d", "none", verdict.CannotTell),
		promise("directions/client-internet", "sd 3.1", "Clients to the Internet is in sight", "in sight", "as one address", verdict.CannotTell),
		promise("directions/server-internet", "sd 3.1", "Servers to the Internet is in sight", "in sight", "5 servers", kept),
		promise("data/packets/both_directions", "sd 4.2", "Connections seen in both directions", "95 %", "99.1 %", kept),
		promise("data/packets/loss_max", "sd 4.2", "Packets lost on the way, at most", "1 %", "at least 0.1 %", kept),
		promise("data/packets/snaplen", "sd 4.2", "Packets are whole", "whole packets", "none cut", kept),
	}
	p[12].Because = "1 of 7 days were looked at"
	p[13].Because = "all clients look like 203.0.113.16"
	for i := range p {
		if p[i].Verdict == broken {
			p[i].BlindSpots = []string{"vantage.outside"}
		}
	}
	for _, id := range []string{"auth", "fw", "vpn"} {
		for _, what := range []string{"expect", "max_silence", "retain"} {
			p = append(p, verdict.Promise{ID: "data/" + id + "/" + what, Because: "not handed to this check"})
		}
	}
	for _, id := range []string{"data/packets/retain", "data/delay/p95_event_to_searchable", "levels/triage", "levels/sight", "levels/notify", "drills/pulse"} {
		p = append(p, verdict.Promise{ID: id, Because: "a capture cannot measure it"})
	}
	return p
}
