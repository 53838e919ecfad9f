package decode

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// piece4 is an Ethernet frame with a fragment of an IPv4 packet with id, at a multiple of eight.
func piece4(id, offset int, more bool, payload []byte) []byte {
	bits := offset / 8
	if more {
		bits |= 0x2000
	}
	frame := ether(0x0800, ip4(ProtoUDP, bits, payload))
	binary.BigEndian.PutUint16(frame[14+4:], uint16(id))
	return frame
}

// piece6 is the same for IPv6, behind a hop-by-hop header.
func piece6(id, offset int, more bool, payload []byte) []byte {
	bits := offset
	if more {
		bits |= 1
	}
	return ether(0x86dd, ip6(ProtoHopByHop, join([]byte{ProtoFragment, 0, 1, 4, 0, 0, 0, 0}, []byte{ProtoUDP, 0}, u16(bits), u32(id), payload)))
}

func (f *Fragments) take(t interface{ Fatalf(string, ...any) }, frame []byte, ts int64) ([]byte, uint16, FragmentState) {
	var p Packet
	p.Frame(LinkEthernet, frame, uint32(len(frame)))
	whole, link, state := f.Add(&p, frame, ts)
	if (state == FragmentWhole) != (whole != nil) {
		t.Fatalf("%s with %d bytes", state, len(whole))
	}
	return whole, link, state
}

// TestFragmentsAnyOrder cuts a datagram anywhere, in any order and with pieces that come twice or overlap, and finds it again.
func TestFragmentsAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := piece4
		if rapid.Bool().Draw(t, "IPv6") {
			piece = piece6
		}
		want := udp(50000, 4000, rapid.SliceOfN(rapid.Byte(), 20, 4000).Draw(t, "payload"))
		var frames [][]byte
		for at := 0; at < len(want); {
			n := 8 * rapid.IntRange(1, 60).Draw(t, "length")
			from := max(0, at-8*rapid.IntRange(0, 4).Draw(t, "overlap"))
			to := min(len(want), at+n)
			for range rapid.IntRange(1, 2).Draw(t, "copies") {
				frames = append(frames, piece(77, from, to < len(want), want[from:to]))
			}
			at = to
		}
		frames = rapid.Permutation(frames).Draw(t, "order")
		f := NewFragments(DefaultFragmentsConfig())
		found, unbroken := 0, 0
		for i, frame := range frames {
			whole, link, state := f.take(t, frame, int64(i))
			switch state {
			case FragmentWhole:
				found++
				var p Packet
				p.Frame(link, whole, uint32(len(whole)))
				if p.Reason != OK || p.Fragment || p.SrcPort != 50000 || p.DstPort != 4000 || !bytes.Equal(p.Payload, want[8:]) || p.Cut {
					t.Fatalf("%d bytes, %s", len(p.Payload), p.Reason)
				}
				if ip, _ := Checksum(&p, whole); p.Net == IPv4 && ip != ChecksumGood {
					t.Fatalf("header checksum %s", ip)
				}
			case FragmentHeld, FragmentRepeated:
			case FragmentNone: // one piece was all
				unbroken++
			default:
				t.Fatalf("%s", state)
			}
		}
		if found+unbroken == 0 || found > 1 {
			t.Fatalf("%d packets, %d without fragments", found, unbroken)
		}
		f.Expire(1 << 60)
		if packets, held := f.Open(); packets != 0 || held != 0 || f.Counts.Expired != 0 && unbroken == 0 {
			t.Fatalf("%d packets, %d bytes, %+v", packets, held, f.Counts)
		}
	})
}

