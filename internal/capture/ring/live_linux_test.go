package ring

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"candor/internal/capture"
)

// inNamespace says that the test runs in a network namespace of its own.
const inNamespace = "CANDOR_RING_NAMESPACE"

// alone runs the test again in a network namespace of its own, which holds the pair v0, v1. It reports whether this is there.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inNamespace) != "" {
		return true
	}
	if os.Getuid() != 0 {
		t.Skip("only root may make network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip (iproute2)")
	}
	name := fmt.Sprintf("candor-ring-%d", os.Getpid())
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() })
	cmd := exec.Command("ip", "netns", "exec", name, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), inNamespace+"="+name)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
		return false
	}
	if testing.Verbose() {
		t.Logf("%s", out)
	}
	return false
}

func ip(t *testing.T, args string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", args, err, out)
	}
}

// pair makes the pair v0, v1, which nobody else speaks on.
func pair(t *testing.T) {
	t.Helper()
	for _, which := range []string{"all", "default"} {
		_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+which+"/disable_ipv6", []byte("1"), 0)
	}
	ip(t, "link add v0 mtu 65535 type veth peer name v1 mtu 65535")
	ip(t, "link set v0 up")
	ip(t, "link set v1 up")
	ready(t)
}

// ready waits until what is sent on v0 arrives: a fresh link takes a moment.
func ready(t *testing.T) {
	t.Helper()
	for _, name := range []string{"v0", "v1"} {
		for range 1000 {
			if b, _ := os.ReadFile("/sys/class/net/" + name + "/operstate"); string(b) == "up\n" {
				break
			}
			_, _ = unix.Poll(nil, 2)
		}
	}
}

// sender sends frames on an interface.
type sender struct {
	t  *testing.T
	fd int
	to unix.SockaddrLinklayer
}

func newSender(t *testing.T, name string) *sender {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return &sender{t: t, fd: fd, to: unix.SockaddrLinklayer{Ifindex: interfaceNumber(fd, name)}}
}

func (s *sender) send(frame []byte) {
	s.t.Helper()
	for {
		err := unix.Sendto(s.fd, frame, 0, &s.to)
		if err == nil {
			return
		}
		if !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
			s.t.Fatalf("send %d bytes: %v", len(frame), err)
		}
	}
}

