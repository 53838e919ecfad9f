package flow

import (
	"fmt"
	"maps"
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

// within is a connection in a tunnel: how many tunnels are around it, and its 5-tuple.
type within struct {
	depth int
	tuple tuple
}

func (w within) String() string { return fmt.Sprintf("%v at depth %d", w.tuple, w.depth) }

// carriage is a connection in a tunnel with the connection of the tunnel next around it.
type carriage struct{ inner, outer within }

// nested is what lies in the tunnels of a capture.
type nested struct {
	packets    map[within]int
	carried    map[carriage]bool
	fragmented map[tuple]bool // pairs of addresses of which tshark does not know the ports of every packet
	closed     map[string]int // packets in tunnels that Candor leaves closed, by tunnel
	broken     int            // packets with layers whose fields tshark could not read
}

func newNested() *nested {
	return &nested{map[within]int{}, map[carriage]bool{}, map[tuple]bool{}, map[string]int{}, 0}
}

// closedTunnels are the tunnels that tshark opens and Candor does not: the names of tshark's layers. docs/tshark.md says why. Ones that lie deeper than maxTunnels are "deep".
var closedTunnels = []string{":capwap:", ":capwap.data:", ":l2tp:", ":ppp:", ":gre:mpls:"}

// tunnelGoldens are the captures of internal/source that hold tunnels; each is of one kind or oddity.
var tunnelGoldens = []string{"4in6*", "6in4*", "6in6*", "ipip*", "gre*", "gtpu*", "vxlan*", "geneve*", "erspan*", "teredo*", "l2tp*", "five-tunnels*", "fragments*tunnel*"}

// TestTsharkTunnels compares with tshark what lies in tunnels, at each depth: every 5-tuple (ICMP and protocols without ports: pair of addresses) with its
// number of packets, and in which connection it is carried. Nothing may differ but what lies in a tunnel that Candor leaves closed.
func TestTsharkTunnels(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	t.Run("golden", func(t *testing.T) {
		var sum nestedTally
		for _, pattern := range tunnelGoldens {
			files, err := filepath.Glob(filepath.Join("..", "source", "testdata", "golden", pattern+".pcap*"))
			if err != nil || len(files) == 0 {
				t.Fatalf("no capture %s: %v", pattern, err)
			}
			for _, file := range files {
				t.Run(filepath.Base(file), func(t *testing.T) { sum.add(compareTunnels(t, file)) })
			}
		}
		t.Logf("golden: %v", &sum)
	})
	for _, g := range tsharkGroups {
		t.Run(g.name, func(t *testing.T) {
			if testing.Short() && g.name == "usermix" {
				t.Skip("short")
			}
			files := g.always
			if os.Getenv("CANDOR_LONG") == "1" {
				files = captureFiles(t, g.folders)
			}
			var sum nestedTally
			for _, file := range files {
				t.Run(file, func(t *testing.T) { sum.add(compareTunnels(t, shared(t, file))) })
			}
			t.Logf("%s: %v", g.name, &sum)
			if g.name == "usermix" && (sum.equal < 28 || sum.packets < 400) {
				t.Error("usermix holds more tunnels than that")
			}
		})
	}
}

// nestedTally adds up comparisons.
type nestedTally struct {
	captures, with   int // captures, and those of them that hold a tunnel
	equal, differ    int // 5-tuples, at their depth
	packets, carried int
	closedPkts       int
	broken           int
	depths           [decode.MaxLayers]int // equal 5-tuples by depth
}

func (a *nestedTally) add(b nestedTally) {
	a.captures, a.with, a.equal, a.differ, a.packets, a.carried = a.captures+b.captures, a.with+b.with, a.equal+b.equal, a.differ+b.differ, a.packets+b.packets, a.carried+b.carried
	a.closedPkts, a.broken = a.closedPkts+b.closedPkts, a.broken+b.broken
	for i, n := range b.depths {
		a.depths[i] += n
	}
}

func (a *nestedTally) String() string {
	return fmt.Sprintf("%d captures, %d with tunnels; 5-tuples equal %d %v, differ %d; %d packets; carried in the same connection %d; %d packets in closed tunnels, %d not readable",
		a.captures, a.with, a.equal, a.depths[1:6], a.differ, a.packets, a.carried, a.closedPkts, a.broken)
}

func compareTunnels(t *testing.T, path string) (sum nestedTally) {
	theirs := tsharkNested(t, path)
	ours := recordNested(run(DefaultConfig(), readCapture(t, path)))
	got, want := ours.portless(theirs.fragmented), theirs.portless(theirs.fragmented)
	sum.captures, sum.broken = 1, theirs.broken
	if len(want.packets)+len(got.packets) > 0 {
		sum.with = 1
	}
	for w, n := range want.packets {
		if got.packets[w] != n {
			sum.differ++
			t.Errorf("%v: %d packets, tshark has %d", w, got.packets[w], n)
			continue
		}
		sum.equal, sum.packets = sum.equal+1, sum.packets+n
		sum.depths[w.depth]++
	}
	for w, n := range got.packets {
		if want.packets[w] == 0 {
			sum.differ++
			t.Errorf("%v: %d packets, tshark has none", w, n)
		}
	}
	for c := range want.carried {
		if sum.carried++; !got.carried[c] {
			t.Errorf("tshark has %v in %v, we do not", c.inner, c.outer)
		}
	}
	for c := range got.carried {
		if !want.carried[c] {
			t.Errorf("%v is in %v here, not in tshark", c.inner, c.outer)
		}
	}
	for _, n := range theirs.closed {
		sum.closedPkts += n
	}
	if len(theirs.closed) > 0 {
		t.Logf("in closed tunnels: %v", theirs.closed)
	}
	return sum
}

// portless leaves out the ports of pairs of addresses that sent fragments, as withoutPorts does.
func (n *nested) portless(fragmented map[tuple]bool) *nested {
	out := newNested()
	plain := func(w within) within {
		if fragmented[w.tuple.portless()] {
			w.tuple = w.tuple.portless()
		}
		return w
	}
	for w, k := range n.packets {
		out.packets[plain(w)] += k
	}
	for c := range n.carried {
		out.carried[carriage{plain(c.inner), plain(c.outer)}] = true
	}
	return out
}

// recordNested gives the connections that have parents.
func recordNested(b *record.Batch) *nested {
	out := newNested()
	places := map[record.UID]within{}
	parents := map[record.UID][]record.UID{}
	for i := range b.Conns {
		c := &b.Conns[i]
		k := tuple{c.OrigH, c.RespH, c.OrigP, c.RespP, c.Proto}
		if !hasPorts(c.Proto) {
			k.ap, k.bp = 0, 0
		}
		places[c.UID] = within{0, k.canonical()}
		if len(c.TunnelParents) > len(parents[c.UID]) { // reports name those seen so far
			parents[c.UID] = c.TunnelParents
		}
	}
	depth := func(u record.UID) (n int) {
		for ; len(parents[u]) > 0; u = parents[u][0] {
			n++
		}
		return n
	}
	for u, w := range places {
		w.depth = depth(u)
		places[u] = w
	}
	for i := range b.Conns {
		c := &b.Conns[i]
		w := places[c.UID]
		if w.depth == 0 {
			continue
		}
		out.packets[w] += int(c.OrigPkts + c.RespPkts)
		for _, p := range c.TunnelParents {
			out.carried[carriage{w, places[p]}] = true
		}
	}
	return out
}

// The fields that nesting is read from. Each is a list, outermost first; frame.protocols says which belong together.
const (
	nLayers = iota
	nIPSrc
	nIPDst
	nIPProto
	nIP6Src
	nIP6Dst
	nIP6Next
	nTCPSrc
	nTCPDst
	nUDPSrc
	nUDPDst
	numNested
)

var nestedFields = [numNested]string{
	"frame.protocols", "ip.src", "ip.dst", "ip.proto", "ipv6.src", "ipv6.dst", "ipv6.nxt", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport",
}

// tsharkNested reads a capture with reassembly of fragments: what a fragmented tunnel carries is then in its last frame.
func tsharkNested(t *testing.T, path string) *nested {
	t.Helper()
	out := newNested()
	tsharkLines(t, path, nestedFields[:], func(f [][]string) { out.frame(f) }, "-d", "udp.port==8472,vxlan") // the port that Linux used first
	return out
}

// frame notes what lies in the tunnels of one frame. What an ICMP error sends back and what sFlow samples is no tunnel.
func (n *nested) frame(f [][]string) {
	var chain []tuple
	closed, from := "", 0
	var used [numNested]int
	layers := strings.Split(nth(f[nLayers], 0), ":")
	take := func(field int) string {
		used[field]++
		return nth(f[field], used[field]-1)
	}
	number := func(field int) uint16 {
		v, _ := strconv.ParseUint(take(field), 10, 16)
		return uint16(v)
	}
	ends := func(src, dst, proto int) {
		a, _ := netip.ParseAddr(take(src))
		b, _ := netip.ParseAddr(take(dst))
		chain = append(chain, tuple{a: a, b: b, proto: uint8(number(proto))})
	}
	protos := map[string]uint8{"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58, "gre": 47, "sctp": 132}
walk:
	for i, l := range layers {
		last := max(len(chain)-1, 0)
		if len(chain) > 0 && closed == "" {
			for _, c := range closedTunnels {
				if c == ":"+l+":" || c == ":"+layers[max(i-1, 0)]+":"+l+":" {
					closed, from = strings.Trim(c, ":"), len(chain)
				}
			}
		}
		switch {
		case l == "ip":
			ends(nIPSrc, nIPDst, nIPProto)
		case l == "ipv6":
			ends(nIP6Src, nIP6Dst, nIP6Next)
		case l == "sflow":
			break walk
		case protos[l] != 0 && len(chain) > 0:
			k := &chain[last]
			k.proto = protos[l]
			if l == "tcp" {
				k.ap, k.bp = number(nTCPSrc), number(nTCPDst)
			}
			if l == "udp" {
				k.ap, k.bp = number(nUDPSrc), number(nUDPDst)
			}
			if l == "icmp" || l == "icmpv6" {
				break walk
			}
		}
	}
	for i, k := range chain {
		if hasPorts(k.proto) && k.ap == 0 && k.bp == 0 {
			n.fragmented[k.portless()] = true
		}
		switch {
		case i == 0:
			continue
		case closed != "" && i >= from:
			n.closed[closed]++
			continue
		case i > maxTunnels:
			n.closed["deep"]++
			continue
		case !k.a.IsValid() || !k.b.IsValid():
			n.broken++
			return
		}
		w := within{i, k.canonical()}
		n.packets[w]++
		n.carried[carriage{w, within{i - 1, chain[i-1].canonical()}}] = true
	}
}

// TestNested: the comparison tells depths, parents and closed tunnels apart.
func TestNested(t *testing.T) {
	n := newNested()
	n.frame([][]string{
		{"eth:ethertype:ip:udp:vxlan:eth:ethertype:ipv6:ip:tcp"},
		{"192.0.2.1", "10.0.0.1"},
		{"192.0.2.2", "10.0.0.2"},
		{"17", "6"},
		{"2001:db8::1"},
		{"2001:db8::2"},
		{"4"},
		{"5"},
		{"6"},
		{"1"},
		{"4789"},
	})
	n.frame([][]string{{"eth:ip:icmp:ip:udp"}, {"192.0.2.1", "10.0.0.1"}, {"192.0.2.2", "10.0.0.2"}, {"1", "17"}, nil, nil, nil, nil, nil, {"1"}, {"2"}})
	n.frame([][]string{{"eth:ip:udp:l2tp:ppp:ip:tcp"}, {"192.0.2.1", "10.0.0.1"}, {"192.0.2.2", "10.0.0.2"}, {"17", "6"}, nil, nil, nil, {"5"}, {"6"}, {"1"}, {"1701"}})
	got := fmt.Sprint(slices.Sorted(maps.Values(n.packets)), n.closed, len(n.carried), n.broken)
	if want := "[1 1] map[l2tp:1] 2 0"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if deep := (within{2, tuple{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), 5, 6, decode.ProtoTCP}}); n.packets[deep] != 1 {
		t.Errorf("%v not found in %v", deep, n.packets)
	}
}
