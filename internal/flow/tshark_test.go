package flow

import (
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
)

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

// tsharkGroups are the captures compared with. The short lists are compared in every run, all captures of the folders with CANDOR_LONG=1.
var tsharkGroups = [...]struct {
	name    string
	folders []string
	always  []string
}{
	{"usermix", []string{"bench"}, []string{"bench/usermix.pcap"}},
	{"given", []string{"data/given"}, []string{
		"data/given/chrissanders/dns_query_response.pcapng",
		"data/given/chrissanders/tickedoffdeveloper.pcapng",
		"data/given/acandeias/PCAP/ircdAttack.pcapng",
		"data/given/slips/dataset/test-cc/test-cc-capture-2.pcap",
		"data/given/ndpi/tests/cfgs/default/pcap/dns-tunnel-iodine.pcap",
		"data/given/id2t/resources/sality_botnet.pcap",
		"data/given/aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap",
	}},
	{"labs", []string{"data/labs"}, []string{"data/labs/B-lan.pcap.zst", "data/labs/E-v6.pcap.zst"}},
}

// TestTshark compares with tshark: packets and IP bytes per outer 5-tuple (ICMP and protocols without ports: per pair of addresses), frame by frame; and
// each DNS query and reply, TLS server name and HTTP request, with its 5-tuple, the inner one in a tunnel. Every difference must belong to a class. Without the classes outside of what
// both look for, 999 of 1000 must be equal over all captures, 990 over the short lists. With -v it prints the tables of docs/tshark.md.
func TestTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	long := os.Getenv("CANDOR_LONG") == "1"
	var all tally
	var groups [len(tsharkGroups)]tally
	for i, g := range tsharkGroups {
		files := g.always
		if long {
			files = captureFiles(t, g.folders)
		}
		for _, file := range files {
			t.Run(file, func(t *testing.T) {
				if testing.Short() && g.name == "usermix" {
					t.Skip("short")
				}
				groups[i].add(compareCapture(t, shared(t, file)))
			})
		}
		all.add(groups[i])
		t.Logf("%-8s%v", g.name, &groups[i])
	}
	t.Logf("%-8s%v", "all", &all)
	for i, c := range classes {
		t.Logf("%5d %5d %5d %s: %s", groups[0].classes[i], groups[1].classes[i], groups[2].classes[i], c.name, c.reason)
		if long && all.classes[i] == 0 {
			t.Errorf("class %q: no difference belongs to it any more: take it out, here and in docs/tshark.md", c.name)
		}
	}
	allowed := 10 // of 1000: bench/usermix.pcap, most of the short lists, holds a fuzzer's packets
	if long {
		allowed = 1
	}
	if bad := all.differ(false); 1000*bad > allowed*(all.equal()+bad) {
		t.Errorf("%d messages differ of %d", bad, all.equal()+bad)
	}
}

// tally adds up comparisons.
type tally struct {
	captures        int
	tuples, packets int // 5-tuples and packets whose sums were compared, all equal
	kinds           [len(messageKinds)]int
	classes         [numClasses]int
}

func (a *tally) add(b tally) {
	a.captures, a.tuples, a.packets = a.captures+b.captures, a.tuples+b.tuples, a.packets+b.packets
	for i, n := range b.kinds {
		a.kinds[i] += n
	}
	for i, n := range b.classes {
		a.classes[i] += n
	}
}

// differ counts differences that belong to a class: those outside of what a record is here, or the others.
func (a *tally) differ(outside bool) (n int) {
	for i, c := range classes {
		if c.outside == outside {
			n += a.classes[i]
		}
	}
	return n
}

// equal counts the messages that both programs have.
func (a *tally) equal() (n int) {
	for _, k := range a.kinds {
		n += k
	}
	return n
}

func (a *tally) String() string {
	equal, in, out := a.equal(), a.differ(false), a.differ(true)
	percent := func(of int) float64 { return 100 * float64(equal) / float64(max(1, of)) }
	return fmt.Sprintf("%d captures; %d tuples with %d packets equal; messages equal %d %v, differ %d, outside %d: %.3f %% of all, %.3f %% without those outside",
		a.captures, a.tuples, a.packets, equal, a.kinds, in, out, percent(equal+in+out), percent(equal+in))
}

// captureFiles lists the captures in folders of the shared data.
func captureFiles(t *testing.T, folders []string) (files []string) {
	for _, folder := range folders {
		root := shared(t, folder)
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if name := strings.TrimSuffix(path, ".zst"); strings.HasSuffix(name, ".pcap") || strings.HasSuffix(name, ".pcapng") {
				inside, _ := filepath.Rel(root, path)
				files = append(files, folder+"/"+filepath.ToSlash(inside))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func compareCapture(t *testing.T, path string) (sum tally) {
	frames := readCapture(t, path)
	b := run(DefaultConfig(), frames)
	want := tsharkSums(t, path)
	sum.tuples, sum.packets = compareSums(t, withoutPorts(connSums(b), want.fragmented), withoutPorts(want.sums, want.fragmented))
	var differ []*dissent
	sum.captures = 1
	sum.kinds, differ = dissents(tsharkMessages(t, path, copies(frames)), recordMessages(b))
	for _, d := range differ {
		c := classOf(d)
		if c < 0 {
			t.Errorf("no class explains: %v", d)
			continue
		}
		sum.classes[c]++
	}
	return sum
}

func connSums(b *record.Batch) map[tuple]sums {
	got := map[tuple]sums{}
	for _, c := range b.Conns {
		if len(c.TunnelParents) > 0 {
			continue // part of a tunnel's
		}
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

func compareSums(t *testing.T, got, want map[tuple]sums) (tuples, packets int) {
	t.Helper()
	bad := 0
	for k, w := range want {
		packets += int(w.packets)
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
	return len(want), packets
}

type tsharkResult struct {
	sums       map[tuple]sums
	fragmented map[tuple]bool
}

// tsharkSums reads a capture without reassembly of fragments.
func tsharkSums(t *testing.T, path string) tsharkResult {
	t.Helper()
	fields := []string{
		"ip.src", "ip.dst", "ip.proto", "ip.len", "ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.plen", "tcp.srcport", "tcp.dstport",
		"udp.srcport", "udp.dstport", "frame.protocols", "ip.frag_offset", "ip.flags.mf", "ipv6.fraghdr.nxt",
	}
	res := tsharkResult{map[tuple]sums{}, map[tuple]bool{}}
	tsharkLines(t, path, fields, func(lists [][]string) {
		f := make([]string, len(lists))
		for i, l := range lists {
			f[i] = nth(l, 0)
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
	}, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE")
	return res
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
