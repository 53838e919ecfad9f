package termtest

import (
	"strings"

	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Inside is the same bank after the sensor was moved, nearly as it should be: some loss after lunch, one direction missing,
// a beacon.
func Inside() *judge.Result {
	r := Outside()
	r.Inputs = []judge.InputResult{{Path: "inside.pcap", Kind: "pcap", Packets: 281604117, Bytes: 214000000000}}
	all := strings.Repeat("#", 24)
	for i := range r.Timeline.Rows {
		r.Timeline.Rows[i].Counts = steps(all)
	}
	r.Sight.Packets, r.Sight.Bytes = 281604117, 213442118004
	r.Sight.Hosts = judge.Hosts{Direct: ptr(355), InPassing: ptr(4)}
	r.Sight.NetworkCards, r.Sight.InsideFraction, r.Sight.PublicFraction = ptr(361), ptr(0.997), ptr(0.0)
	r.Sight.GapFraction, r.Sight.VLANs = ptr(0.013), []int{110, 111, 200, 201}
	r.Sight.Kinds = map[record.Kind]uint64{"conn": 9100000, "dns": 4400000, "tls": 2100000, "http": 600000, "dhcp": 451}
	r.Segments[0].Seen, r.Segments[0].SeenMost, r.Segments[0].InPassing, r.Segments[0].Verdict = 231, 236, 4, verdict.IsKept
	r.Segments[1].Seen, r.Segments[1].SeenMost, r.Segments[1].InPassing, r.Segments[1].Verdict = 124, 124, 0, verdict.IsKept
	r.Defects = insideDefects()
	for i := range r.Promises {
		p := &r.Promises[i]
		if p.MeasuredHere && p.Verdict == verdict.IsBroken {
			p.Verdict, p.Seen, p.BlindSpots = verdict.IsKept, "as promised", nil
		}
		switch p.ID {
		case "data/packets/loss_max":
			p.Verdict, p.Seen, p.BlindSpots = verdict.IsBroken, "at least 1.3 %", []string{"feed.loss"}
		case "directions/server-server":
			p.Verdict, p.Seen, p.BlindSpots = verdict.IsBroken, "never", []string{"direction.missing:server-server"}
		case "directions/client-internet":
			p.Verdict, p.Seen, p.Because = verdict.IsKept, "24 hours", ""
		}
	}
	r.Answers = answers(355, 375, 24, func(verdict.Question) (string, []string) {
		return "20 hosts were not seen that day", []string{"feed.loss", "direction.missing:server-server"}
	})
	beat := &r.Answers[0]
	beat.Verdict, beat.Because, beat.Findings = verdict.Yes, "10.10.2.31, BR2-TELLER-07, calls 198.51.100.77 every 300 s, day and night", []string{"b-3f9a07c1d2e4"}
	signIn := &r.Answers[9]
	signIn.Verdict, signIn.Because, signIn.CannotSayFor, signIn.BlindSpots = verdict.No, "all 375 hosts, in clear", nil, nil
	signIn.Power = "No covers more than 20 attempts in an hour. It does not cover slower ones."
	r.Findings = []verdict.Finding{{
		ID: "b-3f9a07c1d2e4", Kind: "beacon", By: "candor", Severity: "high", Confidence: 0.97, Source: "10.10.2.31",
		Host: verdict.FindingHost{Name: "BR2-TELLER-07", MAC: "3c:52:82:1a:90:4e"}, Destinations: []string{"198.51.100.77"}, Ports: []int{443},
		First: "2026-11-18T06:02:11Z", Last: "2026-11-19T05:57:12Z", Evidence: map[string]any{"period_seconds": 300, "jitter": 0.01, "count": 254, "missed": 26},
		UIDs: []string{"C1"}, Words: "It calls every 300 seconds, give or take 2; 254 of 288 possible calls, 412 bytes each.",
	}}
	r.Exit.Because = "2 promises are broken, and a finding stands that nothing explains"
	return r
}

func insideDefects() []verdict.Defect {
	loss := yes(verdict.FeedLoss, "", "At least 1.3 % of the packets are missing from the copy.", "The mirror port is full at the busiest half hour. Move hq-core to a 10 Gbit port, or mirror fewer VLANs.",
		verdict.Sign{Sign: "bytes acknowledged and never seen", Value: "1.3 % of 41,118 acknowledgements", Bits: 9})
	loss.Now, loss.Bits = verdict.No, 9
	loss.Periods = []verdict.Period{
		{From: "2026-11-18T06:00:00Z", To: "2026-11-18T20:00:00Z", Verdict: verdict.No},
		{From: "2026-11-18T20:00:00Z", To: "2026-11-18T20:30:00Z", Verdict: verdict.Yes},
		{From: "2026-11-18T20:30:00Z", To: "2026-11-19T06:00:00Z", Verdict: verdict.No},
	}
	in := not(verdict.VantageOutside, "")
	in.Bits, in.Strength = -12.4, verdict.AlmostCertain
	in.Signs = signs(verdict.Sign{Sign: "packets with an inside address", Value: "99.7 %", Bits: -4}, verdict.Sign{Sign: "network cards of hosts", Value: "361", Bits: -4},
		verdict.Sign{Sign: "ARP, DHCP and mDNS of hosts", Value: "3.8 ARP in 1,000 packets, 41 leases", Bits: -2.2}, verdict.Sign{Sign: "hops left on packets", Value: "67 % straight from the card", Bits: -2.2})
	accepted := yes(verdict.FeedAsymmetric, "198.51.100.0/24", "For some peers only one direction arrives.", "")
	accepted.Accepted = "asymmetric"
	return append([]verdict.Defect{
		in, loss,
		yes(verdict.DirectionMissing, "server-server", "What servers say to each other within dc-sw1 never reaches the sensor.", "Mirror dc-sw1 itself."),
		accepted,
		open(verdict.FeedIPv6Missing, "branch-users", "no neighbour discovery in sight"),
		open(verdict.CaptureDrops, "", "a pcap file does not count what it lost"),
		not(verdict.VantageUnmirroredPort, ""), not(verdict.VantageAfterProxy, ""), not(verdict.FeedOneWay, ""),
		not(verdict.SegmentMissing, "branch-users"), not(verdict.SegmentMissing, "dc-servers"), not(verdict.KindMissing, "dns"), not(verdict.VolumeLow, ""),
	}, notBuilt()...)
}

// Nothing is an empty but valid capture without an agreement.
func Nothing() *judge.Result {
	r := &judge.Result{
		Schema: judge.Schema, Inputs: []judge.InputResult{{Path: "empty.pcap", Kind: "pcap"}},
		Segments: []verdict.Segment{}, Promises: []verdict.Promise{}, Findings: []verdict.Finding{},
		Exit: judge.Exit{Code: 2, Because: "there was no packet and no record, so where the sensor stands cannot be said"},
	}
	r.Defects = append(notBuilt(), open(verdict.VantageOutside, "", "200 IP packets; there were none"), open(verdict.FeedOneWay, "", "50 TCP connections; there were none"))
	r.Answers = answers(0, 0, 0, func(q verdict.Question) (string, []string) {
		return "there was nothing to look at", []string{"detector.not_built:" + string(q), "vantage.outside"}
	})
	return r
}

// Evil is a text that would act if it were printed as it is: markup, terminal escapes, turned writing, broken UTF-8, line breaks.
const Evil = "<script>alert(1)</script>\"'&\x1b]0;x\x07\x1b[31mred\u202egnp.exe\u2066\u200b\u0000\xff\r\n\tend\u2028]]>--><svg onload=x> 名前 https://evil.example/"

// Hostile is Outside and Inside together with every text hostile that can come from the wire or a file.
func Hostile() *judge.Result {
	r := Outside()
	r.Findings = append(Inside().Findings, Inside().Findings[0], Inside().Findings[0])
	r.Findings[0].ExplainedBy = Evil
	r.Findings[0].Safelisted = &verdict.Safelisted{Who: Evil, Why: Evil, Until: Evil}
	r.Findings[1].ExplainedBy = Evil
	r.Agreement.Customer, r.Agreement.ID, r.Agreement.Title, r.Agreement.TimeZone = Evil, Evil, Evil, "../../etc/passwd"
	r.Sensor, r.Exit.Because = Evil, Evil
	r.Inputs = append(r.Inputs, judge.InputResult{
		Path: Evil, Kind: Evil, Feed: Evil, Unread: []record.Unread{{Link: Evil, Frames: 7}},
		Stopped: &record.Stopped{At: 1234, Unread: -1, Because: Evil}, Notes: []string{Evil},
	})
	r.Window.First = Evil
	r.Timeline.From = Evil
	for i := range r.Segments {
		r.Segments[i].ID, r.Segments[i].Reason, r.Segments[i].Kind = Evil, Evil, Evil
	}
	for i := range r.Timeline.Rows {
		r.Timeline.Rows[i].Kind = Evil
	}
	for i := range r.Defects {
		d := &r.Defects[i]
		d.Subject, d.Words, d.Do, d.Needs, d.Sensor, d.Strength = Evil, Evil, Evil, Evil, Evil, Evil
		for j := range d.Signs {
			d.Signs[j].Sign, d.Signs[j].Value = Evil, Evil
		}
	}
	for i := range r.Promises {
		p := &r.Promises[i]
		p.Clause, p.Text, p.Promised, p.Seen, p.Because, p.BlindSpots = Evil, Evil, Evil, Evil, Evil, []string{Evil}
	}
	for i := range r.Answers {
		a := &r.Answers[i]
		a.Because, a.Power, a.Subject, a.From, a.To = Evil, Evil, Evil, Evil, Evil
		a.BlindSpots = []string{Evil}
		a.CannotSayFor = []verdict.HostBlind{{Host: Evil, BlindSpots: []string{Evil}}}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Kind, f.By, f.Severity, f.Source, f.Domain, f.Words = Evil, Evil, Evil, Evil, Evil, Evil
		f.Destinations, f.Evidence = []string{Evil}, map[string]any{Evil: Evil, "why": []string{Evil}}
		f.Host = verdict.FindingHost{ID: Evil, MAC: Evil, Name: Evil}
		f.ID, f.UIDs, f.Attack = Evil, []string{Evil}, []string{Evil}
	}
	r.Sight.Undecodable = map[string]uint64{Evil: 3}
	r.Sight.Tunnels = map[string]uint64{Evil: 3}
	return r
}

// Samples names every sample of this package.
func Samples() map[string]func() *judge.Result {
	return map[string]func() *judge.Result{"outside": Outside, "inside": Inside, "found": Found, "nothing": Nothing, "hostile": Hostile}
}
