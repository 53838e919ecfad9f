package sight_test

import (
	"bytes"
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
)

// TestPlaces: every IPv4 packet counts in at most one of the places, and segments count their own.
func TestPlaces(t *testing.T) {
	type want struct{ p4, p6, inside4, inside6, public4, public6, foreign4, transit4, internet uint64 }
	cases := []struct {
		name    string
		p       packet
		want    want
		segment record.SegmentID // that counts the packet, else none
	}{
		{"client to the Internet", packet{to: far}, want{p4: 1, inside4: 1, internet: 1}, users},
		{"the Internet to a server", packet{from: far, to: server}, want{p4: 1, inside4: 1, internet: 1}, servers},
		{"client to client", packet{to: "10.1.0.9"}, want{p4: 1, inside4: 1}, users},
		{"own public to the Internet", packet{from: public, to: far}, want{p4: 1, public4: 1, internet: 1}, ""},
		{"the Internet to own public", packet{from: far, to: public}, want{p4: 1, public4: 1, internet: 1}, ""},
		{"private of no segment", packet{from: foreign, to: far}, want{p4: 1, foreign4: 1, internet: 1}, ""},
		{"carrier's shared space", packet{from: "100.64.1.1", to: far}, want{p4: 1, foreign4: 1, internet: 1}, ""},
		{"transit", packet{from: far, to: "192.0.2.9"}, want{p4: 1, transit4: 1, internet: 1}, ""},
		{"multicast from the Internet is no transit", packet{from: far, to: "239.1.1.1", dst: record.MAC{1, 0, 0x5e, 1, 1, 1}}, want{p4: 1}, ""},
		{"client, IPv6", packet{from: client6, to: far6}, want{p6: 1, inside6: 1, internet: 1}, users},
		{"transit, IPv6", packet{from: far6, to: "2001:db8:fffe::1"}, want{p6: 1, internet: 1}, ""},
		{"link-local talk is no IPv6 data", packet{from: "fe80::7", to: "ff02::fb", dst: record.MAC{0x33, 0x33, 0, 0, 0, 0xfb}}, want{}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			c.p.proto = decode.ProtoUDP
			w.frame(start, c.p.bytes())
			whole, by := w.done()
			n := whole.Counts
			got := want{
				n[record.Packets4], n[record.Packets6], n[record.Inside4], n[record.Inside6], n[record.Public4], n[record.Public6],
				n[record.Foreign4], n[record.Transit4], n[record.InternetPackets],
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			for _, id := range []record.SegmentID{users, servers} {
				if n := by[id].Counts[record.Packets4] + by[id].Counts[record.Packets6]; (n == 1) != (id == c.segment) || n > 1 {
					t.Errorf("%s counts %d", id, n)
				}
			}
		})
	}
}

// TestBothSegmentsCount: a packet between two segments belongs to both.
func TestBothSegmentsCount(t *testing.T) {
	w := watching(t)
	w.frame(start, packet{}.bytes())
	whole, by := w.done()
	counts(t, whole, map[record.Count]uint64{record.Packets4: 1, record.Inside4: 1})
	counts(t, by[users], map[record.Count]uint64{record.Packets4: 1})
	counts(t, by[servers], map[record.Count]uint64{record.Packets4: 1})
}

func TestTrafficKinds(t *testing.T) {
	udp, multicast := uint8(decode.ProtoUDP), record.MAC{1, 0, 0x5e, 0, 0, 0xfb}
	cases := []struct {
		name                   string
		p                      packet
		mgmt, user, announcing uint64
	}{
		{"web", packet{}, 0, 1, 0},
		{"SSH", packet{dport: 22}, 1, 0, 0},
		{"answer of SSH", packet{sport: 22}, 1, 0, 0},
		{"SNMP trap", packet{proto: udp, dport: 162}, 1, 0, 0},
		{"TFTP", packet{proto: udp, dport: 69}, 1, 0, 0},
		{"port 69 over TCP is not TFTP", packet{dport: 69}, 0, 1, 0},
		{"mDNS", packet{proto: udp, sport: 5353, dport: 5353, to: "224.0.0.251", dst: multicast}, 0, 0, 1},
		{"mDNS to one host is traffic", packet{proto: udp, dport: 5353}, 0, 1, 0},
		{"DHCP client", packet{proto: udp, sport: 68, dport: 67, from: "0.0.0.0", to: "255.255.255.255", dst: everybody}, 0, 0, 1},
		{"other multicast is neither", packet{proto: udp, dport: 5004, to: "239.1.1.1", dst: multicast}, 0, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			w.frame(start, c.p.bytes())
			whole, _ := w.done()
			counts(t, whole, map[record.Count]uint64{record.MgmtPackets: c.mgmt, record.UserPackets: c.user, record.Announced: c.announcing})
		})
	}
}

