package flow

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"candor/internal/record"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Addresses of hand-made packets.
var (
	clientIP = net.IPv4(10, 0, 0, 1)
	serverIP = net.IPv4(192, 0, 2, 1)
)

const (
	clientPort = 40000
	serverPort = 80
	start      = record.Time(1_700_000_000) * second
)

// serialize builds one Ethernet frame with right lengths and checksums.
func serialize(t testing.TB, ls ...gopacket.SerializableLayer) []byte {
	t.Helper()
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		t.Fatal(err)
	}
	return append([]byte(nil), buf.Bytes()...)
}

func ether(up layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: up}
}

var nextID uint16

func ip4(src, dst net.IP, proto layers.IPProtocol) *layers.IPv4 {
	nextID++ // so that no two frames are copies of one another unless a test wants it
	return &layers.IPv4{Version: 4, TTL: 64, Id: nextID, SrcIP: src, DstIP: dst, Protocol: proto}
}

// script makes TCP frames between client and server: "seconds dir flags seq ack payload", one packet a line or between semicolons. dir is > or <;
// payload is a number of bytes; a line that ends in "copy" comes twice.
func script(t testing.TB, text string) []frame {
	t.Helper()
	var out []frame
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '\n' }) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		line, again := strings.CutSuffix(line, " copy")
		f := strings.Fields(line)
		if len(f) != 6 {
			t.Fatalf("script line %q: want 6 fields", line)
		}
		at, err := strconv.ParseFloat(f[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, tcpSegment(t, at, f[1] == ">", f[2], number(t, f[3]), number(t, f[4]), strings.Repeat("\x01", int(number(t, f[5])))))
		if again {
			second := out[len(out)-1]
			second.ts += 1000
			out = append(out, second)
		}
	}
	return out
}

// tcpSegment makes one TCP frame; W among the flags is a window of zero.
func tcpSegment(t testing.TB, at float64, fromClient bool, flags string, seq, ack uint32, payload string) frame {
	t.Helper()
	tcp := &layers.TCP{
		SrcPort: clientPort, DstPort: serverPort, Seq: seq, Ack: ack, Window: 1000,
		SYN: strings.Contains(flags, "S"), ACK: strings.Contains(flags, "A"), FIN: strings.Contains(flags, "F"), RST: strings.Contains(flags, "R"),
		PSH: strings.Contains(flags, "P"),
	}
	if strings.Contains(flags, "W") {
		tcp.Window = 0
	}
	src, dst := clientIP, serverIP
	if !fromClient {
		src, dst = dst, src
		tcp.SrcPort, tcp.DstPort = tcp.DstPort, tcp.SrcPort
	}
	ip := ip4(src, dst, layers.IPProtocolTCP)
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	data := serialize(t, ether(layers.EthernetTypeIPv4), ip, tcp, gopacket.Payload(payload))
	return frame{start + record.Time(at*1e9), 1, data, uint32(len(data))}
}

func number(t testing.TB, s string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

// datagram makes one UDP frame.
func datagram(t testing.TB, at float64, src net.IP, sp uint16, dst net.IP, dp uint16, payload []byte) frame {
	t.Helper()
	ip := ip4(src, dst, layers.IPProtocolUDP)
	udp := &layers.UDP{SrcPort: layers.UDPPort(sp), DstPort: layers.UDPPort(dp)}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	data := serialize(t, ether(layers.EthernetTypeIPv4), ip, udp, gopacket.Payload(payload))
	return frame{start + record.Time(at*1e9), 1, data, uint32(len(data))}
}

// icmp makes one ICMP frame.
func icmp(t testing.TB, at float64, src, dst net.IP, typ, code uint8) frame {
	t.Helper()
	data := serialize(t, ether(layers.EthernetTypeIPv4), ip4(src, dst, layers.IPProtocolICMPv4),
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(typ, code)}, gopacket.Payload("0123456789"))
	return frame{start + record.Time(at*1e9), 1, data, uint32(len(data))}
}

// show writes the telling fields of conns, one a line: originator's port, state, history, packets, payload bytes, missed bytes, duration in
// milliseconds, report number and F for the final one.
func show(conns []record.Conn) string {
	var b strings.Builder
	for _, c := range conns {
		final := ""
		if c.Final {
			final = "F"
		}
		fmt.Fprintf(&b, "%d %s %s %d/%d %d/%d m%d %dms r%d%s\n", c.OrigP, c.State, c.History, c.OrigPkts, c.RespPkts, c.OrigBytes, c.RespBytes, c.MissedBytes,
			int64(c.Duration)/1e6, c.Report, final)
	}
	return b.String()
}
