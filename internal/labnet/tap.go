package labnet

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Tap is one listener of a run: a place, where its capture goes, and what is wrong with it. The zero of every field but At and
// Out is a healthy tap.
type Tap struct {
	At  TapName
	Out io.Writer // receives a pcap file; may be nil when Zeek is set

	Zeek *ZeekLogs // a Zeek listens here and writes its logs

	Moved  *Move   // it stands elsewhere after a time
	Snap   int     // bytes kept of each frame; 0 keeps all
	Loss   float64 // share of frames lost at random
	Rate   int64   // bits per second the mirror port can carry; 0 is enough for all
	Twice  bool    // every frame is copied twice, the copy within 2 ms
	NoDNS  bool    // port 53 is filtered away
	NoIPv6 bool    // IPv6 is filtered away, but for neighbour discovery
	Tagged bool    // the mirror writes 802.1Q tags
	Nano   bool    // time stamps in nanoseconds
}

// Move says that a tap stood at its first place before At, and at To from then on.
type Move struct {
	At time.Time
	To TapName
}

// Moved gives a tap that stands at one place before the time given and at another from then on.
func Moved(at time.Time, before, after TapName, out io.Writer) Tap {
	return Tap{At: before, Out: out, Moved: &Move{At: at, To: after}}
}

// errNoPlace is wrapped when a tap names a place the site does not have.
var errNoPlace = errors.New("the site has no such place")

// frame is one captured frame waiting for its turn.
type frame struct {
	at   int64
	wire int
	data []byte
}

// listener is a tap at work. It puts frames into the order of their times: links further on come later than the event that
// caused them, by less than a few milliseconds.
type listener struct {
	tap     Tap
	out     *pcapWriter
	place   *place
	moveAt  int64
	after   *place
	luck    dice
	bucket  int64 // bits the mirror port can still take at once
	filled  int64 // when bucket was computed
	waiting []frame
	spare   [][]byte
	count   TapCount
	zeek    *zeekSensor // nil without
	err     error
}

// TapCount is what one tap wrote and what it lost on purpose.
type TapCount struct {
	At      TapName
	Packets int64 // frames written
	Bytes   int64 // their lengths on the wire
	Lost    int64 // frames dropped by Loss, Rate or a filter
}

func newListener(s *Site, t Tap, index int) (*listener, error) {
	switch {
	case t.Out == nil && t.Zeek == nil:
		return nil, fmt.Errorf("tap %q has no writer: set Out", t.At)
	case t.Out == nil:
		t.Out = io.Discard
	}
	p := s.place(t.At)
	if p == nil {
		return nil, fmt.Errorf("tap %q at site %s: %w; it has %v", t.At, s.name, errNoPlace, s.Taps())
	}
	l := &listener{tap: t, place: p, luck: newDice(s.seed, 77, uint64(index)), bucket: bucketBits, count: TapCount{At: t.At}}
	if t.Moved != nil {
		if l.after = s.place(t.Moved.To); l.after == nil {
			return nil, fmt.Errorf("tap moved to %q at site %s: %w; it has %v", t.Moved.To, s.name, errNoPlace, s.Taps())
		}
		l.moveAt = t.Moved.At.UnixNano()
	}
	out, err := newPcapWriter(t.Out, t.Nano, t.Snap)
	if err != nil {
		return nil, fmt.Errorf("tap %q: %w", t.At, err)
	}
	l.out = out
	if t.Zeek != nil {
		if l.zeek, err = newZeekSensor(*t.Zeek); err != nil {
			return nil, fmt.Errorf("tap %q: %w", t.At, err)
		}
	}
	return l, nil
}

// bucketBits is what a mirror port's buffer holds.
const bucketBits = 64 << 13

// where gives the place at a time.
func (l *listener) where(at int64) *place {
	if l.after != nil && at >= l.moveAt {
		return l.after
	}
	return l.place
}

// wants tells whether a frame on this link is seen here.
func (l *listener) wants(at int64, on *lan, from, to *port, flooded bool) bool {
	p := l.where(at)
	if from.private != nil && from.private != p || to != nil && to.private != nil && to.private != p {
		return false
	}
	if flooded && p.passive {
		to = nil
	}
	return p.sees(on, from, to)
}

