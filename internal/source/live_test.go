package source_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/capture"
	"candor/internal/record"
	"candor/internal/source"
)

// fakeRings is a live interface whose packets come at their times, by a clock that moves only here.
type fakeRings struct {
	frames  []timed
	until   record.Time // after start: when it stops by itself
	clock   record.Time // after start
	at      int
	fill    func(at record.Time) float64
	drops   func(at record.Time) (dropped, missed uint64)
	down    func(at record.Time) string
	never   uint64        // packets that were counted and are never handed over
	taken   chan struct{} // of batches; nil: time does not wait for whoever takes them
	ahead   int           // batches made and not taken
	stopped atomic.Bool
	bytes   uint64
}

func (r *fakeRings) now() time.Time { return (start + r.clock).Std() }

func (r *fakeRings) Next(f *capture.Frame, wait time.Duration) error {
	more := r.at < len(r.frames)
	switch {
	case !more && (r.stopped.Load() || r.clock >= r.until):
		return io.EOF
	case !more || r.frames[r.at].at > r.clock+record.Time(wait):
		r.clock += record.Time(wait)
		return capture.ErrQuiet
	}
	x := r.frames[r.at]
	r.clock = max(r.clock, x.at)
	*f = capture.Frame{Time: int64(start + x.at), Link: ethernet, Data: x.data, Wire: uint32(len(x.data))}
	r.at++
	r.bytes += uint64(len(x.data))
	return nil
}

func (r *fakeRings) Counted() []capture.Counted {
	if r.taken != nil { // it is asked once for each batch
		for ; r.ahead >= 2; r.ahead-- {
			<-r.taken
		}
		r.ahead++
	}
	c := capture.Counted{Name: "tap0", Link: ethernet, Seen: uint64(r.at) + r.never, Read: uint64(r.at), Bytes: r.bytes}
	if r.drops != nil {
		c.Dropped, c.Missed = r.drops(r.clock)
		c.Seen += c.Dropped
	}
	if r.down != nil {
		c.Down = r.down(r.clock)
	}
	return []capture.Counted{c}
}

func (r *fakeRings) Fill() float64 {
	if r.fill == nil {
		return 0
	}
	return r.fill(r.clock)
}

func (r *fakeRings) Stop() { r.stopped.Store(true) }

func liveOptions(r *fakeRings, cores int) source.LiveOptions {
	opts := options()
	opts.Cores = cores
	return source.LiveOptions{Options: opts, Now: r.now}
}

