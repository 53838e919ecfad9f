package hub_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/agreement"
	"candor/internal/flow"
	"candor/internal/hub"
	"candor/internal/judge"
	"candor/internal/labnet"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/verdict"
)

// fakeBlocks is a store in memory.
type fakeBlocks struct {
	metas   []hub.Meta
	batches map[hub.Cursor]*record.Batch
	gone    map[hub.Cursor]bool
	fails   int // the next so many loads fail
}

func (s *fakeBlocks) put(m hub.Meta, b *record.Batch) bool {
	at, known := slices.BinarySearchFunc(s.metas, m, func(a, b hub.Meta) int { return a.Cursor().Compare(b.Cursor()) })
	if known {
		return false
	}
	s.metas = slices.Insert(s.metas, at, m)
	s.batches[m.Cursor()] = b
	return true
}

func (s *fakeBlocks) After(_ context.Context, c hub.Cursor, limit int) ([]hub.Meta, error) {
	var out []hub.Meta
	for _, m := range s.metas {
		if m.Cursor().Compare(c) > 0 && len(out) < limit {
			out = append(out, m)
		}
	}
	return out, nil
}

func (s *fakeBlocks) Load(_ context.Context, m hub.Meta) iter.Seq2[*record.Batch, error] {
	return func(yield func(*record.Batch, error) bool) {
		switch {
		case s.fails > 0:
			s.fails--
			yield(nil, errors.New("the disk is busy"))
		case s.gone[m.Cursor()]:
			yield(nil, fmt.Errorf("%w: bad sector", hub.ErrGone))
		default:
			yield(s.batches[m.Cursor()], nil)
		}
	}
}

// fakeSnapshots keeps states in memory.
type fakeSnapshots struct {
	all    map[hub.Cursor][]byte
	opened int
	put    int
}

func (s *fakeSnapshots) Put(_ context.Context, at hub.Cursor, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	s.all[at] = b.Bytes()
	s.put++
	return nil
}

func (s *fakeSnapshots) Newest(_ context.Context, before hub.Cursor) (at hub.Cursor, r io.ReadCloser, found bool, err error) {
	for c := range s.all {
		if c.Compare(before) < 0 && (!found || c.Compare(at) > 0) {
			at, found = c, true
		}
	}
	if found {
		s.opened++
	}
	return at, io.NopCloser(bytes.NewReader(s.all[at])), found, nil
}

func (s *fakeSnapshots) Drop(_ context.Context, from hub.Cursor) error {
	for c := range s.all {
		if c.Compare(from) >= 0 {
			delete(s.all, c)
		}
	}
	return nil
}

// tester is what tests and properties have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
}

// world is a sensor's blocks and the hub that folds them.
type world struct {
	t      tester
	a      *agreement.Agreement
	blocks *fakeBlocks
	snaps  *fakeSnapshots
	fold   *hub.Fold
	cfg    hub.Config
	now    record.Time
}

func newWorld(t tester, a *agreement.Agreement, now record.Time) *world {
	w := &world{t: t, a: a, now: now, blocks: &fakeBlocks{batches: map[hub.Cursor]*record.Batch{}, gone: map[hub.Cursor]bool{}}, snaps: &fakeSnapshots{all: map[hub.Cursor][]byte{}}}
	w.cfg = hub.Config{
		Judge:  func() (*judge.Judge, error) { return judge.New(judge.Config{Agreement: a}) },
		Blocks: w.blocks, Snapshots: w.snaps, Snapshot: 7, Since: now, Every: -1,
	}
	w.start()
	return w
}