func open(t *testing.T, o Options) *Rings {
	t.Helper()
	r, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// rest reads until the end and gives how many frames there were.
func rest(t *testing.T, r *Rings, each func(*capture.Frame)) (n int) {
	t.Helper()
	r.Stop()
	for {
		var f capture.Frame
		switch err := r.Next(&f, time.Second); err {
		case nil:
			n++
			if each != nil {
				each(&f)
			}
		case io.EOF:
			return n
		case capture.ErrQuiet:
		default:
			t.Fatal(err)
		}
	}
}

// exact holds what was counted against itself.
func exact(t *testing.T, r *Rings) capture.Counted {
	t.Helper()
	var sum capture.Counted
	for _, c := range r.Counted() {
		if c.Read+c.Dropped != c.Seen {
			t.Errorf("%s: %d read + %d dropped, %d seen", c.Name, c.Read, c.Dropped, c.Seen)
		}
		sum.Seen += c.Seen
		sum.Read += c.Read
		sum.Dropped += c.Dropped
		sum.Missed += c.Missed
		sum.Arrived += c.Arrived
		sum.Unfinished += c.Unfinished
		sum.Tagged += c.Tagged
	}
	return sum
}

func udp(port uint16, payload int) []byte {
	b := packetOf("10.1.2.3", "192.0.2.9", protoUDP, port, 4000)
	return append(b, make([]byte, payload)...)
}

func TestLiveFrames(t *testing.T) {
	if !alone(t) {
		return
	}
	pair(t)
	r := open(t, Options{Interfaces: []string{"v1"}, Bytes: 8 << 20, Block: 1 << 20})
	s := newSender(t, "v0")
	tagged := packetOf("10.1.2.3", "192.0.2.9", protoUDP, 1, 2, 7)
	double := packetOf("10.1.2.3", "192.0.2.9", protoUDP, 1, 2, 7, 8)
	double[12], double[13] = 0x88, 0xa8
	sent := [][]byte{udp(1, 0), tagged, double, udp(2, 65000), packetOf("10.1.2.3", "192.0.2.9", protoUDP, 1, 2, 0x6000)}
	before := time.Now().UnixNano()
	for _, b := range sent {
		s.send(b)
	}
	var got [][]byte
	n := rest(t, r, func(f *capture.Frame) {
		got = append(got, bytes.Clone(f.Data))
		if f.Time < before || f.Time > time.Now().UnixNano() || f.Link != 1 || f.Interface != 0 || int(f.Wire) != len(f.Data) {
			t.Errorf("%d bytes: time %d, link %d, interface %d, wire %d", len(f.Data), f.Time, f.Link, f.Interface, f.Wire)
		}
	})
	if n != len(sent) {
		t.Fatalf("%d frames, want %d", n, len(sent))
	}
	for i := range sent {
		if !bytes.Equal(sent[i], got[i]) {
			t.Errorf("frame %d: %d bytes\n%x, want %d\n%x", i, len(got[i]), got[i][:min(40, len(got[i]))], len(sent[i]), sent[i][:min(40, len(sent[i]))])
		}
	}
	if c := exact(t, r); c.Tagged != 3 || c.Arrived != uint64(n) {
		t.Errorf("%+v", c)
	}
}

// TestLiveUnfinished sends a frame whose checksum is left to a card that is not there.
func TestLiveUnfinished(t *testing.T) {
	if !alone(t) {
		return
	}
	pair(t)
	r := open(t, Options{Interfaces: []string{"v1"}, Bytes: 1 << 20})
	s := newSender(t, "v0")
	if err := unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1); err != nil {
		t.Skipf("no way to send it: %v", err)
	}
	header := make([]byte, 10)
	s.send(append(bytes.Clone(header), udp(1, 0)...))
	header[0] = 1 // needs a checksum, from 34 on, at 6
	binary.NativeEndian.PutUint16(header[6:], 34)
	binary.NativeEndian.PutUint16(header[8:], 6)
	s.send(append(header, udp(2, 0)...))
	if n := rest(t, r, nil); n != 2 {
		t.Errorf("%d frames", n)
	}
	if c := exact(t, r); c.Unfinished != 1 {
		t.Errorf("%+v", c)
	}
}

func TestLiveFilter(t *testing.T) {
	if !alone(t) {
		return
	}
	pair(t)
	r := open(t, Options{Interfaces: []string{"v1"}, Bytes: 1 << 20, Filter: "not port 9 and not vlan 7 or arp"})
	s := newSender(t, "v0")
	for range 100 {
		s.send(udp(1, 10))
		s.send(udp(9, 10))
		s.send(packetOf("10.1.2.3", "192.0.2.9", protoUDP, 1, 2, 7))
		s.send(packetOf("10.1.2.3", "192.0.2.9", protoUDP, 1, 2, 70))
		s.send(packetOf("10.1.2.3", "192.0.2.9", protoUDP, 9, 2, 70, 7))
	}
	if n := rest(t, r, nil); n != 200 {
		t.Errorf("%d frames, want 200", n)
	}
	if c := exact(t, r); c.Seen != 200 || c.Arrived != 500 {
		t.Errorf("%+v", c)
	}
}

