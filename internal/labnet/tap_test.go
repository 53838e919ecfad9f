package labnet

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"testing"
	"time"
)

var promisedBank = []netip.Prefix{netip.MustParsePrefix("10.10.0.0/22"), netip.MustParsePrefix("10.20.0.0/23"), netip.MustParsePrefix("10.30.0.0/24")}

func promised(a [4]byte) bool {
	for _, p := range promisedBank {
		if p.Contains(netip.AddrFrom4(a)) {
			return true
		}
	}
	return false
}

// TestOutsideShowsNoPromisedAddress allows resets that the firewall no longer translates.
func TestOutsideShowsNoPromisedAddress(t *testing.T) {
	s := Bank(31)
	files, _ := listen(t, s, morning(s, 10*time.Minute), Tap{At: Outside})
	cards := map[card]bool{}
	own := 0
	strays := map[[4]byte]bool{}
	for k, p := range shots(t, files[0]) {
		cards[p.source()] = true
		src, dst, ok := p.v4()
		if !ok {
			continue
		}
		if promised(dst) || promised(src) && p.data[47]&flagRST == 0 {
			t.Fatalf("frame %d shows an inside address: %v to %v", k, src, dst)
		}
		if promised(src) {
			strays[src] = true
		}
		if s.ownPublic[0].Contains(netip.AddrFrom4(src)) || s.ownPublic[0].Contains(netip.AddrFrom4(dst)) {
			own++
		}
	}
	if len(strays) > 5 {
		t.Errorf("%d machines leak out", len(strays))
	}
	if len(cards) != 2 || own < 5000 {
		t.Errorf("%d cards (want the firewall's and the provider's), %d packets of own addresses", len(cards), own)
	}
}

func TestOutsideHopsTellTheDistance(t *testing.T) {
	s := Bank(32)
	files, _ := listen(t, s, morning(s, 3*time.Minute), Tap{At: Outside}, Tap{At: ClientsOnly})
	for _, p := range shots(t, files[0]) {
		if src, _, ok := p.v4(); ok && netip.AddrFrom4(src) == s.natAddress {
			if hops := p.data[22]; hops != 62 && hops != 126 && hops != 253 {
				t.Fatalf("hop limit %d outside: want an initial one less two", hops)
			}
		}
	}
	hosts := hostCards(s)
	for _, p := range shots(t, files[1]) {
		if _, _, ok := p.v4(); ok && hosts[p.source()] != nil && !p.flooded() {
			if hops := p.data[22]; hops != 64 && hops != 128 && hops != 255 {
				t.Fatalf("hop limit %d of a host's own frame", hops)
			}
		}
	}
}

func TestOneDirection(t *testing.T) {
	for _, c := range []struct {
		site     *Site
		in, out  TapName
		twoWords string
	}{{Bank(33), CoreReceived, CoreSent, "bank"}, {Firm(33), CoreReceived, CoreSent, "firm"}} {
		t.Run(c.twoWords, func(t *testing.T) {
			files, _ := listen(t, c.site, morning(c.site, 5*time.Minute), Tap{At: c.in}, Tap{At: c.out})
			hosts := hostCards(c.site)
			for k, p := range shots(t, files[0]) {
				if hosts[p.source()] == nil && !p.flooded() {
					t.Fatalf("received: frame %d is not from a host", k)
				}
			}
			for k, p := range shots(t, files[1]) {
				if n := hosts[p.source()]; n != nil && n.role == roleClient && !p.flooded() {
					t.Fatalf("sent: frame %d is from a client", k)
				}
			}
		})
	}
}

func TestUnmirroredHearsShoutingOnly(t *testing.T) {
	s := Bank(34)
	files, _ := listen(t, s, morning(s, 20*time.Minute), Tap{At: Unmirrored})
	var sensor card
	for _, n := range s.nodes {
		if n.port.private != nil {
			sensor = n.port.mac
		}
	}
	other, own, all := 0, 0, 0
	for _, p := range shots(t, files[0]) {
		all++
		switch {
		case p.source() == sensor || card(p.data[:6]) == sensor:
			own++
		case !p.flooded():
			other++
		}
	}
	if other*50 > all || own == 0 || all < 500 {
		t.Errorf("%d frames, %d the sensor's own, %d other unicast: want at most 2%%", all, own, other)
	}
}

func TestSpareSensorIsSeenNowhereElse(t *testing.T) {
	s := Bank(34)
	files, _ := listen(t, s, morning(s, 5*time.Minute), Tap{At: Core})
	for _, n := range s.nodes {
		if n.port.private == nil {
			continue
		}
		for k, p := range shots(t, files[0]) {
			if p.source() == n.port.mac {
				t.Fatalf("frame %d comes from a sensor that does not stand here", k)
			}
		}
	}
}

func TestManagementSeesEquipmentOnly(t *testing.T) {
	s := Bank(35)
	files, _ := listen(t, s, morning(s, 10*time.Minute), Tap{At: Management})
	list := shots(t, files[0])
	for k, p := range list {
		if src, dst, ok := p.v4(); ok && (promised(src) || promised(dst)) {
			t.Fatalf("frame %d shows a promised address", k)
		}
	}
	if len(list) < 500 {
		t.Errorf("only %d frames in ten minutes", len(list))
	}
}

