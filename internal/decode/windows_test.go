package decode

import (
	"slices"
	"testing"
)

// smb2 is a message of SMB 2 with a session header before it.
func smb2(command, flags int, body []byte) []byte {
	h := make([]byte, 64)
	copy(h, "\xfeSMB\x40")
	h[8], h[12], h[16] = 0x16, byte(command), byte(flags)
	return join(u32(64+len(body)), h, body)
}

func TestSMB(t *testing.T) {
	smb1 := func(command, flags byte, body string) []byte {
		h := make([]byte, 32)
		copy(h, "\xffSMB")
		h[4], h[5], h[9], h[10] = command, 0x22, flags, 4
		return join(u32(32+len(body)), h, []byte(body))
	}
	request := join([]byte{36, 0, 3, 0}, make([]byte, 32), []byte{0x02, 0x02, 0x10, 0x02, 0x11, 0x03, 9, 9})
	answer := join([]byte{65, 0, 1, 0, 0x11, 0x03}, make([]byte, 58))
	for _, c := range []struct {
		name string
		b    []byte
		want SMB
		ok   bool
	}{
		{"negotiate", smb2(0, 0, request), SMB{Version: 2, Offered: []uint16{0x0202, 0x0210, 0x0311}}, true},
		{"its answer", smb2(0, 1, answer), SMB{Version: 2, Response: true, Status: 0x16, Dialect: 0x0311}, true},
		{"without its session header", smb2(5, 8, nil)[4:], SMB{Version: 2, Command: 5, Signed: true}, true},
		{"sealed", []byte("\x00\x00\x00\x40\xfdSMB1234"), SMB{Version: 2, Sealed: true}, true},
		{"offers cut", smb2(0, 0, request[:39]), SMB{Version: 2, Offered: []uint16{0x0202}}, true},
		{"too many offers", smb2(0, 0, join([]byte{36, 0, 0xff, 0xff}, make([]byte, 32), make([]byte, 100))), SMB{Version: 2, Offered: make([]uint16, 16)}, true},
		{"no such command", smb2(0x20, 0, nil), SMB{Version: 2, Command: 0x20}, false},
		{"smb 1", smb1(0x72, 0, "\x00\x02NT LM 0.12\x00\x02SMB 2.002\x00\x02SMB 2.???\x00"), SMB{Version: 1, Command: 0x72, Status: 0x22, Signed: true, OffersSMB: true}, true},
		{"smb 1 alone", smb1(0x72, 0, "\x00\x02NT LM 0.12\x00"), SMB{Version: 1, Command: 0x72, Status: 0x22, Signed: true}, true},
		{"smb 1 answer", smb1(0x73, 0x80, ""), SMB{Version: 1, Command: 0x73, Response: true, Status: 0x22, Signed: true}, true},
		{"short", []byte("\x00\x00\x00\x40\xfeSMB"), SMB{}, false},
		{"something else", []byte("GET / HTTP/1.1"), SMB{}, false},
		{"empty", nil, SMB{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := SMB{Offered: make([]uint16, 3, 20), Dialect: 7}
			ok := ParseSMB(c.b, &m)
			if offered := slices.Equal(m.Offered, c.want.Offered); ok != c.ok || ok && !offered {
				t.Fatalf("%v %+v", ok, m)
			}
			a, b := m, c.want
			a.Offered, b.Offered = nil, nil
			if ok && (a.Version != b.Version || a.Sealed != b.Sealed || a.Response != b.Response || a.Command != b.Command || a.Status != b.Status || a.Signed != b.Signed ||
				a.Dialect != b.Dialect || a.OffersSMB != b.OffersSMB) {
				t.Errorf("%+v, want %+v", a, b)
			}
		})
	}
}

func TestRDP(t *testing.T) {
	packet := func(kind byte, rest string) []byte {
		return join([]byte{3, 0}, u16(11+len(rest)), []byte{byte(6 + len(rest)), kind, 0, 0, 0, 0, 0}, []byte(rest))
	}
	for _, c := range []struct {
		name string
		b    []byte
		want RDP
		ok   bool
	}{
		{"request", packet(0xe0, "Cookie: mstshash=alice\r\n\x01\x00\x08\x00\x0b\x00\x00\x00"), RDP{Cookie: "alice", Asked: true, Protocols: 0xb}, true},
		{"token", packet(0xe0, "Cookie: msts=3640205228.15629.0000\r\n\x01\x00\x08\x00\x03\x00\x00\x00"), RDP{Cookie: "3640205228.15629.0000", Asked: true, Protocols: 3}, true},
		{"old client", packet(0xe0, "Cookie: mstshash=a\\b\x01\r\n"), RDP{Cookie: `a\\b\x01`}, true},
		{"bare", packet(0xe0, ""), RDP{}, true},
		{"answer", packet(0xd0, "\x02\x1f\x08\x00\x02\x00\x00\x00"), RDP{Response: true, Asked: true, Protocols: 2}, true},
		{"refusal", packet(0xd0, "\x03\x00\x08\x00\x05\x00\x00\x00"), RDP{Response: true, Asked: true, Refused: true, Protocols: 5}, true},
		{"data", packet(0xf0, ""), RDP{}, false},
		{"cookie without end", packet(0xe0, "Cookie: mstshash=alice"), RDP{}, true},
		{"behind the packet", join(packet(0xe0, ""), []byte("\x01\x00\x08\x00\x0b\x00\x00\x00")), RDP{}, true},
		{"a length too small", []byte{3, 0, 0, 5, 6, 0xe0, 0, 0, 0, 0, 0, 0}, RDP{}, false},
		{"empty", nil, RDP{}, false},
	} {
		if got, ok := ParseRDP(c.b); got != c.want || ok != c.ok {
			t.Errorf("%s: %+v %v", c.name, got, ok)
		}
	}
}
