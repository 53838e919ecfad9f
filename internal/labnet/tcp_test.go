package labnet

import (
	"encoding/binary"
	"testing"
	"time"
)

// side is what one direction of a connection has said.
type side struct {
	begun bool
	next  uint32 // highest sequence number seen, plus one
	holes map[uint32]uint32
}

type tuple struct {
	src, dst     [4]byte
	sport, dport uint16
}

// TestConnectionsAreConsistent follows every IPv4 connection at a place that sees each packet once: data follows on data, a hole
// is filled later, and nobody acknowledges what was never seen.
func TestConnectionsAreConsistent(t *testing.T) {
	cases := []struct {
		name string
		site *Site
		at   TapName
	}{
		{"firm core", Firm(21), Core},
		{"firm outside", Firm(21), Outside},
		{"bank clients", Bank(22), ClientsOnly},
		{"bank outside", Bank(22), Outside},
		{"after proxy", ProxyFirm(23), AfterProxy},
		{"library", Library(24), Core},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files, _ := listen(t, c.site, morning(c.site, 10*time.Minute), Tap{At: c.at})
			sides := map[tuple]*side{}
			segments, holes := 0, 0
			for k, p := range shots(t, files[0]) {
				src, dst, ok := p.v4()
				if !ok || p.data[23] != protoTCP {
					continue
				}
				segments++
				holes += followSegment(t, sides, k, &p, src, dst)
			}
			open := 0
			for _, s := range sides {
				open += len(s.holes)
			}
			if segments < 1000 || open > 2 {
				t.Errorf("%d segments, %d holes, %d never filled", segments, holes, open)
			}
		})
	}
}

func followSegment(t *testing.T, sides map[tuple]*side, k int, p *shot, src, dst [4]byte) (newHole int) {
	tcp := p.data[34 : 14+int(binary.BigEndian.Uint16(p.data[16:]))]
	key := tuple{src, dst, binary.BigEndian.Uint16(tcp), binary.BigEndian.Uint16(tcp[2:])}
	seq, ack, flags := binary.BigEndian.Uint32(tcp[4:]), binary.BigEndian.Uint32(tcp[8:]), tcp[13]
	n := uint32(len(tcp)) - uint32(tcp[12]>>4)*4
	if flags&(flagSYN|flagFIN) != 0 {
		n++
	}
	s := sides[key]
	if s == nil || flags&flagSYN != 0 && s.begun && seq+1 != s.next {
		s = &side{holes: map[uint32]uint32{}}
		sides[key] = s
	}
	if flags&flagRST != 0 {
		return 0
	}
	switch {
	case !s.begun:
		s.begun, s.next = true, seq+n
	case int32(seq-s.next) > 0:
		newHole = 1
		s.holes[s.next] = seq
		s.next = seq + n
	case int32(seq+n-s.next) > 0:
		s.next = seq + n
	default:
		delete(s.holes, seq)
	}
	back := sides[tuple{dst, src, key.dport, key.sport}]
	if flags&flagACK == 0 || back == nil || !back.begun {
		return newHole
	}
	if int32(ack-back.next) > 0 {
		t.Errorf("frame %d acknowledges %d bytes never seen", k, ack-back.next)
	}
	for at := range back.holes {
		if int32(ack-at) > 0 {
			t.Errorf("frame %d acknowledges past a hole", k)
		}
	}
	return newHole
}

// TestLossBeyondTheTapIsHonest finds holes that are filled later, and retransmissions of what was already seen.
func TestLossBeyondTheTapIsHonest(t *testing.T) {
	s := Bank(25)
	files, _ := listen(t, s, morning(s, 20*time.Minute), Tap{At: Outside})
	sides := map[tuple]*side{}
	holes, again := 0, 0
	for k, p := range shots(t, files[0]) {
		src, dst, ok := p.v4()
		if !ok || p.data[23] != protoTCP {
			continue
		}
		key := tuple{src, dst, binary.BigEndian.Uint16(p.data[34:]), binary.BigEndian.Uint16(p.data[36:])}
		seq := binary.BigEndian.Uint32(p.data[38:])
		if old := sides[key]; old != nil && old.begun && int32(seq-old.next) < -1 && p.wire > 80 && old.holes[seq] == 0 {
			again++
		}
		holes += followSegment(t, sides, k, &p, src, dst)
	}
	if holes == 0 || again == 0 {
		t.Errorf("%d holes and %d retransmissions of seen data in 20 minutes: want some of both", holes, again)
	}
}
