package decode

import (
	"errors"
	"net/netip"
	"strconv"
)

// What ParseDHCP6 refuses.
var (
	ErrDHCP6Header = errors.New("decode dhcpv6: not a dhcpv6 message")
	ErrDHCP6Option = errors.New("decode dhcpv6: an option does not fit the message")
	ErrDHCP6Relay  = errors.New("decode dhcpv6: a relayed message without its message, or relayed too often")
)

// Limits of one DHCPv6 message. What the others than the first drop is counted in DHCP6.Dropped.
const (
	maxDHCP6Hops    = 8   // relays around a message; clients' messages pass at most HOP_COUNT_LIMIT, which is 8 (RFC 8415, 7.6)
	maxDHCP6Options = 256 // options looked at, those inside of others included
	maxDHCP6Leases  = 32  // addresses and prefixes kept
)

// DHCP6 is one DHCPv6 message (RFC 8415), taken out of what relays put around it. Absent addresses are invalid. Strings are printable.
type DHCP6 struct {
	MsgType     uint8
	Transaction uint32     // 24 bits
	Relays      int        // around the message
	Link        netip.Addr // of the relay nearest to the client: an address on the client's link
	Peer        netip.Addr // of the same: where it has the message from, mostly the client's address
	HasPeerLink bool       // PeerLink was given
	PeerLink    MAC        // of the same: the card that it has the message from
	Client      DUID
	Server      DUID
	Leases      []DHCP6Lease // of IA_NA, IA_TA and IA_PD
	FQDN        string       // option 39 (RFC 4704), without a last dot
	VendorClass string       // option 16, its first part
	RapidCommit bool
	Status      uint16       // of the message, 0 success
	DNSServers  []netip.Addr // option 23, at most 16
	Domains     []string     // option 24, at most 16
	Options     []uint16     // codes of the message itself, in order
	Cut         bool         // the bytes ended inside an option
	Dropped     int          // options, leases and servers beyond the limits, and 1 for domains

	seen int
}

// DUID says who somebody is (RFC 8415, 11).
type DUID struct {
	Type    uint8 // 1 link address and time, 2 vendor, 3 link address, 4 UUID; 0 if there is none or it is of another kind
	HasLink bool  // Link is an Ethernet address
	Link    MAC
	Bytes   []byte // all of it, a part of the message
}

// DHCP6Lease is an address, or a prefix that is delegated.
type DHCP6Lease struct {
	IAID      uint32
	Prefix    netip.Prefix // of 128 bits for an address
	Delegated bool         // IA_PD
	Preferred uint32       // seconds
	Valid     uint32       // seconds
	Status    uint16       // of the address, or of the association when it has none and Prefix is invalid
}

// ParseDHCP6 reads one message, a UDP payload. d is reset first. With ErrDHCP6Option what came before stands.
func ParseDHCP6(b []byte, d *DHCP6) error {
	*d = DHCP6{Leases: d.Leases[:0], DNSServers: d.DNSServers[:0], Domains: d.Domains[:0], Options: d.Options[:0]}
	for len(b) > 0 && (b[0] == 12 || b[0] == 13) {
		if len(b) < 34 {
			return ErrDHCP6Header
		}
		if d.Relays == maxDHCP6Hops {
			return ErrDHCP6Relay
		}
		d.Relays++
		d.Link, d.Peer = netip.AddrFrom16([16]byte(b[2:18])), netip.AddrFrom16([16]byte(b[18:34]))
		inner, err := d.relayed(b[34:])
		if err != nil {
			return err
		}
		b = inner
	}
	if len(b) < 4 || b[0] == 0 || b[0] > 36 {
		return ErrDHCP6Header
	}
	d.MsgType, d.Transaction = b[0], be32(b)&0xffffff
	return d.options(b[4:], 0, nil)
}

// relayed finds the message (option 9) that a relay carries, and what the relay says of the client's card (option 79, RFC 6939).
func (d *DHCP6) relayed(b []byte) (message []byte, err error) {
	d.HasPeerLink, d.PeerLink = false, MAC{}
	s := span{b: b}
	for len(s.b) > 0 {
		if d.seen++; d.seen > maxDHCP6Options {
			d.Dropped++
			break
		}
		code, value := s.u16(), s.vector16()
		switch {
		case s.bad:
			d.Cut = true
			if message == nil {
				return nil, ErrDHCP6Option
			}
			return message, nil
		case code == 9 && message == nil:
			message = value
		case code == 79 && len(value) == 8 && be16(value) == 1:
			d.HasPeerLink, d.PeerLink = true, MAC(value[2:])
		}
	}
	if message == nil {
		return nil, ErrDHCP6Relay
	}
	return message, nil
}

