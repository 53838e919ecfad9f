package source_test

import (
	"fmt"

	gt "candor/internal/source/goldentest"
)

// serviceGoldens: protocols that are named by a port and the first bytes.
func serviceGoldens() (out []golden) {
	for _, s := range append(append(mailAndFarServices(), officeServices()...), industrialServices()...) {
		p := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.9", ClientPort: 40001, ServerPort: s.port}
		conn := fmt.Sprintf("10.1.0.7:40001 > 10.1.0.9:%d %s", s.port, s.service)
		g := golden{name: s.file + ".pcap", defect: s.defect}
		if s.udp {
			packets := []gt.Packet{p.UDP(false, s.asks)}
			if s.answers != nil {
				packets = append(packets, p.UDP(true, s.answers))
			}
			g.file, g.want = file(packets), append(words("conn udp "+conn), s.more...)
		} else {
			says := s.then
			if s.asks != nil {
				says = append([]gt.Say{gt.C(s.asks), gt.S(s.answers)}, s.then...)
			}
			g.file, g.want = file(p.Stream(says...)), append(words("conn tcp "+conn+" SF"), s.more...)
		}
		out = append(out, g)
	}
	return out
}

// spoken is a connection to a server's port.
type spoken struct {
	file    string
	udp     bool
	port    int
	service string
	asks    []byte
	answers []byte
	then    []gt.Say // what follows, or all that is said when asks is nil
	more    []string // to be said beside the connection
	defect  string
}