func TestFragmentsHostile(t *testing.T) {
	a, b := fill(16, 1), fill(16, 2)
	long4 := piece4(1, 65528, false, fill(8, 1))
	cut := piece4(1, 0, true, a)
	noHead := ether(0x86dd, ip6(ProtoFragment, join([]byte{ProtoUDP, 0}, u16(1), u32(9))))
	for _, c := range []struct {
		name   string
		frames [][]byte
		want   []FragmentState
	}{
		{"overlap that disagrees", [][]byte{piece4(1, 0, true, a), piece4(1, 8, true, b), piece4(1, 24, false, b)}, []FragmentState{FragmentHeld, FragmentInconsistent, FragmentInconsistent}},
		{"overlap that agrees", [][]byte{piece4(1, 0, true, a), piece4(1, 8, true, a), piece4(1, 24, false, b)}, []FragmentState{FragmentHeld, FragmentHeld, FragmentWhole}},
		{"two ends", [][]byte{piece4(1, 16, false, a), piece4(1, 24, false, a)}, []FragmentState{FragmentHeld, FragmentInconsistent}},
		{"behind the end", [][]byte{piece4(1, 16, false, a), piece4(1, 32, true, a)}, []FragmentState{FragmentHeld, FragmentInconsistent}},
		{"an end before what came", [][]byte{piece4(1, 64, true, a), piece4(1, 16, false, a)}, []FragmentState{FragmentHeld, FragmentInconsistent}},
		{"over the largest packet", [][]byte{long4}, []FragmentState{FragmentBad}},
		{"not a multiple of eight", [][]byte{piece4(1, 0, true, a[:15])}, []FragmentState{FragmentBad}},
		{"without content", [][]byte{piece4(1, 8, true, nil)}, []FragmentState{FragmentBad}},
		{"IPv6 without content", [][]byte{noHead}, []FragmentState{FragmentBad}},
		{"captured in part", [][]byte{cut[:len(cut)-3]}, []FragmentState{FragmentCut}},
		{"no fragment", [][]byte{tcpFrame(4)}, []FragmentState{FragmentNone}},
		{"a copy of a finished one", [][]byte{piece4(1, 0, true, a), piece4(1, 16, false, b), piece4(1, 16, false, b)}, []FragmentState{FragmentHeld, FragmentWhole, FragmentRepeated}},
		{"two packets", [][]byte{piece4(1, 0, true, a), piece4(2, 16, false, b), piece6(1, 0, true, a)}, []FragmentState{FragmentHeld, FragmentHeld, FragmentHeld}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := NewFragments(DefaultFragmentsConfig())
			var counts FragmentCounts
			for i, frame := range c.frames {
				_, _, got := f.take(t, frame, int64(i))
				if got != c.want[i] {
					t.Errorf("fragment %d: %s, want %s", i, got, c.want[i])
				}
				if counts.Fragments[got]++; got == FragmentInconsistent {
					counts.Inconsistent = 1
				}
			}
			if f.Counts != counts {
				t.Errorf("%+v, want %+v", f.Counts, counts)
			}
		})
	}
}

func TestFragmentsLimits(t *testing.T) {
	f := NewFragments(FragmentsConfig{Packets: 10, Bytes: 100_000})
	for i := range 1000 {
		f.take(t, piece4(i, 0, true, fill(80, 1)), int64(i))
	}
	if packets, held := f.Open(); packets != 10 || held != 800 || f.Counts.Evicted != 990 {
		t.Errorf("flood: %d packets, %d bytes, %+v", packets, held, f.Counts)
	}
	for i := range 10 {
		for n := range 40 {
			f.take(t, piece4(5000+i, n*1400, true, fill(1400, 1)), 2000)
		}
	}
	if packets, held := f.Open(); held > 100_000 || packets > 3 || f.Counts.Evicted < 1005 {
		t.Errorf("large ones: %d packets, %d bytes, %+v", packets, held, f.Counts)
	}
	f.Expire(2001)
	if packets, held := f.Open(); packets != 0 || held != 0 || f.Counts.Expired == 0 {
		t.Errorf("expired: %d packets, %d bytes, %+v", packets, held, f.Counts)
	}

	f = NewFragments(FragmentsConfig{})
	state := FragmentNone
	for n := range 4000 { // thousands of the smallest, in order: one part
		_, _, state = f.take(t, piece4(1, n*8, n < 3999, fill(8, byte(n))), 0)
	}
	if state != FragmentWhole {
		t.Errorf("in order: %s, %+v", state, f.Counts)
	}
	f = NewFragments(FragmentsConfig{})
	for n := range 4000 { // and with a hole behind each
		f.take(t, piece4(1, n*16, true, fill(8, byte(n))), 0)
	}
	if f.Counts.Fragments[FragmentDropped] != 4000-maxFragmentParts {
		t.Errorf("with holes: %+v", f.Counts)
	}
	after := NewFragments(DefaultFragmentsConfig())
	after.take(t, piece4(1, 0, true, fill(8, 1)), 0)
	after.take(t, piece4(1, 8, false, fill(8, 1)), 0)
	if _, _, state := after.take(t, piece4(1, 0, true, fill(8, 2)), 2*fragmentEcho); state != FragmentHeld {
		t.Errorf("the same id later: %s", state)
	}
}

