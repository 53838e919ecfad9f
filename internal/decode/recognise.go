package decode

// Recognise names the protocol of a connection by a port and the first bytes of a payload, of either side: a datagram, or the start of a
// direction of a TCP stream. Never by the port alone; protocols whose first bytes leave no doubt are named on any port (SSH, RFB, RTSP, SIP,
// BitTorrent, SMB, TLS handshakes in datagrams, STUN). The names are Zeek's where it has one, with Kerberos, LDAP and DNP3 without their
// transport; "" is not recognised. It allocates nothing. What has messages read by this package (DNS, TLS, QUIC, HTTP, DHCP) is for those who
// read them.
func Recognise(proto uint8, srcPort, dstPort uint16, payload []byte) (service string) {
	if len(payload) < 2 {
		return ""
	}
	switch proto {
	case ProtoTCP:
		if service = anyStream(payload); service != "" {
			return service
		}
		if service = streamOnPort(dstPort, payload); service == "" && srcPort != dstPort {
			service = streamOnPort(srcPort, payload)
		}
	case ProtoUDP:
		if service = datagramOnPort(dstPort, payload); service == "" && srcPort != dstPort {
			service = datagramOnPort(srcPort, payload)
		}
		if service == "" {
			service = anyDatagram(payload)
		}
	}
	return service
}

