package source_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"candor/internal/record"
	"candor/internal/source"
)

var addresses = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func TestOneFile(t *testing.T) {
	frames := talk(40000, 0, 5)
	batches := read(t, options(), files(t, pcap(ethernet, frames...))...)
	all := total(batches)
	if len(batches) != 1 || len(all.Conns) != 1 || !all.Conns[0].Final {
		t.Fatalf("%d batches, connections %+v", len(batches), all.Conns)
	}
	if got, want := batches[0].Span, (record.Span{From: start, To: start + frames[len(frames)-1].at}); got != want {
		t.Errorf("span %+v, want %+v", got, want)
	}
	if s := whole(all); s.Counts[record.Frames] != 13 || s.Counts[record.Packets] != 13 || s.Minutes != 1 || s.Drops != nil {
		t.Errorf("sight %+v", s)
	}
	in := all.Inputs[0]
	if in.Kind != "pcap" || in.Feed != "packets" || in.Packets != 13 || in.Stopped != nil || in.Unread != nil {
		t.Errorf("input %+v", in)
	}
}

// TestMixOfInputs: what is no capture is accounted for, and the captures beside it are read.
func TestMixOfInputs(t *testing.T) {
	paths := files(t, []byte("this is a text about packets\n"), pcap(ethernet, talk(40000, 0, 1)...), nil, pcapng(nil))
	folder := t.TempDir()
	all := total(read(t, options(), append(paths, folder)...))
	var got []string
	for i, in := range all.Inputs {
		state := "read"
		if in.Stopped != nil {
			state = "unread"
			if in.Packets != 0 || in.Stopped.Unread != -1 || in.Stopped.Because == "" {
				t.Errorf("input %+v", in)
			}
		}
		got = append(got, filepath.Base(in.Path)+" "+in.Kind+" "+state)
		if want := append(slices.Clone(paths), folder)[i]; in.Path != want || in.Feed != "packets" {
			t.Errorf("input %d is %s of feed %q, want %s", i, in.Path, in.Feed, want)
		}
	}
	want := []string{"a.pcap unknown unread", "b.pcap pcap read", "c.pcap unknown unread", "d.pcap pcapng read", filepath.Base(folder) + " unknown unread"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s := whole(all); s.Counts[record.Frames] != 6 || s.Counts[record.DamagedInputs] != 0 {
		t.Errorf("%d frames, want 6", s.Counts[record.Frames])
	}
}

func TestNothingReadable(t *testing.T) {
	paths := files(t, []byte("text"), []byte("more text"))
	s, err := source.Open(t.Context(), paths, options())
	if s != nil || !errors.Is(err, source.ErrNothingReadable) {
		t.Fatalf("error %v, want ErrNothingReadable", err)
	}
	for _, p := range paths {
		if !strings.Contains(err.Error(), p+": not a packet capture") {
			t.Errorf("no reason for %s in: %v", p, err)
		}
	}
	if _, err := source.Open(t.Context(), nil, options()); !errors.Is(err, source.ErrNothingReadable) {
		t.Errorf("no input: error %v", err)
	}
}

func TestMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing.pcap")
	good := files(t, pcap(ethernet, talk(40000, 0, 1)...))[0]
	_, err := source.Open(t.Context(), []string{good, path}, options())
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) || errors.Is(err, source.ErrNothingReadable) {
		t.Errorf("error %v", err)
	}
}

func TestBadFlowSettings(t *testing.T) {
	opts := options()
	opts.Flow.MaxConns = -1
	if _, err := source.Open(t.Context(), files(t, pcap(ethernet)), opts); err == nil || !strings.Contains(err.Error(), "flow settings") {
		t.Errorf("error %v", err)
	}
}

// TestDamagedFile: everything before the damage is used, and it is said where reading stopped.
func TestDamagedFile(t *testing.T) {
	content := pcap(ethernet, talk(40000, 0, 2)...)
	cut := content[:len(content)-20]
	lastRecord := int64(len(content) - 16 - 54) // the last frame has no payload
	all := total(read(t, options(), files(t, cut, pcap(ethernet, talk(40001, 0, 2)...))...))
	if s := whole(all); s.Counts[record.DamagedInputs] != 1 || s.Counts[record.Frames] != 6+7 {
		t.Errorf("%d damaged, %d frames, want 1 and 13", s.Counts[record.DamagedInputs], s.Counts[record.Frames])
	}
	stopped := all.Inputs[0].Stopped
	if stopped == nil || stopped.At != lastRecord || stopped.Unread != int64(len(cut))-lastRecord || stopped.Because == "" {
		t.Errorf("stopped %+v, want at %d", stopped, lastRecord)
	}
	if all.Inputs[1].Stopped != nil || len(all.Conns) != 2 {
		t.Errorf("the other input %+v, %d connections", all.Inputs[1], len(all.Conns))
	}
}