// TestFragmentsAllocations: rooms are used again.
func TestFragmentsAllocations(t *testing.T) {
	f := NewFragments(DefaultFragmentsConfig())
	one, two := piece4(1, 0, true, fill(800, 1)), piece4(1, 800, false, fill(800, 1))
	var p, q Packet
	p.Frame(LinkEthernet, one, uint32(len(one)))
	q.Frame(LinkEthernet, two, uint32(len(two)))
	ts := int64(0)
	if n := testing.AllocsPerRun(200, func() {
		ts += 1e9
		p.IPID++
		q.IPID = p.IPID
		f.Add(&p, one, ts)
		f.Add(&q, two, ts)
		f.Expire(ts - 1e9)
	}); n > 0 {
		t.Errorf("%.1f allocations", n)
	}
}

// TestFragmentsAgreeWithTshark counts the packets that are put together in all captures and compares their lengths with tshark's.
func TestFragmentsAgreeWithTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("tshark takes its time")
	}
	for _, path := range captureFiles(t) {
		f := NewFragments(DefaultFragmentsConfig())
		lengths := map[int]int{}
		number := 0
		readCapture(t, path, func(link uint16, data []byte, wire uint32) {
			number++
			p := decoded(link, data, int(wire))
			whole, link, state := f.Add(p, data, int64(number)*1e7)
			if state == FragmentWhole {
				var in Packet
				in.Frame(link, whole, uint32(len(whole)))
				checkFrame(t, &in, whole)
				lengths[number] = in.IPLen - (len(whole) - in.IPLen) - int(whole[0]&15)*4
				if in.Net == IPv6 {
					lengths[number] = in.IPLen - 40
				}
			}
		})
		held := f.Counts.Fragments[FragmentHeld] + f.Counts.Fragments[FragmentWhole] + f.Counts.Fragments[FragmentInconsistent] + f.Counts.Fragments[FragmentBad]
		if held == 0 {
			continue
		}
		rows := tsharkFields(t, path, "ip.reassembled.length || ipv6.reassembled.length", "ip.reassembled.length", "ipv6.reassembled.length")
		agree := 0
		for n, row := range rows {
			if got := strconv.Itoa(lengths[n]); got == row[0] || got == row[1] {
				agree++
			} else {
				t.Logf("%s: frame %d: ours %s, tshark %q", filepath.Base(path), n, got, row)
			}
		}
		t.Logf("%s: %d packets, tshark %d, %d agree; %+v", filepath.Base(path), len(lengths), len(rows), agree, f.Counts)
		if agree*100 < 95*max(len(rows), len(lengths)) {
			t.Errorf("%s: %d packets, tshark %d, %d agree", filepath.Base(path), len(lengths), len(rows), agree)
		}
	}
}

func FuzzFragments(f *testing.F) {
	f.Add(piece4(1, 0, true, fill(16, 1)), piece4(1, 16, false, fill(3, 2)), piece6(1, 0, true, fill(8, 3)), int64(5))
	f.Add(piece6(1, 8, false, fill(16, 1)), piece6(1, 0, true, fill(8, 2)), piece6(1, 8, true, fill(8, 3)), int64(1e9))
	f.Fuzz(func(t *testing.T, a, b, c []byte, step int64) {
		s := NewFragments(FragmentsConfig{Packets: 2, Bytes: 3000})
		ts := int64(0)
		var p, in Packet
		for _, frame := range [][]byte{a, b, c, a, c, b, a} {
			p.Frame(LinkEthernet, frame, uint32(len(frame)))
			whole, link, state := s.Add(&p, frame, ts)
			if state == FragmentWhole {
				in.Frame(link, whole, uint32(len(whole)))
				if in.Fragment || len(whole) > 40+maxPacket || in.Net != p.Net || in.Src != p.Src {
					t.Fatalf("%+v", in)
				}
			}
			ts += step % 1e12
			s.Expire(ts - 1e9)
			if packets, _ := s.Open(); packets > 2 {
				t.Fatalf("%d packets", packets)
			}
		}
		s.Expire(1 << 62)
		if packets, held := s.Open(); held != 0 || packets != 0 {
			t.Fatalf("%d packets, %d bytes", packets, held)
		}
	})
}
