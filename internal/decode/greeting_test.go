package decode

import (
	"strings"
	"testing"
)

func TestSSHBanner(t *testing.T) {
	for _, c := range []struct {
		name, b string
		status  Status
		want    SSHBanner
	}{
		{"with comments", "SSH-2.0-OpenSSH_9.6 Debian-4\r\nrest", Done, SSHBanner{"2.0", "OpenSSH_9.6", "Debian-4", 30}},
		{"bare line feed", "SSH-1.99-Cisco-1.25\n", Done, SSHBanner{"1.99", "Cisco-1.25", "", 20}},
		{"lines before", "welcome\r\nto the host\r\nSSH-2.0-x\r\n", Done, SSHBanner{"2.0", "x", "", 33}},
		{"hostile", "SSH-2.0-a\x00\\\xffb c\x1b[2J\r\n", Done, SSHBanner{"2.0", `a\x00\\\xffb`, `c\x1b[2J`, 21}},
		{"no software", "SSH-2.0\r\n", NotSSH, SSHBanner{Len: 9}},
		{"no version", "SSH--x\r\n", NotSSH, SSHBanner{Len: 8}},
		{"unfinished", "SSH-2.0-Open", NeedMore, SSHBanner{}},
		{"begun", "SS", NeedMore, SSHBanner{}},
		{"empty", "", NeedMore, SSHBanner{}},
		{"line without end", "SSH-2.0-" + strings.Repeat("a", 300), NotSSH, SSHBanner{}},
		{"only lines", strings.Repeat("hello\n", 40), NotSSH, SSHBanner{}},
		{"text without end", strings.Repeat("a", 5000), NotSSH, SSHBanner{}},
		{"binary", "\x16\x03\x01\x02\x00\n", NotSSH, SSHBanner{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h SSHBanner
			if got := ParseSSHBanner([]byte(c.b), &h); got != c.status || h != c.want {
				t.Errorf("%s %+v, want %s %+v", got, h, c.status, c.want)
			}
		})
	}
}

func TestStartTLS(t *testing.T) {
	const bind = "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"
	const upgrade = "\x30\x1d\x02\x01\x02\x77\x18\x80\x16" + ldapStartTLS
	for _, c := range []struct {
		name, b, behind string
		ok              bool
	}{
		{"smtp", "EHLO me\r\nSTARTTLS\r\n\x16\x03\x01", "\x16\x03\x01", true},
		{"smtp, small letters", "ehlo me\nstarttls\nx", "x", true},
		{"imap", "a001 CAPABILITY\r\na002 StartTLS\r\n", "", true},
		{"pop3", "CAPA\r\nSTLS\r\n", "", true},
		{"ftp", "FEAT\r\nAUTH TLS\r\nx", "x", true},
		{"ftp, old", "AUTH SSL \r\n", "", true},
		{"ldap", bind + upgrade + "x", "x", true},
		{"ldap without", bind + bind, "", false},
		{"xmpp", "<?xml version='1.0'?><stream:stream to='a'>\n<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>x", "x", true},
		{"postgresql", "\x00\x00\x00\x08\x04\xd2\x16\x2fx", "x", true},
		{"in a message", "DATA\r\nplease use the STARTTLS command now\r\n", "", false},
		{"another mechanism", "AUTH PLAIN\r\n", "", false},
		{"unfinished", "EHLO me\r\nSTARTTLS", "", false},
		{"behind binary", "\x16\x03\x01\x0a\x80STARTTLS\r\n", "", false},
		{"far behind", strings.Repeat("NOOP\r\n", 2000) + "STLS\r\n", "", false},
		{"empty", "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			end, ok := StartTLS([]byte(c.b))
			if ok != c.ok || ok && c.b[end:] != c.behind {
				t.Errorf("%v at %d of %d", ok, end, len(c.b))
			}
		})
	}
}