// start makes the fold anew, as a hub that was started again does.
func (w *world) start() {
	f, err := hub.NewFold(context.Background(), w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.fold = f
}

// arrive stores a block and tells the fold of it.
func (w *world) arrive(b *record.Batch) {
	m := hub.Meta{Epoch: b.ID.Epoch, First: b.ID.Sequence, Last: b.ID.Sequence, Feed: b.Feed, Span: b.Span, Arrived: w.now}
	w.blocks.put(m, b)
	w.fold.Offer(m)
}

// run steps until there is no work.
func (w *world) run() {
	for range 100_000 {
		worked, err := w.fold.Step(context.Background(), w.now)
		if err != nil {
			w.t.Fatal(err)
		}
		if !worked {
			return
		}
	}
	w.t.Fatal("it never ends")
}

func (w *world) pass(d time.Duration) {
	w.now += record.Time(d)
	w.run()
}

func (w *world) heard() { w.fold.Heard(w.now, hub.Cursor{}) }

func (w *world) result() *judge.Result { return w.fold.Result(w.now) }

func text(t tester, r *judge.Result) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// bank is five minutes of the bank in blocks of two epochs, the second of which begins with a crash that it tells of.
func bank(t testing.TB) (*agreement.Agreement, []*record.Batch) {
	t.Helper()
	s := labnet.Bank(7)
	from := time.Date(2026, 11, 24, 10, 5, 0, 0, s.Zone())
	var out bytes.Buffer
	if _, err := s.Run(context.Background(), labnet.Span{From: from, To: from.Add(5 * time.Minute)}, labnet.Tap{At: labnet.Core, Out: &out, Nano: true}); err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse("bank.yaml", s.Agreement())
	if err != nil {
		t.Fatal(err)
	}
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	scope := j.Scope()
	src, err := source.Open(context.Background(), []string{"-"}, source.Options{
		Stdin: &out, Scope: scope, Sensor: scope.Sensor, Feed: scope.Packets, Flow: flow.DefaultConfig(), BatchFrames: 1500,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var batches []*record.Batch
	for {
		b, err := src.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Inputs = nil // a live sensor's do not depend on the order either
		batches = append(batches, b)
	}
	half := len(batches) * 2 / 3
	for i, b := range batches {
		b.ID = record.BatchID{Sensor: scope.Sensor, Epoch: 11, Sequence: uint64(i) + 1}
		if i >= half {
			b.ID.Epoch, b.ID.Sequence = 12, uint64(i-half)+1
		}
	}
	batches[half].Blind = []record.Blind{{Span: record.Span{From: batches[half-1].Span.To, To: batches[half].Span.From}, Cause: record.BlindCrash}}
	if len(batches) < 20 {
		t.Fatalf("only %d blocks", len(batches))
	}
	return a, batches
}

// clean is the result of all blocks in order.
func clean(t testing.TB, a *agreement.Agreement, batches []*record.Batch, now record.Time) string {
	t.Helper()
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		j.Observe(b)
	}
	return text(t, j.At(judge.Moment{Now: now}))
}

func lastOf(batches []*record.Batch) record.Time { return batches[len(batches)-1].Span.To }

// TestAnyWay: shuffled, late and repeated blocks, with the hub started again now and then, end in the same bytes as the clean run.
func TestAnyWay(t *testing.T) {
	a, batches := bank(t)
	now := lastOf(batches) + 5*record.Minute
	want := clean(t, a, batches, now)
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(r, a, now-5*record.Minute)
		var order []*record.Batch
		if rapid.Bool().Draw(r, "far") {
			order = rapid.Permutation(batches).Draw(r, "order")
		} else { // near its place
			order = slices.Clone(batches)
			for range 6 {
				i := rapid.IntRange(0, len(order)-2).Draw(r, "swap")
				order[i], order[i+1] = order[i+1], order[i]
			}
		}
		step := rapid.SampledFrom([]time.Duration{0, 100 * time.Millisecond, time.Second, 3 * time.Second}).Draw(r, "between")
		for i, b := range order {
			w.arrive(b)
			if rapid.IntRange(0, 9).Draw(r, "again") == 0 {
				w.arrive(order[rapid.IntRange(0, i).Draw(r, "which")])
			}
			switch rapid.IntRange(0, 19).Draw(r, "event") {
			case 0:
				if err := w.fold.Keep(context.Background()); err != nil {
					r.Fatal(err)
				}
				w.start()
			case 1:
				w.start() // without a word
			case 2:
				w.blocks.fails = 1
				_, _ = w.fold.Step(context.Background(), w.now)
				w.blocks.fails = 0
			case 3:
				for range 3 { // it is stopped in the middle of something
					_, _ = w.fold.Step(context.Background(), w.now)
				}
			}
			w.now = min(w.now+record.Time(step), now-2*record.Minute)
			w.run()
		}
		w.now = now - record.Minute
		w.run()
		w.now = now
		w.run()
		w.heard()
		if w.fold.Behind() != 0 {
			r.Fatalf("%d blocks are left", w.fold.Behind())
		}
		if got := text(r, w.result()); got != want {
			r.Fatalf("the result differs\n%s", difference(want, got))
		}
	})
}

func difference(want, got string) string {
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	from := max(0, i-300)
	return fmt.Sprintf("want ...%s\ngot  ...%s", want[from:min(len(want), i+300)], got[from:min(len(got), i+300)])
}

