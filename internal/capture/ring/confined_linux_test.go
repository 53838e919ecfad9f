package ring

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"candor/internal/capture"
	"candor/internal/confine"
)

// TestLiveConfined gives up every capability once the ring is open: reading, counting and following an interface that
// vanishes and comes back go on.
func TestLiveConfined(t *testing.T) {
	if !alone(t) {
		return
	}
	pair(t)
	r := open(t, Options{Interfaces: []string{"v1"}, Bytes: 1 << 20})
	s := newSender(t, "v0")
	helper := exec.Command("sh", "-e", "-c", `read go
ip link del v0; echo gone; read go
ip link add v0 mtu 65535 type veth peer name v1 mtu 65535; ip link set v0 up; ip link set v1 up; echo back`)
	in, err := helper.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := helper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	words := bufio.NewReader(out)
	next := func(want string) {
		t.Helper()
		_, _ = io.WriteString(in, "go\n")
		if got, err := words.ReadString('\n'); err != nil || got != want+"\n" {
			t.Fatalf("%q %v", got, err)
		}
	}
	report, err := confine.Confine(confine.Limits{Read: []string{"/sys"}})
	if err != nil || report.Capabilities != "0" {
		t.Fatalf("%+v %v", report, err)
	}
	if _, err := Open(Options{Interfaces: []string{"v1"}, Bytes: 1 << 20}); err == nil || !strings.Contains(err.Error(), "CAP_NET_RAW") {
		t.Errorf("opened once more: %v", err)
	}
	s.send(udp(1, 10))
	next("gone")
	if got := r.Counted()[0].Down; !strings.Contains(got, "not there") {
		t.Errorf("gone: %q", got)
	}
	next("back")
	ready(t)
	if got := r.Counted()[0].Down; got != "" {
		t.Errorf("back: %q", got)
	}
	s.to.Ifindex = interfaceNumber(s.fd, "v0")
	if err := unix.Bind(s.fd, &s.to); err != nil {
		t.Fatal(err)
	}
	s.send(udp(2, 10))
	n := rest(t, r, func(f *capture.Frame) {
		if len(f.Data) != len(udp(1, 10)) {
			t.Errorf("%d bytes", len(f.Data))
		}
	})
	if c := exact(t, r); n != 2 || c.Seen != 2 {
		t.Errorf("%d frames, %+v", n, c)
	}
	_ = helper.Wait()
}