func TestCopies(t *testing.T) {
	base := packet{payload: bytes.Repeat([]byte("x"), 400), id: 7}
	end := packet{payload: append(bytes.Repeat([]byte("x"), 399), 'y'), id: 7}
	cases := []struct {
		name  string
		after record.Time
		again packet
		copy  bool
	}{
		{"at the same moment", 0, base, true},
		{"after 2 ms", 2 * milli, base, true},
		{"after 2.1 ms", 21 * milli / 10, base, false},
		{"with another card", milli, packet{src: serverMAC, payload: base.payload, id: 7}, false},
		{"a hop further", milli, packet{ttl: 63, payload: base.payload, id: 7}, false},
		{"sent again by the host", milli, packet{payload: base.payload, id: 8}, false},
		{"another last byte", milli, end, false},
		{"one byte shorter", milli, packet{payload: base.payload[1:], id: 7}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := watching(t)
			first, again := base.bytes(), c.again.bytes()
			if w.frame(start, first) {
				t.Fatal("the first frame is a copy")
			}
			if got := w.frame(start+c.after, again); got != c.copy {
				t.Errorf("copy %v, want %v", got, c.copy)
			}
			whole, _ := w.done()
			want := map[record.Count]uint64{
				record.Frames: 2, record.Copies: 1, record.Packets: 1, record.Bytes: uint64(len(first) - 14), record.FrameBytes: uint64(len(first) + len(again)),
			}
			if !c.copy {
				want[record.Copies], want[record.Packets], want[record.Bytes] = 0, 2, uint64(len(first)+len(again)-28)
			}
			counts(t, whole, want)
		})
	}
}

// TestCopiesOfOtherFramesBetween: a mirror that sends everything twice in blocks is found as well as one that repeats at once.
func TestCopiesOfOtherFramesBetween(t *testing.T) {
	w := watching(t)
	for range 2 {
		for i := range 100 {
			w.frame(start, packet{id: uint16(i)}.bytes())
		}
	}
	whole, _ := w.done()
	counts(t, whole, map[record.Count]uint64{record.Frames: 200, record.Copies: 100, record.Packets: 100})
}

func TestSmallCopies(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 13, 64, 128, 129, 135, 160, 161, 1500} {
		w := watching(t)
		data := bytes.Repeat([]byte{0xa5}, n)
		if w.frame(start, data) || !w.frame(start, bytes.Clone(data)) {
			t.Errorf("a frame of %d bytes: the first must be none, the second a copy", n)
		}
		if n > 0 {
			data[n-1] ^= 1
			if w.frame(start, data) {
				t.Errorf("a frame of %d bytes with another last byte is no copy", n)
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	w := watching(t)
	whole64 := packet{payload: make([]byte, 600)}.bytes()
	w.cut(start, whole64[:64], uint32(len(whole64)))
	w.frame(start, whole64)
	got, _ := w.done()
	counts(t, got, map[record.Count]uint64{
		record.Frames: 2, record.Truncated: 1, record.FrameBytes: 64 + uint64(len(whole64)), record.Packets: 2,
		record.Bytes: 2 * uint64(len(whole64)-14), // by the IP header, whatever was captured
	})
}

func TestUnreadLink(t *testing.T) {
	w := watching(t)
	data := packet{}.bytes()
	var p decode.Packet
	p.Frame(105, data, uint32(len(data)))
	w.Frame(start, &p, data, uint32(len(data)))
	whole, by := w.done()
	counts(t, whole, map[record.Count]uint64{record.Frames: 1, record.UnreadFrames: 1, record.Packets: 0})
	if len(by) != 1 || len(whole.Cards) != 0 || whole.Undecodable[decode.UnknownLink.String()] != 1 {
		t.Errorf("sights %d, cards %v, undecodable %v", len(by), whole.Cards, whole.Undecodable)
	}
}

func TestUndecodableVLANsSwitchTalk(t *testing.T) {
	w := watching(t)
	plain := packet{}.bytes()
	tagged := append(append(bytes.Clone(plain[:12]), 0x81, 0, 0, 12, 0x81, 0, 0, 7), plain[12:]...)
	w.frame(start, tagged)
	w.frame(start, append(append(bytes.Clone(plain[:12]), 0x81, 0, 0, 7), plain[12:]...))
	w.frame(start, plain[:20])
	w.frame(start, append(append([]byte{1, 0x80, 0xc2, 0, 0, 0x0e}, routerMAC[:]...), 0x88, 0xcc, 0, 0))
	whole, _ := w.done()
	if len(whole.VLANs) != 2 || whole.VLANs[0] != 7 || whole.VLANs[1] != 12 {
		t.Errorf("VLANs %v, want 7 and 12", whole.VLANs)
	}
	if len(whole.Undecodable) != 1 {
		t.Errorf("undecodable %v, want one reason", whole.Undecodable)
	}
	counts(t, whole, map[record.Count]uint64{record.SwitchTalk: 1, record.Packets: 2})
}

// TestTunnels: bytes of tunnels count once, as all volume does.
func TestTunnels(t *testing.T) {
	w := watching(t)
	sealed := packet{proto: decode.ProtoESP, payload: append([]byte{0, 0, 0, 9, 0, 0, 0, 1}, make([]byte, 64)...)}.bytes()
	w.frame(start, sealed)
	w.frame(start, sealed)
	open := packet{proto: decode.ProtoGRE, payload: append([]byte{0, 0, 8, 0}, packet{}.bytes()[14:]...)}.bytes()
	w.frame(start, open)
	whole, _ := w.done()
	counts(t, whole, map[record.Count]uint64{
		record.SealedBytes: uint64(len(sealed) - 14), record.TunnelBytes: uint64(len(open) - 14), record.Bytes: uint64(len(sealed) + len(open) - 28),
	})
	if whole.Tunnels[decode.TunnelESP.String()] != uint64(len(sealed)-14) || whole.Tunnels[decode.TunnelGRE.String()] != uint64(len(open)-14) {
		t.Errorf("tunnels %v", whole.Tunnels)
	}
}
