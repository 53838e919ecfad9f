package flow

import (
	"net"
	"slices"
	"testing"

	"candor/internal/record"
	"candor/internal/sight"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

func TestDatagrams(t *testing.T) {
	udp := func(at float64, toServer bool, n int) frame {
		if toServer {
			return datagram(t, at, clientIP, clientPort, serverIP, 9999, make([]byte, n))
		}
		return datagram(t, at, serverIP, 9999, clientIP, clientPort, make([]byte, n))
	}
	for _, c := range []struct {
		name   string
		frames []frame
		want   string
	}{
		{"answered", []frame{udp(0, true, 5), udp(1, false, 7)}, "40000 SF Dd 1/1 5/7 m0 1000ms r0F\n"},
		{"unanswered", []frame{udp(0, true, 5)}, "40000 S0 D 1/0 5/0 m0 0ms r0F\n"},
		{"idle for a minute", []frame{udp(0, true, 5), udp(61, true, 5)}, "40000 S0 D 1/0 5/0 m0 0ms r0F\n40000 S0 D 1/0 5/0 m0 0ms r0F\n"},
		{"server first flips", []frame{datagram(t, 0, serverIP, 123, clientIP, clientPort, make([]byte, 9))}, "40000 SHR ^d 0/1 0/9 m0 0ms r0F\n"},
		{"ping", []frame{icmp(t, 0, clientIP, serverIP, 8, 0), icmp(t, .5, serverIP, clientIP, 0, 0)}, "8 OTH  1/1 10/10 m0 500ms r0F\n"},
		{
			"unreachable: two directions, two connections",
			[]frame{icmp(t, 0, clientIP, serverIP, 3, 1), icmp(t, 1, serverIP, clientIP, 3, 1)},
			"3 OTH  1/0 10/0 m0 0ms r0F\n3 OTH  1/0 10/0 m0 0ms r0F\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(run(DefaultConfig(), c.frames).Conns); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestOtherProtocol(t *testing.T) {
	data := serialize(t, ether(layers.EthernetTypeIPv4), ip4(clientIP, serverIP, layers.IPProtocolGRE), gopacket.Payload("\x00\x00\x08\x00rest"))
	b := run(DefaultConfig(), []frame{{start, 1, data, uint32(len(data))}})
	if len(b.Conns) != 1 {
		t.Fatalf("%d connections, want 1", len(b.Conns))
	}
	c := b.Conns[0]
	if c.Proto != 47 || c.OrigP != 0 || c.RespP != 0 || c.Service != "gre" || c.State != "OTH" || record.ProtoName(c.Proto) != "unknown_transport" {
		t.Errorf("proto %d ports %d %d service %q state %q", c.Proto, c.OrigP, c.RespP, c.Service, c.State)
	}
}

// TestFragments: a later fragment belongs to the connection of the first one; without that, to one with ports 0.
func TestFragments(t *testing.T) {
	whole := datagram(t, 0, clientIP, clientPort, serverIP, 9999, make([]byte, 1000))
	header, udp := whole.data[:34], whole.data[34:]
	part := func(at float64, from, to int, id byte) frame {
		ip := append([]byte(nil), header...)
		ip[18], ip[19] = 0, id
		n := 20 + to - from
		ip[16], ip[17] = byte(n>>8), byte(n)
		flags := from / 8
		if to < len(udp) {
			flags |= 0x2000
		}
		ip[20], ip[21] = byte(flags>>8), byte(flags)
		data := append(ip, udp[from:to]...)
		return frame{start + record.Time(at*1e9), 1, data, uint32(len(data))}
	}
	for _, c := range []struct {
		name   string
		frames []frame
		want   string
	}{
		{"both", []frame{part(0, 0, 504, 7), part(1, 504, 1008, 7)}, "40000 S0 D"},
		{"another packet's", []frame{part(0, 0, 504, 7), part(1, 504, 1008, 8)}, "40000 S0 D"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := run(DefaultConfig(), c.frames)
			packets := b.Conns[0].OrigPkts
			if c.name == "both" && (len(b.Conns) != 1 || packets != 2 || b.Conns[0].OrigBytes != 1000) {
				t.Errorf("got\n%s", show(b.Conns))
			}
			if c.name != "both" && (len(b.Conns) != 2 || b.Conns[1].OrigP != 0) {
				t.Errorf("got\n%s", show(b.Conns))
			}
		})
	}
	cfg := DefaultConfig()
	cfg.MaxFragments = 2
	var many []frame
	for i := range 200 {
		many = append(many, part(float64(i)/100, 0, 504, byte(i)))
	}
	tab := New(cfg, sight.New(cfg.Scope, "", ""))
	feed(tab, many, func(int) {
		if n := len(tab.ports.known); n > 2 {
			t.Fatalf("%d fragmented packets remembered, the bound is 2", n)
		}
	})
}

// inFragments cuts a frame's IPv4 packet into fragments with n bytes each, a multiple of 8; all but the first come later by step seconds.
func inFragments(f frame, n int, id byte, step float64) (out []frame) {
	header, rest := f.data[:34], f.data[34:14+(int(f.data[16])<<8+int(f.data[17]))] // without padding
	for from := 0; from < len(rest); from += n {
		to := min(from+n, len(rest))
		ip := append([]byte(nil), header...)
		total, flags := 20+to-from, from/8
		if to < len(rest) {
			flags |= 0x2000
		}
		ip[16], ip[17], ip[18], ip[19], ip[20], ip[21] = byte(total>>8), byte(total), 0, id, byte(flags>>8), byte(flags)
		ip[24], ip[25] = 0, 0
		sum := uint32(0)
		for i := 14; i < 34; i += 2 {
			sum += uint32(ip[i])<<8 | uint32(ip[i+1])
		}
		sum = ^(sum>>16 + sum&0xffff)
		ip[24], ip[25] = byte(sum>>8), byte(sum)
		data := append(ip, rest[from:to]...)
		out = append(out, frame{f.ts + record.Time(step*float64(len(out))*1e9), 1, data, uint32(len(data))})
	}
	return out
}

// TestFragmentedMessages: what fragments carry together is read once, when all of them came.
func TestFragmentedMessages(t *testing.T) {
	reply := dnsMessage(9, true, "long.example", 40)
	whole := datagram(t, 1, serverIP, 53, clientIP, clientPort, reply)
	parts := inFragments(whole, 200, 7, 0.01)
	spoilt := inFragments(whole, 200, 7, 0.01)
	again := spoilt[1]
	again.data = append([]byte(nil), again.data...)
	again.data[60] ^= 1
	cutShort := inFragments(whole, 200, 7, 0.01)
	cutShort[0].data = cutShort[0].data[:120]
	slow := inFragments(whole, 200, 7, 16)
	reverse := slices.Clone(parts)
	slices.Reverse(reverse)
	for i := range reverse {
		reverse[i].ts = start + record.Time(i)*1e6
	}
	for _, c := range []struct {
		name    string
		frames  []frame
		answers int // -1: no record
		cut     bool
		n       uint64 // inconsistent
	}{
		{"whole", []frame{whole}, 40, false, 0},
		{"in order", parts, 40, false, 0},
		{"in reverse", reverse, 40, false, 0},
		{"one came again", append(slices.Clone(parts[:2]), append([]frame{later(parts[1], 5e6)}, parts[2:]...)...), 40, false, 0},
		{"one is missing", parts[:len(parts)-1], -1, false, 0},
		{"too slow", slow, -1, false, 0},
		{"they disagree", append([]frame{spoilt[0], spoilt[1], again}, spoilt[2:]...), -1, false, 1},
		{"the first was cut", cutShort, 3, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := run(DefaultConfig(), c.frames)
			if c.answers < 0 {
				if len(b.DNS) != 0 {
					t.Errorf("%+v", b.DNS)
				}
			} else if len(b.DNS) != 1 || len(b.DNS[0].Answers) != c.answers || b.DNS[0].Query != "long.example" || b.DNS[0].Cut != c.cut {
				t.Errorf("want one record with %d answers: %+v", c.answers, b.DNS)
			}
			if n := counts(b)[record.Inconsistent]; n != c.n {
				t.Errorf("%d inconsistent, want %d", n, c.n)
			}
			if err := addsUp(c.frames, b); err != nil {
				t.Error(err)
			}
		})
	}
}

func later(f frame, by record.Time) frame {
	f.ts += by
	return f
}

// TestEviction: a full table lets go of the connection idle longest, counts it, and reports it.
func TestEviction(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxConns = 4
	var frames []frame
	for i := range 6 {
		frames = append(frames, datagram(t, float64(i), clientIP, uint16(1000+i), serverIP, 9999, []byte("x")))
		frames = append(frames, datagram(t, float64(i)+.5, clientIP, 1000, serverIP, 9999, []byte("x"))) // keeps the first busy
	}
	b := run(cfg, frames)
	var order []uint16
	for _, c := range b.Conns {
		order = append(order, c.OrigP)
	}
	want := []uint16{1001, 1002, 1000, 1003, 1004, 1005}
	if len(order) != 6 || order[0] != want[0] || order[1] != want[1] || order[2] != want[2] {
		t.Errorf("order of reports %v, want %v", order, want)
	}
	if n := counts(b)[record.EvictedConns]; n != 2 {
		t.Errorf("%d evictions counted, want 2", n)
	}
}

func TestLocalAndMAC(t *testing.T) {
	f := datagram(t, 0, clientIP, clientPort, net.IPv4(10, 0, 0, 9), 9999, []byte("x"))
	c := run(DefaultConfig(), []frame{f, datagram(t, 1, clientIP, clientPort, serverIP, 9999, []byte("x"))}).Conns
	if !c[0].LocalOrig || !c[0].LocalResp || !c[1].LocalOrig || c[1].LocalResp {
		t.Errorf("local: %v %v and %v %v", c[0].LocalOrig, c[0].LocalResp, c[1].LocalOrig, c[1].LocalResp)
	}
	if c[0].OrigL2.String() != "02:00:00:00:00:01" || !c[0].RespL2.Zero() {
		t.Errorf("cards %v and %v", c[0].OrigL2, c[0].RespL2)
	}
}

// TestCommunityID uses the published test vectors of the specification.
func TestCommunityID(t *testing.T) {
	for _, c := range []struct {
		name string
		f    frame
		want string
	}{
		{"tcp", tcpFrame(t, net.IPv4(128, 232, 110, 120), 34855, net.IPv4(66, 35, 250, 204), 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"tcp back", tcpFrame(t, net.IPv4(66, 35, 250, 204), 80, net.IPv4(128, 232, 110, 120), 34855), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"udp", datagram(t, 0, net.IPv4(192, 168, 1, 52), 54585, net.IPv4(8, 8, 8, 8), 53, []byte("x")), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{"icmp", icmp(t, 0, net.IPv4(192, 168, 0, 89), net.IPv4(192, 168, 0, 1), 8, 0), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run(DefaultConfig(), []frame{c.f}).Conns[0].Community(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func tcpFrame(t testing.TB, src net.IP, sp uint16, dst net.IP, dp uint16) frame {
	ip := ip4(src, dst, layers.IPProtocolTCP)
	tcp := &layers.TCP{SrcPort: layers.TCPPort(sp), DstPort: layers.TCPPort(dp), ACK: true, Seq: 1, Ack: 1, Window: 9}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	data := serialize(t, ether(layers.EthernetTypeIPv4), ip, tcp)
	return frame{start, 1, data, uint32(len(data))}
}

func TestBase62(t *testing.T) {
	seen := map[string]bool{}
	for _, hi := range []uint32{0, 1, 61, 62, 1<<32 - 1} {
		for _, lo := range []uint64{0, 1, 61, 62, 1 << 63, 1<<64 - 1, 839299365868340224, 839299365868340223} {
			digits := base62(hi, lo)
			s := string(digits[:])
			if len(s) != 18 || s[0] != 'C' || seen[s] {
				t.Errorf("base62(%d, %d) = %s: want C and 17 digits, each number its own", hi, lo, s)
			}
			seen[s] = true
		}
	}
}