// live reads a live interface to its end.
func live(t *testing.T, r *fakeRings, opts source.LiveOptions) []*record.Batch {
	t.Helper()
	r.taken = make(chan struct{}, 2)
	l, err := source.OpenLive(t.Context(), r, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var out []*record.Batch
	for {
		b, err := l.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if b.ID.Sequence != uint64(len(out)+1) {
			t.Errorf("batch %d has number %d", len(out)+1, b.ID.Sequence)
		}
		out = append(out, b)
		select {
		case r.taken <- struct{}{}:
		default: // it has ended
		}
	}
}

// withBlind is everything in the batches.
func withBlind(batches []*record.Batch) record.Batch {
	out := total(batches)
	out.Blind = nil
	for _, b := range batches {
		out.Blind = append(out.Blind, b.Blind...)
	}
	return out
}

// talks are connections that begin one after the other.
func talks(conns int, every record.Time, exchanges int) []timed {
	var frames []timed
	for i := range conns {
		frames = append(frames, talk(uint16(20000+i), record.Time(i)*every, exchanges)...)
	}
	slices.SortStableFunc(frames, func(a, b timed) int { return int(a.at - b.at) })
	return frames
}

// TestLiveIsLikeItsTee: what was written beside gives the same records and the same sight.
func TestLiveIsLikeItsTee(t *testing.T) {
	for _, cores := range []int{1, 2} {
		r := &fakeRings{frames: talks(300, 4e8, 5), drops: func(at record.Time) (uint64, uint64) { return 0, uint64(at / 3e10) }}
		var file bytes.Buffer
		opts := liveOptions(r, cores)
		var err error
		if opts.Tee, err = capture.NewTee(&file, []capture.Interface{{Name: "tap0", Link: ethernet}}); err != nil {
			t.Fatal(err)
		}
		got := total(live(t, r, opts))
		path := filepath.Join(t.TempDir(), "tee.pcapng")
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		want := total(read(t, options(), path))
		if diff := gocmp.Diff(want.Conns, got.Conns, addresses, cmpopts.EquateEmpty()); diff != "" || len(got.Conns) < 300 {
			t.Errorf("%d cores: %d connections; -tee +live:\n%.3000s", cores, len(got.Conns), diff)
		}
		// Losses are told when they happen; a file tells them at its end.
		if w, g := lossOf(want.Sight), lossOf(got.Sight); w != g || g.Dropped == 0 {
			t.Errorf("%d cores: lost %+v, the tee says %+v", cores, g, w)
		}
		if diff := gocmp.Diff(want.Sight, got.Sight, addresses, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%d cores: -tee +live:\n%.3000s", cores, diff)
		}
	}
}

// lossOf adds up what sights say was lost, and takes it out of them.
func lossOf(sights []record.Sight) (sum record.Drops) {
	for i := range sights {
		if d := sights[i].Drops; d != nil {
			sum.Add(*d)
		}
		sights[i].Drops = nil
	}
	return sum
}

// TestLiveSilence: batches come though nothing else does, with the minutes that ended and the connections that are over.
func TestLiveSilence(t *testing.T) {
	r := &fakeRings{frames: talk(40000, 1e9, 1), until: 10 * record.Minute}
	batches := live(t, r, liveOptions(r, 1))
	if n := len(batches); n < 590 || n > 620 {
		t.Errorf("%d batches in 600 s", n)
	}
	minutes, empty := 0, 0
	closed := -1
	for i, b := range batches {
		for _, s := range b.Sight {
			if s.Segment != record.Nowhere {
				continue
			}
			minutes++
			if s.Minutes == 0 && s.Drops != nil {
				empty++
			}
		}
		if len(b.Conns) > 0 && b.Conns[0].Final {
			closed = i
		}
	}
	if minutes != 11 || empty != 9 { // with the one before the first packet; the connection ends in one of them
		t.Errorf("%d minutes, %d of them empty", minutes, empty)
	}
	if closed < 300 || closed > 320 { // after five minutes without a packet
		t.Errorf("the connection was over in batch %d of %d", closed, len(batches))
	}
}

func TestLiveNeverAPacket(t *testing.T) {
	r := &fakeRings{until: 3 * record.Minute}
	got := total(live(t, r, liveOptions(r, 2)))
	if len(got.Sight) != 4 || got.Sight[1].Minutes != 0 || got.Sight[1].Drops == nil { // with the minute before the first second
		t.Errorf("%+v", got.Sight)
	}
}

// TestLiveSheds: under pressure whole connections are left out, all packets are counted, and it is told how much is missing.
func TestLiveSheds(t *testing.T) {
	for _, cores := range []int{1, 2} {
		r := &fakeRings{frames: talks(400, 5e7, 50)}
		r.until = r.frames[len(r.frames)-1].at + 30e9
		r.fill = func(at record.Time) float64 {
			if at > 10e9 && at < 11e9 {
				return 0.9
			}
			return 0.1
		}
		got := withBlind(live(t, r, liveOptions(r, cores)))
		if len(got.Blind) == 0 {
			t.Fatalf("%d cores: nothing is told to be missing", cores)
		}
		conns, kept := uint64(0), 1.0
		for _, b := range got.Blind {
			if b.Cause != record.BlindShed || b.Span.From < start+10e9 || b.Span.To > start+20e9 || !strings.Contains(b.Words, "one in") {
				t.Errorf("%+v", b)
			}
			conns += b.Count
			kept = min(kept, b.Kept)
		}
		if kept > 1.0/8 || kept < 1.0/64 || conns < 50 {
			t.Errorf("%d cores: one of %v was kept, %d connections were left out", cores, 1/kept, conns)
		}
		frames, packets := uint64(0), uint64(0)
		for _, s := range got.Sight {
			if s.Segment == record.Nowhere {
				frames += s.Counts[record.Frames]
			}
		}
		whole := 0
		pkts := map[record.UID]uint64{}
		for _, c := range got.Conns {
			packets += c.OrigPkts + c.RespPkts
			pkts[c.UID] += c.OrigPkts + c.RespPkts
		}
		for _, n := range pkts {
			if n == 103 {
				whole++
			}
		}
		// a connection whose middle was left out may have become two
		if frames != uint64(len(r.frames)) || packets >= frames || len(pkts) < 400 || len(pkts) > 420 || whole < 100 || whole > 390 {
			t.Errorf("%d cores: %d frames of %d counted, %d packets and %d connections followed, %d whole", cores, frames, len(r.frames), packets, len(pkts), whole)
		}
	}
}

// TestLiveNeverHandedOver: what the kernel counted and never gave is lost.
func TestLiveNeverHandedOver(t *testing.T) {
	r := &fakeRings{frames: talks(3, 1e9, 3), until: 5e9, never: 4}
	got := total(live(t, r, liveOptions(r, 1)))
	if d := lossOf(got.Sight); d.Received != uint64(len(r.frames))+4 || d.Dropped != 4 {
		t.Errorf("%+v", d)
	}
	if notes := strings.Join(got.Inputs[0].Notes, "\n"); !strings.Contains(notes, "own counters cannot be read") {
		t.Errorf("notes %q", notes)
	}
}

// TestLiveLink: an interface without link is told of at once, by the minute, and when it is back.
func TestLiveLink(t *testing.T) {
	r := &fakeRings{frames: talk(40000, 1e9, 1), until: 5 * record.Minute}
	r.down = func(at record.Time) string {
		if at > 60e9 && at < 210e9 {
			return "there is no link"
		}
		return ""
	}
	got := withBlind(live(t, r, liveOptions(r, 1))).Blind
	if len(got) != 4 {
		t.Fatalf("%d: %+v", len(got), got)
	}
	for i, b := range got {
		if b.Cause != record.BlindLink || !strings.HasPrefix(b.Words, "tap0: ") || i > 0 && b.Span.From != got[i-1].Span.To {
			t.Errorf("%+v", b)
		}
	}
	if from, to := got[0].Span.From-start, got[3].Span.To-start; from > 60e9 || from < 58e9 || to < 208e9 || to > 213e9 {
		t.Errorf("from %v to %v", from.Seconds(), to.Seconds())
	}
}

// TestLiveLeftAlone: time goes on faster than batches are taken. What is not followed then is counted and told.
func TestLiveLeftAlone(t *testing.T) {
	for _, cores := range []int{1, 2} {
		r := &fakeRings{frames: talks(3000, 1e8, 3), until: 301e9}
		opts := liveOptions(r, cores)
		opts.BatchFrames = 32
		l, err := source.OpenLive(t.Context(), r, opts)
		if err != nil {
			t.Fatal(err)
		}
		uids := map[record.UID]bool{}
		frames, left := uint64(0), uint64(0)
		for {
			b, err := l.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range b.Conns {
				uids[c.UID] = true
			}
			for _, s := range b.Sight {
				frames += s.Counts[record.Frames]
			}
			for _, x := range b.Blind {
				left += x.Count
			}
			l.Recycle(b)
		}
		if frames != uint64(len(r.frames)) || uint64(len(uids))+left < 3000 {
			t.Errorf("%d cores: %d frames of %d, %d connections, %d left out", cores, frames, len(r.frames), len(uids), left)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestLiveSoFar(t *testing.T) {
	r := &fakeRings{frames: talks(20, 1e9, 3), until: 30e9}
	l, err := source.OpenLive(t.Context(), r, liveOptions(r, 2))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	most := uint64(0)
	for {
		_, err := l.Next(t.Context())
		if s := l.SoFar(); s != nil {
			most = max(most, s.Counts[record.Frames])
			if s.Span.From != start || s.Minutes != 1 || s.Segment != record.Nowhere || s.Drops == nil {
				t.Errorf("%+v", s)
			}
		}
		if err != nil {
			break
		}
	}
	if most != uint64(len(r.frames)) {
		t.Errorf("%d frames of %d", most, len(r.frames))
	}
}

// TestLiveClosed: whoever waits is told, and nothing hangs, with batches that nobody takes.
func TestLiveClosed(t *testing.T) {
	for _, cores := range []int{1, 2} {
		r := &fakeRings{frames: talks(2000, 1e9, 3), until: record.Hour}
		opts := liveOptions(r, cores)
		opts.BatchFrames = 16
		l, err := source.OpenLive(t.Context(), r, opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Next(t.Context()); err != nil {
			t.Error(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for errors.Is(err, nil) {
			_, err = l.Next(gone)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		for err = nil; err == nil; {
			_, err = l.Next(t.Context())
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// TestLiveBroken: what the rings say reaches whoever reads.
func TestLiveBroken(t *testing.T) {
	r := &brokenRings{fakeRings: fakeRings{until: 1e9}}
	l, err := source.OpenLive(t.Context(), r, liveOptions(&r.fakeRings, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for err == nil {
		_, err = l.Next(t.Context())
	}
	if !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := source.OpenLive(t.Context(), r, source.LiveOptions{}); err == nil || !strings.Contains(err.Error(), "clock") {
		t.Errorf("%v", err)
	}
}

type brokenRings struct{ fakeRings }

func (*brokenRings) Next(*capture.Frame, time.Duration) error { return os.ErrClosed }
