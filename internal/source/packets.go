package source

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"candor/internal/capture"
	"candor/internal/decode"
	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/sight"
)

// packets is all captures of an observation, merged in time: one witness.
type packets struct {
	opts   *Options
	files  []*capture.File
	order  []int // of each file: its place among all inputs
	merge  *capture.Merge
	links  []map[uint16]uint64 // frames of unread link types, by file
	table  *flow.Table
	sight  *sight.Builder
	packet decode.Packet
	frame  capture.Frame
	span   record.Span // of the frames since the last batch
	taken  bool        // a frame was taken; last then has a meaning
	last   record.Time // newest frame
	read   bool        // every input was read to its end
	ended  bool        // and all connections have ended
}

func newPackets(opts *Options) *packets {
	return &packets{opts: opts, sight: sight.New(opts.Scope, opts.Sensor, opts.Feed)}
}

func (s *packets) add(f *capture.File, index int) {
	s.files = append(s.files, f)
	s.order = append(s.order, index)
}

// begin starts reading; no file may be added afterwards.
func (s *packets) begin() error {
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
	s.merge = capture.NewMerge(s.files...)
	s.links = make([]map[uint16]uint64, len(s.files))
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
		err := s.merge.Next(&s.frame)
		if errors.Is(err, io.EOF) {
			s.finish()
			break
		}
		if err != nil {
			return fmt.Errorf("read frame: %w", err)
		}
		s.take()
		if n%rowsLooked == rowsLooked-1 && s.table.Rows() >= s.opts.BatchFrames { // a frame may hold fifty requests
			break
		}
	}
	s.drain(b)
	return nil
}

// rowsLooked is after how many frames the records that wait are counted.
const rowsLooked = 64

func (s *packets) take() {
	ts := min(max(record.Time(s.frame.Time), record.FirstTime), record.LastTime)
	if (s.opts.From != 0 && ts < s.opts.From) || (s.opts.To != 0 && ts >= s.opts.To) {
		return
	}
	if !s.taken {
		s.taken, s.last = true, ts
	}
	s.span.Extend(ts)
	s.last = max(s.last, ts)
	s.packet.Frame(s.frame.Link, s.frame.Data, s.frame.Wire)
	if s.packet.Reason == decode.UnknownLink {
		if s.links[s.frame.File] == nil {
			s.links[s.frame.File] = map[uint16]uint64{}
		}
		s.links[s.frame.File][s.frame.Link]++
	}
	s.table.Packet(ts, &s.packet, s.frame.Data, s.frame.Wire)
}

// finish ends connections, not more than a batch may hold frames. Without a frame there is no time that sight could speak
// of; inputs then say where reading stopped.
func (s *packets) finish() {
	if !s.read {
		s.read = true
		if s.taken {
			s.lost()
		}
	}
	s.ended = !s.taken || s.table.FinishSome(s.last, s.opts.BatchFrames)
}

// lost says what the captures lost and where they were damaged.
func (s *packets) lost() {
	var drops record.Drops
	known := 0
	for _, f := range s.files {
		st := f.Status()
		if st.DropsKnown {
			known++
		}
		for _, i := range st.Interfaces {
			drops.Add(record.Drops{Received: i.Drops.Received, Dropped: i.Drops.Dropped})
			drops.Add(record.Drops{Dropped: i.Drops.OSDropped})
			drops.Add(record.Drops{Dropped: i.Drops.Between})
		}
		if st.Damage != nil {
			s.sight.Count(s.last, record.DamagedInputs, 1)
		}
	}
	drops.Partly = known < len(s.files)
	if known > 0 || drops.Dropped > 0 {
		s.sight.Dropped(s.last, drops)
	}
}

func (s *packets) drain(b *record.Batch) {
	b.Span, s.span = s.span, record.Span{}
	s.table.Drain(b)
}

// offset is how many bytes of the files were read, of how many; what no file knows is left out.
func (s *packets) offset() (done, total int64) {
	for _, f := range s.files {
		done += f.Offset()
		total += max(f.Size(), 0)
	}
	return done, total
}

func (s *packets) inputs() []record.Input {
	out := make([]record.Input, 0, len(s.files))
	for i, f := range s.files {
		in := s.input(f.Status(), s.links[i])
		in.Index = s.order[i]
		out = append(out, in)
	}
	return out
}

func (s *packets) input(st capture.Status, links map[uint16]uint64) record.Input {
	in := record.Input{Path: st.Path, Kind: st.Kind, Feed: s.opts.Feed, Packets: st.Packets, Bytes: st.Bytes}
	if in.Kind == "" {
		in.Kind = st.Compression // the compressed stream broke before it said what it holds
	}
	for link, n := range links {
		in.Unread = append(in.Unread, record.Unread{Link: decode.LinkName(link), Frames: n})
	}
	slices.SortFunc(in.Unread, func(a, b record.Unread) int { return cmp.Compare(a.Link, b.Link) })
	if st.Damage != nil {
		in.Stopped = &record.Stopped{At: st.Damage.At, Unread: st.Damage.Unread, Because: st.Damage.Because}
	}
	return in
}

func (s *packets) close() error {
	errs := make([]error, 0, len(s.files))
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
