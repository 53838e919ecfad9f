package decode

import "testing"

// tcpFrame is an Ethernet frame with IPv4, TCP with time stamps and n payload bytes; the checksums are left zero.
func tcpFrame(n int) []byte {
	b := []byte{
		0, 0x1b, 0x21, 1, 2, 3, 0, 0x1b, 0x21, 4, 5, 6, 0x08, 0x00,
		0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 198, 51, 100, 7,
		0xc0, 0x00, 0x01, 0xbb, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x18, 0x20, 0, 0, 0, 0, 0,
		1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8,
	}
	total := len(b) - 14 + n
	b[16], b[17] = byte(total>>8), byte(total)
	return append(b, make([]byte, n)...)
}

func udp6Frame(n int) []byte {
	b := make([]byte, 14+40+8+n)
	b[12], b[13] = 0x86, 0xdd
	b[14], b[18], b[19], b[20], b[21] = 0x60, byte((8+n)>>8), byte(8+n), 17, 64
	b[54], b[55], b[56], b[57], b[58], b[59] = 0xc0, 1, 0, 53, byte((8+n)>>8), byte(8+n)
	return b
}

func BenchmarkFrame(b *testing.B) {
	vlan := tcpFrame(1000)
	vlan = append(vlan[:12:12], append([]byte{0x81, 0, 0, 10}, vlan[12:]...)...)
	for _, c := range []struct {
		name  string
		frame []byte
	}{{"tcp4", tcpFrame(1000)}, {"udp6", udp6Frame(300)}, {"vlan_tcp4", vlan}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var p Packet
			for b.Loop() {
				p.Frame(LinkEthernet, c.frame, uint32(len(c.frame)))
			}
			if p.Reason != OK || !p.HasTransport {
				b.Fatal(p.Reason)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpps")
		})
	}
}

func BenchmarkChecksum(b *testing.B) {
	frame := tcpFrame(1000)
	b.ReportAllocs()
	var p Packet
	p.Frame(LinkEthernet, frame, uint32(len(frame)))
	for b.Loop() {
		Checksum(&p, frame)
	}
}

// BenchmarkQUIC opens a first packet of full size: with keys that are new each time, as for each new connection, and with known ones.
func BenchmarkQUIC(b *testing.B) {
	id := []byte("12345678")
	frames := cryptoFrame(0, unhex(exampleClient)[4:])
	packet := initialPacket(b, QUICVersion1, true, id, id, nil, nil, 0, join(frames, make([]byte, 1100-len(frames))))
	for _, fresh := range []bool{true, false} {
		name := "known keys"
		if fresh {
			name = "new keys"
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var q QUIC
			for b.Loop() {
				if fresh {
					q.keys = [maxQUICKeys]quicKeys{}
				}
				QUICInitials(packet, true, id, &q)
			}
			if len(q.Initials) != 1 {
				b.Fatal(q)
			}
		})
	}
}

func BenchmarkRecognise(b *testing.B) {
	b.ReportAllocs()
	var lists [][]byte
	for _, c := range recogniseCases {
		lists = append(lists, []byte(c.payload))
	}
	for n := 0; b.Loop(); n++ {
		i := n % len(lists)
		Recognise(recogniseCases[i].proto, 50000, recogniseCases[i].port, lists[i])
	}
}

func BenchmarkJA4(b *testing.B) {
	b.ReportAllocs()
	h := ClientHello{Version: 0x0303, CipherSuites: make([]uint16, 16), Extensions: make([]uint16, 16), SignatureAlgs: make([]uint16, 8)}
	for b.Loop() {
		JA4(&h, JA4TCP)
	}
}
