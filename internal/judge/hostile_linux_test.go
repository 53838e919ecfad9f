package judge_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Bounds of hostile records, as of hostile packets (package source): twice as much takes at most so many times the CPU time, and never more memory.
const (
	floodGrowth = 2.5
	floodMemory = 512 << 20
	floodRuns   = 4   // the least CPU time of two to so many runs counts
	floodClear  = 2.2 // growth below it is clear enough
	floodInside = "CANDOR_FLOOD"
)

// flooded is what a judge said of a flood, and what that cost.
type flooded struct {
	Events   int
	Evicted  verdict.Verdict
	Signs    []verdict.Sign
	Findings int
	No       []verdict.Question // answers that are no
	Sighted  []verdict.Question // answers that do not name state.evicted although it is yes
	CPU      time.Duration
	Most     int64 // memory, bytes
}

// TestHostileRecords: small floods of records. Whatever a detector lets go of is said, and then nothing is ruled out; where little happened, nothing is.
func TestHostileRecords(t *testing.T) {
	for _, f := range floods() {
		t.Run(f.name, func(t *testing.T) {
			r := flood(t, f, f.few)
			r.honest(t)
			if r.Evicted == verdict.Yes {
				t.Errorf("%d events are few, and yet something was let go: %v", f.few, r.Signs)
			}
		})
	}
}

// TestHostileRecordsLong measures each flood at its size and at twice that, each in a process of its own: CPU time, most memory. CANDOR_LONG=1 turns it
// on; it takes many minutes.
func TestHostileRecordsLong(t *testing.T) {
	if what := os.Getenv(floodInside); what != "" {
		floodHere(t, what)
		return
	}
	if os.Getenv("CANDOR_LONG") == "" {
		t.Skip("takes minutes: set CANDOR_LONG=1")
	}
	t.Logf("%-24s %9s %8s %8s %6s %5s %5s  %s", "flood", "events", "CPU", "twice", "x", "MB", "MB", "state.evicted")
	for _, f := range floods() {
		t.Run(f.name, func(t *testing.T) {
			one, two := measureFlood(t, f.name, f.many), measureFlood(t, f.name, 2*f.many)
			for run := 1; run < 2 || run < floodRuns && two.CPU.Seconds() > floodClear*one.CPU.Seconds(); run++ {
				one.again(measureFlood(t, f.name, f.many))
				two.again(measureFlood(t, f.name, 2*f.many))
			}
			growth := two.CPU.Seconds() / one.CPU.Seconds()
			t.Logf("%-24s %9d %7.2fs %7.2fs %6.2f %5d %5d  %v", f.name, f.many, one.CPU.Seconds(), two.CPU.Seconds(), growth, one.Most>>20, two.Most>>20, two.Evicted)
			if growth > floodGrowth {
				t.Errorf("twice as much takes %.2f times the CPU time, at most %.1f", growth, floodGrowth)
			}
			if most := max(one.Most, two.Most); most > floodMemory {
				t.Errorf("%d MB of memory, at most %d", most>>20, floodMemory>>20)
			}
			one.honest(t)
			two.honest(t)
			if f.lets && two.Evicted != verdict.Yes {
				t.Errorf("state.evicted is %v, want yes", two.Evicted)
			}
		})
	}
}

func (r *flooded) again(o *flooded) { r.CPU, r.Most = min(r.CPU, o.CPU), max(r.Most, o.Most) }

// honest says what must hold whenever something was let go.
func (r *flooded) honest(t *testing.T) {
	t.Helper()
	if r.Evicted == verdict.Yes && len(r.No)+len(r.Sighted) > 0 {
		t.Errorf("something was let go, and yet these are no: %v, and these do not say so: %v", r.No, r.Sighted)
	}
}

// measureFlood runs a flood in a process of its own.
func measureFlood(t *testing.T, name string, many int) *flooded {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestHostileRecordsLong$")
	result := t.TempDir() + "/result"
	cmd.Env = append(os.Environ(), floodInside+"="+name, floodInside+"_EVENTS="+strconv.Itoa(many), floodInside+"_RESULT="+result, "GOMEMLIMIT=448MiB")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(result)
	if err != nil {
		t.Fatal(err)
	}
	r := &flooded{}
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	r.Most = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	return r
}

// floodHere is the process that measureFlood starts.
func floodHere(t *testing.T, name string) {
	list := floods()
	k := slices.IndexFunc(list, func(f records) bool { return f.name == name })
	many, err := strconv.Atoi(os.Getenv(floodInside + "_EVENTS"))
	if k < 0 || err != nil {
		t.Fatalf("no flood %q, %v", name, err)
	}
	text, err := json.Marshal(flood(t, list[k], many))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(os.Getenv(floodInside+"_RESULT"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// flood lets a judge judge so many events.
func flood(t *testing.T, f records, many int) *flooded {
	t.Helper()
	j, err := judge.New(judge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	sequence := uint64(0)
	for b := range f.batches(j.Scope(), many) {
		sequence++
		b.ID = record.BatchID{Sensor: j.Scope().Sensor, Epoch: 1, Sequence: sequence}
		j.Observe(b)
	}
	r := j.At(judge.Moment{Ended: true})
	if _, err := json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	out := &flooded{Events: many, Findings: len(r.Findings)}
	for i := range r.Defects {
		if d := &r.Defects[i]; d.Code == verdict.StateEvicted {
			out.Evicted, out.Signs = d.Verdict, d.Signs
		}
	}
	for i := range r.Answers {
		switch a := &r.Answers[i]; {
		case a.Verdict == verdict.No:
			out.No = append(out.No, a.Question)
		case out.Evicted == verdict.Yes && !slices.Contains(a.BlindSpots, string(verdict.StateEvicted)):
			out.Sighted = append(out.Sighted, a.Question)
		}
	}
	return out
}
