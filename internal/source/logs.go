package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"candor/internal/capture"
	"candor/internal/ingest"
	"candor/internal/ingest/suricata"
	"candor/internal/ingest/syslog"
	"candor/internal/ingest/zeek"
	"candor/internal/record"
	"candor/internal/sight"
)

// logs is one folder or file of others' reports: a witness of its own.
type logs struct {
	opts   *Options
	reader ingest.Reader
	sight  *sight.Builder
	index  int
	ended  bool
	notes  []string // what its reader left aside; known at its end
}

func (s *logs) next(ctx context.Context, b *record.Batch) error {
	if s.ended {
		return io.EOF
	}
	b.Feed = s.sight.Feed()
	err := s.reader.Next(ctx, b)
	if errors.Is(err, io.EOF) {
		s.ended = true
		s.sight.Finish()
		account := s.reader.Account()
		s.notes = account.Notes()
		err = nil
	}
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	b.Sight = s.sight.Drain(b.Sight)
	return nil
}

func (s *logs) now() record.Time { return s.reader.Now() }

func (s *logs) inputs() []record.Input {
	out := s.reader.Status()
	for i := range out {
		out[i].Index = s.index
	}
	if len(out) > 0 { // the first speaks for the input as a whole
		out[0].Notes = s.notes
	}
	return out
}

func (s *logs) close() error { return s.reader.Close() }

// open opens one input, whatever it is.
func (s *Source) open(ctx context.Context, path string) error {
	if info, err := os.Stat(path); path != "-" && err == nil && info.IsDir() {
		return s.openFolder(ctx, path)
	}
	f, err := capture.Open(ctx, path, s.opts.Stdin)
	switch {
	case err == nil:
		if s.packets == nil {
			s.packets = newPackets(&s.opts)
		}
		s.packets.add(f, s.given)
		return nil
	case !errors.Is(err, capture.ErrNotCapture):
		return err // capture names the file and what was wrong
	case path == "-":
		s.unread(path, err)
		return nil
	}
	return s.openFile(ctx, path, err)
}

func (s *Source) openFolder(ctx context.Context, path string) error {
	err := s.read(ctx, path, "zeek", zeek.Open)
	if errors.Is(err, ingest.ErrNotReadable) {
		s.unread(path, fmt.Errorf("%s is a folder without a Zeek log", path))
		return nil
	}
	return err
}

// openFile opens a file that is no capture.
func (s *Source) openFile(ctx context.Context, path string, notCapture error) error {
	kind, err := sniff(ctx, path)
	if err != nil {
		return err
	}
	switch kind {
	case ingest.ZeekTSV, ingest.ZeekJSON:
		err = s.read(ctx, path, "zeek", zeek.Open)
	case ingest.Suricata:
		err = s.read(ctx, path, "suricata", suricata.Open)
	case ingest.WindowsJSON, ingest.Syslog, ingest.CEF, ingest.LEEF:
		s.unread(path, fmt.Errorf("%s looks like a promised log (%s): hand it over under its data id, --feed ID=%s", path, kind, path))
		return nil
	case ingest.Unknown:
		err = ingest.ErrNotReadable
	}
	if errors.Is(err, ingest.ErrNotReadable) {
		s.unread(path, notCapture)
		return nil
	}
	return err
}

func sniff(ctx context.Context, path string) (ingest.Kind, error) {
	l, err := ingest.Open(ctx, path)
	if err != nil {
		return ingest.Unknown, fmt.Errorf("open input: %w", err)
	}
	kind := ingest.Sniff(l.Peek(ingest.SniffSize))
	if err := l.Close(); err != nil {
		return ingest.Unknown, fmt.Errorf("close %s: %w", path, err)
	}
	return kind, nil
}

type opener func(context.Context, string, ingest.Options) (ingest.Reader, error)

// read opens a witness under a name of its own: its kind, with a number when there are several.
func (s *Source) read(ctx context.Context, path, kind string, open opener) error {
	feed := record.Feed(kind)
	for n := 2; s.hasFeed(feed); n++ {
		feed = record.Feed(fmt.Sprintf("%s-%d", kind, n))
	}
	return s.witness(ctx, path, feed, open)
}

func (s *Source) hasFeed(feed record.Feed) bool {
	return slices.ContainsFunc(s.streams, func(x stream) bool {
		l, ok := x.(*logs)
		return ok && l.sight.Feed() == feed
	})
}

func (s *Source) witness(ctx context.Context, path string, feed record.Feed, open opener) error {
	b := sight.New(s.opts.Scope, s.opts.Sensor, feed)
	r, err := open(ctx, path, ingest.Options{
		Scope: s.opts.Scope, Sensor: s.opts.Sensor, Feed: feed, Sight: b, From: s.opts.From, To: s.opts.To, Year: s.year,
	})
	if err != nil {
		return err
	}
	s.streams = append(s.streams, &logs{opts: &s.opts, reader: r, sight: b, index: s.given})
	return nil
}

// openLogs opens the promised logs that were handed over, in the order of their ids.
func (s *Source) openLogs(ctx context.Context, paths []string) error {
	if len(s.opts.Logs) > 0 && s.opts.From == 0 {
		s.year = firstYear(ctx, paths)
	}
	feeds := make([]record.Feed, 0, len(s.opts.Logs))
	for f := range s.opts.Logs {
		feeds = append(feeds, f)
	}
	slices.Sort(feeds)
	for _, feed := range feeds {
		open := func(ctx context.Context, path string, o ingest.Options) (ingest.Reader, error) {
			return syslog.Open(ctx, path, o)
		}
		if err := s.witness(ctx, s.opts.Logs[feed], feed, open); err != nil {
			return fmt.Errorf("feed %s: %w", feed, err)
		}
		s.given++
	}
	return nil
}

// firstYear is the year in which the first capture begins, for logs whose time stamps have none; 0 when no capture says one.
func firstYear(ctx context.Context, paths []string) int {
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() { // standard input and pipes cannot be read twice
			continue
		}
		f, err := capture.Open(ctx, path, nil)
		if err != nil {
			continue // it is accounted for where it is opened to be read
		}
		var frame capture.Frame
		err = errors.Join(f.Next(&frame), f.Close())
		if err == nil {
			return record.Time(frame.Time).Std().Year()
		}
	}
	return 0
}

// unread accounts for an input that nobody here can read.
func (s *Source) unread(path string, err error) {
	s.alien = append(s.alien, record.Input{
		Index: s.given, Path: path, Kind: "unknown", Feed: s.opts.Feed,
		Stopped: &record.Stopped{At: 0, Unread: -1, Because: err.Error() + "; wanted: pcap or pcapng (also .gz, .zst), Zeek logs, Suricata eve.json"},
	})
}