// TestDamagedFromTheStart: there is no time to speak of, so only the inputs tell.
func TestDamagedFromTheStart(t *testing.T) {
	content := pcap(ethernet, talk(40000, 0, 1)...)
	batches := read(t, options(), files(t, content[:30])...)
	if len(batches) != 1 || batches[0].Rows() != 0 || batches[0].Inputs[0].Stopped == nil || batches[0].Inputs[0].Stopped.At != 24 {
		t.Errorf("batches %+v", batches[0])
	}
}

func TestUnknownLink(t *testing.T) {
	all := total(read(t, options(), files(t, pcap(wifi, talk(40000, 0, 2)...), pcap(ethernet, talk(40001, 0, 2)...))...))
	want := []record.Unread{{Link: "IEEE 802.11", Frames: 7}}
	if diff := cmp.Diff(want, all.Inputs[0].Unread); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if all.Inputs[1].Unread != nil || all.Inputs[0].Stopped != nil {
		t.Errorf("inputs %+v", all.Inputs)
	}
	if s := whole(all); s.Counts[record.UnreadFrames] != 7 || s.Counts[record.Frames] != 14 || s.Counts[record.Packets] != 7 {
		t.Errorf("%d unread, %d frames, %d packets", s.Counts[record.UnreadFrames], s.Counts[record.Frames], s.Counts[record.Packets])
	}
}

func TestFromTo(t *testing.T) {
	path := files(t, pcap(ethernet, talk(40000, 0, 10)...))[0] // frames at 0, 1, 2 ms, then two at each tenth of a second
	cases := []struct {
		name     string
		from, to record.Time
		want     uint64
	}{
		{"open", 0, 0, 23},
		{"from is inside", start + 1e8, 0, 20},
		{"to is outside", 0, start + 1e8, 3},
		{"both", start + 1e8, start + 2e8, 2},
		{"nothing left", start + 3600e9, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			opts := options()
			opts.From, opts.To, opts.BatchFrames = c.from, c.to, 4
			batches := read(t, opts, path)
			all := total(batches)
			if s := whole(all); s.Counts[record.Frames] != c.want {
				t.Errorf("%d frames, want %d", s.Counts[record.Frames], c.want)
			}
			if all.Inputs[0].Packets != 23 {
				t.Errorf("%d frames read, want all 23", all.Inputs[0].Packets)
			}
			for _, b := range batches {
				if c.want == 0 && (!b.Span.Zero() || b.Rows() != 0) {
					t.Errorf("nothing is left, and yet batch %+v", b)
				}
				if !b.Span.Zero() && (b.Span.From < c.from || (c.to != 0 && b.Span.To >= c.to)) {
					t.Errorf("span %+v", b.Span)
				}
			}
		})
	}
}

func TestEmptyFile(t *testing.T) {
	for name, content := range map[string][]byte{"pcap": pcap(ethernet), "pcapng": pcapng()} {
		t.Run(name, func(t *testing.T) {
			batches := read(t, options(), files(t, content)...)
			if len(batches) != 1 {
				t.Fatalf("%d batches, want 1", len(batches))
			}
			b := batches[0]
			if !b.Span.Zero() || b.Rows() != 0 || len(b.Inputs) != 1 || b.Inputs[0].Kind != name || b.Inputs[0].Stopped != nil {
				t.Errorf("batch %+v", b)
			}
		})
	}
}

// TestLastBatchCarriesFinalSight: the open minute and the open connections come with the last batch, also when the frames
// before it filled whole batches.
func TestLastBatchCarriesFinalSight(t *testing.T) {
	path := files(t, pcap(ethernet, talk(40000, 0, 1)...))[0] // 5 frames
	for size, want := range map[int]int{1: 6, 2: 3, 5: 2, 100: 1} {
		opts := options()
		opts.BatchFrames = size
		batches := read(t, opts, path)
		if len(batches) != want {
			t.Errorf("%d batches of %d frames, want %d", len(batches), size, want)
		}
		for i, b := range batches {
			if last := i == len(batches)-1; (len(b.Sight) != 0) != last || (len(b.Conns) != 0) != last {
				t.Errorf("batch %d of %d has %d sights, %d connections", i+1, len(batches), len(b.Sight), len(b.Conns))
			}
		}
	}
}

