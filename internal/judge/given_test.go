package judge_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/verdict"
)

// What can be said of captures of others, without an agreement, and why that is right. docs/given-verdicts.md is the same
// for people. Every one of these captures was looked at with tshark and capinfos.

// short names of codes in the table.
var givenCodes = map[string]verdict.Code{
	"outside": verdict.VantageOutside, "unmirrored": verdict.VantageUnmirroredPort, "management": verdict.VantageManagementPort,
	"proxy": verdict.VantageAfterProxy, "one_way": verdict.FeedOneWay, "asymmetric": verdict.FeedAsymmetric, "loss": verdict.FeedLoss,
	"duplicated": verdict.FeedDuplicated, "truncated": verdict.FeedTruncated, "damaged": verdict.InputDamaged, "unread": verdict.InputUnread,
	"evicted": verdict.StateEvicted, "drops": verdict.CaptureDrops,
}

// whole is so for every given capture: they end at a record, are Ethernet, and fit into memory.
const whole = "damaged unread evicted"

// expected is the verdicts of one capture by short name; what is in neither list must be cannot say. Fair lists those of
// which cannot say is as right as what is given.
type expected struct {
	file string
	yes  string
	no   string
	fair string
	why  string
}

func given() []expected {
	const (
		onePC   = "one computer and its gateway: its private address passes under its own card"
		tooFew  = "too few packets for any rule"
		labPair = "two computers of one private network"
		resolve = "one computer and whom it asks, DNS over UDP only: without TCP directions and loss cannot be told"
		public  = "public addresses on both sides and no agreement: which side is inside cannot be told"
	)
	return []expected{
		{"acandeias/PCAP/dns-tunnel.pcap", "", "outside truncated", "", "a DNS tunnel between " + labPair + ", 2 s"},
		{"acandeias/PCAP/icmp-tunnel.pcap", "", "outside truncated", "unmirrored", "an ICMP tunnel between " + labPair},
		{"acandeias/PCAP/ircdAttack.pcapng", "unmirrored", "outside proxy one_way duplicated truncated drops", "", "a scan of one by the other of " + labPair + ", captured on all interfaces of one of them (cooked): all talk is the capturing machine's own, and the capture says so. It counted its drops: none"},
		{"acandeias/PCAP/plague-net.pcap", "", "outside management duplicated truncated", "", onePC},
		{"acandeias/PCAP/tesla.pcap", "", "outside duplicated truncated", "unmirrored", onePC + "; it browses more than a sensor would, but without an agreement nobody knows what it is"},
		{
			"aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap", "", "outside management one_way loss duplicated truncated", "",
			onePC + "; most of the 20 hours it only repeats a DHCPv6 solicitation, which is one idle card and no sign of an unmirrored port. Of 6,832 frames the first is cut",
		},
		{"chrissanders/cryptowall4_c2.pcapng", "", "truncated", "outside", onePC + "; under 200 packets"},
		{"chrissanders/dns_axfr.pcapng", "", "", "", tooFew},
		{"chrissanders/dns_isp_hijack.pcapng", "", "truncated", "", tooFew},
		{"chrissanders/dns_lab.pcapng", "", "", "", tooFew},
		{"chrissanders/dns_query_nonexistent.pcapng", "", "", "", tooFew},
		{"chrissanders/dns_query_response.pcapng", "", "", "", tooFew},
		{"chrissanders/dns_recursivequery_client.pcapng", "", "", "", tooFew},
		{"chrissanders/dns_recursivequery_server.pcapng", "", "", "", tooFew},
		{"chrissanders/dns_reverse_lookup.pcapng", "", "", "", tooFew},
		{"chrissanders/dns_tcp.pcapng", "", "", "", tooFew},
		{"chrissanders/ek_to_cryptowall4.pcapng", "", "outside truncated", "", onePC},
		{"chrissanders/http_espn.pcapng", "", "outside truncated", "", onePC + ", 2 s of browsing"},
		{"chrissanders/http_espn_fail.pcapng", "", "outside truncated", "", onePC},
		{"chrissanders/ratinfected.pcapng", "", "outside truncated", "", labPair},
		{"chrissanders/tickedoffdeveloper.pcapng", "", "", "", tooFew},
		{"corelight/agenttesla/testing/Traces/0e328ab7-12b2-4843-8717-a5b3ebef33a8.pcap", "", "outside truncated", "", "a sandbox: " + onePC},
		{"corelight/agenttesla/testing/Traces/a30789ce-1e1c-4f96-a097-78c34b9fb612.pcap", "", "truncated", "outside", "a sandbox: " + onePC + "; about 200 IP packets"},
		{"corelight/agenttesla/testing/Traces/db9f075c-7879-4957-923a-f79fac957a2d.pcap", "", "outside one_way duplicated truncated", "", "a sandbox: " + onePC + "; fewer than 2,000 acknowledgements"},
		{"corelight/agenttesla/testing/Traces/f9421792-7d2c-47d3-90e0-07eb54ae12fa.pcap", "", "outside truncated", "", "a sandbox: " + onePC},
		{
			"corelight/quasarrat/testing/Traces/09ffabf7-774a-43a3-8c97-68f2046fd385.pcap", "", "outside one_way duplicated truncated", "unmirrored",
			"a sandbox: one computer talks, a dozen cards are heard; all unicast is that computer's, so that no to unmirrored is doubtful",
		},
		{"corelight/strrat/testing/Traces/strrat-4423258f-59bc-4a88-bfec-d8ac08c88538.pcap", "", "truncated", "outside", "a sandbox: " + onePC + "; under 200 packets"},
		{"dns-tunnel-graphtunnel/normal/normal/normal_00000_20230805150331.pcap", "", "outside management duplicated truncated", "", resolve},
		{"dns-tunnel-graphtunnel/normal/normal/normal_00001_20230805152732.pcap", "", "outside management duplicated truncated", "", resolve},
		{"dns-tunnel-graphtunnel/normal/normal/normal_00002_20230805155315.pcap", "", "outside management duplicated truncated", "", resolve},
		{"dns-tunnel-graphtunnel/normal/normal/normal_00003_20230805162300.pcap", "", "outside management duplicated truncated", "", resolve},
		{"dns-tunnel-graphtunnel/tunnel/dnscat2-txt/dnscat2-txt_00001_20230903183304.pcap", "", "outside management duplicated truncated", "", resolve},
		{"dns-tunnel-graphtunnel/tunnel/iodine-cname.pcap", "", "outside management duplicated truncated", "", resolve},
		{"id2t/resources/Win7_eternalblue_exploit.pcap", "", "outside truncated", "", labPair},
		{"id2t/resources/Win7_eternalblue_scan.pcap", "", "", "", tooFew},
		{"id2t/resources/sality_botnet.pcap", "", "outside truncated", "", onePC},
		{"llmhyy-trickbot/Experiments/exp2_metasploit_segmentation/metasploit.pcapng", "", "outside duplicated truncated drops", "unmirrored", labPair + " and their gateway; the capture counted its drops: none"},
		{"llmhyy-trickbot/Experiments/exp9_full_trickbot/before_net_snif_restart/capture1.pcapng", "", "outside truncated drops", "unmirrored", onePC + "; the capture counted its drops: none"},
		{"llmhyy-trickbot/Experiments/exp9_full_trickbot/capture.pcapng", "", "outside management one_way duplicated truncated drops", "unmirrored", onePC + "; fewer than 2,000 acknowledgements; drops counted: none"},
		{"ndpi/tests/cfgs/default/pcap/bot.pcap", "", "truncated", "", public},
		{"ndpi/tests/cfgs/default/pcap/dns-tunnel-iodine.pcap", "", "outside truncated", "", labPair},
		{"ndpi/tests/cfgs/default/pcap/dns_exfiltration.pcap", "", "truncated", "", "two private addresses, both one hop away: nobody's own frames"},
		{"ndpi/tests/cfgs/default/pcap/emotet.pcap", "", "truncated", "outside", "three computers merged from two months: under 200 packets"},
		{"ndpi/tests/cfgs/default/pcap/malware.pcap", "", "truncated", "outside unmirrored", "merged from four years: 100 packets, four cards that had nothing to do with each other"},
		{"slips/dataset/test-cc/test-cc-capture-1.pcap", "", "management one_way loss duplicated truncated", "", public},
		{"slips/dataset/test-cc/test-cc-capture-2.pcap", "", "duplicated truncated", "", public},
		{"slips/dataset/test12-icmp-portscan.pcap", "", "", "", tooFew},
		{"slips/dataset/test19-malicious-ssh/malicious-ssh-bruteforce.pcap", "", "one_way duplicated truncated", "", "two neighbours with public addresses, no agreement: which side is inside cannot be told; 66 SSH connections in 13 s"},
		{
			"slips/dataset/test7-malicious.pcap", "", "outside duplicated truncated", "unmirrored proxy",
			"an infected device in a home, cared for by SSH, that tries telnet on strangers: those tries are no care for gear, so this is no management port, and too much SSH for a clear no",
		},
		{"slips/dataset/test8-malicious.pcap", "", "truncated", "outside unmirrored", "a scan within a home network by ARP: 15 IP packets"},
	}
}

