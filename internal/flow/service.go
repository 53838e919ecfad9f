package flow

import (
	"math/bits"

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
