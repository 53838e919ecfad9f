package sight_test

import (
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
)

// load is a minute of a mixed network, decoded: hosts of two segments talk to servers, the Internet and their link.
type load struct {
	frames  [][]byte
	packets []decode.Packet
}

func mixed() *load {
	l := &load{}
	for i := range 4096 {
		from := numbered(i % 300)
		mac := record.MAC{2, 0, 0, 0, byte(i % 300 >> 8), byte(i % 300)}
		p := packet{src: mac, from: from, to: numbered(65_536 + i%40), sport: uint16(40000 + i%97), id: uint16(i), payload: make([]byte, i%7*200)}
		switch i % 16 {
		case 0:
			p.flags, p.options = decode.SYN, []byte{2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 1, 1, 1, 0, 0, 0, 0, 1, 3, 3, 7}
		case 1, 2:
			p.proto, p.dport, p.to = decode.ProtoUDP, 53, resolver
		case 3, 4, 5, 6:
			p.to = far
		case 7, 8, 9:
			p.src, p.from, p.to, p.ttl = routerMAC, far, from, 55
		case 10:
			p.from, p.to = client6, far6
		case 11:
			p.proto, p.dst, p.to, p.dport = decode.ProtoUDP, everybody, "10.1.255.255", 137
		}
		data := p.bytes()
		if i%16 == 12 {
			data = arp(1, mac, from, "10.1.0.1")
			data = append(data, byte(i), byte(i>>8)) // padding, so that no two are alike
		}
		l.frames = append(l.frames, data)
		l.packets = append(l.packets, decode.Packet{})
		l.packets[i].Frame(decode.LinkEthernet, data, uint32(len(data)))
	}
	return l
}

func TestFrameAllocatesNothing(t *testing.T) {
	w, l := watching(t), mixed()
	at := start
	all := func() {
		for i := range l.packets {
			at += 200
			w.Frame(at, &l.packets[i], l.frames[i], uint32(len(l.frames[i])))
		}
	}
	all()
	if n := testing.AllocsPerRun(20, all); n != 0 {
		t.Errorf("%v allocations in %d frames of known hosts, want 0", n, len(l.packets))
	}
	if at > start+record.Minute {
		t.Fatal("the test left its minute")
	}
}

func BenchmarkFrame(b *testing.B) {
	w, l := watching(b), mixed()
	at := start
	b.ReportAllocs()
	for i := range b.N {
		at += 2000
		k := i % len(l.packets)
		w.Frame(at, &l.packets[k], l.frames[k], uint32(len(l.frames[k])))
		if i%(1<<22) == 0 {
			w.Drain(nil)
		}
	}
}
