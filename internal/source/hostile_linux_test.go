package source_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// Bounds of hostile traffic: twice as much of it takes at most so many times the CPU time, and never more memory than that.
const (
	hostileGrowth = 2.5
	hostileMemory = 512 << 20
)

// Each size is measured at least twice, and as long as the growth is doubtful up to five times. The least CPU time counts: what other programs do at the
// same moment only ever adds to it.
const (
	hostileRuns  = 5
	hostileClear = 2.2 // growth below it is clear enough
)

// TestHostileLong measures `candor check --json` on each attack at its size and at twice that: CPU time, the least of two to five runs, and most memory.
// CANDOR_LONG=1 turns it on; it takes many minutes, and some 600 MB of the temporary folder.
func TestHostileLong(t *testing.T) {
	if os.Getenv("CANDOR_LONG") == "" {
		t.Skip("takes minutes: set CANDOR_LONG=1")
	}
	program := filepath.Join(t.TempDir(), "candor")
	if text, err := exec.Command("go", "build", "-o", program, "candor/cmd/candor").CombinedOutput(); err != nil {
		t.Fatalf("build candor: %v\n%s", err, text)
	}
	t.Logf("%-24s %9s %8s %8s %6s %5s %5s  %s", "attack", "frames", "CPU", "twice", "x", "MB", "MB", "state.evicted, exit")
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			one, two := a.measureBoth(t, program)
			growth := two.cpu.Seconds() / one.cpu.Seconds()
			t.Logf("%-24s %9d %7.2fs %7.2fs %6.2f %5d %5d  %v, %d", a.name, a.many, one.cpu.Seconds(), two.cpu.Seconds(), growth, one.memory>>20,
				two.memory>>20, two.Evicted, two.Exit)
			if growth > hostileGrowth {
				t.Errorf("twice as much takes %.2f times the CPU time, at most %.1f", growth, hostileGrowth)
			}
			if most := max(one.memory, two.memory); most > hostileMemory {
				t.Errorf("%d MB of memory, at most %d", most>>20, hostileMemory>>20)
			}
			one.honest(t)
			two.honest(t)
			if a.lets && two.Evicted != verdict.Yes {
				t.Errorf("state.evicted is %v, want yes", two.Evicted)
			}
		})
	}
}

type measured struct {
	outcome
	cpu    time.Duration
	memory int64 // most of it at any time, bytes
}

// measureBoth checks an attack at its size and at twice that, several times in turn: the least CPU time of each, the most memory.
func (a *attack) measureBoth(t *testing.T, program string) (one, two measured) {
	t.Helper()
	small, large := a.write(t, t.TempDir(), a.many), a.write(t, t.TempDir(), 2*a.many)
	one, two = measure(t, program, small), measure(t, program, large)
	for run := 1; run < 2 || run < hostileRuns && two.cpu.Seconds() > hostileClear*one.cpu.Seconds(); run++ {
		one.again(measure(t, program, small))
		two.again(measure(t, program, large))
	}
	for _, path := range []string{small, large} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	return one, two
}

// again takes another measurement of the same traffic into account.
func (m *measured) again(o measured) {
	m.cpu, m.memory = min(m.cpu, o.cpu), max(m.memory, o.memory)
}

// measure checks a capture.
func measure(t *testing.T, program, path string) measured {
	t.Helper()
	cmd := exec.Command(program, "check", "--json", path)
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=448MiB") // what docs/hostile.md advises
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	var ended *exec.ExitError
	if err := cmd.Run(); err != nil && (!errors.As(err, &ended) || ended.ExitCode() > judge.ExitCannotSay) {
		t.Fatalf("%v\n%s", err, problems.Bytes())
	}
	var r judge.Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	var m measured
	m.take(&r)
	m.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	m.memory = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	return m
}
