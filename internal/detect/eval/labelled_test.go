package eval_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"candor/internal/detect"
	"candor/internal/record"
	"candor/internal/verdict"
)

// labelled is a given capture of which somebody says what it is. kind is the finding that says so, source and to whom it must name (to: an
// address, or a domain of lookups); why says of those that are not found why they are not.
type labelled struct {
	path, label, class string
	kind, source, to   string
	port               uint16 // by which the talk is told from other talk of the two; 0: any
	caller             bool   // found as a regular caller from outside, explained as such: no finding about a machine of ours
	why                string
}

const (
	slips    = "slips/dataset/"
	sanders  = "chrissanders/"
	corelite = "corelight/"
	trickbot = "llmhyy-trickbot/Experiments/"
	graph    = "dns-tunnel-graphtunnel/tunnel/"
	ndpi     = "ndpi/tests/cfgs/default/pcap/"
	rita     = "rita/test_data/"
)

// labelledCaptures has a row for every given capture with a label; what has none is in noiseSets or in docs/given-verdicts.md.
func labelledCaptures() []labelled {
	const (
		content = "known by what the messages say, which is not read for malice here: no call of it repeats"
		unread  = "a format that is not read here"
	)
	return []labelled{
		{path: corelite + "quasarrat/testing/Traces/09ffabf7-774a-43a3-8c97-68f2046fd385.pcap", label: "QuasarRAT", class: "A", kind: "beacon", source: "192.168.100.7", to: "86.136.67.231"},
		{path: trickbot + "exp9_full_trickbot/capture.pcapng", label: "TrickBot", class: "C", kind: "beacon", source: "192.168.1.101", to: "92.62.65.163"},
		{path: slips + "test18-malicious-ctu-sme-11-win/zeek-labeled", label: "RemcosRAT, exfiltration", class: "A", kind: "beacon", source: "192.168.1.107", to: "66.63.168.35"},
		{path: slips + "test18-malicious-ctu-sme-11-win/zeek-labeled", label: "RemcosRAT, C2 over HTTP", class: "A", kind: "beacon", source: "192.168.1.107", to: "178.237.33.50", why: "one connection: nothing repeats"},
		{path: slips + "test-cc/test-cc-capture-1.pcap", label: "C2 each 2 s", class: "A", kind: "beacon", source: "147.32.80.37", to: "141.193.213.21"},
		{path: slips + "test-cc/test-cc-capture-2.pcap", label: "C2 each 2 to 3.6 s", class: "A", kind: "beacon", source: "147.32.80.37", to: "141.193.213.20"},
		{path: rita + "missing_host/2024-04-19", label: "beacon without Host, day 1", class: "A", kind: "beacon", source: "73.54.23.243", to: "64.225.56.201", port: 80, caller: true},
		{path: rita + "missing_host/2024-04-20", label: "beacon without Host, day 2", class: "A", kind: "beacon", source: "73.54.23.243", to: "64.225.56.201", port: 80, caller: true},
		{path: rita + "missing_host/2024-04-21", label: "beacon without Host, day 3", class: "A", kind: "beacon", source: "73.54.23.243", to: "64.225.56.201", port: 80, caller: true},
		{path: sanders + "ratinfected.pcapng", label: "a RAT", class: "B", kind: "beacon", source: "172.16.0.114", to: "172.16.0.111", why: "six intervals, four of them alike: too few for any timing, and the other end is a machine inside"},
		{path: "aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap", label: "Geodo, C2", class: "C", kind: "beacon", source: "10.0.2.105", to: "201.175.17.35", why: "its calls are not periodic (timing -3)"},
		{path: "aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap", label: "Geodo, spam", class: "C", kind: "spam", source: "10.0.2.105", why: "there is no detector of spam"},
		{path: sanders + "cryptowall4_c2.pcapng", label: "CryptoWall 4, C2", class: "B", kind: "beacon", source: "192.168.122.145", to: "184.170.149.44", why: "three connections in 41 s"},
		{path: sanders + "ek_to_cryptowall4.pcapng", label: "exploit kit, CryptoWall 4", class: "B", kind: "beacon", source: "192.168.122.145", to: "184.170.149.44", why: "three connections to each of three servers"},
		{path: corelite + "strrat/testing/Traces/strrat-4423258f-59bc-4a88-bfec-d8ac08c88538.pcap", label: "STRRAT", class: "A", kind: "beacon", source: "192.168.100.11", to: "185.255.114.40", why: "one connection that stays open for the three minutes; long ones count from hours on"},
		{path: corelite + "agenttesla/testing/Traces/0e328ab7-12b2-4843-8717-a5b3ebef33a8.pcap", label: "Agent Tesla over HTTP", class: "A", kind: "beacon", source: "192.168.100.134", to: "78.41.139.12", why: content},
		{path: corelite + "agenttesla/testing/Traces/a30789ce-1e1c-4f96-a097-78c34b9fb612.pcap", label: "Agent Tesla over SMTP", class: "A", kind: "exfiltration", source: "192.168.100.40", to: "43.255.154.57", why: content},
		{path: corelite + "agenttesla/testing/Traces/db9f075c-7879-4957-923a-f79fac957a2d.pcap", label: "Agent Tesla over SMTP", class: "A", kind: "exfiltration", source: "192.168.100.122", to: "208.91.198.143", why: content},
		{path: corelite + "agenttesla/testing/Traces/f9421792-7d2c-47d3-90e0-07eb54ae12fa.pcap", label: "Agent Tesla over FTP", class: "A", kind: "exfiltration", source: "192.168.100.164", to: "143.95.79.226", why: "six sign-ins and a few kilobytes within a minute: " + content},
		{path: trickbot + "exp2_metasploit_segmentation/metasploit.pcapng", label: "metasploit", class: "B", why: "two minutes in which no call repeats more than a handful of times; the destination is not labelled"},
		{path: trickbot + "exp9_full_trickbot/before_net_snif_restart/capture1.pcapng", label: "TrickBot, first minutes", class: "B", why: "three minutes of announcements and one name of Google: no call of the bot is in it"},
		{path: graph + "iodine-cname.pcap", label: "tunnel, iodine", class: "A", kind: "dns_tunnel", source: "192.168.117.128", to: "ggy666.tk"},
		{path: graph + "dnscat2-txt/dnscat2-txt_00001_20230903183304.pcap", label: "tunnel, dnscat2", class: "A", kind: "dns_tunnel", source: "192.168.68.62", to: "ggy666.tk"},
		{path: "acandeias/PCAP/dns-tunnel.pcap", label: "DNS tunnel", class: "B", kind: "dns_tunnel", source: "192.168.56.1", to: "tunnel.phd"},
		{path: ndpi + "dns-tunnel-iodine.pcap", label: "tunnel, iodine", class: "B", kind: "dns_tunnel", source: "10.0.2.30", to: "pirate.sea"},
		{path: ndpi + "dns_exfiltration.pcap", label: "exfiltration by DNS", class: "B", kind: "dns_tunnel", source: "192.168.220.56", to: "192.168.203.167"},
		{path: rita + "json_with_all_fields", label: "tunnel, dnscat2", class: "B", kind: "dns_tunnel", source: "192.168.88.2", to: "r-1x.com"},
		{path: rita + "open_conns/open", label: "tunnel, dnscat2, still open", class: "B", kind: "dns_tunnel", source: "192.168.88.2", to: "r-1x.com"},
		{path: "acandeias/PCAP/icmp-tunnel.pcap", label: "ICMP tunnel", class: "B", kind: "icmp_tunnel", source: "192.168.5.208", to: "192.168.5.217"},
		{path: "acandeias/PCAP/ircdAttack.pcapng", label: "attack on an IRC server", class: "B", kind: "scan", source: "172.16.192.130", to: "172.16.192.132"},
		{path: "acandeias/PCAP/plague-net.pcap", label: "malware", class: "B", why: "one request and one datagram outside in 24 minutes"},
		{path: "acandeias/PCAP/tesla.pcap", label: "exploit kit", class: "B", why: "one to six requests to each server within six minutes: " + content},
		{path: slips + "port-scans/horizontal", label: "scan of many", class: "B", kind: "scan", source: "10.0.2.112"},
		{path: slips + "port-scans/vertical", label: "scan of one", class: "B", kind: "scan", source: "192.168.1.9", to: "45.33.32.156"},
		{path: slips + "test12-icmp-portscan.pcap", label: "ping sweep", class: "B", kind: "scan", source: "192.168.1.109"},
		{path: slips + "test19-malicious-ssh/malicious-ssh-bruteforce.pcap", label: "guessing over SSH", class: "B", kind: "sign_in_attack", source: "147.32.80.40", to: "147.32.80.37"},
		{path: slips + "test7-malicious.pcap", label: "a bot that tries Telnet", class: "B", kind: "scan", source: "192.168.2.16", port: 23},
		{path: slips + "test8-malicious.pcap", label: "scan by ARP", class: "B", kind: "scan", source: "192.168.1.247", why: "ARP is not looked at by any detector"},
		{path: slips + "test6-malicious.suricata.json", label: "malicious, unnamed", class: "B", kind: "scan", source: "193.46.255.92", to: "192.168.1.129"},
		{path: slips + "test10-mixed-zeek-dir", label: "scan, mixed", class: "B", kind: "scan", source: "192.0.2.10"},
		{path: slips + "test13-malicious-dhcpscan-zeek-dir", label: "scan by DHCP", class: "B", why: "two connections and a few leases: no detector counts requested addresses"},
		{path: slips + "test14-malicious-zeek-dir", label: "downloads of malware", class: "B", why: content},
		{path: slips + "test15-malicious-zeek-dir", label: "malicious TLS", class: "B", why: "two connections; " + content},
		{path: slips + "test16-malicious-zeek-dir", label: "ARP poisoning", class: "B", why: "arp.log is not read"},
		{path: slips + "test2-malicious.binetflow", label: "malicious", class: "B", why: unread},
		{path: slips + "test4-malicious.binetflow", label: "malicious", class: "B", why: unread},
		{path: slips + "test11-portscan.binetflow", label: "scan", class: "B", why: unread},
		{path: slips + "test1-malicious.nfdump", label: "malicious", class: "B", why: unread},
		{path: "id2t/resources/Win7_eternalblue_exploit.pcap", label: "EternalBlue", class: "B", kind: "lateral_movement", source: "192.168.189.138", to: "192.168.189.140", why: "one machine of the same network on port 445, and one call back: movement is told by many targets"},
		{path: "id2t/resources/Win7_eternalblue_scan.pcap", label: "EternalBlue, the check", class: "B", why: "one connection"},
		{path: "id2t/resources/sality_botnet.pcap", label: "Sality", class: "B", kind: "beacon", source: "10.0.2.15", why: "three to ten requests to each of a dozen servers within a minute: no rhythm"},
		{path: ndpi + "bot.pcap", label: "a search engine's bot", class: "B", why: "one connection of a crawler: nothing malicious"},
		{path: ndpi + "emotet.pcap", label: "Emotet", class: "B", why: "ten connections put together from two months"},
		{path: ndpi + "malware.pcap", label: "malware", class: "B", why: "eight connections put together from four years"},
		{path: "zat/data/conn.log", label: "ZeroAccess", class: "C", kind: "scan", source: "192.168.33.10"},
		{path: sanders + "dns_axfr.pcapng", label: "zone transfer", class: "B", why: "one connection: there is no detector of transfers"},
		{path: sanders + "dns_isp_hijack.pcapng", label: "a provider's wildcard", class: "B", why: "an answer that is wrong cannot be told from one that is right"},
		{path: sanders + "tickedoffdeveloper.pcapng", label: "a developer's theft", class: "B", why: "29 kB over FTP to a machine inside"},
	}
}

