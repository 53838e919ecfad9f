package decode

import "net/netip"

// NTP is one NTP message (RFC 5905). Control and private messages (modes 6 and 7) carry mode and version only.
type NTP struct {
	Leap     uint8 // 3: the clock is not set
	Version  uint8
	Mode     uint8 // 1, 2 symmetric, 3 client, 4 server, 5 broadcast, 6 control, 7 private
	Stratum  uint8 // 0 unspecified or a kiss of death, 1 a clock itself, 16 not set
	RefID    string
	Transmit uint64 // time stamp: seconds since 1900 and their fraction, 32 bits each; 0 if none
}

// ParseNTP reads one message, a UDP payload; ok is false for anything else. RefID is a name for strata 0 and 1 ("GPS", "RATE"), else an
// IPv4 address, which for a server that is reached by IPv6 is only a hash.
func ParseNTP(b []byte) (m NTP, ok bool) {
	if !ntpForm(b) {
		return NTP{}, false
	}
	m.Leap, m.Version, m.Mode = b[0]>>6, b[0]>>3&7, b[0]&7
	if m.Mode >= 6 {
		return m, true
	}
	m.Stratum = b[1]
	if id := b[12:16]; m.Stratum <= 1 {
		m.RefID = dhcpText(id)
	} else if be32(id) != 0 {
		m.RefID = netip.AddrFrom4([4]byte(id)).String()
	}
	m.Transmit = uint64(be32(b[40:]))<<32 | uint64(be32(b[44:]))
	return m, true
}

// ntpForm says whether b can be an NTP message.
func ntpForm(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	version, mode := b[0]>>3&7, b[0]&7
	switch {
	case version < 1 || version > 4 || mode == 0:
		return false
	case mode >= 6:
		return len(b) >= 8
	}
	return len(b) >= 48 && b[1] <= 16
}
