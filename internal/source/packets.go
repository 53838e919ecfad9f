package source

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"candor/internal/capture"
	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/sight"
)

// packets is all captures of an observation, merged in time: one witness. It follows the connections of the frames that
// frames reads, itself or in a goroutine ahead of it. What it yields is the same either way.
type packets struct {
	opts   *Options
	frames frames
	reader *reader // nil: this goroutine reads frame by frame
	table  *flow.Table
	sight  *sight.Builder // of what the table tells
	piece  *piece         // being followed
	at     int            // the next frame of it
	closed []record.Sight // minutes of frames whose connections are not yet told of
	files  []record.Input // how far the files were read
	span   record.Span    // of the frames since the last batch
	marks  []record.Mark  // of the minutes that began since
	minute record.Time    // the next one to begin
	taken  bool           // a frame was taken; last then has a meaning
	last   record.Time    // newest frame
	read   bool           // every input was read to its end
	ended  bool           // and all connections have ended
}

func newPackets(opts *Options) *packets {
	return &packets{
		opts:   opts,
		frames: frames{opts: opts, sight: sight.New(opts.Scope, opts.Sensor, opts.Feed)},
		sight:  sight.NewEvents(opts.Scope, opts.Sensor, opts.Feed),
		piece:  &piece{},
	}
}

func (s *packets) add(f *capture.File, index int) {
	s.frames.files = append(s.frames.files, f)
	s.frames.order = append(s.frames.order, index)
}

// begin starts reading; no file may be added afterwards.
func (s *packets) begin() error {
	if err := s.beginTable(); err != nil {
		return err
	}
	s.frames.merge = capture.NewMerge(s.frames.files...)
	s.frames.links = make([]map[uint16]uint64, len(s.frames.files))
	s.files = s.frames.inputs()
	if s.opts.Cores > 1 {
		s.reader = startReader(&s.frames)
	}
	return nil
}

// beginTable makes the table of connections.
func (s *packets) beginTable() error {
	cfg := s.opts.Flow
	cfg.Scope, cfg.Sensor, cfg.Feed = s.opts.Scope, s.opts.Sensor, s.opts.Feed
	if cfg.Seed == 0 { // no result depends on it; who sends packets must not know it
		var seed [8]byte
		_, _ = rand.Read(seed[:]) // never fails
		cfg.Seed = binary.LittleEndian.Uint64(seed[:])
	}
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("flow settings: %w", err)
	}
	s.table = flow.New(cfg, s.sight)
	return nil
}

func (s *packets) now() record.Time { return s.last }

func (s *packets) next(ctx context.Context, b *record.Batch) error {
	switch {
	case s.ended:
		return io.EOF
	case s.read:
		s.finish()
		s.drain(b)
		return nil
	}
	for n := 0; n < s.opts.BatchFrames; n++ {
		if n%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("reading stopped: %w", err)
			}
		}
		f, err := s.frame()
		if errors.Is(err, io.EOF) {
			s.finish()
			break
		}
		if err != nil {
			return err
		}
		if !s.take(f) || s.table.Rows() >= s.opts.BatchFrames { // a frame may hold fifty requests
			break
		}
	}
	s.drain(b)
	return nil
}

// frame is the next frame; it stays so until it is taken.
func (s *packets) frame() (*looked, error) {
	for s.at == len(s.piece.frames) {
		if s.piece.err != nil {
			return nil, s.piece.err
		}
		s.nextPiece()
	}
	return &s.piece.frames[s.at], nil
}

func (s *packets) nextPiece() {
	s.at = 0
	if s.reader == nil {
		s.frames.read(s.piece, 1)
	} else {
		s.reader.empty <- s.piece // never full: there is room for every piece that was made
		p, ok := <-s.reader.full
		if !ok {
			p = &piece{err: io.EOF}
		}
		s.piece = p
		s.files = p.inputs
	}
	s.closed = append(s.closed, s.piece.closed...)
}

// take takes the frame. Where too many connections end before its time to be told of in one batch, it says so and is called
// again in the next.
func (s *packets) take(f *looked) (taken bool) {
	if f.ts >= s.minute {
		m := f.ts.Floor(record.Minute)
		s.minute = m + record.Minute
		s.marks = append(s.marks, s.table.Mark(m))
	}
	if !s.table.AdvanceSome(f.ts, s.opts.BatchFrames) {
		return false
	}
	if !s.taken {
		s.taken, s.last = true, f.ts
	}
	s.span.Extend(f.ts)
	s.last = max(s.last, f.ts)
	s.table.Follow(f.ts, &f.packet, f.data, f.wire, f.again)
	s.at++
	return true
}

// finish ends connections, not more than a batch may hold frames. Without a frame there is no time that sight could speak
// of; inputs then say where reading stopped.
func (s *packets) finish() {
	if !s.read {
		s.read = true
		if s.taken {
			s.sight.Count(s.last, record.DamagedInputs, uint64(s.piece.broken))
			if s.piece.drops != nil {
				s.sight.Dropped(s.last, *s.piece.drops)
			}
		}
	}
	s.ended = !s.taken || s.table.FinishSome(s.last, s.opts.BatchFrames)
}

func (s *packets) drain(b *record.Batch) {
	b.Feed = s.opts.Feed
	b.Span, s.span = s.span, record.Span{}
	b.Marks, s.marks = s.marks, nil
	s.table.Drain(b)
	b.Sight, s.closed = sight.Join(s.closed, b.Sight)
}

// offset is how many bytes of the files were read, of how many; what no file knows is left out.
func (s *packets) offset() (done, total int64) {
	for _, f := range s.frames.files {
		done += f.Offset()
		total += max(f.Size(), 0)
	}
	return done, total
}

func (s *packets) inputs() []record.Input {
	if s.reader == nil {
		return s.frames.inputs()
	}
	return s.files
}

// inputOf is a capture as an input.
func inputOf(st capture.Status, links map[uint16]uint64, feed record.Feed) record.Input {
	in := record.Input{Path: st.Path, Kind: st.Kind, Feed: feed, Packets: st.Packets, Bytes: st.Bytes, Unread: unread(links)}
	if in.Kind == "" {
		in.Kind = st.Compression // the compressed stream broke before it said what it holds
	}
	if st.Damage != nil {
		in.Stopped = &record.Stopped{At: st.Damage.At, Unread: st.Damage.Unread, Because: st.Damage.Because}
	}
	return in
}

func (s *packets) close() error {
	if s.reader != nil {
		s.reader.close()
	}
	errs := make([]error, 0, len(s.frames.files))
	for _, f := range s.frames.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