// TestGivenVerdicts holds what is said of each given capture against the table.
func TestGivenVerdicts(t *testing.T) {
	for _, want := range given() {
		t.Run(filepath.Base(want.file), func(t *testing.T) {
			r := check(t, "", shared(t, "data", "given", want.file))
			has := func(list, name string) bool { return strings.Contains(" "+list+" ", " "+name+" ") }
			for name, code := range givenCodes {
				d := findDefect(r, string(code), "")
				if d == nil {
					t.Errorf("%s is not judged", code)
					continue
				}
				expect := verdict.CannotSay
				switch {
				case has(want.yes, name):
					expect = verdict.Yes
				case has(want.no+" "+whole, name):
					expect = verdict.No
				}
				if has(want.fair, name) && d.Verdict != verdict.Yes {
					continue // no and cannot say are both right
				}
				if d.Verdict != expect {
					t.Errorf("%s is %s, want %s (%s): %.1f bits, needs %q, signs %v", code, d.Verdict, expect, want.why, d.Bits, d.Needs, d.Signs)
				}
			}
		})
	}
}

// TestGivenListed holds that every given capture has its line in the table.
func TestGivenListed(t *testing.T) {
	listed := map[string]bool{}
	for _, e := range given() {
		listed[filepath.ToSlash(e.file)] = true
	}
	base := shared(t, "data", "given")
	for _, path := range givenCaptures(t) {
		rel, err := filepath.Rel(base, path)
		if err == nil && !strings.HasPrefix(rel, "..") && !listed[filepath.ToSlash(rel)] {
			t.Errorf("%s has no expected verdicts", rel)
		}
	}
}

