package source_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"candor/internal/capture"
	"candor/internal/capture/ring"
	"candor/internal/record"
	"candor/internal/source"
)

// inNamespace says that the test runs in a network namespace of its own.
const inNamespace = "CANDOR_SOURCE_NAMESPACE"

// alone runs the test again in a network namespace of its own. It reports whether this is there.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inNamespace) != "" {
		return true
	}
	if os.Getuid() != 0 {
		t.Skip("only root may make network namespaces")
	}
	name := fmt.Sprintf("candor-source-%d", os.Getpid())
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() })
	cmd := exec.Command("ip", "netns", "exec", name, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), inNamespace+"="+name)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	} else if testing.Verbose() {
		t.Logf("%s", out)
	}
	return false
}

// wire makes the pair v0, v1, which nobody else speaks on.
func wire(t *testing.T) {
	t.Helper()
	for _, which := range []string{"all", "default"} {
		_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+which+"/disable_ipv6", []byte("1"), 0)
	}
	for _, args := range []string{"link add v0 mtu 65535 type veth peer name v1 mtu 65535", "link set v0 up", "link set v1 up"} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", args, err, out)
		}
	}
	for range 1000 { // a fresh link takes a moment
		if b, _ := os.ReadFile("/sys/class/net/v0/operstate"); string(b) == "up\n" {
			break
		}
		_, _ = unix.Poll(nil, 2)
	}
}

// replay sends the frames of a capture on v0, as fast as it goes, and says how many there were.
func replay(t *testing.T, path string) (n uint64) {
	t.Helper()
	f, err := capture.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	req, _ := unix.NewIfreq("v0")
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, req); err != nil {
		t.Fatal(err)
	}
	to := unix.SockaddrLinklayer{Ifindex: int(req.Uint32())}
	for {
		var frame capture.Frame
		if err := f.Next(&frame); err != nil {
			return n
		}
		for err = unix.ENOBUFS; errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.EINTR); {
			err = unix.Sendto(fd, frame.Data, 0, &to)
		}
		if err == nil { // the kernel does not take every frame
			n++
		}
	}
}