func TestSyslogPRI(t *testing.T) {
	for _, c := range []struct {
		b                  string
		facility, severity uint8
		rest               string
		ok                 bool
	}{
		{"<34>1 x", 4, 2, "1 x", true},
		{"<0>x", 0, 0, "x", true},
		{"<191>", 23, 7, "", true},
		{"<192>x", 0, 0, "<192>x", false},
		{"<007>x", 0, 0, "<007>x", false},
		{"<>x", 0, 0, "<>x", false},
		{"<12", 0, 0, "<12", false},
		{"<1234>", 0, 0, "<1234>", false},
		{"", 0, 0, "", false},
	} {
		if facility, severity, rest, ok := SyslogPRI([]byte(c.b)); facility != c.facility || severity != c.severity || string(rest) != c.rest || ok != c.ok {
			t.Errorf("%q: %d %d %q %v", c.b, facility, severity, rest, ok)
		}
	}
}

func TestProxy(t *testing.T) {
	v2 := func(command, family int, body ...[]byte) string {
		b := join(body...)
		return proxyMagic + string(join([]byte{byte(0x20 | command), byte(family)}, u16(len(b)), b))
	}
	addr4 := join(hostIP, farIP, u16(50000), u16(443))
	addr6 := join(hostIP6, farIP6, u16(50000), u16(443))
	for _, c := range []struct {
		name, b  string
		status   Status
		version  uint8
		src, dst string
		local    bool
		behind   string
	}{
		{"v1", "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nGET", Done, 1, "192.0.2.1:56324", "198.51.100.7:443", false, "GET"},
		{"v1, version 6", "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", Done, 1, "[2001:db8::1]:1", "[2001:db8::2]:2", false, ""},
		{"v1, unknown", "PROXY UNKNOWN ff:: whatever\r\nx", Done, 1, "", "", false, "x"},
		{"v1, families mixed", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", NotProxy, 0, "", "", false, ""},
		{"v1, a zone", "PROXY TCP6 fe80::1%eth0 2001:db8::2 1 2\r\n", NotProxy, 0, "", "", false, ""},
		{"v1, port too large", "PROXY TCP4 192.0.2.1 198.51.100.7 65536 443\r\n", NotProxy, 0, "", "", false, ""},
		{"v1, a word too many", "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n", NotProxy, 0, "", "", false, ""},
		{"v1, unfinished", "PROXY TCP4 192.0.2.1", NeedMore, 0, "", "", false, ""},
		{"v1, no end", "PROXY " + strings.Repeat("x", 200), NotProxy, 0, "", "", false, ""},
		{"begun", "PRO", NeedMore, 0, "", "", false, ""},
		{"empty", "", NeedMore, 0, "", "", false, ""},
		{"another method", "PROPFIND / HTTP/1.1", NotProxy, 0, "", "", false, ""},
		{"v2", v2(1, 0x11, addr4, []byte{4, 0, 1, 0}) + "x", Done, 2, "10.0.0.1:50000", "198.51.100.7:443", false, "x"},
		{"v2, version 6", v2(1, 0x21, addr6), Done, 2, "[2001:db8::1]:50000", "[2001:db8:1::7]:443", false, ""},
		{"v2, UNIX", v2(1, 0x31, make([]byte, 216)), Done, 2, "", "", false, ""},
		{"v2, local", v2(0, 0) + "x", Done, 2, "", "", true, "x"},
		{"v2, addresses missing", v2(1, 0x11, hostIP), NotProxy, 0, "", "", false, ""},
		{"v2, unfinished", v2(1, 0x11, addr4)[:20], NeedMore, 0, "", "", false, ""},
		{"v2, begun", proxyMagic[:5], NeedMore, 0, "", "", false, ""},
		{"v2, a command that nobody has", v2(3, 0x11, addr4), NotProxy, 0, "", "", false, ""},
		{"v2, a family that nobody has", v2(1, 0x41, addr4), NotProxy, 0, "", "", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h ProxyHeader
			got := ParseProxy([]byte(c.b), &h)
			side := func(want string, valid bool, s string) bool { return want == "" && !valid || want == s }
			if got != c.status || h.Version != c.version || h.Local != c.local || !side(c.src, h.Src.IsValid(), h.Src.String()) || !side(c.dst, h.Dst.IsValid(), h.Dst.String()) {
				t.Fatalf("%s %+v", got, h)
			}
			if got == Done && c.b[h.Len:] != c.behind {
				t.Errorf("header of %d bytes", h.Len)
			}
		})
	}
}

