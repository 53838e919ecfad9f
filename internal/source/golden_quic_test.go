package source_test

import (
	"testing"

	gt "candor/internal/source/goldentest"
)

func quicGoldens(t *testing.T) []golden {
	t.Helper()
	p := web()
	id := gt.Hex("8394c8f03e515708")
	packet := func(version uint32, number byte, frames ...[]byte) []byte {
		b, err := gt.Initial{Version: version, DCID: id, SCID: gt.Hex("0102030405060708"), Number: number, Frames: gt.Join(frames...)}.Packet()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	hello := gt.Client13("www.example.org", "h3").Message()
	long := gt.Client13("www.example.org", "h3")
	long.Extensions = append(long.Extensions, gt.Extension{Kind: 57, Data: gt.Join(gt.Hex("7f00 4400"), gt.Zeros(0x400))}) // one long parameter of transport
	hello2 := long.Message()
	conn := "conn udp 10.1.0.7:40001 > 203.0.113.80:443 ssl,quic"
	named, ja4 := "tls www.example.org TLSv13 -", "ja4 q13d0206h3"+ja4Tail13
	// sha256 of "000a,000d,002b,0033,0039_0403,0804"
	ja4Long := "ja4 q13d0207h3_62ed6f6ca7ad_d28fa0964799"
	first, second := packet(gt.QUICv1, 0, gt.Crypto(0, hello2[:700])), packet(gt.QUICv1, 1, gt.Crypto(700, hello2[700:]))
	unknown := gt.Join(gt.Hex("c0 faceb00f"), gt.Len8(id), gt.Len8(nil), gt.Zeros(1100))
	newID := gt.Hex("1122334455667788")
	retry := gt.Join(gt.Hex("f0 00000001"), gt.Len8(gt.Hex("0102030405060708")), gt.Len8(newID), []byte("token"), gt.Zeros(16))
	again := func(number byte, frames []byte) []byte {
		b, err := gt.Initial{Version: gt.QUICv1, DCID: newID, SCID: gt.Hex("0102030405060708"), Token: []byte("token"), Number: number, Frames: frames}.Packet()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	return []golden{
		{name: "quic.pcap", file: file([]gt.Packet{p.UDP(false, packet(gt.QUICv1, 0, gt.Crypto(0, hello)))}), want: words(conn, named, ja4)},
		{name: "quic-version-2.pcap", file: file([]gt.Packet{p.UDP(false, packet(gt.QUICv2, 0, gt.Crypto(0, hello)))}), want: words(conn, named, ja4)},
		{name: "quic-hello-in-two-packets.pcap", file: file([]gt.Packet{p.UDP(false, first), p.UDP(false, second)}), want: words(conn, named, ja4Long)},
		{name: "quic-hello-in-two-packets-second-first.pcap", file: file([]gt.Packet{p.UDP(false, second), p.UDP(false, first)}), want: words(conn, named, ja4Long)},
		{
			// Browsers cut and shuffle: pieces out of order within a packet, pings and padding between them.
			name: "quic-pieces-out-of-order.pcap", want: words(conn, named, ja4),
			file: file([]gt.Packet{p.UDP(false, packet(gt.QUICv1, 0, gt.Crypto(90, hello[90:]), []byte{1, 0, 0, 0}, gt.Crypto(40, hello[40:90]), []byte{1}, gt.Crypto(0, hello[:40])))}),
		},
		{
			name: "quic-pieces-overlap.pcap", want: words(conn, named, ja4),
			file: file([]gt.Packet{p.UDP(false, packet(gt.QUICv1, 0, gt.Crypto(0, hello[:80]), gt.Crypto(30, hello[30:])))}),
		},
		{
			// The example of RFC 9001, A.2: what it asks for is example.com. JA4: 1301,1302; extensions 0 and 16 left out, the others
			// sorted 0005,000a,000d,001c,002b,002d,0033,0039,ff01, and algorithms as sent.
			name: "quic-rfc9001-example.pcap", want: words(conn, "tls example.com TLSv13 -", "ja4 q13d0211an_62ed6f6ca7ad_4d634acda6c0"),
			file: file([]gt.Packet{p.UDP(false, packet(gt.QUICv1, 2, gt.Hex(rfc9001Frames)))}),
		},
		{
			// Behind a retry the client says it all again, with the server's token and another id for the keys.
			name: "quic-retry.pcap", want: words(conn, named, ja4Long),
			file: file([]gt.Packet{p.UDP(false, second), p.UDP(true, retry), p.UDP(false, again(0, gt.Crypto(0, hello2[:700]))), p.UDP(false, again(1, gt.Crypto(700, hello2[700:])))}),
		},
		{
			name: "quic-other-packets-in-the-datagram.pcap", want: words(conn, named, ja4), // 0-RTT data behind the initial packet
			file: file([]gt.Packet{p.UDP(false, gt.Join(packet(gt.QUICv1, 0, gt.Crypto(0, hello)), gt.Hex("d0 00000001"), gt.Len8(id), gt.Len8(nil), gt.U16(0x4020), gt.Zeros(32)))}),
		},
		{
			// A version that nobody knows is still QUIC on its port, and that its hello was not read is said.
			name: "quic-unknown-version.pcap", want: words("conn udp 10.1.0.7:40001 > 203.0.113.80:443 quic", "undecodable quic_hello_unread 1"),
			file: file([]gt.Packet{p.UDP(false, unknown)}),
		},
		{
			name: "quic-other-port.pcap", want: words("conn udp 10.1.0.7:40001 > 203.0.113.80:8443 ssl,quic", named, ja4),
			file: file([]gt.Packet{gt.Pair{Client: "10.1.0.7", Server: "203.0.113.80", ClientPort: 40001, ServerPort: 8443}.UDP(false, packet(gt.QUICv1, 0, gt.Crypto(0, hello)))}),
		},
		{
			name: "quic-dns-over-https.pcap", want: words(conn, "tls dns.google TLSv13 -", ja4, "sight dns_encrypted 1"),
			file: file([]gt.Packet{p.UDP(false, packet(gt.QUICv1, 0, gt.Crypto(0, gt.Client13("dns.google", "h3").Message())))}),
		},
		{
			name: "quic-dns.pcap", // DNS over QUIC (RFC 9250)
			file: file([]gt.Packet{gt.Pair{Client: "10.1.0.7", Server: "203.0.113.53", ClientPort: 40001, ServerPort: 853}.UDP(false, packet(gt.QUICv1, 0, gt.Crypto(0, gt.Client13("dns.example.net", "doq").Message())))}),
			want: words("conn udp 10.1.0.7:40001 > 203.0.113.53:853 ssl,quic", "tls dns.example.net TLSv13 -", "ja4 q13d0206dq"+ja4Tail13, "sight dns_encrypted 1"),
		},
	}
}

const rfc9001Frames = `060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c
00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e
000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748
002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff
05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff`