// take keeps one frame; eth is untagged, of at least 60 bytes.
func (l *listener) take(at int64, eth []byte, vlan uint16) {
	if l.tap.NoDNS && isDNS(eth) || l.tap.NoIPv6 && isSixData(eth) {
		l.count.Lost++
		return
	}
	if l.tap.Loss > 0 && l.luck.chance(l.tap.Loss) || l.tap.Rate > 0 && !l.room(at, len(eth)) {
		l.count.Lost++
		return
	}
	l.keep(at, eth, vlan)
	if l.tap.Twice {
		l.keep(at+l.luck.span(4_000, 900_000), eth, vlan)
	}
}

// room is the mirror port's token bucket.
func (l *listener) room(at int64, n int) bool {
	if gone := at - l.filled; gone > 0 {
		if gone > 1e9 {
			gone = 1e9
		}
		l.bucket = min(l.bucket+gone/1e3*l.tap.Rate/1e6, bucketBits)
		l.filled = at
	}
	need := int64(n+24) * 8
	if l.bucket < need {
		return false
	}
	l.bucket -= need
	return true
}

// keep puts a copy of the frame in its place in the queue.
func (l *listener) keep(at int64, eth []byte, vlan uint16) {
	var b []byte
	if k := len(l.spare); k > 0 {
		b, l.spare = l.spare[k-1][:0], l.spare[:k-1]
	}
	wire := len(eth)
	if l.tap.Tagged && vlan != 0 {
		b = append(b, eth[:12]...)
		b = append(b, typeVLAN>>8, typeVLAN&0xff, byte(vlan>>8), byte(vlan))
		b = append(b, eth[12:]...)
		wire += 4
	} else {
		b = append(b, eth...)
	}
	if l.tap.Snap > 0 && len(b) > l.tap.Snap {
		b = b[:l.tap.Snap]
	}
	l.waiting = append(l.waiting, frame{at, wire, b})
	for i := len(l.waiting) - 1; i > 0 && l.waiting[i-1].at > l.waiting[i].at; i-- {
		l.waiting[i-1], l.waiting[i] = l.waiting[i], l.waiting[i-1]
	}
}

// release writes all frames no later than the time given: nothing earlier can come any more.
func (l *listener) release(until int64) {
	k := 0
	for k < len(l.waiting) && l.waiting[k].at <= until {
		f := l.waiting[k]
		if l.err == nil {
			l.err = l.out.frame(f.at, f.data, f.wire)
		}
		if l.zeek != nil {
			l.zeek.frame(f.at, f.data)
		}
		l.count.Packets++
		l.count.Bytes += int64(f.wire)
		l.spare = append(l.spare, f.data)
		k++
	}
	if k > 0 {
		l.waiting = l.waiting[:copy(l.waiting, l.waiting[k:])]
	}
}

// finish writes what is left and flushes.
func (l *listener) finish() error {
	l.release(1 << 62)
	if l.err != nil {
		return fmt.Errorf("tap %q: %w", l.tap.At, l.err)
	}
	if err := l.out.flush(); err != nil {
		return fmt.Errorf("tap %q: %w", l.tap.At, err)
	}
	if l.zeek == nil {
		return nil
	}
	if err := l.zeek.close(); err != nil {
		return fmt.Errorf("tap %q: %w", l.tap.At, err)
	}
	return nil
}

// isDNS looks at the ports of an untagged frame.
func isDNS(eth []byte) bool {
	l4 := 0
	switch {
	case eth[12] == 8 && eth[13] == 0 && (eth[23] == protoUDP || eth[23] == protoTCP):
		l4 = 34
	case eth[12] == 0x86 && eth[13] == 0xdd && (eth[20] == protoUDP || eth[20] == protoTCP):
		l4 = 54
	default:
		return false
	}
	port := func(at int) bool { return eth[at] == 0 && eth[at+1] == 53 }
	return port(l4) || port(l4+2)
}

// isSixData tells whether an untagged frame carries IPv6 other than neighbour discovery, router advertisements and reports.
func isSixData(eth []byte) bool {
	if eth[12] != 0x86 || eth[13] != 0xdd {
		return false
	}
	next := eth[20]
	return next != 0 && (next != protoICMPv6 || eth[54] < 133 || eth[54] > 137)
}