func TestNTP(t *testing.T) {
	server := join([]byte{0x1c, 2, 6, 0xe9}, make([]byte, 8), []byte{192, 0, 2, 9}, make([]byte, 24), u32(0xe9000000), u32(5))
	for _, c := range []struct {
		name string
		b    []byte
		want NTP
		ok   bool
	}{
		{"server", server, NTP{Version: 3, Mode: 4, Stratum: 2, RefID: "192.0.2.9", Transmit: 0xe900000000000005}, true},
		{"a clock", join([]byte{0x24, 1}, make([]byte, 10), []byte("GPS\x00"), make([]byte, 32)), NTP{Version: 4, Mode: 4, Stratum: 1, RefID: "GPS"}, true},
		{"kiss of death", join([]byte{0xe4, 0}, make([]byte, 10), []byte("RATE"), make([]byte, 32)), NTP{Leap: 3, Version: 4, Mode: 4, RefID: "RATE"}, true},
		{"client", join([]byte{0x23}, make([]byte, 47)), NTP{Version: 4, Mode: 3}, true},
		{"private", []byte{0x17, 0, 3, 42, 0, 0, 0, 0}, NTP{Version: 2, Mode: 7}, true},
		{"short", server[:47], NTP{}, false},
		{"no mode", join([]byte{0x18}, make([]byte, 47)), NTP{}, false},
		{"version 7", join([]byte{0x3b}, make([]byte, 47)), NTP{}, false},
		{"stratum 17", join([]byte{0x24, 17}, make([]byte, 46)), NTP{}, false},
		{"empty", nil, NTP{}, false},
	} {
		if got, ok := ParseNTP(c.b); got != c.want || ok != c.ok {
			t.Errorf("%s: %+v %v", c.name, got, ok)
		}
	}
}

// ber is one element.
func ber(tag int, parts ...[]byte) []byte {
	v := join(parts...)
	if len(v) > 127 {
		return join([]byte{byte(tag), 0x82}, u16(len(v)), v)
	}
	return join([]byte{byte(tag), byte(len(v))}, v)
}

func TestSNMP(t *testing.T) {
	pdu := ber(0xa5, ber(2, []byte{1}), ber(2, []byte{0}), ber(2, []byte{9}), ber(0x30))
	v3 := func(flags byte, rest []byte) []byte {
		return ber(0x30, ber(2, []byte{3}), ber(0x30, ber(2, []byte{1, 2}), ber(2, []byte{0, 0xff, 0xff}), ber(4, []byte{flags}), ber(2, []byte{3})), ber(4, fill(200, 0)), rest)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want SNMP
		ok   bool
	}{
		{"v2c", ber(0x30, ber(2, []byte{1}), ber(4, []byte("public")), pdu), SNMP{Version: 1, HasCommunity: true, PDU: 5}, true},
		{"v1, empty community", ber(0x30, ber(2, []byte{0}), ber(4), ber(0xa4)), SNMP{PDU: 4}, true},
		{"v3", v3(5, ber(0x30, ber(4), ber(4), pdu)), SNMP{Version: 3, Authentic: true, PDU: 5}, true},
		{"v3, sealed", v3(7, ber(4, fill(40, 9))), SNMP{Version: 3, Authentic: true, Sealed: true}, true},
		{"version 2", ber(0x30, ber(2, []byte{2}), ber(4), pdu), SNMP{}, false},
		{"no PDU", ber(0x30, ber(2, []byte{1}), ber(4, []byte("x")), ber(0x30)), SNMP{}, false},
		{"a length of nine bytes", []byte{0x30, 0x89, 1, 2, 3, 4, 5, 6, 7, 8, 9}, SNMP{}, false},
		{"no length", []byte{0x30, 0x80, 2, 1, 0}, SNMP{}, false},
		{"cut inside the PDU", ber(0x30, ber(2, []byte{1}), ber(4, []byte("public")), pdu)[:20], SNMP{Version: 1, HasCommunity: true, PDU: 5}, true},
		{"cut before it", ber(0x30, ber(2, []byte{1}), ber(4, []byte("public")), pdu)[:12], SNMP{}, false},
	} {
		if got, ok := ParseSNMP(c.b); got != c.want || ok != c.ok {
			t.Errorf("%s: %+v %v", c.name, got, ok)
		}
	}
}