// options reads the options of the message, at depth 0, or those of an association.
func (d *DHCP6) options(b []byte, depth int, in *DHCP6Lease) error {
	s := span{b: b}
	for len(s.b) > 0 {
		code, value := s.u16(), s.vector16()
		if s.bad {
			d.Cut = true
			return ErrDHCP6Option
		}
		if d.seen++; d.seen > maxDHCP6Options {
			d.Dropped++
			continue
		}
		var err error
		if depth == 0 {
			d.Options = append(d.Options, code)
			err = d.option(code, value)
		} else {
			err = d.leaseOption(code, value, depth, in)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// option takes over one option of the message; one of the wrong length is only listed.
func (d *DHCP6) option(code uint16, v []byte) error {
	switch code {
	case 1:
		d.Client = readDUID(v)
	case 2:
		d.Server = readDUID(v)
	case 3, 25:
		if len(v) >= 12 {
			return d.association(v, v[12:], code == 25)
		}
	case 4:
		if len(v) >= 4 {
			return d.association(v, v[4:], false)
		}
	case 13:
		if len(v) >= 2 {
			d.Status = be16(v)
		}
	case 14:
		d.RapidCommit = true
	case 16:
		if s := (span{b: v}); len(v) >= 6 {
			s.take(4)
			d.VendorClass = dhcpText(s.vector16())
		}
	case 23:
		for ; len(v) >= 16 && len(d.DNSServers) < 16; v = v[16:] {
			d.DNSServers = append(d.DNSServers, netip.AddrFrom16([16]byte(v[:16])))
		}
		d.Dropped += len(v) / 16
	case 24:
		for len(v) > 0 && len(d.Domains) < 16 {
			var name string
			name, v = labels(v)
			d.Domains = append(d.Domains, name)
		}
		if len(v) > 0 {
			d.Dropped++
		}
	case 39:
		if len(v) >= 1 {
			d.FQDN, _ = labels(v[1:])
		}
	}
	return nil
}

// association reads an IA_NA, IA_TA or IA_PD option: its options hold the leases.
func (d *DHCP6) association(v, options []byte, delegated bool) error {
	in := DHCP6Lease{IAID: be32(v), Delegated: delegated}
	before := len(d.Leases)
	err := d.options(options, 1, &in)
	if in.Status != 0 && len(d.Leases) == before {
		d.lease(in)
	}
	return err
}

// leaseOption takes over an option inside of an association (depth 1) or of a lease (depth 2).
func (d *DHCP6) leaseOption(code uint16, v []byte, depth int, in *DHCP6Lease) error {
	l := *in
	l.Status = 0
	var options []byte
	switch {
	case code == 13 && len(v) >= 2:
		in.Status = be16(v)
		return nil
	case depth == 1 && code == 5 && len(v) >= 24:
		l.Prefix = netip.PrefixFrom(netip.AddrFrom16([16]byte(v[:16])), 128)
		l.Preferred, l.Valid, options = be32(v[16:]), be32(v[20:]), v[24:]
	case depth == 1 && code == 26 && len(v) >= 25 && v[8] <= 128:
		l.Prefix = netip.PrefixFrom(netip.AddrFrom16([16]byte(v[9:25])), int(v[8])).Masked()
		l.Preferred, l.Valid, options = be32(v), be32(v[4:]), v[25:]
	default:
		return nil
	}
	err := d.options(options, 2, &l)
	d.lease(l)
	return err
}

func (d *DHCP6) lease(l DHCP6Lease) {
	if len(d.Leases) >= maxDHCP6Leases {
		d.Dropped++
		return
	}
	d.Leases = append(d.Leases, l)
}

// readDUID reads an identifier (RFC 8415, 11; RFC 6355).
func readDUID(v []byte) (id DUID) {
	if len(v) < 3 || len(v) > 130 {
		return id
	}
	id.Bytes = v
	link := 0
	switch kind := be16(v); kind {
	case 1:
		id.Type, link = 1, 8
	case 2, 4:
		id.Type = uint8(kind)
	case 3:
		id.Type, link = 3, 4
	}
	if link > 0 && len(v) == link+6 && be16(v[2:]) == 1 {
		id.HasLink, id.Link = true, MAC(v[link:])
	}
	return id
}

// labels reads a name in DNS labels without compression, perhaps without its end, and gives what is behind it.
func labels(v []byte) (name string, rest []byte) {
	var out []byte
	for len(v) > 0 && v[0] > 0 && v[0] < 64 && int(v[0]) < len(v) && len(out) < 255 {
		if len(out) > 0 {
			out = append(out, '.')
		}
		out = appendLabel(out, v[1:1+int(v[0])])
		v = v[1+int(v[0]):]
	}
	if len(v) > 0 && v[0] == 0 {
		return string(out), v[1:]
	}
	return string(out), nil
}

// DHCP6TypeName gives the name that RFC 8415 has for a message type: "SOLICIT", "REPLY", "unknown-99".
func DHCP6TypeName(t uint8) string {
	if int(t) < len(dhcp6Types) && dhcp6Types[t] != "" {
		return dhcp6Types[t]
	}
	return "unknown-" + strconv.Itoa(int(t))
}

var dhcp6Types = [24]string{
	1: "SOLICIT", 2: "ADVERTISE", 3: "REQUEST", 4: "CONFIRM", 5: "RENEW", 6: "REBIND", 7: "REPLY", 8: "RELEASE", 9: "DECLINE", 10: "RECONFIGURE",
	11: "INFORMATION-REQUEST", 12: "RELAY-FORW", 13: "RELAY-REPL", 14: "LEASEQUERY", 15: "LEASEQUERY-REPLY", 16: "LEASEQUERY-DONE",
	17: "LEASEQUERY-DATA", 18: "RECONFIGURE-REQUEST", 19: "RECONFIGURE-REPLY", 20: "DHCPV4-QUERY", 21: "DHCPV4-RESPONSE", 22: "ACTIVELEASEQUERY",
	23: "STARTTLS",
}
