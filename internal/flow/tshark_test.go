package flow

import (
	"bufio"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
)

var tsharkFiles = []string{
	"data/given/chrissanders/dns_query_response.pcapng",
	"data/given/chrissanders/tickedoffdeveloper.pcapng",
	"data/given/slips/dataset/test-cc/test-cc-capture-2.pcap",
	"data/given/ndpi/tests/cfgs/default/pcap/dns_exfiltration.pcap",
	"data/given/id2t/resources/sality_botnet.pcap",
	"data/given/aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap",
	"data/labs/A-core.pcap.zst",
	"data/labs/B-lan.pcap.zst",
	"data/labs/D-b2wan.pcap.zst",
	"data/labs/E-v6.pcap.zst",
	"bench/usermix.pcap",
}

type tuple struct {
	a, b   netip.Addr
	ap, bp uint16
	proto  uint8
}

func (k tuple) canonical() tuple {
	if c := k.a.Compare(k.b); c > 0 || c == 0 && k.ap > k.bp {
		return tuple{k.b, k.a, k.bp, k.ap, k.proto}
	}
	return k
}

type sums struct{ packets, bytes uint64 }

// TestTshark compares with tshark, frame by frame: packets and IP bytes per outer 5-tuple (ICMP and protocols without ports: per pair of
// addresses), and the names in DNS queries and replies, TLS client hellos and HTTP requests.
func TestTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	for _, file := range tsharkFiles {
		t.Run(file, func(t *testing.T) {
			if testing.Short() && strings.Contains(file, "usermix") {
				t.Skip("short")
			}
			path := shared(t, file)
			want := runTshark(t, path)
			b := run(DefaultConfig(), readCapture(t, path))
			compareSums(t, withoutPorts(connSums(b), want.fragmented), withoutPorts(want.sums, want.fragmented))
			got := recordNames(b)
			for i, what := range []string{"queries", "replies", "server names", "hosts"} {
				compareNames(t, what, got[i], want.names[i])
			}
		})
	}
}

func connSums(b *record.Batch) map[tuple]sums {
	got := map[tuple]sums{}
	for _, c := range b.Conns {
		k := tuple{c.OrigH, c.RespH, c.OrigP, c.RespP, c.Proto}
		if !hasPorts(c.Proto) {
			k.ap, k.bp = 0, 0
		}
		k = k.canonical()
		s := got[k]
		s.packets += c.OrigPkts + c.RespPkts
		s.bytes += c.OrigIPBytes + c.RespIPBytes
		got[k] = s
	}
	return got
}

// names are how often each name was seen.
type names map[string]int

// recordNames gives the names in DNS queries, replies, TLS and HTTP records.
func recordNames(b *record.Batch) (n [4]names) {
	n = [4]names{{}, {}, {}, {}}
	for _, r := range b.DNS {
		if r.Variant == "nbns" || r.Variant == "mdns" {
			continue // NetBIOS names are shown in another way, multicast messages have many questions
		}
		if r.HasQuery {
			n[0].add(r.Query)
		}
		if r.HasReply {
			n[1].add(r.Query)
		}
	}
	for _, r := range b.TLS {
		n[2].add(r.ServerName)
	}
	for _, r := range b.HTTP {
		n[3].add(r.Host)
	}
	return n
}

// add leaves out what the two programs show in different ways.
func (n names) add(name string) {
	odd := func(r rune) bool { return r > 126 || r == '\\' || r == '<' }
	if name != "" && name != "." && !strings.ContainsFunc(name, odd) {
		n[strings.ToLower(name)]++
	}
}

// compareNames allows one message in a hundred to differ, but for five. Known reasons in bench/usermix.pcap: tshark counts copies of frames, knows HTTP in
// requests whose body is incomplete only after it ended, and opens some tunnels that are named here and not opened.
func compareNames(t *testing.T, what string, got, want names) {
	t.Helper()
	total, bad := 0, 0
	for k, n := range want {
		total += n
		if d := n - got[k]; d != 0 {
			bad += max(d, -d)
			t.Logf("%s %q: %d, tshark has %d", what, k, got[k], n)
		}
	}
	for k, n := range got {
		if want[k] == 0 {
			bad += n
			t.Logf("%s %q: %d, tshark has none", what, k, n)
		}
	}
	if bad > 5+total/100 {
		t.Errorf("%s: %d of %d differ", what, bad, total)
	}
}

func (k tuple) portless() tuple { return tuple{a: k.a, b: k.b, proto: k.proto}.canonical() }

// withoutPorts adds up the pairs of addresses that sent fragments: who a later fragment belongs to is more than tshark says.
func withoutPorts(m map[tuple]sums, fragmented map[tuple]bool) map[tuple]sums {
	out := map[tuple]sums{}
	for k, v := range m {
		if fragmented[k.portless()] {
			k = k.portless()
		}
		s := out[k]
		out[k] = sums{s.packets + v.packets, s.bytes + v.bytes}
	}
	return out
}

func hasPorts(proto uint8) bool { return proto == decode.ProtoTCP || proto == decode.ProtoUDP }

func compareSums(t *testing.T, got, want map[tuple]sums) {
	t.Helper()
	bad := 0
	for k, w := range want {
		if got[k] != w {
			if bad++; bad <= 10 {
				t.Errorf("%v: %d packets %d bytes, tshark has %d and %d", k, got[k].packets, got[k].bytes, w.packets, w.bytes)
			}
		}
	}
	for k, g := range got {
		if _, ok := want[k]; !ok {
			if bad++; bad <= 20 {
				t.Errorf("%v: %d packets %d bytes, tshark has none", k, g.packets, g.bytes)
			}
		}
	}
	t.Logf("%d tuples, %d differ", len(want), bad)
}

