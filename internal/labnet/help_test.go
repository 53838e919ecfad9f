package labnet

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"
)

// sites are all sites, by a name for subtests.
var sites = []struct {
	name string
	make func(uint64) *Site
}{
	{"bank", Bank},
	{"firm", Firm},
	{"campus", Campus},
	{"proxyfirm", ProxyFirm},
	{"dualpath", DualPath},
	{"library", Library},
	{"clinic", Clinic},
}

// morning is a span that starts at 10:00 of a workday.
func morning(s *Site, d time.Duration) Span {
	from := time.Date(2026, 11, 24, 10, 0, 0, 0, s.Zone())
	return Span{from, from.Add(d)}
}

// listen runs a site and gives each tap's capture.
func listen(t testing.TB, s *Site, span Span, taps ...Tap) ([][]byte, *Report) {
	t.Helper()
	outs := make([]*bytes.Buffer, len(taps))
	for i := range taps {
		outs[i] = &bytes.Buffer{}
		taps[i].Out = outs[i]
	}
	rep, err := s.Run(context.Background(), span, taps...)
	if err != nil {
		t.Fatalf("run %s: %v", s.Name(), err)
	}
	list := make([][]byte, len(taps))
	for i := range outs {
		list[i] = outs[i].Bytes()
	}
	return list, rep
}

// shot is one frame read back from a capture.
type shot struct {
	at   int64 // microseconds
	wire int
	data []byte
}

// shots reads a capture written with microseconds.
func shots(t testing.TB, file []byte) []shot {
	t.Helper()
	var list []shot
	for b := file[24:]; len(b) > 0; {
		n := int(binary.LittleEndian.Uint32(b[8:]))
		s := shot{at: int64(binary.LittleEndian.Uint32(b))*1e6 + int64(binary.LittleEndian.Uint32(b[4:])), wire: int(binary.LittleEndian.Uint32(b[12:])), data: b[16 : 16+n]}
		list = append(list, s)
		b = b[16+n:]
	}
	return list
}

func (s *shot) source() card { return card(s.data[6:12]) }

func (s *shot) flooded() bool { return s.data[0]&1 == 1 }

func (s *shot) kind() uint16 { return binary.BigEndian.Uint16(s.data[12:]) }

// v4 gives the IPv4 addresses of a frame.
func (s *shot) v4() (src, dst [4]byte, ok bool) {
	if s.kind() != typeIPv4 || len(s.data) < 34 {
		return src, dst, false
	}
	return [4]byte(s.data[26:30]), [4]byte(s.data[30:34]), true
}

// clientCards gives the cards of a site's hosts.
func hostCards(s *Site) map[card]*node {
	list := map[card]*node{}
	for _, n := range s.nodes {
		if n.role != roleRouter && n.role != roleDevice {
			list[n.port.mac] = n
		}
	}
	return list
}

func describe(r *Report) string {
	text := fmt.Sprintf("%d packets", r.Packets)
	for _, c := range r.Taps {
		text += fmt.Sprintf(", %s %d", c.At, c.Packets)
	}
	return text
}
