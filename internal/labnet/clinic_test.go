package labnet

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"candor/internal/agreement"
)

// clinicNode finds a machine by its name.
func clinicNode(t *testing.T, s *Site, name string) *node {
	t.Helper()
	for _, n := range s.nodes {
		if n.name == name {
			return n
		}
	}
	t.Fatalf("no machine %s", name)
	return nil
}

// sift runs a site and keeps what some of the frames at a tap are good for: captures of an hour are too much to hold.
func sift(t *testing.T, s *Site, span Span, at TapName, keep func(p *shot)) {
	t.Helper()
	w := &siever{keep: keep, skip: 24}
	if _, err := s.Run(context.Background(), span, Tap{At: at, Out: w}); err != nil {
		t.Fatal(err)
	}
	if len(w.rest) > 0 || w.count == 0 {
		t.Fatalf("%d frames and %d bytes of another", w.count, len(w.rest))
	}
}

// siever reads a capture as it is written.
type siever struct {
	keep  func(p *shot)
	skip  int
	rest  []byte
	count int
}

func (w *siever) Write(b []byte) (int, error) {
	w.rest = append(w.rest, b...)
	left := w.rest
	if w.skip > 0 && len(left) >= w.skip {
		left, w.skip = left[w.skip:], 0
	}
	for w.skip == 0 && len(left) >= 16 {
		n := int(binary.LittleEndian.Uint32(left[8:]))
		if len(left) < 16+n {
			break
		}
		w.count++
		w.keep(&shot{at: int64(binary.LittleEndian.Uint32(left))*1e6 + int64(binary.LittleEndian.Uint32(left[4:])), wire: int(binary.LittleEndian.Uint32(left[12:])), data: left[16 : 16+n]})
		left = left[16+n:]
	}
	w.rest = append(w.rest[:0], left...)
	return len(b), nil
}

// TestClinicIsTheHouseAgreed holds the machines against the networks and numbers of the agreement.
func TestClinicIsTheHouseAgreed(t *testing.T) {
	for seed := range uint64(5) {
		s := Clinic(seed)
		a, err := agreement.Parse("clinic", s.Agreement())
		if err != nil {
			t.Fatal(err)
		}
		seen := map[netip.Addr]bool{}
		for i, g := range s.segments {
			promised := a.Watched.Segments[i]
			if string(promised.ID) != g.id || promised.Expected.Hosts != len(g.hosts) {
				t.Errorf("seed %d: %s has %d hosts, agreed are %d", seed, g.id, len(g.hosts), promised.Expected.Hosts)
			}
			for _, n := range g.hosts {
				for _, one := range append([]netip.Addr{n.v4}, n.v6...) {
					inside := false
					for _, p := range promised.Networks {
						inside = inside || p.Contains(one)
					}
					if !inside || seen[one] {
						t.Errorf("seed %d: %s has %v: twice, or in no network of %s", seed, n.name, one, g.id)
					}
					seen[one] = true
				}
				if six := len(n.v6) > 0; six != (g.id == "offices") {
					t.Errorf("seed %d: %s in %s has IPv6 addresses %v", seed, n.name, g.id, n.v6)
				}
			}
		}
	}
}

// TestClinicShifts counts who is there: the promised share at any working hour of any day, few people at night.
func TestClinicShifts(t *testing.T) {
	for _, c := range []struct {
		day, hour int
		night     bool
	}{{24, 6, false}, {24, 11, false}, {24, 21, false}, {29, 11, false}, {29, 18, false}, {25, 3, true}} {
		t.Run(fmt.Sprintf("day %d at %d", c.day, c.hour), func(t *testing.T) {
			s := Clinic(71)
			a, err := agreement.Parse("clinic", s.Agreement())
			if err != nil {
				t.Fatal(err)
			}
			from := time.Date(2026, 11, c.day, c.hour, 30, 0, 0, s.Zone())
			rep, err := s.Run(context.Background(), Span{from, from.Add(20 * time.Minute)})
			if err != nil {
				t.Fatal(err)
			}
			there := map[string]int{}
			for _, h := range rep.Spoke {
				there[h.Segment]++
			}
			for _, g := range a.Watched.Segments[:3] {
				share := float64(there[string(g.ID)]) / float64(g.Expected.Hosts)
				if !c.night && share < float64(*g.Expected.ActiveWorkday) {
					t.Errorf("%s: %.2f of the machines are on", g.ID, share)
				}
			}
			if c.night && there["doctors"] > 6 {
				t.Errorf("%d laptops at night", there["doctors"])
			}
		})
	}
}

