package flow

import "candor/internal/record"

// A hole is a range of a direction's bytes that was jumped over, or acknowledged, without having been seen. Captures reorder packets, so
// an acknowledged hole only counts as a gap when nothing filled it for a few packets of the connection or a tenth of a second.
const (
	maxHoles    = 16 // per direction; what no longer fits is not counted as a gap, and its connection says so
	holePackets = 8
	holeTime    = record.Time(100e6)
)

type hole struct {
	from, to uint64 // relative sequence numbers, [from, to)
	ack      uint32 // number of the acknowledgement that covered it, 0 while open
	pkts     uint32 // the connection's packets then
	at       record.Time
}

type holeSet struct {
	side    [2]holeList
	acks    uint32 // acknowledgements that covered a hole, so far
	pkts    uint32 // packets since the set exists
	waiting int    // acknowledged holes that wait
	missed  uint64 // bytes since the last report
	over    bool   // there were more than fit, and that was counted
}

type holeList struct {
	n     int
	holes [maxHoles]hole
	last  uint32 // the acknowledgement counted last
}

// ackCounts adds up acknowledgements of all connections until sight is told: when there are some, and before a minute ends. Draining does not matter.
type ackCounts struct {
	minute               record.Time
	last                 record.Time
	checked, gaps, bytes uint64
}

const acksAtOnce = 25

// clock notes packet time before sight learns of it.
func (t *Table) clock(ts record.Time) {
	if m := ts.Floor(record.Minute); t.acks.minute != m {
		t.tellAcks()
		t.acks.minute = m
	}
	t.acks.last = ts
}

func (t *Table) tellAcks() {
	a := &t.acks
	if a.checked|a.gaps|a.bytes != 0 {
		t.sight.Acked(a.last, a.checked, a.gaps, a.bytes)
		a.checked, a.gaps, a.bytes = 0, 0, 0
	}
}

func (l *holeList) edge(top uint64) uint64 {
	if l.n > 0 {
		return max(top, l.holes[l.n-1].to)
	}
	return top
}

// add appends a hole behind the others; the oldest makes room.
func (l *holeList) add(h hole) (dropped hole) {
	if l.n == maxHoles {
		dropped = l.holes[0]
		copy(l.holes[:], l.holes[1:])
		l.n--
	}
	l.holes[l.n] = h
	l.n++
	return dropped
}

// addHole adds a hole to a list of hs.
func (t *Table) addHole(hs *holeSet, l *holeList, h hole) {
	d := l.add(h)
	if d.ack != 0 {
		hs.waiting--
	}
	if d.to != 0 {
		t.tooManyHoles(hs)
	}
}

// tooManyHoles tells sight, once for a connection, that it has more holes than are remembered.
func (t *Table) tooManyHoles(hs *holeSet) {
	if !hs.over {
		hs.over = true
		t.sight.Count(t.now, record.HolesForgotten, 1)
	}
}

// openHole notes bytes [from, to) of a side that were jumped over.
func (t *Table) openHole(c *conn, s int, from, to uint64) {
	if to-from > wildJump {
		return
	}
	hs := t.holesOf(c)
	l := &hs.side[s]
	if from = l.edge(from); from < to {
		t.addHole(hs, l, hole{from: from, to: to})
	}
}

// fillHole takes out [from, to) because it was seen.
func (t *Table) fillHole(c *conn, s int, from, to uint64) {
	hs := t.talks.at(c.talk).holes
	if hs == nil || hs.side[s].n == 0 {
		return
	}
	old := hs.side[s]
	l := &hs.side[s]
	l.n = 0
	for _, h := range old.holes[:old.n] {
		if to <= h.from || from >= h.to {
			t.addHole(hs, l, h)
			continue
		}
		parts := 0
		if h.from < from {
			left := h
			left.to = from
			t.addHole(hs, l, left)
			parts++
		}
		if to < h.to {
			right := h
			right.from = to
			t.addHole(hs, l, right)
			parts++
		}
		if h.ack != 0 {
			hs.waiting += parts - 1
		}
	}
}

// ackHoles notes that the peer acknowledged everything of side s below to.
func (t *Table) ackHoles(c *conn, s int, ts record.Time, to uint64) {
	top := c.side[s].top
	if c.talk == 0 || t.talks.at(c.talk).holes == nil {
		if to <= top {
			return
		}
	}
	hs := t.holesOf(c)
	l := &hs.side[s]
	if edge := l.edge(top); to > edge {
		t.addHole(hs, l, hole{from: edge, to: to})
	}
	number := hs.acks + 1
	for i := 0; i < l.n; i++ {
		h := &l.holes[i]
		if h.ack != 0 || h.from >= to {
			continue
		}
		if h.to > to { // acknowledged in part: split, if there is room
			if l.n == maxHoles {
				t.tooManyHoles(hs)
				break
			}
			copy(l.holes[i+1:l.n+1], l.holes[i:l.n])
			l.n++
			l.holes[i].to, l.holes[i+1].from = to, to
		}
		h.ack, h.pkts, h.at = number, hs.pkts, ts
		hs.waiting++
		hs.acks = number
	}
}

// settleHoles counts acknowledged holes that nothing filled in time; all of them at the end of a connection.
func (t *Table) settleHoles(c *conn, ts record.Time, end bool) {
	hs := t.talks.at(c.talk).holes
	if hs == nil {
		return
	}
	hs.pkts++
	if hs.waiting == 0 {
		return
	}
	for s := range hs.side {
		l := &hs.side[s]
		kept := 0
		for i := range l.n {
			h := l.holes[i]
			if h.ack == 0 || !end && hs.pkts-h.pkts <= holePackets && ts-h.at < holeTime {
				l.holes[kept] = h
				kept++
				continue
			}
			hs.waiting--
			if h.ack != l.last {
				l.last = h.ack
				t.acks.gaps++
				c.scaled(s, &c.side[s].gaps, 'G')
			}
			t.acks.bytes += h.to - h.from
			hs.missed += h.to - h.from
		}
		l.n = kept
	}
}
