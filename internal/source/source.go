package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"candor/internal/flow"
	"candor/internal/record"
)

// ErrNothingReadable says that not one input is a capture or a log.
var ErrNothingReadable = errors.New("no input is a capture or a log that Candor reads")

// Options say how inputs are read.
type Options struct {
	Scope       record.Scope
	Sensor      record.Sensor
	Feed        record.Feed            // data id of the packets; empty when no agreement names one
	Logs        map[record.Feed]string // files of promised logs, by data id
	Epoch       uint64                 // part of every batch's identity; 0 becomes 1
	From, To    record.Time            // what lies outside [From, To) is left out; 0 is open
	BatchFrames int                    // frames to a batch; 0 becomes DefaultBatchFrames. The result never depends on it
	Cores       int                    // above 1, reading and following run beside each other; the result never depends on it
	Flow        flow.Config            // bounds; Scope, Sensor and Feed are filled in from here, and a Seed of 0 is replaced by chance
	Stdin       io.Reader              // what the path "-" reads
	Progress    func(done, total int64, at record.Time)
}

// DefaultBatchFrames is how many frames are read before a batch is handed on.
const DefaultBatchFrames = 16384

// Source yields the batches of one observation: of all captures as one witness, and of each folder or file of logs as
// another.
type Source struct {
	opts    Options
	packets *packets
	streams []stream
	ended   []bool         // of each stream
	alien   []record.Input // inputs of no kind that is read here
	given   int            // inputs opened so far
	year    int            // of logs whose time stamps have none; 0: not known
	seq     uint64
	room    record.Batch // records that were given back, empty
}

// stream is one witness.
type stream interface {
	// next reads on into a batch; io.EOF when it gave its last records with the call before.
	next(ctx context.Context, b *record.Batch) error
	// now is the newest time read; before the first it is 0.
	now() record.Time
	// inputs says how far each of its inputs was read.
	inputs() []record.Input
	close() error
}

// Open opens the inputs as one observation by one sensor. Inputs that nobody here can read are accounted for as unread; when
// all are, the error is ErrNothingReadable.
func Open(ctx context.Context, paths []string, opts Options) (*Source, error) {
	if opts.BatchFrames <= 0 {
		opts.BatchFrames = DefaultBatchFrames
	}
	if opts.Epoch == 0 {
		opts.Epoch = 1
	}
	s := &Source{opts: opts}
	for _, path := range paths {
		if err := s.open(ctx, path); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.given++
	}
	if err := s.openLogs(ctx, paths); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.packets == nil && len(s.streams) == 0 {
		reasons := make([]error, 0, len(s.alien)+1)
		reasons = append(reasons, ErrNothingReadable)
		for _, in := range s.alien {
			reasons = append(reasons, errors.New(in.Stopped.Because))
		}
		return nil, errors.Join(reasons...)
	}
	if s.packets != nil {
		if err := s.packets.begin(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		var packets stream = s.packets
		if opts.Cores > 1 {
			packets = newAhead(s.packets)
		}
		s.streams = append([]stream{packets}, s.streams...)
	}
	s.ended = make([]bool, len(s.streams))
	return s, nil
}

// Next reads on and gives the next batch; io.EOF after the last. A batch is of one witness, that whose time is furthest back,
// and carries how far each input was read.
func (s *Source) Next(ctx context.Context) (*record.Batch, error) {
	for {
		i := s.behind()
		if i < 0 {
			return nil, io.EOF
		}
		b := &record.Batch{
			ID:    record.BatchID{Sensor: s.opts.Sensor, Epoch: s.opts.Epoch, Sequence: s.seq + 1},
			Conns: s.room.Conns, DNS: s.room.DNS, TLS: s.room.TLS, HTTP: s.room.HTTP, DHCP: s.room.DHCP,
		}
		s.room = record.Batch{}
		err := s.streams[i].next(ctx, b)
		if errors.Is(err, io.EOF) {
			s.ended[i] = true
			continue
		}
		if err != nil {
			return nil, err
		}
		s.seq++
		b.Inputs = s.inputs()
		s.progress()
		return b, nil
	}
}

// behind is the stream whose time is furthest back; -1 when all have ended.
func (s *Source) behind() int {
	best := -1
	for i := range s.streams {
		if !s.ended[i] && (best < 0 || s.streams[i].now() < s.streams[best].now()) {
			best = i
		}
	}
	return best
}

// inputs says how far each input was read, in the order in which they were given.
func (s *Source) inputs() []record.Input {
	out := slices.Clone(s.alien)
	for _, x := range s.streams {
		out = append(out, x.inputs()...)
	}
	slices.SortStableFunc(out, func(a, b record.Input) int { return cmp.Compare(a.Index, b.Index) })
	return out
}

func (s *Source) progress() {
	if s.opts.Progress == nil {
		return
	}
	var done, total int64
	var last record.Time
	for _, x := range s.streams {
		last = max(last, x.now())
		if f, ok := x.(interface{ offset() (done, total int64) }); ok {
			done, total = f.offset()
		}
	}
	s.opts.Progress(done, total, last)
}

// Recycle takes back a batch whose records nobody looks at any more: later ones are put in their place, but for unusually
// many. Sight and inputs may be kept.
func (s *Source) Recycle(b *record.Batch) {
	if room, ok := roomOf(b, s.opts.BatchFrames); ok {
		s.room = room
	}
}

// roomOf takes the records out of a batch and gives their memory, if it is not unusually much.
func roomOf(b *record.Batch, most int) (room record.Batch, ok bool) {
	if ok = max(cap(b.Conns), cap(b.DNS), cap(b.TLS), cap(b.HTTP), cap(b.DHCP)) <= most; ok {
		room = record.Batch{Conns: b.Conns[:0], DNS: b.DNS[:0], TLS: b.TLS[:0], HTTP: b.HTTP[:0], DHCP: b.DHCP[:0]}
	}
	b.Conns, b.DNS, b.TLS, b.HTTP, b.DHCP = nil, nil, nil, nil, nil
	return room, ok
}

// Close closes the files.
func (s *Source) Close() error {
	var errs []error
	if s.packets != nil && len(s.ended) == 0 { // not among the streams yet
		errs = append(errs, s.packets.close())
	}
	for _, x := range s.streams {
		errs = append(errs, x.close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close inputs: %w", err)
	}
	return nil
}
