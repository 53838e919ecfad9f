package decode

import (
	"bytes"
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func opt6(code int, parts ...[]byte) []byte {
	v := join(parts...)
	return join(u16(code), u16(len(v)), v)
}

func dhcp6(kind, transaction int, options ...[]byte) []byte {
	return join(u32(kind<<24|transaction), join(options...))
}

func relay6(kind int, inner []byte) []byte {
	return join([]byte{byte(kind), 0}, hostIP6, farIP6, opt6(18, []byte("eth0")), opt6(9, inner))
}

var equalAddr = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmpopts.IgnoreUnexported(DHCP6{}),
	cmpopts.EquateEmpty(),
}

func TestDHCP6(t *testing.T) {
	ip := netip.MustParseAddr
	duid := join(u16(1), u16(1), u32(0x2a000000), hostMAC)
	address := opt6(5, hostIP6, u32(3600), u32(7200), opt6(13, u16(0), []byte("ok")))
	prefix := opt6(26, u32(100), u32(200), []byte{56}, farIP6)
	msg := dhcp6(7, 0xabcdef, opt6(1, duid), opt6(2, u16(3), u16(1), routerMAC), opt6(3, u32(7), u32(1), u32(2), address), opt6(25, u32(8), u32(0), u32(0), prefix),
		opt6(3, u32(9), u32(1), u32(2), opt6(13, u16(2))), opt6(4, u32(10), opt6(5, farIP6, u32(1), u32(2), opt6(13, u16(4)))),
		opt6(39, []byte{1, 4, 'p', 'c', '-', 1, 7}, []byte("example"), []byte{0}), opt6(14), opt6(13, u16(5)), opt6(16, u32(311), u16(8), []byte("MSFT 5.0")),
		opt6(23, hostIP6, farIP6, []byte{1}), opt6(24, []byte("\x01a\x02bc\x00\x01d\x00")))
	want := DHCP6{
		MsgType: 7, Transaction: 0xabcdef, Client: DUID{Type: 1, HasLink: true, Link: MAC(hostMAC), Bytes: duid},
		Server: DUID{Type: 3, HasLink: true, Link: MAC(routerMAC), Bytes: join(u16(3), u16(1), routerMAC)},
		Leases: []DHCP6Lease{
			{IAID: 7, Prefix: netip.MustParsePrefix("2001:db8::1/128"), Preferred: 3600, Valid: 7200},
			{IAID: 8, Prefix: netip.MustParsePrefix("2001:db8:1::/56"), Delegated: true, Preferred: 100, Valid: 200},
			{IAID: 9, Status: 2},
			{IAID: 10, Prefix: netip.MustParsePrefix("2001:db8:1::7/128"), Preferred: 1, Valid: 2, Status: 4},
		},
		FQDN: `pc-\x01.example`, VendorClass: "MSFT 5.0", RapidCommit: true, Status: 5, DNSServers: []netip.Addr{ip("2001:db8::1"), ip("2001:db8:1::7")}, Domains: []string{"a.bc", "d"},
		Options: []uint16{1, 2, 3, 25, 3, 4, 39, 14, 13, 16, 23, 24},
	}
	var d DHCP6
	if err := ParseDHCP6(msg, &d); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, d, equalAddr); diff != "" {
		t.Error(diff)
	}
	want.Relays, want.Link, want.Peer = 2, ip("2001:db8::1"), ip("2001:db8:1::7")
	if err := ParseDHCP6(relay6(12, relay6(13, msg)), &d); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, d, equalAddr); diff != "" {
		t.Errorf("relayed: %s", diff)
	}
	for n := range msg {
		if err := ParseDHCP6(msg[:n], &d); n < 4 && !errors.Is(err, ErrDHCP6Header) || err != nil && n >= 4 && (!errors.Is(err, ErrDHCP6Option) || !d.Cut || d.MsgType != 7) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}

