package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"candor/internal/capture"
	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// frames reads captures, decodes their frames and looks at each: the half of the work that needs no connections. It hands
// them on in pieces, which another goroutine may follow.
type frames struct {
	opts  *Options
	files []*capture.File
	order []int // of each file: its place among all inputs
	merge *capture.Merge
	links []map[uint16]uint64 // frames of unread link types, by file
	sight *sight.Builder
	frame capture.Frame
	ended bool
}

// looked is one frame that was decoded and looked at.
type looked struct {
	ts     record.Time
	wire   uint32
	again  bool // a copy of a frame shortly before
	data   []byte
	packet decode.Packet
}

// piece is a run of frames. What its packets point into is its own room, or, in a piece of one frame, the reader's.
type piece struct {
	frames []looked
	room   []byte
	closed []record.Sight // of the minutes that ended meanwhile
	inputs []record.Input // how far each file was read, at the end of the piece
	drops  *record.Drops  // what the captures say of their own loss, at their end; nil when they say nothing
	broken int            // captures that are damaged, at their end
	err    error          // after the frames; io.EOF at the end of all captures
}

// Bounds of a piece: few enough to stay in a core's cache on their way to another core.
const (
	pieceFrames = 256
	pieceBytes  = 128 << 10
	pieceLeft   = 16 << 10 // frames outside of the span asked for
)

// read fills a piece: of one frame, or, when it will be handed to another goroutine, of many, with room of their own.
func (s *frames) read(p *piece, most int) {
	p.frames, p.room, p.closed, p.err = p.frames[:0], p.room[:0], nil, nil
	for left := 0; len(p.frames) < most && (most == 1 || len(p.room) < pieceBytes && left < pieceLeft); {
		if s.ended {
			p.err = io.EOF
			break
		}
		err := s.merge.Next(&s.frame)
		if err != nil {
			s.end(p, err)
			break
		}
		ts := min(max(record.Time(s.frame.Time), record.FirstTime), record.LastTime)
		if (s.opts.From != 0 && ts < s.opts.From) || (s.opts.To != 0 && ts >= s.opts.To) {
			left++
			continue
		}
		s.look(p, ts, most > 1)
	}
	if most > 1 {
		p.inputs = s.inputs()
	}
	p.closed = s.sight.Drain(p.closed)
}

// look decodes the frame and looks at it.
func (s *frames) look(p *piece, ts record.Time, keep bool) {
	f := p.next()
	f.ts, f.wire, f.data = ts, s.frame.Wire, s.frame.Data
	if keep {
		f.data = p.keep(s.frame.Data)
	}
	f.packet.Frame(s.frame.Link, f.data, f.wire)
	if f.packet.Reason == decode.UnknownLink {
		if s.links[s.frame.File] == nil {
			s.links[s.frame.File] = map[uint16]uint64{}
		}
		s.links[s.frame.File][s.frame.Link]++
	}
	f.again = s.sight.Frame(ts, &f.packet, f.data, f.wire)
}

// next is the next frame of the piece, as it was left.
func (p *piece) next() *looked {
	n := len(p.frames)
	if n == cap(p.frames) {
		p.frames = append(p.frames, looked{})
	} else {
		p.frames = p.frames[:n+1]
	}
	return &p.frames[n]
}

// keep copies data into the piece's room. Frames that came before keep the room they have when it must grow.
func (p *piece) keep(data []byte) []byte {
	if len(p.room)+len(data) > cap(p.room) {
		p.room = make([]byte, 0, max(2*pieceBytes, len(data)))
	}
	at := len(p.room)
	p.room = append(p.room, data...)
	return p.room[at:len(p.room):len(p.room)]
}

// end says where reading stopped.
func (s *frames) end(p *piece, err error) {
	s.ended = true
	if !errors.Is(err, io.EOF) {
		p.err = fmt.Errorf("read frame: %w", err)
		return
	}
	p.err = io.EOF
	s.sight.Finish()
	p.drops, p.broken = s.lost()
}

// lost is what the captures lost by their own account, and how many are damaged.
func (s *frames) lost() (drops *record.Drops, broken int) {
	var sum record.Drops
	known := 0
	for _, f := range s.files {
		st := f.Status()
		if st.DropsKnown {
			known++
		}
		for _, i := range st.Interfaces {
			sum.Add(record.Drops{Received: i.Drops.Received, Dropped: i.Drops.Dropped})
			sum.Add(record.Drops{Dropped: i.Drops.OSDropped})
			sum.Add(record.Drops{Dropped: i.Drops.Between})
		}
		if st.Damage != nil {
			broken++
		}
	}
	sum.Partly = known < len(s.files)
	if known > 0 || sum.Dropped > 0 {
		return &sum, broken
	}
	return nil, broken
}

func (s *frames) inputs() []record.Input {
	out := make([]record.Input, 0, len(s.files))
	for i, f := range s.files {
		in := inputOf(f.Status(), s.links[i], s.opts.Feed)
		in.Index = s.order[i]
		out = append(out, in)
	}
	return out
}

// reader runs frames.read in a goroutine of its own, a few pieces ahead.
type reader struct {
	full  chan *piece
	empty chan *piece
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// piecesAhead is how many pieces may be on their way.
const piecesAhead = 4

func startReader(s *frames) *reader {
	ctx, stop := context.WithCancel(context.Background())
	r := &reader{full: make(chan *piece, piecesAhead), empty: make(chan *piece, piecesAhead+3), stop: stop}
	for range piecesAhead + 2 { // and the one that packets begins with
		r.empty <- &piece{}
	}
	r.done.Go(func() {
		defer close(r.full)
		for {
			var p *piece
			select {
			case p = <-r.empty:
			case <-ctx.Done():
				return
			}
			s.read(p, pieceFrames)
			last := p.err != nil
			select {
			case r.full <- p:
			case <-ctx.Done():
				return
			}
			if last {
				return
			}
		}
	})
	return r
}

func (r *reader) close() {
	r.stop()
	r.done.Wait()
}

// unread is how many frames of unread link types were met, as inputs carry it.
func unread(links map[uint16]uint64) []record.Unread {
	var out []record.Unread
	for link, n := range links {
		out = append(out, record.Unread{Link: decode.LinkName(link), Frames: n})
	}
	slices.SortFunc(out, func(a, b record.Unread) int {
		if a.Link < b.Link {
			return -1
		}
		return 1
	})
	return out
}
