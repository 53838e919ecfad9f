package flow

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/record"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// The parties of the exchanges below.
var (
	clientLink  = net.ParseIP("fe80::9")
	serverLink  = net.ParseIP("fe80::2")
	allServers  = net.ParseIP("ff02::1:2")
	relayAddr   = net.ParseIP("2001:db8:5::1")
	serverAddr6 = net.ParseIP("2001:db8:9::2")
	cardOfPC    = net.HardwareAddr{2, 0, 0, 0, 0, 9}
	cardInDUID  = net.HardwareAddr{2, 0, 0, 0, 0, 0x99} // another one of the same machine
)

func option6(code uint16, parts ...[]byte) []byte {
	v := slices.Concat(parts...)
	return append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, code), uint16(len(v))), v...)
}

func long(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

func message6(kind byte, xid uint32, options ...[]byte) []byte {
	return append(long(uint32(kind)<<24|xid), slices.Concat(options...)...)
}

// address6 is an IA_NA with one address.
func address6(addr string, valid uint32) []byte {
	return option6(3, long(1), long(0), long(0), option6(5, net.ParseIP(addr), long(valid/2), long(valid)))
}

var (
	clientID  = option6(1, []byte{0, 1, 0, 1, 0x2a, 0, 0, 0}, cardInDUID)
	serverID  = option6(2, []byte{0, 3, 0, 1, 2, 0, 0, 0, 0, 2})
	withoutIA = option6(3, long(1), long(0), long(0))
	fqdn      = option6(39, []byte{0}, []byte("\x03pc9\x07example\x00"))
)

// udp6 makes a datagram over IPv6 between two cards.
func udp6(t testing.TB, at float64, from, to net.HardwareAddr, src, dst net.IP, sp, dp uint16, payload []byte) frame {
	t.Helper()
	ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolUDP, SrcIP: src, DstIP: dst}
	udp := &layers.UDP{SrcPort: layers.UDPPort(sp), DstPort: layers.UDPPort(dp)}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	data := serialize(t, &layers.Ethernet{SrcMAC: from, DstMAC: to, EthernetType: layers.EthernetTypeIPv6}, ip, udp, gopacket.Payload(payload))
	return frame{start + record.Time(at*1e9), 1, data, uint32(len(data))}
}

var cardOfServer = net.HardwareAddr{2, 0, 0, 0, 0, 2}

func ask6(t testing.TB, at float64, payload []byte) frame {
	return udp6(t, at, cardOfPC, net.HardwareAddr{0x33, 0x33, 0, 1, 0, 2}, clientLink, allServers, 546, 547, payload)
}

func answer6(t testing.TB, at float64, payload []byte) frame {
	return udp6(t, at, cardOfServer, cardOfPC, serverLink, clientLink, 547, 546, payload)
}

// relayed6 puts a message into a relay's, kind 12 toward the server, 13 back.
func relayed6(t testing.TB, at float64, kind byte, payload []byte, options ...[]byte) frame {
	b := slices.Concat([]byte{kind, 0}, relayAddr, clientLink, option6(9, payload), slices.Concat(options...))
	a, z := net.HardwareAddr{2, 0, 0, 0, 0, 5}, net.HardwareAddr{2, 0, 0, 0, 0, 6}
	if kind == 12 {
		return udp6(t, at, a, z, relayAddr, serverAddr6, 547, 547, b)
	}
	return udp6(t, at, z, a, serverAddr6, relayAddr, 547, 547, b)
}

func showLeases(rs []record.DHCP) string {
	var b strings.Builder
	for i := range rs {
		r := &rs[i]
		fmt.Fprintf(&b, "%x %s mac=%s client=%s server=%s asked=%s got=%s %ds %s %s\n", r.TransID, strings.Join(r.MsgTypes, ","), r.MAC, r.ClientAddr, r.ServerAddr,
			r.RequestedAddr, r.AssignedAddr, r.LeaseTime/second, r.ClientFQDN, r.Domain)
	}
	return strings.ReplaceAll(b.String(), "invalid IP", "-")
}

