package flow

import (
	"encoding/binary"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/record"
	"candor/internal/sight"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// tunnelled puts a frame, or its IP packet, into a tunnel between two routers.
func tunnelled(t testing.TB, f frame, kind string, number uint32) frame {
	t.Helper()
	a, b := net.IPv4(198, 51, 100, 1), net.IPv4(198, 51, 100, 2)
	ip, six := f.data[14:], f.data[12] == 0x86
	udp := func(port uint16, payload []byte) []byte {
		src := uint16(50000) + uint16(f.data[26])<<4 + uint16(len(f.data))%16 // by what is inside, as tunnels do
		return datagram(t, 0, a, src, b, port, payload).data
	}
	raw := func(proto layers.IPProtocol, payload []byte) []byte {
		return serialize(t, ether(layers.EthernetTypeIPv4), ip4(a, b, proto), gopacket.Payload(payload))
	}
	switch kind {
	case "vxlan":
		f.data = udp(4789, append(binary.BigEndian.AppendUint32([]byte{8, 0, 0, 0}, number<<8), f.data...))
	case "geneve":
		f.data = udp(6081, append(binary.BigEndian.AppendUint32([]byte{0, 0, 0x65, 0x58}, number<<8), f.data...))
	case "gtpu":
		f.data = udp(2152, append(binary.BigEndian.AppendUint32([]byte{0x30, 0xff, byte(len(ip) >> 8), byte(len(ip))}, number), ip...))
	case "gre":
		f.data = raw(47, append([]byte{0, 0, f.data[12], f.data[13]}, ip...))
	case "erspan":
		f.data = raw(47, slices.Concat([]byte{0x10, 0, 0x88, 0xbe, 0, 0, 0, 1}, make([]byte, 8), f.data))
	case "ipip":
		f.data = raw(4, ip)
	case "6in4":
		if !six {
			t.Fatal("not an IPv6 packet")
		}
		f.data = raw(41, ip)
	case "teredo":
		f.data = udp(3544, ip)
	default:
		t.Fatalf("no tunnel %q", kind)
	}
	f.wire = uint32(len(f.data))
	return f
}

// datagram6 makes one UDP frame over IPv6.
func datagram6(t testing.TB, at float64, sp, dp uint16, payload []byte) frame {
	t.Helper()
	ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolUDP, SrcIP: net.ParseIP("2001:db8::1"), DstIP: net.ParseIP("2001:db8::2")}
	udp := &layers.UDP{SrcPort: layers.UDPPort(sp), DstPort: layers.UDPPort(dp)}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	data := serialize(t, ether(layers.EthernetTypeIPv6), ip, udp, gopacket.Payload(payload))
	return frame{start + record.Time(at*1e9), 1, data, uint32(len(data))}
}

// TestTunnels: what lies in a tunnel is a connection of its own with its messages; the volume is the tunnel's.
func TestTunnels(t *testing.T) {
	query4 := datagram(t, 0, clientIP, clientPort, serverIP, 53, dnsMessage(1, false, "in.example", 0))
	query6 := datagram6(t, 0, clientPort, 53, dnsMessage(1, false, "in.example", 0))
	for _, c := range []struct {
		kind, service string
		inner         frame
	}{
		{"vxlan", "vxlan", query4},
		{"vxlan", "vxlan", query6},
		{"geneve", "geneve", query4},
		{"gtpu", "gtpu", query4},
		{"gre", "gre", query6},
		{"erspan", "erspan", query4},
		{"ipip", "ipip", query4},
		{"6in4", "6in4", query6},
		{"teredo", "teredo", query6},
	} {
		t.Run(c.kind, func(t *testing.T) {
			frames := []frame{tunnelled(t, c.inner, c.kind, 5)}
			b := run(DefaultConfig(), frames)
			if len(b.Conns) != 2 || len(b.DNS) != 1 {
				t.Fatalf("%d connections, %d lookups; want 2 and 1", len(b.Conns), len(b.DNS))
			}
			outer, inner := b.Conns[0], b.Conns[1]
			if outer.Service != c.service || inner.Service != "dns" || !slices.Equal(inner.TunnelParents, []record.UID{outer.UID}) || len(outer.TunnelParents) != 0 {
				t.Errorf("outer %+v\ninner %+v", outer, inner)
			}
			if inner.OrigP != clientPort || inner.RespP != 53 || inner.OrigPkts != 1 || !inner.OrigL2.Zero() || inner.VLAN != 0 || inner.UID == outer.UID {
				t.Errorf("inner %+v", inner)
			}
			if b.DNS[0].Query != "in.example" || b.DNS[0].UID != inner.UID {
				t.Errorf("%+v", b.DNS[0])
			}
			n := counts(b)
			if n[record.Packets] != 1 || n[record.Frames] != 1 || n[record.Bytes] != outer.OrigIPBytes || n[record.DNSQueries] != 1 || n[record.Conns] != 2 || n[record.MessagesDNS] != 1 {
				t.Errorf("%d packets, %d frames, %d bytes, %d lookups, %d connections", n[record.Packets], n[record.Frames], n[record.Bytes], n[record.DNSQueries], n[record.Conns])
			}
			if err := addsUp(frames, b); err != nil {
				t.Error(err)
			}
		})
	}
}

