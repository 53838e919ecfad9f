package labnet

import (
	"encoding/binary"
	"net/netip"
)

// ntpMessage writes an NTP version 4 message (RFC 5905); mode 3 asks, 4 answers.
func ntpMessage(b []byte, mode byte, at int64) []byte {
	stratum := byte(0)
	if mode == 4 {
		stratum = 2
	}
	b = append(b, 4<<3|mode, stratum, 6, 0xe9)
	b = append(b, 0, 0, 8, 0, 0, 0, 9, 0, 192, 0, 2, 10)
	stamp := uint64(at/1e9+2208988800)<<32 | uint64(at%1e9)<<32/1e9
	for range 4 {
		b = binary.BigEndian.AppendUint64(b, stamp)
	}
	return b
}

// echoMessage writes an ICMP or ICMPv6 echo; kind is the type.
func echoMessage(b []byte, kind byte, id, seq uint16) []byte {
	b = append(b, kind, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, seq)
	for i := range 32 {
		b = append(b, byte('a'+i%23))
	}
	return b
}

// sshHello is the clear part of an SSH session: banners, key exchange offers, the exchange itself (RFC 4253, 5656).
func sshHello(d *dice) []turn {
	packet := func(body []byte) []byte {
		pad := 8 - (len(body)+5)%8
		if pad < 4 {
			pad += 8
		}
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)+1+pad))
		b = append(append(b, byte(pad)), body...)
		return append(b, make([]byte, pad)...)
	}
	str := func(b []byte, s []byte) []byte { return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...) }
	offer := func() []byte {
		b := appendRandom([]byte{20}, d, 16)
		lists := []string{
			"curve25519-sha256,ecdh-sha2-nistp256", "ssh-ed25519,rsa-sha2-512", "aes256-ctr", "aes256-ctr",
			"hmac-sha2-256", "hmac-sha2-256", "none", "none", "", "",
		}
		for _, l := range lists {
			b = str(b, []byte(l))
		}
		return packet(append(b, 0, 0, 0, 0, 0))
	}
	noise := func(n int) []byte { return appendRandom(nil, d, n) }
	key := str(str(nil, []byte("ssh-ed25519")), noise(32))
	signature := str(str(nil, []byte("ssh-ed25519")), noise(64))
	answer := packet(str(str(str([]byte{31}, key), noise(32)), signature))
	answer = append(answer, packet([]byte{21})...)
	return []turn{
		say(1, 1e6, []byte("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")), say(0, 300_000, []byte("SSH-2.0-OpenSSH_9.6\r\n")),
		say(0, 300_000, offer()), say(1, 500_000, offer()),
		say(0, 900_000, packet(str([]byte{30}, noise(32)))), say(1, 2e6, answer), say(0, 2e6, packet([]byte{21})),
	}
}

// berTLV wraps a body in a tag and a length (X.690).
func berTLV(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b := []byte{tag}
	switch {
	case n < 128:
		b = append(b, byte(n))
	case n < 256:
		b = append(b, 0x81, byte(n))
	default:
		b = append(b, 0x82, byte(n>>8), byte(n))
	}
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// snmpMessage writes an SNMP version 2c request (answer false) or response about counters of interfaces (RFC 3416, 2863).
func snmpMessage(id uint32, answer bool, first, count int, value uint32) []byte {
	var list []byte
	for i := range count {
		oid := []byte{0x2b, 6, 1, 2, 1, 31, 1, 1, 1, 6, byte(1 + (first+i)%100)}
		v := []byte{5, 0}
		if answer {
			v = berTLV(0x46, binary.BigEndian.AppendUint32([]byte{0, 1}, value+uint32(i)*7919))
		}
		list = append(list, berTLV(0x30, berTLV(6, oid), v)...)
	}
	tag := byte(0xa0)
	if answer {
		tag = 0xa2
	}
	pdu := berTLV(tag, berTLV(2, binary.BigEndian.AppendUint32(nil, id&0x7fffffff)), []byte{2, 1, 0, 2, 1, 0}, berTLV(0x30, list))
	return berTLV(0x30, []byte{2, 1, 1}, berTLV(4, []byte("watch")), pdu)
}

// nbnsName encodes a NetBIOS name (RFC 1001): 16 characters as 32 half bytes.
func nbnsName(b []byte, name string, suffix byte) []byte {
	b = append(b, 32)
	for i := range 16 {
		c := byte(' ')
		if i < len(name) {
			c = name[i] &^ 0x20
			if name[i] < 'A' {
				c = name[i]
			}
		}
		if i == 15 {
			c = suffix
		}
		b = append(b, 'A'+c>>4, 'A'+c&15)
	}
	return append(b, 0)
}

// nbnsQuery asks everybody for a NetBIOS name; register claims it instead.
func nbnsQuery(b []byte, id uint16, name string, register bool, mine netip.Addr) []byte {
	b = binary.BigEndian.AppendUint16(b, id)
	if !register {
		b = append(b, 1, 0x10, 0, 1, 0, 0, 0, 0, 0, 0)
		b = nbnsName(b, name, 0)
		return append(b, 0, 32, 0, 1)
	}
	b = append(b, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1)
	b = nbnsName(b, name, 0)
	b = append(b, 0, 32, 0, 1, 0xc0, 12, 0, 32, 0, 1, 0, 4, 0x93, 0xe0, 0, 6, 0, 0)
	return append(b, mine.AsSlice()...)
}
