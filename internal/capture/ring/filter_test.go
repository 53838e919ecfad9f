package ring

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/bpf"
)

// packetOf makes an Ethernet frame with tags that are still in it: IPv4 or IPv6 by the addresses.
func packetOf(src, dst string, proto byte, sport, dport uint16, tags ...uint16) []byte {
	b := append([]byte{}, addresses...)
	for _, tag := range tags {
		b = binary.BigEndian.AppendUint16(b, 0x8100)
		b = binary.BigEndian.AppendUint16(b, tag)
	}
	s, d := netip.MustParseAddr(src), netip.MustParseAddr(dst)
	if s.Is4() {
		b = append(b, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, proto, 0, 0)
	} else {
		b = append(b, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, proto, 64)
	}
	b = append(append(b, s.AsSlice()...), d.AsSlice()...)
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, sport), dport)
	return append(b, make([]byte, 16)...)
}

func arpOf(sender, target string) []byte {
	b := append(append([]byte{}, addresses...), 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
	s, d := netip.MustParseAddr(sender).As4(), netip.MustParseAddr(target).As4()
	b = append(append(b, addresses[:6]...), s[:]...)
	return append(append(b, addresses[:6]...), d[:]...)
}

func TestFilter(t *testing.T) {
	const a, b, other = "10.1.2.3", "192.0.2.9", "10.9.9.9"
	web := packetOf(a, b, protoTCP, 50000, 443)
	dns := packetOf(b, a, protoUDP, 53, 40000)
	tagged := packetOf(a, b, protoTCP, 50000, 443, 7)
	six := packetOf("2001:db8::1", "2001:db8:1::2", protoTCP, 443, 50001)
	ping := packetOf(a, b, protoICMP, 443, 443) // no ports: the numbers mean something else
	later := packetOf(a, b, protoUDP, 53, 53)
	later[20], later[21] = 0, 9
	arp := arpOf(a, other)
	options := packetOf(a, b, protoTCP, 443, 443)
	options = append(options[:34:34], append([]byte{1, 1, 1, 1}, options[34:]...)...) // one word in front of the ports
	options[14] = 0x46
	for _, c := range []struct {
		filter string
		frame  []byte
		want   bool
	}{
		{"", arp, true},
		{"host 10.1.2.3", web, true},
		{"host 192.0.2.9", web, true},
		{"host 10.9.9.9", web, false},
		{"host 10.9.9.9", arp, true},
		{"host 10.1.2.3", tagged, true},
		{"net 10.0.0.0/8", dns, true},
		{"net 10.1.0.0/15", dns, true},
		{"net 10.2.0.0/16", dns, false},
		{"net 0.0.0.0/0", web, true},
		{"net 0.0.0.0/0", six, false},
		{"net 2001:db8::/47", six, true},
		{"net 2001:db8:2::/48", six, false},
		{"host 2001:db8:1::2", six, true},
		{"host 2001:db8:1::2", web, false},
		{"port 443", web, true},
		{"port 443", tagged, true},
		{"port 443", six, true},
		{"port 443", ping, false},
		{"port 443", options, true},
		{"port 53", dns, true},
		{"port 53", later, false},
		{"port 53", arp, false},
		{"not port 443", web, false},
		{"not port 443", arp, true},
		{"not (host 10.1.2.3 and port 443)", web, false},
		{"not (host 10.1.2.3 and port 443)", dns, true},
		{"port 53 or port 443 and udp", web, false},
		{"(port 53 or port 443) and tcp", web, true},
		{"!udp && !arp", web, true},
		{"udp || icmp", ping, true},
		{"icmp6", ping, false},
		{"tcp", six, true},
		{"ip", six, false},
		{"ip6", six, true},
		{"arp", arp, true},
	} {
		raw, err := Compile(c.filter)
		if err != nil {
			t.Errorf("%q: %v", c.filter, err)
			continue
		}
		program, _ := bpf.Disassemble(raw)
		vm, err := bpf.NewVM(program)
		if err != nil {
			t.Errorf("%q: %v", c.filter, err)
			continue
		}
		n, err := vm.Run(c.frame)
		if err != nil || n > 0 != c.want {
			t.Errorf("%q: lets %d bytes pass, %v; want %v", c.filter, n, err, c.want)
		}
	}
}

func TestFilterRefused(t *testing.T) {
	for filter, want := range map[string]string{
		"host":                             "no address",
		"host example.com":                 "no address",
		"host fe80::1%eth0":                "no address",
		"net 10.0.0.0":                     "no network",
		"net 10.0.0.0/33":                  "no network",
		"port 65536":                       "no port",
		"port http":                        "no port",
		"vlan 4096":                        "no VLAN",
		"gateway 10.0.0.1":                 "not known here",
		"tcp udp":                          "not expected",
		"(tcp":                             "not closed",
		"tcp)":                             "not expected",
		"tcp and":                          "too early",
		"not":                              "too early",
		strings.Repeat("not ", 40) + "tcp": "levels",
		strings.Repeat("x", 5000):          "at most",
		strings.TrimSuffix(strings.Repeat("net 2001:db8::/128 or ", 180), " or "): "instructions",
	} {
		if _, err := Compile(filter); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", filter, err, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"", "not (host 10.1.2.3 and port 443) or vlan 7", "net 2001:db8::/32 && !icmp6", "((", "vlan"} {
		f.Add(s)
	}
	frame := packetOf("10.1.2.3", "192.0.2.9", protoTCP, 1, 2)
	f.Fuzz(func(t *testing.T, s string) {
		raw, err := Compile(s)
		if err != nil {
			return
		}
		program, whole := bpf.Disassemble(raw)
		if !whole || len(raw) > maxInstructions {
			t.Fatalf("%d instructions, understood: %v", len(raw), whole)
		}
		if strings.Contains(s, "vlan") { // the package's machine has no tags
			return
		}
		vm, err := bpf.NewVM(program)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := vm.Run(frame); err != nil {
			t.Fatal(err)
		}
	})
}
