package decode

import (
	"errors"
	"net/netip"
	"strconv"
)

// What ParseDHCP refuses.
var (
	ErrDHCPHeader = errors.New("decode dhcp: not a dhcpv4 message")
	ErrDHCPOption = errors.New("decode dhcp: an option does not fit the message")
)

const maxDHCPOptions = 256 // options looked at

// DHCP is one DHCPv4 message (RFC 2131, RFC 2132). Addresses that are zero on the wire, or absent, are invalid. Strings are printable.
type DHCP struct {
	Op            uint8 // 1 from a client, 2 from a server
	Hops          uint8
	XID           uint32
	Seconds       uint16
	Broadcast     bool
	ClientMAC     MAC
	HasClientMAC  bool       // the hardware address is an Ethernet one
	ClientAddr    netip.Addr // ciaddr
	YourAddr      netip.Addr // yiaddr
	NextServer    netip.Addr // siaddr
	RelayAddr     netip.Addr // giaddr
	MsgType       uint8      // option 53; 0 for BOOTP
	HostName      string     // option 12
	Domain        string     // option 15
	ClientFQDN    string     // option 81
	VendorClass   string     // option 60
	RequestedAddr netip.Addr // option 50
	ServerID      netip.Addr // option 54
	SubnetMask    netip.Addr // option 1
	LeaseTime     uint32     // option 51, seconds
	HasLease      bool
	Routers       []netip.Addr // option 3, at most 16
	DNSServers    []netip.Addr // option 6, at most 16
	Params        []byte       // option 55, a part of the message
	ClientID      []byte       // option 61, a part of the message
	Options       []uint8      // codes in order
	Cut           bool         // the bytes ended before the end option
	Dropped       int          // options and addresses beyond the limits
}

// ParseDHCP reads one message, a UDP payload. d is reset first. With ErrDHCPOption the header and the options before it stand.
func ParseDHCP(b []byte, d *DHCP) error {
	*d = DHCP{Options: d.Options[:0], Routers: d.Routers[:0], DNSServers: d.DNSServers[:0]}
	const cookie = 0x63825363
	if len(b) < 240 || b[0] < 1 || b[0] > 2 || be32(b[236:]) != cookie {
		return ErrDHCPHeader
	}
	d.Op, d.Hops = b[0], b[3]
	d.XID, d.Seconds = be32(b[4:]), be16(b[8:])
	d.Broadcast = b[10]&0x80 != 0
	d.ClientAddr, d.YourAddr = dhcpAddr(b[12:16]), dhcpAddr(b[16:20])
	d.NextServer, d.RelayAddr = dhcpAddr(b[20:24]), dhcpAddr(b[24:28])
	if b[1] == 1 && b[2] == 6 {
		d.HasClientMAC, d.ClientMAC = true, MAC(b[28:34])
	}
	overload, ended, err := d.options(b[240:])
	d.Cut = !ended && err == nil
	if err == nil && overload&1 != 0 {
		_, _, err = d.options(b[108:236])
	}
	if err == nil && overload&2 != 0 {
		_, _, err = d.options(b[44:108])
	}
	return err
}

// options reads a field of options. It gives the value of the overload option (52) and whether the end option came.
func (d *DHCP) options(b []byte) (overload uint8, ended bool, err error) {
	for len(b) > 0 {
		code := b[0]
		if code == 0 {
			b = b[1:]
			continue
		}
		if code == 255 {
			return overload, true, nil
		}
		if len(b) < 2 {
			return overload, false, nil
		}
		size := int(b[1])
		if size > len(b)-2 {
			return overload, false, ErrDHCPOption
		}
		if code == 52 && size == 1 {
			overload = b[2]
		}
		d.option(code, b[2:2+size])
		b = b[2+size:]
	}
	return overload, false, nil
}

// option takes over one option; one of the wrong length is only listed.
func (d *DHCP) option(code uint8, v []byte) {
	if len(d.Options) >= maxDHCPOptions {
		d.Dropped++
		return
	}
	d.Options = append(d.Options, code)
	switch code {
	case 1:
		d.SubnetMask = dhcpAddr(v)
	case 3:
		d.Routers = d.appendAddrs(d.Routers, v)
	case 6:
		d.DNSServers = d.appendAddrs(d.DNSServers, v)
	case 12:
		d.HostName = dhcpText(v)
	case 15:
		d.Domain = dhcpText(v)
	case 50:
		d.RequestedAddr = dhcpAddr(v)
	case 51:
		if len(v) == 4 {
			d.HasLease, d.LeaseTime = true, be32(v)
		}
	case 53:
		if len(v) == 1 {
			d.MsgType = v[0]
		}
	case 54:
		d.ServerID = dhcpAddr(v)
	case 55:
		d.Params = v
	case 60:
		d.VendorClass = dhcpText(v)
	case 61:
		d.ClientID = v
	case 81:
		d.ClientFQDN = clientFQDN(v)
	}
}

// clientFQDN reads option 81 (RFC 4702): flags, two codes, then a name in ASCII or, with flag E, in DNS labels, perhaps without its end.
func clientFQDN(v []byte) string {
	if len(v) < 3 {
		return ""
	}
	name := v[3:]
	if v[0]&4 == 0 {
		return dhcpText(name)
	}
	var out []byte
	for len(name) > 0 && name[0] > 0 && int(name[0]) < len(name) {
		if len(out) > 0 {
			out = append(out, '.')
		}
		out = appendLabel(out, name[1:1+int(name[0])])
		name = name[1+int(name[0]):]
	}
	return string(out)
}

// dhcpAddr reads four bytes; anything else and 0.0.0.0 give the invalid address.
func dhcpAddr(v []byte) netip.Addr {
	if len(v) != 4 || be32(v) == 0 {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(v))
}

func (d *DHCP) appendAddrs(into []netip.Addr, v []byte) []netip.Addr {
	for ; len(v) >= 4 && len(into) < 16; v = v[4:] {
		into = append(into, netip.AddrFrom4([4]byte(v[:4])))
	}
	d.Dropped += len(v) / 4
	return into
}

// dhcpText gives a string option without the zero bytes that some clients end it with.
func dhcpText(v []byte) string {
	for len(v) > 0 && v[len(v)-1] == 0 {
		v = v[:len(v)-1]
	}
	return text(v)
}

// DHCPTypeName gives Zeek's name of a message type: "DISCOVER", "ACK", "unknown-99".
func DHCPTypeName(t uint8) string {
	if int(t) < len(dhcpTypes) && dhcpTypes[t] != "" {
		return dhcpTypes[t]
	}
	return "unknown-" + strconv.Itoa(int(t))
}

var dhcpTypes = [19]string{
	1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE", 8: "INFORM", 9: "FORCERENEW",
	10: "LEASEQUERY", 11: "LEASEUNASSIGNED", 12: "LEASEUNKNOWN", 13: "LEASEACTIVE", 14: "BULKLEASEQUERY", 15: "LEASEQUERYDONE",
	16: "ACTIVELEASEQUERY", 17: "LEASEQUERYSTATUS", 18: "TLS",
}