// showTunnels writes each connection, by its service or its originator's port, with the places of its parents in the list.
func showTunnels(b *record.Batch) string {
	at := map[record.UID]int{}
	for i, c := range b.Conns {
		at[c.UID] = i
	}
	var s strings.Builder
	for _, c := range b.Conns {
		fmt.Fprintf(&s, "%s %d/%d in", c.Service, c.OrigPkts, c.RespPkts)
		for _, p := range c.TunnelParents {
			fmt.Fprintf(&s, " %d", at[p])
		}
		s.WriteString("\n")
	}
	return s.String()
}

func TestTunnelParents(t *testing.T) {
	query := datagram(t, 0, clientIP, clientPort, serverIP, 53, dnsMessage(1, false, "in.example", 0))
	reply := datagram(t, 0.1, serverIP, 53, clientIP, clientPort, dnsMessage(1, true, "in.example", 3))
	deep := query
	for range maxTunnels + 2 {
		deep = tunnelled(t, deep, "ipip", 0)
	}
	big := tunnelled(t, datagram(t, 0, clientIP, clientPort, serverIP, 53, dnsMessage(1, false, strings.Repeat("a.", 100)+"example", 0)), "vxlan", 5)
	inPieces := inFragments(datagram(t, 0, clientIP, clientPort, serverIP, 53, dnsMessage(1, false, "in.example", 0)), 24, 9, 0.01)
	both := slices.Clone(inPieces)
	for i := range inPieces {
		both = append(both, tunnelled(t, inPieces[i], "gre", 0))
		inPieces[i] = tunnelled(t, inPieces[i], "gre", 0)
	}
	for _, c := range []struct {
		name   string
		frames []frame
		want   string
	}{
		{"two ways, two tunnels", []frame{tunnelled(t, query, "vxlan", 5), tunnelled(t, reply, "vxlan", 5)}, "vxlan 1/0 in\ndns 1/1 in 0 2\nvxlan 1/0 in\n"},
		{"two networks", []frame{tunnelled(t, query, "vxlan", 5), tunnelled(t, query, "vxlan", 6)}, "vxlan 2/0 in\ndns 1/0 in 0\ndns 1/0 in 0\n"},
		{"two endpoints of one tunnel", []frame{tunnelled(t, query, "gtpu", 5), tunnelled(t, query, "gtpu", 6)}, "gtpu 2/0 in\ndns 2/0 in 0\n"},
		{"the same outside", []frame{query, tunnelled(t, query, "vxlan", 5)}, "dns 1/0 in\nvxlan 1/0 in\ndns 1/0 in 1\n"},
		{"in one another", []frame{tunnelled(t, tunnelled(t, query, "ipip", 0), "vxlan", 5)}, "vxlan 1/0 in\nipip 1/0 in 0\ndns 1/0 in 1\n"},
		{"in fragments", inFragments(big, 104, 3, 0.01), "vxlan 3/0 in\ndns 1/0 in 0\n"},
		{"fragments outside and inside", both, "dns 2/0 in\ngre 2/0 in\ndns 2/0 in 1\n"},
		{"fragments inside", inPieces, "gre 2/0 in\ndns 2/0 in 0\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := run(DefaultConfig(), c.frames)
			if d := cmp.Diff(c.want, showTunnels(b)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if n := counts(b)[record.OverBudget]; n != 0 {
				t.Errorf("%d over budget", n)
			}
			if err := addsUp(c.frames, b); err != nil {
				t.Error(err)
			}
		})
	}
	// The same ends at every depth are one connection inside of itself.
	b := run(DefaultConfig(), []frame{deep})
	if n := counts(b)[record.OverBudget]; n != 1 || len(b.DNS) != 0 || len(b.Conns) != 2 {
		t.Errorf("too deep: %d over budget, %d lookups\n%s", n, len(b.DNS), showTunnels(b))
	}
}

