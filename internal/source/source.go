package source

import (
	"context"
	"errors"
	"fmt"
	"io"

	"candor/internal/capture"
	"candor/internal/decode"
	"candor/internal/flow"
	"candor/internal/record"
	"candor/internal/sight"
)

// ErrNothingReadable says that not one input is a capture or a log.
var ErrNothingReadable = errors.New("no input is a capture or a log that Candor reads")

// Options say how inputs are read.
type Options struct {
	Scope       record.Scope
	Sensor      record.Sensor
	Feed        record.Feed // data id of the packets; empty when no agreement names one
	Epoch       uint64      // part of every batch's identity; 0 becomes 1
	From, To    record.Time // frames outside [From, To) are left out; 0 is open
	BatchFrames int         // frames to a batch; 0 becomes DefaultBatchFrames. The result never depends on it
	Flow        flow.Config // bounds; Scope, Sensor and Feed are filled in from here
	Stdin       io.Reader   // what the path "-" reads
	Progress    func(done, total int64, at record.Time)
}

// DefaultBatchFrames is how many frames are read before a batch is handed on.
const DefaultBatchFrames = 16384

// Source yields the batches of one observation.
type Source struct {
	opts   Options
	files  []*capture.File
	order  []int // of each file: its place among all inputs
	given  int   // inputs opened so far
	merge  *capture.Merge
	links  []map[uint16]uint64 // frames of unread link types, by file
	alien  []record.Input      // inputs that are no capture at all
	table  *flow.Table
	sight  *sight.Builder
	packet decode.Packet
	frame  capture.Frame
	span   record.Span // of the frames since the last batch
	taken  bool        // a frame was taken; last then has a meaning
	last   record.Time // newest frame
	seq    uint64
	read   bool         // every input was read to its end
	ended  bool         // and all connections have ended
	room   record.Batch // records that were given back, empty
}

// Open opens the inputs as one observation by one sensor. Inputs that are no capture are accounted for as unread; when
// none is one, the error is ErrNothingReadable.
func Open(ctx context.Context, paths []string, opts Options) (*Source, error) {
	if opts.BatchFrames <= 0 {
		opts.BatchFrames = DefaultBatchFrames
	}
	if opts.Epoch == 0 {
		opts.Epoch = 1
	}
	s := &Source{opts: opts, sight: sight.New(opts.Scope, opts.Sensor, opts.Feed)}
	for _, path := range paths {
		if err := s.open(ctx, path); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if len(s.files) == 0 {
		reasons := make([]error, 0, len(s.alien)+1)
		reasons = append(reasons, ErrNothingReadable)
		for _, in := range s.alien {
			reasons = append(reasons, errors.New(in.Stopped.Because))
		}
		return nil, errors.Join(reasons...)
	}
	cfg := opts.Flow
	cfg.Scope, cfg.Sensor, cfg.Feed = opts.Scope, opts.Sensor, opts.Feed
	if err := cfg.Validate(); err != nil {
		return nil, errors.Join(fmt.Errorf("flow settings: %w", err), s.Close())
	}
	s.table = flow.New(cfg, s.sight)
	s.merge = capture.NewMerge(s.files...)
	s.links = make([]map[uint16]uint64, len(s.files))
	return s, nil
}

func (s *Source) open(ctx context.Context, path string) error {
	f, err := capture.Open(ctx, path, s.opts.Stdin)
	defer func() { s.given++ }()
	switch {
	case err == nil:
		s.files = append(s.files, f)
		s.order = append(s.order, s.given)
	case errors.Is(err, capture.ErrNotCapture):
		s.alien = append(s.alien, record.Input{
			Index: s.given, Path: path, Kind: "unknown", Feed: s.opts.Feed,
			Stopped: &record.Stopped{At: 0, Unread: -1, Because: because(err)},
		})
	default:
		return err // capture names the file and what was wrong
	}
	return nil
}

// because is why an input is no capture, and what would be one.
func because(err error) string {
	return err.Error() + "; wanted: pcap or pcapng, also .gz or .zst"
}

// Next reads on and gives the next batch; io.EOF after the last. A batch carries how far each input was read.
func (s *Source) Next(ctx context.Context) (*record.Batch, error) {
	switch {
	case s.ended:
		return nil, io.EOF
	case s.read:
		s.finish()
		return s.batch(), nil
	}
	for n := 0; n < s.opts.BatchFrames; n++ {
		if n%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("reading stopped: %w", err)
			}
		}
		err := s.merge.Next(&s.frame)
		if errors.Is(err, io.EOF) {
			s.finish()
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read frame: %w", err)
		}
		s.take()
	}
	return s.batch(), nil
}

func (s *Source) take() {
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
func (s *Source) finish() {
	if !s.read {
		s.read = true
		if s.taken {
			s.lost()
		}
	}
	s.ended = !s.taken || s.table.FinishSome(s.last, s.opts.BatchFrames)
}

// lost says what the captures lost and where they were damaged.
func (s *Source) lost() {
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

func (s *Source) batch() *record.Batch {
	s.seq++
	b := &record.Batch{
		ID:    record.BatchID{Sensor: s.opts.Sensor, Epoch: s.opts.Epoch, Sequence: s.seq},
		Span:  s.span,
		Conns: s.room.Conns, DNS: s.room.DNS, TLS: s.room.TLS, HTTP: s.room.HTTP, DHCP: s.room.DHCP,
		Inputs: s.inputs(),
	}
	s.span, s.room = record.Span{}, record.Batch{}
	s.table.Drain(b)
	if s.opts.Progress != nil {
		var done, total int64
		for _, f := range s.files {
			done += f.Offset()
			total += max(f.Size(), 0)
		}
		s.opts.Progress(done, total, s.last)
	}
	return b
}

// Recycle takes back a batch whose records nobody looks at any more: later ones are put in their place, but for unusually
// many. Sight and inputs may be kept.
func (s *Source) Recycle(b *record.Batch) {
	if most := max(cap(b.Conns), cap(b.DNS), cap(b.TLS), cap(b.HTTP), cap(b.DHCP)); most <= s.opts.BatchFrames {
		s.room = record.Batch{Conns: b.Conns[:0], DNS: b.DNS[:0], TLS: b.TLS[:0], HTTP: b.HTTP[:0], DHCP: b.DHCP[:0]}
	}
	b.Conns, b.DNS, b.TLS, b.HTTP, b.DHCP = nil, nil, nil, nil, nil
}

// Close closes the files.
func (s *Source) Close() error {
	var errs []error
	for _, f := range s.files {
		if err := f.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close input: %w", err))
		}
	}
	return errors.Join(errs...)
}