// meets reports whether a finding says what a label says.
func (l *labelled) meets(f *verdict.Finding) bool {
	if f.Kind != l.kind || f.Source != l.source || (f.ExplainedBy != "") != l.caller {
		return false
	}
	if l.caller && f.ExplainedBy != detect.RegularCaller {
		return false
	}
	return l.to == "" || f.Domain == l.to || slices.Contains(f.Destinations, l.to)
}

// begins is when the labelled talk begins, by the first record of its two ends.
func (l *labelled) begins(all []*record.Batch) (from, last record.Time) {
	from = record.LastTime
	one, _ := netip.ParseAddr(l.source)
	two, err := netip.ParseAddr(l.to)
	for _, b := range all {
		for i := range b.Conns {
			c := &b.Conns[i]
			last = max(last, c.TS+c.Duration)
			if l.source == "" || c.OrigH == one && (l.to == "" || c.RespH == two) && (l.port == 0 || c.RespP == l.port) {
				from = min(from, c.TS)
			}
		}
		for i := range b.DNS {
			d := &b.DNS[i]
			last = max(last, d.TS)
			if err != nil && l.to != "" && d.OrigH == one && strings.HasSuffix(strings.ToLower(d.Query), l.to) {
				from = min(from, d.TS)
			}
		}
	}
	return from, last
}