// TestTunnelsLeaveNothing: a table far too small for what lies in tunnels keeps nothing of it behind.
func TestTunnelsLeaveNothing(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxConns = 3
	tab := New(cfg, sight.New(cfg.Scope, cfg.Sensor, cfg.Feed))
	var frames []frame
	for i := range 40 {
		f := datagram(t, float64(i)*5, clientIP, uint16(1000+i%7), serverIP, 53, dnsMessage(byte(i), false, "in.example", 0))
		frames = append(frames, tunnelled(t, tunnelled(t, f, "gre", 0), "vxlan", uint32(i%3)))
	}
	feed(tab, frames, func(int) {
		if len(tab.parents) > tab.index.used {
			t.Fatalf("%d connections are said to lie in tunnels, %d are held", len(tab.parents), tab.index.used)
		}
	})
	b := &record.Batch{}
	tab.Drain(b)
	if err := addsUp(frames, b); err != nil || len(tab.parents) != 0 || len(b.DNS) != len(frames) {
		t.Errorf("%v; %d left, %d lookups", err, len(tab.parents), len(b.DNS))
	}
}

// TestTunnelHosts: hosts inside a tunnel are seen in passing and speak; no card and no hop distance is theirs.
func TestTunnelHosts(t *testing.T) {
	cfg := DefaultConfig()
	b := run(cfg, []frame{tunnelled(t, datagram(t, 0, clientIP, clientPort, serverIP, 53, dnsMessage(1, false, "in.example", 0)), "vxlan", 5)})
	for i := range b.Sight {
		for _, h := range b.Sight[i].Hosts {
			if h.Addr.String() != clientIP.String() {
				continue
			}
			if h.Flags&record.SeenDirect != 0 || h.Flags&record.SeenInPassing == 0 || h.Flags&record.SeenSpoke == 0 || h.Flags&record.SeenLookup == 0 || !h.MAC.Zero() || h.Hops != record.NoHops {
				t.Errorf("%+v", h)
			}
			return
		}
	}
	t.Error("the client was not seen")
}

// TestLabTunnels: the lab whose branch is joined by VXLAN shows what the branch looks up.
func TestLabTunnels(t *testing.T) {
	b := run(DefaultConfig(), readCapture(t, filepath.Join(shared(t, "data/labs"), "D-b1wan.pcapng.zst")))
	inside := 0
	for _, c := range b.Conns {
		if len(c.TunnelParents) > 0 {
			inside++
		}
	}
	n := counts(b)
	t.Logf("%d connections, %d inside; %d lookups, %d handshakes, %d requests", len(b.Conns), inside, len(b.DNS), len(b.TLS), len(b.HTTP))
	if inside < 100 || n[record.DNSQueries] < 100 || n[record.OverBudget] != 0 {
		t.Errorf("%d connections inside, %d lookups, %d over budget", inside, n[record.DNSQueries], n[record.OverBudget])
	}
}
