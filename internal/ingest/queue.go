package ingest

import "candor/internal/record"

// Slot names where a queued thing is kept: which slab, and its index there. Size is about how many bytes it keeps in memory.
type Slot struct {
	Kind  uint8
	Index uint32
	Size  uint32
}

// Queue is a heap of things by order time, those of one time in the order in which they came. It is the bounded window that
// puts lines into the order of time; what bounds it is its user.
type Queue struct {
	heap  []queued
	seq   uint64
	bytes int64
}

type queued struct {
	at   record.Time
	seq  uint64
	slot Slot
}

// Window is how much later than its order time a line may be written and still be told in order: Zeek and Suricata write a
// connection down some minutes after its last packet.
const Window = 6 * record.Minute

// Bounds of what waits in a window. Some always wait, whatever their times, because files are sometimes put together out of
// order, and waiting costs nothing but memory.
const (
	MaxQueued      = 1 << 16
	minQueued      = 1 << 13
	maxQueuedBytes = 64 << 20
)

// Few reports whether so few wait that none need be told.
func (q *Queue) Few() bool { return len(q.heap) < minQueued && q.bytes < maxQueuedBytes }

// Full reports whether the window is as large as it may become: the first must be told now.
func (q *Queue) Full() bool { return len(q.heap) >= MaxQueued || q.bytes >= maxQueuedBytes }

// Len is how many wait.
func (q *Queue) Len() int { return len(q.heap) }

// First is the order time of the first; the queue must not be empty.
func (q *Queue) First() record.Time { return q.heap[0].at }

func (a *queued) less(b *queued) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// Push adds one.
func (q *Queue) Push(at record.Time, slot Slot) {
	q.seq++
	q.bytes += int64(slot.Size)
	q.heap = append(q.heap, queued{at, q.seq, slot})
	i := len(q.heap) - 1
	e := q.heap[i]
	for i > 0 {
		up := (i - 1) / 2
		if !e.less(&q.heap[up]) {
			break
		}
		q.heap[i] = q.heap[up]
		i = up
	}
	q.heap[i] = e
}

// Pop takes the first out; the queue must not be empty.
func (q *Queue) Pop() (record.Time, Slot) {
	first := q.heap[0]
	q.bytes -= int64(first.slot.Size)
	n := len(q.heap) - 1
	e := q.heap[n]
	q.heap = q.heap[:n]
	if n == 0 {
		return first.at, first.slot
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= n {
			break
		}
		if down+1 < n && q.heap[down+1].less(&q.heap[down]) {
			down++
		}
		if !q.heap[down].less(&e) {
			break
		}
		q.heap[i] = q.heap[down]
		i = down
	}
	q.heap[i] = e
	return first.at, first.slot
}

// Slab keeps records that wait. Slots are used again.
type Slab[T any] struct {
	items []T
	free  []uint32
}

// Take gives an empty slot. The pointer is valid until the next Take.
func (s *Slab[T]) Take() (uint32, *T) {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i, &s.items[i]
	}
	var zero T
	s.items = append(s.items, zero)
	return uint32(len(s.items) - 1), &s.items[len(s.items)-1]
}

// At gives a slot taken before.
func (s *Slab[T]) At(i uint32) *T { return &s.items[i] }

// Waiting is how many slots are taken.
func (s *Slab[T]) Waiting() int { return len(s.items) - len(s.free) }

// Put empties a slot.
func (s *Slab[T]) Put(i uint32) {
	var zero T
	s.items[i] = zero
	s.free = append(s.free, i)
}

// Newest is the newest order time of a file's lines, in spite of single broken time stamps: a leap of more than a day counts
// only when lines that follow confirm it.
type Newest struct {
	At    record.Time
	known bool
	leaps int // lines in a row that lie more than a day ahead
	backs int // or behind
}

const (
	leap        = record.Day
	leapsNeeded = 8
)

// Note takes one line's order time in.
func (n *Newest) Note(at record.Time) {
	if !n.known {
		n.At, n.known = at, true
		return
	}
	switch ahead := at - n.At; {
	case ahead > leap:
		n.leaps, n.backs = n.leaps+1, 0
	case ahead < -leap:
		n.leaps, n.backs = 0, n.backs+1
	default:
		n.leaps, n.backs = 0, 0
		n.At = max(n.At, at)
	}
	if max(n.leaps, n.backs) >= leapsNeeded {
		n.At, n.leaps, n.backs = at, 0, 0
	}
}

// Clamp puts a time into the range that is believed.
func Clamp(t record.Time) record.Time { return min(max(t, record.FirstTime), record.LastTime) }

// End is ts + duration, without overflow.
func End(ts, duration record.Time) record.Time {
	if duration <= 0 {
		return Clamp(ts)
	}
	if ts = Clamp(ts); duration > record.LastTime-ts {
		return record.LastTime
	}
	return ts + duration
}
