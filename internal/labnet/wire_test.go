package labnet

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"pgregory.net/rapid"
)

// TestEveryFrameDecodes lets gopacket read every frame of every place and checks every checksum.
func TestEveryFrameDecodes(t *testing.T) {
	for _, site := range sites {
		t.Run(site.name, func(t *testing.T) {
			s := site.make(11)
			var taps []Tap
			for _, p := range s.Taps() {
				taps = append(taps, Tap{At: p})
			}
			files, _ := listen(t, s, morning(s, 90*time.Second), taps...)
			for i, f := range files {
				list := shots(t, f)
				if len(list) == 0 {
					t.Errorf("nothing at %s", taps[i].At)
				}
				for k := range list {
					if err := wrongWith(list[k].data); err != "" {
						t.Fatalf("%s frame %d: %s\n%x", taps[i].At, k, err, list[k].data)
					}
				}
			}
		})
	}
}

// wrongWith checks lengths and checksums of one frame with gopacket as oracle.
func wrongWith(data []byte) string {
	if len(data) < 60 {
		return "shorter than Ethernet allows"
	}
	p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.NoCopy)
	if ip, ok := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4); ok {
		if fold(sum(0, data[14:14+int(ip.IHL)*4])) != 0 {
			return "IPv4 header checksum"
		}
		if int(ip.Length) > len(data)-14 {
			return "IPv4 length"
		}
	}
	var bad string
	verify := func(proto uint8, l4 []byte, pseudo []byte) {
		if fold(sum(uint64(proto)+uint64(len(l4)), append(append([]byte(nil), pseudo...), l4...))) != 0 {
			bad = "checksum of protocol " + string(rune('0'+proto/10)) + string(rune('0'+proto%10))
		}
	}
	ip := data[14:]
	switch binary.BigEndian.Uint16(data[12:]) {
	case typeIPv4:
		if ip[9] == protoTCP || ip[9] == protoUDP {
			verify(ip[9], ip[20:binary.BigEndian.Uint16(ip[2:])], ip[12:20])
		}
		if ip[9] == protoICMP && fold(sum(0, ip[20:binary.BigEndian.Uint16(ip[2:])])) != 0 {
			bad = "ICMP checksum"
		}
	case typeIPv6:
		verify(ip[6], ip[40:40+int(binary.BigEndian.Uint16(ip[4:]))], ip[8:40])
	}
	if bad == "" && p.ErrorLayer() != nil && p.TransportLayer() == nil { // above that it guesses by port
		bad = "gopacket: " + p.ErrorLayer().Error().Error()
	}
	return bad
}

func TestTranslateKeepsChecksums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		proto := rapid.SampledFrom([]uint8{protoTCP, protoUDP}).Draw(t, "protocol")
		payload := rapid.SliceOfN(rapid.Byte(), 20, 200).Draw(t, "payload")
		a4 := func(name string) netip.Addr {
			return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, name)))
		}
		b := make([]byte, 20+len(payload))
		ip4(b, a4("src"), a4("dst"), proto, 7, true, len(payload))
		copy(b[20:], payload)
		at := 16
		if proto == protoUDP {
			at = 6
		}
		seal(b, 20, at, proto)
		translate(b, rapid.Bool().Draw(t, "source"), netip.AddrPortFrom(a4("to"), uint16(rapid.IntRange(1, 65535).Draw(t, "port"))))
		got := binary.BigEndian.Uint16(b[20+at:])
		seal(b, 20, at, proto)
		if want := binary.BigEndian.Uint16(b[20+at:]); got != want {
			t.Fatalf("checksum %04x after translation, want %04x", got, want)
		}
	})
}

func TestFillDoesNotDependOnCuts(t *testing.T) {
	pool := make([]byte, 1<<16)
	d := newDice(1)
	d.bytes(pool)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(60, 200_000).Draw(t, "n")
		turn := sealed(0, 0, n)
		if rapid.Bool().Draw(t, "smb") {
			turn = shared(0, 0, n)
		}
		whole := make([]byte, turn.n)
		for off := 0; off < turn.n; off += 1460 {
			turn.fill(pool, whole[off:min(off+1460, turn.n)], off)
		}
		off := rapid.IntRange(0, turn.n-1).Draw(t, "off")
		part := make([]byte, min(rapid.IntRange(1, 1500).Draw(t, "len"), turn.n-off))
		turn.fill(pool, part, off)
		if !bytes.Equal(part, whole[off:off+len(part)]) {
			t.Fatalf("bytes at %d depend on where they were cut", off)
		}
		if turn.kind == fillTLS {
			checkRecords(t, whole)
		}
	})
}

// checkRecords walks over TLS records to the very end.
func checkRecords(t *rapid.T, b []byte) {
	for len(b) > 0 {
		if len(b) < 5 || b[0] != 23 {
			t.Fatalf("no record header at %d bytes before the end", len(b))
		}
		n := 5 + int(binary.BigEndian.Uint16(b[3:]))
		if n > len(b) || n <= 5+16 {
			t.Fatalf("record of %d bytes with %d left", n, len(b))
		}
		b = b[n:]
	}
}

func TestHellos(t *testing.T) {
	long := 0
	for i := range helloShapes {
		d := newDice(9, uint64(i))
		b := clientHello(&d, &helloShapes[i], "www.birch-news.example")
		if got := int(binary.BigEndian.Uint16(b[3:])) + 5; got != len(b) {
			t.Errorf("%s: record length %d of %d", helloShapes[i].name, got, len(b))
		}
		if len(b) > 1460 {
			long++
		}
	}
	if long == 0 {
		t.Error("no hello needs two segments")
	}
}
