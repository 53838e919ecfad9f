package judge_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/agreement"
	"candor/internal/flow"
	"candor/internal/freeze"
	"candor/internal/judge"
	"candor/internal/labnet"
	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/source"
)

// thawed is a judge made of what another one saved.
func thawed(t testing.TB, cfg judge.Config, j *judge.Judge) *judge.Judge {
	t.Helper()
	var b bytes.Buffer
	j.BeStrict()
	if err := j.Save(&b); err != nil {
		t.Fatal(err)
	}
	fresh, err := judge.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := fresh.Restore(&b); err != nil {
		t.Fatal(err)
	}
	return fresh
}

// holdFrozen: after any batch a judge can be saved and put back, and goes on as if nothing had been between.
func holdFrozen(t *testing.T, a *agreement.Agreement, batches []*record.Batch, cuts ...int) {
	t.Helper()
	cfg := judge.Config{Agreement: a}
	j, err := judge.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	half := map[int]string{}
	for i, b := range batches {
		for _, c := range cuts {
			if c == i {
				half[i] = asJSON(t, j.At(judge.Moment{}))
			}
		}
		j.Observe(b)
	}
	want := asJSON(t, j.At(judge.Moment{Ended: true}))
	again, err := judge.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range batches {
		for n, c := range cuts {
			if c != i {
				continue
			}
			if n%2 == 0 { // asked before it is saved, or not
				again.At(judge.Moment{})
			}
			again = thawed(t, cfg, again)
			if got := asJSON(t, again.At(judge.Moment{})); got != half[i] {
				t.Fatalf("after batch %d of %d: the judge that was put back says something else at once\n%s", i, len(batches), firstDifference(half[i], got))
			}
			if i > 0 { // it knows what it folded
				again.Observe(batches[i-1])
			}
		}
		again.Observe(b)
	}
	if got := asJSON(t, again.At(judge.Moment{Ended: true})); got != want {
		t.Errorf("put back after %v of %d: the end differs\n%s", cuts, len(batches), firstDifference(want, got))
	}
}

func firstDifference(want, got string) string {
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	from := max(0, i-200)
	return fmt.Sprintf("want ...%s\ngot  ...%s", want[from:min(len(want), i+200)], got[from:min(len(got), i+200)])
}

// cutsOf are places to save at: early, in the middle twice running, late, and at the end.
func cutsOf(n int) []int { return []int{0, n / 7, n / 2, n/2 + 1, n - n/5 - 1, n - 1} }

// TestFrozenSmall holds it on a capture made here, so that it is tested everywhere.
func TestFrozenSmall(t *testing.T) {
	path := writeFrames(t, t.TempDir(), "small.pcapng", inTime(smallCapture()))
	for _, n := range []int{13, 200} {
		batches := collect(t, nil, source.Options{BatchFrames: n}, nil, path)
		holdFrozen(t, nil, batches, cutsOf(len(batches))...)
	}
}

// TestFrozenCaptures holds it on captures with what every detector looks for, and under agreements.
func TestFrozenCaptures(t *testing.T) {
	for _, file := range []string{"C-switch.pcap.zst", "F-plain.pcap.zst", "B-lan.pcap.zst", "E-core.pcap.zst"} {
		if !long() && file[0] == 'E' {
			continue
		}
		t.Run(file, func(t *testing.T) {
			a := labAgreement(t, file)
			batches := collect(t, a, source.Options{BatchFrames: 2000}, nil, shared(t, "data", "labs", file))
			holdFrozen(t, a, batches, cutsOf(len(batches))...)
		})
	}
	for _, file := range []string{
		"aktaion/data/phishingData/2015-04-30_capture-win5-BotNETEXECGEODo.pcap", "slips/dataset/test7-malicious.pcap",
		"llmhyy-trickbot/Experiments/exp2_metasploit_segmentation/metasploit.pcapng", "ndpi/tests/cfgs/default/pcap/dns-tunnel-iodine.pcap",
		"acandeias/PCAP/icmp-tunnel.pcap", "acandeias/PCAP/dns-tunnel.pcap", "acandeias/PCAP/ircdAttack.pcapng",
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			batches := collect(t, nil, source.Options{BatchFrames: 300}, nil, shared(t, "data", "given", file))
			holdFrozen(t, nil, batches, cutsOf(len(batches))...)
		})
	}
}

