package hub

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"candor/internal/judge"
	"candor/internal/record"
)

// line is a judge and how far it has come.
type line struct {
	judge *judge.Judge
	since int // blocks since a snapshot was kept
	progress
}

// progress is what is saved beside the judge.
type progress struct {
	At    Cursor         `json:"at"`
	Seams []seam         `json:"seams"` // where the order of blocks was broken, in order
	Gone  []record.Blind `json:"gone"`  // blocks that could not be read
	Last  record.Span    `json:"last"`  // of the newest block that had one
	End   record.Time    `json:"end"`   // of the newest packet or line
	Feeds []record.Feed  `json:"feeds"`
	Told  bool           `json:"told"`  // the newest block told of something lost
	Ended bool           `json:"ended"` // the newest block says that the source was read to its end
	Live  bool           `json:"live"`  // blocks come about when their packets did: the hub's clock says something of them
}

// seam is a place between two blocks that were folded one after the other where others belong or may belong.
type seam struct {
	After  Cursor        `json:"after"`
	Before Cursor        `json:"before"`
	Blind  *record.Blind `json:"blind"` // nil: nothing is known to be missing
}

// Bounds of what is remembered. Beyond, the oldest places are forgotten: a block that comes that late is left out, its hole stays.
const (
	maxSeams = 4096
	maxGone  = 1024
	maxFeeds = 64
)

// liveWithin is how long after its packets a block of a live sensor arrives at least once: later ones are from a file, or catch up.
const liveWithin = 10 * record.Minute

// follows reports whether nothing can be missing between what was folded and a block.
func (l *line) follows(m *Meta) bool {
	if l.At == (Cursor{}) {
		return m.First <= 1
	}
	return m.Epoch == l.At.Epoch && m.First <= l.At.Sequence+1
}

// has reports whether a place is in what was folded.
func (l *line) has(c Cursor) bool {
	if c.Compare(l.At) > 0 {
		return false
	}
	i, _ := slices.BinarySearchFunc(l.Seams, c, func(s seam, c Cursor) int { return s.Before.Compare(c) })
	if i < len(l.Seams) && l.Seams[i].Before == c {
		return true
	}
	if i == len(l.Seams) {
		return true // behind the last seam there is none missing
	}
	return l.Seams[i].After.Compare(c) >= 0
}

// fold folds a block that lies behind what was folded.
func (l *line) fold(ctx context.Context, blocks Blocks, m Meta) error {
	if m.Cursor().Compare(l.At) <= 0 {
		return nil
	}
	before, told, first, gone := l.Told, false, true, m.Gone
	if gone == "" {
		for b, err := range blocks.Load(ctx, m) {
			if errors.Is(err, ErrGone) {
				gone = err.Error()
				break
			}
			if err != nil {
				return err
			}
			l.judge.Observe(b)
			l.Ended = b.Ended
			l.Told = slices.ContainsFunc(b.Blind, ofOrder)
			told, first = told || first && l.Told, false
		}
	}
	if gone != "" {
		l.gone(&m, gone)
	}
	if !l.follows(&m) || l.At == (Cursor{}) {
		l.sew(&m, before || told)
	}
	l.At = m.Cursor()
	l.since++
	if !m.Span.Zero() {
		l.Last, l.End = m.Span, max(l.End, m.Span.To)
		l.Live = l.Live || m.Arrived-m.Span.To < liveWithin && m.Span.To-m.Arrived < liveWithin
	}
	if len(l.Feeds) < maxFeeds && !slices.Contains(l.Feeds, m.Feed) {
		l.Feeds = append(l.Feeds, m.Feed)
	}
	return nil
}

// ofOrder reports whether something was lost in a way that says why no blocks are of its time.
func ofOrder(b record.Blind) bool {
	return b.Cause != record.BlindShed && b.Cause != record.BlindSampled
}