// TestHole: while blocks are missing no answer is no and the hole is named with its time; when they come it is behind, then healed.
func TestHole(t *testing.T) {
	a, batches := bank(t)
	now := lastOf(batches) + 3*record.Minute
	w := newWorld(t, a, lastOf(batches))
	missing := batches[9:12]
	for _, b := range slices.Concat(batches[:9], batches[12:]) {
		w.arrive(b)
	}
	w.pass(10 * time.Second)
	d := gap(t, w.result())
	if !strings.Contains(d.Words, "is judged") && !strings.Contains(d.Words, "came late") {
		t.Errorf("waiting: %s", d.Words)
	}
	w.pass(25 * time.Second)
	if w.heard(); w.fold.Behind() != 0 {
		t.Errorf("%d wait although the time is over", w.fold.Behind())
	}
	d = gap(t, w.result())
	for _, want := range []string{batches[8].Span.To.Text(), batches[12].Span.From.Text(), "3 blocks"} {
		if !strings.Contains(d.Words, want) {
			t.Errorf("hole: %q is not in %q", want, d.Words)
		}
	}
	w.pass(time.Minute)
	for _, b := range missing {
		w.arrive(b)
	}
	w.pass(time.Second)
	if d = gap(t, w.result()); !strings.Contains(d.Words, "came late") {
		t.Errorf("late: %s", d.Words)
	}
	w.now = now
	w.run()
	w.heard()
	if got, want := text(t, w.result()), clean(t, a, batches, now); got != want {
		t.Errorf("not healed: %s", difference(want, got))
	}
	if w.snaps.opened == 0 || w.snaps.put == 0 {
		t.Errorf("%d snapshots opened, %d kept", w.snaps.opened, w.snaps.put)
	}
}

// gap is the record.gap of a result, which must be there; no answer may be no.
func gap(t testing.TB, r *judge.Result) *verdict.Defect {
	t.Helper()
	d := defect(r, verdict.RecordGap)
	if d == nil || d.Verdict != verdict.Yes {
		t.Fatalf("no gap: %+v", d)
	}
	for _, x := range r.Answers {
		if x.Verdict == verdict.No || !slices.Contains(x.BlindSpots, string(verdict.RecordGap)) {
			t.Errorf("%s is %s with blind spots %v", x.Question, x.Verdict, x.BlindSpots)
		}
	}
	return d
}

func defect(r *judge.Result, code verdict.Code) *verdict.Defect {
	for i := range r.Defects {
		if r.Defects[i].Code == code {
			return &r.Defects[i]
		}
	}
	return nil
}

// TestHoleOutlivesTheHub: a hole is known after a start, too, and a late block that came while the hub was down heals it.
func TestHoleOutlivesTheHub(t *testing.T) {
	a, batches := bank(t)
	w := newWorld(t, a, lastOf(batches))
	for _, b := range slices.Concat(batches[:5], batches[6:]) {
		w.arrive(b)
	}
	w.pass(time.Minute)
	if err := w.fold.Keep(context.Background()); err != nil {
		t.Fatal(err)
	}
	opened := w.snaps.opened
	w.start()
	w.run()
	w.heard()
	gap(t, w.result())
	if w.snaps.opened != opened+1 {
		t.Error("the snapshot was not used")
	}
	w.blocks.put(hub.Meta{Epoch: 11, First: 6, Last: 6, Feed: batches[5].Feed, Span: batches[5].Span, Arrived: w.now}, batches[5])
	w.start()
	w.run()
	w.heard()
	if got, want := text(t, w.result()), clean(t, a, batches, w.now); got != want {
		t.Errorf("not healed: %s", difference(want, got))
	}
}

// TestUntoldRestart: a sensor that was started again and says nothing of what it lost makes a hole; one that says so makes none of the hub's.
func TestUntoldRestart(t *testing.T) {
	a, batches := bank(t)
	told := slices.IndexFunc(batches, func(b *record.Batch) bool { return b.ID.Epoch == 12 })
	silent := slices.Clone(batches)
	first := *batches[told]
	first.Blind = nil
	silent[told] = &first
	for name, list := range map[string][]*record.Batch{"told": batches, "untold": silent} {
		w := newWorld(t, a, lastOf(batches))
		for _, b := range list {
			w.arrive(b)
		}
		w.pass(time.Minute)
		w.heard()
		words := gap(t, w.result()).Words
		if got := strings.Contains(words, "does not say what it lost"); got != (name == "untold") {
			t.Errorf("%s: %s", name, words)
		}
	}
}

