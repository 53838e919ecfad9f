package source

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"

	"candor/internal/decode"
	"candor/internal/record"
)

// shedder decides which packets are followed when more come than can be. It leaves out whole connections by a hash of
// their ends, one half more with each level. Of those left out DNS, DHCP and the first packets of each, with SYNs and
// hellos in them, are followed all the same up to the last level. It is told how the rings stand and adapts.
type shedder struct {
	seed  uint64
	level int // the share kept is 1/2^level
	fill  float64
	moved time.Time // when the level changed, or was last seen to be needed
	heads []headOf  // by hash; nil until first needed

	span    record.Span // of what was left out since the last telling
	packets uint64
	conns   uint64
	deepest int // level since then
}

// headOf remembers a connection that is left out.
type headOf struct {
	tag     uint32
	left    uint8 // of its first packets
	counted bool  // among those left out
}

const (
	lastLevel   = 7
	headPackets = 8
	headSlots   = 1 << 16

	shedUp    = 250 * time.Millisecond // between two steps up
	shedDown  = 2 * time.Second        // of calm for one step down
	fillMuch  = 0.5                    // of the fullest ring
	fillFalls = 0.05                   // since the last look: what is left out is enough
	fillCalm  = 0.2
)

// pressure is how the reader stands.
type pressure struct {
	fill    float64 // of the fullest ring
	dropped bool    // the kernel found no room since the last look
	behind  bool    // nobody takes the batches
}

// adapt sets the level. It is to be called several times a second.
func (s *shedder) adapt(now time.Time, p pressure) {
	falls := p.fill < s.fill-fillFalls
	s.fill = p.fill
	pressed := p.dropped || p.behind || p.fill > fillMuch && !falls
	switch {
	case pressed && s.level < lastLevel && (s.level == 0 || now.Sub(s.moved) >= shedUp):
		if s.level == 0 {
			if s.heads == nil {
				s.heads = make([]headOf, headSlots)
			}
			clear(s.heads)
		}
		s.level++
		s.moved = now
	case s.level == 0:
	case pressed || p.fill > fillCalm:
		s.moved = maxTime(s.moved, now.Add(-shedUp)) // no calm yet
	case now.Sub(s.moved) >= shedDown:
		s.level--
		s.moved = now
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// keeps says whether a packet is followed, and counts it if it is not.
func (s *shedder) keeps(ts record.Time, p *decode.Packet) bool {
	if s.level == 0 || (p.Net != decode.IPv4 && p.Net != decode.IPv6) {
		return true
	}
	h := s.hash(p)
	if h>>(64-s.level) == 0 {
		return true
	}
	head := &s.heads[h%headSlots]
	if tag := uint32(h >> 16); head.tag != tag {
		*head = headOf{tag: tag}
		if p.Proto != decode.ProtoTCP {
			head.left = headPackets
		}
	}
	if p.Proto == decode.ProtoTCP && p.Flags&(decode.SYN|decode.ACK) == decode.SYN {
		head.left, head.counted = headPackets, false
	}
	if s.level < lastLevel {
		if isNaming(p) {
			return true
		}
		if head.left > 0 {
			head.left--
			return true
		}
	}
	if !head.counted {
		head.counted = true
		s.conns++
	}
	s.packets++
	s.deepest = max(s.deepest, s.level)
	s.span.Extend(ts)
	return false
}

// isNaming says whether a packet is of DNS or DHCP: few bytes that much is read from.
func isNaming(p *decode.Packet) bool {
	naming := func(port uint16) bool {
		switch port {
		case 53, 67, 68, 546, 547:
			return true
		default:
			return false
		}
	}
	return (p.Proto == decode.ProtoUDP || p.Proto == decode.ProtoTCP) && (naming(p.SrcPort) || naming(p.DstPort))
}

// hash is the same for both directions. Fragments, of which only the first has ports, go without.
func (s *shedder) hash(p *decode.Packet) uint64 {
	w := func(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
	one := mul(w(p.Src[:8])^s.seed, w(p.Src[8:])^0x9e3779b97f4a7c15)
	two := mul(w(p.Dst[:8])^s.seed, w(p.Dst[8:])^0x9e3779b97f4a7c15)
	if p.HasTransport && !p.Fragment && p.Proto != decode.ProtoICMP && p.Proto != decode.ProtoICMPv6 {
		one ^= uint64(p.SrcPort) << 40
		two ^= uint64(p.DstPort) << 40
	}
	// A sum does not know which of the two came first.
	return mul((mul(one, s.seed|1)+mul(two, s.seed|1))^uint64(p.Proto), 0xd6e8feb86659fd93^s.seed)
}

func mul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// tell gives what was left out since it was last asked, nil if nothing.
func (s *shedder) tell(feed record.Feed) []record.Blind {
	if s.packets == 0 {
		return nil
	}
	share := 1 << s.deepest
	words := fmt.Sprintf("%d packets were counted and not followed; of connections one in %d was followed whole", s.packets, share)
	if s.deepest < lastLevel {
		words += ", of the others DNS, DHCP and the first packets"
	}
	b := record.Blind{
		Span: s.span, Cause: record.BlindShed, Feed: feed, Count: s.conns, Kept: 1 / float64(share), Words: words,
	}
	s.span, s.packets, s.conns, s.deepest = record.Span{}, 0, 0, 0
	return []record.Blind{b}
}
