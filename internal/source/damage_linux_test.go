package source_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"candor/internal/flow"
	"candor/internal/judge"
	"candor/internal/source"
)

// Bounds of what a damaged capture may cost.
const (
	damagePerPacket = 100 * time.Millisecond // CPU time of any single packet
	damageMemory    = 512 << 20              // of the process that reads all damaged captures one after the other
	damagePrefix    = 2 << 20                // a longer capture is damaged within its first bytes, and ends there
	damageJudged    = 10                     // every so many damaged captures the judge, with all detectors, says what it thinks of one; in the long run of each
)

// damageCosts adds up what reading damaged captures took.
type damageCosts struct {
	Captures, Cuts, Flips, Unreadable int
	Packets                           uint64
	CPU, Slowest                      time.Duration // Slowest: of any packet
	Where                             string        // the slowest packet was
}

func (c *damageCosts) add(o *damageCosts) {
	if o.Slowest > c.Slowest {
		c.Slowest, c.Where = o.Slowest, o.Where
	}
	c.Captures, c.Cuts, c.Flips, c.Unreadable = c.Captures+o.Captures, c.Cuts+o.Cuts, c.Flips+o.Flips, c.Unreadable+o.Unreadable
	c.Packets, c.CPU = c.Packets+o.Packets, c.CPU+o.CPU
}

// TestDamaged cuts and flips every given capture and lab capture and the large one: no panic, no packet that takes long, bounded memory. CANDOR_LONG=1 does it
// to all of them, CANDOR_CUTS times each (200); without it a few are damaged a few times. It runs in a process of its own, whose most memory counts.
func TestDamaged(t *testing.T) {
	const inside = "CANDOR_DAMAGED"
	if os.Getenv(inside) != "" {
		damageAll(t)
		return
	}
	if len(damagedCaptures(t)) == 0 {
		t.Skip("no given captures here: set CANDOR_SHARED to the folder that holds them")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestDamaged$", "-test.v", "-test.timeout=3h")
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if err != nil || strings.Contains(line, "damaged") {
			t.Log(strings.TrimSpace(line))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	most := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	if t.Logf("most memory %d MB", most>>20); most > damageMemory {
		t.Errorf("%d MB of memory, at most %d", most>>20, damageMemory>>20)
	}
}

// damagedCaptures lists the captures to damage, all of them or some small ones.
func damagedCaptures(t *testing.T) (paths []string) {
	t.Helper()
	root := os.Getenv("CANDOR_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	short := []string{"dns_axfr.pcapng", "test8-malicious.pcap", "icmp-tunnel.pcap", "F-plain.pcap.zst"}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := filepath.Base(path)
		kind := filepath.Ext(strings.TrimSuffix(name, ".zst"))
		if err == nil && d.Type().IsRegular() && (kind == ".pcap" || kind == ".pcapng") && (os.Getenv("CANDOR_LONG") == "1" || slices.Contains(short, name)) {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func damageAll(t *testing.T) {
	runtime.LockOSThread() // CPU time is that of the thread
	defer runtime.UnlockOSThread()
	times, judged := 20, damageJudged
	if os.Getenv("CANDOR_LONG") == "1" {
		times, judged = 200, 1
	}
	if n, err := strconv.Atoi(os.Getenv("CANDOR_CUTS")); err == nil {
		times = n
	}
	var all damageCosts
	for _, path := range damagedCaptures(t) {
		c := damageOne(t, path, times, judged)
		t.Logf("damaged %s: %d packets, slowest %v, %v of CPU time", filepath.Base(path), c.Packets, c.Slowest, c.CPU.Round(time.Millisecond))
		all.add(c)
	}
	text, err := json.Marshal(&all)
	t.Logf("all damaged captures: %s %v", text, err)
	if all.Slowest > damagePerPacket {
		t.Errorf("a packet of %s took %v of CPU time, at most %v", all.Where, all.Slowest, damagePerPacket)
	}
	if all.Packets == 0 {
		t.Error("nothing was read")
	}
}

// damageOne cuts a capture and flips its bytes, so many times each, always in the same places; every so many are judged.
func damageOne(t *testing.T, path string, times, judged int) *damageCosts {
	t.Helper()
	raw := wholeFile(t, path)
	raw = raw[:min(len(raw), damagePrefix)]
	r := rand.New(rand.NewPCG(uint64(len(raw)), 9))
	c := &damageCosts{Captures: 1}
	places := make([]int, times)
	for i := range places {
		places[i] = r.IntN(len(raw))
	}
	slices.Sort(places)
	before := uint64(0)
	for i, at := range append(places, len(raw)) {
		n := c.read(t, fmt.Sprintf("%s cut at %d", filepath.Base(path), at), raw[:at], i%judged == 0)
		if n < before {
			t.Errorf("%s cut at %d has %d packets, fewer than cut before it: %d", path, at, n, before)
		}
		before = n
		c.Cuts++
	}
	flipped := bytes.Clone(raw)
	for i := range times {
		var at []int
		for range []int{1, 2, 8, 64}[i%4] {
			k := r.IntN(len(raw))
			flipped[k] ^= byte(1 + r.IntN(255))
			at = append(at, k)
		}
		c.read(t, fmt.Sprintf("%s flipped, number %d", filepath.Base(path), i), flipped, i%judged == 0)
		c.Flips++
		for _, k := range at {
			flipped[k] = raw[k]
		}
	}
	return c
}

func wholeFile(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if filepath.Ext(path) == ".zst" {
		z, err := zstd.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	raw, err := io.ReadAll(io.LimitReader(r, damagePrefix))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// read reads a capture packet by packet and gives the number of its packets.
func (c *damageCosts) read(t *testing.T, what string, raw []byte, judged bool) (packets uint64) {
	t.Helper()
	j, err := judge.New(judge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	opts := source.Options{Scope: j.Scope(), Flow: flow.DefaultConfig(), BatchFrames: 1, Stdin: bytes.NewReader(raw)}
	began := threadTime(t)
	src, err := source.Open(context.Background(), []string{"-"}, opts)
	if errors.Is(err, source.ErrNothingReadable) {
		c.Unreadable++
		return 0
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return 0
	}
	defer src.Close()
	last := began
	for {
		b, err := src.Next(context.Background())
		now := threadTime(t)
		if now-last > c.Slowest {
			c.Slowest, c.Where = now-last, what
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Errorf("%s: %v", what, err)
			break
		}
		for i := range b.Inputs {
			packets = b.Inputs[i].Packets
		}
		if judged {
			j.Observe(b)
		}
		src.Recycle(b)
		last = threadTime(t)
	}
	if judged {
		if _, err := json.Marshal(j.At(judge.Moment{Ended: true})); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	c.Packets += packets
	c.CPU += threadTime(t) - began
	return packets
}

// threadTime is the CPU time that this thread took so far.
func threadTime(t *testing.T) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}