// TestSilent: a sensor that is not heard is silent, from its last heartbeat on; the time when the hub did not listen is not its fault.
func TestSilent(t *testing.T) {
	a, batches := bank(t)
	w := newWorld(t, a, lastOf(batches))
	for _, b := range batches {
		w.arrive(b)
		w.heard()
	}
	w.pass(100 * time.Second)
	if d := defect(w.result(), verdict.SensorSilent); d != nil {
		t.Errorf("after 100 s: %+v", d)
	}
	last := w.now - 100*record.Time(time.Second)
	w.pass(21 * time.Second)
	d := defect(w.result(), verdict.SensorSilent)
	if d == nil || d.Now != verdict.Yes || !strings.Contains(d.Words, last.Text()) {
		t.Fatalf("after 121 s: %+v", d)
	}
	w.heard()
	if d := defect(w.result(), verdict.SensorSilent); d != nil {
		t.Errorf("heard again: %+v", d)
	}
	if err := w.fold.Keep(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.cfg.Heard = w.now
	w.now += record.Hour
	w.cfg.Since = w.now
	w.start()
	w.pass(10 * time.Second)
	r := w.result()
	if d := defect(r, verdict.SensorSilent); d != nil {
		t.Errorf("the hub was away: %s", d.Words)
	}
	if d := gap(t, r); !strings.Contains(d.Words, "the hub was away") {
		t.Errorf("the hub was away: %s", d.Words)
	}
	w.pass(2 * time.Minute)
	if d := defect(w.result(), verdict.SensorSilent); d == nil || !strings.Contains(d.Words, w.cfg.Since.Text()) || strings.Contains(d.Words, w.cfg.Heard.Text()) {
		t.Errorf("silent since the hub listens: %+v", d)
	}
	more := *batches[len(batches)-1]
	more.ID.Sequence++
	more.Span = record.Span{From: more.Span.To, To: w.now}
	more.Sight, more.Conns, more.DNS, more.TLS, more.HTTP, more.DHCP, more.Marks, more.Blind = nil, nil, nil, nil, nil, nil, nil, nil
	w.arrive(&more)
	w.heard()
	w.run()
	if d := defect(w.result(), verdict.RecordGap); d != nil && strings.Contains(d.Words, "the hub was away") {
		t.Errorf("its blocks came: %s", d.Words)
	}
}

// TestUntold: blocks that the sensor says it sealed and that do not come are missing before the next one comes.
func TestUntold(t *testing.T) {
	a, batches := bank(t)
	w := newWorld(t, a, lastOf(batches))
	for _, b := range batches {
		w.arrive(b)
	}
	end := batches[len(batches)-1].ID
	sealed := hub.Cursor{Epoch: end.Epoch, Sequence: end.Sequence + 4}
	w.pass(time.Second)
	w.fold.Heard(w.now, sealed)
	w.pass(10 * time.Second)
	w.fold.Heard(w.now, sealed)
	before := gap(t, w.result()).Words
	w.pass(25 * time.Second)
	w.fold.Heard(w.now, sealed)
	if after := gap(t, w.result()).Words; strings.Contains(before, "4 blocks") || !strings.Contains(after, "4 blocks") {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
}

// TestGone: a block that the store cannot read any more is passed by and named; one that fails for a moment is not.
func TestGone(t *testing.T) {
	a, batches := bank(t)
	w := newWorld(t, a, lastOf(batches))
	w.blocks.gone[hub.Cursor{Epoch: 11, Sequence: 4}] = true
	for _, b := range batches {
		w.arrive(b)
	}
	for range 3 { // the first steps list what is there
		if _, err := w.fold.Step(context.Background(), w.now); err != nil {
			t.Fatal(err)
		}
	}
	w.blocks.fails = 1
	if _, err := w.fold.Step(context.Background(), w.now); err == nil {
		t.Fatal("a block that could not be read made no error")
	}
	w.pass(time.Minute)
	w.heard()
	r := w.result()
	d := defect(r, verdict.StoreMissing)
	if d == nil || d.Verdict != verdict.Yes || !strings.Contains(d.Words+d.Signs[0].Sign, "bad sector") || !strings.Contains(d.Words, batches[3].Span.From.Text()) {
		t.Fatalf("%+v", d)
	}
	for _, x := range r.Answers {
		if x.Verdict == verdict.No {
			t.Errorf("%s is no", x.Question)
		}
	}
}

// TestFromFile: what a sensor reads from a file of long ago is judged by its own time, and ends without silence.
func TestFromFile(t *testing.T) {
	a, batches := bank(t)
	w := newWorld(t, a, lastOf(batches)+400*record.Day)
	for _, b := range batches {
		w.arrive(b)
	}
	w.pass(time.Hour)
	if got, want := text(t, w.result()), clean(t, a, batches, 0); got != want {
		t.Error(difference(want, got))
	}
}

// TestKeptCurrent: a result is not made anew for everybody who asks.
func TestKeptCurrent(t *testing.T) {
	a, batches := bank(t)
	w := newWorld(t, a, lastOf(batches))
	w.cfg.Every = 3 * time.Second
	w.start()
	w.arrive(batches[0])
	w.run()
	first := w.result()
	w.arrive(batches[1])
	w.pass(2 * time.Second)
	if w.result() != first {
		t.Error("made anew after 2 s")
	}
	w.pass(2 * time.Second)
	if w.result() == first {
		t.Error("not made anew after 4 s")
	}
}
