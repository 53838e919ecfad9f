package source

import (
	"errors"
	"fmt"
	"time"

	"candor/internal/capture"
	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// eye reads live interfaces, decodes their frames and looks at each: the half of the work that needs no connections. All
// frames are counted; under pressure not all are handed on.
type eye struct {
	opts   *LiveOptions
	rings  Rings
	behind func() bool
	sight  *sight.Builder
	shed   shedder
	frame  capture.Frame
	links  []map[uint16]uint64 // frames of unread link types, by interface
	teeErr error

	frames  uint64
	newest  record.Time // of the frames and ticks
	clocked record.Time // newest when the clock was last looked at
	looked  time.Time   // when the rings were last looked at
	told    time.Time   // when counters were last read
	before  []capture.Counted
	drops   uint64 // of all rings
	outages []outage
}

// livePiece is a piece with what only live interfaces have.
type livePiece struct {
	piece
	tick  record.Time // time has come this far though no frame came; 0: frames say how far
	blind []record.Blind
	sofar *record.Sight
	flush bool // a batch is due
}

const (
	liveWait  = 100 * time.Millisecond // for a frame
	liveLook  = 100 * time.Millisecond // between two looks at the rings
	liveCheck = 64                     // frames between two looks at the clock, when they come fast
)

func newEye(l *Live, seed uint64) *eye {
	return &eye{opts: &l.opts, rings: l.rings, behind: l.behind.Load, sight: l.packets.frames.sight, shed: shedder{seed: seed}}
}

// read fills a piece, as frames.read does: of one frame, which lies in its ring, or of many with room of their own. It waits
// for a moment at most.
func (e *eye) read(p *livePiece, most int) {
	p.frames, p.room, p.closed, p.inputs, p.err = p.frames[:0], p.room[:0], nil, nil, nil
	p.tick, p.blind, p.sofar, p.flush = 0, nil, nil, false
	for len(p.frames) < most && len(p.room) < pieceBytes {
		err := e.rings.Next(&e.frame, liveWait)
		if err == nil {
			e.look(p, most > 1)
			if e.isTime() && e.attend(p, e.opts.Now()) {
				break
			}
			if most == 1 {
				break // also when the frame was left out: its ring wants it back
			}
			continue
		}
		if !errors.Is(err, capture.ErrQuiet) {
			e.end(p, err)
			break
		}
		now := e.opts.Now()
		e.quiet(p, now)
		e.attend(p, now)
		break
	}
	p.closed = e.sight.Drain(p.closed)
}

// look decodes the frame and looks at it. It stays in the piece if it is to be followed.
func (e *eye) look(p *livePiece, keep bool) {
	f := p.next()
	f.ts = min(max(record.Time(e.frame.Time), record.FirstTime), record.LastTime)
	f.wire, f.data = e.frame.Wire, e.frame.Data
	if keep {
		f.data = p.keep(e.frame.Data)
	}
	f.packet.Frame(e.frame.Link, f.data, f.wire)
	if f.packet.Reason == decode.UnknownLink {
		e.unread()
	}
	if e.opts.Tee != nil && e.teeErr == nil {
		e.teeErr = e.opts.Tee.Frame(&e.frame)
	}
	f.again = e.sight.Frame(f.ts, &f.packet, f.data, f.wire)
	e.frames++
	e.newest = max(e.newest, f.ts)
	if e.shed.keeps(f.ts, &f.packet) {
		return
	}
	p.frames = p.frames[:len(p.frames)-1]
	if keep {
		p.room = p.room[:len(p.room)-len(f.data)]
	}
}

func (e *eye) unread() {
	for len(e.links) <= e.frame.Interface {
		e.links = append(e.links, map[uint16]uint64{})
	}
	e.links[e.frame.Interface][e.frame.Link]++
}

// isTime says whether the clock should be looked at again.
func (e *eye) isTime() bool {
	if e.frames%liveCheck != 0 && e.newest-e.clocked < record.Time(liveLook) {
		return false
	}
	e.clocked = e.newest
	return true
}

// quiet moves time on as far as no frame can come from any more.
func (e *eye) quiet(p *livePiece, now time.Time) {
	ts := min(max(record.TimeOf(now.Add(-capture.Horizon)), record.FirstTime), record.LastTime)
	if ts <= e.newest {
		return
	}
	e.sight.Tick(ts)
	e.newest, e.clocked, p.tick = ts, ts, ts
}

// attend looks after the rings and, each second, after the counters; it says whether a batch is due.
func (e *eye) attend(p *livePiece, now time.Time) (due bool) {
	if since := now.Sub(e.looked); since < liveLook && since >= 0 { // a clock may go back
		return false
	}
	e.looked = now
	if since := now.Sub(e.told); since < e.opts.Every && since >= 0 {
		e.shed.adapt(now, pressure{fill: e.rings.Fill(), behind: e.behind()})
		return false
	}
	e.told = now
	before := e.drops
	e.count(p)
	e.shed.adapt(now, pressure{fill: e.rings.Fill(), behind: e.behind(), dropped: e.drops > before})
	p.sofar, p.flush = e.sight.SoFar(), true
	if e.opts.Tee != nil && e.teeErr == nil {
		e.teeErr = e.opts.Tee.Flush()
	}
	return true
}

// count reads the counters and tells what they say: losses to sight, and what else was missed as blind spans.
func (e *eye) count(p *livePiece) {
	counted := e.rings.Counted()
	ts := e.newest
	for len(e.outages) < len(counted) {
		e.outages = append(e.outages, outage{})
		e.before = append(e.before, capture.Counted{})
	}
	var lost record.Drops
	for i := range counted {
		c, was := &counted[i], &e.before[i]
		lost.Received += c.Seen - was.Seen + c.Missed - was.Missed
		lost.Dropped += c.Dropped - was.Dropped + c.Missed - was.Missed
		if ts != 0 {
			e.drops += c.Dropped - was.Dropped
			p.blind = append(p.blind, e.outages[i].look(ts, c, e.opts.Feed)...)
		}
	}
	if ts != 0 { // before there is a time nothing can be said of it
		e.before = counted
		e.sight.Dropped(ts, lost)
	}
	p.blind = append(p.blind, e.shed.tell(e.opts.Feed)...)
	p.inputs = e.inputs(counted)
}

// end counts for the last time.
func (e *eye) end(p *livePiece, err error) {
	e.count(p)
	p.err = endOf(err)
	for i := range e.before {
		if c := &e.before[i]; c.Seen > c.Read+c.Dropped {
			e.sight.Dropped(e.newest, record.Drops{Dropped: c.Seen - c.Read - c.Dropped})
			c.Dropped = c.Seen - c.Read // counted by the kernel and never handed over: lost like the others
		}
	}
	e.sight.Finish()
	if e.opts.Tee == nil || e.teeErr != nil {
		return
	}
	lost := make([]capture.Drops, 0, len(e.before))
	for i := range e.before {
		c := &e.before[i]
		lost = append(lost, capture.Drops{Received: c.Seen + c.Missed, Dropped: c.Missed, OSDropped: c.Dropped})
	}
	if e.teeErr = e.opts.Tee.Finish(lost); e.teeErr != nil {
		p.inputs = e.inputs(e.before)
	}
}

// inputs are the interfaces as inputs, with what is to be known of them.
func (e *eye) inputs(counted []capture.Counted) []record.Input {
	out := make([]record.Input, 0, len(counted))
	for i := range counted {
		c := &counted[i]
		in := record.Input{Index: i, Path: c.Name, Kind: "interface", Feed: e.opts.Feed, Packets: c.Read, Bytes: c.Bytes}
		if i < len(e.links) {
			in.Unread = unread(e.links[i])
		}
		note := func(form string, args ...any) { in.Notes = append(in.Notes, fmt.Sprintf(form, args...)) }
		if c.Filter != "" {
			note("the filter %q leaves packets out before they are counted: %d were let through, the interface itself counts about %d", c.Filter, c.Seen, c.Arrived)
		}
		if c.Arrived == 0 && c.Seen > 0 {
			note("the interface's own counters cannot be read: what was lost before the ring is not known")
		}
		if c.Damaged > 0 {
			note("%d frames reached the interface damaged", c.Damaged)
		}
		if c.Flaps > 0 {
			note("the link changed its state %d times", c.Flaps)
		}
		if e.teeErr != nil && i == 0 {
			note("not every packet was written beside: %v", e.teeErr)
		}
		out = append(out, in)
	}
	return out
}