// TestCutsNeverMatter: the same packets in other batches and files give the same records and sight, in the same order.
func TestCutsNeverMatter(t *testing.T) {
	var frames []timed
	for i := range 6 {
		frames = append(frames, talk(uint16(40000+i), record.Time(i)*25e9+record.Time(i)*1e3, 400)...)
	}
	slices.SortStableFunc(frames, func(a, b timed) int { return int(a.at - b.at) })
	want := total(read(t, options(), files(t, pcap(ethernet, frames...))...))
	if s := whole(want); len(want.Conns) < 6 || s.Minutes != 3 || len(s.Acked) < 6 {
		t.Fatalf("%d connections, %d minutes, %d runs: too little to cut", len(want.Conns), s.Minutes, len(s.Acked))
	}
	rapid.Check(t, func(rt *rapid.T) {
		parts := rapid.IntRange(1, 4).Draw(rt, "files")
		cut := make([][]timed, parts)
		rotated := rapid.Bool().Draw(rt, "rotated")
		for i, f := range frames {
			at := i * parts / len(frames)
			if !rotated {
				at = rapid.IntRange(0, parts-1).Draw(rt, "tap")
			}
			cut[at] = append(cut[at], f)
		}
		var contents [][]byte
		for _, c := range cut {
			contents = append(contents, pcap(ethernet, c...))
		}
		opts := options()
		opts.BatchFrames = rapid.IntRange(1, 500).Draw(rt, "batch")
		opts.Cores = rapid.IntRange(1, 2).Draw(rt, "cores")
		got := total(read(t, opts, files(t, contents...)...))
		if diff := cmp.Diff(want, got, addresses, cmpopts.EquateEmpty(), cmp.AllowUnexported(record.Sketch{}), cmpopts.IgnoreFields(record.Batch{}, "Inputs")); diff != "" {
			rt.Fatalf("in %d files, batches of %d (-want +got):\n%s", parts, opts.BatchFrames, diff)
		}
	})
}

func TestSeveralFiles(t *testing.T) {
	early, late := talk(40000, 0, 3), talk(40001, 70e9, 3)
	for name, contents := range map[string][][]byte{
		"in order":  {pcap(ethernet, early...), pcap(ethernet, late...)},
		"backwards": {pcap(ethernet, late...), pcap(ethernet, early...)},
	} {
		t.Run(name, func(t *testing.T) {
			all := total(read(t, options(), files(t, contents...)...))
			s := whole(all)
			finals := slices.DeleteFunc(all.Conns, func(c record.Conn) bool { return !c.Final })
			if s.Counts[record.Frames] != 18 || s.Counts[record.ClockBack] != 0 || s.Minutes != 2 || len(finals) != 2 || finals[0].OrigP != 40000 {
				t.Errorf("%d frames, %d back, %d minutes, %d connections", s.Counts[record.Frames], s.Counts[record.ClockBack], s.Minutes, len(finals))
			}
		})
	}
}

func TestStdin(t *testing.T) {
	opts := options()
	opts.Stdin = bytes.NewReader(pcap(ethernet, talk(40000, 0, 3)...))
	all := total(read(t, opts, "-"))
	if in := all.Inputs[0]; in.Path != "-" || in.Packets != 9 || len(all.Conns) != 1 {
		t.Errorf("input %+v, %d connections", in, len(all.Conns))
	}
	opts.Stdin = nil
	if _, err := source.Open(t.Context(), []string{"-"}, opts); err == nil {
		t.Error("there is no standard input, and no error")
	}
}

func TestCancelled(t *testing.T) {
	s := opened(t, pcap(ethernet, talk(40000, 0, 3)...))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if b, err := s.Next(ctx); b != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("batch %v, error %v, want Canceled", b, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	path := files(t, pcap(ethernet))[0]
	if _, err := source.Open(ctx, []string{path}, options()); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: error %v, want Canceled", err)
	}
}

func TestClosedWhileReading(t *testing.T) {
	s := opened(t, pcap(ethernet, talk(40000, 0, 3)...))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
}

