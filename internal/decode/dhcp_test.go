package decode

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dhcp gives a message with these options; sname and file are the two fields that overload may use.
func dhcp(op int, sname, file, options []byte) []byte {
	pad := func(b []byte, n int) []byte { return append(b[:len(b):len(b)], make([]byte, n-len(b))...) }
	return join([]byte{byte(op), 1, 6, 1}, u32(0x1234abcd), u16(3), u16(0x8000), fill(4, 0), []byte{10, 0, 0, 9}, []byte{10, 0, 0, 2}, []byte{10, 0, 0, 3},
		pad(hostMAC, 16), pad(sname, 64), pad(file, 128), u32(0x63825363), options)
}

func opt(code int, v ...byte) []byte { return join([]byte{byte(code), byte(len(v))}, v) }

func TestDHCP(t *testing.T) {
	ip := netip.MustParseAddr
	msg := dhcp(2, opt(15, []byte("example.test\x00")...), opt(12, 'p', 'c', 1), join(opt(53, 5), opt(52, 3), []byte{0, 0}, opt(51, 0, 0, 14, 16), opt(54, 10, 0, 0, 2),
		opt(50, 10, 0, 0, 9), opt(1, 255, 255, 255, 0), opt(3, 10, 0, 0, 1), opt(6, 10, 0, 0, 53, 10, 0, 0, 54, 1), opt(55, 1, 3, 6), opt(60, []byte("MSFT 5.0")...),
		opt(61, 1, 2), opt(81, []byte("\x00\x00\x00pc.example.test")...), []byte{255}))
	// the fields that carry options must end them, too
	copy(msg[44+15:], []byte{255})
	var d DHCP
	if err := ParseDHCP(msg, &d); err != nil {
		t.Fatal(err)
	}
	want := DHCP{
		Op: 2, Hops: 1, XID: 0x1234abcd, Seconds: 3, Broadcast: true, ClientMAC: MAC(hostMAC), HasClientMAC: true, YourAddr: ip("10.0.0.9"), NextServer: ip("10.0.0.2"),
		RelayAddr: ip("10.0.0.3"), MsgType: 5, HostName: `pc\x01`, Domain: "example.test", ClientFQDN: "pc.example.test", VendorClass: "MSFT 5.0", RequestedAddr: ip("10.0.0.9"),
		ServerID: ip("10.0.0.2"), SubnetMask: ip("255.255.255.0"), LeaseTime: 3600, HasLease: true, Routers: []netip.Addr{ip("10.0.0.1")},
		DNSServers: []netip.Addr{ip("10.0.0.53"), ip("10.0.0.54")}, Params: []byte{1, 3, 6}, ClientID: []byte{1, 2},
		Options: []uint8{53, 52, 51, 54, 50, 1, 3, 6, 55, 60, 61, 81, 12, 15},
	}
	if diff := cmp.Diff(want, d, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestDHCPOddities(t *testing.T) {
	wire := join([]byte{0x04, 0, 0}, dnsName("pc", "example"))
	for _, c := range []struct {
		name string
		in   []byte
		err  error
		look func(d *DHCP) bool
	}{
		{"short", dhcp(1, nil, nil, nil)[:239], ErrDHCPHeader, nil},
		{"bad cookie", append(dhcp(1, nil, nil, nil)[:236], 1, 2, 3, 4), ErrDHCPHeader, nil},
		{"op 3", dhcp(3, nil, nil, nil), ErrDHCPHeader, nil},
		{"bootp", dhcp(1, nil, nil, nil), nil, func(d *DHCP) bool { return d.MsgType == 0 && d.Cut }},
		{"no end", dhcp(1, nil, nil, opt(53, 1)), nil, func(d *DHCP) bool { return d.MsgType == 1 && d.Cut }},
		{"option over the end", dhcp(1, nil, nil, join(opt(53, 1), []byte{12, 9, 'a'})), ErrDHCPOption, func(d *DHCP) bool { return d.MsgType == 1 && d.HostName == "" }},
		{"wrong lengths", dhcp(1, nil, nil, join(opt(53), opt(50, 1), opt(51, 1, 2), opt(81, 1), []byte{255})), nil, func(d *DHCP) bool {
			return d.MsgType == 0 && !d.RequestedAddr.IsValid() && !d.HasLease && d.ClientFQDN == "" && !d.Cut
		}},
		{"fqdn in labels", dhcp(1, nil, nil, join(opt(81, wire...), []byte{255})), nil, func(d *DHCP) bool { return d.ClientFQDN == "pc.example" }},
		{"too many options", dhcp(1, nil, nil, join(fillOptions(300), []byte{255})), nil, func(d *DHCP) bool { return len(d.Options) == maxDHCPOptions && d.Dropped == 300-maxDHCPOptions }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d DHCP
			if err := ParseDHCP(c.in, &d); !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if c.look != nil && !c.look(&d) {
				t.Errorf("%+v", d)
			}
		})
	}
	for n, want := range map[uint8]string{1: "DISCOVER", 5: "ACK", 8: "INFORM", 99: "unknown-99", 0: "unknown-0"} {
		if got := DHCPTypeName(n); got != want {
			t.Errorf("type %d is %s, want %s", n, got, want)
		}
	}
}

func fillOptions(n int) (b []byte) {
	for range n {
		b = append(b, opt(200, 1)...)
	}
	return b
}

func FuzzDHCP(f *testing.F) {
	f.Add(dhcp(1, nil, nil, join(opt(53, 1), opt(12, 'a'), opt(52, 3), opt(81, 4, 0, 0, 1, 'a', 0), []byte{255})))
	f.Add(dhcp(2, opt(12, 'a'), opt(15, 'b'), join(opt(53, 5), opt(52, 3), opt(6, 1, 2, 3, 4), []byte{255})))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d DHCP
		err := ParseDHCP(b, &d)
		printable(t, d.HostName+d.Domain+d.ClientFQDN+d.VendorClass)
		if len(d.Options) > maxDHCPOptions || len(d.Routers) > 16 || (errors.Is(err, ErrDHCPHeader) && d.Op != 0) {
			t.Fatalf("%v %+v", err, d)
		}
	})
}