// TestLiveOverload has a tiny ring and a reader that does not read: every packet is read or counted as dropped.
func TestLiveOverload(t *testing.T) {
	if !alone(t) {
		return
	}
	pair(t)
	const all = 50000
	for _, fanout := range []int{1, 3} {
		r := open(t, Options{Interfaces: []string{"v1"}, Bytes: 1 << 20, Block: minBlock, Fanout: fanout})
		s := newSender(t, "v0")
		n := 0
		for i := range all {
			s.send(udp(uint16(i), 200))
			if i%100 == 0 && i < all/2 { // slowly at first, then not at all
				var f capture.Frame
				if r.Next(&f, 0) == nil {
					n++
				}
			}
		}
		if fill := r.Fill(); fill < 0.8 {
			t.Errorf("%d rings: filled to %v", fanout, fill)
		}
		n += rest(t, r, nil)
		c := exact(t, r)
		if c.Seen != all || c.Read != uint64(n) || c.Dropped < all/2 || c.Missed != 0 {
			t.Errorf("%d rings: %+v, %d given", fanout, c, n)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestLiveOrder has two interfaces that hear alternately, with several rings each.
func TestLiveOrder(t *testing.T) {
	if !alone(t) {
		return
	}
	pair(t)
	ip(t, "link add w0 type veth peer name w1")
	ip(t, "link set w0 up")
	ip(t, "link set w1 up")
	r := open(t, Options{Interfaces: []string{"v1", "w1"}, Bytes: 8 << 20, Fanout: 2})
	to := []*sender{newSender(t, "v0"), newSender(t, "w0")}
	const all = 4000
	var last int64
	n := [2]int{}
	look := func(f *capture.Frame) {
		if f.Time < last {
			t.Errorf("frame %d: %d ns after a later one", n[0]+n[1], last-f.Time)
		}
		last = f.Time
		n[f.Interface]++
	}
	for i := range all {
		to[i%2].send(udp(uint16(i), 10))
		var f capture.Frame
		if r.Next(&f, 0) == nil {
			look(&f)
		}
	}
	rest(t, r, look)
	if n != [2]int{all / 2, all / 2} {
		t.Errorf("%v", n)
	}
	exact(t, r)
}

// TestLiveVanished takes the interface away and brings it back.
func TestLiveVanished(t *testing.T) {
	if !alone(t) {
		return
	}
	pair(t)
	for _, fanout := range []int{1, 2} {
		r := open(t, Options{Interfaces: []string{"v1"}, Bytes: 1 << 20, Fanout: fanout})
		sendSome := func() {
			ready(t)
			s := newSender(t, "v0")
			for i := range 10 {
				s.send(udp(uint16(i), 10))
			}
		}
		n := 0
		read := func(wait time.Duration) {
			for {
				var f capture.Frame
				if r.Next(&f, wait) != nil {
					return
				}
				n++
			}
		}
		down := func() string { return r.Counted()[0].Down }
		sendSome()
		ip(t, "link set v0 down")
		if got := down(); !strings.Contains(got, "no link") {
			t.Errorf("cable pulled: %q", got)
		}
		ip(t, "link set v1 down")
		if got := down(); !strings.Contains(got, "switched off") {
			t.Errorf("switched off: %q", got)
		}
		ip(t, "link set v0 up")
		ip(t, "link set v1 up")
		if got := down(); got != "" {
			t.Errorf("back: %q", got)
		}
		sendSome()
		ip(t, "link del v0")
		if got := down(); !strings.Contains(got, "not there") {
			t.Errorf("gone: %q", got)
		}
		read(100 * time.Millisecond)
		ip(t, "link add v0 mtu 65535 type veth peer name v1 mtu 65535")
		ip(t, "link set v0 up")
		ip(t, "link set v1 up")
		if got := down(); got != "" {
			t.Errorf("there again: %q", got)
		}
		sendSome()
		n += rest(t, r, nil)
		if c := exact(t, r); n != 30 || c.Seen != 30 {
			t.Errorf("%d rings: %d frames of 30, %+v", fanout, n, c)
		}
		_ = r.Close()
	}
}

func TestLiveRefused(t *testing.T) {
	if !alone(t) {
		return
	}
	if _, err := Open(Options{Interfaces: []string{"v9"}}); err == nil || !strings.Contains(err.Error(), "no such interface") {
		t.Errorf("%v", err)
	}
	if _, err := Open(Options{Interfaces: []string{"lo"}, Filter: "port"}); err == nil || !strings.Contains(err.Error(), "no port") {
		t.Errorf("%v", err)
	}
	r := open(t, Options{Interfaces: []string{"lo"}, Bytes: 1 << 20})
	var f capture.Frame
	if err := r.Next(&f, 0); err != capture.ErrQuiet {
		t.Errorf("%v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Next(&f, 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v", err)
	}
	_ = r.Close()
	_ = r.Counted()
	_ = r.Fill()
	r.Stop()
}