// TestDrops: what captures say of their loss, and whether all of them say it.
func TestDrops(t *testing.T) {
	plain := pcap(ethernet, talk(40000, 0, 1)...)
	cases := []struct {
		name   string
		inputs [][]byte
		want   *record.Drops
	}{
		{"a pcap cannot say", [][]byte{plain}, nil},
		{"a pcapng without statistics cannot say", [][]byte{pcapng(nil)}, nil},
		{"statistics without a drop counter cannot say", [][]byte{pcapng(statistics{4: 100})}, nil},
		{"nothing lost", [][]byte{pcapng(statistics{4: 100, 5: 0})}, &record.Drops{Received: 100}},
		{"lost by card and by system", [][]byte{pcapng(statistics{4: 100, 5: 3, 7: 4})}, &record.Drops{Received: 100, Dropped: 7}},
		{"two interfaces", [][]byte{pcapng(statistics{4: 100, 5: 3}, statistics{4: 50, 5: 1})}, &record.Drops{Received: 150, Dropped: 4}},
		{"two files", [][]byte{pcapng(statistics{4: 100, 5: 3}), pcapng(statistics{4: 10, 5: 0})}, &record.Drops{Received: 110, Dropped: 3}},
		{"one file of two", [][]byte{pcapng(statistics{4: 100, 5: 0}), plain}, &record.Drops{Received: 100, Partly: true}},
		{"one interface of two, and it lost", [][]byte{pcapng(statistics{4: 100, 5: 3}, nil)}, &record.Drops{Received: 100, Dropped: 3, Partly: true}},
		{"one interface of two, and it lost nothing", [][]byte{pcapng(statistics{4: 100, 5: 0}, nil)}, nil},
		{
			"numbers that do not fit never wrap to nothing",
			[][]byte{pcapng(statistics{5: math.MaxUint64 - 1, 7: 2})},
			&record.Drops{Dropped: math.MaxUint64},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := whole(total(read(t, options(), files(t, c.inputs...)...))).Drops
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestProgress(t *testing.T) {
	opts := options()
	opts.BatchFrames = 4
	content := pcap(ethernet, talk(40000, 0, 10)...)
	var calls int
	var done, last record.Time
	opts.Progress = func(n, total int64, at record.Time) {
		calls++
		if total != int64(len(content)) || n > total || record.Time(n) < done || at < last {
			t.Errorf("progress %d of %d at %d", n, total, at)
		}
		done, last = record.Time(n), at
	}
	batches := read(t, opts, files(t, content)...)
	if calls != len(batches) || done != record.Time(len(content)) || last != start+1e9+1e6 {
		t.Errorf("%d calls for %d batches, %d bytes, at %d", calls, len(batches), done, last-start)
	}
}

// TestDefaults: without an epoch and a batch size there are some.
func TestDefaults(t *testing.T) {
	opts := options()
	opts.Epoch, opts.BatchFrames = 0, -5
	s, err := source.Open(t.Context(), files(t, pcap(ethernet, talk(40000, 0, 3)...)), opts)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Next(t.Context())
	if err != nil || b.ID != (record.BatchID{Sensor: "s1", Epoch: 1, Sequence: 1}) || len(b.Conns) != 1 {
		t.Errorf("batch %+v, error %v", b, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestFarApart: a file may claim any time; a jump of centuries costs nothing and breaks no minute.
func TestFarApart(t *testing.T) {
	content := pcap(ethernet, talk(40000, 0, 1)...)
	late := pcapngAt(1<<64-1, 1<<62, uint64(start/1e3), 0)
	all := total(read(t, options(), files(t, content, late)...))
	if s := whole(all); s.Counts[record.Frames] != 9 || s.Span.From != start || s.Span.To != record.LastTime.Floor(record.Minute)+record.Minute {
		t.Errorf("%d frames, span %+v", s.Counts[record.Frames], s.Span)
	}
}

// TestRecycle: a batch given back makes room for the next and leaves nothing in it.
func TestRecycle(t *testing.T) {
	var frames []timed
	for i := range 4 {
		frames = append(frames, talk(uint16(40000+i), record.Time(i)*400e9, 3)...) // each has timed out before the next
	}
	opts := options()
	opts.BatchFrames = 5
	path := files(t, pcap(ethernet, frames...))[0]
	want := total(read(t, opts, path)).Conns
	s, err := source.Open(t.Context(), []string{path}, opts)
	if err != nil {
		t.Fatal(err)
	}
	var got []record.Conn
	for {
		b, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b.Conns...)
		s.Recycle(b)
		if b.Rows() != len(b.Sight) {
			t.Errorf("a batch given back still has %d rows", b.Rows())
		}
	}
	if diff := cmp.Diff(want, got, addresses); diff != "" || len(got) < 4 {
		t.Errorf("%d connections (-want +got):\n%s", len(got), diff)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzRead: any bytes give batches in order, or say that they are no capture.
func FuzzRead(f *testing.F) {
	f.Add(pcap(ethernet, talk(40000, 0, 3)...), uint8(2))
	f.Add(pcap(wifi, talk(40000, 0, 1)...), uint8(1))
	f.Add(pcapng(statistics{4: 100, 5: 3}, nil), uint8(0))
	f.Add(pcapngAt(1<<64-1, 0), uint8(7))
	f.Add([]byte("text"), uint8(7))
	f.Fuzz(func(t *testing.T, content []byte, size uint8) {
		opts := options()
		opts.Stdin, opts.BatchFrames = bytes.NewReader(content), int(size)+1
		if _, err := source.Open(t.Context(), []string{"-"}, opts); err != nil {
			if !errors.Is(err, source.ErrNothingReadable) {
				t.Fatal(err)
			}
			return
		}
		opts.Stdin = bytes.NewReader(content)
		all := total(read(t, opts, "-"))
		if s := whole(all); s.Counts[record.Frames] != all.Inputs[0].Packets {
			t.Fatalf("%d frames, %d read", s.Counts[record.Frames], all.Inputs[0].Packets)
		}
	})
}