// TestLiveOnTheWire: a capture goes over a wire into rings. Every packet is counted, and what was written beside gives the
// same records when it is read as a file.
func TestLiveOnTheWire(t *testing.T) {
	labs := filepath.Join(cmp.Or(os.Getenv("CANDOR_SHARED"), filepath.Join("..", "..", "..", "shared")), "data", "labs")
	path, err := filepath.Abs(filepath.Join(labs, "A-plain.pcap.zst"))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Skip("no captures of real networks here: set CANDOR_SHARED to the folder that holds them")
	}
	if !alone(t) {
		return
	}
	wire(t)
	for _, cores := range []int{1, 2} {
		rings, err := ring.Open(ring.Options{Interfaces: []string{"v1"}, Bytes: 32 << 20, Fanout: cores})
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.Create(filepath.Join(t.TempDir(), "tee.pcapng"))
		if err != nil {
			t.Fatal(err)
		}
		opts := source.LiveOptions{Options: options(), Now: time.Now}
		opts.Cores = cores
		if opts.Tee, err = capture.NewTee(file, []capture.Interface{{Name: "v1", Link: ethernet}}); err != nil {
			t.Fatal(err)
		}
		l, err := source.OpenLive(t.Context(), rings, opts)
		if err != nil {
			t.Fatal(err)
		}
		sent := replay(t, path)
		got := withBlind(rest(t, l))
		want := total(read(t, options(), file.Name()))
		in := want.Inputs[0]
		if in.Packets != sent || whole(got).Counts[record.Frames] != sent || got.Inputs[0].Packets != sent {
			t.Errorf("%d cores: %d frames sent, %d in the tee, %d in sight, input %+v", cores, sent, in.Packets, whole(got).Counts[record.Frames], got.Inputs)
		}
		if d, w := whole(got).Drops, whole(want).Drops; d == nil || w == nil || *d != *w || d.Received != sent || d.Dropped != 0 {
			t.Errorf("%d cores: drops %+v, the tee says %+v", cores, d, w)
		}
		got.Inputs, want.Inputs, got.Sight, want.Sight = nil, nil, nil, nil
		if diff := gocmp.Diff(want, got, addresses, cmpopts.EquateEmpty()); diff != "" || len(got.Conns) == 0 || len(got.Blind) > 0 {
			t.Errorf("%d cores: %d connections, blind %+v; -tee +live:\n%.3000s", cores, len(got.Conns), got.Blind, diff)
		}
		if err := errors.Join(l.Close(), rings.Close(), file.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestLiveOverrun: a tiny ring, and a clock that nobody has time to follow. Whatever happens to packets is counted.
func TestLiveOverrun(t *testing.T) {
	if !alone(t) {
		return
	}
	wire(t)
	var b []byte
	for i := range 60000 {
		b = append(b, pcap(ethernet, timed{record.Time(i) * 1e6, tcp(true, uint16(i), 16, 1, 1, 600)})[min(i, 1)*24:]...)
	}
	path := files(t, b)[0]
	rings, err := ring.Open(ring.Options{Interfaces: []string{"v1"}, Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	slow := &slowRings{Rings: rings}
	l, err := source.OpenLive(t.Context(), slow, source.LiveOptions{Options: options(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	sent := replay(t, path)
	slow.hurry.Store(true)
	got := withBlind(rest(t, l))
	c := rings.Counted()[0]
	s := whole(got)
	if c.Seen != sent || c.Read+c.Dropped != sent || c.Dropped == 0 || s.Counts[record.Frames] != c.Read || s.Drops.Received != sent || s.Drops.Dropped != c.Dropped {
		t.Errorf("%d sent, %+v, in sight %d read, drops %+v", sent, c, s.Counts[record.Frames], s.Drops)
	}
	if len(got.Blind) == 0 || got.Blind[0].Cause != record.BlindShed {
		t.Errorf("drops without shedding: %+v", got.Blind)
	}
	if err := errors.Join(l.Close(), rings.Close()); err != nil {
		t.Error(err)
	}
}

// slowRings take their time for each frame until they are told to hurry.
type slowRings struct {
	*ring.Rings
	n     int
	hurry atomic.Bool
}

func (r *slowRings) Next(f *capture.Frame, wait time.Duration) error {
	if r.n++; r.n%50 == 0 && !r.hurry.Load() {
		_, _ = unix.Poll(nil, 2)
	}
	return r.Rings.Next(f, wait)
}

// rest stops and takes what is left.
func rest(t *testing.T, l *source.Live) (out []*record.Batch) {
	t.Helper()
	l.Stop()
	for {
		b, err := l.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
}

// TestLiveSpeed measures: CANDOR_LIVE_SPEED names a capture, which tcpreplay sends as fast as it can from one core into a
// process on another.
func TestLiveSpeed(t *testing.T) {
	path := os.Getenv("CANDOR_LIVE_SPEED")
	if path == "" {
		t.Skip("to measure, set CANDOR_LIVE_SPEED to a capture")
	}
	if !alone(t) {
		return
	}
	wire(t)
	var two unix.CPUSet
	two.Set(1)
	if err := unix.SchedSetaffinity(0, &two); err != nil {
		t.Log(err)
	}
	for _, how := range strings.Fields(cmp.Or(os.Getenv("CANDOR_LIVE_HOW"), "count live1 live2")) {
		before := used()
		began := time.Now()
		var c capture.Counted
		var blind []record.Blind
		switch how {
		case "count":
			c = counted(t, path)
		default:
			cores, _ := strconv.Atoi(how[4:])
			c, blind = followed(t, path, cores)
		}
		cpu, wall := used()-before, time.Since(began)
		t.Logf("%-6s %d packets offered (%.0f kpps), %d read, %d dropped, %d missed: %d ns of CPU each, %v of CPU in %v, shed %d times, RSS %d MB",
			how, c.Seen+c.Missed, float64(c.Seen+c.Missed)/wall.Seconds()/1e3, c.Read, c.Dropped, c.Missed,
			int64(cpu)/max(int64(c.Read), 1), cpu.Round(time.Millisecond), wall.Round(time.Millisecond), len(blind), rss())
		if c.Read+c.Dropped != c.Seen {
			t.Errorf("%+v", c)
		}
	}
}

func used() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func rss() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Maxrss / 1024
}

func tcpreplay(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	args := []string{"-c", "0", "tcpreplay", "-q", "--topspeed", "-K", "-i", "v0", "-l", cmp.Or(os.Getenv("CANDOR_LIVE_LOOPS"), "5"), path}
	cmd := exec.Command("taskset", args...)
	if err := cmd.Start(); err != nil {
		t.Skipf("no tcpreplay: %v", err)
	}
	return cmd
}

func counted(t *testing.T, path string) capture.Counted {
	rings, err := ring.Open(ring.Options{Interfaces: []string{"v1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer rings.Close()
	cmd := tcpreplay(t, path)
	go func() { _ = cmd.Wait(); rings.Stop() }()
	for {
		var f capture.Frame
		if err := rings.Next(&f, time.Second); err != nil && err != capture.ErrQuiet {
			return rings.Counted()[0]
		}
	}
}

func followed(t *testing.T, path string, cores int) (capture.Counted, []record.Blind) {
	rings, err := ring.Open(ring.Options{Interfaces: []string{"v1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer rings.Close()
	opts := source.LiveOptions{Options: options(), Now: time.Now}
	opts.Cores = cores
	l, err := source.OpenLive(t.Context(), rings, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cmd := tcpreplay(t, path)
	go func() { _ = cmd.Wait(); l.Stop() }()
	var blind []record.Blind
	for {
		b, err := l.Next(t.Context())
		if err != nil {
			return rings.Counted()[0], blind
		}
		blind = append(blind, slices.Clone(b.Blind)...)
		l.Recycle(b)
	}
}