// begins says whether b starts with that text.
func begins(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

// anyStream recognises what needs no port.
func anyStream(b []byte) string {
	switch {
	case begins(b, "SSH-") && len(b) >= 7 && b[5] == '.':
		return "ssh"
	case begins(b, "RFB 00"):
		return "rfb"
	case begins(b, "\x13BitTorrent protocol"):
		return "bittorrent"
	case begins(b, "RTSP/1.0 "):
		return "rtsp"
	case begins(b, "SIP/2.0 "), sipRequest(b):
		return "sip"
	case len(b) >= 8 && b[0] == 0 && (begins(b[4:], "\xffSMB") || begins(b[4:], "\xfeSMB") || begins(b[4:], "\xfdSMB") || begins(b[4:], "\xfcSMB")):
		return "smb"
	}
	return ""
}

// sipRequest says whether b begins like a request of SIP: its methods, then "sip:" or "sips:".
func sipRequest(b []byte) bool {
	for _, method := range sipMethods {
		if begins(b, method) {
			return begins(b[len(method):], "sip:") || begins(b[len(method):], "sips:")
		}
	}
	return false
}

var sipMethods = [...]string{"REGISTER ", "INVITE ", "OPTIONS ", "ACK ", "BYE ", "CANCEL ", "SUBSCRIBE ", "NOTIFY ", "MESSAGE ", "PUBLISH ", "INFO ", "UPDATE "}

// streamOnPort recognises TCP protocols by one of the ports and the first bytes.
func streamOnPort(port uint16, b []byte) string {
	switch port {
	case 21:
		return named(reply(b, '2', '2', '0') || ftpCommand(b), "ftp")
	case 23:
		return named(b[0] == 0xff && b[1] >= 0xf0, "telnet")
	case 25, 465, 587, 2525:
		return named(reply(b, '2', '2', '0') || begins(b, "EHLO ") || begins(b, "HELO "), "smtp")
	case 88:
		return named(len(b) >= 10 && b[0] == 0 && kerberosForm(b[4:]), "krb")
	case 102:
		return isoService(b)
	case 110, 995:
		return named(begins(b, "+OK") || begins(b, "CAPA\r") || begins(b, "USER "), "pop3")
	case 135:
		return named(len(b) >= 10 && b[0] == 5 && b[1] <= 1 && (b[2] == 11 || b[2] == 12 || b[2] == 0 || b[2] == 2), "dce_rpc")
	case 143, 993:
		return named(begins(b, "* OK"), "imap")
	case 389, 3268:
		_, ok := ParseLDAP(b)
		return named(ok, "ldap")
	case 502:
		return named(modbusForm(b), "modbus")
	case 514, 601, 6514:
		_, _, _, ok := SyslogPRI(b)
		return named(ok, "syslog")
	}
	return streamOnHighPort(port, b)
}

// streamOnHighPort goes on where streamOnPort ends.
func streamOnHighPort(port uint16, b []byte) string {
	switch port {
	case 1080:
		return named(b[0] == 5 && b[1] >= 1 && len(b) == 2+int(b[1]) || b[0] == 4 && b[1] <= 2 && len(b) >= 9, "socks")
	case 1433:
		return named(len(b) >= 8 && (b[0] == 0x12 || b[0] == 0x10 || b[0] == 4) && b[1] <= 1 && int(be16(b[2:])) >= 8, "tds")
	case 1883:
		return named(len(b) >= 10 && b[0] == 0x10 && (begins(b[2:], "\x00\x04MQTT") || begins(b[3:], "\x00\x04MQTT") || begins(b[2:], "\x00\x06MQIsdp")), "mqtt")
	case 2404:
		return named(len(b) >= 6 && b[0] == 0x68 && b[1] >= 4 && b[1] <= 253 && (b[1] > 4 || b[2]&3 != 0), "iec104")
	case 3306:
		return named(len(b) >= 10 && b[3] == 0 && b[4] == 10 && '3' <= b[5] && b[5] <= '9', "mysql")
	case portRDP:
		return named(tpkt(b) && (b[5]&0xf0 == 0xe0 || b[5]&0xf0 == 0xd0), "rdp")
	case 4840:
		return named(opcuaForm(b), "opcua_binary")
	case 5432:
		return named(len(b) >= 8 && b[0] == 0 && b[1] == 0 && (be32(b[4:]) == 0x30000 || be32(b[4:]) == 80877103), "postgresql")
	case 6379:
		return named((b[0] == '*' || b[0] == '$') && '0' <= b[1] && b[1] <= '9' || begins(b, "+OK\r") || begins(b, "+PONG\r"), "redis")
	case 6667, 6668, 6669:
		return named(begins(b, "NICK ") || begins(b, "USER ") || begins(b, "PASS ") || begins(b, "CAP LS"), "irc")
	case 20000:
		return named(dnp3Form(b), "dnp3")
	case 44818:
		return named(enipForm(b), "enip")
	}
	return ""
}

const portRDP = 3389

// datagramOnPort recognises UDP protocols by one of the ports and the first bytes.
func datagramOnPort(port uint16, b []byte) string {
	switch port {
	case 69:
		return named(b[0] == 0 && (b[1] == 1 || b[1] == 2) && len(b) >= 9 && b[len(b)-1] == 0, "tftp")
	case 88:
		return named(kerberosForm(b), "krb")
	case 123:
		return named(ntpForm(b), "ntp")
	case 161, 162:
		_, ok := ParseSNMP(b)
		return named(ok, "snmp")
	case 389:
		_, ok := ParseLDAP(b)
		return named(ok, "ldap")
	case 500:
		return named(ikeForm(b), "ipsec")
	case portESP:
		return named(begins(b, "\x00\x00\x00\x00") && ikeForm(b[4:]), "ipsec")
	case 514:
		_, _, _, ok := SyslogPRI(b)
		return named(ok, "syslog")
	case 1812, 1813, 1645, 1646:
		return named(len(b) >= 20 && b[0] >= 1 && b[0] <= 13 && int(be16(b[2:])) >= 20 && int(be16(b[2:])) <= len(b), "radius")
	case 5060, 5061:
		return named(begins(b, "SIP/2.0 ") || sipRequest(b), "sip")
	case 20000:
		return named(dnp3Form(b), "dnp3")
	case 44818:
		return named(enipForm(b), "enip")
	case 47808:
		return named(len(b) >= 4 && b[0] == 0x81 && (b[1] <= 0x0c) && int(be16(b[2:])) == len(b), "bacnet")
	}
	return ""
}

// anyDatagram recognises what needs no port.
func anyDatagram(b []byte) string {
	switch {
	case len(b) >= 13 && b[0] == recordHandshake && be16(b[3:]) == 0 && (b[1] == 0xfe && (b[2] == 0xff || b[2] == 0xfd) || b[1] == 1 && b[2] == 0):
		return "dtls"
	case len(b) >= 20 && b[0] < 0x40 && be32(b[4:]) == 0x2112a442 && int(be16(b[2:]))+20 == len(b):
		return "stun"
	case begins(b, "SIP/2.0 "), sipRequest(b):
		return "sip"
	}
	return ""
}

func named(ok bool, name string) string {
	if ok {
		return name
	}
	return ""
}

// reply says whether b begins with that code of a line, as mail and file servers greet.
func reply(b []byte, x, y, z byte) bool {
	return len(b) >= 4 && b[0] == x && b[1] == y && b[2] == z && (b[3] == ' ' || b[3] == '-')
}

func ftpCommand(b []byte) bool {
	return begins(b, "USER ") || begins(b, "AUTH ") || begins(b, "FEAT\r")
}

// kerberosForm says whether b begins like a Kerberos message: the tag of a type, then a sequence with the version first.
func kerberosForm(b []byte) bool {
	s := span{b: b}
	tag, v := s.tlv()
	kind := tag & 0x1f
	if s.bad || tag&0xe0 != 0x60 || kind < 10 || kind > 15 && kind != 30 {
		return false
	}
	s = span{b: v}
	fields := s.within(0x30)
	version, v := fields.tlv()
	s = span{b: v}
	return (version == 0xa0 || version == 0xa1) && s.small() == 5 && !s.bad
}

// isoService tells what comes over TPKT: Siemens' S7 by its first byte, else COTP, of which a connection request says no more.
func isoService(b []byte) string {
	if !tpkt(b) {
		return ""
	}
	if head := 5 + int(b[4]); b[5] == 0xf0 && head < len(b) {
		switch b[head] {
		case 0x32:
			return "s7comm"
		case 0x72:
			return "s7comm_plus"
		}
	}
	return "cotp"
}

// modbusForm checks the header of Modbus/TCP: protocol 0, a length that fits, a function that exists.
func modbusForm(b []byte) bool {
	if len(b) < 8 || be16(b[2:]) != 0 {
		return false
	}
	size, function := int(be16(b[4:])), b[7]&0x7f
	return size >= 2 && size <= 254 && size+6 <= max(len(b), 260) && function >= 1 && function <= 43
}

// dnp3Form checks the header of DNP3's link layer: start bytes and length (IEEE 1815).
func dnp3Form(b []byte) bool { return len(b) >= 10 && b[0] == 0x05 && b[1] == 0x64 && b[2] >= 5 }

// enipForm checks the header of EtherNet/IP: a command that exists and zero options.
func enipForm(b []byte) bool {
	if len(b) < 24 || le32(b[20:]) != 0 || int(le16(b[2:]))+24 > 65535 {
		return false
	}
	switch le16(b) {
	case 0x0000, 0x0004, 0x0063, 0x0064, 0x0065, 0x0066, 0x006f, 0x0070:
		return true
	}
	return false
}

// opcuaForm checks the header of OPC UA's binary protocol: a type, a kind of chunk and a length.
func opcuaForm(b []byte) bool {
	if len(b) < 8 || b[3] != 'F' && b[3] != 'C' && b[3] != 'A' || le32(b[4:]) < 8 || le32(b[4:]) > 1<<24 {
		return false
	}
	switch string(b[:3]) {
	case "HEL", "ACK", "ERR", "OPN", "CLO", "MSG", "RHE":
		return true
	}
	return false
}

// ikeForm checks the header of IKE, version 1 or 2 (RFC 2408, RFC 7296).
func ikeForm(b []byte) bool {
	return len(b) >= 28 && be32(b) != 0 && (b[17] == 0x10 || b[17] == 0x20) && int(be32(b[24:])) >= 28 && int(be32(b[24:])) <= 65535
}
