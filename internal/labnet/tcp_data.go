package labnet

// advance moves to the next segment: within a burst after the gap, else at the next round trip with twice as many.
func (c *conn) advance(k *cursor) {
	k.i++
	k.in++
	if k.in < k.width {
		k.t += c.gap
		return
	}
	k.round = max(k.round+c.react[0]+c.react[1], k.t+c.gap)
	k.t, k.in, k.width = k.round, 0, min(2*k.width, c.burst)
}

// exchange sends the data segment or the acknowledgement that is due.
func (c *conn) exchange(r *run, at int64) {
	s := c.turn.by
	if c.turn.kind == fillZero {
		r.segment(c, at, s, flagACK, c.next[s]-1, 0, 0)
		c.phase = phaseProbe
		r.at(at+c.react[s], c)
		return
	}
	if c.data.i < c.parts && c.data.t <= c.ackTime() {
		c.sendPart(r, at, c.data.i)
		c.data.lastAck = at
		c.advance(&c.data)
	} else if c.acks.i < c.parts {
		c.acknowledge(r, at)
	}
	c.plan(r)
}

// sendPart sends segment i of the turn unless it is the one that gets lost before any tap.
func (c *conn) sendPart(r *run, at int64, i int) {
	if i == c.hole {
		return
	}
	off := i * c.size
	n := min(c.size, c.turn.n-off)
	flags := byte(flagACK)
	if i == c.parts-1 || i%12 == 11 {
		flags |= flagPSH
	}
	r.segment(c, at, c.turn.by, flags, c.base+uint32(off), off, n)
}

// ackTime is when the acknowledgement of the segment under the cursor would leave.
func (c *conn) ackTime() int64 {
	if c.acks.i >= c.parts {
		return 1 << 62
	}
	t := c.acks.t + c.react[c.turn.by]
	if c.acks.i == c.parts-1 && c.parts%2 == 1 && c.last {
		t += 40e6
	}
	return t
}

// acknowledge sends what the receiver says about the segment under the cursor, if anything.
func (c *conn) acknowledge(r *run, at int64) {
	i, s := c.acks.i, c.turn.by
	c.advance(&c.acks)
	got := min((i+1)*c.size, c.turn.n)
	switch {
	case c.hole >= 0 && i == c.hole, c.tail && i == c.parts-1:
		return
	case c.hole >= 0 && i > c.hole:
		got = c.hole * c.size
	case i == c.parts-1:
		if !c.last {
			return
		}
	case i%2 == 0 && i != c.hole-1:
		return
	}
	c.rcv[1-s] = c.base + uint32(got)
	r.segment(c, at, 1-s, flagACK, c.next[1-s], 0, 0)
}

// plan sets the time of the turn's next segment or acknowledgement, or goes on to what follows the turn.
func (c *conn) plan(r *run) {
	s := c.turn.by
	for c.acks.i < c.parts && c.silentAt(c.acks.i) && (c.data.i > c.acks.i) {
		c.advance(&c.acks)
	}
	switch {
	case c.data.i < c.parts:
		r.at(min(c.data.t, c.ackTime()), c)
	case c.acks.i < c.parts:
		r.at(c.ackTime(), c)
	case c.hole >= 0:
		c.phase = phaseRepair
		r.at(r.now+c.react[1-s]+c.react[s]/4, c)
	case c.tail:
		c.phase = phaseRepair
		r.at(c.data.lastAck+max(200e6, 2*(c.react[0]+c.react[1])), c)
	default:
		c.free[s] = max(c.data.lastAck+c.gap, r.now)
		c.free[1-s] = max(c.data.lastAck+c.react[s], r.now)
		c.begin(r, r.now)
	}
}

// silentAt tells that nothing is said about segment i.
func (c *conn) silentAt(i int) bool {
	switch {
	case i == c.hole, c.tail && i == c.parts-1:
		return true
	case c.hole >= 0 && i > c.hole, i == c.hole-1:
		return false
	case i == c.parts-1:
		return !c.last
	default:
		return i%2 == 0
	}
}

// repair sends the lost segment again.
func (c *conn) repair(r *run, at int64) {
	i := c.parts - 1
	if c.hole >= 0 {
		i = c.hole
	}
	c.hole = -1
	c.sendPart(r, at, i)
	c.phase = phaseRepairAck
	r.at(at+c.react[c.turn.by], c)
}

// close sends the packets of the end.
func (c *conn) close(r *run, at int64) {
	by := 0
	if c.end == endRespFIN || c.end == endRespRST {
		by = 1
	}
	switch {
	case c.end == endOpen:
		c.over(r, at)
	case c.end == endOrigRST || c.end == endRespRST:
		c.rcv[by] = c.next[1-by]
		r.segment(c, at, by, flagRST|flagACK, c.next[by], 0, 0)
		c.over(r, at)
	case c.phase == phaseFIN:
		c.rcv[by] = c.next[1-by]
		r.segment(c, at, by, flagFIN|flagACK, c.next[by], 0, 0)
		c.next[by]++
		c.phase = phaseFIN2
		r.at(at+c.react[by], c)
	case c.phase == phaseFIN2:
		c.rcv[1-by] = c.next[by]
		r.segment(c, at, 1-by, flagFIN|flagACK, c.next[1-by], 0, 0)
		c.next[1-by]++
		c.phase = phaseFIN3
		r.at(at+c.react[1-by], c)
	default:
		c.rcv[by] = c.next[1-by]
		r.segment(c, at, by, flagACK, c.next[by], 0, 0)
		c.over(r, at)
	}
}