func TestDHCP6(t *testing.T) {
	const want = "2001:db8:5::77"
	lease := address6(want, 7200)
	domains := option6(24, []byte("\x04home\x07example\x00"))
	solicit, advertise := message6(1, 0x11, clientID, withoutIA, fqdn), message6(2, 0x11, clientID, serverID, lease)
	request, reply := message6(3, 0x12, clientID, serverID, lease, fqdn), message6(7, 0x12, clientID, serverID, lease, domains)
	gone := option6(3, long(1), long(0), long(0), option6(5, net.ParseIP(want), long(0), long(0)))
	refused := option6(3, long(1), long(0), long(0), option6(13, []byte{0, 2}))
	prefix := option6(25, long(1), long(0), long(0), option6(26, long(10), long(20), []byte{56}, net.ParseIP("2001:db8:7::")))
	const pc, inDUID = "02:00:00:00:00:09", "02:00:00:00:00:99"
	first := "11 SOLICIT,ADVERTISE mac=" + pc + " client=fe80::9 server=fe80::2 asked=- got=" + want + " 7200s pc9.example \n"
	second := "12 REQUEST,REPLY mac=" + pc + " client=fe80::9 server=fe80::2 asked=" + want + " got=" + want + " 7200s pc9.example home.example\n"
	for _, c := range []struct {
		name   string
		frames []frame
		want   string
		leases uint64
	}{
		{"all four", []frame{ask6(t, 0, solicit), answer6(t, .1, advertise), ask6(t, .2, request), answer6(t, .3, reply)}, second + first, 1},
		{
			"at once",
			[]frame{ask6(t, 0, message6(1, 0x21, clientID, withoutIA, option6(14))), answer6(t, .1, message6(7, 0x21, clientID, serverID, lease, option6(14)))},
			"21 SOLICIT,REPLY mac=" + pc + " client=fe80::9 server=fe80::2 asked=- got=" + want + " 7200s  \n", 1,
		},
		{
			"renewed",
			[]frame{ask6(t, 0, message6(5, 0x22, clientID, serverID, lease)), answer6(t, .1, message6(7, 0x22, clientID, serverID, lease))},
			"22 RENEW,REPLY mac=" + pc + " client=fe80::9 server=fe80::2 asked=" + want + " got=" + want + " 7200s  \n", 1,
		},
		{
			"only asking for settings",
			[]frame{ask6(t, 0, message6(11, 0x23, option6(6, []byte{0, 23}))), answer6(t, .1, message6(7, 0x23, serverID, domains))},
			"23 INFORMATION-REQUEST,REPLY mac=" + pc + " client=fe80::9 server=fe80::2 asked=- got=- 0s  home.example\n", 0,
		},
		{
			"released",
			[]frame{ask6(t, 0, message6(8, 0x24, clientID, serverID, lease)), answer6(t, .1, message6(7, 0x24, clientID, serverID, gone))},
			"24 RELEASE,REPLY mac=" + pc + " client=fe80::9 server=fe80::2 asked=" + want + " got=- 0s  \n", 0,
		},
		{
			"refused",
			[]frame{ask6(t, 0, message6(3, 0x25, clientID, withoutIA)), answer6(t, .1, message6(7, 0x25, clientID, serverID, refused))},
			"25 REQUEST,REPLY mac=" + pc + " client=fe80::9 server=fe80::2 asked=- got=- 0s  \n", 0,
		},
		{
			"a prefix is no address",
			[]frame{ask6(t, 0, message6(3, 0x26, clientID, prefix)), answer6(t, .1, message6(7, 0x26, clientID, serverID, prefix))},
			"26 REQUEST,REPLY mac=" + pc + " client=fe80::9 server=fe80::2 asked=- got=- 0s  \n", 0,
		},
		{
			"relayed",
			[]frame{relayed6(t, 0, 12, request), relayed6(t, .1, 13, reply)},
			"12 REQUEST,REPLY mac=" + inDUID + " client=fe80::9 server=2001:db8:9::2 asked=" + want + " got=" + want + " 7200s pc9.example home.example\n", 1,
		},
		{
			"relayed, the relay says whose card",
			[]frame{relayed6(t, 0, 12, request, option6(79, []byte{0, 1}, cardOfPC)), relayed6(t, .1, 13, reply)},
			"12 REQUEST,REPLY mac=" + pc + " client=fe80::9 server=2001:db8:9::2 asked=" + want + " got=" + want + " 7200s pc9.example home.example\n", 1,
		},
		{
			"the answer only",
			[]frame{answer6(t, 0, reply)},
			"12 REPLY mac=" + pc + " client=fe80::9 server=fe80::2 asked=- got=" + want + " 7200s  home.example\n", 1,
		},
		{
			"the answer only, relayed",
			[]frame{relayed6(t, 0, 13, reply)},
			"12 REPLY mac=" + inDUID + " client=fe80::9 server=2001:db8:9::2 asked=- got=" + want + " 7200s  home.example\n", 1,
		},
		{
			"two clients, one number",
			[]frame{ask6(t, 0, message6(1, 9, clientID)), ask6(t, .1, message6(1, 9, option6(1, []byte{0, 4, 1, 2, 3})))},
			"9 SOLICIT mac=" + pc + " client=fe80::9 server=- asked=- got=- 0s  \n9 SOLICIT mac=" + pc + " client=fe80::9 server=- asked=- got=- 0s  \n", 0,
		},
		{
			"again after a pause",
			[]frame{ask6(t, 0, solicit), ask6(t, 5, solicit)},
			strings.Repeat("11 SOLICIT mac="+pc+" client=fe80::9 server=- asked=- got=- 0s pc9.example \n", 2), 0,
		},
		{"something else on the port", []frame{ask6(t, 0, []byte("\x07abc not a message")), ask6(t, 1, []byte("\x01abc")), ask6(t, 2, []byte("GET /"))}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := run(DefaultConfig(), c.frames)
			if d := cmp.Diff(c.want, showLeases(b.DHCP)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			n := counts(b)
			if n[record.DHCPLeases] != c.leases || n[record.MessagesDHCP] != uint64(len(b.DHCP)) || n[record.OverBudget] != 0 {
				t.Errorf("%d leases, want %d; %d messages counted, %d over budget", n[record.DHCPLeases], c.leases, n[record.MessagesDHCP], n[record.OverBudget])
			}
			if service := b.Conns[0].Service; (service == "dhcp") != (c.want != "") {
				t.Errorf("service %q", service)
			}
		})
	}
}

