package judge_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"candor/internal/agreement"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/verdict"
)

// A capture that was cut or damaged anywhere is used as far as it goes: no panic, no hang, bounded memory, and damage to the
// structure of the file is reported.

// fileKind is how the bytes of a capture are laid out.
type fileKind struct {
	raw    []byte
	blocks []int // offsets at which a record (pcap) or a block (pcapng) begins, and the end; empty when not known
}

// layout finds where the records of an uncompressed capture begin; nil when it is not laid out as expected.
func layout(raw []byte) []int {
	u32 := func(at int) int {
		return int(uint32(raw[at]) | uint32(raw[at+1])<<8 | uint32(raw[at+2])<<16 | uint32(raw[at+3])<<24)
	}
	if len(raw) < 28 {
		return nil
	}
	var out []int
	switch u32(0) {
	case 0xa1b2c3d4, 0xa1b23c4d:
		for at := 24; at+16 <= len(raw); at += 16 + u32(at+8) {
			out = append(out, at)
		}
	case 0x0a0d0d0a:
		for at := 0; at+12 <= len(raw) && u32(at+4) >= 12; at += u32(at + 4) {
			out = append(out, at)
		}
	}
	return append(out, len(raw))
}

func readCapture(t testing.TB, path string) fileKind {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(path) == ".zst" {
		d, err := zstd.NewReader(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if raw, err = d.DecodeAll(raw, nil); err != nil {
			t.Fatal(err)
		}
	}
	return fileKind{raw: raw, blocks: layout(raw)}
}

// runDeadline bounds the time of one run, whatever is in the file; a run takes a tenth of a second.
const runDeadline = time.Minute

// survive runs a capture from memory. It gives nil when no input was a capture at all.
func survive(t *testing.T, a *agreement.Agreement, what string, raw []byte) *judge.Result {
	t.Helper()
	done := make(chan *judge.Result, 1)
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				buf := make([]byte, 4096)
				t.Errorf("%s: panic: %v\n%s", what, p, buf[:runtime.Stack(buf, false)])
			}
		}()
		done <- attempt(t, a, what, raw)
	}()
	select {
	case r := <-done:
		return r
	case <-time.After(runDeadline):
		t.Fatalf("%s: no result after %v", what, runDeadline)
		return nil
	}
}

func attempt(t *testing.T, a *agreement.Agreement, what string, raw []byte) *judge.Result {
	batches, err := read(a, source.Options{}, raw, "-")
	switch {
	case errors.Is(err, source.ErrNothingReadable):
		return nil
	case err != nil:
		t.Errorf("%s: %v", what, err)
		return nil
	}
	return fold(t, a, batches)
}

func damaged(r *judge.Result) verdict.Verdict {
	if d := findDefect(r, string(verdict.InputDamaged), ""); d != nil {
		return d.Verdict
	}
	return verdict.CannotSay
}

// holdCuts cuts at places spread over the file, some at the beginning of a record and most inside one.
func holdCuts(t *testing.T, a *agreement.Agreement, f fileKind, cuts int) {
	t.Helper()
	r := dice(uint64(len(f.raw)))
	for i := range cuts {
		at := r.IntN(len(f.raw))
		if i%10 == 0 && len(f.blocks) > 1 {
			at = f.blocks[r.IntN(len(f.blocks)-1)]
		}
		if i < 3 {
			at = min([]int{25, 40, 101}[i], len(f.raw)-1)
		}
		result := survive(t, a, "cut", f.raw[:at])
		_, whole := slices.BinarySearch(f.blocks, at)
		if result == nil {
			if at >= 28 {
				t.Errorf("cut at byte %d of %d: no longer a capture", at, len(f.raw))
			}
			continue
		}
		if got := damaged(result); len(f.blocks) > 1 && at > 24 && whole == (got == verdict.Yes) {
			t.Errorf("cut at byte %d of %d: input.damaged is %v, and the cut is at a record's end: %v", at, len(f.raw), got, whole)
		}
	}
}

func holdFlips(t *testing.T, a *agreement.Agreement, f fileKind, flips int) {
	t.Helper()
	r := dice(uint64(len(f.raw)) + 1)
	for i := range flips {
		raw := bytes.Clone(f.raw)
		for range 1 + i%4*20 { // one bit, or some dozens
			raw[r.IntN(len(raw))] ^= 1 << r.IntN(8)
		}
		survive(t, a, "flipped", raw)
	}
}