func TestClinicRotaIsReadyBeforeAnybodyAsks(t *testing.T) {
	s := Clinic(72)
	from := time.Date(2026, 11, 24, 23, 50, 0, 0, s.Zone())
	r := newRun(s, Span{from, from.Add(time.Hour)})
	s.start(r)
	if err := r.loop(context.Background()); err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 25, 0, 0, 0, 0, s.Zone())
	office := 0
	for _, n := range s.segments[1].hosts {
		p := r.live[n.id].plan
		if p.day != day.UnixNano() {
			t.Fatalf("%s: the plan is of %v", n.name, time.Unix(0, p.day))
		}
		if p.on != 0 && p.on < day.Add(6*time.Hour+45*time.Minute).UnixNano() {
			t.Errorf("%s comes at %v: the site's hours, not the offices'", n.name, time.Unix(0, p.on).In(s.Zone()))
		}
		if p.on != 0 {
			office++
		}
	}
	if office < 12 {
		t.Errorf("only %d come to the offices", office)
	}
}

// TestClinicSpeaksIPv6InTheOfficesOnly looks at who sends IPv6, and with which addresses.
func TestClinicSpeaksIPv6InTheOfficesOnly(t *testing.T) {
	s := Clinic(73)
	local, global := netip.MustParsePrefix("fd5c:7a1e:90:12::/64"), s.segments[1].lans[0].six
	hosts := hostCards(s)
	var ofHouse, ofWorld, beyond int
	sift(t, s, morning(s, time.Hour), Core, func(p *shot) {
		n := hosts[p.source()]
		if p.kind() != typeIPv6 || n == nil {
			return
		}
		if n.seg.id != "offices" {
			t.Errorf("%s of %s speaks IPv6", n.name, n.seg.id)
		}
		switch src := netip.AddrFrom16([16]byte(p.data[22:38])); {
		case local.Contains(src):
			ofHouse++
		case global.Contains(src):
			ofWorld++
		}
	})
	sift(t, s, morning(s, time.Hour), Outside, func(p *shot) {
		if p.kind() != typeIPv6 || p.data[20] == protoICMPv6 {
			return
		}
		src, dst := netip.AddrFrom16([16]byte(p.data[22:38])), netip.AddrFrom16([16]byte(p.data[38:54]))
		if local.Contains(src) || local.Contains(dst) {
			t.Errorf("an address of the house leaves it: %v to %v", src, dst)
		}
		if global.Contains(src) {
			beyond++
		}
	})
	if ofHouse < 20 || ofWorld < 300 || beyond < 300 {
		t.Errorf("%d packets from local addresses, %d from global ones, %d of those outside", ofHouse, ofWorld, beyond)
	}
}

// TestClinicHidesBehindTwoAddresses: outside, IPv4 is of the two public addresses only, one of them the published server's.
func TestClinicHidesBehindTwoAddresses(t *testing.T) {
	s := Clinic(74)
	used := map[netip.Addr]int{}
	sift(t, s, morning(s, 30*time.Minute), Outside, func(p *shot) {
		src, dst, ok := p.v4()
		if !ok {
			return
		}
		if src[0] == 10 || dst[0] == 10 {
			t.Errorf("an inside address shows: %v to %v", src, dst)
		}
		if a := netip.AddrFrom4(src); s.ownPublic[0].Contains(a) {
			used[a]++
		}
	})
	if len(used) != 2 || used[s.natAddress] < 1000 || used[netip.MustParseAddr("203.0.113.42")] < 50 {
		t.Errorf("packets out by address: %v", used)
	}
}

// TestClinicDevices: pumps speak to one server and to nobody else, monitors show curves to everybody twice a second.
func TestClinicDevices(t *testing.T) {
	s := Clinic(75)
	hosts := hostCards(s)
	peers := map[string]map[[4]byte]bool{}
	curves := map[string]int{}
	sift(t, s, morning(s, 10*time.Minute), Core, func(p *shot) {
		n := hosts[p.source()]
		_, dst, ok := p.v4()
		if n == nil || !ok || n.seg.id != "devices" {
			return
		}
		if p.flooded() {
			if binary.BigEndian.Uint16(p.data[36:]) == 24105 {
				curves[n.name]++
			}
			return
		}
		if peers[n.name] == nil {
			peers[n.name] = map[[4]byte]bool{}
		}
		peers[n.name][dst] = true
	})
	server := clinicNode(t, s, "records").v4.As4()
	for i := range 12 {
		if got := curves[fmt.Sprintf("device%02d", i+1)]; got < 1190 || got > 1202 {
			t.Errorf("monitor %d: %d half seconds in ten minutes", i+1, got)
		}
	}
	for i := 12; i < 20; i++ {
		name := fmt.Sprintf("device%02d", i+1)
		if got := peers[name]; len(got) != 1 || !got[server] {
			t.Errorf("pump %s speaks to %v", name, got)
		}
	}
}