// attackedOffice is some days of an office in which everything goes on that detectors look for, in batches of records.
func attackedOffice(t testing.TB, clients, from, to int) (*agreement.Agreement, []*record.Batch) {
	t.Helper()
	site := days.Office(5, clients, 6)
	a, err := agreement.Parse("office.yaml", site.Agreement())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 11, 23, 0, 0, 0, 0, site.Zone())
	span := record.Span{From: record.TimeOf(begin.Add(time.Duration(from) * time.Hour)), To: record.TimeOf(begin.Add(time.Duration(to) * time.Hour))}
	last := days.Who{From: span.To - 6*record.Hour, To: span.To}
	plan := []days.Injection{
		days.Beacon{Sleep: 5 * time.Minute, Jitter: 0.2},
		days.DNSTunnel{Every: time.Minute},
		days.DGA{Who: last},
		days.Scan{Who: last},
		days.Exfil{Who: last, Named: true},
		days.SignIn{Who: last, Succeeds: true},
		days.SignIn{Who: last, SSH: true},
		days.PingTunnel{Who: last, Every: 10 * time.Second},
		days.Lateral{Who: last},
		days.LongC2{},
	}
	var out []*record.Batch
	for b := range site.Batches(span, plan...) {
		out = append(out, b)
	}
	return a, out
}

// TestFrozenDetectors: with everything that detectors look for.
func TestFrozenDetectors(t *testing.T) {
	to := 24
	if long() {
		to = 5 * 24
	}
	a, batches := attackedOffice(t, 12, 8, to)
	holdFrozen(t, a, batches, cutsOf(len(batches))...)
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		j.Observe(b)
	}
	kinds := map[string]int{}
	for _, f := range j.At(judge.Moment{Ended: true}).Findings {
		kinds[f.Kind]++
	}
	t.Logf("%d batches, findings %v", len(batches), kinds)
	if len(kinds) < 6 {
		t.Errorf("only %v: most detectors have nothing to keep", kinds)
	}
}

// TestFrozenWitnesses: packets, Zeek's logs of them and others' alerts beside, an agreement, blind spans.
func TestFrozenWitnesses(t *testing.T) {
	s := labnet.Bank(7)
	from := time.Date(2026, 11, 24, 10, 0, 0, 0, s.Zone())
	var out bytes.Buffer
	logs := t.TempDir()
	_, err := s.Run(t.Context(), labnet.Span{From: from, To: from.Add(18 * time.Minute)}, labnet.Tap{At: labnet.Core, Out: &out, Nano: true},
		labnet.Tap{At: labnet.Core, Zeek: &labnet.ZeekLogs{Dir: logs}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse("bank.yaml", s.Agreement())
	if err != nil {
		t.Fatal(err)
	}
	batches := collect(t, a, source.Options{BatchFrames: 5000}, out.Bytes(), "-", logs)
	for i, b := range batches {
		b.Alerts = append(b.Alerts, record.Alert{By: "suricata", Signature: fmt.Sprint(i % 3), Severity: "low", Ends: record.Ends{TS: b.Span.From}})
		if i%5 == 0 {
			b.Blind = append(b.Blind, record.Blind{Span: b.Span, Cause: record.BlindShed, Count: 3, Kept: 0.5})
		}
	}
	holdFrozen(t, a, batches, cutsOf(len(batches))...)
}

// TestFrozenAnywhere draws where it is saved.
func TestFrozenAnywhere(t *testing.T) {
	path := writeFrames(t, t.TempDir(), "small.pcapng", inTime(smallCapture()))
	batches := collect(t, nil, source.Options{BatchFrames: 40}, nil, path)
	rapid.Check(t, func(r *rapid.T) {
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(batches)-1), 1, 4).Draw(r, "saved before")
		holdFrozen(t, nil, batches, cuts...)
	})
}