func mailAndFarServices() []spoken {
	hello := gt.Client13("www.example.org").Record()
	tls := []gt.Say{gt.C(hello), gt.S(gt.Answer13()), gt.C(gt.Finish13())}
	said := words("tls www.example.org TLSv13 - established", "ja4 "+ja4Client13)
	greeted := func(banner, asks, yes string) []gt.Say {
		return append([]gt.Say{gt.S(text(banner)), gt.C(text(asks)), gt.S(text(yes))}, tls...)
	}
	return []spoken{
		{file: "ssh", port: 22, service: "ssh", then: []gt.Say{gt.S(text("SSH-2.0-OpenSSH_9.6\r\n")), gt.C(text("SSH-2.0-golden\r\n"))}},
		{file: "ssh-on-another-port", port: 2222, service: "ssh", then: []gt.Say{gt.S(text("SSH-2.0-OpenSSH_9.6\r\n")), gt.C(text("SSH-2.0-golden\r\n"))}},
		{file: "ftp-auth-tls", port: 21, service: "ssl,ftp", then: greeted("220 FTP server ready\r\n", "AUTH TLS\r\n", "234 go on\r\n"), more: said},
		{file: "imap-starttls", port: 143, service: "ssl,imap", then: greeted("* OK IMAP4rev1 ready\r\n", "a1 STARTTLS\r\n", "a1 OK go on\r\n"), more: said},
		{file: "pop3-stls", port: 110, service: "ssl,pop3", then: greeted("+OK ready\r\n", "STLS\r\n", "+OK go on\r\n"), more: said},
		{
			file: "postgresql-tls", port: 5432, service: "ssl,postgresql", asks: gt.Hex("00000008 04d2162f"), answers: text("S"), then: tls, more: said,
		},
		{
			file: "mysql-then-tls", port: 3306, service: "ssl,mysql",
			then: append([]gt.Say{gt.S(gt.Hex("4a0000 00 0a"), text("8.0.36"), gt.Zeros(67)), gt.C(gt.Hex("200000 01 00ae0000"), gt.Zeros(28))}, tls...),
			more: said,
		},
		{
			file: "socks-then-tls", port: 1080, service: "ssl,socks", asks: gt.Hex("050100"), answers: gt.Hex("0500"),
			then: append([]gt.Say{gt.C(gt.Hex("05010001 cb007150 01bb")), gt.S(gt.Hex("05000001 00000000 0000"))}, tls...), more: said,
		},
		{
			file: "xmpp-starttls", port: 5222, service: "ssl", asks: text("<stream:stream to='example.org'>"),
			answers: text("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"),
			then:    append([]gt.Say{gt.C(text("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")), gt.S(text("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"))}, tls...),
			more:    said,
		},
		{file: "rfb", port: 5900, service: "rfb", then: []gt.Say{gt.S(text("RFB 003.008\n")), gt.C(text("RFB 003.008\n"))}},
		{file: "telnet", port: 23, service: "telnet", then: []gt.Say{gt.S(gt.Hex("fffd18 fffd20")), gt.C(gt.Hex("fffb18 fffc20"))}},
		{
			file: "rdp-then-tls", port: 3389, service: "ssl,rdp", asks: gt.Hex("03000013 0e e0 0000 0000 00 01 00 0800 01000000"),
			answers: gt.Hex("03000013 0e d0 0000 1234 00 02 00 0800 01000000"),
			then:    tls, more: said,
		},
		{
			file: "dtls", udp: true, port: 4433, service: "dtls",
			asks: gt.Join(gt.Hex("16 feff 0000 000000000000 0036 01 00002a 0000 000000 00002a fefd"), gt.Zeros(40)),
		},
		{
			file: "stun", udp: true, port: 3478, service: "stun", asks: gt.Hex("0001 0000 2112a442 000102030405060708090a0b"),
			answers: gt.Hex("0101 000c 2112a442 000102030405060708090a0b 0020 0008 0001 bd52 2b130514"),
		},
		{
			file: "sip", udp: true, port: 5060, service: "sip",
			asks:    text("OPTIONS sip:office.example.org SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.0.7\r\nContent-Length: 0\r\n\r\n"),
			answers: text("SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
		},
	}
}

func officeServices() []spoken {
	general := func(s string) []byte { return gt.TLV(0x1b, text(s)) }
	name := gt.TLV(0x30, gt.TLV(0xa0, gt.Hex("020102")), gt.TLV(0xa1, gt.TLV(0x30, general("krbtgt"), general("EXAMPLE.ORG"))))
	body := gt.TLV(
		0x30, gt.TLV(0xa0, gt.Hex("0305 0050800000")), gt.TLV(0xa2, general("EXAMPLE.ORG")), gt.TLV(0xa3, name),
		gt.TLV(0xa5, gt.TLV(0x18, text("20250616150700Z"))), gt.TLV(0xa7, gt.Hex("02022a2a")), gt.TLV(0xa8, gt.Hex("3003 020112")),
	)
	asReq := gt.TLV(0x6a, gt.TLV(0x30, gt.TLV(0xa1, gt.Hex("020105")), gt.TLV(0xa2, gt.Hex("02010a")), gt.TLV(0xa4, body)))
	krbError := gt.TLV(0x7e, gt.TLV(
		0x30, gt.TLV(0xa0, gt.Hex("020105")), gt.TLV(0xa1, gt.Hex("02011e")), gt.TLV(0xa4, gt.TLV(0x18, text("20250615150700Z"))), gt.TLV(0xa5, gt.Hex("020100")),
		gt.TLV(0xa6, gt.Hex("020119")),
		gt.TLV(0xa9, general("EXAMPLE.ORG")), gt.TLV(0xaa, name),
	))
	long := func(b []byte) []byte { return gt.Join(gt.U32(int64(len(b))), b) }
	snmp := func(pdu byte) []byte {
		names := gt.TLV(0x30, gt.TLV(0x30, gt.Hex("0608 2b06010201010500 0500")))
		return gt.TLV(0x30, gt.Hex("020101"), gt.TLV(4, text("public")), gt.TLV(pdu, gt.Hex("020107 020100 020100"), names))
	}
	bind := gt.TLV(0x30, gt.Hex("020101"), gt.TLV(0x60, gt.Hex("020103 0400 8000")))
	bound := gt.TLV(0x30, gt.Hex("020101"), gt.TLV(0x61, gt.Hex("0a0100 0400 0400")))
	upgrade := gt.TLV(0x30, gt.Hex("020101"), gt.TLV(0x77, gt.TLV(0x80, text("1.3.6.1.4.1.1466.20037"))))
	smb2 := func(flags byte, body []byte) []byte {
		return long(gt.Join(gt.Hex("fe534d42 4000 0000 00000000 0000 0100"), []byte{flags, 0, 0, 0}, gt.Zeros(44), body)) // a type byte of zero, and three bytes of length
	}
	smbAsks, smbYes := gt.Join(gt.Hex("2400 0100 0100 0000"), gt.Zeros(28), gt.Hex("0202")), gt.Join(gt.Hex("4100 0100 0202 0000"), gt.Zeros(48), gt.Hex("8000 0000 00000000"))
	smb1 := long(gt.Join(gt.Hex("ff534d42 72 00000000 18 0128"), gt.Zeros(20), gt.Hex("00 0c00 02"), text("NT LM 0.12"), []byte{0}))
	hello := gt.Client13("www.example.org").Record()
	return []spoken{
		{
			file: "ntp", udp: true, port: 123, service: "ntp", asks: gt.Join(gt.Hex("23 00 06 ec"), gt.Zeros(36), gt.Hex("e9a1b2c3 00000000")),
			answers: gt.Join(gt.Hex("24 02 06 e8"), gt.Zeros(36), gt.Hex("e9a1b2c3 80000000")),
		},
		{file: "snmp", udp: true, port: 161, service: "snmp", asks: snmp(0xa0), answers: snmp(0xa2)},
		{file: "syslog", udp: true, port: 514, service: "syslog", asks: text("<34>1 2025-06-15T15:07:00Z host su - ID47 - failed")},
		{
			file: "radius", udp: true, port: 1812, service: "radius", asks: gt.Join(gt.Hex("01 07 0014"), gt.Zeros(16)),
			answers: gt.Join(gt.Hex("03 07 0014"), gt.Zeros(16)),
		},
		{file: "tftp", udp: true, port: 69, service: "tftp", asks: text("\x00\x01boot.img\x00octet\x00")},
		{file: "kerberos-udp", udp: true, port: 88, service: "krb", asks: asReq, answers: krbError},
		{file: "kerberos-tcp", port: 88, service: "krb", asks: long(asReq), answers: long(krbError)},
		{file: "ldap", port: 389, service: "ldap", asks: bind, answers: bound},
		{
			file: "ldap-starttls", port: 389, service: "ssl,ldap", asks: upgrade, answers: gt.TLV(0x30, gt.Hex("020101"), gt.TLV(0x78, gt.Hex("0a0100 0400 0400"))),
			then: []gt.Say{gt.C(hello), gt.S(gt.Answer13()), gt.C(gt.Finish13())}, more: words("tls www.example.org TLSv13 - established", "ja4 "+ja4Client13),
		},
		{file: "smb2", port: 445, service: "smb", asks: smb2(0, smbAsks), answers: smb2(1, smbYes)},
		{file: "smb1-on-139", port: 139, service: "smb", asks: smb1, answers: smb1},
		{
			file: "dce-rpc", port: 135, service: "dce_rpc", asks: gt.Join(gt.Hex("05 00 0b 03 10000000 4800 0000 02000000"), gt.Zeros(56)),
			answers: gt.Join(gt.Hex("05 00 0c 03 10000000 3c00 0000 02000000"), gt.Zeros(44)),
		},
		{
			file: "mysql", port: 3306, service: "mysql",
			then: []gt.Say{gt.S(gt.Hex("4a0000 00 0a"), text("8.0.36"), gt.Zeros(67)), gt.C(gt.Hex("200000 01"), gt.Zeros(32))},
		},
		{file: "redis", port: 6379, service: "redis", asks: text("*1\r\n$4\r\nPING\r\n"), answers: text("+PONG\r\n")},
	}
}

func industrialServices() []spoken {
	iso := gt.Hex("03000016 11 e0 0000 0001 00 c0010a c1020100 c2020102")
	isoYes := gt.Hex("03000016 11 d0 0001 0002 00 c0010a c1020100 c2020102")
	setup := gt.Hex("03000019 02 f080 32 01 0000 0000 0008 0000 f0 00 0001 0001 03c0")
	setupYes := gt.Hex("0300001b 02 f080 32 03 0000 0000 0008 0000 00 00 f0 00 0001 0001 00f0")
	uaHello := gt.Join(text("HELF"), gt.LE32(56, 0, 65536, 65536, 0, 0, 24), text("opc.tcp://10.1.0.9:4840/"))
	uaYes := gt.Join(text("ACKF"), gt.LE32(28, 0, 65536, 65536, 0, 0))
	return []spoken{
		{
			file: "modbus", port: 502, service: "modbus", asks: gt.Hex("0001 0000 0006 01 03 0000 000a"),
			answers: gt.Join(gt.Hex("0001 0000 0017 01 03 14"), gt.Zeros(20)),
		},
		{
			file: "s7", port: 102, service: "s7comm", asks: iso, answers: isoYes, then: []gt.Say{gt.C(setup), gt.S(setupYes)},
		},
		{file: "s7-from-the-middle", port: 102, service: "s7comm", asks: setup, answers: setupYes},
		{file: "dnp3", port: 20000, service: "dnp3", asks: gt.Hex("0564 05 c0 0100 0000 0421"), answers: gt.Hex("0564 05 00 0000 0100 9f84")},
		{file: "iec104", port: 2404, service: "iec104", asks: gt.Hex("68 04 07000000"), answers: gt.Hex("68 04 0b000000")},
		{
			file: "enip", port: 44818, service: "enip", asks: gt.Hex("6500 0400 00000000 00000000 0000000000000000 00000000 01000000"),
			answers: gt.Hex("6500 0400 00000001 00000000 0000000000000000 00000000 01000000"),
		},
		{file: "bacnet", udp: true, port: 47808, service: "bacnet", asks: gt.Hex("81 0b 000c 0120ffff00ff 1008")},
		{file: "opc-ua", port: 4840, service: "opcua_binary", asks: uaHello, answers: uaYes},
		{file: "mqtt", port: 1883, service: "mqtt", asks: gt.Hex("10 10 0004 4d515454 04 02 003c 0004 74657374"), answers: gt.Hex("20 02 00 00")},
	}
}