// TestDHCP6Hosts: an address that was leased is a host of its segment, tied to the client's card.
func TestDHCP6Hosts(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Scope = record.Scope{Segments: []record.ScopeSegment{{ID: "office", Networks: []netip.Prefix{netip.MustParsePrefix("2001:db8:5::/64")}}}}
	two := slices.Concat(address6("2001:db8:5::77", 60), address6("2001:db8:5::78", 60), address6("2001:db8:5::79", 0))
	b := run(cfg, []frame{ask6(t, 0, message6(3, 1, clientID, withoutIA)), answer6(t, .1, message6(7, 1, clientID, serverID, two))})
	got := map[string]string{}
	for i := range b.Sight {
		for _, h := range b.Sight[i].Hosts {
			if h.Flags&record.SeenLeased != 0 {
				got[h.Addr.String()] = h.MAC.String()
			}
		}
	}
	if d := cmp.Diff(map[string]string{"2001:db8:5::77": "02:00:00:00:00:09", "2001:db8:5::78": "02:00:00:00:00:09"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestDHCP6Bounds: exchanges beyond the bound, messages relayed too often and exchanges without end are let go and counted.
func TestDHCP6Bounds(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxLeases = 3
	var frames []frame
	for i := range 5 {
		frames = append(frames, ask6(t, float64(i)/100, message6(1, uint32(i), clientID)))
	}
	b := run(cfg, frames)
	if n := counts(b)[record.OverBudget]; n != 2 || len(b.DHCP) != 5 {
		t.Errorf("%d over budget, %d exchanges; want 2 and 5", n, len(b.DHCP))
	}
	frames = nil
	for i := range 40 {
		frames = append(frames, ask6(t, float64(i)/10, message6(1, 7, clientID, option6(8, []byte{0, byte(i)}))))
	}
	b = run(DefaultConfig(), frames)
	if len(b.DHCP) != 1 || len(b.DHCP[0].MsgTypes) != 32 || unread(b)["dhcp_shortened"] != 8 {
		t.Errorf("%d exchanges, %v", len(b.DHCP), unread(b))
	}
	deep := message6(1, 7, clientID)
	for range 8 {
		deep = slices.Concat([]byte{12, 0}, relayAddr, clientLink, option6(9, deep))
	}
	for extra, want := range []uint64{0, 1} {
		if extra > 0 {
			deep = slices.Concat([]byte{12, 0}, relayAddr, clientLink, option6(9, deep))
		}
		b = run(DefaultConfig(), []frame{udp6(t, 0, cardOfPC, cardOfServer, relayAddr, serverAddr6, 547, 547, bytes.Clone(deep))})
		if n := unread(b)["dhcp_shortened"]; n != want || len(b.DHCP) != 1-extra {
			t.Errorf("%d relays too many: %d exchanges, %d counted", extra, len(b.DHCP), n)
		}
	}
}

// TestDHCP6OfOthers compares the exchanges of given captures with what tshark reads in them.
func TestDHCP6OfOthers(t *testing.T) {
	for _, file := range []string{
		"data/given/aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap", "data/given/corelight/agenttesla/testing/Traces/f9421792-7d2c-47d3-90e0-07eb54ae12fa.pcap",
		"data/given/corelight/quasarrat/testing/Traces/09ffabf7-774a-43a3-8c97-68f2046fd385.pcap",
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			path := shared(t, file)
			type exchange struct{ card, name string }
			want, got := map[string]exchange{}, map[string]exchange{}
			sent, told := 0, 0
			tsharkLines(t, path, []string{"dhcpv6.xid", "eth.src", "dhcpv6.client_domain", "ipv6.src"}, func(f [][]string) {
				if len(f[0]) == 0 {
					return
				}
				sent++
				x := exchange{card: f[1][0]}
				if len(f[2]) > 0 {
					x.name = strings.TrimSuffix(f[2][0], ".")
				}
				want[strings.TrimLeft(strings.TrimPrefix(f[0][0], "0x"), "0")] = x
			})
			for _, r := range run(DefaultConfig(), readCapture(t, path)).DHCP {
				if r.OrigH.Is6() {
					told += len(r.MsgTypes)
					got[fmt.Sprintf("%x", r.TransID)] = exchange{r.MAC.String(), r.ClientFQDN}
				}
			}
			t.Logf("%d messages in %d exchanges", sent, len(want))
			if d := cmp.Diff(want, got, cmp.AllowUnexported(exchange{})); d != "" || told != sent || sent == 0 {
				t.Errorf("%d messages told of %d (-tshark +ours):\n%.3000s", told, sent, d)
			}
		})
	}
}