func TestLDAP(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want LDAP
		ok   bool
	}{
		{"bind", ber(0x30, ber(2, []byte{7}), ber(0x60, ber(2, []byte{3}))), LDAP{ID: 7}, true},
		{"search", ber(0x30, ber(2, []byte{1, 0}), ber(0x63)), LDAP{ID: 256, Op: 3}, true},
		{"start tls", ber(0x30, ber(2, []byte{1}), ber(0x77, ber(0x80, []byte(ldapStartTLS)))), LDAP{ID: 1, Op: 23, StartTLS: true}, true},
		{"another extension", ber(0x30, ber(2, []byte{1}), ber(0x77, ber(0x80, []byte("1.2.3")))), LDAP{ID: 1, Op: 23}, true},
		{"unbind", ber(0x30, ber(2, []byte{1}), ber(0x42)), LDAP{ID: 1, Op: 2}, true},
		{"no operation", ber(0x30, ber(2, []byte{1}), ber(0x72)), LDAP{}, false},
		{"a negative number", ber(0x30, ber(2, []byte{0xff}), ber(0x60)), LDAP{}, false},
		{"empty", nil, LDAP{}, false},
	} {
		if got, ok := ParseLDAP(c.b); got != c.want || ok != c.ok {
			t.Errorf("%s: %+v %v", c.name, got, ok)
		}
	}
}

func TestKerberos(t *testing.T) {
	five, realm := ber(0xa0, ber(2, []byte{5})), ber(0x1b, []byte("EXAMPLE.TEST"))
	request := func(kind, version int) []byte {
		return ber(0x60|kind, ber(0x30, ber(0xa1, ber(2, []byte{byte(version)})), ber(0xa2, ber(2, []byte{byte(kind)})), ber(0xa3, ber(0x30, fill(130, 0))),
			ber(0xa4, ber(0x30, ber(0xa0, ber(3, u32(0))), ber(0xa1, ber(0x30)), ber(0xa2, realm)))))
	}
	for _, c := range []struct {
		name string
		b    []byte
		want Kerberos
		ok   bool
	}{
		{"as request", request(10, 5), Kerberos{MsgType: 10, Realm: "EXAMPLE.TEST"}, true},
		{"tgs request over tcp", join(u32(len(request(12, 5))), request(12, 5)), Kerberos{MsgType: 12, Realm: "EXAMPLE.TEST"}, true},
		{"answer", ber(0x6b, ber(0x30, five, ber(0xa1, ber(2, []byte{11})), ber(0xa3, realm))), Kerberos{MsgType: 11, Realm: "EXAMPLE.TEST"}, true},
		{"error", ber(0x7e, ber(0x30, five, ber(0xa6, ber(2, []byte{25})), ber(0xa9, realm))), Kerberos{MsgType: 30, Realm: "EXAMPLE.TEST", Error: 25}, true},
		{"hostile realm", ber(0x6b, ber(0x30, five, ber(0xa3, ber(0x1b, []byte("\x00\xff"))))), Kerberos{MsgType: 11, Realm: `\x00\xff`}, true},
		{"version 4", request(10, 4), Kerberos{}, false},
		{"no version", ber(0x6a, ber(0x30)), Kerberos{MsgType: 10}, false},
		{"cut", request(10, 5)[:60], Kerberos{MsgType: 10}, true},
		{"another type", request(9, 5), Kerberos{}, false},
		{"empty", nil, Kerberos{}, false},
	} {
		if got, ok := ParseKerberos(c.b); got != c.want && ok || ok != c.ok {
			t.Errorf("%s: %+v %v", c.name, got, ok)
		}
	}
}