// gone remembers a block that could not be read.
func (l *line) gone(m *Meta, why string) {
	b := record.Blind{Span: m.Span, Cause: record.BlindMissing, Count: m.Last - m.First + 1, Words: why}
	if b.Span.Zero() {
		b.Span = record.Span{From: l.End, To: l.End}
	}
	if n := len(l.Gone); n > 0 && (l.Gone[n-1].Span.To >= b.Span.From-record.Minute && l.Gone[n-1].Words == why || n >= maxGone) {
		last := &l.Gone[n-1]
		last.Span = record.Span{From: min(last.Span.From, b.Span.From), To: max(last.Span.To, b.Span.To)}
		last.Count += b.Count
		return
	}
	l.Gone = append(l.Gone, b)
}

// sew notes that blocks are missing before m, or may be. told: it, or the block before, says itself what was lost between the two.
func (l *line) sew(m *Meta, told bool) {
	s := seam{After: l.At, Before: m.first()}
	b := &record.Blind{Cause: record.BlindHole, Span: l.between(m)}
	switch {
	case m.Epoch == l.At.Epoch:
		b.Count = m.First - l.At.Sequence - 1
		b.Words = fmt.Sprintf("blocks %d to %d of epoch %d did not come", l.At.Sequence+1, m.First-1, m.Epoch)
	case m.First > 1:
		b.Count = m.First - 1
		b.Words = fmt.Sprintf("blocks 1 to %d of epoch %d did not come", m.First-1, m.Epoch)
	case told || l.At == (Cursor{}):
		b = nil
	default:
		b.Words = "the sensor was started again and does not say what it lost"
	}
	s.Blind = b
	if l.Seams = append(l.Seams, s); len(l.Seams) > maxSeams {
		l.forget()
	}
}

// between is the time that a missing block before m may be of: from the end of the one before to its beginning; of several feeds, which
// overlap, with both.
func (l *line) between(m *Meta) record.Span {
	from, to := l.Last, m.Span
	if to.Zero() {
		to = record.Span{From: l.End, To: l.End}
	}
	if from.Zero() {
		from = record.Span{From: to.From, To: to.From}
	}
	s := record.Span{From: min(l.End, to.From), To: max(l.End, to.From)}
	if l.End == 0 {
		s = record.Span{From: to.From, To: to.From}
	}
	if len(l.Feeds) > 1 || len(l.Feeds) == 1 && l.Feeds[0] != m.Feed {
		s = record.Span{From: min(s.From, from.From), To: max(s.To, to.To)}
	}
	return s
}

// forget joins the two oldest seams that hide something: what lies between them is then taken as folded.
func (l *line) forget() {
	a, b := l.Seams[0], l.Seams[1]
	l.Seams = slices.Delete(l.Seams, 0, 1)
	switch {
	case a.Blind == nil:
	case b.Blind == nil:
		l.Seams[0].Blind = a.Blind
	default:
		l.Seams[0].Blind = &record.Blind{
			Cause: record.BlindHole, Count: a.Blind.Count + b.Blind.Count, Words: "several holes, long ago",
			Span: record.Span{From: min(a.Blind.Span.From, b.Blind.Span.From), To: max(a.Blind.Span.To, b.Blind.Span.To)},
		}
	}
}

// maxProgress bounds what is read of a saved progress.
const maxProgress = 4 << 20

// save writes the line.
func (l *line) save(w io.Writer) error {
	head, err := json.Marshal(&l.progress)
	if err != nil {
		return fmt.Errorf("save how far the fold has come: %w", err)
	}
	if _, err := w.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(head))), head...)); err != nil {
		return fmt.Errorf("save how far the fold has come: %w", err)
	}
	return l.judge.Save(w)
}

// restored reads a line that was saved.
func restored(r io.Reader, j *judge.Judge) (*line, error) {
	in := bufio.NewReader(r)
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return nil, fmt.Errorf("read how far the fold had come: %w", err)
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n > maxProgress {
		return nil, fmt.Errorf("read how far the fold had come: %d bytes, at most %d", n, maxProgress)
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, fmt.Errorf("read how far the fold had come: %w", err)
	}
	l := &line{judge: j}
	if err := json.Unmarshal(head, &l.progress); err != nil {
		return nil, fmt.Errorf("read how far the fold had come: %w", err)
	}
	if err := j.Restore(in); err != nil {
		return nil, err
	}
	return l, nil
}