var update = flag.Bool("update", false, "rewrite docs/given-verdicts.md")

// TestGivenDocument holds that the document for people says what the table says.
func TestGivenDocument(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`# Verdicts on captures of others

What ` + "`candor check`" + ` says of the captures used in development, without an agreement, and why that is right.
Every capture was looked at with tshark and capinfos. Codes that a line does not name are **cannot say**: too
little evidence, or evidence that points both ways. Of all of them input.damaged, input.unread and state.evicted are
**no**: they end at a record, are Ethernet or cooked, and fit into memory. feed.loss is rarely more than cannot say
because it takes 2,000 acknowledgements; capture.drops needs a capture that counts them.
*Fair* lists codes for which cannot say would be as right as no; the reason says where a no is doubtful.

This page is made from the table in ` + "`internal/judge/given_test.go`" + `, which is tested:
` + "`go test ./internal/judge -run TestGivenDocument -update`" + `.

| capture | yes | no | fair | why |
|---|---|---|---|---|
`)
	for _, e := range given() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", e.file, codeList(e.yes), codeList(e.no), codeList(e.fair), e.why)
	}
	path := filepath.Join("..", "..", "docs", "given-verdicts.md")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b.Bytes()) {
		t.Errorf("%s is not what the table says: run with -update", path)
	}
}

func codeList(names string) string {
	var out []string
	for _, n := range strings.Fields(names) {
		out = append(out, string(givenCodes[n]))
	}
	return strings.Join(out, ", ")
}