type tsharkResult struct {
	sums       map[tuple]sums
	fragmented map[tuple]bool
	names      [4]names
}

// tunnels are layers of tunnels that tshark opens.
var tunnels = []string{":gtp:", ":vxlan:", ":ip:ipv6:", ":ipv6:ip:", ":capwap", ":gre:", ":teredo:", ":ip:ip:", ":icmp", ":ipxip"}

// runTshark reads a capture without reassembly of fragments.
func runTshark(t *testing.T, path string) tsharkResult {
	t.Helper()
	fields := []string{
		"ip.src", "ip.dst", "ip.proto", "ip.len", "ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.plen", "tcp.srcport", "tcp.dstport",
		"udp.srcport", "udp.dstport", "frame.protocols", "ip.frag_offset", "ip.flags.mf", "ipv6.fraghdr.nxt",
		"dns.flags.response", "dns.qry.name", "tls.handshake.extensions_server_name", "http.host", "tcp.stream",
	}
	args := []string{"-r", path, "-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|", "-E", "separator=;", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	cmd := exec.Command("tshark", args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	res := tsharkResult{map[tuple]sums{}, map[tuple]bool{}, [4]names{{}, {}, {}, {}}}
	hellos := map[string]bool{}
	sc := bufio.NewScanner(out)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		f := strings.Split(sc.Text(), ";")
		if len(f) < len(fields) || strings.Contains(f[12], ":cfp:") {
			continue // FabricPath: frames inside frames are not opened here
		}
		res.addNames(f, hellos)
		for i := range f[:16] {
			f[i], _, _ = strings.Cut(f[i], "|")
		}
		if k, n, fragment, ok := tsharkTuple(f); ok {
			if fragment {
				res.fragmented[k.portless()] = true
			}
			s := res.sums[k]
			s.packets++
			s.bytes += n
			res.sums[k] = s
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Logf("tshark: %v", err)
	}
	return res
}

// addNames takes the names of one frame, unless it is inside a tunnel. A second client hello of a connection (after a retry) counts once.
func (r *tsharkResult) addNames(f []string, hellos map[string]bool) {
	if slices.ContainsFunc(tunnels, func(l string) bool { return strings.Contains(f[12], l) }) {
		return
	}
	dns := slices.ContainsFunc([]string{f[8], f[9], f[10], f[11]}, func(p string) bool { return p == "53" || p == "5355" })
	if dns && f[17] != "" {
		name, _, _ := strings.Cut(f[17], "|")
		if f[16] == "1" || f[16] == "True" {
			r.names[1].add(name)
		} else {
			r.names[0].add(name)
		}
	}
	if name := f[18]; name != "" && f[20] != "" && !hellos[f[20]+name] {
		hellos[f[20]+name] = true
		r.names[2].add(name)
	}
	if f[19] != "" && f[20] != "" {
		for _, h := range strings.Split(f[19], "|") {
			r.names[3].add(h)
		}
	}
}

// tsharkTuple reads one line; the outermost IP header decides. fragment: its ports may be unknown to tshark.
func tsharkTuple(f []string) (k tuple, n uint64, fragment, ok bool) {
	num := func(s string) uint64 {
		v, err := strconv.ParseUint(s, 0, 32)
		if err != nil {
			return 0
		}
		return v
	}
	layers := strings.Split(f[12], ":")
	first := slices.IndexFunc(layers, func(l string) bool { return l == "ip" || l == "ipv6" })
	switch {
	case first < 0:
		return k, 0, false, false
	case layers[first] == "ip":
		if f[0] == "" {
			return k, 0, false, false // a header that tshark could not read
		}
		k.a, k.b = netip.MustParseAddr(f[0]), netip.MustParseAddr(f[1])
		k.proto, n = uint8(num(f[2])), num(f[3])
		fragment = num(f[13]) != 0 || f[14] == "1" || f[14] == "True"
	default:
		if f[4] == "" {
			return k, 0, false, false
		}
		k.a, k.b = netip.MustParseAddr(f[4]), netip.MustParseAddr(f[5])
		k.proto, n = uint8(num(f[6])), num(f[7])+40
		if slices.Contains(layers, "ipv6.fraghdr") {
			fragment = true
			k.proto = uint8(num(f[15]))
		}
	}
	for _, l := range layers[first+1:] { // the transport behind extension headers
		if p, ok := map[string]uint8{"icmpv6": 58, "tcp": 6, "udp": 17, "icmp": 1}[l]; ok {
			if k.proto == decode.ProtoAH || layers[first] == "ipv6" {
				k.proto = p
			}
			break
		}
		if l == "ip" || l == "ipv6" {
			break
		}
	}
	switch k.proto {
	case decode.ProtoTCP:
		k.ap, k.bp = uint16(num(f[8])), uint16(num(f[9]))
	case decode.ProtoUDP:
		k.ap, k.bp = uint16(num(f[10])), uint16(num(f[11]))
	}
	return k.canonical(), n, fragment, true
}

func (k tuple) String() string {
	return fmt.Sprintf("%v:%d-%v:%d/%d", k.a, k.ap, k.b, k.bp, k.proto)
}