func TestFaults(t *testing.T) {
	s := Bank(36)
	span := morning(s, 3*time.Minute)
	files, rep := listen(t, s, span, Tap{At: Core}, Tap{At: Core, Twice: true}, Tap{At: Core, Snap: 64}, Tap{At: Core, Loss: 0.2},
		Tap{At: Core, Rate: 2_000_000}, Tap{At: Core, NoDNS: true}, Tap{At: Core, Tagged: true}, Tap{At: Core, Nano: true})
	all := rep.Taps[0].Packets
	if got := rep.Taps[1].Packets; got != 2*all {
		t.Errorf("twice: %d frames of %d", got, all)
	}
	long := 0
	for _, p := range shots(t, files[2]) {
		if len(p.data) > 64 {
			t.Fatal("cut frames are longer than 64 bytes")
		}
		if p.wire > len(p.data) {
			long++
		}
	}
	if long == 0 {
		t.Error("no frame was cut")
	}
	if lost := float64(rep.Taps[3].Lost) / float64(all); lost < 0.18 || lost > 0.22 {
		t.Errorf("loss of 20%% lost %.3f", lost)
	}
	if rep.Taps[4].Lost == 0 || rep.Taps[4].Packets == 0 {
		t.Errorf("oversubscribed mirror: %+v", rep.Taps[4])
	}
	for _, p := range shots(t, files[5]) {
		if isDNS(p.data) {
			t.Fatal("a lookup came through the filter")
		}
	}
	for _, p := range shots(t, files[6]) {
		if p.kind() != typeVLAN {
			t.Fatal("a frame without a tag")
		}
		if v := binary.BigEndian.Uint16(p.data[14:]); v != 110 && v != 111 && v != 200 && v != 201 {
			t.Fatalf("VLAN %d is not mirrored", v)
		}
	}
	if binary.LittleEndian.Uint32(files[7]) != pcapNano {
		t.Error("no nanosecond file")
	}
}

func TestCopiesAreExactAndClose(t *testing.T) {
	s := Firm(37)
	files, _ := listen(t, s, morning(s, 2*time.Minute), Tap{At: Core, Twice: true})
	list := shots(t, files[0])
	alone := 0
	for i, p := range list {
		found := false
		for j := i + 1; j < len(list) && list[j].at-p.at <= 2000 && !found; j++ {
			found = bytes.Equal(list[j].data, p.data)
		}
		for j := i - 1; j >= 0 && p.at-list[j].at <= 2000 && !found; j-- {
			found = bytes.Equal(list[j].data, p.data)
		}
		if !found {
			alone++
		}
	}
	if alone > 0 {
		t.Errorf("%d of %d frames have no copy within 2 ms", alone, len(list))
	}
}

func TestHealthyTapHasNoCopies(t *testing.T) {
	for _, site := range sites {
		s := site.make(37)
		files, _ := listen(t, s, morning(s, 2*time.Minute), Tap{At: s.Taps()[0]})
		list := shots(t, files[0])
		copies := 0
		for i, p := range list {
			for j := i + 1; j < len(list) && list[j].at-p.at <= 2000; j++ {
				if bytes.Equal(list[j].data, p.data) {
					copies++
				}
			}
		}
		if copies*100 > len(list) {
			t.Errorf("%s: %d of %d frames come again within 2 ms", site.name, copies, len(list))
		}
	}
}

func TestMovedTap(t *testing.T) {
	s := Bank(38)
	span := morning(s, 4*time.Minute)
	noon := span.From.Add(2 * time.Minute)
	files, _ := listen(t, s, span, Moved(noon, Outside, Core, io.Discard))
	before, after := 0, 0
	for _, p := range shots(t, files[0]) {
		src, dst, ok := p.v4()
		if !ok || !promised(src) && !promised(dst) {
			continue
		}
		if p.at*1000 < noon.UnixNano() {
			before++
		} else {
			after++
		}
	}
	if before != 0 || after == 0 {
		t.Errorf("%d inside addresses before the move, %d after", before, after)
	}
}

func TestNoIPv6KeepsNeighbours(t *testing.T) {
	s := Campus(39)
	files, _ := listen(t, s, morning(s, 5*time.Minute), Tap{At: AccessSwitch, NoIPv6: true}, Tap{At: AccessSwitch})
	neighbours, data := 0, 0
	for _, p := range shots(t, files[0]) {
		if p.kind() == typeIPv6 {
			neighbours++
		}
		if isSixData(p.data) {
			t.Fatal("IPv6 data came through")
		}
	}
	for _, p := range shots(t, files[1]) {
		if isSixData(p.data) {
			data++
		}
	}
	if neighbours == 0 || data < 100 {
		t.Errorf("%d neighbour discovery frames with the filter, %d data frames without", neighbours, data)
	}
}

func TestSecondPathOnlyReturns(t *testing.T) {
	s := DualPath(40)
	files, _ := listen(t, s, morning(s, 5*time.Minute), Tap{At: FirstPath}, Tap{At: SecondPath})
	uneven := map[[4]byte]bool{}
	for _, p := range shots(t, files[1]) {
		src, dst, ok := p.v4()
		if !ok || p.data[23] != protoTCP {
			continue
		}
		if src[0] == 10 && dst[0] != 10 {
			t.Fatal("something goes out by the second path")
		}
		uneven[src] = true
	}
	both := map[[4]byte]int{}
	for _, p := range shots(t, files[0]) {
		if src, dst, ok := p.v4(); ok && p.data[23] == protoTCP {
			if src[0] != 10 {
				both[src] |= 1
			}
			if dst[0] != 10 {
				both[dst] |= 2
			}
		}
	}
	half, whole := 0, 0
	for a, way := range both {
		switch {
		case way == 3:
			whole++
		case uneven[a]:
			half++
		}
	}
	if half < 10 || whole < 10 {
		t.Errorf("on the first path %d remotes one way, %d both ways: want many of each", half, whole)
	}
}
