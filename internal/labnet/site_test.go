package labnet

import (
	"encoding/binary"
	"math"
	"net/netip"
	"testing"
	"time"

	"candor/internal/agreement"
)

func TestAgreementsAreValid(t *testing.T) {
	for _, site := range sites {
		t.Run(site.name, func(t *testing.T) {
			s := site.make(1)
			a, err := agreement.Parse(site.name+".yaml", s.Agreement())
			if err != nil {
				t.Fatalf("the site's agreement is refused: %v", err)
			}
			found := false
			for _, sensor := range a.Sensors {
				found = found || string(sensor.ID) == s.Sensor()
			}
			if !found {
				t.Errorf("sensor %q is not in the agreement", s.Sensor())
			}
		})
	}
}

func TestBankIsTheBankOfTheStory(t *testing.T) {
	for seed := range uint64(5) {
		s := Bank(seed)
		if c, v := len(s.segments[0].hosts), len(s.segments[1].hosts); c != 250 || v != 125 {
			t.Errorf("seed %d: %d endpoints and %d servers", seed, c, v)
		}
		seen := map[netip.Addr]bool{}
		for _, n := range s.nodes {
			if n.v4.IsValid() && seen[n.v4] {
				t.Errorf("seed %d: %v twice", seed, n.v4)
			}
			seen[n.v4] = true
		}
	}
}

func TestBotCallsEveryFiveMinutes(t *testing.T) {
	s := Bank(51)
	from := time.Date(2026, 11, 24, 2, 0, 0, 0, s.Zone())
	files, _ := listen(t, s, Span{from, from.Add(2 * time.Hour)}, Tap{At: ClientsOnly})
	_, master := s.Bot()
	var calls []int64
	for _, p := range shots(t, files[0]) {
		if _, dst, ok := p.v4(); ok && netip.AddrFrom4(dst) == master && p.data[47]&flagSYN != 0 {
			calls = append(calls, p.at)
		}
	}
	if len(calls) < 23 {
		t.Fatalf("%d calls in two hours of the night", len(calls))
	}
	for i := 1; i < len(calls); i++ {
		if gap := float64(calls[i]-calls[i-1]) / 1e6; math.Abs(gap-300) > 4.1 {
			t.Errorf("call %d after %.1f s", i, gap)
		}
	}
}

func TestLookupsPerActiveClientHour(t *testing.T) {
	for _, site := range sites {
		least := 20.0
		switch site.name {
		case "campus":
			continue // it speaks mostly IPv6
		case "proxyfirm":
			least = 4 // the proxy looks up for its clients
		}
		t.Run(site.name, func(t *testing.T) {
			s := site.make(52)
			files, _ := listen(t, s, morning(s, time.Hour), Tap{At: s.Taps()[0]})
			clients := map[[4]byte]map[int64]bool{}
			for _, n := range s.nodes {
				if n.role == roleClient {
					clients[n.v4.As4()] = map[int64]bool{}
				}
			}
			lookups := 0
			for _, p := range shots(t, files[0]) {
				src, _, ok := p.v4()
				if !ok || p.flooded() || clients[src] == nil || p.data[22] != 64 && p.data[22] != 128 {
					continue
				}
				clients[src][p.at/60e6] = true
				if p.data[23] == protoUDP && binary.BigEndian.Uint16(p.data[36:]) == 53 {
					lookups++
				}
			}
			minutes := 0
			for _, m := range clients {
				minutes += len(m)
			}
			rate := float64(lookups) / (float64(minutes) / 60)
			t.Logf("%d lookups in %d client minutes: %.0f an hour", lookups, minutes, rate)
			if rate < least || rate > 100 {
				t.Errorf("%.0f lookups per active client hour", rate)
			}
		})
	}
}

func TestLibraryRoams(t *testing.T) {
	s := Library(53)
	files, _ := listen(t, s, morning(s, 3*time.Hour), Tap{At: Core})
	hosts := hostCards(s)
	addrs := map[card]map[[4]byte]bool{}
	total := map[[4]byte]bool{}
	for _, p := range shots(t, files[0]) {
		src, _, ok := p.v4()
		if !ok || hosts[p.source()] == nil || src == [4]byte{} {
			continue
		}
		if addrs[p.source()] == nil {
			addrs[p.source()] = map[[4]byte]bool{}
		}
		addrs[p.source()][src] = true
		total[src] = true
	}
	if len(total) < 2*len(addrs) {
		t.Errorf("%d addresses on %d cards in three hours", len(total), len(addrs))
	}
}

func TestVolumeScales(t *testing.T) {
	s := Bank(54)
	_, plain := listen(t, s, morning(s, 5*time.Minute), Tap{At: Core})
	_, small := listen(t, s.Scale(0.3), morning(s, 5*time.Minute), Tap{At: Core})
	if a, b := plain.Taps[0].Bytes, small.Taps[0].Bytes; b*4 > a*3 {
		t.Errorf("volume 0.3 gave %d bytes, volume 1 %d", b, a)
	}
}
