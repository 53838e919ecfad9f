package source

import (
	"encoding/binary"
	"testing"
	"time"

	"candor/internal/decode"
)

// some is a packet of a TCP or UDP connection, from one side or the other.
func some(i uint32, back bool, proto, flags uint8, port uint16) *decode.Packet {
	p := &decode.Packet{Net: decode.IPv4, Proto: proto, Flags: flags, HasTransport: true, SrcPort: uint16(i>>8) + 1024, DstPort: port}
	for _, a := range []*decode.Addr{&p.Src, &p.Dst} {
		a[10], a[11] = 0xff, 0xff
	}
	binary.BigEndian.PutUint32(p.Src[12:], 10<<24|i)
	binary.BigEndian.PutUint32(p.Dst[12:], 203<<24|i%7)
	if back {
		p.Src, p.Dst, p.SrcPort, p.DstPort = p.Dst, p.Src, p.DstPort, p.SrcPort
	}
	return p
}

func shedding(level int) *shedder {
	return &shedder{seed: 0x1234567, level: level, heads: make([]headOf, headSlots)}
}

// TestShedShare: the share that is kept is what is told, both directions share one fate, and a deeper level keeps only what
// the one before kept.
func TestShedShare(t *testing.T) {
	const conns = 40000
	before := map[uint32]bool{}
	for level := 1; level <= lastLevel; level++ {
		s := shedding(level)
		kept := map[uint32]bool{}
		for i := range uint32(conns) {
			there, back := s.keeps(1, some(i, false, decode.ProtoTCP, decode.ACK, 443)), s.keeps(1, some(i, true, decode.ProtoTCP, decode.ACK, 443))
			if there != back {
				t.Fatalf("level %d, connection %d: %v there, %v back", level, i, there, back)
			}
			if kept[i] = there; there && level > 1 && !before[i] {
				t.Fatalf("level %d keeps connection %d, the one before did not", level, i)
			}
		}
		n := 0
		for _, k := range kept {
			if k {
				n++
			}
		}
		want := conns >> level
		if n < want*7/10 || n > want*13/10 {
			t.Errorf("level %d keeps %d connections of %d, want about %d", level, n, conns, want)
		}
		told := s.tell("tap")
		if len(told) != 1 || told[0].Kept != 1/float64(int(1)<<level) || told[0].Feed != "tap" || told[0].Count > conns || told[0].Count < uint64(conns-n)*9/10 {
			t.Errorf("level %d: %+v", level, told)
		}
		if s.tell("tap") != nil {
			t.Error("told twice")
		}
		before = kept
	}
}

// TestShedLast: of a connection that is left out the beginning is followed, DNS always, and what is no IP packet anyway.
func TestShedLast(t *testing.T) {
	s := shedding(lastLevel - 1)
	left := uint32(0)
	for s.keeps(1, some(left, false, decode.ProtoTCP, decode.ACK, 443)) {
		left++
	}
	kept := func(proto, flags uint8, port uint16, n int) (kept int) {
		for k := range n {
			f := flags
			if k > 0 {
				f = decode.ACK
			}
			if s.keeps(1, some(left, k%2 == 1, proto, f, port)) {
				kept++
			}
		}
		return kept
	}
	for _, c := range []struct {
		name         string
		proto, flags uint8
		port         uint16
		want         int
	}{
		{"in its middle", decode.ProtoTCP, decode.ACK, 443, 0},
		{"begins", decode.ProtoTCP, decode.SYN, 443, headPackets},
		{"begins again", decode.ProtoTCP, decode.SYN, 443, headPackets},
		{"UDP", decode.ProtoUDP, 0, 9999, headPackets},
		{"DNS", decode.ProtoUDP, 0, 53, 100},
		{"DHCP", decode.ProtoUDP, 0, 67, 100},
	} {
		if got := kept(c.proto, c.flags, c.port, 100); got != c.want && got != 100 { // by chance all of it
			t.Errorf("%s: %d packets of 100, want %d", c.name, got, c.want)
		}
	}
	if !s.keeps(1, &decode.Packet{Net: decode.ARP}) {
		t.Error("ARP was left out")
	}
	s.level = lastLevel
	if got := kept(decode.ProtoUDP, 0, 53, 100); got == 100 && s.hash(some(left, false, decode.ProtoUDP, 0, 53))>>(64-lastLevel) != 0 {
		t.Error("at the last level DNS goes like the rest")
	}
}

func TestShedAdapts(t *testing.T) {
	s := &shedder{seed: 1}
	now := time.Unix(1000, 0)
	after := func(d time.Duration, p pressure) int {
		for end := now.Add(d); now.Before(end); now = now.Add(100 * time.Millisecond) {
			s.adapt(now, p)
		}
		return s.level
	}
	for _, step := range []struct {
		name     string
		d        time.Duration
		p        pressure
		low, top int
	}{
		{"calm", time.Minute, pressure{fill: 0.4}, 0, 0},
		{"one drop", 100 * time.Millisecond, pressure{dropped: true}, 1, 1},
		{"calm again", 3 * time.Second, pressure{}, 0, 0},
		{"filling", time.Second, pressure{fill: 0.9}, 3, 5},
		{"between", time.Minute, pressure{fill: 0.4}, 3, 5},
		{"nobody takes batches", 10 * time.Second, pressure{behind: true}, lastLevel, lastLevel},
		{"everything is back within half a minute", 20 * time.Second, pressure{}, 0, 0},
	} {
		if got := after(step.d, step.p); got < step.low || got > step.top {
			t.Errorf("%s: level %d, want %d to %d", step.name, got, step.low, step.top)
		}
	}
}