// place looks for the label among what all detectors see in batches; 0 when it is not there. Callers have a list of their own. open is how
// long the list is.
func (l *labelled) place(all []*record.Batch) (place, open int, words string) {
	scope := record.AssumedScope()
	fold(&scope, detect.All(detect.Config{}), slices.Values(all), 0, nil, func(_ record.Time, fs []verdict.Finding) bool {
		for i := range fs {
			f := &fs[i]
			if (f.ExplainedBy == detect.RegularCaller) != l.caller || f.ExplainedBy != "" && !l.caller || l.caller && f.Kind != l.kind {
				continue
			}
			open++
			if place == 0 && l.meets(f) {
				place, words = open, f.Words
			}
		}
		return true
	})
	return place, open, words
}

// outcome is what became of a row.
type outcome struct {
	labelled
	place, open    int
	words          string
	after, length  float64 // seconds from its first record: until a capture that ends then shows it, and to the end
	there, decided bool
}

// tell runs a row over its capture, cut at growing times.
func (l labelled) tell(t testing.TB, timed bool) outcome {
	path, ok := given(l.path)
	o := outcome{labelled: l, there: ok}
	if !ok {
		return o
	}
	all := read(t, path, 0, 0, 0)
	o.place, o.open, o.words = l.place(all)
	from, last := l.begins(all)
	o.length = float64(last-from) / 1e9
	if o.place == 0 || !timed {
		return o
	}
	shows := func(after float64) bool {
		place, _, _ := l.place(read(t, path, 0, from+record.Time(after*1e9)+1, 0))
		return place > 0
	}
	low, high := 0.0, o.length
	for at := 1.0; at < o.length; at *= 1.5 {
		if shows(at) {
			high = at
			break
		}
		low = at
	}
	for high-low > max(0.1, 0.03*high) {
		if mid := (low + high) / 2; shows(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	o.after, o.decided = high, true
	return o
}

func (o *outcome) line() string {
	head := fmt.Sprintf("| %s | %s (%s) |", o.path, o.label, o.class)
	switch {
	case !o.there:
		return head + " not here | - | - |"
	case o.place == 0:
		return fmt.Sprintf("%s no: %s; %d other findings | - | - |", head, o.why, o.open)
	}
	what := o.kind
	if o.caller {
		what = "regular caller from outside"
	}
	return fmt.Sprintf("%s %s, %s -> %s | %d of %d | %.1f of %.0f s |", head, what, o.source, o.to, o.place, o.open, o.after, o.length)
}

// evalLabelled prints a row for every given capture with a label.
func evalLabelled(t *testing.T) {
	t.Log("| capture | label (class) | found | place | shows when cut after |")
	for _, l := range labelledCaptures() {
		o := l.tell(t, true)
		t.Log(o.line())
		o.hold(t)
	}
}

// hold fails when a row is not what docs/eval-detection.md says of it.
func (o *outcome) hold(t testing.TB) {
	switch {
	case !o.there:
	case o.place == 0 && o.why == "":
		t.Errorf("%s: %s -> %s is not found", o.path, o.source, o.to)
	case o.place > 0 && o.why != "":
		t.Errorf("%s: found after all: %s", o.path, o.words)
	case o.place > 0 && o.kind == "dns_tunnel" && o.after > 60:
		t.Errorf("%s: found after %.0f s", o.path, o.after)
	case o.caller && o.place > 2, o.kind == "beacon" && !o.caller && o.place > 2:
		t.Errorf("%s: at place %d", o.path, o.place)
	}
}

// TestLabelled: every labelled capture that is found still is, and what is not is listed with its reason.
func TestLabelled(t *testing.T) {
	needGiven(t, "")
	for _, l := range labelledCaptures() {
		o := l.tell(t, false)
		o.hold(t)
		if l.kind == "" && l.why == "" {
			t.Errorf("%s: neither what to find nor why not", l.path)
		}
	}
}
