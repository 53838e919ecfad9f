package flow

import (
	"math/bits"
	"slices"

	"candor/internal/decode"
)

// serviceSet is a set of protocols that a connection's content confirmed.
type serviceSet uint32

// The services, in the order in which a conn names them.
const (
	svcDNS serviceSet = 1 << iota
	svcDHCP
	svcHTTP
	svcSSL
	svcQUIC
	svcSSH
	svcSMTP
	svcFTP
	svcPOP3
	svcIMAP
	svcNTP
	svcSNMP
	svcSyslog
	svcRDP
	svcSMB
	svcRFB
	svcGRE
	svcERSPAN
	svcIPIP
	svc6in4
	svcESP
	svcAH
	svcESPinUDP
	svcWireGuard
	svcVXLAN
	svcGeneve
	svcGTPU
	svcTeredo
	svcL2TP
	svcOpenVPN
)

var serviceNames = [...]string{
	"dns", "dhcp", "http", "ssl", "quic", "ssh", "smtp", "ftp", "pop3", "imap", "ntp", "snmp", "syslog", "rdp", "smb", "rfb",
	"gre", "erspan", "ipip", "6in4", "esp", "ah", "esp_in_udp", "wireguard", "vxlan", "geneve", "gtpu", "teredo", "l2tp", "openvpn",
}

// recognised are protocols that are only named, from their first bytes; a connection has at most one of them.
var recognised = [...]string{
	"krb", "ldap", "dce_rpc", "telnet", "socks", "tds", "mysql", "postgresql", "redis", "mqtt", "irc", "sip", "rtsp", "bittorrent", "cotp", "s7comm",
	"s7comm_plus", "modbus", "dnp3", "iec104", "enip", "bacnet", "opcua_binary", "tftp", "ipsec", "radius", "dtls", "stun",
}

// nameAs notes a protocol by its name, if it is in one of the lists.
func (c *conn) nameAs(service string) {
	if service == "" {
		return
	}
	if i := slices.Index(serviceNames[:], service); i >= 0 {
		c.services |= 1 << i
	} else if i := slices.Index(recognised[:], service); i >= 0 && (c.named == 0 || c.handshakes()) {
		c.named = uint8(i + 1)
	}
}

// handshakes reports whether what was named so far only carries another protocol, which shows after its handshake.
func (c *conn) handshakes() bool { return c.named != 0 && recognised[c.named-1] == "cotp" }

// service gives all names of a connection's protocols, separated by commas.
func (c *conn) service() string {
	s := c.services.String()
	switch {
	case c.named == 0:
		return s
	case s == "":
		return recognised[c.named-1]
	}
	return s + "," + recognised[c.named-1]
}

// String gives the names separated by commas.
func (s serviceSet) String() string {
	if s == 0 {
		return ""
	}
	if bits.OnesCount32(uint32(s)) == 1 {
		return serviceNames[bits.TrailingZeros32(uint32(s))]
	}
	out := ""
	for i, n := range serviceNames {
		if s&(1<<i) != 0 {
			if out != "" {
				out += ","
			}
			out += n
		}
	}
	return out
}

// tunnelService is the service of a connection that carries a tunnel.
func tunnelService(t decode.Tunnel) serviceSet {
	if t == decode.TunnelNone || int(t) >= decode.NumTunnels {
		return 0
	}
	return svcGRE << (t - decode.TunnelGRE)
}