// TestClinicCalls follows each stream of voice: one packet every 20 ms, none missing, and both ends speak.
func TestClinicCalls(t *testing.T) {
	s := Clinic(76)
	type key struct {
		mac      card
		src, dst [4]byte
		ports    [4]byte
	}
	last, count := map[key]uint16{}, map[key]int{}
	hosts := hostCards(s)
	ends := map[[8]byte]bool{}
	sift(t, s, morning(s, 40*time.Minute), Core, func(p *shot) {
		src, dst, ok := p.v4()
		if !ok || p.flooded() || p.data[23] != protoUDP || len(p.data) != 14+20+8+172 || hosts[p.source()] == nil {
			return
		}
		id := key{p.source(), src, dst, [4]byte(p.data[34:38])}
		seq := binary.BigEndian.Uint16(p.data[44:])
		if count[id] > 0 && seq != last[id]+1 {
			t.Errorf("voice packet %d after %d", seq, last[id])
		}
		last[id] = seq
		count[id]++
		ends[[8]byte(append(src[:], dst[:]...))] = true
	})
	both := 0
	for pair := range ends {
		if ends[[8]byte(append(append([]byte(nil), pair[4:]...), pair[:4]...))] {
			both++
		}
	}
	if len(count) < 6 || both != len(ends) {
		t.Errorf("%d streams, %d of %d pairs speak both ways", len(count), both, len(ends))
	}
}

// TestClinicTelevision: a channel's datagram appears in the server room, then on the wards with one hop less, unchanged else.
func TestClinicTelevision(t *testing.T) {
	s := Clinic(77)
	files, _ := listen(t, s, morning(s, time.Minute), Tap{At: Core})
	headend := clinicNode(t, s, "tv1")
	waiting := map[string]bool{}
	sent, passed := 0, 0
	for _, p := range shots(t, files[0]) {
		_, dst, ok := p.v4()
		if !ok || dst[0] != 239 || dst[1] != 192 || p.data[23] != protoUDP {
			continue
		}
		same := string(p.data[18:20]) + string(p.data[26:])
		switch {
		case p.source() == headend.port.mac && p.data[22] == 16:
			waiting[same] = true
			sent++
		case p.data[22] == 15 && waiting[same]:
			passed++
		default:
			t.Fatalf("a datagram to %v with hop limit %d from %x", dst, p.data[22], p.source())
		}
	}
	if sent < 590 || passed != sent {
		t.Errorf("%d datagrams sent, %d passed on", sent, passed)
	}
}

// TestClinicIsWatchedFromTheServerRoom: the management VLAN is asked by a server, through the router.
func TestClinicIsWatchedFromTheServerRoom(t *testing.T) {
	s := Clinic(78)
	files, _ := listen(t, s, morning(s, 3*time.Minute), Tap{At: Management})
	watcher := clinicNode(t, s, "watch1").v4.As4()
	asked := map[[4]byte]bool{}
	for k, p := range shots(t, files[0]) {
		src, dst, ok := p.v4()
		if !ok || src != watcher {
			continue
		}
		if hops := p.data[22]; hops != 63 && hops != 127 {
			t.Fatalf("frame %d: hop limit %d of a packet that was routed once", k, hops)
		}
		if p.data[23] == protoUDP && binary.BigEndian.Uint16(p.data[36:]) == 161 {
			asked[dst] = true
		}
	}
	if len(asked) != 12 {
		t.Errorf("%d of 12 devices were asked", len(asked))
	}
}

func TestClinicBacksUpAtNight(t *testing.T) {
	s := Clinic(79)
	backup := clinicNode(t, s, "backup1").v4.As4()
	sent := func(hour int) (bytes int) {
		from := time.Date(2026, 11, 25, hour, 0, 0, 0, s.Zone())
		sift(t, s, Span{from, from.Add(2 * time.Hour)}, Core, func(p *shot) {
			if _, dst, ok := p.v4(); ok && dst == backup {
				bytes += p.wire
			}
		})
		return bytes
	}
	if night, day := sent(1), sent(15); night < 20e6 || night < 4*day {
		t.Errorf("%d bytes to the backup server at night, %d by day", night, day)
	}
}

func BenchmarkClinic(b *testing.B) {
	s := Clinic(1)
	b.ReportAllocs()
	packets := int64(0)
	for b.Loop() {
		rep, err := s.Run(context.Background(), morning(s, 20*time.Minute), Tap{At: Core, Out: io.Discard}, Tap{At: Outside, Out: io.Discard})
		if err != nil {
			b.Fatal(err)
		}
		packets += rep.Packets
	}
	b.ReportMetric(float64(packets)/b.Elapsed().Seconds(), "packets/s")
}