func TestDHCP6Limits(t *testing.T) {
	deep := dhcp6(1, 1)
	for range 9 {
		deep = relay6(12, deep)
	}
	address := opt6(5, hostIP6, u32(1), u32(2))
	for _, c := range []struct {
		name                      string
		b                         []byte
		err                       error
		options, leases, dropped  int
		client, transactionIsRead bool
	}{
		{"empty", nil, ErrDHCP6Header, 0, 0, 0, false, false},
		{"type 0", dhcp6(0, 1), ErrDHCP6Header, 0, 0, 0, false, false},
		{"a type that nobody has", dhcp6(200, 1), ErrDHCP6Header, 0, 0, 0, false, false},
		{"relayed too often", deep, ErrDHCP6Relay, 0, 0, 0, false, false},
		{"a relay without a message", join([]byte{12, 0}, hostIP6, farIP6, opt6(18, []byte("x"))), ErrDHCP6Relay, 0, 0, 0, false, false},
		{"a relay cut in its header", relay6(12, deep)[:30], ErrDHCP6Header, 0, 0, 0, false, false},
		{"a relay cut in its option", relay6(12, deep)[:44], ErrDHCP6Option, 0, 0, 0, false, false},
		{"too many options", dhcp6(1, 5, bytes.Repeat(opt6(6), 300)), nil, 256, 0, 44, false, true},
		{"too many leases", dhcp6(1, 5, opt6(3, make([]byte, 12), bytes.Repeat(address, 40))), nil, 1, 32, 8, false, true},
		{"short options", dhcp6(1, 5, opt6(1, []byte{0}), opt6(3, u32(1)), opt6(13, []byte{1}), opt6(39), opt6(16, u32(1)), opt6(4)), nil, 6, 0, 0, false, true},
		{"a prefix over 128 bits", dhcp6(1, 5, opt6(25, make([]byte, 12), opt6(26, u32(1), u32(2), []byte{129}, hostIP6))), nil, 1, 0, 0, false, true},
		{"nested associations", dhcp6(1, 5, opt6(3, make([]byte, 12), opt6(3, make([]byte, 12), address))), nil, 1, 0, 0, false, true},
		{"a link address that is no Ethernet one", dhcp6(1, 5, opt6(1, u16(3), u16(32), make([]byte, 8))), nil, 1, 0, 0, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d DHCP6
			err := ParseDHCP6(c.b, &d)
			if !errors.Is(err, c.err) || len(d.Options) != c.options || len(d.Leases) != c.leases || d.Dropped != c.dropped || (d.Client.Type != 0) != c.client ||
				(d.Transaction == 5) != c.transactionIsRead || d.Client.HasLink {
				t.Errorf("%v, %+v", err, d)
			}
		})
	}
	if DHCP6TypeName(1) != "SOLICIT" || DHCP6TypeName(23) != "STARTTLS" || DHCP6TypeName(0) != "unknown-0" || DHCP6TypeName(99) != "unknown-99" {
		t.Error("names")
	}
}

// TestDHCP6AgreesWithTshark compares type, transaction, link address and first address over all captures.
func TestDHCP6AgreesWithTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("tshark takes its time")
	}
	compared := 0
	for _, path := range captureFiles(t) {
		frames := map[int]*DHCP6{}
		number := 0
		readCapture(t, path, func(link uint16, data []byte, wire uint32) {
			number++
			p := decoded(link, data, int(wire))
			if p.Proto != ProtoUDP || !p.HasTransport || p.Fragment || p.Cut || !(p.SrcPort == 546 || p.SrcPort == 547 || p.DstPort == 546 || p.DstPort == 547) {
				return
			}
			var d DHCP6
			if err := ParseDHCP6(p.Payload, &d); err != nil {
				t.Errorf("%s: frame %d: %v", filepath.Base(path), number, err)
			}
			frames[number] = &d
		})
		if len(frames) == 0 || strings.HasSuffix(path, ".zst") && len(frames) < 3 {
			continue
		}
		for number, row := range tsharkFields(t, path, "dhcpv6 && !icmpv6", "dhcpv6.msgtype", "dhcpv6.xid", "dhcpv6.duidllt.link_layer_addr", "dhcpv6.iaaddr.ip", "dhcpv6.client_domain") {
			d := frames[number]
			if d == nil || d.Relays > 0 {
				continue
			}
			first := ""
			if i := slices.IndexFunc(d.Leases, func(l DHCP6Lease) bool { return l.Prefix.IsValid() && !l.Delegated }); i >= 0 {
				first = d.Leases[i].Prefix.Addr().String()
			}
			mac := ""
			for _, id := range []DUID{d.Client, d.Server} {
				if id.HasLink && id.Type == 1 && mac == "" {
					mac = id.Link.String()
				}
			}
			xid, _ := strconv.ParseUint(strings.TrimPrefix(row[1], "0x"), 16, 32)
			compared++
			if row[0] != strconv.Itoa(int(d.MsgType)) || uint32(xid) != d.Transaction || row[3] != first || row[2] != "" && row[2] != mac || strings.TrimSuffix(row[4], ".") != d.FQDN {
				t.Errorf("%s: frame %d: ours %+v, tshark %q", filepath.Base(path), number, d, row)
			}
		}
	}
	t.Logf("%d messages compared", compared)
}

func FuzzDHCP6(f *testing.F) {
	f.Add(relay6(12, dhcp6(1, 1, opt6(1, u16(1), u16(1), u32(1), hostMAC), opt6(3, make([]byte, 12), opt6(5, hostIP6, u32(1), u32(2))))))
	f.Add(dhcp6(7, 1, opt6(39, []byte{0, 3, 'a', 'b', 'c'}), opt6(24, []byte("\x01a\x00\x40"))))
	var d DHCP6
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = ParseDHCP6(b, &d)
		if len(d.Options) > maxDHCP6Options || len(d.Leases) > maxDHCP6Leases || len(d.Domains) > 16 || d.Relays > maxDHCP6Hops || len(d.FQDN) > 4*400 {
			t.Fatalf("%+v", d)
		}
	})
}