// TestFrozenOther: a state is refused by a judge of something else, cleanly: it can still be used.
func TestFrozenOther(t *testing.T) {
	a, batches := twoHours(t)
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		j.Observe(b)
	}
	var saved bytes.Buffer
	if err := j.Save(&saved); err != nil {
		t.Fatal(err)
	}
	want := asJSON(t, j.At(judge.Moment{}))
	later, _ := twoHours(t)
	later.Metadata.Revision++
	for name, cfg := range map[string]judge.Config{"none": {}, "another revision": {Agreement: later}} {
		other, err := judge.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Restore(bytes.NewReader(saved.Bytes())); !errors.Is(err, freeze.ErrOther) {
			t.Errorf("%s: %v", name, err)
		}
	}
	same, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	if err := same.Restore(bytes.NewReader(append([]byte("x"), saved.Bytes()[1:]...))); !errors.Is(err, freeze.ErrOther) {
		t.Errorf("another head: %v", err)
	}
	for _, b := range batches {
		same.Observe(b)
	}
	if asJSON(t, same.At(judge.Moment{})) != want {
		t.Error("a judge that refused a state is no longer a new one")
	}
	for _, n := range []int{5, 60, saved.Len() / 2, saved.Len() - 1} {
		cut, err := judge.New(judge.Config{Agreement: a})
		if err != nil {
			t.Fatal(err)
		}
		if err := cut.Restore(bytes.NewReader(saved.Bytes()[:n])); !errors.Is(err, freeze.ErrDamaged) {
			t.Errorf("cut off after %d of %d bytes: %v", n, saved.Len(), err)
		}
	}
}

// eachBatch reads a capture batch by batch.
func eachBatch(t testing.TB, path string, f func(*record.Batch)) {
	t.Helper()
	j, err := judge.New(judge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	opts := source.Options{Scope: j.Scope(), Flow: flow.DefaultConfig()}
	src, err := source.Open(t.Context(), []string{path}, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for {
		b, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(b)
	}
}

// TestFrozenElsewhere: another process of the same build goes on as well, or refuses; it never says something else.
func TestFrozenElsewhere(t *testing.T) {
	a, batches := attackedOffice(t, 8, 8, 14)
	cfg := judge.Config{Agreement: a}
	j, err := judge.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	half := len(batches) / 2
	if path := os.Getenv("CANDOR_FREEZE_STATE"); path != "" { // the other process
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := j.Restore(f); errors.Is(err, freeze.ErrOther) {
			t.Skip("refused")
		} else if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches[half:] {
			j.Observe(b)
		}
		if err := os.WriteFile(path+".json", []byte(asJSON(t, j.At(judge.Moment{}))), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, b := range batches[:half] {
		j.Observe(b)
	}
	path := filepath.Join(t.TempDir(), "state")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Save(f), f.Close()); err != nil {
		t.Fatal(err)
	}
	other := exec.Command(os.Args[0], "-test.run=^TestFrozenElsewhere$", "-test.v")
	other.Env = append(os.Environ(), "CANDOR_FREEZE_STATE="+path)
	out, err := other.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, b := range batches[half:] {
		j.Observe(b)
	}
	got, err := os.ReadFile(path + ".json")
	switch want := asJSON(t, j.At(judge.Moment{})); {
	case err != nil && bytes.Contains(out, []byte("refused")):
		t.Log("refused: a detector keeps hashes that are good in one process only")
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	case string(got) != want:
		t.Error(firstDifference(want, string(got)))
	}
}

// TestFrozenCost says how large a state is and how long it takes; CANDOR_FREEZE names a capture.
func TestFrozenCost(t *testing.T) {
	path := os.Getenv("CANDOR_FREEZE")
	if path == "" {
		t.Skip("no capture to measure with (set CANDOR_FREEZE)")
	}
	j, err := judge.New(judge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	before := heapInUse()
	eachBatch(t, path, j.Observe)
	held := heapInUse() - before
	var b bytes.Buffer
	begun := time.Now()
	if err := j.Save(&b); err != nil {
		t.Fatal(err)
	}
	saving, size := time.Since(begun), b.Len()
	fresh, err := judge.New(judge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	begun = time.Now()
	if err := fresh.Restore(&b); err != nil {
		t.Fatal(err)
	}
	restoring := time.Since(begun)
	runtime.KeepAlive(j)
	t.Logf("%d MB held, %.1f MB saved in %.2f s, restored in %.2f s", held>>20, float64(size)/1e6, saving.Seconds(), restoring.Seconds())
	if asJSON(t, j.At(judge.Moment{})) != asJSON(t, fresh.At(judge.Moment{})) {
		t.Error("the result differs")
	}
}