// holdMemory holds that a run does not keep much more than what its tables are bounded to.
func holdMemory(t *testing.T, f fileKind) {
	t.Helper()
	const allowed = 600 << 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	result := survive(t, nil, "whole", f.raw)
	runtime.ReadMemStats(&after)
	if grown := int64(after.Sys) - int64(before.Sys); grown > allowed {
		t.Errorf("memory taken from the system grew by %d MB for a file of %d MB", grown>>20, len(f.raw)>>20)
	}
	runtime.KeepAlive(result)
}

// TestRobust cuts and flips every given capture and lab capture; a few of them without CANDOR_LONG=1.
func TestRobust(t *testing.T) {
	paths := givenCaptures(t)
	labs, _ := filepath.Glob(filepath.Join(shared(t, "data", "labs"), "*.zst"))
	paths = append(paths, labs...)
	short := []string{"http_espn_fail.pcapng", "dns_axfr.pcapng", "malware.pcap", "test8-malicious.pcap", "F-plain.pcap.zst"}
	for _, path := range paths {
		cuts := 50
		if !long() {
			if !slices.Contains(short, filepath.Base(path)) {
				continue
			}
			cuts = 12
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			var a *agreement.Agreement
			if filepath.Ext(path) == ".zst" {
				a = labAgreement(t, filepath.Base(path))
			}
			f := readCapture(t, path)
			if len(f.raw) > 3<<20 {
				holdMemory(t, f)
			}
			if len(f.raw) > 20<<20 {
				cuts = 10
			}
			holdCuts(t, a, f, cuts)
			holdFlips(t, a, f, cuts)
		})
	}
}

// TestRobustTimes holds that time stamps can claim anything: centuries between two packets, the last moment that can be, or
// a clock that jumps to and fro.
func TestRobustTimes(t *testing.T) {
	frames := smallCapture()
	const year = int64(365 * 24 * time.Hour)
	cases := []struct {
		name string
		at   func(i int, ts int64) int64
	}{
		{"all at the beginning of time", func(int, int64) int64 { return 0 }},
		{"all at the end of time", func(int, int64) int64 { return math.MaxInt64 }},
		{"one at each end of time", func(i int, ts int64) int64 {
			switch i {
			case 0:
				return 0
			case len(frames) - 1:
				return math.MaxInt64
			}
			return ts
		}},
		{"one broken stamp in the middle", func(i int, ts int64) int64 {
			if i == len(frames)/2 {
				return ts + 80*year
			}
			return ts
		}},
		{"a month between packets", func(i int, ts int64) int64 { return ts%(1<<30) + int64(i)%2000*year/12 }},
		{"to and fro", func(i int, ts int64) int64 { return ts + int64(i%2)*100*year }},
		{"backward", func(i int, _ int64) int64 { return int64(len(frames)-i) * 1e12 }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			changed := slices.Clone(frames)
			for i := range changed {
				changed[i].ts = c.at(i, changed[i].ts)
			}
			raw, _ := pcapng(changed)
			r := survive(t, nil, c.name, raw)
			if r == nil || r.Sight.Packets != uint64(len(frames)) {
				t.Fatalf("%s: not every frame was read", c.name)
			}
			holdTimeline(t, r)
			if long() || c.name == "one broken stamp in the middle" { // the calendar is walked day by day
				survive(t, readAgreement(t, shared(t, "data", "labs", "site-a.yaml")), c.name, raw)
			}
		})
	}
}

// holdTimeline holds that the timeline stays short and that nothing falls out of it.
func holdTimeline(t *testing.T, r *judge.Result) {
	t.Helper()
	for _, row := range r.Timeline.Rows {
		if row.Kind != "conn" {
			continue
		}
		var sum uint64
		for _, n := range row.Counts {
			sum += n
		}
		if len(row.Counts) > 200 || sum != r.Sight.Kinds[record.KindConn] {
			t.Errorf("the timeline has %d steps and %d connections of %d", len(row.Counts), sum, r.Sight.Kinds[record.KindConn])
		}
	}
}
